"""The parts of a screen."""

import re
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pages.components.basics import help_mark
from pages.components.metrics import Rank, kept_together, rank_words, sparkline
from pages.components.notices import empty_state, error_state, loading_state
from pages.components.risk_table import RiskRow, RiskTable, risk_table
from pages.components.states import STATE_LOOKS, look_of, state_badge
from pages.glossary import GLOSSARY
from pages.glyphs import SHAPES
from risk.domain.state import TradingState
from tests.pages.trees import part, parts, words


def test_every_state_has_a_look_and_no_two_look_alike():
    assert set(STATE_LOOKS) == set(TradingState)
    assert len({look.word for look in STATE_LOOKS.values()}) == len(TradingState)
    assert len({look.shape for look in STATE_LOOKS.values()}) == len(TradingState)
    assert all(look.shape in SHAPES for look in [*STATE_LOOKS.values(), look_of(None)])


def test_a_badge_is_never_colour_alone():
    badge = state_badge(look_of(TradingState.HALTED), "badge")

    assert words(badge) == "HALTED"
    assert [p["data-glyph"] for p in parts(badge) if "data-glyph" in p] == ["halted"]


@pytest.mark.parametrize("key", GLOSSARY)
def test_each_term_is_explained_by_definition_formula_and_reading(key):
    term, text = GLOSSARY[key], words(help_mark(key))

    for sentence in (term.definition, term.formula, term.reading):
        assert sentence in text
    assert f"About: {term.name}" in str(parts(help_mark(key)))


series = st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=80)


def _points(values, **more):
    style = part(sparkline(values, "spark", label="x", **more), "spark")["style"]["maskImage"]
    path = re.search(r"d=%22M(.*?)%22", style).group(1)
    return [tuple(map(float, point.split())) for point in path.split("L")]


@given(series)
def test_a_sparkline_stays_inside_its_box(values):
    for x, y in _points(values):
        assert 0.0 <= x <= 56.0
        assert 0.0 <= y <= 24.0


@given(series)
def test_higher_values_are_never_drawn_lower(values):
    heights = [y for _, y in _points(values)]

    for a, ya in zip(values, heights, strict=True):
        for b, yb in zip(values, heights, strict=True):
            assert not (a > b and ya > yb)


def test_a_move_below_the_least_span_is_drawn_small_and_in_the_middle():
    heights = [y for _, y in _points([0.390, 0.391], least_span=0.01)]

    assert heights == [13.0, 11.0]
    assert [y for _, y in _points([0.0, 0.02], least_span=0.01)] == [21.0, 3.0]


def test_a_course_of_one_value_is_not_drawn_and_says_so():
    assert "too short to draw" in str(parts(sparkline([1.0], "spark", label="Equity")))


def test_lines_of_a_context_break_between_its_parts():
    assert kept_together("1 h 0.16 % · BTC alone 7.1 %").split(" ") == [
        "1\u00a0h\u00a00.16\u00a0%\u00a0·",
        "BTC\u00a0alone\u00a07.1\u00a0%",
    ]
    assert kept_together("no beta of BTC yet") == "no beta of BTC yet"


def test_a_rank_says_its_window():
    assert rank_words(Rank(97, timedelta(days=90), 400)) == "97th percentile, 90\u00a0d"


def test_a_share_that_nobody_knows_has_a_dashed_bar_and_its_word():
    row = RiskRow("BTC", "long", 100.0, 1.0, None, None)
    table = risk_table(RiskTable("Strategy", "USD", (row,), row))

    assert "unknown" in words(table)
    assert "sw-bar-unknown" in str(parts(table))


def test_names_with_odd_letters_make_valid_ids():
    row = RiskRow("Größe/1 (x)", "long", 100.0, 1.0, 0.5, 10.0)
    ids = [
        p["id"] for p in parts(risk_table(RiskTable("Strategy", "USD", (row,), row))) if "id" in p
    ]

    assert all(re.fullmatch(r"[\w-]+", name) for name in ids)


def test_placeholders_say_what_to_do():
    assert words(empty_state("No book", "Add one.")) == "No book Add one."
    assert parts(error_state("Broken", "Look."))[0]["role"] == "alert"
    assert parts(loading_state("VaR"))[0]["aria-busy"] == "true"


@given(st.lists(st.text(min_size=1, max_size=6), unique=True, min_size=2, max_size=6))
@example(["BTC-PERP", "BTC/PERP", "btc perp"])
@example(["table", "rows", "total", "content"])
def test_no_two_rows_share_an_id_so_a_figure_never_lands_in_the_row_of_another(names):
    rows = tuple(RiskRow(name, "long", 1.0, 0.0, 0.5, 1.0) for name in names)
    content = RiskTable("Asset", "USD", rows, RiskRow("All", "long", 1.0, 0.0, 1.0, 1.0))

    ids = [props["id"] for props in parts(risk_table(content)) if "id" in props]

    assert len(ids) == len(set(ids))
    assert not any("." in one or "{" in one for one in ids)
