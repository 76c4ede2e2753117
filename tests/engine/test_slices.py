"""Slices of room: granted as orders are, spent unasked, and settled with what was made of them."""

from datetime import timedelta

import msgspec
import pytest

from risk.domain.actions import ReleaseReservation
from risk.domain.conduct import Conduct
from risk.domain.events import (
    LeaseOverspent,
    ListDisputed,
    OrderValidation,
    ReservationOverdue,
    Severity,
)
from risk.domain.leases import LEASE_LIFE
from risk.domain.messages import LeaseBody, SettledOrder
from risk.domain.orders import ReservationStatus, Side
from risk.domain.ports import Carried
from risk.domain.positions import PositionKey
from risk.domain.trading import TradingState
from risk.errors import (
    InvalidInput,
    LeaseSettled,
    LeaseUnknown,
    ListRefused,
    OrderUnknown,
    StoreUnavailable,
)
from tests.books import BTC, ETH, PRICES, book_of
from tests.engine.gates import VENUE, GateWorld, answer_of, body_of, failed, slice_of
from tests.engine.worlds import gate_over
from tests.policies import WHOLE, definition, policy_of

LONG = PositionKey("trend", BTC, VENUE)
#: Of bitcoin, worth a thousand.
UNIT = 1_000.0 / PRICES[BTC]


@pytest.fixture
def world() -> GateWorld:
    return GateWorld()


def narrow(value: float = 1e4) -> GateWorld:
    """Room for orders of so much in all; equity is a million."""
    return GateWorld(policy=policy_of(definition("gross_exposure", hard=value / 1e6)))


def counted(kind: str, hard: float) -> GateWorld:
    return GateWorld(
        policy=policy_of(definition("gross_exposure", hard=1.0), definition(kind, hard=hard))
    )


def told(world: GateWorld, kind: type) -> list:
    return [event for event in world.journal.events if type(event) is kind]


def settle(name: str = "lease:1", **spent: float) -> LeaseBody:
    return slice_of(None, settles=name, spent=spent)


def open_room(world: GateWorld) -> dict[str, float]:
    return {n: r.order.quantity for n, r in world.gate.ledger.reservations.items()}


def test_a_slice_counts_by_the_orders_that_were_made_of_it_and_a_refused_one_once(world):
    world.lend(slice_of("lease:1"))
    world.lend(slice_of("lease:2", value=1e12))
    assert world.gate.conduct == {"trend": Conduct(asked=1, refused=1)}

    world.lend(settle("lease:1", a=0.3 * UNIT, b=0.2 * UNIT))

    assert world.gate.conduct == {"trend": Conduct(asked=3, refused=1)}


# --- granting ------------------------------------------------------------------------------


def test_a_slice_is_granted_once_it_is_on_disk_and_lives_two_seconds(world):
    lent = world.gate.lend(slice_of(), sender="agent")
    assert lent.answer is not None
    assert not lent.answer.done()

    world.write()

    said = answer_of(lent.answer.result(timeout=0))
    assert (said["verdict"], said["journalled"], said["quantity"]) == ("approve", True, UNIT)
    assert world.lend(slice_of()).lease.expires_at - world.clock.wall() == LEASE_LIFE
    assert open_room(world) == {"lease:1": UNIT}
    [event] = told(world, OrderValidation)
    assert (event.client_order_id, event.sender) == ("lease:1", "agent")


def test_a_slice_waits_for_the_disk_even_where_answers_to_orders_do_not(world):
    carried = Carried(
        state=world.record.state,
        ledger=world.gate.ledger,
        models=world.record.snapshot.models,
    )
    world.gate = gate_over(carried, world.journal, world.clock, durable=False)
    world.gate.serve(world.record)
    order = world.gate.validate_order(body_of(), sender="agent", may_emergency=False)
    lent = world.gate.lend(slice_of(), sender="agent")

    assert order.done()
    assert lent.answer is not None
    assert not lent.answer.done()
    world.write()
    assert answer_of(lent.answer.result(timeout=0))["journalled"]


