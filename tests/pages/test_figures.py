"""The chart of equity and VaR."""

import json
from datetime import timedelta

import numpy as np
import pytest

from pages.context import NO_HISTORY, MetricHistory
from pages.figures.history import history_figure, wall_times
from pages.format import UTC_ZONE, zone
from tests.fakes_web import AFTERNOON, build_history

DAY = build_history("equity", AFTERNOON - timedelta(days=1), AFTERNOON, 1_000)
VAR = build_history("var_1d_99", AFTERNOON - timedelta(days=1), AFTERNOON, 1_000)


def figure(equity=DAY, var=VAR, chosen=UTC_ZONE):
    return history_figure(equity, var, currency="USD", zone=chosen, scheme="dark")


def test_var_is_drawn_in_per_cent_and_equity_in_money():
    equity, var = figure()["data"]

    assert equity["y"] == pytest.approx(DAY.values, rel=1e-5)
    assert var["y"] == pytest.approx(100.0 * VAR.values, rel=1e-5)


def test_a_thousand_points_fit_into_seventy_kilobytes():
    assert DAY.values.size == 1_000
    assert len(json.dumps(figure())) < 70_000


def test_a_hole_in_what_was_known_is_a_hole_in_the_line():
    times = np.array([0, 1, 2, 3, 500, 501, 502], dtype=np.int64) * 1000
    line = figure(equity=MetricHistory(times, np.arange(7.0)))["data"][0]

    assert line["y"] == [0.0, 1.0, 2.0, 3.0, None, 4.0, 5.0, 6.0]
    assert line["x"] == sorted(line["x"])


def test_no_history_draws_an_empty_chart():
    assert [trace["y"] for trace in figure(NO_HISTORY, NO_HISTORY)["data"]] == [[], []]


def test_times_are_texts_in_the_chosen_zone_so_that_no_browser_shifts_them():
    now = int(AFTERNOON.timestamp() * 1000)

    assert wall_times([now], UTC_ZONE) == ["2026-11-12T15:42:18"]
    assert wall_times([now], zone("Europe/Berlin")) == ["2026-11-12T16:42:18"]
    assert figure(chosen=zone("Europe/Berlin"))["data"][0]["x"][-1] == "2026-11-12T16:42:18"
