"""Latches of a book: which scopes there are to be latched, and what is told of those that were."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from risk.domain.events import RiskEvent, TradingLatched, TradingResumed
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.errors import InvalidInput


def latch_events(snapshot: Snapshot) -> Iterator[RiskEvent]:
    """What is told of scopes that were latched or resumed since the last cycle."""
    for scope, asked, before, after, who, reason in snapshot.latch_changes:
        whose = {**snapshot.stamp, "scope_kind": scope.kind.value, "scope": scope.name}
        if after is not None:
            yield TradingLatched(
                **whose, state=after.state.name, asked=asked.name, who=who, reason=reason
            )
        elif before is not None:
            yield TradingResumed(**whose, state=before.state.name, who=who, reason=reason)


def refuse_unknown_scope(scope: Scope, state: RiskState) -> None:
    """Refuse to latch what the book does not have: a name misspelt would stop nothing.

    Of kinds of which no name is known, as before the first cycle, every name is accepted.

    Parameters
    ----------
    scope : Scope
    state : RiskState
        After the last cycle.

    Raises
    ------
    InvalidInput
        Naming the likeliest.
    """
    names = sorted(set(_names(scope.kind, state)))
    if scope.name in names or not names:
        return
    likely = get_close_matches(scope.name, names, n=1)
    hint = f"did you mean {likely[0]}?" if likely else f"there are {', '.join(names)}"
    kind = scope.kind.value.replace("_", " ")
    raise InvalidInput(f"{state.portfolio} has no {kind} called {scope.name!r}; {hint}")


def _names(kind: ScopeKind, state: RiskState) -> Iterable[str]:
    policy, held = state.policy, state.positions_told
    strategies = {} if policy is None else policy.strategies
    match kind:
        case ScopeKind.PORTFOLIO:
            return [state.portfolio]
        case ScopeKind.STRATEGY_TYPE:
            return strategies.values()
        case ScopeKind.STRATEGY:
            return [*strategies, *(key.strategy for key in held)]
        case ScopeKind.ASSET:
            allowed = {} if policy is None else policy.instruments
            return [*allowed, *state.trusts, *(key.asset for key in held)]
        case ScopeKind.VENUE:
            limits = () if policy is None else policy.limits
            limited = [limit.scope.name for limit in limits if limit.scope.kind is kind]
            return [*limited, *(key.venue for key in held)]
