"""What is no order, cannot be judged or does not fit the exchange is refused by name."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.decisions import Decision, OrderRequest, ReasonCode, SignalRequest
from risk.domain.events import Verdict
from risk.domain.market import Trust
from risk.domain.orders import OrderType, Side
from risk.domain.policy import Instrument, Policy
from risk.domain.scopes import ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import Standing, TradingState
from tests.books import (
    ALIEN,
    BTC,
    ETH,
    NOW,
    book_of,
    held,
    marks_of,
    order_of,
    snapshot_of,
    snapshots,
)
from tests.manager.asking import TREND_BTC, ask, book_kinds, manager_of, policies, request_of
from tests.policies import WHOLE, definition, policy_of


@pytest.mark.parametrize("quantity", [math.nan, math.inf, -math.inf, 10**400, True, "1", None])
def test_a_quantity_that_is_no_finite_number_is_refused(quantity: object) -> None:
    decision = ask(order_of(BTC, 1e3), snapshot_of(held(BTC, 1e5)), policy_of(), quantity=quantity)

    assert decision.verdict is Verdict.REJECT
    assert decision.deciding == (ReasonCode.QUANTITY_NOT_FINITE,)
    assert decision.requested == 0.0


@pytest.mark.parametrize("quantity", [0, 0.0, -0.0, -1, -1e-12])
def test_nothing_and_less_is_no_quantity(quantity: float) -> None:
    decision = ask(order_of(BTC, 1e3), snapshot_of(held(BTC, 1e5)), policy_of(), quantity=quantity)

    assert decision.deciding == (ReasonCode.QUANTITY_NOT_POSITIVE,)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"side": "hold"}, ReasonCode.SIDE_UNKNOWN),
        ({"side": "BUY"}, ReasonCode.SIDE_UNKNOWN),
        ({"limit_price": 1.0}, ReasonCode.LIMIT_PRICE_UNEXPECTED),
        ({"order_type": OrderType.LIMIT}, ReasonCode.LIMIT_PRICE_MISSING),
        *[
            (
                {"order_type": OrderType.LIMIT, "limit_price": price},
                ReasonCode.LIMIT_PRICE_NOT_VALID,
            )
            for price in (math.nan, math.inf, 0.0, -1.0, True)
        ],
        ({"portfolio": "other"}, ReasonCode.PORTFOLIO_UNKNOWN),
        ({"strategy": "stranger"}, ReasonCode.STRATEGY_UNKNOWN),
        ({"asset": "btc/usdt"}, ReasonCode.ASSET_UNKNOWN),
        ({"venue": "elsewhere"}, ReasonCode.SCOPE_WITHOUT_LIMIT),
    ],
)
def test_what_is_wrong_is_refused_with_its_reason(changes: dict[str, object], code: str) -> None:
    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), policy_of(), **changes)

    assert decision.verdict is Verdict.REJECT
    assert code in decision.deciding
    assert decision.allowed == 0.0


def test_without_a_policy_nothing_new_passes() -> None:
    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), None)

    assert decision.deciding == (ReasonCode.NO_POLICY,)
    assert decision.limits_version == 0


def test_an_asset_that_the_policy_does_not_name_is_not_allowed() -> None:
    policy = policy_of(instruments={ETH: Instrument()})

    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), policy)

    assert decision.deciding == (ReasonCode.ASSET_NOT_ALLOWED,)


@pytest.mark.parametrize("kind", [ScopeKind.PORTFOLIO, ScopeKind.STRATEGY, ScopeKind.ASSET])
def test_a_scope_without_a_limit_starts_at_zero(kind: ScopeKind) -> None:
    policy = policy_of()
    bare = replace(policy, limits=tuple(x for x in policy.limits if x.scope.kind is not kind))

    decision = ask(order_of(BTC, 1e3), snapshot_of(book_of({})), bare)

    assert decision.deciding == (ReasonCode.SCOPE_WITHOUT_LIMIT,)
    assert decision.reasons[0].scope is not None
    assert decision.reasons[0].scope.kind is kind


def test_an_order_id_that_is_pending_is_a_duplicate() -> None:
    snapshot = snapshot_of(held(BTC, 1e5)).after(order_of(ETH, 1e3, name="once"))

    for asset in (ETH, BTC):
        decision = ask(order_of(asset, -1e3, name="once"), snapshot, policy_of())
        assert decision.verdict is Verdict.REJECT
        assert ReasonCode.DUPLICATE_ORDER in decision.deciding


@pytest.mark.parametrize(
    ("trust", "code"),
    [
        (Trust.STALE, ReasonCode.MARK_NOT_TRUSTED),
        (Trust.SUSPECT, ReasonCode.MARK_NOT_TRUSTED),
        (Trust.MISSING, ReasonCode.MARK_MISSING),
    ],
)
def test_a_mark_that_is_not_trusted_stops_new_risk_and_lets_reductions_pass(
    trust: Trust, code: str
) -> None:
    snapshot = snapshot_of(held(BTC, 1e5), marks=marks_of(trusts={BTC: trust}))

    new = ask(order_of(BTC, 1e3), snapshot, policy_of())
    less = ask(order_of(BTC, -1e3), snapshot, policy_of())

    assert code in new.deciding
    assert less.verdict is Verdict.APPROVE


def test_equity_that_is_unknown_stops_new_risk_in_every_asset() -> None:
    snapshot = snapshot_of(held(BTC, 1e5), marks=marks_of(trusts={BTC: Trust.MISSING}))

    assert ReasonCode.EQUITY_UNKNOWN in ask(order_of(ETH, 1e3), snapshot, policy_of()).deciding


def test_equity_below_zero_stops_new_risk_and_lets_reductions_pass() -> None:
    snapshot = snapshot_of(book_of({TREND_BTC: 1e5}, cash=-2e5))

    assert ReasonCode.EQUITY_NOT_POSITIVE in ask(order_of(ETH, 1e3), snapshot, None).deciding
    assert ask(order_of(BTC, -1e5), snapshot, None).verdict is Verdict.APPROVE


def test_a_limit_that_cannot_be_measured_refuses_new_risk() -> None:
    snapshot = snapshot_of(book_of({}))
    policy = policy_of(definition("value_at_risk"))

    decision = ask(order_of(ALIEN, 1e3), snapshot, policy)

    assert decision.deciding == (ReasonCode.NOT_MEASURED,)
    assert decision.reasons[0].subject == "value_at_risk portfolio demo"


@given(
    snapshots(),
    policies(book_kinds()),
    st.text(max_size=3),
    st.one_of(st.floats(), st.integers(), st.text(max_size=3), st.none()),
    st.one_of(st.none(), st.floats()),
    st.sampled_from([*Side, "buy", "sideways", ""]),
    st.sampled_from(OrderType),
)
def test_nothing_that_an_agent_sends_raises(
    snapshot: Snapshot,
    policy: Policy,
    name: str,
    quantity: object,
    price: float | None,
    side: str,
    order_type: OrderType,
) -> None:
    manager = manager_of(snapshot, policy)
    for asset in (BTC, name):
        decision = manager.validate_order(
            OrderRequest(
                client_order_id=name,
                portfolio="demo",
                strategy="trend",
                asset=asset,
                venue="sim-a",
                side=side,
                quantity=quantity,  # type: ignore[arg-type]
                order_type=order_type,
                limit_price=price,
            )
        )
        assert math.isfinite(decision.allowed)
        assert all(r.value is None or not math.isnan(r.value) for r in decision.reasons)


@pytest.mark.parametrize(
    "name", ["client_order_id", "portfolio", "strategy", "asset", "venue", "side"]
)
@pytest.mark.parametrize("value", [[], {}, None, b"x", 1.0, np.array([1, 2]), "x" * 10**6])
def test_what_is_no_name_is_refused_and_does_not_raise(name: str, value: object) -> None:
    snapshot = snapshot_of(held(BTC, 1e5))
    code = ReasonCode.SIDE_UNKNOWN if name == "side" else ReasonCode.NAME_NOT_VALID

    for quantity in (1e3, -1e3):
        decision = ask(order_of(BTC, quantity), snapshot, policy_of(), **{name: value})
        assert decision.verdict is Verdict.REJECT
        assert code in decision.deciding
        assert decision.allowed == 0.0


@pytest.mark.parametrize("name", ["portfolio", "strategy", "asset", "venue", "side"])
def test_a_signal_of_what_is_no_name_is_refused_too(name: str) -> None:
    signal = SignalRequest(
        portfolio="demo", strategy="trend", asset=BTC, venue="sim-a", side=Side.BUY
    )
    wrong = replace(signal, **{name: []})  # type: ignore[arg-type]

    assert manager_of(snapshot_of(book_of({})), policy_of()).validate_signal(wrong).allowed == 0.0


def test_an_order_type_may_come_as_text() -> None:
    """As it does from a message; what is neither type is refused by name."""
    snapshot = snapshot_of(held(BTC, 1e5))

    def asked(kind: object, value: float, price: float | None = None) -> Decision:
        changes = {"order_type": kind, "limit_price": price}
        return ask(order_of(BTC, value), snapshot, policy_of(), **changes)

    assert asked("market", -1e3).verdict is Verdict.APPROVE
    assert asked("limit", 1e3, 5e4).verdict is Verdict.APPROVE
    for kind in ("stop", None, [], 1):
        assert asked(kind, 1e3, 5e4).deciding == (ReasonCode.ORDER_TYPE_UNKNOWN,)


@pytest.mark.parametrize("claim", ["false", "no", 1, [0]])
def test_only_true_is_an_emergency(claim: object) -> None:
    halted = {WHOLE: Standing(TradingState.HALTED, NOW, "set by the test")}
    manager = manager_of(snapshot_of(held(BTC, 1e5)), policy_of(), standings=halted)

    decision = manager.validate_order(request_of(order_of(BTC, -1e3), emergency=claim))

    assert decision.verdict is Verdict.REJECT
