"""Who asks and why, in texts that can be kept for ever."""

import pytest

from risk.domain.asking import (
    LONGEST_NAME,
    LONGEST_REASON,
    checked_id,
    checked_name,
    checked_reason,
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
