"""Several bars at once, by paths that make their own storms."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.errors import InsufficientData
from risk.measures.tail import historical_var_es
from risk.measures.var import VAR_MODELS
from risk.measures.var.filtered_historical import FilteredHistorical
from risk.measures.var.horizon import book_horizon_var_es, horizon_var_es
from risk.measures.volatility import (
    DEFAULT_GJR,
    gjr_filter,
    gjr_growth,
    gjr_start,
    gjr_update,
)
from tests.measures.var.series import LEVELS, market


def over(returns, steps, *, seed=1, **options):
    rng = np.random.default_rng(seed)
    return horizon_var_es(returns, LEVELS, steps=steps, rng=rng, **options)


def test_paths_are_led_bar_by_bar_through_the_filter_and_compounded():
    """Oracle: one path after the other, one update after the other."""
    returns, rng = market(seed=2), np.random.default_rng(5)
    _, residuals, state = gjr_filter(returns[:, None])
    shocks = residuals[~np.isnan(residuals)][-500:]
    losses = []
    for drawn in shocks[rng.integers(shocks.size, size=(300, 10))]:
        value, now = 1.0, state
        for shock in drawn:
            move = shock * math.sqrt(now.variance[0])
            value *= 1.0 + move
            now, (residual,) = gjr_update(now, np.array([move]))
            assert residual == pytest.approx(shock, rel=1e-9)
        losses.append(1.0 - value)

    found = over(returns, 10, seed=5, paths=300)

    np.testing.assert_allclose(found, historical_var_es(np.array(losses), LEVELS), rtol=1e-9)


def test_one_step_is_filtered_history():
    """Of shortfalls: quantiles of so many draws fall on a shock, not between two of them."""
    returns = market(seed=2)
    _, expected = FilteredHistorical("day", window=500).untracked(returns, LEVELS)

    np.testing.assert_allclose(over(returns, 1, paths=200_000)[1], expected, rtol=0.02)


def test_longer_is_riskier_but_far_out_by_less_than_the_square_root_of_time():
    returns = market(seed=2, holes=0.0)
    stormy = np.append(returns, [-0.15, 0.1, -0.12, -0.1])
    day, week, ten = (over(stormy, steps)[0] for steps in (1, 7, 10))

    assert (day < week).all()
    assert (week < ten).all()
    assert (ten < math.sqrt(10.0) * day)[1:].all()


def test_the_same_seed_gives_the_same_figures():
    returns = market(seed=2)

    np.testing.assert_array_equal(over(returns, 10), over(returns, 10))
    assert (over(returns, 10, seed=2)[0] != over(returns, 10)[0]).any()
    np.testing.assert_allclose(over(returns, 10, seed=2), over(returns, 10), rtol=0.1)


@pytest.mark.parametrize("steps", [1, 10, 200])
def test_figures_are_in_order_and_nothing_loses_more_than_it_is_worth(steps):
    var, es = over(8.0 * market(seed=3).clip(-0.1, 0.1), steps)

    assert (es >= var).all()
    assert (np.diff(var) >= 0.0).all()
    assert (es <= 1.0).all()


def test_what_stands_still_has_next_to_no_risk():
    assert np.abs(over(np.zeros(300), 10)).max() < 1e-4


@pytest.mark.slow
def test_ten_day_losses_that_do_not_overlap_exceed_it_as_often_as_they_should():
    """95 %, 390 spans of ten days in markets of a known law; ten times the day's by its root
    is exceeded less."""
    hits = {"paths": 0, "root": 0}
    spans = 0
    for seed in range(5):
        returns = market(seed, bars=1200, holes=0.0)
        day = VAR_MODELS["filtered_historical"].path(returns, LEVELS).var[:, 0]
        for start in range(420, 1200, 10):
            loss = 1.0 - np.prod(1.0 + returns[start : start + 10])
            simulated = over(returns[:start], 10, seed=start, paths=2000)[0][0]
            hits["paths"] += loss > simulated
            hits["root"] += loss > math.sqrt(10.0) * day[start]
            spans += 1

    assert spans == 390
    assert 11 <= hits["paths"] <= 29
    assert hits["root"] <= hits["paths"]


# --- refusals ---------------------------------------------------------------------------------


def test_refuses_a_short_history_and_an_infinite_return():
    with pytest.raises(InsufficientData, match="needs 100 or more observations, got 80"):
        over(market(bars=100, holes=0.0), 10)
    with pytest.raises(ValueError, match="infinity"):
        over(np.append(market(), math.inf), 10)


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"steps": 10, "paths": 0}, {"steps": 10, "window": 99}]
)
def test_refuses_spans_and_samples_of_nothing(wrong):
    with pytest.raises(ValueError, match="steps from a window"):
        over(market(), wrong.pop("steps"), **wrong)


def test_refuses_a_level_that_is_none():
    with pytest.raises(ValueError, match="levels must rise"):
        horizon_var_es(market(), (0.99, 0.95), steps=10, rng=np.random.default_rng(1))


def test_refuses_assets_without_a_level_shocks_that_are_none_and_bars_that_are_not_there():
    _, residuals, started = gjr_filter(market(holes=0.0)[:, None])
    shocks, drawn = residuals[30:], np.zeros((1, 1), dtype=np.int64)
    with pytest.raises(ValueError, match="whose levels are set"):
        gjr_growth(gjr_start(1), shocks, drawn)
    with pytest.raises(ValueError, match="1 assets, residuals of shape"):
        gjr_growth(started, np.hstack([shocks, shocks]), drawn)
    with pytest.raises(ValueError, match="NaN or infinity"):
        gjr_growth(started, np.full((5, 1), math.nan), drawn)
    for outside in (-1, len(shocks)):
        with pytest.raises(ValueError, match="draws from"):
            gjr_growth(started, shocks, drawn + outside)


# --- a book -----------------------------------------------------------------------------------


def three(seed=4, bars=400):
    """State, and shocks, of three assets of one market."""
    together = market(seed, bars, holes=0.0)
    own = [market(seed + number, bars, holes=0.0) for number in (1, 2, 3)]
    returns = np.column_stack([0.7 * together + 0.5 * each for each in own])
    _, residuals, state = gjr_filter(returns)
    return state, residuals[DEFAULT_GJR.start_bars :]


def over_book(exposures, *, steps=10, seed=1, book=None, **options):
    state, shocks = book or three()
    rng = np.random.default_rng(seed)
    exposures = np.asarray(exposures)
    return book_horizon_var_es(state, shocks, exposures, LEVELS, steps=steps, rng=rng, **options)


def test_a_book_holds_units_of_assets_that_draw_their_shocks_from_the_same_bars():
    """Oracle: one path after the other, one asset after the other."""
    (state, shocks), rng = three(), np.random.default_rng(3)
    exposures = np.array([3e4, -1e4, 5e3])
    losses = []
    for bars in rng.integers(len(shocks), size=(100, 10)):
        growth, now = np.ones(3), state
        for bar in bars:
            moves = shocks[bar] * np.sqrt(now.variance)
            growth *= 1.0 + moves
            now, _ = gjr_update(now, moves)
        losses.append(exposures @ (1.0 - growth))

    found = over_book(exposures, seed=3, paths=100)

    np.testing.assert_allclose(found, historical_var_es(np.array(losses), LEVELS), rtol=1e-9)


@given(factor=st.floats(1e-6, 1e6), exposures=st.tuples(*[st.floats(-1e5, 1e5)] * 3))
@settings(max_examples=20)
def test_a_book_many_times_as_large_is_as_many_times_as_risky(factor, exposures):
    once, many = (over_book(np.array(exposures) * by, paths=500) for by in (1.0, factor))

    np.testing.assert_allclose(many, factor * np.array(once), rtol=1e-9, atol=1e-12)


def test_one_asset_is_the_series_it_is():
    returns = market(seed=2)
    _, residuals, state = gjr_filter(returns[:, None])
    shocks = residuals[~np.isnan(residuals[:, 0])][-500:]

    alone = over_book([1.0], book=(state, shocks))

    np.testing.assert_array_equal(alone, over(returns, 10))


def test_a_short_can_lose_more_than_its_value():
    state, shocks = three()
    wild = state._replace(variance=400.0 * state.variance)

    assert over_book([-1.0, 0.0, 0.0], book=(wild, shocks), steps=60)[1][-1] > 1.0


def test_refuses_a_book_of_other_assets_of_no_number_or_without_a_past():
    for exposures in ([1.0, 1.0], [1.0, 1.0, math.nan]):
        with pytest.raises(ValueError, match="3 assets need as many exposures, all finite"):
            over_book(exposures)
    with pytest.raises(ValueError, match="0 paths of 10 steps"):
        over_book([1.0, 1.0, 1.0], paths=0)
    state, shocks = three()
    with pytest.raises(InsufficientData, match="needs 100 or more observations, got 99"):
        over_book([1.0, 1.0, 1.0], book=(state, shocks[:99]))
