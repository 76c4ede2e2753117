"""The live record against what other models would have forecast."""

from dataclasses import replace

import numpy as np
import pytest

from pages.context import NO_HISTORY
from pages.views.records.difference import Difference, difference_from_live
from pages.views.records.live import HOW_IN_USE, how_live, others_words
from pages.views.records.past import COMPARED, HeldDays, Hindsight, look_back
from pages.views.records.scored import scored_bars
from pages.views.var.contest import (
    entrants,
    extremes,
    shortlisted,
)
from risk.domain.market import Period
from risk.domain.model import DEFAULT_BOOK_MODEL as IN_USE
from risk.measures.backtest import pinball_loss
from tests import fakes_book
from tests.fakes_web import DEMO, FakeBookReader

EMPTY = Hindsight(
    HeldDays(
        opened_ms=np.empty(0, dtype=np.int64),
        assets=(),
        exposures=np.empty((0, 0)),
        returns=np.empty((0, 0)),
    ),
    np.empty(0),
    {},
)


@pytest.fixture(scope="module")
def bars():
    return scored_bars(fakes_book.scored(Period.DAY)[-200:], Period.DAY, NO_HISTORY)


def test_the_live_forecasts_differ_from_themselves_by_nothing(bars):
    assert difference_from_live(bars.var_99, bars) == Difference(0.0, 1.0)


def test_the_difference_counts_days_that_both_forecast_only(bars):
    other = 1.3 * bars.var_99
    other[:50] = np.nan
    losses = -bars.profit[50:]
    expected = pinball_loss(losses, other[50:], 0.99) / pinball_loss(losses, bars.var_99[50:], 0.99)

    assert difference_from_live(other, bars).relative == pytest.approx(expected - 1.0)


def test_a_model_without_a_day_in_common_is_unknown(bars):
    assert difference_from_live(np.full(len(bars), np.nan), bars) is None


def test_few_days_are_not_judged(bars):
    few = np.where(np.arange(len(bars)) < 59, 1.1 * bars.var_99, np.nan)

    assert difference_from_live(few, bars).verdict == "too few days"


def test_needless_room_is_told_from_chance(bars):
    assert difference_from_live(5.0 * bars.var_99, bars).verdict == "more than chance"
    assert difference_from_live(1.001 * bars.var_99, bars).relative != 0.0


@pytest.mark.parametrize(
    ("p_value", "verdict"),
    [(0.05, "within chance"), (0.049, "more than chance"), (None, "too few days")],
)
def test_chance_ends_at_five_per_cent(p_value, verdict):
    assert Difference(-0.02, p_value).verdict == verdict


def test_the_live_record_stands_first_and_the_method_in_use_after_it(bars):
    past = look_back(FakeBookReader(), DEMO, fakes_book.MIDNIGHT)
    rows = entrants(bars, None, past, IN_USE)

    assert [row.model for row in rows[:2]] == [None, IN_USE]
    assert {row.model for row in rows[1:]} == set(COMPARED)
    assert rows[0].hits_99 == bars.beyond_99.sum()
    assert rows[0].mean_var is None  # no equity was known
    calm = replace(bars, profit=np.zeros(len(bars)))
    assert entrants(calm, None, past, IN_USE)[1].difference is not None


def test_the_method_in_use_is_that_of_the_book_and_not_always_the_default(bars):
    past = look_back(FakeBookReader(), DEMO, fakes_book.MIDNIGHT)
    rows = entrants(bars, None, past, "adaptive")

    assert [row.model for row in rows[:2]] == [None, "adaptive"]
    assert [row.model for row in rows if row.how == HOW_IN_USE] == ["adaptive"]
    assert "adaptive" in {row.model for row in shortlisted(rows, "none", "adaptive")}


def test_the_live_record_says_whose_forecasts_it_holds(bars):
    assert entrants(bars, None, EMPTY, IN_USE)[0].how == "the model in use, as forecast day by day"
    changed = replace(bars, models=("filtered_evt",) * 199 + ("historical_250",))

    assert entrants(changed, None, EMPTY, IN_USE)[0].how == (
        "as forecast day by day: Filtered, Pareto tail 199 days, Plain history, 250 d 1 day"
    )
    assert how_live((), IN_USE) == "the model in use, as forecast day by day"
    assert how_live((IN_USE,) * 9, "adaptive") == (
        "as forecast day by day: Filtered, Pareto tail 9 days"
    )


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ((IN_USE,) * 9, "Of these days Adaptive history, in use now, has forecast none."),
        ((IN_USE,) * 9 + ("adaptive",) * 2, "Of these days Adaptive history, in use now, has"),
        (("adaptive",) * 2, ""),
        ((), ""),
    ],
)
def test_a_record_of_other_models_is_not_taken_for_that_of_the_one_in_use(models, told):
    found = others_words(models, "adaptive")

    assert found.startswith(told)
    assert bool(found) == bool(told)


def test_events_from_before_models_could_be_chosen_have_theirs(bars):
    old = [replace(event, model="") for event in fakes_book.scored(Period.DAY)[-200:]]

    assert scored_bars(old, Period.DAY, NO_HISTORY).models == bars.models == (IN_USE,) * 200
    hours = [replace(event, model="") for event in fakes_book.scored(Period.HOUR)[-2:]]
    assert scored_bars(hours, Period.HOUR, NO_HISTORY).models == ("filtered_historical",) * 2


def test_the_short_list_keeps_the_extremes_the_method_in_use_and_the_chosen_model(bars):
    rows = entrants(bars, None, look_back(FakeBookReader(), DEMO, fakes_book.MIDNIGHT), IN_USE)
    by_loss = sorted((row for row in rows if row.difference), key=lambda r: r.difference.relative)
    best, middle, worst = by_loss[0].model, by_loss[7].model, by_loss[-1].model

    assert extremes(rows) == {
        best: f"best of {len(COMPARED)}",
        worst: f"worst of {len(COMPARED)}",
    }
    listed = [row.model for row in shortlisted(rows, middle, IN_USE)]
    assert set(listed) == {None, IN_USE, best, middle, worst}
    assert listed[:2] == [None, IN_USE]


def test_of_one_model_or_none_there_is_no_best(bars):
    rows = entrants(bars, None, look_back(FakeBookReader(), DEMO, fakes_book.MIDNIGHT), IN_USE)

    assert extremes(rows[:2]) == {}
    assert shortlisted(rows[:2], "none", IN_USE) == rows[:2]
