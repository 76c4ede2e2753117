"""A strategy with too many open orders gets no new risk, until their ends are reported."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.decisions import Decision, Outcome, ReasonCode, SignalRequest
from risk.domain.events import Verdict
from risk.domain.ledger import Fill, Ledger
from risk.domain.orders import ReservationStatus, Side
from risk.domain.snapshot import Snapshot
from risk.manager import RiskManager, crowding
from risk.manager.crowding import MOST_OPEN, OpenOrders
from risk.portfolio.following import moved_between
from tests.books import BTC, ETH, NOW, PRICES, book_of, held, order_of, reservation_of, snapshot_of
from tests.manager.asking import TREND_BTC, manager_of, request_of
from tests.policies import policy_of

MOST = 3


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowding, "MOST_OPEN", MOST)


def with_open(ledger: Ledger, count: int, strategy: str = "trend", asset: str = ETH) -> Ledger:
    for number in range(count):
        order = order_of(asset, 10.0, name=f"{strategy}-{number}", strategy=strategy)
        ledger = ledger.after_reservation(reservation_of(order))
    return ledger


def crowded(count: int = MOST) -> RiskManager:
    return manager_of(snapshot_of(with_open(held(BTC, 1e5), count)), policy_of())


def ask(manager: RiskManager, value: float, strategy: str = "trend") -> Decision:
    return manager.validate_order(request_of(order_of(BTC, value, strategy=strategy)))


def test_the_order_beyond_the_most_is_refused_and_says_so() -> None:
    decision = ask(crowded(), 1e3)

    assert (decision.verdict, decision.deciding) == (
        Verdict.REJECT,
        (ReasonCode.TOO_MANY_OPEN,),
    )
    reason = next(each for each in decision.reasons if each.outcome is Outcome.FAILED)
    assert (reason.subject, reason.value, reason.threshold) == ("trend", MOST + 1.0, MOST)


def test_the_last_one_that_may_be_open_passes() -> None:
    assert ask(crowded(MOST - 1), 1e3).verdict is Verdict.APPROVE


def test_a_signal_is_told_the_same() -> None:
    request = SignalRequest(
        portfolio="demo", strategy="trend", asset=BTC, venue="sim-a", side=Side.BUY
    )

    assert ReasonCode.TOO_MANY_OPEN in crowded().validate_signal(request).deciding


def test_a_proven_reduction_passes_however_many_are_open() -> None:
    assert ask(crowded(10 * MOST), -1e4).verdict is Verdict.APPROVE


def test_of_an_order_that_reduces_first_and_opens_then_what_reduces_passes() -> None:
    decision = ask(crowded(), -1.5e5)

    assert decision.verdict is Verdict.RESIZE
    assert decision.allowed == pytest.approx(1e5 / PRICES[BTC])
    assert ReasonCode.TOO_MANY_OPEN in decision.deciding


def test_other_strategies_are_not_stopped() -> None:
    assert ask(crowded(), 1e3, strategy="dip").verdict is Verdict.APPROVE


def test_no_room_is_shown_where_no_order_would_pass() -> None:
    room = crowded().room(TREND_BTC._replace(asset=ETH), Side.BUY)

    assert room.quantity == 0.0
    assert ReasonCode.TOO_MANY_OPEN in room.decision.deciding


@pytest.mark.parametrize("status", [ReservationStatus.VOIDED, ReservationStatus.EXPIRED])
def test_an_end_that_is_reported_lets_the_next_one_in(status: ReservationStatus) -> None:
    ledger = with_open(held(BTC, 1e5), MOST)
    ended = replace(ledger.reservations["trend-0"], status=status)

    manager = crowded().following(ledger.after_reservation(ended))

    assert ask(manager, 1e3).verdict is Verdict.APPROVE


@pytest.mark.parametrize(("share", "verdict"), [(0.5, Verdict.REJECT), (1.0, Verdict.APPROVE)])
def test_an_order_is_open_until_the_last_of_it_is_filled(share: float, verdict: Verdict) -> None:
    ledger = with_open(held(BTC, 1e5), MOST)
    fill = fill_of(ledger, "trend-0", share)

    assert ask(crowded().following(ledger.after_fill(fill)), 1e3).verdict is verdict


def fill_of(ledger: Ledger, name: str, share: float) -> Fill:
    order = ledger.reservations[name].order
    return Fill(
        id=f"{ledger.seq}",
        strategy=order.strategy,
        asset=order.asset,
        venue=order.venue,
        side=order.side,
        quantity=share * abs(ledger.reservations[name].open_quantity),
        price=PRICES[order.asset],
        at=NOW,
        client_order_id=name,
    )


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(("place", "fill part", "fill", "end")),
        st.integers(0, 5),
        st.sampled_from(("trend", "dip")),
    ),
    max_size=12,
)


def changed(ledger: Ledger, what: str, number: int, strategy: str) -> Ledger:
    name = f"{strategy}-{number}"
    reserved = ledger.reservations.get(name)
    if what == "place":
        order = order_of(BTC, 10.0 * (number - 3) or 5.0, name=name, strategy=strategy)
        return ledger.after_reservation(reservation_of(order))
    if reserved is None:
        return ledger
    if what == "end":
        return ledger.after_reservation(replace(reserved, status=ReservationStatus.VOIDED))
    return ledger.after_fill(fill_of(ledger, name, 0.5 if what == "fill part" else 1.0))


@given(CHANGES)
def test_what_is_counted_along_is_what_is_counted_anew(
    changes: list[tuple[str, int, str]],
) -> None:
    before = snapshot_of(book_of({}))
    counted = OpenOrders.of(before)
    for what, number, strategy in changes:
        after: Snapshot = replace(before, ledger=changed(before.ledger, what, number, strategy))
        counted, before = counted.following(moved_between(before, after)), after
        anew = OpenOrders.of(after)
        assert all(counted.of_strategy(s) == anew.of_strategy(s) for s in ("trend", "dip"))


def test_a_desk_that_quotes_five_levels_on_both_sides_of_fifty_assets_is_not_stopped() -> None:
    assert MOST_OPEN == 5 * 2 * 50
