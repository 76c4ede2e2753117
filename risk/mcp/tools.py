"""What a tool is: typed arguments, a typed answer, hints, and words for the model that uses it.

To add a tool, describe it as a `Tool` in the module of its resource, and name that in
`risk.mcp.registry`: the list of tools, the checks of arguments and the documentation follow.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from inspect import cleandoc
from typing import Annotated, Any

import msgspec

from risk.client import AsyncSeawall
from risk.errors import InvalidInput


class Arguments(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a tool is given."""


class Told(msgspec.Struct, kw_only=True, frozen=True):
    """What a tool gives: `summary` is one plain sentence of Seawall's own."""

    summary: str


class NoArguments(Arguments, frozen=True):
    """Nothing to say."""


class ListArguments(Arguments, frozen=True):
    """How much of a list."""

    at_most: Annotated[
        int, msgspec.Meta(ge=1, le=1_000, description="How many to tell, the foremost first.")
    ] = 50


class ListTold(Told, frozen=True):
    """A part of a list, or all of it; `left_out` is how many more there are."""

    left_out: int


class ArgumentsInvalid(InvalidInput):
    """Arguments that no tool can use; the text says which, one sentence."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One thing that a language model can ask for.

    Attributes
    ----------
    name, title : str
    description : str
        For the model: what it does, what comes of it, and what to do then.
    arguments : type
    answer : type
    handle : callable
        Asks the authority, and gives the answer.
    reads_only, destructive, repeatable : bool
        Hints: whether it changes nothing; whether what it does may do harm where it is wrong;
        whether doing it twice is doing it once.
    risk : bool
        Whether its failing means that an order was not approved.
    """

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    answer: type[Told]
    handle: Callable[[AsyncSeawall, Any], Awaitable[Told]]
    reads_only: bool = False
    destructive: bool = False
    repeatable: bool = True
    risk: bool = False

    @property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema of the arguments."""
        return schema_of(self.arguments)

    @property
    def output_schema(self) -> dict[str, Any]:
        """JSON Schema of the answer."""
        return schema_of(self.answer)

    def read(self, arguments: Mapping[str, Any] | None) -> Arguments:
        """The arguments as they were meant.

        Raises
        ------
        ArgumentsInvalid
            If they cannot be used.
        """
        try:
            return msgspec.convert(dict(arguments or {}), self.arguments)
        except msgspec.ValidationError as error:
            raise ArgumentsInvalid(f"the arguments of {self.name} do not fit: {error}") from error


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """A JSON Schema whose root is the object itself, as the protocol wants it.

    Parameters
    ----------
    kind : type
    """
    (root,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    name = root["$ref"].rpartition("/")[2]
    schema = _readable(parts.pop(name))
    return (
        {**schema, "$defs": {each: _readable(parts[each]) for each in parts}} if parts else schema
    )


def _readable(schema: dict[str, Any]) -> dict[str, Any]:
    """Without what only repeats a type's name, and its docstring as it is meant to be read."""
    kept = {key: value for key, value in schema.items() if key != "title"}
    if "description" in kept:
        kept["description"] = cleandoc(kept["description"])
    return kept
