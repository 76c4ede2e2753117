"""One's own login: password, second factor, and where one is signed in."""

import html
import re

import pyotp
import pytest

from pages.desk.account import picture_of
from risk.domain.actors import Role
from risk.domain.events import Parting, PersonSignedOut
from tests.fakes_people import PASSWORD
from tests.pages.visits import Visit

NEW = "another long password"
SESSION = "seawall_session"


@pytest.fixture
def visit(dashboard, people) -> Visit:
    people.admit("ana", Role.OFFICER)
    people.admit("tim", Role.TRADER)
    return Visit(dashboard, people)


@pytest.fixture
def ana(visit) -> Visit:
    visit.sign_in("ana")
    return visit


def said(answer) -> str:
    """What a page says at its top."""
    [found] = re.findall(r'role="(?:alert|status)">.*?<p>(.*?)</p>', answer.text, re.DOTALL)
    return html.unescape(found)


def secret_in(answer) -> str:
    [typed] = re.findall(r'class="sw-desk-secret">([A-Z2-7 ]+)<', answer.text)
    return typed.replace(" ", "")


def test_it_says_who_one_is_what_one_may_and_since_when(ana):
    page = ana.get("/account").text

    assert "ana, officer" in page
    assert "<li>overriding a breaker</li>" in page
    assert "<li>managing people and keys</li>" not in page
    assert "since 2024-01-01 12:00 UTC" in page


def test_it_says_when_power_begins(visit, people):
    people.admit("root", Role.ADMIN)
    first = people.office.add(people.actor("root"), "oda", Role.OFFICER)
    visit.sign_in("oda", first)
    visit.post("/account/password", old=first, new=NEW, again=NEW)
    new = secret_in(visit.post("/account/factor"))
    visit.post("/account/factor/confirm", code=pyotp.TOTP(new).at(people.now))

    assert "or as soon as another officer vouches" in visit.get("/account").text


def test_a_newcomer_sets_himself_up_and_is_let_in(visit, people):
    people.admit("root", Role.ADMIN)
    first = people.office.add(people.actor("root"), "oda", Role.OFFICER)
    visit.sign_in("oda", first)
    page = visit.get("/account").text
    assert "set a password of your own, then set up a second factor" in page
    assert "Set up" not in page, "one after the other"

    visit.post("/account/password", old=first, new=NEW, again=NEW)
    assert "Before you go on: set up a second factor" in visit.get("/account").text
    new = secret_in(visit.post("/account/factor"))
    answer = visit.post("/account/factor/confirm", code=pyotp.TOTP(new).at(people.now))

    assert answer.headers["Location"] == "/account?done=factor"
    assert visit.get("/live").status_code == 200


# --- password --------------------------------------------------------------------------------


def test_another_password_renews_this_login_and_ends_the_others(ana, people):
    before, other = ana.cookie(SESSION), people.sign_in("ana", code=after(people, "ana")).token
    answer = ana.post("/account/password", old=PASSWORD, new=NEW, again=NEW)

    assert answer.headers["Location"] == "/account?done=password"
    assert "Your password is changed" in said(ana.get("/account?done=password"))
    assert people.desk.find(before) is None
    assert people.desk.find(other) is None
    assert ana.get("/live").status_code == 200


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"old": "wrong"}, "does not fit"),
        ({"again": "something else"}, "not typed the same twice"),
        ({"new": "short", "again": "short"}, "12"),
        ({"new": PASSWORD, "again": PASSWORD}, "the old password"),
        ({"new": "x" * 200, "again": "x" * 200}, "128"),
    ],
)
def test_a_password_that_is_not_taken_says_why_and_changes_nothing(ana, people, form, told):
    answer = ana.post("/account/password", **{"old": PASSWORD, "new": NEW, "again": NEW, **form})

    assert answer.status_code == 400
    assert told in said(answer)
    people.wait(minutes=2)
    assert people.sign_in("ana").token


def after(people, name: str) -> str:
    """The next code: each is good once."""
    people.wait(seconds=60)
    return people.code(name)


# --- second factor ---------------------------------------------------------------------------


