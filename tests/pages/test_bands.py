"""The plot of profit and loss against VaR, and the units it is drawn in."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.figures.bands import Bands, BandsPlot, Mark, Running, bands_figure
from pages.figures.measure import OF_EQUITY, of_money
from pages.figures.packing import unpacked

DAY_MS = 86_400_000


def build_plot(count=250, hard=(40, 200), soft=(120,), **changes) -> BandsPlot:
    days = np.datetime64("2026-03-08") + np.arange(count)
    profit = np.sin(np.arange(count)) * 1.5
    profit[list(hard)], profit[list(soft)] = -4.0, -2.5
    marks = [
        Mark(row=row, hard=row in hard, label=f"<b>−4 %</b> day {row}, VaR 3 %", hover=f"day {row}")
        for row in sorted((*hard, *soft), reverse=True)
    ]
    plot = BandsPlot(
        times=[f"{day}T00:00:00" for day in days],
        bar_ms=DAY_MS,
        profit=profit,
        bands=Bands(name="", var_95=np.full(count, 2.0), var_99=np.full(count, 3.0)),
        es_975=np.full(count, 3.1),
        other=None,
        marks=marks,
        running=None,
        measure=OF_EQUITY,
    )
    return replace(plot, **changes)


def traces(plot: BandsPlot) -> dict[str, dict]:
    return {trace["name"]: trace for trace in figure(plot)["data"] if "name" in trace}


def figure(plot: BandsPlot, scheme="dark"):
    return bands_figure(plot, scheme=scheme)


def labels(plot: BandsPlot) -> dict:
    return next(t for t in figure(plot)["data"] if t.get("mode") == "text")


def test_profits_stand_up_losses_hang_down_and_var_bounds_the_losses():
    found = traces(build_plot())

    assert unpacked(found["P&L"]["y"])[40] == pytest.approx(-4.0)
    assert unpacked(found["VaR 99 %"]["y"])[0] == pytest.approx(-3.0)
    assert unpacked(found["VaR 95 %"]["y"])[0] == pytest.approx(-2.0)
    assert unpacked(found["ES 97.5 %"]["y"])[0] == pytest.approx(-3.1)


def test_exceptions_stand_where_their_losses_end_told_apart_without_colour():
    found = traces(build_plot())
    hard, soft = found["Beyond 99 %"], found["Beyond 95 % only"]

    assert (hard["y"], soft["y"]) == ([-4.0, -4.0], [-2.5])
    assert hard["marker"]["symbol"] != soft["marker"]["symbol"]
    assert hard["text"] == ["day 200", "day 40"]


def test_lines_of_two_models_differ_in_dash_and_in_hue():
    other = Bands(name="Plain history", var_95=np.full(250, 1.8), var_99=np.full(250, 2.6))
    found = traces(build_plot(other=other))
    own, compared = found["VaR 99 %"]["line"], found["VaR 99 %, Plain history"]["line"]

    assert own["dash"] != compared["dash"]
    assert own["color"] != compared["color"]


def test_a_day_of_unknown_equity_is_a_hole_and_not_a_zero():
    plot = build_plot()
    plot.profit[7] = np.nan
    plot.bands.var_99[7] = np.nan

    assert math.isnan(unpacked(traces(plot)["P&L"]["y"])[7])
    assert math.isnan(unpacked(traces(plot)["VaR 99 %"]["y"])[7])
    assert traces(plot)["VaR 99 %"]["connectgaps"] is False


def test_the_running_bar_is_a_bar_of_its_own():
    plot = build_plot(running=Running(profit=-0.4, hover="So far"))

    assert traces(plot)["So far"]["y"] == [-0.4]
    assert "So far" not in traces(build_plot())


def test_the_ends_of_the_lines_say_what_they_are_one_clear_of_the_other():
    plot = build_plot(
        bands=Bands(name="", var_95=np.full(250, 2.95), var_99=np.full(250, 3.0)),
        running=Running(profit=-2.97, hover=""),
    )
    layout = figure(plot)["layout"]
    low, high = layout["yaxis"]["range"]
    heights = sorted(
        (high - a["y"]) / (high - low) * 266.0 - a["yshift"] for a in layout["annotations"]
    )

    assert [a["text"].split()[0] for a in layout["annotations"]] == ["95", "so", "<b>99"]
    assert np.diff(heights).min() >= 13.9


@given(st.lists(st.integers(0, 249), min_size=1, max_size=12, unique=True))
def test_no_two_labels_overlap_and_none_leaves_the_plot(rows):
    plot = build_plot(hard=tuple(rows), soft=())
    drawn = labels(plot)
    layout = figure(plot)["layout"]
    low, high = layout["yaxis"]["range"]
    boxes = []
    for time, y, side, text in zip(
        drawn["x"], drawn["y"], drawn["textposition"], drawn["text"], strict=True
    ):
        x = (plot.times.index(time) + 0.5) / 250 * 1080.0
        width = 7.2 * len(text.replace("<b>", "").replace("</b>", "").strip("\u00a0"))
        left = {"right": x + 10, "left": x - 10 - width, "center": x - width / 2}[side.split()[1]]
        boxes.append((left, (high - y) / (high - low) * 266.0, width))

    assert len(boxes) <= 4
    for i, (left, top, width) in enumerate(boxes):
        assert left >= 0.0
        assert left + width <= 1080.0 + layout["margin"]["r"]
        for other_left, other_top, other_width in boxes[:i]:
            beside = left + width <= other_left or other_left + other_width <= left
            assert beside or abs(top - other_top) >= 13.9


def test_a_longer_name_at_the_end_of_a_line_gets_more_room():
    def room(measure):
        return figure(build_plot(measure=measure))["layout"]["margin"]["r"]

    assert room(replace(OF_EQUITY, decimals=4)) > room(OF_EQUITY) >= 7.2 * len("99 % −3.00 %")


def test_the_newest_exceptions_are_labelled():
    drawn = labels(build_plot(hard=tuple(range(10, 250, 40)), soft=()))

    assert "day 210" in " ".join(drawn["text"])
    assert "day 10," not in " ".join(drawn["text"])


def test_one_great_profit_does_not_press_the_losses_flat_and_says_how_great_it_was():
    plot = build_plot()
    plot.profit[100] = 30.0
    low, high = figure(plot)["layout"]["yaxis"]["range"]

    assert high < 1.3 * -low
    assert any("+30.00" in t for trace in figure(plot)["data"] for t in trace.get("text", []))


@pytest.mark.parametrize("count", [0, 1])
def test_a_record_of_no_or_one_bar_is_drawn(count):
    plot = build_plot(count=count, hard=(), soft=())
    if count == 0:
        with pytest.raises(ValueError, match="no bar"):
            figure(plot)
    else:
        assert figure(plot)["layout"]["yaxis"]["tickvals"]


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_no_colour_is_left_to_the_browser(scheme):
    for trace in figure(build_plot(), scheme)["data"]:
        colours = [trace.get(part, {}).get("color") for part in ("line", "marker", "textfont")]
        assert any(colours)


@given(st.floats(-1e6, -1e-3), st.floats(1e-3, 1e6))
def test_ticks_are_round_few_and_count_zero(low, high):
    ticks = OF_EQUITY.ticks(low, high)
    values = [value for value, _ in ticks]

    assert 0.0 in values
    assert 3 <= len(values) <= 9
    assert low <= min(values)
    assert max(values) <= high


def test_figures_are_written_as_everywhere():
    assert OF_EQUITY.figure(-3.01) == "\u22123.01\u00a0%"
    assert [text for _, text in OF_EQUITY.ticks(-4.5, 2.5)][-1] == "+2\u00a0%"
    assert of_money(120_000.0, "USD").title == "k USD"
    assert of_money(120.0, "USD").figure(-5.0) == "\u22125"
