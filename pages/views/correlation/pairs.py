"""The map of all pairs on the correlation screen."""

from dash import dcc, html

from pages.components.basics import Component, card, heading, help_mark
from pages.components.choices import choice_links
from pages.components.links import inside_link
from pages.figures.correlation import MOST_NUMBERED
from pages.figures.history import CHART_CONFIG
from pages.format import number
from pages.theme import correlation_scale, mixed
from pages.views.correlation.answer import answer
from pages.views.correlation.phrases import (
    days_words,
    listed,
    pair_name,
    rho_words,
)
from pages.views.correlation.reading import CorrelationData, span_of
from pages.views.correlation.study import RECENT_DAYS, Group, Market, pairs_of
from pages.views.correlation.words import ASSETS, OF, ORDER, VIEW, VIEWS
from risk.domain.model import PROVEN_AFTER
from risk.measures.correlation import PRIOR_CORRELATION
from risk.measures.dependence import MINIMUM_COMMON_BARS

_PATH = "/correlation"
_SCALE_STEPS = 11


def map_card(data: CorrelationData) -> html.Section:
    """All pairs in the chosen view, and the choices of what is shown."""
    group, query = data.group, data.query
    view = query.choice(VIEW.name)
    switch = choice_links("View", VIEW.name, VIEWS, view, query.links_to(_PATH))
    parts = [_nothing_to_map(data)] if group is None else _map_parts(data, group, view)
    return card(
        [
            heading("Pairs", note=_map_note(data), actions=[help_mark("correlation"), switch]),
            *parts,
            _map_choices(data),
        ],
        label="Correlation of each pair",
        class_name="sw-map-card",
        id="correlation-map-card",
    )


def _map_note(data: CorrelationData) -> str:
    if data.market is None:
        return ""
    whose = "profit of positions" if data.query.choice(OF.name) == "positions" else "returns"
    days, last = days_words(len(data.market.days_ms)), data.query.zone.day(data.market.closed)
    return f"{whose}, {days} to {last}"


def _nothing_to_map(data: CorrelationData) -> Component:
    every = data.query.href(_PATH, **{ASSETS.name: "all"})
    if data.market is None:
        return html.P(answer(data), className="sw-dim sw-pad")
    return html.P(
        [
            "A correlation needs two assets. ",
            inside_link(f"Show all {len(data.market.assets)} of the market", every),
            ".",
        ],
        className="sw-dim sw-pad",
    )


def _map_parts(data: CorrelationData, group: Group, view: str) -> list[Component]:
    crowded = " sw-map-crowded" if len(group.assets) > MOST_NUMBERED // 2 + 1 else ""
    graph = dcc.Graph(
        id="correlation-map",
        figure=data.figures["map"],
        responsive=True,
        config=CHART_CONFIG,
        style={"height": "100%"},
    )
    frame = html.Div(
        graph,
        className=f"sw-map-graph{crowded}",
        style={"--sw-map-height": f"{_map_height(len(group.assets))}px"},
    )
    return [
        html.P(
            _view_words(data, group, view), id="correlation-view-words", className="sw-map-says"
        ),
        html.Div([frame, _map_aside(data, group, view)], className="sw-map-box"),
    ]


def _map_height(assets: int) -> int:
    """Squares of a comfortable size for few assets, and what a screen has for many."""
    return min(560, max(300, 64 * assets + 24))


def _view_words(data: CorrelationData, group: Group, view: str) -> str:
    words = {
        "used": "What the VaR model uses: newer days weigh more, shrunk 20 % to the mean.",
        "calm": f"The calmer half: {_calm_days(data)} days on which little was expected to move.",
        "recent": f"The last {RECENT_DAYS} days, each counting the same.",
        "stressed": (
            f"Used by VaR, each pair moved by θ = {number(group.theta, 2)} of its way to one."
        ),
        "difference": f"Recent less calm: above zero, a pair is closer now. {_ends(group)}",
    }
    return f"{words[view]} {_doubts(data, group, view)}".strip()


def _calm_days(data: CorrelationData) -> int:
    return data.market.calm_days if data.market else 0


def _ends(group: Group) -> str:
    return f"Colours end at ±{number(span_of('difference', group), 1)}."


def _doubts(data: CorrelationData, group: Group, view: str) -> str:
    unknown, pairs = group.unknown_pairs(view), len(pairs_of(group.matrices[view]))
    if unknown:
        few = f"fewer than {MINIMUM_COMMON_BARS} days in common"
        return f"{number(unknown)} of {number(pairs)} pairs unknown: {few}."
    young = _young(data.market, group) if view in ("used", "stressed") else []
    if not young:
        return ""
    names = listed([data.names[asset] for asset in young])
    prior = number(PRIOR_CORRELATION, 2)
    return f"{names}: under {PROVEN_AFTER} days, so pairs lean on a prior of {prior}."


def _young(market: Market | None, group: Group) -> list[str]:
    proven = dict(zip(market.assets, market.proven, strict=True)) if market else {}
    return [asset for asset in group.assets if not proven.get(asset, True)]


def _map_aside(data: CorrelationData, group: Group, view: str) -> html.Div:
    """Stands in the corner that the triangle leaves empty."""
    facts = [html.Div([html.Dt(label), html.Dd(words)]) for label, words in _extremes(data, view)]
    return html.Div(
        [html.Dl(facts, id="correlation-extremes"), _scale(data, group, view)],
        className="sw-map-aside",
    )


def _extremes(data: CorrelationData, view: str) -> list[tuple[str, str]]:
    if not data.ends:
        return [("Known pairs", "none")]
    signed = view == "difference"
    opposed = "Most opposed" if data.ends[0].value < 0.0 else "Least alike"
    labels = ("Furthest apart", "Closer the most") if signed else (opposed, "Most alike")
    told = [
        f"{pair_name(data, end.assets)} {rho_words(end.value, signed=signed)}" for end in data.ends
    ]
    return list(zip(labels, told, strict=False))[::-1]


def _scale(data: CorrelationData, group: Group, view: str) -> html.Div:
    span = span_of(view, group)
    end = number(span, 0 if view != "difference" else 1)
    return html.Div(
        [
            html.Span(f"\N{MINUS SIGN}{end}"),
            html.Div(
                [html.Span(style={"background": tone}) for tone in _tones(data)],
                className="sw-scale-bar",
            ),
            html.Span(f"+{end}"),
        ],
        className="sw-scale",
        role="img",
        **{"aria-label": f"Colours from minus {end}, blue, through nothing to {end}, orange"},
    )


def _tones(data: CorrelationData) -> list[str]:
    stops = [str(stop[1]) for stop in correlation_scale(data.query.scheme)]
    tones = []
    for step in range(_SCALE_STEPS):
        place = step / (_SCALE_STEPS - 1) * (len(stops) - 1)
        below = min(int(place), len(stops) - 2)
        tones.append(mixed(stops[below], stops[below + 1], place - below))
    return tones


def _map_choices(data: CorrelationData) -> html.Div:
    query = data.query
    chosen = [
        ("Assets", ASSETS),
        ("Signs", OF),
        ("Order", ORDER),
    ]
    groups = [
        html.Div(
            [
                html.Span(label, className="sw-label"),
                choice_links(
                    label,
                    word.name,
                    word.options or {},
                    query.choice(word.name),
                    query.links_to(_PATH),
                ),
            ],
            className="sw-map-choice",
        )
        for label, word in chosen
    ]
    return html.Div([*groups, help_mark("clustered_order")], className="sw-map-choices")
