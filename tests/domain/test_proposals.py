"""Who is the same person, and whose word a change needs."""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.actions import Action, AdoptPolicy, Change, ChooseBookModel, Sanction
from risk.domain.people import is_same_person
from risk.domain.proposals import Direction, why_unsanctioned

NOON = datetime(2027, 2, 1, 12, tzinfo=UTC)
NAMES = st.text("abcXYZ09._-", min_size=1, max_size=12)


@pytest.mark.parametrize(
    "other",
    ["Anna", " anna ", "a nna", "ANNA\t", "an\u00a0na", "an\u200bna", "ａｎｎａ", "anna\u202e"],
)
def test_other_letters_and_blanks_make_nobody_another_person(other: str) -> None:
    assert is_same_person("anna", other)


def test_another_name_is_another_person() -> None:
    assert not is_same_person("anna", "anne")
    assert not is_same_person("anna", "anna.b")


@given(NAMES, st.sampled_from([str.upper, str.lower, str.title, " {}\n".format, " ".join]))
def test_it_does_not_matter_how_a_name_is_written(name: str, written: Callable[[str], str]) -> None:
    assert is_same_person(name, written(name))
    assert is_same_person(written(name), name)


@pytest.mark.parametrize("direction", [Direction.TIGHTENS, Direction.NEITHER])
def test_only_what_loosens_needs_another_word(direction: Direction) -> None:
    change = ChooseBookModel(seq=1, at=NOON, who="anna", model="adaptive")

    assert why_unsanctioned(change, direction) is None
    assert why_unsanctioned(change, Direction.LOOSENS) is not None


def test_every_change_carries_by_whose_word_it_holds_and_nothing_by_default() -> None:
    changes = {kind for kind in Action.kinds().values() if issubclass(kind, Change)}

    assert {kind.__name__ for kind in changes} == {
        "AdoptPolicy", "ChooseBookModel", "EndTemporaryLimit", "SetTemporaryLimit",
    }  # fmt: skip
    assert {spec.default for k in changes for spec in fields(k) if spec.name == "sanction"} == {
        None
    }
    assert "Change" not in Action.kinds()
    assert AdoptPolicy in changes


def test_what_is_told_of_a_sanction() -> None:
    assert Sanction(1, "olga").told == "olga"
    assert Sanction(1, alone=True).told == "alone, nobody has a login"
