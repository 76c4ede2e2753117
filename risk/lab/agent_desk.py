"""The agents' desk: an account that hands wishes to the strategies' agents, and waits for none.

What they trade comes back by the gate, as everybody's trades do; only the first deposit of an empty
book is told here.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from risk.domain.ledger import Ledger
from risk.domain.ports import AccountReading, Carried, MarketReading
from risk.lab.agents import Agent
from risk.lab.gatekeeper import Gatekeeper
from risk.lab.paper import DEPOSIT, first_deposit
from risk.lab.tray import Sight
from risk.lab.wishing import Wish, Wishing

_LOG = structlog.get_logger(__name__)

#: Seconds that all agents have together to end; what hangs longer ends with the process.
GOODBYE = 0.8


class AgentDesk:
    """An `Account` of strategies whose agents trade through the gate.

    Parameters
    ----------
    wishing : Wishing
    connect : callable
        From a strategy's name to its way to Seawall; see `Agent`.
    reduces : bool
        Whether the agents meet requests to reduce.
    wall : callable
        The wall's time, UTC.
    deposit : float
        Paid in when the ledger is empty, quote currency.
    """

    def __init__(
        self,
        wishing: Wishing,
        connect: Callable[[str], Gatekeeper],
        *,
        reduces: bool,
        wall: Callable[[], datetime],
        deposit: float = DEPOSIT,
    ) -> None:
        self._wishing = wishing
        self._wall = wall
        self._deposit = deposit
        self._turn = 0
        self._agents = {
            strategy: Agent(strategy, connect, reduces=reduces) for strategy in wishing.strategies
        }
        self._threads = [
            threading.Thread(target=agent.run, name=f"agent-{strategy}", daemon=True)
            for strategy, agent in self._agents.items()
        ]

    def start(self) -> None:
        """Let the agents begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the agents end; does not wait for one whose request hangs."""
        for agent in self._agents.values():
            agent.end()
        for thread in self._threads:
            thread.join(GOODBYE / len(self._threads))
        hanging = [thread.name for thread in self._threads if thread.is_alive()]
        if hanging:
            _LOG.warning("agents_hang", agents=hanging)

    def read(self, market: MarketReading, carried: Carried) -> AccountReading:
        """Hand over what is wished at this reading; an empty ledger is paid the deposit."""
        flows = first_deposit(market, carried, self._deposit)
        carried = replace(carried, ledger=carried.ledger.after_all(flows=flows))
        wished: defaultdict[str, list[Wish]] = defaultdict(list)
        for wish in self._wishing.wishes(market, carried):
            wished[wish.key.strategy].append(wish)
        open_orders = _open_orders(carried.ledger)
        self._turn += 1
        sight = Sight(self._turn, market.at, self._wall(), market.marks)
        for strategy, agent in self._agents.items():
            agent.show(sight, wished[strategy], open_orders[strategy])
        return AccountReading(flows=flows)


def _open_orders(ledger: Ledger) -> defaultdict[str, list[str]]:
    """Ids of the orders that room is held for, by strategy."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, reserved in ledger.reservations.items():
        found[reserved.order.strategy].append(name)
    return found
