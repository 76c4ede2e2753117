"""Answers and trips worked out again from what is kept, and compared with what was journalled.

Reading only. Functions take an open connection: the caller owns the transaction.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select

from risk.breakers.manual import is_manual
from risk.breakers.types import SHOWN_TYPES
from risk.breakers.words import figure_in_words
from risk.domain.actions import Action, LatchTrading
from risk.domain.assessment import Assessment
from risk.domain.breakers import BreakerUnit, Episode
from risk.domain.decisions import OrderRequest, ReasonCode
from risk.domain.events import (
    BreakerActivated,
    BreakerWouldTrip,
    OrderValidation,
    RiskEvent,
)
from risk.domain.journalling import AnsweredOrder
from risk.domain.leases import is_lease_id
from risk.domain.market import Period
from risk.domain.messages import OrderAnswer, OrderBody
from risk.domain.model import Models
from risk.domain.orders import Side
from risk.domain.scopes import Scope
from risk.domain.state import RiskState, Standing
from risk.errors import InvalidInput
from risk.limits.sent import SentOrder, SentOrders
from risk.manager import step
from risk.manager.again import (
    CLOSE,
    GIVEN,
    Comparison,
    Difference,
    Ground,
    answer_again,
    compare,
    hourly_limits,
    windowed_limits,
)
from risk.portfolio.forecasting import new_models
from risk.storage import basis, codec, episodes, ledger, models
from risk.storage.actions import actions_after
from risk.storage.decisions import order_of_row
from risk.storage.tables import decision, journal, snapshot, to_ms

_decode_body = msgspec.json.Decoder(OrderBody).decode
#: So long a slice of room may count after it was granted.
_SLICES_COUNT = timedelta(minutes=1)


class Again(NamedTuple):
    """What came of working something out again.

    Attributes
    ----------
    what : str
        What it was, one phrase.
    entry : int or None
        Number of the journal's entry that it was compared with; None if there is none.
    comparison : Comparison or None
        None if it could not be compared.
    why_not : str
        Why, one sentence without its end; empty if it could.
    notes : tuple of str
        What had to be assumed, and is told by nothing that is kept.
    """

    what: str
    entry: int | None
    comparison: Comparison | None
    why_not: str = ""
    notes: tuple[str, ...] = ()

    @property
    def result(self) -> str:
        """``same``, ``differs`` or ``not comparable``."""
        if self.comparison is None:
            return "not comparable"
        return "same" if self.comparison.same else "differs"


# ---------------------------------------------------------------- orders


def order_again(connection: Connection, portfolio: str, client_order_id: str) -> Again:
    """Answer an order once more from what it was answered from.

    Parameters
    ----------
    connection : Connection
    portfolio, client_order_id : str

    Raises
    ------
    InvalidInput
        If no such order was answered.
    StateUnreadable
        If something was stored by a program that this one does not understand.
    """
    row = _order_row(connection, portfolio, client_order_id)
    order = order_of_row(row)
    what = f"order {client_order_id}, {order.verdict.value} for {order.allowed:.12g} units"
    entry, told = _told_of(connection, portfolio, order)
    if told is None:
        return Again(what, None, None, "the journal does not tell of it")
    if told.answer_digest != hashlib.sha256(order.answer.encode()).hexdigest():
        differs = Difference(
            "the answer that is kept", "as journalled", "another one: its digest is not the same"
        )
        return Again(what, entry, Comparison((differs,), False, (), (), 0))
    answer = codec.decode_answer(order.answer)
    found = _grounds(connection, portfolio, row, order, answer)
    if isinstance(found, str):
        return Again(what, entry, None, found)
    return _first_same(what, entry, order, answer, found)


def _order_row(connection: Connection, portfolio: str, client_order_id: str) -> Row[Any]:
    found, kept = decision.c, snapshot.c
    its_cycle = (kept.portfolio == found.portfolio) & (kept.number == found.snapshot)
    row = connection.execute(
        select(
            decision,
            kept.snapshot.label("judged_by"),
            kept.assessment,
            kept.basis,
            kept.policy,
        )
        .outerjoin(snapshot, its_cycle)
        .where(found.portfolio == portfolio, found.client_order_id == client_order_id)
    ).first()
    if row is None:
        raise InvalidInput(f"no order {client_order_id!r} was answered in {portfolio}")
    return row


def _told_of(
    connection: Connection, portfolio: str, order: AnsweredOrder
) -> tuple[int | None, OrderValidation | None]:
    """The last that the journal tells of an order's answer: one not said was told of, too."""
    entry = journal.c
    naming = f'"client_order_id":{codec.encode_text(order.client_order_id)}'
    query = (
        select(entry.seq, entry.body)
        .where(
            entry.stream == portfolio,
            entry.kind == OrderValidation.__name__,
            entry.at_ms == to_ms(order.at),
            entry.body.contains(naming, autoescape=True),
        )
        .order_by(entry.seq.desc())
    )
    for seq, body in connection.execute(query):
        event = codec.decode_event(body)
        # SQLite compares without regard to capitals.
        if isinstance(event, OrderValidation) and event.client_order_id == order.client_order_id:
            return seq, event
    return None, None


