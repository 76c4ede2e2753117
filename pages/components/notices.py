"""Banners over a page, and what stands where there is nothing to show."""

from dash import html

from pages.components.basics import card, glyph


def page_banner(strong: str, rest: str, *, state: str) -> html.Div:
    """One line: what is wrong in bold, and what it means."""
    return html.Div(
        [
            glyph("info" if state == "info" else state, state=state),
            html.P([html.Strong(strong), f" {rest}"]),
        ],
        className="sw-banner",
        role="status",
        **{"data-state": state},
    )


def empty_state(title: str, what_to_do: str) -> html.Section:
    """Nothing here yet: why, and what to do about it."""
    return card(
        [glyph("empty"), html.H2(title), html.P(what_to_do, className="sw-dim")],
        label=title,
        class_name="sw-placeholder",
    )


def error_state(title: str, consequence: str) -> html.Section:
    """Something could not be shown: what, what it means meanwhile, what to do."""
    return card(
        [glyph("halted", state="halted"), html.H2(title), html.P(consequence, className="sw-dim")],
        label=title,
        class_name="sw-placeholder",
        role="alert",
    )


def loading_state(what: str) -> html.Section:
    """Bars where the content will be; they stay invisible for the first fifth of a second."""
    return card(
        [html.P(f"Loading {what}", className="sw-dim"), *_SKELETON],
        label=f"Loading {what}",
        class_name="sw-placeholder sw-loading",
        **{"aria-busy": "true"},
    )


_SKELETON = tuple(html.Div(className=f"sw-skeleton sw-skeleton-{size}") for size in ("m", "l", "s"))
