"""Round trips follow from fills: one a position, whatever it was sold in."""

from hypothesis import given
from hypothesis import strategies as st

from risk.domain.ledger import Ledger
from risk.domain.orders import Side
from risk.domain.trades import round_trips
from tests.builders import build_fill


def fills_of(*trades: tuple[float, float]) -> list:
    """Signed quantities at prices."""
    return [
        build_fill(
            number,
            side=Side.BUY if quantity > 0.0 else Side.SELL,
            quantity=abs(quantity),
            price=price,
        )
        for number, (quantity, price) in enumerate(trades)
    ]


def profits(*trades: tuple[float, float]) -> list[float]:
    return [trip.profit for trip in round_trips({}, fills_of(*trades))]


def test_a_position_sold_in_parts_is_one_trade():
    assert profits((3.0, 100.0), (-1.0, 90.0), (-1.0, 80.0), (-1.0, 130.0)) == [0.0]


def test_what_was_only_made_smaller_is_none_yet():
    assert profits((3.0, 100.0), (-2.0, 90.0)) == []


def test_long_and_short_are_mirrors():
    assert profits((1.0, 100.0), (-1.0, 90.0)) == [-10.0]
    assert profits((-1.0, 100.0), (1.0, 110.0)) == [-10.0]


def test_a_position_that_turns_round_ends_one_trade_and_the_next_begins_from_nothing():
    assert profits((1.0, 100.0), (-3.0, 90.0), (2.0, 70.0)) == [-10.0, 40.0]


@given(
    st.lists(
        st.tuples(st.integers(-4, 4).filter(bool), st.integers(50, 150)), min_size=1, max_size=30
    ),
    st.integers(0, 30),
)
def test_it_does_not_matter_after_which_fill_a_cycle_ends_and_no_profit_is_lost(trades, cut):
    fills = fills_of(*((float(quantity), float(price)) for quantity, price in trades))
    whole = round_trips({}, fills)
    before = Ledger().after_all(fills[:cut])
    parts = round_trips({}, fills[:cut]) + round_trips(before.positions, fills[cut:])

    assert parts == whole
    after = Ledger().after_all(fills)
    still_open = sum(p.realised - p.realised_before for p in after.positions.values())
    assert round(sum(trip.profit for trip in whole) + still_open, 6) == round(
        after.realised["trend"], 6
    )
