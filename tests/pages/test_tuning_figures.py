"""A change held against the past: the sentence, and the chart of old and new thresholds."""

import itertools
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.context import MetricHistory
from pages.figures.packing import unpacked
from pages.figures.tuning import TriedLevel, TuningPlot, spread, tuning_figure
from pages.format import UTC_ZONE
from pages.views.proposals.differences import Reader
from pages.views.proposals.preview import figure_of, preview_parts, words_of
from risk.breakers.tuning import BreakerTuning, TripOutcome
from risk.domain.breakers import BreakerUnit, Phase
from risk.domain.limits import Unit
from risk.domain.stretches import NO_STRETCHES, Stretches
from risk.limits.tuning import Levels, LevelsOutcome, LimitTuning
from risk.policy.tuning import TuningPreview, Untold
from tests.fakes_book import AFTERNOON
from tests.fakes_breakers import build_breaker
from tests.pages.trees import words

READER = Reader("USD", UTC_ZONE, AFTERNOON)
WITHIN = TuningPreview(AFTERNOON - timedelta(days=30), AFTERNOON)
HOUR_MS = 3_600_000


def past(hours: int = 720, value: float = 0.05) -> Stretches:
    end = round(AFTERNOON.timestamp() * 1000.0)
    begins = np.arange(end - hours * HOUR_MS, end, HOUR_MS, dtype=np.int64)
    values = np.full(len(begins), value)
    return Stretches(begins, begins + HOUR_MS, values, values * 1.1)


def met(hard=0.06, soft=0.05, **more) -> LevelsOutcome:
    usual = {
        "crossings": 1,
        "soft_crossings": 11,
        "hours_over_hard": 0.0,
        "hours_over_soft": 20.0,
        "peak_used": 1.0,
        "refusing_since": None,
    }
    return LevelsOutcome(Levels(hard, soft), **{**usual, **more})


def limit(before, after, values=None, notes=()) -> LimitTuning:
    return LimitTuning(
        "VaR", Unit.SHARE, before, after, past() if values is None else values, notes
    )


def breaker(before, after, **more) -> BreakerTuning:
    readings = past(value=1.8)
    return BreakerTuning("storm", BreakerUnit.RATIO, before, after, readings, (), **more)


def tried(trips: int, hours: float, **more) -> TripOutcome:
    at = tuple(AFTERNOON - timedelta(days=each + 1) for each in range(trips))
    usual = {"again": 0, "longest_hours": hours, "hours_reopening": 0.0, "phase": Phase.ARMED}
    definition = more.pop("definition", build_breaker("storm", "market_volatility"))
    return TripOutcome(definition, at, hours_shut=hours, **{**usual, **more})


def said(tuned) -> str:
    return words_of(WITHIN, tuned, READER).replace("\u00a0", " ")


def test_a_limit_is_told_by_crossings_and_hours():
    after = met(crossings=0, soft_crossings=3, hours_over_soft=4.2)

    assert said(limit(met(), after)) == (
        "In the last 30 d: soft crossed 3 times instead of 11; hard never instead of once; "
        "4.2 h instead of 20 h over soft."
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (2, 2, "twice, as before"),
        (1, 0, "never instead of once"),
        (0, 5, "5 times instead of never"),
        (9, 4, "4 times instead of 9"),
    ],
)
def test_how_often_is_said_as_people_say_it(before, after, told):
    assert f"hard {told};" in said(limit(met(crossings=before), met(crossings=after)))


def test_a_limit_that_is_new_or_gone_is_told_alone():
    assert said(limit(None, met())).endswith("soft crossed 11 times; hard once; 20 h over soft.")
    assert said(limit(met(), None)).endswith("soft crossed 11 times; hard once; 20 h over soft.")
    assert said(limit(None, None)) == "Nothing can be told of it."


def test_that_new_risk_would_be_refused_now_is_told():
    after = met(refusing_since=AFTERNOON - timedelta(hours=2))

    assert said(limit(met(), after)).endswith(
        "As the book stands, it would refuse new risk now, and would have since 13:42:18 UTC."
    )


