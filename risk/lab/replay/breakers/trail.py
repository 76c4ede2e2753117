"""Breakers led through a history, and what is kept of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from risk.breakers.evaluation import BreakersAfter
from risk.breakers.imposing import Imposed, imposed_by
from risk.breakers.lifecycle import asked_from
from risk.domain.breakers import BreakerDefinition, BreakerState, Phase
from risk.domain.events import BreakerActivated, BreakerAsksPerson, BreakerStepped
from risk.domain.policy import Policy
from risk.domain.ports import MarketReading
from risk.domain.scopes import ScopeKind
from risk.domain.trading import TradingState
from risk.lab.replay.breakers.book import MarketBook, next_book
from risk.lab.replay.breakers.days import MovesSeen
from risk.lab.replay.breakers.prints import ITS_WORK, Print, Printed, spoiled

#: The drawdown ladder of a policy, as if it were a breaker.
LADDER = "drawdown ladder"

# What a book of the market alone has: nobody trades in it.
_MEASURABLE = (ScopeKind.PORTFOLIO, ScopeKind.ASSET)
_SHUT = (TradingState.REDUCE_ONLY, TradingState.HALTED)


class Trip(NamedTuple):
    """One trip: from armed, or again in probation.

    Attributes
    ----------
    at : int
        Seconds since 1970.
    again : bool
    value : float
        Measured then, in the breaker's unit.
    """

    at: int
    again: bool
    value: float


@dataclass(kw_only=True)
class Trail:
    """How breakers stood at each reading that counts.

    Attributes
    ----------
    definitions : tuple of BreakerDefinition
    times : list of int
        Of the readings, seconds since 1970.
    left : mapping of name to list of float
        What each breaker, and the ladder, left of new risk at each reading.
    trips : mapping of name to list of Trip
    read : Counter of str
        At how many readings each could be measured.
    asked, overdue : Counter of str
        How often a person was asked; at how many readings an episode had outlived its greatest
        dwell though nobody had been asked within that time.
    unasked : mapping of name to float
        Longest time, hours, for which an episode, its re-trips and ramps with it, went on without
        a person being asked.
    moves : MovesSeen
        Also of what came before the first reading that counts.
    printed : list of Printed
        Bad prints that were tried.
    """

    definitions: tuple[BreakerDefinition, ...]
    times: list[int] = field(default_factory=list)
    left: dict[str, list[float]] = field(default_factory=dict)
    trips: dict[str, list[Trip]] = field(default_factory=dict)
    read: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    overdue: Counter[str] = field(default_factory=Counter)
    unasked: dict[str, float] = field(default_factory=dict)
    moves: MovesSeen = field(default_factory=MovesSeen)
    printed: list[Printed] = field(default_factory=list)

    def note(self, book: MarketBook, after: BreakersAfter, at: datetime, policy: Policy) -> None:
        """Keep what is to be kept of one reading."""
        seconds = round(at.timestamp())
        self.times.append(seconds)
        imposed = {each.breaker: each for each in imposed_by(book.breakers, policy)}
        for definition in self.definitions:
            name = definition.name
            state = book.breakers.states[name]
            self.left.setdefault(name, []).append(_left(imposed.get(name)))
            self.read[name] += state.reading is not None
            self.overdue[name] += _is_overdue(state, definition, at)
            self.unasked[name] = max(self.unasked.get(name, 0.0), _hours_unasked(state, at))
        if policy.derisking.ladder:
            self.left.setdefault(LADDER, []).append(book.sizing.factor)
        for name, trip in trips_in(after):
            self.trips.setdefault(name, []).append(trip)
        self.asked.update(
            event.breaker for event in after.events if isinstance(event, BreakerAsksPerson)
        )


def trips_in(after: BreakersAfter) -> Iterable[tuple[str, Trip]]:
    """Trips in one step, by breaker."""
    values = {
        name: state.reading.value
        for name, state in after.breakers.states.items()
        if state.reading is not None
    }
    for event in after.events:
        if isinstance(event, BreakerActivated):
            yield event.breaker, Trip(round(event.at.timestamp()), False, event.value)
        elif isinstance(event, BreakerStepped) and event.phase == Phase.TRIPPED.value:
            value = values[event.breaker]
            yield event.breaker, Trip(round(event.at.timestamp()), True, value)


def _left(imposed: Imposed | None) -> float:
    if imposed is None:
        return 1.0
    return 0.0 if imposed.state in _SHUT else imposed.size


def _is_overdue(state: BreakerState, definition: BreakerDefinition, at: datetime) -> bool:
    return state.episode is not None and at >= asked_from(state, definition)


def _hours_unasked(state: BreakerState, at: datetime) -> float:
    episode = state.episode
    if episode is None:
        return 0.0
    return (at - (episode.asked_at or episode.tripped_at)) / timedelta(hours=1)


def measurable(policy: Policy) -> tuple[Policy, tuple[str, ...]]:
    """The policy with those breakers that a book of the market can tell of; names of the others.

    All are switched on: what a disabled one would do is what is asked.
    """
    ours = [each for each in policy.breakers if each.scope.kind in _MEASURABLE]
    others = tuple(each.name for each in policy.breakers if each not in ours)
    return replace(policy, breakers=tuple(replace(each, enabled=True) for each in ours)), others


def lead_breakers(
    readings: Iterable[MarketReading],
    *,
    policy: Policy,
    begin: datetime,
    prints: Mapping[datetime, tuple[Print, ...]] | None = None,
    told: Callable[[], None] = lambda: None,
) -> Trail:
    """Lead the breakers of a policy through all readings.

    Parameters
    ----------
    readings : iterable of MarketReading
        Oldest first.
    policy : Policy
        Of the portfolio ``replay``, see :func:`measurable`.
    begin : datetime
        Readings up to then only teach what is normal. UTC.
    prints : mapping of datetime to tuple of Print, optional
        Bad prints to try: each on a copy of the book, which from the next reading on hears right
        prices again and is forgotten after a day.
    told : callable
        Called after each reading.
    """
    trail = Trail(definitions=policy.breakers)
    book, copies = MarketBook(), list[_Copy]()
    for market in readings:
        copies = [copy for copy in copies if not copy.lived(market, policy, trail)]
        if market.at > begin and prints is not None:
            copies += _copies(book, market, policy, prints.get(market.at, ()))
        book, after = next_book(book, market, policy)
        trail.moves.see(market.closes)
        if market.at > begin:
            trail.note(book, after, market.at, policy)
        told()
    for copy in copies:
        copy.forgotten(trail)
    return trail


class _Copy:
    """A book that heard one bad print."""

    def __init__(self, book: MarketBook, bad: Print, market: MarketReading, policy: Policy) -> None:
        self._bad, self._at = bad, market.at
        # A trade at that price would be a loss that no right price afterwards makes good.
        self._book, after = next_book(book, market, policy, trades=False)
        self._trips = [(name, trip.at) for name, trip in trips_in(after)]

    def lived(self, market: MarketReading, policy: Policy, trail: Trail) -> bool:
        """Take one more reading, a right one; whether its day was over before."""
        if market.at > self._at + ITS_WORK:
            self.forgotten(trail)
            return True
        self._book, after = next_book(self._book, market, policy)
        self._trips += [(name, trip.at) for name, trip in trips_in(after)]
        return False

    def forgotten(self, trail: Trail) -> None:
        """Keep what came of it."""
        at = round(self._at.timestamp())
        trail.printed.append(Printed(self._bad, at, tuple(self._trips)))


def _copies(
    book: MarketBook, market: MarketReading, policy: Policy, prints: tuple[Print, ...]
) -> list[_Copy]:
    wrong = ((bad, spoiled(market, bad)) for bad in prints)
    return [_Copy(book, bad, each, policy) for bad, each in wrong if each is not None]
