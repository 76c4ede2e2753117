"""Overrides and halts while notifications hang, metrics fail, or nothing can be written at all."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from risk.alerts.notices import notices_of
from risk.breakers.board import board
from risk.domain.actions import LatchTrading
from risk.domain.actors import Actor, Role, Via
from risk.domain.breakers import Phase
from risk.domain.changing import Braking
from risk.domain.messages import CommandAnswer
from risk.domain.notices import Notice
from risk.domain.overrides import OverrideKind, OverrideWish
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState
from risk.engine.actions import Actions
from risk.engine.couriers import Couriers
from risk.errors import BrakedInstead, StoreUnavailable
from risk.storage import metrics
from risk.storage.actions import SqlActions
from risk.storage.changes import SqlChanges
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.outbox import SqlOutbox
from risk.storage.portfolios import add_portfolio
from risk.storage.store import SqlStore
from tests.books import BTC, NOW, book_of
from tests.engine.gates import VENUE, GateWorld, body_of
from tests.engine.test_trips import HELD, breaking, crash
from tests.fakes_outbox import FakeChannel
from tests.policies import WHOLE
from tests.postgres import PostgresServer
from tests.storage.persons import hired
from tests.storage.rows import lease_token, read, write
from tests.storage.test_gate_faults import DATABASE_PATIENCE, full, locked

PORTFOLIO = "demo"
NAME = "daily loss"
TRIP, HOLD, EXTEND, STEP_DOWN, DISABLE, END = OverrideKind


class Journal(SqlGateJournal):
    """Of a world whose cycles take in no latches: those that it makes hold in its gate."""

    latches: ClassVar[list[LatchTrading]] = []


class GateBrake:
    """The line to the authority, without the line."""

    def __init__(self, world: GateWorld) -> None:
        self._world = world

    def breaker(self, _portfolio: str, name: str) -> Braking:
        state = self._world.gate.view().state
        known = {each.definition.name: each for each in board(state.breakers, state.policy)}
        return Braking(known[name].definition.scope, known[name].definition.state)

    def latch(
        self,
        _portfolio: str,
        scope: Scope,
        state: TradingState,
        *,
        reason: str,
        who: str,
        latch_id: str,
    ) -> CommandAnswer:
        held = self._world.gate.latch(scope, state, who=who, reason=reason, latch_id=latch_id)
        if not held.done():
            self._world.write()
        return held.result(timeout=30.0)


class House:
    """A gate, the database under it, and officers before both."""

    def __init__(self, engines: Engines, state: TradingState = TradingState.REDUCE_ONLY) -> None:
        with transaction(engines.writer) as connection:
            add_portfolio(connection, PORTFOLIO, at=NOW)
        hired(engines, "ana")
        self.engines = engines
        self.token = lease_token(engines, PORTFOLIO)
        self.store = SqlStore(engines, channels=["mail"])
        self.world = GateWorld(
            book_of({PositionKey("trend", BTC, VENUE): HELD}),
            breaking(state),
            journal=Journal(engines, PORTFOLIO),
            token=self.token,
        )
        self.actions = Actions(
            SqlChanges(engines, wall=lambda: NOW), GateBrake(self.world), wall=lambda: NOW
        )
        self.asked = 0
        self.cycle()

    def cycle(self) -> None:
        """As the engine takes one: what is tightened holds first, and is saved then."""
        record = self.world.measured()
        record = replace(record, notices=notices_of(record.events))
        self.world.gate.tighten(record)
        self.store.save(record, token=self.token)
        self.world.record = record
        self.world.gate.serve(record)

    def hear(self) -> None:
        """As the engine listens, several times a second."""
        words = SqlActions(self.engines, PORTFOLIO).after(self.world.gate.action_seq)
        self.world.say(*words)  # type: ignore[arg-type]

    def wish(self, kind: OverrideKind, **told: Any) -> OverrideWish:
        state = self.world.record.state.breakers.states[NAME]
        on = state.override
        expires = None if kind is END else self.world.clock.now() + timedelta(hours=1)
        if kind in (HOLD, EXTEND):
            expires = self.world.clock.now() + timedelta(hours=100)
        wish = OverrideWish(
            NAME,
            kind,
            "looked at it",
            expires,
            "" if state.episode is None else state.episode.id,
            0 if on is None else on.action,
            0.5,
        )
        return wish._replace(**told)

    def override(self, kind: OverrideKind, **told: Any) -> int:
        officer = Actor(name="ana", role=Role.OFFICER, via=Via.WEB, proven_at=NOW)
        return self.actions.override_breaker(officer, PORTFOLIO, self.wish(kind, **told))

    def halt(self) -> CommandAnswer:
        officer = Actor(name="ana", role=Role.OFFICER, via=Via.WEB)
        return self.actions.halt(officer, PORTFOLIO, WHOLE, TradingState.HALTED, reason="a drill")

    @property
    def state(self) -> str:
        """The trading state that the next order is told."""
        self.asked += 1
        return str(self.world.ask(body_of(f"o{self.asked}"))["trading_state"])


# --- notifications hang, metrics fail ------------------------------------------------------


class HangingChannel(FakeChannel):
    """Says when somebody began to hang on it."""

    def __init__(self) -> None:
        super().__init__("mail")
        self.hangs = threading.Event()
        self.entered = threading.Event()

    def deliver(self, notice: Notice) -> None:
        self.entered.set()
        super().deliver(notice)


@pytest.fixture
def hanging() -> Iterator[HangingChannel]:
    channel = HangingChannel()
    yield channel
    channel.hangs.set()


def test_while_notifications_hang_overrides_and_halts_are_obeyed(
    engines: Engines, hanging: HangingChannel
):
    house = House(engines)
    outbox = SqlOutbox(engines, PORTFOLIO)
    couriers = Couriers([hanging], outbox, wall=lambda: NOW, token=house.token)
    couriers.start()
    try:
        crash(house.world)
        house.cycle()
        assert hanging.entered.wait(30.0), "somebody tells of the trip, and hangs"
        assert house.state == "REDUCE_ONLY"

        house.override(STEP_DOWN)
        house.hear()
        loosened = house.state
        house.cycle()
        house.override(END)
        house.hear()
        tightened = house.state
        house.cycle()

        assert (loosened, tightened) == ("THROTTLED", "REDUCE_ONLY")
        assert house.halt().trading_state == house.state == "HALTED"
        assert hanging.taken == [], "nobody has heard of any of it yet"
    finally:
        hanging.hangs.set()
        couriers.stop()


def test_while_metrics_cannot_be_written_overrides_and_halts_are_obeyed(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
):
    house = House(engines)

    def fault(*_told: object, **_named: object) -> None:
        raise StoreUnavailable("no room for numbers")

    with monkeypatch.context() as patch:
        patch.setattr(metrics, "insert_rows", fault)
        with pytest.raises(StoreUnavailable):
            house.cycle()

        house.override(TRIP)
        house.hear()
        assert house.state == "REDUCE_ONLY"
        with pytest.raises(StoreUnavailable):
            house.cycle()
        assert house.state == "REDUCE_ONLY"
        assert house.halt().trading_state == house.state == "HALTED"

    house.cycle()
    assert house.world.record.state.breakers.states[NAME].phase is Phase.TRIPPED
    assert house.world.record.state.breakers.states[NAME].override.by == "ana"


# --- nothing can be written ----------------------------------------------------------------

OVERRIDES = "SELECT count(*) FROM action WHERE kind = 'OverrideBreaker'"
Fault = tuple[str, Callable[[Engines], AbstractContextManager[None]]]


@pytest.fixture(
    params=[full, locked, pytest.param("frozen", marks=pytest.mark.postgres)],
    ids=["full", "locked", "frozen"],
)
def fault(request: pytest.FixtureRequest) -> Fault:
    """The address of a database, and what makes it fail for as long as the `with` runs."""
    if request.param == "frozen":
        server: PostgresServer = request.getfixturevalue("postgres")
        return request.getfixturevalue("postgres_url"), lambda _engines: server.frozen()
    return request.getfixturevalue("sqlite_url"), request.param


def test_without_a_journal_nothing_is_loosened_and_everything_can_be_tightened(fault: Fault):
    url, failing = fault
    engines = open_engines(url, patience=DATABASE_PATIENCE)
    house = House(engines)
    crash(house.world)
    house.cycle()
    house.override(HOLD)
    house.hear()
    house.cycle()
    assert house.state == "REDUCE_ONLY"
    written = read(engines, OVERRIDES)

    with failing(engines):
        if failing is full:
            fill_up(engines)
        for kind in (STEP_DOWN, DISABLE, END):
            with pytest.raises(StoreUnavailable) as refused:
                house.override(kind)
            assert not isinstance(refused.value, BrakedInstead)
        assert house.world.gate.view().latches == {}

        with pytest.raises(BrakedInstead, match="is REDUCE ONLY at once, until a person resumes"):
            house.override(EXTEND, expires=house.world.clock.now() + timedelta(hours=150))
        assert house.world.gate.view().latches[WHOLE].state is TradingState.REDUCE_ONLY
        assert house.halt().trading_state == "HALTED"
        assert house.world.gate.view().latches[WHOLE].state is TradingState.HALTED

    assert read(engines, OVERRIDES) == written == [(1,)]
    engines.dispose()


def fill_up(engines: Engines) -> None:
    """Use up what room there is for actions in pages that the file has, down to the last bytes."""
    for size in (2_000, 100, 1):
        try:
            for number in range(10_000):
                write(
                    engines,
                    "INSERT INTO action (portfolio, seq, at_ms, who, kind, body)"
                    " VALUES (:p, :seq, 0, 'x', 'LatchTrading', :body)",
                    p=PORTFOLIO,
                    seq=1_000_000 * size + number,
                    body="x" * size,
                )
        except StoreUnavailable:
            continue
        raise AssertionError("the disk does not fill up")
