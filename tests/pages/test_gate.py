"""Who gets past the gate, and as whom."""

import pytest

from app import create_app
from pages.context import FeedInfo
from pages.cookies import CSRF_COOKIE, CSRF_HEADER
from pages.personas import COOKIE, chosen_persona
from pages.places import local_path
from tests.fakes_actions import actions_over
from tests.pages.conftest import HOST, forgetting_pages

PAGES = ["/", "/breakers", "/live", "/_dash-layout", "/_dash-dependencies"]


def entered(web, **form):
    form = {"csrf": web.get_cookie(CSRF_COOKIE, HOST).value, **form}
    return web.post("/enter", data=form, headers={CSRF_HEADER: ""})


@pytest.fixture
def replay(reader, changes, people):
    """A browser in front of an application over another market than the simulated one."""
    reader.feed = FeedInfo(label="file old.csv", simulated=False)
    with forgetting_pages():
        app = create_app(reader, actions_over(changes), people.desk, people.office)
        yield app.server.test_client()


# --- the demonstration -----------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_a_market_that_is_not_simulated_is_no_demonstration(replay, path):
    assert replay.get(path).status_code == 401


def test_whoever_comes_first_is_a_viewer(web):
    layout = web.get("/_dash-layout").text

    assert "demo viewer" in layout
    assert "Enter as officer" in layout


@pytest.mark.parametrize("role", ["viewer", "trader", "analyst", "officer"])
def test_one_may_enter_as(web, role):
    answer = entered(web, role=role, next="/breakers?book=demo")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/breakers?book=demo")
    [cookie] = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith(COOKIE)]
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert f"demo {role}" in web.get("/_dash-layout").text


@pytest.mark.parametrize("role", ["admin", "operator", "", "demo officer", None])
def test_nobody_else_may_be_entered_as(web, role):
    assert entered(web, **({} if role is None else {"role": role})).status_code == 403
    assert chosen_persona({COOKIE: str(role)}).name == "demo viewer"


def test_of_a_persona_no_proof_can_be_asked():
    assert not chosen_persona({COOKIE: "officer"}).has_login


# --- whose page asks -------------------------------------------------------------------------


@pytest.mark.parametrize("brought", ["", "something else"])
def test_a_post_without_the_pages_token_is_refused(web, brought):
    answer = web.post("/_dash-update-component", json={}, headers={CSRF_HEADER: brought})

    assert answer.status_code == 403
    assert "load it again" in answer.text


def test_a_post_that_does_not_say_whence_is_refused(web):
    del web.environ_base["HTTP_ORIGIN"]

    assert web.post("/_dash-update-component", json={}).status_code == 403


def test_a_browser_gets_its_token_with_the_first_page(dashboard):
    client = dashboard.server.test_client()
    answer = client.get("/", headers={"Host": HOST})

    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith(CSRF_COOKIE)
    assert "SameSite=Strict" in cookie


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
def test_nothing_leads_to_another_site(address):
    assert local_path(address) == "/"
