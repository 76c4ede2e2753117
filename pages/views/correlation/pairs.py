"""The map of all pairs on the correlation screen."""

from collections.abc import Sequence
from datetime import UTC
from typing import NamedTuple

from dash import dcc, html

from pages.components.basics import Component, card, heading, help_mark
from pages.components.choices import choice_links
from pages.components.links import inside_link
from pages.figures.correlation import MOST_NUMBERED
from pages.figures.history import CHART_CONFIG
from pages.format import UTC_ZONE, number
from pages.theme import correlation_scale, mixed
from pages.views.correlation.answer import answer
from pages.views.correlation.phrases import (
    days_words,
    listed,
    pair_name,
    rho_words,
)
from pages.views.correlation.reading import CorrelationData, span_of
from pages.views.correlation.study import (
    HALF_WEIGHT_DAYS,
    RECENT_DAYS,
    Group,
    Market,
    pairs_of,
)
from pages.views.correlation.words import ASSETS, OF, ORDER, VIEW, VIEWS
from pages.views.records.live import in_use, reads_filtered_days
from risk.domain.model import PROVEN_AFTER
from risk.measures.correlation import PRIOR_CORRELATION
from risk.measures.pair_correlation import MINIMUM_COMMON_BARS
from risk.portfolio.book_models import title_of

_PATH = "/correlation"
_SCALE_STEPS = 11
_NBSP = "\N{NO-BREAK SPACE}"


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
    return f"{whose}, {days_words(len(data.market.days_ms))} to {_close(data.market)}"


def _close(market: Market) -> str:
    """When the newest day closed: days are those of UTC in every zone."""
    return f"{UTC_ZONE.day(market.closed)}, {market.closed.astimezone(UTC):%H:%M}{_NBSP}UTC"


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
        "now": _now_words(data, group),
        "calm": f"The calmer half: {_calm_days(data)} days on which little was expected to move.",
        "recent": f"The last {RECENT_DAYS} days, each counting the same.",
        "stressed": (
            f"The matrix of now, each pair moved by θ = {number(group.theta, 2)} of its way to one."
        ),
        "difference": f"Recent less calm: {_difference_words(data)} {_ends(group)}",
    }
    return f"{words[view]} {_doubts(data, group, view)}".strip()


def _now_words(data: CorrelationData, group: Group) -> str:
    words = (
        f"Newer days weigh more (half of the weight on the last {HALF_WEIGHT_DAYS} days), shrunk "
        "by 20 % towards the mean; betas and the stressed view use it."
    )
    if data.market is None:
        return words
    used = in_use(data.cycle.state)
    if not reads_filtered_days(used):
        return f"{words} VaR is now of {title_of(used)}, which looks at days of its own."
    days, mean = days_words(data.market.scenario_days), rho_words(group.means["scenarios"])
    return f"{words} VaR takes its own {days}, each counting the same: mean {mean}."


def _difference_words(data: CorrelationData) -> str:
    if data.turned:
        return (
            "above zero, their profits move together more than on calm days; below, they offset "
            "each other more."
        )
    return "above zero, a pair is closer now."


def _calm_days(data: CorrelationData) -> int:
    return data.market.calm_days if data.market else 0


def _ends(group: Group) -> str:
    return f"Colours end at ±{number(span_of('difference', group), 1)}."


def _doubts(data: CorrelationData, group: Group, view: str) -> str:
    unknown, pairs = group.unknown_pairs(view), len(pairs_of(group.matrices[view]))
    if unknown:
        few = f"fewer than {MINIMUM_COMMON_BARS} days in common"
        return f"{number(unknown)} of {number(pairs)} pairs unknown: {few}."
    young = _young(data.market, group) if view in ("now", "stressed") else []
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
    labels = end_labels([end.value for end in data.ends], signed=signed, turned=data.turned)
    told = [
        f"{pair_name(data, end.assets)} {rho_words(end.value, signed=signed)}" for end in data.ends
    ]
    return list(zip(labels, told, strict=True))[::-1]


def end_labels(ends: Sequence[float], *, signed: bool, turned: bool) -> list[str]:
    """What the lowest and the highest pair are called.

    Parameters
    ----------
    ends : sequence of float
        The lowest and the highest value, or the only one.
    signed : bool
        Whether they are differences.
    turned : bool
        Whether they are of profits of positions, not of assets.
    """
    if len(ends) == 1:
        return ["Only known pair"]
    below, above = _ways(signed=signed, turned=turned)
    low, high = ends
    return [
        below.most if low < 0.0 else above.least,
        above.most if high >= 0.0 else below.least,
    ]


class _Way(NamedTuple):
    """Names of the pairs that go furthest and least far to one side of zero."""

    most: str
    least: str


def _ways(*, signed: bool, turned: bool) -> tuple[_Way, _Way]:
    """Names below zero and above it."""
    if not signed:
        return _Way("Most opposed", "Least opposed"), _Way("Most alike", "Least alike")
    if turned:
        return (
            _Way("Offset more, by most", "Offset more, by least"),
            _Way("Together more, by most", "Together more, by least"),
        )
    return _Way("Furthest apart", "Apart the least"), _Way("Closer the most", "Closer the least")


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
