"""Signing in and out by the page that the server draws, and proving again who one is."""

import re

import pytest

from pages.cookies import CSRF_COOKIE
from pages.desk import Way
from risk.domain.actors import Role
from risk.errors import LoginRefused
from tests.fakes_people import PASSWORD
from tests.pages.conftest import forget_pages
from tests.pages.visits import TLS, Visit, serving, set_cookies

SESSION, DEVICE = "seawall_session", "seawall_device"
SECURE_SESSION, SECURE_DEVICE = "__Host-seawall", "__Host-seawall-device"


@pytest.fixture
def visit(dashboard, people) -> Visit:
    people.admit("ana", Role.OFFICER)
    people.admit("tim", Role.TRADER)
    return Visit(dashboard, people)


def alert(text: str) -> str:
    """What a page tells in its alert."""
    [found] = re.findall(r'role="alert">.*?<p>(.*?)</p>', text, re.DOTALL)
    return found


# --- the page --------------------------------------------------------------------------------


def test_the_page_asks_for_what_password_managers_know(visit):
    page = visit.get("/login").text

    for name, kind in [
        ("name", "username"),
        ("password", "current-password"),
        ("code", "one-time-code"),
    ]:
        assert re.search(rf'<label for="{name}">', page)
        assert re.search(rf'name="{name}"[^>]*autocomplete="{kind}"', page)
    assert 'method="post"' in page


def test_the_page_needs_no_script_of_its_own(visit):
    answer = visit.get("/login")
    policy = answer.headers["Content-Security-Policy"]

    assert re.findall(r"<script(?![^>]* src=)", answer.text) == []
    assert re.findall(r"\son\w+=", answer.text) == []
    assert "unsafe" not in policy.partition("script-src")[2].partition(";")[0]


def test_the_page_has_the_scheme_that_the_browser_chose(visit):
    visit.set_cookie("sw-scheme", "light")

    assert 'data-mantine-color-scheme="light"' in visit.get("/login").text


def test_where_nobody_has_a_login_the_page_says_how_to_give_the_first(reader, changes, people):
    with serving(changes, people, forget_pages, site=TLS) as app:
        page = Visit(app, people, TLS.url).get("/login").text

    assert "seawall users add NAME --role admin" in page
    assert 'type="password"' not in page


def test_a_further_way_to_sign_in_has_a_button(changes, people):
    people.admit("ana")
    way = Way("Sign in with Example", "/login/sso")
    with serving(changes, people, forget_pages, ways=[way]) as app:
        page = Visit(app, people).get("/login?next=/limits%3Fbook%3Ddemo").text

    assert 'href="/login/sso?next=/limits%3Fbook%3Ddemo"' in page
    assert "Sign in with Example" in page


def test_what_somebody_typed_is_never_taken_for_a_part_of_the_page(visit):
    name = '"><script>alert(1)</script>'
    page = visit.sign_in(name, "wrong").text

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


# --- in --------------------------------------------------------------------------------------


def test_in_leads_to_where_one_wanted_to_go(visit):
    answer = visit.sign_in("ana", next="/breakers?book=demo")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/breakers?book=demo")
    assert visit.get("/live").headers["Seawall-Visitor"] == "ana"


def test_the_login_is_kept_from_scripts_and_other_sites(visit):
    kept = set_cookies(visit.sign_in("ana"))

    assert kept[SESSION] == {"httponly", "path=/", "samesite=lax"}
    assert {"httponly", "path=/", "samesite=lax"} < kept[DEVICE]
    assert "max-age=15552000" in kept[DEVICE]
    assert kept[CSRF_COOKIE] == {"path=/", "samesite=strict"}


def test_over_tls_nothing_is_sent_without_it(changes, people):
    people.admit("ana")
    with serving(changes, people, forget_pages, site=TLS) as app:
        visit = Visit(app, people, TLS.url)
        answer = visit.sign_in("ana")
        kept = set_cookies(answer)

    assert kept[SECURE_SESSION] == {"httponly", "path=/", "samesite=lax", "secure"}
    assert {"secure", "httponly", "path=/"} < kept[SECURE_DEVICE]
    assert kept[CSRF_COOKIE] == {"path=/", "samesite=strict", "secure"}
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_without_tls_nobody_is_told_to_insist_on_it(visit):
    assert "Strict-Transport-Security" not in visit.get("/login").headers


