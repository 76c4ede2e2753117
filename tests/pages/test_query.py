"""What an address means, and what is said when it means nothing."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.query import BY, GROUPINGS, RANGES, Query, parse, words_of
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
        ("by", "moon", "There is no grouping 'moon'; Asset is shown."),
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
    assert query.href("/", tz="Europe/Berlin", book=None, by=None) == "/?tz=Europe/Berlin"


# -- from one time to another --------------------------------------------------------------

SPAN = {"from": "2026-11-10T08:00Z", "to": "2026-11-12T09:30Z"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_range_between_two_times_stands_where_it_is():
    query = parse(SPAN)

    assert query.span(AFTERNOON) == (at("2026-11-10T08:00Z"), at("2026-11-12T09:30Z"))
    assert query.span(AFTERNOON + timedelta(days=9)) == query.span(AFTERNOON)
    assert query.stands_still(AFTERNOON)
    assert query.range_words(AFTERNOON).replace("\u00a0", " ") == "10 Nov 08:00 to 12 Nov 09:30"
    assert query.notes == ()


def test_a_range_that_has_not_ended_yet_grows_until_it_does():
    query = parse({**SPAN, "to": "2026-11-13T00:00Z"})

    assert query.span(AFTERNOON)[1] == AFTERNOON
    assert not query.stands_still(AFTERNOON)
    assert query.span(at("2026-12-01T00:00Z"))[1] == at("2026-11-13T00:00Z")


def test_a_time_may_name_an_offset_and_is_written_in_utc():
    query = parse({"from": "2026-11-10T09:00+01:00", "to": "2026-11-12 09:30"})

    assert query.as_words() == SPAN
    assert query.href("/") == "/?from=2026-11-10T08:00Z&to=2026-11-12T09:30Z"


@pytest.mark.parametrize(
    ("since", "until", "why"),
    [
        ("2026-11-12T09:30Z", "2026-11-10T08:00Z", "it ends before it begins"),
        ("2026-11-10T08:00Z", "2026-11-10T08:00:59Z", "it ends before it begins"),
        ("yesterday", "2026-11-10T08:00Z", "'yesterday' is no time"),
        ("2026-11-10T08:00Z", None, "'nothing' is no time"),
        (None, "2026-11-10T08:00Z", "'nothing' is no time"),
        ("0001-01-01T00:00+23:00", "2026-11-10T08:00Z", "is no time"),
        ("1999-01-01", "2026-01-01", "it is longer than 1830 days"),
    ],
)
def test_ends_that_mean_nothing_are_told_and_the_usual_range_is_shown(since, until, why):
    query = parse({"from": since, "to": until})

    assert query.span(AFTERNOON) == parse({}).span(AFTERNOON)
    assert len(query.notes) == 1
    assert why in query.notes[0]


def test_a_range_that_begins_in_the_future_is_told_until_it_begins():
    query = parse({"from": "2026-12-01T00:00Z", "to": "2026-12-02T00:00Z"})

    assert query.span(AFTERNOON) == parse({}).span(AFTERNOON)
    assert "Nothing is known yet of what follows" in query.still_to_come(AFTERNOON)
    assert query.still_to_come(at("2026-12-01T12:00Z")) is None
    assert query.notes == (), "it was understood"


def test_a_range_of_another_year_that_is_still_to_come_is_told_with_its_year():
    query = parse({"from": "2027-07-01T00:00Z", "to": "2027-07-10T00:00Z"})

    assert query.still_to_come(AFTERNOON) == (
        "Nothing is known yet of what follows 1\u00a0Jul 2027 00:00 UTC; 24h is shown."
    )


def test_the_words_of_an_address_are_those_that_its_links_say():
    query = parse({"range": "7d", "by": "venue", "tz": "Europe/Berlin", "book": "a+b & c"}, (BY,))

    assert parse(words_of(query.href("/exposure")), (BY,)) == query


def test_a_word_said_twice_or_left_blank_is_not_dropped():
    assert words_of("/limits?find=&scope=asset&scope=venue") == {
        "find": "",
        "scope": ["asset", "venue"],
    }
    assert words_of("/limits") == words_of("/limits?") == {}
