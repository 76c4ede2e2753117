"""The gate as a machine: whatever happens in whatever order, no room leaks and none is spent twice.

Beside it runs a model of what agents were told, and a manager that is made anew for each order.
"""

from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
)

from risk.assess import assess
from risk.domain.decisions import OrderRequest
from risk.domain.messages import OrderBody
from risk.domain.orders import Order, Side
from risk.domain.policy import Policy
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.trading import TradingState
from risk.limits.base import Limit
from risk.limits.evaluation import surroundings
from risk.limits.types import BOOK_LIMITS, limit_of
from risk.limits.views import BookView
from risk.manager import RiskManager, crowding
from risk.manager.crowding import OpenOrders
from tests.books import BTC, ETH, SOL, book_of
from tests.engine.gates import KINDS, VENUE, GateWorld, body_of, failed
from tests.policies import HARD, WHOLE, definition, policy_of

ASSETS = (BTC, ETH, SOL)
#: Measures that only grow with what may be filled: of these the promise is exact.
EXACT = [k for k in KINDS if k in BOOK_LIMITS and BOOK_LIMITS[k].monotone]
STOPPERS = ("daily_loss", "drawdown")


def policy_at(tightness: float) -> Policy:
    """Every limit that can be measured, at a share of what it usually is."""
    book = [definition(kind, hard=HARD[kind] * tightness) for kind in KINDS if kind in BOOK_LIMITS]
    orders = [definition(kind, hard=1e9) for kind in KINDS if kind not in BOOK_LIMITS]
    return policy_of(*book, *orders)


