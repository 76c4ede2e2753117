"""Whom the web answers, with what headers, and what it says of the engine."""

from datetime import timedelta

import dash
import pytest
from flask import request

from pages.context import Book, EngineSign, FeedInfo
from pages.origin import is_own
from risk.domain.state import TradingState
from tests.fakes_web import DEMO


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8050", "localhost:8050", "localhost", "[::1]:8050", "LOCALHOST"]
)
def test_this_machine_is_answered(web, host):
    assert web.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "seawall.example",
        "10.0.0.5:8050",
        "127.0.0.1.example:8050",
        "localhost.example",
        "[::2]:8050",
    ],
)
@pytest.mark.parametrize("path", ["/", "/live", "/healthz", "/_dash-layout", "/assets/seawall.js"])
def test_any_other_host_is_refused_everywhere(web, host, path):
    answer = web.get(path, headers={"Host": host})

    assert answer.status_code == 403
    assert "answers only http://127.0.0.1" in answer.text


HERE = "http://127.0.0.1:8050"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9000"},
        {"Origin": "https://127.0.0.1:8050"},
        {"Origin": HERE, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_post_from_another_sites_page_is_refused(web, headers):
    answer = web.post("/_dash-update-component", json={}, headers=headers)

    assert answer.status_code == 403
    assert "only Seawall's own pages" in answer.text


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({}, False),
        ({"Origin": HERE}, True),
        ({"Origin": HERE, "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "http://evil.example"}, False),
    ],
)
def test_only_a_post_that_says_so_is_from_an_own_page(dashboard, headers, own):
    with dashboard.server.test_request_context("/", base_url=HERE, method="POST", headers=headers):
        assert is_own(request) is own


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Forwarded-Host", "Via"])
def test_a_proxy_is_refused(web, header):
    assert web.get("/", headers={header: "127.0.0.1"}).status_code == 403


def test_health_is_small_and_says_ok(web):
    answer = web.get("/healthz")

    assert answer.json == {"status": "ok"}
    assert len(answer.data) < 50


def test_the_pulse_is_small_and_tells_the_age_by_the_wall(web, reader):
    number = reader.advance()
    reader.clock.advance(4.0)
    answer = web.get("/live")

    assert answer.json["cycle"] == number
    assert answer.json["age"] == 4.0
    assert answer.json["cycle_seconds"] == 1.0
    assert len(answer.data) < 250


def test_the_age_does_not_follow_a_market_that_runs_faster(web, reader):
    reader.advance()
    reader.clock.step_wall(timedelta(seconds=2))

    assert web.get("/live").json["age"] == 2.0


def test_a_clock_set_back_does_not_make_an_old_cycle_fresh(web, reader):
    reader.advance()
    reader.clock.step_wall(timedelta(hours=-1))

    assert web.get("/live").json["age"] == 3600.0


def test_the_pulse_tells_the_trading_state(web, reader):
    reader.trading = TradingState.REDUCE_ONLY

    assert web.get("/live").json["state"] == "REDUCE_ONLY"


BROKEN = EngineSign(running=False, problem="The engine cannot go on: the file is gone.")
ABSENT = EngineSign(running=False, problem=None)


@pytest.mark.parametrize(
    ("sign", "told"),
    [
        (BROKEN, "The engine cannot go on: the file is gone."),
        (ABSENT, "No sign of the engine of demo"),
    ],
)
def test_when_no_cycle_comes_any_more_the_reason_is_told(web, reader, sign, told):
    reader.engine_sign = sign
    assert web.get("/live").json["problem"] is None

    reader.clock.step_wall(timedelta(seconds=3.5))
    answer = web.get(f"/live?after={reader.number}")

    assert answer.json["problem"].startswith(told)
    assert answer.json["cycle"] == reader.number


def test_an_engine_at_work_is_waited_for_in_silence(web, reader):
    reader.clock.step_wall(timedelta(seconds=30))

    assert web.get("/live").json["age"] == 30.0


def test_an_engine_that_cannot_start_is_told_before_any_cycle(web, reader):
    reader.started = False
    assert web.get("/live").json["cycle"] is None

    reader.engine_sign = BROKEN

    answer = web.get("/live")
    assert (answer.status_code, answer.json["problem"]) == (503, BROKEN.problem)


def test_a_browser_that_knows_the_newest_cycle_gets_no_body(web, reader):
    answer = web.get(f"/live?after={reader.number}")

    assert (answer.status_code, answer.data) == (204, b"")


def test_who_shows_what_happens_between_cycles_is_told_when_something_did(web, reader):
    assert "news" not in web.get("/live").json
    assert web.get("/live?news=3").json["news"] == reader.news
    assert web.get(f"/live?after={reader.number}&news={reader.news}").status_code == 204
    reader.news += 1

    told = web.get(f"/live?after={reader.number}&news={reader.news - 1}")
    assert (told.status_code, told.json["cycle"]) == (200, reader.number)
    assert told.json["news"] == reader.news
    assert web.get(f"/live?after={reader.number}").status_code == 204


def test_before_the_first_cycle_the_pulse_says_so(web, reader):
    reader.started = False

    assert web.get("/live").json["cycle"] is None


def test_a_store_that_does_not_answer_is_told_in_words(web, reader):
    reader.failing = True
    answer = web.get("/live")

    assert answer.status_code == 503
    assert answer.json == {"problem": "The database did not answer within 2 s."}


def test_the_pulse_of_the_book_in_the_address(web, reader):
    reader.book_list = (DEMO, Book("main", "EUR"))

    assert web.get("/live?book=main").status_code == 200


def test_scripts_come_from_here_only_and_none_is_built_from_text(web):
    policy = web.get("/").headers["Content-Security-Policy"]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))

    assert directives["default-src"] == "'self'"
    assert "unsafe" not in directives["script-src"]
    assert directives["frame-ancestors"] == "'none'"


