"""What the screens read: whole cycles, numbers over time, the journal.

Reading only, through the reader engine. Each answer is of one state of the database.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Select, and_, case, func, select

from risk.domain.actions import Action, ChooseBookModel
from risk.domain.assessment import Assessment
from risk.domain.breakers import Episode
from risk.domain.events import (
    PEOPLE_STREAM,
    BreakerOverridden,
    BreakerStepped,
    ForecastScored,
    OverrideEnded,
    RiskEvent,
)
from risk.domain.market import Period
from risk.domain.model import Model, Models
from risk.domain.orders import Reservation
from risk.domain.positions import PositionKey
from risk.domain.proposals import ProposalStatus
from risk.domain.state import RiskState
from risk.policy.tuning import TuningPreview
from risk.storage import (
    bars,
    charts,
    codec,
    entries,
    episodes,
    ledger,
    limits,
    models,
    orders,
    tables,
)
from risk.storage.actions import model_standing
from risk.storage.chain_watch import ChainView, ChainWatch
from risk.storage.charts import MetricHistory
from risk.storage.decisions import last_batch
from risk.storage.engines import Engines, transaction
from risk.storage.entries import EntriesPage, EntriesWanted, EntryProof, KeptEntry, Place, Stretch
from risk.storage.episodes import EpisodeStory
from risk.storage.failures import failure_since_last_cycle
from risk.storage.journal import newest_link
from risk.storage.lease import is_held
from risk.storage.limits import LimitEvent
from risk.storage.orders import ReductionEvent
from risk.storage.policies import PolicyVersion, versions_told
from risk.storage.portfolios import facts_of, require_portfolio
from risk.storage.readings import (
    AgentSums,
    Book,
    CompleteCycle,
    DayCloses,
    DecisionBasis,
    DecisionTimes,
    EngineSign,
    FeedInfo,
    LedgerPart,
    OrdersPage,
    OrderStory,
    OrdersWanted,
    ProposalNews,
    Pulse,
    VarRecord,
)
from risk.storage.reservations import open_reservations
from risk.storage.tuning import tuning

__all__ = [
    "AgentSums",
    "Book",
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
    "SqlBookReader",
    "Stretch",
    "TuningPreview",
    "VarRecord",
]

#: Days by which the VaR is judged (the Basel window, of a market that never rests).
JUDGED_DAYS = 250


#: By what is told what people do to breakers.
_TURNS = (BreakerOverridden, OverrideEnded, BreakerStepped)


class SqlBookReader:
    """Answers the web's questions from the database.

    Parameters
    ----------
    engines : Engines
    feed : FeedInfo
        Where the prices of these books come from.
    cycle_seconds : float
        How often the engine means to complete a cycle.
    wall : callable
        Gives the wall time, UTC, by the clock of the engine.
    first : str
        The portfolio to show first.
    chain : ChainWatch, optional
        Follows the journal's chains; nothing is said of them without.
    """

    def __init__(
        self,
        engines: Engines,
        *,
        feed: FeedInfo,
        cycle_seconds: float,
        wall: Callable[[], datetime],
        first: str,
        chain: ChainWatch | None = None,
    ) -> None:
        self._reader = engines.reader
        self._chain = chain
        self.feed = feed
        self.cycle_seconds = cycle_seconds
        self.wall = wall
        self._first = first

    def books(self) -> list[Book]:
        """All portfolios, the one to show first coming first."""
        names = tables.portfolio.c
        with transaction(self._reader) as connection:
            rows = connection.execute(select(names.name, names.currency).order_by(names.name))
            books = [Book(row.name, row.currency) for row in rows]
        return sorted(books, key=lambda book: book.name != self._first)

    def pulse(self, portfolio: str) -> Pulse | None:
        """The newest complete cycle; None before the first one.

        Raises
        ------
        UnknownPortfolio
        """
        with transaction(self._reader) as connection:
            row = _newest(connection, portfolio, select(*_PULSE).select_from(_ITS_CYCLE))
        return None if row is None else _pulse(row)

    def engine(self, portfolio: str) -> EngineSign:
        """Whether an engine is at work, and why it could not go on if so."""
        with transaction(self._reader) as connection:
            return EngineSign(
                running=is_held(connection, portfolio),
                problem=failure_since_last_cycle(connection, portfolio),
            )

    def latest(self, portfolio: str) -> CompleteCycle | None:
        """The newest complete cycle with its content; None before the first one.

        Raises
        ------
        UnknownPortfolio
        """
        content = select(*_PULSE, _STATE.body, tables.snapshot.c.assessment).select_from(
            _ITS_SNAPSHOT
        )
        with transaction(self._reader) as connection:
            row = _newest(connection, portfolio, content)
        if row is None:
            return None
        return CompleteCycle(
            pulse=_pulse(row),
            assessment=codec.decode_value(row.assessment, Assessment),
            state=codec.decode_value(row.body, RiskState),
        )

    def waiting_model(self, portfolio: str) -> ChooseBookModel | None:
        """The last choice of the book's model that no cycle has taken in; None if none waits.

        Raises
        ------
        UnknownPortfolio
        """
        with transaction(self._reader) as connection:
            return model_standing(connection, portfolio).waiting

    def metric_history(
        self,
        portfolio: str,
        metric: str,
        *,
        since: datetime,
        until: datetime,
        max_points: int,
    ) -> MetricHistory:
        """A metric of the whole book over time, thinned to about `max_points`.

        Each point is the last number of its stretch, as it was measured, at the time when it
        was. Where the finest numbers wanted are gone or were never kept, coarser ones take
        their place.

        Parameters
        ----------
        portfolio, metric : str
        since, until : datetime
            In market time, both included.
        max_points : int
        """
        with transaction(self._reader) as connection:
            series = charts.series_of_book(connection, portfolio, metric)
            wanted = [] if series is None else [series]
            found = charts.thinned(
                connection, wanted, tables.to_ms(since), tables.to_ms(until), max_points
            )
        return next(iter(found.values()), charts.NOTHING)

    def position_history(
        self,
        portfolio: str,
        metric: str,
        *,
        since: datetime,
        until: datetime,
        max_points: int,
    ) -> dict[PositionKey, MetricHistory]:
        """A metric of each position over time, thinned as `metric_history` is.

        A position is told when it changes and once an hour, long ago in a past that was
        relived once a day; one that was closed ends with 0.

        Parameters
        ----------
        portfolio, metric : str
        since, until : datetime
            In market time, both included. Positions without a point there are left out.
        max_points : int
            Of each.
        """
        with transaction(self._reader) as connection:
            keys = charts.series_of_positions(connection, portfolio, metric)
            found = charts.thinned(
                connection, keys, tables.to_ms(since), tables.to_ms(until), max_points
            )
        return {keys[number]: history for number, history in found.items()}

    def limit_history(
        self,
        portfolio: str,
        *,
        since: datetime,
        until: datetime,
        max_points: int,
        limit: str | None = None,
    ) -> dict[str, MetricHistory]:
        """How full limits were over time, thinned as `metric_history` is.

        Parameters
        ----------
        portfolio : str
        since, until : datetime
            In market time, both included. Limits without a point there are left out.
        max_points : int
            Of each.
        limit : str, optional
            Name of the only one to tell of; all if absent.

        Returns
        -------
        dict of name to MetricHistory
            Shares of the hard threshold in force at the time.
        """
        with transaction(self._reader) as connection:
            return limits.utilizations(
                connection,
                portfolio,
                since=since,
                until=until,
                max_points=max_points,
                limit=limit,
            )

    def limit_events(
        self, portfolio: str, limit: str, *, since: datetime, until: datetime
    ) -> list[LimitEvent]:
        """What the journal tells of one limit, oldest first.

        Parameters
        ----------
        portfolio, limit : str
        since, until : datetime
            In market time, both included.
        """
        with transaction(self._reader) as connection:
            return limits.events_of(connection, portfolio, limit, since=since, until=until)

    def decision_basis(self, portfolio: str) -> DecisionBasis | None:
        """What orders are answered from, of the newest complete cycle; None before the first.

        Reads and restores two models: for questions that people ask now and then.

        Raises
        ------
        UnknownPortfolio
        StateUnreadable
            If it was written by a program whose models this one does not understand.
        """
        with transaction(self._reader) as connection:
            row = _newest(
                connection,
                portfolio,
                select(_STATE.body, tables.snapshot.c.snapshot).select_from(_ITS_SNAPSHOT),
            )
            bodies = [models.body_at(connection, portfolio, p) for p in (Period.DAY, Period.HOUR)]
        day, hour = bodies
        if row is None or day is None or hour is None:
            return None
        restored = Models(day=models.restored(day), hour=models.restored(hour))
        return DecisionBasis(
            state=codec.decode_value(row.body, RiskState),
            snapshot=codec.decode_snapshot(row.snapshot, restored),
        )

    def recent_events(self, portfolio: str, *, since: datetime, limit: int) -> Sequence[RiskEvent]:
        """Journalled events from `since` on, newest first."""
        entry = tables.journal.c
        query = (
            select(entry.body)
            .where(entry.stream == portfolio, entry.at_ms >= tables.to_ms(since))
            .order_by(entry.at_ms.desc(), entry.seq.desc())
            .limit(limit)
        )
        with transaction(self._reader) as connection:
            bodies = connection.execute(query).scalars().all()
        return [codec.decode_event(body) for body in bodies]

    def forecasts_scored(
        self, portfolio: str, period: Period, *, since: datetime, until: datetime
    ) -> list[ForecastScored]:
        """Forecasts of `period` that met their outcome, oldest first.

        Parameters
        ----------
        portfolio : str
        period : Period
        since, until : datetime
            Close of the bar that was forecast; both included.
        """
        entry = tables.journal.c
        span_ms = period.span // timedelta(milliseconds=1)
        # Bodies are canonical, so that this text stands in exactly those of the period; what
        # was not said at the close of one need not be read to know that.
        of_period = entry.body.contains(f'"period":"{period.value}"', autoescape=True)
        query = (
            select(entry.body)
            .where(
                entry.stream == portfolio,
                entry.kind == ForecastScored.__name__,
                entry.at_ms >= tables.to_ms(since),
                entry.at_ms <= tables.to_ms(until),
                entry.at_ms % span_ms == 0,
                of_period,
            )
            .order_by(entry.at_ms)
        )
        with transaction(self._reader) as connection:
            bodies = connection.execute(query).scalars().all()
        events = [codec.decode_event(body) for body in bodies]
        return [event for event in events if isinstance(event, ForecastScored)]

    def var_record(self, portfolio: str) -> VarRecord | None:
        """How the one-day 99 % VaR fared in the last 250 days; None before the first scored one."""
        pulse = self.pulse(portfolio)
        if pulse is None:
            return None
        since = pulse.market - timedelta(days=JUDGED_DAYS)
        scored = self.forecasts_scored(portfolio, Period.DAY, since=since, until=pulse.market)
        scored = scored[-JUDGED_DAYS:]
        if not scored:
            return None
        return VarRecord(days=len(scored), exceptions=sum(day.exceeded_99 for day in scored))

    def model(self, portfolio: str, period: Period, *, at: datetime | None = None) -> Model | None:
        """The model, with its scenarios, that held at a moment.

        Parameters
        ----------
        portfolio : str
        period : Period
        at : datetime, optional
            In market time; the model is the newest one that had seen no later bar. The newest
            of all if absent.

        Returns
        -------
        Model or None
            None if it is not kept.

        Raises
        ------
        StateUnreadable
            If it was written by a program whose models this one does not understand.
        """
        with transaction(self._reader) as connection:
            body = models.body_at(connection, portfolio, period, at=at)
        return None if body is None else models.restored(body)

    def ledger_entries(self, portfolio: str, *, after: int = 0) -> LedgerPart:
        """Fills and flows in the order in which they were booked.

        Parameters
        ----------
        portfolio : str
        after : int
            `LedgerPart.seq` of an earlier answer, to get only what came since.
        """
        with transaction(self._reader) as connection:
            numbered = ledger.entries_after(connection, portfolio, after)
        seq = numbered[-1][0] if numbered else after
        return LedgerPart(tuple(entry for _, entry in numbered), seq)

    def daily_closes(
        self, portfolio: str, *, since: datetime, assets: Sequence[str] | None = None
    ) -> DayCloses:
        """Daily bars of the market that the portfolio lives in, oldest first.

        Parameters
        ----------
        portfolio : str
        since : datetime
            Opening of the first day.
        assets : sequence of str, optional
            Those to tell of, as far as the market knows them; all of the market if absent.
        """
        with transaction(self._reader) as connection:
            market = bars.market_of(facts_of(connection, portfolio))
            rows = bars.day_rows(connection, market, since=since, assets=assets)
        return _as_closes(rows)

    # -- orders ---------------------------------------------------------------------------

    def order_news(self, portfolio: str) -> int:
        """A number that grows whenever an order was answered, filled or ended; cheap to ask for.

        Raises
        ------
        UnknownPortfolio
        """
        with transaction(self._reader) as connection:
            number = last_batch(connection, portfolio)
            if not number:
                require_portfolio(connection, portfolio)
            return number

    def orders(self, portfolio: str, wanted: OrdersWanted) -> OrdersPage:
        """The newest answered orders of those wanted, 200 at most, and where the next begin."""
        with transaction(self._reader) as connection:
            return orders.orders_page(connection, portfolio, wanted)

    def agents(self, portfolio: str, wanted: OrdersWanted) -> list[AgentSums]:
        """How orders were answered by sender and strategy, over the range's last 30 days."""
        with transaction(self._reader) as connection:
            return orders.agent_sums(connection, portfolio, wanted)

    def decision_times(self, portfolio: str, wanted: OrdersWanted) -> DecisionTimes | None:
        """What the newest 10,000 answers of those wanted took; None without any."""
        with transaction(self._reader) as connection:
            return orders.decision_times(connection, portfolio, wanted)

    def reduction_events(self, portfolio: str, wanted: OrdersWanted) -> list[ReductionEvent]:
        """Requests to reduce and what was told of them in the range's last 30 days.

        The range counts and no other filter; oldest first.
        """
        with transaction(self._reader) as connection:
            return orders.reduction_events(connection, portfolio, wanted)

    def order(self, portfolio: str, client_order_id: str) -> OrderStory | None:
        """One order with the cycle that it was judged by and its fills; None if there is none."""
        with transaction(self._reader) as connection:
            return orders.order_story(connection, portfolio, client_order_id)

    def reservations(self, portfolio: str) -> list[Reservation]:
        """Room that is set aside for orders now, the oldest first.

        Raises
        ------
        UnknownPortfolio
        """
        with transaction(self._reader) as connection:
            return open_reservations(connection, portfolio)

    # -- changes --------------------------------------------------------------------------

    def proposal_news(self, portfolio: str) -> ProposalNews:
        """How many proposals wait, and a number that grows with whatever happens to one.

        Raises
        ------
        UnknownPortfolio
        """
        row = tables.proposal.c
        waits = and_(
            row.status == ProposalStatus.OPEN.value, row.lapses_ms > tables.to_ms(self.wall())
        )
        query = select(
            func.count(), func.count(row.decided_ms), func.count(case((waits, 1)))
        ).where(row.portfolio == portfolio)
        with transaction(self._reader) as connection:
            require_portfolio(connection, portfolio)
            made, decided, waiting = connection.execute(query).one()
        return ProposalNews(waiting=waiting, number=made + decided)

    def policy_versions(self, portfolio: str) -> Sequence[PolicyVersion]:
        """Every version of the policy that was in force, the newest first.

        Raises
        ------
        UnknownPortfolio
        """
        with transaction(self._reader) as connection:
            return versions_told(connection, portfolio)[::-1]

    def tuning(self, portfolio: str, change: Action, *, since: datetime) -> TuningPreview:
        """What a change would have meant for the book as it was, as far as that is stored.

        Parameters
        ----------
        portfolio : str
        change : Action
            As it would be proposed; its number, time and author do not matter.
        since : datetime
            In market time.

        Raises
        ------
        UnknownPortfolio
        InvalidInput
            If the engine would refuse the change as things stand.
        """
        with transaction(self._reader) as connection:
            return tuning(connection, portfolio, change, since=since, wall=self.wall())

    # -- breakers -------------------------------------------------------------------------

    def episodes(
        self,
        portfolio: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        breaker: str | None = None,
        at_most: int = 200,
    ) -> list[Episode]:
        """Episodes of breakers that were on at any time of a range, newest first.

        Parameters
        ----------
        portfolio : str
        since, until : datetime, optional
            In market time, both included; open where absent.
        breaker : str, optional
            Name of the only one to tell of; all if absent.
        at_most : int
            The newest so many.
        """
        with transaction(self._reader) as connection:
            return episodes.episodes(
                connection,
                portfolio,
                since=since,
                until=until,
                breaker=breaker,
                at_most=at_most,
            )

    def episode(self, portfolio: str, episode: str) -> EpisodeStory | None:
        """One episode with its card and what was found out since; None if there is none."""
        with transaction(self._reader) as connection:
            return episodes.episode_story(connection, portfolio, episode)

    def breaker_turns(
        self, portfolio: str, *, since: datetime, until: datetime
    ) -> Sequence[BreakerOverridden | OverrideEnded | BreakerStepped]:
        """Steps of tripped breakers, and overrides and their ends, in a range; oldest first."""
        entry = tables.journal.c
        query = (
            select(entry.body)
            .where(
                entry.stream == portfolio,
                entry.kind.in_([kind.__name__ for kind in _TURNS]),
                entry.at_ms.between(tables.to_ms(since), tables.to_ms(until)),
            )
            .order_by(entry.at_ms, entry.seq)
        )
        with transaction(self._reader) as connection:
            require_portfolio(connection, portfolio)
            bodies = connection.execute(query).scalars().all()
        events = (codec.decode_event(body) for body in bodies)
        return [event for event in events if isinstance(event, _TURNS)]

    def breaker_course(
        self, portfolio: str, breaker: str, *, since: datetime, until: datetime
    ) -> MetricHistory:
        """What a breaker measured over time, in its own unit; 2,000 points at most.

        Parameters
        ----------
        portfolio, breaker : str
        since, until : datetime
            In market time, both included.
        """
        with transaction(self._reader) as connection:
            return episodes.course(connection, portfolio, breaker, since=since, until=until)

    # -- the journal ----------------------------------------------------------------------

    def journal_length(self, portfolio: str) -> int:
        """How many entries the book's journal and that of people have: it grows with each."""
        with transaction(self._reader) as connection:
            return sum(newest_link(connection, name).seq for name in (portfolio, PEOPLE_STREAM))

    def journal_kinds(self, stream: str) -> list[str]:
        """Every kind of event that a stream tells of, in alphabetical order."""
        with transaction(self._reader) as connection:
            return entries.kinds_of(connection, stream)

    def journal_page(
        self, wanted: EntriesWanted, *, before: Place | None = None, limit: int = entries.PAGE
    ) -> EntriesPage:
        """The newest entries of those wanted, `limit` at most, and where the next begin."""
        with transaction(self._reader) as connection:
            return entries.entries_page(connection, wanted, before=before, limit=limit)

    def journal_entry(self, stream: str, seq: int) -> EntryProof | None:
        """One entry with what vouches for it; None if there is none."""
        with transaction(self._reader) as connection:
            return entries.entry_proof(connection, stream, seq)

    def chains(self, portfolio: str) -> list[ChainView]:
        """How far the chains of the book's journal and of that of people were followed by now."""
        streams = portfolio, PEOPLE_STREAM
        return [] if self._chain is None else self._chain.views(streams)


