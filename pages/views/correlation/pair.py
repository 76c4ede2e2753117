"""One pair on the correlation screen: its lists, its course, its days, its figures."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from pages.components.basics import Component, card, figure, heading, help_mark
from pages.figures.correlation import MOST_NUMBERED, PAIR_HEIGHT
from pages.figures.history import CHART_CONFIG
from pages.format import percent
from pages.views.correlation.phrases import (
    known,
    pair_name,
    rho_words,
    shown_name,
)
from pages.views.correlation.reading import CorrelationData
from pages.views.correlation.study import RECENT_DAYS, TAIL, Group, Pair
from pages.views.correlation.words import VIEWS


def pair_card(data: CorrelationData) -> html.Section:
    """One pair over time, day by day and in the tails."""
    pair, group = data.pair, data.group
    parts = (
        [
            heading("One pair"),
            html.P("Two assets make a pair; none is chosen.", className="sw-dim sw-pad"),
        ]
        if pair is None or group is None
        else _pair_parts(data, group, pair)
    )
    return card(parts, label="One pair", class_name="sw-pair-card", id="correlation-pair-card")


def _pair_parts(data: CorrelationData, group: Group, pair: Pair) -> list[Component]:
    return [
        heading(pair_name(data, pair.assets), actions=[_pair_lists(data, group, pair)]),
        html.P(_pair_words(data, pair), id="correlation-pair-words", className="sw-map-says"),
        _graph(
            "correlation-pair-course",
            data.figures["pair"],
            {"height": f"{PAIR_HEIGHT}px"},
            f"Rolling {RECENT_DAYS} days",
        ),
        html.Div(
            [
                _graph(
                    "correlation-scatter",
                    data.figures["scatter"],
                    {"height": "100%", "minHeight": "230px"},
                    "Each day's returns",
                ),
                _pair_facts(pair),
            ],
            className="sw-pair-foot",
        ),
    ]


def _graph(
    component_id: str, content: Mapping[str, Any], style: Mapping[str, str], title: str
) -> html.Div:
    graph = dcc.Graph(
        id=component_id,
        figure=content,
        responsive=True,
        config=CHART_CONFIG,
        style=dict(style),
    )
    return html.Div([html.Div(title, className="sw-label"), graph], className="sw-graph-box")


def _pair_lists(data: CorrelationData, group: Group, pair: Pair) -> html.Div:
    """What the map's click does, for those who use no mouse."""
    lists = [
        _pair_list(data, group, component_id, label, chosen, other)
        for component_id, label, chosen, other in (
            ("correlation-first", "First asset of the pair", *pair.assets),
            ("correlation-second", "Second asset of the pair", *reversed(pair.assets)),
        )
    ]
    return html.Div(lists, className="sw-pair-lists")


def _pair_list(
    data: CorrelationData, group: Group, component_id: str, label: str, chosen: str, other: str
) -> dmc.Select:
    options = [
        {"value": asset, "label": data.names[asset], "disabled": asset == other}
        for asset in sorted(group.assets)
    ]
    return dmc.Select(
        id=component_id,
        data=options,
        value=chosen,
        searchable=len(options) > MOST_NUMBERED,
        allowDeselect=False,
        size="xs",
        w=96,
        **{"aria-label": label},
    )


def _pair_words(data: CorrelationData, pair: Pair) -> str:
    first, second = (shown_name(data, asset) for asset in pair.assets)
    if math.isnan(pair.joint):
        return "Joint tails need 100 days with both."
    return (
        f"On the worst {percent(TAIL, 0)} of days for {first}, {second} had one of its own worst "
        f"{percent(pair.joint, 0)} of the time; a Gaussian copula says {percent(pair.gaussian, 0)}."
    )


def _pair_facts(pair: Pair) -> html.Dl:
    recent = float(pair.rolling[-1]) if pair.rolling.size else math.nan
    facts: Sequence[tuple[str, str, Component | None]] = [
        (VIEWS["now"], rho_words(pair.levels["now"]), None),
        (VIEWS["calm"], rho_words(pair.levels["calm"]), None),
        (f"Last {RECENT_DAYS} days", rho_words(recent), None),
        (VIEWS["stressed"], rho_words(pair.levels["stressed"]), None),
        ("Beta", rho_words(pair.beta), help_mark("pair_beta")),
        ("Joint tails", percent(known(pair.joint), 0), None),
        ("Gaussian copula", percent(known(pair.gaussian), 0), None),
    ]
    return html.Dl(
        [_pair_fact(i, *fact) for i, fact in enumerate(facts)], className="sw-pair-facts"
    )


def _pair_fact(place: int, label: str, value: str, mark: Component | None) -> html.Div:
    marks = [] if mark is None else [mark]
    return html.Div(
        [
            html.Dt([html.Span(label), *marks]),
            html.Dd(figure(value, f"correlation-pair-{place}")),
        ]
    )