def test_where_room_is_short_a_slice_is_smaller():
    world = narrow(1e4)
    said = world.lend(slice_of(value=2e4)).lease

    assert said.verdict == "resize"
    assert said.quantity * PRICES[BTC] == pytest.approx(1e4, rel=1e-3)


def test_two_holders_who_race_for_one_room_never_both_get_it():
    world = narrow(1e4)
    first = world.gate.lend(slice_of("lease:a", 9e3), sender="x").answer
    second = world.gate.lend(slice_of("lease:b", 9e3), sender="y").answer
    world.write()

    got = [answer_of(each.result(0))["quantity"] for each in (first, second)]
    assert sum(got) * PRICES[BTC] <= 1e4 * (1.0 + 1e-6)
    assert got[0] == pytest.approx(9 * UNIT)


def test_a_slice_takes_its_room_from_orders():
    world = narrow(1e4)
    world.lend(slice_of(value=9e3))

    answer = world.ask(body_of(value=9e3))
    assert answer["quantity"] * PRICES[BTC] == pytest.approx(1e3, rel=1e-3)


def test_the_same_slice_again_has_the_same_answer_while_it_may_be_spent(world):
    first = world.gate.lend(slice_of(), sender="agent").answer
    again = world.gate.lend(slice_of(), sender="agent").answer
    world.write()

    assert first.result(0) == again.result(0)
    assert open_room(world) == {"lease:1": UNIT}
    assert failed(msgspec.to_builtins(world.lend(slice_of(value=2e3)).lease)) == ["duplicate_order"]


@pytest.mark.parametrize("over", ["settled", "too old", "released"])
def test_a_slice_that_is_over_is_not_granted_again(world, over):
    world.lend(slice_of())
    if over == "settled":
        world.lend(settle())
    elif over == "too old":
        world.clock.advance(LEASE_LIFE.total_seconds())
    else:
        release(world)

    again = world.lend(slice_of()).lease
    assert again.verdict == "reject"
    assert again.reservation is None


def test_a_halt_ends_the_granting_at_once_and_leaves_what_is_out(world):
    world.lend(slice_of())
    world.gate.latch(WHOLE, TradingState.HALTED, who="ana", reason="a storm")
    world.write()

    assert failed(msgspec.to_builtins(world.lend(slice_of("lease:2")).lease)) == ["halted"]
    # What its holder spent before it heard of the halt is booked all the same.
    settled = world.lend(settle(a=UNIT / 2.0)).settled
    assert settled.orders == [SettledOrder(client_order_id="a", accepted=True)]
    assert open_room(world) == {"a": UNIT / 2.0}


def test_a_stale_snapshot_carries_no_slice(world):
    world.clock.advance(6.0)

    assert "snapshot_stale" in failed(msgspec.to_builtins(world.lend(slice_of()).lease))


def test_nothing_is_granted_while_the_journal_is_silent(world):
    world.silence()
    first = world.lend(slice_of()).lease
    second = world.lend(slice_of("lease:2")).lease

    for said in (first, second):
        assert (said.verdict, said.journalled, said.reservation) == ("reject", False, None)
        assert "not_journalled" in failed(msgspec.to_builtins(said))
    assert open_room(world) == {}
    world.speak()
    world.write()
    assert world.journal.orders["lease:1"].verdict == "reject"
    assert [each.journalled for each in (world.lend(slice_of("lease:3")).lease,)] == [True]


def test_a_proven_reduction_is_not_lent_unwritten_either():
    world = GateWorld(book_of({LONG: 5e4}))
    assert world.lend(slice_of(value=-1e3)).lease.verdict == "approve"
    world.silence()

    assert world.lend(slice_of("lease:2", -1e3)).lease.verdict == "reject"
    assert world.lend(slice_of("lease:3", -1e3)).lease.verdict == "reject"
    assert list(open_room(world)) == ["lease:1"]


