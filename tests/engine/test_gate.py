"""The gate: what it answers, what it keeps room for, and what it does while nothing is written."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from risk.domain.conduct import Conduct
from risk.domain.events import (
    FillDisputed,
    FillUnexpected,
    OrderEnded,
    OrderValidation,
    ReservationOverdue,
)
from risk.domain.ledger import Fill
from risk.domain.messages import FillBody, OrderBody
from risk.domain.orders import ReservationStatus, Side
from risk.domain.ports import AccountReading, Carried
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.engine import book as risk_book
from risk.engine.gate import outcomes
from risk.errors import FillRefused, GateClosed, InvalidInput, OrderUnknown
from risk.manager.orders import ANSWER_LIFE
from tests.books import BTC, ETH, PRICES, book_of, held
from tests.engine.gates import VENUE, GateWorld, answer_of, body_of, failed
from tests.engine.worlds import gate_over
from tests.policies import WHOLE, definition, policy_of

LONG = PositionKey("trend", BTC, VENUE)


@pytest.fixture
def world() -> GateWorld:
    return GateWorld()


def told(world: GateWorld, kind: type) -> list:
    return [event for event in world.journal.events if type(event) is kind]


# --- answers -------------------------------------------------------------------------------


def test_an_order_is_said_to_be_approved_once_it_is_on_disk(world):
    future = world.gate.validate_order(body_of(), sender="agent", may_emergency=False)
    assert not future.done()

    world.write()

    answer = answer_of(future.result(timeout=0))
    assert (answer["verdict"], answer["journalled"]) == ("approve", True)
    assert answer["quantity"] == body_of().quantity
    assert world.journal.orders["o1"].answer == future.result().decode()
    assert answer["reservation"]["id"] == "1/1"
    [event] = told(world, OrderValidation)
    assert (event.client_order_id, event.sender) == ("o1", "agent")


def test_what_is_told_of_a_sale_has_its_sign_and_what_decided():
    world = GateWorld(policy=policy_of(definition("gross_exposure", hard=0.010)))
    answer = world.ask(body_of(value=-2e4))

    [event] = told(world, OrderValidation)
    assert (event.verdict, event.reasons) == ("resize", ("gross_exposure",))
    assert event.requested_quantity == -2e4 / PRICES[BTC]
    assert event.allowed_quantity == -answer["quantity"]


def test_its_room_is_taken_before_it_is_on_disk():
    world = GateWorld(policy=policy_of(definition("gross_exposure", hard=0.010)))
    first = world.gate.validate_order(body_of("a", value=9e3), sender="x", may_emergency=False)
    second = world.gate.validate_order(body_of("b", value=9e3), sender="y", may_emergency=False)
    world.write()

    one, other = answer_of(first.result(0)), answer_of(second.result(0))
    assert one["verdict"] == "approve"
    assert other["verdict"] == "resize"
    assert other["quantity"] * PRICES[BTC] == pytest.approx(1e3, rel=1e-3)


def test_the_same_order_again_has_the_same_answer_byte_for_byte(world):
    first = world.gate.validate_order(body_of(), sender="agent", may_emergency=False)
    again = world.gate.validate_order(body_of(), sender="agent", may_emergency=False)
    world.write()

    assert again.result(0) == first.result(0)
    assert len(world.gate.ledger.reservations) == 1


def test_so_it_has_after_a_restart(world):
    said = world.ask(body_of())
    world.restart()

    assert world.ask(body_of()) == said
    assert len(world.gate.ledger.reservations) == 1


def test_so_has_one_that_was_refused_before_a_restart(world):
    said = world.ask(_unknown())
    world.restart()

    assert said["verdict"] == "reject"
    assert world.ask(_unknown()) == said


def _unknown():
    return body_of("u1", strategy="nobody")


def test_one_that_was_filled_long_ago_takes_no_room_again(world):
    said = world.ask(body_of())
    world.fill("o1", said["quantity"], "f1")
    world.restart()

    assert world.ask(body_of()) == said
    world.write()
    assert world.gate.ledger.reservations == {}


def test_another_order_under_the_same_id_is_refused(world):
    world.ask(body_of())

    answer = world.ask(body_of(value=2_000.0))

    assert (answer["verdict"], failed(answer)) == ("reject", ["duplicate_order"])
    assert world.gate.ledger.reservations["o1"].order.quantity == body_of().quantity


def test_the_refusal_of_a_used_id_tells_nothing_of_the_order_that_has_it():
    """Ids are one book's: whoever guesses one hears that it is taken, and no more."""

    def said_of(first: OrderBody | None, *, then_cancelled: bool = False) -> dict[str, Any]:
        world = GateWorld()
        if first is not None:
            world.ask(first)
        if then_cancelled:
            world.cancel("o1")
        world.cycle()
        answer = world.ask(body_of(asset=ETH, value=2_000.0, strategy="dip"))
        return {k: v for k, v in answer.items() if k not in ("ledger_seq", "snapshot_id")}

    approved = said_of(body_of())
    assert failed(approved) == ["duplicate_order"]
    assert approved == said_of(body_of(value=-9e9)), "one that was rejected"
    assert approved == said_of(body_of(value=7.0), then_cancelled=True)
    assert failed(said_of(None)) == []


