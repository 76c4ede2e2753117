"""The ledger: money is conserved, room is held until it is filled, every entry is counted."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.orders import ReservationStatus, Side
from risk.domain.positions import PositionKey
from tests.books import BTC, ETH, order_of, reservation_of
from tests.builders import build_fill, build_flow

PRICES = {BTC: 64.0, ETH: 8.0}


def build(asset: str, side: Side, quantity: float, **changes: object) -> Fill:
    fill = build_fill(asset=asset, side=side, quantity=quantity, price=PRICES[asset], fee=0.0)
    return replace(fill, **changes)  # type: ignore[arg-type]


@st.composite
def entries(draw: st.DrawFn) -> list[Fill | Flow]:
    """Fills at the mark without fees, and flows."""
    fills = st.builds(
        build,
        st.sampled_from((BTC, ETH)),
        st.sampled_from(Side),
        st.floats(1e-6, 1e6),
        strategy=st.sampled_from(("trend", "dip")),
    )
    flows = st.floats(-1e6, 1e6).map(lambda amount: build_flow(amount=amount))
    return draw(st.lists(st.one_of(fills, flows), max_size=15))


def booked(entries: list[Fill | Flow]) -> Ledger:
    ledger = Ledger()
    for entry in entries:
        ledger = ledger.after_fill(entry) if isinstance(entry, Fill) else ledger.after_flow(entry)
    return ledger


def worth(ledger: Ledger) -> float:
    return ledger.cash + sum(p.quantity * PRICES[p.asset] for p in ledger.positions.values())


@given(entries())
def test_trading_at_the_mark_without_fees_makes_and_loses_nothing(
    entries: list[Fill | Flow],
) -> None:
    ledger = booked(entries)
    turnover = sum(e.quantity * e.price for e in entries if isinstance(e, Fill))

    assert worth(ledger) == pytest.approx(ledger.net_flows, abs=1e-6 + 1e-8 * turnover)
    assert sum(ledger.realised.values()) == pytest.approx(0.0, abs=1e-6 + 1e-8 * turnover)
    assert ledger.seq == len(entries)


@given(entries())
def test_only_open_positions_are_kept_and_each_sums_its_fills(entries: list[Fill | Flow]) -> None:
    ledger = booked(entries)
    sums: dict[PositionKey, float] = {}
    for fill in (entry for entry in entries if isinstance(entry, Fill)):
        sums[fill.key] = sums.get(fill.key, 0.0) + fill.signed_quantity

    for key, total in sums.items():
        quantity = ledger.positions[key].quantity if key in ledger.positions else 0.0
        assert quantity == pytest.approx(total, abs=1e-2)
    assert all(position.quantity != 0.0 for position in ledger.positions.values())


def test_a_fee_lowers_cash_and_is_summed() -> None:
    ledger = booked([build(BTC, Side.BUY, 1.0, fee=0.5), build(BTC, Side.SELL, 1.0, fee=0.25)])

    assert (ledger.cash, ledger.fees, ledger.net_flows) == (-0.75, 0.75, 0.0)


def test_a_rebate_is_a_negative_fee() -> None:
    assert booked([build(BTC, Side.BUY, 1.0, fee=-0.5)]).cash == -63.5


def test_realised_profit_outlives_the_position() -> None:
    ledger = booked(
        [
            build(BTC, Side.BUY, 2.0),
            build(BTC, Side.SELL, 2.0, price=70.0),
            build(ETH, Side.BUY, 1.0),
        ]
    )

    assert list(ledger.positions) == [PositionKey("trend", ETH, "sim-a")]
    assert ledger.realised == {"trend": 12.0}


def test_what_floats_leave_over_is_dust_and_no_position() -> None:
    ledger = booked(
        [build(BTC, Side.BUY, 0.9), build(BTC, Side.SELL, 0.3), build(BTC, Side.SELL, 0.6)]
    )

    assert 0.9 - 0.3 - 0.6 != 0.0
    assert ledger.positions == {}


def test_a_small_position_of_its_own_is_not_dust() -> None:
    assert len(booked([build(BTC, Side.BUY, 1e-12)]).positions) == 1


def test_a_ledger_never_changes_an_older_one() -> None:
    before = booked([build(BTC, Side.BUY, 1.0)]).after_reservation(
        reservation_of(order_of(BTC, 100.0))
    )
    kept = replace(before, positions=dict(before.positions), realised=dict(before.realised))
    before.after_fill(build(BTC, Side.SELL, 1.0, client_order_id="new"))

    assert before == kept
    assert list(before.reservations) == ["new"]


def test_flows_are_booked_before_fills_and_each_counts() -> None:
    ledger = Ledger(seq=7).after_all([build(BTC, Side.BUY, 1.0)], [build_flow(), build_flow(2)])

    assert (ledger.seq, ledger.cash, ledger.net_flows) == (10, 2_000.0 - 64.0, 2_000.0)


# --- reservations --------------------------------------------------------------------------

ORDER = replace(order_of(BTC, 50_000.0), quantity=1.0)
ORDER_KEY = PositionKey("trend", BTC, "sim-a")
RESERVED = Ledger().after_reservation(reservation_of(ORDER))


def part(quantity: float, **changes: object) -> Fill:
    return build(BTC, Side.BUY, quantity, client_order_id="new", **changes)


def test_a_partial_fill_leaves_room_for_the_rest() -> None:
    left = RESERVED.after_fill(part(0.25)).reservations["new"]

    assert left.status is ReservationStatus.PARTLY_FILLED
    assert (left.filled, left.open_quantity) == (0.25, 0.75)


@pytest.mark.parametrize("parts", [(1.0,), (0.25, 0.75), (0.1,) * 10, (0.5, 0.7)])
def test_room_is_given_back_when_the_order_is_filled_or_more(parts: tuple[float, ...]) -> None:
    ledger = RESERVED.after_all([part(quantity) for quantity in parts])

    assert ledger.reservations == {}
    assert ledger.positions[ORDER_KEY].quantity == pytest.approx(sum(parts))


@given(st.lists(st.floats(0.01, 0.5), max_size=8))
def test_position_and_room_together_never_exceed_the_order_nor_fall_short_of_the_fills(
    parts: list[float],
) -> None:
    ledger = RESERVED
    for number, quantity in enumerate(parts):
        ledger = ledger.after_fill(part(quantity, id=f"part-{number}"))
    held = ledger.positions[ORDER_KEY].quantity if parts else 0.0
    room = sum(r.open_quantity for r in ledger.reservations.values())

    assert held == pytest.approx(sum(parts))
    assert held + room == pytest.approx(max(1.0, sum(parts)))


@pytest.mark.parametrize("order", [None, "another"])
def test_a_fill_of_no_order_of_ours_takes_no_room(order: str | None) -> None:
    ledger = RESERVED.after_fill(build(BTC, Side.BUY, 1.0, client_order_id=order))

    assert ledger.reservations == RESERVED.reservations


@pytest.mark.parametrize("status", ReservationStatus)
def test_room_is_held_only_while_an_order_may_still_fill(status: ReservationStatus) -> None:
    changed = replace(RESERVED.reservations["new"], status=status)
    ledger = RESERVED.after_reservation(changed)

    assert ("new" in ledger.reservations) is status.holds_room
    assert (changed.open_quantity != 0.0) is status.holds_room
    assert ledger.seq == 2


def test_dropping_a_reservation_that_is_not_there_only_counts() -> None:
    voided = replace(reservation_of(ORDER), status=ReservationStatus.VOIDED)

    assert Ledger().after_reservation(voided) == Ledger(seq=1)


# --- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["quantity", "price"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_fill_of_no_size_or_price_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"a fill's {name} must be finite and positive"):
        build_fill(**{name: value})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_fee_or_a_flow_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="a fill's fee must be finite"):
        build_fill(fee=value)
    with pytest.raises(ValueError, match="a flow's amount must be finite"):
        build_flow(amount=value)
