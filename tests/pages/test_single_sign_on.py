"""Signing in by a provider's word: where the browser goes, what it keeps, and what is refused."""

import html
import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import TestResponse

from pages.desk.single_sign_on import CALLBACK_PATH
from pages.paths import SIGN_ON_PATH
from risk.auth.oidc import OidcProvider, OidcSettings
from risk.domain.actors import Role, is_proven
from tests.fakes_provider import CLIENT, SECRET, Provider, query, running_provider, unsigned
from tests.fakes_web import FakeBookReader, FakeChanges
from tests.pages.conftest import PeopleHere, forget_pages
from tests.pages.visits import TLS, Visit, serving, set_cookies

# One of its keys is weak, to be refused.
pytestmark = pytest.mark.filterwarnings("ignore:Key size should be:joserfc.errors.SecurityWarning")

ATTEMPT, SESSION = "seawall_attempt", "seawall_session"


class House:
    """An application with a provider, and people whom that vouches for."""

    def __init__(self, app, people: PeopleHere, provider: Provider) -> None:
        self.app, self.people, self.provider = app, people, provider

    def visit(self) -> Visit:
        return Visit(self.app, self.people)

    def person(self, name: str):
        return self.people.person(name)


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[House]:
    reader = FakeBookReader()
    people = PeopleHere(reader, tmp_path_factory.mktemp("home"))
    with running_provider(people.wall) as provider:
        people.admit("root", Role.ADMIN)
        people.admit("tim", Role.TRADER, subject=f"{provider.issuer}#tim")
        people.admit("ana", Role.OFFICER, subject=f"{provider.issuer}#ana")
        settings = OidcSettings(
            issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, name="Acme"
        )
        sign_on = OidcProvider(settings, wall=people.wall)
        with serving(FakeChanges(reader), people, forget_pages, sign_on=sign_on) as app:
            yield House(app, people, provider)


@pytest.fixture
def house(running: House) -> House:
    fresh = Provider(running.people.wall, issuer=running.provider.issuer)
    vars(running.provider).update(vars(fresh))
    running.people.wait(seconds=60)
    return running


@pytest.fixture
def visit(house: House) -> Visit:
    return house.visit()


def begun(visit: Visit, next_: str = "/limits") -> str:
    """Where the browser is sent."""
    answer = visit.get(f"{SIGN_ON_PATH}?next={next_}")
    assert answer.status_code == 303
    return answer.headers["Location"]


def come(
    house: House, visit: Visit, subject: str, next_: str = "/limits", **answer
) -> TestResponse:
    """There and back."""
    house.provider.subject = subject
    back = house.provider.visited(begun(visit, next_)) | answer
    return visit.get(f"{CALLBACK_PATH}?{query(back)}")


def said(answer: TestResponse, status: int = 403) -> str:
    assert answer.status_code == status, answer.text
    [found] = re.findall(r'role="alert">.*?<p>(.*?)</p>', answer.text, re.DOTALL)
    return html.unescape(found)


def who(house: House, visit: Visit):
    token = visit.cookie(SESSION)
    return None if token is None else house.people.desk.find(token)


# --- there and back ------------------------------------------------------------------------


def test_the_log_in_page_offers_it(visit):
    page = visit.get("/login?next=/breakers").text

    assert 'href="/login/sso?next=/breakers"' in page
    assert "Sign in with Acme" in page


def test_nobody_is_sent_there_without_having_asked_for_it(visit):
    assert visit.get("/limits").headers["Location"] == "/login?next=/limits"


def test_whoever_comes_back_is_who_the_provider_says_and_where_he_wanted_to_be(house, visit):
    answer = come(house, visit, "tim")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/limits")
    assert who(house, visit).person.name == "tim"
    assert visit.get("/limits").status_code == 200


def test_what_the_browser_keeps_meanwhile_is_kept_from_scripts_and_gone_afterwards(house, visit):
    there = visit.get(SIGN_ON_PATH)
    cookies = set_cookies(there)
    asked = dict(parse_qsl(urlsplit(there.headers["Location"]).query))
    back = house.provider.visited(there.headers["Location"])
    visit.get(f"{CALLBACK_PATH}?{query(back)}")

    assert cookies[ATTEMPT] >= {"httponly", "samesite=lax", "path=/", "max-age=600"}
    assert asked["redirect_uri"] == f"{visit.url}{CALLBACK_PATH}"
    assert visit.cookie(ATTEMPT) is None


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"],
)
def test_nothing_leads_to_another_site_afterwards(house, visit, elsewhere):
    assert come(house, visit, "tim", elsewhere).headers["Location"] == "/"


