"""The smallest parts: glyphs, cards, figures, help marks."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from dash import html

from pages.glossary import GLOSSARY

Component = Any  # Dash's components have no common public type that holds props.


def glyph(shape: str, *, state: str | None = None, **props: Any) -> html.Span:
    """A shape in the colour of `state`; it stands beside a word, so readers skip it."""
    return html.Span(
        className="sw-glyph",
        **{"data-glyph": shape, "data-state": state or "", "aria-hidden": "true"},
        **props,
    )


def figure(text: str, component_id: str, *, class_name: str = "") -> html.Span:
    """A number that changes while you look; the change is marked for a moment."""
    return html.Span(text, id=component_id, className=f"sw-num {class_name}".strip())


def card(
    children: Sequence[Component], *, label: str, class_name: str = "", **props: Any
) -> html.Section:
    """A bordered region with a name for those who cannot see the border."""
    return html.Section(
        list(children), className=f"sw-card {class_name}".strip(), **{"aria-label": label}, **props
    )


@cache
def help_mark(term_key: str) -> html.Details:
    """A question mark that opens the glossary's entry; ``assets/seawall-controls.js`` places it."""
    term = GLOSSARY[term_key]
    return html.Details(
        [
            html.Summary(glyph("help"), **{"aria-label": f"About: {term.name}"}),
            html.Div(
                [
                    html.Strong(term.name),
                    html.P(term.definition),
                    html.P(term.formula, className="sw-formula"),
                    html.P(term.reading, className="sw-dim"),
                    html.P(["Source: ", html.Cite(term.source)], className="sw-note"),
                ],
                className="sw-tip",
            ),
        ],
        className="sw-help",
    )


def heading(text: str, *, note: str | None = None, actions: Sequence[Component] = ()) -> html.Div:
    """A card's title line."""
    return html.Div(
        [
            html.H2(text),
            *([html.Span(note, className="sw-note")] if note else []),
            html.Span(className="sw-grow"),
            *actions,
        ],
        className="sw-heading",
    )