def test_a_breaker_is_told_by_trips_and_hours_shut():
    after = tried(2, 12.0, longest_hours=8.0, again=1, phase=Phase.TRIPPED)

    assert said(breaker(tried(5, 60.0), after)) == (
        "In the last 30 d: tripped twice instead of 5 times; again while it re-opened once instead "
        "of never; 12 h instead of 60 h shut; the longest time 8.0 h. As the market stands, it "
        "would be tripped now."
    )


def test_one_that_is_off_would_have_tripped():
    off = build_breaker("storm", "market_volatility", enabled=False)

    assert "would have tripped twice" in said(breaker(None, tried(2, 1.0, definition=off)))


def test_little_history_and_what_cannot_be_told_are_said():
    few = limit(met(), met(), values=past(48), notes=("it moves",))
    preview = WITHIN._replace(limits=(few,), untold=(Untold("clusters", "nothing tells"),))
    told = words(preview_parts(preview, "x", reader=READER, scheme="dark"))

    assert "Of that time 48 h are stored. It moves." in told
    assert "Clusters: nothing tells." in told
    empty = preview_parts(WITHIN, "x", reader=READER, scheme="dark")
    assert words(empty) == "Nothing that could be held against the past."


# -- the chart -------------------------------------------------------------------------------


def test_old_and_new_thresholds_are_lines_of_their_own_and_named_with_units():
    figure = figure_of(WITHIN, limit(met(), met(hard=0.07)), READER, "dark")
    named = [each["text"].replace("\u00a0", " ") for each in figure["layout"]["annotations"]]

    assert sorted(named) == ["<b>hard 7 %</b>", "<b>soft 5 %</b>", "hard now 6 %"]
    assert len(figure["layout"]["shapes"]) == 3
    assert unpacked(figure["data"][1]["y"])[0] == pytest.approx(5.0)


def test_trips_under_the_new_levels_are_marked():
    figure = figure_of(WITHIN, breaker(tried(0, 0.0), tried(2, 3.0)), READER, "light")
    upright = [each for each in figure["layout"]["shapes"] if each.get("yref") == "paper"]

    assert len(upright) == 2


def test_without_history_there_is_no_chart():
    assert figure_of(WITHIN, limit(met(), met(), values=NO_STRETCHES), READER, "dark") is None


def test_what_was_beyond_all_measure_is_a_gap_and_no_height():
    held = past(3)
    held = held._replace(mean=np.array([0.05, np.inf, 0.05]), most=np.array([0.05, np.inf, 0.05]))
    figure = figure_of(WITHIN, limit(met(), met(hard=0.07), values=held), READER, "dark")

    assert np.isnan(unpacked(figure["data"][1]["y"])).tolist() == [False, True, False]
    assert np.isfinite(figure["layout"]["yaxis"]["range"]).all()


def test_names_that_would_lie_on_each_other_are_moved_apart():
    assert spread([1.0, 1.1, 1.2, 9.0], 0.5) == [1.0, 1.5, 2.0, 9.0]


@given(st.lists(st.floats(0.0, 10.0), max_size=6))
def test_names_stand_apart_in_order_and_none_above_the_axis(heights):
    ordered, top = sorted(heights), 10.0
    found = spread(ordered, 0.7, top=top)

    assert len(found) == len(ordered)
    assert all(height <= top for height in found)
    assert all(b - a >= 0.7 - 1e-9 for a, b in itertools.pairwise(found))


def test_a_chart_of_nothing_still_has_an_axis():
    nothing = MetricHistory(np.empty(0, dtype=np.int64), np.empty(0))
    level = TriedLevel(name="hard 0", value=0.0, hard=True, new=True)
    plot = TuningPlot(
        mean=nothing, most=nothing, levels=(level,), trips=(), span_ms=(0, 1), suffix="", decimals=1
    )

    assert tuning_figure(plot, zone=UTC_ZONE, scheme="dark")["layout"]["yaxis"]["range"] == [
        0,
        1.15,
    ]
