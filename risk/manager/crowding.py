"""How many orders of each strategy are open: one that never reports ends slows all others."""

from collections import Counter
from collections.abc import Mapping

from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.limits import Unit
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.portfolio.following import Moved

#: Orders of one strategy that may be open before it gets no new risk. Beside this many, an order
#: takes what it takes beside none, a fill 5 ms instead of 1, and each cycle 35 ms more; beside ten
#: thousand 3, 100 and 640 ms (`benchmarks.open_orders`). Quoting five levels on both sides of
#: fifty assets takes 500.
MOST_OPEN = 500


class OpenOrders:
    """The open orders of each strategy, as a number.

    Counted once, and from then on by what moved.

    Parameters
    ----------
    counts : mapping of strategy to int
        Strategies without any may be missing.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts

    @classmethod
    def of(cls, snapshot: Snapshot) -> "OpenOrders":
        """Those of a snapshot, counted one by one."""
        return cls(Counter(pending.key.strategy for pending in snapshot.pending))

    def following(self, moved: Moved) -> "OpenOrders":
        """Those of a snapshot whose ledger has moved on."""
        if not moved.added and not moved.gone:
            return self
        counts = Counter(self._counts)
        counts.update(pending.key.strategy for pending, _ in moved.added)
        counts.subtract(pending.key.strategy for pending, _ in moved.gone)
        return OpenOrders(counts)

    def of_strategy(self, strategy: str) -> int:
        """How many a strategy has open."""
        return self._counts.get(strategy, 0)

    def closed(self, strategy: str) -> tuple[Reason, ...]:
        """What stops new risk of a strategy that has too many."""
        count = self.of_strategy(strategy)
        if count < MOST_OPEN:
            return ()
        return (
            Reason(
                ReasonCode.TOO_MANY_OPEN,
                Outcome.FAILED,
                strategy,
                Scope(ScopeKind.STRATEGY, strategy),
                # As of a limit: what it would be with the order.
                value=count + 1.0,
                threshold=float(MOST_OPEN),
                unit=Unit.COUNT,
            ),
        )
