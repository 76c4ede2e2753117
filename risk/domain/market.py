"""What the market tells us: marks, bars, and how far each may be believed.

Nothing here reads a clock or a network; feeds make these values, everybody else reads them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from risk.measures.returns import DAYS_PER_YEAR, HOURS_PER_YEAR


class Trust(StrEnum):
    """How far a mark may be believed.

    TRUSTED marks value the book and allow new risk. A STALE mark is an old price, a
    SUSPECT one the last good price while a doubtful one is being examined: both still
    value the book, and new risk in that asset is refused. Of a MISSING mark we know
    nothing: a book that holds the asset has no trusted equity.
    """

    TRUSTED = "trusted"
    STALE = "stale"
    SUSPECT = "suspect"
    MISSING = "missing"

    @property
    def allows_new_risk(self) -> bool:
        """True only of a mark that is fresh and believed."""
        return self is Trust.TRUSTED


class Period(StrEnum):
    """The length of a bar."""

    HOUR = "1h"
    DAY = "1d"

    @property
    def span(self) -> timedelta:
        """The bar's length."""
        return timedelta(hours=1) if self is Period.HOUR else timedelta(days=1)

    @property
    def per_year(self) -> int:
        """Bars a year."""
        return HOURS_PER_YEAR if self is Period.HOUR else DAYS_PER_YEAR

    def open_of(self, moment: datetime) -> datetime:
        """Opening time of the bar that `moment` falls into."""
        start = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return start if self is Period.HOUR else start.replace(hour=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """The price at which one asset is valued now.

    Attributes
    ----------
    asset : str
        Such as ``BTC/USDT``.
    price : float
        Quote currency per unit; NaN only while `trust` is MISSING.
    at : datetime
        When that price was received. UTC. Of a SUSPECT mark: when the last good one was.
    trust : Trust
    bid, ask : float or None
        Best quotes; None where the feed has none.
    volume : float or None
        Quote currency traded in the last 24 hours; None where unknown.
    """

    asset: str
    price: float
    at: datetime
    trust: Trust = Trust.TRUSTED
    bid: float | None = None
    ask: float | None = None
    volume: float | None = None

    def __post_init__(self) -> None:
        if self.trust is not Trust.MISSING and not (math.isfinite(self.price) and self.price > 0.0):
            raise ValueError(f"a {self.trust} mark of {self.asset} needs a price, got {self.price}")

    @property
    def known(self) -> bool:
        """Whether the mark can value a position at all."""
        return self.trust is not Trust.MISSING


def missing_mark(asset: str, at: datetime) -> Mark:
    """The mark of an asset whose price nobody knows."""
    return Mark(asset=asset, price=math.nan, at=at, trust=Trust.MISSING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One asset's prices over one period.

    Attributes
    ----------
    asset : str
    period : Period
    opened : datetime
        Start of the period. UTC.
    open, high, low, close : float
        Quote currency per unit, finite and positive.
    volume : float
        Units traded; zero is allowed, NaN is not.
    """

    asset: str
    period: Period
    opened: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0

    @property
    def closed(self) -> datetime:
        """End of the period: the first moment at which the bar may be used."""
        return self.opened + self.period.span


@dataclass(frozen=True, kw_only=True, slots=True)
class BarClose:
    """All assets' bars of one period that closed at the same moment.

    An asset without a bar in this period is absent: never filled, never zero.

    Attributes
    ----------
    period : Period
    opened : datetime
        Start of the period. UTC.
    bars : mapping of asset to Bar
    breaks : frozenset of str
        Assets whose series starts anew with this bar (ticker reuse, a redenomination, a
        hole too long to bridge): the return into this bar does not exist.
    """

    period: Period
    opened: datetime
    bars: Mapping[str, Bar]
    breaks: frozenset[str] = frozenset()

    @property
    def closed(self) -> datetime:
        """The moment at which these bars may first be used."""
        return self.opened + self.period.span


class FaultKind(StrEnum):
    """What can be wrong with market data. Counted and shown, never silently filled."""

    MISSING_BAR = "missing_bar"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"
    NOT_A_NUMBER = "not_a_number"
    NOT_POSITIVE = "not_positive"
    OUTLIER = "outlier"
    INCONSISTENT_BAR = "inconsistent_bar"
    HOLE = "hole"
    TICKER_REUSE = "ticker_reuse"
    SHORT_HISTORY = "short_history"
    STALE = "stale"


@dataclass(frozen=True, kw_only=True, slots=True)
class DataFault:
    """One thing that was wrong with the data, and what was done about it.

    Attributes
    ----------
    kind : FaultKind
    asset : str
    at : datetime
        Time of the offending datum (of the first one, where `count` > 1). UTC.
    detail : str
        One plain sentence with the numbers and what was done.
    count : int
        How many data points this entry stands for.
    """

    kind: FaultKind
    asset: str
    at: datetime
    detail: str
    count: int = 1