def test_every_answer_carries_the_headers(web):
    for path in ("/", "/live", "/healthz", "/nowhere", "/assets/seawall.js"):
        headers = web.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Security-Policy" in headers


def test_answers_are_compressed(web):
    answer = web.get("/_dash-layout", headers={"Accept-Encoding": "br"})

    assert answer.headers["Content-Encoding"] == "br"


@pytest.mark.parametrize(("cookie", "scheme"), [(None, "dark"), ("light", "light")])
def test_the_first_document_has_the_chosen_scheme_before_any_script(web, cookie, scheme):
    if cookie:
        web.set_cookie("sw-scheme", cookie)

    assert f'data-mantine-color-scheme="{scheme}"' in web.get("/").text


def test_the_frame_stands_while_the_store_does_not_answer(web, reader):
    reader.failing = True

    assert web.get("/_dash-layout").status_code == 200


def test_a_market_that_is_not_live_is_labelled_as_what_it_is(web, reader):
    assert "Simulated market" in web.get("/_dash-layout").text
    reader.feed = FeedInfo(label="file old.csv", simulated=False)
    replayed = web.get("/_dash-layout").text
    assert "Simulated market" not in replayed
    assert "Replay of old prices" in replayed
    assert "file old.csv" in replayed


def test_several_books_can_be_chosen_from(web, reader):
    reader.book_list = (DEMO, Book("main", "EUR"))

    assert "book-pick" in web.get("/_dash-layout").text


def test_the_navigation_shows_the_pages_that_exist(web):
    layout = web.get("/_dash-layout").text
    pages = dash.page_registry.values()

    # Each once in the navigation and once among the tabs of a narrow screen; none for errors.
    assert sum(page.get("order") is not None for page in pages) >= 4
    for page in pages:
        name, short = page["name"], page.get("short", page["name"])
        shown = sum(layout.count(f'"children":"{text}"') for text in {name, short})
        assert shown == (0 if page.get("order") is None else 2), name
