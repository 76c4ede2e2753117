"""Who gets past the gate, and as whom."""

import pytest

from pages.context import FeedInfo
from pages.cookies import CSRF_COOKIE, CSRF_HEADER
from pages.origin import Site
from pages.personas import COOKIE, chosen_persona
from pages.places import local_path
from risk.domain.actors import Role
from risk.errors import StoreUnavailable
from tests.pages.conftest import forget_pages
from tests.pages.visits import CALLBACK, HERE, TLS, Visit, serving, set_cookies

PAGES = ["/", "/breakers", "/limits?book=demo", "/account", "/people", "/nowhere"]
ASKED_BY_SCRIPTS = ["/live", "/_dash-layout", "/_dash-dependencies", "/_reload-hash"]
FREE = ["/assets/seawall.js", "/healthz", "/login", "/_favicon.ico"]
UPDATE = {"output": "a.b", "outputs": {"id": "a", "property": "b"}, "inputs": [], "state": []}


@pytest.fixture
def visit(dashboard, people) -> Visit:
    return Visit(dashboard, people)


@pytest.fixture
def ana(visit, people) -> Visit:
    """A trader, signed in."""
    people.admit("ana")
    visit.sign_in("ana")
    return visit


# --- the demonstration -----------------------------------------------------------------------


def test_a_simulated_market_where_nobody_has_a_login_is_a_demonstration(visit):
    assert visit.get("/live").status_code == 200
    assert visit.get("/live").headers["Seawall-Visitor"] == "demo%20viewer"


def test_another_market_is_none(reader, changes, people):
    reader.feed = FeedInfo(label="file old.csv", simulated=False)
    with serving(changes, people, forget_pages) as app:
        assert_closed(Visit(app, people))


def test_once_anybody_had_a_login_it_is_over_for_ever(visit, people):
    people.admit("ana")
    visit.set_cookie(COOKIE, "officer")

    assert_closed(visit)


def test_another_name_of_this_machine_is_none(reader, changes, people):
    """It listens to other machines, whatever the start made sure of."""
    with serving(changes, people, forget_pages, site=Site(host="0.0.0.0")) as app:
        assert_closed(Visit(app, people, "http://10.0.0.5:8050"))
        assert Visit(app, people, "http://127.0.0.1:8050").get("/live").status_code == 200


@pytest.mark.parametrize("header", ["X_Forwarded_For", "Forwarded", "X_Real_IP", "Via"])
def test_through_a_proxy_there_is_none(changes, people, header):
    with serving(changes, people, forget_pages, site=TLS) as app:
        assert_closed(Visit(app, people, TLS.url), **{header: "127.0.0.1"})


def assert_closed(visit: Visit, **headers: str) -> None:
    assert visit.get("/live", **headers).status_code == 401
    assert visit.get("/", **headers).headers["Location"] == "/login"


def test_whoever_comes_first_is_a_viewer(visit):
    layout = visit.get("/_dash-layout").text

    assert "demo viewer" in layout
    assert "Enter as officer" in layout


@pytest.mark.parametrize("role", ["viewer", "trader", "analyst", "officer"])
def test_one_may_enter_as(visit, role):
    visit.get("/")
    answer = visit.post("/enter", role=role, next="/breakers?book=demo")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/breakers?book=demo")
    assert {"httponly", "path=/", "samesite=lax"} <= set_cookies(answer)[COOKIE]
    assert f"demo {role}" in visit.get("/_dash-layout").text


@pytest.mark.parametrize("role", ["admin", "operator", "", "demo officer", None])
def test_nobody_else_may_be_entered_as(visit, role):
    visit.get("/")

    assert visit.post("/enter", role=role).status_code == 403
    assert chosen_persona({COOKIE: str(role)}).name == "demo viewer"


def test_of_a_persona_no_proof_can_be_asked():
    assert not chosen_persona({COOKIE: "officer"}).has_login


def test_with_a_login_nobody_is_entered_as(ana):
    assert ana.post("/enter", role="officer").status_code == 403
    assert ana.get("/live").headers["Seawall-Visitor"] == "ana"


# --- with logins -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_a_page_leads_the_anonymous_to_the_login_and_back(visit, people, path):
    people.admit("ana")
    answer = visit.get(path)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login")
    visit.get(answer.headers["Location"])
    form = {"name": "ana", "password": "correct horse battery", "next": path}
    assert visit.post("/login", **form).headers["Location"] == path


@pytest.mark.parametrize("path", ASKED_BY_SCRIPTS)
def test_what_scripts_ask_for_is_refused_in_one_sentence(visit, people, path):
    people.admit("ana")
    answer = visit.get(path)

    assert answer.status_code == 401
    assert answer.json == {"problem": "Your session has ended: sign in again."}


