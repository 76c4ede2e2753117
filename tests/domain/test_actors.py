"""Who may do what."""

import pytest

from risk.domain.actors import ABILITIES, Ability, Role, may

ALLOWED = {
    Ability.VIEW: set(Role),
    Ability.ACKNOWLEDGE_ALERTS: {Role.TRADER, Role.ANALYST, Role.OFFICER},
    Ability.REQUEST_LIMIT: {Role.TRADER, Role.OFFICER},
    Ability.PROPOSE_THRESHOLD: {Role.ANALYST, Role.OFFICER},
    Ability.HALT: {Role.TRADER, Role.ANALYST, Role.OFFICER},
    Ability.OVERRIDE_BREAKER: {Role.OFFICER},
    Ability.APPROVE_CHANGE: {Role.OFFICER},
    Ability.MANAGE_PEOPLE: {Role.ADMIN},
}


@pytest.mark.parametrize("ability", Ability)
def test_an_ability_belongs_to_exactly_these_roles(ability: Ability) -> None:
    assert {role for role in Role if may(role, ability)} == ALLOWED[ability]


def test_every_role_is_in_the_matrix() -> None:
    assert set(ABILITIES) == set(Role)


def test_whoever_gives_out_power_cannot_use_it() -> None:
    assert not may(Role.ADMIN, Ability.OVERRIDE_BREAKER)
    assert not may(Role.OFFICER, Ability.MANAGE_PEOPLE)


def test_stopping_is_easier_than_starting_again() -> None:
    assert ALLOWED[Ability.OVERRIDE_BREAKER] < ALLOWED[Ability.HALT]
