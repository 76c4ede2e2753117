"""The correlation screen: an answer, six figures, the map of pairs, one pair, the mean over time.

Data in, component tree out.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from pages.components.basics import Component, card, figure, heading, help_mark
from pages.components.choices import choice_links
from pages.components.links import inside_link
from pages.components.metrics import MetricCard, metric_card
from pages.components.notices import page_banner
from pages.figures.correlation import MEAN_HEIGHT, MOST_NUMBERED, PAIR_HEIGHT, regime_tint
from pages.figures.history import CHART_CONFIG
from pages.format import UNKNOWN, number, ordinal, percent
from pages.glossary import GLOSSARY
from pages.theme import Scheme, correlation_scale, mixed, series_line
from pages.views.correlation.reading import CorrelationData, named, span_of
from pages.views.correlation.study import RECENT_DAYS, TAIL, Group, Market, Pair, pairs_of
from pages.views.correlation.words import ASSETS, OF, ORDER, VIEW, VIEWS
from pages.views.holdings import component_var, grouped, share_of
from pages.views.ranking import rank
from risk.domain.model import PROVEN_AFTER
from risk.measures.correlation import PRIOR_CORRELATION
from risk.measures.dependence import MINIMUM_COMMON_BARS, STRESSED_MEAN

_PATH = "/correlation"
#: Mean correlations from which coins move together, and under which they hardly do.
_TOGETHER, _HARDLY = 0.60, 0.30
#: Shares of VaR within this of nothing neither add nor take off.
_NEGLIGIBLE_SHARE = 0.005
#: Moves of a mean correlation below this are drawn as noise.
_LEAST_SPAN = 0.05
_SCALE_STEPS = 11
#: Names in one sentence.
_MOST_LISTED = 3
_REGIMES = {-1: "loose", 0: "usual", 1: "tight"}
_TINTED = {1: "tight", -1: "loose"}


def correlation_view(data: CorrelationData) -> list[Component]:
    """The correlation screen; its parts are placed by the page's grid."""
    return [
        _answer_card(data),
        html.Div(_notes(data), id="correlation-notices", className="sw-notices"),
        _card_row(data),
        _map_card(data),
        _pair_card(data),
        _mean_card(data),
    ]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _rho(value: float, *, signed: bool = False) -> str:
    return number(_known(value), 2, signed=signed)


# -- the answer -----------------------------------------------------------------------------


def _answer_card(data: CorrelationData) -> html.Section:
    words = html.P(answer(data), id="correlation-answer", className="sw-answer")
    return card([words], label="In short", class_name="sw-answer-card")


def answer(data: CorrelationData) -> str:
    """Whether what is held, or chosen, is one bet; in at most three sentences."""
    if data.market is None:
        return (
            f"Correlation is {UNKNOWN}: the model needs {PROVEN_AFTER} days of prices first. "
            "This page fills by itself."
        )
    if data.group is None:
        return _lonely(data)
    return f"{_together(data, data.group)} {_offset_words(data)}"


def _lonely(data: CorrelationData) -> str:
    if not data.held:
        return "No position is open: nothing moves together. Choose all assets for the market."
    name = data.names[data.held[0].asset]
    return f"Only {name} is held: nothing moves with it, and nothing offsets it."


def _together(data: CorrelationData, group: Group) -> str:
    now = float(group.rolling[-1]) if group.rolling.size else math.nan
    mean = group.means["used"] if math.isnan(now) else now
    place = (
        f", {ordinal(data.place.percentile)} percentile of {data.place.values} days"
        if data.place
        else ""
    )
    calm = f", calm {_rho(group.means['calm'])}"
    return f"{_verdict(data, mean)}: mean correlation {_rho(mean)}{place}{calm}."


def _verdict(data: CorrelationData, mean: float) -> str:
    whose = "Your coins" if data.query.choice(ASSETS.name) == "held" else "All coins"
    if math.isnan(mean):
        return f"{whose} are not known well enough"
    if mean >= _TOGETHER:
        return f"{whose} move together"
    return f"{whose} hardly move together" if mean < _HARDLY else f"{whose} move loosely together"


