"""One limit over time: values in its own unit, thresholds that step, breaches with their ends."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from pages.context import MetricHistory
from pages.figures.limits import LimitPlot, Mark, ThresholdSteps, limit_figure
from pages.figures.packing import unpacked
from pages.format import UTC_ZONE, zone
from pages.views.limits.past import Step, breaches_in, course_of, episodes_of, updates_in
from risk.domain.events import LimitBreached, LimitCleared, LimitUpdated, Severity
from risk.domain.limits import LimitState, LimitStatus, Thresholds
from tests.fakes_book import AFTERNOON

HOUR = timedelta(hours=1)
SINCE = AFTERNOON - 4 * HOUR
STAMP = {"portfolio": "demo", "cycle": "c", "limit": "a"}


def ms(moment) -> int:
    return round(moment.timestamp() * 1000.0)


def state(hard: float = 0.5, soft: float = 0.4, episode: str | None = None) -> LimitState:
    return LimitState(
        thresholds=Thresholds(hard, soft, 1.0, "as defined"),
        status=LimitStatus.SOFT if episode else LimitStatus.WITHIN,
        value=0.3,
        since=SINCE,
        episode=episode,
        at=AFTERNOON,
    )


def history(*used: float) -> MetricHistory:
    """A point an hour, the last one now."""
    times = [ms(AFTERNOON - n * HOUR) for n in reversed(range(len(used)))]
    return MetricHistory(np.array(times, dtype=np.int64), np.array(used))


def change(at, threshold: float, previous: float, soft=None, previous_soft=None) -> LimitUpdated:
    return LimitUpdated(
        at=at,
        threshold=threshold,
        previous=previous,
        reason="regime",
        changed_by="rule",
        soft=soft,
        previous_soft=previous_soft,
        **STAMP,
    )


def breach(at, episode: str = "e", value: float = 0.41, *, hard: bool = False) -> LimitBreached:
    severity = Severity.CRITICAL if hard else Severity.WARNING
    return LimitBreached(
        at=at, episode=episode, value=value, threshold=0.4, severity=severity, **STAMP
    )


def cleared(at, episode: str = "e") -> LimitCleared:
    return LimitCleared(at=at, episode=episode, value=0.3, threshold=0.4, **STAMP)


# --- values and thresholds -----------------------------------------------------------------


def test_shares_become_figures_by_the_threshold_of_their_time():
    events = [change(AFTERNOON - 1.5 * HOUR, 0.5, 1.0, 0.4, 0.8)]
    course = course_of(history(0.2, 0.3, 0.6, 0.7), events, state(), SINCE, AFTERNOON)

    assert course.values == pytest.approx([0.2, 0.3, 0.3, 0.35])
    assert course.steps == (
        Step(ms(SINCE), 1.0, 0.8),
        Step(ms(AFTERNOON - 1.5 * HOUR), 0.5, 0.4),
    )


def test_several_changes_are_undone_one_after_the_other():
    events = [
        change(AFTERNOON - 3 * HOUR, 0.8, 1.0),
        change(AFTERNOON - 2 * HOUR, 0.6, 0.8),
        change(AFTERNOON - 1 * HOUR, 0.5, 0.6),
    ]
    course = course_of(history(), events, state(), SINCE, AFTERNOON)

    assert [step.hard for step in course.steps] == [1.0, 0.8, 0.6, 0.5]
    assert [step.soft for step in course.steps] == [None, None, None, 0.4], "nobody told them"


def test_a_range_that_is_over_has_the_thresholds_of_then():
    events = [change(AFTERNOON - HOUR, 0.5, 1.0, 0.4, 0.8)]
    course = course_of(history(), events, state(), SINCE, AFTERNOON - 2 * HOUR)

    assert course.steps == (Step(ms(SINCE), 1.0, 0.8),)


def test_changes_before_the_range_do_not_matter():
    events = [change(SINCE - HOUR, 0.5, 9.0, 0.4, 8.0)]

    assert course_of(history(), events, state(), SINCE, AFTERNOON).steps == (
        Step(ms(SINCE), 0.5, 0.4),
    )


def test_a_limit_begins_where_it_was_set():
    made = replace(change(AFTERNOON - HOUR, 0.5, 1.0, 0.4, 0.8), previous=None, previous_soft=None)
    steps = course_of(history(), [made], state(), SINCE, AFTERNOON).steps
    before = course_of(history(), [made], state(), SINCE, AFTERNOON - 2 * HOUR).steps

    assert steps == before == (Step(ms(AFTERNOON - HOUR), 0.5, 0.4),)


def test_of_a_limit_of_zero_nothing_is_a_share():
    events = [change(AFTERNOON - 0.5 * HOUR, 0.5, 0.0, 0.4, 0.0)]
    course = course_of(history(9.99, 0.4), events, state(), SINCE, AFTERNOON)

    np.testing.assert_array_equal(course.values, [np.nan, 0.2])


# --- episodes ------------------------------------------------------------------------------


def episodes(*events, now: LimitState | None = None, used: MetricHistory | None = None):
    now = now or state()
    course = course_of(used or history(), events, now, SINCE, AFTERNOON)
    return episodes_of(events, course, now, SINCE, AFTERNOON)


def test_a_breach_that_is_over_has_both_ends_and_its_worst():
    (found,) = episodes(
        breach(AFTERNOON - 2 * HOUR), cleared(AFTERNOON - HOUR), used=history(0.5, 0.9, 0.6, 0.99)
    )

    assert (found.begin, found.end) == (AFTERNOON - 2 * HOUR, AFTERNOON - HOUR)
    assert (found.lasts, found.hard_from) == (False, None)
    assert found.worst == pytest.approx(0.45), "what came after its end does not count"


def test_a_breach_that_went_on_to_the_hard_threshold_is_one_hard_episode():
    (found,) = episodes(
        breach(AFTERNOON - 2 * HOUR),
        breach(AFTERNOON - HOUR, value=0.55, hard=True),
        now=state(episode="e"),
    )

    assert (found.begin, found.end, found.lasts, found.hard_from) == (
        AFTERNOON - 2 * HOUR,
        None,
        True,
        AFTERNOON - HOUR,
    )
    assert found.worst == 0.55


def test_what_lasts_comes_first_then_the_newest():
    found = episodes(
        breach(AFTERNOON - 3 * HOUR, "old"),
        cleared(AFTERNOON - 2.5 * HOUR, "old"),
        breach(AFTERNOON - 2 * HOUR, "on"),
        breach(AFTERNOON - 1 * HOUR, "new"),
        cleared(AFTERNOON - 0.5 * HOUR, "new"),
        now=state(episode="on"),
    )

    assert [each.begin for each in found] == [AFTERNOON - n * HOUR for n in (2, 1, 3)]


def test_a_breach_whose_beginning_was_not_read_is_told_with_its_end():
    (found,) = episodes(cleared(AFTERNOON - HOUR))

    assert (found.begin, found.end) == (None, AFTERNOON - HOUR)


def test_breaches_outside_the_range_are_left_out():
    assert episodes(breach(SINCE - 2 * HOUR), cleared(SINCE - HOUR)) == []
    assert episodes(breach(SINCE - 2 * HOUR), now=state(episode="e")), "it goes on"
    assert episodes(breach(SINCE - 2 * HOUR), cleared(SINCE + HOUR)), "it ended inside"


def test_a_breach_whose_end_nobody_told_does_not_seem_to_last():
    (found,) = episodes(breach(AFTERNOON - HOUR), now=state(episode=None))

    assert (found.end, found.lasts) == (None, False)


def test_breaches_and_changes_are_those_of_the_range():
    events = [breach(SINCE - HOUR), breach(SINCE + HOUR), change(SINCE - HOUR, 1.0, 2.0)]

    assert breaches_in(events, SINCE, AFTERNOON) == [events[1]]
    assert updates_in(events, SINCE, AFTERNOON) == []
    assert updates_in(events) == [events[2]]


# --- the chart -----------------------------------------------------------------------------


def plot(**changes) -> LimitPlot:
    whole = {
        "history": history(50.0, 60.0, 55.0),
        "steps": ThresholdSteps(
            at_ms=np.array([ms(SINCE), ms(AFTERNOON - HOUR)]),
            hard=np.array([100.0, 80.0]),
            soft=np.array([np.nan, 64.0]),
        ),
        "breaches": (
            Mark(at_ms=ms(AFTERNOON - HOUR), value=60.0, hard=False, text="crossed 58 %"),
            Mark(at_ms=ms(AFTERNOON), value=81.0, hard=True, text="crossed 80 %"),
        ),
        "changes": ((ms(AFTERNOON - HOUR), "tightened 14:42"),),
        "span_ms": (ms(SINCE), ms(AFTERNOON)),
        "suffix": " %",
        "decimals": 1,
    }
    return LimitPlot(**{**whole, **changes})


def traces(drawn: dict) -> dict:
    return {trace["name"]: trace for trace in drawn["data"]}


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_thresholds_step_and_end_with_the_range(scheme):
    found = traces(limit_figure(plot(), zone=UTC_ZONE, scheme=scheme))

    assert unpacked(found["Hard"]["y"]).tolist() == [100.0, 80.0, 80.0]
    assert found["Hard"]["line"]["shape"] == "hv"
    assert found["Hard"]["x"][-1] == UTC_ZONE.wall_time(ms(AFTERNOON))
    np.testing.assert_array_equal(unpacked(found["Soft"]["y"]), [np.nan, 64.0, 64.0])
    assert found["Hard"]["line"]["width"] > found["Soft"]["line"]["width"]


def test_hard_and_soft_breaches_differ_in_shape_and_not_in_colour_alone():
    found = traces(limit_figure(plot(), zone=UTC_ZONE, scheme="dark"))

    assert found["Breach"]["marker"]["symbol"] == ["circle", "diamond"]
    assert found["Breach"]["text"] == ["crossed 58 %", "crossed 80 %"]


def test_the_newest_change_is_named_on_the_side_that_has_room():
    layout = limit_figure(plot(), zone=UTC_ZONE, scheme="dark")["layout"]
    early = plot(changes=((ms(SINCE), "tightened 11:42"),))

    named = [a for a in layout["annotations"] if a["text"].startswith("tightened")]
    assert [a["xanchor"] for a in named] == ["right"]
    assert len(layout["shapes"]) == 1
    begin = limit_figure(early, zone=UTC_ZONE, scheme="dark")["layout"]["annotations"]
    assert [a["xanchor"] for a in begin if a["text"].startswith("tightened")] == ["left"]


def test_names_of_thresholds_that_would_lie_on_each_other_are_one():
    def named(soft: float) -> list[str]:
        steps = ThresholdSteps(
            at_ms=np.array([ms(SINCE)]), hard=np.array([80.0]), soft=np.array([soft])
        )
        drawn = limit_figure(plot(steps=steps, changes=()), zone=UTC_ZONE, scheme="dark")
        return [a["text"] for a in drawn["layout"]["annotations"]]

    assert named(60.0) == ["hard", "soft"]
    assert named(78.0) == ["hard"]
    assert named(float("nan")) == ["hard"]


def test_times_are_those_of_the_zone():
    zurich = zone("Europe/Zurich")
    drawn = limit_figure(plot(), zone=zurich, scheme="dark")

    assert drawn["layout"]["xaxis"]["range"][1].endswith("16:42:18")


def test_a_limit_of_zero_that_nothing_uses_can_be_drawn():
    steps = ThresholdSteps(at_ms=np.array([ms(SINCE)]), hard=np.zeros(1), soft=np.zeros(1))
    gaps = history(np.nan, np.nan, np.nan)
    drawn = limit_figure(
        plot(steps=steps, history=gaps, breaches=(), changes=()), zone=UTC_ZONE, scheme="dark"
    )

    assert drawn["layout"]["yaxis"]["range"][1] > 0.0
