"""The tokens, and what is rendered from them."""

import re

import pytest

from pages.glyphs import SHAPES, css_shapes
from pages.stylesheets import ASSETS, GENERATED, render
from pages.theme import (
    SCHEMES,
    TOKENS,
    chosen_scheme,
    mantine_theme,
    plotly_template,
)

STATES = ("normal", "caution", "throttled", "reduce_only", "halted", "stale")


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    """Oracle: WCAG 2.2, relative luminance and contrast ratio."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_committed_style_sheet_is_what_the_tokens_render():
    assert GENERATED.read_text(encoding="utf-8") == render()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("text", ["text", "text2", "text3", "accent", *STATES])
def test_words_can_be_read_on_every_surface(scheme, text):
    backgrounds = ["surface", "canvas", "raised", "hover"] if text not in STATES else ["surface"]
    backgrounds += [f"{text}-tint"] if text in STATES else []

    for background in backgrounds:
        colours = TOKENS[text].of(scheme), TOKENS[background].of(scheme)
        assert _contrast(*colours) >= 4.5, (text, background)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("shape", [f"{state}-fill" for state in STATES] + ["control", "bar"])
def test_shapes_and_edges_stand_out_from_the_surface(scheme, shape):
    assert _contrast(TOKENS[shape].of(scheme), TOKENS["surface"].of(scheme)) >= 3.0


def test_white_words_can_be_read_on_the_filled_accent():
    for scheme in SCHEMES:
        colours = TOKENS["on-accent"].of(scheme), TOKENS["accent-fill"].of(scheme)
        assert _contrast(*colours) >= 4.5


def test_no_other_file_of_the_pages_names_a_colour():
    pages = ASSETS.parent / "pages"
    named = [
        path.name
        for path in [*pages.rglob("*.py"), ASSETS / "10-seawall.css", ASSETS / "seawall.js"]
        if path.name not in {"theme.py", "glyphs.py"}
        and re.search(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b", path.read_text(encoding="utf-8"))
    ]

    assert named == []


def test_every_variable_that_a_style_uses_is_defined():
    style = (ASSETS / "10-seawall.css").read_text(encoding="utf-8")
    used = set(re.findall(r"var\((--sw-[\w-]+)", style))
    defined = set(re.findall(r"(--sw-[\w-]+)\s*:", render() + style))

    assert used <= defined


def test_every_state_has_a_shape_of_its_own():
    assert len({SHAPES[state] for state in STATES}) == len(STATES)


def test_a_shape_cannot_break_out_of_its_rule():
    for line in css_shapes().splitlines():
        inside = line.split('url("', 1)[1].rsplit('")', 1)[0]
        assert not set(inside) & set('"<>\\#'), line


def test_templates_differ_by_scheme_and_can_be_limited_to_one_hue():
    dark, light = (plotly_template(scheme) for scheme in SCHEMES)

    assert dark["layout"]["font"]["color"] != light["layout"]["font"]["color"]
    assert len(plotly_template("dark", hues=1)["layout"]["colorway"]) == 1


def test_mantine_gets_ten_shades_of_each_colour():
    assert all(len(shades) == 10 for shades in mantine_theme()["colors"].values())


@pytest.mark.parametrize(
    ("cookies", "scheme"),
    [({}, "dark"), ({"sw-scheme": "light"}, "light"), ({"sw-scheme": "pink"}, "dark")],
)
def test_it_is_dark_until_light_was_chosen(cookies, scheme):
    assert chosen_scheme(cookies) == scheme
