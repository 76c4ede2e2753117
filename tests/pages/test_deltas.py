"""Live updates: the smallest change that turns one screen into the next."""

import json
from typing import Any

import dash_mantine_components as dmc
import pytest
from dash import dcc, html
from dash._utils import to_json
from hypothesis import given
from hypothesis import strategies as st

from pages.components.deltas import CannotExpress, deltas, plain, with_ids

TEXTS = st.sampled_from(["1.0", "1.1", "unknown", ""])


def _applied(tree: Any, changes: dict[str, dict[str, Any]]) -> Any:
    """Oracle: what a browser shows after setting these properties, one id at a time."""
    if isinstance(tree, list):
        return [_applied(part, changes) for part in tree]
    if not (isinstance(tree, dict) and "props" in tree):
        return tree
    props = {**tree["props"]}
    own = changes.get(props.get("id"), {})
    props.update(own)
    if "children" in props and "children" not in own:
        props["children"] = _applied(props["children"], changes)
    return {**tree, "props": {k: v for k, v in props.items() if v is not None}}


@st.composite
def screens(draw, path="root", depth=0):
    """A tree whose ids name places; some places have none, some come and go."""
    classes = draw(st.sampled_from(["a", "b"]))
    named = {"id": path} if depth == 0 or draw(st.booleans()) else {}
    if depth == 2:
        return html.Span(draw(TEXTS), className=classes, **named)
    count = draw(st.integers(1, 3))
    parts = [draw(screens(path=f"{path}-{i}", depth=depth + 1)) for i in range(count)]
    return html.Div(parts, className=classes, **named)


@given(screens(), screens())
def test_applying_the_difference_gives_the_later_screen(before, after):
    old, new = plain(before), plain(after)

    assert _applied(old, deltas(old, new)) == _applied(new, {})


@given(screens())
def test_nothing_is_sent_when_nothing_changed(screen):
    assert deltas(plain(screen), plain(screen)) == {}


@given(screens(), screens())
def test_ids_for_what_has_none_leave_the_difference_as_true(before, after):
    old, new = with_ids(plain(before)), with_ids(plain(after))

    assert _applied(old, deltas(old, new)) == _applied(new, {})


@given(screens())
def test_every_id_names_one_part(screen):
    ids = _ids(with_ids(plain(screen)))

    assert len(set(ids)) == len(ids)


def _ids(tree: Any) -> list[str]:
    if isinstance(tree, list):
        return [found for part in tree for found in _ids(part)]
    if not (isinstance(tree, dict) and "props" in tree):
        return []
    own = [tree["props"]["id"]] if "id" in tree["props"] else []
    return own + _ids(tree["props"].get("children"))


def test_presses_are_counted_of_buttons_only():
    card = html.Div([html.Button("Go", id="go"), html.A("on", href="/")], id="card")
    button, link = with_ids(plain(card))["props"]["children"]

    assert "disable_n_clicks" not in button["props"]
    assert link["props"]["disable_n_clicks"] is True


def test_a_link_that_leads_elsewhere_is_sent_without_what_holds_it():
    def screen(href: str) -> Any:
        links = [html.Li(html.A(text, href=f"{href}&by={text}")) for text in ("one", "two")]
        return with_ids(plain(html.Div([html.H2("By"), html.Ul(links)], id="card")))

    assert deltas(screen("?a=1"), screen("?a=2")) == {
        "card~1-0-0": {"href": "?a=2&by=one"},
        "card~1-1-0": {"href": "?a=2&by=two"},
    }


def test_a_part_that_has_an_id_of_several_words_is_named_as_dash_names_it():
    def screen(value: str) -> html.Div:
        pick = dmc.Select(id={"word": "scope", "type": "word"}, value=value, data=["a", "b"])
        return html.Div(pick, id="card")

    changes = deltas(plain(screen("a")), plain(screen("b")))

    assert changes == {'{"type":"word","word":"scope"}': {"value": "b"}}


def test_only_the_changed_figure_is_sent():
    def screen(figure: str) -> html.Div:
        return html.Div([html.H1("Equity"), html.Span(figure, id="figure")], id="card")

    assert deltas(plain(screen("1")), plain(screen("2"))) == {"figure": {"children": "2"}}


def test_a_change_without_an_id_is_sent_by_the_nearest_part_that_has_one():
    def screen(figure: str) -> html.Div:
        return html.Div(html.P([html.Span(figure)]), id="card")

    changes = deltas(plain(screen("1")), plain(screen("2")))

    assert changes == {"card": {"children": plain(screen("2").children)}}


def test_a_property_that_went_away_is_cleared():
    before, after = html.Div(id="x", title="old"), html.Div(id="x")

    assert deltas(plain(before), plain(after)) == {"x": {"title": None}}


def test_two_different_screens_have_no_difference():
    with pytest.raises(CannotExpress):
        deltas(plain(html.Div(id="one")), plain(html.Div(id="other")))


def test_a_plain_tree_travels_as_the_tree_itself_does():
    tree = html.Div(
        [
            "text",
            dmc.Select(id="pick", data=["a"], value=None, **{"aria-label": "Pick"}),
            dcc.Graph(
                id="chart", figure={"data": [{"y": [1.0]}]}, config={"displayModeBar": False}
            ),
            html.P(html.Strong(0), className="x", **{"data-cycle": "7"}),
        ],
        style={"height": "1px"},
    )

    assert json.loads(to_json(plain(tree))) == json.loads(to_json(tree))
