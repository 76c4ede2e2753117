"""The cockpit: am I all right, what is the biggest risk, what would a bad day cost?

Data in, component tree out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dash import dcc, html

from pages.components.basics import Component, card, glyph, heading, help_mark
from pages.components.links import inside_link
from pages.components.metrics import MetricCard, metric_card
from pages.components.risk_table import RiskRow, RiskTable
from pages.components.states import BannerCell, look_of_standing, state_banner
from pages.components.timeline import TimelineEntry, timeline
from pages.context import Book, CompleteCycle, MetricHistory, VarRecord
from pages.figures.history import CHART_CONFIG, history_figure
from pages.format import (
    NONE,
    UNKNOWN,
    UTC_ZONE,
    Zone,
    amount,
    money,
    multiple,
    number,
    percent,
    sentence,
)
from pages.query import Query
from pages.readings import Readings, midnight_before
from pages.views.absent import no_course
from pages.views.breakers.address import from_elsewhere
from pages.views.breakers.reading import trips_of_chart
from pages.views.breakers.trips import periods_of
from pages.views.change import Change, NotKnown, await_var_change, var_change_words
from pages.views.doubts import doubt_banners
from pages.views.exposure.selection import PATH
from pages.views.happenings import all_else, happenings, holds_among
from pages.views.holdings import beta_of, coin, share_of
from pages.views.holds import also_words, cause_words, overridden_words
from pages.views.latches import held_words, latch_banners
from pages.views.liquidation import nearest_liquidation_words
from pages.views.nearest import binding_words, blocked_words, nearest_card
from pages.views.ranking import rank
from pages.views.riskiest import risk_card, risk_rows
from pages.views.stress import worst_stress
from pages.views.tightest import (
    else_words,
    parts_words,
    tighter_parts,
    works_words,
    younger_reasons,
)
from pages.views.trend import spark_course
from risk.domain.assessment import Assessment
from risk.domain.breakers import Episode
from risk.domain.events import RiskEvent
from risk.domain.reductions import Sizing
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import Performance, Standing
from risk.measures.backtest import kupiec_region
from risk.portfolio.book_models import title_of

#: The metrics of the six cards; also what their histories are stored under.
CARD_METRICS = ("equity", "profit_today", "var_1d_99", "es_1d_975", "drawdown", "leverage")
#: The metrics of the chart.
CHARTED_METRICS = ("equity", "var_1d_99")
TIMELINE_LENGTH = 12
#: Entries that fill the timeline's card: a day with fewer goes on with the day before.
QUIET_DAY = 8
#: Places that orders, fills and stops have on any day, however many trips and halts it had.
_LEAST_ELSE = 4

#: Moves that a sparkline draws in its full height at least; below them is noise.
_LEAST_SPANS = {"var_1d_99": 0.001, "es_1d_975": 0.001, "drawdown": 0.005, "leverage": 0.05}


@dataclass(frozen=True, kw_only=True)
class CockpitData:
    """Everything the cockpit shows.

    Attributes
    ----------
    book : Book
    query : Query
    cycle : CompleteCycle
    trends : mapping of metric to MetricHistory
        Over the chosen range, for the sparklines.
    baselines : mapping of metric to MetricHistory
        Over the last year, for the percentiles.
    events : sequence of RiskEvent
        Since 00:00 UTC, newest first.
    yesterday : sequence of RiskEvent
        Of the day before, newest first; empty if today tells enough.
    change : Change, NotKnown or None
        Of the one-day VaR since 00:00 UTC; None while it is being worked out.
    record : VarRecord or None
    courses : mapping of metric to MetricHistory
        Over the chosen range, for the chart.
    trips : sequence of Episode
        Of breakers, over that range.
    """

    book: Book
    query: Query
    cycle: CompleteCycle
    trends: Mapping[str, MetricHistory]
    baselines: Mapping[str, MetricHistory]
    events: Sequence[RiskEvent]
    yesterday: Sequence[RiskEvent]
    change: Change | NotKnown | None
    record: VarRecord | None
    courses: Mapping[str, MetricHistory]
    trips: Sequence[Episode] = ()

    @property
    def assessment(self) -> Assessment:
        """Of the cycle shown."""
        return self.cycle.assessment

    @property
    def performance(self) -> Performance | None:
        """Of the cycle shown; None until equity was first known."""
        return self.cycle.state.performance

    @property
    def zone(self) -> Zone:
        """In which times are shown."""
        return self.query.zone

    def of_equity(self, value: float | None) -> float | None:
        """Money as a fraction of equity; None while either is unknown."""
        return share_of(value, self.assessment.equity)


def read_cockpit(readings: Readings, query: Query, book: Book, cycle: CompleteCycle) -> CockpitData:
    """Everything that the cockpit shows of one cycle."""
    now = cycle.pulse.market
    events = readings.events(book, cycle)
    told = happenings(events, zone=query.zone, currency=book.currency, limit=QUIET_DAY)
    quiet = len(told) < QUIET_DAY
    return CockpitData(
        book=book,
        query=query,
        cycle=cycle,
        trends={m: readings.trend(book, m, query, cycle) for m in CARD_METRICS},
        baselines={m: readings.baseline(book, m, cycle) for m in CARD_METRICS},
        courses={m: readings.course(book, m, query, now) for m in CHARTED_METRICS},
        events=events,
        yesterday=readings.events_of_yesterday(book, cycle) if quiet else (),
        change=await_var_change(readings, book, cycle),
        record=readings.record(book, cycle),
        trips=trips_of_chart(readings, query, book, cycle),
    )


def cockpit_view(data: CockpitData) -> list[Component]:
    """The cockpit; its parts are placed by the page's grid."""
    return [
        _banner(data),
        _notices(data),
        _card_row(data),
        nearest_card(data.cycle, data.query),
        risk_card(data.assessment, data.query, data.book.currency),
        _timeline_card(data),
        _chart_card(data),
    ]


