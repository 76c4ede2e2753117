"""Orders of the fake book's afternoon, and how they were answered.

Answers are made by the check itself, over the fake book; what became of each is told here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from pages.context import (
    AgentSums,
    DecisionTimes,
    OrdersPage,
    OrderStory,
    OrdersWanted,
    ReductionEvent,
)
from risk.domain.assessment import Assessment
from risk.domain.decisions import Decision, OrderRequest
from risk.domain.events import (
    OrderEnded,
    ReductionAcknowledged,
    ReductionLate,
    ReductionRequested,
    Verdict,
)
from risk.domain.journalling import Answered, AnsweredOrder
from risk.domain.leases import is_lease_id
from risk.domain.ledger import Fill
from risk.domain.market import Mark
from risk.domain.messages import OrderBody
from risk.domain.orders import Order, Reservation, ReservationStatus, Side
from risk.domain.snapshot import RESERVATION_LIFE, Snapshot
from risk.domain.state import RiskState
from risk.manager import RiskManager
from risk.manager.messages import order_answer
from risk.storage.codec import decode_answer
from risk.storage.orders import PAGE
from tests.fakes_book import AFTERNOON

_encode = msgspec.json.Encoder(order="deterministic").encode
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Told:
    """One order with what belongs to it."""

    order: AnsweredOrder
    reservation: Reservation | None
    fills: tuple[Fill, ...] = ()
    ended: OrderEnded | None = None


def body(
    number: int,
    *,
    strategy: str = "trend",
    asset: str = "BTC/USDT",
    side: Side = Side.BUY,
    quantity: float = 0.1,
    venue: str = "sim-a",
) -> OrderBody:
    return OrderBody(
        client_order_id=f"{strategy}-{number:04d}",
        portfolio="demo",
        strategy=strategy,
        asset=asset,
        side=side,
        quantity=quantity,
        venue=venue,
    )


def answer(
    state: RiskState,
    snapshot: Snapshot,
    asked: OrderBody,
    *,
    at: datetime,
    sender: str = "bot-1",
    micros: float = 48.0,
    cycle: int = 48_211,
) -> Told:
    """What the check says of an order, as the gate would keep it."""
    request = OrderRequest(**{**msgspec.structs.asdict(asked), "venue": asked.venue or "sim-a"})
    decision = RiskManager(state, snapshot).validate_order(request)
    reservation = _reservation(decision, asked, at)
    said = order_answer(
        decision,
        reservation,
        at=at,
        ledger_seq=snapshot.ledger_seq + (reservation is not None),
        action_seq=0,
        journalled=True,
    )
    order = AnsweredOrder(
        client_order_id=asked.client_order_id,
        strategy=asked.strategy,
        asset=asked.asset,
        venue=request.venue,
        side=asked.side.value,
        at=at,
        sender=sender,
        snapshot=cycle,
        verdict=decision.verdict,
        requested=decision.requested,
        allowed=decision.allowed,
        micros=micros,
        request=_encode(asked).decode(),
        answer=_encode(said).decode(),
        status=None if reservation is None else reservation.status,
    )
    return Told(order, reservation)


def _reservation(decision: Decision, asked: OrderBody, at: datetime) -> Reservation | None:
    if decision.allowed <= 0.0:
        return None
    order = Order(
        client_order_id=asked.client_order_id,
        portfolio=asked.portfolio,
        strategy=asked.strategy,
        asset=asked.asset,
        venue=asked.venue or "sim-a",
        side=asked.side,
        quantity=decision.allowed,
    )
    return Reservation(
        id=f"{decision.snapshot_id}/1", order=order, placed_at=at, expires_at=at + RESERVATION_LIFE
    )


def filled(told: Told, quantity: float, *, price: float) -> Told:
    """The order after a fill."""
    order = told.order
    fill = Fill(
        id=f"{order.client_order_id}/{len(told.fills) + 1}",
        strategy=order.strategy,
        asset=order.asset,
        venue=order.venue,
        side=Side(order.side),
        quantity=quantity,
        price=price,
        at=order.at + SECOND,
        fee=round(0.001 * quantity * price, 2),
        client_order_id=order.client_order_id,
    )
    total = order.filled + quantity
    whole = total >= order.allowed * (1.0 - 1e-9)
    status = ReservationStatus.FILLED if whole else ReservationStatus.PARTLY_FILLED
    left = None
    if told.reservation is not None and not whole:
        left = replace(told.reservation, filled=total, status=status)
    return Told(replace(order, filled=total, status=status), left, (*told.fills, fill))


def build_orders(state: RiskState, snapshot: Snapshot) -> list[Told]:
    """An afternoon's orders, oldest first: every verdict, every end."""

    def ask(number: int, before: float, micros: float, sender: str, **what) -> Told:
        at = AFTERNOON - before * SECOND
        return answer(state, snapshot, body(number, **what), at=at, micros=micros, sender=sender)

    first = ask(1, 7_203.5, 41.2, "bot-1", side=Side.SELL, quantity=0.2)
    cancelled = ask(2, 3_590.25, 44.9, "bot-1", side=Side.SELL, quantity=0.3)
    return [
        filled(first, first.order.allowed, price=96_310.0),
        Told(replace(cancelled.order, status=ReservationStatus.VOIDED), None, (), ended(cancelled)),
        ask(3, 1_805.0, 52.6, "bot-1", quantity=50.0),
        ask(4, 612.75, 61.0, "grid-bot", strategy="noise", asset="ETH/USDT", quantity=400.0),
        ask(5, 187.5, 39.4, "bot-1", strategy="dip", asset="PEPE/USDT", quantity=1e6),
        ask(6, 95.0, 47.1, "grid-bot", strategy="noise", asset="XRP/USDT", quantity=5_000.0),
        _half(ask(7, 12.5, 210.7, "bot-1", side=Side.SELL, quantity=0.25)),
    ]


