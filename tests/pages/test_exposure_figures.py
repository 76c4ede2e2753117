"""The figures of the Exposure page, whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.context import NO_HISTORY, MetricHistory
from pages.figures.exposure import Layer, Step, change_figure, course_figure, layers_figure
from pages.figures.packing import unpacked
from pages.format import UTC_ZONE, axis_unit
from pages.theme import TOKENS, others_fill, series_fill

HOUR = 3_600_000
START = 1_794_441_600_000
TIMES = np.array([START + HOUR * n for n in range(4)])
SPAN = (START, START + 3 * HOUR)
LOOK = {"currency": "USD", "zone": UTC_ZONE, "scheme": "dark"}


def traces(figure):
    return {trace["name"]: trace for trace in figure["data"]}


def test_exposures_are_drawn_in_a_unit_that_axis_and_hover_name():
    gross = MetricHistory(TIMES, np.array([1.2e6, 1.3e6, 1.4e6, 1.5e6]))
    net = MetricHistory(TIMES, np.array([-2e5, 0.0, 1e5, 2e5]))
    figure = course_figure({"Gross": gross, "Net": net}, SPAN, **LOOK)

    assert list(traces(figure)) == ["Gross", "Net"]
    assert unpacked(traces(figure)["Gross"]["y"]) == pytest.approx([1.2, 1.3, 1.4, 1.5])
    assert unpacked(traces(figure)["Net"]["y"]) == pytest.approx([-0.2, 0.0, 0.1, 0.2])
    assert traces(figure)["Net"]["hovertemplate"].endswith(" m USD")
    assert figure["layout"]["yaxis"]["ticksuffix"].endswith("m")


def test_lines_are_told_apart_by_more_than_their_colour():
    course = MetricHistory(TIMES, np.ones(4))
    figure = course_figure(dict.fromkeys(("Gross", "Net", "Long", "Short"), course), SPAN, **LOOK)
    lines = [trace["line"] for trace in figure["data"]]

    assert len({line["dash"] for line in lines}) == len(lines)


def test_a_book_without_history_draws_an_empty_range_and_no_nan():
    figure = course_figure({"Gross": NO_HISTORY}, SPAN, **LOOK)

    assert traces(figure)["Gross"]["x"] == []
    assert len(figure["layout"]["xaxis"]["range"]) == 2
    assert layers_figure([], [], None, SPAN, **LOOK)["data"] == []


def test_both_charts_share_their_ends_however_much_is_known():
    late = MetricHistory(TIMES[2:], np.ones(2))
    above = course_figure({"Gross": late}, SPAN, **LOOK)
    below = layers_figure(TIMES.tolist(), [Layer("BTC", np.ones(4))], None, SPAN, **LOOK)

    assert above["layout"]["xaxis"]["range"] == below["layout"]["xaxis"]["range"]


def test_longs_are_piled_above_zero_and_shorts_below_it():
    turned = Layer("BTC", np.array([100.0, 50.0, -50.0, -100.0]))
    figure = layers_figure(TIMES.tolist(), [turned], None, SPAN, **LOOK)
    long, short = traces(figure)["BTC"], traces(figure)["BTC short"]

    assert unpacked(long["y"]).tolist() == [100.0, 50.0, 0.0, 0.0]
    assert unpacked(short["y"]).tolist() == [0.0, 0.0, -50.0, -100.0]
    assert (long["stackgroup"], short["stackgroup"]) == ("long", "short")
    assert long["fillcolor"] == short["fillcolor"] == series_fill(0, "dark")


def test_what_has_no_hue_of_its_own_is_grey():
    layers = [Layer(name, np.ones(4)) for name in "ABCD"]
    figure = layers_figure(TIMES.tolist(), layers, Layer("others", np.ones(4)), SPAN, **LOOK)

    assert traces(figure)["others"]["fillcolor"] == others_fill("dark")
    assert len({trace["fillcolor"] for trace in figure["data"]}) == 5


# -- the bridge -----------------------------------------------------------------------------


STEPS = (Step("Positions", 20_000.0), Step("Prices", -50_000.0))


def bridge(before=60_000.0, steps=STEPS, scheme="dark"):
    after = before + sum(step.added for step in steps)
    return change_figure(before, steps, after, names=("12 Nov", "Now"), scheme=scheme)


def bars(figure):
    return [trace for trace in figure["data"] if trace["type"] == "bar"]


def test_each_cause_stands_where_the_one_before_it_ended():
    first, positions, prices, last = bars(bridge())

    assert (first["base"], first["y"]) == ([0.0], [60.0])
    assert (positions["base"], positions["y"]) == ([60.0], [20.0])
    assert (prices["base"], prices["y"]) == ([80.0], [-50.0])
    assert (last["base"], last["y"]) == ([0.0], [30.0])


def test_what_adds_is_filled_and_what_takes_away_is_hollow():
    _, positions, prices, _ = bars(bridge())

    assert positions["marker"] == {"color": TOKENS["accent"].dark}
    assert prices["marker"]["color"] == "rgba(0,0,0,0)"
    assert prices["marker"]["line"]["color"] == TOKENS["accent"].dark


def test_every_bar_has_its_value_above_it_in_a_place_of_its_own():
    (labels,) = [trace for trace in bridge()["data"] if trace["type"] == "scatter"]

    assert labels["x"] == ["12 Nov", "Positions", "Prices", "Now"]
    assert [text.replace("\u00a0", " ") for text in labels["text"]] == [
        "60.0 k",
        "+20.0 k",
        "−50.0 k",
        "30.0 k",
    ]
    assert labels["y"] == [60.0, 80.0, 80.0, 30.0]


def test_a_small_change_is_drawn_over_an_axis_that_says_where_it_begins():
    figure = bridge(100_000.0, (Step("Prices", 1_000.0),))
    floor = figure["layout"]["yaxis"]["range"][0]
    (note,) = figure["layout"]["annotations"]

    assert floor == pytest.approx(100.0 - 2.02)
    assert note["text"].replace("\u00a0", " ") == "axis begins at 98.0 k"
    assert all(bar["base"][0] >= floor for bar in bars(figure))


def test_a_large_change_is_drawn_from_zero():
    assert bridge()["layout"]["yaxis"]["range"][0] == 0.0
    assert bridge()["layout"]["annotations"] == []


amounts = st.floats(-1e7, 1e7).map(lambda value: round(value, 2))


@given(amounts, st.lists(amounts, min_size=1, max_size=4), st.sampled_from(["dark", "light"]))
def test_whatever_changed_all_bars_lie_inside_the_axis_and_lead_from_one_total_to_the_other(
    before, added, scheme
):
    steps = [Step(f"Cause {n}", amount) for n, amount in enumerate(added)]
    figure = bridge(before, steps, scheme)
    low, high = figure["layout"]["yaxis"]["range"]
    ends = [end for bar in bars(figure) for end in (bar["base"][0], bar["base"][0] + bar["y"][0])]
    slack = 1e-9 * max(1.0, abs(low), abs(high))

    assert np.isfinite([low, high, *ends]).all()
    assert low < high
    assert all(low - slack <= end <= high + slack for end in ends)
    assert bars(figure)[-1]["base"][0] + bars(figure)[-1]["y"][0] == pytest.approx(
        bars(figure)[-2]["base"][0] + bars(figure)[-2]["y"][0], abs=slack
    )


@pytest.mark.parametrize(
    ("largest", "unit"), [(0.0, ""), (999.0, ""), (2_000.0, "k"), (3e6, "m"), (-4e9, "bn")]
)
def test_an_axis_has_the_unit_of_its_largest_amount(largest, unit):
    assert axis_unit(largest)[0] == unit
