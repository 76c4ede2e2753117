"""The limits as a file for a spreadsheet."""

import csv
import io
from collections.abc import Iterable

from pages.format import UNKNOWN
from pages.query import Query
from pages.readings import Readings
from pages.views.limits.reading import LimitsData, read_limits
from pages.views.limits.rows import LimitRow
from risk.domain.spreadsheets import safe_cell
from risk.limits.words import title_of, unit_of

_HEAD = (
    "Limit",
    "Kind",
    "Scope kind",
    "Scope",
    "Status",
    "Used",
    "Value",
    "Soft",
    "Hard",
    "Unit",
    "Headroom",
    "Headroom in money",
    "Hours to breach",
    "Factor",
    "Cause",
    "Owner",
    "Review by",
    "Version",
)


def read_file(readings: Readings, query: Query) -> tuple[str, str] | None:
    """Name and text of the file of the limits that a view shows; None before the first cycle."""
    book = readings.book(query)
    cycle = None if book is None else readings.cycle(book)
    if book is None or cycle is None:
        return None
    data = read_limits(readings, query, book, cycle)
    return f"seawall-{book.name}-limits-{data.now:%Y%m%dT%H%M%SZ}.csv", csv_text(data)


def csv_text(data: LimitsData) -> str:
    """Raw numbers, and no text that a spreadsheet would run as a formula."""
    rows = [*(row for group in data.groups for row in group.rows), *data.on_orders]
    file = io.StringIO()
    write = csv.writer(file, lineterminator="\r\n")
    write.writerow(_HEAD)
    write.writerows([_safe(value) for value in _values(row)] for row in rows)
    return file.getvalue()


def _values(row: LimitRow) -> Iterable[str | float | int | None]:
    definition, state, now = row.definition, row.state, row.thresholds
    measured = None if row.is_on_orders else state
    return (
        row.name,
        title_of(definition.kind),
        definition.scope.kind.value,
        definition.scope.name,
        "on orders" if row.is_on_orders else row.standing,
        measured and measured.used,
        measured and measured.value,
        now.soft,
        now.hard,
        unit_of(definition.kind).value,
        measured and measured.headroom,
        None if row.is_on_orders else row.money,
        measured and measured.hours_to_breach,
        now.factor,
        now.cause,
        definition.owner,
        "none" if definition.review_by is None else definition.review_by.isoformat(),
        definition.version,
    )


def _safe(value: str | float | None) -> str | float:
    if value is None:
        return UNKNOWN
    return safe_cell(value) if isinstance(value, str) else value