def _offset_words(data: CorrelationData) -> str:
    """What takes off VaR, by the same parts of VaR that the cockpit shows."""
    total = data.cycle.assessment.held.day
    if total is None or not data.held:
        return "" if data.held else "No position is open."
    whole = total.var_at(0.99)
    parts = grouped(data.cycle.assessment.positions, "asset")
    shares = {asset: share_of(component_var(group), whole) for asset, group in parts.items()}
    if any(share is None for share in shares.values()):
        return f"What offsets is {UNKNOWN}."
    offsets = [one for one in data.held if (shares[one.asset] or 0.0) < -_NEGLIGIBLE_SHARE]
    if not offsets:
        return "Nothing held offsets."
    names = _listed([named(data.names[one.asset], short=one.sign < 0.0) for one in offsets])
    off = percent(-sum(shares[one.asset] or 0.0 for one in offsets), 1)
    return f"{names} {'offsets' if len(offsets) == 1 else 'offset'}: {off} off VaR."


def _listed(names: Sequence[str]) -> str:
    """``BTC``, ``BTC and ETH``, ``BTC, ETH and 3 more``."""
    if len(names) > _MOST_LISTED:
        more = len(names) - _MOST_LISTED + 1
        names = [*names[: _MOST_LISTED - 1], f"{more} more"]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _notes(data: CorrelationData) -> list[Component]:
    notes = []
    if data.unmodelled:
        names = ", ".join(data.unmodelled)
        notes.append(_note("Held, but unknown to the model:", f"{names}. Not shown below."))
    if data.pair_note:
        notes.append(_note(data.pair_note, "The two largest are shown."))
    return notes


def _note(strong: str, rest: str) -> Component:
    return page_banner(strong, rest, state="info")


# -- six figures ----------------------------------------------------------------------------


def _card_row(data: CorrelationData) -> html.Div:
    return html.Div(
        [
            _mean_now(data),
            _mean_used(data),
            _calm_figure(data),
            _stressed_figure(data),
            _bets_figure(data),
            _tails_figure(data),
        ],
        id="correlation-cards",
        className="sw-cards",
    )