# ---------------------------------------------------------------- cycles

_STATE = tables.risk_state.c
_CYCLE = tables.cycle.c
_PULSE = (_STATE.number, _STATE.at_ms, _STATE.wall_ms, _CYCLE.trading_state)
_ITS_CYCLE = tables.risk_state.join(
    tables.cycle, (_CYCLE.portfolio == _STATE.portfolio) & (_CYCLE.number == _STATE.number)
)

_ITS_SNAPSHOT = _ITS_CYCLE.join(
    tables.snapshot,
    (tables.snapshot.c.portfolio == _STATE.portfolio) & (tables.snapshot.c.number == _STATE.number),
)


def _newest(connection: Connection, portfolio: str, query: Select[Any]) -> Row[Any] | None:
    row = connection.execute(query.where(_STATE.portfolio == portfolio)).first()
    if row is None:
        require_portfolio(connection, portfolio)
    return row


def _pulse(row: Row[Any]) -> Pulse:
    return Pulse(
        row.number, tables.from_ms(row.at_ms), tables.from_ms(row.wall_ms), row.trading_state
    )


# ---------------------------------------------------------------- prices


def _as_closes(rows: Sequence[bars.DayRow]) -> DayCloses:
    days, day = np.unique(np.array([row.opened_ms for row in rows], np.int64), return_inverse=True)
    assets = sorted({row.asset for row in rows})
    column = {asset: place for place, asset in enumerate(assets)}
    close = np.full((len(days), len(assets)), np.nan)
    breaks = np.zeros(close.shape, dtype=np.bool_)
    cells = day, np.array([column[row.asset] for row in rows], dtype=np.int64)
    close[cells] = [row.close for row in rows]
    breaks[cells] = [row.breaks for row in rows]
    return DayCloses(days, tuple(assets), close, breaks)
