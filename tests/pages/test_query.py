"""What an address means, and what is said when it means nothing."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.query import BY, GROUPINGS, RANGES, Query, parse
from tests.fakes_web import AFTERNOON

words = st.fixed_dictionaries(
    {},
    optional={
        "range": st.one_of(st.sampled_from(sorted(RANGES)), st.text()),
        "tz": st.one_of(st.sampled_from(["UTC", "Europe/Berlin"]), st.text()),
        "by": st.one_of(st.sampled_from(sorted(GROUPINGS)), st.text()),
        "book": st.text(),
    },
)


def test_an_empty_address_means_the_last_day_in_utc_by_asset():
    assert parse({}) == Query()


@given(words)
def test_whatever_stands_in_the_address_a_screen_can_be_shown(address):
    query = parse(address, (BY,))

    assert query.range in RANGES
    assert query.choice("by") in GROUPINGS
    assert query.span(AFTERNOON)[0] < AFTERNOON


@given(words)
def test_an_address_survives_being_written_and_read_again(address):
    query = parse(address, (BY,))

    assert parse(query.as_words(), (BY,)) == query


@pytest.mark.parametrize(
    ("word", "value", "note"),
    [
        ("range", "9h", "There is no range '9h'; 24h is shown."),
        ("kiosk", "yes", "'kiosk' is 1 or 0, not 'yes'; 0 is taken."),
        ("rnage", "7d", "This page does not know the word 'rnage'."),
        ("by", "moon", "There is no grouping 'moon'; asset is shown."),
        ("tz", "Mars/Base", "There is no time zone 'Mars/Base' here; times are UTC."),
    ],
)
def test_a_word_that_means_nothing_is_replaced_and_named(word, value, note):
    assert parse({word: value}, (BY,)).notes == (note,)


def test_of_a_word_said_twice_the_last_counts_and_the_reader_is_told():
    query = parse({"range": ["7d", "1h"], "book": "demo"})

    assert (query.range, query.book) == ("1h", "demo")
    assert query.notes == ("The address says 'range' 2 times; the last one counts.",)


def test_the_range_ends_now():
    assert parse({"range": "7d"}).span(AFTERNOON) == (AFTERNOON - timedelta(days=7), AFTERNOON)


def test_links_carry_the_view_and_leave_out_what_is_as_usual():
    query = parse({"book": "demo", "by": "venue", "range": "24h"}, (BY,))

    assert query.href("/exposure") == "/exposure?book=demo&by=venue"
    assert query.href("/exposure", by="asset", book=None) == "/exposure"
    assert query.href("/", tz="Europe/Berlin", book=None, by=None) == "/?tz=Europe%2FBerlin"
