"""What holds for every page; the first test fails until somebody's new page joins `PATHS`."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import dash
import pytest

from pages.access import set_actor
from pages.components.deltas import plain
from pages.figures.packing import unpacked
from tests.fakes_actions import VIEWER
from tests.pages.trees import parts, words

PATHS = (
    "/",
    "/exposure",
    "/correlation",
    "/var",
    "/limits",
    "/changes",
    "/breakers",
    "/orders",
    "/journal",
    "/models",
)


@pytest.fixture
def show(dashboard: dash.Dash):
    """What the page at `path` shows for the words of an address."""

    def show(path: str, **address: str) -> Any:
        page = next(p for p in dash.page_registry.values() if p["path"] == path)
        with dashboard.server.test_request_context(path):
            set_actor(VIEWER)
            return page["layout"](**address)

    return show


def test_these_are_the_pages_of_the_navigation(dashboard):
    listed = [p["path"] for p in dash.page_registry.values() if p.get("order") is not None]

    assert tuple(listed) == PATHS


@pytest.mark.parametrize("path", PATHS)
def test_it_has_a_title_an_icon_and_explains_its_numbers(dashboard, show, path):
    page = next(p for p in dash.page_registry.values() if p["path"] == path)

    assert page["title"] == f"{page['name']} · Seawall"
    assert page["icon"] != "page"
    assert [p for p in parts(show(path)) if "sw-help" in str(p.get("className"))]


@pytest.mark.parametrize("path", PATHS)
def test_before_the_first_cycle_it_says_what_it_waits_for(reader, show, path):
    reader.started = False

    assert "No complete cycle of demo yet" in words(show(path))


@pytest.mark.parametrize("path", PATHS)
def test_without_a_book_it_says_how_to_get_one(reader, show, path):
    reader.book_list = ()

    assert "seawall portfolios add" in words(show(path))


@pytest.mark.parametrize("path", PATHS)
def test_a_store_that_does_not_answer_is_told_and_not_hidden(reader, show, path):
    reader.failing = True

    assert "The book cannot be read" in words(show(path))


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/", "No position is open."),
        ("/exposure", "Nothing is held."),
        ("/correlation", "No position is open: nothing moves together."),
    ],
)
def test_a_flat_book_is_shown_in_words(reader, show, path, told):
    assert told not in words(show(path))
    reader.holdings = ()
    reader.advance()

    assert told in words(show(path))


@pytest.mark.parametrize("path", PATHS)
def test_a_word_that_it_does_not_know_is_told(show, path):
    assert "does not know the word 'rnage'" in words(show(path, rnage="7d"))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_no_nan_and_no_doubled_id_reaches_the_browser(dashboard, path, scheme):
    page = next(p for p in dash.page_registry.values() if p["path"] == path)
    with dashboard.server.test_request_context(path, headers={"Cookie": f"sw-scheme={scheme}"}):
        set_actor(VIEWER)
        tree = page["layout"]()

    ids = Counter(str(props["id"]) for props in parts(tree) if "id" in props)
    assert [name for name, times in ids.items() if times > 1] == []
    assert "nan" not in words(tree).lower().split()
    assert [number for number in numbers(plain(tree)) if not math.isfinite(number)] == []


def numbers(tree: Any) -> Iterator[float]:
    """Every number outside of packed series, where NaN is a gap."""
    if isinstance(tree, dict):
        if "bdata" in tree:
            assert unpacked(tree).ndim in (1, 2)
            return
        for value in tree.values():
            yield from numbers(value)
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            yield from numbers(value)
    elif isinstance(tree, float):
        yield tree