def test_two_slices_never_prove_the_same_reduction():
    world = GateWorld(book_of({LONG: 1e3}), policy_of(definition("gross_exposure", hard=0.0)))
    first, second = (world.lend(slice_of(f"lease:{n}", -1e3)).lease for n in (1, 2))

    assert (first.verdict, second.verdict) == ("approve", "reject")


# --- names ---------------------------------------------------------------------------------


def test_an_order_cannot_have_the_id_of_a_slice(world):
    world.lend(slice_of())

    for name in ("lease:1", "lease:2"):
        answer = world.ask(body_of(name, quantity=UNIT))
        assert failed(answer) == ["name_not_valid"]
    assert open_room(world) == {"lease:1": UNIT}


@pytest.mark.parametrize("name", ["1", "lease:", "Lease:1", "lease:\n", "lease:" + "x" * 500])
def test_a_slice_cannot_have_the_id_of_an_order(world, name):
    said = world.lend(slice_of(name)).lease

    assert "name_not_valid" in failed(msgspec.to_builtins(said))
    assert open_room(world) == {}
    assert name not in world.journal.orders


def test_a_slice_is_neither_filled_nor_cancelled(world):
    world.lend(slice_of())

    with pytest.raises(OrderUnknown):
        world.fill("lease:1", UNIT, "f1")
    with pytest.raises(OrderUnknown):
        world.cancel("lease:1")
    assert world.gate.standing("lease:1").status is ReservationStatus.PENDING


# --- settling ------------------------------------------------------------------------------


def test_a_settled_slice_becomes_its_orders_and_gives_back_the_rest():
    world = narrow(1e4)
    world.lend(slice_of(value=9e3))
    said = world.lend(settle(a=2 * UNIT, b=3 * UNIT)).settled

    assert (said.granted, said.spent) == pytest.approx((9 * UNIT, 5 * UNIT))
    assert (said.unspent, said.overspent) == pytest.approx((4 * UNIT, 0.0))
    assert said.journalled
    assert open_room(world) == {"a": 2 * UNIT, "b": 3 * UNIT}
    assert world.gate.standing("lease:1").status is ReservationStatus.SETTLED
    assert world.ask(body_of(value=4.9e3))["verdict"] == "approve"
    assert told(world, LeaseOverspent) == []


def test_its_orders_live_on_as_any_order(world):
    world.lend(slice_of())
    world.lend(settle(a=UNIT / 4, b=UNIT / 4))

    assert world.fill("a", UNIT / 4, "f1").status is ReservationStatus.FILLED
    assert world.cancel("b").status is ReservationStatus.VOIDED
    assert world.gate.ledger.positions[LONG].quantity == pytest.approx(UNIT / 4)
    assert open_room(world) == {}
    said = answer_of(world.gate.answer_to("a").answer.result(0))
    assert (said["verdict"], said["quantity"], said["expires_at"]) == (
        "approve",
        UNIT / 4,
        said["decided_at"],
    )
    assert [(r["code"], r["subject"]) for r in said["reasons"]] == [("leased", "lease:1")]
    # Asked about again, it is the same order.
    assert world.ask(body_of("a", quantity=UNIT / 4)) == said
    assert failed(world.ask(body_of("a", quantity=UNIT))) == ["duplicate_order"]


def test_all_of_a_settlement_is_one_line_of_the_journal(world):
    world.lend(slice_of())
    before = len(world.journal.entries)
    world.gate.lend(settle(a=UNIT / 4, b=UNIT / 4), sender="agent")

    assert world.backlog == 1
    world.write()
    kinds = [(e.order.client_order_id, e.status.value) for _, e in world.journal.entries[before:]]
    assert kinds == [("lease:1", "settled"), ("a", "pending"), ("b", "pending")]


