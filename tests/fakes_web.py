"""A book that moves, for the screens: a `BookReader` that a test steers by hand.

The numbers follow from each other (shares add up to the book, equity follows the marks), so
that a screenshot looks like an afternoon and a test may check sums.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from pages.context import (
    NO_HISTORY,
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
    TuningPreview,
    VarRecord,
)
from risk.domain.actions import Action, BookModelInUse, ChooseBookModel
from risk.domain.assessment import (
    Assessment,
    Benchmark,
    Doubt,
    DoubtKind,
    Exposure,
    HeldBook,
    PositionMeasures,
    TailRisk,
)
from risk.domain.breakers import BreakerState, Episode
from risk.domain.events import (
    DataFaultFound,
    FillRecorded,
    ForecastScored,
    FundsMoved,
    MarkTrustChanged,
    RiskEvent,
    RiskStatus,
    Severity,
)
from risk.domain.latches import Latch
from risk.domain.ledger import Fill
from risk.domain.market import FaultKind, Mark, Period, Trust
from risk.domain.messages import OrderBody
from risk.domain.model import Model, Models
from risk.domain.orders import Reservation
from risk.domain.overrides import Review
from risk.domain.people_store import PeopleStore
from risk.domain.policy import Policy
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import Baseline, Performance, RiskState, Standing, TradingState
from risk.domain.warrants import Warrant, require_still
from risk.errors import StoreUnavailable, UnknownPortfolio
from risk.portfolio.committed import nothing_pending
from risk.portfolio.forecasting import measured_by
from tests import (
    fakes_book,
    fakes_breakers,
    fakes_entries,
    fakes_episodes,
    fakes_limits,
    fakes_orders,
    fakes_proposals,
)
from tests.fakes import FakeClock
from tests.fakes_book import AFTERNOON, CASH, HOLDINGS, Held

DEMO = Book("demo", "USD")
PERIODS = (Period.DAY, Period.HOUR)
AT_WORK = EngineSign(running=True, problem=None)
SIMULATED = FeedInfo(label="simulated", simulated=True, seed=42)


def _levels(var_99: float) -> tuple[float, float, float]:
    return (0.62 * var_99, 0.80 * var_99, var_99)


def _measures(held: Held, drift: float) -> PositionMeasures:
    mark = held.mark * (1.0 + held.beta * drift)
    exposure = held.quantity * mark
    parts = _levels(held.component * (1.0 + held.beta * drift))
    return PositionMeasures(
        strategy=held.strategy,
        asset=held.asset,
        venue=held.venue,
        quantity=held.quantity,
        entry_price=held.entry,
        mark=mark,
        trust=held.trust,
        exposure=exposure,
        unrealised=held.quantity * (mark - held.entry),
        since_midnight=held.since_midnight + held.beta * drift,
        standalone=TailRisk(_levels(0.09 * abs(exposure)), _levels(0.11 * abs(exposure))),
        component_var=parts,
        component_es=_levels(1.3 * parts[2]),
        marginal_var=tuple(p / exposure for p in parts),
        beta_btc=held.beta,
    )


def _exposure(positions: Sequence[PositionMeasures]) -> Exposure:
    long = sum(p.exposure for p in positions if p.exposure > 0.0)
    return Exposure(long, -sum(p.exposure for p in positions if p.exposure < 0.0))


def _grouped(positions: Sequence[PositionMeasures], name: str) -> dict[str, Exposure]:
    groups: dict[str, list[PositionMeasures]] = {}
    for position in positions:
        groups.setdefault(getattr(position, name), []).append(position)
    return {key: _exposure(group) for key, group in groups.items()}


def build_assessment(
    at: datetime = AFTERNOON,
    *,
    number: int = 48_211,
    drift: float = 0.0,
    holdings: Sequence[Held] = HOLDINGS,
    cash: float = CASH,
    doubts: Sequence[Doubt] = (),
) -> Assessment:
    """The book after the market's leader moved by `drift`, a fraction."""
    positions = tuple(_measures(held, drift) for held in holdings)
    exposure = _exposure(positions)
    equity = cash + exposure.net
    var = sum(p.component_var[2] for p in positions if p.component_var)
    day = TailRisk(_levels(var), _levels(1.31 * var)) if positions else None
    hour = TailRisk(_levels(0.24 * var), _levels(0.31 * var)) if positions else None
    held = HeldBook(
        exposure=exposure,
        by_asset=_grouped(positions, "asset"),
        by_strategy=_grouped(positions, "strategy"),
        by_venue=_grouped(positions, "venue"),
        concentration=0.24 if positions else 0.0,
        largest_asset="BTC/USDT" if positions else None,
        day=day,
        hour=hour,
        mean_correlation=0.75 if positions else None,
        stress_loss=0.30 * exposure.gross if positions else None,
        stress_scenario="covid_2020" if positions else None,
    )
    committed = nothing_pending({p.key: p.exposure for p in positions}, held, cash)
    return Assessment(
        snapshot_id=f"demo-{number}",
        portfolio="demo",
        at=at,
        ledger_seq=number,
        action_seq=0,
        equity=equity,
        cash=cash,
        net_flows=2_000_000.0,
        fees=8_100.0,
        leverage=exposure.gross / equity,
        held=held,
        committed=committed,
        positions=positions,
        benchmark=Benchmark("BTC/USDT", 0.094, 0.098, 0.61, -0.039 + drift),
        doubts=tuple(doubts),
    )


