"""What breakers that count trades, and orders, have in common: nothing is counted twice."""

from collections.abc import Iterator
from zlib import crc32

from risk.breakers.base import Sight
from risk.domain.breakers import Memory
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.trades import RoundTrip


def cycle_of(snapshot: Snapshot) -> float:
    """A number by which a cycle is known again, for a memory of numbers."""
    return float(crc32(snapshot.id.encode()))


def new_trades(memory: Memory | None, sight: Sight, scope: Scope) -> Iterator[RoundTrip]:
    """Round trips of a scope that were not counted yet, in their order.

    Parameters
    ----------
    memory : Memory or None
        With the number of the last cycle counted as ``cycle``.
    sight : Sight
    scope : Scope
        A strategy, or the whole book.
    """
    if memory is not None and memory.numbers["cycle"] == cycle_of(sight.snapshot):
        return
    for trade in sight.snapshot.trades:
        if scope.kind is ScopeKind.PORTFOLIO or trade.strategy == scope.name:
            yield trade


def who(scope: Scope) -> str:
    """Whom a sentence is about."""
    return "the book" if scope.kind is ScopeKind.PORTFOLIO else scope.name