def test_another_order_under_an_id_of_before_a_restart_is_refused_too(world):
    said = world.ask(body_of())
    world.cancel("o1")
    world.restart()

    answer = world.ask(body_of(value=2_000.0))

    assert failed(answer) == ["duplicate_order"]
    assert world.ask(body_of()) == said
    world.write()
    assert world.gate.ledger.reservations == {}


@pytest.mark.parametrize("days", [-400, 400])
def test_an_answer_lives_for_seconds_of_the_wall_whatever_time_the_market_has(world, days):
    world.clock.step_wall(timedelta(days=days))
    answer = world.ask(body_of("o1"))
    decided, expires = (datetime.fromisoformat(answer[k]) for k in ("decided_at", "expires_at"))

    assert decided == world.clock.wall()
    assert expires - decided == ANSWER_LIFE


def test_before_the_first_cycle_nothing_is_answered(world):
    carried = Carried(
        state=world.record.state, ledger=book_of({}), models=world.record.snapshot.models
    )
    gate = gate_over(carried, world.journal, world.clock)

    with pytest.raises(GateClosed, match="has not measured the book yet"):
        gate.validate_order(body_of(), sender="agent", may_emergency=False)


def test_an_order_without_a_venue_goes_where_the_policy_allows_only_one():
    """These policies allow two."""
    answer = GateWorld().ask(body_of(venue=None))

    assert failed(answer)[0] == "venue_missing"


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_order_id": "a\0b"},
        {"client_order_id": ""},
        {"client_order_id": "x" * 600},
        {"strategy": "tr\nend"},
        {"quantity": float("nan")},
        {"quantity": float("inf")},
    ],
)
def test_what_no_table_can_hold_is_refused_and_not_kept(world, wrong):
    answer = world.ask(body_of(**wrong))

    assert answer["verdict"] == "reject"
    assert failed(answer)[0] in ("name_not_valid", "quantity_not_finite")
    world.write()
    assert world.journal.orders == {}


def test_a_restart_does_not_let_anybody_send_as_often_again():
    world = GateWorld(policy=policy_of(definition("order_rate", hard=3.0)))
    for name in "abc":
        assert world.ask(body_of(name))["verdict"] == "approve"
    assert failed(world.ask(body_of("d"))) == ["order_rate"]
    world.restart()

    assert failed(world.ask(body_of("e"))) == ["order_rate"]
    world.clock.advance(61.0)
    world.cycle()
    assert world.ask(body_of("f"))["verdict"] == "approve"


def test_it_counts_what_each_strategy_asked_and_takes_off_only_what_a_cycle_told(world):
    """An order asked again is the same one; names that nobody set anything on are not kept."""
    world.ask(body_of("a"))
    world.ask(body_of("a"))
    world.ask(body_of("b", value=1e12))
    world.ask(body_of("a", value=7.0))
    world.ask(body_of("c", strategy="made up"))
    assert world.gate.conduct == {"trend": Conduct(asked=3, refused=2)}

    served = world.gate.conduct
    world.ask(body_of("d", strategy="dip"))
    world.gate.serve(replace(world.record, snapshot=replace(world.record.snapshot, conduct=served)))

    assert world.gate.conduct == {"dip": Conduct(asked=1, refused=0)}
    world.cycle()
    assert world.record.snapshot.conduct == {"dip": Conduct(asked=1, refused=0)}
    assert world.gate.conduct == {}


