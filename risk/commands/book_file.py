"""A book as people keep it in a CSV file: positions, cash and flows, one row each.

Columns are ``kind, strategy, asset, venue, quantity, price, amount, at, note``; those that
no row needs may be left out. Reading knows no database: it turns rows into ledger entries
whose ids follow from their content, so that the same file read again is recognised.
"""

import csv
import hashlib
import io
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from risk.domain.ledger import Fill, Flow
from risk.domain.orders import Side
from risk.errors import BookFileInvalid

COLUMNS = ("kind", "strategy", "asset", "venue", "quantity", "price", "amount", "at", "note")
NEEDED = {
    "position": ("strategy", "asset", "venue", "quantity", "price"),
    "cash": ("amount",),
    "flow": ("amount", "at"),
}

_LONGEST_NAME = 64
# Far beyond any book, and small enough that no sum of products overflows.
_LARGEST_NUMBER = 1e15
_OPENING_NOTE = "opening balance"


@dataclass(frozen=True, kw_only=True)
class BookFile:
    """What a file says, as entries of the ledger.

    Attributes
    ----------
    fills : tuple of Fill
        One a position, at its entry price and without fee.
    flows : tuple of Flow
        The file's own, then the opening balance that makes cash come out as stated.
    opens : bool
        Whether it states positions or cash, and so can only open a book.
    """

    fills: tuple[Fill, ...]
    flows: tuple[Flow, ...]
    opens: bool


class _Row(NamedTuple):
    line: int
    cells: Mapping[str, str]


def read_book(path: Path, *, now: datetime) -> BookFile:
    """The book in a CSV file.

    Parameters
    ----------
    path : Path
    now : datetime
        When positions without a time of their own count as taken over. UTC.

    Raises
    ------
    BookFileInvalid
        If anything is wrong with it; the text names the line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise BookFileInvalid(f"{path} cannot be read: {problem}") from problem
    return parse_book(text, name=path.name, now=now)


def parse_book(text: str, *, name: str, now: datetime) -> BookFile:
    """As `read_book`, from the file's text; `name` is used in messages."""
    try:
        return _book(list(_rows(text)), hashlib.sha256(text.encode()).hexdigest()[:16], now)
    except BookFileInvalid as problem:
        raise BookFileInvalid(f"{name}, {problem}") from problem


def _book(rows: list[_Row], digest: str, now: datetime) -> BookFile:
    if not rows:
        raise BookFileInvalid("line 2: there are no rows")
    of_kind = {kind: [row for row in rows if row.cells["kind"] == kind] for kind in NEEDED}
    _refuse_twice(of_kind["position"], _position_of)
    _refuse_twice(of_kind["cash"], lambda _row: "cash")
    fills = tuple(_fill(row, f"import:{digest}:{row.line}", now) for row in of_kind["position"])
    flows = tuple(_flows(of_kind["flow"], now))
    opening = [_opening(row, fills, flows, f"import:{digest}", now) for row in of_kind["cash"]]
    return BookFile(
        fills=fills,
        flows=flows + tuple(flow for flow in opening if flow.amount != 0.0),
        opens=bool(of_kind["position"] or of_kind["cash"]),
    )


def _rows(text: str) -> Iterator[_Row]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = _header(next(reader, []))
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(reader.line_num, header, cells)
    except csv.Error as problem:
        raise BookFileInvalid(f"line {reader.line_num}: {problem}") from problem


def _header(cells: list[str]) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    unknown = [column for column in header if column not in COLUMNS]
    if "kind" not in header or unknown or len(set(header)) != len(header):
        raise BookFileInvalid(
            f"line 1: the header must name kind and others of {', '.join(COLUMNS)}, "
            f"each once and separated by commas, not {', '.join(cells) or 'nothing'}"
        )
    return header


def _row(line: int, header: list[str], cells: list[str]) -> _Row:
    if len(cells) != len(header):
        raise BookFileInvalid(f"line {line}: has {len(cells)} cells for {len(header)} columns")
    row = _Row(line, {column: cell.strip() for column, cell in zip(header, cells, strict=True)})
    kind = row.cells["kind"]
    if kind not in NEEDED:
        raise BookFileInvalid(f"line {line}: kind must be {', '.join(NEEDED)}, not {kind!r}")
    for column in NEEDED[kind]:
        if not row.cells.get(column):
            raise BookFileInvalid(f"line {line}: a {kind} needs {column}")
    return row


def _refuse_twice(rows: list[_Row], what: Callable[[_Row], str]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        seen = first.setdefault(what(row), row.line)
        if seen != row.line:
            raise BookFileInvalid(
                f"line {row.line}: {what(row)} stands twice, first in line {seen}"
            )


def _position_of(row: _Row) -> str:
    return " ".join(_name(row, column) for column in ("strategy", "asset", "venue"))


def _fill(row: _Row, identity: str, now: datetime) -> Fill:
    quantity = _number(row, "quantity")
    price = _number(row, "price")
    if quantity == 0.0:
        raise BookFileInvalid(f"line {row.line}: quantity is zero: leave closed positions out")
    if price <= 0.0:
        raise BookFileInvalid(f"line {row.line}: price must be positive, got {price:g}")
    return Fill(
        id=identity,
        strategy=_name(row, "strategy"),
        asset=_name(row, "asset"),
        venue=_name(row, "venue"),
        side=Side.BUY if quantity > 0.0 else Side.SELL,
        quantity=abs(quantity),
        price=price,
        at=_time(row, now),
    )


def _flows(rows: list[_Row], now: datetime) -> Iterator[Flow]:
    seen: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        amount, at, note = _number(row, "amount"), _time(row, now), row.cells.get("note", "")
        if amount == 0.0:
            raise BookFileInvalid(f"line {row.line}: amount is zero")
        # Two equal deposits at one time are two; the same line in two files is one.
        content = (at.isoformat(), amount, note)
        seen[content] += 1
        digest = hashlib.sha256(repr((*content, seen[content])).encode()).hexdigest()[:16]
        yield Flow(id=f"flow:{digest}", amount=amount, at=at, note=note)


def _opening(
    row: _Row, fills: tuple[Fill, ...], flows: tuple[Flow, ...], identity: str, now: datetime
) -> Flow:
    spent = sum(fill.signed_quantity * fill.price for fill in fills)
    paid_in = sum(flow.amount for flow in flows)
    return Flow(
        id=f"{identity}:cash",
        amount=_number(row, "amount") + spent - paid_in,
        at=_time(row, now),
        note=row.cells.get("note") or _OPENING_NOTE,
    )


def _name(row: _Row, column: str) -> str:
    name = row.cells[column]
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise BookFileInvalid(
            f"line {row.line}: {column} must be at most {_LONGEST_NAME} printable characters"
        )
    return name


def _number(row: _Row, column: str) -> float:
    text = row.cells[column]
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= _LARGEST_NUMBER:
        raise BookFileInvalid(
            f"line {row.line}: {column} must be a plain number such as -1234.5, got {text!r}"
        )
    return number


def _time(row: _Row, now: datetime) -> datetime:
    text = row.cells.get("at")
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise BookFileInvalid(
            f"line {row.line}: at must be a time such as 2025-03-01T09:30Z, got {text!r}"
        ) from problem
    if aware > now:
        raise BookFileInvalid(f"line {row.line}: {text} lies in the future")
    return aware
