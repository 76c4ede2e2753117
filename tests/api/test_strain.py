"""More orders than can be answered in time: told so at once, and reductions taken all the same."""

from contextlib import suppress
from typing import Any

import pytest

from risk.api.problems import Refused
from risk.api.strain import ALWAYS, EVERY, LATE, Strain
from tests.api.asking import Agent, order

VALIDATE = "/api/v1/orders/validate"


class Loop:
    """Keeps what it is to do later."""

    def __init__(self) -> None:
        self.later: list[tuple[float, Any, tuple[Any, ...]]] = []

    def call_later(self, delay: float, do: Any, *arguments: Any) -> None:
        self.later.append((delay, do, arguments))

    def turn(self) -> None:
        _, do, arguments = self.later.pop()
        do(*arguments)


@pytest.fixture
def now() -> list[float]:
    return [100.0]


def take(strain: Strain, orders: int) -> int:
    """How many of so many orders are taken."""
    taken = 0
    for _ in range(orders):
        with suppress(Refused):
            strain.take()
            taken += 1
    return taken


def test_a_loop_that_is_in_time_takes_every_order(now: list[float]) -> None:
    strain, loop = Strain(lambda: now[0]), Loop()
    strain.watch(loop)  # type: ignore[arg-type]
    now[0] += EVERY + 0.9 * LATE

    assert take(strain, 50) == 50
    assert [delay for delay, *_ in loop.later] == [EVERY]


def test_one_that_is_late_takes_a_few_until_its_next_turn(now: list[float]) -> None:
    strain, loop = Strain(lambda: now[0]), Loop()
    strain.watch(loop)  # type: ignore[arg-type]
    now[0] += EVERY + LATE + 0.001

    assert take(strain, 50) == ALWAYS
    loop.turn()
    assert take(strain, 50) == 50


def test_where_nobody_watches_nothing_is_refused(now: list[float]) -> None:
    assert take(Strain(lambda: now[0]), 50) == 50


def test_new_risk_is_refused_unseen_and_reductions_are_not(house, now) -> None:
    house.options["monotonic"] = lambda: now[0]
    app = house.app()
    agent = Agent(app, house.key()[1])
    app.state.watch(Loop())
    now[0] += 1.0
    answers = [agent.post(VALIDATE, order(client_order_id=f"o-{n}")) for n in range(ALWAYS + 1)]

    assert [each.status for each in answers] == [200] * ALWAYS + [503]
    assert (answers[-1].error, answers[-1].headers["retry-after"]) == ("overloaded", "1")
    assert house.gate.asked == ALWAYS
    assert agent.post(VALIDATE, order(client_order_id="r", reduce_only=True)).status == 200
    assert agent.post(VALIDATE, order(client_order_id="e", emergency=True)).status == 200
