"""What the core asks of the outside world; adapters below the shell implement it.

Stores, lease offices and feeds each have a fake beside the tests, and one suite that runs over
the fake and over every real adapter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from risk.domain.actions import Action
from risk.domain.assessment import Assessment
from risk.domain.breakers import Episode
from risk.domain.cards import Card
from risk.domain.events import RiskEvent
from risk.domain.ledger import Entry, Fill, Flow, Ledger
from risk.domain.market import BarClose, DataFault, Mark, Period
from risk.domain.model import Models
from risk.domain.notices import Letter, Notice
from risk.domain.orders import WorkingOrder
from risk.domain.positions import Position, PositionKey
from risk.domain.reductions import Reduction
from risk.domain.snapshot import ShockMatrix, Snapshot
from risk.domain.state import RiskState


class Clock(Protocol):
    """Tells the time; the only way for the engine to know it."""

    def now(self) -> datetime:
        """The market's time, UTC."""
        ...

    def wall(self) -> datetime:
        """The wall's time, UTC; differs from `now` in a sped-up or replayed market."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow, whatever happens to the wall clock."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class MarketReading:
    """What a feed has to say since it was last read.

    Attributes
    ----------
    at : datetime
        The market's time of the reading. UTC.
    marks : mapping of asset to Mark
        Every asset of the feed, graded by trust.
    closes : tuple of BarClose
        Bars closed since the last reading, oldest first; hours before the day they end.
    faults : tuple of DataFault
        Found since the last reading.
    prices_end : datetime or None
        When the last price was, if it is past and no other will come, as of a file. UTC.
    """

    at: datetime
    marks: Mapping[str, Mark]
    closes: tuple[BarClose, ...] = ()
    faults: tuple[DataFault, ...] = ()
    prices_end: datetime | None = None


class Feed(Protocol):
    """Where prices come from."""

    @property
    def label(self) -> str:
        """As shown to people, e.g. ``simulated``."""
        ...

    @property
    def assets(self) -> tuple[str, ...]:
        """Assets it can price."""
        ...

    @property
    def starts_at(self) -> datetime:
        """Where history ends and readings begin. UTC."""
        ...

    def history(self, period: Period) -> Sequence[BarClose]:
        """Closed bars before the first reading, oldest first."""
        ...

    def read(self, at: datetime) -> MarketReading:
        """What is known at `at`.

        Raises
        ------
        FeedUnavailable
            If the market cannot be read now.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountReading:
    """What happened to the account since it was last read."""

    fills: tuple[Fill, ...] = ()
    flows: tuple[Flow, ...] = ()
    working_orders: Mapping[str, WorkingOrder] = field(default_factory=dict)


class Account(Protocol):
    """Where fills, flows and working orders come from."""

    def read(self, market: MarketReading, carried: "Carried") -> AccountReading:
        """What happened up to `market.at`; `carried` holds what was booked so far.

        Raises
        ------
        FeedUnavailable
            If the account cannot be read now.
        """
        ...


class Executor(Protocol):
    """Who acts when positions are to be made smaller."""

    def execute(
        self, reductions: Sequence[Reduction], market: MarketReading, ledger: Ledger
    ) -> Sequence[Fill]:
        """Trades that were made because of the requests, to be booked after the ledger's.

        Parameters
        ----------
        reductions : sequence of Reduction
            Not met after the last cycle.
        market : MarketReading
        ledger : Ledger
            With everything that the account has told: the positions as they are now.

        Returns
        -------
        sequence of Fill
            Each makes one of the positions smaller, never beyond its target. The same question
            has the same answer: it may be asked again after a restart.
        """
        ...


class AskedActions(Protocol):
    """Where what people ask of a book waits for the engine."""

    def after(self, seq: int) -> Sequence[Action]:
        """Actions later than number `seq`, in their order.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What the engine needs to go on where it stopped.

    Attributes
    ----------
    state : RiskState
    ledger : Ledger
    models : Models
    shocks : ShockMatrix or None
        Of the one-day model; None where they are to be worked out, as after a start.
    untold : tuple of Fill and Flow
        Booked after the last cycle, so that none has told of them yet; the ledger contains them.
    told : mapping of PositionKey to Position, or None
        Positions after the last cycle, without these; None where nothing was booked since.
    """

    state: RiskState
    ledger: Ledger
    models: Models
    shocks: ShockMatrix | None = None
    untold: tuple[Fill | Flow, ...] = ()
    told: Mapping[PositionKey, Position] | None = None

    @property
    def positions_told(self) -> Mapping[PositionKey, Position]:
        """Positions before everything of which no cycle has told yet."""
        return self.ledger.positions if self.told is None else self.told


