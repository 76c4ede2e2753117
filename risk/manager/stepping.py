"""Risk Manager: one pure step over time, the same live, in replay and in simulation."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from risk.assess import assess
from risk.breakers.evaluation import BreakersAfter, next_breakers
from risk.breakers.imposing import imposed_by
from risk.domain.actions import BY_SETTING, BookModelInUse
from risk.domain.assessment import Assessment
from risk.domain.breakers import Episode
from risk.domain.events import ExposureUpdate, RiskEvent
from risk.domain.latches import Latch, after_changes
from risk.domain.policy import Policy
from risk.domain.scopes import Scope
from risk.domain.snapshot import Snapshot
from risk.domain.state import Course, Performance, RiskState, Standing
from risk.domain.stops import HourlyRange
from risk.limits.derisking import DeRisked, derisk
from risk.limits.dynamics import Conditions, thresholds_of
from risk.limits.evaluation import Evaluated, evaluate, held_view, lent, redefined, surroundings
from risk.manager import facts
from risk.manager.latching import latch_events
from risk.manager.standings import standings_of, status_changes
from risk.measures.regimes import RegimeState
from risk.policy.adoption import policy_events, without_expired
from risk.portfolio.controller import exposure_update, portfolio_risk
from risk.portfolio.equity_trust import Judged, next_trust, reading_of
from risk.portfolio.performance import next_courses, next_performance
from risk.portfolio.regime import next_regime, regime_name
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
    episodes : tuple of Episode
        Of breakers, those that began, changed or ended.
    """

    state: RiskState
    events: tuple[RiskEvent, ...]
    assessment: Assessment
    episodes: tuple[Episode, ...]


class _Found(NamedTuple):
    """Everything that a step finds out; what is told and what is remembered are made of it."""

    assessment: Assessment
    equity: Judged
    performance: Performance | None
    courses: Mapping[str, Course]
    regime: RegimeState
    policy: Policy | None
    latches: Mapping[Scope, Latch]
    breakers: BreakersAfter
    limits: Evaluated
    derisked: DeRisked
    exposed: ExposureUpdate | None
    ranges: Mapping[str, HourlyRange]
    stops: StopStep


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
    found = _find(state, snapshot)
    after = _remembered(state, snapshot, found)
    standings = standings_of(
        after,
        snapshot,
        found.assessment,
        before=state.standings,
        latches=found.latches,
    )
    return Step(
        replace(after, standings=standings),
        _told(state, snapshot, found, standings),
        found.assessment,
        found.breakers.episodes,
    )


def _refuse_misplaced(state: RiskState, snapshot: Snapshot) -> None:
    if snapshot.portfolio != state.portfolio:
        raise ValueError(f"a snapshot of {snapshot.portfolio} cannot follow {state.portfolio}")
    if state.at is not None and snapshot.at < state.at:
        raise ValueError(f"a snapshot of {snapshot.at} cannot follow one of {state.at}")


def _find(state: RiskState, snapshot: Snapshot) -> _Found:
    assessment = assess(snapshot)
    equity = next_trust(state.equity_trust, state.performance, reading_of(snapshot))
    performance = next_performance(
        state.performance,
        equity=equity.believed,
        net_flows=assessment.net_flows,
        at=snapshot.at,
    )
    # What is believed for the worse says nothing of the strategies: they wait for a reading.
    courses = next_courses(state.courses, snapshot) if equity.as_read else state.courses
    regime = next_regime(state.regime, snapshot.hours, snapshot.models.hour)
    policy = _policy(state, snapshot)
    latches = after_changes(state.latches, snapshot.latch_changes)
    # On equity that is not believed no limit is measured, and nothing asked to be smaller.
    measured_on = assessment.equity if equity.trust is None else None
    limits = _limits(state, policy, snapshot, assessment, measured_on, performance, courses, regime)
    ranges = next_ranges(state.ranges, snapshot.closes)
    breakers = next_breakers(
        state.breakers,
        (state.policy, policy),
        snapshot,
        performance=performance,
        courses=courses,
        latches=latches,
    )
    imposed = imposed_by(breakers.breakers, policy)
    return _Found(
        assessment=assessment,
        equity=equity,
        performance=performance,
        courses=courses,
        regime=regime,
        policy=policy,
        latches=latches,
        breakers=breakers,
        limits=limits,
        derisked=derisk(
            state,
            snapshot,
            assessment,
            policy=policy,
            limits=limits.states,
            performance=performance,
            flattened=[(each.scope, each.cause) for each in imposed if each.flatten],
        ),
        exposed=exposure_update(
            assessment, state.exposures, frozenset(fill.asset for fill in snapshot.fills)
        ),
        ranges=ranges,
        stops=_stops(state, policy, snapshot, ranges),
    )


