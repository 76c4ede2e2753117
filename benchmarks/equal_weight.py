"""The plainest book there is: the same money in every asset that is alive, by a daily trade.

It trades without costs or spread, at the closes just seen: it exists to have its risk measured,
not to earn anything.
"""

from collections.abc import Iterator
from datetime import datetime

from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.market import Mark, Period
from risk.domain.orders import Side
from risk.domain.ports import AccountReading, Carried, MarketReading
from risk.domain.positions import Position, PositionKey
from risk.feeds.quality import BRIDGED_UP_TO

CAPITAL = 1_000_000.0
_STRATEGY, _VENUE = "equal", "replay"
# Smaller trades are rounding, and a ledger refuses a quantity of nothing.
_LEAST_SHARE = 1e-9


class EqualWeightAccount:
    """An `Account`: equal weights over the trusted assets, set anew at each midnight (UTC).

    A holding leaves the book at its last price when its series has ended: when it has been
    without a price for longer than a series is bridged over, or when the series begins anew, for
    what comes after is another coin. Until then a holding without a fresh price stays as it is.
    """

    def __init__(self) -> None:
        self._day: datetime | None = None
        self._prices: dict[str, float] = {}

    def read(self, market: MarketReading, carried: Carried) -> AccountReading:
        """What the book does at this reading."""
        ledger = carried.ledger
        flows = () if ledger.seq else (Flow(id="capital", amount=CAPITAL, at=market.at),)
        gone = self._settle(market, ledger)
        ledger = ledger.after_all(fills=gone, flows=flows)
        traded = self._rebalance(market, ledger) if self._is_new_day(market.at) else ()
        self._prices |= {mark.asset: mark.price for mark in market.marks.values() if mark.known}
        return AccountReading(fills=(*gone, *traded), flows=flows)

    def _is_new_day(self, at: datetime) -> bool:
        day = Period.DAY.open_of(at)
        if day == self._day:
            return False
        self._day = day
        return True

    def _settle(self, market: MarketReading, ledger: Ledger) -> tuple[Fill, ...]:
        begun_anew = frozenset[str]().union(*(close.breaks for close in market.closes))
        return tuple(
            _trade(market.at, position.asset, -position.quantity, self._prices[position.asset])
            for position in ledger.positions.values()
            if position.asset in begun_anew or _ended(market.marks[position.asset], market.at)
        )

    def _rebalance(self, market: MarketReading, ledger: Ledger) -> tuple[Fill, ...]:
        alive = {a: m.price for a, m in market.marks.items() if m.trust.allows_new_risk}
        if not alive:
            return ()
        target = _tradable_money(ledger, alive, market) / len(alive)
        return tuple(_trades_towards(target, alive, ledger, market.at))


def _ended(mark: Mark, at: datetime) -> bool:
    return at - mark.at > BRIDGED_UP_TO


def _tradable_money(ledger: Ledger, alive: dict[str, float], market: MarketReading) -> float:
    """Equity less what is held of assets that cannot be traded now."""
    return ledger.cash + sum(
        position.quantity * market.marks[position.asset].price
        for position in ledger.positions.values()
        if position.asset in alive
    )


def _trades_towards(
    target: float, alive: dict[str, float], ledger: Ledger, at: datetime
) -> Iterator[Fill]:
    for asset, price in alive.items():
        change = target / price - _held(ledger, asset)
        if abs(change) * price > _LEAST_SHARE * target:
            yield _trade(at, asset, change, price)


def _held(ledger: Ledger, asset: str) -> float:
    position: Position | None = ledger.positions.get(PositionKey(_STRATEGY, asset, _VENUE))
    return 0.0 if position is None else position.quantity


def _trade(at: datetime, asset: str, change: float, price: float) -> Fill:
    return Fill(
        id=f"{asset}/{at.isoformat()}",
        strategy=_STRATEGY,
        asset=asset,
        venue=_VENUE,
        side=Side.BUY if change > 0.0 else Side.SELL,
        quantity=abs(change),
        price=price,
        at=at,
    )
