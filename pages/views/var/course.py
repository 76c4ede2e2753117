"""Which part of the book its VaR came from, over the chosen range."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pages.context import Book
from pages.figures.exposure import Layer, layers_figure
from pages.query import BY, Query
from pages.readings import Readings
from pages.views.exposure.past import CHART_MOMENTS, TOLD_WITHIN, layers_of, selected_past
from pages.views.exposure.selection import Selection, label


@dataclass(frozen=True)
class Components:
    """Component VaR by group over time.

    Attributes
    ----------
    names : tuple of str
        Of the groups drawn, largest first.
    figure : dict or None
        None while nothing is known of any position.
    """

    names: tuple[str, ...]
    figure: dict[str, Any] | None


def read_components(readings: Readings, query: Query, book: Book, now: datetime) -> Components:
    """The 99 % one-day component VaR of the groups chosen by `query`."""
    since, until, _ = readings.chart_span(book, query, now)
    by = query.choice(BY.name)
    return readings.once(
        ("var components", book.name, since, until, by, query.zone.name, query.scheme),
        lambda: _components(readings, query, book, since, until),
    )


def _components(
    readings: Readings, query: Query, book: Book, since: datetime, until: datetime
) -> Components:
    histories = readings.reader.position_history(
        book.name,
        "component_var_1d_99",
        since=since - TOLD_WITHIN,
        until=until,
        max_points=CHART_MOMENTS,
    )
    past = selected_past(histories, Selection(), since, until, CHART_MOMENTS)
    by = query.choice(BY.name)
    groups, others = layers_of(past, by)
    named = [Layer(label(by, group.name), group.values) for group in groups]
    if not named:
        return Components((), None)
    figure = layers_figure(
        past.ts_ms.tolist(),
        named,
        others,
        (_ms(since), _ms(until)),
        currency=book.currency,
        zone=query.zone,
        scheme=query.scheme,
        below="offsets",
    )
    return Components((*(layer.name for layer in named), *(["others"] if others else [])), figure)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000.0)
