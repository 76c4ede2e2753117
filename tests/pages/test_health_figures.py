"""The traffic light over time, and the histogram of outcomes among their forecasts."""

from dataclasses import replace

import numpy as np
import pytest

from pages.figures.health import LightPlot, band_names, light_figure, spread_figure
from pages.figures.packing import unpacked
from pages.theme import TOKENS, state_colors
from risk.measures.backtest import band_ranges, band_test, rolling_exceptions

LEVELS = (0.95, 0.975, 0.99)


def build_plot(days=300, broken=(40, 41, 200)) -> LightPlot:
    exceeded = np.zeros(days, dtype=bool)
    exceeded[list(broken)] = True
    rolling = rolling_exceptions(exceeded)
    first = np.datetime64("2026-01-01")
    return LightPlot(
        times=[f"{first + day}T00:00:00" for day in np.arange(days)],
        end=f"{first + days}T00:00:00",
        exceptions=rolling.exceptions,
        periods=rolling.periods,
        amber_from=rolling.amber_from,
        red_from=rolling.red_from,
        broken={day: f"day {day}" for day in broken},
    )


def trace(figure, name):
    return next(each for each in figure["data"] if each.get("name") == name)


def test_the_line_counts_exceptions_and_falls_when_one_is_too_long_ago():
    line = trace(light_figure(build_plot(), scheme="dark"), "Exceptions")
    counted = unpacked(line["y"])

    assert counted[[39, 40, 41, 289, 290, 291]].tolist() == [0, 1, 2, 3, 2, 1]
    assert line["customdata"][99] == 100
    assert line["x"][-1] == "2026-10-28T00:00:00"
    assert len(line["x"]) == len(counted) == len(line["customdata"]) == 301
    assert line["customdata"][-1] == 250


def test_each_exception_is_marked_on_the_line():
    plot = build_plot()
    marks = trace(light_figure(plot, scheme="light"), "Beyond 99 %")

    assert marks["x"] == [plot.times[day] for day in (40, 41, 200)]
    assert marks["y"] == [1, 2, 3]
    assert marks["text"] == ["day 40", "day 41", "day 200"]


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_zones_end_between_two_numbers_and_have_the_colours_of_their_states(scheme):
    green, amber, red = light_figure(build_plot(), scheme=scheme)["data"][:3]

    assert unpacked(green["y"])[-1] == 4.5
    assert unpacked(amber["y"])[-1] == 9.5
    assert unpacked(red["y"])[-1] >= 10.0
    fills = [state_colors(state, scheme).tint for state in ("normal", "throttled", "halted")]
    assert [each["fillcolor"] for each in (green, amber, red)] == fills


def test_zones_are_named_beside_the_plot():
    figure = light_figure(build_plot(), scheme="dark")
    named = [each["text"] for each in figure["layout"]["annotations"]]

    assert named == ["red", "amber", "green"]


def test_a_light_that_is_deep_in_the_red_stays_inside_the_plot():
    figure = light_figure(build_plot(broken=range(100, 140)), scheme="dark")

    assert figure["layout"]["yaxis"]["range"][1] == 41.0


def test_a_light_without_a_day_is_refused():
    with pytest.raises(ValueError, match="no day"):
        light_figure(replace(build_plot(), times=[]), scheme="dark")


# -- bands ----------------------------------------------------------------------------------


def spread_of(counts, levels=LEVELS, scheme="dark"):
    bands = band_test(np.repeat(np.arange(len(counts)), counts), levels)
    return spread_figure(levels, bands, *band_ranges(sum(counts), levels), scheme=scheme)


def test_bands_are_named_by_their_levels():
    assert [name.replace("\u00a0", " ") for name in band_names(LEVELS)] == [
        "up to 95 %",
        "95 to 97.5 %",
        "97.5 to 99 %",
        "beyond 99 %",
    ]


def test_a_bar_is_as_long_as_its_band_is_full():
    figure = spread_of([190, 5, 3, 2])

    assert unpacked(figure["data"][0]["x"]).tolist() == pytest.approx([1.0, 1.0, 1.0, 1.0])
    told = [each["text"] for each in figure["layout"]["annotations"]]
    assert told == ["190 for 190.0", "5 for 5.0", "3 for 3.0", "2 for 2.0"]


def test_the_line_over_a_bar_is_what_chance_explains():
    fewest, most = band_ranges(200, LEVELS)
    drawn = spread_of([190, 5, 3, 2])["data"][1]["x"]

    assert drawn[9:11] == pytest.approx([fewest[3] / 2.0, most[3] / 2.0])
    assert drawn[2::3] == [None] * 4


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_band_beyond_chance_is_marked_by_colour_and_by_bold_words(scheme):
    figure = spread_of([180, 5, 3, 12], scheme=scheme)
    colours = figure["data"][0]["marker"]["color"]

    assert colours[3] == state_colors("throttled", scheme).fill
    assert colours[1] == TOKENS["bar"].of(scheme)
    told = [each["text"] for each in figure["layout"]["annotations"]]
    assert told[3] == "<b>12 for 2.0</b>"
    assert told[1] == "5 for 5.0"
    assert figure["layout"]["xaxis"]["range"][1] > 6.0


def test_bands_without_an_outcome_are_refused():
    bands = band_test(np.array([0]), LEVELS)._replace(counts=np.zeros(4, dtype=int))
    with pytest.raises(ValueError, match="no outcome"):
        spread_figure(LEVELS, bands, *band_ranges(1, LEVELS), scheme="dark")
