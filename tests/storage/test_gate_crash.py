"""A gate killed in a burst, again and again: nothing that was said is lost, no room leaks."""

import json
import random
from collections.abc import Callable
from concurrent.futures import Future
from typing import NoReturn

import pytest

from risk.domain.messages import FillBody
from risk.domain.orders import ReservationStatus
from risk.domain.positions import PositionKey
from risk.engine.gate import Gate
from risk.storage import journal as chain
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.ledger import entries_after
from risk.storage.portfolios import add_portfolio
from tests.books import BTC, NOW, PRICES
from tests.engine.gates import VENUE, GateWorld, body_of
from tests.fakes_journal import order_in
from tests.storage.killed import PORTFOLIO, ROOM, ROUNDS, killed_while, tell, world_over
from tests.storage.rows import lease_token, next_token, read

VALUE = 1_000.0
SIZE = VALUE / PRICES[BTC]
#: Orders that wait for their answers at once.
OUTSTANDING = 4
KEY = PositionKey("trend", BTC, VENUE)


def burst(engines: Engines, token: int, name: str, pipe: int, writer: str | None) -> NoReturn:
    """Ask, fill and cancel until killed; say on the pipe whatever was answered."""
    gate = world_over(engines, token, writer=writer).gate
    gate.start()

    def tell_of(kind: str, which: str, future: Future[object]) -> None:
        said = future.result()
        tell(pipe, kind, which, said.decode() if isinstance(said, bytes) else "")

    number, open_now = 0, list[tuple[str, Future[bytes]]]()
    while True:
        number += 1
        which = f"{name}-{number}"
        asked = gate.validate_order(body_of(which), sender="agent", may_emergency=False)
        asked.add_done_callback(lambda done, which=which: tell_of("answer", which, done))
        open_now.append((which, asked))
        if len(open_now) == OUTSTANDING:
            for ended, answered in open_now:
                if json.loads(answered.result(timeout=30.0))["reservation"]:
                    _end(gate, ended, tell_of)
            open_now.clear()


def _end(gate: Gate, which: str, tell_of: Callable[[str, str, Future[object]], None]) -> None:
    """A little of some orders is filled, then what is left of all is cancelled."""
    if which.endswith(("1", "5")):
        fill = FillBody(fill_id=which, quantity=SIZE / 100.0, price=PRICES[BTC])
        tell_of("fill", which, gate.record_fill(which, fill, sender="agent"))
    tell_of("cancel", which, gate.cancel(which, sender="agent"))


def killed_in_a_burst(
    url: str, token: int, name: str, after: float, *, apart: bool
) -> list[tuple[str, str, str]]:
    """Everything that a gate had said when it was killed."""
    said = killed_while(
        lambda pipe: burst(open_engines(url), token, name, pipe, url if apart else None),
        enough=lambda text: all(kind in text for kind in (b'"answer"', b'"fill"', b'"cancel"')),
        after=after,
    )
    return [(kind, which, answer) for kind, which, answer in said]


def require_whole(engines: Engines, world: GateWorld) -> None:
    """What stands on disk agrees with itself: reservations, orders, entries, the chain."""
    open_now = set(world.gate.ledger.reservations)
    kept = read(engines, "SELECT client_order_id, status, filled FROM decision")
    holding = {name for name, status, _ in kept if status and ReservationStatus(status).holds_room}
    assert open_now == holding
    with transaction(engines.reader) as connection:
        chain.verify(connection, PORTFOLIO)
        fills = entries_after(connection, PORTFOLIO, 0)
    filled = sum(fill.quantity for _, fill in fills)
    position = world.gate.ledger.positions.get(KEY)
    assert abs((position.quantity if position else 0.0) - filled) < 1e-9
    assert abs(sum(amount for _, _, amount in kept) - filled) < 1e-9
    reserved = sum(r.open_quantity for r in world.gate.ledger.reservations.values())
    assert (filled + reserved) * PRICES[BTC] <= ROOM * 1e6 * (1.0 + 1e-6)


@pytest.mark.parametrize(
    ("apart", "rounds"), [(False, ROUNDS), (True, max(1, ROUNDS // 3))], ids=["here", "apart"]
)
def test_nothing_that_was_said_is_lost_and_no_room_leaks(
    database_url: str, apart: bool, rounds: int
):
    engines, chance = open_engines(database_url), random.Random(20261129)
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOW)
    token, said = lease_token(engines, PORTFOLIO), []
    for number in range(rounds):
        engines.dispose()
        after = chance.uniform(0.0, 0.25)
        said += killed_in_a_burst(database_url, token, f"r{number}", after, apart=apart)
        # Whoever takes over has a lease of its own, before it reads: what still writes is refused.
        token = next_token(engines, PORTFOLIO)
        world = world_over(engines, token)
        require_whole(engines, world)
        for kind, which, answer in said:
            kept = order_in(world.journal, which)
            assert kept is not None
            if kind == "answer":
                assert kept.answer == answer
            elif kind == "fill":
                assert kept.filled == SIZE / 100.0
            else:
                assert kept.status == "voided"
        _asked_again(world, [(w, a) for k, w, a in said if k == "answer"][-40:])
    engines.dispose()


def _asked_again(world: GateWorld, answers: list[tuple[str, str]]) -> None:
    """Asking the same again gives the same answer, and takes no room."""
    world.gate.start()
    before = set(world.gate.ledger.reservations)
    for which, answer in answers:
        again = world.gate.validate_order(body_of(which), sender="agent", may_emergency=False)
        assert again.result(timeout=30.0).decode() == answer
    assert set(world.gate.ledger.reservations) == before
    # Room for the next burst: what was open when the gate was killed is known to be dead.
    for which in before:
        world.gate.cancel(which, sender="agent").result(timeout=30.0)
    world.gate.stop()
