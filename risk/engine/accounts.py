"""Several sources of fills and flows, read as one account."""

from collections.abc import Sequence
from dataclasses import replace

from risk.domain.ledger import Fill, Flow
from risk.domain.orders import WorkingOrder
from risk.domain.ports import Account, AccountReading, Carried, MarketReading


class JointAccount:
    """An `Account` made of others; each sees the ledger with what those before it had to say.

    Parameters
    ----------
    accounts : sequence of Account
        In the order in which they are read.
    """

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._accounts = tuple(accounts)

    def read(self, market: MarketReading, carried: Carried) -> AccountReading:
        """What happened in all of them up to `market.at`."""
        fills: list[Fill] = []
        flows: list[Flow] = []
        working: dict[str, WorkingOrder] = {}
        for account in self._accounts:
            reading = account.read(market, carried)
            ledger = carried.ledger.after_all(fills=reading.fills, flows=reading.flows)
            carried = replace(carried, ledger=ledger)
            fills += reading.fills
            flows += reading.flows
            working |= reading.working_orders
        return AccountReading(fills=tuple(fills), flows=tuple(flows), working_orders=working)