def test_no_callback_and_no_form_is_answered_to_the_anonymous(visit, people):
    people.admit("ana")
    visit.get("/login")

    assert visit.call(UPDATE).status_code == 401
    assert visit.post("/prove", password="x").status_code == 401
    for path, back in [
        ("/account/password", "/login?next=/account"),
        ("/people/ana", "/login?next=/people/ana"),
        ("/vouching", "/login?next=/vouching"),
        ("/logout", "/login"),
        ("/enter", "/login"),
    ]:
        answer = visit.post(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, back)


@pytest.mark.parametrize("path", FREE)
def test_what_holds_no_numbers_is_free(visit, people, path):
    people.admit("ana")

    assert visit.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/healthz/", "/assetsx", "//live", "/assets/../live"])
def test_what_only_looks_free_is_not(visit, people, path):
    people.admit("ana")
    answer = visit.get(path)

    assert answer.status_code in (302, 401, 404)
    assert "cycle" not in answer.text


@pytest.mark.parametrize("token", ["", "x", "x" * 3_000, "seawall", "é\x7f", "a;b"])
def test_a_token_that_opens_nothing_is_nobody(visit, people, token):
    people.admit("ana")
    visit.set_cookie("seawall_session", token)

    assert visit.get("/live").status_code == 401


def test_whoever_is_signed_in_is_let_through_as_himself(ana):
    assert ana.get("/live").headers["Seawall-Visitor"] == "ana"
    assert "ana, trader" in ana.get("/_dash-layout").text


def test_a_login_that_was_ended_opens_nothing_from_the_next_request_on(ana, people):
    [login] = people.desk.logins_of("ana")
    people.desk.end_login("ana", login.id)

    assert ana.get("/live").status_code == 401


def test_a_browser_that_asks_by_itself_keeps_no_login_from_ending(ana, people):
    for _ in range(31):
        people.wait(minutes=1)
        last = ana.get("/live")

    assert last.status_code == 401


@pytest.mark.parametrize(
    "act",
    [
        lambda ana: ana.get("/live?acted=1"),
        lambda ana: ana.get("/limits"),
        lambda ana: ana.call(UPDATE | {"changedPropIds": ["button.n_clicks"]}),
    ],
)
def test_whoever_does_something_goes_on(ana, people, act):
    for _ in range(31):
        people.wait(minutes=1)
        act(ana)

    assert ana.get("/live").status_code == 200


def test_an_update_that_a_new_cycle_asks_for_is_nobodys_doing(ana, people):
    for _ in range(31):
        people.wait(minutes=1)
        ana.call(UPDATE | {"changedPropIds": ["live.data"]})

    assert ana.get("/live").status_code == 401


def test_a_wall_goes_on_showing_for_whoever_may_only_look(visit, people):
    people.admit("wall", Role.VIEWER)
    visit.sign_in("wall")
    for _ in range(60):
        people.wait(minutes=2)
        last = visit.get("/live")

    assert last.status_code == 200


# --- who must set up his login first ---------------------------------------------------------


@pytest.fixture
def newcomer(visit, people) -> Visit:
    people.admit("root", Role.ADMIN)
    first = people.office.add(people.actor("root"), "olaf", Role.OFFICER)
    assert visit.sign_in("olaf", first).headers["Location"] == "/account"
    return visit


@pytest.mark.parametrize("path", ["/", "/limits", "/vouching", "/people", "/nowhere"])
def test_a_newcomer_is_led_to_his_account_from_everywhere(newcomer, path):
    assert newcomer.get(path).headers["Location"] == "/account"


def test_a_newcomer_is_told_nothing_of_the_book(newcomer):
    for path in ("/live", "/_dash-layout", "/_dash-dependencies"):
        answer = newcomer.get(path)
        assert (answer.status_code, answer.json["problem"][:11]) == (403, "Your login ")
    assert newcomer.call(UPDATE).status_code == 403
    assert newcomer.post("/prove", password="x").status_code == 403
    assert newcomer.post("/vouching", who="ana/1").headers["Location"] == "/account"


def test_a_newcomer_may_leave(newcomer):
    assert newcomer.post("/logout").headers["Location"] == "/login"


# --- while the database is away --------------------------------------------------------------


def test_nobody_is_let_in_while_it_cannot_be_known_who_he_is(visit, people):
    people.store.fail_with = StoreUnavailable("the database did not answer within 2 s")
    visit.set_cookie("seawall_session", "whatever")
    answer = visit.get("/live")

    assert answer.status_code == 503
    told = "Nobody can be let in now: the database did not answer within 2 s."
    assert answer.json == {"problem": told}
    assert (visit.get("/login").status_code, visit.get("/limits").text) == (503, f"{told}\n")


def test_whoever_was_here_a_moment_ago_is_still_known(ana, people):
    assert ana.get("/live").status_code == 200
    people.store.fail_with = StoreUnavailable("the database is gone")

    assert ana.get("/live").headers["Seawall-Visitor"] == "ana"


