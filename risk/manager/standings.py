"""Trading states of scopes: judged anew in each step, told when they change."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from risk.domain.assessment import Assessment, DoubtKind
from risk.domain.events import RiskStatus, Severity
from risk.domain.latches import Latch
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import Performance, RiskState, Standing
from risk.domain.trading import TradingState

_SEVERITY = {
    TradingState.NORMAL: Severity.INFO,
    TradingState.CAUTION: Severity.WARNING,
    TradingState.THROTTLED: Severity.WARNING,
    TradingState.REDUCE_ONLY: Severity.CRITICAL,
    TradingState.HALTED: Severity.CRITICAL,
}


def next_standings(
    state: RiskState,
    snapshot: Snapshot,
    assessment: Assessment,
    performance: Performance | None,
    latches: Mapping[Scope, Latch],
) -> dict[Scope, Standing]:
    """The portfolio's standing, and those of each latched scope and each asset without a mark.

    Of what a person asked for and what the numbers allow the tighter holds.

    Parameters
    ----------
    state : RiskState
        After the last step.
    snapshot : Snapshot
    assessment : Assessment
        Of the snapshot.
    performance : Performance or None
        Now.
    latches : mapping of Scope to Latch
        In force now.
    """
    wanted = {Scope(ScopeKind.PORTFOLIO, snapshot.portfolio): _judge(assessment, performance)}
    for asset, mark in snapshot.watched.items():
        if not mark.trust.allows_new_risk:
            cause = f"{asset} mark is {mark.trust}: no new risk in it, reductions pass"
            wanted[Scope(ScopeKind.ASSET, asset)] = TradingState.REDUCE_ONLY, cause
    for scope, latch in latches.items():
        wanted[scope] = _tighter(latch, wanted.get(scope))
    return {
        scope: Standing(verdict, _since(state, scope, verdict, snapshot.at), cause)
        for scope, (verdict, cause) in wanted.items()
    }


def _tighter(latch: Latch, judged: tuple[TradingState, str] | None) -> tuple[TradingState, str]:
    """The tighter of both; where they agree both causes, since undoing one leaves the other."""
    if judged is None or judged[0] < latch.state:
        return latch.state, latch.cause
    verdict, cause = judged
    return verdict, f"{latch.cause}; {cause}" if verdict is latch.state else cause


def _since(state: RiskState, scope: Scope, verdict: TradingState, at: datetime) -> datetime:
    before = state.standings.get(scope)
    return before.since if before is not None and before.state is verdict else at


def _judge(assessment: Assessment, performance: Performance | None) -> tuple[TradingState, str]:
    """The portfolio's state: what cannot be measured may not grow."""
    if performance is None and not assessment.positions:
        return TradingState.HALTED, "no equity is known yet: nothing may be traded before it is"
    blind = {DoubtKind.NO_EQUITY, DoubtKind.NO_MODEL}
    unmeasured = [d.detail for d in assessment.doubts if d.kind in blind]
    if unmeasured:
        return TradingState.REDUCE_ONLY, "; ".join(unmeasured)
    if assessment.equity is not None and assessment.equity <= 0.0:
        return TradingState.REDUCE_ONLY, f"equity is {assessment.equity:,.2f}: nothing is left"
    if assessment.doubts:
        return TradingState.CAUTION, "; ".join(doubt.detail for doubt in assessment.doubts)
    return TradingState.NORMAL, "everything held is measured with trusted marks"


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
            cause=_cause(snapshot, scope, new),
            severity=_severity(scope, current),
        )


def _cause(snapshot: Snapshot, scope: Scope, now: Standing | None) -> str:
    """Why a scope's state changed: who resumed it, and what is said of it now."""
    resumed = [
        f"resumed by {change.who}: {change.reason}"
        for change in snapshot.latch_changes
        if change.scope == scope and change.after is None
    ]
    if now is not None:
        return "; ".join((*resumed[-1:], now.cause))
    return resumed[-1] if resumed else _why_reopened(snapshot, scope)


def _why_reopened(snapshot: Snapshot, scope: Scope) -> str:
    if scope.name in snapshot.marks:
        return f"{scope.name} is measured with a trusted mark again"
    return f"{scope.name} is not watched any more"


def _severity(scope: Scope, current: TradingState) -> Severity:
    worst = _SEVERITY[current]
    whole = scope.kind is ScopeKind.PORTFOLIO
    return worst if whole or worst is Severity.INFO else Severity.WARNING
