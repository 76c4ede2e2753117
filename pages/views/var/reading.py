"""What the VaR page shows of one cycle, read and worked out once for everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pages.context import Book, CompleteCycle, MetricHistory
from pages.figures.bands import bands_figure
from pages.figures.periods import Hold, with_periods
from pages.format import UTC_ZONE
from pages.later import Awaited
from pages.query import Query
from pages.readings import Readings, midnight_before
from pages.views.breakers.reading import trips_between
from pages.views.breakers.trips import periods_of
from pages.views.change import Change, NotKnown, read_var_change
from pages.views.health.judged import ModelHealth, read_live_health
from pages.views.holdings import share_of
from pages.views.records.explained import Exceeded, exceptions_of
from pages.views.records.live import in_use
from pages.views.records.past import Hindsight, ask_hindsight
from pages.views.records.scored import (
    EQUITY_AGE,
    REUSED_CYCLES,
    ScoredBars,
    read_judged,
    read_scored,
)
from pages.views.var.course import Components, read_components
from pages.views.var.plot import Today, bands_plot
from pages.views.var.ten_days import TenDays, ask_ten_days
from pages.views.var.words import HORIZON
from risk.domain.assessment import Assessment
from risk.domain.market import Period
from risk.domain.model import Forecast
from risk.storage.queries import JUDGED_DAYS

#: Shortest and longest span of hours that is shown; more bars than pixels say nothing.
LEAST_HOURS, MOST_HOURS = timedelta(days=7), timedelta(days=30)
#: As many days are shown at least, for the traffic light needs them.
LEAST_DAYS = JUDGED_DAYS
_HOUR = timedelta(hours=1)
CARD_METRICS = ("var_1d_99", "es_1d_975")
#: The benchmark where the assessment names none.
_LEADER = "BTC/USDT"


@dataclass(frozen=True, kw_only=True)
class VarData:
    """Everything the VaR page shows.

    Attributes
    ----------
    book : Book
    query : Query
    cycle : CompleteCycle
    judged : ScoredBars
        Days that the verdict counts: the last 250 that were scored.
    live : ModelHealth
        What the tests say of those, as Model health has it.
    shown : ScoredBars
        What the plot shows, of the chosen horizon.
    exceptions : sequence of Exceeded
        Of what is shown, newest first.
    forecast_since : datetime or None
        If a range in the past shows nothing: when the first bar opened that was forecast, of the
        chosen horizon.
    hindsight : Awaited of Hindsight
    day : Today or None
        The running day; None if nothing was forecast for it.
    today : Today or None
        The running bar of the plot; None also if the range ends before it.
    figure : dict or None
        None while there is no bar to draw.
    components : Components
    trends, baselines : mapping of metric to MetricHistory
        Of the cards: over the chosen range, and over the last year.
    ten_days : Awaited of TenDays
    change : Change or NotKnown
        Of the one-day VaR since 00:00 UTC.
    """

    book: Book
    query: Query
    cycle: CompleteCycle
    judged: ScoredBars
    live: ModelHealth
    shown: ScoredBars
    exceptions: list[Exceeded]
    forecast_since: datetime | None
    hindsight: Awaited[Hindsight]
    day: Today | None
    today: Today | None
    figure: dict[str, Any] | None
    components: Components
    trends: Mapping[str, MetricHistory]
    baselines: Mapping[str, MetricHistory]
    ten_days: Awaited[TenDays]
    change: Change | NotKnown

    @property
    def assessment(self) -> Assessment:
        """Of the cycle shown."""
        return self.cycle.assessment

    @property
    def period(self) -> Period:
        """The horizon that was chosen."""
        return Period(self.query.choice(HORIZON.name))

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Beginning and end of the chosen range."""
        return self.query.span(self.cycle.pulse.market)

    @property
    def stands_still(self) -> bool:
        """Whether the chosen range is over."""
        return self.query.stands_still(self.cycle.pulse.market)

    def of_equity(self, value: float | None) -> float | None:
        """Money as a fraction of equity now; None while either is unknown."""
        return share_of(value, self.assessment.equity)