# --- what becomes of orders ----------------------------------------------------------------


def test_a_fill_becomes_a_position_and_its_room_is_given_back(world):
    said = world.ask(body_of())
    half = said["quantity"] / 2.0

    partly = world.fill("o1", half, "f1")
    assert (partly.status, partly.filled) == (ReservationStatus.PARTLY_FILLED, half)
    assert world.gate.ledger.positions[LONG].quantity == half
    whole = world.fill("o1", half, "f2")

    assert whole.status is ReservationStatus.FILLED
    assert world.gate.ledger.reservations == {}
    assert world.journal.orders["o1"].status is ReservationStatus.FILLED


def test_the_same_fill_again_is_the_same_fill(world):
    said = world.ask(body_of())
    world.fill("o1", said["quantity"] / 2.0, "f1", price=50_000.0)
    again = world.fill("o1", said["quantity"] / 2.0, "f1", price=50_000.0)

    assert again.filled == said["quantity"] / 2.0
    with pytest.raises(FillRefused, match="with other numbers"):
        world.fill("o1", said["quantity"] / 3.0, "f1")


def test_so_it_is_after_a_restart(world):
    said = world.ask(body_of())
    world.fill("o1", said["quantity"] / 2.0, "f1")
    world.restart()
    world.fill("o1", said["quantity"] / 2.0, "f1")

    assert world.gate.ledger.positions[LONG].quantity == said["quantity"] / 2.0


def test_a_trade_belongs_to_one_order(world):
    one, other = world.ask(body_of("a")), world.ask(body_of("b"))
    world.fill("a", one["quantity"], "f1")

    with pytest.raises(FillRefused, match="was reported of another order"):
        world.fill("b", other["quantity"], "f1")


def test_it_is_told_who_declared_an_order_dead_and_told_once(world):
    said = world.ask(body_of(value=-1_000.0))
    world.fill("o1", said["quantity"] / 4.0, "f1")
    for _ in range(2):
        world.cancel("o1")

    [ended] = told(world, OrderEnded)
    assert (ended.client_order_id, ended.strategy, ended.asset) == ("o1", "trend", BTC)
    assert ended.sender == "agent"
    assert ended.quantity == pytest.approx(-0.75 * said["quantity"])


def test_a_cancelled_order_gives_its_room_back():
    world = GateWorld(policy=policy_of(definition("gross_exposure", hard=0.010)))
    world.ask(body_of("a", value=10e3))
    assert world.ask(body_of("b", value=10e3))["verdict"] == "reject"

    standing = world.cancel("a")

    assert standing.status is ReservationStatus.VOIDED
    assert world.ask(body_of("c", value=10e3))["verdict"] == "approve"
    assert world.cancel("a").status is ReservationStatus.VOIDED, "and again changes nothing"


def test_time_alone_frees_nothing_and_somebody_is_told_once():
    world = GateWorld(policy=policy_of(definition("gross_exposure", hard=0.010)))
    world.ask(body_of("a", value=10e3))
    world.clock.advance(40.0)
    for _ in range(3):
        world.cycle()

    assert world.ask(body_of("b", value=10e3))["verdict"] == "reject"
    world.write()
    assert [event.client_order_id for event in told(world, ReservationOverdue)] == ["a"]
    assert world.cancel("a").status is ReservationStatus.EXPIRED


def test_a_trade_of_an_order_that_was_given_up_is_booked_and_told(world):
    said = world.ask(body_of())
    world.cancel("o1")
    world.fill("o1", said["quantity"], "f1")

    assert world.gate.ledger.positions[LONG].quantity == said["quantity"]
    [event] = told(world, FillUnexpected)
    assert event.reason == "the order was voided already"