class _Grounds(NamedTuple):
    """What an order may have been answered from: the first is the likeliest."""

    candidates: Sequence[tuple[Ground, bool, tuple[str, ...]]]
    unsure: Mapping[str, str]


def _grounds(
    connection: Connection,
    portfolio: str,
    row: Row[Any],
    order: AnsweredOrder,
    answer: OrderAnswer,
) -> "_Grounds | str":
    """What it followed from, or why that is not known."""
    if any(reason.code == ReasonCode.LEASED for reason in answer.reasons):
        return "it was made of a slice of room, unasked; work out the slice again instead"
    if row.judged_by is None:
        return f"the snapshot of cycle {order.snapshot} is not kept any more"
    state = _state_of(connection, portfolio, row.basis, row.policy)
    if state is None:
        return "the state that it was judged by was not kept: an older program answered it"
    held = _models(connection, portfolio, order.snapshot, state)
    if held is None:
        return (
            f"the model of the day that cycle {order.snapshot} had is not kept any more: the last "
            f"{models.KEPT[Period.DAY]} are"
        )
    unsure = dict(held.unsure)
    view = codec.decode_snapshot(row.judged_by, held.models)
    booked = answer.ledger_seq - (answer.reservation is not None)
    sent, unsure_sent = _sent(connection, portfolio, state, order, booked)
    ground = Ground(
        state=state,
        snapshot=view,
        assessment=codec.decode_value(row.assessment, Assessment),
        actions=_asked(connection, portfolio, state, upto=answer.action_seq),
        ledger=ledger.led_to(connection, portfolio, view.ledger, booked),
        sent=sent,
    )
    return _Grounds(
        list(_candidates(connection, portfolio, ground, order, answer)), unsure | unsure_sent
    )


def _state_of(
    connection: Connection, portfolio: str, body: bytes | None, digest: str | None
) -> RiskState | None:
    if body is None:
        return None
    policy = basis.read_policy(connection, portfolio, digest)
    return None if policy is None and digest is not None else basis.decode_basis(body, policy)


class _Held(NamedTuple):
    """The models of a cycle, and what cannot be told by them."""

    models: Models
    unsure: Mapping[str, str]


def _models(connection: Connection, portfolio: str, number: int, state: RiskState) -> _Held | None:
    periods = Period.DAY, Period.HOUR
    day, hour = (models.body_of_cycle(connection, portfolio, each, number) for each in periods)
    if day is None:
        return None
    of_day = models.restored(day)
    if hour is not None:
        return _Held(Models(day=of_day, hour=models.restored(hour)), {})
    why = f"the model of that hour is not kept any more: the last {models.KEPT[Period.HOUR]} are"
    cold = new_models(of_day.assets).hour
    return _Held(Models(day=of_day, hour=cold), dict.fromkeys(hourly_limits(state), why))


def _asked(
    connection: Connection, portfolio: str, state: RiskState, *, upto: int
) -> tuple[Action, ...]:
    later = actions_after(connection, portfolio, state.action_seq)
    return tuple(action for action in later if action.seq <= upto)