# -- the state banner ---------------------------------------------------------------------


def _banner(data: CockpitData) -> html.Section:
    state = data.cycle.state
    standing = state.standing()
    look = look_of_standing(standing)
    since = "" if standing is None else f", since {_when(data, standing)}"
    return state_banner(
        look,
        heading=f"State of book {data.book.name}{since}",
        cause=cause_words(state, data.zone, data.assessment.at),
        cells=(_biggest_risk(data), _bad_day(data)),
        sizing=_sizing_words(data.cycle.state.sizing),
        binding=binding_words(data.cycle, data.book.currency),
        blocked=blocked_words(data.cycle) or held_words(data.cycle.state) or else_words(state),
        works=_works(data),
        parts=_parts(data),
    )


def _works(data: CockpitData) -> str:
    """What works and until when while a breaker or bad data hold the book; else nothing."""
    told = works_words(data.cycle.state, data.zone, data.assessment.at)
    limits = blocked_words(data.cycle) if told else ""
    return f"{told} {limits}".rstrip()


def _parts(data: CockpitData) -> Component | None:
    """What is tighter than the book, and what else holds: its word alone would sound better."""
    state, now = data.cycle.state, data.assessment.at
    tighter = tighter_parts(state)
    first = tighter[0].scope if tighter else None
    also = also_words(state, data.zone, now, told=first)
    way = inside_link("Breakers", from_elsewhere(data.query), class_name="sw-link")
    lines = []
    if tighter:
        look = tighter[0].look
        said = [parts_words(state, data.zone, now), *([] if also else [" ", way])]
        lines.append(
            html.P(
                [glyph(look.shape, state=look.shape), html.Span(said)],
                id="state-parts",
                className="sw-state-parts",
                **{"data-state": look.shape},
            )
        )
    if also:
        lines.append(html.P([also, " ", way], id="state-also", className="sw-dim"))
    over = overridden_words(state, data.zone, now)
    if over:
        lines.append(html.P([over, " ", way], id="state-overridden", className="sw-dim"))
    return html.Div(lines) if lines else None


