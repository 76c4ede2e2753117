"""Orders are refused when they make no sense; what is open may still be filled."""

import math
from dataclasses import replace
from typing import Any

import pytest

from risk.domain.orders import Order, OrderType, Side
from tests.books import BTC, order_of, reservation_of, working_of

BUY = replace(order_of(BTC, 50_000.0), quantity=2.0)
SELL = replace(BUY, side=Side.SELL)


@pytest.mark.parametrize("quantity", [0.0, -1.0, math.nan, math.inf])
def test_a_quantity_must_be_finite_and_positive(quantity: float) -> None:
    with pytest.raises(ValueError, match="quantity must be finite and positive"):
        replace(BUY, quantity=quantity)


@pytest.mark.parametrize("price", [0.0, -1.0, math.nan, math.inf])
def test_a_limit_price_must_be_finite_and_positive(price: float) -> None:
    with pytest.raises(ValueError, match="limit_price must be finite and positive"):
        replace(BUY, order_type=OrderType.LIMIT, limit_price=price)


@pytest.mark.parametrize(
    "changes",
    [{"order_type": OrderType.LIMIT}, {"limit_price": 5.0}],
    ids=["a limit order without a price", "a market order with one"],
)
def test_exactly_limit_orders_have_a_limit_price(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a limit order has a limit price, a market order has"):
        replace(BUY, **changes)


def test_a_limit_order_keeps_its_price() -> None:
    assert replace(BUY, order_type=OrderType.LIMIT, limit_price=5.0).limit_price == 5.0


@pytest.mark.parametrize(("order", "sign"), [(BUY, 1.0), (SELL, -1.0)])
def test_quantities_are_signed_by_the_side(order: Order, sign: float) -> None:
    assert order.signed_quantity == 2.0 * sign
    assert reservation_of(order).open_quantity == 2.0 * sign
    assert reservation_of(order, filled=0.25).open_quantity == 1.5 * sign
    assert working_of(order, filled=0.75).open_quantity == 0.5 * sign


@pytest.mark.parametrize("filled", [1.0, 1.5])
def test_nothing_is_open_of_an_order_that_is_filled_or_more(filled: float) -> None:
    assert reservation_of(SELL, filled).open_quantity == 0.0
    assert working_of(SELL, filled).open_quantity == 0.0
