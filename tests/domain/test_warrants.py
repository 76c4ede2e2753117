"""By what right something is written: what is true of somebody then, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.actors import ABILITIES, NEEDS_POWER, NEEDS_PROOF, Ability, Actor, Role, Via
from risk.domain.people import Person
from risk.domain.people_store import Account
from risk.domain.warrants import Warrant, require_still
from risk.errors import NotAllowed, ProofNeeded, StoreUnavailable
from tests.fakes_people import MONDAY, FakePeopleStore

ROLES, ABILITY = st.sampled_from(list(Role)), st.sampled_from(list(Ability))
MINUTES = st.integers(-60, 60).map(lambda minutes: timedelta(minutes=minutes))


def kept(role: Role, **differently: object) -> Account:
    person = Person(
        name="olga", role=role, created=MONDAY, created_by="root", power_from=MONDAY,
        second_factor=True,
    )  # fmt: skip
    told = replace(person, **differently)
    factor = "sealed" if told.second_factor else None
    return Account(person=told, password="x", factor=factor, power_by="root", changed_by="root")


@given(
    was=ROLES,
    now=ROLES,
    ability=ABILITY,
    disabled=st.booleans(),
    factor=st.booleans(),
    power=MINUTES,
    proven=MINUTES,
    tightens=st.booleans(),
)
def test_it_is_written_if_and_only_if_all_of_it_is_true_then(
    was, now, ability, disabled, factor, power, proven, tightens
):
    """Oracle: the rules one by one."""
    store = FakePeopleStore()
    account = kept(
        now,
        disabled=MONDAY if disabled else None,
        second_factor=factor,
        power_from=MONDAY + power,
    )
    with store.changing() as work:
        work.keep(account)
    actor = Actor(name="olga", role=was, via=Via.WEB, proven_at=MONDAY + proven)
    factor_owed = now in (Role.OFFICER, Role.ADMIN) and not factor
    stays = was is now and not disabled and not factor_owed
    can = ability in ABILITIES[now] and (ability not in NEEDS_POWER or power <= timedelta())
    is_proven = -timedelta(seconds=5) <= -proven <= timedelta(minutes=5)

    refused: type[Exception] | None = None
    try:
        with store.reading() as view:
            require_still(view, Warrant(actor, ability, tightens), at=MONDAY)
    except (NotAllowed, ProofNeeded) as error:
        refused = type(error)

    if tightens or (stays and can and (ability not in NEEDS_PROOF or is_proven)):
        assert refused is None
    else:
        assert refused is (ProofNeeded if stays and can else NotAllowed)


@pytest.mark.parametrize("role", list(Role))
def test_nobody_is_looked_up_for_what_tightens(role: Role):
    class Nobody:
        def __getattr__(self, name: str) -> object:
            raise StoreUnavailable(f"asked for {name}")

    actor = Actor(name="olga", role=role, via=Via.WEB)
    require_still(Nobody(), Warrant(actor, Ability.HALT, tightens=True), at=MONDAY)  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailable):
        require_still(Nobody(), Warrant(actor, Ability.HALT), at=MONDAY)  # type: ignore[arg-type]
