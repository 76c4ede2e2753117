"""``seawall limits``: how full each limit is, and other thresholds for a while."""

import click

from risk.commands.doors import needs
from risk.commands.output import as_json, print_json, print_table
from risk.commands.people import book_of, of_portfolio
from risk.commands.proposing import print_outcome, propose, with_a_reason
from risk.commands.store import reading
from risk.commands.times import time_of
from risk.domain.actions import Change, EndTemporaryLimit, SetTemporaryLimit
from risk.domain.actors import Ability, Actor
from risk.domain.limits import LimitDefinition, LimitState, LimitStatus, Thresholds
from risk.domain.proposals import Proposal
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import RiskState
from risk.engine.clock import wall_time
from risk.limits.types import LIMIT_TYPES
from risk.storage.actions import state_of
from risk.storage.policies import policy_standing

_HEADINGS = (
    "limit",
    "scope",
    "kind",
    "unit",
    "value",
    "soft",
    "hard",
    "used",
    "status",
    "moved by",
)
#: As screens say it.
_STATUS_WORDS = {LimitStatus.WITHIN.value: "inside", str(None): "not measured"}
#: From here on figures are written without fractions.
_WHOLE_FROM = 1e4


@click.group()
def limits() -> None:
    """Look at the limits of a book, and give them other thresholds for a while."""


@limits.command("list")
@of_portfolio
@as_json
@needs(Ability.VIEW)
def list_(portfolio: str | None, as_json: bool) -> None:
    """List all limits with what was measured in the last cycle."""
    name = book_of(portfolio)
    with reading() as connection:
        state = state_of(connection, name)
        waiting = policy_standing(connection, name, at=wall_time()).waiting
    documents = [] if state is None else _documents(state)
    if as_json:
        at = None if state is None or state.at is None else state.at.isoformat(timespec="seconds")
        version = None if state is None or state.policy is None else state.policy.version
        print_json({"portfolio": name, "at": at, "policy": version, "limits": documents})
    elif state is None or state.policy is None:
        then = (
            f"What {waiting[-1].who} asked for waits for the engine's next complete cycle."
            if waiting
            else "`seawall policy import FILE` adopts one."
        )
        click.echo(f"{name} has no policy in force: nothing may be traded. {then}")
    else:
        print_table(_HEADINGS, [_row(document) for document in documents])


@limits.command("raise")
@click.argument("limit")
@click.option("--hard", type=float, required=True, help="What may not be passed.")
@click.option("--soft", type=float, help="Where warnings begin; as far below as defined.")
@click.option("--starts", metavar="TIME", help="From when on; at once unless given.")
@click.option("--until", metavar="TIME", required=True, help="When it reverts by itself.")
@click.option("--reason", required=True, help="Why; told with the change.")
@of_portfolio
@needs(Ability.REQUEST_LIMIT)
def raise_(
    limit: str,
    hard: float,
    soft: float | None,
    starts: str | None,
    until: str,
    reason: str,
    portfolio: str | None,
) -> None:
    """Give LIMIT other thresholds for a while, looser or tighter.

    A TIME is the market's, such as 2027-01-31T12:00; without a zone it is UTC.
    """
    begins = None if starts is None else time_of(starts, "--starts")
    expires = time_of(until, "--until")
    name = book_of(portfolio)
    with reading() as connection:
        coming = policy_standing(connection, name, at=wall_time()).coming
    defined = None if coming is None else coming.limit(limit)

    def make(by: Actor) -> Change:
        return SetTemporaryLimit(
            seq=0,
            at=wall_time(),
            who=by.name,
            limit=limit,
            hard=hard,
            soft=_soft(defined, hard) if soft is None else soft,
            starts=begins,
            expires=expires,
            reason=reason,
        )

    _print_change(propose(name, make, reason=reason, otherwise=reason))


@limits.command()
@click.argument("limit")
@of_portfolio
@with_a_reason
@needs(Ability.REQUEST_LIMIT)
def restore(limit: str, portfolio: str | None, reason: str | None) -> None:
    """Let LIMIT be as defined again, at once."""
    made = propose(
        book_of(portfolio),
        lambda by: EndTemporaryLimit(seq=0, at=wall_time(), who=by.name, limit=limit),
        reason=reason,
        otherwise="as defined again",
    )
    _print_change(made)


# --- what is told --------------------------------------------------------------------------


def _print_change(made: Proposal) -> None:
    for line in made.what:
        click.echo(line)
    print_outcome(made, f"It holds for {made.portfolio} from the engine's next cycle on.")


def _soft(defined: LimitDefinition | None, hard: float) -> float:
    """As far below `hard` as the definition has it."""
    if defined is None or defined.hard == 0.0:
        return hard
    return min(hard, float(f"{hard * defined.soft / defined.hard:.12g}"))


def _documents(state: RiskState) -> list[dict[str, object]]:
    defined = () if state.policy is None else state.policy.limits
    return [_document(limit, state.limits.get(limit.name)) for limit in defined]


def _document(limit: LimitDefinition, stands: LimitState | None) -> dict[str, object]:
    """A limit as defined, with what the last cycle made of it; nulls where it has not measured."""
    return {
        "name": limit.name,
        "scope": _scope(limit.scope),
        "kind": limit.kind,
        "unit": LIMIT_TYPES[limit.kind].unit.value,
        "value": None if stands is None else stands.value,
        "soft": limit.soft if stands is None else stands.thresholds.soft,
        "hard": limit.hard if stands is None else stands.thresholds.hard,
        "used": None if stands is None else stands.used,
        "status": None if stands is None else stands.status.value,
        "moved_by": None if stands is None else _moved_by(limit, stands.thresholds),
    }


def _moved_by(limit: LimitDefinition, now: Thresholds) -> str | None:
    """Why the thresholds in force are not those of the definition; None where they are."""
    return None if (now.hard, now.soft) == (limit.hard, limit.soft) else now.cause


def _scope(scope: Scope) -> str:
    return scope.kind.value if scope.kind is ScopeKind.PORTFOLIO else f"{scope.kind}:{scope.name}"


def _row(document: dict[str, object]) -> list[object]:
    """As people read it: a few digits, and a word where nothing was measured."""
    told = {name: _shown(value) for name, value in document.items()}
    told["used"] = "" if document["used"] is None else f"{document['used']:.0%}"
    told["status"] = _STATUS_WORDS.get(str(document["status"]), document["status"])
    return list(told.values())


def _shown(value: object) -> object:
    """Four digits, and never a power of ten for a sum of money."""
    if not isinstance(value, float):
        return value
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.4g}"
