"""Risk Manager: one pure step over time, the same live, in replay and in simulation."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from risk.assess import assess
from risk.domain.actions import BY_SETTING, BookModelInUse
from risk.domain.ages import age_in_words
from risk.domain.assessment import Assessment, DoubtKind
from risk.domain.events import (
    ActionRefused,
    BookModelChanged,
    DataFaultFound,
    FillRecorded,
    ForecastScored,
    FundsMoved,
    MarkTrustChanged,
    RegimeChanged,
    RiskEvent,
    RiskStatus,
    Severity,
)
from risk.domain.market import Mark, Period, Trust
from risk.domain.model import Score
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import Course, Performance, RiskState, Standing, TradingState
from risk.domain.stops import HourlyRange
from risk.limits.adoption import policy_events, without_expired
from risk.limits.derisking import derisk
from risk.limits.dynamics import Conditions, thresholds_of
from risk.limits.evaluation import Evaluated, evaluate, held_view, redefined, surroundings
from risk.measures.regimes import REGIMES, RegimeState
from risk.portfolio.controller import exposure_update, portfolio_risk
from risk.portfolio.performance import next_courses, next_performance
from risk.portfolio.regime import next_regime, regime_name
from risk.position.calculator import closed_position, position_risk
from risk.position.ranges import next_ranges, volatility_of
from risk.position.stops import StopStep, next_stops


class Step(NamedTuple):
    """What one step gives.

    Attributes
    ----------
    state : RiskState
    events : tuple of RiskEvent
        In the order in which they are to be told.
    assessment : Assessment
        Of the snapshot, so that nobody has to measure it twice.
    """

    state: RiskState
    events: tuple[RiskEvent, ...]
    assessment: Assessment


def step(state: RiskState, snapshot: Snapshot) -> Step:
    """Go from one snapshot to the next.

    Parameters
    ----------
    state : RiskState
        After the last step.
    snapshot : Snapshot
        Of the same portfolio, not earlier than the last one.

    Returns
    -------
    Step

    Raises
    ------
    ValueError
        If the snapshot is of another portfolio, or earlier.
    """
    _refuse_misplaced(state, snapshot)
    assessment = assess(snapshot)
    performance = next_performance(
        state.performance,
        equity=assessment.equity,
        net_flows=assessment.net_flows,
        at=snapshot.at,
    )
    standings = _standings(state, snapshot, assessment, performance)
    courses = next_courses(state.courses, snapshot)
    regime = next_regime(state.regime, snapshot.hours, snapshot.models.hour)
    policy = _policy(state, snapshot)
    limits = _limits(state, policy, snapshot, assessment, performance, courses, regime)
    derisked = derisk(
        state, snapshot, assessment, policy=policy, limits=limits.states, performance=performance
    )
    exposed = exposure_update(
        assessment, state.exposures, frozenset(fill.asset for fill in snapshot.fills)
    )
    ranges = next_ranges(state.ranges, snapshot.closes)
    stops = _stops(state, policy, snapshot, ranges)
    events = (
        *_asked_for(snapshot),
        *policy_events(state.policy, snapshot.policy_changes, **_stamp(snapshot)),
        *_booked(snapshot, assessment),
        *_found_in_data(snapshot),
        *_trust_changes(state, snapshot),
        *_scored(snapshot),
        *_regime_change(state, snapshot, regime),
        portfolio_risk(assessment, performance),
        *([exposed] if exposed else []),
        *_position_risks(state, snapshot, assessment),
        *stops.events,
        *limits.events,
        *_status_changes(state, snapshot, standings),
        *derisked.events,
    )
    after = replace(
        state,
        cycle=state.cycle + 1,
        at=snapshot.at,
        performance=performance,
        standings=standings,
        trusts={asset: mark.trust for asset, mark in _watched(snapshot).items()},
        exposures=dict(exposed.by_asset) if exposed else state.exposures,
        positions_told={key: p.quantity for key, p in snapshot.ledger.positions.items()},
        action_seq=snapshot.action_seq,
        book_model=_book_model(state, snapshot),
        limits=limits.states,
        courses=courses,
        policy=policy,
        regime=regime,
        sizing=derisked.sizing,
        full_sizes=derisked.full_sizes,
        reductions=derisked.reductions,
        ranges=ranges,
        stops=stops.states,
        cool_downs=stops.cool_downs,
    )
    return Step(after, events, assessment)


def _refuse_misplaced(state: RiskState, snapshot: Snapshot) -> None:
    if snapshot.portfolio != state.portfolio:
        raise ValueError(f"a snapshot of {snapshot.portfolio} cannot follow {state.portfolio}")
    if state.at is not None and snapshot.at < state.at:
        raise ValueError(f"a snapshot of {snapshot.at} cannot follow one of {state.at}")


def _watched(snapshot: Snapshot) -> dict[str, Mark]:
    """The marks, and a MISSING one of each asset of the book that the feed says nothing of."""
    return {**{asset: snapshot.mark(asset) for asset in snapshot.concerned}, **snapshot.marks}


# --- limits --------------------------------------------------------------------------------


def _limits(
    state: RiskState,
    policy: Policy | None,
    snapshot: Snapshot,
    assessment: Assessment,
    performance: Performance | None,
    courses: Mapping[str, Course],
    regime: RegimeState | None,
) -> Evaluated:
    if policy is None:
        return Evaluated({}, ())
    around = surroundings(
        policy,
        snapshot,
        equity=assessment.equity,
        performance=performance,
        courses=courses,
    )
    conditions = Conditions(
        drawdown=performance.recent_drawdown if performance else 0.0, regime=regime_name(regime)
    )
    return evaluate(
        policy,
        state.limits,
        {
            d.name: thresholds_of(d, policy, state.limits.get(d.name), conditions, snapshot.at)
            for d in policy.limits
        },
        held_view(assessment, around),
        portfolio=snapshot.portfolio,
        cycle=snapshot.id,
        redefined=redefined(state.policy, policy),
    )


def _stops(
    state: RiskState,
    policy: Policy | None,
    snapshot: Snapshot,
    ranges: Mapping[str, HourlyRange],
) -> StopStep:
    plans = {} if policy is None else policy.stops
    positions = snapshot.ledger.positions
    assets = {key.asset for key in positions if key.strategy in plans}
    return next_stops(
        state.stops,
        cool_downs=state.cool_downs,
        plans=plans,
        positions=positions,
        marks={asset: snapshot.mark(asset) for asset in assets},
        volatilities={a: volatility_of(a, ranges, snapshot.models.day) for a in assets},
        fills=snapshot.fills,
        **_stamp(snapshot),
    )


# --- trading state -------------------------------------------------------------------------


def _standings(
    state: RiskState,
    snapshot: Snapshot,
    assessment: Assessment,
    performance: Performance | None,
) -> dict[Scope, Standing]:
    wanted = {Scope(ScopeKind.PORTFOLIO, snapshot.portfolio): _judge(assessment, performance)}
    for asset, mark in _watched(snapshot).items():
        if not mark.trust.allows_new_risk:
            cause = f"{asset} mark is {mark.trust}: no new risk in it, reductions pass"
            wanted[Scope(ScopeKind.ASSET, asset)] = TradingState.REDUCE_ONLY, cause
    return {
        scope: Standing(verdict, _since(state, scope, verdict, snapshot.at), cause)
        for scope, (verdict, cause) in wanted.items()
    }


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


_SEVERITY = {
    TradingState.NORMAL: Severity.INFO,
    TradingState.CAUTION: Severity.WARNING,
    TradingState.THROTTLED: Severity.WARNING,
    TradingState.REDUCE_ONLY: Severity.CRITICAL,
    TradingState.HALTED: Severity.CRITICAL,
}


def _status_changes(
    state: RiskState, snapshot: Snapshot, standings: dict[Scope, Standing]
) -> Iterator[RiskStatus]:
    for scope in sorted(state.standings.keys() | standings.keys()):
        before, after = state.standings.get(scope), standings.get(scope)
        previous = before.state if before else TradingState.NORMAL
        current = after.state if after else TradingState.NORMAL
        if current is previous and not (before is None and scope.kind is ScopeKind.PORTFOLIO):
            continue
        yield RiskStatus(
            **_stamp(snapshot),
            scope_kind=scope.kind.value,
            scope=scope.name,
            state=current.name,
            previous=previous.name,
            cause=after.cause if after else _why_reopened(snapshot, scope),
            severity=_severity(scope, current),
        )


def _why_reopened(snapshot: Snapshot, scope: Scope) -> str:
    if scope.name in snapshot.marks:
        return f"{scope.name} is measured with a trusted mark again"
    return f"{scope.name} is not watched any more"


def _severity(scope: Scope, current: TradingState) -> Severity:
    worst = _SEVERITY[current]
    whole = scope.kind is ScopeKind.PORTFOLIO
    return worst if whole or worst is Severity.INFO else Severity.WARNING


# --- facts ---------------------------------------------------------------------------------


def _stamp(snapshot: Snapshot) -> dict[str, Any]:
    return {"at": snapshot.at, "portfolio": snapshot.portfolio, "cycle": snapshot.id}


def _book_model(state: RiskState, snapshot: Snapshot) -> BookModelInUse:
    if snapshot.model_changes:
        last = snapshot.model_changes[-1]
        return BookModelInUse(last.model, last.by, snapshot.at)
    if state.book_model is not None:
        return state.book_model
    return BookModelInUse(snapshot.models.day.spec.method, BY_SETTING, None)


def _policy(state: RiskState, snapshot: Snapshot) -> Policy | None:
    changes = snapshot.policy_changes
    return without_expired(changes[-1].policy if changes else state.policy, snapshot.at)


def _asked_for(snapshot: Snapshot) -> Iterator[RiskEvent]:
    for previous, model, by in snapshot.model_changes:
        yield BookModelChanged(**_stamp(snapshot), previous=previous, model=model, by=by)
    for asked, by, reason in snapshot.refusals:
        yield ActionRefused(**_stamp(snapshot), asked=asked, by=by, reason=reason)


def _booked(snapshot: Snapshot, assessment: Assessment) -> Iterator[RiskEvent]:
    for flow in snapshot.flows:
        yield FundsMoved(
            **_stamp(snapshot), amount=flow.amount, equity=assessment.equity, note=flow.note
        )
    for fill in snapshot.fills:
        yield FillRecorded(
            **_stamp(snapshot),
            strategy=fill.strategy,
            asset=fill.asset,
            venue=fill.venue,
            quantity=fill.signed_quantity,
            price=fill.price,
            fee=fill.fee,
        )


def _found_in_data(snapshot: Snapshot) -> Iterator[DataFaultFound]:
    for fault in snapshot.faults:
        yield DataFaultFound(
            **_stamp(snapshot),
            kind=fault.kind,
            asset=fault.asset,
            detail=fault.detail,
            count=fault.count,
        )


def _trust_changes(state: RiskState, snapshot: Snapshot) -> Iterator[MarkTrustChanged]:
    for asset, mark in sorted(_watched(snapshot).items()):
        before = state.trusts.get(asset, Trust.TRUSTED)
        if mark.trust is not before:
            yield MarkTrustChanged(
                **_stamp(snapshot),
                asset=asset,
                trust=mark.trust,
                previous=before,
                detail=_trust_in_words(mark, snapshot.at),
                severity=Severity.INFO if mark.trust.allows_new_risk else Severity.WARNING,
            )


def _trust_in_words(mark: Mark, at: datetime) -> str:
    if mark.trust is Trust.TRUSTED:
        return f"{mark.asset} mark is trusted again, at {mark.price:,.6g}"
    if mark.trust is Trust.MISSING:
        return f"{mark.asset} has no mark"
    age = age_in_words(at - mark.at)
    return f"{mark.asset} is valued at {mark.price:,.6g}, {age} old and {mark.trust}"


def _scored(snapshot: Snapshot) -> Iterator[ForecastScored]:
    for score in snapshot.scores:
        yield _score_event(snapshot, score)


def _regime_change(
    state: RiskState, snapshot: Snapshot, regime: RegimeState
) -> Iterator[RegimeChanged]:
    before, after = regime_name(state.regime), regime_name(regime)
    if after is not None and after != before:
        yield RegimeChanged(
            **_stamp(snapshot),
            regime=after,
            previous=before or "unknown",
            probability=regime.probabilities[regime.regime],
            severity=Severity.WARNING if after == REGIMES[-1] else Severity.INFO,
        )


def _score_event(snapshot: Snapshot, score: Score) -> ForecastScored:
    var_95, var_975, var_99 = (float(value) for value in score.var)
    exceeded_95, exceeded_975, exceeded_99 = (bool(value) for value in score.exceeded)
    return ForecastScored(
        at=score.closed,
        portfolio=snapshot.portfolio,
        cycle=snapshot.id,
        period=score.period.value,
        loss=score.loss,
        var_95=var_95,
        var_975=var_975,
        var_99=var_99,
        es_975=float(score.es[1]),
        exceeded_95=exceeded_95,
        exceeded_975=exceeded_975,
        exceeded_99=exceeded_99,
        model=score.method,
    )


def _position_risks(
    state: RiskState, snapshot: Snapshot, assessment: Assessment
) -> Iterator[RiskEvent]:
    """Each position when it changed, and all of them once an hour."""
    new_hour = state.at is None or Period.HOUR.open_of(state.at) != Period.HOUR.open_of(snapshot.at)
    for measures in assessment.positions:
        if new_hour or state.positions_told.get(measures.key) != measures.quantity:
            yield position_risk(measures, **_stamp(snapshot))
    for key in sorted(state.positions_told.keys() - snapshot.ledger.positions.keys()):
        yield closed_position(key, **_stamp(snapshot))
