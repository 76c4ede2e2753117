"""One suite over where a gate's notes go: the fake, SQLite and Postgres, here or by a process."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from risk.domain.actions import LatchTrading
from risk.domain.events import FillDisputed, Severity, Verdict
from risk.domain.journalling import (
    Answered,
    AnsweredOrder,
    Asked,
    Booked,
    GateJournal,
    Note,
    Progressed,
    Told,
)
from risk.domain.ledger import Fill, Ledger
from risk.domain.orders import Order, Reservation, ReservationStatus, Side
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.errors import LeaseLost, StoreError
from risk.storage import journal as chain
from risk.storage.actions import actions_after
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.lease import SqlLeaseOffice
from risk.storage.ledger import with_later_entries
from risk.storage.portfolios import add_portfolio
from risk.storage.store import SNAPSHOTS_KEPT, SqlStore
from risk.storage.tables import snapshot
from risk.storage.writer import WriterProcess
from tests.builders import NOON, PORTFOLIO, build_record
from tests.fakes_journal import FakeGateJournal, order_in
from tests.fakes_store import FakeLeaseOffice
from tests.storage.writers import ServingThread

ORDER = Order(
    client_order_id="o1",
    portfolio=PORTFOLIO,
    strategy="trend",
    asset="BTC/USDT",
    venue="sim-a",
    side=Side.BUY,
    quantity=2.0,
)
SAID = '{"verdict":"approve"}'
PLACED = Reservation(id="1/1", order=ORDER, placed_at=NOON, expires_at=NOON + timedelta(seconds=30))
FILL = Fill(
    id="f1",
    strategy="trend",
    asset="BTC/USDT",
    venue="sim-a",
    side=Side.BUY,
    quantity=0.5,
    price=100.0,
    at=NOON,
    client_order_id="o1",
)


@dataclass
class Desk:
    """A journal with its lease, and what else can be read of it."""

    journal: GateJournal
    token: int
    ledger: Callable[[], Ledger]
    events: Callable[[], Sequence[str]]
    latches: Callable[[], Sequence[LatchTrading]]
    engines: Engines | None = None

    def write(self, *notes: Note, batch: int | None = None, token: int | None = None) -> Any:
        number = self.journal.last_batch() + 1 if batch is None else batch
        return self.journal.write(number, notes, token=self.token if token is None else token)


_POSTGRES = pytest.mark.postgres


@pytest.fixture(
    params=[
        "fake",
        "sqlite",
        pytest.param("postgres", marks=_POSTGRES),
        # What is sent to another process does not depend on what that writes to.
        "sqlite apart",
    ]
)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    if request.param == "fake":
        yield _fake()
        return
    kind, _, apart = request.param.partition(" ")
    url = request.getfixturevalue(f"{kind}_url")
    engines = open_engines(url)
    stored = _stored(engines)
    if apart:
        writer = WriterProcess(url, PORTFOLIO, stored.journal, launch=ServingThread)
        writer.await_start()
        yield replace(stored, journal=writer)
        writer.close()
    else:
        yield stored
    engines.dispose()


def _fake() -> Desk:
    office = FakeLeaseOffice(lambda: NOON)
    token = office.acquire(PORTFOLIO, "first").token
    journal = FakeGateJournal(lambda each: office.require(PORTFOLIO, each))

    def ledger() -> Ledger:
        found = Ledger()
        for _, entry in journal.entries:
            found = found.after(entry)
        return found

    return Desk(
        journal,
        token,
        ledger,
        lambda: [type(event).__name__ for event in journal.events],
        lambda: journal.latches,
    )


def _stored(engines: Engines) -> Desk:
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)
    lease = SqlLeaseOffice(engines).acquire(PORTFOLIO, "first")
    assert lease is not None

    def read(what: Callable[[Any], Any]) -> Any:
        with transaction(engines.reader) as connection:
            return what(connection)

    def kinds(connection: Any) -> list[str]:
        chain.verify(connection, PORTFOLIO)
        query = select(chain.journal.c.kind).order_by(chain.journal.c.seq)
        return list(connection.execute(query).scalars())

    return Desk(
        SqlGateJournal(engines, PORTFOLIO),
        lease.token,
        lambda: read(lambda c: with_later_entries(c, PORTFOLIO, Ledger())[0]),
        lambda: read(kinds),
        lambda: read(lambda c: actions_after(c, PORTFOLIO, 0)),
        engines,
    )


def answered(name: str = "o1", *, verdict: Verdict = Verdict.APPROVE, **changes: Any) -> Answered:
    instead_of = changes.pop("instead_of", None)
    order = AnsweredOrder(
        client_order_id=name,
        strategy="trend",
        asset="BTC/USDT",
        venue="sim-a",
        side="buy",
        at=NOON,
        sender="agent",
        snapshot=1,
        verdict=verdict,
        requested=2.0,
        allowed=2.0 if verdict is Verdict.APPROVE else 0.0,
        micros=25.0,
        request='{"client_order_id":"o1"}',
        answer=SAID,
        status=ReservationStatus.PENDING if verdict is Verdict.APPROVE else None,
    )
    return Answered(replace(order, **changes), PORTFOLIO, "1", (), instead_of)


# --- a batch -------------------------------------------------------------------------------


def test_a_batch_of_nothing_is_one(desk: Desk):
    """Whoever asks again waits for all that came before, with nothing new to write."""
    desk.write()
    assert desk.journal.last_batch() == 1


def test_nothing_is_there_before_the_first_batch(desk: Desk):
    assert desk.journal.last_batch() == 0
    assert order_in(desk.journal, "o1") is None
    assert desk.journal.booked(FILL) is None


def test_an_order_its_room_and_its_answer_are_written_together(desk: Desk):
    written = desk.write(Booked(1, PLACED), answered())

    assert written.answered_before == {}
    assert desk.journal.last_batch() == 1
    assert order_in(desk.journal, "o1") == answered().order
    assert desk.ledger().reservations == {"o1": PLACED}
    assert list(desk.events()) == ["OrderValidation"]


def test_of_many_orders_those_are_told_that_were_answered(desk: Desk):
    desk.write(*(answered(f"o{number}") for number in range(3)))
    found = desk.journal.answered(["o2", "nobody's", "o0"])

    assert {each.client_order_id for each in found} == {"o0", "o2"}
    assert desk.journal.answered([]) == []


def test_what_becomes_of_it_is_known_later(desk: Desk):
    desk.write(Booked(1, PLACED), answered())
    desk.write(Booked(2, FILL), Progressed("o1", ReservationStatus.PARTLY_FILLED, 0.5))

    found = order_in(desk.journal, "o1")
    assert found is not None
    assert (found.status, found.filled) == (ReservationStatus.PARTLY_FILLED, 0.5)
    assert desk.journal.booked(replace(FILL, price=1.0)) == FILL
    assert desk.journal.booked(replace(FILL, venue="sim-b")) is None
    assert desk.ledger().reservations["o1"].filled == 0.5
    desk.write(
        Booked(3, replace(PLACED, filled=0.5, status=ReservationStatus.VOIDED)),
        Progressed("o1", ReservationStatus.VOIDED, 0.5),
    )
    assert desk.ledger().reservations == {}
    assert desk.ledger().seq == 3


def test_the_same_batch_again_changes_nothing(desk: Desk):
    """Its answer may have been lost."""
    notes = (Booked(1, PLACED), answered(), Booked(2, FILL))
    desk.write(*notes, batch=1)
    desk.write(*notes, batch=1)

    assert desk.journal.last_batch() == 1
    assert desk.ledger().positions.keys() == {FILL.key}
    assert desk.ledger().seq == 2
    assert list(desk.events()) == ["OrderValidation"]


@pytest.mark.parametrize("batch", [0, 2, 5])
def test_a_batch_that_is_not_the_next_one_is_refused(desk: Desk, batch: int):
    desk.write(answered("first"), batch=1)
    desk.write(answered("second"), batch=2)

    if batch == 2:
        desk.write(answered("third"), batch=2)
    else:
        with pytest.raises(StoreError, match="does not follow"):
            desk.write(answered("third"), batch=batch)
    assert order_in(desk.journal, "third") is None


def test_a_deposed_authority_writes_nothing(desk: Desk):
    with pytest.raises(LeaseLost):
        desk.write(Booked(1, PLACED), answered(), token=desk.token + 1)

    assert desk.journal.last_batch() == 0
    assert desk.ledger().seq == 0


# --- orders answered before ----------------------------------------------------------------


def test_an_order_keeps_its_first_answer(desk: Desk):
    desk.write(Booked(1, PLACED), answered())
    again = answered(answer='{"verdict":"resize"}', sender="other")

    written = desk.write(again, answered("o2"))

    assert written.answered_before == {"o1": answered().order}
    assert order_in(desk.journal, "o1") == answered().order
    assert order_in(desk.journal, "o2") == answered("o2").order
    assert list(desk.events()) == ["OrderValidation"] * 2


def test_unless_it_was_never_said(desk: Desk):
    desk.write(Booked(1, PLACED), answered())
    instead = answered(verdict=Verdict.REJECT, answer='{"verdict":"reject"}', instead_of=SAID)

    written = desk.write(Booked(2, replace(PLACED, status=ReservationStatus.VOIDED)), instead)

    assert written.answered_before == {}
    assert order_in(desk.journal, "o1") == instead.order
    assert desk.ledger().reservations == {}


@pytest.mark.parametrize("together", [True, False])
def test_what_was_said_long_ago_stays_whatever_was_not_said_since(desk: Desk, together: bool):
    """After a restart it was asked again, and the database fell silent before it could tell."""
    long_ago = answered(status=ReservationStatus.FILLED, filled=2.0)
    desk.write(Booked(1, PLACED), long_ago)
    unsaid = '{"verdict":"approve","at":"later"}'
    again = answered(answer=unsaid)
    instead = answered(verdict=Verdict.REJECT, answer='{"verdict":"reject"}', instead_of=unsaid)

    written = desk.write(again, instead) if together else desk.write(again)
    if not together:
        desk.write(instead)

    assert written.answered_before == {"o1": long_ago.order}
    assert order_in(desk.journal, "o1") == long_ago.order


def test_a_batch_whose_end_nobody_heard_tells_what_came_of_it_when_it_is_written_again(desk: Desk):
    desk.write(answered(), batch=1)
    asked = LatchTrading(
        seq=0,
        at=NOON,
        who="ana",
        scope=Scope(ScopeKind.STRATEGY, "trend"),
        state=TradingState.HALTED,
        reason="fat finger",
        id="one",
    )
    notes = (answered(answer='{"verdict":"resize"}'), answered("o2"), Asked(asked))

    first, again = desk.write(*notes, batch=2), desk.write(*notes, batch=2)

    assert first == again
    assert again.answered_before == {"o1": answered().order}
    assert [latch.seq for latch in again.latches] == [1]


def test_what_becomes_of_an_order_under_a_used_id_is_nothing_of_the_old_one(desk: Desk):
    long_ago = answered(status=ReservationStatus.FILLED, filled=2.0)
    desk.write(Booked(1, PLACED), long_ago)

    desk.write(
        answered(answer='{"verdict":"resize"}'), Progressed("o1", ReservationStatus.VOIDED, 0.0)
    )

    assert order_in(desk.journal, "o1") == long_ago.order


def test_both_in_one_batch_leave_what_was_said(desk: Desk):
    instead = answered(verdict=Verdict.REJECT, answer='{"verdict":"reject"}', instead_of=SAID)
    desk.write(
        Booked(1, PLACED),
        answered(),
        Booked(2, replace(PLACED, status=ReservationStatus.VOIDED)),
        instead,
    )

    assert order_in(desk.journal, "o1") == instead.order


def test_what_was_let_through_lately_is_known_in_its_order(desk: Desk):
    for number, (name, verdict) in enumerate(
        [
            ("old", Verdict.APPROVE),
            ("no", Verdict.REJECT),
            ("b", Verdict.RESIZE),
            ("a", Verdict.APPROVE),
        ]
    ):
        note = answered(name, verdict=verdict, at=NOON + timedelta(seconds=number))
        allowed = 0.0 if verdict is Verdict.REJECT else 1.0
        desk.write(note._replace(order=replace(note.order, allowed=allowed)))

    found = desk.journal.let_through_since(NOON + timedelta(seconds=1))

    assert [order.client_order_id for order in found] == ["b", "a"]


# --- what else is told ---------------------------------------------------------------------


def test_latches_get_their_numbers_once(desk: Desk):
    asked = LatchTrading(
        seq=0,
        at=NOON,
        who="ana",
        scope=Scope(ScopeKind.STRATEGY, "trend"),
        state=TradingState.HALTED,
        reason="fat finger",
        id="one",
    )
    first = desk.write(Asked(asked))
    second = desk.write(Asked(asked), Asked(replace(asked, id="two")))

    assert [latch.seq for latch in first.latches] == [1]
    assert [latch.seq for latch in second.latches] == [1, 2]
    assert [latch.id for latch in desk.latches()] == ["one", "two"]


def test_a_latch_that_holds_is_written_whatever_else_has_its_id(desk: Desk):
    asked = LatchTrading(
        seq=0,
        at=NOON,
        who="ana",
        scope=Scope(ScopeKind.STRATEGY, "trend"),
        state=TradingState.REDUCE_ONLY,
        reason="fat finger",
        id="one",
    )
    halt = replace(asked, state=TradingState.HALTED)
    whole = replace(halt, scope=Scope(ScopeKind.PORTFOLIO, PORTFOLIO))
    desk.write(Asked(asked))
    written = desk.write(Asked(halt), Asked(whole), Asked(asked), Asked(whole))

    assert [latch.seq for latch in written.latches] == [2, 3, 1, 3]
    assert [(latch.scope, latch.state) for latch in desk.latches()] == [
        (asked.scope, TradingState.REDUCE_ONLY),
        (asked.scope, TradingState.HALTED),
        (whole.scope, TradingState.HALTED),
    ]


def test_the_last_fills_are_known_by_venue_and_id(desk: Desk):
    later = [replace(FILL, id=f"f{number}") for number in (2, 3)]
    desk.write(Booked(1, PLACED), answered(), Booked(2, FILL), Booked(3, later[0]))
    desk.write(Booked(4, later[1]))

    assert list(desk.journal.last_fills(9)) == ["sim-a/f1", "sim-a/f2", "sim-a/f3"]
    assert list(desk.journal.last_fills(2)) == ["sim-a/f2", "sim-a/f3"]


def test_an_event_by_itself_is_journalled(desk: Desk):
    event = FillDisputed(
        at=NOON,
        portfolio=PORTFOLIO,
        cycle="1",
        client_order_id="o1",
        sender="agent",
        reason="too far",
        severity=Severity.CRITICAL,
    )
    desk.write(Told(event))

    assert list(desk.events()) == ["FillDisputed"]


def test_ids_may_hold_whatever_an_agent_likes(desk: Desk):
    strange = "o'1\";--\u00e9\U0001f600/%00\n"
    order = replace(PLACED, order=replace(ORDER, client_order_id=strange))
    desk.write(Booked(1, order), answered(strange))

    found = order_in(desk.journal, strange)
    assert found is not None
    assert found.client_order_id == strange
    assert desk.ledger().reservations.keys() == {strange}


# --- beside cycles -------------------------------------------------------------------------


def test_the_gate_and_the_cycle_continue_one_chain(desk: Desk):
    """Both at once: on Postgres two connections do."""
    if desk.engines is None:
        return
    store = SqlStore(desk.engines)
    failures: list[Exception] = []

    def save() -> None:
        try:
            for number in range(1, 11):
                store.save(build_record(number, seq=0), token=desk.token)
        except Exception as failure:  # noqa: BLE001 - told below, in the thread of the test
            failures.append(failure)

    saving = threading.Thread(target=save)
    saving.start()
    for number in range(1, 31):
        desk.write(answered(f"o{number}"), batch=number)
    saving.join()

    assert failures == []
    assert list(desk.events()).count("OrderValidation") == 30


def test_a_snapshot_behind_an_answer_is_kept(desk: Desk):
    if desk.engines is None:
        return
    store = SqlStore(desk.engines)
    store.save(build_record(1, seq=0), token=desk.token)
    desk.write(answered(snapshot=1))
    for number in range(2, SNAPSHOTS_KEPT + 4):
        store.save(build_record(number, seq=0), token=desk.token)

    with transaction(desk.engines.reader) as connection:
        kept = list(connection.execute(select(snapshot.c.number).order_by("number")).scalars())
    assert kept == [1, *range(4, SNAPSHOTS_KEPT + 4)]
