"""Advice only: the agents are asked, and nobody trades for them."""

from collections.abc import Sequence

from risk.domain.ledger import Fill, Ledger
from risk.domain.ports import MarketReading
from risk.domain.reductions import Reduction


class AdvisingExecutor:
    """An `Executor` that leaves everything to those who were asked."""

    def execute(
        self,
        reductions: Sequence[Reduction],  # noqa: ARG002
        market: MarketReading,  # noqa: ARG002
        ledger: Ledger,  # noqa: ARG002
    ) -> Sequence[Fill]:
        """No trade, ever."""
        return ()
