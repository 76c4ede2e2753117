"""What a step tells beside limits, stops and standings: what was asked, booked and seen."""

from collections.abc import Iterator
from datetime import datetime

from risk.domain.ages import age_in_words
from risk.domain.assessment import Assessment
from risk.domain.events import (
    ActionRefused,
    BookModelChanged,
    DataFaultFound,
    EquityDistrusted,
    EquityTrusted,
    FillRecorded,
    ForecastScored,
    FundsMoved,
    MarkTrustChanged,
    RegimeChanged,
    RiskEvent,
    Severity,
    WhyTrusted,
)
from risk.domain.market import Mark, Period, Trust
from risk.domain.model import Score
from risk.domain.snapshot import Snapshot
from risk.domain.state import Performance, RiskState
from risk.measures.regimes import REGIMES, RegimeState
from risk.portfolio.equity_trust import Judged
from risk.portfolio.performance import equity_at
from risk.portfolio.regime import regime_name
from risk.position.calculator import closed_position, position_risk


def asked_for(snapshot: Snapshot) -> Iterator[RiskEvent]:
    """What people asked for that is no policy: models that were chosen, and what was refused."""
    for change in snapshot.model_changes:
        yield BookModelChanged(**snapshot.stamp, **change._asdict())
    for asked, by, reason in snapshot.refusals:
        yield ActionRefused(**snapshot.stamp, asked=asked, by=by, reason=reason)


def booked(snapshot: Snapshot, assessment: Assessment) -> Iterator[RiskEvent]:
    """Deposits and withdrawals, and then trades, that entered the ledger."""
    for flow in snapshot.flows:
        yield FundsMoved(
            **snapshot.stamp, amount=flow.amount, equity=assessment.equity, note=flow.note
        )
    for fill in snapshot.fills:
        yield FillRecorded(
            **snapshot.stamp,
            strategy=fill.strategy,
            asset=fill.asset,
            venue=fill.venue,
            quantity=fill.signed_quantity,
            price=fill.price,
            fee=fill.fee,
        )


def found_in_data(snapshot: Snapshot) -> Iterator[DataFaultFound]:
    """Faults of the market data."""
    for fault in snapshot.faults:
        yield DataFaultFound(
            **snapshot.stamp,
            kind=fault.kind,
            asset=fault.asset,
            detail=fault.detail,
            count=fault.count,
        )


def trust_changes(state: RiskState, snapshot: Snapshot) -> Iterator[MarkTrustChanged]:
    """Marks that are believed less, or again more, than before."""
    for asset, mark in sorted(snapshot.watched.items()):
        before = state.trusts.get(asset, Trust.TRUSTED)
        if mark.trust is not before:
            yield MarkTrustChanged(
                **snapshot.stamp,
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


def equity_trust_change(
    state: RiskState, snapshot: Snapshot, found: Judged, performance: Performance | None
) -> Iterator[EquityDistrusted | EquityTrusted]:
    """That equity is not believed any more, or again."""
    before, after = state.equity_trust, found.trust
    if (before is None) is (after is None) or state.performance is None or performance is None:
        return
    flows = snapshot.ledger.net_flows
    stood = equity_at(state.performance, state.performance.unit_value, flows)
    if after is not None:
        assert snapshot.equity is not None, "what is unknown is not distrusted"
        yield EquityDistrusted(
            **snapshot.stamp,
            read=snapshot.equity,
            trusted=stood,
            deadline=after.deadline,
            cause=after.cause,
            severity=Severity.WARNING,
        )
    elif before is not None:
        yield EquityTrusted(
            **snapshot.stamp,
            equity=performance.equity,
            before=stood,
            why=WhyTrusted.CONFIRMED if found.as_read else WhyTrusted.DEADLINE,
            distrusted_since=before.distrusted_since,
            cause=_believed_in_words(found, performance.equity),
            severity=Severity.INFO if found.as_read else Severity.WARNING,
        )


def _believed_in_words(found: Judged, equity: float) -> str:
    if found.as_read:
        return f"readings agree on equity of {equity:,.0f}"
    return f"no readings agreed in time: the worse is believed, equity of {equity:,.0f}"


def scored(snapshot: Snapshot) -> Iterator[ForecastScored]:
    """Forecasts that met their outcome."""
    for score in snapshot.scores:
        yield _score_event(snapshot, score)


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


def regime_change(
    state: RiskState, snapshot: Snapshot, regime: RegimeState
) -> Iterator[RegimeChanged]:
    """The market's regime where it is not what it was; none while it is unknown."""
    before, after = regime_name(state.regime), regime_name(regime)
    if after is not None and after != before:
        yield RegimeChanged(
            **snapshot.stamp,
            regime=after,
            previous=before or "unknown",
            probability=regime.probabilities[regime.regime],
            severity=Severity.WARNING if after == REGIMES[-1] else Severity.INFO,
        )


def position_risks(
    state: RiskState, snapshot: Snapshot, assessment: Assessment
) -> Iterator[RiskEvent]:
    """Each position when it changed, and all of them once an hour."""
    new_hour = state.at is None or Period.HOUR.open_of(state.at) != Period.HOUR.open_of(snapshot.at)
    for measures in assessment.positions:
        if new_hour or state.positions_told.get(measures.key) != measures.quantity:
            yield position_risk(measures, **snapshot.stamp)
    for key in sorted(state.positions_told.keys() - snapshot.ledger.positions.keys()):
        yield closed_position(key, **snapshot.stamp)
