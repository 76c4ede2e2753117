"""Trading states of scopes: judged anew in each step, told when they change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from risk.breakers.imposing import Imposed, imposed_by
from risk.domain.assessment import Assessment, DoubtKind
from risk.domain.events import RiskStatus, Severity
from risk.domain.latches import Latch
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState, Standing
from risk.domain.trading import TradingState
from risk.limits.overruns import Overrun, overruns

_SEVERITY = {
    TradingState.NORMAL: Severity.INFO,
    TradingState.CAUTION: Severity.WARNING,
    TradingState.THROTTLED: Severity.WARNING,
    TradingState.REDUCE_ONLY: Severity.CRITICAL,
    TradingState.HALTED: Severity.CRITICAL,
}


def standings_of(
    state: RiskState,
    snapshot: Snapshot,
    assessment: Assessment,
    *,
    before: Mapping[Scope, Standing],
    latches: Mapping[Scope, Latch],
) -> dict[Scope, Standing]:
    """The portfolio's standing, and those of each scope in a tighter state than normal.

    Of what people asked for, breakers impose, limits stop and the numbers allow the tightest
    holds. Nothing is multiplied: of several that scale new risk the strictest rules.

    Parameters
    ----------
    state : RiskState
        Now, but for its standings and latches.
    snapshot : Snapshot
    assessment : Assessment
        Of the snapshot.
    before : mapping of Scope to Standing
        After the last step.
    latches : mapping of Scope to Latch
        In force now.
    """
    portfolio = Scope(ScopeKind.PORTFOLIO, snapshot.portfolio)
    wanted: dict[Scope, list[_Claim]] = {portfolio: [_judge(assessment, state)]}
    for asset, mark in snapshot.watched.items():
        if not mark.trust.allows_new_risk:
            cause = f"{asset} mark is {mark.trust}: no new risk in it, reductions pass"
            claim = _Claim(TradingState.REDUCE_ONLY, cause)
            wanted.setdefault(Scope(ScopeKind.ASSET, asset), []).append(claim)
    imposed = imposed_by(state.breakers, state.policy)
    for scope, claim in _claims(latches, imposed, overruns(state.policy, state.limits)):
        wanted.setdefault(scope, []).append(claim)
    return {
        scope: _standing(before.get(scope), claims, snapshot.at) for scope, claims in wanted.items()
    }


def tightened(
    standings: Mapping[Scope, Standing], by: Mapping[Scope, Standing]
) -> Mapping[Scope, Standing]:
    """Of two judgements the tighter one for each scope; `standings` itself where none is."""
    tighter = {
        scope: standing
        for scope, standing in by.items()
        if scope not in standings or _tightness(standings[scope]) < _tightness(standing)
    }
    return {**standings, **tighter} if tighter else standings


def _tightness(standing: Standing) -> tuple[TradingState, float]:
    return standing.state, -standing.size


class _Claim(NamedTuple):
    """What one rule, breaker, limit or person makes of a scope's state."""

    state: TradingState
    cause: str
    size: float = 1.0
    probation: bool = False


def _claims(
    latches: Mapping[Scope, Latch], imposed: Iterable[Imposed], limits: Iterable[Overrun]
) -> Iterator[tuple[Scope, _Claim]]:
    """People's first: of causes that ask for the same state theirs is told first."""
    for scope, latch in latches.items():
        yield scope, _Claim(latch.state, latch.cause)
    for each in imposed:
        yield each.scope, _Claim(each.state, each.cause, each.size, each.probation)
    for over in limits:
        yield over.scope, _Claim(over.state, over.cause)


def _standing(before: Standing | None, claims: Sequence[_Claim], at: datetime) -> Standing:
    """The tightest claim; where several agree all their causes, since undoing one leaves others."""
    verdict = max(claim.state for claim in claims)
    # The first claim says what is measured: of causes for a tighter state it is told last.
    ruling = [claim for claim in (*claims[1:], claims[0]) if claim.state is verdict]
    return Standing(
        verdict,
        _since(before, verdict, at),
        "; ".join(dict.fromkeys(claim.cause for claim in ruling)),
        size=min(claim.size for claim in ruling),
        probation=all(claim.probation for claim in ruling),
    )


def _since(before: Standing | None, verdict: TradingState, at: datetime) -> datetime:
    return before.since if before is not None and before.state is verdict else at


def _judge(assessment: Assessment, state: RiskState) -> _Claim:
    """The portfolio's state: what cannot be measured may not grow."""
    if state.performance is None and not assessment.positions:
        return _Claim(
            TradingState.HALTED, "no equity is known yet: nothing may be traded before it is"
        )
    blind = {DoubtKind.NO_EQUITY, DoubtKind.NO_MODEL}
    against = [d.detail for d in assessment.doubts if d.kind in blind]
    if state.equity_trust is not None:
        against.append(state.equity_trust.cause)
    if assessment.equity is not None and assessment.equity <= 0.0:
        against.append(f"equity is {assessment.equity:,.2f}: nothing is left")
    if against:
        return _Claim(TradingState.REDUCE_ONLY, "; ".join(against))
    if assessment.doubts:
        return _Claim(TradingState.CAUTION, "; ".join(doubt.detail for doubt in assessment.doubts))
    return _Claim(TradingState.NORMAL, "everything held is measured with trusted marks")


def status_changes(
    before: Mapping[Scope, Standing], after: Mapping[Scope, Standing], snapshot: Snapshot
) -> Iterator[RiskStatus]:
    """What is told of standings: each change, and the portfolio's first one.

    Parameters
    ----------
    before, after : mapping of Scope to Standing
        A scope that is absent trades normally.
    snapshot : Snapshot
        Of the step between the two.
    """
    for scope in sorted(before.keys() | after.keys()):
        old, new = before.get(scope), after.get(scope)
        previous = old.state if old else TradingState.NORMAL
        current = new.state if new else TradingState.NORMAL
        if current is previous and not (old is None and scope.kind is ScopeKind.PORTFOLIO):
            continue
        yield RiskStatus(
            **snapshot.stamp,
            scope_kind=scope.kind.value,
            scope=scope.name,
            state=current.name,
            previous=previous.name,
            cause=_cause(snapshot, scope, old, new),
            severity=_severity(scope, current),
        )


def _cause(snapshot: Snapshot, scope: Scope, old: Standing | None, now: Standing | None) -> str:
    """Why a scope's state changed: who resumed it, and what is said of it now."""
    resumed = [
        f"resumed by {change.who}: {change.reason}"
        for change in snapshot.latch_changes
        if change.scope == scope and change.after is None
    ]
    if now is not None:
        return "; ".join((*resumed[-1:], now.cause))
    return resumed[-1] if resumed else _why_reopened(snapshot, scope, old)


def _why_reopened(snapshot: Snapshot, scope: Scope, old: Standing | None) -> str:
    if scope.kind is ScopeKind.ASSET and scope.name not in snapshot.marks:
        return f"{scope.name} is not watched any more"
    assert old is not None, "whatever re-opens was tighter before"
    return f"no longer so: {old.cause}"


def _severity(scope: Scope, current: TradingState) -> Severity:
    worst = _SEVERITY[current]
    whole = scope.kind is ScopeKind.PORTFOLIO
    return worst if whole or worst is Severity.INFO else Severity.WARNING
