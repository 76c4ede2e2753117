"""How old what is shown is: one chip, the same words on every screen."""

from collections.abc import Mapping
from typing import Any

from dash import html

from pages.components.basics import glyph

#: Shape and word of each kind; the browser chooses among them as numbers age.
LOOKS: Mapping[str, tuple[str, str]] = {
    "none": ("stale", "Waiting"),
    "live": ("normal", "Live"),
    "late": ("caution", "Late"),
    "stale": ("stale", "Stale"),
    "gone": ("halted", "Not live"),
    "paused": ("pause", "Paused"),
}


def freshness_chip(kind: str, age: str, **props: Any) -> html.Span:
    """The chip of a `kind`, with the age or the time since which it is so.

    Parameters
    ----------
    kind : str
        A key of ``LOOKS``.
    age : str
        ``0.8 s``, or ``15:40:02``.
    **props
        Further attributes of the chip.
    """
    shape, word = LOOKS[kind]
    return html.Span(
        [glyph(shape, state=shape), word, html.Span(age, className="sw-age-text sw-num-plain")],
        className="sw-chip",
        **{"data-freshness": kind, **props},
    )
