import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.measures.sizing import (
    DRAWDOWN_LADDER,
    deviation_from_atr,
    drawdown_factor,
    kelly_cap,
    position_size,
)
from tests.oracles.sizing import size_as_planned

equities = st.one_of(st.just(0.0), st.floats(0.01, 1e12))
volatilities = st.floats(1e-6, 5.0)
fractions = st.floats(1e-4, 1.0)
stops = st.floats(0.1, 10.0)
NOT_NUMBERS = [math.nan, math.inf, -math.inf]


@given(equities, volatilities, fractions, fractions, stops)
def test_it_is_the_planned_formula_exactly(equity, volatility, risk, most, stop):
    size = position_size(
        equity, volatility, risk_per_trade=risk, max_position=most, stop_deviations=stop
    )

    assert size == size_as_planned(equity, volatility, risk, most, stop)


def test_the_defaults_are_the_planned_ones():
    assert position_size(100_000.0, 0.04) == size_as_planned(100_000.0, 0.04, 0.01, 0.25, 2.0)


@given(equities, volatilities)
def test_a_position_that_is_not_capped_loses_its_share_of_equity_at_its_stop(equity, volatility):
    size = position_size(equity, volatility)

    assert size * 2.0 * volatility <= 0.01 * equity * (1.0 + 1e-12)
    assert 0.0 <= size <= 0.25 * equity


@given(equities, volatilities, st.floats(0.1, 10.0))
def test_the_size_grows_with_equity_in_proportion(equity, volatility, scale):
    size = position_size(scale * equity, volatility)

    assert size == pytest.approx(scale * position_size(equity, volatility), rel=1e-12)


@given(volatilities, volatilities)
def test_more_volatility_never_makes_it_larger(one, other):
    calm, wild = sorted((one, other))

    assert position_size(1e5, wild) <= position_size(1e5, calm)


def test_no_equity_buys_nothing():
    assert position_size(0.0, 0.04) == 0.0


def test_a_stablecoin_is_held_by_the_cap_alone():
    """Without it, the formula asks for 37 times equity."""
    assert position_size(1.0, 0.000135, max_position=1.0) == 1.0


@pytest.mark.parametrize("bad", [*NOT_NUMBERS, -1.0])
def test_refuses_equity_that_is_not_or_is_negative(bad):
    with pytest.raises(ValueError, match="equity must be finite and not negative"):
        position_size(bad, 0.04)


@pytest.mark.parametrize("bad", [*NOT_NUMBERS, 0.0, -0.04])
def test_refuses_a_volatility_that_is_not_positive(bad):
    with pytest.raises(ValueError, match="volatility must be finite and positive"):
        position_size(1e5, bad)


@pytest.mark.parametrize("bad", [*NOT_NUMBERS, 0.0, -1.0])
def test_refuses_a_stop_at_no_distance(bad):
    with pytest.raises(ValueError, match="stop_deviations must be finite and positive"):
        position_size(1e5, 0.04, stop_deviations=bad)


@pytest.mark.parametrize("name", ["risk_per_trade", "max_position"])
@pytest.mark.parametrize("bad", [*NOT_NUMBERS, 0.0, -0.01, 1.01, 25.0])
def test_refuses_fractions_out_of_range_such_as_percents(name, bad):
    with pytest.raises(ValueError, match=rf"{name} must lie in \(0, 1\]"):
        position_size(1e5, 0.04, **{name: bad})


@pytest.mark.parametrize(("volatility", "stop"), [(5e-324, 0.1), (1e300, 1e300)])
def test_refuses_a_stop_that_rounds_to_nothing_or_to_infinity(volatility, stop):
    with pytest.raises(ValueError, match="volatility times stop_deviations"):
        position_size(1e5, volatility, stop_deviations=stop)


def test_a_mean_range_is_more_than_a_deviation():
    assert deviation_from_atr(0.05, 1.0) == pytest.approx(0.038)
    assert deviation_from_atr(0.05, 1.0, ratio=0.627) == pytest.approx(0.03135)


@pytest.mark.parametrize("bad", [*NOT_NUMBERS, 0.0, -1.0])
def test_refuses_a_range_or_price_that_is_not_positive(bad):
    for arguments in ((bad, 1.0), (1.0, bad), (1.0, 1.0, bad)):
        with pytest.raises(ValueError, match="must be finite and positive"):
            deviation_from_atr(*arguments)


@given(st.floats(-0.05, 0.05), volatilities)
def test_a_full_kelly_position_grows_fastest_and_a_quarter_of_it_is_the_cap(mean, volatility):
    """Growth per period is w mu - w^2 sigma^2 / 2 to second order: its slope ends at Kelly's."""
    full = kelly_cap(mean, volatility, share=1.0)

    assert full * volatility**2 == pytest.approx(max(mean, 0.0), abs=1e-12)
    assert kelly_cap(mean, volatility) == pytest.approx(full / 4.0)


def test_nothing_is_bet_on_what_is_expected_to_lose():
    assert kelly_cap(-0.01, 0.04) == 0.0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((math.nan, 0.04), "expected_return"),
        ((0.01, 0.0), "volatility"),
        ((0.01, math.nan), "volatility"),
        ((0.01, 0.04, 1.5), "share"),
    ],
)
def test_kelly_refuses_by_name(arguments, named):
    with pytest.raises(ValueError, match=named):
        kelly_cap(*arguments)


@given(st.floats(0.0, 2.0), st.floats(0.0, 2.0))
def test_a_deeper_drawdown_never_leaves_more(one, other):
    shallow, deep = sorted((one, other))

    assert 0.0 < drawdown_factor(deep) <= drawdown_factor(shallow) <= 1.0


@pytest.mark.parametrize(("depth", "factor"), DRAWDOWN_LADDER)
def test_a_rung_counts_from_its_own_depth_on(depth, factor):
    assert drawdown_factor(depth) == factor
    assert drawdown_factor(math.nextafter(depth, 0.0)) > factor


@pytest.mark.parametrize("bad", [*NOT_NUMBERS, -0.01])
def test_refuses_a_drawdown_that_is_none(bad):
    with pytest.raises(ValueError, match="drawdown must be finite and not negative"):
        drawdown_factor(bad)


@pytest.mark.parametrize(
    "ladder",
    [((0.1, 0.5), (0.05, 0.25)), ((0.05, 0.5), (0.1, 0.75)), ((0.0, 0.5),), ((0.1, 1.5),)],
)
def test_refuses_a_ladder_that_does_not_go_down(ladder):
    with pytest.raises(ValueError, match=r"ladder|rung"):
        drawdown_factor(0.07, ladder)
