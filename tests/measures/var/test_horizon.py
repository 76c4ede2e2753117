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
from risk.measures.var.horizon import horizon_var_es
from risk.measures.volatility import gjr_filter, gjr_paths, gjr_start, gjr_update
from tests.measures.var.series import LEVELS, market


def over(returns, steps, *, seed=1, **options):
    rng = np.random.default_rng(seed)
    return horizon_var_es(returns, LEVELS, steps=steps, rng=rng, **options)


@given(seed=st.integers(0, 50), bars=st.integers(21, 300))
@settings(max_examples=25)
def test_filtering_a_path_gives_the_shocks_it_was_made_of(seed, bars):
    rng = np.random.default_rng(seed)
    _, _, state = gjr_filter(market(seed, bars, holes=0.0)[:, None])
    shocks = rng.standard_t(3, (2, 12))

    for path, made_of in zip(gjr_paths(state, shocks), shocks, strict=True):
        after = state
        for value, shock in zip(path, made_of, strict=True):
            after, (residual,) = gjr_update(after, np.array([value]))
            assert residual == pytest.approx(shock, rel=1e-9)


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
            now, _ = gjr_update(now, np.array([move]))
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


def test_refuses_paths_from_nothing_or_of_nothing():
    _, _, started = gjr_filter(market()[:, None])
    with pytest.raises(ValueError, match="whose level is set"):
        gjr_paths(gjr_start(1), np.zeros((1, 1)))
    with pytest.raises(ValueError, match="whose level is set"):
        gjr_paths(gjr_start(2), np.zeros((1, 1)))
    with pytest.raises(ValueError, match="NaN or infinity"):
        gjr_paths(started, np.array([[math.nan]]))
