"""What the engine remembers from one step to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from risk.domain.actions import BookModelInUse
from risk.domain.breakers import NO_BREAKERS, Breakers
from risk.domain.equity_trust import EquityTrust
from risk.domain.latches import Latch
from risk.domain.limits import LimitState
from risk.domain.market import Trust
from risk.domain.policy import Policy
from risk.domain.positions import Position, PositionKey
from risk.domain.reductions import FULL_SIZE, Reduction, Sizing
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.stops import HourlyRange, StopState
from risk.domain.trading import TradingState
from risk.measures.regimes import RegimeState


class Standing(NamedTuple):
    """A scope's trading state.

    Attributes
    ----------
    state : TradingState
    since : datetime
    cause : str
        One plain sentence.
    size : float
        What new risk is scaled by; below 1 only where `state` is THROTTLED.
    probation : bool
        Whether it re-opens step by step, and tightens again at the next sign of trouble.
    """

    state: TradingState
    since: datetime
    cause: str
    size: float = 1.0
    probation: bool = False


class Baseline(NamedTuple):
    """A named point from which profit or drawdown is measured. Restarting never moves it.

    Attributes
    ----------
    at : datetime
    unit_value : float
        Value of one unit of the book, see `Performance`.
    equity : float
        Quote currency.
    net_flows : float
        Sum of flows up to then.
    """

    at: datetime
    unit_value: float
    equity: float
    net_flows: float


class DailyHigh(NamedTuple):
    """The highest unit value of one day."""

    day: date
    unit_value: float


class Course(NamedTuple):
    """One strategy's profit over time, open profit included and before fees.

    Attributes
    ----------
    profit : float
        Since the book began, quote currency.
    day_start : float
        At the last reading before 00:00 UTC of the running day.
    day_equity : float
        The book's equity at the first reading of that day.
    peak : float
        Highest profit so far; 0 for one that never had any.
    peak_equity : float
        The book's equity when that was read.
    at : datetime
        Of the last reading. UTC.
    """

    profit: float
    day_start: float
    day_equity: float
    peak: float
    peak_equity: float
    at: datetime

    @property
    def loss_today(self) -> float:
        """Lost since the day began, a fraction of `day_equity`."""
        return max(0.0, self.day_start - self.profit) / self.day_equity

    @property
    def drawdown(self) -> float:
        """Given back from the highest profit, a fraction of `peak_equity`."""
        return max(0.0, self.peak - self.profit) / self.peak_equity


@dataclass(frozen=True, kw_only=True, slots=True)
class Performance:
    """The book's course with deposits and withdrawals taken out.

    The book is treated as a fund: it starts at a unit value of 1, and a flow buys or
    redeems units at the value of the moment, so that a deposit is never profit and a
    withdrawal never a drawdown.

    Attributes
    ----------
    unit_value : float
    equity, net_flows : float
        At the last trusted reading, quote currency.
    at : datetime
        Of that reading.
    inception, day_start, peak : Baseline
        First reading; last reading before 00:00 UTC of the running day; highest unit value.
    solvent : Baseline
        Last reading with money in the book: what the unit value is measured from.
    highs : tuple of DailyHigh
        Of the last 90 days with a reading, oldest first.
    """

    unit_value: float
    equity: float
    net_flows: float
    at: datetime
    inception: Baseline
    day_start: Baseline
    peak: Baseline
    solvent: Baseline
    highs: tuple[DailyHigh, ...] = ()

    @property
    def drawdown(self) -> float:
        """Fall of the unit value from its peak, a fraction of the peak, 0 to 1."""
        return max(0.0, 1.0 - self.unit_value / self.peak.unit_value)

    @property
    def recent_drawdown(self) -> float:
        """Fall of the unit value from its high of the last 90 days, a fraction, 0 to 1."""
        high = max((high.unit_value for high in self.highs), default=self.peak.unit_value)
        # A book that was wiped out longer ago has no high left to have fallen from.
        return max(0.0, 1.0 - self.unit_value / high) if high > 0.0 else 1.0

    @property
    def profit_today(self) -> float:
        """Since the day's start, flows taken out, quote currency."""
        return self._profit_since(self.day_start)

    @property
    def profit_total(self) -> float:
        """Since inception, flows taken out, quote currency."""
        return self._profit_since(self.inception)

    @property
    def return_today(self) -> float:
        """Since the day's start, a fraction."""
        start = self.day_start.unit_value
        return self.unit_value / start - 1.0 if start > 0.0 else 0.0

    def _profit_since(self, start: Baseline) -> float:
        return (self.equity - start.equity) - (self.net_flows - start.net_flows)


