"""Refusals of what people came with, in the names that they gave."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from risk.analyzer.table import Table, number
from risk.errors import InsufficientData, InvalidInput
from risk.measures.types import BoolArray

# Of the mean square of an asset's returns: with less around their mean, it is rounding.
_STILL = 1e-12


def level(value: Any) -> float:
    """A confidence, or an InvalidInput unless it lies in (0, 1)."""
    confidence = number("a level", value)
    if not 0.0 < confidence < 1.0:
        raise InvalidInput(f"a level must lie in (0, 1), got {value}")
    return confidence


def whole(what: str, value: Any, *, least: int) -> int:
    """A whole number, or an InvalidInput that says what it should have been."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InvalidInput(f"{what} must be a whole number of {least} or more, got {value!r}")
    return int(value)


@contextmanager
def as_invalid(what: str) -> Iterator[None]:
    """Tell a measure's refusal as an InvalidInput that says of what."""
    try:
        yield
    except ValueError as refusal:
        raise InvalidInput(f"{what}: {refusal}") from refusal


def needs_bars(what: str, table: Table, columns: BoolArray, needed: int) -> None:
    """Refuse assets that were seen together too rarely, naming the rarest."""
    bars = int(table.seen_together(columns).sum())
    if bars < needed:
        seen = np.where(columns, (~np.isnan(table.returns)).sum(axis=0), np.iinfo(np.int64).max)
        rarest = table.assets[int(seen.argmin())]
        raise InsufficientData(f"{what} with {rarest}", needed=needed, got=bars)


def needs_movement(what: str, table: Table, columns: BoolArray) -> None:
    """Refuse assets of which one stood still in the bars in which all were seen, naming it."""
    returns = table.returns[table.seen_together(columns)]
    for place in np.flatnonzero(columns).tolist():
        moves = returns[:, place] - returns[:, place].mean()
        if float(moves @ moves) <= _STILL * float(returns[:, place] @ returns[:, place]):
            raise InvalidInput(f"{what} needs assets that moved; {table.assets[place]} did not")
