"""A manager that followed the ledger answers as one that is made anew over the same book."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.domain.decisions import Decision, Outcome, Reason, ReasonCode
from risk.domain.events import Verdict
from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.market import Trust
from risk.domain.orders import Order, ReservationStatus
from risk.domain.policy import Instrument, Policy
from risk.domain.scopes import Scope
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState, Standing
from risk.domain.trading import TradingState
from risk.limits.sent import SentOrder, SentOrders
from risk.manager import RiskManager, step
from tests.books import (
    ASSETS,
    BTC,
    ETH,
    NOW,
    PRICES,
    SOL,
    book_of,
    marks_of,
    order_of,
    orders,
    snapshot_of,
    snapshots,
)
from tests.manager.asking import SCOPES, book_kinds, policies, request_of
from tests.policies import definition, policy_of

KINDS = [*book_kinds(), "days_to_flat"]
STABLE = (
    definition("stablecoin_exposure", name="promises", hard=0.3, parameters={"assets": (ETH, SOL)}),
    definition("stablecoin_exposure", name="coins", hard=0.1, parameters={"counts_cash": "no"}),
)
STALE = Reason(ReasonCode.SNAPSHOT_STALE, Outcome.FAILED, "snapshot")


class Course:
    """One manager that follows, and the book that it should answer about."""

    def __init__(self, state: RiskState, snapshot: Snapshot) -> None:
        self.state = state
        self.snapshot = snapshot
        self.sent: dict[str, SentOrders] = {}
        self.barred: tuple[Reason, ...] = ()
        self.manager = RiskManager(state, snapshot, sent=self.sent)

    def hear(self, ledger: Ledger) -> None:
        self.snapshot = replace(self.snapshot, ledger=ledger)
        self.manager = self.manager.following(ledger)

    def turn(self, standings: dict[Scope, Standing], barred: tuple[Reason, ...]) -> None:
        self.state = replace(self.state, standings=standings)
        self.barred = barred
        self.manager = self.manager.under(standings, barred)

    @property
    def anew(self) -> RiskManager:
        return RiskManager(self.state, self.snapshot, sent=self.sent, barred=self.barred)


def happen(draw: st.DrawFn, course: Course, number: int) -> None:
    """One thing that happens between two questions."""
    ledger = course.snapshot.ledger
    known = sorted(ledger.reservations)
    kind = draw(_HAPPENINGS)
    if kind == "turn":
        scope, state = draw(st.sampled_from(SCOPES)), draw(st.sampled_from(TradingState))
        standings = {**course.state.standings, scope: Standing(state, NOW, "told")}
        course.turn(standings, draw(st.sampled_from(((), (STALE,)))))
    elif kind == "flow":
        amount = draw(st.sampled_from((1e4, -2e4, 5e5)))
        course.hear(ledger.after_flow(Flow(id=f"flow-{number}", amount=amount, at=NOW)))
    elif kind == "stranger":
        course.hear(ledger.after_fill(fill_of(draw(orders()), 1.0, number, named=False)))
    elif kind == "place" or not known:
        order = draw(orders(name=f"later-{number}"))
        course.hear(course.snapshot.after(order).ledger)
        sent = SentOrder(NOW, order.asset, order.side, order.quantity)
        course.sent.setdefault(order.strategy, SentOrders()).add(sent)
    else:
        reserved = ledger.reservations[draw(st.sampled_from(known))]
        if kind == "void":
            status = draw(st.sampled_from((ReservationStatus.VOIDED, ReservationStatus.SETTLED)))
            course.hear(ledger.after_reservation(replace(reserved, status=status)))
        else:
            part = draw(st.sampled_from((0.3, 1.0, 1.4)))
            course.hear(ledger.after_fill(fill_of(reserved.order, part, number)))


_HAPPENINGS = st.sampled_from(
    ("place", "place", "place", "fill", "fill", "void", "void", "turn", "flow", "stranger")
)


def fill_of(order: Order, part: float, number: int, *, named: bool = True) -> Fill:
    return Fill(
        id=f"fill-{number}",
        strategy=order.strategy,
        asset=order.asset,
        venue=order.venue,
        side=order.side,
        quantity=part * order.quantity,
        price=PRICES[order.asset] * 1.001,
        fee=1.5,
        at=NOW,
        client_order_id=order.client_order_id if named else None,
    )


def told(decision: Decision) -> list[Reason]:
    return [each for part in decision.evidence for each in parts_of(part)]


def parts_of(part: Any) -> Iterator[Reason]:
    return iter((part,)) if isinstance(part, Reason) else iter(part.reasons())


def assert_same_answer(one: Decision, other: Decision) -> None:
    # Of a book in excess by itself, rounding lets a billionth of an order pass, or not.
    dust = 1e-6 * one.requested
    assert one.allowed == pytest.approx(other.allowed, rel=1e-6, abs=dust)
    if one.verdict != other.verdict:
        assert max(one.allowed, other.allowed) <= dust
        return
    assert one.trading_state == other.trading_state
    mine, theirs = told(one), told(other)
    names = [[(r.code, r.outcome, r.subject, r.scope) for r in each] for each in (mine, theirs)]
    assert names[0] == names[1]
    for this, that in zip(mine, theirs, strict=True):
        for a, b in ((this.value, that.value), (this.threshold, that.threshold)):
            same = b if b is None else pytest.approx(b, rel=1e-6, abs=1e-5)
            assert a == same, this.code


@st.composite
def worlds(draw: st.DrawFn) -> Course:
    whole = draw(st.booleans())
    snapshot = draw(snapshots(whole=whole))
    volume = draw(st.sampled_from((None, 4e6)))
    marks = {name: replace(mark, volume=volume) for name, mark in snapshot.marks.items()}
    snapshot = replace(snapshot, marks=marks)
    policy: Policy = draw(policies(KINDS))
    if draw(st.booleans()):
        policy = replace(policy, limits=(*policy.limits, *STABLE))
    if draw(st.booleans()):
        instruments = dict.fromkeys(ASSETS, Instrument(lot=0.01))
        policy = replace(policy, instruments=instruments)
    state = step(RiskState(portfolio="demo", policy=policy), snapshot).state
    return Course(state, snapshot)


@settings(max_examples=40)
@given(worlds(), st.data())
def test_it_answers_as_one_made_anew(course: Course, data: st.DataObject) -> None:
    for number in range(data.draw(_HOW_MANY)):
        happen(data.draw, course, number)
        reserved = course.snapshot.ledger.reservations.values()
        asked = [data.draw(orders()), *[each.order for each in reserved][:1]]
        for order in asked:
            request = request_of(order)
            assert_same_answer(
                course.manager.validate_order(request), course.anew.validate_order(request)
            )


_HOW_MANY = st.integers(1, 8)


def test_what_may_be_filled_of_what_nobody_can_value_stops_new_risk() -> None:
    marks = marks_of(trusts={SOL: Trust.MISSING})
    snapshot = snapshot_of(book_of({}), marks=marks)
    state = step(RiskState(portfolio="demo", policy=policy_of()), snapshot).state
    course = Course(state, snapshot)
    request = request_of(order_of(BTC, 1e3))
    assert course.manager.validate_order(request).verdict is Verdict.APPROVE

    course.hear(snapshot.after(order_of(SOL, 1e3, name="later")).ledger)

    assert course.manager.validate_order(request).verdict is Verdict.REJECT


def test_names_that_somebody_makes_up_are_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """While no cycle comes, nothing is forgotten otherwise."""
    for room in ("risk.limits.guard", "risk.manager.places"):
        monkeypatch.setattr(f"{room}._REMEMBERED", 10)
    snapshot = snapshot_of(book_of({}))
    manager = RiskManager(
        step(RiskState(portfolio="demo", policy=policy_of()), snapshot).state, snapshot
    )
    request = request_of(order_of(BTC, 1e3))
    for number in range(30):
        manager.validate_order(replace(request, asset=f"MADE{number}/UP"))

    guard, places = manager._guard, manager._places
    assert guard is not None
    assert (len(guard._enclosing), len(guard._met), len(places._found)) == (10, 10, 10)
    assert manager.validate_order(request).verdict is Verdict.APPROVE