def _told(
    state: RiskState, snapshot: Snapshot, found: _Found, standings: Mapping[Scope, Standing]
) -> tuple[RiskEvent, ...]:
    return (
        *facts.asked_for(snapshot),
        *latch_events(snapshot),
        *policy_events(state.policy, snapshot.policy_changes, **snapshot.stamp),
        *facts.booked(snapshot, found.assessment),
        *facts.found_in_data(snapshot),
        *facts.trust_changes(state, snapshot),
        *facts.equity_trust_change(state, snapshot, found.equity, found.performance),
        *facts.scored(snapshot),
        *facts.regime_change(state, snapshot, found.regime),
        portfolio_risk(found.assessment, found.performance),
        *([found.exposed] if found.exposed else []),
        *facts.position_risks(state, snapshot, found.assessment),
        *found.stops.events,
        *found.limits.events,
        *found.breakers.events,
        *status_changes(state.standings, standings, snapshot),
        *found.derisked.events,
    )


def _remembered(state: RiskState, snapshot: Snapshot, found: _Found) -> RiskState:
    return replace(
        state,
        cycle=state.cycle + 1,
        at=snapshot.at,
        performance=found.performance,
        trusts={asset: mark.trust for asset, mark in snapshot.watched.items()},
        exposures=dict(found.exposed.by_asset) if found.exposed else state.exposures,
        positions_told={key: p.quantity for key, p in snapshot.ledger.positions.items()},
        action_seq=snapshot.action_seq,
        book_model=_book_model(state, snapshot),
        limits=found.limits.states,
        courses=found.courses,
        policy=found.policy,
        regime=found.regime,
        sizing=found.derisked.sizing,
        full_sizes=found.derisked.full_sizes,
        reductions=found.derisked.reductions,
        ranges=found.ranges,
        stops=found.stops.states,
        cool_downs=found.stops.cool_downs,
        latches=found.latches,
        breakers=found.breakers.breakers,
        equity_trust=found.equity.trust,
    )


def _policy(state: RiskState, snapshot: Snapshot) -> Policy | None:
    changes = snapshot.policy_changes
    return without_expired(changes[-1].policy if changes else state.policy, snapshot.at)


def _book_model(state: RiskState, snapshot: Snapshot) -> BookModelInUse:
    if snapshot.model_changes:
        last = snapshot.model_changes[-1]
        return BookModelInUse(last.model, last.by, snapshot.at)
    if state.book_model is not None:
        return state.book_model
    return BookModelInUse(snapshot.models.day.spec.method, BY_SETTING, None)


def _limits(
    state: RiskState,
    policy: Policy | None,
    snapshot: Snapshot,
    assessment: Assessment,
    equity: float | None,
    performance: Performance | None,
    courses: Mapping[str, Course],
    regime: RegimeState | None,
) -> Evaluated:
    if policy is None:
        return Evaluated({}, ())
    around = surroundings(
        policy,
        snapshot,
        equity=equity,
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
        lent=lent(state.policy, policy, snapshot.at),
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
        **snapshot.stamp,
    )
