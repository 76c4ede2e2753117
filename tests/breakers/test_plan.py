"""The plan's Appendix B: what its evaluation says is what these breakers do."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from risk.breakers.evaluation import next_breakers
from risk.breakers.pausing import Activation, calculate_pause_duration
from risk.domain.breakers import (
    BreakerDefinition,
    Breakers,
    BreakerState,
    Memory,
    Phase,
)
from risk.domain.events import BreakerActivated
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import Course
from tests.breakers.meters import NOON, WHOLE, snapshot_at
from tests.oracles.breakers import evaluate_circuit_breaker

LEAST, GREATEST = timedelta(hours=1), timedelta(hours=24)


def thresholds() -> st.SearchStrategy[dict[str, float]]:
    return st.fixed_dictionaries(
        {"volatility_multiplier": st.floats(1.0, 5.0), "max_drawdown": st.floats(0.01, 0.5)}
    )


@given(thresholds(), st.floats(0.1, 3.0), st.floats(0.1, 3.0), st.floats(0.0, 1.0))
def test_volatility_and_drawdown_breakers_do_what_the_plan_evaluates(
    levels, recent, normal, drawdown
):
    # At its very level, what profit and equity make of a drawdown may lie a rounding beside it.
    assume(abs(drawdown - levels["max_drawdown"]) > 1e-9)
    assume(abs(recent / normal - levels["volatility_multiplier"]) > 1e-9)
    planned = evaluate_circuit_breaker(
        {"recent_volatility": recent, "normal_volatility": normal},
        {"current_drawdown": drawdown},
        levels,
    )

    after = next_breakers(
        watching(recent, normal),
        (policy(levels), policy(levels)),
        replace(snapshot_at(0, None), marks={}),
        performance=None,
        courses={"trend": fallen_by(drawdown)},
        latches={},
    )

    told = [event for event in after.events if isinstance(event, BreakerActivated)]
    assert [(e.breaker, e.value, e.threshold) for e in told] == [
        (kind, pytest.approx(metric), threshold) for kind, metric, threshold in planned
    ]
    until = max((event.until for event in told), default=NOON)
    assert until - NOON == calculate_pause_duration(
        [Activation(e.value, e.threshold, LEAST, GREATEST) for e in told]
    )


def policy(levels: dict[str, float]) -> Policy:
    """The plan's two reasons as breakers."""
    pause = {"least_hours": 1.0, "greatest_hours": 24.0}
    return Policy(
        breakers=(
            BreakerDefinition(
                name="market_volatility",
                kind="market_volatility",
                scope=WHOLE,
                trip=levels["volatility_multiplier"],
                release=1.0,
                **pause,
            ),
            BreakerDefinition(
                name="strategy_drawdown",
                kind="drawdown",
                scope=Scope(ScopeKind.STRATEGY, "trend"),
                trip=levels["max_drawdown"],
                release=0.0,
                **pause,
            ),
        )
    )


def watching(recent: float, normal: float) -> Breakers:
    """A volatility breaker that has seen enough hours to know both volatilities."""
    numbers = {"recent": recent**2, "easing": recent**2, "normal": normal**2, "hours": 5000.0}
    armed = BreakerState(Phase.ARMED, NOON - timedelta(days=1), memory=Memory(numbers))
    return Breakers({"market_volatility": armed}, {"C000/USDT": 100.0})


def fallen_by(drawdown: float) -> Course:
    """A strategy that lost so much of the equity at its highest profit."""
    return Course(
        profit=1_000.0 - drawdown * 10_000.0,
        day_start=0.0,
        day_equity=10_000.0,
        peak=1_000.0,
        peak_equity=10_000.0,
        at=NOON,
    )


@given(
    st.lists(
        st.tuples(st.floats(0.1, 100.0), st.floats(0.1, 100.0), st.integers(1, 2_000)), max_size=5
    )
)
def test_a_pause_lies_within_its_bounds_and_worse_reasons_never_shorten_it(reasons):
    asked = [Activation(m, t, LEAST, GREATEST, times) for m, t, times in reasons]
    pause = calculate_pause_duration(asked)

    assert pause == timedelta(0) if not asked else LEAST <= pause <= GREATEST
    worse = [each._replace(metric=2.0 * each.metric, times=each.times + 1) for each in asked]
    assert calculate_pause_duration(worse) >= pause
    assert calculate_pause_duration(asked[1:]) <= pause


def test_an_endless_number_is_the_greatest_pause_and_no_overflow():
    assert calculate_pause_duration([Activation(math.inf, 1.0, LEAST, GREATEST, 10**9)]) == GREATEST
