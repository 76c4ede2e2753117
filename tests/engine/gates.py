"""A gate over a small book that a test steers: its market moves, its journal fails."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from risk.domain.actions import BreakerWord, OverrideBreaker, ReleaseBreaker
from risk.domain.latches import apply_latches
from risk.domain.leases import alike_of, orders_of
from risk.domain.ledger import Ledger
from risk.domain.messages import (
    FillBody,
    LeaseAnswer,
    LeaseBody,
    LeasedOrder,
    OrderAnswer,
    OrderBody,
)
from risk.domain.orders import Side
from risk.domain.policy import Policy
from risk.domain.ports import AccountReading, Carried, CycleRecord
from risk.domain.scopes import ScopeKind
from risk.domain.snapshot import ShockMatrix, Snapshot
from risk.domain.state import RiskState
from risk.engine.gate import Gate
from risk.errors import StoreUnavailable
from risk.limits.types import LIMIT_TYPES
from risk.manager import step
from tests.books import ASSETS, BTC, NOW, PRICES, book_of, marks_of, snapshot_of
from tests.engine.worlds import gate_over
from tests.fakes import FakeClock
from tests.fakes_journal import FakeGateJournal
from tests.policies import HARD, WHOLE, definition, policy_of

VENUE = "sim-a"
#: What each asset does in three bad days, in the order of `ASSETS`.
SHOCKS = ShockMatrix(
    ("crash", "squeeze", "drift"),
    ASSETS,
    np.array([[-0.4, -0.5, -0.6, -0.5, -0.5], [0.2, 0.3, 0.5, 0.2, 0.1], [-0.1, 0.1, -0.2, 0, 0]]),
)
#: Kinds of limits that this book, which knows no volumes, can measure.
KINDS = [kind for kind in HARD if kind not in ("days_to_flat", "order_volume_share")]


def measurable() -> Policy:
    """A policy with a limit of each of these kinds on the whole book."""
    return policy_of(*(definition(kind) for kind in KINDS if WHOLE.kind in scopes_of_kind(kind)))


def scopes_of_kind(kind: str) -> tuple[ScopeKind, ...]:
    return LIMIT_TYPES[kind].scopes


def body_of(
    name: str = "o1", asset: str = BTC, value: float = 1_000.0, **changes: Any
) -> OrderBody:
    """An order over a value at `PRICES`; a sale is negative."""
    body = OrderBody(
        client_order_id=name,
        portfolio="demo",
        strategy=changes.pop("strategy", "trend"),
        asset=asset,
        side=Side.BUY if value > 0.0 else Side.SELL,
        quantity=abs(value) / PRICES[asset],
        venue=VENUE,
    )
    return msgspec.structs.replace(body, **changes)


def slice_of(name: str | None = "lease:1", value: float = 1_000.0, **changes: Any) -> LeaseBody:
    """Asks for a slice over a value of bitcoin; settles one with `settles` and `spent`."""
    spent: dict[str, float] = changes.pop("spent", {})
    wanted = {"asset": BTC, "side": Side.BUY if value > 0.0 else Side.SELL, "venue": VENUE}
    wanted["quantity"] = abs(value) / PRICES[changes.get("asset", BTC)]
    body = LeaseBody(
        portfolio="demo",
        strategy="trend",
        lease_id=name,
        orders=[LeasedOrder(client_order_id=n, quantity=q) for n, q in spent.items()],
        **({} if name is None else wanted),
    )
    return msgspec.structs.replace(body, **changes)


class GateWorld:
    """A gate, what is around it, and what was said.

    Attributes
    ----------
    gate : Gate
    record : CycleRecord
        The last one that was saved.
    journal : FakeGateJournal, or a real one
    """

    def __init__(
        self,
        ledger: Ledger | None = None,
        policy: Policy | None = None,
        *,
        journal: Any = None,
        token: int = 1,
        clock: FakeClock | None = None,
        patience: float = 1.0,
    ) -> None:
        self.clock = FakeClock(NOW) if clock is None else clock
        self.patience = patience
        self.journal = FakeGateJournal() if journal is None else journal
        self.token = token
        self.prices = dict(PRICES)
        self.policy = measurable() if policy is None else policy
        self.said: list[BreakerWord] = []
        first = book_of({}) if ledger is None else ledger
        state = RiskState(portfolio="demo", policy=self.policy)
        self.record = self._record(state, self._snapshot(first, 1), 1)
        self.gate = self._started(first)

    # --- what happens around it ------------------------------------------------------------

    def cycle(self) -> None:
        """One cycle over the live ledger at the prices of now."""
        self.record = self.measured()
        self.gate.serve(self.record)

    def say(self, *words: BreakerWord) -> None:
        """What people ask of breakers, which the gate hears before the next cycle takes it in."""
        self.said += words
        self.gate.take_actions(words)

    @property
    def next_seq(self) -> int:
        """The number of the next action."""
        return max([len(self.journal.latches), *(word.seq for word in self.said)]) + 1

    def measured(self) -> CycleRecord:
        """What that cycle would find; nobody has saved or served it."""
        ledger, told = self.gate.take_in(AccountReading())
        later = [w for w in self.said if w.seq > self.record.state.action_seq]
        number = self.record.number + 1
        snapshot = replace(
            self._snapshot(ledger, number),
            fills=told.fills,
            flows=told.flows,
            conduct=self.gate.conduct,
            action_seq=self.next_seq - 1,
            releases=tuple(w for w in later if isinstance(w, ReleaseBreaker)),
            overrides=tuple(w for w in later if isinstance(w, OverrideBreaker)),
            latch_changes=apply_latches(
                self.record.state.latches,
                self.journal.latches[self.record.state.action_seq :],
                at=self.clock.now(),
            ).changes,
        )
        state = replace(self.record.state, policy=self.policy)
        return self._record(state, snapshot, number)

    def restart(self) -> None:
        """A new process over what is on disk; what was not written is gone."""
        ledger = self.record.snapshot.ledger
        later = [e for seq, e in self.journal.entries if seq > ledger.seq]
        for entry in later:
            ledger = ledger.after(entry)
        self.gate = self._started(ledger)
        self.gate.take_actions(self.journal.latches)

    def resume_all(self) -> None:
        """People let everything go again, and a cycle takes it in."""
        self.write()
        self.cycle()
        self.record = replace(self.record, state=replace(self.record.state, latches={}))
        self.cycle()

    @property
    def policy_in_force(self) -> Policy:
        """That of the last cycle."""
        policy = self.record.state.policy
        assert policy is not None
        return policy

    @property
    def backlog(self) -> int:
        """Lines that wait for the journal; what is put together stands in one."""
        return self.gate._common.scribe.backlog

    def write(self) -> bool:
        """Let the journal take what waits; False if it does not answer."""
        try:
            self.gate.take_in(AccountReading())
        except StoreUnavailable:
            return False
        return True

    def silence(self, *, written: bool = False) -> None:
        """The database does not answer; `written` if it does what it is asked all the same."""
        self.journal.fail_with = StoreUnavailable("away")
        self.journal.fails_after = written

    def speak(self) -> None:
        self.journal.fail_with = None

    # --- what is asked of it ---------------------------------------------------------------

    def ask(self, body: OrderBody, **changes: Any) -> dict[str, Any]:
        """The answer to an order, which is written first."""
        future = self.gate.validate_order(body, sender="agent", may_emergency=False, **changes)
        if not future.done():
            self.write()
        return answer_of(future.result(timeout=0))

    def fill(self, name: str, quantity: float, fill_id: str, **changes: Any) -> Any:
        known = self.gate.ledger.reservations.get(name)
        price = self.prices.get(known.order.asset, PRICES[BTC]) if known else PRICES[BTC]
        body = FillBody(fill_id=fill_id, quantity=quantity, price=price)
        body = msgspec.structs.replace(body, **changes)
        future = self.gate.record_fill(name, body, sender="agent")
        if not future.done():
            self.write()
        return future.result(timeout=0)

    def cancel(self, name: str) -> Any:
        future = self.gate.cancel(name, sender="agent")
        if not future.done():
            self.write()
        return future.result(timeout=0)

    def lend(self, body: LeaseBody) -> LeaseAnswer:
        """The answer to who asks for a slice of room, or settles one; written first."""
        lent = self.gate.lend(body, sender="agent")
        if not all(each is None or each.done() for each in lent):
            self.write()
        answer = None if lent.answer is None else lent.answer.result(timeout=0)
        said = None if answer is None else msgspec.json.decode(answer, type=OrderAnswer)
        return LeaseAnswer(
            lease=said,
            orders=0 if said is None else orders_of(said.reasons),
            alike=0 if said is None else alike_of(said.reasons),
            lot=0.0,
            least=0.0,
            settled=None if lent.settled is None else lent.settled.result(timeout=0),
        )

    # --- making of it ----------------------------------------------------------------------

    def _started(self, ledger: Ledger) -> Gate:
        carried = Carried(
            state=self.record.state, ledger=ledger, models=self.record.snapshot.models
        )
        gate = gate_over(
            carried, self.journal, self.clock, token=self.token, patience=self.patience
        )
        gate.serve(self.record)
        return gate

    def _snapshot(self, ledger: Ledger, number: int) -> Snapshot:
        at = self.clock.now()
        marks = marks_of(self.prices, at=at)
        return snapshot_of(ledger, id=str(number), at=at, marks=marks, shocks=SHOCKS)

    def _record(self, state: RiskState, snapshot: Snapshot, number: int) -> CycleRecord:
        stepped, events, assessment, episodes = step(state, snapshot)
        return CycleRecord(
            number=number,
            snapshot=snapshot,
            assessment=assessment,
            state=replace(stepped, cycle=number),
            events=events,
            closes=(),
            duration_ms=1.0,
            wall=snapshot.at,
            episodes=episodes,
        )


def answer_of(said: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(said)
    return answer


def failed(answer: dict[str, Any]) -> list[str]:
    """Codes of the checks that failed."""
    return [each["code"] for each in answer["reasons"] if each["outcome"] == "failed"]