def build_state(
    assessment: Assessment,
    *,
    number: int = 48_211,
    trading: TradingState = TradingState.NORMAL,
    cause: str = "All measures are inside their normal range.",
    policy: Policy | None = None,
) -> RiskState:
    at, equity = assessment.at, assessment.equity
    midnight = at.replace(hour=0, minute=0, second=0)
    performance = None
    if equity is not None:
        performance = Performance(
            unit_value=equity / 2_000_000.0,
            equity=equity,
            net_flows=2_000_000.0,
            at=at,
            inception=Baseline(at - timedelta(days=400), 1.0, 2_000_000.0, 2_000_000.0),
            day_start=Baseline(midnight, 1.2360, 2_472_000.0, 2_000_000.0),
            solvent=Baseline(midnight, 1.2360, 2_472_000.0, 2_000_000.0),
            peak=Baseline(at - timedelta(days=15), 1.2840, 2_568_000.0, 2_000_000.0),
        )
    since = at.replace(hour=14, minute=51, second=5)
    scope = Scope(ScopeKind.PORTFOLIO, assessment.portfolio)
    return RiskState(
        portfolio=assessment.portfolio,
        cycle=number,
        at=at,
        performance=performance,
        standings={scope: Standing(trading, since, cause)},
        policy=policy,
        limits=fakes_limits.build_limits(policy, assessment, performance) if policy else {},
    )


