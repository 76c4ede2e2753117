"""Who somebody is, and what he must do before anything else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.actors import NEED_SECOND_FACTOR, Role, Via
from risk.domain.people import Login, Person, Setup, checked_login_name, is_login_name
from risk.errors import InvalidInput

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def person(role: Role = Role.OFFICER, **differently) -> Person:
    return Person(
        name="olga", role=role, created=NOW, created_by="anna", power_from=NOW, **differently
    )


@pytest.mark.parametrize("name", ["a", "anna", "a.b-c_d1", "x" * 32])
def test_names_are_plain(name: str):
    assert checked_login_name(name) == name


@given(st.text(max_size=40))
def test_whatever_is_a_name_is_one_word_that_nothing_else_is_called(name: str):
    if is_login_name(name):
        assert name == name.strip().lower()
        assert name.isascii()
        assert " " not in name
        assert name != "rule"
    else:
        with pytest.raises(InvalidInput, match="cannot be a name"):
            checked_login_name(name)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("must_change", [True, False])
@pytest.mark.parametrize("second_factor", [True, False])
def test_first_a_password_of_his_own_then_a_second_factor(
    role: Role, must_change: bool, second_factor: bool
):
    one = person(role, must_change=must_change, second_factor=second_factor)

    assert (Setup.PASSWORD in one.setup) == must_change
    assert (Setup.SECOND_FACTOR in one.setup) == (role in NEED_SECOND_FACTOR and not second_factor)
    assert list(one.setup) == sorted(one.setup, key=list(Setup).index)
    assert replace(one, subject="o@x").setup == ()


@pytest.mark.parametrize("setup", [(), (Setup.PASSWORD,), (Setup.SECOND_FACTOR,)])
def test_whoever_must_set_himself_up_has_proved_nothing_yet(setup: tuple[Setup, ...]):
    login = Login(
        id="l1",
        person=person(),
        via=Via.WEB,
        began=NOW,
        seen=NOW,
        proven_at=NOW,
        ends=NOW + timedelta(hours=12),
        csrf="c",
        setup=setup,
    )

    assert login.actor.proven_at == (None if setup else NOW)
    assert (login.actor.name, login.actor.role, login.actor.has_login) == (
        "olga",
        Role.OFFICER,
        True,
    )
