"""Orders in the steps of the exchange: ticks, lots, and the least quantity."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from risk.domain.decisions import Decision, ReasonCode
from risk.domain.events import Verdict
from risk.domain.orders import OrderType
from risk.domain.policy import Instrument, Policy
from risk.limits.guard import LimitGuard
from risk.limits.views import OrderView
from tests.books import BTC, book_of, held, order_of, snapshot_of
from tests.manager.asking import ask, manager_of, request_of
from tests.policies import definition, policy_of


def stepped(**steps: float) -> Policy:
    return policy_of(instruments={BTC: Instrument(**steps)})


def test_a_quantity_between_lots_is_rounded_down() -> None:
    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), stepped(lot=0.1), quantity=0.37)

    assert decision.verdict is Verdict.RESIZE
    assert decision.allowed == 0.3
    assert decision.deciding == (ReasonCode.OFF_LOT,)


def test_a_resize_is_rounded_down_to_the_lot() -> None:
    policy = replace(
        stepped(lot=0.25), limits=policy_of(definition("net_exposure", hard=0.1)).limits
    )

    decision = ask(order_of(BTC, 1e6), snapshot_of(book_of({})), policy)

    assert decision.allowed == 2.0  # 10 % of a million at 50,000
    assert decision.deciding == ("net_exposure",)


def test_less_than_the_least_quantity_is_refused() -> None:
    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), stepped(least=0.5), quantity=0.4)

    assert decision.verdict is Verdict.REJECT
    assert decision.deciding == (ReasonCode.BELOW_LEAST,)


def test_what_a_limit_refuses_in_full_is_not_called_too_small() -> None:
    """Else the smallest order would stand before the limit that decided."""
    full = definition("net_exposure", hard=0.0)
    policy = replace(stepped(lot=0.1, least=0.5), limits=policy_of(full).limits)

    decision = ask(order_of(BTC, 1e5), snapshot_of(book_of({})), policy)

    assert decision.deciding == ("net_exposure",)


def test_what_a_limit_leaves_less_of_than_the_least_quantity_is_called_so() -> None:
    tight = definition("net_exposure", hard=0.02)
    policy = replace(stepped(least=0.5), limits=policy_of(tight).limits)

    decision = ask(order_of(BTC, 1e5), snapshot_of(book_of({})), policy)

    assert decision.verdict is Verdict.REJECT
    assert set(decision.deciding) == {"net_exposure", ReasonCode.BELOW_LEAST}


def test_a_limit_price_between_ticks_is_refused() -> None:
    changes = {"order_type": OrderType.LIMIT, "limit_price": 50_000.05}

    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), stepped(tick=0.1), **changes)

    assert decision.deciding == (ReasonCode.OFF_TICK,)


def test_steps_never_stop_a_reduction() -> None:
    decision = ask(order_of(BTC, -1e3), snapshot_of(held(BTC, 1e5)), stepped(lot=1.0, least=1.0))

    assert decision.verdict is Verdict.APPROVE


@pytest.mark.parametrize("quantity", [np.float64(0.37), 0.37])
def test_a_number_of_numpy_is_rounded_like_any_other(quantity: float) -> None:
    order, snapshot = order_of(BTC, 1e3), snapshot_of(book_of({}))

    assert ask(order, snapshot, stepped(lot=0.1), quantity=quantity).allowed == 0.3


def test_prices_and_quantities_beyond_all_steps_do_not_raise() -> None:
    order, snapshot = order_of(BTC, 1e3), snapshot_of(book_of({}))
    absurd = {"order_type": OrderType.LIMIT, "limit_price": 1e307}
    wide = policy_of(instruments={BTC: Instrument(lot=1e-8)}, open_to=1.7e308)

    assert ask(order, snapshot, stepped(tick=0.01), **absurd).allowed == order.quantity
    assert ask(order, snapshot, wide, quantity=1e301).allowed == 1e301


@pytest.mark.parametrize("quantity", [5e-324, 1e-8])
def test_less_than_a_lot_is_nothing(quantity: float) -> None:
    order, snapshot = order_of(BTC, 1e3), snapshot_of(book_of({}))

    decision = ask(order, snapshot, stepped(lot=0.1), quantity=quantity)

    assert (decision.verdict, decision.deciding) == (Verdict.REJECT, (ReasonCode.OFF_LOT,))


@pytest.mark.parametrize("wanted", [2.2, 3.0, 5.0, 17.0, 60.0, 999.0])
@pytest.mark.parametrize(
    ("steps", "largest"),
    [
        ({"lot": 0.25}, 2.0),
        ({"lot": 2.0}, 2.0),
        ({"lot": 1.0, "least": 2.0}, 2.0),
        ({"least": 2.0}, 2.0),
        ({"lot": 0.7}, 1.4),
        ({"lot": 0.1}, 2.0),
    ],
)
def test_an_edge_that_lies_on_a_lot_is_reached(
    wanted: float, steps: dict[str, float], largest: float
) -> None:
    limits = policy_of(definition("net_exposure", hard=0.1)).limits  # two bitcoin at 50,000
    policy = replace(stepped(**steps), limits=limits)
    manager = manager_of(snapshot_of(book_of({})), policy)

    def asked(quantity: float) -> Decision:
        return manager.validate_order(request_of(replace(order_of(BTC, 1.0), quantity=quantity)))

    assert asked(wanted).allowed == largest
    assert asked(largest).verdict is Verdict.APPROVE


def test_what_is_rounded_down_to_a_lot_has_passed_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fitted tail may be heavier of a smaller order than of a larger one."""
    measured = LimitGuard._values

    def heavier_between(guard: Any, enclosing: Any, order: OrderView, *, dear: bool) -> Any:
        values = measured(guard, enclosing, order, dear=dear)
        return [1e9, *values[1:]] if 4.0 <= order.quantity < 5.2 else values

    monkeypatch.setattr(LimitGuard, "_values", heavier_between)
    manager = manager_of(snapshot_of(book_of({})), stepped(lot=1.0))

    def asked(quantity: float) -> Decision:
        return manager.validate_order(request_of(replace(order_of(BTC, 1.0), quantity=quantity)))

    assert asked(6.0).allowed == 6.0
    assert (asked(5.3).verdict, asked(5.3).allowed) == (Verdict.RESIZE, 3.0)
    assert asked(3.0).verdict is Verdict.APPROVE
