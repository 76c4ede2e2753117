"""Choices that are links: what is chosen stands in the address, so no script is needed.

`address` is any callable that turns changed words of the address into a link, for instance
``partial(query.address, "/exposure")``; a word changed to None leaves the address.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dash import html

from pages.components.basics import Component, glyph
from pages.components.links import inside_link

Address = Callable[[dict[str, str | None]], str]


def choice_links(
    label: str, word: str, options: Mapping[str, str], chosen: str, address: Address
) -> html.Nav:
    """A group of links of which one is chosen; it looks like the segmented control.

    Parameters
    ----------
    label : str
        What is being chosen, for those who do not see the group: ``Split by``.
    word : str
        The word of the address that it sets; also part of the group's id.
    options : mapping of str to str
        From the word's value to the text shown.
    chosen : str
        A key of `options`.
    address : callable
    """
    links = [
        _choice(text, value == chosen, address({word: value})) for value, text in options.items()
    ]
    return html.Nav(links, id=f"choose-{word}", className="sw-choices", **{"aria-label": label})


def _choice(text: str, is_chosen: bool, href: str) -> html.A:
    return inside_link(text, href, class_name="sw-choice", chosen=is_chosen)


@dataclass(frozen=True)
class Crumb:
    """One step of a path: its text, and the address of its view."""

    text: str
    href: str


def breadcrumbs(steps: Sequence[Crumb], here: str, *, label: str = "Path") -> html.Nav:
    """The way from the whole book down to what is shown; `here` is the last step."""
    parts = [html.Li(inside_link(step.text, step.href)) for step in steps]
    last = html.Li(html.Span(here, **{"aria-current": "page"}))
    return html.Nav(
        html.Ol([*parts, last], className="sw-crumbs"),
        className="sw-path",
        **{"aria-label": label},
    )


@dataclass(frozen=True)
class ActiveFilter:
    """One filter in force.

    Attributes
    ----------
    name, value : str
        ``Strategy``, ``trend``.
    without : str
        The address of the same view without this filter.
    """

    name: str
    value: str
    without: str


def filter_chips(filters: Sequence[ActiveFilter], *, clear: str | None = None) -> Component:
    """The filters in force, each with a link that removes it; nothing if there are none."""
    chips = [html.Li(_chip(one)) for one in filters]
    if clear is not None and len(filters) > 1:
        chips.append(html.Li(inside_link("Remove all", clear, class_name="sw-link")))
    return html.Ul(chips, className="sw-filters", **{"aria-label": "Filters in force"})


def _chip(one: ActiveFilter) -> html.A:
    text = [html.Span(f"{one.name} "), html.Strong(one.value)]
    return inside_link(
        [*text, glyph("remove")],
        one.without,
        class_name="sw-filter",
        title=f"Remove the filter {one.name} {one.value}",
    )