def build_events(at: datetime = AFTERNOON) -> list[RiskEvent]:
    """An afternoon's journal, newest first."""

    def moment(hour: int, minute: int, second: int) -> datetime:
        return at.replace(hour=hour, minute=minute, second=second)

    def fill(second: int, asset: str, quantity: float, price: float) -> FillRecorded:
        return FillRecorded(
            at=moment(15, 38, second),
            portfolio="demo",
            cycle="demo-48000",
            strategy="trend",
            asset=asset,
            venue="sim-a",
            quantity=quantity,
            price=price,
            fee=1.2,
        )

    common = {"portfolio": "demo", "cycle": "demo-47000"}
    return [
        MarkTrustChanged(
            at=moment(15, 42, 7),
            asset="LINK/USDT",
            trust=Trust.STALE,
            previous=Trust.TRUSTED,
            detail="30 s without a trusted price",
            severity=Severity.WARNING,
            **common,
        ),
        fill(40, "BTC/USDT", 0.31, 96_610.0),
        fill(21, "ETH/USDT", -4.2, 3_322.0),
        fill(2, "BTC/USDT", 0.12, 96_655.0),
        RiskStatus(
            at=moment(14, 51, 5),
            scope_kind="portfolio",
            scope="demo",
            state="CAUTION",
            previous="NORMAL",
            cause="Volatility is 1.62 × normal",
            severity=Severity.WARNING,
            **common,
        ),
        DataFaultFound(
            at=moment(13, 20, 0),
            kind=FaultKind.OUTLIER,
            asset="XRP/USDT",
            detail="a price of 2 214 was 1 000 × its neighbours and was not used",
            count=2,
            **common,
        ),
        FundsMoved(
            at=moment(9, 0, 0), amount=50_000.0, equity=2_461_000.0, note="monthly", **common
        ),
        ForecastScored(
            at=moment(0, 0, 0),
            period="1d",
            loss=-14_200.0,
            var_95=61_000.0,
            var_975=75_000.0,
            var_99=94_800.0,
            es_975=98_000.0,
            exceeded_95=False,
            exceeded_975=False,
            exceeded_99=False,
            **common,
        ),
    ]


STALE_LINK = Doubt(
    DoubtKind.MARK_STALE,
    "LINK/USDT",
    "Its price is 41 s old (allowed 30 s). New LINK risk is refused, reductions pass.",
)

_HISTORY_LEVELS = {
    "equity": (2_472_000.0, 2_411_000.0, 9_000.0),
    "profit_today": (0.0, -61_000.0, 9_000.0),
    "var_1d_99": (0.031, 0.0455, 0.0009),
    "es_1d_975": (0.034, 0.0478, 0.0009),
    "drawdown": (0.036, 0.061, 0.002),
    "leverage": (0.80, 0.68, 0.02),
    "mean_correlation": (0.68, 0.75, 0.008),
    "gross": (1_391_000.0, 1_458_000.0, 9_000.0),
    "net": (1_262_000.0, 1_338_000.0, 9_000.0),
    "long": (1_327_000.0, 1_398_000.0, 9_000.0),
    "short": (64_000.0, 60_000.0, 2_000.0),
    "concentration": (0.24, 0.27, 0.004),
}


def build_history(metric: str, since: datetime, until: datetime, max_points: int) -> MetricHistory:
    """A wandering course, a point a minute at most, that ends where the card stands."""
    count = min(max_points, 1 + int((until - since).total_seconds() / 60.0))
    if count < 1 or metric not in _HISTORY_LEVELS:
        return NO_HISTORY
    first, last, noise = _HISTORY_LEVELS[metric]
    rng = np.random.default_rng(sum(map(ord, metric)))
    walk = np.cumsum(rng.normal(0.0, noise / 3.0, count))
    course = np.linspace(first, last, count) + walk - np.linspace(0.0, walk[-1], count)
    ts_ms = np.linspace(since.timestamp(), until.timestamp(), count) * 1000.0
    return MetricHistory(ts_ms.astype(np.int64), course)


#: Of a position alone, as a fraction of its size.
_OF_SIZE = {"var_1d_99": 0.09, "es_1d_975": 0.11 * 0.80}
POSITION_METRICS = {
    *_OF_SIZE,
    "quantity",
    "unrealised",
    "exposure",
    "component_var_1d_99",
    "marginal_var_1d_99",
}


