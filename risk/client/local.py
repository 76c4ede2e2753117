"""Cheap checks beside the agent, from what Seawall last showed: they can only reject.

An order that passes here is asked about all the same: an approval reserves room, and only the
authority knows what room there is. Only a slice of room, lent beforehand, lets a small order pass
beside the agent: see `risk.client.slices`, which asks `LocalChecks.clears` first.

What may be a reduction is never stopped here: orders that claim to reduce, and orders that reduce
by the positions last seen, go to the authority whatever else is known.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from risk.client.answers import NOT_SYNCHRONISED
from risk.client.views import Hold, InstrumentView, LimitsView, LimitView, PositionView, StatusView
from risk.domain.decisions import Outcome, ReasonCode
from risk.domain.messages import OrderBody, ReasonMessage
from risk.domain.steps import ON_STEP, is_on_step
from risk.domain.trading import TradingState

_NOTIONAL, _QUANTITY = "order_notional", "order_quantity"


class Stopped(NamedTuple):
    """Why an order is not worth asking about.

    Attributes
    ----------
    code, subject : str
        As in a reason of Seawall's.
    problem : str
        The rest of a sentence.
    value, threshold : float or None
    """

    code: str
    subject: str
    problem: str
    value: float | None = None
    threshold: float | None = None

    @property
    def reason(self) -> ReasonMessage:
        """The same in the words of an answer."""
        return ReasonMessage(
            code=self.code,
            outcome=Outcome.FAILED,
            subject=self.subject,
            value=self.value,
            threshold=self.threshold,
        )


class _Place(NamedTuple):
    """All that one strategy's orders for one asset meet here.

    `state` is the tightest of all scopes that may enclose them, `stopped` what stops them surely.
    """

    held: float
    state: TradingState
    stopped: Stopped | None
    tick: float
    least: float
    most_units: float
    most_money: float
    price: float | None


@dataclass(frozen=True, kw_only=True)
class _Book:
    """What was shown at one time, and the places that were asked about since."""

    at: float
    fresh: bool
    status: StatusView
    holds: tuple[Hold, ...]
    limits: LimitsView
    held: Mapping[tuple[str, str], tuple[PositionView, ...]]
    marks: Mapping[str, float | None]
    places: dict[tuple[str, str, str | None], _Place] = field(default_factory=dict)


class LocalChecks:
    """Rejects what the authority would, without a way there and back.

    Parameters
    ----------
    stale_after : float
        Seconds after which what was shown is too old for new risk.
    """

    def __init__(self, *, stale_after: float = 5.0) -> None:
        if not 0.0 < stale_after < math.inf:
            raise ValueError(f"stale_after must be a positive number of seconds, got {stale_after}")
        self._stale_after = stale_after
        self._book: _Book | None = None

    def take(
        self,
        status: StatusView,
        holds: Iterable[Hold],
        limits: LimitsView,
        positions: Iterable[PositionView],
        *,
        at: float,
    ) -> None:
        """Take in what Seawall shows.

        Parameters
        ----------
        status : StatusView
        holds : iterable of Hold
        limits : LimitsView
        positions : iterable of PositionView
        at : float
            Monotonic seconds, from before the first of them was asked for.
        """
        seen = tuple(positions)
        held: dict[tuple[str, str], tuple[PositionView, ...]] = {}
        for each in seen:
            key = (each.strategy, each.asset)
            held[key] = (*held.get(key, ()), each)
        # One assignment, so that a check in another thread sees all of it or nothing.
        self._book = _Book(
            at=at,
            fresh=status.fresh,
            status=status,
            holds=tuple(holds),
            limits=limits,
            held=held,
            marks={each.asset: each.mark for each in seen},
        )

    def check(self, body: OrderBody, now: float) -> Stopped | None:
        """Why the order is not worth asking about; None if the authority must be asked.

        Parameters
        ----------
        body : OrderBody
            Well-formed, see `malformed`.
        now : float
            Monotonic seconds.
        """
        if body.reduce_only or body.emergency:
            return None
        book = self._book
        if book is None:
            return _NEVER
        key = (body.strategy, body.asset, body.venue)
        place = book.places.get(key)
        if place is None:
            place = book.places[key] = _place(book, *key)
        held, quantity = place.held, body.quantity
        if held and (held < 0.0) == (body.side == "buy") and quantity <= abs(held):
            return None
        if now - book.at > self._stale_after:
            return _TOO_OLD
        if not book.fresh:
            return _NOT_FRESH
        return place.stopped or _size_stops(place, body)

    def clears(self, body: OrderBody, now: float, state: TradingState) -> bool:
        """Whether nothing that is known, and fresh, stands against an order, reduction or not.

        Parameters
        ----------
        body : OrderBody
        now : float
            Monotonic seconds.
        state : TradingState
            The trading state in which room was lent: no tighter one may have come since.
        """
        book = self._book
        if book is None or not book.fresh or now - book.at > self._stale_after:
            return False
        key = (body.strategy, body.asset, body.venue)
        place = book.places.get(key)
        if place is None:
            place = book.places[key] = _place(book, *key)
        if place.stopped is not None or place.state > state:
            return False
        return _size_stops(place, body) is None


_NEVER = Stopped(NOT_SYNCHRONISED, "seawall", "nothing has been heard of Seawall's state yet")
_TOO_OLD = Stopped(NOT_SYNCHRONISED, "seawall", "Seawall's state was last heard of too long ago")
_NOT_FRESH = Stopped(
    ReasonCode.SNAPSHOT_STALE, "snapshot", "Seawall says that its own figures are too old"
)


def _size_stops(place: _Place, body: OrderBody) -> Stopped | None:
    quantity, price = body.quantity, body.limit_price
    if price is None:
        price = place.price
    elif place.tick and not is_on_step(price, place.tick):
        return Stopped(
            ReasonCode.OFF_TICK, body.asset, "the price is off the tick", price, place.tick
        )
    if quantity < place.least:
        return Stopped(
            ReasonCode.BELOW_LEAST, body.asset, "the order is too small", quantity, place.least
        )
    if quantity > place.most_units:
        return Stopped(
            _QUANTITY, body.asset, "one order may not be so large", quantity, place.most_units
        )
    if price is not None and quantity * price > place.most_money:
        worth = quantity * price
        return Stopped(
            _NOTIONAL, body.asset, "one order may not be worth so much", worth, place.most_money
        )
    return None


def _place(book: _Book, strategy: str, asset: str, venue: str | None) -> _Place:
    scopes = {f"portfolio:{book.status.portfolio}", f"strategy:{strategy}", f"asset:{asset}"}
    if venue is not None:
        scopes.add(f"venue:{venue}")
    here = [each for each in book.limits.limits if each.scope in scopes]
    instruments = book.limits.instruments
    instrument = None if instruments is None else instruments.get(asset)
    mine = book.held.get((strategy, asset), ())
    tightest = _tightest(book, scopes)
    return _Place(
        state=max((tightest.state, *_perhaps(book, venue))),
        held=sum(each.quantity for each in mine if venue is None or each.venue == venue),
        stopped=_state_stops(tightest) or _unknown(instruments, asset),
        tick=instrument.tick if instrument else 0.0,
        # A quantity off the lot is rounded down there; less than one lot is nothing.
        least=max(instrument.least, instrument.lot * (1.0 - ON_STEP)) if instrument else 0.0,
        most_units=_cap(here, _QUANTITY),
        most_money=_cap(here, _NOTIONAL),
        price=book.marks.get(asset),
    )


def _perhaps(book: _Book, venue: str | None) -> Iterator[TradingState]:
    """States of scopes of which only Seawall knows whether they enclose an order.

    Of which type its strategy is, and where it goes if it names no venue.
    """
    kinds = ("strategy_type:",) if venue is not None else ("strategy_type:", "venue:")
    return (each.state for each in book.holds if each.scope.startswith(kinds))


def _tightest(book: _Book, scopes: set[str]) -> Hold:
    whole = Hold(
        scope=f"portfolio:{book.status.portfolio}",
        state=book.status.trading_state,
        cause=book.status.cause,
    )
    here = (whole, *(each for each in book.holds if each.scope in scopes))
    return max(here, key=lambda each: each.state)


def _state_stops(tightest: Hold) -> Stopped | None:
    because = f": {tightest.cause}" if tightest.cause else ""
    if tightest.state >= TradingState.HALTED:
        problem = f"trading in {tightest.scope} is halted{because}"
        return Stopped(ReasonCode.HALTED, tightest.scope, problem)
    if tightest.state >= TradingState.REDUCE_ONLY:
        problem = f"trading in {tightest.scope} is for reductions only{because}"
        return Stopped(ReasonCode.REDUCTIONS_ONLY, tightest.scope, problem)
    return None


def _unknown(instruments: Mapping[str, InstrumentView] | None, asset: str) -> Stopped | None:
    if instruments is None or asset in instruments:
        return None
    return Stopped(ReasonCode.ASSET_NOT_ALLOWED, asset, f"the policy does not name {asset}")


def _cap(limits: Iterable[LimitView], kind: str) -> float:
    hard = [each.hard for each in limits if each.kind == kind and each.hard is not None]
    return min(hard, default=math.inf)
