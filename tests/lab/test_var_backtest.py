"""Every model over every series, judged on the same days."""

import math
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.lab.var_backtest import (
    EQUAL_WEIGHT,
    LEAST_WARM_UP,
    WARM_UP,
    Cell,
    ReturnSeries,
    judge,
    judged_days,
    micros_per_update,
    series_of,
    tasks,
)
from risk.lab.var_summary import summarise
from risk.measures.backtest import acerbi_szekely_z2, hits, kupiec, pinball_loss
from risk.measures.var import VAR_MODELS

pytestmark = pytest.mark.usefixtures("remembered_fits")

LEVELS = (0.95, 0.975, 0.99)
FAST = "historical_250"
NOT_BROKEN = np.zeros((3, 2), dtype=bool)


def market(days, seed=0):
    return 0.03 * np.random.default_rng(seed).standard_t(5, days)


def one_run(returns, name="BTC"):
    return ReturnSeries(name, (returns,))


def ticking(step=0.001):
    """A clock that is `step` seconds later each time it is asked."""
    ticks = count()
    return lambda: step * next(ticks)


def cells_of(series, model=FAST, levels=LEVELS):
    (task,) = tasks([series], [model], levels)
    return judge(task, seconds=ticking())


# -- series -----------------------------------------------------------------------------------


def test_each_asset_stands_alone_and_the_book_is_their_mean():
    closes = np.array([[100.0, 10.0], [110.0, 9.0], [99.0, 9.9]])

    first, second, book = series_of(("A", "B"), closes, NOT_BROKEN)

    assert (first.name, second.name, book.name) == ("A", "B", EQUAL_WEIGHT)
    np.testing.assert_allclose(first.runs[0], [0.1, -0.1])
    np.testing.assert_allclose(second.runs[0], [-0.1, 0.1])
    np.testing.assert_allclose(book.runs[0], [0.0, 0.0], atol=1e-15)


def test_an_asset_without_a_return_is_not_in_the_book_that_day():
    closes = np.array([[100.0, math.nan], [110.0, 9.0], [99.0, 9.9], [math.nan, math.nan]])

    *_, book = series_of(("A", "B"), closes, np.zeros((4, 2), dtype=bool))

    np.testing.assert_allclose(book.runs[0], [0.1, 0.0, math.nan], atol=1e-15)


def test_a_series_that_begins_anew_is_another_run_and_its_leap_is_no_return():
    closes = np.array([[1.0], [1.1], [1e7], [1.1e7]])
    begins = np.array([[False], [False], [True], [False]])

    broken, book = series_of(("LUNA",), closes, begins)

    before, after = broken.runs
    np.testing.assert_allclose(before, [0.1])
    np.testing.assert_allclose(after, [math.nan, 0.1])
    np.testing.assert_allclose(book.runs[0], [0.1, math.nan, 0.1])


def test_one_day_has_no_returns():
    for series in series_of(("A", "B"), np.ones((1, 2)), np.zeros((1, 2), dtype=bool)):
        assert [run.size for run in series.runs] == [0]


# -- days -------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", VAR_MODELS)
def test_every_model_is_judged_on_the_same_days(model):
    returns = market(1102)
    returns[[100, 600]] = math.nan

    for days in judged_days(VAR_MODELS[model], one_run(returns), LEVELS):
        np.testing.assert_array_equal(days.losses, -np.delete(returns, [100, 600])[WARM_UP:])