def build_position_history(
    metric: str,
    since: datetime,
    until: datetime,
    max_points: int,
    *,
    days: float = 365.0,
    holdings: Sequence[Held] = HOLDINGS,
) -> dict[PositionKey, MetricHistory]:
    """Each position's course at yesterday's closes and today's mark; 0 when it was closed."""
    if metric not in POSITION_METRICS:
        return {}
    begin = max(since, until - timedelta(days=days))
    courses = {held.key: _position_course(held, metric) for held in holdings}
    closed = _closed_course(metric)
    if closed is not None:
        courses[fakes_book.CLOSED] = closed
    found = {}
    for key, (ts_ms, values) in courses.items():
        wanted = (ts_ms >= begin.timestamp() * 1000.0) & (ts_ms <= until.timestamp() * 1000.0)
        if wanted.any():
            thin = slice(None, None, -(-int(wanted.sum()) // max_points))
            # From the end, so that the newest point is always among them.
            found[key] = MetricHistory(
                ts_ms[wanted][::-1][thin][::-1], values[wanted][::-1][thin][::-1]
            )
    return found


def _position_course(held: Held, metric: str) -> tuple[np.ndarray, np.ndarray]:
    column = fakes_book.ASSETS.index(held.asset)
    prices = np.append(fakes_book.daily_closes()[:, column], held.mark)
    moments = [fakes_book.day_opened(n) + timedelta(days=1) for n in range(fakes_book.DAYS)]
    ts_ms = np.array([moment.timestamp() * 1000.0 for moment in [*moments, AFTERNOON]])
    held_then = np.array(_quantities(held.key, [*moments, AFTERNOON]))
    began = int(np.flatnonzero(held_then)[0])
    values = _figures(held, metric, held_then[began:], prices[began:])
    return ts_ms[began:].astype(np.int64), values


def _quantities(key: PositionKey, moments: Sequence[datetime]) -> list[float]:
    fills = [e for e in fakes_book.entries() if isinstance(e, Fill) and e.key == key]
    return [sum(f.signed_quantity for f in fills if f.at <= moment) for moment in moments]


def _figures(held: Held, metric: str, quantity: np.ndarray, price: np.ndarray) -> np.ndarray:
    size = np.abs(quantity * price)
    now = abs(held.quantity) * held.mark
    if metric == "quantity":
        return quantity
    if metric == "unrealised":
        return quantity * (price - held.entry)
    if metric == "exposure":
        return quantity * price
    if metric == "component_var_1d_99":
        return held.component * size / now
    if metric == "marginal_var_1d_99":
        return np.full(len(size), held.component / (held.quantity * held.mark))
    return _OF_SIZE[metric] * size


def _closed_course(metric: str) -> tuple[np.ndarray, np.ndarray] | None:
    """The position that is closed: its days, and the 0 of its last moment."""
    if metric == "marginal_var_1d_99":
        return None
    bitcoin = replace(HOLDINGS[0], component=0.08 * HOLDINGS[0].quantity * HOLDINGS[0].mark)
    moments = [fakes_book.day_opened(n) + timedelta(days=1) for n in range(fakes_book.DAYS)]
    quantity = np.array(_quantities(fakes_book.CLOSED, moments))
    began = int(np.flatnonzero(quantity)[0])
    ended = int(np.flatnonzero(quantity)[-1]) + 2
    prices = fakes_book.daily_closes()[began:ended, fakes_book.ASSETS.index(bitcoin.asset)]
    ts_ms = [moment.timestamp() * 1000.0 for moment in moments[began:ended]]
    return np.array(ts_ms, dtype=np.int64), _figures(bitcoin, metric, quantity[began:ended], prices)


def build_daily_closes(since: datetime, assets: Sequence[str] | None = None) -> DayCloses:
    """The prices of the fake market by day."""
    opened = [fakes_book.day_opened(number) for number in range(fakes_book.DAYS)]
    rows = [number for number, moment in enumerate(opened) if moment >= since]
    names = tuple(a for a in fakes_book.ASSETS if assets is None or a in assets)
    columns = [fakes_book.ASSETS.index(name) for name in names]
    close = fakes_book.daily_closes()[np.ix_(rows, columns)]
    return DayCloses(
        days_ms=np.array([int(opened[row].timestamp() * 1000.0) for row in rows], dtype=np.int64),
        assets=names,
        close=close,
        breaks=np.zeros(close.shape, dtype=np.bool_),
    )


@dataclass
class FakeBookReader:
    """A `BookReader` over one moving book; a test calls :meth:`advance` or breaks it.

    Attributes
    ----------
    started : bool
        Whether a first cycle is complete.
    failing : bool
        Whether every question is answered by `StoreUnavailable`.
    book_model : BookModelInUse or None
        After the cycle.
    waiting : ChooseBookModel or None
        Chosen, and not taken in yet.
    history_days : float
        How far back histories reach.
    policy : Policy or None
        What may be done with the book.
    told : list of Told
        Orders that were answered, oldest first; of the afternoon as soon as anybody asks.
    news : int
        Grows with whatever happens to an order.
    stories : tuple of EpisodeStory
        Episodes of breakers.
    latches : mapping of Scope to Latch
        What people stopped.
    breaker_turns_told : tuple of RiskEvent
        What people did to breakers, oldest first.
    stands : mapping of name to BreakerState, or None
        How the breakers of `fakes_breakers` stand; None for a policy without any.
    kept : list of KeptEntry
        The journal of the book, and that of people.
    chain_views : list of ChainView
        How far their chains were followed.
    """

    clock: FakeClock = field(default_factory=lambda: FakeClock(AFTERNOON))
    started: bool = True
    failing: bool = False
    history_days: float = 365.0
    trading: TradingState = TradingState.NORMAL
    cause: str = "All measures are inside their normal range."
    doubts: tuple[Doubt, ...] = ()
    holdings: tuple[Held, ...] = HOLDINGS
    cash: float = CASH
    book_model: BookModelInUse | None = None
    waiting: ChooseBookModel | None = None
    policy: Policy | None = field(default_factory=fakes_limits.build_policy)
    book_list: tuple[Book, ...] = (DEMO,)
    feed: FeedInfo = SIMULATED
    cycle_seconds: float = 1.0
    engine_sign: EngineSign = AT_WORK
    number: int = 48_211
    drift: float = 0.0
    latest_reads: int = 0
    history_reads: int = 0
    told: list[fakes_orders.Told] | None = None
    news: int = 7
    stories: tuple[EpisodeStory, ...] = field(default_factory=fakes_episodes.build_stories)
    breaker_turns_told: tuple[RiskEvent, ...] = ()
    stands: Mapping[str, BreakerState] | None = None
    latches: Mapping[Scope, Latch] = field(default_factory=dict)
    changes: fakes_proposals.ProposalStore | None = None
    kept: list[KeptEntry] = field(default_factory=fakes_entries.all_kept)
    chain_views: list[ChainView] = field(default_factory=lambda: fakes_entries.chains_of("demo"))

    def __post_init__(self) -> None:
        self._saved = self.clock.wall()

    @property
    def orders_told(self) -> list[fakes_orders.Told]:
        if self.told is None:
            self.told = fakes_orders.build_orders(*self._basis(AFTERNOON))
        return self.told

    def answer(self, asked: OrderBody, *, after: float = 0.0, sender: str = "bot-1") -> None:
        """Answer one more order, `after` seconds after the cycle."""
        at = self.clock.now() + timedelta(seconds=after)
        state, snapshot = self._basis(self.clock.now())
        told = fakes_orders.answer(state, snapshot, asked, at=at, sender=sender)
        self.told = [*self.orders_told, told]
        self.news += 1

    def advance(self, drift: float = 0.0, seconds: float = 1.0) -> int:
        """Complete one more cycle, after the market moved by `drift`; returns its number."""
        self.clock.advance(seconds)
        self.drift += drift
        self._saved = self.clock.wall()
        self.started = True
        self.number += 1
        return self.number

    def distrust(self, asset: str) -> None:
        """Let one asset's mark go stale."""
        self.holdings = tuple(
            replace(h, trust=Trust.STALE) if h.asset == asset else h for h in self.holdings
        )

    def wall(self) -> datetime:
        return self.clock.wall()

    def books(self) -> Sequence[Book]:
        self._answer_or_fail()
        return self.book_list

    def pulse(self, portfolio: str) -> Pulse | None:
        self._answer_or_fail(portfolio)
        if not self.started:
            return None
        return Pulse(self.number, self.clock.now(), self._saved, self.trading.name)

    def engine(self, portfolio: str) -> EngineSign:
        self._answer_or_fail(portfolio)
        return self.engine_sign

    def latest(self, portfolio: str) -> CompleteCycle | None:
        pulse = self.pulse(portfolio)
        if pulse is None:
            return None
        self.latest_reads += 1
        assessment = self._assessment(pulse)
        return CompleteCycle(pulse=pulse, assessment=assessment, state=self._state(assessment))

    def _assessment(self, pulse: Pulse) -> Assessment:
        return build_assessment(
            pulse.market,
            number=self.number,
            drift=self.drift,
            holdings=self.holdings,
            cash=self.cash,
            doubts=self.doubts,
        )

    def _state(self, assessment: Assessment) -> RiskState:
        state = build_state(
            assessment,
            number=self.number,
            trading=self.trading,
            cause=self.cause,
            policy=self.policy,
        )
        if self.stands is not None:
            state = fakes_breakers.broken(state, self.stands)
        return replace(state, book_model=self.book_model, latches=self.latches)

    def decision_basis(self, portfolio: str) -> DecisionBasis | None:
        pulse = self.pulse(portfolio)
        if pulse is None:
            return None
        return DecisionBasis(*self._basis(pulse.market))

    def _basis(self, at: datetime) -> tuple[RiskState, Snapshot]:
        assessment = self._assessment(Pulse(self.number, at, at, self.trading.name))
        snapshot = Snapshot(
            id=f"demo-{self.number}",
            portfolio=assessment.portfolio,
            at=at,
            marks=self._marks(assessment),
            ledger=fakes_book.ledger_at(at),
            shocks=fakes_limits.build_shocks(),
            models=Models(*(fakes_book.past_of(period).models[-1] for period in PERIODS)),
        )
        return self._state(assessment), snapshot

    def _marks(self, assessment: Assessment) -> dict[str, Mark]:
        return {
            p.asset: Mark(asset=p.asset, price=p.mark, at=assessment.at, trust=p.trust, volume=2e7)
            for p in assessment.positions
        }

    def order_news(self, portfolio: str) -> int:
        self._answer_or_fail(portfolio)
        return self.news

    def orders(self, portfolio: str, wanted: OrdersWanted) -> OrdersPage:
        self._answer_or_fail(portfolio)
        return fakes_orders.page_of(self.orders_told, wanted)

    def agents(self, portfolio: str, wanted: OrdersWanted) -> Sequence[AgentSums]:
        self._answer_or_fail(portfolio)
        return fakes_orders.sums_of(self.orders_told, wanted)

    def decision_times(self, portfolio: str, wanted: OrdersWanted) -> DecisionTimes | None:
        self._answer_or_fail(portfolio)
        return fakes_orders.times_of(self.orders_told, wanted)

    def reduction_events(self, portfolio: str, wanted: OrdersWanted) -> Sequence[ReductionEvent]:
        self._answer_or_fail(portfolio)
        told = fakes_orders.build_reductions()
        return [event for event in told if wanted.since <= event.at <= wanted.until]

    def order(self, portfolio: str, client_order_id: str) -> OrderStory | None:
        self._answer_or_fail(portfolio)
        judged = build_assessment()
        return fakes_orders.story_of(self.orders_told, client_order_id, judged, self._marks(judged))

    def reservations(self, portfolio: str) -> Sequence[Reservation]:
        self._answer_or_fail(portfolio)
        return [each.reservation for each in self.orders_told if each.reservation is not None]

    def episodes(
        self,
        portfolio: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        breaker: str | None = None,
        at_most: int = 200,
    ) -> Sequence[Episode]:
        self._answer_or_fail(portfolio)
        return fakes_episodes.found_in(self.stories, since, until, breaker, at_most)

    def episode(self, portfolio: str, episode: str) -> EpisodeStory | None:
        self._answer_or_fail(portfolio)
        return next((told for told in self.stories if told.episode.id == episode), None)

    def breaker_turns(
        self, portfolio: str, *, since: datetime, until: datetime
    ) -> Sequence[RiskEvent]:
        self._answer_or_fail(portfolio)
        return [event for event in self.breaker_turns_told if since <= event.at <= until]

    def breaker_course(
        self, portfolio: str, breaker: str, *, since: datetime, until: datetime
    ) -> MetricHistory:
        self._answer_or_fail(portfolio)
        self.history_reads += 1
        return fakes_episodes.build_course(self.stories, breaker, since, until)

    def journal_length(self, portfolio: str) -> int:
        self._answer_or_fail(portfolio)
        return len(self.kept)

    def journal_kinds(self, stream: str) -> list[str]:
        self._answer_or_fail(DEMO.name)
        return sorted({entry.kind for entry in self.kept if entry.stream == stream})

    def journal_page(
        self, wanted: EntriesWanted, *, before: Place | None = None, limit: int = 100
    ) -> EntriesPage:
        self._answer_or_fail(DEMO.name)
        return fakes_entries.page_of(self.kept, wanted, before, limit)

    def journal_entry(self, stream: str, seq: int) -> EntryProof | None:
        self._answer_or_fail(DEMO.name)
        return fakes_entries.proof_of(self.kept, stream, seq)

    def chains(self, portfolio: str) -> list[ChainView]:
        self._answer_or_fail(portfolio)
        return list(self.chain_views)

    def limit_history(
        self,
        portfolio: str,
        *,
        since: datetime,
        until: datetime,
        max_points: int,
        limit: str | None = None,
    ) -> Mapping[str, MetricHistory]:
        self._answer_or_fail(portfolio)
        self.history_reads += 1
        if self.policy is None or not self.history_days:
            return {}
        states = self._state(build_assessment()).limits
        begins = max(since, self.clock.now() - timedelta(days=self.history_days))
        found = fakes_limits.build_limit_history(dict(states), begins, until, max_points)
        return {name: history for name, history in found.items() if limit in (None, name)}

    def limit_events(
        self, portfolio: str, limit: str, *, since: datetime, until: datetime
    ) -> Sequence[LimitEvent]:
        self._answer_or_fail(portfolio)
        return fakes_limits.within(fakes_limits.build_limit_events(limit), since, until)

    def tuning(self, portfolio: str, change: Action, *, since: datetime) -> TuningPreview:
        self._answer_or_fail(portfolio)
        return fakes_proposals.build_tuning(self.policy, change, since, self.clock.now())

    def proposal_news(self, portfolio: str) -> ProposalNews:
        self._answer_or_fail(portfolio)
        return ProposalNews(0, 0) if self.changes is None else self.changes.news

    def policy_versions(self, portfolio: str) -> Sequence[PolicyVersion]:
        self._answer_or_fail(portfolio)
        if self.changes is not None:
            return self.changes.versions()
        return fakes_proposals.build_versions(self.policy, AFTERNOON)

    def waiting_model(self, portfolio: str) -> ChooseBookModel | None:
        self._answer_or_fail(portfolio)
        return self.waiting

    def take_in(self) -> int:
        """Complete a cycle that takes in the choice that waits; returns its number."""
        chosen, self.waiting = self.waiting, None
        if chosen is not None:
            self.book_model = BookModelInUse(chosen.model, chosen.who, self.clock.now())
        return self.advance()

    def metric_history(
        self, portfolio: str, metric: str, *, since: datetime, until: datetime, max_points: int
    ) -> MetricHistory:
        self._answer_or_fail(portfolio)
        self.history_reads += 1
        if not self.history_days:
            return NO_HISTORY
        begins = self.clock.now() - timedelta(days=self.history_days)
        return build_history(metric, max(since, begins), until, max_points)

    def recent_events(self, portfolio: str, *, since: datetime, limit: int) -> Sequence[RiskEvent]:
        self._answer_or_fail(portfolio)
        told = [*build_events(), *build_events(AFTERNOON - timedelta(days=1))]
        return [event for event in told if event.at >= since][:limit]

    def position_history(
        self, portfolio: str, metric: str, *, since: datetime, until: datetime, max_points: int
    ) -> Mapping[PositionKey, MetricHistory]:
        self._answer_or_fail(portfolio)
        self.history_reads += 1
        return build_position_history(
            metric, since, until, max_points, days=self.history_days, holdings=self.holdings
        )

    def forecasts_scored(
        self, portfolio: str, period: Period, *, since: datetime, until: datetime
    ) -> Sequence[ForecastScored]:
        self._answer_or_fail(portfolio)
        return [event for event in fakes_book.scored(period) if since <= event.at <= until]

    def var_record(self, portfolio: str) -> VarRecord | None:
        self._answer_or_fail(portfolio)
        return VarRecord(days=250, exceptions=3)

    def model(self, portfolio: str, period: Period, *, at: datetime | None = None) -> Model | None:
        self._answer_or_fail(portfolio)
        kept = fakes_book.past_of(period).models
        held = [m for m in kept if at is None or (m.closed is not None and m.closed <= at)]
        if not held or period is not Period.DAY or not self._chosen_by(at):
            return held[-1] if held else None
        assert self.book_model is not None
        return measured_by(held[-1], self.book_model.name)

    def _chosen_by(self, at: datetime | None) -> bool:
        chosen = self.book_model
        return chosen is not None and (at is None or chosen.since is None or at >= chosen.since)

    def ledger_entries(self, portfolio: str, *, after: int = 0) -> LedgerPart:
        self._answer_or_fail(portfolio)
        entries = fakes_book.entries()
        return LedgerPart(entries[after:], max(after, len(entries)))

    def daily_closes(
        self, portfolio: str, *, since: datetime, assets: Sequence[str] | None = None
    ) -> DayCloses:
        self._answer_or_fail(portfolio)
        return build_daily_closes(since, assets)

    def _answer_or_fail(self, portfolio: str | None = None) -> None:
        if self.failing:
            raise StoreUnavailable("the database did not answer within 2 s")
        if portfolio is not None and portfolio not in {book.name for book in self.book_list}:
            raise UnknownPortfolio(f"there is no portfolio called {portfolio}")


@dataclass
class FakeChanges(fakes_proposals.ProposalStore):
    """A `ChangeStore`: what people choose, told to a `FakeBookReader`.

    Attributes
    ----------
    released : list of tuple
        Breaker, trip, reason and person of each wish to let one go.
    told : list of RiskEvent
        What was written into the journal of people.
    people : PeopleStore or None
        Who must still be what he was when he asked; nobody is asked about unless given.
    """

    released: list[tuple[str, str, str, str, tuple[str, ...]]] = field(default_factory=list)
    told: list[RiskEvent] = field(default_factory=list)
    people: PeopleStore | None = None

    def by(self, warrant: Warrant) -> "FakeChanges":
        if self.people is not None and not warrant.tightens:
            with self.people.reading() as view:
                require_still(view, warrant, at=self.reader.wall())
        return self

    def tell(self, *events: RiskEvent) -> None:
        self.told.extend(events)

    def reviews(self, portfolio: str) -> tuple[Review, ...]:
        return ()

    def release_breaker(
        self,
        portfolio: str,
        breaker: str,
        *,
        episode: str,
        reason: str,
        who: str,
        read: tuple[str, ...] = (),
    ) -> None:
        failure, self.fail_with = self.fail_with, None
        if failure is not None:
            raise failure
        self.released.append((breaker, episode, reason, who, read))