def test_a_second_factor_is_shown_as_a_picture_and_as_text_and_counts_once_confirmed(visit, people):
    visit.sign_in("tim")
    answer = visit.post("/account/factor")
    new = secret_in(answer)
    assert "<svg" in answer.text
    assert not people.person("tim").second_factor

    code = pyotp.TOTP(new).at(people.now)
    assert visit.post("/account/factor/confirm", code=code).status_code == 303
    assert people.person("tim").second_factor
    visit.post("/logout")
    assert visit.sign_in("tim").status_code == 401


def test_a_code_that_is_not_of_it_is_refused_and_can_be_given_again(visit, people):
    visit.sign_in("tim")
    new = secret_in(visit.post("/account/factor"))
    answer = visit.post("/account/factor/confirm", code="000000")

    assert answer.status_code == 400
    assert 'name="code"' in answer.text
    code = pyotp.TOTP(new).at(people.now)
    assert visit.post("/account/factor/confirm", code=code).status_code == 303


def test_another_second_factor_needs_a_proof_of_who_one_is(ana, people):
    people.wait(minutes=6)
    answer = ana.post("/account/factor")
    assert answer.status_code == 403
    assert said(answer).startswith("Refused: prove first that it is you")
    assert 'name="proof_password"' in answer.text

    assert ana.post("/account/factor", **ana.proof("ana")).status_code == 200
    assert ana.get("/live").status_code == 200, "by another token"


def test_a_wrong_proof_shows_no_secret(ana, people):
    people.wait(minutes=6)
    answer = ana.post("/account/factor", proof_password="wrong", proof_code="000000")

    assert answer.status_code == 403
    assert "sw-desk-secret" not in answer.text


def test_the_picture_is_drawn_in_the_page_itself():
    drawn = picture_of("otpauth://totp/Seawall:ana?secret=ABC&issuer=Seawall")

    assert drawn.startswith("<svg")
    assert "http://" not in drawn.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in drawn


# --- where one is in -------------------------------------------------------------------------


def test_one_sees_ones_logins_and_ends_any_but_this_one(ana, people):
    other = people.sign_in("ana", code=after(people, "ana"), place="192.0.2.7")
    page = ana.get("/account").text
    assert "web, 192.0.2.7" in page
    assert page.count("End it") == 1

    told = people.listen(PersonSignedOut)
    answer = ana.post("/account/logins/end", login=other.login.id)
    assert answer.headers["Location"] == "/account?done=ended"
    (ended,) = told()
    assert (ended.how, ended.place, ended.login) == (Parting.ENDED, "127.0.0.1", "web, 192.0.2.7")
    assert people.desk.find(other.token) is None


def test_nobody_ends_a_login_of_somebody_else(ana, people):
    other = people.sign_in("tim")
    answer = ana.post("/account/logins/end", login=other.login.id)

    assert answer.status_code == 400
    assert people.desk.find(other.token) is not None


@pytest.mark.parametrize("done", ["nothing", "<script>", ""])
def test_only_what_we_say_is_said(ana, done):
    assert 'role="status"' not in ana.get(f"/account?done={done}").text


# --- without a password here -----------------------------------------------------------------


def test_whom_a_provider_vouches_for_has_neither_here(visit, people):
    people.admit("sue", Role.OFFICER, subject="https://idp.example|7")
    signed = people.desk.sign_in_subject("https://idp.example|7", strong=True)
    visit.set_cookie(SESSION, signed.token)
    page = visit.get("/account").text

    assert "Your provider vouches for you" in page
    assert 'type="password"' not in page
    assert visit.post("/account/password", old="", new=NEW, again=NEW).status_code == 400


def test_in_the_demonstration_it_says_how_to_have_a_login(dashboard, people):
    demo = Visit(dashboard, people)
    page = demo.get("/account").text

    assert "demo viewer" in page
    assert "Enter as officer" in page
    assert "Enter as viewer" not in page
    assert "Enter as viewer" not in demo.get("/people").text
    assert "Enter as officer" in demo.get("/people").text
    assert "seawall users add NAME --role admin" in page
    assert demo.post("/account/password", old="a", new=NEW, again=NEW).status_code == 403
    assert demo.post("/account/factor").status_code == 403
    assert demo.post("/account/logins/end", login="x").status_code == 403