def test_so_is_more_than_was_ordered(world):
    said = world.ask(body_of())
    world.fill("o1", 1.5 * said["quantity"], "f1")

    assert world.gate.ledger.positions[LONG].quantity == 1.5 * said["quantity"]
    assert len(told(world, FillUnexpected)) == 1


@pytest.mark.parametrize("name", ["never sent", "refused"])
def test_of_an_order_that_was_not_let_through_no_trade_is_believed(world, name):
    if name == "refused":
        assert world.ask(body_of(name, strategy="nobody"))["verdict"] == "reject"

    with pytest.raises(OrderUnknown):
        world.fill(name, 1.0, "f1")
    with pytest.raises(OrderUnknown):
        world.cancel(name)


@pytest.mark.parametrize("price", [PRICES[BTC] * 10.0, PRICES[BTC] / 10.0])
def test_nobody_says_what_the_equity_is_by_reporting_trades(world, price):
    said = world.ask(body_of())

    with pytest.raises(FillRefused, match="is not believed"):
        world.fill("o1", said["quantity"], "f1", price=price)
    world.write()
    assert len(told(world, FillDisputed)) == 1
    assert world.gate.ledger.positions == {}


def test_a_trade_is_as_old_in_a_market_of_another_time_as_by_the_wall(world):
    world.clock.step_wall(timedelta(days=700))
    world.ask(body_of())

    told = world.clock.wall() - timedelta(seconds=3)
    world.fill("o1", 0.001, "f1", at=told)
    with pytest.raises(FillRefused, match="after now"):
        world.fill("o1", 0.001, "f2", at=world.clock.wall() + timedelta(minutes=2))
    with pytest.raises(FillRefused, match="time zone"):
        world.fill("o1", 0.001, "f3", at=told.replace(tzinfo=None))

    world.cycle()
    [fill] = world.record.snapshot.fills
    assert fill.at == world.clock.now() - timedelta(seconds=3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": float("nan")},
        {"quantity": 0.0},
        {"price": float("inf")},
        {"price": -1.0},
        {"fee": float("nan")},
        {"fill_id": ""},
        {"fill_id": "x" * 600},
        {"fill_id": "a\0b"},
    ],
)
def test_what_is_no_trade_is_refused_in_words(world, wrong):
    world.ask(body_of())

    with pytest.raises(FillRefused):
        world.fill("o1", **{"quantity": 0.001, "fill_id": "f1", **wrong})
    assert world.gate.ledger.positions == {}


# --- cycles --------------------------------------------------------------------------------


def test_a_cycle_tells_of_every_fill_once(world):
    said = world.ask(body_of())
    world.fill("o1", said["quantity"], "f1")
    world.cycle()
    first = world.record.snapshot.fills
    world.cycle()

    assert [fill.id for fill in first] == ["f1"]
    assert world.record.snapshot.fills == ()


def test_what_came_while_a_cycle_was_measured_is_not_lost(world):
    """It is served on a snapshot that has not heard of them."""
    before = world.record
    said = world.ask(body_of())
    world.gate.serve(before)

    assert world.gate.ledger.reservations.keys() == {"o1"}
    assert world.ask(body_of()) == said


def test_an_old_snapshot_carries_no_new_risk_and_lets_reductions_pass():
    world = GateWorld(held(BTC, 10_000.0))
    world.clock.advance(6.0)

    assert "snapshot_stale" in failed(world.ask(body_of("new")))
    assert world.ask(body_of("less", value=-5_000.0))["verdict"] == "approve"
    world.cycle()
    assert world.ask(body_of("newer"))["verdict"] == "approve"


# --- while nothing is written --------------------------------------------------------------


def test_new_risk_that_cannot_be_written_is_refused_and_takes_no_room(world):
    world.silence()
    answer = world.ask(body_of())

    assert (answer["verdict"], answer["journalled"]) == ("reject", False)
    assert "not_journalled" in failed(answer)
    assert world.gate.ledger.reservations == {}