@pytest.mark.parametrize("days", [121, 150, 239, 320])
@pytest.mark.parametrize("model", VAR_MODELS)
def test_every_model_is_judged_on_the_same_days_of_a_short_series(model, days):
    returns = market(days)

    (judged,) = judged_days(VAR_MODELS[model], one_run(returns), (0.99,))

    np.testing.assert_array_equal(judged.losses, -returns[max(LEAST_WARM_UP, days // 2) :])


def test_half_of_a_short_series_is_warm_up():
    (days,) = judged_days(VAR_MODELS[FAST], one_run(market(300)), (0.99,))

    assert days.losses.size == 150


@pytest.mark.parametrize("model", VAR_MODELS)
def test_what_happens_on_a_day_does_not_change_its_forecast(model):
    returns = market(700)
    moved = returns.copy()
    moved[500] = -0.5

    before, after = (
        judged_days(VAR_MODELS[model], one_run(each), (0.99,))[0] for each in (returns, moved)
    )

    np.testing.assert_array_equal(after.var[:151], before.var[:151])
    np.testing.assert_array_equal(after.es[:151], before.es[:151])
    assert (after.es[151:] != before.es[151:]).any()


def test_a_run_knows_nothing_of_the_one_before():
    wild, calm = 10.0 * market(700), market(700, seed=1)

    (both,) = judged_days(VAR_MODELS[FAST], ReturnSeries("LUNA", (wild, calm)), (0.99,))
    (alone,) = judged_days(VAR_MODELS[FAST], one_run(calm), (0.99,))

    np.testing.assert_array_equal(both.var[-alone.var.size :], alone.var)
    assert both.var.size == 2 * alone.var.size


# -- cells ------------------------------------------------------------------------------------


def test_a_cell_says_what_the_tests_say():
    returns = market(1000)
    path = VAR_MODELS[FAST].path(returns, LEVELS)
    exceeded = hits(-returns[WARM_UP:], path.var[WARM_UP:, 2])

    cell = cells_of(one_run(returns))[2]

    assert (cell.series, cell.model, cell.level) == ("BTC", FAST, 0.99)
    assert (cell.forecasts, cell.hits) == (500, int(exceeded.sum()))
    assert cell.hit_rate == cell.hits / 500
    assert cell.kupiec_p == kupiec(cell.hits, 500, 0.99).p_value
    assert cell.pinball == pinball_loss(-returns[WARM_UP:], path.var[WARM_UP:, 2], 0.99)
    assert cell.red_windows == 0


@pytest.mark.parametrize("days", [0, 1, 60, 150, 260])
def test_what_so_few_days_cannot_tell_is_none_and_never_nan(days):
    for cell in cells_of(one_run(market(days)), "filtered_evt"):
        assert cell.red_windows is None
        assert (cell.kupiec_p is None) == (cell.forecasts == 0)
        numbers = [value for value in vars(cell).values() if isinstance(value, float)]
        assert all(math.isfinite(number) for number in numbers)
    if days < 100:
        assert (cell.forecasts, cell.hits, cell.hit_rate, cell.z2) == (0, 0, None, None)
        assert (cell.pinball, cell.micros_per_update) == (None, None)


@pytest.mark.parametrize("model", VAR_MODELS)
def test_a_price_that_never_moves_is_answered(model):
    """No shortfall to compare with where it is zero: unknown, not infinite."""
    for cell in cells_of(one_run(np.zeros(900)), model):
        assert cell.hits == 0
        assert cell.z2 is None or math.isfinite(cell.z2)
        assert cell.independence_p is None


def test_days_without_a_shortfall_are_left_out_of_the_depth_and_counted():
    """Of a price that began to move late, history expects no loss at first."""
    returns = np.concatenate((np.zeros(540), market(460)))
    (days,) = judged_days(VAR_MODELS[FAST], one_run(returns), (0.99,))

    (found,) = cells_of(one_run(returns), levels=(0.99,))

    losing = days.es > 0.0
    assert 0 < losing.sum() < found.forecasts
    assert found.z2_days == losing.sum()
    assert found.z2 == acerbi_szekely_z2(*(each[losing] for each in days), 0.99)


@given(st.integers(0, 2**32 - 1))
def test_the_unit_of_a_series_changes_only_its_pinball_loss(seed):
    returns = market(620, seed)

    here, there = (cells_of(one_run(scale * returns), levels=(0.95,))[0] for scale in (1.0, 0.5))

    assert there.pinball == pytest.approx(0.5 * here.pinball)
    assert (there.hits, there.kupiec_p) == (here.hits, here.kupiec_p)
    assert there.z2 == pytest.approx(here.z2)


def test_an_update_is_timed_over_the_end_of_the_last_run():
    """The clock is asked before and after each block of twenty, a millisecond apart."""
    model = VAR_MODELS[FAST]
    lively = ReturnSeries("LUNA", (market(50), market(700)))
    ended = ReturnSeries("LUNA", (market(700), market(50)))

    micros = micros_per_update(model, lively, LEVELS, seconds=ticking(0.001))

    assert micros == pytest.approx(1000.0 / 20.0)
    assert micros_per_update(model, ended, LEVELS, seconds=ticking()) is None


# -- models beside each other -------------------------------------------------------------------


def cell(**other):
    known = {
        "series": "BTC", "model": FAST, "level": 0.99, "forecasts": 1000, "hits": 10,
        "hit_rate": 0.01, "kupiec_p": 0.5, "independence_p": 0.5, "conditional_coverage_p": 0.5,
        "z2": 0.0, "z2_days": 1000, "pinball": 0.002, "red_windows": 0, "micros_per_update": 5.0,
    }  # fmt: skip
    return Cell(**(known | other))


def test_days_are_pooled_and_cells_are_counted():
    (found,) = summarise(
        [
            cell(level=0.975, z2=0.2, forecasts=1000),
            cell(level=0.975, z2=-0.4, forecasts=3000, z2_days=3000, kupiec_p=0.01, hits=90),
            cell(hits=20, conditional_coverage_p=None, red_windows=7),
        ],
        beside=(),
    )

    assert found.kupiec == (2, 3)
    assert found.coverage == (2, 2)
    assert found.hit_rates == ((0.975, 100 / 4000), (0.99, 0.02))
    assert found.z2 == pytest.approx(-0.25)
    assert (found.red_windows, found.micros) == (7, 5.0)


def test_pinball_losses_are_divided_series_by_series_at_the_highest_level():
    cells = [
        cell(pinball=0.004),
        cell(series="ETH", pinball=0.010),
        cell(model="filtered_evt", pinball=0.002),
        cell(model="filtered_evt", series="ETH", pinball=0.010),
        cell(model="filtered_evt", series="ETH", level=0.95, pinball=9.0),
    ]

    own, other = summarise(cells, beside=(FAST, "unknown"))

    assert own.relative_pinball == {FAST: 1.0, "unknown": None}
    assert other.relative_pinball == {FAST: pytest.approx(0.75), "unknown": None}


def test_losses_over_other_days_are_not_compared():
    cells = [cell(), cell(model="filtered_evt", forecasts=999), cell(series="X", pinball=0.0)]

    assert summarise(cells, beside=(FAST,))[1].relative_pinball == {FAST: None}


def test_a_model_that_could_not_be_judged_has_no_figures():
    nothing = cell(
        forecasts=0, hits=0, hit_rate=None, kupiec_p=None, conditional_coverage_p=None, z2=None,
        z2_days=0, pinball=None, red_windows=None, micros_per_update=None,
    )  # fmt: skip

    (found,) = summarise([nothing], beside=(FAST,))

    assert found.hit_rates == ((0.99, None),)
    assert (found.kupiec, found.coverage, found.z2, found.micros) == ((0, 0), (0, 0), None, None)