def test_each_time_the_token_is_another_one_and_the_one_before_opens_nothing(house, visit):
    visit.set_cookie(SESSION, "planted")
    come(house, visit, "tim")
    first = visit.cookie(SESSION)
    visit.post("/logout")
    come(house, visit, "tim")

    assert len({first, visit.cookie(SESSION), "planted"}) == 3
    assert house.people.desk.find(first) is None


def test_over_tls_nothing_is_sent_without_it(house):
    reader = FakeBookReader()
    sign_on = OidcProvider(
        OidcSettings(issuer=house.provider.issuer, client_id=CLIENT), wall=house.people.wall
    )
    with serving(FakeChanges(reader), house.people, lambda: None, sign_on=sign_on, site=TLS) as app:
        answer = Visit(app, house.people, TLS.url).get(SIGN_ON_PATH)
    asked = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    assert set_cookies(answer)["__Host-seawall-attempt"] >= {"secure", "httponly", "path=/"}
    assert asked["redirect_uri"] == f"{TLS.url}{CALLBACK_PATH}"


# --- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        ({"claims": {"nonce": "another"}}, "another attempt to sign in"),
        ({"claims": {"aud": "another"}}, "for another program"),
        ({"claims": {"exp": 1}}, "it has expired"),
        ({"claims": {"iss": "https://other.example"}}, "another provider's"),
        ({"sign": unsigned}, "not signed by the provider"),
    ],
)
def test_a_lie_signs_nobody_in_and_is_told_in_words(house, visit, lie, told):
    vars(house.provider).update(lie)

    assert told in said(come(house, visit, "tim"))
    assert who(house, visit) is None


def test_a_code_counts_once(house, visit):
    back = house.provider.visited(begun(visit))
    attempt = visit.cookie(ATTEMPT)
    visit.get(f"{CALLBACK_PATH}?{query(back)}")
    thief = house.visit()
    thief.set_cookie(ATTEMPT, attempt)

    assert "does not know its code" in said(thief.get(f"{CALLBACK_PATH}?{query(back)}"))
    assert "not begun in this browser" in said(visit.get(f"{CALLBACK_PATH}?{query(back)}"))
    assert who(house, thief) is None


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(house, visit):
    """Somebody leads it to the end of his own way in."""
    his = house.provider.visited(begun(house.visit()))

    assert "not begun in this browser" in said(visit.get(f"{CALLBACK_PATH}?{query(his)}"))
    begun(visit)
    assert "another attempt" in said(visit.get(f"{CALLBACK_PATH}?{query(his)}"))
    assert who(house, visit) is None


def test_an_answer_that_comes_too_late_is_refused(house, visit):
    back = house.provider.visited(begun(visit))
    house.people.wait(minutes=11)

    assert "too long ago" in said(visit.get(f"{CALLBACK_PATH}?{query(back)}"))


@pytest.mark.parametrize("cookie", ["", "x", "1.sign_in.x.y", "é"])
def test_a_cookie_that_is_none_of_ours_is_refused(house, visit, cookie):
    back = house.provider.visited(begun(visit))
    visit.set_cookie(ATTEMPT, cookie)

    assert "not begun in this browser" in said(visit.get(f"{CALLBACK_PATH}?{query(back)}"))


def test_an_answer_that_says_a_thing_twice_is_refused(house, visit):
    back = query(house.provider.visited(begun(visit)))

    assert "not begun" in said(visit.get(f"{CALLBACK_PATH}?{back}&state=another"))


def test_whoever_is_bound_to_no_login_is_told_by_what_an_admin_knows_him(house, visit):
    told = said(come(house, visit, "stranger"))

    assert "you have no login here that is in force" in told
    assert f"{house.provider.issuer}#stranger" in told
    assert who(house, visit) is None


def test_what_somebody_is_called_there_is_never_taken_for_a_part_of_the_page(house, visit):
    answer = come(house, visit, "<script>alert(1)</script>")

    assert "<script>alert" not in answer.text


def test_a_provider_that_does_not_answer_is_said_so_and_passwords_go_on(house, visit):
    house.provider.status = 500
    house.people.wait(hours=2)

    answer = visit.get(SIGN_ON_PATH)
    assert "<h1>Single sign-on does not answer</h1>" in answer.text
    assert said(answer, 503) == "Acme does not answer now; try again later."
    assert visit.sign_in("root").status_code == 303


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        ("temporarily_unavailable", 503, "Single sign-on does not answer"),
        ("server_error", 503, "Single sign-on does not answer"),
        ("access_denied", 403, "Refused"),
        ("anything", 403, "Refused"),
    ],
)
def test_what_the_provider_cannot_do_now_is_no_refusal(house, visit, error, status, title):
    asked = dict(parse_qsl(urlsplit(begun(visit)).query))
    back = {"state": asked["state"], "iss": house.provider.issuer, "error": error}
    answer = visit.get(f"{CALLBACK_PATH}?{query(back)}")

    assert said(answer, status).startswith("Acme did not sign you in: ")
    assert f"<h1>{title}</h1>" in answer.text