class GateMachine(RuleBasedStateMachine):
    """Orders, fills, cancels, retries, cycles, restarts, silences, latches and new limits."""

    sent = Bundle("sent")
    let_through = Bundle("let_through")

    def __init__(self) -> None:
        super().__init__()
        holdings = {PositionKey("trend", BTC, VENUE): 3e5, PositionKey("dip", ETH, VENUE): -2e5}
        self.world = GateWorld(book_of(holdings), policy_at(0.6))
        self.said: dict[str, bytes] = {}
        self.reserved: dict[str, float] = {}
        self.positions = {
            key: position.quantity for key, position in self.world.gate.ledger.positions.items()
        }
        self.number = 0
        self.latched: set[str] = set()

    # --- agents ----------------------------------------------------------------------------

    @rule(
        target=let_through,
        strategy=st.sampled_from(("trend", "dip")),
        asset=st.sampled_from(ASSETS),
        thousands=st.one_of(st.integers(-50, 50).filter(bool), st.integers(-600, 600).filter(bool)),
    )
    def order(self, strategy: str, asset: str, thousands: int) -> Any:
        self.number += 1
        body = body_of(f"o{self.number}", asset, 1e3 * thousands, strategy=strategy)
        before = self._snapshot()
        silent = self.world.journal.fail_with is not None
        answer = self.world.ask(body)
        self.said[body.client_order_id] = self._said(body)
        if self.latched & {WHOLE.label, f"strategy:{strategy}"}:
            assert answer["verdict"] == "reject" or self._reduces(before, body)
        if not silent:
            self._as_if_made_anew(body, before, answer)
        if answer["verdict"] == "reject":
            assert answer["reservation"] is None
            return multiple()
        self.reserved[body.client_order_id] = answer["quantity"]
        if not self._reduces(before, body):
            assert not silent, "no new risk is let in unwritten"
            self._no_excess_is_made(before, body, answer["quantity"])
        return body

    def _said(self, body: OrderBody) -> bytes:
        future = self.world.gate.validate_order(body, sender="agent", may_emergency=False)
        return future.result(timeout=0)

    def _as_if_made_anew(self, body: OrderBody, before: Snapshot, answer: dict[str, Any]) -> None:
        """The law: a gate that followed its ledger answers as a manager that is made for it."""
        if failed(answer) == ["not_journalled"]:
            return
        state = replace(self.world.record.state, standings=self._standings())
        manager = RiskManager(state, before)
        expected = manager.validate_order(request_of(body))
        if "snapshot_stale" in failed(answer):
            return
        assert answer["verdict"] == expected.verdict.value
        assert abs(answer["quantity"] - expected.allowed) <= 1e-6 * body.quantity

    def _standings(self) -> Any:
        return self.world.gate._common.answering._standings

    def _snapshot(self) -> Snapshot:
        return self.world.gate.view().snapshot

    def _reduces(self, before: Snapshot, body: OrderBody) -> bool:
        """Whether anything of it reduces: closing a hedge may deepen what it hedged."""
        key = PositionKey(body.strategy, body.asset, VENUE)
        held = before.ledger.positions.get(key)
        return held is not None and held.quantity * body.side.sign < 0.0

    def _no_excess_is_made(self, before: Snapshot, body: OrderBody, quantity: float) -> None:
        order = Order(
            client_order_id="again",
            portfolio="demo",
            strategy=body.strategy,
            asset=body.asset,
            venue=VENUE,
            side=body.side,
            quantity=quantity,
        )
        was, now = self._values(before), self._values(before.after(order))
        for (limit, value), (_, earlier) in zip(now, was, strict=True):
            assert value <= max(limit.hard, earlier) * (1.0 + 1e-9) + 1e-9, limit.kind

    def _values(self, snapshot: Snapshot) -> list[tuple[Limit, float]]:
        policy = self.world.policy_in_force
        assessment = assess(snapshot)
        around = surroundings(
            policy, snapshot, equity=assessment.equity, performance=None, courses={}
        )
        book, found = BookView(assessment.committed, around), []
        for each in policy.limits:
            limit = limit_of(each)
            if isinstance(limit, Limit) and each.kind in EXACT and each.kind not in STOPPERS:
                value = limit.measure(book)
                assert value is not None
                found.append((limit, value))
        return found

    @rule(body=let_through)
    def retry(self, body: OrderBody) -> None:
        known = self.world.gate._common.orders.get(body.client_order_id)
        if known is None and self.world.journal.fail_with is not None:
            return  # of what was said before a restart only the database knows
        future = self.world.gate.validate_order(body, sender="agent", may_emergency=False)
        if not future.done():
            self.world.write()
        assert future.result(timeout=0) == self.said[body.client_order_id]

    @rule(body=let_through, part=st.sampled_from((0.25, 1.0)), number=st.integers(0, 9**6))
    def fill(self, body: OrderBody, part: float, number: int) -> None:
        name = body.client_order_id
        if name not in self.reserved:
            return
        self.number += 1
        quantity = part * self.reserved[name]
        price = self.world.prices[body.asset]
        self.world.fill(name, quantity, f"f{self.number}", price=price)
        key = PositionKey(body.strategy, body.asset, VENUE)
        self.positions[key] = self.positions.get(key, 0.0) + body.side.sign * quantity
        left = self.reserved[name] - quantity
        if left <= 1e-9 * quantity:
            del self.reserved[name]
        else:
            self.reserved[name] = left

    @rule(body=consumes(let_through))
    def cancel(self, body: OrderBody) -> None:
        self.world.cancel(body.client_order_id)
        self.reserved.pop(body.client_order_id, None)

    # --- the world -------------------------------------------------------------------------

    @rule(moved=st.sampled_from((0.97, 1.0, 1.02)), seconds=st.sampled_from((1.0, 40.0)))
    @precondition(lambda self: self.world.journal.fail_with is None)
    def cycle(self, moved: float, seconds: float) -> None:
        self.world.clock.advance(seconds)
        self.world.prices = {asset: moved * p for asset, p in self.world.prices.items()}
        self.world.cycle()

    @rule(tightness=st.sampled_from((0.2, 0.6, 1.0)))
    @precondition(lambda self: self.world.journal.fail_with is None)
    def new_limits(self, tightness: float) -> None:
        self.world.policy = policy_at(tightness)
        self.world.cycle()

    @rule()
    def serve_again(self) -> None:
        """A cycle that was measured before all that came since."""
        self.world.gate.serve(self.world.record)

    @rule()
    @precondition(lambda self: self.number % 2 and self.world.journal.fail_with is None)
    def restart(self) -> None:
        self.world.write()
        self.world.restart()

    @rule(written=st.booleans())
    @precondition(lambda self: self.number % 4 == 3)
    def silence(self, written: bool) -> None:
        self.world.silence(written=written)

    @rule()
    @precondition(lambda self: self.world.journal.fail_with is not None)
    def speak(self) -> None:
        self.world.speak()
        assert self.world.write()

    @rule(
        scope=st.sampled_from((WHOLE, Scope(ScopeKind.STRATEGY, "dip"))),
        state=st.sampled_from((TradingState.REDUCE_ONLY, TradingState.HALTED)),
    )
    @precondition(lambda self: self.number % 5 == 4 and not self.latched)
    def latch(self, scope: Scope, state: TradingState) -> None:
        self.world.gate.latch(scope, state, who="ana", reason="a drill")
        self.world.write()
        # With the position and not against it, where it would be a proven reduction.
        value = 10.0 if self.positions.get(PositionKey("dip", SOL, VENUE), 0.0) >= 0.0 else -10.0
        answer = self.world.ask(body_of(f"probe{self.number}", SOL, value, strategy="dip"))
        assert {"halted", "reductions_only"} & set(failed(answer))
        self.latched.add(scope.label)
        self.number += 1

    @rule()
    @precondition(lambda self: self.latched and self.world.journal.fail_with is None)
    def resume(self) -> None:
        self.world.resume_all()
        self.latched.clear()

    # --- what always holds -----------------------------------------------------------------

    @invariant()
    def no_room_leaks_and_none_is_missing(self) -> None:
        open_now = self.world.gate.ledger.reservations
        assert open_now.keys() == self.reserved.keys()
        for name, reservation in open_now.items():
            left = abs(reservation.open_quantity)
            assert abs(left - self.reserved[name]) <= 1e-9 * reservation.order.quantity

    @invariant()
    def positions_are_what_was_filled(self) -> None:
        held = self.world.gate.ledger.positions
        for key, quantity in self.positions.items():
            position = held.get(key)
            found = 0.0 if position is None else position.quantity
            assert abs(found - quantity) <= 1e-6 * max(1.0, abs(quantity))

    @invariant()
    def what_was_said_stands_in_the_journal_once_it_is_written(self) -> None:
        if self.world.journal.fail_with is not None or self.world.backlog:
            return
        for name, said in self.said.items():
            assert self.world.journal.orders[name].answer.encode() == said


def request_of(body: OrderBody) -> OrderRequest:
    return OrderRequest(
        client_order_id=body.client_order_id,
        portfolio=body.portfolio,
        strategy=body.strategy,
        asset=body.asset,
        venue=VENUE,
        side=Side(body.side),
        quantity=body.quantity,
    )


class CrowdedGateMachine(GateMachine):
    """The same where a strategy may have but a few orders open."""

    MOST = 2

    def __init__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(crowding, "MOST_OPEN", self.MOST)
        super().__init__()

    def teardown(self) -> None:
        self.patch.undo()

    def _no_excess_is_made(self, before: Snapshot, body: OrderBody, quantity: float) -> None:
        """Called for each order that was let through and takes new risk."""
        super()._no_excess_is_made(before, body, quantity)
        open_before = OpenOrders.of(before).of_strategy(body.strategy)
        assert open_before < self.MOST, "no new risk beside as many as may be open"


TestGate = GateMachine.TestCase
TestGate.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestCrowdedGate = CrowdedGateMachine.TestCase
TestCrowdedGate.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
