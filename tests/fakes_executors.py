"""Who acts on reductions, as a test wishes."""

from collections.abc import Sequence

from risk.domain.ledger import Fill, Ledger
from risk.domain.orders import Side
from risk.domain.ports import MarketReading
from risk.domain.reductions import Reduction


class FakeExecutor:
    """An `Executor` that trades a share of what is too much, and notes what it was shown.

    Parameters
    ----------
    share : float
        0 to 1.
    """

    def __init__(self, share: float = 1.0) -> None:
        self.share = share
        self.shown: list[tuple[tuple[Reduction, ...], Ledger]] = []

    def execute(
        self, reductions: Sequence[Reduction], market: MarketReading, ledger: Ledger
    ) -> Sequence[Fill]:
        self.shown.append((tuple(reductions), ledger))
        fills = []
        for asked in reductions:
            position, mark = ledger.positions.get(asked.key), market.marks.get(asked.key.asset)
            if position is None or mark is None or not mark.trust.allows_new_risk:
                continue
            quantity = self.share * asked.surplus(position.quantity)
            if quantity:
                fills.append(
                    Fill(
                        id=f"fake/{asked.id}/{ledger.seq}",
                        strategy=asked.key.strategy,
                        asset=asked.key.asset,
                        venue=asked.key.venue,
                        side=Side.SELL if quantity > 0.0 else Side.BUY,
                        quantity=abs(quantity),
                        price=mark.price,
                        at=market.at,
                    )
                )
        return fills
