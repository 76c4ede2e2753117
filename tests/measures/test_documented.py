"""Every measure that others may call is explained on a page."""

import importlib
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"

PAGES = {
    "sizing.md": ("sizing", "book_sizing", "equal_risk"),
}


def public_names(module_name):
    module = importlib.import_module(f"risk.measures.{module_name}")
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (name.isupper() or getattr(value, "__module__", "") == module.__name__)
        and not name.endswith("_PER_YEAR")
    }


@pytest.mark.parametrize(
    ("page", "module"), [(page, module) for page, modules in PAGES.items() for module in modules]
)
def test_every_public_measure_is_explained_on_its_page(page, module):
    named = set(re.findall(r"`(\w+)`", (DOCS / page).read_text(encoding="utf-8")))

    assert public_names(module) - named - {"MATRIX", "VECTOR"} == set()


def test_the_look_at_a_module_finds_its_measures():
    assert {"position_size", "KELLY_SHARE"} <= public_names("sizing")
