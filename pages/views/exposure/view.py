"""The Exposure page as components: the answer in words, then figures, parts and history."""

from collections.abc import Callable, Mapping
from typing import Any

from dash import dcc, html

from pages.components.basics import Component, card, heading, help_mark
from pages.components.choices import choice_links, filter_chips
from pages.components.metrics import MetricCard, metric_card
from pages.components.notices import NoticeLink, empty_state
from pages.figures.exposure import change_figure
from pages.figures.history import CHART_CONFIG
from pages.format import amount, money, multiple, number, percent, sentence
from pages.query import Word
from pages.theme import others_fill, series_fill, series_line
from pages.views.absent import no_course
from pages.views.change import Change, NotKnown, change_words, day_before, trade_words
from pages.views.doubts import doubt_banners
from pages.views.exposure.positions import positions_card
from pages.views.exposure.reading import CONCENTRATION, Drawn, ExposureData
from pages.views.exposure.room import room_card
from pages.views.exposure.selection import (
    CHANGE,
    PATH,
    SIDE,
    SINCE,
    active_filters,
    everything,
    level_of,
)
from pages.views.exposure.split import bars_card, map_card
from pages.views.holdings import beta_of, coin, component_var, grouped, share_of
from pages.views.liquidation import nearest_liquidation_words
from pages.views.ranking import rank
from pages.views.stress import worst_stress_in_full
from pages.views.trend import spark_course
from risk.domain.assessment import Doubt, Exposure, PositionMeasures

#: Moves that a sparkline draws in its full height at least; below them is noise.
_LEAST_OF_EQUITY, _LEAST_CONCENTRATION = 0.005, 0.01


def exposure_view(data: ExposureData) -> list[Component]:
    """The page; its parts are placed by the page's grid."""
    return [
        _answer_card(data),
        html.Div(doubt_banners(_doubts(data)), id="exposure-notices", className="sw-notices"),
        html.Div(
            [metric_card(make(data)) for make in _CARDS], id="exposure-cards", className="sw-cards"
        ),
        room_card(data.cycle),
        html.Div(_parts(data), id="exposure-parts", className="sw-contents"),
        _change_card(data),
        _history_card(data),
    ]


def _parts(data: ExposureData) -> list[Component]:
    if data.positions:
        return [map_card(data), bars_card(data), positions_card(data)]
    if data.selection.is_all:
        what = "Nothing is at risk. Areas, bars and the list of positions appear with the first."
        return [empty_state("No position is open", what)]
    title = f"No open position matches: {data.selection.words}"
    whole = NoticeLink("Show the whole book", everything(data.query))
    return [empty_state(title, "Remove a filter above, or look at all of it.", links=[whole])]


def _doubts(data: ExposureData) -> list[Doubt]:
    shown = {p.asset for p in data.positions}
    doubts = data.assessment.doubts
    return [doubt for doubt in doubts if doubt.asset is None or doubt.asset in shown]


# -- the answer ---------------------------------------------------------------------------


def _answer_card(data: ExposureData) -> html.Section:
    sides = _choice(data, "Side", SIDE)
    chips = filter_chips(active_filters(data.query), clear=everything(data.query))
    return card(
        [
            html.P(answer(data), id="exposure-answer", className="sw-answer"),
            html.Div([chips, html.Span(className="sw-grow"), sides], className="sw-answer-tools"),
            *_worst(data),
        ],
        label="In words",
        class_name="sw-answer-card",
    )


def _worst(data: ExposureData) -> list[Component]:
    """Of the whole book only: what is selected is measured together with the rest."""
    if not data.selection.is_all or not data.positions:
        return []
    told = {
        "stress": (worst_stress_in_full(data.assessment, data.book.currency), "worst_stress"),
        "liquidation": (nearest_liquidation_words(data.assessment), "to_liquidation"),
    }
    return [
        html.Div(
            [html.Span(words), help_mark(term)],
            id=f"exposure-{key}",
            className="sw-answer-more",
        )
        for key, (words, term) in told.items()
    ]


def _choice(data: ExposureData, name: str, word: Word) -> Component:
    chosen = data.query.choice(word.name)
    return choice_links(name, word.name, word.options or {}, chosen, data.query.links_to(PATH))


def answer(data: ExposureData) -> str:
    """What is held and where it sits, in two sentences."""
    whose = "" if data.selection.is_all else f"{sentence(data.selection.words)}. "
    if not data.positions:
        return f"{whose}Nothing is held."
    return f"{whose}{_sizes(data)} {_where(data)}".strip()


def _sizes(data: ExposureData) -> str:
    sides = _sides(data.exposure, data.book.currency)
    if data.of_equity(data.exposure.gross) is None:
        return f"{sides}; equity is unknown, so there is no multiple of it."
    gross, net = (multiple(data.of_equity(v)) for v in (data.exposure.gross, data.exposure.net))
    return f"{sides}: gross {gross}, net {net} equity."


