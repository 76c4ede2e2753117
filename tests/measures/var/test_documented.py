"""Every registered model is documented: once, and in full."""

import re
from pathlib import Path

import pytest

from risk.measures.var import VAR_MODELS

PAGES = Path(__file__).parents[3] / "docs" / "models"
INDEX = (PAGES / "README.md").read_text(encoding="utf-8")
FAMILIES = {
    file.name: file.read_text(encoding="utf-8")
    for file in sorted(PAGES.glob("*.md"))
    if file.name not in ("README.md", "horizons.md")
}


def sections():
    """Each model's part of its family's page, by the name in its heading."""
    found = {}
    for page in FAMILIES.values():
        for name, text in re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", page, re.M | re.S):
            assert name not in found, f"{name} is documented twice"
            found[name] = text
    return found


@pytest.mark.parametrize("name", VAR_MODELS)
def test_a_model_says_what_it_computes_how_whence_and_when_to_trust_it(name):
    section = sections()[name]

    for part in ("**Formula.**", "**Estimator.**", "**Source.**", "**Trust it**"):
        assert part in section, f"{name} does not say its {part}"


@pytest.mark.parametrize("name", VAR_MODELS)
def test_a_model_stands_in_the_table_of_families_and_in_that_of_records(name):
    assert INDEX.count(f"`{name}`") >= 2


def test_nothing_is_documented_that_is_not_there():
    """But for the model whose package not every machine has."""
    assert set(sections()) == set(VAR_MODELS) | {"garch"}


@pytest.mark.parametrize("page", FAMILIES)
def test_each_page_leads_to_sign_and_unit(page):
    assert "[the VaR models](README.md)" in FAMILIES[page]
    assert f"]({page})" in INDEX


def test_horizons_are_told_on_a_page_of_their_own():
    assert "](horizons.md)" in INDEX
    assert "[the VaR models](README.md)" in (PAGES / "horizons.md").read_text(encoding="utf-8")


def test_the_index_says_sign_and_unit():
    assert "**Sign and unit.** A loss is positive." in INDEX
