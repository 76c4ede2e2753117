"""People whom a provider vouches for: what is still asked of them here, and when they prove it."""

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from risk.domain.actors import Role, is_proven
from risk.domain.events import PersonChanged, PersonSignedIn, SignInRefused
from risk.domain.people import Setup, SignedIn
from risk.errors import InvalidInput, LoginRefused
from tests.fakes_people import MONDAY, People

OLGA = "https://id.example#olga"


@pytest.fixture
def olga(people: People) -> People:
    """An officer with a provider, and a second factor here."""
    people.admit("olga", Role.OFFICER, subject=OLGA)
    return people


@pytest.fixture
def bare(olga: People) -> People:
    """The same without a second factor here."""
    with olga.store.changing() as work:
        work.keep(replace(work.account("olga"), factor=None))
    return olga


def came(people: People, *, strong: bool = False, ago: timedelta | None = timedelta(0)) -> SignedIn:
    proven_at = None if ago is None else people.now - ago
    return people.desk.sign_in_subject(OLGA, place="10.0.0.1", strong=strong, proven_at=proven_at)


# --- a second factor -----------------------------------------------------------------------


def test_a_provider_that_asked_for_one_is_enough(olga: People):
    login = came(olga, strong=True).login

    assert login.setup == ()
    assert is_proven(login.actor, olga.now)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER, Role.ANALYST])
def test_nobody_else_needs_one(people: People, role: Role):
    people.admit("olga", role, subject=OLGA)

    assert came(people).login.setup == ()


def test_else_his_own_is_asked_for_before_anything(olga: People):
    signed = came(olga)

    assert olga.desk.find(signed.token).setup == (Setup.SECOND_FACTOR,)
    assert not is_proven(signed.login.actor, olga.now), "until then he has proved nothing"
    given = olga.desk.confirm_second_factor(signed.token, olga.code("olga"))
    assert given.login.setup == ()
    assert olga.desk.find(given.token).setup == ()
    assert olga.desk.find(signed.token) is None, "his token is another one"


def test_he_sets_up_no_other_one_instead(olga: People):
    with pytest.raises(InvalidInput, match="give a code of it"):
        olga.desk.begin_second_factor(came(olga).token)


def test_a_code_counts_once(olga: People):
    first, second = came(olga), came(olga)
    olga.desk.confirm_second_factor(first.token, olga.code("olga"))

    with pytest.raises(LoginRefused):
        olga.desk.confirm_second_factor(second.token, olga.code("olga"))


def test_signing_in_anew_gives_no_further_tries(olga: People):
    told = olga.listen(SignInRefused)
    for _ in range(12):
        with pytest.raises(LoginRefused):
            olga.desk.confirm_second_factor(came(olga).token, "000000")

    with pytest.raises(LoginRefused) as refused:
        olga.desk.confirm_second_factor(came(olga).token, olga.code("olga"))
    assert refused.value.retry_after
    assert any(each.locked for each in told())
    assert {each.tried for each in told()} == {"olga"}


def test_whoever_has_none_sets_one_up_and_is_asked_for_it_from_then_on(bare: People):
    told = bare.listen(PersonChanged)
    signed = came(bare)
    new = bare.desk.begin_second_factor(signed.token)
    set_up = bare.desk.confirm_second_factor(signed.token, pyotp.TOTP(new.secret).at(bare.now))

    assert set_up.login.setup == ()
    assert [each.what for each in told()] == ["set up a second factor"]
    assert came(bare).login.setup == (Setup.SECOND_FACTOR,)
    with pytest.raises(InvalidInput, match="give a code of it"):
        bare.desk.begin_second_factor(came(bare).token)


# --- when he proved it ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "proven"),
    [
        (timedelta(0), True),
        (timedelta(minutes=4), True),
        (timedelta(hours=9), False),
        (timedelta(minutes=-3), True),
        (None, False),
    ],
)
def test_what_he_proved_at_the_provider_counts_from_when_he_did(olga: People, ago, proven):
    login = came(olga, strong=True, ago=ago).login

    assert is_proven(login.actor, olga.now) == proven
    assert login.proven_at <= olga.now


def test_he_proves_it_again_by_the_provider(olga: People):
    signed = came(olga, strong=True, ago=None)
    told = olga.listen(PersonSignedIn)
    again = olga.desk.prove_subject(signed.token, OLGA, strong=True, proven_at=olga.now)

    assert is_proven(again.login.actor, olga.now)
    assert (again.login.id, again.login.setup) == (signed.login.id, ())
    assert olga.desk.find(signed.token) is None
    assert [each.again for each in told()] == [True]


def test_without_a_second_factor_there_it_is_asked_for_here(olga: People):
    signed = came(olga, strong=True)
    again = olga.desk.prove_subject(signed.token, OLGA, strong=False, proven_at=olga.now)

    assert not is_proven(again.login.actor, olga.now)
    given = olga.desk.confirm_second_factor(again.token, olga.code("olga"))
    assert is_proven(given.login.actor, olga.now)


def test_nobody_else_proves_it_for_him(olga: People):
    olga.admit("paul", subject="https://id.example#paul")
    signed = came(olga, strong=True, ago=None)
    told = olga.listen(SignInRefused)

    with pytest.raises(LoginRefused, match="somebody else than is signed in here"):
        olga.desk.prove_subject(
            signed.token, "https://id.example#paul", strong=True, proven_at=olga.now
        )
    assert [each.tried for each in told()] == ["olga"]
    assert not is_proven(olga.desk.find(signed.token).actor, olga.now)


def test_a_login_that_is_over_is_proved_by_nobody(olga: People):
    signed = came(olga, strong=True)
    olga.wait(hours=13)

    with pytest.raises(LoginRefused, match="sign in again"):
        olga.desk.prove_subject(signed.token, OLGA, strong=True, proven_at=olga.now)


def test_the_same_name_at_another_provider_is_somebody_else(olga: People):
    with pytest.raises(LoginRefused, match="no login here"):
        olga.desk.sign_in_subject("https://other.example#olga", strong=True, proven_at=MONDAY)
