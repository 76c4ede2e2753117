"""One order at length: every check, what it was judged by, and what became of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dash import html

from pages.components import reasons as shown
from pages.components.basics import Component, card, heading, help_mark
from pages.components.buttons import button
from pages.components.links import inside_link
from pages.components.metrics import Fact, fact_list
from pages.components.notices import empty_state
from pages.components.reasons import Verdict as ShownVerdict
from pages.components.reasons import reason_list
from pages.components.risk_table import slug
from pages.context import OrderStory
from pages.format import UNKNOWN, money, multiple, number, price, quantity
from pages.query import Query
from pages.views.breakers.address import CARD, EPISODE, from_elsewhere
from pages.views.breakers.wording import trip_name
from pages.views.holdings import coin
from pages.views.limits.writing import trimmed, writer
from pages.views.orders.address import ORDER, PATH, STORY
from pages.views.orders.holders import with_holders
from pages.views.orders.reading import OrdersData
from pages.views.orders.wording import (
    LOOKS,
    asked_words,
    became,
    millis_words,
    passing_words,
)
from risk.domain.assessment import Assessment
from risk.domain.breakers import Episode
from risk.domain.decisions import Outcome, Reason
from risk.domain.events import OrderEnded, ReservationReleased, Verdict
from risk.domain.journalling import AnsweredOrder
from risk.domain.leases import is_lease_id
from risk.domain.ledger import Fill
from risk.domain.limits import Unit
from risk.domain.market import Trust
from risk.domain.messages import OrderAnswer
from risk.limits.words import reason_words
from risk.storage.codec import decode_answer

ASK, ANSWER = "orders-room-ask", "orders-room-answer"
#: What the link to a trip fills.
_SHOWS_CARD: Mapping[str, Any] = {"data-shows": CARD}
#: So many fills and positions are told one by one.
_FILLS, _POSITIONS = 10, 12
_OUTCOMES: dict[Outcome, shown.Outcome] = {
    Outcome.FAILED: "failed",
    Outcome.WARNED: "warned",
    Outcome.PASSED: "passed",
    Outcome.SKIPPED: "skipped",
}


def story_parts(data: OrdersData) -> list[Component]:
    """The order that the address names; nothing if it names none."""
    if not data.asked:
        return []
    if data.story is None:
        return [_unknown(data)]
    return [_card(data, data.story)]


def _close(data: OrdersData) -> Component:
    href = data.query.href(PATH, **{ORDER.name: None})
    return inside_link("Close", href, class_name="sw-link")


def _unknown(data: OrdersData) -> html.Section:
    return card(
        [
            heading("Order", actions=[_close(data)]),
            empty_state(
                f"No order {data.asked[:60]!r} was answered in {data.book.name}",
                "Look whether it was asked of another book, or find it by a part of its id below.",
                small=True,
            ),
        ],
        label="Order",
        class_name="sw-orders-story",
        id=STORY,
    )


def _card(data: OrdersData, story: OrderStory) -> html.Section:
    order, answer = story.order, decode_answer(story.order.answer)
    when = data.query.zone.date_and_clock(order.at, now=data.now)
    checks = html.Div([_checks(data, story, answer), _room(story)], className="sw-story-checks")
    facts = html.Div(
        [
            html.H3("What became of it"),
            _outcome(data, story, answer),
            html.Div(_fills(data, story.fills), id="orders-story-fills"),
            html.H3(["What it was judged by ", help_mark("order_snapshot")]),
            *_judged_by(data, story, answer),
        ],
        className="sw-story-facts",
    )
    return card(
        [
            heading(
                f"Order {order.client_order_id}",
                note=f"{when}, asked by {order.sender}",
                actions=[_close(data)],
            ),
            html.Div([checks, facts], className="sw-story"),
        ],
        label=f"Order {order.client_order_id}",
        class_name="sw-orders-story",
        id=STORY,
    )


# -- checks ----------------------------------------------------------------------------------


def _checks(data: OrdersData, story: OrderStory, answer: OrderAnswer) -> html.Div:
    order, reasons = story.order, data.reasons_of(story.order)
    verdict = ShownVerdict(LOOKS[order.verdict], f"{asked_words(order)}.", passing_words(order))
    told = [
        with_breakers(
            shown_reason(reason, data.book.currency, resized=order.verdict is Verdict.RESIZE),
            data.held_by(order, reason),
            [card_link(each, data.query) for each in data.holders_of(order, reason)],
        )
        for reason in reasons
    ]
    ran = sum(reason.outcome is not Outcome.SKIPPED for reason in reasons)
    until = data.query.zone.date_and_clock(answer.expires_at, now=data.now)
    skipped = len(reasons) - ran
    rest = f", {number(skipped)} skipped" if skipped else ""
    checks = "check" if ran == 1 else "checks"
    state = answer.trading_state.replace("_", " ")
    note = (
        f"{number(ran)} {checks} ran{rest}, in {millis_words(order.micros)}. "
        f"Trading state {state}; version {answer.limits_version} of the limits; valid until "
        f"{until}."
    )
    return reason_list(verdict, told, "orders-story-reasons", note=note)


def shown_reason(reason: Reason, currency: str, *, resized: bool) -> shown.Reason:
    """A check as the list of reasons shows it; what only cut the order did not stop it."""
    write = trimmed(writer(currency))
    outcome = _OUTCOMES[reason.outcome]
    if resized and reason.outcome is Outcome.FAILED:
        outcome = "shrunk"
    return shown.Reason(
        code=reason.code,
        outcome=outcome,
        words=reason_words(reason, write).rstrip("."),
        margin=margin_words(reason, currency),
    )


def with_breakers(
    told: shown.Reason, holders: Sequence[str], links: Sequence[Component]
) -> shown.Reason:
    """A check with the breakers that made it fail, each a way to the card of its trip."""
    return replace(told, words=with_holders(told.words, holders), links=tuple(links))


def card_link(trip: Episode, query: Query) -> Component:
    """The way to the card of a trip."""
    href = from_elsewhere(query, **{EPISODE.name: trip.id})
    return inside_link(f"Card of {trip_name(trip)}", href, class_name="sw-link", **_SHOWS_CARD)


def margin_words(reason: Reason, currency: str) -> str:
    """``left 2.9 %``, ``over 1.2 %``, ``skipped``."""
    if reason.outcome is Outcome.SKIPPED:
        return "skipped"
    headroom = reason.headroom
    if headroom is None:
        return ""
    size = writer(currency)(abs(headroom), reason.unit or Unit.QUANTITY)
    return f"{'over' if headroom < 0.0 else 'left'} {size}"


def _room(story: OrderStory) -> html.Div:
    """A question to the check that answers agents, put by a press of a button."""
    order = story.order
    return html.Div(
        [
            html.Div(
                [
                    button("What would pass now?", ASK),
                    html.Span(
                        f"the largest {order.side} of {coin(order.asset)}", className="sw-note"
                    ),
                    help_mark("room_left"),
                ],
                className="sw-story-ask",
            ),
            html.Div(id=ANSWER, className="sw-room-answer", role="status"),
        ],
        # Of another order the answer would be another: it must not stay in place.
        id=f"orders-room-{slug(order.client_order_id)}",
    )


# -- what became of it -----------------------------------------------------------------------


def _outcome(data: OrdersData, story: OrderStory, answer: OrderAnswer) -> html.Dl:
    order, overdue = story.order, story.order.client_order_id in data.overdue
    facts = [
        Fact("asked", "Asked", quantity(order.requested)),
        Fact("allowed", "Allowed", quantity(order.allowed), term="order_allowed"),
        Fact("filled", _done_word(order), quantity(order.filled)),
        Fact("status", "Stands", became(order, overdue=overdue), _standing(data, story, answer)),
    ]
    return fact_list(facts, "orders-story-outcome")


def _done_word(order: AnsweredOrder) -> str:
    return "Spent" if is_lease_id(order.client_order_id) else "Filled"


def _standing(data: OrdersData, story: OrderStory, answer: OrderAnswer) -> str:
    if answer.reservation is None:
        return "No room was set aside, so nothing may be sent."
    if story.ended is not None:
        return _said_dead(data, story.ended)
    overdue = story.order.client_order_id in data.overdue
    expires = data.query.zone.date_and_clock(answer.reservation.expires_at, now=data.now)
    if overdue:
        return f"Nobody told of it by {expires}; its room stays set aside until somebody does."
    return f"Its fills or its end were to be told by {expires}."


def _said_dead(data: OrdersData, ended: OrderEnded | ReservationReleased) -> str:
    when = data.query.zone.date_and_clock(ended.at, now=data.now)
    if isinstance(ended, OrderEnded):
        return f"{ended.sender} said at {when} that it is dead, which gave its room back."
    return f"{ended.who} gave its room back at {when}: {ended.reason}"


def _fills(data: OrdersData, fills: Sequence[Fill]) -> list[Component]:
    if not fills:
        return [html.P("No fill was reported.", className="sw-dim")]
    rest = len(fills) - _FILLS
    more = [html.P(f"{rest} more.", className="sw-note")] if rest > 0 else []
    rows = [_fill_row(data, fill) for fill in fills[:_FILLS]]
    return [_small_table("Fills", ("Filled", "Quantity", "Price", "Fee"), rows), *more]


def _fill_row(data: OrdersData, fill: Fill) -> html.Tr:
    return _row(
        data.query.zone.date_and_clock(fill.at, now=data.now),
        quantity(fill.quantity),
        price(fill.price),
        money(fill.fee, data.book.currency),
    )


# -- what it was judged by -------------------------------------------------------------------


def _judged_by(data: OrdersData, story: OrderStory, answer: OrderAnswer) -> Iterator[Component]:
    judged = story.assessment
    if judged is None:
        yield html.P(
            f"Cycle {number(story.order.snapshot)} is not kept any more; the checks are.",
            className="sw-dim",
        )
        return
    yield fact_list(_snapshot_facts(data, story, judged), "orders-story-snapshot")
    later = answer.ledger_seq - judged.ledger_seq - (answer.reservation is not None)
    if later > 0:
        entries = "entry was" if later == 1 else "entries were"
        yield html.P(
            f"{number(later)} {entries} booked between that cycle and the answer, which knew "
            "them all.",
            className="sw-note",
        )
    yield _positions(data, judged)


def _snapshot_facts(data: OrdersData, story: OrderStory, judged: Assessment) -> list[Fact]:
    zone, currency = data.query.zone, data.book.currency
    leverage = UNKNOWN if judged.leverage is None else multiple(judged.leverage)
    return [
        Fact(
            "cycle",
            "Cycle",
            number(story.order.snapshot),
            zone.date_and_clock(judged.at, now=data.now),
        ),
        Fact("equity", "Equity", money(judged.equity, currency)),
        Fact("leverage", "Leverage", leverage),
        _mark_fact(data, story),
    ]


def _mark_fact(data: OrdersData, story: OrderStory) -> Fact:
    name = f"Mark of {coin(story.order.asset)}"
    mark = story.mark
    if mark is None or mark.trust is Trust.MISSING:
        return Fact("mark", name, UNKNOWN, "no price was known")
    when = data.query.zone.date_and_clock(mark.at, now=data.now)
    return Fact("mark", name, price(mark.price), f"{mark.trust}, of {when}")


def _positions(data: OrdersData, judged: Assessment) -> Component:
    if not judged.positions:
        return html.P("Nothing was held.", className="sw-dim")
    held = sorted(judged.positions, key=lambda p: -abs(p.exposure))
    rows = [
        _row(
            f"{p.strategy} {coin(p.asset)}",
            quantity(p.quantity),
            price(p.mark) if p.trust is not Trust.MISSING else UNKNOWN,
            money(p.exposure, data.book.currency),
        )
        for p in held[:_POSITIONS]
    ]
    rest = len(held) - _POSITIONS
    more = [html.P(f"{rest} smaller ones.", className="sw-note")] if rest > 0 else []
    heads = ("Position", "Quantity", "Mark", "Value")
    return html.Div([_small_table("Positions then", heads, rows), *more])


def _small_table(caption: str, heads: Sequence[str], rows: Sequence[html.Tr]) -> html.Div:
    first, *others = heads
    head = html.Tr(
        [
            html.Th(first, scope="col", className="sw-left"),
            *(html.Th(text, scope="col") for text in others),
        ]
    )
    table = html.Table(
        [
            html.Caption(caption, className="sw-hidden"),
            html.Thead(head),
            html.Tbody(list(rows)),
        ],
        className="sw-table sw-story-table",
    )
    return html.Div(table, className="sw-table-box")


def _row(first: str, *others: str) -> html.Tr:
    cells = [html.Td(html.Span(text, className="sw-num-plain")) for text in others]
    return html.Tr([html.Th(first, scope="row", className="sw-left"), *cells])