def _sent(
    connection: Connection,
    portfolio: str,
    state: RiskState,
    order: AnsweredOrder,
    booked: int,
) -> tuple[dict[str, SentOrders], dict[str, str]]:
    """What the strategy had sent before, and which checks hang on what nobody knows of that."""
    windowed = windowed_limits(state)
    if not windowed:
        return {}, {}
    back = max(timedelta(seconds=limit.seconds) for limit in windowed)
    row = decision.c
    query = (
        select(decision)
        .where(
            row.portfolio == portfolio,
            row.strategy == order.strategy,
            row.at_ms >= to_ms(order.at - max(back, _SLICES_COUNT)),
            row.at_ms <= to_ms(order.at),
            row.allowed > 0.0,
        )
        .order_by(row.at_ms)
    )
    before = [
        each
        for each in map(order_of_row, connection.execute(query))
        # Of those within one millisecond the ledger says which came first.
        if codec.decode_answer(each.answer).ledger_seq <= booked
    ]
    known = SentOrders(
        SentOrder(each.at, each.asset, Side(each.side), each.requested)
        for each in before
        if not is_lease_id(each.client_order_id)
    )
    unsure = {}
    if any(is_lease_id(each.client_order_id) for each in before):
        why = "its strategy held slices of room, of which nobody knows what was sent by then"
        unsure = {limit.name: why for limit in windowed}
    return {order.strategy: known}, unsure


def _candidates(
    connection: Connection,
    portfolio: str,
    ground: Ground,
    order: AnsweredOrder,
    answer: OrderAnswer,
) -> Iterator[tuple[Ground, bool, tuple[str, ...]]]:
    """Grounds by which it may have been answered, whether its emergency was believed, and notes."""
    claims = _decode_body(order.request).emergency
    # Whether the key was allowed to say so is not kept.
    believed = [(True, ("its claim to be an emergency was believed",))] if claims else []
    for emergency, notes in (*believed, (False, ())):
        yield ground, emergency, notes
        holds = _unnumbered(connection, portfolio, ground, answer)
        if holds:
            told = "a hold was obeyed that was not written down yet"
            yield replace(ground, actions=holds), emergency, (*notes, told)
        foreseen = _foreseen(connection, portfolio, order.snapshot)
        if foreseen:
            told = "what the next cycle tightened was obeyed before that was saved"
            yield replace(ground, foreseen=foreseen), emergency, (*notes, told)


def _unnumbered(
    connection: Connection, portfolio: str, ground: Ground, answer: OrderAnswer
) -> tuple[Action, ...]:
    """With holds that were in force before they had a number; none if there were none."""
    later = [
        action
        for action in actions_after(connection, portfolio, answer.action_seq, kinds=[LatchTrading])
        if action.at <= answer.decided_at
    ]
    return (*ground.actions, *later) if later else ()


def _foreseen(connection: Connection, portfolio: str, number: int) -> Mapping[Scope, Standing]:
    row = snapshot.c
    query = select(row.basis, row.policy).where(
        row.portfolio == portfolio, row.number == number + 1
    )
    found = connection.execute(query).first()
    state = None if found is None else _state_of(connection, portfolio, found.basis, found.policy)
    return {} if state is None else state.standings


def _first_same(
    what: str, entry: int | None, order: AnsweredOrder, answer: OrderAnswer, grounds: _Grounds
) -> Again:
    barred = [GIVEN[each.code] for each in answer.reasons if each.code in GIVEN]
    first: Again | None = None
    for ground, emergency, notes in grounds.candidates:
        computed = answer_again(ground, _request(order, emergency), at=order.at, barred=barred)
        comparison = compare(answer, computed, unsure=grounds.unsure)
        again = Again(what, entry, comparison, notes=notes)
        if comparison.same:
            return again
        first = first or again
    assert first is not None, "there is always one ground"
    return first


def _request(order: AnsweredOrder, emergency: bool) -> OrderRequest:
    body = _decode_body(order.request)
    return OrderRequest(
        client_order_id=body.client_order_id,
        portfolio=body.portfolio,
        strategy=body.strategy,
        asset=body.asset,
        venue=order.venue,
        side=body.side,
        quantity=body.quantity,
        order_type=body.order_type,
        limit_price=body.limit_price,
        reduce_only=body.reduce_only,
        emergency=emergency,
    )


# ---------------------------------------------------------------- trips


