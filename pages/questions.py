"""Whether what asks for a callback is a question that a page of ours can ask.

Dash answers whatever else it is sent with a fault of the server; and a fault must mean one.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog
from dash import Dash
from dash.exceptions import DependencyException
from flask import Response, request

from pages.held import is_held

_LOG = structlog.get_logger(__name__)

CALLBACKS = "/_dash-update-component"
_SEVERAL, _BETWEEN = "..", "..."


def asked() -> Any:
    """What the request's body says, None where that is no JSON."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None  # brackets within brackets, a thousand deep


def refusing_no_questions(app: Dash) -> Callable[[], Response | None]:
    """Refuses what no page of `app` can have asked: a ``before_request``."""

    def refuse() -> Response | None:
        if request.path != CALLBACKS or is_question(asked(), app.callback_map):
            return None
        _LOG.warning("no_question_refused", length=request.content_length)
        return Response("Refused: no page of Seawall asks that.\n", 400, mimetype="text/plain")

    return refuse


def tell_unknown_file(_problem: DependencyException) -> Response:
    """Say that there is no such script, instead of failing over it."""
    return Response("There is no such file.\n", 404, mimetype="text/plain")


def is_question(body: Any, callbacks: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a callback of that output exists, and gets what one page holds that it takes."""
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        return False
    output = body["output"]
    callback = callbacks.get(output)
    # What runs in the browser has nothing to be asked here.
    if callback is None or "callback" not in callback:
        return False
    wanted = [*callback["inputs"], *callback["state"]]
    inputs, state = body.get("inputs", []), body.get("state", [])
    if not (_fit(inputs, callback["inputs"]) and _fit(state, callback["state"])):
        return False
    causes = body.get("changedPropIds", [])
    if not isinstance(causes, list) or not all(_causes(one, callback["inputs"]) for one in causes):
        return False
    matched = list(_matched([*inputs, *state], wanted))
    if callback.get("no_output"):
        return _agree(matched)
    outputs = body.get("outputs")
    return _are_outputs(outputs, output) and _agree([*matched, *_matched_by(outputs, output)])


def _fit(given: Any, wanted: list[Mapping[str, Any]]) -> bool:
    if not isinstance(given, list) or len(given) != len(wanted):
        return False
    return all(_fits(value, one) for value, one in zip(given, wanted, strict=True))


def _fits(value: Any, wanted: Mapping[str, Any]) -> bool:
    """A property of one component, or of all that a pattern matches, and what can stand there."""
    component, prop = str(wanted["id"]), wanted["property"]
    if _is_pattern(component):
        return _are_of_pattern(value, component, prop) and all(map(is_held, value))
    return _is_property(value) and _is_of(value, component, prop) and is_held(value)


def _are_outputs(outputs: Any, output: str) -> bool:
    if not output.startswith(_SEVERAL):
        return _is_output(outputs, output)
    names = _names_of(output)
    if not isinstance(outputs, list) or len(outputs) != len(names):
        return False
    return all(_is_output(one, name) for one, name in zip(outputs, names, strict=True))


def _is_output(value: Any, name: str) -> bool:
    component, prop = _component_of(name)
    if _is_pattern(name):
        return _are_of_pattern(value, component, prop)
    return _is_property(value) and _is_of(value, component, prop)


def _names_of(output: str) -> list[str]:
    if not output.startswith(_SEVERAL):
        return [output]
    return output[len(_SEVERAL) : -len(_SEVERAL)].split(_BETWEEN)


def _component_of(name: str) -> tuple[str, str]:
    """Component and property of an output."""
    component, _, prop = name.rpartition(".")
    return component, prop.partition("@")[0]


# -- what a pattern matches -----------------------------------------------------------------


def _are_of_pattern(value: Any, pattern: str, prop: str) -> bool:
    return isinstance(value, list) and all(
        _is_property(one) and _matches(one["id"], pattern) and _is_named(one, prop) for one in value
    )


def _is_of(value: Mapping[str, Any], component: str, prop: str) -> bool:
    named = json.loads(component) if component.startswith("{") else component
    return bool(value["id"] == named) and _is_named(value, prop)


def _is_named(value: Mapping[str, Any], prop: str) -> bool:
    # What several callbacks write has a mark behind its name, which Dash sends or leaves away.
    return str(value["property"]).partition("@")[0] == prop


def _matches(name: Any, pattern: str) -> bool:
    wanted = json.loads(pattern)
    if not isinstance(name, dict) or name.keys() != wanted.keys():
        return False
    return all(isinstance(one, list) or name[part] == one for part, one in wanted.items())


def _causes(cause: Any, inputs: list[Mapping[str, Any]]) -> bool:
    """Whether it is the property of a component that the callback listens to."""
    if not isinstance(cause, str):
        return False
    component, _, prop = cause.rpartition(".")
    if not component.startswith("{"):
        return any((str(one["id"]), one["property"]) == (component, prop) for one in inputs)
    try:
        name = json.loads(component)
    except (ValueError, RecursionError):
        return False
    return _is_property({"id": name, "property": prop}) and any(
        one["property"] == prop and _matches(name, str(one["id"]))
        for one in inputs
        if str(one["id"]).startswith("{")
    )


def _matched(given: list[Any], wanted: list[Mapping[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    """What each pattern among inputs and state matched."""
    for value, one in zip(given, wanted, strict=True):
        if _is_pattern(str(one["id"])):
            yield str(one["id"]), [each["id"] for each in value]


def _matched_by(outputs: Any, output: str) -> Iterator[tuple[str, list[Any]]]:
    names = _names_of(output)
    for value, name in zip(outputs if len(names) > 1 else [outputs], names, strict=True):
        if _is_pattern(name):
            yield _component_of(name)[0], [each["id"] for each in value]


def _agree(matched: list[tuple[str, list[Any]]]) -> bool:
    """Whether one pattern always matched the same: a page asks all of it at one moment."""
    first: dict[str, list[Any]] = {}
    return all(first.setdefault(pattern, names) == names for pattern, names in matched)


def _is_pattern(name: str) -> bool:
    return name.startswith("{") and '["' in name


def _is_property(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("property"), str):
        return False
    name = value.get("id")
    if isinstance(name, dict):
        return all(isinstance(part, str | int | float | bool) for part in name.values())
    return isinstance(name, str)