def test_a_token_that_somebody_planted_before_opens_nothing(visit, people):
    """Session fixation."""
    planted = people.sign_in("tim").token
    visit.set_cookie(SESSION, planted)
    visit.get("/login")
    csrf = people.desk.find(planted).csrf
    visit.post("/login", csrf=csrf, name="ana", password=PASSWORD, code=people.code("ana"))

    assert visit.cookie(SESSION) != planted
    assert visit.get("/live").headers["Seawall-Visitor"] == "ana"
    assert people.desk.find(planted) is None


def test_each_time_the_token_is_another_one(visit, people):
    visit.sign_in("tim")
    first = visit.cookie(SESSION), visit.cookie(CSRF_COOKIE)
    visit.post("/logout")
    visit.sign_in("tim")

    assert not set(first) & {visit.cookie(SESSION), visit.cookie(CSRF_COOKIE)}


def test_whence_somebody_came_is_what_our_proxy_says_and_no_other(changes, people):
    people.admit("ana")
    with serving(changes, people, forget_pages, site=TLS) as app:
        visit = Visit(app, people, TLS.url)
        visit.get("/login")
        told = {"X-Forwarded-For": "6.6.6.6, 192.0.2.7"}
        visit.post("/login", told, name="ana", password=PASSWORD)

    [login] = people.desk.logins_of("ana")
    assert login.place == "192.0.2.7"


# --- not in ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("ana", {"password": "wrong"}),
        ("ana", {"code": "000000"}),
        ("ana", {"code": ""}),
        ("ana", {"password": ""}),
        ("nobody", {}),
        ("", {}),
        ("Ana Maria", {}),
        ("a" * 300, {}),
        ("\x00ana", {"password": "\x00"}),
        ("gone", {}),
    ],
)
def test_whatever_is_wrong_one_thing_is_said(visit, people, name, form):
    people.admit("gone", disabled=people.now)
    answer = visit.sign_in(name, **{"code": people.code("ana"), **form})

    assert answer.status_code == 401
    assert alert(answer.text) == alert(visit.sign_in("nobody", "wrong").text)
    assert SESSION not in set_cookies(answer)


@pytest.mark.parametrize("name", ["ana", "nobody"])
def test_whoever_tries_too_often_is_told_when_to_try_again(visit, name):
    for _ in range(6):
        answer = visit.sign_in(name, "wrong")

    assert answer.status_code == 429
    wait = int(answer.headers["Retry-After"])
    assert 0 < wait <= 30
    assert f"tried again in {wait} s" in alert(answer.text)


def test_whoever_signed_in_by_this_browser_before_is_held_up_by_nobody(visit, people):
    visit.sign_in("tim")
    visit.post("/logout")
    for _ in range(12):
        with pytest.raises(LoginRefused):
            people.sign_in("tim", password="wrong", place="6.6.6.6")

    assert visit.sign_in("tim").status_code == 303


def test_a_form_that_is_too_long_is_refused_unread(visit):
    visit.get("/login")
    answer = visit.post("/login", name="ana", password="x" * 20_000)

    assert answer.status_code == 413


# --- out -------------------------------------------------------------------------------------


def test_out_ends_the_login_itself_and_not_only_the_cookie(visit, people):
    visit.sign_in("ana")
    token = visit.cookie(SESSION)
    answer = visit.post("/logout")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert people.desk.find(token) is None
    assert visit.cookie(SESSION) is None
    assert visit.cookie(DEVICE) is not None
    assert visit.get("/").headers["Location"] == "/login"


def test_nobody_is_signed_out_by_a_link(visit):
    visit.sign_in("ana")
    visit.get("/logout")

    assert visit.get("/live").status_code == 200


def test_behind_the_login_nothing_is_kept_by_the_browser(visit):
    visit.sign_in("ana")

    for path in ("/", "/live", "/_dash-layout", "/account", "/vouching", "/login"):
        assert visit.get(path).headers["Cache-Control"] == "no-store"


# --- a login that has ended ------------------------------------------------------------------

ENDED = "Your login has ended: sign in again."


def is_reset(people) -> None:
    people.office.reset(people.actor("root"), "ana", reason="lost it", seen=1)


