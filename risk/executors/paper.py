"""Reductions on paper: closed at once at the quotes, for books whose trades happen here only."""

from collections.abc import Iterator, Sequence

from risk.domain.ledger import Fill, Ledger
from risk.domain.market import Trust
from risk.domain.paper import paper_fill
from risk.domain.ports import MarketReading
from risk.domain.reductions import Reduction


class PaperExecutor:
    """An `Executor` that trades on paper what a position has too much.

    At trusted marks only: what has none waits. A fill is named after its request and the entry of
    the ledger that it follows, so that the same trade asked for twice is one.
    """

    def execute(
        self, reductions: Sequence[Reduction], market: MarketReading, ledger: Ledger
    ) -> Sequence[Fill]:
        """One trade for each request that its position does not meet."""
        return tuple(_trades(reductions, market, ledger))


def _trades(
    reductions: Sequence[Reduction], market: MarketReading, ledger: Ledger
) -> Iterator[Fill]:
    for asked in reductions:
        position, mark = ledger.positions.get(asked.key), market.marks.get(asked.key.asset)
        surplus = 0.0 if position is None else asked.surplus(position.quantity)
        if surplus and mark is not None and mark.trust is Trust.TRUSTED:
            identity = f"paper/reduce/{asked.id}/{ledger.seq}"
            yield paper_fill(identity, asked.key, -surplus, mark, market.at)