def test_nobody_is_told_a_secret_by_an_answer_or_the_log(house, visit, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    answers = [visit.get(SIGN_ON_PATH), come(house, visit, "tim")]
    vars(house.provider).update(claims={"nonce": "another"})
    answers.append(come(house, house.visit(), "tim"))
    written = caplog.text + "".join(capsys.readouterr())

    for secret in (SECRET, "s3cret", visit.cookie(SESSION)):
        assert secret not in written
        assert not any(secret in answer.text for answer in answers)
    assert not any(code in written for code in house.provider.given)


# --- a second factor -----------------------------------------------------------------------


def test_an_officer_whose_provider_asked_for_a_second_factor_is_in(house, visit):
    house.provider.claims = {"amr": ["pwd", "mfa"]}

    assert come(house, visit, "ana").headers["Location"] == "/limits"
    assert is_proven(who(house, visit).actor, house.people.now)


def test_else_he_gives_a_code_of_his_own_before_anything_opens(house, visit):
    answer = come(house, visit, "ana")
    page = visit.get("/account").text

    assert answer.headers["Location"] == "/account"
    assert visit.get("/limits").headers["Location"] == "/account"
    assert "give a code of your second factor" in page
    assert "Set up" not in page
    assert visit.post("/account/factor").status_code == 400, "no other one in its place"
    assert visit.post("/account/factor/confirm", code="000000").status_code == 403
    house.people.wait(seconds=60)
    confirmed = visit.post("/account/factor/confirm", code=house.people.code("ana"))
    assert confirmed.status_code == 303
    assert visit.get("/limits").status_code == 200


# --- proving it again ----------------------------------------------------------------------


@pytest.fixture
def ana(house, visit) -> Visit:
    """Signed in, at a provider where she did so this morning."""
    morning = int((house.people.now - timedelta(hours=4)).timestamp())
    house.provider.claims = {"amr": ["mfa"], "auth_time": morning}
    come(house, visit, "ana")
    house.provider.claims = {"amr": ["mfa"]}
    assert not is_proven(who(house, visit).actor, house.people.now)
    return visit


def test_whoever_is_signed_in_is_asked_for_his_password_there_and_has_proved_it(house, ana):
    before = ana.cookie(SESSION)
    come(house, ana, "ana", "/breakers")
    asked = [parameters for path, parameters in house.provider.asked if path == "/authorize"][-1]

    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    assert is_proven(who(house, ana).actor, house.people.now)
    assert house.people.desk.find(before) is None


def test_a_provider_that_only_remembers_him_proves_nothing(house, ana):
    house.provider.claims |= {"auth_time": int((house.people.now - timedelta(hours=4)).timestamp())}

    assert "does not say that you signed in anew" in said(come(house, ana, "ana"))
    assert not is_proven(who(house, ana).actor, house.people.now)


def test_nobody_else_proves_it_for_him(house, ana):
    assert "somebody else than is signed in here" in said(come(house, ana, "tim"))
    assert who(house, ana).person.name == "ana"
    assert not is_proven(who(house, ana).actor, house.people.now)


def test_whoever_signed_out_meanwhile_has_proved_nothing(house, ana):
    house.provider.subject = "ana"
    back = house.provider.visited(begun(ana))
    attempt = ana.cookie(ATTEMPT)
    ana.post("/logout")
    ana.set_cookie(ATTEMPT, attempt)

    assert "not begun" in said(ana.get(f"{CALLBACK_PATH}?{query(back)}"))
    assert who(house, ana) is None


def test_a_dialog_that_asks_for_a_proof_leads_there(house, ana):
    layout = ana.get("/_dash-layout").json

    assert '"href": "/login/sso"' in json.dumps(layout)


# --- without one ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", [SIGN_ON_PATH, CALLBACK_PATH])
def test_without_a_provider_there_is_no_such_page(visit_without, path):
    assert visit_without.get(path).status_code == 404


@pytest.fixture
def visit_without(dashboard, people) -> Visit:
    people.admit("tim", Role.TRADER)
    return Visit(dashboard, people)
