"""How full a limit is: a bar with its soft and hard marks, its figure and its word."""

from dataclasses import dataclass

from dash import html

from pages.components.basics import figure, glyph
from pages.format import UNKNOWN, percent

#: Per cent of the hard limit that the bar's end stands for, so that an overshoot shows.
FULL_SCALE = 1.15


@dataclass(frozen=True)
class Utilization:
    """What one bar shows.

    Attributes
    ----------
    name : str
    used : float or None
        Fraction of the hard limit; None if it could not be measured.
    soft : float
        Where the warning begins, a fraction of the hard limit.
    context : str
        ``4.55 of 5.00 %``.
    """

    name: str
    used: float | None
    soft: float = 0.8
    context: str = ""

    @property
    def standing(self) -> str:
        """``inside``, ``soft``, ``hard`` or ``unknown``."""
        if self.used is None:
            return UNKNOWN
        if self.used >= 1.0:
            return "hard"
        return "soft" if self.used >= self.soft else "inside"


_SHAPES = {"inside": "inside", "soft": "throttled", "hard": "halted", UNKNOWN: "stale"}


def utilization_bar(content: Utilization, component_id: str) -> html.Div:
    """Name, context, bar, per cent, and the word for where it stands."""
    standing = content.standing
    return html.Div(
        [
            html.Span(content.name, className="sw-use-name"),
            html.Span(content.context, id=f"{component_id}-context", className="sw-use-context"),
            _bar(content, component_id),
            figure(percent(content.used, 0), f"{component_id}-figure", class_name="sw-use-figure"),
            html.Span(
                [glyph(_SHAPES[standing]), standing.upper()],
                id=f"{component_id}-word",
                className="sw-use-word",
            ),
        ],
        id=component_id,
        className="sw-use",
        **{"data-standing": standing},
    )


def _bar(content: Utilization, component_id: str) -> html.Div:
    if content.used is None:
        return html.Div(className="sw-use-bar sw-bar-unknown", **{"aria-hidden": "true"})
    length = _place(min(content.used, FULL_SCALE))
    return html.Div(
        [
            html.Div(id=f"{component_id}-fill", className="sw-use-fill", style={"width": length}),
            html.Div(className="sw-use-soft", style={"left": _place(content.soft)}),
            html.Div(className="sw-use-hard", style={"left": _place(1.0)}),
        ],
        className="sw-use-bar",
        **{"aria-hidden": "true"},
    )


def _place(used: float) -> str:
    return f"{100.0 * max(0.0, used) / FULL_SCALE:.1f}%"
