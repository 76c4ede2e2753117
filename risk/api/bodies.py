"""Reading what was sent: how much at most, of which kind, and why it cannot be used."""

import asyncio
import json
import re
from collections.abc import Callable
from enum import Enum, EnumType
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from starlette.types import Receive

from risk.api.problems import Refused, bad_body, bad_parameter

Struct = TypeVar("Struct", bound=msgspec.Struct)

#: Bytes that a body may have.
MOST = 65_536
#: Seconds in which it must be there whole.
PATIENCE = 10.0

_FIELD = re.compile(r"^(?P<problem>.*) - at `\$\.(?P<field>[\w.\[\]]+)`$")
_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)
_KINDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "datetime": "a time",
}


async def read_body(receive: Receive, content_type: bytes | None, length: bytes | None) -> bytes:
    """The body of a request.

    Raises
    ------
    Refused
        If it is no JSON by its own word, longer than ``MOST``, or slow to come.
    """
    _require_json(content_type)
    if length is not None and length.isdigit() and int(length[:20]) > MOST:
        raise _too_large()
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        try:
            async with asyncio.timeout(PATIENCE):
                body = await _rest(receive, body)
        except TimeoutError as error:
            raise Refused(
                408,
                "too_slow",
                f"the body did not come within {PATIENCE:g} s",
                {"connection": "close"},
            ) from error
    if len(body) > MOST:
        raise _too_large()
    return body


async def _rest(receive: Receive, begun: bytes) -> bytes:
    parts, length, more = [begun], len(begun), True
    while more and length <= MOST:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise bad_body("the connection was closed before the body had come")
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        more = message.get("more_body", False)
    return b"".join(parts)


def _require_json(content_type: bytes | None) -> None:
    if content_type == b"application/json":
        return
    media, _, parameters = (content_type or b"").lower().partition(b";")
    charset = parameters.strip().replace(b'"', b"")
    if media.strip() == b"application/json" and charset in (b"", b"charset=utf-8"):
        return
    raise Refused(415, "wrong_content_type", "the body must be JSON, sent as application/json")


def _too_large() -> Refused:
    return Refused(
        413,
        "too_large",
        f"a body may have {MOST // 1024} KiB at most",
        {"connection": "close"},
    )


# --- bodies --------------------------------------------------------------------------------


def decoder_of(kind: type[Struct]) -> Callable[[bytes], Struct]:
    """What reads bodies of one kind, which have plain fields only.

    It raises Refused with one sentence if a body is none of these.
    """
    decode = msgspec.json.Decoder(kind).decode

    def read(body: bytes) -> Struct:
        try:
            decoded = decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
            raise bad_body(sentence(problem, kind)) from problem
        _refuse_repeated(body)
        return decoded

    return read


_shallow = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _refuse_repeated(body: bytes) -> None:
    """A field that stands twice says two things, and each reader believes another one."""
    # Every pair has a colon: where there are no more than names, no name stands twice.
    if body.count(b":") != len(_shallow.decode(body)):
        json.loads(body, object_pairs_hook=_refuse_twice)


def _refuse_twice(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise bad_body(f"the field `{name}` stands twice")
        seen.add(name)


def sentence(problem: Exception, kind: type[msgspec.Struct]) -> str:
    """What is wrong with a body or with parameters, for whoever sent them."""
    if isinstance(problem, UnicodeDecodeError):
        return "the body is not UTF-8"
    text = str(problem)
    if isinstance(problem, RecursionError) or not isinstance(problem, msgspec.ValidationError):
        return f"the body is not JSON: {text[:1].lower()}{text[1:]}"
    at = _FIELD.match(text)
    if at is not None:
        return f"`{at['field']}` {_of_field(at['problem'], kind, at['field'])}"
    if text.startswith("Object contains unknown field"):
        names = ", ".join(kind.__struct_fields__)
        return f"there is no field {_ticked(text)}; there are {names}"
    if text.startswith("Object missing required field"):
        return f"the field {_ticked(text)} is missing"
    return "the body must be one JSON object"


def _ticked(text: str) -> str:
    return text[text.index("`") : text.rindex("`") + 1][:200]


def _of_field(problem: str, kind: type[msgspec.Struct], field: str) -> str:
    if problem.startswith("Invalid enum value"):
        options = _options(kind, field)
        said = problem.removeprefix("Invalid enum value").strip()[:100]
        return f"cannot be {said}{options}"
    if problem.startswith("Expected `"):
        wanted, _, got = problem.removeprefix("Expected `").partition("`, got `")
        if got:
            return f"must be {_kind_words(wanted)}, not {_kind_words(got.rstrip('`'))}"
    if problem == "Number out of range":
        return "is larger than any number that can be used"
    if "datetime" in problem:
        return "must be a time with a time zone, such as 2027-01-31T12:00:00Z"
    return f"cannot be used: {problem[:1].lower()}{problem[1:]}"


def _kind_words(text: str) -> str:
    return " or ".join(_KINDS.get(part.strip(), part.strip()) for part in text.split("|"))


def _options(kind: type[msgspec.Struct], field: str) -> str:
    annotation = next(f.type for f in msgspec.structs.fields(kind) if f.name == field)
    # A field that may be missing is of more than one type.
    words: EnumType = next(
        each for each in (annotation, *get_args(annotation)) if isinstance(each, EnumType)
    )
    members: tuple[Enum, ...] = tuple(words)
    return f", only {' or '.join(member.value for member in members)}"


# --- parameters ----------------------------------------------------------------------------


def parameters_of(kind: type[Struct], pairs: list[tuple[str, str]]) -> Struct:
    """The parameters of an address.

    Raises
    ------
    Refused
        If there is one that is not known, stands twice, or cannot be used.
    """
    given = dict(pairs)
    if len(given) != len(pairs):
        raise bad_parameter("a parameter stands twice")
    unknown = sorted(given.keys() - set(kind.__struct_fields__))
    if unknown:
        names = ", ".join(kind.__struct_fields__) or "none here"
        raise bad_parameter(f"there is no parameter `{unknown[0][:100]}`; there are {names}")
    numbers = _whole_numbers(kind)
    values = {
        name: int(text) if name in numbers and _WHOLE.fullmatch(text) else text
        for name, text in given.items()
    }
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as problem:
        # A parameter is text: null is only how one is told that is not there.
        said = sentence(problem, kind).replace(" or null, not", ", not")
        raise bad_parameter(said) from problem


@cache
def _whole_numbers(kind: type[msgspec.Struct]) -> frozenset[str]:
    """Parameters that are whole numbers; all others are text, or times."""
    return frozenset(
        name for name, hint in get_type_hints(kind).items() if int in (hint, *get_args(hint))
    )
