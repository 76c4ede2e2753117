"""Each kind of limit measures what it says, by hand and against the assessment."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from risk.assess import assess
from risk.domain.market import Mark, missing_mark
from risk.domain.orders import OrderType, Side
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import Course
from risk.errors import PolicyInvalid
from risk.limits.base import Limit, OrderLimit
from risk.limits.evaluation import held_view, surroundings
from risk.limits.sent import SentOrder, SentOrders
from risk.limits.types import LIMIT_TYPES, limit_of, own_settings
from risk.limits.views import BookView, OrderView
from tests.books import (
    BTC,
    ETH,
    KNOWN,
    NOW,
    PRICES,
    SOL,
    book_of,
    held,
    marks_of,
    snapshot_of,
    snapshots,
)
from tests.policies import HARD, WHOLE, definition, policy_of

TREND, DIP = Scope(ScopeKind.STRATEGY, "trend"), Scope(ScopeKind.STRATEGY, "dip")
FOLLOWING = Scope(ScopeKind.STRATEGY_TYPE, "following")
ON_BTC, SIM_A = Scope(ScopeKind.ASSET, BTC), Scope(ScopeKind.VENUE, "sim-a")

#: Long 300,000 of bitcoin by one strategy, short 100,000 by another; 200,000 of ether. Equity
#: is a million.
BOOK = book_of(
    {
        PositionKey("trend", BTC, "sim-a"): 3e5,
        PositionKey("dip", BTC, "sim-b"): -1e5,
        PositionKey("trend", ETH, "sim-a"): 2e5,
    },
    cash=6e5,
)


def view_of(snapshot: Snapshot, **changes: Any) -> BookView:
    assessment = assess(snapshot)
    around = surroundings(
        policy_of(), snapshot, equity=assessment.equity, performance=None, courses={}
    )
    return held_view(assessment, replace(around, **changes))


def measured(kind: str, scope: Scope = WHOLE, book: BookView | None = None, **own: Any) -> float:
    limit = limit_of(definition(kind, scope, parameters=own))
    assert isinstance(limit, Limit)
    value = limit.measure(view_of(snapshot_of(BOOK)) if book is None else book)
    assert value is not None
    return value


@pytest.mark.parametrize(
    ("kind", "scope", "expected"),
    [
        ("gross_exposure", WHOLE, 0.6),
        ("gross_exposure", TREND, 0.5),
        ("gross_exposure", FOLLOWING, 0.5),
        ("gross_exposure", ON_BTC, 0.4),
        ("gross_exposure", SIM_A, 0.5),
        ("net_exposure", WHOLE, 0.4),
        ("net_exposure", DIP, 0.1),
        ("net_exposure", ON_BTC, 0.2),
        ("leverage", WHOLE, 0.6),
        ("concentration", WHOLE, 0.2**2 + 0.2**2),
        ("open_positions", WHOLE, 3.0),
        ("open_positions", TREND, 2.0),
        ("open_positions", SIM_A, 2.0),
        ("stablecoin_exposure", WHOLE, 0.6),
    ],
)
def test_exposure_by_hand(kind: str, scope: Scope, expected: float) -> None:
    assert measured(kind, scope) == pytest.approx(expected)


def test_a_stablecoin_held_and_the_cash_count_as_stablecoins() -> None:
    assert measured("stablecoin_exposure", assets=(ETH,)) == pytest.approx(0.8)
    assert measured("stablecoin_exposure", counts_cash="no") == 0.0
    short = view_of(snapshot_of(held(ETH, -1e5)))
    assert measured("stablecoin_exposure", book=short, assets=(ETH,), counts_cash="no") == 0.0


def test_days_to_flat_at_a_share_of_the_volume() -> None:
    mark = replace(marks_of()[BTC], volume=1e6)
    book = view_of(snapshot_of(BOOK, marks={**marks_of(), BTC: mark}))

    assert measured("days_to_flat", ON_BTC, book, participation=0.2) == pytest.approx(1.0)


@pytest.mark.parametrize("volume", [None, 0.0])
def test_without_a_volume_days_to_flat_are_unknown_unless_nothing_is_held(
    volume: float | None,
) -> None:
    mark = replace(marks_of()[BTC], volume=volume)
    limit = limit_of(definition("days_to_flat", ON_BTC))
    assert isinstance(limit, Limit)

    assert limit.measure(view_of(snapshot_of(BOOK, marks={**marks_of(), BTC: mark}))) is None
    assert limit.measure(view_of(snapshot_of(book_of({})))) == 0.0


@given(snapshots(whole=True, assets=KNOWN))
def test_scenario_limits_say_what_the_assessment_says(snapshot: Snapshot) -> None:
    found, book = assess(snapshot), view_of(snapshot)
    assert found.equity is not None
    if found.equity <= 0.0:
        return
    day, hour = found.held.day, found.held.hour
    assert day is not None
    assert hour is not None

    var = measured("value_at_risk", book=book, confidence=0.99)
    es = measured("expected_shortfall", book=book, confidence=0.975, horizon="1h")
    stress = measured("stress_loss", book=book)
    assert var == pytest.approx(day.var_at(0.99) / found.equity)
    assert es == pytest.approx(hour.es_at(0.975) / found.equity)
    assert stress == pytest.approx((found.held.stress_loss or 0.0) / found.equity)


def test_a_cluster_is_what_moves_together_whichever_way_it_is_held() -> None:
    """The three coins with a history are correlated by more than 0.6 here, and all one cluster."""
    pair = {PositionKey("trend", BTC, "sim-a"): 2e5, PositionKey("trend", ETH, "sim-a"): 1e5}
    hedged = {PositionKey("trend", BTC, "sim-a"): 2e5, PositionKey("trend", SOL, "sim-a"): -2e5}

    def largest(holdings: dict[PositionKey, float], correlation: float) -> float:
        snapshot = snapshot_of(book_of(holdings, cash=1e6 - sum(holdings.values())))
        assessment = assess(snapshot)
        policy = replace(policy_of(), cluster_correlation=correlation)
        around = surroundings(
            policy, snapshot, equity=assessment.equity, performance=None, courses={}
        )
        return measured("correlation_cluster", book=held_view(assessment, around))

    assert largest(pair, 0.0) == pytest.approx(0.3)
    assert largest(pair, 0.999) == pytest.approx(0.2)
    assert largest(hedged, 0.0) == pytest.approx(0.0, abs=1e-9)
    assert largest(hedged, 0.999) == pytest.approx(0.2)


def test_losses_of_a_strategy_are_measured_by_its_own_course() -> None:
    course = Course(profit=-3e4, day_start=1e4, day_equity=8e5, peak=2e4, peak_equity=1e6, at=NOW)
    book = view_of(snapshot_of(BOOK), courses={"trend": course})

    assert measured("daily_loss", TREND, book) == pytest.approx(4e4 / 8e5)
    assert measured("drawdown", TREND, book) == pytest.approx(5e4 / 1e6)
    assert measured("daily_loss", DIP, book) == 0.0


@pytest.mark.parametrize("kind", ["daily_loss", "drawdown"])
def test_losses_of_a_book_that_nobody_has_seen_are_unknown(kind: str) -> None:
    limit = limit_of(definition(kind))
    assert isinstance(limit, Limit)

    assert limit.measure(view_of(snapshot_of(BOOK))) is None


# --- one order -----------------------------------------------------------------------------

ORDER = OrderView(
    at=NOW,
    key=PositionKey("trend", BTC, "sim-a"),
    side=Side.BUY,
    quantity=2.0,
    mark=Mark(asset=BTC, price=PRICES[BTC], at=NOW, volume=4e6),
    order_type=OrderType.MARKET,
    limit_price=None,
)


def of_order(kind: str, order: OrderView = ORDER, **own: Any) -> float | None:
    limit = limit_of(definition(kind, parameters=own))
    assert isinstance(limit, OrderLimit)
    return limit.measure_order(order)


def sent(seconds_ago: float, quantity: float = 2.0) -> SentOrder:
    return SentOrder(NOW - timedelta(seconds=seconds_ago), BTC, Side.BUY, quantity)


def test_one_order_by_hand() -> None:
    dear = replace(ORDER, order_type=OrderType.LIMIT, limit_price=1.1 * PRICES[BTC])
    busy = replace(ORDER, sent=SentOrders((sent(70.0), sent(50.0), sent(10.0, quantity=1.0))))

    assert of_order("order_notional") == 1e5
    assert of_order("order_notional", dear) == pytest.approx(1.1e5)
    assert of_order("order_quantity") == 2.0
    assert of_order("order_volume_share") == pytest.approx(0.025)
    assert of_order("order_rate", busy) == 3.0
    assert of_order("order_rate", busy, seconds=30.0) == 2.0
    assert of_order("repeated_order", busy) == 2.0
    assert of_order("price_collar") == 0.0
    assert of_order("price_collar", dear) == pytest.approx(0.1)
    assert of_order("price_collar", replace(dear, side=Side.SELL)) == 0.0


def test_what_an_order_cannot_be_measured_by_is_unknown() -> None:
    blind = replace(
        ORDER,
        mark=missing_mark(BTC, NOW),
        order_type=OrderType.LIMIT,
        limit_price=PRICES[BTC],
    )

    for kind in ("order_notional", "order_volume_share", "price_collar"):
        assert of_order(kind, blind) is None


# --- definitions ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LIMIT_TYPES)
def test_a_kind_says_what_it_is(kind: str) -> None:
    limit = LIMIT_TYPES[kind]

    assert limit.kind == kind
    assert limit.title
    assert limit.scopes
    assert limit.__doc__
    assert HARD[kind] > 0.0


@pytest.mark.parametrize(
    ("kind", "changes", "told"),
    [
        ("net_exposure", {"hard": -0.1, "soft": -0.2}, "0 <= soft <= hard"),
        ("net_exposure", {"hard": math.nan}, "0 <= soft <= hard"),
        ("net_exposure", {"hard": math.inf}, "0 <= soft <= hard"),
        ("net_exposure", {"hard": 1.0, "soft": 1.1}, "0 <= soft <= hard"),
        ("value_at_risk", {"scope": ON_BTC}, "may be set on portfolio, not on asset"),
        ("value_at_risk", {"parameters": {"confidence": 0.9}}, "confidence must be one of"),
        ("expected_shortfall", {"parameters": {"horizon": "1w"}}, "horizon must be 1d or 1h"),
        ("days_to_flat", {"scope": ON_BTC, "parameters": {"participation": 0.0}}, "participation"),
        ("order_rate", {"parameters": {"seconds": 0.0}}, "seconds must be positive"),
        ("repeated_order", {"parameters": {"seconds": -1.0}}, "seconds must be positive"),
        ("stablecoin_exposure", {"parameters": {"counts_cash": "maybe"}}, "must be yes or no"),
        ("leverage", {"parameters": {"confidence": 0.9}}, "settings that its kind does not know"),
    ],
)
def test_a_definition_that_does_not_fit_is_refused(
    kind: str, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(PolicyInvalid, match=told):
        limit_of(definition(kind, name="it", **changes))


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    unknown = replace(definition("leverage"), kind="levarage")

    with pytest.raises(PolicyInvalid, match="is of kind levarage, which there is not; there are"):
        limit_of(unknown)


def test_own_settings_are_what_a_kind_adds() -> None:
    assert own_settings(LIMIT_TYPES["value_at_risk"]) == ("confidence", "horizon")
    assert own_settings(LIMIT_TYPES["leverage"]) == ()
