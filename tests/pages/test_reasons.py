"""One rule for a reason wherever one is asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.reasons import reason_fault, typed_line
from risk.domain.asking import LONGEST_REASON, checked_reason


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (None, "Write a reason"),
        (" \n", "Write a reason"),
        ("x" * (LONGEST_REASON + 1), "A reason has 500 letters at most, this one 501"),
        ("odd\u202etext", "A reason is made of printable letters"),
        ("in two\nlines", ""),
    ],
)
def test_what_a_reason_lacks_is_told(said, fault):
    assert reason_fault(said) == fault


@given(st.text())
def test_what_lacks_nothing_is_taken_by_the_actions(said):
    if not reason_fault(said):
        assert checked_reason(typed_line(said)) == typed_line(said)
