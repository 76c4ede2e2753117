"""Who asks and why, in texts that can be kept for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.asking import (
    LONGEST_NAME,
    LONGEST_REASON,
    can_name_a_book,
    checked_id,
    checked_name,
    checked_reason,
    one_line,
)
from risk.errors import InvalidInput

CHECKS = [
    (checked_name, LONGEST_NAME),
    (checked_reason, LONGEST_REASON),
    (checked_id, LONGEST_NAME),
]


@pytest.mark.parametrize(("check", "longest"), CHECKS)
@pytest.mark.parametrize("text", ["", "   ", "two\nlines", "tab\there", "\u202ebackwards", "\x00"])
def test_text_that_says_nothing_or_could_fool_a_reader_is_refused(check, longest, text):
    with pytest.raises(InvalidInput, match=f"{longest} printable letters at most"):
        check(text)


@pytest.mark.parametrize(("check", "longest"), CHECKS)
def test_there_is_an_end_to_every_text(check, longest):
    assert check("x" * longest) == "x" * longest
    with pytest.raises(InvalidInput):
        check("x" * (longest + 1))


def test_blanks_around_names_and_reasons_go():
    assert (checked_name(" ana "), checked_reason(" fat finger ")) == ("ana", "fat finger")


@given(text=st.text(max_size=60), longest=st.integers(1, 40))
def test_whatever_somebody_made_up_becomes_one_line_that_can_be_read(text, longest):
    line = one_line(text, longest)

    assert len(line) == min(len(text), longest)
    assert line.isprintable()
    assert one_line(line, longest) == line
    assert one_line(text, None).isprintable()


def test_what_would_not_be_seen_becomes_a_mark_and_what_is_too_long_is_cut():
    assert one_line("a\n\x1b[2J\u202eb") == "a\ufffd\ufffd[2J\ufffdb"
    assert one_line("x" * 400_000) == "x" * (LONGEST_NAME - 1) + "…"


@pytest.mark.parametrize("name", ["", "Main", "-a", "a" * 65, "a\n", "/people", "ａ"])
def test_what_cannot_be_a_book_names_none(name):
    assert not can_name_a_book(name)
    assert can_name_a_book("a" * 64)