def _sides(exposure: Exposure, currency: str) -> str:
    if not exposure.short:
        return f"Long {money(exposure.long, currency)}, nothing short"
    if not exposure.long:
        return f"Short {money(exposure.short, currency)}, nothing long"
    return f"Long {amount(exposure.long)}, short {money(exposure.short, currency)}"


def _where(data: ExposureData) -> str:
    groups = grouped(data.positions, "asset")
    gross = {asset: _gross(members) for asset, members in groups.items()}
    largest = max(gross, key=lambda asset: (gross[asset], asset))
    share = percent(share_of(gross[largest], data.exposure.gross), 0)
    if len(groups) == 1:
        return "" if data.query.choice("asset") else f"All of it is {coin(largest)}."
    riskiest = _riskiest(groups, gross)
    if riskiest is None:
        return f"{coin(largest)} is {share} of gross; what each asset risks is unknown yet."
    asset, intensity = riskiest
    if intensity <= 0.0:
        return f"{coin(largest)} is {share} of gross; all of it takes VaR off the book."
    who = "it also" if asset == largest else coin(asset)
    return (
        f"{coin(largest)} is {share} of gross; {who} carries most VaR for its size "
        f"({percent(intensity, 1)} of it)."
    )


def _riskiest(
    groups: Mapping[str, list[PositionMeasures]], gross: Mapping[str, float]
) -> tuple[str, float] | None:
    """The asset whose component VaR is the largest part of its size; None if unknown."""
    parts = {asset: share_of(component_var(group), gross[asset]) for asset, group in groups.items()}
    known = {asset: part for asset, part in parts.items() if part is not None}
    if len(known) < len(parts):
        return None
    return max(known.items(), key=lambda item: (item[1], item[0]))


def _gross(positions: list[PositionMeasures]) -> float:
    return sum(abs(p.exposure) for p in positions)


# -- the six cards ------------------------------------------------------------------------


_MakeCard = Callable[[ExposureData], MetricCard]


def _size_card(term: str, context: Callable[[ExposureData], str]) -> _MakeCard:
    def make(data: ExposureData) -> MetricCard:
        value = float(getattr(data.exposure, term))
        signed = term == "net"
        return _metric_card(
            data,
            term,
            value,
            amount(value, signed=signed),
            data.book.currency,
            f"{multiple(data.of_equity(value))} equity{context(data)}",
            least_span=_LEAST_OF_EQUITY * (data.assessment.equity or 0.0),
        )

    return make


def _metric_card(
    data: ExposureData,
    term: str,
    value: float | None,
    figure_: str,
    unit: str,
    context: str,
    *,
    least_span: float = 0.0,
) -> MetricCard:
    course = spark_course(data.trends[term], value, data.query, data.cycle.pulse.market)
    place = rank(value, data.baselines[term])
    shown_unit = "" if value is None else unit
    return MetricCard(term, figure_, shown_unit, context, course, place, least_span=least_span)


def _nothing(_data: ExposureData) -> str:
    return ""


def _of_gross(side: str) -> Callable[[ExposureData], str]:
    def words(data: ExposureData) -> str:
        share = share_of(float(getattr(data.exposure, side)), data.exposure.gross)
        return "" if share is None else f" · {percent(share, 0)} of gross"

    return words


def _concentration_card(data: ExposureData) -> MetricCard:
    index = data.concentration
    if not index:
        return _metric_card(data, CONCENTRATION, None, "none", "", "nothing is held")
    nets = {asset: abs(value) for asset, value in data.net_by_asset.items()}
    largest = max(nets, key=lambda asset: (nets[asset], asset))
    share = percent(nets[largest] / sum(nets.values()), 0)
    return _metric_card(
        data,
        CONCENTRATION,
        index,
        f"≈ {number(1.0 / index, 1)}",
        "assets",
        f"{coin(largest)} {share} of all nets · index {number(index, 2)}",
        least_span=_LEAST_CONCENTRATION,
    )


def _beta_card(data: ExposureData) -> MetricCard:
    value = beta_of(data.positions, data.assessment.equity)
    unknown = sorted({coin(p.asset) for p in data.positions if p.beta_btc is None})
    if not data.positions:
        context = "nothing is held"
    elif unknown:
        context = f"no beta of {', '.join(unknown)} yet"
    elif value is None:
        context = "equity is unknown"
    else:
        context = f"BTC −10 %: {percent(-0.1 * value, 1, signed=True)} of equity"
    text = number(value, 2)
    return MetricCard("beta_btc", text, "", context, (), None, unranked="no history is kept")


_CARDS: tuple[_MakeCard, ...] = (
    _size_card("gross", _nothing),
    _size_card("net", _nothing),
    _size_card("long", _of_gross("long")),
    _size_card("short", _of_gross("short")),
    _concentration_card,
    _beta_card,
)


# -- what changed -------------------------------------------------------------------------