def test_the_same_list_again_is_answered_alike_and_another_is_refused(world):
    world.lend(slice_of())
    first = world.lend(settle(a=UNIT / 4, b=UNIT / 4)).settled
    again = world.lend(settle(a=UNIT / 4, b=UNIT / 4)).settled

    assert again == first
    for other in (
        settle(a=UNIT / 4),
        settle(),
        settle(a=UNIT / 4, b=UNIT / 5),
        settle(a=UNIT / 4, b=UNIT / 4, c=UNIT / 4),
    ):
        with pytest.raises(LeaseSettled):
            world.lend(other)
    assert open_room(world) == {"a": UNIT / 4, "b": UNIT / 4}


def test_a_slice_nobody_spent_is_settled_with_an_empty_list(world):
    world.lend(slice_of())

    assert world.lend(settle()).settled.spent == 0.0
    assert world.lend(settle()).settled.unspent == UNIT
    with pytest.raises(LeaseSettled):
        world.lend(settle(a=UNIT))
    assert open_room(world) == {}


def test_more_than_was_granted_happened_all_the_same_and_is_told():
    world = narrow(1e3)
    world.lend(slice_of())
    said = world.lend(settle(a=UNIT, b=2 * UNIT)).settled

    assert (said.spent, said.overspent) == pytest.approx((3 * UNIT, 2 * UNIT))
    assert open_room(world) == {"a": UNIT, "b": 2 * UNIT}
    [event] = told(world, LeaseOverspent)
    assert (event.lease_id, event.sender, event.severity) == ("lease:1", "agent", Severity.WARNING)
    assert (event.quantity, event.allowed) == pytest.approx((3 * UNIT, UNIT))
    reason = answer_of(world.gate.answer_to("a").answer.result(0))["reasons"][0]
    assert (reason["outcome"], reason["value"]) == ("warned", pytest.approx(3 * UNIT))
    assert world.ask(body_of(value=10.0))["verdict"] == "reject"


@pytest.mark.parametrize(
    "spent",
    [
        {"a": 11 * UNIT},
        {"a": 1e300},  # its square is no float
        {"a": 1e308, "b": 1e308},  # nor is their sum
        {f"{n}": UNIT for n in range(11)},
    ],
)
def test_a_list_that_nobody_believes_is_refused_and_changes_nothing(spent: dict[str, float]):
    """Reserved, it would leave no room to anybody, or end whoever measures it, again and again."""
    world = narrow(1e4)
    world.lend(slice_of())
    with pytest.raises(ListRefused, match="cannot have been ordered of a slice"):
        world.lend(settle(**spent))
    world.cycle()

    assert open_room(world) == {"lease:1": UNIT}
    [event] = told(world, ListDisputed)
    about = (event.lease_id, event.strategy, event.sender, event.severity)
    assert about == ("lease:1", "trend", "agent", Severity.CRITICAL)
    assert world.ask(body_of(value=10.0, strategy="dip"))["verdict"] == "approve"
    assert world.lend(settle(a=UNIT)).settled.spent == UNIT


def test_nothing_is_believed_of_a_slice_that_was_refused():
    world = narrow(0.0)
    world.lend(slice_of())
    with pytest.raises(ListRefused):
        world.lend(settle(a=UNIT))


def test_what_is_settled_is_said_to_be_on_disk_when_it_is_also_to_who_asks_again(world):
    """Whoever hears that it is forgets the list."""
    world.lend(slice_of())
    asked = [world.gate.lend(settle(a=UNIT), sender="agent").settled for _ in range(2)]
    assert [each.done() for each in asked] == [False, False]

    world.write()

    assert [each.result(timeout=0).journalled for each in asked] == [True, True]