def trip_again(connection: Connection, portfolio: str, episode: str) -> Again:
    """Take the step once more in which a breaker tripped.

    Parameters
    ----------
    connection : Connection
    portfolio : str
    episode : str
        Id of the episode that began with the trip.

    Raises
    ------
    InvalidInput
        If there is no such episode.
    StateUnreadable
        If something was stored by a program that this one does not understand.
    """
    story = episodes.episode_story(connection, portfolio, episode)
    if story is None:
        raise InvalidInput(f"{portfolio} has no episode {episode!r}")
    known = story.episode
    what = _what_tripped(known)
    entry, told = _told_of_trip(connection, portfolio, known)
    if told is None:
        return Again(what, None, None, "the journal does not tell of it: it follows from a hold")
    trip = basis.read_trip(connection, portfolio, int(told.cycle))
    if trip is None:
        return Again(
            what, entry, None, "what its cycle began from was not kept: an older program took it"
        )
    taken = step(trip.before, trip.snapshot)
    again = next((e for e in taken.events if type(e) is type(told) and _id_of(e) == episode), None)
    tripped = next((each for each in taken.episodes if each.id == episode), None)
    if again is None or tripped is None:
        missing = Difference("the trip", "it tripped", "it does not trip")
        return Again(what, entry, Comparison((missing,), False, (), (), 1))
    return Again(what, entry, _compared(told, again, known, tripped))


def _what_tripped(known: Episode) -> str:
    """Which trip, by its rule or by whose hand, and what was measured then."""
    if is_manual(known.breaker):
        return f"stop of {known.scope.label} by hand"
    kind = SHOWN_TYPES.get(known.kind)
    unit = BreakerUnit.CORRELATION if kind is None else kind.unit
    value, trip = (figure_in_words(each, unit) for each in (known.value, known.threshold))
    counted = f" {unit.value}" if unit is BreakerUnit.RATIO else ""
    if known.tripped_by:
        return (
            f"trip of {known.breaker} by hand, by {known.tripped_by}: it measured {value}{counted} "
            f"then, and its rule trips it above {trip}{counted}"
        )
    return f"trip of {known.breaker}, {value} over {trip}{counted}"


_Trip = BreakerActivated | BreakerWouldTrip


def _id_of(event: RiskEvent) -> str:
    return event.episode if isinstance(event, _Trip) else ""


def _told_of_trip(
    connection: Connection, portfolio: str, known: Episode
) -> tuple[int | None, _Trip | None]:
    kind = BreakerActivated if known.imposed else BreakerWouldTrip
    entry = journal.c
    query = (
        select(entry.seq, entry.body)
        .where(
            entry.stream == portfolio,
            entry.kind == kind.__name__,
            entry.at_ms == to_ms(known.tripped_at),
        )
        .order_by(entry.seq)
    )
    for seq, body in connection.execute(query):
        event = codec.decode_event(body)
        if isinstance(event, _Trip) and event.episode == known.id:
            return seq, event
    return None, None


def _compared(told: _Trip, again: RiskEvent, known: Episode, tripped: Episode) -> Comparison:
    """Every field of what the journal tells, and of the episode as it stands in its table."""
    differences = [
        Difference(name, str(before), str(now))
        for name, before, now in _fields(told, again)
        if not _close(before, now)
    ]
    # What happened to the episode since is another matter.
    at_trip = ("value", "threshold", "numerator", "denominator", "cause")
    pairs = [(name, getattr(known, name), getattr(tripped, name)) for name in at_trip]
    differences += [
        Difference(f"{name} in the history", str(before), str(now))
        for name, before, now in pairs
        if not _close(before, now)
    ]
    exact = codec.encode_event(told) == codec.encode_event(again)
    checks = len(list(_fields(told, again))) + len(pairs)
    return Comparison(tuple(differences), exact, (), (), checks)


def _fields(told: RiskEvent, again: RiskEvent) -> Iterator[tuple[str, Any, Any]]:
    for name, before in vars(told).items():
        yield name, before, getattr(again, name)


def _close(before: Any, now: Any) -> bool:
    if isinstance(before, float) and isinstance(now, float):
        return abs(before - now) <= CLOSE * max(abs(before), abs(now))
    return bool(before == now)
