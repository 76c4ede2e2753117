"""Latches: trading that people or programs stopped, until a person lets it go again.

No step, rule or restart clears one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from shlex import quote
from typing import NamedTuple

from risk.domain.actions import Action, LatchTrading, Refusal, ResumeTrading
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState

#: The kinds of action that `apply_latches` applies.
LATCHED = (LatchTrading, ResumeTrading)

_SAID = {TradingState.HALTED: "halted", TradingState.REDUCE_ONLY: "set to reduce only"}


class Latch(NamedTuple):
    """A scope whose trading was stopped.

    Attributes
    ----------
    scope : Scope
    state : TradingState
        HALTED, or REDUCE_ONLY.
    who, reason : str
        Of whoever asked for that state last.
    since : datetime
        The market's time from which on it has been in that state. UTC.
    action : int
        Number of the last action that asked for any latch of the scope; 0 while it is not
        journalled. Whoever resumes names it.
    id : str
        Of that action.
    """

    scope: Scope
    state: TradingState
    who: str
    reason: str
    since: datetime
    action: int
    id: str = ""

    @property
    def cause(self) -> str:
        """Why trading is stopped: ``halted by ana: fat finger``."""
        return f"{_SAID[self.state]} by {self.who}: {self.reason}"


class LatchChange(NamedTuple):
    """A scope latched, or let go.

    Attributes
    ----------
    scope : Scope
    asked : TradingState
        What was asked for; NORMAL of who resumes.
    before, after : Latch or None
        None where it is not latched. A scope that was latched more tightly than asked stays so.
    who, reason : str
        Of whoever asked.
    """

    scope: Scope
    asked: TradingState
    before: Latch | None
    after: Latch | None
    who: str
    reason: str


class Latched(NamedTuple):
    """What is latched after what was asked, and what is to be told of it.

    Attributes
    ----------
    latches : mapping of Scope to Latch
    changes : tuple of LatchChange
        In the order in which they came.
    refusals : tuple of Refusal
    """

    latches: Mapping[Scope, Latch]
    changes: tuple[LatchChange, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def latches_after(
    latches: Mapping[Scope, Latch], actions: Sequence[Action], *, at: datetime
) -> Mapping[Scope, Latch]:
    """What is latched after what was asked; see `apply_latches`."""
    return apply_latches(latches, actions, at=at).latches


def apply_latches(
    latches: Mapping[Scope, Latch], actions: Sequence[Action], *, at: datetime
) -> Latched:
    """Latch and resume what was asked; actions of other kinds are left to others.

    The tightest that was asked of a scope holds. A second latch of the same state takes the
    first's place, and not its time; a looser one only makes whoever resumes look again. A latch
    whose id is in force or stood among `actions` already is that latch, unless it is of another
    scope or state.

    Parameters
    ----------
    latches : mapping of Scope to Latch
        In force before.
    actions : sequence of Action
        Oldest first.
    at : datetime
        The market's time. UTC.
    """
    found, known = dict(latches), set[tuple[str, Scope, TradingState]]()
    changes, refusals = list[LatchChange](), list[Refusal]()
    for action in actions:
        match action:
            case LatchTrading(id=identity, scope=scope, state=state):
                if (identity, scope, state) in known:
                    continue
                known.add((identity, scope, state))
                before = found.get(scope)
                found[scope] = after = _latched(before, action, at)
                if before is None or before.id != identity:
                    changes.append(_change(action, state, before, after))
            case ResumeTrading():
                before = found.get(action.scope)
                reason = why_not_resumed(before, action)
                if reason is not None:
                    refusals.append(Refusal(asked_of_latch(action), action.who, reason))
                    continue
                del found[action.scope]
                changes.append(_change(action, TradingState.NORMAL, before, None))
    return Latched(found, tuple(changes), tuple(refusals))


def after_changes(
    latches: Mapping[Scope, Latch], changes: Sequence[LatchChange]
) -> Mapping[Scope, Latch]:
    """What is latched once these have come about; the very same mapping where none has."""
    if not changes:
        return latches
    found = {**latches, **{change.scope: change.after for change in changes}}
    return {scope: latch for scope, latch in found.items() if latch is not None}


def latched_at(latches: Mapping[Scope, Latch], scopes: Iterable[Scope]) -> TradingState:
    """The tightest latch of these scopes; NORMAL where none is latched."""
    found = (latches[scope].state for scope in scopes if scope in latches)
    return max(found, default=TradingState.NORMAL)


def why_not_resumed(latch: Latch | None, action: ResumeTrading) -> str | None:
    """Why a scope cannot be resumed; None if it can.

    Parameters
    ----------
    latch : Latch or None
        Of the scope; None where there is none.
    action : ResumeTrading
    """
    if latch is None:
        return f"{action.scope.label} is not latched"
    if latch.action != action.seen:
        return (
            f"{action.scope.label} was latched again since number {action.seen}, which was seen: "
            f"it is {latch.cause} (number {latch.action}); look at that first"
        )
    return None


def asked_of_latch(action: Action) -> str:
    """What an action asks for, as the end of a sentence: *asked to*."""
    match action:
        case LatchTrading(scope=scope, state=TradingState.HALTED):
            return f"halt {scope.label}"
        case LatchTrading(scope=scope):
            return f"allow only reductions in {scope.label}"
        case ResumeTrading(scope=scope):
            return f"resume {scope.label}"
    raise TypeError(f"an action of kind {type(action).__name__} asks nothing of a latch")


def way_back(portfolio: str, scope: Scope) -> str:
    """The command that lets go of a scope's latch."""
    part = scope.kind.value.replace("_", "-")
    option = "" if scope.kind is ScopeKind.PORTFOLIO else f" --{part} {quote(scope.name)}"
    return f"seawall resume --portfolio {quote(portfolio)}{option} --reason TEXT"


def _latched(before: Latch | None, action: LatchTrading, at: datetime) -> Latch:
    wanted = Latch(action.scope, action.state, action.who, action.reason, at, action.seq, action.id)
    if before is None or before.state < wanted.state:
        return wanted
    if before.id == wanted.id:
        # Known before it was journalled: now it has a number to be resumed by.
        return before if before.action else before._replace(action=wanted.action)
    if before.state > wanted.state:
        return before._replace(action=wanted.action, id=wanted.id)
    return wanted._replace(since=before.since)


def _change(
    action: LatchTrading | ResumeTrading,
    asked: TradingState,
    before: Latch | None,
    after: Latch | None,
) -> LatchChange:
    return LatchChange(action.scope, asked, before, after, action.who, action.reason)
