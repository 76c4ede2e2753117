"""What is held, how concentrated it is, and how far it may go."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.assessment import Exposure
from risk.domain.ledger import Ledger
from risk.domain.market import Trust
from risk.domain.positions import PositionKey
from risk.domain.snapshot import Pending
from risk.portfolio.exposure import (
    Reach,
    concentration,
    exposure_by,
    exposure_of,
    net_by_asset,
    value_of_pending,
    values_by_position,
)
from tests.books import BTC, ETH, held, marks_of, snapshot_of

MONEY = st.floats(-1e6, 1e6)
VALUES = {
    PositionKey("trend", BTC, "sim-a"): 300.0,
    PositionKey("dip", BTC, "sim-b"): -100.0,
    PositionKey("dip", ETH, "sim-a"): -50.0,
}


def test_long_and_short_are_both_positive() -> None:
    assert exposure_of([3.0, -2.0, 0.0]) == Exposure(long=3.0, short=2.0)
    assert Exposure(3.0, 2.0).net == 1.0
    assert Exposure(3.0, 2.0).gross == 5.0


def test_nothing_held_is_no_exposure() -> None:
    assert exposure_of([]) == Exposure(0.0, 0.0)


def test_the_amounts_of_nothing_are_of_the_type_of_amounts() -> None:
    """Postgres takes no list of whole and other numbers: an unfunded book could not be saved."""
    nothing = exposure_of([])

    assert {type(nothing.long), type(nothing.short), type(nothing.gross)} == {float}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("asset", {BTC: Exposure(300.0, 100.0), ETH: Exposure(0.0, 50.0)}),
        ("strategy", {"dip": Exposure(0.0, 150.0), "trend": Exposure(300.0, 0.0)}),
        ("venue", {"sim-a": Exposure(300.0, 50.0), "sim-b": Exposure(0.0, 100.0)}),
    ],
)
def test_groups_keep_offsetting_members_apart(part: str, expected: dict[str, Exposure]) -> None:
    assert exposure_by(VALUES, part) == expected


def test_an_assets_net_exposure_is_summed_over_strategies_and_venues() -> None:
    assert net_by_asset(VALUES) == {BTC: 200.0, ETH: -50.0}


@pytest.mark.parametrize("count", [1, 2, 5])
def test_equal_parts_are_as_concentrated_as_there_are_few(count: int) -> None:
    signs = [1.0 if number % 2 else -1.0 for number in range(count)]

    assert concentration({f"C{n}": 7.0 * s for n, s in enumerate(signs)}) == pytest.approx(
        1.0 / count
    )


@pytest.mark.parametrize("net", [{}, {BTC: 0.0}])
def test_a_flat_book_is_not_concentrated(net: dict[str, float]) -> None:
    assert concentration(net) == 0.0


@given(st.dictionaries(st.text(max_size=3), MONEY.filter(lambda v: abs(v) > 1.0), min_size=1))
def test_concentration_lies_between_equal_parts_and_a_single_asset(net: dict[str, float]) -> None:
    assert 1.0 / len(net) - 1e-12 <= concentration(net) <= 1.0 + 1e-12


@given(MONEY, st.lists(MONEY, max_size=5))
def test_the_reach_is_the_farthest_that_any_subset_of_fills_goes(
    held_value: float, changes: list[float]
) -> None:
    """Oracle: every subset, one by one."""
    reach = Reach(held_value)
    for change in changes:
        reach = reach.plus(change)
    ends = [
        held_value + sum(c for c, filled in zip(changes, mask, strict=True) if filled)
        for mask in product((False, True), repeat=len(changes))
    ]

    assert reach.worst == pytest.approx(max(abs(end) for end in ends), abs=1e-6)
    assert reach.held + reach.buys == pytest.approx(max(ends), abs=1e-6)
    assert reach.held + reach.sells == pytest.approx(min(ends), abs=1e-6)


def test_positions_are_worth_their_mark_or_else_their_cost() -> None:
    key = PositionKey("trend", BTC, "sim-a")
    valued = snapshot_of(held(BTC, 1e5))
    unvalued = snapshot_of(held(BTC, 1e5), marks=marks_of(trusts={BTC: Trust.MISSING}))

    assert values_by_position(valued) == {key: pytest.approx(1e5)}
    assert values_by_position(unvalued) == {key: pytest.approx(9e4)}


def test_a_pending_order_without_a_mark_has_no_value_and_equity_is_unknown() -> None:
    pending = Pending(PositionKey("trend", BTC, "sim-a"), -2.0)

    assert value_of_pending(snapshot_of(Ledger()), pending) == -1e5
    assert value_of_pending(snapshot_of(Ledger(), marks={}), pending) == 0.0