@dataclass(frozen=True, kw_only=True, slots=True)
class RiskState:
    """Everything that `step` carries from one snapshot to the next.

    Attributes
    ----------
    portfolio : str
    cycle : int
        Steps taken.
    at : datetime or None
        Time of the last snapshot; None before the first.
    performance : Performance or None
        None until equity was first known and positive.
    standings : mapping of Scope to Standing
        Scopes in a tighter state than NORMAL, and the portfolio always.
    trusts : mapping of asset to Trust
        Of the marks in the last snapshot, so that changes are told once.
    exposures : mapping of asset to float
        Net exposure when it was last announced.
    positions_told : mapping of PositionKey to float
        Quantity when a position's risk was last announced.
    action_seq : int
        The last action of a person that was taken in.
    book_model : BookModelInUse or None
        What measures the book's day; None before the first step.
    policy : Policy or None
        What may be done with the book; None while nobody adopted one: then nothing may.
    limits : mapping of name to LimitState
        How each limit of the policy stands.
    courses : mapping of strategy to Course
    regime : RegimeState or None
        What the market's hours say of its state; None before the first step.
    sizing : Sizing
        What newly wanted sizes are multiplied by.
    full_sizes : mapping of PositionKey to float
        What each position would be without that factor, signed units.
    reductions : mapping of PositionKey to Reduction
        Requests to make positions smaller that are not met yet.
    ranges : mapping of asset to HourlyRange
        Average true ranges, for stops.
    stops : mapping of PositionKey to StopState
        Of each position held under a plan.
    cool_downs : mapping of PositionKey to datetime
        Until when a strategy stays out of what was stopped. UTC.
    latches : mapping of Scope to Latch
        What people or programs stopped; only a person's word lets it go.
    breakers : Breakers
        How each breaker of the policy stands, and what it remembers.
    equity_trust : EquityTrust or None
        What is known of equity that is not believed; None while it is. Till then `performance`
        and `courses` stay where they were.
    """

    portfolio: str
    cycle: int = 0
    at: datetime | None = None
    performance: Performance | None = None
    standings: Mapping[Scope, Standing] = field(default_factory=dict)
    trusts: Mapping[str, Trust] = field(default_factory=dict)
    exposures: Mapping[str, float] = field(default_factory=dict)
    positions_told: Mapping[PositionKey, float] = field(default_factory=dict)
    action_seq: int = 0
    book_model: BookModelInUse | None = None
    policy: Policy | None = None
    limits: Mapping[str, LimitState] = field(default_factory=dict)
    courses: Mapping[str, Course] = field(default_factory=dict)
    regime: RegimeState | None = None
    sizing: Sizing = FULL_SIZE
    full_sizes: Mapping[PositionKey, float] = field(default_factory=dict)
    reductions: Mapping[PositionKey, Reduction] = field(default_factory=dict)
    ranges: Mapping[str, HourlyRange] = field(default_factory=dict)
    stops: Mapping[PositionKey, StopState] = field(default_factory=dict)
    cool_downs: Mapping[PositionKey, datetime] = field(default_factory=dict)
    latches: Mapping[Scope, Latch] = field(default_factory=dict)
    breakers: Breakers = NO_BREAKERS
    equity_trust: EquityTrust | None = None

    @property
    def open_reductions(self) -> tuple[Reduction, ...]:
        """What is asked of each position and not met: the stricter of limits and stops."""
        asked = dict(self.reductions)
        for key, stop in self.stops.items():
            wanted = stop.reduction and stop.reduction.as_request(key)
            before = asked.get(key)
            if wanted and (
                before is None or abs(wanted.target_quantity) < abs(before.target_quantity)
            ):
                asked[key] = wanted
        return tuple(asked.values())

    def unmet_by(self, positions: Mapping[PositionKey, Position]) -> tuple[Reduction, ...]:
        """Those of them that still concern these positions: what has turned round owes nothing.

        A request to close says nothing of the side that it was made for.

        Parameters
        ----------
        positions : mapping of PositionKey to Position
            Since the last step.
        """
        return tuple(
            asked
            for asked in self.open_reductions
            if (held := positions.get(asked.key)) is not None
            and held.quantity * self.positions_told.get(asked.key, held.quantity) > 0.0
        )

    def standing(self) -> Standing | None:
        """The portfolio's standing; None before the first step."""
        return self.standings.get(Scope(ScopeKind.PORTFOLIO, self.portfolio))
