"""Who may do what."""

import pytest

from risk.domain.actors import ABILITIES, Ability, Actor, Role, Via, may, require
from risk.errors import NotAllowed

ALLOWED = {
    Ability.VIEW: set(Role),
    Ability.ACKNOWLEDGE_ALERTS: {Role.TRADER, Role.ANALYST, Role.OFFICER},
    Ability.REQUEST_LIMIT: {Role.TRADER, Role.ANALYST, Role.OFFICER},
    Ability.PROPOSE: {Role.ANALYST, Role.OFFICER},
    Ability.HALT: {Role.TRADER, Role.ANALYST, Role.OFFICER},
    Ability.RESUME: {Role.OFFICER},
    Ability.OVERRIDE: {Role.OFFICER},
    Ability.APPROVE: {Role.OFFICER},
    Ability.MANAGE_PEOPLE: {Role.ADMIN},
    Ability.MANAGE_BOOKS: {Role.ADMIN},
}


@pytest.mark.parametrize("ability", Ability)
def test_an_ability_belongs_to_exactly_these_roles(ability: Ability) -> None:
    assert {role for role in Role if may(role, ability)} == ALLOWED[ability]


def test_every_role_is_in_the_matrix() -> None:
    assert set(ABILITIES) == set(Role)


def test_whoever_gives_out_power_cannot_use_it() -> None:
    assert not may(Role.ADMIN, Ability.OVERRIDE)
    assert not may(Role.ADMIN, Ability.APPROVE)
    assert not may(Role.OFFICER, Ability.MANAGE_PEOPLE)


def test_stopping_is_easier_than_starting_again() -> None:
    assert ALLOWED[Ability.OVERRIDE] < ALLOWED[Ability.HALT]


def test_a_refusal_says_who_can():
    trader = Actor(name="tom", role=Role.TRADER, via=Via.WEB)

    with pytest.raises(
        NotAllowed, match=r"overriding a breaker is not for a trader\. An officer can"
    ):
        require(trader, Ability.OVERRIDE)


def test_while_nobody_has_a_login_whoever_has_the_machine_may_everything():
    operator = Actor(name="root", role=None, via=Via.COMMAND_LINE, has_login=False)

    for ability in Ability:
        require(operator, ability)
