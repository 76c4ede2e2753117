"""The agent beside it at work in the demo: ``.venv/bin/python docs/examples/try_agent.py``.

It trades on paper, for the demo's strategy `trend`, and ends after a few seconds.
"""

from dataclasses import dataclass

from agent import run

from risk.client import Seawall

WISHES = [
    ("ETH/USDT", "buy", 0.5),
    ("ETH/USDT", "sell", 0.5),
    ("BTC/USDT", "buy", 100.0),  # far too much: it is made smaller
    ("PEPE/USDT", "buy", 1.0),  # a coin that nobody knows: it is rejected
]


@dataclass
class Fill:
    id: str
    quantity: float
    price: float


class Paper:
    """Trades a hundredth of whatever is sent, at the mark, and lets the rest die."""

    venue = "sim-a"

    def __init__(self, seawall: Seawall) -> None:
        self._seawall = seawall

    def send(self, order: str, asset: str, side: str, quantity: float) -> list[Fill]:
        mark, traded = self._mark(asset), quantity / 100.0
        if mark is None:
            print(f"{asset}: nobody knows a price of it, so nothing is traded")
            return []
        print(f"{side} {traded:g} {asset}, of {quantity:g} that might be sent")
        return [Fill(f"fill of {order}", traded, mark)]

    def is_dead(self, _order: str) -> bool:
        return True

    def position(self, asset: str) -> float:
        return sum(p.quantity for p in self._seawall.positions() if self._is_ours(p, asset))

    def _is_ours(self, position, asset: str) -> bool:
        place = (position.strategy, position.asset, position.venue)
        return place == ("trend", asset, self.venue)

    def _mark(self, asset: str) -> float | None:
        marks = (p.mark for p in self._seawall.positions() if p.asset == asset)
        return next((mark for mark in marks if mark), None)


if __name__ == "__main__":
    with Seawall(portfolio="demo", strategy="trend") as seawall:
        run(seawall, Paper(seawall), WISHES)
