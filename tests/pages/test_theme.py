"""The tokens, and what is rendered from them."""

import math
import re
from itertools import combinations

import pytest

from pages.glyphs import SHAPES, css_shapes
from pages.stylesheets import ASSETS, GENERATED, render
from pages.theme import (
    SCHEMES,
    STATES,
    TOKENS,
    chart_layout,
    chosen_scheme,
    correlation_color,
    correlation_ink,
    correlation_scale,
    exception_marker,
    limit_line,
    mantine_theme,
    others_fill,
    others_line,
    plotly_template,
    series_fill,
    series_line,
    state_band,
    state_colors,
)

STYLES = sorted(ASSETS.glob("*.css"))
SCRIPTS = sorted(ASSETS.glob("*.js"))


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    """Oracle: WCAG 2.2, relative luminance and contrast ratio."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _lab(colour: str) -> tuple[float, float, float]:
    """CIE 1976 L*a*b* under D65."""
    channels = [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _distance(one: str, other: str) -> float:
    return math.dist(_lab(one), _lab(other))


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
        for path in [*pages.rglob("*.py"), *STYLES, *SCRIPTS]
        if path.name not in {"theme.py", "glyphs.py", GENERATED.name}
        and re.search(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b", path.read_text(encoding="utf-8"))
    ]

    assert named == []


def test_every_variable_that_a_style_uses_is_defined():
    style = "".join(path.read_text(encoding="utf-8") for path in STYLES)
    used = set(re.findall(r"var\((--sw-[\w-]+)", style))
    pages = "".join(path.read_text() for path in (ASSETS.parent / "pages").rglob("*.py"))
    defined = set(re.findall(r"(--sw-[\w-]+)\s*\"?:", render() + style + pages))

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


# -- charts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", SCHEMES)
def test_lines_areas_and_the_rest_stand_out_from_the_surface(scheme):
    surface = TOKENS["surface"].of(scheme)
    drawn = [series_line(i, scheme)["color"] for i in range(16)]
    drawn += [series_fill(i, scheme) for i in range(7)]
    drawn += [others_line(scheme)["color"], others_fill(scheme), exception_marker(scheme)["color"]]
    drawn += [limit_line(scheme, hard=hard)["color"] for hard in (True, False)]

    assert all(_contrast(colour, surface) >= 3.0 for colour in drawn)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_two_series_look_alike(scheme):
    lines = [(line["color"], line["dash"]) for i in range(16) if (line := series_line(i, scheme))]
    fills = [*(series_fill(i, scheme) for i in range(7)), others_fill(scheme)]

    assert len(set(lines)) == 16
    assert len({dash for _, dash in lines[:4]}) == 4, "told apart without colour"
    assert min(_distance(a, b) for a, b in combinations(fills, 2)) >= 20.0


@pytest.mark.parametrize(
    ("draw", "index"), [(series_line, 16), (series_fill, 7), (series_fill, -1)]
)
def test_more_series_than_can_be_told_apart_are_refused(draw, index):
    with pytest.raises(ValueError, match="told apart"):
        draw(index, "dark")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_correlation_scale_is_an_explicit_list_through_a_quiet_middle(scheme):
    scale = correlation_scale(scheme)

    assert [place for place, _ in scale] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert scale[2][1] == TOKENS["raised"].of(scheme)
    assert [correlation_color(2 * place - 1, scheme) for place, _ in scale] == [c for _, c in scale]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_number_on_any_correlation_can_be_read(scheme):
    for value in range(-100, 101):
        cell, ink = (f(value / 100, scheme) for f in (correlation_color, correlation_ink))
        other = {"#000000": "#ffffff", "#ffffff": "#000000"}[ink]
        assert _contrast(ink, cell) >= 4.5
        assert _contrast(ink, cell) >= _contrast(other, cell)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("state", STATES)
def test_words_can_be_read_on_the_band_of_a_state(scheme, state):
    band = state_band(state, "2026-11-12", "2026-11-13", scheme)

    assert band["fillcolor"] == state_colors(state, scheme).tint
    assert band["layer"] == "below"
    assert _contrast(TOKENS["text"].of(scheme), band["fillcolor"]) >= 4.5


def test_exceptions_of_either_kind_differ_in_shape():
    outer, inner = (exception_marker("dark", hard=hard) for hard in (True, False))

    assert outer["symbol"] != inner["symbol"]


def test_a_chart_adds_to_what_every_layout_begins_with():
    layout = chart_layout("light", hues=2, hovermode="closest", barmode="relative")

    assert (layout["hovermode"], layout["barmode"]) == ("closest", "relative")
    assert len(layout["template"]["layout"]["colorway"]) == 2


@pytest.mark.parametrize(
    ("cookies", "scheme"),
    [({}, "dark"), ({"sw-scheme": "light"}, "light"), ({"sw-scheme": "pink"}, "dark")],
)
def test_it_is_dark_until_light_was_chosen(cookies, scheme):
    assert chosen_scheme(cookies) == scheme
