"""Who may do what."""

from datetime import UTC, datetime, timedelta

import pytest

from risk.domain.actors import (
    ABILITIES,
    PROOF_LASTS,
    Ability,
    Actor,
    Role,
    Via,
    is_proven,
    may,
    require,
    require_all,
)
from risk.errors import NotAllowed, ProofNeeded

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


NOW = datetime(2024, 1, 1, 12, tzinfo=UTC)


def officer(**differently) -> Actor:
    proven = {"proven_at": NOW, "power_from": NOW}
    return Actor(name="olga", role=Role.OFFICER, via=Via.WEB, **proven | differently)


@pytest.mark.parametrize("ability", [Ability.RESUME, Ability.OVERRIDE, Ability.APPROVE])
def test_what_loosens_needs_a_proof_of_the_last_five_minutes(ability: Ability):
    require_all(officer(), ability, at=NOW + PROOF_LASTS)

    late = NOW + PROOF_LASTS + timedelta(seconds=1)
    with pytest.raises(ProofNeeded, match="prove first that it is you"):
        require_all(officer(), ability, at=late)
    with pytest.raises(ProofNeeded):
        require_all(officer(proven_at=None), ability, at=NOW)
    require_all(officer(proven_at=None), ability, at=NOW, tightens=True)


@pytest.mark.parametrize("ability", [Ability.RESUME, Ability.OVERRIDE, Ability.APPROVE])
def test_what_loosens_needs_power_that_has_begun_however_well_proven(ability: Ability):
    new = officer(power_from=NOW + timedelta(hours=1))

    with pytest.raises(NotAllowed, match=r"begins 2024-01-01 13:00 UTC.*can vouch"):
        require_all(new, ability, at=NOW)
    require_all(new, ability, at=NOW, tightens=True)
    require_all(officer(power_from=None), ability, at=NOW)


def test_looking_and_stopping_need_neither():
    for ability in (Ability.VIEW, Ability.HALT, Ability.PROPOSE):
        require_all(officer(proven_at=None, power_from=NOW + timedelta(hours=1)), ability, at=NOW)


def test_of_nobody_without_a_login_a_proof_is_asked():
    assert is_proven(officer(has_login=False, proven_at=None), NOW)


@pytest.mark.parametrize(("ahead", "proven"), [(0, True), (5, True), (6, False), (6 * 3600, False)])
def test_a_proof_of_the_future_counts_no_more(ahead: int, proven: bool):
    """The clock was set back."""
    assert is_proven(officer(proven_at=NOW + timedelta(seconds=ahead)), NOW) is proven


def test_what_tightens_needs_the_role_all_the_same():
    viewer = Actor(name="vera", role=Role.VIEWER, via=Via.WEB)

    with pytest.raises(NotAllowed, match="stopping trading is not for a viewer"):
        require_all(viewer, Ability.HALT, at=NOW, tightens=True)
