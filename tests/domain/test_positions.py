"""How a fill changes a position: average cost on the way in, profit on the way out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.positions import Position, PositionKey, flat

KEY = PositionKey("trend", "BTC/USDT", "sim-a")
FILLS = st.lists(
    st.tuples(st.integers(-50, 50).filter(bool).map(float), st.floats(1.0, 1e5)), max_size=20
)


def after(*fills: tuple[float, float]) -> Position:
    position = flat(KEY)
    for quantity, price in fills:
        position = position.after_fill(quantity, price)
    return position


def test_buying_more_averages_the_entry() -> None:
    position = after((1.0, 100.0), (3.0, 200.0))

    assert (position.quantity, position.entry_price, position.realised) == (4.0, 175.0, 0.0)


def test_selling_short_more_averages_the_entry_too() -> None:
    assert after((-1.0, 100.0), (-1.0, 50.0)).entry_price == 75.0


@pytest.mark.parametrize(
    ("fills", "realised"),
    [
        (((2.0, 100.0), (-1.0, 130.0)), 30.0),
        (((-2.0, 100.0), (1.0, 130.0)), -30.0),
        (((2.0, 100.0), (-2.0, 90.0)), -20.0),
    ],
    ids=["a long in part", "a short in part", "a long in full"],
)
def test_closing_takes_profit_and_keeps_the_entry(
    fills: tuple[tuple[float, float], ...], realised: float
) -> None:
    position = after(*fills)

    assert (position.realised, position.entry_price) == (realised, 100.0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_flip_realises_the_old_side_and_enters_the_new_one_at_the_fill(sign: float) -> None:
    position = after((2.0 * sign, 100.0), (-5.0 * sign, 110.0))

    assert (position.quantity, position.entry_price) == (-3.0 * sign, 110.0)
    assert position.realised == 20.0 * sign


@given(FILLS, st.floats(1.0, 1e5))
def test_profit_taken_and_open_is_what_was_received_less_what_was_paid(
    fills: list[tuple[float, float]], mark: float
) -> None:
    """Oracle: the cash account."""
    position = after(*fills)
    received = -sum(quantity * price for quantity, price in fills)

    assert position.realised + position.unrealised(mark) == pytest.approx(
        received + position.quantity * mark, rel=1e-9, abs=1e-4
    )


@given(FILLS)
def test_the_entry_lies_between_the_lowest_and_the_highest_price(
    fills: list[tuple[float, float]],
) -> None:
    position = after(*fills)

    if position.quantity:
        prices = [price for _, price in fills]
        assert min(prices) * (1 - 1e-9) <= position.entry_price <= max(prices) * (1 + 1e-9)


@given(FILLS)
def test_the_mirrored_fills_make_the_mirrored_position(fills: list[tuple[float, float]]) -> None:
    here, there = after(*fills), after(*((-quantity, price) for quantity, price in fills))

    assert (there.quantity, there.entry_price) == (-here.quantity, here.entry_price)
    assert there.realised == -here.realised


def test_a_position_knows_its_key() -> None:
    assert flat(KEY).key == KEY


def test_a_fill_of_nothing_changes_nothing() -> None:
    assert flat(KEY).after_fill(0.0, 5.0) == flat(KEY)