def _sizing_words(sizing: Sizing) -> str:
    """Why new sizes are not whole; nothing while they are."""
    return "" if sizing.factor >= 1.0 else f"{sentence(sizing.cause)}."


def _when(data: CockpitData, standing: Standing) -> str:
    """Since when the state holds, and its reasons of now where they are younger."""
    now = data.assessment.at
    whole_book = Scope(ScopeKind.PORTFOLIO, data.cycle.state.portfolio)
    reasons = [
        f"; by {reason.breaker} since {data.zone.date_and_clock(reason.since, now=now)}"
        for reason in younger_reasons(data.cycle.state, whole_book)
    ]
    return data.zone.date_and_clock(standing.since, now=now) + "".join(reasons)


def _biggest_risk(data: CockpitData) -> BannerCell:
    table = risk_rows(data.assessment, "Asset", data.book.currency)
    if not table.rows:
        return _risk_cell(NONE, "", "No position is open.")
    top = table.rows[0]
    if top.share is None:
        return _risk_cell(UNKNOWN, "", "VaR cannot be measured yet.")
    lines = [_move_words(top, data.book.currency), *_offset_words(table), *_stress_words(data)]
    return _risk_cell(top.name, f"{top.side}, {percent(top.share, 0)} of VaR", *lines)


def _risk_cell(figure: str, unit: str, *lines: str) -> BannerCell:
    return BannerCell("risk", "Biggest risk", figure, unit, lines, help_mark("biggest_risk"))


def _move_words(top: RiskRow, currency: str) -> str:
    move = percent(-0.1 if top.net >= 0.0 else 0.1, 0, signed=True)
    return f"{top.name} {move} costs {money(0.1 * abs(top.net), currency)}."


def _offset_words(table: RiskTable) -> list[str]:
    offsets = [row for row in table.rows if row.share is not None and row.share < -0.005]
    if not offsets:
        return ["Nothing held offsets it."]
    best = min(offsets, key=lambda row: row.share or 0.0)
    return [f"{best.name} {best.side} takes {percent(-(best.share or 0.0), 1)} off; keep it."]


def _stress_words(data: CockpitData) -> list[str]:
    words = worst_stress(data.assessment, data.book.currency)
    away = nearest_liquidation_words(data.assessment)
    return [each for each in (words, away) if each]


def _bad_day(data: CockpitData) -> BannerCell:
    day = data.assessment.held.day
    record = _record_words(data.record)
    if day is None:
        return _day_cell(UNKNOWN, "", "VaR needs more history of the coins held.", record)
    var, beyond = day.var_at(0.99), day.es_at(0.99)
    unit = f"or {percent(data.of_equity(var))} of equity"
    worse = f"One day in 100 is worse, then {amount(beyond)} on average."
    return _day_cell(money(var, data.book.currency), unit, worse, record, *_model_words(data))


def _model_words(data: CockpitData) -> list[str]:
    """Which model says so, where it was not always this one: its record is not all its own."""
    known = data.cycle.state.book_model
    if known is None or known.since is None:
        return []
    since = data.query.zone.date(known.since, now=data.cycle.pulse.market)
    return [f"By {title_of(known.name)}, in use since {since}."]


def _day_cell(figure: str, unit: str, *lines: str) -> BannerCell:
    return BannerCell("day", "What a bad day costs", figure, unit, lines, help_mark("bad_day"))


def _record_words(record: VarRecord | None) -> str:
    if record is None or record.days == 0:
        return "No forecast has met its day yet."
    low, high = kupiec_region(record.days, 0.99)
    normal = f"normal {low} to {high}"
    times = "exception" if record.exceptions == 1 else "exceptions"
    return f"{record.exceptions} {times} in {record.days} days, {normal}."


def _notices(data: CockpitData) -> html.Div:
    latches = latch_banners(data.cycle.state, data.query, now=data.assessment.at)
    banners = [*latches, *doubt_banners(data.assessment.doubts)]
    return html.Div(banners, id="cockpit-notices", className="sw-notices")


# -- the six cards ------------------------------------------------------------------------


