"""Everything that the Exposure page shows of one cycle, read and brought into shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pages.context import NO_HISTORY, Book, CompleteCycle, MetricHistory
from pages.figures.exposure import Layer, course_figure, layers_figure
from pages.query import Query
from pages.readings import SPARK_POINTS, Readings
from pages.views.change import Change, NotKnown, read_change
from pages.views.exposure import past
from pages.views.exposure.selection import Selection, label, level_of, selection_of
from pages.views.holdings import share_of
from risk.domain.assessment import Assessment, Exposure, PositionMeasures
from risk.portfolio.exposure import concentration, exposure_of, net_by_asset

CONCENTRATION = "concentration"


@dataclass(frozen=True)
class Drawn:
    """A chart, and the names of what it draws, in the order of their colours.

    Attributes
    ----------
    figure : dict
        Of plotly.
    names : tuple of str
        Empty if there is nothing to draw yet.
    others : bool
        Whether what has no name of its own is drawn too.
    by_the_day : bool
        Whether some of it is known once a day only.
    """

    figure: dict[str, Any]
    names: tuple[str, ...]
    others: bool = False
    by_the_day: bool = False


@dataclass(frozen=True, kw_only=True)
class ExposureData:
    """Everything the Exposure page shows.

    Attributes
    ----------
    book : Book
    query : Query
    cycle : CompleteCycle
    selection : Selection
        The part of the book that is shown.
    positions : tuple of PositionMeasures
        Those selected.
    trends, baselines : mapping of metric to MetricHistory
        Of that part, over the chosen range and over the last year.
    course, layers : Drawn
        Exposure over the chosen range: together, and by group.
    change : Change or NotKnown
    """

    book: Book
    query: Query
    cycle: CompleteCycle
    selection: Selection
    positions: tuple[PositionMeasures, ...]
    trends: Mapping[str, MetricHistory]
    baselines: Mapping[str, MetricHistory]
    course: Drawn
    layers: Drawn
    change: Change | NotKnown

    @property
    def assessment(self) -> Assessment:
        """Of the cycle shown."""
        return self.cycle.assessment

    @property
    def exposure(self) -> Exposure:
        """What is selected, long and short."""
        return exposure_of(p.exposure for p in self.positions)

    @property
    def net_by_asset(self) -> dict[str, float]:
        """Net exposure of each asset selected."""
        return net_by_asset({p.key: p.exposure for p in self.positions})

    @property
    def concentration(self) -> float:
        """Herfindahl index of what is selected; 0 if that is nothing."""
        return concentration(self.net_by_asset)

    @property
    def book_var(self) -> float | None:
        """One-day 99 % VaR of the whole book."""
        day = self.assessment.held.day
        return day.var_at(0.99) if day else None

    def of_equity(self, value: float | None) -> float | None:
        """Money as a multiple of equity; None while either is unknown."""
        return share_of(value, self.assessment.equity)


def read_exposure(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle
) -> ExposureData:
    """Everything that the Exposure page shows of one cycle."""
    selection = selection_of(query)
    trends, baselines = _histories(readings, query, book, cycle, selection)
    return ExposureData(
        book=book,
        query=query,
        cycle=cycle,
        selection=selection,
        positions=selection.of(cycle.assessment.positions),
        trends=trends,
        baselines=baselines,
        course=_course(readings, query, book, cycle, selection),
        layers=_layers(readings, query, book, cycle, selection),
        change=read_change(readings, query, book, cycle, selection),
    )


_Histories = tuple[Mapping[str, MetricHistory], Mapping[str, MetricHistory]]


def _histories(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle, selection: Selection
) -> _Histories:
    """The book's own are stored; a part's are added up from its positions."""
    if selection.is_all:
        metrics = (*past.EXPOSURES, CONCENTRATION)
        return (
            {m: readings.trend(book, m, query, cycle) for m in metrics},
            {m: readings.baseline(book, m, cycle) for m in metrics},
        )
    since, until, _ = readings.chart_span(book, query, cycle.pulse.market)
    recent = _part(readings, book, selection, since, until, past.CHART_MOMENTS)
    year = past.rank_span(readings, book, cycle.pulse.market)
    ranked = _part(readings, book, selection, *year, past.RANK_MOMENTS)
    every = -(-past.CHART_MOMENTS // SPARK_POINTS)
    # How concentrated a part was is not stored.
    return (
        {m: _thinned(course, every) for m, course in recent.items()} | {CONCENTRATION: NO_HISTORY},
        {**ranked, CONCENTRATION: NO_HISTORY},
    )


def _part(
    readings: Readings,
    book: Book,
    selection: Selection,
    since: datetime,
    until: datetime,
    moments: int,
) -> Mapping[str, MetricHistory]:
    return readings.once(
        ("part over time", book.name, selection, since, until, moments),
        lambda: past.courses_of(past.read_past(readings, book, selection, since, until, moments)),
    )


def _thinned(course: MetricHistory, every: int) -> MetricHistory:
    return MetricHistory(course.ts_ms[::every], course.values[::every])


def _span(since: datetime, until: datetime) -> tuple[int, int]:
    return round(since.timestamp() * 1000.0), round(until.timestamp() * 1000.0)


# -- charts: built once, so that the same figure comes back until it changes ---------------


def _course(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle, selection: Selection
) -> Drawn:
    now = cycle.pulse.market
    since, until, _ = readings.chart_span(book, query, now)

    def draw() -> Drawn:
        courses = (
            {m: readings.course(book, m, query, now) for m in past.EXPOSURES}
            if selection.is_all
            else _part(readings, book, selection, since, until, past.CHART_MOMENTS)
        )
        figure = course_figure(
            {m.capitalize(): courses[m] for m in past.EXPOSURES},
            _span(since, until),
            currency=book.currency,
            zone=query.zone,
            scheme=query.scheme,
        )
        is_known = any(course.ts_ms.size for course in courses.values())
        return Drawn(figure, tuple(m.capitalize() for m in past.EXPOSURES) if is_known else ())

    look = (query.zone.name, query.scheme)
    return readings.once(("exposure course", book.name, selection, since, until, look), draw)


def _layers(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle, selection: Selection
) -> Drawn:
    since, until, _ = readings.chart_span(book, query, cycle.pulse.market)
    part = level_of(query)

    def draw() -> Drawn:
        known = past.read_past(readings, book, selection, since, until, past.CHART_MOMENTS)
        layers, others = past.layers_of(known, part)
        named = [Layer(label(part, layer.name), layer.values) for layer in layers]
        figure = layers_figure(
            known.ts_ms.tolist(),
            named,
            others,
            _span(since, until),
            currency=book.currency,
            zone=query.zone,
            scheme=query.scheme,
        )
        names = tuple(layer.name for layer in named)
        return Drawn(figure, names, others is not None, known.by_the_day)

    look = (part, query.zone.name, query.scheme)
    return readings.once(("exposure layers", book.name, selection, since, until, look), draw)
