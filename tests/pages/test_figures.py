"""The chart of equity and VaR."""

import json
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.context import NO_HISTORY, MetricHistory
from pages.figures.history import history_figure
from pages.figures.packing import packed, unpacked, wall_times
from pages.format import UTC_ZONE, zone
from tests.fakes_web import AFTERNOON, build_history

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
DAY = build_history("equity", AFTERNOON - timedelta(days=1), AFTERNOON, 1_000)
VAR = build_history("var_1d_99", AFTERNOON - timedelta(days=1), AFTERNOON, 1_000)


def figure(equity=DAY, var=VAR, chosen=UTC_ZONE):
    return history_figure(equity, var, currency="USD", zone=chosen, scheme="dark")


def test_var_is_drawn_in_per_cent_and_equity_in_money():
    equity, var = figure()["data"]

    assert unpacked(equity["y"]) == pytest.approx(DAY.values, rel=1e-6)
    assert unpacked(var["y"]) == pytest.approx(100.0 * VAR.values, rel=1e-6)


def test_a_thousand_points_fit_into_sixty_kilobytes():
    assert DAY.values.size == 1_000
    assert len(json.dumps(figure())) < 60_000


def test_a_hole_in_what_was_known_is_a_hole_in_the_line():
    times = np.array([0, 1, 2, 3, 500, 501, 502], dtype=np.int64) * 1000
    line = figure(equity=MetricHistory(times, np.arange(7.0)))["data"][0]

    drawn = unpacked(line["y"])
    assert drawn.tolist() == pytest.approx([0, 1, 2, 3, np.nan, 4, 5, 6], nan_ok=True)
    assert line["x"] == sorted(line["x"])


def test_hours_beside_seconds_are_a_line_and_no_row_of_holes():
    hours = np.arange(0, 30 * 3_600, 3_600)
    seconds = hours[-1] + np.arange(10, 1_000, 10)
    times = np.concatenate([hours, seconds]).astype(np.int64) * 1000
    line = figure(equity=MetricHistory(times, np.arange(float(times.size))))["data"][0]

    assert np.isfinite(unpacked(line["y"])).all()


def test_no_history_draws_an_empty_chart():
    assert [trace["y"]["bdata"] for trace in figure(NO_HISTORY, NO_HISTORY)["data"]] == ["", ""]


def test_times_are_texts_in_the_chosen_zone_so_that_no_browser_shifts_them():
    now = int(AFTERNOON.timestamp() * 1000)

    assert wall_times([now], UTC_ZONE) == ["2026-11-12T15:42:18"]
    assert wall_times([now], zone("Europe/Berlin")) == ["2026-11-12T16:42:18"]
    assert figure(chosen=zone("Europe/Berlin"))["data"][0]["x"][-1] == "2026-11-12T16:42:18"


@given(st.lists(st.integers(0, 2_000_000_000), min_size=1, max_size=40), st.sampled_from(ZONES))
def test_each_time_is_as_a_clock_in_the_zone_shows_it(seconds, name):
    chosen = zone(name)

    told = wall_times([1000 * second for second in seconds], chosen)

    assert told == [chosen.wall_time(1000 * second) for second in seconds]


def test_a_matrix_survives_packing():
    matrix = np.arange(6.0).reshape(2, 3)

    assert unpacked(packed(matrix)).tolist() == matrix.tolist()