def _card_row(data: CockpitData) -> html.Div:
    cards = [metric_card(content) for content in _cards(data)]
    return html.Div(cards, id="cockpit-cards", className="sw-cards")


def _cards(data: CockpitData) -> list[MetricCard]:
    makers: tuple[Callable[[CockpitData], MetricCard], ...] = (
        _equity_card,
        _profit_card,
        _var_card,
        _es_card,
        _drawdown_card,
        _leverage_card,
    )
    return [make(data) for make in makers]


def _metric_card(
    data: CockpitData, term: str, value: float | None, figure: str, unit: str, context: str
) -> MetricCard:
    course = spark_course(data.trends[term], value, data.query, data.cycle.pulse.market)
    place = rank(value, data.baselines[term])
    return MetricCard(
        term,
        figure,
        "" if value is None else unit,
        context,
        course,
        place,
        least_span=_least_span(data, term),
    )


def _least_span(data: CockpitData, term: str) -> float:
    """Fractions as they are; money as a thousandth of equity."""
    return _LEAST_SPANS.get(term, 0.001 * (data.assessment.equity or 0.0))


def _equity_card(data: CockpitData) -> MetricCard:
    equity, context = data.assessment.equity, _equity_words(data)
    return _metric_card(data, "equity", equity, amount(equity), data.book.currency, context)


def _equity_words(data: CockpitData) -> str:
    performance = data.performance
    if data.assessment.equity is None or performance is None:
        return "unknown: a held asset has no price"
    if data.cycle.state.equity_trust is not None:
        return f"not believed yet; last trusted {amount(performance.equity)}"
    return f"{percent(performance.return_today, signed=True)} since 00:00"


def _profit_card(data: CockpitData) -> MetricCard:
    performance = data.performance
    profit = None if performance is None else performance.profit_today
    return _metric_card(
        data,
        "profit_today",
        profit,
        amount(profit, signed=True),
        data.book.currency,
        _market_words(data.assessment) or "since 00:00 UTC",
    )


def _market_words(assessment: Assessment) -> str | None:
    market = assessment.benchmark
    if market is None or market.since_midnight is None:
        return None
    return f"{coin(market.asset)} {percent(market.since_midnight, 1, signed=True)} since 00:00"


def _var_card(data: CockpitData) -> MetricCard:
    held, market = data.assessment.held, data.assessment.benchmark
    value = data.of_equity(held.day.var_at(0.99)) if held.day else None
    hour = f"1 h {percent(data.of_equity(held.hour.var_at(0.99)))}" if held.hour else ""
    alone = f"{coin(market.asset)} alone {percent(market.var_99, 1)}" if market else ""
    context = " · ".join(part for part in (hour, alone) if part) or "needs more history"
    return _metric_card(data, "var_1d_99", value, percent(value), "", context)


def _es_card(data: CockpitData) -> MetricCard:
    held, market = data.assessment.held, data.assessment.benchmark
    loss = held.day.es_at(0.975) if held.day else None
    value = data.of_equity(loss)
    alone = f"{coin(market.asset)} alone {percent(market.es_975, 1)}" if market else ""
    cost = amount(loss) if loss is not None else ""
    context = " · ".join(part for part in (cost, alone) if part) or "needs more history"
    return _metric_card(data, "es_1d_975", value, percent(value), "", context)


def _drawdown_card(data: CockpitData) -> MetricCard:
    performance = data.performance
    value = None if performance is None else performance.drawdown
    context = (
        "no equity known yet"
        if performance is None
        else f"Peak {amount(performance.peak.equity)} on {data.zone.day(performance.peak.at)}"
    )
    return _metric_card(data, "drawdown", value, percent(value, 1), "", context)


def _leverage_card(data: CockpitData) -> MetricCard:
    assessment = data.assessment
    net = f"Net {multiple(data.of_equity(assessment.held.exposure.net))}"
    beta = beta_of(assessment.positions, assessment.equity)
    context = net if beta is None else f"{net} · BTC beta {number(beta, 2)}"
    value = assessment.leverage
    return _metric_card(data, "leverage", value, multiple(value), "", context)


