"""What the page of model health shows of one cycle; all of it changes once a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any

import numpy as np

from pages.context import Book, CompleteCycle
from pages.figures.health import LightPlot, light_figure, spread_figure
from pages.figures.packing import wall_times
from pages.format import UTC_ZONE
from pages.later import Awaited
from pages.query import Query
from pages.readings import Readings, midnight_before
from pages.views.health.judged import ModelHealth, Spread, models_health, read_live_health
from pages.views.health.words import IN_USE, MODEL
from pages.views.records.explained import Exceeded, exceptions_of
from pages.views.records.live import in_use
from pages.views.records.past import ask_hindsight
from pages.views.records.scored import REUSED_CYCLES, ScoredBars, read_judged, read_scored
from risk.domain.market import Period
from risk.measures.backtest import TRAFFIC_LIGHT_WINDOW, rolling_exceptions
from risk.storage.queries import JUDGED_DAYS

_DAY = timedelta(days=1)

Figure = dict[str, Any]


@dataclass(frozen=True)
class Course:
    """How the traffic light of the live record went.

    Attributes
    ----------
    figure : dict or None
        None without a day that was scored.
    days, most, at_first : int
        Days shown, the most exceptions on one of them, and how many days the first one counts.
    broken : tuple of Exceeded
        Days shown that went beyond 99 %, newest first.
    """

    figure: Figure | None
    days: int
    most: int
    at_first: int
    broken: tuple[Exceeded, ...]


@dataclass(frozen=True, kw_only=True)
class HealthData:
    """Everything that the page shows.

    Attributes
    ----------
    book : Book
    query : Query
    cycle : CompleteCycle
    judged : ScoredBars
        The last 250 days that were scored.
    live : ModelHealth
    models : Awaited of tuple of ModelHealth
        In hindsight, every model compared.
    course : Course
    spreads : mapping of model to dict
        A figure of the bands of the live record (None) and of the chosen model, where known.
    """

    book: Book
    query: Query
    cycle: CompleteCycle
    judged: ScoredBars
    live: ModelHealth
    models: Awaited[tuple[ModelHealth, ...]]
    course: Course
    spreads: Mapping[str | None, Figure]

    @property
    def shown_model(self) -> str:
        """Name of the model whose bands are shown."""
        return _shown_model(self.query, self.cycle)

    @property
    def chosen(self) -> ModelHealth | None:
        """The model whose bands are shown; None until it has been worked out."""
        wanted = self.shown_model
        return next((each for each in self.models.value or () if each.model == wanted), None)


def _shown_model(query: Query, cycle: CompleteCycle) -> str:
    wanted = query.choice(MODEL.name)
    return in_use(cycle.state) if wanted == IN_USE else wanted


def read_health(readings: Readings, query: Query, book: Book, cycle: CompleteCycle) -> HealthData:
    """Everything that the page shows of one cycle."""
    return _Reading(readings, query, book, cycle).data()


def ask_models(
    readings: Readings, book: Book, cycle: CompleteCycle
) -> Awaited[tuple[ModelHealth, ...]]:
    """Every model compared in hindsight, worked out apart; known for as long as the day is."""
    epoch, midnight = cycle.pulse.cycle // REUSED_CYCLES, midnight_before(cycle.pulse.market)
    judged = read_judged(readings, book, midnight, epoch=epoch)
    hindsight = ask_hindsight(readings, book, midnight, epoch=epoch)
    known, used = hindsight.value, in_use(cycle.state)
    if known is None:
        return Awaited(problem=hindsight.problem)
    return Awaited(
        readings.once(
            ("models health", book.name, midnight, (len(judged), _newest(judged)), used),
            lambda: models_health(known, judged, used),
        )
    )


class _Reading:
    """One view of one cycle."""

    def __init__(self, readings: Readings, query: Query, book: Book, cycle: CompleteCycle) -> None:
        self.readings, self.query, self.book, self.cycle = readings, query, book, cycle
        self.now = cycle.pulse.market
        self.epoch = cycle.pulse.cycle // REUSED_CYCLES
        self.midnight = midnight_before(self.now)

    def data(self) -> HealthData:
        judged = read_judged(self.readings, self.book, self.midnight, epoch=self.epoch)
        # Whatever is worked out from scored days is kept until there are more of them.
        newest, used = (len(judged), _newest(judged)), in_use(self.cycle.state)
        live = read_live_health(self.readings, self.book, judged, used)
        models = ask_models(self.readings, self.book, self.cycle)
        return HealthData(
            book=self.book,
            query=self.query,
            cycle=self.cycle,
            judged=judged,
            live=live,
            models=models,
            course=self._course(),
            spreads=self._spreads(live, models, newest),
        )

    # -- the traffic light over time ------------------------------------------------------------

    def _course(self) -> Course:
        since, until = self._shown()
        before = (TRAFFIC_LIGHT_WINDOW - 1) * _DAY
        bars = read_scored(
            self.readings, self.book, Period.DAY, since - before, until, epoch=self.epoch
        )
        return self.readings.once(
            (
                "health course",
                self.book.name,
                (since, until, len(bars), _newest(bars)),
                self.query.scheme,
            ),
            lambda: self._drawn_course(bars, since),
        )

    def _shown(self) -> tuple[datetime, datetime]:
        """Closes of the days shown: of the range, but as many as the light counts at least."""
        since, until = self.query.span(self.now)
        until = midnight_before(until)
        return min(midnight_before(since), until - (JUDGED_DAYS - 1) * _DAY), until

    def _drawn_course(self, bars: ScoredBars, since: datetime) -> Course:
        rolling = rolling_exceptions(bars.beyond_99)
        before = int(np.sum(bars.opened_ms < _ms(since - _DAY)))
        shown = slice(before, None)
        exceptions = rolling.exceptions[shown]
        if not exceptions.size:
            return Course(None, 0, 0, 0, ())
        broken = [
            each
            for each in exceptions_of(bars.rows(shown), None, benchmark="", zone=UTC_ZONE)
            if each.hard
        ]
        plot = LightPlot(
            times=wall_times(bars.opened_ms[shown], UTC_ZONE),
            end=wall_times(bars.opened_ms[-1:] + _ms_of(_DAY), UTC_ZONE)[0],
            exceptions=exceptions,
            periods=rolling.periods[shown],
            amber_from=rolling.amber_from[shown],
            red_from=rolling.red_from[shown],
            broken={each.row: self._told(each) for each in reversed(broken)},
        )
        return Course(
            figure=light_figure(plot, scheme=self.query.scheme),
            days=exceptions.size,
            most=int(exceptions.max()),
            at_first=int(rolling.periods[shown][0]),
            broken=tuple(broken),
        )

    def _told(self, each: Exceeded) -> str:
        loss = each.loss_words(self.book.currency)
        return f"<b>{each.when} {escape(loss)}</b><br>{each.beyond_words()}"

    # -- bands ----------------------------------------------------------------------------------

    def _spreads(
        self,
        live: ModelHealth,
        models: Awaited[tuple[ModelHealth, ...]],
        newest: tuple[int, int],
    ) -> dict[str | None, Figure]:
        wanted = _shown_model(self.query, self.cycle)
        chosen = [each for each in models.value or () if each.model == wanted]
        known = [(each, each.spread) for each in (live, *chosen) if each.spread is not None]
        return {each.model: self._drawn(each, spread, newest) for each, spread in known}

    def _drawn(self, health: ModelHealth, spread: Spread, newest: tuple[int, int]) -> Figure:
        scheme = self.query.scheme
        return self.readings.once(
            ("health bands", self.book.name, health.model, self.midnight, newest, scheme),
            lambda: spread_figure(
                spread.levels, spread.bands, spread.fewest, spread.most, scheme=scheme
            ),
        )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000.0)


def _ms_of(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _newest(bars: ScoredBars) -> int:
    return int(np.max(bars.opened_ms, initial=0))