def read_var(readings: Readings, query: Query, book: Book, cycle: CompleteCycle) -> VarData:
    """Everything that the VaR page shows of one cycle."""
    return _Reading(readings, query, book, cycle).data()


class _Reading:
    """One view of one cycle."""

    def __init__(self, readings: Readings, query: Query, book: Book, cycle: CompleteCycle) -> None:
        self.readings, self.query, self.book, self.cycle = readings, query, book, cycle
        self.now = cycle.pulse.market
        self.epoch = cycle.pulse.cycle // REUSED_CYCLES
        self.midnight = midnight_before(self.now)
        self.period = Period(query.choice(HORIZON.name))

    def data(self) -> VarData:
        judged = read_judged(self.readings, self.book, self.midnight, epoch=self.epoch)
        shown = self._shown()
        hindsight = ask_hindsight(self.readings, self.book, self.midnight, epoch=self.epoch)
        exceptions = self._exceptions(shown, hindsight.value)
        day = self._running(Period.DAY)
        today = self._plotted(day)
        return VarData(
            book=self.book,
            query=self.query,
            cycle=self.cycle,
            judged=judged,
            live=read_live_health(self.readings, self.book, judged, in_use(self.cycle.state)),
            shown=shown,
            exceptions=exceptions,
            forecast_since=self._forecast_since() if self._shows_nothing(shown) else None,
            hindsight=hindsight,
            day=day,
            today=today,
            figure=self._figure(shown, exceptions, today, hindsight.value),
            components=read_components(self.readings, self.query, self.book, self.now),
            trends={m: self._trend(m) for m in CARD_METRICS},
            baselines={m: self.readings.baseline(self.book, m, self.cycle) for m in CARD_METRICS},
            ten_days=ask_ten_days(self.readings, self.book, self.cycle),
            change=read_var_change(self.readings, self.book, self.cycle),
        )

    def _trend(self, metric: str) -> MetricHistory:
        return self.readings.trend(self.book, metric, self.query, self.cycle)

    # -- forecasts and outcomes ---------------------------------------------------------------

    def _shown(self) -> ScoredBars:
        since, until = self.query.span(self.now)
        if self.period is Period.DAY:
            until = midnight_before(until)
            since = min(midnight_before(since), until - (LEAST_DAYS - 1) * Period.DAY.span)
        else:
            until = Period.HOUR.open_of(until)
            span = min(max(until - since, LEAST_HOURS), MOST_HOURS)
            since = Period.HOUR.open_of(until - span) + _HOUR
        return self._scored(self.period, since, until)

    def _scored(self, period: Period, since: datetime, until: datetime) -> ScoredBars:
        return read_scored(self.readings, self.book, period, since, until, epoch=self.epoch)

    def _shows_nothing(self, shown: ScoredBars) -> bool:
        return not len(shown) and self.query.stands_still(self.now)

    def _forecast_since(self) -> datetime | None:
        return self.readings.once(
            ("var forecast since", self.book.name, self.period, self.epoch),
            self._read_forecast_since,
        )

    def _read_forecast_since(self) -> datetime | None:
        """Looked for in ever longer stretches from the book's beginning: hours are many."""
        reader, name = self.readings.reader, self.book.name
        since, stretch = self.readings.beginning(self.book, self.now), MOST_HOURS
        while since <= self.now:
            until = since + stretch
            found = reader.forecasts_scored(name, self.period, since=since, until=until)
            if found:
                return found[0].at - self.period.span
            since, stretch = until, 2 * stretch
        return None

    # -- the running bar ----------------------------------------------------------------------

    def _plotted(self, day: Today | None) -> Today | None:
        """The running bar, unless the range ended before it."""
        if self.query.stands_still(self.now):
            return None
        return day if self.period is Period.DAY else self._running(Period.HOUR)

    def _running(self, period: Period) -> Today | None:
        forecast = self._forecast(period)
        if forecast is None:
            return None
        performance = self.cycle.state.performance
        counted = performance is not None and period is Period.DAY
        return Today(
            forecast=forecast,
            equity=self._opening_equity(forecast.opened),
            profit=performance.profit_today if performance and counted else None,
        )

    def _opening_equity(self, opened: datetime) -> float | None:
        history = self.readings.once(
            ("var opening equity", self.book.name, opened),
            lambda: self.readings.reader.metric_history(
                self.book.name, "equity", since=opened - EQUITY_AGE, until=opened, max_points=2
            ),
        )
        return float(history.values[-1]) if history.values.size else None

    def _forecast(self, period: Period) -> Forecast | None:
        """What was forecast for the running bar; None if nothing was."""
        opened = period.open_of(self.now)
        model = self.readings.once(
            ("model", self.book.name, period, opened, self.cycle.pulse.cycle // 60),
            lambda: self.readings.reader.model(self.book.name, period, at=self.now),
        )
        forecast = None if model is None else model.forecast
        return forecast if forecast is not None and forecast.opened == opened else None

    # -- hindsight ----------------------------------------------------------------------------

    def _exceptions(self, shown: ScoredBars, hindsight: Hindsight | None) -> list[Exceeded]:
        market = self.cycle.assessment.benchmark
        leader = _LEADER if market is None else market.asset
        key = (self.query.span(self.now)[0].date(), len(shown), self._newest(shown))
        return self.readings.once(
            (
                "var exceptions",
                self.book.name,
                self.period,
                self.query.zone.name,
                key,
                self.midnight if hindsight else None,
            ),
            lambda: exceptions_of(
                shown,
                hindsight.held if hindsight else None,
                benchmark=leader,
                zone=self.query.zone,
            ),
        )

    def _newest(self, bars: ScoredBars) -> int:
        return int(bars.opened_ms[-1]) if len(bars) else 0

    # -- the plot -----------------------------------------------------------------------------

    def _figure(
        self,
        shown: ScoredBars,
        exceptions: list[Exceeded],
        today: Today | None,
        hindsight: Hindsight | None,
    ) -> dict[str, Any] | None:
        if not len(shown) and today is None:
            return None
        trips = self._trips(shown)
        key = (self.query, len(shown), self._newest(shown), today and today.drawn_as, trips)
        return self.readings.once(
            ("var figure", self.book.name, key, self.midnight if hindsight else None),
            lambda: self._with_trips(
                bands_figure(
                    bands_plot(shown, exceptions, today, hindsight, self.query, self.book.currency),
                    scheme=self.query.scheme,
                ),
                trips,
                [
                    *shown.opened_ms.tolist(),
                    *([] if today is None else [_ms(today.forecast.opened)]),
                ],
            ),
        )

    def _with_trips(
        self, figure: dict[str, Any], trips: Sequence[Hold], opened_ms: Sequence[int]
    ) -> dict[str, Any]:
        """With a band for each time in which a breaker held trading, as far as bars are drawn."""
        half = round(self.period.span.total_seconds() * 500.0)
        span = opened_ms[0] - half, opened_ms[-1] + half
        zone = UTC_ZONE if self.period is Period.DAY else self.query.zone
        return with_periods(figure, trips, span, zone=zone, scheme=self.query.scheme)

    def _trips(self, shown: ScoredBars) -> tuple[Hold, ...]:
        """When breakers held trading over the bars that are drawn."""
        until = self.query.span(self.now)[1]
        since = until
        if len(shown):
            since = datetime.fromtimestamp(int(shown.opened_ms[0]) / 1000.0, UTC)
        told = trips_between(self.readings, self.book, self.cycle, since, until)
        return tuple(periods_of(told, self.cycle.state))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000.0)