@dataclass(frozen=True, kw_only=True)
class CycleRecord:
    """One complete cycle, saved whole or not at all.

    Attributes
    ----------
    number : int
        Grows by one a cycle, over restarts too.
    snapshot : Snapshot
        Contains the ledger and the models as of this cycle.
    assessment : Assessment
    state : RiskState
    events : tuple of RiskEvent
    closes : tuple of BarClose
        Bars that closed in this cycle.
    episodes : tuple of Episode
        Of breakers, those that began, changed or ended in this cycle.
    cards : mapping of str to Card
        Of those that began, by the episode's id.
    before : RiskState or None
        What a cycle began from in which a breaker tripped; None of any other.
    entries : tuple of (int, Entry)
        To be booked with it, each under its number; none where they were booked before.
    notices : tuple of Notice
        What people are to be told of it.
    duration_ms : float
        From the reading of the market to the start of saving.
    wall : datetime
        Wall time at the start of saving. UTC.
    """

    number: int
    snapshot: Snapshot
    assessment: Assessment
    state: RiskState
    events: tuple[RiskEvent, ...]
    closes: tuple[BarClose, ...]
    duration_ms: float
    wall: datetime
    entries: tuple[tuple[int, Entry], ...] = ()
    episodes: tuple[Episode, ...] = ()
    notices: tuple[Notice, ...] = ()
    cards: Mapping[str, Card] = field(default_factory=dict)
    before: RiskState | None = None


class Store(Protocol):
    """Where the authority keeps what must survive it."""

    def load(self, portfolio: str) -> Carried | None:
        """State after the last complete cycle, or None if there was none.

        Ledger entries booked after that cycle are contained.
        """
        ...

    def save(self, record: CycleRecord, *, token: int) -> None:
        """Save one cycle in one transaction, its notices once for every channel included.

        Raises
        ------
        LeaseLost
            If `token` is not the newest one of the portfolio: nothing was written.
        StoreUnavailable
            If the database did not answer; the cycle may have been saved, and saving the
            same record again is harmless.
        """
        ...

    def record_closes(self, closes: Iterable[BarClose]) -> int:
        """Keep bars and where their series break; those already kept are left alone.

        Returns how many bars were new.
        """
        ...

    def bars(
        self, period: Period, *, assets: Sequence[str] | None = None, last: int | None = None
    ) -> list[BarClose]:
        """Kept bars, oldest first; the `last` closes only, if given."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to be the authority over one portfolio.

    Attributes
    ----------
    portfolio, holder : str
    token : int
        Grows with every change of holder; every write carries it.
    expires_at : datetime
        By the database's clock. UTC.
    """

    portfolio: str
    holder: str
    token: int
    expires_at: datetime


class LeaseOffice(Protocol):
    """Gives the right to be the authority to one process at a time."""

    def acquire(self, portfolio: str, holder: str) -> Lease | None:
        """The lease, or None while somebody else holds it."""
        ...

    def renew(self, lease: Lease) -> Lease:
        """The lease with a new end.

        Raises
        ------
        LeaseLost
            If somebody else took it.
        """
        ...

    def release(self, lease: Lease) -> None:
        """Give it back, so that the next holder need not wait."""
        ...


class Channel(Protocol):
    """A way to people, such as mail or the log."""

    @property
    def name(self) -> str:
        """Unique among those in use, and the same after a restart; without secrets."""
        ...

    def deliver(self, notice: Notice) -> None:
        """Hand a notice over; it may have been handed over before.

        Raises
        ------
        ChannelFailed
            If it was not taken; the text says why, without secrets.
        """
        ...


class Outbox(Protocol):
    """Notices that were saved and are not delivered yet, of one portfolio."""

    def due(self, channel: str, *, at: datetime, limit: int) -> Sequence[Letter]:
        """Those of a channel to be tried at wall time `at`, oldest first, `limit` at most.

        Also those whose turn is more than an hour away: the wall's clock was set back since.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        """
        ...

    def begin(self, letter: Letter, *, retry_at: datetime, token: int) -> bool:
        """Count an attempt before it is made; False if the letter was dealt with meanwhile.

        Whoever dies in the attempt leaves the letter due again at `retry_at`.

        Raises
        ------
        LeaseLost
            If `token` is not the newest one of the portfolio: then nobody may try.
        StoreUnavailable
            If the database does not answer.
        """
        ...

    def delivered(self, letter: Letter, *, at: datetime, token: int) -> None:
        """Note that it arrived; errors are those of `begin`."""
        ...

    def bury(self, letter: Letter, reason: str, *, token: int) -> None:
        """Note that nobody tries any more, and why; errors are those of `begin`."""
        ...

    def bury_all_but(self, channels: Sequence[str], reason: str, *, token: int) -> int:
        """Bury what waits for other channels than these; returns how many letters.

        Errors are those of `begin`.
        """
        ...


class Strategy(Protocol):
    """A trading idea that can be replayed: prices in, target weights out."""

    @property
    def name(self) -> str:
        """As in the ledger."""
        ...

    def targets(self, closes: Mapping[str, Sequence[float]]) -> Mapping[str, float]:
        """Wanted exposure of each asset as a fraction of the strategy's capital.

        Parameters
        ----------
        closes : mapping of asset to sequence of float
            Hourly closes up to now, oldest first.
        """
        ...
