"""A gate that keeps orders in memory and decides by one simple rule, and what else a desk needs."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import msgspec

from risk.api.desk import Desk
from risk.auth.keys import KeyRing, new_key
from risk.domain.events import Verdict
from risk.domain.gate import Gate, GateView, Lent, Said
from risk.domain.keys import ApiKey, KeyAbility
from risk.domain.latches import Latch
from risk.domain.leases import asked_of, listed_of
from risk.domain.messages import (
    CommandAnswer,
    FillBody,
    LeaseBody,
    LeasedOrder,
    OrderAnswer,
    OrderBody,
    OrderStanding,
    ReasonMessage,
    ReservationMessage,
    SettledLease,
    SettledOrder,
    SignalAnswer,
    SignalBody,
)
from risk.domain.orders import Order, Reservation, ReservationStatus
from risk.domain.reductions import Reduction
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.errors import (
    FillRefused,
    GateClosed,
    LeaseSettled,
    LeaseUnknown,
    OrderUnknown,
    ReductionUnknown,
    StoreUnavailable,
)
from risk.manager.latching import refuse_unknown_scope
from risk.storage.telling import JournalEntry, LabelledHistory, LastValue
from tests.builders import NOON, PORTFOLIO, VENUE, build_assessment, build_snapshot, build_state

LIFE = timedelta(seconds=30)
#: Units that one order may have; what is larger is cut down to it.
LARGEST = 100.0
_encode = msgspec.json.Encoder().encode


def make_latch(scope: Scope, state: TradingState, who: str, reason: str) -> Latch:
    """A scope that somebody holds."""
    return Latch(scope=scope, state=state, who=who, reason=reason, since=NOON, action=0)


@dataclass
class FakeGate:
    """Keeps orders in memory.

    It approves what is at most ``LARGEST`` of a known asset, and cuts down what is more. With
    `slow` set, answers wait until `write` is called, as if for a disk; one that `forgets` must look
    each order up.
    """

    portfolio: str = PORTFOLIO
    slow: bool = False
    forgets: bool = False
    journalling: bool = True
    fresh: bool = True
    state: RiskState = field(default_factory=build_state)
    latches: dict[Scope, Latch] = field(default_factory=dict)
    senders: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    latch_ids: list[str | None] = field(default_factory=list)
    begun: bool = True
    asked: int = 0
    _answers: dict[str, tuple[OrderBody, bytes]] = field(default_factory=dict)
    _reservations: dict[str, Reservation] = field(default_factory=dict)
    _fills: dict[str, FillBody] = field(default_factory=dict)
    _settled: dict[str, list[LeasedOrder]] = field(default_factory=dict)
    _waiting: list[tuple[Future, object]] = field(default_factory=list)

    # --- orders

    def validate_order(self, body: OrderBody, *, sender: str, may_emergency: bool) -> Future[bytes]:
        self.asked += 1
        self.senders.append(sender)
        known = self._answers.get(body.client_order_id)
        if known is not None:
            said = known[1] if known[0] == body else _encode(self._no(body, "duplicate_order"))
            return self._soon(said)
        answer = self._decide(body, may_emergency)
        if answer.reservation is not None:
            self._reserve(body, answer)
        said = _encode(answer)
        self._answers[body.client_order_id] = body, said
        return self._soon(said)

    def _decide(self, body: OrderBody, may_emergency: bool) -> OrderAnswer:
        if body.portfolio != self.portfolio:
            return self._no(body, "portfolio_unknown")
        if not body.quantity > 0.0:
            return self._no(body, "quantity_not_positive")
        if (body.order_type == "limit") != (body.limit_price is not None):
            return self._no(body, "limit_price_unexpected")
        if body.limit_price is not None and not body.limit_price > 0.0:
            return self._no(body, "limit_price_not_valid")
        if body.asset not in _SNAPSHOT.marks:
            return self._no(body, "asset_unknown")
        halted = any(latch.state is TradingState.HALTED for latch in self.latches.values())
        if halted and not (body.emergency and may_emergency):
            return self._no(body, "halted")
        allowed = min(body.quantity, LARGEST)
        verdict = Verdict.APPROVE if allowed == body.quantity else Verdict.RESIZE
        return self._answer(body, verdict, allowed, [])

    def _no(self, body: OrderBody, code: str) -> OrderAnswer:
        return self._answer(
            body, Verdict.REJECT, 0.0, [ReasonMessage(code=code, outcome="failed", subject="order")]
        )

    def _answer(
        self, body: OrderBody, verdict: Verdict, quantity: float, reasons: list[ReasonMessage]
    ) -> OrderAnswer:
        room = ReservationMessage(id=f"r-{body.client_order_id}", expires_at=NOON + LIFE)
        return OrderAnswer(
            client_order_id=body.client_order_id,
            verdict=verdict,
            quantity=quantity,
            reasons=reasons,
            reservation=room if quantity > 0.0 else None,
            trading_state="NORMAL",
            snapshot_id="demo-1",
            limits_version=1,
            ledger_seq=1,
            action_seq=0,
            decided_at=NOON,
            expires_at=NOON + LIFE,
            journalled=self.journalling,
        )

    def _reserve(self, body: OrderBody, answer: OrderAnswer) -> None:
        order = Order(
            client_order_id=body.client_order_id,
            portfolio=body.portfolio,
            strategy=body.strategy,
            asset=body.asset,
            venue=body.venue or VENUE,
            side=body.side,
            quantity=answer.quantity,
            order_type=body.order_type,
            limit_price=body.limit_price,
        )
        self._reservations[body.client_order_id] = Reservation(
            id=f"r-{body.client_order_id}", order=order, placed_at=NOON, expires_at=NOON + LIFE
        )

    def lend(self, body: LeaseBody, *, sender: str) -> Lent:
        wanted, listed = asked_of(body), listed_of(body)
        settled = None if body.settles is None else self._settle(body.settles, body, listed)
        if wanted is None:
            return Lent(None, settled)
        told = [
            ReasonMessage(code=code, outcome="passed", subject="orders", threshold=body.at_most)
            for code in ("lease_orders", "lease_alike")
        ]
        answer = self._decide(wanted, may_emergency=False)
        if answer.reservation is not None:
            self._reserve(wanted, answer)
            answer = msgspec.structs.replace(answer, reasons=told)
        return Lent(self._soon(_encode(answer)), settled)

    def _settle(
        self, lease_id: str, body: LeaseBody, listed: list[LeasedOrder]
    ) -> Future[SettledLease]:
        held = self._reservations.get(lease_id)
        if held is None or held.order.strategy != body.strategy:
            raise LeaseUnknown(lease_id)
        if self._settled.setdefault(lease_id, listed) != listed:
            raise LeaseSettled(lease_id)
        self._reservations[lease_id] = replace(held, status=ReservationStatus.SETTLED)
        granted, spent = held.order.quantity, sum(each.quantity for each in listed)
        told = [
            SettledOrder(client_order_id=each.client_order_id, accepted=True) for each in listed
        ]
        return self._soon(
            SettledLease(
                lease_id=lease_id,
                granted=granted,
                spent=spent,
                unspent=max(0.0, granted - spent),
                overspent=max(0.0, spent - granted),
                orders=told,
                journalled=self.journalling,
            )
        )

    def validate_signal(self, body: SignalBody) -> SignalAnswer:
        return SignalAnswer(
            verdict=Verdict.APPROVE,
            quantity=body.quantity or 1.0,
            reasons=[],
            trading_state="NORMAL",
            snapshot_id="demo-1",
            limits_version=1,
            decided_at=NOON,
            expires_at=NOON + LIFE,
        )

    def record_fill(
        self, client_order_id: str, body: FillBody, *, sender: str
    ) -> Future[OrderStanding]:
        held = self._held(client_order_id)
        self.senders.append(sender)
        before = self._fills.get(body.fill_id)
        if before is not None:
            if before != body:
                raise FillRefused("another trade has that id", conflict=True)
            return self._soon(self.standing(client_order_id))
        if held.filled + body.quantity > held.order.quantity * (1.0 + 1e-9):
            raise FillRefused("more was filled than was let through")
        self._fills[body.fill_id] = body
        filled = held.filled + body.quantity
        whole = filled >= held.order.quantity
        status = ReservationStatus.FILLED if whole else ReservationStatus.PARTLY_FILLED
        self._reservations[client_order_id] = replace(held, filled=filled, status=status)
        return self._soon(self.standing(client_order_id))

    def cancel(self, client_order_id: str, *, sender: str) -> Future[OrderStanding]:
        held = self._held(client_order_id)
        self.senders.append(sender)
        if held.status.holds_room:
            held = replace(held, status=ReservationStatus.VOIDED)
            self._reservations[client_order_id] = held
        return self._soon(self.standing(client_order_id))

    def standing(self, client_order_id: str) -> OrderStanding:
        held = self._held(client_order_id)
        return OrderStanding(
            client_order_id=client_order_id,
            status=held.status,
            reserved=held.order.quantity,
            filled=held.filled,
            journalled=self.journalling,
        )

    def answer_to(self, client_order_id: str) -> Said | None:
        if client_order_id not in self._answers:
            return None
        body, said = self._answers[client_order_id]
        return Said(body.strategy, self._soon(said))

    def knows(self, client_order_id: str) -> bool:
        return client_order_id in self._reservations and not self.forgets

    def strategy_of(self, client_order_id: str) -> str | None:
        held = self._reservations.get(client_order_id)
        return None if held is None else held.order.strategy

    def _held(self, client_order_id: str) -> Reservation:
        if client_order_id not in self._reservations:
            raise OrderUnknown(client_order_id)
        return self._reservations[client_order_id]

    # --- people and rules

    def latch(
        self,
        scope: Scope,
        state: TradingState,
        *,
        who: str,
        reason: str,
        latch_id: str | None = None,
    ) -> Future[CommandAnswer]:
        refuse_unknown_scope(scope, self.state)
        self.latch_ids.append(latch_id)
        before = self.latches.get(scope)
        if before is None or before.state < state:
            self.latches[scope] = make_latch(scope, state, who, reason)
        held = self.latches[scope].state
        return self._soon(
            CommandAnswer(
                scope=f"{scope.kind}:{scope.name}",
                trading_state=held.name,
                journalled=self.journalling,
            )
        )

    def acknowledge(self, reduction_id: str, *, sender: str) -> Future[Reduction]:
        found = [each for each in self.view().state.open_reductions if each.id == reduction_id]
        if not found:
            raise ReductionUnknown(reduction_id)
        self.acknowledged.append(sender)
        return self._soon(found[0])

    def view(self) -> GateView:
        if not self.begun:
            raise GateClosed("no cycle is complete yet")
        snapshot = _SNAPSHOT
        open_ones = {
            order_id: held
            for order_id, held in self._reservations.items()
            if held.status.holds_room
        }
        live = replace(snapshot, ledger=replace(snapshot.ledger, reservations=open_ones))
        return GateView(
            state=self.state,
            snapshot=live,
            assessment=_ASSESSMENT,
            latches=dict(self.latches),
            journalling=self.journalling,
            journal_problem="" if self.journalling else "the disk is full",
            snapshot_age=0.25,
            fresh=self.fresh,
            open_reservations=open_ones,
        )

    # --- the disk

    def _soon(self, result: object) -> Future:
        future: Future = Future()
        if self.slow:
            self._waiting.append((future, result))
        else:
            future.set_result(result)
        return future

    @property
    def waiting(self) -> int:
        """Answers that wait for the disk."""
        return len(self._waiting)

    def write(self) -> None:
        """Let the disk take all that waits for it."""
        waiting, self._waiting = self._waiting, []
        for future, result in waiting:
            future.set_result(result)


_SNAPSHOT = build_snapshot(positions=2)
_ASSESSMENT = build_assessment(_SNAPSHOT)


@dataclass
class FakeTelling:
    """A journal and numbers in memory; `away` makes the database silent."""

    entries: list[JournalEntry] = field(default_factory=list)
    values: list[LastValue] = field(default_factory=list)
    histories: Mapping[str, Sequence[LabelledHistory]] = field(default_factory=dict)
    away: bool = False
    asked: int = 0

    def add(self, kind: str, /, **body: object) -> JournalEntry:
        envelope = msgspec.json.encode({"kind": kind, "version": 1, "body": body}).decode()
        entry = JournalEntry(len(self.entries) + 1, kind, envelope)
        self.entries.append(entry)
        return entry

    def newest_entry(self, portfolio: str) -> int:
        self._ask()
        return len(self.entries)

    def entries_after(self, portfolio: str, seq: int, *, limit: int) -> list[JournalEntry]:
        self._ask()
        return self.entries[seq : seq + limit]

    def last_entries(self, portfolio: str, *, limit: int) -> list[JournalEntry]:
        self._ask()
        return self.entries[-limit:]

    def last_values(self, portfolio: str) -> list[LastValue]:
        self._ask()
        return self.values

    def metric_histories(
        self, portfolio: str, metric: str, *, since: datetime, until: datetime, max_points: int
    ) -> Sequence[LabelledHistory]:
        self._ask()
        return self.histories.get(metric, ())

    def _ask(self) -> None:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("the database did not answer")


ALL = frozenset(KeyAbility)


def make_key(
    *,
    name: str = "agent",
    portfolios: Sequence[str] = (PORTFOLIO,),
    strategies: Sequence[str] | None = None,
    abilities: frozenset[KeyAbility] = ALL,
) -> tuple[ApiKey, str]:
    """A key that is in force, and its secret."""
    made = new_key()
    key = ApiKey(
        id=made.id,
        name=name,
        hash=made.hash,
        portfolios=frozenset(portfolios),
        strategies=None if strategies is None else frozenset(strategies),
        abilities=abilities,
        created=datetime(2024, 1, 1, tzinfo=UTC),
    )
    return key, made.secret


def make_desk(
    gate: Callable[[], Gate | None], reader: FakeTelling, ring: KeyRing, **changes: object
) -> Desk:
    """A desk at which one may ask as often as one likes."""
    usual: dict = {
        "portfolio": PORTFOLIO,
        "gate": gate,
        "keys": ring,
        "reader": reader,
        "wall": lambda: NOON,
        "monotonic": lambda: 0.0,
        "orders_per_second": 1e9,
        "reads_per_second": 1e9,
    }
    return Desk(**(usual | changes))


WHOLE = Scope(ScopeKind.PORTFOLIO, PORTFOLIO)
