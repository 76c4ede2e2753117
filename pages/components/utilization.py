"""How full a limit is: a bar with its soft and hard marks, its figure and its word."""

from dataclasses import dataclass
from typing import Literal

from dash import html

from pages.components.basics import figure, glyph
from pages.format import percent

#: Per cent of the hard limit that the bar's end stands for, so that an overshoot shows.
FULL_SCALE = 1.15

Standing = Literal["inside", "soft", "hard", "unknown"]
UNMEASURED_STANDING: Standing = "unknown"


@dataclass(frozen=True)
class Utilization:
    """What one bar shows.

    Attributes
    ----------
    name : str
    used : float or None
        Fraction of the hard limit; None if it could not be measured.
    soft : float or None
        Where the warning begins, a fraction of the hard limit; None has no such place.
    context : str
        ``4.55 of 5.00 %``.
    stated : str or None
        Where it stands as the engine says, which keeps to a breach until it is clearly over; None
        takes it from the figures.
    """

    name: str
    used: float | None
    soft: float | None = 0.8
    context: str = ""
    stated: Standing | None = None

    @property
    def standing(self) -> Standing:
        """``inside``, ``soft``, ``hard`` or ``unknown``."""
        if self.used is None:
            return UNMEASURED_STANDING
        if self.stated is not None:
            return self.stated
        if self.used >= 1.0:
            return "hard"
        return "soft" if self.soft is not None and self.used >= self.soft else "inside"


#: The glyph of each, which is also the name of its colour where it has one.
STANDING_SHAPES: dict[Standing, str] = {
    "inside": "inside",
    "soft": "throttled",
    "hard": "halted",
    "unknown": "stale",
}


def utilization_bar(content: Utilization, component_id: str) -> html.Div:
    """Name, context, bar, per cent, and the word for where it stands."""
    standing = content.standing
    return html.Div(
        [
            html.Span(content.name, className="sw-use-name"),
            html.Span(content.context, id=f"{component_id}-context", className="sw-use-context"),
            bare_bar(content, component_id),
            figure(percent(content.used, 0), f"{component_id}-figure", class_name="sw-use-figure"),
            html.Span(
                [glyph(STANDING_SHAPES[standing]), standing.upper()],
                id=f"{component_id}-word",
                className="sw-use-word",
            ),
        ],
        id=component_id,
        className="sw-use",
        **{"data-standing": standing},
    )


def bare_bar(content: Utilization, component_id: str) -> html.Div:
    """Only the bar, for a place that has figure and word beside it."""
    if content.used is None:
        return html.Div(className="sw-use-bar sw-bar-unknown", **{"aria-hidden": "true"})
    length = _place(min(content.used, FULL_SCALE))
    places = {"soft": content.soft, "hard": 1.0}
    return html.Div(
        [
            html.Div(id=f"{component_id}-fill", className="sw-use-fill", style={"width": length}),
            *(
                html.Div(className=f"sw-use-{name}", style={"left": _place(place)})
                for name, place in places.items()
                if place is not None
            ),
        ],
        className="sw-use-bar",
        **{"aria-hidden": "true"},
    )


def _place(used: float) -> str:
    return f"{100.0 * max(0.0, used) / FULL_SCALE:.1f}%"
