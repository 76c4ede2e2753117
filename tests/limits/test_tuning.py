"""Other thresholds of a limit, held against what was measured."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.limits import MOST_USED, Unit
from risk.domain.stretches import NO_STRETCHES, Stretches
from risk.limits.tuning import Levels, LevelsOutcome, LimitPast, try_levels
from tests.policies import definition

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
HOUR_MS = 3_600_000
VAR = definition("value_at_risk", hard=0.05, soft=0.04)
EMPTY = LimitPast(NO_STRETCHES, np.empty(0), np.empty(0))


def past(used, hard=0.05, factor=1.0, begins=None, most=None) -> LimitPast:
    """So full, hour by hour."""
    mean = np.array(used, dtype=float)
    hours = np.arange(len(mean)) if begins is None else np.array(begins)
    at = int(BEGIN.timestamp() * 1000) + hours.astype(np.int64) * HOUR_MS
    stretches = Stretches(at, at + HOUR_MS, mean, mean if most is None else np.array(most, float))
    return LimitPast(stretches, np.full(len(mean), hard), np.full(len(mean), factor))


def tried(hard: float, history: LimitPast, *, soft: float | None = None, **more) -> LevelsOutcome:
    levels = Levels(hard, hard if soft is None else soft, **more)
    outcome = try_levels(VAR, None, levels, history).after
    assert outcome is not None
    return outcome


def test_a_lower_threshold_meets_what_the_old_one_did_not() -> None:
    history = past([0.5, 0.9, 0.9, 0.5, 0.7])  # 0.025, 0.045, 0.045, 0.025, 0.035 of equity
    found = try_levels(VAR, Levels(0.05, 0.04), Levels(0.04, 0.03), history)

    assert found.unit is Unit.SHARE
    assert found.hours == 5.0
    assert found.before == LevelsOutcome(
        Levels(0.05, 0.04), 0, 1, 0.0, 2.0, pytest.approx(0.9), None
    )
    assert found.after == LevelsOutcome(
        Levels(0.04, 0.03), 1, 1, 2.0, 3.0, pytest.approx(1.125), None
    )
    assert found.notes == ()


def test_crossings_less_than_a_day_apart_are_one() -> None:
    assert tried(0.05, past([1.2, 0.5, 1.2], begins=[0, 12, 23])).crossings == 1
    assert tried(0.05, past([1.2, 0.5, 1.2], begins=[0, 12, 24])).crossings == 2


def test_hours_count_by_the_mean_and_crossings_by_the_most() -> None:
    found = tried(0.05, past([0.5], most=[1.5]))

    assert (found.crossings, found.hours_over_hard, found.peak_used) == (1, 0.0, pytest.approx(1.5))


def test_what_would_be_refused_now_is_told_with_since_when() -> None:
    assert tried(0.04, past([0.5, 0.9, 0.9])).refusing_since == BEGIN + timedelta(hours=1)
    assert tried(0.04, past([0.9, 0.9])).refusing_since == BEGIN
    assert tried(0.04, past([0.9, 0.5])).refusing_since is None


def test_a_dynamic_limit_is_tried_as_performance_and_regime_moved_it() -> None:
    history = past([0.9], hard=0.025, factor=0.5)  # 0.0225, under half of the base

    assert tried(0.04, history, dynamic=True).peak_used == pytest.approx(0.0225 / 0.02)
    assert tried(0.04, history).peak_used == pytest.approx(0.0225 / 0.04)
    told = try_levels(VAR, None, Levels(0.04, 0.03, dynamic=True), history).notes
    assert told == ("performance and regime move it: thresholds are tried as they moved then",)
    lent = try_levels(VAR, Levels(0.04, 0.03, dynamic=True), Levels(0.05, 0.03), history).notes
    (told,) = lent
    assert told.endswith(
        "move only its own thresholds, which are tried as they moved then; the others stand still"
    )


def test_over_a_limit_of_zero_whatever_was_held_is_too_much() -> None:
    held = past([0.0, MOST_USED, 0.0], hard=0.0)
    found = tried(0.1, held)

    assert (found.crossings, found.hours_over_hard, found.peak_used) == (1, 1.0, MOST_USED)
    assert tried(0.0, past([0.0, 0.0])).peak_used == 0.0


def test_what_cannot_be_told_is_said() -> None:
    capped = try_levels(VAR, Levels(0.05, 0.04), Levels(1.0, 0.9), past([MOST_USED]))
    assert "beyond 9.99 times the threshold then in force" in capped.notes[0]

    nothing = try_levels(VAR, Levels(0.05, 0.04), Levels(0.04, 0.03), EMPTY)
    assert (nothing.before, nothing.after) == (None, None)
    assert nothing.notes == ("nothing is stored of what it would measure",)

    single = try_levels(definition("order_notional"), Levels(9.0, 8.0), None, past([0.0]))
    assert (single.before, single.after) == (None, None)
    assert "it limits single orders" in single.notes[0]


# --- laws ----------------------------------------------------------------------------------

_USED = st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60)


@given(_USED, st.floats(0.01, 0.2), st.data())
def test_agrees_with_walking_through_the_hours(used: list[float], hard: float, data) -> None:
    """Oracle: a loop that remembers when it was last above."""
    gaps = data.draw(st.lists(st.integers(1, 30), min_size=len(used), max_size=len(used)))
    begins = np.cumsum(gaps).tolist()
    found = tried(hard, past(used, begins=begins))
    crossings, last, hours = 0, None, 0
    for begin, value in zip(begins, (0.05 * each for each in used), strict=True):
        if value > hard * (1 + 1e-9):
            crossings += last is None or begin - last >= 24
            last, hours = begin, hours + 1

    assert (found.crossings, found.hours_over_hard) == (crossings, hours)
    assert found.peak_used == pytest.approx(min(MOST_USED, 0.05 * max(used) / hard))


@given(_USED, st.floats(0.01, 0.2), st.floats(0.1, 1.0))
def test_a_lower_threshold_is_never_over_for_less_time(
    used: list[float], hard: float, part: float
) -> None:
    before, after = tried(hard, past(used)), tried(part * hard, past(used))

    assert after.hours_over_hard >= before.hours_over_hard
    assert after.peak_used >= before.peak_used
    assert after.refusing_since is not None or before.refusing_since is None
