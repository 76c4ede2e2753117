"""What the screens get to read; `risk.storage.queries` is who reads it."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk.domain.assessment import Assessment
from risk.domain.events import OrderEnded, ReservationReleased, Verdict
from risk.domain.journalling import AnsweredOrder
from risk.domain.ledger import Fill, Flow
from risk.domain.market import Mark
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.measures.types import FloatArray


class Book(NamedTuple):
    """One portfolio.

    Attributes
    ----------
    name : str
    currency : str
        In which it is valued, as written after an amount.
    """

    name: str
    currency: str


class ProposalNews(NamedTuple):
    """What happened to a book's proposals, in short.

    Attributes
    ----------
    waiting : int
        How many nobody has decided.
    number : int
        Grows with each that is made, and with each that is decided.
    """

    waiting: int
    number: int


class Pulse(NamedTuple):
    """The newest complete cycle, without its content: cheap to ask for.

    Attributes
    ----------
    cycle : int
    market : datetime
        The market's time of its snapshot. UTC.
    saved : datetime
        Wall time when it was saved. UTC.
    trading_state : str
        Name of the book's `TradingState` after it.
    """

    cycle: int
    market: datetime
    saved: datetime
    trading_state: str


class EngineSign(NamedTuple):
    """What is known of the engine over a portfolio.

    Attributes
    ----------
    running : bool
        Whether one holds the portfolio now; it may still be preparing its first cycle.
    problem : str or None
        Why it could not go on, one sentence; None once a later cycle is complete.
    """

    running: bool
    problem: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CompleteCycle:
    """One complete cycle.

    Attributes
    ----------
    pulse : Pulse
    assessment : Assessment
    state : RiskState
    """

    pulse: Pulse
    assessment: Assessment
    state: RiskState


class DecisionBasis(NamedTuple):
    """What orders are answered from, as of one complete cycle.

    Attributes
    ----------
    state : RiskState
    snapshot : Snapshot
        With its models.
    """

    state: RiskState
    snapshot: Snapshot


class LedgerPart(NamedTuple):
    """Entries of a ledger.

    Attributes
    ----------
    entries : tuple of Fill or Flow
        Oldest first, in the order in which they were booked.
    seq : int
        The last one's number: ask with ``after=seq`` for those that come later.
    """

    entries: tuple[Fill | Flow, ...]
    seq: int


class DayCloses(NamedTuple):
    """Daily closes of a market, oldest first.

    Attributes
    ----------
    days_ms : ndarray of shape (n,), int64
        Opening of each day, milliseconds since 1970. UTC.
    assets : tuple of str
        Sorted.
    close : ndarray of shape (n, A)
        Quote currency; NaN where the asset has no bar.
    breaks : ndarray of shape (n, A), bool
        Whether the asset's series begins anew with this bar: it has no return.
    """

    days_ms: NDArray[np.int64]
    assets: tuple[str, ...]
    close: FloatArray
    breaks: NDArray[np.bool_]


class VarRecord(NamedTuple):
    """How the one-day 99 % VaR fared.

    Attributes
    ----------
    days : int
        Forecasts that were confronted with their day, the last 250 at most.
    exceptions : int
        Days whose loss went beyond the forecast.
    """

    days: int
    exceptions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedInfo:
    """Where the prices come from.

    Attributes
    ----------
    label : str
    simulated : bool
    seed : int or None
        Of a simulated market.
    """

    label: str
    simulated: bool
    seed: int | None = None


# ---------------------------------------------------------------- orders


class OrdersWanted(NamedTuple):
    """Which answered orders are asked for.

    Attributes
    ----------
    since, until : datetime
        When they were answered, the market's time; both included. UTC.
    verdict : Verdict or None
    strategy, asset, sender : str
        Exactly that one; empty for every one.
    find : str
        Part of the client order id, in capitals or not; empty for every one.
    slices : bool or None
        Only slices of room, or only orders; None for both.
    """

    since: datetime
    until: datetime
    verdict: Verdict | None = None
    strategy: str = ""
    asset: str = ""
    sender: str = ""
    find: str = ""
    slices: bool | None = None


class OrdersPage(NamedTuple):
    """Answered orders, newest first.

    Attributes
    ----------
    orders : tuple of AnsweredOrder
    older : datetime or None
        The `until` of those that follow; None if none does. UTC.
    """

    orders: tuple[AnsweredOrder, ...]
    older: datetime | None


class AgentSums(NamedTuple):
    """What one sender asked for one strategy, counted.

    Attributes
    ----------
    sender, strategy : str
    approved, resized, rejected : int
        Orders answered so.
    last : datetime
        When the last of them was answered. UTC.
    """

    sender: str
    strategy: str
    approved: int
    resized: int
    rejected: int
    last: datetime

    @property
    def asked(self) -> int:
        """Orders in all."""
        return self.approved + self.resized + self.rejected


class DecisionTimes(NamedTuple):
    """What answers took, without being written down.

    Attributes
    ----------
    orders : int
        How many were looked at: the newest of those asked for.
    p50, p99 : float
        Microseconds that half of them, and 99 of 100, took at most.
    """

    orders: int
    p50: float
    p99: float


class OrderStory(NamedTuple):
    """One order, what it was judged by, and what became of it.

    Attributes
    ----------
    order : AnsweredOrder
    assessment : Assessment or None
        Of the cycle that it was judged by; None if that is not kept.
    mark : Mark or None
        Its asset's in that cycle; None if there was none.
    fills : tuple of Fill
        In the order in which they were booked.
    ended : OrderEnded or ReservationReleased or None
        Who gave its room back, an agent or a person; None if nobody did.
    """

    order: AnsweredOrder
    assessment: Assessment | None
    mark: Mark | None
    fills: tuple[Fill, ...]
    ended: OrderEnded | ReservationReleased | None = None
