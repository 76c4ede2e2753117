"""The mean correlation over time."""

from dash import dcc, html

from pages.components.basics import Component, card, heading
from pages.figures.correlation import MEAN_HEIGHT, regime_tint
from pages.figures.history import CHART_CONFIG
from pages.theme import Scheme, series_line
from pages.views.correlation.phrases import (
    days_words,
    regime_words,
)
from pages.views.correlation.reading import CorrelationData
from pages.views.correlation.study import RECENT_DAYS, Group

_TINTED = {1: "tight", -1: "loose"}


def mean_card(data: CorrelationData) -> html.Section:
    """Mean correlation over time with its regimes."""
    group = data.group
    parts: list[Component] = (
        [html.P("Two assets have a mean correlation; none is shown.", className="sw-dim sw-pad")]
        if group is None
        else [
            dcc.Graph(
                id="correlation-mean",
                figure=data.figures["mean"],
                responsive=True,
                config=CHART_CONFIG,
                style={"height": f"{MEAN_HEIGHT}px"},
            )
        ]
    )
    return card(
        [
            heading(
                "Mean correlation over time",
                note=_mean_note(group),
                actions=[] if group is None else _mean_legend(data.query.scheme),
            ),
            *parts,
        ],
        label="Mean correlation over time",
        class_name="sw-mean-card",
    )


def _mean_note(group: Group | None) -> str:
    if group is None:
        return ""
    days = days_words(len(group.rolling))
    if group.usual.lasted == 0:
        return f"rolling {RECENT_DAYS} days; {days} are too few to tell what is usual"
    return f"rolling {RECENT_DAYS} days over {days}; {regime_words(group)} now"


def _mean_legend(scheme: Scheme) -> list[Component]:
    lines = [
        _key("line", f"rolling {RECENT_DAYS} d", series_line(0, scheme)["color"]),
        _key("dashed", "held, newer days weigh more", series_line(1, scheme)["color"]),
    ]
    areas = [_key("area", name, regime_tint(kind, scheme)) for kind, name in _TINTED.items()]
    return [*lines, *areas]


def _key(kind: str, text: str, colour: str) -> html.Span:
    return html.Span(text, className=f"sw-key sw-key-{kind}", style={"--sw-key": colour})
