"""What people type into forms is read strictly."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components.typed import (
    PER_CENT,
    PLAIN_SCALE,
    Scale,
    chosen,
    day_typed,
    moment_typed,
    number_typed,
    text_typed,
    texts_typed,
    whole_typed,
    written,
)
from pages.format import UTC_ZONE, zone

SCALES = st.sampled_from([PLAIN_SCALE, PER_CENT, Scale(1, "h")])


@given(st.floats(1e-9, 1e15), SCALES)
def test_a_number_that_is_written_is_read_as_the_very_same(value, scale):
    assert number_typed(written(value, scale), scale).value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2.5", 0.025),
        ("2.5 %", 0.025),
        ("2.5\u00a0%", 0.025),
        ("  7 ", 0.07),
        (".5", 0.005),
        (3, 0.03),
    ],
)
def test_a_share_is_typed_in_per_cent(text, value):
    assert number_typed(text, PER_CENT).value == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Write a number"),
        ("   ", "Write a number"),
        (None, "Write a number"),
        ([], "Write a number"),
        ("NaN", "NaN is no number that could be kept to"),
        ("-inf", "-inf is no number"),
        ("Infinity", "is no number that could be kept to"),
        ("2,5", "Write a point before the decimals and no comma, such as 2.5"),
        ("1,000", "no comma"),
        ("1e9", "Write all digits, without an exponent"),
        ("1_000", "is no number; write digits and a point"),
        ("٣", "is no number"),
        ("two", "'two' is no number"),
        ("5 % %", "is no number"),
        ("9" * 31, "30 digits at most"),
    ],
)
def test_what_could_be_meant_otherwise_is_refused_in_words(text, told):
    found = number_typed(text, PER_CENT)

    assert found.value is None
    assert told in found.fault


@given(st.text() | st.none() | st.integers() | st.floats() | st.lists(st.text()))
def test_whatever_a_browser_sends_is_read_or_refused(sent):
    for found in (
        number_typed(sent),
        whole_typed(sent),
        day_typed(sent),
        moment_typed(sent, UTC_ZONE),
    ):
        assert (found.value is None) or not found.fault


def test_a_minus_is_read_for_the_rules_to_refuse():
    assert number_typed("\u22122", PER_CENT).value == -0.02


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("20", 20)])
def test_a_whole_number(text, value):
    assert whole_typed(text).value == value


@pytest.mark.parametrize("text", ["2.5", "", "1e3"])
def test_no_whole_number(text):
    assert whole_typed(text).fault


def test_text_is_one_line_and_texts_are_told_once():
    assert text_typed(" two\n lines ").value == "two lines"
    assert text_typed(None).value == ""
    assert texts_typed(["a", " a ", "", 3, "b"]).value == ("a", "b")
    assert texts_typed("a").value == ()


def test_one_of_several():
    assert chosen("yes", {"yes": True, "no": False}).value is True
    assert chosen("maybe", {"yes": True, "no": False}).fault == "Choose yes or no"
    assert chosen(None, {"all": 1}).fault == "Choose all"


def test_a_day_may_be_left_out_and_must_be_one():
    assert day_typed("2027-01-31").value == date(2027, 1, 31)
    assert day_typed("") == day_typed(None)
    assert day_typed("2027-02-30").fault == "Write a day that there is, such as 2027-01-31"


def test_a_moment_is_typed_as_the_clocks_of_a_zone_show_it():
    zurich = zone("Europe/Zurich")

    assert moment_typed("2026-11-12T17:30", zurich).value == datetime(
        2026, 11, 12, 16, 30, tzinfo=UTC
    )
    assert moment_typed("17:30", zurich).fault == "Choose day and time"
    assert moment_typed("2026-13-12T17:30", UTC_ZONE).fault == "Choose day and time"
