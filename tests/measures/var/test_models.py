"""What every VaR model must do; registering one runs it through all of this."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.errors import InsufficientData
from risk.measures.backtest import hits, kupiec
from risk.measures.var import VAR_MODELS
from risk.measures.var.filtered_evt import FilteredEvt
from risk.measures.var.filtered_historical import FilteredHistorical
from risk.measures.var.historical import Historical
from tests.measures.var.series import LEVELS, after, market, walked

pytestmark = pytest.mark.usefixtures("remembered_fits")

every_model = pytest.mark.parametrize("model", VAR_MODELS.values(), ids=VAR_MODELS.keys())


@every_model
def test_is_registered_under_its_own_name(model):
    assert VAR_MODELS[model.name] is model


@every_model
def test_bar_by_bar_is_the_same_as_all_at_once_over_5000_bars(model):
    returns = market(seed=1, bars=5000)

    path = model.path(returns, LEVELS)
    var, es = walked(model, returns)

    np.testing.assert_allclose(path.var, var, rtol=1e-12)
    np.testing.assert_allclose(path.es, es, rtol=1e-12)
    assert path.forecast.sum() > 4500


@every_model
def test_a_return_does_not_change_forecasts_up_to_its_own(model):
    returns = market()
    returns[400] = 0.01
    moved = returns.copy()
    moved[400] = -0.4

    before, after = model.path(returns, LEVELS), model.path(moved, LEVELS)

    np.testing.assert_array_equal(after.var[:401], before.var[:401])
    np.testing.assert_array_equal(after.es[:401], before.es[:401])
    assert (after.es[401] > before.es[401]).all()


@every_model
@pytest.mark.parametrize("bars", [150, 400, 699])
def test_after_a_history_it_forecasts_what_its_path_says_but_for_tracking(model, bars):
    """Before tracking: the multipliers of a path are divided out by those it walked through."""
    returns = market(seed=5)
    path = model.path(returns, LEVELS)
    var, es = model.untracked(returns[:bars], LEVELS)

    multipliers = multipliers_of(model, returns[:bars])
    np.testing.assert_allclose(path.var[bars], np.maximum.accumulate(var * multipliers), rtol=1e-12)
    np.testing.assert_allclose(path.es[bars], np.maximum.accumulate(es * multipliers), rtol=1e-12)
    assert (multipliers != 1.0).any() == model.tracks


def multipliers_of(model, returns):
    """What a series has taught the model; ones if it does not learn."""
    return np.ravel(after(model, returns).multipliers) if model.tracks else np.ones(LEVELS.size)


@every_model
def test_refuses_to_forecast_after_a_short_history(model):
    with pytest.raises(InsufficientData, match=f"{model.name} needs 100 or more"):
        model.untracked(market(bars=90), LEVELS)


@every_model
def test_is_silent_during_warm_up_and_never_after(model):
    path = model.path(market(holes=0.0), LEVELS)

    first = int(np.argmax(path.forecast))
    assert 100 <= first <= 120
    assert not path.forecast[:first].any()
    assert path.forecast[first:].all()
    assert np.isfinite(path.es[first:]).all()
    assert np.isnan(path.es[:first]).all()


@every_model
def test_refuses_to_forecast_from_nothing(model):
    with pytest.raises(InsufficientData, match=f"{model.name} needs 100 or more"):
        model.forecast(model.start(LEVELS))


@every_model
def test_a_history_without_a_forecast_is_a_path_of_nothing(model):
    path = model.path(np.full(5, math.nan), LEVELS)

    assert path.var.shape == path.es.shape == (5, 3)
    assert not path.forecast.any()


@every_model
def test_a_bar_without_a_return_changes_nothing(model):
    state = after(model, market(bars=200))

    waited = model.update(state, math.nan)

    np.testing.assert_array_equal(model.forecast(waited), model.forecast(state))


@every_model
def test_updating_leaves_the_old_state_alone(model):
    state = after(model, market(bars=200))
    before = [figure.copy() for figure in model.forecast(state)]

    model.update(state, -0.5)

    np.testing.assert_array_equal(model.forecast(state), before)


@every_model
def test_es_is_never_below_var_and_both_rise_with_the_level(model):
    path = model.path(market(), LEVELS)
    var, es = path.var[path.forecast], path.es[path.forecast]

    assert (es >= var).all()
    assert (np.diff(var, axis=1) >= 0.0).all()
    assert (np.diff(es, axis=1) >= 0.0).all()
    assert (var > 0.0).all()


@every_model
@given(size=st.floats(0.1, 10.0))
@settings(max_examples=25)
def test_twice_the_returns_are_twice_the_risk(model, size):
    returns = market(bars=250)

    path, larger = model.path(returns, LEVELS), model.path(size * returns, LEVELS)

    np.testing.assert_allclose(larger.var, size * path.var, rtol=1e-8)
    np.testing.assert_allclose(larger.es, size * path.es, rtol=1e-8)


@every_model
def test_a_price_that_stands_still_has_next_to_no_risk(model):
    path = model.path(np.zeros(300), LEVELS)

    assert path.forecast.any()
    assert np.abs(path.es[path.forecast]).max() <= 1e-4


@every_model
def test_refuses_levels_that_do_not_rise(model):
    with pytest.raises(ValueError, match="levels must rise"):
        model.start((0.99, 0.95))
    with pytest.raises(ValueError, match="levels must rise"):
        model.path(market(bars=10), (0.99, 0.95))


@pytest.mark.parametrize("kind", [FilteredEvt, FilteredHistorical, Historical])
def test_refuses_a_window_that_could_never_forecast(kind):
    with pytest.raises(ValueError, match="window must be 100 or more, got 99"):
        kind("short", window=99)


@pytest.mark.parametrize("name", ["filtered_evt", "filtered_historical"])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_its_exceptions_are_as_frequent_as_they_should_be(name, level):
    """Kupiec's test on a market that clusters; n = 2,000 after warm-up."""
    returns = market(seed=11, bars=2500, holes=0.0)
    path = VAR_MODELS[name].path(returns, LEVELS)

    exceeded = hits(-returns[500:], path.var[500:])[:, level]

    assert kupiec(int(exceeded.sum()), exceeded.size, LEVELS[level]).p_value > 0.05


def test_the_filter_follows_a_storm_that_history_sleeps_through():
    calm, storm = market(seed=3, bars=600, holes=0.0), 4.0 * market(seed=4, bars=60, holes=0.0)
    returns = np.concatenate((calm, storm))

    rise = {
        name: VAR_MODELS[name].path(returns, LEVELS).var[[599, 659], 0]
        for name in ("filtered_evt", "historical_250")
    }

    assert rise["filtered_evt"][1] / rise["filtered_evt"][0] > 2.0
    assert rise["historical_250"][1] / rise["historical_250"][0] < 2.0


def test_tracking_raises_the_figures_of_a_series_that_keeps_exceeding():
    model = VAR_MODELS["filtered_evt"]
    state = after(model, market(bars=400, holes=0.0))
    before = state.multipliers

    for _ in range(5):
        state = model.update(state, -1.1 * model.forecast(state)[0][-1])

    assert (state.multipliers > before).all()
