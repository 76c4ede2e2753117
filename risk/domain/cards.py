"""The card of a breaker's episode: everything that a person must know of a trip, kept as data."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from risk.domain.breakers import BreakerUnit
from risk.domain.market import Trust


class CardInput(NamedTuple):
    """What went into the measure, and how far it could be believed at the trip.

    Attributes
    ----------
    name : str
        E.g. an asset.
    trust : Trust
    age_seconds : float
        Of its mark.
    """

    name: str
    trust: Trust
    age_seconds: float


@dataclass(frozen=True, kw_only=True)
class Card:
    """What was known at the trip.

    Attributes
    ----------
    episode, breaker, title : str
        `title` is what screens call the kind.
    rule : str
        What is measured, over which window: one phrase.
    unit : BreakerUnit
    value, trip, release : float
        In `unit`.
    numerator, denominator : float or None
    sentence : str
        Why, with numbers: *volatility is 2.31 times normal*.
    inputs : tuple of CardInput
    blocked, works : tuple of str
        What is refused, and what passes all the same: phrases. Nothing is blocked by a breaker that
        is off.
    reset_does, reset_does_not : tuple of str
    reset_by : str
        Who may let it go, and how.
    steps_down_from : datetime
        UTC; it may be later if things get worse.
    person_by : datetime
        When a person is asked. UTC.
    market : str
        What the market did, one line.
    equity, gross, net : float or None
        Of the book at the trip, quote currency; None while unknown.
    open_positions : int
        In the breaker's scope.
    """

    episode: str
    breaker: str
    title: str
    rule: str
    unit: BreakerUnit
    value: float
    trip: float
    release: float
    numerator: float | None
    denominator: float | None
    sentence: str
    inputs: tuple[CardInput, ...]
    blocked: tuple[str, ...]
    works: tuple[str, ...]
    reset_does: tuple[str, ...]
    reset_does_not: tuple[str, ...]
    reset_by: str
    steps_down_from: datetime
    person_by: datetime
    market: str
    equity: float | None
    gross: float | None
    net: float | None
    open_positions: int


@dataclass(frozen=True, kw_only=True)
class CardHistory:
    """Where a trip stands among what was measured before; found soon after it.

    Attributes
    ----------
    percentile : float
        Share of the measured hours below the trip's value, 0 to 1; 0 where there were none.
    hours : int
        How many hours were measured before it.
    nearest_at : datetime or None
        The hour before it whose peak was nearest in value; None if there was none. UTC.
    nearest_value : float or None
        In the breaker's unit.
    nearest_then : float or None
        What the market did in the 6 hours after that, a fraction.
    """

    percentile: float
    hours: int
    nearest_at: datetime | None
    nearest_value: float | None
    nearest_then: float | None


@dataclass(frozen=True, kw_only=True)
class Counterfactual:
    """What the orders that an episode stopped would have earned or lost.

    Attributes
    ----------
    orders : int
        Refused or made smaller because of it.
    stopped : float
        What was not traded of them, quote currency.
    profit : float
        What that would have earned until `until`, before fees; a loss is negative. Quote currency.
    fees : float
        What it would have cost to trade in and out.
    until : datetime
        UTC.
    unpriced : int
        How many of the orders the sums leave out, since no price after them is known.
    """

    orders: int
    stopped: float
    profit: float
    fees: float
    until: datetime
    unpriced: int
