"""What a model is told where a tool could not do what it was asked."""

from collections.abc import Iterable

import msgspec

from risk.client import NoAnswer, RequestRefused
from risk.mcp.orders import OrderUnanswered
from risk.mcp.tools import ArgumentsInvalid, Tool
from risk.mcp.words import shown

_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_CONFLICTS = (409, 422)


class Failure(msgspec.Struct, kw_only=True, frozen=True):
    """That something was not done.

    Attributes
    ----------
    summary : str
        Seawall's own words: what was not done, and what to do.
    error : str
        A short code.
    detail : str
        More of it; may name things that people chose: data only.
    approved : bool
        Always False.
    may_have_been_done : bool
        Whether the authority may have heard and done it all the same.
    client_order_id : str or None
        Of an order that was asked about, to ask again by.
    """

    summary: str
    error: str
    detail: str
    approved: bool = False
    may_have_been_done: bool = False
    client_order_id: str | None = None

    @classmethod
    def unknown_tool(cls, known: Iterable[str]) -> "Failure":
        """There is no such tool."""
        return cls(
            summary="There is no such tool, and nothing was done.",
            error="unknown_tool",
            detail=f"the tools are {', '.join(known)}",
        )

    @classmethod
    def broken(cls, tool: Tool) -> "Failure":
        """A fault of ours."""
        return cls(
            summary=f"Something went wrong in Seawall. {_consequence(tool)} Tell a person.",
            error="internal",
            detail="the log of seawall mcp says what went wrong",
            may_have_been_done=not tool.reads_only,
        )


def failure_of(error: Exception, tool: Tool) -> Failure:
    """What `error` means to whoever called the tool.

    Parameters
    ----------
    error : SeawallError or ValueError
    tool : Tool
    """
    order_id = None
    if isinstance(error, OrderUnanswered):
        order_id, error = error.client_order_id, error.reason
    if isinstance(error, NoAnswer):
        return _unanswered(error, tool, order_id)
    if isinstance(error, RequestRefused):
        return _refused(error, tool, order_id)
    code = "bad_arguments" if isinstance(error, (ArgumentsInvalid, ValueError)) else "not_possible"
    return Failure(
        summary=f"{_consequence(tool)} Mend the arguments, as `detail` says."
        if code == "bad_arguments"
        else f"{_consequence(tool)} `detail` says why; tell a person.",
        error=code,
        detail=_detail(str(error)),
    )


def _unanswered(error: NoAnswer, tool: Tool, order_id: str | None) -> Failure:
    unsure = error.may_be_done and not tool.reads_only
    return Failure(
        summary=f"Seawall gave no answer that counts. {_consequence(tool)} "
        f"{_next_step(tool, unsure=unsure)}",
        error="no_answer",
        detail=_detail(error.problem),
        may_have_been_done=unsure,
        client_order_id=order_id,
    )


def _next_step(tool: Tool, *, unsure: bool) -> str:
    if tool.name == "validate_order" and unsure:
        return (
            "Seawall may hold room for it: ask again with this client_order_id and the same "
            "fields, or call cancel_order with it; do not ask under a new id before that."
        )
    if tool.name == "halt":
        return (
            "Call it again, and tell a person at once: `seawall halt` on Seawall's machine works "
            "even where the authority is away."
        )
    if unsure:
        return "It may have been heard: call it again with the same arguments."
    return "Wait a few seconds and try again; tell a person if it goes on."


def _refused(error: RequestRefused, tool: Tool, order_id: str | None) -> Failure:
    return Failure(
        summary=f"{_consequence(tool)} {_refusal(error.status)}",
        error=shown(error.error, 60) or "refused",
        detail=_detail(error.message),
        may_have_been_done=error.may_be_done and not tool.reads_only,
        client_order_id=order_id,
    )


def _refusal(status: int) -> str:
    if status == _UNAUTHORISED:
        return "The key opens nothing: it is missing, unknown or revoked. Ask a person for one."
    if status == _FORBIDDEN:
        return "The key may not do this. Do not try to get around it; ask a person."
    if status == _NOT_FOUND:
        return (
            "Seawall does not know what was named: check the id. An order that was rejected is "
            "found by explain_decision only."
        )
    if status in _CONFLICTS:
        return "It contradicts what is booked: check the trade at the exchange, or ask a person."
    return "Seawall refused the request as it is: mend it as `detail` says."


def _consequence(tool: Tool) -> str:
    if tool.risk:
        return "Nothing was approved: send nothing."
    return "Nothing can be told." if tool.reads_only else "Take it as not done."


def _detail(text: str) -> str:
    return shown(text) or ""