def is_disabled(people) -> None:
    people.office.disable(people.actor("root"), "ana", reason="left", seen=1)


def is_left_alone(people) -> None:
    people.wait(hours=13)


@pytest.mark.parametrize("happens", [is_reset, is_disabled, is_left_alone])
def test_whose_login_has_ended_is_told_so_and_not_why(visit, people, happens):
    people.admit("root", Role.ADMIN)
    visit.sign_in("ana")
    happens(people)
    led = visit.get("/limits").headers["Location"]

    answer = visit.get(led)
    assert answer.status_code == 200
    assert re.findall(r'role="status">.*?<p>(.*?)</p>', answer.text, re.DOTALL) == [ENDED]
    assert "reset" not in answer.text
    assert "disabled" not in answer.text


def test_whoever_was_not_signed_in_or_signed_out_is_told_of_no_end(visit):
    assert ENDED not in visit.get("/login").text
    visit.sign_in("ana")
    visit.post("/logout")
    assert ENDED not in visit.get("/login").text


def test_a_cookie_that_opens_nothing_is_told_the_same_whosever_it_was(dashboard, visit, people):
    """So that it tells nobody whether there was such a login."""
    visit.sign_in("ana")
    token = visit.cookie(SESSION)
    is_left_alone(people)
    pages = []
    for kept in (token, "of nobody"):
        other = Visit(dashboard, people)
        other.set_cookie(CSRF_COOKIE, "a-strangers-token")
        other.set_cookie(SESSION, kept)
        pages.append(other.get("/login").text)

    assert pages[0] == pages[1]
    assert ENDED in pages[0]


# --- proved again ----------------------------------------------------------------------------


def proved(visit: Visit, people, **form: str):
    people.wait(minutes=6)
    return visit.post("/prove", **{"password": PASSWORD, "code": people.code("ana"), **form})


def test_a_proof_renews_the_login_by_another_token(visit, people):
    visit.sign_in("ana")
    before = visit.cookie(SESSION)
    answer = proved(visit, people)

    assert answer.json == {"seconds": 300.0}
    assert people.desk.find(before) is None
    assert people.desk.find(visit.cookie(SESSION)).proven_at == people.now
    assert visit.call({}).status_code != 403, "the page's token is the new one"


def test_a_wrong_proof_ends_nothing(visit, people):
    visit.sign_in("ana")
    answer = proved(visit, people, password="wrong")

    assert answer.status_code == 403
    assert answer.json["problem"].startswith("That was not you")
    assert visit.get("/live").status_code == 200


def test_too_many_wrong_proofs_must_wait(visit, people):
    visit.sign_in("ana")
    for _ in range(7):
        answer = visit.post("/prove", password="wrong", code="")

    assert int(answer.headers["Retry-After"]) > 0


def test_in_the_demonstration_there_is_nothing_to_prove(dashboard, people):
    demo = Visit(dashboard, people)
    demo.get("/")
    answer = demo.post("/prove", password="x")

    assert answer.status_code == 403
    assert "nobody has a password here" in answer.json["problem"]


def test_in_the_demonstration_nobody_signs_in(dashboard, people):
    demo = Visit(dashboard, people)

    assert demo.get("/login?next=/limits").headers["Location"] == "/limits"
    assert demo.post("/login", name="a", password="b").headers["Location"] == "/"


# --- what is told of secrets -----------------------------------------------------------------


def test_no_answer_and_no_log_line_tells_a_secret(visit, people, capsys):
    """But for the page's own token, which is in its forms."""
    visit.sign_in("ana", "not the password")
    visit.sign_in("ana")
    token = visit.cookie(SESSION)
    pages = [visit.get(path).text for path in ("/account", "/", "/_dash-layout", "/vouching")]
    proved(visit, people, password="nor this one")
    visit.post("/account/password", old="old secret here", new="new", again="other")
    log = capsys.readouterr()

    secrets = [token, PASSWORD, "not the password", "nor this one", "old secret here"]
    told = [*pages, log.out, log.err]
    assert [secret for secret in secrets for text in told if secret in text] == []


def test_every_answer_has_the_headers_that_guard_it(visit):
    for path in ("/login", "/account", "/live", "/nowhere"):
        headers = visit.get(path, Host="localhost").headers
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