def test_who_asks_again_hears_that_it_is_on_disk_also_where_answers_do_not_wait_for_that(world):
    """Else its holder would tell it for ever."""
    carried = Carried(
        state=world.record.state, ledger=world.gate.ledger, models=world.record.snapshot.models
    )
    world.gate = gate_over(carried, world.journal, world.clock, durable=False)
    world.gate.serve(world.record)
    world.lend(slice_of())
    assert [world.lend(settle()).settled.journalled for _ in range(2)] == [False, True]


def test_long_lists_share_no_transaction(monkeypatch):
    """Together they would take longer than those who wait behind them have patience for."""
    world = narrow()
    monkeypatch.setattr("risk.engine.scribe.LARGEST_BATCH", 10)
    names = [f"lease:{n}" for n in range(4)]
    for number, name in enumerate(names, start=1):
        world.lend(slice_of(name, number * 10.0))
    batches: list[int] = []
    write = world.journal.write
    monkeypatch.setattr(
        world.journal,
        "write",
        lambda batch, notes, **also: batches.append(len(notes)) or write(batch, notes, **also),
    )
    for name in names:
        spent = {f"{name[-1]}/{n}": 0.00001 for n in range(6)}
        world.gate.lend(settle(name, **spent), sender="agent")
    world.write()

    assert len(batches) == len(names)


def test_an_id_that_has_an_answer_is_refused_and_nothing_else_is_lost(world):
    world.ask(body_of("a", value=100.0))
    world.lend(slice_of())
    said = world.lend(settle(a=UNIT / 2, b=UNIT / 4)).settled

    assert [each.accepted for each in said.orders] == [False, True]
    assert said.spent == UNIT / 4
    assert open_room(world) == {"a": 100.0 / PRICES[BTC], "b": UNIT / 4}
    assert world.lend(settle(a=UNIT / 2, b=UNIT / 4)).settled == said


def test_a_slice_is_settled_and_the_next_one_granted_in_one_step():
    world = narrow(1e4)
    world.lend(slice_of(value=1e4))
    body = slice_of("lease:2", 1e4, settles="lease:1", spent={"a": 2 * UNIT})
    said = world.lend(body)

    assert said.settled.spent == 2 * UNIT
    assert said.lease.quantity == pytest.approx(8 * UNIT, rel=1e-3)
    assert set(open_room(world)) == {"a", "lease:2"}


def test_a_list_that_never_comes_leaves_the_slice_reserved_and_overdue(world):
    world.lend(slice_of())
    world.clock.advance(31.0)
    world.cycle()
    world.write()

    assert open_room(world) == {"lease:1": UNIT}
    [event] = told(world, ReservationOverdue)
    assert (event.client_order_id, event.quantity) == ("lease:1", UNIT)


def release(world: GateWorld, name: str = "lease:1") -> None:
    asked = ReleaseReservation(
        seq=1, at=world.clock.wall(), who="ana", client_order_id=name, reason="its holder is dead"
    )
    world.gate.take_actions([asked])
    world.write()


def test_orders_of_a_slice_that_a_person_released_are_reserved_and_told(world):
    world.lend(slice_of())
    release(world)
    assert open_room(world) == {}

    assert world.lend(settle(a=UNIT / 2)).settled.orders[0].accepted
    assert open_room(world) == {"a": UNIT / 2}
    [event] = told(world, LeaseOverspent)
    assert event.allowed == 0.0


def test_a_slice_that_was_refused_may_be_settled_too():
    world = narrow(0.0)
    assert world.lend(slice_of()).lease.verdict == "reject"

    assert world.lend(settle()).settled.unspent == 0.0
    assert told(world, LeaseOverspent) == []


@pytest.mark.parametrize(
    "body",
    [
        settle("lease:none"),
        msgspec.structs.replace(settle("lease:1"), strategy="dip"),
        msgspec.structs.replace(settle("lease:1"), portfolio="other"),
    ],
)
def test_a_slice_of_nobody_or_of_another_is_not_settled(world, body):
    world.lend(slice_of())

    with pytest.raises(LeaseUnknown):
        world.lend(body)
    assert open_room(world) == {"lease:1": UNIT}


