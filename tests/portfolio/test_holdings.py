"""What was held when, by the ledger's own arithmetic."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.ledger import Fill, Ledger
from risk.domain.orders import Side
from risk.domain.positions import PositionKey
from risk.portfolio.holdings import quantities_at
from tests.builders import NOON, VENUE, build_fill, build_flow, position_key

HOUR = timedelta(hours=1)
KEY = position_key()


@st.composite
def fills(draw: st.DrawFn) -> list[Fill]:
    """In no order of time; quantities whose sums leave dust."""
    count = draw(st.integers(0, 12))
    return [
        build_fill(
            number,
            at=NOON + draw(st.integers(0, 5)) * HOUR,
            strategy=draw(st.sampled_from(("trend", "dip"))),
            side=draw(st.sampled_from(Side)),
            quantity=draw(st.sampled_from((0.1, 0.2, 0.3))),
        )
        for number in range(count)
    ]


def held_by_the_ledger(entries: Sequence[Fill]) -> dict[PositionKey, float]:
    ledger = Ledger().after_all(fills=sorted(entries, key=lambda fill: fill.at))
    return {key: position.quantity for key, position in ledger.positions.items()}


@given(fills(), st.lists(st.integers(-1, 6), max_size=6).map(sorted))
def test_each_moment_holds_what_a_ledger_of_the_entries_until_then_holds(
    entries: list[Fill], hours: list[int]
) -> None:
    moments = [NOON + hour * HOUR for hour in hours]
    expected = [
        held_by_the_ledger([fill for fill in entries if fill.at <= moment]) for moment in moments
    ]

    assert quantities_at(entries, moments) == expected


def test_a_fill_that_became_known_late_counts_from_when_it_happened() -> None:
    late = [build_fill(1, at=NOON + HOUR), build_fill(2, at=NOON, quantity=2.0)]

    assert quantities_at(late, [NOON, NOON + HOUR]) == [{KEY: 2.0}, {KEY: 2.5}]


def test_a_closed_position_is_no_position_and_a_short_one_is_negative() -> None:
    bought = build_fill(1, quantity=0.9)
    sold = [
        build_fill(2, at=NOON + HOUR, side=Side.SELL, quantity=0.3),
        build_fill(3, at=NOON + HOUR, side=Side.SELL, quantity=0.6),
        build_fill(4, at=NOON + 2 * HOUR, side=Side.SELL, quantity=1.0),
    ]

    held = quantities_at([bought, *sold], [NOON + hours * HOUR for hours in (0, 1, 2)])

    assert held == [{KEY: 0.9}, {}, {KEY: -1.0}]


def test_flows_are_not_held() -> None:
    assert quantities_at([build_flow()], [NOON]) == [{}]


def test_strategies_and_venues_are_held_apart() -> None:
    entries = [build_fill(1), build_fill(2, strategy="dip"), build_fill(3, venue="sim-b")]

    assert set(quantities_at(entries, [NOON])[0]) == {
        PositionKey("trend", "C000/USDT", VENUE),
        PositionKey("dip", "C000/USDT", VENUE),
        PositionKey("trend", "C000/USDT", "sim-b"),
    }


def test_refuses_moments_that_go_back() -> None:
    with pytest.raises(ValueError, match="must not fall"):
        quantities_at([], [NOON, NOON - HOUR])