def test_a_proven_reduction_is_let_through_from_memory_and_written_later():
    world = GateWorld(held(BTC, 10_000.0))
    world.silence()
    world.ask(body_of("first"))
    answer = world.ask(body_of("less", value=-5_000.0))
    assert (answer["verdict"], answer["journalled"]) == ("approve", False)
    world.fill("less", answer["quantity"], "f1")

    world.speak()
    assert world.write()

    assert json.loads(world.journal.orders["less"].answer) == answer
    assert world.gate.ledger.positions[LONG].quantity * PRICES[BTC] == pytest.approx(5_000.0)
    world.restart()
    assert world.gate.ledger.positions[LONG].quantity * PRICES[BTC] == pytest.approx(5_000.0)


def test_a_reduction_that_waited_for_a_journal_that_fell_silent_is_let_through():
    world = GateWorld(held(BTC, 10_000.0))
    future = world.gate.validate_order(
        body_of("less", value=-5_000.0), sender="agent", may_emergency=False
    )
    world.silence()
    world.write()

    answer = answer_of(future.result(0))
    assert (answer["verdict"], answer["journalled"]) == ("approve", False)
    assert world.gate.ledger.reservations.keys() == {"less"}


@pytest.mark.parametrize("written", [False, True])
def test_what_was_refused_unwritten_stays_refused(world, written):
    """Whether or not the database had taken it before its answer was lost."""
    world.silence(written=written)
    answer = world.ask(body_of())
    world.speak()
    world.write()

    assert world.ask(body_of()) == answer
    world.restart()
    assert world.ask(body_of()) == answer
    assert world.gate.ledger.reservations == {}
    assert json.loads(world.journal.orders["o1"].answer) == answer


def test_once_it_is_written_again_new_risk_is_let_in(world):
    world.silence()
    world.ask(body_of("a"))
    world.speak()
    world.write()

    assert world.ask(body_of("b"))["verdict"] == "approve"


def test_an_answer_of_before_a_restart_stays_though_it_was_asked_again_in_silence(world):
    said = world.ask(body_of())
    world.fill("o1", body_of().quantity, "f1")
    world.restart()
    again = world.gate.validate_order(body_of(), sender="agent", may_emergency=False)
    world.silence()
    world.write()
    assert "not_journalled" in failed(answer_of(again.result(0)))
    world.speak()
    world.write()
    world.write()

    assert world.journal.orders["o1"].status is ReservationStatus.FILLED
    assert world.ask(body_of()) == said
    world.restart()
    assert world.ask(body_of()) == said
    assert world.gate.standing("o1").filled == body_of().quantity


def test_nobody_waits_for_an_order_that_was_answered_before_and_still_it_gives_way(world):
    """A reduction in silence: said from memory, and found out once the database answers."""
    world.ask(body_of("buy"))
    world.fill("buy", body_of().quantity, "f1")
    world.ask(body_of("sell", value=-400.0))
    world.fill("sell", 400.0 / PRICES[BTC], "f2")
    world.restart()
    world.silence()
    world.ask(body_of("other"))
    world.ask(body_of("sell", value=-400.0))
    assert set(world.gate.ledger.reservations) == {"sell"}
    world.speak()
    world.write()

    assert world.gate.ledger.reservations == {}
    assert world.gate.standing("sell").status is ReservationStatus.FILLED


def test_a_trade_of_before_a_restart_is_not_booked_as_another_orders(world):
    """It would end the engine: no trade stands in the ledger twice."""
    world.ask(body_of("old"))
    world.fill("old", body_of().quantity, "f1")
    world.restart()
    world.ask(body_of("new"))

    with pytest.raises(FillRefused, match="trade f1 was reported of another order") as refused:
        world.fill("new", body_of().quantity, "f1")
    assert refused.value.conflict
    assert world.write()
    assert world.gate.ledger.positions[LONG].quantity == body_of().quantity


#: Of an order over 100.
A_PART = body_of(value=10.0).quantity


@pytest.fixture
def forgetful(monkeypatch) -> GateWorld:
    """A gate that knows two trades by heart, and was told of three more since."""
    monkeypatch.setattr(outcomes, "_REMEMBERED", 2)
    monkeypatch.setattr(risk_book, "_REMEMBERED", 2)
    world = GateWorld()
    for number in range(4):
        world.ask(body_of(f"o{number}", value=100.0 + number))
        world.fill(f"o{number}", A_PART, f"f{number}")
    return world


