"""The paper desk: an account whose trades happen here, at the marks, and nowhere else.

It turns the strategies' wishes into fills: at each hourly close towards the target weights, as far
as the drawdown ladder allows, and every few minutes a small trade of one strategy so that a live
book is never quite still. What a stop has closed is not entered again before its cool-down is over;
where somebody has stopped trading, nothing is traded, or only what reduces.
A purchase pays the ask and a sale receives the bid (the mark itself where a feed has no quotes),
and each trade costs a fee of ten basis points. What it trades follows from market, ledger and
state alone: a replay repeats it, and the id of a fill says which wish at which market time it was,
so that after a restart the same trade is recognised.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from risk.domain.latches import latched_at
from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.market import BarClose, Mark, Period, Trust
from risk.domain.paper import paper_fill
from risk.domain.ports import AccountReading, Carried, MarketReading, Strategy
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.lab.closes import Closes
from risk.lab.strategies import STRATEGIES
from risk.portfolio.committed import scopes_of

DEPOSIT = 2_500_000.0
#: A trade below this fraction of the strategy's capital is not worth its cost.
NO_TRADE_BAND = 0.12
#: How often the restless strategy makes a small trade, in market time, and how small.
RESTLESS_EVERY = timedelta(minutes=5)
RESTLESS_SIZE = 0.002


@dataclass(frozen=True, kw_only=True, slots=True)
class Mandate:
    """A strategy with a place to trade and a part of the book's equity to trade with.

    Attributes
    ----------
    strategy : Strategy
    venue : str
    share : float
        Of equity, a fraction.
    restless : bool
        Whether it also makes the small trades between closes.
    """

    strategy: Strategy
    venue: str
    share: float
    restless: bool = False


DEMO_MANDATES: tuple[Mandate, ...] = (
    Mandate(strategy=STRATEGIES["trend"], venue="sim-a", share=0.45),
    Mandate(strategy=STRATEGIES["dip"], venue="sim-b", share=0.35),
    Mandate(strategy=STRATEGIES["noise"], venue="sim-a", share=0.20, restless=True),
)


class PaperDesk:
    """An `Account` that fills its own strategies' trades.

    Parameters
    ----------
    seed : int
        Of the small trades between closes.
    history : iterable of BarClose
        Hourly closes before the first reading, oldest first; the strategies' memory.
    mandates : sequence of Mandate
    deposit : float
        Paid in when the ledger is empty, quote currency.
    """

    def __init__(
        self,
        *,
        seed: int,
        history: Iterable[BarClose] = (),
        mandates: Sequence[Mandate] = DEMO_MANDATES,
        deposit: float = DEPOSIT,
    ) -> None:
        self._seed = seed
        self._mandates = tuple(mandates)
        self._deposit = deposit
        self._closes = Closes()
        self._restless_slot: int | None = None
        for close in history:
            self._closes.remember(close)

    def read(self, market: MarketReading, carried: Carried) -> AccountReading:
        """What was traded up to `market.at`, given what was booked before.

        Parameters
        ----------
        market : MarketReading
        carried : Carried
            A ledger without entries is paid the deposit; targets are multiplied by the state's
            sizing, so that what was de-risked is not bought back; its cool-downs and latches are
            kept.
        """
        ledger, state = carried.ledger, carried.state
        flows = () if ledger.seq else (self._first_deposit(market.at),)
        hours = [close for close in market.closes if close.period is Period.HOUR]
        for close in hours:
            self._closes.remember(close)
        book = _Book.of(market, ledger.after_all(flows=flows), state)
        fills: list[Fill] = []
        if book is not None:
            if hours:
                fills += self._rebalance(book, hours[-1], state.sizing.factor)
            fills += self._make_small_trades(book)
        return AccountReading(fills=tuple(fills), flows=flows)

    def _first_deposit(self, at: datetime) -> Flow:
        return Flow(id="paper/deposit", amount=self._deposit, at=at, note="paper money")

    def _rebalance(self, book: "_Book", last: BarClose, size: float) -> Iterator[Fill]:
        # A series without its newest close would be read as if it had one.
        current = self._closes.of([asset for asset in last.bars if book.tradable(asset)])
        for mandate in self._mandates:
            capital = mandate.share * book.equity
            for asset, weight in sorted(mandate.strategy.targets(current).items()):
                wanted = size * weight * capital - book.exposure(mandate, asset)
                is_worth_it = abs(wanted) > NO_TRADE_BAND * capital
                if is_worth_it and book.may_trade(mandate, asset, wanted):
                    yield book.fill(mandate, asset, wanted, wish="close", since=last.closed)

    def _make_small_trades(self, book: "_Book") -> Iterator[Fill]:
        slot = int(book.at.timestamp() // RESTLESS_EVERY.total_seconds())
        before, self._restless_slot = self._restless_slot, slot
        assets = sorted(asset for asset in book.marks if book.tradable(asset))
        if before is None or slot <= before or not assets:
            return
        rng = np.random.default_rng([self._seed, slot])
        since = book.at - (book.at - _EPOCH) % RESTLESS_EVERY
        for mandate in (each for each in self._mandates if each.restless):
            asset = assets[int(rng.integers(len(assets)))]
            amount = RESTLESS_SIZE * mandate.share * book.equity * rng.uniform(0.5, 1.0)
            signed = float(amount if rng.random() < 0.5 else -amount)
            if book.may_trade(mandate, asset, signed):
                yield book.fill(mandate, asset, signed, wish="small", since=since)


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class _Book:
    """What the desk has, what it is worth now, and what it is to stay out of."""

    at: datetime
    marks: Mapping[str, Mark]
    ledger: Ledger
    equity: float
    state: RiskState

    @classmethod
    def of(cls, market: MarketReading, ledger: Ledger, state: RiskState) -> "_Book | None":
        """The book; None if it cannot be valued or is worth nothing, so that nobody trades."""
        equity = ledger.cash
        for position in ledger.positions.values():
            mark = market.marks.get(position.asset)
            if mark is None or not mark.known:
                return None
            equity += position.quantity * mark.price
        if equity <= 0.0:
            return None
        return cls(market.at, market.marks, ledger, equity, state)

    def tradable(self, asset: str) -> bool:
        """Whether the asset's mark may be traded at."""
        mark = self.marks.get(asset)
        return mark is not None and mark.trust is Trust.TRUSTED

    def may_trade(self, mandate: Mandate, asset: str, amount: float) -> bool:
        """Whether a trade enters nothing that a stop or a person keeps the strategy out of."""
        latched = self._latched(mandate, asset)
        until = self.state.cool_downs.get(_key(mandate, asset))
        held = self.exposure(mandate, asset)
        only_reduces = held * amount < 0.0 and abs(amount) <= abs(held)
        stays_out = latched is TradingState.REDUCE_ONLY or (until is not None and self.at < until)
        return latched is not TradingState.HALTED and (only_reduces or not stays_out)

    def _latched(self, mandate: Mandate, asset: str) -> TradingState:
        policy, key = self.state.policy, _key(mandate, asset)
        of_type = "" if policy is None else policy.strategies.get(key.strategy, "")
        scopes = (
            Scope(ScopeKind.PORTFOLIO, self.state.portfolio),
            Scope(ScopeKind.STRATEGY_TYPE, of_type),
            *scopes_of(key),
        )
        return latched_at(self.state.latches, scopes)

    def exposure(self, mandate: Mandate, asset: str) -> float:
        """What the mandate holds of the asset, quote currency; negative when short."""
        held = self.ledger.positions.get(_key(mandate, asset))
        return held.quantity * self.marks[asset].price if held else 0.0

    def fill(
        self, mandate: Mandate, asset: str, amount: float, *, wish: str, since: datetime
    ) -> Fill:
        """A trade worth `amount` at the mark, quote currency; negative sells."""
        mark = self.marks[asset]
        identity = f"paper/{wish}/{mandate.strategy.name}/{asset}/{since:%Y%m%dT%H%M%S}"
        return paper_fill(identity, _key(mandate, asset), amount / mark.price, mark, self.at)


def _key(mandate: Mandate, asset: str) -> PositionKey:
    return PositionKey(mandate.strategy.name, asset, mandate.venue)