def test_the_demonstration_goes_on_for_a_while_too(visit, people):
    assert visit.get("/live").status_code == 200
    people.store.fail_with = StoreUnavailable("the database is gone")

    assert visit.get("/live").status_code == 200


# --- by which name ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "host", "answered"),
    [
        (Site(host="127.9.9.9"), "127.9.9.9:8050", True),
        (Site(host="10.0.0.5"), "10.0.0.5:8050", True),
        (Site(host="10.0.0.5"), "localhost:8050", True),
        (Site(host="10.0.0.5"), "10.0.0.6", False),
        (Site(host="risk.lan"), "risk.lan:8050", True),
        (Site(host="risk.lan"), "evil.example", False),
        (Site(host="0.0.0.0"), "192.0.2.7:8050", True),
        (Site(host="::"), "[2001:db8::7]:8050", True),
        (Site(host="0.0.0.0"), "evil.example", False),
        (TLS, "risk.example", True),
        (TLS, "Risk.Example:443", True),
        (TLS, "risk.example:8050", False),
        (TLS, "127.0.0.1:8050", False),
        (TLS, "localhost", False),
    ],
)
def test_only_names_that_are_ours_are_answered(changes, people, site, host, answered):
    with serving(changes, people, forget_pages, site=site) as app:
        answer = app.server.test_client().get("/login", headers={"Host": host})

    assert (answer.status_code != 403) is answered


def test_behind_a_proxy_the_machine_itself_still_sees_whether_it_lives(changes, people):
    with serving(changes, people, forget_pages, site=TLS) as app:
        client = app.server.test_client()
        assert client.get("/healthz", headers={"Host": "127.0.0.1:8050"}).status_code == 200
        assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 403


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via"]
)
@pytest.mark.parametrize("site", [Site(), Site(host="10.0.0.5"), Site(host="0.0.0.0")])
def test_a_proxy_that_no_setting_names_is_refused(changes, people, site, header):
    with serving(changes, people, forget_pages, site=site) as app:
        answer = app.server.test_client().get("/", headers={header: "127.0.0.1"})

    assert answer.status_code == 403


# --- whose page asks -------------------------------------------------------------------------


@pytest.mark.parametrize("brought", ["", "something else", "é", "x" * 4_000])
def test_a_post_without_the_pages_token_is_refused(visit, brought):
    visit.get("/")
    answer = visit.call({}, **{CSRF_HEADER: brought})

    assert answer.status_code == 403
    assert "load it again" in answer.text


def test_the_token_of_another_login_is_refused(ana, people):
    people.admit("bob")
    other = people.sign_in("bob")

    assert ana.call({}, **{CSRF_HEADER: other.login.csrf}).status_code == 403


def test_a_token_that_somebody_planted_in_the_cookie_is_refused(ana):
    """It is compared with what the login holds, not with the cookie."""
    ana.set_cookie(CSRF_COOKIE, "planted")
    assert ana.call(UPDATE).status_code == 403

    ana.set_cookie(CSRF_COOKIE, "planted")
    assert ana.post("/account/logins/end", login="x").status_code == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_whatever_is_no_question_needs_an_own_page(visit, method):
    visit.get("/")
    answer = visit.client.open(CALLBACK, method=method, base_url=HERE)

    assert answer.status_code == 403


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://localhost"])
def test_a_post_from_elsewhere_is_refused_even_with_the_token(ana, origin):
    headers = {CSRF_HEADER: ana.cookie(CSRF_COOKIE)} | ({"Origin": origin} if origin else {})
    answer = ana.client.post(CALLBACK, base_url=HERE, json=UPDATE, headers=headers)

    assert answer.status_code == 403


def test_behind_a_proxy_only_the_public_address_is_an_own_page(changes, people):
    people.admit("ana")
    with serving(changes, people, forget_pages, site=TLS) as app:
        visit = Visit(app, people, TLS.url)
        assert visit.sign_in("ana").status_code == 303
        assert visit.post("/logout", {"Origin": "http://127.0.0.1:8050"}).status_code == 403
        assert visit.post("/logout", {"Origin": "http://risk.example"}).status_code == 403
        assert visit.post("/logout").status_code == 303


def test_a_browser_gets_its_token_with_the_first_page(visit):
    assert {"samesite=strict", "path=/"} <= set_cookies(visit.get("/"))[CSRF_COOKIE]


# --- where to --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/breakers", "/limits?book=demo&range=7d", "/a#b", "/a//b"])
def test_a_path_of_ours_is_gone_back_to(path):
    assert local_path(path) == path


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "breakers",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "/a\r\nSet-Cookie: b=c",
        "/\tevil",
        " /a",
        "/a b",
        "/" + "a" * 3_000,
        "javascript:alert(1)",
    ],
)
def test_nothing_leads_to_another_site(visit, people, address):
    assert local_path(address) == "/"
    people.admit("ana")
    assert visit.sign_in("ana", next=address).headers["Location"] == "/"
