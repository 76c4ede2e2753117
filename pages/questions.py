"""Whether what asks for a callback is a question that a page of ours can ask.

Dash answers whatever else it is sent with a fault of the server; and a fault must mean one.
"""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from dash import Dash
from dash.exceptions import DependencyException
from flask import Response, request

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
    """Whether a callback of that output exists, and gets as many values as it takes."""
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        return False
    output = body["output"]
    callback = callbacks.get(output)
    # What runs in the browser has nothing to be asked here.
    if callback is None or "callback" not in callback:
        return False
    causes = body.get("changedPropIds", [])
    return (
        _fit(body.get("inputs", []), callback["inputs"])
        and _fit(body.get("state", []), callback["state"])
        and isinstance(causes, list)
        and all(isinstance(cause, str) for cause in causes)
        and (bool(callback.get("no_output")) or _are_outputs(body.get("outputs"), output))
    )


def _fit(given: Any, wanted: list[Mapping[str, Any]]) -> bool:
    if not isinstance(given, list) or len(given) != len(wanted):
        return False
    return all(_fits(value, one) for value, one in zip(given, wanted, strict=True))


def _fits(value: Any, wanted: Mapping[str, Any]) -> bool:
    """A property of one component, or of all that a pattern matches."""
    if _is_pattern(str(wanted["id"])):
        return isinstance(value, list) and all(_is_property(one) for one in value)
    # Of a component whose name is a dictionary only the shape is looked at.
    named = isinstance(wanted["id"], str) and not wanted["id"].startswith("{")
    return _is_property(value) and (not named or value["id"] == wanted["id"])


def _are_outputs(outputs: Any, output: str) -> bool:
    if not output.startswith(_SEVERAL):
        return _is_output(outputs, output)
    names = output[len(_SEVERAL) : -len(_SEVERAL)].split(_BETWEEN)
    if not isinstance(outputs, list) or len(outputs) != len(names):
        return False
    return all(_is_output(one, name) for one, name in zip(outputs, names, strict=True))


def _is_output(value: Any, name: str) -> bool:
    if _is_pattern(name):
        return isinstance(value, list) and all(_is_property(one) for one in value)
    return _is_property(value)


def _is_pattern(name: str) -> bool:
    return name.startswith("{") and '["' in name


def _is_property(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("property"), str):
        return False
    name = value.get("id")
    if isinstance(name, dict):
        return all(isinstance(part, str | int | float | bool) for part in name.values())
    return isinstance(name, str)
