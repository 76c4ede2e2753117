"""Stops: what a strategy wants of them, and what is remembered of each position's.

Plans are plain values that a form or a policy file can hold; how they are followed is in
:mod:`risk.position.stops`. Distances are fractions (0.05, not 5 %) or multiples of volatility,
measured as `risk.measures.stops` says, so that a short mirrors a long.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from risk.domain.positions import PositionKey
from risk.domain.reductions import Reduction
from risk.measures.stops import AverageRange

#: The longest of a plan's times: ten years.
LONGEST_HOURS = 10.0 * 365.0 * 24.0


class StopReason(StrEnum):
    """Which rule set a stop, or wants a position smaller."""

    FIXED = "fixed"
    PERCENT_TRAIL = "percent_trail"
    ATR_TRAIL = "atr_trail"
    SIGMA_TRAIL = "sigma_trail"
    BREAK_EVEN = "break_even"
    TAKE_PROFIT = "take_profit"
    TIME = "time"
    COOL_DOWN = "cool_down"

    @property
    def words(self) -> str:
        """As told to people, after *by* or *:*."""
        return _WORDS[self]


_WORDS = {
    StopReason.FIXED: "fixed stop",
    StopReason.PERCENT_TRAIL: "percent trail",
    StopReason.ATR_TRAIL: "ATR trail",
    StopReason.SIGMA_TRAIL: "sigma trail",
    StopReason.BREAK_EVEN: "break-even stop",
    StopReason.TAKE_PROFIT: "take-profit",
    StopReason.TIME: "time stop",
    StopReason.COOL_DOWN: "cool-down after a stop",
}


class TargetUnit(StrEnum):
    """What take-profit distances are measured in; the last two move with volatility."""

    FRACTION = "fraction"
    ATR = "atr"
    SIGMA = "sigma"


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeProfit:
    """One rung of a take-profit ladder.

    Attributes
    ----------
    distance : float
        From the average entry price, in the plan's `target_unit`.
    share : float
        Part of the entry quantity that is sold there, in (0, 1].
    """

    distance: float
    share: float

    def __post_init__(self) -> None:
        _refuse_unless_positive("a rung's distance", self.distance)
        if not 0.0 < self.share <= 1.0:
            raise ValueError(f"a rung's share must lie in (0, 1], got {self.share}")


@dataclass(frozen=True, kw_only=True, slots=True)
class StopPlan:
    """The stops that a strategy wants for each of its positions; the tightest one stands.

    What is None is not wanted.

    Attributes
    ----------
    applies : bool
        False for strategies that stops harm: mean reversion buys what a stop would sell.
    fixed : float or None
        Distance from the average entry price, a fraction.
    percent_trail : float or None
        Distance from the best price, a fraction.
    atr_trail : float or None
        Distance from the best price in average true ranges of a day (hourly ranges over 14
        days, times the root of 24).
    sigma_trail : float or None
        The same in deviations that the one-day model forecasts. A range is no deviation: 4 ATR
        are about 5 sigma.
    activation : float
        Trails start once the position is that far in profit, a fraction; 0 starts them at once.
    break_even_after : float or None
        Profit, a fraction, from which on the stop stands at the entry price plus `costs`.
    costs : float
        Of a round trip, a fraction of its value.
    time_stop_hours : float or None
        Hours after which a position is closed, by the clock.
    take_profit : tuple of TakeProfit
        Rungs, nearest first.
    target_unit : TargetUnit
        Of the rungs' distances.
    least_move : float
        Fraction below which a stop is not moved, so that it is not told at every tick.
    cool_down_hours : float
        After a stop, how long the same strategy stays out of the same position.
    fill_within_seconds : float
        Time that a triggered stop has to be filled.
    escalate_every_seconds : float
        How often it is told again when it is not.
    """

    applies: bool = True
    fixed: float | None = None
    percent_trail: float | None = None
    atr_trail: float | None = None
    sigma_trail: float | None = None
    activation: float = 0.0
    break_even_after: float | None = None
    costs: float = 0.002
    time_stop_hours: float | None = None
    take_profit: tuple[TakeProfit, ...] = ()
    target_unit: TargetUnit = TargetUnit.FRACTION
    least_move: float = 0.001
    cool_down_hours: float = 24.0
    fill_within_seconds: float = 60.0
    escalate_every_seconds: float = 900.0

    def __post_init__(self) -> None:
        for name in ("fixed", "percent_trail"):
            _refuse_unless_fraction(name, getattr(self, name))
        for name in ("atr_trail", "sigma_trail", "break_even_after", "time_stop_hours"):
            value = getattr(self, name)
            if value is not None:
                _refuse_unless_positive(name, value)
        for name in ("fill_within_seconds", "escalate_every_seconds"):
            _refuse_unless_positive(name, getattr(self, name))
        for name in ("activation", "costs", "least_move", "cool_down_hours"):
            _refuse_negative(name, getattr(self, name))
        for name in ("time_stop_hours", "cool_down_hours"):
            _refuse_longer(name, getattr(self, name), LONGEST_HOURS)
        for name in ("fill_within_seconds", "escalate_every_seconds"):
            _refuse_longer(name, getattr(self, name), 3_600.0 * LONGEST_HOURS)
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        if self.applies and not self._wants_something:
            raise ValueError("a plan that applies needs a stop, a take-profit or a time stop")
        if self.activation > 0.0 and not self.trails:
            raise ValueError("activation starts a trail, and the plan has none")
        if self.break_even_after is not None and self.break_even_after <= self.costs:
            raise ValueError(
                f"break_even_after must exceed costs of {self.costs}, got {self.break_even_after}: "
                "the stop would stand beyond the price that sets it"
            )
        distances = [rung.distance for rung in self.take_profit]
        if any(near >= far for near, far in pairwise(distances)):
            raise ValueError(f"rungs must come nearest first, got distances {distances}")
        sold = math.fsum(rung.share for rung in self.take_profit)
        if sold > 1.0 + 1e-9:
            raise ValueError(f"rungs sell {sold:g} of the entry quantity: more than there is")

    @property
    def trails(self) -> bool:
        """Whether a stop is to follow the best price."""
        trails = (self.percent_trail, self.atr_trail, self.sigma_trail)
        return any(trail is not None for trail in trails)

    @property
    def _wants_something(self) -> bool:
        others = (self.fixed, self.break_even_after, self.time_stop_hours)
        return self.trails or bool(self.take_profit) or any(rule is not None for rule in others)

    @property
    def cool_down(self) -> timedelta:
        """How long a strategy stays out of a position that was stopped."""
        return timedelta(hours=self.cool_down_hours)

    @property
    def fill_within(self) -> timedelta:
        """Time that a triggered stop has to be filled."""
        return timedelta(seconds=self.fill_within_seconds)

    @property
    def escalate_every(self) -> timedelta:
        """From one escalation to the next."""
        return timedelta(seconds=self.escalate_every_seconds)


def _refuse_unless_positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0.0):
        raise ValueError(f"{name} must be finite and positive, got {value}")


def _refuse_negative(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0.0):
        raise ValueError(f"{name} must be finite and not negative, got {value}")


def _refuse_longer(name: str, value: float | None, most: float) -> None:
    if value is not None and value > most:
        raise ValueError(f"{name} must be {most:g} at most, ten years, got {value:g}")


def _refuse_unless_fraction(name: str, value: float | None) -> None:
    if value is not None and not 0.0 < value < 1.0:
        raise ValueError(f"{name} must lie in (0, 1), got {value}")


#: What trend strategies start with. Out of sample it neither helped nor hurt them; for mean
#: reversion it did harm, so that such strategies have no plan.
VOLATILITY_STOP = StopPlan(atr_trail=4.0)


class StopRequest(NamedTuple):
    """What a stop asked of a position and what has not been met yet.

    Attributes
    ----------
    id : str
    reason : StopReason
    target : float
        Signed units to end at; 0 closes the position.
    price : float
        The mark that triggered it, believed or not where a clock did; what a fill brings is not
        promised.
    at, deadline : datetime
        When it was triggered, and when it must be filled. UTC.
    escalations : int
        How often it was told to be late.
    escalates_at : datetime
        When it is told next.
    """

    id: str
    reason: StopReason
    target: float
    price: float | None
    at: datetime
    deadline: datetime
    escalations: int
    escalates_at: datetime

    @property
    def closes(self) -> bool:
        """Whether nothing is to be left."""
        return self.target == 0.0

    def as_request(self, key: PositionKey) -> Reduction:
        """The same as whoever acts on reductions knows it."""
        return Reduction(
            id=self.id,
            key=key,
            target_quantity=self.target,
            reason=self.reason.words,
            deadline=self.deadline,
            requested_at=self.at,
            late=self.escalations > 0,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class StopState:
    """What is remembered of one position's stops, from its first sight until it is flat.

    A restart keeps it, so that no best price is forgotten and no rung sold twice.

    Attributes
    ----------
    since : datetime
        When the position was first seen. UTC.
    quantity : float
        What is held, signed units: what a stop would close.
    entry_quantity : float
        The most that was ever held, units: what rungs take their shares of.
    best : float
        Best trusted mark, the entry price included; since the trail started, once it has.
    active_from : float or None
        The mark at which trails started; None before.
    price : float or None
        Where the stop stands; None while there is none.
    reason : StopReason or None
        The rule that put it there.
    moved_at : datetime or None
        Since when it stands there. UTC.
    rungs : int
        Rungs of the ladder that were sold.
    reduction : StopRequest or None
        What was triggered and not met yet.
    """

    since: datetime
    quantity: float
    entry_quantity: float
    best: float
    active_from: float | None = None
    price: float | None = None
    reason: StopReason | None = None
    moved_at: datetime | None = None
    rungs: int = 0
    reduction: StopRequest | None = None

    @property
    def side(self) -> int:
        """1 of a long, -1 of a short."""
        return 1 if self.quantity > 0.0 else -1

    @property
    def is_closing(self) -> bool:
        """Whether a stop was triggered: the position is to be closed, whatever prices do now."""
        return self.reduction is not None and self.reduction.closes


class StopTriggered(NamedTuple):
    """A stop, a rung or the clock asks for a smaller position.

    Attributes
    ----------
    key : PositionKey
    target_quantity : float
        Signed units to end at.
    reason : StopReason
    price : float or None
        The mark at that moment; None where there was none.
    """

    key: PositionKey
    target_quantity: float
    reason: StopReason
    price: float | None


class Volatility(NamedTuple):
    """How far one asset moves in a day, by two measures that are not the same.

    Attributes
    ----------
    atr : float or None
        Average true range, log of a ratio; None while too few bars were seen.
    sigma : float or None
        Forecast deviation of the return; None without enough history.
    """

    atr: float | None
    sigma: float | None


class HourlyRange(NamedTuple):
    """One asset's average range, and what the next bar needs to go on.

    Attributes
    ----------
    average : AverageRange
    close : float
        Of the last bar.
    closed : datetime
        When that was. UTC.
    """

    average: AverageRange
    close: float
    closed: datetime
