"""The frame around every page, as the server sends it."""

from collections.abc import Mapping

import dash
import pytest

from pages.components.states import STATE_LOOKS
from pages.context import Book, FeedInfo
from pages.personas import persona
from pages.query import COMMON_WORDS, RANGES
from pages.shell import shell
from pages.visitor import Visitor
from risk.domain.actors import Role
from risk.domain.state import TradingState
from tests.fakes_web import DEMO
from tests.pages.trees import parts, words

NONE_SHORT: Mapping[str, str] = {}


@pytest.fixture
def frame(monkeypatch):
    """The properties of all parts of a frame, around so many pages and for these books."""

    def frame(
        pages: int = 1, books: tuple[Book, ...] = (DEMO,), short: Mapping[str, str] = NONE_SHORT
    ) -> list[dict]:
        named = [(f"Page {n}", f"/{n}") for n in range(pages)]
        registry = {
            path: {
                "name": name,
                "relative_path": path,
                "order": n,
                **({"short": short[path]} if path in short else {}),
            }
            for n, (name, path) in enumerate(named)
        }
        registry["lost"] = {"name": "Page not found", "relative_path": "/lost"}
        monkeypatch.setattr(dash, "page_registry", registry)
        feed = FeedInfo(label="simulated", simulated=True, seed=42)
        visitor = Visitor(persona(Role.VIEWER), None, demo=True, proof_seconds=None)
        drawn = shell(feed=feed, books=books, cycle_seconds=1.0, scheme="dark", visitor=visitor)
        return list(parts(drawn))

    return frame


def links(frame: list[dict], place: str) -> list[str]:
    ids = [part.get("id") for part in frame]
    return [i["path"] for i in ids if isinstance(i, dict) and i.get("place") == place]


def settings(frame: list[dict]) -> dict:
    return next(part["data"] for part in frame if part.get("id") == "shell-settings")


@pytest.mark.parametrize("pages", [1, 4, 5, 6, 13])
def test_each_page_is_once_in_the_navigation_and_once_among_the_tabs(frame, pages):
    shown = frame(pages)

    assert links(shown, "side") == links(shown, "tab") == [f"/{n}" for n in range(pages)]


def test_a_page_may_have_a_shorter_name_where_there_is_little_room(frame):
    shown = frame(2, short={"/1": "One"})
    said = {
        part["id"]["place"]: words(part["children"])
        for part in shown
        if isinstance(part.get("id"), dict) and part["id"].get("path") == "/1"
    }

    assert settings(shown)["titles"] == {
        "/0": ["Page 0", "Page 0"],
        "/1": ["Page 1", "One"],
        "/lost": ["Page not found", "Page not found"],
    }
    assert said == {"side": "Page 1", "tab": "One"}


@pytest.mark.parametrize(("pages", "has_more"), [(1, False), (5, False), (6, True), (13, True)])
def test_tabs_that_do_not_fit_are_behind_one_that_says_more(frame, pages, has_more):
    shown = frame(pages)
    opened = [part for part in shown if part.get("className") == "sw-more-tabs"]
    inside = [part for part in shown if part.get("className") == "sw-more-list"]

    assert bool(opened) == has_more
    assert sum(len(part["children"]) for part in inside) == (pages - 4 if has_more else 0)


def test_the_browser_knows_how_to_show_every_state_that_the_pulse_can_name(frame):
    looks = settings(frame())["looks"]

    assert set(looks) == {*TradingState.__members__, "PROBATION", "UNKNOWN"}
    for state, look in STATE_LOOKS.items():
        assert looks[state.name]["word"] == look.word
        assert looks[state.name]["works"] == look.still_works


def test_every_range_has_a_link_and_a_name(frame):
    shown = frame()
    ids = [part.get("id") for part in shown]
    offered = [i["range"] for i in ids if isinstance(i, dict) and i.get("type") == "range-link"]

    assert offered == list(RANGES)
    assert set(settings(shown)["rangeNames"]) == set(RANGES)


def test_links_between_pages_carry_the_words_that_every_page_knows(frame):
    assert settings(frame())["commonWords"] == COMMON_WORDS


def test_the_first_book_is_the_one_that_an_address_need_not_name(frame):
    assert settings(frame(books=(Book("main", "EUR"), DEMO)))["firstBook"] == "main"
    assert settings(frame(books=()))["firstBook"] is None
