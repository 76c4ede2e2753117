"""Wishes of a strategy, and readings of a market of two coins."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from risk.domain.market import Mark, Trust
from risk.domain.positions import PositionKey
from risk.lab.tray import Sight
from risk.lab.wishing import Occasion, Wish

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)
#: What the wall's time is ahead of the market's.
AHEAD = timedelta(days=400)
KEY = PositionKey("trend", "BTC", "sim-a")


def wish(
    quantity: float = 2.0, *, name: str = "paper/close/1", asset: str = "BTC", **changes: object
) -> Wish:
    made = Wish(
        identity=name,
        occasion=Occasion.CLOSE,
        key=KEY._replace(asset=asset),
        quantity=quantity,
        value=100.0 * quantity,
        at=NOON,
    )
    return replace(made, **changes)


def sight(turn: int = 1, price: float = 100.0, *, trust: Trust = Trust.TRUSTED) -> Sight:
    at = NOON + timedelta(seconds=turn - 1)
    mark = Mark(asset="BTC", price=price, at=at, bid=price - 1.0, ask=price + 1.0, trust=trust)
    return Sight(turn, at, at + AHEAD, {"BTC": mark, "ETH": replace(mark, asset="ETH")})
