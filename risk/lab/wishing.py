"""What the demo's strategies wish to trade, and under which names; who fills it is elsewhere.

At each hourly close a strategy wishes for its target weights, as far as the drawdown ladder allows,
and every few minutes one of them for a small trade, so that a live book is never quite still. What
is wished follows from market, ledger and state alone: a replay repeats it, and the identity of a
wish says what it was at which market time, so that after a restart the same one is recognised.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from risk.domain.ledger import Ledger
from risk.domain.market import BarClose, Mark, Period, Trust
from risk.domain.ports import Carried, MarketReading, Strategy
from risk.domain.positions import PositionKey
from risk.lab.closes import Closes
from risk.lab.strategies import STRATEGIES

#: What every identity begins with.
ON_PAPER = "paper/"
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


class Occasion(StrEnum):
    """What a trade is wished for."""

    CLOSE = "close"
    SMALL = "small"
    START = "start"
    REDUCE = "reduce"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """A trade that a strategy would make now.

    Attributes
    ----------
    identity : str
        The same wish at the same market time has the same one.
    occasion : Occasion
    key : PositionKey
    quantity : float
        Signed units; negative sells.
    value : float
        The same in quote currency, at the mark of the moment.
    at : datetime
        The market's time of the reading that it follows from. UTC.
    """

    identity: str
    occasion: Occasion
    key: PositionKey
    quantity: float
    value: float
    at: datetime


class Wishing:
    """The strategies' wishes, one market reading after the other.

    Parameters
    ----------
    seed : int
        Of the small trades between closes.
    history : iterable of BarClose
        Hourly closes before the first reading, oldest first; the strategies' memory.
    mandates : sequence of Mandate
    at_once : bool
        Whether a small trade is wished for at the first reading already: whoever starts the demo
        looks for its first order then. A restart repeats it under the same name, which is no
        second order.
    """

    def __init__(
        self,
        *,
        seed: int,
        history: Iterable[BarClose] = (),
        mandates: Sequence[Mandate] = DEMO_MANDATES,
        at_once: bool = False,
    ) -> None:
        self._seed = seed
        self._at_once = at_once
        self._mandates = tuple(mandates)
        self._closes = Closes()
        self._restless_slot: int | None = None
        for close in history:
            self._closes.remember(close)

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of those who wish."""
        return tuple(mandate.strategy.name for mandate in self._mandates)

    def wishes(self, market: MarketReading, carried: Carried) -> tuple[Wish, ...]:
        """What they would trade now.

        Parameters
        ----------
        market : MarketReading
            The next one; its closes are remembered.
        carried : Carried
            What is held; targets are multiplied by the state's sizing, so that what was de-risked
            is not bought back.
        """
        hours = [close for close in market.closes if close.period is Period.HOUR]
        for close in hours:
            self._closes.remember(close)
        book = _Book.of(market, carried.ledger)
        if book is None:
            return ()
        wished: list[Wish] = []
        if hours:
            wished += self._rebalance(book, hours[-1], carried.state.sizing.factor)
        wished += self._small_trades(book)
        return tuple(wished)

    def _rebalance(self, book: "_Book", last: BarClose, size: float) -> Iterator[Wish]:
        # A series without its newest close would be read as if it had one.
        current = self._closes.of([asset for asset in last.bars if book.tradable(asset)])
        for mandate in self._mandates:
            capital = mandate.share * book.equity
            for asset, weight in sorted(mandate.strategy.targets(current).items()):
                key = PositionKey(mandate.strategy.name, asset, mandate.venue)
                wanted = size * weight * capital - book.exposure(key)
                if abs(wanted) > NO_TRADE_BAND * capital:
                    yield book.wish(key, wanted, Occasion.CLOSE, since=last.closed)

    def _small_trades(self, book: "_Book") -> Iterator[Wish]:
        slot = int(book.at.timestamp() // RESTLESS_EVERY.total_seconds())
        before, self._restless_slot = self._restless_slot, slot
        is_due = self._at_once if before is None else slot > before
        assets = sorted(asset for asset in book.marks if book.tradable(asset))
        if not (is_due and assets):
            return
        rng = np.random.default_rng([self._seed, slot])
        since = book.at - (book.at - _EPOCH) % RESTLESS_EVERY
        for mandate in (each for each in self._mandates if each.restless):
            asset = assets[int(rng.integers(len(assets)))]
            amount = RESTLESS_SIZE * mandate.share * book.equity * rng.uniform(0.5, 1.0)
            signed = float(amount if rng.random() < 0.5 else -amount)
            key = PositionKey(mandate.strategy.name, asset, mandate.venue)
            # Under its own name: the past that a new demo is led through ends in the same minutes.
            occasion = Occasion.START if before is None else Occasion.SMALL
            yield book.wish(key, signed, occasion, since=since)


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class _Book:
    """What is held, and what it is worth now."""

    at: datetime
    marks: Mapping[str, Mark]
    ledger: Ledger
    equity: float

    @classmethod
    def of(cls, market: MarketReading, ledger: Ledger) -> "_Book | None":
        """The book; None if it cannot be valued or is worth nothing, so that nobody trades."""
        equity = ledger.cash
        for position in ledger.positions.values():
            mark = market.marks.get(position.asset)
            if mark is None or not mark.known:
                return None
            equity += position.quantity * mark.price
        if equity <= 0.0:
            return None
        return cls(market.at, market.marks, ledger, equity)

    def tradable(self, asset: str) -> bool:
        """Whether the asset's mark may be traded at."""
        mark = self.marks.get(asset)
        return mark is not None and mark.trust is Trust.TRUSTED

    def exposure(self, key: PositionKey) -> float:
        """What is held of the asset, quote currency; negative when short."""
        return exposure_of(key, self.ledger, self.marks)

    def wish(self, key: PositionKey, value: float, occasion: Occasion, *, since: datetime) -> Wish:
        """A trade worth `value` at the mark, quote currency; negative sells."""
        name = f"{ON_PAPER}{occasion}/{key.strategy}/{key.asset}/{since:%Y%m%dT%H%M%S}"
        return Wish(
            identity=name,
            occasion=occasion,
            key=key,
            quantity=value / self.marks[key.asset].price,
            value=value,
            at=self.at,
        )


def exposure_of(key: PositionKey, ledger: Ledger, marks: Mapping[str, Mark]) -> float:
    """What a position is worth at its mark, quote currency; negative when short, 0 without one.

    Parameters
    ----------
    key : PositionKey
    ledger : Ledger
    marks : mapping of asset to Mark
        A known one of the position's asset.
    """
    held = ledger.positions.get(key)
    return held.quantity * marks[key.asset].price if held else 0.0
