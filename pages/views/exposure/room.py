"""Room left: the largest order that would pass now, and what keeps it from being larger.

Asked for by a press of a button and answered once, by the check that answers agents, over the
newest complete cycle; nothing of it is worked out while nobody asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import html

from pages.components.basics import Component, card, glyph, heading, help_mark
from pages.components.buttons import button
from pages.components.links import inside_link
from pages.components.notices import error_state
from pages.context import Book, CompleteCycle
from pages.format import money, percent, quantity_at_most, sentence
from pages.paths import LIMITS_PATH
from pages.query import Query
from pages.readings import Readings
from pages.views.breakers.address import CARD as CARD_OF_TRIP
from pages.views.breakers.address import EPISODE, from_elsewhere
from pages.views.breakers.trips import on_now
from pages.views.holdings import coin
from pages.views.limits.address import LIMIT
from pages.views.limits.writing import age_words, trimmed, writer
from pages.views.orders.holders import holders_of, holding_words, with_holders
from risk.breakers.imposing import imposed_by
from risk.domain.breakers import Episode
from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.orders import Side
from risk.domain.policy import Policy
from risk.domain.positions import PositionKey
from risk.domain.scopes import ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.errors import SeawallError
from risk.limits.types import LIMIT_TYPES
from risk.limits.words import reason_words
from risk.manager.orders import RiskManager, Room

CARD, ASK, ANSWER = "exposure-room", "exposure-room-ask", "exposure-room-answer"
ASSET, STRATEGY, VENUE, SIDE = (
    f"exposure-room-{part}" for part in ("asset", "strategy", "venue", "side")
)
_SIDES = {Side.BUY.value: "Buy", Side.SELL.value: "Sell"}
#: What the link to a trip fills.
_SHOWS_CARD: Mapping[str, Any] = {"data-shows": CARD_OF_TRIP}
#: So many reasons are told one by one.
_REASONS = 4


# -- the form --------------------------------------------------------------------------------


def room_card(cycle: CompleteCycle) -> html.Section:
    """What an order would be about, and a button; the answer appears below it."""
    title = "Room left"
    first = _first(cycle)
    sides = [{"value": value, "label": text} for value, text in _SIDES.items()]
    picks = [
        dmc.Select(
            id=SIDE,
            data=sides,
            value=Side.BUY.value,
            label="Side",
            allowDeselect=False,
            size="xs",
            w=88,
        ),
        _pick(ASSET, "Asset", assets_of(cycle), first and first.asset, 132),
        _pick(STRATEGY, "Strategy", strategies_of(cycle), first and first.strategy, 120),
        _pick(VENUE, "Venue", venues_of(cycle), first and first.venue, 120),
    ]
    return card(
        [
            heading(
                title,
                note="the largest order that would pass now",
                actions=[help_mark("room_left")],
            ),
            html.Div([*picks, button("How much?", ASK)], className="sw-room-form"),
            html.Div(id=ANSWER, className="sw-room-answer", role="status"),
        ],
        label=title,
        class_name="sw-room",
        id=CARD,
    )


def _pick(
    component_id: str, label: str, choices: Sequence[str], chosen: str | None, width: int
) -> dmc.Select:
    return dmc.Select(
        id=component_id,
        data=list(choices),
        value=chosen,
        label=label,
        placeholder=label,
        allowDeselect=False,
        size="xs",
        w=width,
    )


def _first(cycle: CompleteCycle) -> PositionKey | None:
    """The largest position: what somebody most likely asks about."""
    held = cycle.assessment.positions
    largest = max(held, key=lambda p: (abs(p.exposure), p.asset), default=None)
    return None if largest is None else largest.key


def assets_of(cycle: CompleteCycle) -> list[str]:
    """What may be traded, and what is held all the same."""
    allowed = cycle.state.policy.instruments if cycle.state.policy else ()
    return sorted({*allowed, *(p.asset for p in cycle.assessment.positions)})


def strategies_of(cycle: CompleteCycle) -> list[str]:
    """Those that may trade, and those that hold something all the same."""
    allowed = cycle.state.policy.strategies if cycle.state.policy else ()
    return sorted({*allowed, *(p.strategy for p in cycle.assessment.positions)})


def venues_of(cycle: CompleteCycle) -> list[str]:
    """Those that have a limit, and those where something is held all the same."""
    limited = _limited_venues(cycle.state.policy) if cycle.state.policy else set()
    return sorted(limited | {p.venue for p in cycle.assessment.positions})


def _limited_venues(policy: Policy) -> set[str]:
    scopes = (limit.scope for limit in policy.limits)
    return {scope.name for scope in scopes if scope.kind is ScopeKind.VENUE}


# -- the answer ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RoomAnswer:
    """How much of something may be traded, as of one cycle.

    Attributes
    ----------
    book : Book
    query : Query
    key : PositionKey
    side : Side
    room : Room
    snapshot : Snapshot
        What it was worked out from.
    age : float
        Of that cycle when it was asked, seconds by the wall clock.
    state : RiskState
        After it: of whose breakers some may stand in the way.
    """

    book: Book
    query: Query
    key: PositionKey
    side: Side
    room: Room
    snapshot: Snapshot
    age: float
    state: RiskState


def answer_parts(
    readings: Readings, query: Query, side: str | None, parts: Sequence[str | None]
) -> list[Component]:
    """The answer to whoever pressed the button, or why there is none.

    Parameters
    ----------
    readings : Readings
    query : Query
    side : str or None
    parts : sequence of str or None
        Strategy, asset and venue as chosen.
    """
    if side not in _SIDES or not all(parts):
        return [html.P("Choose side, asset, strategy and venue first.", className="sw-dim")]
    key = PositionKey(*(str(part) for part in parts))
    try:
        found = read_room(readings, query, key, Side(side))
    except SeawallError as error:
        said = f"{sentence(str(error))}. Ask again in a moment."
        return [error_state("The room could not be worked out", said, small=True)]
    if found is None:
        return [html.P("No cycle is complete yet, so nothing may be traded.", className="sw-dim")]
    return room_parts(found)


def read_room(readings: Readings, query: Query, key: PositionKey, side: Side) -> RoomAnswer | None:
    """How much may be traded now; None before the first cycle."""
    book = readings.book(query)
    pulse = None if book is None else readings.newest.pulse(book.name)
    if book is None or pulse is None:
        return None
    prepared = readings.once(
        ("risk manager", book.name, pulse.cycle), lambda: _prepared(readings, book)
    )
    if prepared is None:
        return None
    manager, snapshot, state = prepared
    return RoomAnswer(
        book=book,
        query=query,
        key=key,
        side=side,
        room=manager.room(key, side),
        snapshot=snapshot,
        age=abs((readings.reader.wall() - pulse.saved).total_seconds()),
        state=state,
    )


def _prepared(readings: Readings, book: Book) -> tuple[RiskManager, Snapshot, RiskState] | None:
    basis = readings.reader.decision_basis(book.name)
    if basis is None:
        return None
    return RiskManager(basis.state, basis.snapshot), basis.snapshot, basis.state


def room_parts(answer: RoomAnswer) -> list[Component]:
    """The size that passes, what binds and why, and of which moment that is."""
    return [
        html.P(size_words(answer), className="sw-answer"),
        *_how_to_send(answer),
        *_why(answer),
        html.P(moment_words(answer), className="sw-note"),
    ]


def size_words(answer: RoomAnswer) -> str:
    """``Buy up to 2.548 BTC, 245.6 k USD, by trend on sim-a.``"""
    verb, name = _SIDES[answer.side.value], coin(answer.key.asset)
    who = f"by {answer.key.strategy} on {answer.key.venue}"
    if answer.room.quantity <= 0.0:
        return f"No order to {verb.lower()} {name} {who} passes now."
    value = answer.room.value
    worth = "" if value is None else f", {money(value, answer.book.currency)},"
    # Whoever types the figure into an order must not be refused for the last digit.
    return f"{verb} up to {quantity_at_most(answer.room.quantity)} {name}{worth} {who}."


def _how_to_send(answer: RoomAnswer) -> list[Component]:
    """The order that leads to that size, where each is cut: of the size itself less would pass."""
    reasons = answer.room.decision.reasons
    cut = next((r for r in reasons if r.code == ReasonCode.THROTTLED), None)
    if cut is None or cut.value is None or answer.room.quantity <= 0.0:
        return []
    name, part = coin(answer.key.asset), percent(cut.value, 0)
    return [
        html.P(
            f"Each order's new risk is cut to {part} of its size now: for that much, ask for "
            f"{quantity_at_most(answer.room.order)} {name}."
        )
    ]


def _why(answer: RoomAnswer) -> list[Component]:
    failed = [r for r in answer.room.decision.reasons if r.outcome is Outcome.FAILED]
    if not failed:
        return [html.P("No limit stands in the way of that much.", className="sw-dim")]
    lead = "More is refused:" if answer.room.quantity > 0.0 else "Because:"
    rest = len(failed) - _REASONS
    more = [html.Li(f"and {rest} more", className="sw-dim")] if rest > 0 else []
    told = [_reason(answer, reason) for reason in failed[:_REASONS]]
    return [html.P(lead, className="sw-dim"), html.Ul([*told, *more], className="sw-room-reasons")]


def _reason(answer: RoomAnswer, reason: Reason) -> html.Li:
    holders, at = _holders(answer, reason), answer.snapshot.at
    words = with_holders(
        reason_words(reason, trimmed(writer(answer.book.currency))).rstrip("."),
        [holding_words(each, answer.state, answer.query.zone, at) for each in holders],
    )
    own = {word.name: None for word in answer.query.words}
    href = answer.query.href(LIMITS_PATH, **{**own, LIMIT.name: reason.subject})
    link = [" ", inside_link("Limit", href, class_name="sw-link")] if _is_limit(reason) else []
    cards = [part for each in holders for part in (" ", _card_link(answer, each))]
    said = html.Span([f"{words}.", *link, *cards])
    return html.Li([glyph("throttled", state="throttled"), said])


def _holders(answer: RoomAnswer, reason: Reason) -> list[Episode]:
    """Trips as they stand now: what happened to them before does not matter."""
    state, on = answer.state, on_now(answer.state)
    now = {each.breaker: each.state for each in imposed_by(state.breakers, state.policy)}
    trips = [each._replace(state=now.get(each.breaker, each.state)) for each in on.values()]
    return holders_of(reason, answer.snapshot.at, trips, ())


def _card_link(answer: RoomAnswer, trip: Episode) -> Component:
    href = from_elsewhere(answer.query, **{EPISODE.name: trip.id})
    return inside_link("Breaker", href, class_name="sw-link", **_SHOWS_CARD)


def _is_limit(reason: Reason) -> bool:
    return reason.code in LIMIT_TYPES


def moment_words(answer: RoomAnswer) -> str:
    """Of which moment the answer is."""
    zone = answer.query.zone
    return (
        f"As of the cycle of {zone.stamp(answer.snapshot.at)}, {age_words(answer.age)} old when "
        "asked. Prices and the book have moved since: the answer to an order is made when it comes."
    )