def ended(told: Told) -> OrderEnded:
    """What the journal says of an order that its sender gave up, half a minute after the answer."""
    order = told.order
    return OrderEnded(
        at=order.at + 30 * SECOND,
        portfolio="demo",
        cycle=f"demo-{order.snapshot}",
        client_order_id=order.client_order_id,
        strategy=order.strategy,
        asset=order.asset,
        sender=f"{order.sender} (key 1)",
        quantity=Side(order.side).sign * order.allowed,
    )


def _half(told: Told) -> Told:
    return filled(told, round(told.order.allowed / 2.0, 6), price=96_590.0)


def note_of(order: AnsweredOrder) -> Answered:
    """What a gate writes down of an answered order."""
    return Answered(order, "demo", f"demo-{order.snapshot}", ())


def build_reductions() -> list[ReductionEvent]:
    """Three demands of trend, oldest first: met in time after a stricter one, late, met."""

    def stamp(minutes: float) -> dict:
        at = AFTERNOON - timedelta(minutes=minutes)
        return {"at": at, "portfolio": "demo", "cycle": f"demo-{round(minutes)}"}

    def asked(number: int, minutes: float, asset: str, due: float, target: float):
        return ReductionRequested(
            **stamp(minutes),
            id=f"r{number}",
            strategy="trend",
            asset=asset,
            venue="sim-a",
            target_quantity=target,
            reason="VaR is above its soft threshold",
            deadline=AFTERNOON - timedelta(minutes=due),
        )

    about = {"strategy": "trend", "venue": "sim-a"}
    return [
        asked(1, 300.0, "BTC/USDT", 240.0, 3.0),
        asked(2, 280.0, "BTC/USDT", 240.0, 2.5),
        ReductionAcknowledged(**stamp(279.0), id="r2", asset="BTC/USDT", sender="bot-1", **about),
        asked(3, 200.0, "ETH/USDT", 140.0, 10.0),
        ReductionLate(
            **stamp(139.0),
            id="r3",
            asset="ETH/USDT",
            quantity=14.0,
            target_quantity=10.0,
            reason="VaR is above its soft threshold",
            deadline=AFTERNOON - timedelta(minutes=140.0),
            **about,
        ),
        asked(4, 100.0, "BTC/USDT", 40.0, 2.0),
    ]


# --- what a store says of them --------------------------------------------------------------


def matching(told: Sequence[Told], wanted: OrdersWanted) -> list[AnsweredOrder]:
    """Newest first."""
    found = [each.order for each in told if _is_wanted(each.order, wanted)]
    return sorted(found, key=lambda o: (-o.at.timestamp(), o.client_order_id))


def _is_wanted(order: AnsweredOrder, wanted: OrdersWanted) -> bool:
    exact = (
        (wanted.strategy, order.strategy),
        (wanted.asset, order.asset),
        (wanted.sender, order.sender),
    )
    return (
        wanted.since <= order.at <= wanted.until
        and wanted.verdict in (None, order.verdict)
        and all(not one or one == other for one, other in exact)
        and wanted.find.lower() in order.client_order_id.lower()
        and wanted.slices in (None, is_lease_id(order.client_order_id))
    )


def page_of(told: Sequence[Told], wanted: OrdersWanted) -> OrdersPage:
    found = matching(told, wanted)
    older = found[PAGE].at if len(found) > PAGE else None
    kept = found if older is None else [order for order in found[:PAGE] if order.at > older]
    return OrdersPage(tuple(kept), older)


def sums_of(told: Sequence[Told], wanted: OrdersWanted) -> list[AgentSums]:
    found = matching(told, wanted)
    counts = []
    for sender, strategy in sorted({(o.sender, o.strategy) for o in found}):
        of = [o for o in found if (o.sender, o.strategy) == (sender, strategy)]
        by = [sum(o.verdict is v for o in of) for v in Verdict]
        counts.append(AgentSums(sender, strategy, *by, max(o.at for o in of)))
    return counts


def times_of(told: Sequence[Told], wanted: OrdersWanted) -> DecisionTimes | None:
    micros = sorted(order.micros for order in matching(told, wanted))
    if not micros:
        return None
    last = len(micros) - 1
    return DecisionTimes(len(micros), micros[-(-last // 2)], micros[-(-99 * last // 100)])


def story_of(
    told: Sequence[Told],
    client_order_id: str,
    assessment: Assessment | None,
    marks: dict[str, Mark],
) -> OrderStory | None:
    for each in told:
        if each.order.client_order_id == client_order_id:
            decode_answer(each.order.answer)
            mark = marks.get(each.order.asset)
            return OrderStory(each.order, assessment, mark, each.fills, each.ended)
    return None
