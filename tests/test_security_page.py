"""What the page on security says is held by tests is held by tests that there are."""

import ast
import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
HELD = re.compile(r"`([\w/]+\.py)::(\w+)`")
ITEM = re.compile(r"\b\d+\.\d+\.\d+\b")
#: Of each section of ASVS 5.0.0 how many items it has, and which of them are of level 3 alone.
SECTIONS: dict[str, tuple[int, set[int]]] = {
    "1.1": (2, set()),
    "1.2": (10, {10}),
    "1.3": (12, {12}),
    "1.4": (3, set()),
    "1.5": (3, {3}),
    "2.1": (3, set()),
    "2.2": (3, set()),
    "2.3": (5, {5}),
    "2.4": (2, {2}),
    "3.1": (1, {1}),
    "3.2": (3, {3}),
    "3.3": (5, {5}),
    "3.4": (8, {7, 8}),
    "3.5": (8, {6, 7, 8}),
    "3.6": (1, {1}),
    "3.7": (5, {3, 4, 5}),
    "4.1": (5, {4, 5}),
    "4.2": (5, {2, 3, 4, 5}),
    "4.3": (2, set()),
    "4.4": (4, set()),
    "5.1": (1, set()),
    "5.2": (6, {4, 5, 6}),
    "5.3": (3, {3}),
    "5.4": (3, set()),
    "6.1": (3, set()),
    "6.2": (12, set()),
    "6.3": (8, {5, 6, 7, 8}),
    "6.4": (6, {5, 6}),
    "6.5": (8, {6, 7, 8}),
    "6.6": (4, {4}),
    "6.7": (2, {1, 2}),
    "6.8": (4, set()),
    "7.1": (3, set()),
    "7.2": (4, set()),
    "7.3": (2, set()),
    "7.4": (5, set()),
    "7.5": (3, {3}),
    "7.6": (2, set()),
    "8.1": (4, {3, 4}),
    "8.2": (4, {4}),
    "8.3": (3, {2, 3}),
    "8.4": (2, {2}),
    "9.1": (3, set()),
    "9.2": (4, set()),
    "10.1": (2, set()),
    "10.2": (3, {3}),
    "10.3": (5, {5}),
    "10.4": (16, {12, 13, 14, 15, 16}),
    "10.5": (5, set()),
    "10.6": (2, set()),
    "10.7": (3, set()),
    "11.1": (4, {3, 4}),
    "11.2": (5, {4, 5}),
    "11.3": (5, {4, 5}),
    "11.4": (4, set()),
    "11.5": (2, {2}),
    "11.6": (2, {2}),
    "11.7": (2, {1, 2}),
    "12.1": (5, {4, 5}),
    "12.2": (2, set()),
    "12.3": (5, {5}),
    "13.1": (4, {2, 3, 4}),
    "13.2": (6, {6}),
    "13.3": (4, {3, 4}),
    "13.4": (7, {6, 7}),
    "14.1": (2, set()),
    "14.2": (8, {5, 6, 7, 8}),
    "14.3": (3, set()),
    "15.1": (5, {4, 5}),
    "15.2": (5, {4, 5}),
    "15.3": (7, set()),
    "15.4": (4, {1, 2, 3, 4}),
    "16.1": (1, set()),
    "16.2": (5, set()),
    "16.3": (4, set()),
    "16.4": (3, set()),
    "16.5": (4, {4}),
    "17.1": (2, {2}),
    "17.2": (8, {5, 6, 7, 8}),
    "17.3": (2, set()),
}


@cache
def functions_of(file: str) -> frozenset[str]:
    found = ast.walk(ast.parse((TESTS / file).read_text(encoding="utf-8")))
    return frozenset(
        node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def rows() -> list[list[str]]:
    """The cells of each row of a table that begins with items."""
    lines = [line for line in PAGE.splitlines() if re.match(r"\| \d+\.\d+\.\d+", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_test_that_it_names_is_there():
    named = HELD.findall(PAGE)
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (TESTS / file).is_file() or name not in functions_of(file)
    ]

    assert named
    assert missing == []


def test_every_item_of_the_first_two_levels_is_answered_once():
    named = [item for cells in rows() for item in ITEM.findall(cells[0])]
    wanted = {
        f"{section}.{number}"
        for section, (last, third) in SECTIONS.items()
        for number in range(1, last + 1)
        if number not in third
    }

    assert sorted(named) == sorted(set(named)), "each stands once"
    assert set(named) == wanted


def test_what_no_test_holds_says_that_it_is_not_met():
    for cells in rows():
        if len(cells) == 3 and not HELD.search(cells[2]):
            assert "not met" in cells[1] + cells[2] or "in part" in cells[1], cells
