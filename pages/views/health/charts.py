"""The traffic light over time, and where outcomes fell among their forecasts."""

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from pages.components.basics import Component, card, heading, help_mark
from pages.components.notices import empty_state
from pages.figures.health import band_names
from pages.figures.history import CHART_CONFIG
from pages.format import number
from pages.views.health.judged import ModelHealth, Spread
from pages.views.health.reading import HealthData
from pages.views.health.table import chance_words
from pages.views.health.words import MODEL
from risk.measures.backtest import ENOUGH_PERIODS, TRAFFIC_LIGHT_WINDOW

_LIGHT_PX = 400
#: As many days beyond VaR are told as anybody wants to read; the page of VaR tells all.
_NAMED = 5
#: Of a bar with its gap, and of the axis under all.
_BAND_PX, _AXIS_PX = 25, 34


def light_card(data: HealthData) -> html.Section:
    """Exceptions of the last 250 days, day by day, in the zones of the traffic light."""
    title = "Traffic light over time"
    return card(
        [
            heading(title, note=_light_note(data), actions=[help_mark("traffic_light")]),
            *_light(data),
        ],
        label=title,
        class_name="sw-course",
        id="health-light",
    )


def _light_note(data: HealthData) -> str:
    days = data.course.days
    if not days:
        return ""
    return f"99 %, {days} {'day' if days == 1 else 'days'}"


def _light(data: HealthData) -> list[Component]:
    course = data.course
    if course.figure is None:
        return [
            empty_state(
                "No day has been scored in this range",
                "A forecast is stored at each 00:00 UTC and scored at the next. The line begins "
                f"with the first day and counts {TRAFFIC_LIGHT_WINDOW} days once there are so "
                "many.",
                small=True,
            )
        ]
    graph = _graph("health-light-chart", course.figure, _LIGHT_PX)
    return [graph, _course_words(data), *_broken_words(data)]


def _course_words(data: HealthData) -> html.P:
    course = data.course
    first = (
        f"It counts the last {TRAFFIC_LIGHT_WINDOW} days."
        if course.at_first == TRAFFIC_LIGHT_WINDOW
        else f"Its first day counts {course.at_first}, later ones up to {TRAFFIC_LIGHT_WINDOW}; "
        "zones follow the number of days."
    )
    exceptions = "exception" if course.most == 1 else "exceptions"
    most = f"Live record: at most {course.most} {exceptions}."
    return html.P(f"{most} {first}", className="sw-dim sw-pad")


def _broken_words(data: HealthData) -> list[Component]:
    """The newest days beyond 99 %, for those who cannot hover too."""
    broken, currency = data.course.broken, data.book.currency
    if not broken:
        return []
    told = "; ".join(f"{each.when} {each.told_against(currency)}" for each in broken[:_NAMED])
    newest = f", the newest {_NAMED} of {len(broken)}" if len(broken) > _NAMED else ""
    return [html.P(f"Beyond 99 %{newest}: {told}.", id="health-broken", className="sw-pad")]


def _graph(name: str, figure: dict[str, Any], height: int) -> dcc.Graph:
    return dcc.Graph(
        id=name,
        figure=figure,
        responsive=True,
        config=CHART_CONFIG,
        style={"height": f"{height}px"},
    )


# -- where outcomes fell ------------------------------------------------------------------


def bands_card(data: HealthData) -> html.Section:
    """The probability-integral histogram of the live record and of the chosen model."""
    title = "Where outcomes fell"
    chosen = data.chosen
    other = [] if chosen is None else [_histogram(data, chosen, "health-bands-model")]
    return card(
        [
            heading(title, actions=[help_mark("outcome_bands"), _model_pick(data)]),
            html.P(
                "Days in each band of the forecast, for as many as a right model has. The thin "
                "line is what chance explains in 19 of 20 cases.",
                className="sw-dim sw-pad",
            ),
            _histogram(data, data.live, "health-bands-live"),
            *other,
        ],
        label=title,
        class_name="sw-outcomes",
        id="health-bands",
    )


def _model_pick(data: HealthData) -> Component:
    return dmc.Select(
        id={"type": "word", "word": MODEL.name},
        data=[{"value": value, "label": text} for value, text in (MODEL.options or {}).items()],
        value=data.query.choice(MODEL.name),
        allowDeselect=False,
        size="xs",
        w=190,
        **{"aria-label": "Beside the live record"},
    )


def _histogram(data: HealthData, health: ModelHealth, name: str) -> html.Div:
    spread = health.spread
    days = "" if spread is None else f", {spread.days} {'day' if spread.days == 1 else 'days'}"
    title = html.H3(f"{health.name}{days}")
    if spread is None:
        nothing = empty_state(
            "No day yet",
            "The first bar appears with the first day that is judged.",
            small=True,
        )
        return html.Div([title, nothing], id=name)
    height = _BAND_PX * len(spread.bands.counts) + _AXIS_PX
    graph = _graph(f"{name}-chart", data.spreads[health.model], height)
    return html.Div([title, graph, html.P(spread_words(spread), className="sw-dim")], id=name)


def spread_words(spread: Spread) -> str:
    """Which bands hold more or fewer outcomes than chance explains, and the test of all."""
    names = band_names(spread.levels)
    counts, fewest, most = spread.bands.counts, spread.fewest, spread.most
    odd = [
        f"{names[row]}: {counts[row]} where {fewest[row]} to {most[row]} are usual"
        for row in spread.odd
    ]
    told = f"{'; '.join(odd)}." if odd else "Each band holds what chance explains."
    return f"{told[:1].upper()}{told[1:]} {_all_bands_words(spread)}"


def _all_bands_words(spread: Spread) -> str:
    missing = ENOUGH_PERIODS - spread.days
    if missing > 0:
        return f"All bands together are tested once there are {number(float(missing))} days more."
    verdict = "speak against" if spread.bands.p_value < 0.05 else "do not speak against"
    return f"All together {verdict} the model ({chance_words(spread.bands.p_value)})."
