"""The OpenAPI document, made from the operations, so that it cannot say anything else."""

import inspect
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, get_args, get_type_hints

import msgspec

from risk.api.operations import Operation
from risk.domain.fields import meanings_of
from risk.domain.messages import LONGEST_NAME, Problem

_REFERENCE = "#/components/schemas/"
_IN_PATH = re.compile(r"{(\w+)}")
#: What each status means here.
_STATUSES: Mapping[int, str] = {
    200: "The answer.",
    400: "The body or the address cannot be used; the message says why.",
    401: "No key, or one that opens nothing.",
    403: "The key may not.",
    404: "There is nothing of that name.",
    408: "The body did not come in time.",
    409: "It contradicts what is known already.",
    413: "The body is too large.",
    415: "The body is not said to be JSON.",
    421: "Asked under a name that is none of this machine.",
    422: "It cannot be what it says.",
    429: "The key asked too often; Retry-After says when again.",
    500: "Something went wrong in Seawall.",
    503: "Nobody can answer now; Retry-After says when to ask again.",
}
#: Statuses that come with a header of when to ask again.
_LATER = (429, 503)


def openapi(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    """The document that describes `operations`.

    Parameters
    ----------
    operations : iterable of Operation
    version : str
        Of Seawall.
    """
    known = tuple(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in known:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Seawall",
            "version": version,
            "summary": "Ask before an order is sent; tell what became of it; see why.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(known),
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of `seawall keys add`.",
                }
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _name(operation),
        "summary": operation.summary,
        "parameters": [*_in_path(operation), *_in_query(operation)],
        "responses": _responses(operation),
        "security": [] if operation.abilities is None else [{"key": []}],
    }
    if operation.abilities:
        needed = " or ".join(f"`{each}`" for each in sorted(operation.abilities))
        described["description"] = f"The key needs the ability {needed}."
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _json(operation.body)}
    return described


def _name(operation: Operation) -> str:
    whole = operation.path.replace(".", "_")
    path = whole.removeprefix("/api/v1") if whole.startswith("/api/v1") else f"/server{whole}"
    words = [word.strip("{}") for word in path.split("/") if word]
    return "_".join([operation.method.lower(), *words])


def _in_path(operation: Operation) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name in _IN_PATH.findall(operation.path)
    ]


def _in_query(operation: Operation) -> list[dict[str, Any]]:
    described = _described(operation.parameters)
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.pop("description", ""),
            "schema": _without_null(schema),
        }
        for name, schema in described.get("properties", {}).items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What a parameter may be that is there at all."""
    options = [each for each in schema.pop("anyOf", []) if each != {"type": "null"}]
    for option in options:
        schema |= option
    if schema.get("default", 0) is None:
        del schema["default"]
    return schema


def _responses(operation: Operation) -> dict[str, Any]:
    found: dict[int, dict[str, Any]] = {}
    if operation.answer is not Problem:
        found[200] = {"description": _STATUSES[200], "content": _content(operation)}
    for status in operation.statuses:
        found[status] = {"description": _STATUSES[status], "content": _json(Problem)}
        if status in _LATER:
            found[status]["headers"] = {
                "Retry-After": {
                    "description": "Seconds after which to ask again.",
                    "schema": {"type": "string"},
                }
            }
    for status, kind in operation.others.items():
        found[status] = {"description": _STATUSES[status], "content": _json(kind)}
    return {str(status): found[status] for status in sorted(found)}


def _content(operation: Operation) -> dict[str, Any]:
    if isinstance(operation.answer, type) and issubclass(operation.answer, msgspec.Struct):
        return _json(operation.answer)
    kind = "object" if operation.media == "application/json" else "string"
    return {operation.media: {"schema": {"type": kind}}}


def _json(kind: type) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFERENCE + kind.__name__}}}


# --- schemas -------------------------------------------------------------------------------


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    kinds: dict[str, type] = {Problem.__name__: Problem}
    for operation in operations:
        for kind in (operation.body, operation.answer, *operation.others.values()):
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                kinds[kind.__name__] = kind
    _, found = msgspec.json.schema_components(kinds.values(), ref_template=_REFERENCE + "{name}")
    structs = _structs(kinds.values())
    return {
        name: _with_meanings(schema, structs[name]) if name in structs else schema
        for name, schema in sorted(found.items())
    }


def _described(kind: type[msgspec.Struct]) -> dict[str, Any]:
    _, found = msgspec.json.schema_components([kind], ref_template=_REFERENCE + "{name}")
    return _with_meanings(found[kind.__name__], kind)


def _structs(kinds: Iterable[type]) -> dict[str, type]:
    """All structs that these contain, themselves included, by name."""
    found: dict[str, type] = {}
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            if kind.__name__ not in found:
                found[kind.__name__] = kind
                waiting.extend(get_type_hints(kind).values())
        else:
            waiting.extend(get_args(kind))
    return found


def _with_meanings(schema: dict[str, Any], kind: type) -> dict[str, Any]:
    """The schema, with what the docstring says of the whole and of each field."""
    schema["description"] = (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")
    said, hints = meanings_of(kind), get_type_hints(kind)
    for name, field in schema.get("properties", {}).items():
        if said.get(name):
            field["description"] = said[name]
        if datetime in (hints[name], *get_args(hints[name])):
            _name_times(field)
    return schema


def _name_times(field: dict[str, Any]) -> None:
    for option in field.get("anyOf", [field]):
        if option.get("type") == "string":
            option["format"] = "date-time"