def _change_card(data: ExposureData) -> html.Section:
    choices = [_choice(data, "Measure", CHANGE), _choice(data, "Since", SINCE)]
    switches = html.Div(choices, className="sw-exposure-switches")
    change = data.change
    body = _bridge(data, change) if isinstance(change, Change) else _no_bridge(change)
    note = f"since the end of {day_before(change.since)}, UTC"
    return card(
        [
            heading("What changed", note=note, actions=[help_mark("what_changed"), switches]),
            html.Div(body, id="exposure-change"),
        ],
        label="What changed",
        class_name="sw-exposure-change",
        id="exposure-change-card",
    )


def _no_bridge(change: NotKnown) -> list[Component]:
    return [html.P([html.Strong("Unknown. "), change.reason], className="sw-dim sw-pad")]


def _bridge(data: ExposureData, change: Change) -> list[Component]:
    if not any((change.before, change.after, *(step.added for step in change.steps))):
        nothing = "Nothing of this was held then, and nothing is held now."
        return [html.P(nothing, className="sw-dim sw-pad")]
    drawn = change_figure(
        change.before,
        change.steps,
        change.after,
        names=(day_before(change.since), "Now"),
        scheme=data.query.scheme,
    )
    return [
        html.P(
            _change_sentence(data, change), id="exposure-change-words", className="sw-lead sw-pad-x"
        ),
        _graph("exposure-change-chart", drawn, 272),
        html.Div(
            _traded(data, change), id="exposure-change-trades", className="sw-pad-x sw-traded"
        ),
    ]


def _change_sentence(data: ExposureData, change: Change) -> str:
    share = data.of_equity(change.after)
    decimals = 2 if change.measure == "var" else 0
    of_equity = None if share is None else f"{percent(share, decimals)} of equity"
    said = change_words(change, data.book.currency, of_equity)
    if data.selection.is_all:
        return said
    alone = ", held alone" if change.measure == "var" else ""
    return f"{sentence(data.selection.words)}{alone}: {said}"


def _traded(data: ExposureData, change: Change) -> list[Component]:
    if not change.trades:
        return [html.P("Nothing was traded on balance.", className="sw-dim")]
    named = [html.Li(trade_words(trade, data.book.currency)) for trade in change.trades]
    return [html.Span("Most of the trading, on balance", className="sw-label"), html.Ul(named)]


# -- over time ----------------------------------------------------------------------------


def _history_card(data: ExposureData) -> html.Section:
    query = data.query
    note = f"{query.range_words(data.cycle.pulse.market)}, times {query.zone.name}"
    return card(
        [heading("Exposure over time", note=note, actions=[_line_key(data)]), *_charts(data)],
        label="Exposure over time",
        class_name="sw-exposure-history",
        id="exposure-history-card",
    )


def _charts(data: ExposureData) -> list[Component]:
    if not data.course.names:
        return [no_course()]
    if not data.selection.is_all and not data.layers.names:
        return [html.P("Nothing of this was held in this range.", className="sw-dim sw-pad")]
    return [_graph("exposure-course", data.course.figure, 168), *_layers(data)]


def _layers(data: ExposureData) -> list[Component]:
    title = f"Net by {level_of(data.query)}"
    if not data.layers.names:
        return [
            heading(title),
            html.P("Nothing was held in this range.", className="sw-dim sw-pad"),
        ]
    by_the_day = "; in part known once a day" if data.layers.by_the_day else ""
    note = f"longs above zero, shorts below{by_the_day}"
    return [
        heading(title, note=note, actions=[_layer_key(data)]),
        _graph("exposure-layers", data.layers.figure, 168),
    ]


def _graph(component_id: str, drawn: dict[str, Any], height: int) -> dcc.Graph:
    return dcc.Graph(
        id=component_id,
        figure=drawn,
        responsive=True,
        config=CHART_CONFIG,
        style={"height": f"{height}px"},
    )


def _line_key(data: ExposureData) -> html.Ul:
    lines = [series_line(i, data.query.scheme) for i in range(len(data.course.names))]
    styles = [{"borderTop": f"2px {_CSS_DASH[line['dash']]} {line['color']}"} for line in lines]
    return _key("exposure-course-key", data.course, styles, "sw-line-swatch")


#: CSS knows no dash-dot.
_CSS_DASH = {"solid": "solid", "dash": "dashed", "dot": "dotted", "dashdot": "double"}


def _layer_key(data: ExposureData) -> html.Ul:
    scheme = data.query.scheme
    fills = [series_fill(i, scheme) for i in range(len(data.layers.names))]
    fills += [others_fill(scheme)] if data.layers.others else []
    styles = [{"background": fill} for fill in fills]
    return _key("exposure-layers-key", data.layers, styles, "sw-area-swatch")


def _key(component_id: str, drawn: Drawn, styles: list[dict[str, str]], class_name: str) -> html.Ul:
    names = [*drawn.names, *(["others"] if drawn.others else [])]
    items = [
        html.Li([html.Span(className=class_name, style=style, **{"aria-hidden": "true"}), name])
        for name, style in zip(names, styles, strict=True)
    ]
    return html.Ul(items, id=component_id, className="sw-chart-key", **{"aria-label": "Key"})
