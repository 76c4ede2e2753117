"""The regime of the market is what the mean of all known assets' hours says of it."""

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from risk.domain.ledger import Ledger
from risk.domain.model import HOUR_MODEL, Model, Models
from risk.measures.regimes import HOURLY, REGIMES, regime_path, regime_start, regime_update
from risk.portfolio.forecasting import advance, new_model, new_models, roll_models, warm
from risk.portfolio.regime import market_return, next_regime, regime_name
from tests.books import BTC, ETH, SOL, as_close, as_closes, random_closes

HOUR = timedelta(hours=1)
THREE = (BTC, ETH, SOL)
PRICES = random_closes(THREE, period=HOUR_MODEL.period, bars=130)
CLOSES = as_closes(THREE, PRICES, period=HOUR_MODEL.period)
START = 100
WARM = warm(new_model(HOUR_MODEL, THREE), CLOSES[:START])


def rolled(model: Model, closes=CLOSES[START:]):
    models = Models(day=new_models(THREE).day, hour=model)
    return roll_models(models, closes, Ledger(), {})


# --- the market's return -------------------------------------------------------------------


def test_each_known_asset_weighs_the_same():
    expected = (PRICES[START] / PRICES[START - 1] - 1.0).mean()

    assert market_return(WARM, CLOSES[START]) == pytest.approx(expected)


def test_an_asset_without_a_bar_or_with_a_broken_series_does_not_count():
    moves = PRICES[START] / PRICES[START - 1] - 1.0
    hole = replace(CLOSES[START], bars={BTC: CLOSES[START].bars[BTC], ETH: CLOSES[START].bars[ETH]})
    broken = replace(hole, breaks=frozenset({ETH}))

    assert market_return(WARM, hole) == pytest.approx(moves[:2].mean())
    assert market_return(WARM, broken) == pytest.approx(moves[0])


def test_a_newcomer_has_no_return_into_its_first_bar():
    close = as_close((BTC, "NEW/USDT"), (PRICES[START][0], 1.0), period=HOUR_MODEL.period,
                     opened=CLOSES[START].opened)  # fmt: skip

    assert market_return(WARM, close) == pytest.approx(PRICES[START][0] / PRICES[START - 1][0] - 1)


def test_an_hour_after_a_hole_has_none():
    assert market_return(WARM, CLOSES[START + 1]) is None
    assert market_return(new_model(HOUR_MODEL), CLOSES[0]) is None


def test_what_is_rolled_over_several_hours_tells_each_of_them_and_no_day():
    day = as_close(THREE, PRICES[-1])
    found = rolled(WARM, [*CLOSES[START : START + 3], CLOSES[START + 4], day]).hours
    moves = (PRICES[START : START + 3] / PRICES[START - 1 : START + 2] - 1.0).mean(axis=1)

    assert found == (*(pytest.approx(move) for move in moves), None)


# --- the filter over it --------------------------------------------------------------------


def test_the_first_step_filters_the_window_that_the_model_remembers():
    returns = (PRICES[1:START] / PRICES[: START - 1] - 1.0).mean(axis=1)
    kept = returns[-len(WARM.filter.returns) :]

    found = next_regime(None, (), WARM)

    assert found.observed == regime_path(kept, HOURLY).state.observed
    assert found.level == pytest.approx(regime_path(kept, HOURLY).state.level)


def test_a_window_with_an_empty_hour_is_filtered_as_one_that_was_not_seen():
    window = WARM.filter.returns.copy()
    window[-1], window[-2, 0] = np.nan, np.nan
    model = replace(WARM, filter=WARM.filter._replace(returns=window))
    means = [*window[:-2].mean(axis=1), window[-2, 1:].mean(), math.nan]

    found, expected = next_regime(None, (), model), regime_path(np.array(means), HOURLY).state

    assert found.observed == expected.observed == len(window) - 1
    assert found.level == pytest.approx(expected.level)


def test_several_hours_of_one_cycle_are_as_many_cycles_of_one():
    start = next_regime(None, (), WARM)
    hours = rolled(WARM).hours
    one_by_one = start
    for hour in hours:
        one_by_one = next_regime(one_by_one, (hour,), WARM)

    assert next_regime(start, hours, WARM) == one_by_one != start


def test_without_a_close_it_stays_the_very_same():
    state = next_regime(None, (), WARM)

    assert next_regime(state, (), WARM) is state


def test_an_hour_without_any_return_lets_time_pass():
    state = regime_path(np.tile((0.001, -0.001), 400), HOURLY).state

    assert next_regime(state, (None,), WARM) == regime_update(state, math.nan, HOURLY)


def test_a_market_that_nobody_has_seen_has_no_regime():
    unseen = next_regime(None, (), new_model(HOUR_MODEL))

    assert unseen == regime_start(HOURLY)
    assert regime_name(unseen) is None
    assert regime_name(None) is None


def test_a_known_one_has_a_name():
    state = regime_path(np.tile((0.001, -0.001), 400), HOURLY).state

    assert regime_name(state) == REGIMES[state.regime] == "normal"


def test_one_close_advances_model_and_regime_alike():
    """The regime sees a return where the model does, and the same number of them."""
    model, seen = WARM, []
    for close in CLOSES[START:]:
        seen.append(market_return(model, close))
        model = advance(model, close, {})

    window = model.filter.returns[-len(seen) :]
    np.testing.assert_allclose(seen, window.mean(axis=1))
