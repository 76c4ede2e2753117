"""Distances, the ratchet, ranges and liquidation, each with the mirror of a short."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.measures.stops import (
    ATR_BARS,
    ATR_NEEDS,
    NO_RANGE,
    AverageRange,
    adverse,
    adverse_by_log,
    better_of,
    day_range,
    distance_to,
    favourable,
    favourable_by_log,
    is_beyond,
    liquidation_move,
    next_average_range,
    ratcheted,
    true_range,
)

prices = st.floats(1e-3, 1e6)
sides = st.sampled_from((1, -1))
fractions = st.floats(0.0, 0.99)
constants = st.floats(1e-3, 1e6)
NOT_NUMBERS = [math.nan, math.inf, -math.inf]


# --- distances -----------------------------------------------------------------------------


@given(prices, fractions, sides)
def test_an_adverse_price_loses_and_a_favourable_one_wins(price, distance, side):
    assert side * (adverse(price, distance, side=side) - price) <= 0.0
    assert side * (favourable(price, distance, side=side) - price) >= 0.0
    assert side * (adverse_by_log(price, distance, side=side) - price) <= 0.0
    assert side * (favourable_by_log(price, distance, side=side) - price) >= 0.0


@pytest.mark.parametrize("measure", [adverse, favourable, adverse_by_log, favourable_by_log])
@given(price=prices, distance=fractions, constant=constants)
def test_a_short_mirrors_a_long_under_reflection_of_prices(measure, price, distance, constant):
    """Prices p become c/p: what a long sees is what a short sees in that mirror."""
    mirrored = measure(constant / price, distance, side=-1)

    assert mirrored == pytest.approx(constant / measure(price, distance, side=1), rel=1e-12)


@given(prices, st.floats(0.0, 50.0), sides)
def test_no_distance_of_volatility_puts_a_stop_below_zero(price, distance, side):
    assert 0.0 < adverse_by_log(price, distance, side=side) < math.inf


@pytest.mark.parametrize("bad", [*NOT_NUMBERS, -0.1, 1.0, 5.0])
def test_a_distance_that_is_no_fraction_is_refused(bad):
    with pytest.raises(ValueError, match="distance"):
        adverse(100.0, bad, side=1)


@pytest.mark.parametrize("bad", [*NOT_NUMBERS, -0.1])
def test_a_gain_that_is_negative_or_no_number_is_refused(bad):
    with pytest.raises(ValueError, match="gain"):
        favourable(100.0, bad, side=1)
    with pytest.raises(ValueError, match="gain"):
        favourable_by_log(100.0, bad, side=1)
    with pytest.raises(ValueError, match="distance"):
        adverse_by_log(100.0, bad, side=-1)


@pytest.mark.parametrize("bad", [*NOT_NUMBERS, 0.0, -1.0])
def test_a_price_that_is_none_is_refused(bad):
    with pytest.raises(ValueError, match="price"):
        adverse(bad, 0.1, side=1)
    with pytest.raises(ValueError, match="price"):
        distance_to(100.0, bad)


@given(prices, sides)
def test_a_stop_is_reached_at_its_price_and_not_before(level, side):
    assert is_beyond(level, level, side=side)
    assert is_beyond(level * (1.0 - 0.01 * side), level, side=side)
    assert not is_beyond(level * (1.0 + 0.01 * side), level, side=side)


@given(prices, prices)
def test_the_move_to_a_stop_ends_at_it(level, price):
    assert price * (1.0 + distance_to(level, price)) == pytest.approx(
        level, abs=1e-12 * max(level, price)
    )


# --- the ratchet ---------------------------------------------------------------------------


@given(st.lists(prices, min_size=1), sides, st.floats(0.0, 0.1))
def test_a_ratchet_never_gives_way(wanted, side, step):
    standing = None
    for level in wanted:
        moved = ratcheted(standing, level, side=side, step=step)
        assert standing is None or side * (moved - standing) >= 0.0
        standing = moved


@given(prices, prices, sides)
def test_without_a_least_move_it_follows_every_better_level(standing, wanted, side):
    assert ratcheted(standing, wanted, side=side) == better_of(standing, wanted, side=side)


@given(prices, prices, sides, st.floats(0.001, 0.1))
def test_it_lags_behind_by_less_than_its_least_move(standing, wanted, side, step):
    stands = ratcheted(standing, wanted, side=side, step=step)
    behind = max(0.0, side * math.log(wanted / stands))

    assert behind <= math.log1p(step) + 1e-12


# --- ranges --------------------------------------------------------------------------------


def test_a_gap_from_the_close_before_is_part_of_the_range():
    assert true_range(102.0, 100.0, None) == pytest.approx(math.log(1.02))
    assert true_range(102.0, 100.0, 101.0) == pytest.approx(math.log(1.02))
    assert true_range(102.0, 100.0, 90.0) == pytest.approx(math.log(102.0 / 90.0))
    assert true_range(102.0, 100.0, 110.0) == pytest.approx(math.log(1.1))


@given(prices, prices, prices, constants)
def test_a_range_is_the_same_in_the_mirror(one, other, close, constant):
    high, low = max(one, other), min(one, other)
    mirrored = true_range(constant / low, constant / high, constant / close)

    assert mirrored == pytest.approx(true_range(high, low, close), abs=1e-9)


def test_a_range_of_crossed_prices_is_refused():
    with pytest.raises(ValueError, match="is below the low"):
        true_range(1.0, 2.0, None)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60), st.integers(1, 20))
def test_an_average_range_is_wilders(ranges, period):
    """Plain mean of the first bars, then one part in `period` of each new one."""
    average = NO_RANGE
    for bar_range in ranges:
        average = next_average_range(average, bar_range, period=period)
    expected = sum(ranges[:period]) / len(ranges[:period])
    for bar_range in ranges[period:]:
        expected = (expected * (period - 1) + bar_range) / period

    assert average.bars == len(ranges)
    assert average.mean == pytest.approx(expected, abs=1e-12)


def test_a_days_range_is_believed_after_a_day_of_bars():
    assert day_range(AverageRange(0.01, ATR_NEEDS - 1)) is None
    assert day_range(AverageRange(0.01, ATR_NEEDS)) == pytest.approx(0.01 * math.sqrt(24.0))
    assert ATR_BARS == 14 * 24


# --- liquidation ---------------------------------------------------------------------------

money = st.floats(1.0, 1e7)
margins = st.sampled_from((0.0, 0.005, 0.03, 0.2))


@given(money, st.floats(-1e7, 1e7), st.floats(0.0, 1e6), st.floats(0.0, 1e7), margins)
def test_after_the_move_equity_is_the_maintenance_margin(equity, net, hedged, others, part):
    gross = abs(net) + hedged
    move = liquidation_move(equity, net=net, gross=gross, others=others, maintenance=part)
    if move is None or move == 0.0:
        return
    left = equity + net * move
    required = part * (others + gross * (1.0 + move))

    assert left == pytest.approx(required, rel=1e-6, abs=1e-6 * (equity + abs(net * move)))
    assert move > -1.0


@given(money, st.floats(0.0, 1.0), st.floats(0.0, 0.2))
def test_a_long_that_is_not_borrowed_for_cannot_be_liquidated(equity, invested, part):
    held = invested * equity

    assert liquidation_move(equity, net=held, gross=held, maintenance=part) is None


@given(money, st.floats(0.01, 1e7))
def test_a_short_always_can(equity, sold):
    move = liquidation_move(equity, net=-sold, gross=sold)

    assert move is not None
    assert move >= 0.0


@given(money, st.floats(1.01, 20.0), st.floats(1.01, 5.0))
def test_more_leverage_is_nearer_to_it(equity, leverage, more):
    def move(times):
        held = times * equity
        found = liquidation_move(equity, net=held, gross=held)
        return -1.0 if found is None else found

    assert move(leverage * more) >= move(leverage)


@given(money, st.floats(-1e7, 1e7), st.floats(0.0, 1e7), st.floats(0.1, 10.0))
def test_the_size_of_everything_together_does_not_matter(equity, net, others, scale):
    one = liquidation_move(equity, net=net, gross=abs(net), others=others)
    other = liquidation_move(
        scale * equity, net=scale * net, gross=scale * abs(net), others=scale * others
    )
    if one is None or other is None:  # on the edge, rounding decides
        assert one is other or abs((one or other or 0.0) + 1.0) < 1e-6
    else:
        assert other == pytest.approx(one, rel=1e-6, abs=1e-9)


def test_an_account_at_its_requirement_is_liquidated_without_any_move():
    assert liquidation_move(5.0, net=1_000.0, gross=1_000.0) == 0.0
    assert liquidation_move(-5.0, net=-1.0, gross=1.0) == 0.0


def test_other_positions_need_their_margin_too():
    alone = liquidation_move(1_000.0, net=2_000.0, gross=2_000.0)
    beside = liquidation_move(1_000.0, net=2_000.0, gross=2_000.0, others=50_000.0)

    assert alone is not None
    assert beside is not None
    assert alone < beside < 0.0


@pytest.mark.parametrize("bad", NOT_NUMBERS)
def test_a_liquidation_of_no_number_is_refused(bad):
    with pytest.raises(ValueError, match="equity must be finite"):
        liquidation_move(bad, net=1.0, gross=1.0)
    with pytest.raises(ValueError, match="net must be finite"):
        liquidation_move(10.0, net=bad, gross=1.0)
    with pytest.raises(ValueError, match="maintenance"):
        liquidation_move(10.0, net=1.0, gross=1.0, maintenance=bad)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("price", [1e-9, 1.0, 1e7])
def test_what_is_further_away_than_any_price_is_still_a_price(side: int, price: float) -> None:
    """So that a stop nobody meant to be reached does not stop the step."""
    for distance in (800.0, 1e308):
        stop = adverse_by_log(price, distance, side=side)
        assert ratcheted(stop, stop, side=side, step=0.001) == stop
        assert 0.0 < favourable_by_log(price, distance, side=side) < math.inf