def _mean_now(data: CorrelationData) -> html.Section:
    group = data.group
    rolling = [] if group is None else [v for v in group.rolling.tolist() if not math.isnan(v)]
    now = group.rolling[-1] if group is not None and group.rolling.size else math.nan
    content = MetricCard(
        "mean_correlation",
        _rho(float(now)),
        f"{RECENT_DAYS} d",
        _regime_words(group),
        rolling[:: max(1, len(rolling) // 60)],
        data.place,
        least_span=_LEAST_SPAN,
    )
    return metric_card(content)


def _regime_words(group: Group | None) -> str:
    if group is None or group.usual.lasted == 0:
        return "needs 120 days to compare with"
    regime = _REGIMES[int(group.usual.regime[-1])]
    return f"{regime} for {_days(group.usual.lasted)}"


def _days(count: int) -> str:
    return f"{number(count)} {'day' if count == 1 else 'days'}"


def _mean_used(data: CorrelationData) -> html.Section:
    value = data.cycle.assessment.held.mean_correlation
    content = MetricCard(
        "correlation_used",
        number(value, 2),
        "",
        "mean over what is held",
        [*data.trend.values.tolist(), *([] if value is None else [value])],
        rank(value, data.baseline),
        least_span=_LEAST_SPAN,
    )
    return metric_card(content)


def _fact(term: str, value: str, unit: str, context: str) -> html.Section:
    name, base = GLOSSARY[term].name, f"card-{term}"
    return card(
        [
            html.Div([html.Span(name), help_mark(term)], className="sw-label"),
            html.Div(
                [
                    figure(value, f"{base}-figure", class_name="sw-figure"),
                    html.Span(unit, id=f"{base}-unit", className="sw-unit"),
                ],
                className="sw-figure-line",
            ),
            html.Div(context, id=f"{base}-context", className="sw-context"),
        ],
        label=name,
        class_name="sw-metric",
    )


def _calm_figure(data: CorrelationData) -> html.Section:
    group, market = data.group, data.market
    if group is None or market is None:
        return _fact("correlation_calm", UNKNOWN, "", "needs two assets")
    change = group.means["difference"]
    recent = "" if math.isnan(change) else f"; recent is {_rho(change, signed=True)} from it"
    context = f"on the calmer {number(market.calm_days)} of {_days(len(market.days_ms))}{recent}"
    return _fact("correlation_calm", _rho(group.means["calm"]), "mean", context)


def _stressed_figure(data: CorrelationData) -> html.Section:
    group = data.group
    if group is None:
        return _fact("correlation_stressed", UNKNOWN, "", "needs two assets")
    moved = (
        f"θ {number(group.theta, 2)} moves every pair towards one until the mean is "
        f"{number(STRESSED_MEAN, 2)}"
        if group.theta > 0.0
        else f"the mean is at {number(STRESSED_MEAN, 2)} or above already: θ is 0"
    )
    return _fact("correlation_stressed", _rho(group.means["stressed"]), "mean", moved)


def _bets_figure(data: CorrelationData) -> html.Section:
    group = data.group
    if group is None:
        return _fact("independent_bets", UNKNOWN, "", "needs two assets")
    context = f"as many unrelated assets would spread risk as these {len(group.assets)} do"
    return _fact(
        "independent_bets",
        number(_known(group.bets), 1),
        f"of {len(group.assets)}",
        context,
    )


def _tails_figure(data: CorrelationData) -> html.Section:
    group = data.group
    if group is None:
        return _fact("joint_tails", UNKNOWN, "", "needs two assets")
    if group.tails.pairs == 0:
        return _fact("joint_tails", UNKNOWN, "", "needs 100 days with two assets")
    context = (
        f"of a coin's worst {percent(TAIL, 0)} of days are among another's worst; a Gaussian "
        f"copula says {percent(group.tails.gaussian, 0)}"
    )
    return _fact("joint_tails", percent(group.tails.observed, 0), "", context)


# -- the map --------------------------------------------------------------------------------


def _map_card(data: CorrelationData) -> html.Section:
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
    days, last = _days(len(data.market.days_ms)), data.query.zone.day(data.market.closed)
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
    names = _listed([data.names[asset] for asset in young])
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
    told = [f"{_both(data, end.assets)} {_rho(end.value, signed=signed)}" for end in data.ends]
    return list(zip(labels, told, strict=False))[::-1]


def _both(data: CorrelationData, assets: tuple[str, str]) -> str:
    return " and ".join(_name(data, asset) for asset in assets)


def _name(data: CorrelationData, asset: str) -> str:
    return named(data.names[asset], short=asset in data.shorts)


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


# -- one pair -------------------------------------------------------------------------------


def _pair_card(data: CorrelationData) -> html.Section:
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
        heading(_both(data, pair.assets), actions=_pair_lists(data, group, pair)),
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


def _pair_lists(data: CorrelationData, group: Group, pair: Pair) -> list[Component]:
    """What the map's click does, for those who use no mouse."""
    return [
        _pair_list(data, group, component_id, label, chosen, other)
        for component_id, label, chosen, other in (
            ("correlation-first", "First asset of the pair", *pair.assets),
            ("correlation-second", "Second asset of the pair", *reversed(pair.assets)),
        )
    ]


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
    first, second = (_name(data, asset) for asset in pair.assets)
    if math.isnan(pair.joint):
        return "Joint tails need 100 days with both."
    return (
        f"On the worst {percent(TAIL, 0)} of days for {first}, {second} had one of its own worst "
        f"{percent(pair.joint, 0)} of the time; a Gaussian copula says {percent(pair.gaussian, 0)}."
    )


def _pair_facts(pair: Pair) -> html.Dl:
    now = float(pair.rolling[-1]) if pair.rolling.size else math.nan
    facts: Sequence[tuple[str, str, Component | None]] = [
        ("Used by VaR", _rho(pair.levels["used"]), None),
        ("Calm", _rho(pair.levels["calm"]), None),
        (f"Last {RECENT_DAYS} days", _rho(now), None),
        ("Stressed", _rho(pair.levels["stressed"]), None),
        ("Beta", _rho(pair.beta), help_mark("pair_beta")),
        ("Joint tails", percent(_known(pair.joint), 0), None),
        ("Gaussian copula", percent(_known(pair.gaussian), 0), None),
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


# -- the mean over time ---------------------------------------------------------------------


def _mean_card(data: CorrelationData) -> html.Section:
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
    days = _days(len(group.rolling))
    if group.usual.lasted == 0:
        return f"rolling {RECENT_DAYS} days; {days} are too few to tell what is usual"
    return f"rolling {RECENT_DAYS} days over {days}; {_regime_words(group)} now"


def _mean_legend(scheme: Scheme) -> list[Component]:
    lines = [
        _key("line", f"rolling {RECENT_DAYS} d", series_line(0, scheme)["color"]),
        _key("dashed", "held, in the VaR model", series_line(1, scheme)["color"]),
    ]
    areas = [_key("area", name, regime_tint(kind, scheme)) for kind, name in _TINTED.items()]
    return [*lines, *areas]


def _key(kind: str, text: str, colour: str) -> html.Span:
    return html.Span(text, className=f"sw-key sw-key-{kind}", style={"--sw-key": colour})
