"""The tree map: areas that tell sizes, tiles that keep their places, words for everyone."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components.deltas import deltas, plain
from pages.components.treemap import Steady, Tile, in_points, place, treemap
from tests.pages.trees import parts, words

names = st.text("abcdefgh/- ", min_size=1, max_size=5)
points = st.dictionaries(names, st.integers(1, 100), min_size=1, max_size=12)


def _map(values: dict[str, float], **more) -> object:
    tiles = [Tile(group="trend", name=n, value=v, href=f"/?asset={n}") for n, v in values.items()]
    return treemap("map", tiles, label="Gross by asset", currency="USD", **more)


@given(points, st.floats(0.3, 4.0))
def test_tiles_fill_the_box_in_proportion_and_never_overlap(sizes, aspect):
    boxes = place(sizes, aspect)
    total = sum(sizes.values())

    for name, box in boxes.items():
        assert box.width * box.height == pytest.approx(1e4 * sizes[name] / total, rel=1e-6)
        assert -1e-6 <= box.left <= box.left + box.width <= 100.0 + 1e-6
        assert -1e-6 <= box.top <= box.top + box.height <= 100.0 + 1e-6
    for one in boxes.values():
        for other in boxes.values():
            apart = (
                one.left + one.width <= other.left + 1e-6
                or other.left + other.width <= one.left + 1e-6
                or one.top + one.height <= other.top + 1e-6
                or other.top + other.height <= one.top + 1e-6
            )
            assert one is other or apart


@given(st.dictionaries(names, st.floats(0.01, 1e9), min_size=1, max_size=12))
def test_whatever_is_held_is_seen(sizes):
    assert all(point >= 1 for point in in_points(sizes).values())


def test_a_share_that_moves_less_than_a_point_moves_no_tile():
    steady = Steady()
    before = steady.points("book", {"BTC": 50.4, "ETH": 49.6})
    after = steady.points("book", {"BTC": 50.9, "ETH": 49.1})

    assert after == before == {"BTC": 50, "ETH": 50}


def test_a_share_that_moves_more_lays_all_out_anew():
    steady = Steady()
    steady.points("book", {"BTC": 50.0, "ETH": 50.0})

    assert steady.points("book", {"BTC": 51.2, "ETH": 48.8}) == {"BTC": 51, "ETH": 49}


def test_a_new_asset_lays_all_out_anew_and_books_do_not_share_places():
    steady = Steady()
    steady.points("one", {"BTC": 50.0, "ETH": 50.0})

    assert set(steady.points("one", {"BTC": 50.0, "SOL": 50.0})) == {"BTC", "SOL"}
    assert steady.points("two", {"BTC": 50.4, "ETH": 49.6}) == {"BTC": 50, "ETH": 50}


def test_only_so_many_layouts_are_remembered():
    steady = Steady(kept=2)
    for book in "abc":
        steady.points(book, {"BTC": 50.4, "ETH": 49.6})

    assert steady.points("a", {"BTC": 49.6, "ETH": 50.4}) == {"BTC": 50, "ETH": 50}
    assert len(steady._points) == 2


def test_prices_that_move_a_little_send_numbers_and_no_places():
    steady = Steady()
    before = plain(_map({"BTC": 600_000.0, "ETH": -400_000.0}, steady=steady))
    after = plain(_map({"BTC": 601_000.0, "ETH": -400_500.0}, steady=steady))

    changes = deltas(before, after)

    assert changes
    assert not any(
        "style" in change or "children" in change
        for key, change in changes.items()
        if key.endswith("tiles")
    )
    assert {name for change in changes.values() for name in change} <= {"children", "title"}
    assert all(isinstance(c.get("children", ""), str) for c in changes.values())


def test_long_and_short_are_told_by_word_and_shape_and_each_tile_says_all_in_words():
    tree = _map({"BTC": 600_000.0, "AVAX": -60_000.0})
    links = [p for p in parts(tree) if "sw-tile " in str(p.get("className"))]

    assert {p["className"] for p in links} == {"sw-tile sw-tile-long", "sw-tile sw-tile-short"}
    assert "AVAX short" in words(tree)
    assert any(
        p["title"].replace("\u00a0", " ") == "AVAX short, −60.0 k USD, 9.1 % of all, in trend"
        for p in links
    )
    assert {p["href"] for p in links} == {"/?asset=BTC", "/?asset=AVAX"}


def test_what_is_not_held_is_not_drawn_and_an_empty_book_is_no_error():
    assert [p for p in parts(_map({"BTC": 0.0})) if "sw-tile" in str(p.get("className"))] == []


def test_names_with_odd_letters_share_no_id():
    ids = [p["id"] for p in parts(_map({"A-B": 1.0, "A/B": 1.0, "A B": math.pi})) if "id" in p]

    assert len(ids) == len(set(ids))
