"""Slices over a real database: known after a restart, and whole whenever the gate was killed."""

import json
import random
from collections.abc import Iterator
from typing import NoReturn

import pytest

from risk.domain.leases import is_lease_id, lease_of
from risk.domain.messages import LeaseAnswer
from risk.domain.orders import ReservationStatus
from risk.errors import LeaseSettled
from risk.storage import journal as chain
from risk.storage import orders as readings
from risk.storage.codec import decode_answer
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.portfolios import add_portfolio
from tests.books import BTC, NOW, PRICES
from tests.engine.gates import GateWorld, slice_of
from tests.storage.killed import PORTFOLIO, ROOM, ROUNDS, killed_while, tell, world_over
from tests.storage.rows import lease_token, next_token, read

UNIT = 1e3 / PRICES[BTC]


@pytest.fixture
def engines(database_url: str) -> Iterator[Engines]:
    engines = open_engines(database_url)
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOW)
    yield engines
    engines.dispose()


def settle(name: str, **spent: float) -> object:
    return slice_of(None, settles=name, spent=spent)


def test_a_slice_is_on_disk_with_all_that_became_of_it(engines: Engines):
    token = lease_token(engines, PORTFOLIO)
    world = world_over(engines, token)
    world.lend(slice_of())
    assert list(world_over(engines, token).gate.ledger.reservations) == ["lease:1"]

    first = world.lend(settle("lease:1", a=UNIT / 2, b=UNIT / 4)).settled
    after = world_over(engines, token)
    assert set(after.gate.ledger.reservations) == {"a", "b"}
    assert after.lend(settle("lease:1", a=UNIT / 2, b=UNIT / 4)).settled == first
    for other in (settle("lease:1", a=UNIT / 2), settle("lease:1")):
        with pytest.raises(LeaseSettled):
            after.lend(other)
    after.fill("a", UNIT / 2, "f1")
    with transaction(engines.reader) as connection:
        chain.verify(connection, PORTFOLIO)
        story = readings.order_story(connection, PORTFOLIO, "lease:1")
        order = readings.order_story(connection, PORTFOLIO, "a")
    assert story is not None
    assert (story.order.status, story.order.filled) == (ReservationStatus.SETTLED, 0.75 * UNIT)
    assert story.fills == ()
    assert order is not None
    assert [fill.id for fill in order.fills] == ["f1"]


# --- killed --------------------------------------------------------------------------------


def burst(engines: Engines, token: int, name: str, pipe: int, writer: str | None) -> NoReturn:
    """Lend, spend and settle until killed; say on the pipe whatever was answered."""
    world = world_over(engines, token, writer=writer)
    world.gate.start()
    number, before = 0, None
    while True:
        number += 1
        which = f"lease:{name}-{number}"
        body = slice_of(which)
        if before is not None:
            spent = {f"{before[6:]}-{part}": UNIT / 4 for part in "ab"}
            body = slice_of(which, settles=before, spent=spent)
        lent = world.gate.lend(body, sender="agent")
        settled = None if lent.settled is None else lent.settled.result(timeout=30.0)
        assert lent.answer is not None
        granted = json.loads(lent.answer.result(timeout=30.0))
        tell(pipe, which, granted["verdict"], before)
        if settled is not None and number % 2:
            for order in settled.orders:
                world.gate.cancel(order.client_order_id, sender="agent").result(timeout=30.0)
        before = which if granted["verdict"] != "reject" else None


def killed_in_a_burst(
    url: str, token: int, name: str, after: float, *, apart: bool
) -> list[list[str | None]]:
    """Everything that a gate had said when it was killed."""
    return killed_while(
        lambda pipe: burst(open_engines(url), token, name, pipe, url if apart else None),
        enough=lambda text: text.count(b"\n") >= 4,
        after=after,
    )


def require_whole(engines: Engines, world: GateWorld) -> dict[str, tuple[str | None, float]]:
    """What stands on disk agrees with itself; gives status and what was spent of each order."""
    rows = read(engines, "SELECT client_order_id, status, filled, allowed, answer FROM decision")
    holding = {name for name, status, *_ in rows if status and ReservationStatus(status).holds_room}
    open_now = world.gate.ledger.reservations
    assert set(open_now) == holding
    with transaction(engines.reader) as connection:
        chain.verify(connection, PORTFOLIO)
    made: dict[str, float] = {}
    for name, _, _, allowed, answer in rows:
        of = None if is_lease_id(name) else lease_of(decode_answer(answer).reasons)
        if of is not None:
            made[of] = made.get(of, 0.0) + allowed
    # A slice is settled with all of its orders, or with none.
    for name, status, spent, *_ in rows:
        if is_lease_id(name):
            assert (made.get(name, 0.0) > 0.0) == (status == "settled" and spent > 0.0)
            assert made.get(name, 0.0) == pytest.approx(spent)
    reserved = sum(each.open_quantity for each in open_now.values())
    assert reserved * PRICES[BTC] <= ROOM * 1e6 * (1.0 + 1e-6)
    return {name: (status, spent) for name, status, spent, *_ in rows}


@pytest.mark.parametrize(
    ("apart", "rounds"), [(False, ROUNDS), (True, max(1, ROUNDS // 3))], ids=["here", "apart"]
)
def test_whenever_a_gate_is_killed_a_slice_is_settled_whole_or_not_at_all(
    engines: Engines, database_url: str, apart: bool, rounds: int
):
    chance, token = random.Random(20261129), lease_token(engines, PORTFOLIO)
    for number in range(rounds):
        engines.dispose()
        after = chance.uniform(0.0, 0.1)
        said = killed_in_a_burst(database_url, token, f"r{number}", after, apart=apart)
        # Whoever takes over has a lease of its own, before it reads: what still writes is refused.
        token = next_token(engines, PORTFOLIO)
        world = world_over(engines, token)
        kept = require_whole(engines, world)
        for which, verdict, before in said:
            assert which in kept
            assert (kept[which][0] is None) == (verdict == "reject")
            assert before is None or kept[before][0] == "settled"
        _left_open(world)


def _left_open(world: GateWorld) -> None:
    """Whoever held what is open tells of it now, to the gate that came after."""
    for name in list(world.gate.ledger.reservations):
        if is_lease_id(name):
            spent = {f"{name[6:]}-{part}": UNIT / 4 for part in "ab"}
            answer: LeaseAnswer = world.lend(slice_of(None, settles=name, spent=spent))
            assert answer.settled is not None
            assert all(each.accepted for each in answer.settled.orders)
    for name in list(world.gate.ledger.reservations):
        world.cancel(name)
    assert world.gate.ledger.reservations == {}
