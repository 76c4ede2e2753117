"""Banners over a page, and what stands where there is nothing to show."""

from collections.abc import Sequence
from dataclasses import dataclass

from dash import html

from pages.components.basics import Component, card, glyph
from pages.components.links import inside_link

_REFUSED = "refused"


@dataclass(frozen=True)
class NoticeLink:
    """Where a notice leads: ``Data health``."""

    text: str
    href: str


def page_banner(
    strong: str,
    rest: str,
    *,
    state: str,
    link: NoticeLink | None = None,
    more: Sequence[Component] = (),
) -> html.Div:
    """One line: what is wrong in bold, what it means, and at most one link.

    Parameters
    ----------
    strong, rest : str
    state : str
        ``stale``, ``halted`` (not live, or stopped by hand), ``reduce_only``, ``pause`` (paused by
        the viewer), ``refused`` (an action of the viewer), ``info``.
    link : NoticeLink, optional
    more : sequence of components
        The end of the line where it is more than text.
    """
    shape = "halted" if state == _REFUSED else state
    return html.Div(
        [
            glyph(shape, state=shape),
            html.P([html.Strong(strong), f" {rest}", *more]),
            *_banner_link(link),
        ],
        className="sw-banner",
        role="status",
        **{"data-state": state},
    )


def _banner_link(link: NoticeLink | None) -> list[Component]:
    if link is None:
        return []
    made = inside_link(link.text, link.href, class_name="sw-link")
    return [html.Span(className="sw-grow"), made]


def empty_state(
    title: str, what_to_do: str, *, small: bool = False, links: Sequence[NoticeLink] = ()
) -> Component:
    """Nothing here yet: why, and what to do about it; `small` inside a card."""
    parts = [glyph("empty"), *_words(title, what_to_do, links, small=small)]
    return _placed(parts, title, small=small)


def error_state(
    title: str, consequence: str, *, small: bool = False, links: Sequence[NoticeLink] = ()
) -> Component:
    """Something could not be shown: what, what it means meanwhile, what to do."""
    mark = glyph("halted", state="halted")
    parts = [mark, *_words(title, consequence, links, small=small)]
    return _placed(parts, title, small=small, role="alert")


def loading_state(what: str, *, usually: str | None = None, small: bool = False) -> Component:
    """Bars where the content will be; they stay invisible for the first fifth of a second."""
    text = f"Loading {what}" if usually is None else f"Loading {what}, usually {usually}"
    parts = [html.P(text, className="sw-dim"), *_SKELETON]
    busy = {"aria-busy": "true"}
    return _placed(parts, text, small=small, class_name="sw-loading", **busy)


def _words(title: str, text: str, links: Sequence[NoticeLink], *, small: bool) -> list[Component]:
    heading = html.H3(title) if small else html.H2(title)
    made = [inside_link(link.text, link.href, class_name="sw-link") for link in links]
    row = [html.Div(made, className="sw-placeholder-links")] if made else []
    return [heading, html.P(text, className="sw-dim"), *row]


def _placed(
    parts: Sequence[Component], label: str, *, small: bool, class_name: str = "", **props: str
) -> Component:
    look = f"sw-placeholder {class_name}".strip()
    if small:
        return html.Div(list(parts), className=f"{look} sw-placeholder-small", **props)
    return card(parts, label=label, class_name=look, **props)


_SKELETON = tuple(html.Div(className=f"sw-skeleton sw-skeleton-{size}") for size in ("m", "l", "s"))