def test_a_trade_that_was_forgotten_is_never_booked_as_another_orders(forgetful):
    """It would end the engine: no trade stands in the ledger twice."""
    with pytest.raises(FillRefused, match="trade f0 was reported of another order") as refused:
        forgetful.fill("o3", A_PART, "f0")

    assert refused.value.conflict
    assert forgetful.write()
    assert forgetful.fill("o3", A_PART, "f4").filled == 2.0 * A_PART


def test_a_trade_of_an_order_that_was_looked_up_is_known_again_by_all_it_says(forgetful):
    forgetful.restart()
    again = forgetful.fill("o0", A_PART, "f0")

    assert again.filled == A_PART
    with pytest.raises(FillRefused, match="before, with other numbers"):
        forgetful.fill("o0", A_PART / 2.0, "f0")
    with pytest.raises(FillRefused, match="of another order"):
        forgetful.fill("o1", A_PART, "f0")


def test_a_forgotten_trade_that_the_account_told_of_is_not_booked_again(forgetful):
    ours = forgetful.journal.entries[1][1]
    forgetful.gate.take_in(AccountReading(fills=(replace(ours, id="a1", client_order_id=None),)))
    for number in range(4, 7):
        forgetful.fill("o2", A_PART / 9.0, f"f{number}")
    held_before = forgetful.gate.ledger.positions[LONG].quantity
    forgetful.fill("o3", ours.quantity, "a1")

    assert forgetful.write()
    assert forgetful.gate.ledger.positions[LONG].quantity == held_before


def test_what_must_be_looked_up_is_not_told_at_once(forgetful):
    assert not forgetful.gate.knows("o3")
    assert not GateWorld().gate.knows("o3")


def test_a_trade_that_the_account_told_of_is_not_booked_again(world):
    world.ask(body_of())
    fill = Fill(
        id="f1",
        strategy="trend",
        asset=BTC,
        venue=VENUE,
        side=Side.BUY,
        quantity=body_of().quantity,
        price=PRICES[BTC],
        at=world.clock.now(),
        client_order_id="o1",
    )
    world.gate.take_in(AccountReading(fills=(fill,)))
    world.fill("o1", fill.quantity, "f1")

    assert world.write()
    assert world.gate.ledger.positions[LONG].quantity == fill.quantity


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ({"price": 1.7e308}, "of a position that cost 45,000"),
        ({"price": 4_499.0}, "of a position that cost 45,000"),
        ({"fee": -1e300}, "a fee of -1e+300"),
    ],
)
def test_nobody_says_what_the_book_is_worth_while_a_mark_is_missing(report, words):
    world = GateWorld(held(BTC, 50_000.0))
    del world.prices[BTC]
    world.cycle()
    assert world.ask(body_of(value=-50_000.0))["verdict"] == "approve", "a proven reduction"
    cash = world.gate.ledger.cash

    with pytest.raises(FillRefused, match=re.escape(words)):
        world.fill("o1", 1.0, "f1", **{"price": 50_000.0, **report})

    assert world.gate.ledger.cash == cash
    world.fill("o1", 1.0, "f1", price=20_000.0)
    assert LONG not in world.gate.ledger.positions


def test_a_trade_that_nothing_speaks_for_is_booked_once_there_is_a_price(world):
    world.ask(body_of())
    price = world.prices.pop(BTC)
    world.cycle()

    with pytest.raises(FillRefused, match="nobody knows a price of BTC/USDT now"):
        world.fill("o1", body_of().quantity, "f1", price=1.7e308)
    assert world.gate.ledger.reservations.keys() == {"o1"}

    world.prices[BTC] = price
    world.cycle()
    world.fill("o1", body_of().quantity, "f1")
    assert world.gate.ledger.positions[LONG].quantity == body_of().quantity


def test_what_is_told_again_is_said_to_be_on_disk_when_it_is(world):
    """Whoever hears that it is tells it no more."""
    world.ask(body_of())
    body = FillBody(fill_id="f1", quantity=body_of().quantity / 2, price=PRICES[BTC])
    fills = [world.gate.record_fill("o1", body, sender="agent") for _ in range(2)]
    ends = [world.gate.cancel("o1", sender="agent") for _ in range(2)]
    assert not any(each.done() for each in (*fills, *ends))

    world.write()

    assert all(each.result(timeout=0).journalled for each in (*fills, *ends))


