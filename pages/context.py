"""What the web reads, and how a page gets at it; what people change is in `pages.access`.

`BookReader` is the whole of what the screens need from a store; `risk.storage` has one over SQL.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import numpy as np

from risk.domain.actions import Action, ChooseBookModel
from risk.domain.breakers import Episode
from risk.domain.events import (
    BreakerOverridden,
    BreakerStepped,
    ForecastScored,
    OverrideEnded,
    RiskEvent,
)
from risk.domain.market import Period
from risk.domain.model import Model
from risk.domain.orders import Reservation
from risk.domain.positions import PositionKey
from risk.storage.queries import (
    AgentSums,
    Book,
    ChainView,
    CompleteCycle,
    DayCloses,
    DecisionBasis,
    DecisionTimes,
    EngineSign,
    EntriesPage,
    EntriesWanted,
    EntryProof,
    EpisodeStory,
    FeedInfo,
    KeptEntry,
    LedgerPart,
    LimitEvent,
    MetricHistory,
    OrdersPage,
    OrderStory,
    OrdersWanted,
    Place,
    PolicyVersion,
    ProposalNews,
    Pulse,
    ReductionEvent,
    Stretch,
    TuningPreview,
    VarRecord,
)

__all__ = [
    "AgentSums",
    "Book",
    "BookReader",
    "ChainView",
    "CompleteCycle",
    "DayCloses",
    "DecisionBasis",
    "DecisionTimes",
    "EngineSign",
    "EntriesPage",
    "EntriesWanted",
    "EntryProof",
    "EpisodeStory",
    "FeedInfo",
    "KeptEntry",
    "LedgerPart",
    "LimitEvent",
    "MetricHistory",
    "OrderStory",
    "OrdersPage",
    "OrdersWanted",
    "Place",
    "PolicyVersion",
    "ProposalNews",
    "Pulse",
    "ReductionEvent",
    "Stretch",
    "TuningPreview",
    "VarRecord",
]

#: Points a chart asks for at most; a screen has no more pixels to show them.
CHART_POINTS = 1_000


NO_HISTORY = MetricHistory(np.empty(0, dtype=np.int64), np.empty(0))


class BookReader(Protocol):
    """What the screens read. Every method may raise `StoreUnavailable`."""

    @property
    def feed(self) -> FeedInfo:
        """Where the prices come from."""
        ...

    @property
    def cycle_seconds(self) -> float:
        """How often the engine means to complete a cycle."""
        ...

    def wall(self) -> datetime:
        """Wall time now, by the clock that `Pulse.saved` was taken from. UTC."""
        ...

    def books(self) -> Sequence[Book]:
        """All portfolios, the one to show first coming first."""
        ...

    def pulse(self, portfolio: str) -> Pulse | None:
        """The newest complete cycle; None before the first one.

        Raises
        ------
        UnknownPortfolio
        """
        ...

    def engine(self, portfolio: str) -> EngineSign:
        """Whether an engine is at work, and why it could not go on if so."""
        ...

    def latest(self, portfolio: str) -> CompleteCycle | None:
        """The newest complete cycle with its content; None before the first one.

        Raises
        ------
        UnknownPortfolio
        """
        ...

    def waiting_model(self, portfolio: str) -> ChooseBookModel | None:
        """The last choice of the book's model that no cycle has taken in; None if none waits.

        Raises
        ------
        UnknownPortfolio
        """
        ...

    def policy_versions(self, portfolio: str) -> Sequence[PolicyVersion]:
        """Every version of the policy that was in force, the newest first.

        Raises
        ------
        UnknownPortfolio
        """
        ...

    def proposal_news(self, portfolio: str) -> ProposalNews:
        """How many proposals wait, and a number that grows with whatever happens to one.

        Cheap to ask for.

        Raises
        ------
        UnknownPortfolio
        """
        ...

    def tuning(self, portfolio: str, change: Action, *, since: datetime) -> TuningPreview:
        """What a change would have meant for the book as it was, as far as that is stored.

        `change` is what would be proposed: its number, time and author do not matter.

        Raises
        ------
        UnknownPortfolio
        InvalidInput
            If the engine would refuse the change as things stand.
        """
        ...

    def metric_history(
        self, portfolio: str, metric: str, *, since: datetime, until: datetime, max_points: int
    ) -> MetricHistory:
        """A field of `PortfolioRisk` over time, thinned to at most `max_points`."""
        ...

    def position_history(
        self, portfolio: str, metric: str, *, since: datetime, until: datetime, max_points: int
    ) -> Mapping[PositionKey, MetricHistory]:
        """A field of `PositionRisk` over time, of each position with points in the range.

        A position that was closed ends with 0 (`marginal_var_1d_99` just ends).
        """
        ...

    def limit_history(
        self,
        portfolio: str,
        *,
        since: datetime,
        until: datetime,
        max_points: int,
        limit: str | None = None,
    ) -> Mapping[str, MetricHistory]:
        """How full each limit, or the one named, was over time; those without points left out."""
        ...

    def limit_events(
        self, portfolio: str, limit: str, *, since: datetime, until: datetime
    ) -> Sequence[LimitEvent]:
        """Breaches of one limit, their ends and its changes, oldest first."""
        ...

    def decision_basis(self, portfolio: str) -> DecisionBasis | None:
        """What orders are answered from, models included; None before the first cycle.

        Reads and restores two models: for questions that people ask now and then.

        Raises
        ------
        UnknownPortfolio
        """
        ...

    def recent_events(self, portfolio: str, *, since: datetime, limit: int) -> Sequence[RiskEvent]:
        """Journalled events from `since` on, newest first."""
        ...

    def var_record(self, portfolio: str) -> VarRecord | None:
        """How the one-day 99 % VaR fared; None before the first scored day."""
        ...

    def forecasts_scored(
        self, portfolio: str, period: Period, *, since: datetime, until: datetime
    ) -> Sequence[ForecastScored]:
        """Forecasts of `period` that met their outcome, oldest first.

        `at` is the close of the bar that was forecast; both ends are included.
        """
        ...

    def model(self, portfolio: str, period: Period, *, at: datetime | None = None) -> Model | None:
        """The model, with its scenarios, that held at `at`: the newest that had closed by then.

        The newest of all if `at` is None; None if it is not kept (ten days, three hours are).
        """
        ...

    def ledger_entries(self, portfolio: str, *, after: int = 0) -> LedgerPart:
        """Fills and flows as booked, oldest first; ask for newer ones with the `seq` given."""
        ...

    def daily_closes(
        self, portfolio: str, *, since: datetime, assets: Sequence[str] | None = None
    ) -> DayCloses:
        """Daily bars of the portfolio's market that opened at `since` or later.

        Of every asset of the market, or of those of `assets` that it knows.
        """
        ...

    def order_news(self, portfolio: str) -> int:
        """A number that grows whenever an order was answered, filled or ended; cheap to ask for.

        Raises
        ------
        UnknownPortfolio
        """
        ...

    def orders(self, portfolio: str, wanted: OrdersWanted) -> OrdersPage:
        """The newest answered orders of those wanted, 200 at most, and where the next begin."""
        ...

    def agents(self, portfolio: str, wanted: OrdersWanted) -> Sequence[AgentSums]:
        """How orders were answered by sender and strategy, over the range's last 30 days."""
        ...

    def decision_times(self, portfolio: str, wanted: OrdersWanted) -> DecisionTimes | None:
        """What the newest 10,000 answers of those wanted took; None without any."""
        ...

    def reduction_events(self, portfolio: str, wanted: OrdersWanted) -> Sequence[ReductionEvent]:
        """Requests to reduce and what was told of them in the range's last 30 days.

        The range counts and no other filter; oldest first.
        """
        ...

    def order(self, portfolio: str, client_order_id: str) -> OrderStory | None:
        """One order with the cycle that it was judged by and its fills; None if there is none."""
        ...

    def reservations(self, portfolio: str) -> Sequence[Reservation]:
        """Room that is set aside for orders now, the oldest first.

        Raises
        ------
        UnknownPortfolio
        """
        ...

    def episodes(
        self,
        portfolio: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        breaker: str | None = None,
        at_most: int = 200,
    ) -> Sequence[Episode]:
        """Episodes of breakers that were on at any time of a range, newest first."""
        ...

    def episode(self, portfolio: str, episode: str) -> EpisodeStory | None:
        """One episode with its card and what was found out since; None if there is none."""
        ...

    def breaker_turns(
        self, portfolio: str, *, since: datetime, until: datetime
    ) -> Sequence[BreakerOverridden | OverrideEnded | BreakerStepped]:
        """Steps of tripped breakers, and overrides and their ends, in a range; oldest first."""
        ...

    def breaker_course(
        self, portfolio: str, breaker: str, *, since: datetime, until: datetime
    ) -> MetricHistory:
        """What a breaker measured over time, in its own unit; 2,000 points at most."""
        ...

    def journal_length(self, portfolio: str) -> int:
        """A number that grows with each entry of the book's journal, or of that of people."""
        ...

    def journal_kinds(self, stream: str) -> Sequence[str]:
        """Every kind of event that a stream tells of, in alphabetical order."""
        ...

    def journal_page(
        self, wanted: EntriesWanted, *, before: Place | None = None, limit: int = 100
    ) -> EntriesPage:
        """The newest entries of those wanted, `limit` at most, and where the next begin."""
        ...

    def journal_entry(self, stream: str, seq: int) -> EntryProof | None:
        """One entry with its hash and the checkpoint that covers it; None if there is none."""
        ...

    def chains(self, portfolio: str) -> Sequence[ChainView]:
        """How far the chains of the book's journal and of that of people were followed by now."""
        ...


def book_named(books: Sequence[Book], name: str | None) -> Book | None:
    """The book called `name`, or the first one; None if there is none."""
    by_name: Mapping[str, Book] = {book.name: book for book in books}
    return by_name.get(name or "", books[0] if books else None)
