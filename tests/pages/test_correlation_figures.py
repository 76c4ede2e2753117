"""The charts of the correlation screen, as dicts."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.context import NO_HISTORY, MetricHistory
from pages.figures.correlation import (
    CorrelationMap,
    Level,
    PairDays,
    framed,
    map_figure,
    mean_figure,
    pair_figure,
    scatter_figure,
    spread_apart,
)
from pages.figures.packing import unpacked
from pages.format import UTC_ZONE
from pages.theme import SCHEMES, correlation_scale
from risk.measures.dependence import tightness

DAY_MS = 86_400_000
DAYS = 1_760_000_000_000 // DAY_MS * DAY_MS + DAY_MS * np.arange(200)


def matrix(count: int, seed: int = 1) -> np.ndarray:
    shocks = np.random.default_rng(seed).standard_normal((60, count))
    return np.atleast_2d(np.corrcoef(shocks + shocks[:, :1], rowvar=False))


def build_map(values: np.ndarray, **changes) -> CorrelationMap:
    names = [f"A{i}" for i in range(len(values))]
    content = {
        "assets": [f"{name}/USDT" for name in names],
        "rows": names,
        "columns": names,
        "values": values,
        "span": 1.0,
        "signed": False,
        "hover": {"Now": values, "Difference": -values},
    }
    return CorrelationMap(**{**content, **changes})


def drawn(figure: dict, kind: str, **wanted) -> list[dict]:
    return [
        trace
        for trace in figure["data"]
        if trace["type"] == kind and all(trace.get(k) == v for k, v in wanted.items())
    ]


# -- the map --------------------------------------------------------------------------------


def test_each_pair_stands_in_the_lower_triangle_once():
    values = matrix(5)
    cells = unpacked(map_figure(build_map(values), "dark")["data"][0]["z"])

    np.testing.assert_allclose(cells[np.tril_indices(5, -1)], values[np.tril_indices(5, -1)], 1e-6)
    assert np.isnan(cells[np.triu_indices(5)]).all()


def test_numbers_are_written_as_everywhere_and_in_black_or_white():
    values = np.array([[1.0, -0.8123], [-0.8123, 1.0]])
    (numbers,) = drawn(map_figure(build_map(values), "dark"), "scatter", mode="text")

    assert numbers["text"] == ["−0.81", "1.00", "1.00"]
    assert (numbers["x"][0], numbers["y"][0]) == (0, 1)
    assert numbers["textfont"]["color"][0] in ("#000000", "#ffffff")


def test_differences_bear_their_sign_and_stretch_the_colours():
    values = np.array([[0.0, 0.1], [0.1, 0.0]])
    figure = map_figure(build_map(values, span=0.2, signed=True), "light")
    (numbers,) = drawn(figure, "scatter", mode="text")

    assert numbers["text"] == ["+0.10", "0.00", "0.00"]
    assert unpacked(figure["data"][0]["z"])[1, 0] == pytest.approx(0.5)
    assert figure["data"][0]["zmin"] == -1


def test_a_pair_that_nobody_knows_is_struck_out_and_told_as_unknown():
    values = matrix(3)
    values[2, 0] = values[0, 2] = math.nan
    figure = map_figure(build_map(values), "dark")
    (strikes,) = drawn(figure, "scatter", mode="lines")
    (numbers,) = drawn(figure, "scatter", mode="text")

    assert unpacked(strikes["x"])[:2].tolist() == pytest.approx([-0.4, 0.4])
    assert unpacked(strikes["y"])[:2].tolist() == pytest.approx([2.4, 1.6])
    assert figure["data"][0]["customdata"][2][0] == ["A2 and A0", "unknown", "unknown"]
    assert len(numbers["text"]) == 2 + 3
    assert drawn(map_figure(build_map(matrix(3)), "dark"), "scatter", mode="lines") == []


def test_the_pointer_is_told_both_names_and_every_view():
    pairs = map_figure(build_map(np.array([[1.0, 0.5], [0.5, 1.0]])), "dark")["data"][0]

    assert pairs["customdata"] == [[], [["A1 and A0", "0.50", "−0.50"]]]
    assert pairs["hovertemplate"] == (
        "<b>%{customdata[0]}</b><br>Now %{customdata[1]}"
        "<br>Difference %{customdata[2]}<extra></extra>"
    )


@pytest.mark.parametrize(("count", "numbered"), [(2, True), (14, True), (15, False), (100, False)])
def test_numbers_stand_only_where_they_fit(count, numbered):
    figure = map_figure(build_map(matrix(count)), "dark")

    assert bool(drawn(figure, "scatter", mode="text")) is numbered


@pytest.mark.parametrize("count", [2, 7, 22, 23, 50, 100, 101])
def test_an_axis_names_no_more_assets_than_it_has_room_for(count):
    axes = map_figure(build_map(matrix(count)), "dark")["layout"]

    for axis in (axes["xaxis"], axes["yaxis"]):
        assert len(axis["ticktext"]) <= 22
        assert axis["ticktext"] == [f"A{i}" for i in axis["tickvals"]]
    assert axes["yaxis"]["range"] == [count - 0.5, -0.5]
    assert axes["yaxis"]["scaleanchor"] == "x"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_pair_looked_at_is_framed_in_the_triangle_whichever_way_it_is_said(scheme):
    for picked in (("A1/USDT", "A3/USDT"), ("A3/USDT", "A1/USDT")):
        bare = map_figure(build_map(matrix(5)), scheme)
        figure = framed(bare, picked, scheme)
        (frame,) = figure["layout"]["shapes"]

        assert (frame["x0"], frame["x1"], frame["y0"], frame["y1"]) == (0.5, 1.5, 2.5, 3.5)
        assert figure["layout"]["meta"]["pair"] == list(picked)
        assert figure["data"] is bare["data"]
        assert "shapes" not in bare["layout"]
        assert figure["data"][0]["colorscale"] == correlation_scale(scheme)


# -- lines that end in their name -----------------------------------------------------------


@given(st.lists(st.floats(-500.0, 500.0), max_size=8))
def test_labels_are_moved_apart_in_their_order(places):
    places = sorted(places)
    spread = spread_apart(places, 14.0)

    assert all(b - a >= 14.0 - 1e-6 for a, b in itertools.pairwise(spread))
    assert sum(spread) == pytest.approx(sum(places), abs=1e-6)


def test_labels_far_enough_apart_stay_where_they_are():
    assert spread_apart([0.0, 14.0, 80.0], 14.0) == [0.0, 14.0, 80.0]
    assert spread_apart([10.0, 10.0], 14.0) == [3.0, 17.0]


def test_a_pairs_line_ends_beside_its_named_levels():
    rolling = np.where(np.arange(200) < 59, np.nan, 0.6)
    levels = [
        Level("calm", 0.58, "dot"),
        Level("now", 0.60, "dash"),
        Level("stressed", 0.95, "dot"),
    ]
    figure = pair_figure(DAYS, rolling, levels, zone=UTC_ZONE, scheme="dark")
    layout = figure["layout"]
    labels = sorted(layout["annotations"], key=lambda label: label["y"])
    pixels = (190 - 44) / (layout["yaxis"]["range"][1] - layout["yaxis"]["range"][0])
    heights = [label["y"] * pixels + label["yshift"] for label in labels]

    assert [label["text"] for label in labels] == ["calm 0.58", "now 0.60", "stressed 0.95"]
    assert all(b - a > 13.8 for a, b in itertools.pairwise(heights))
    assert len(figure["data"][0]["x"]) == 200
    assert layout["yaxis"]["range"][0] < 0.58


def test_a_pair_of_which_nothing_is_known_has_an_empty_chart():
    figure = pair_figure(DAYS, np.full(200, np.nan), [], zone=UTC_ZONE, scheme="light")

    assert figure["layout"]["shapes"] == []
    assert figure["layout"]["annotations"] == []


# -- days -----------------------------------------------------------------------------------


def build_days(**changes) -> PairDays:
    x, y = np.random.default_rng(3).normal(0.0, 0.02, (2, 200))
    days = {
        "names": ("BTC", "ETH"),
        "days_ms": DAYS,
        "x": x,
        "y": y,
        "worst": (-0.01, -0.01),
        "slope": 0.5,
    }
    return PairDays(**{**days, **changes})


def test_days_on_which_both_were_among_their_worst_are_marked():
    days = build_days()
    other, joint = scatter_figure(days, zone=UTC_ZONE, scheme="dark")["data"]
    marked = (days.x <= -0.01) & (days.y <= -0.01)

    np.testing.assert_allclose(unpacked(joint["x"]), 100.0 * days.x[marked], rtol=1e-6)
    assert len(joint["text"]) == int(marked.sum())
    assert len(unpacked(other["y"])) == 200 - int(marked.sum())
    assert joint["marker"]["symbol"] != other["marker"].get("symbol")


def test_days_of_one_asset_alone_are_left_out():
    x = build_days().x.copy()
    x[:150] = np.nan
    other, joint = scatter_figure(build_days(x=x), zone=UTC_ZONE, scheme="dark")["data"]

    assert len(unpacked(other["x"])) + len(unpacked(joint["x"])) == 50


def test_neither_a_tail_nor_a_line_is_drawn_where_they_are_unknown():
    days = build_days(worst=(math.nan, math.nan), slope=math.nan)

    assert scatter_figure(days, zone=UTC_ZONE, scheme="dark")["layout"]["shapes"] == []


def test_the_line_through_the_days_has_the_slope_of_beta():
    shapes = scatter_figure(build_days(), zone=UTC_ZONE, scheme="dark")["layout"]["shapes"]
    line = next(shape for shape in shapes if shape["type"] == "line")

    assert (line["y1"] - line["y0"]) / (line["x1"] - line["x0"]) == pytest.approx(0.5)


# -- the mean -------------------------------------------------------------------------------


def rolling_means() -> np.ndarray:
    known = 0.6 + 0.2 * np.sin(np.arange(141) / 20.0)
    return np.concatenate((np.full(59, np.nan), known))


def test_loose_and_tight_times_are_tinted_each_once():
    means = rolling_means()
    usual = tightness(means)
    figure = mean_figure(DAYS, means, usual, NO_HISTORY, zone=UTC_ZONE, scheme="dark")
    bands = [shape for shape in figure["layout"]["shapes"] if shape["type"] == "rect"]
    changes = np.flatnonzero(np.diff(usual.regime, prepend=0))
    begun = [n for n in changes if usual.regime[n] != 0]

    assert len(bands) == len(begun)
    assert len({band["fillcolor"] for band in bands}) == 2
    assert len(figure["data"]) == 1
    assert figure["layout"]["xaxis"]["range"][0] == figure["data"][0]["x"][59]


def test_the_mean_with_newer_days_weighing_more_is_drawn_beside_in_another_line():
    held = MetricHistory(DAYS[100:], np.linspace(0.5, 0.6, 100))
    means = rolling_means()
    figure = mean_figure(DAYS, means, tightness(means), held, zone=UTC_ZONE, scheme="dark")
    measured, modelled = figure["data"]

    assert measured["line"]["dash"] != modelled["line"]["dash"]
    assert measured["line"]["color"] != modelled["line"]["color"]


def test_too_few_means_tint_and_name_nothing():
    means = np.full(200, np.nan)
    figure = mean_figure(DAYS, means, tightness(means), NO_HISTORY, zone=UTC_ZONE, scheme="dark")

    assert figure["layout"]["shapes"] == []
    assert figure["layout"]["annotations"] == []