def test_new_risk_is_not_let_in_when_the_journal_falls_silent_while_it_is_judged(world):
    scribe, wall = world.gate._common.scribe, world.clock.wall

    def falls_silent():
        scribe.journalling = False
        return wall()

    world.clock.wall = falls_silent
    answer = world.ask(body_of())

    assert answer["verdict"] == "reject"
    assert "not_journalled" in failed(answer)
    assert not answer["journalled"]
    assert world.gate.ledger.reservations == {}


def test_a_flood_does_not_keep_a_journal_silent_that_writes_again(world):
    world.silence()
    world.ask(body_of("first"))
    world.speak()
    write, number = world.journal.write, iter(range(10**6))

    def while_more_come(batch, notes, *, token):
        for _ in range(3):
            body = body_of(f"flood{next(number)}")
            world.gate.validate_order(body, sender="agent", may_emergency=False)
        return write(batch, notes, token=token)

    world.journal.write = while_more_come
    world.write()

    assert world.gate.view().journalling


def test_refused_trades_do_not_pile_up_while_nothing_is_written(world, monkeypatch):
    monkeypatch.setattr("risk.engine.gate.common.REFUSALS_KEPT", 10)
    world.ask(body_of())
    world.silence()
    world.ask(body_of("other"))

    for number in range(30):
        with pytest.raises(FillRefused):
            world.fill("o1", body_of().quantity, f"f{number}", price=1.0)

    assert world.backlog == 10


def test_an_order_given_up_before_its_answer_gets_no_room_again_in_silence():
    world = GateWorld(held(BTC, 500.0))
    asked = world.gate.validate_order(body_of(value=-2_000.0), sender="agent", may_emergency=False)
    world.gate.cancel("o1", sender="agent")
    world.silence()
    world.write()

    answer = answer_of(asked.result(0))
    assert (answer["verdict"], answer["quantity"], answer["reservation"]) == ("reject", 0.0, None)
    assert world.gate.ledger.reservations == {}
    world.speak()
    world.write()
    assert world.journal.orders["o1"].status is not ReservationStatus.PENDING


def test_a_gate_whose_writing_has_ended_can_still_be_ended(world):
    """Or the lease would not be given back."""
    world.journal.fail_with = ValueError("something that nobody foresaw")
    waiting = world.gate.validate_order(body_of(), sender="agent", may_emergency=False)
    with pytest.raises(ValueError, match="nobody foresaw"):
        world.write()

    world.gate.stop()
    with pytest.raises(GateClosed):
        waiting.result(0)


# --- latches -------------------------------------------------------------------------------


def test_a_halt_holds_from_the_next_order_on(world):
    future = world.gate.latch(WHOLE, TradingState.HALTED, who="ana", reason="fat finger")
    answer = world.ask(body_of())

    assert failed(answer)[0] == "halted"
    assert answer["trading_state"] == "HALTED"
    assert future.result(0).journalled


def test_so_it_does_while_nothing_is_written_and_over_cycles(world):
    world.silence()
    world.ask(body_of("first"))
    future = world.gate.latch(WHOLE, TradingState.HALTED, who="ana", reason="fat finger")

    assert not future.result(0).journalled
    assert "halted" in failed(world.ask(body_of("a")))
    world.speak()
    world.write()
    assert "halted" in failed(world.ask(body_of("b")))
    assert [latch.who for latch in world.journal.latches] == ["ana"]


def test_equity_that_is_not_believed_stops_new_risk_until_it_is_also_beside_a_halt():
    world = GateWorld(ledger=held(BTC, 1e6))
    world.prices[BTC] *= 0.1
    world.clock.advance(1.0)
    world.cycle()
    world.gate.latch(Scope(ScopeKind.STRATEGY, "dip"), TradingState.HALTED, who="ana", reason="odd")
    asked = [world.ask(body_of("a", ETH))]
    world.restart()
    asked += [world.ask(body_of("b", ETH))]
    reduced = world.ask(body_of("less", BTC, -1e3))
    for _ in range(2):
        world.clock.advance(1.0)
        world.cycle()

    for answer in asked:
        assert failed(answer)[:2] == ["reductions_only", "equity_not_trusted"]
    assert reduced["verdict"] == "approve"
    assert "equity_not_trusted" not in failed(world.ask(body_of("c", ETH)))