def test_nothing_is_asked_for_where_settling_is_refused(world):
    with pytest.raises(LeaseUnknown):
        world.lend(slice_of("lease:2", settles="lease:none"))
    assert open_room(world) == {}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (slice_of(None), "name a slice"),
        (slice_of(None, quantity=1.0), "needs `lease_id`"),
        (slice_of(quantity=None), "needs `lease_id`"),
        (slice_of(settles="lease:1"), "at once"),
        (slice_of(at_most=0), "at_most"),
        (slice_of(at_most=501), "at_most"),
        (slice_of(spent={"a": 1.0}), "`settles` must name"),
        (settle("a"), "begins with lease:"),
        (slice_of(None, settles="lease:1", spent={"": 1.0}), "client_order_id"),
        (slice_of(None, settles="lease:1", spent={"lease:2": 1.0}), "client_order_id"),
        (settle(a=0.0), "above zero"),
        (settle(a=-1.0), "above zero"),
        (settle(a=float("nan")), "above zero"),
        (settle(a=float("inf")), "above zero"),
        (
            msgspec.structs.replace(settle(a=1.0), orders=[*settle(a=1.0).orders] * 2),
            "stands twice",
        ),
        (
            slice_of(None, settles="lease:1", spent={f"o{n}": 1.0 for n in range(501)}),
            "500 orders",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_as_a_whole(world, body, says):
    world.lend(slice_of())
    before = world.gate.ledger

    with pytest.raises(InvalidInput, match=says):
        world.lend(body)
    assert world.gate.ledger is before


# --- the journal ---------------------------------------------------------------------------


def test_a_settlement_that_is_not_written_in_time_holds_in_memory_and_says_so(world):
    world.lend(slice_of())
    world.silence()
    said = world.lend(settle(a=UNIT / 2)).settled

    assert not said.journalled
    assert open_room(world) == {"a": UNIT / 2}
    assert not world.lend(settle(a=UNIT / 2)).settled.journalled
    world.speak()
    assert world.write()
    assert world.lend(settle(a=UNIT / 2)).settled.journalled
    assert world.journal.orders["lease:1"].status is ReservationStatus.SETTLED


def test_what_must_be_looked_up_is_not_settled_while_the_database_is_away(world):
    world.lend(slice_of())

    def away(_names: object) -> None:
        raise StoreUnavailable("away")

    world.journal.answered = away
    with pytest.raises(StoreUnavailable):
        world.lend(settle(a=UNIT / 2))
    assert open_room(world) == {"lease:1": UNIT}


def test_a_list_is_looked_up_in_one_go(world, monkeypatch):
    """Each way to the database takes as long as all else that an order of the list needs."""
    world.lend(slice_of())
    asked, answered = list[list[str]](), world.journal.answered

    def looked_up(names: list[str]) -> object:
        asked.append(names)
        return answered(names)

    monkeypatch.setattr(world.journal, "answered", looked_up)
    world.lend(settle(**{f"o{number}": UNIT / 100 for number in range(50)}))

    assert [len(names) for names in asked] == [50]


def test_a_slice_that_was_given_up_before_it_was_answered_is_settled(world):
    lent = world.gate.lend(slice_of(), sender="agent")
    settled = world.gate.lend(settle(), sender="agent").settled
    world.silence()
    world.write()

    assert answer_of(lent.answer.result(0))["verdict"] == "reject"
    assert settled.result(0).spent == 0.0
    world.speak()
    assert world.write()
    assert open_room(world) == {}
    assert world.journal.orders["lease:1"].status is ReservationStatus.SETTLED


@pytest.mark.parametrize("written", [True, False])
def test_a_restart_between_granting_and_settling_loses_nothing(world, written):
    world.lend(slice_of())
    if not written:
        world.gate.lend(settle(a=UNIT / 2), sender="agent")  # never reached the disk
    world.restart()
    assert open_room(world) == {"lease:1": UNIT}

    assert world.lend(settle(a=UNIT / 2)).settled.spent == UNIT / 2
    assert open_room(world) == {"a": UNIT / 2}


def test_a_settlement_is_known_after_a_restart(world):
    world.lend(slice_of())
    first = world.lend(settle(a=UNIT / 2, b=UNIT / 8)).settled
    world.fill("a", UNIT / 2, "f1")
    world.restart()

    assert world.lend(settle(a=UNIT / 2, b=UNIT / 8)).settled == first
    with pytest.raises(LeaseSettled):
        world.lend(settle(a=UNIT / 2))
    assert open_room(world) == {"b": UNIT / 8}
    assert world.lend(slice_of()).lease.verdict == "reject"


def test_a_slice_asked_for_before_a_restart_is_one_slice(world):
    world.lend(slice_of())
    world.restart()
    world.lend(slice_of())

    assert open_room(world) == {"lease:1": UNIT}
    assert world.write()


# --- how often -----------------------------------------------------------------------------


def test_a_slice_is_for_as_many_orders_as_its_holder_wants_where_none_are_counted(world):
    assert (
        GateWorld(policy=policy_of(definition("gross_exposure", hard=1.0)))
        .lend(slice_of(at_most=7))
        .orders
        == 7
    )


def test_orders_that_may_be_made_of_slices_count_as_sent():
    world = counted("order_rate", 10.0)
    assert world.lend(slice_of(at_most=6)).orders == 6
    assert world.lend(slice_of("lease:2", at_most=6)).orders == 4
    assert failed(msgspec.to_builtins(world.lend(slice_of("lease:3")).lease)) == ["order_rate"]
    assert failed(world.ask(body_of())) == ["order_rate"]

    world.lend(settle(a=UNIT / 4))
    assert world.lend(slice_of("lease:4", at_most=500)).orders == 5


def test_orders_of_slices_still_count_after_a_restart():
    world = counted("order_rate", 10.0)
    world.lend(slice_of(at_most=4))
    world.lend(slice_of("lease:2", at_most=4))
    world.lend(settle("lease:2", a=UNIT / 4))
    world.restart()

    assert world.lend(slice_of("lease:3", at_most=500)).orders == 5


def test_slices_that_a_person_released_count_no_more():
    world = counted("order_rate", 10.0)
    world.lend(slice_of(at_most=10))
    release(world)
    world.cycle()

    assert world.lend(slice_of("lease:2", at_most=500)).orders == 10


def test_a_program_in_a_loop_does_not_get_on_by_slices():
    world = counted("repeated_order", 3.0)
    for number in range(3):
        world.lend(slice_of(f"lease:{number}", 1e3 + number))
        world.lend(settle(f"lease:{number}", **{f"o{number}": UNIT / 10}))

    assert failed(msgspec.to_builtins(world.lend(slice_of("lease:9")).lease)) == ["repeated_order"]
    assert world.lend(slice_of("lease:8", asset=ETH)).alike == 3
    world.clock.advance(61.0)
    world.cycle()
    # Of other sizes there may be any number.
    said = world.lend(slice_of("lease:10", at_most=500))
    assert (said.orders, said.alike) == (500, 3)
    assert failed(msgspec.to_builtins(world.lend(slice_of("lease:11")).lease)) == ["repeated_order"]


def test_leases_of_both_sides_are_of_both_sides():
    world = GateWorld(book_of({LONG: 5e4}))
    world.lend(slice_of(value=-1e3))
    world.lend(settle(a=UNIT / 2))

    assert world.gate.ledger.reservations["a"].order.side is Side.SELL
    assert world.gate.ledger.reservations["a"].expires_at == world.clock.wall() + timedelta(
        seconds=30
    )