# -- what changed -------------------------------------------------------------------------


def _timeline_card(data: CockpitData) -> html.Section:
    holds = _entries(data, holds_among(data.events, TIMELINE_LENGTH), TIMELINE_LENGTH)
    left = max(_LEAST_ELSE, TIMELINE_LENGTH - len(holds))
    rest = _entries(data, all_else(data.events), left)
    yesterday = _entries(data, data.yesterday, max(0, QUIET_DAY - len(holds) - len(rest)))
    return card(
        [
            heading("What changed today", note=f"since {_midnight_words(data)}, newest first"),
            # It scrolls when the day is long, hence a stop for the keyboard.
            html.Div(
                [*_today(holds, rest), *_yesterday(data, yesterday)],
                id="changes-content",
                className="sw-scrolls",
                tabIndex=0,
            ),
            _var_change(data),
        ],
        label="What changed today",
        class_name="sw-changes",
        id="cockpit-changes",
    )


def _entries(data: CockpitData, events: Sequence[RiskEvent], limit: int) -> list[TimelineEntry]:
    return happenings(
        events,
        zone=data.zone,
        currency=data.book.currency,
        limit=limit,
        policy=data.cycle.state.policy,
    )


def _midnight_words(data: CockpitData) -> str:
    """The engine's days are UTC's; elsewhere they begin at another hour, or the day before."""
    midnight = midnight_before(data.assessment.at)
    if data.zone.is_utc:
        return "00:00 UTC"
    return data.zone.date_and_clock(midnight, now=data.assessment.at)


def _today(holds: Sequence[TimelineEntry], rest: Sequence[TimelineEntry]) -> list[Component]:
    """One run of time; what holds trading has its place in it however much else there was."""
    told = sorted([*holds, *rest], key=_moment, reverse=True)
    if not told:
        return [html.P("Nothing has happened since 00:00 UTC.", className="sw-dim sw-pad")]
    return [timeline(told, "cockpit-timeline")]


def _moment(entry: TimelineEntry) -> datetime:
    assert entry.at is not None, "whatever happened has a time"
    return entry.at


def _yesterday(data: CockpitData, entries: Sequence[TimelineEntry]) -> list[Component]:
    if not entries:
        return []
    day = UTC_ZONE.day(midnight_before(data.assessment.at) - timedelta(days=1))
    return [
        html.H3(f"Yesterday, {day}", className="sw-timeline-day"),
        timeline(entries, "cockpit-timeline-yesterday"),
    ]


def _var_change(data: CockpitData) -> html.P:
    said = (
        "Why VaR changed since yesterday is being worked out."
        if data.change is None
        else var_change_words(data.change, data.book.currency, data.of_equity)
    )
    to_exposure = inside_link("Exposure", data.query.href(PATH), class_name="sw-link")
    return html.P(
        [html.Span(said, id="cockpit-change-words"), " ", to_exposure],
        className="sw-changes-foot",
    )


# -- the chart ----------------------------------------------------------------------------


def _chart_card(data: CockpitData) -> html.Section:
    note = _chart_note(data.query, data.cycle.pulse.market)
    return card(
        [heading("Equity and VaR", note=note), html.Div(_chart(data), id="cockpit-course")],
        label="Equity and VaR over the chosen range",
        class_name="sw-course",
    )


def _chart(data: CockpitData) -> Component:
    query = data.query
    equity, var = (data.courses[metric] for metric in CHARTED_METRICS)
    if not equity.ts_ms.size:
        return no_course()
    figure = history_figure(
        equity,
        var,
        currency=data.book.currency,
        zone=query.zone,
        scheme=query.scheme,
        periods=periods_of(data.trips, data.cycle.state),
    )
    return dcc.Graph(
        id="cockpit-chart",
        figure=figure,
        responsive=True,
        config=CHART_CONFIG,
        style={"height": "260px"},
    )


def _chart_note(query: Query, now: datetime) -> str:
    return f"{query.range_words(now)}, times {query.zone.name}"