def test_a_halt_of_one_strategy_stops_only_that(world):
    scope = Scope(ScopeKind.STRATEGY, "dip")
    world.gate.latch(scope, TradingState.REDUCE_ONLY, who="ana", reason="odd")

    assert "reductions_only" in failed(world.ask(body_of("a", strategy="dip")))
    assert world.ask(body_of("b"))["verdict"] == "approve"


def test_a_halt_whose_id_was_used_for_another_scope_holds_over_a_restart(world):
    strategy = Scope(ScopeKind.STRATEGY, "dip")
    world.gate.latch(strategy, TradingState.HALTED, who="bot", reason="odd", latch_id="panic")
    world.write()
    world.gate.latch(WHOLE, TradingState.HALTED, who="bot", reason="odd", latch_id="panic")
    world.write()
    world.restart()

    assert "halted" in failed(world.ask(body_of()))
    assert set(world.gate.view().latches) == {strategy, WHOLE}


def test_two_halts_of_one_id_asked_at_once_both_hold(world):
    strategy = Scope(ScopeKind.STRATEGY, "dip")
    world.gate.latch(strategy, TradingState.HALTED, who="bot", reason="odd", latch_id="panic")
    world.gate.latch(WHOLE, TradingState.HALTED, who="bot", reason="odd", latch_id="panic")
    # A cycle may read the first one before the second one is written.
    world.gate.take_actions([replace(world.gate._common.answering._actions[0], seq=1)])

    assert set(world.gate.view().latches) == {strategy, WHOLE}


def test_a_halt_under_an_id_that_was_resumed_is_a_new_one(world):
    def halt():
        future = world.gate.latch(
            WHOLE, TradingState.HALTED, who="bot", reason="odd", latch_id="panic"
        )
        world.write()
        return future.result(0)

    halt()
    halt()
    assert len(world.journal.latches) == 1, "sent twice, it counts once"
    world.resume_all()
    assert world.ask(body_of("a"))["verdict"] == "approve"
    assert halt().trading_state == "HALTED"
    world.write()

    assert [latch.seq for latch in world.journal.latches] == [1, 2]
    assert world.gate.view().latches[WHOLE].action == 2, "it can be resumed"
    world.cycle()
    world.restart()
    assert "halted" in failed(world.ask(body_of("b")))


def test_a_scope_that_is_not_there_cannot_be_halted(world):
    with pytest.raises(InvalidInput, match="did you mean"):
        world.gate.latch(
            Scope(ScopeKind.STRATEGY, "trnd"), TradingState.HALTED, who="ana", reason="x"
        )


# --- orders beside each other --------------------------------------------------------------


def test_another_asset_has_room_of_its_own(world):
    world.ask(body_of("a"))
    world.ask(body_of("b", asset=ETH, value=-2_000.0))

    view = world.gate.view()
    assert view.open_reservations.keys() == {"a", "b"}
    assert view.fresh
    assert view.journalling


# --- answers looked up later ----------------------------------------------------------------


def test_an_answer_is_found_again_let_through_or_not(world: GateWorld):
    passed = world.ask(body_of("a"))
    refused = world.ask(msgspec.structs.replace(body_of("b"), asset="NONE/USDT"))

    found = [world.gate.answer_to(name) for name in ("a", "b")]

    assert [answer_of(each.answer.result(0)) for each in found if each] == [passed, refused]
    assert world.gate.answer_to("c") is None


def test_an_answer_of_before_a_restart_is_looked_up(world: GateWorld):
    told = world.ask(body_of("a"))
    world.write()
    world.restart()

    found = world.gate.answer_to("a")

    assert found is not None
    assert (found.strategy, answer_of(found.answer.result(0))) == ("trend", told)
