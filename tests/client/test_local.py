"""Local checks reject what the authority would, and never what may be a reduction."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.client.local import LocalChecks
from risk.client.views import read_holds, read_limits, read_positions, read_status
from risk.domain.messages import OrderBody
from risk.domain.orders import OrderType, Side
from tests.fakes_seawall import status

BTC = "BTC/USDT"
AT = 1_000.0


def wire(said: dict) -> bytes:
    return json.dumps(said).encode()


def order(**changes) -> OrderBody:
    usual = {
        "client_order_id": "a",
        "portfolio": "demo",
        "strategy": "trend",
        "asset": BTC,
        "side": Side.BUY,
        "quantity": 1.0,
    }
    if "limit_price" in changes:
        usual["order_type"] = OrderType.LIMIT
    return OrderBody(**{**usual, **changes})


def show(
    local: LocalChecks, *, at=AT, held=0.0, holds=(), limits=(), instruments=None, **shown
) -> None:
    """Bring local checks up to date."""
    positions = [
        {"strategy": "trend", "asset": BTC, "venue": "sim-a", "quantity": held, "mark": 100.0},
        {"strategy": "dip", "asset": BTC, "venue": "sim-a", "quantity": 50.0, "mark": 100.0},
    ]
    capped = {"limits": list(limits)}
    if instruments is not None:
        capped["instruments"] = instruments
    local.take(
        read_status(wire(status(**shown))),
        read_holds(wire({"holds": list(holds)})),
        read_limits(wire(capped)),
        read_positions(wire({"positions": positions})),
        at=at,
    )


def checks(**shown) -> LocalChecks:
    local = LocalChecks(stale_after=5.0)
    show(local, **shown)
    return local


def code(local: LocalChecks, body: OrderBody, now: float = AT) -> str | None:
    stopped = local.check(body, now)
    return None if stopped is None else stopped.code


def hold(scope: str, state: str) -> dict[str, str]:
    return {"scope": scope, "trading_state": state, "cause": "by hand"}


def test_what_nothing_stands_against_is_left_to_the_authority():
    assert code(checks(), order()) is None


def test_before_anything_was_heard_no_new_risk_goes_out():
    assert code(LocalChecks(), order()) == "not_synchronised"


def test_what_was_heard_too_long_ago_stops_new_risk():
    assert code(checks(), order(), AT + 5.0) is None
    assert code(checks(), order(), AT + 5.1) == "not_synchronised"


def test_figures_that_are_too_old_at_the_authority_stop_new_risk():
    assert code(checks(fresh=False), order()) == "snapshot_stale"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("NORMAL", None),
        ("CAUTION", None),
        ("THROTTLED", None),
        ("REDUCE_ONLY", "reductions_only"),
        ("HALTED", "halted"),
        ("A WORD OF LATER", "halted"),
    ],
)
def test_the_portfolios_state_rules(state, expected):
    assert code(checks(trading_state=state), order()) == expected


@pytest.mark.parametrize(
    ("scope", "venue", "stops"),
    [
        ("strategy:trend", None, True),
        ("strategy:dip", None, False),
        (f"asset:{BTC}", None, True),
        ("asset:ETH/USDT", None, False),
        ("venue:sim-a", "sim-a", True),
        ("venue:sim-a", None, False),
    ],
)
def test_a_hold_stops_the_scopes_that_enclose_the_order(scope, venue, stops):
    local = checks(holds=[hold(scope, "HALTED")])

    assert (code(local, order(venue=venue)) == "halted") == stops


def test_the_tightest_hold_is_told():
    local = checks(holds=[hold("strategy:trend", "REDUCE_ONLY"), hold(f"asset:{BTC}", "HALTED")])
    stopped = local.check(order(), AT)

    assert stopped is not None
    assert stopped.problem == f"trading in asset:{BTC} is halted: by hand"
    assert (stopped.reason.subject, stopped.reason.outcome) == (f"asset:{BTC}", "failed")


def test_an_asset_that_the_policy_does_not_name_is_stopped():
    assert code(checks(instruments={}), order()) == "asset_not_allowed"
    assert code(checks(instruments={BTC: {}}), order()) is None
    assert code(checks(instruments=[{"asset": BTC}]), order()) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"limit_price": 100.5}, None),
        ({"limit_price": 100.3}, "off_tick"),
        ({"quantity": 0.3}, None),
        ({"quantity": 0.37}, None),  # rounded down by the authority
        ({"quantity": 0.19}, "below_least"),
    ],
)
def test_the_exchanges_steps(changes, expected):
    local = checks(instruments={BTC: {"tick": 0.5, "lot": 0.1, "least": 0.2}})

    assert code(local, order(**changes)) == expected


def test_less_than_one_lot_is_nothing():
    local = checks(instruments={BTC: {"lot": 0.1}})

    assert code(local, order(quantity=0.09)) == "below_least"
    assert code(local, order(quantity=0.1)) is None


@pytest.mark.parametrize(
    ("kind", "scope", "hard", "expected"),
    [
        ("order_notional", "portfolio:demo", 99.0, "order_notional"),
        ("order_notional", "portfolio:demo", 100.0, None),
        ("order_notional", "strategy:dip", 1.0, None),
        ("order_quantity", f"asset:{BTC}", 0.5, "order_quantity"),
        ("gross_exposure", "portfolio:demo", 0.0, None),
    ],
)
def test_caps_on_one_order(kind, scope, hard, expected):
    limit = {"name": "cap", "kind": kind, "scope": scope, "hard": hard}

    assert code(checks(limits=[limit]), order()) == expected


def test_a_limit_price_is_what_an_order_is_worth():
    limit = {"name": "cap", "kind": "order_notional", "scope": "portfolio:demo", "hard": 150.0}
    stopped = checks(limits=[limit]).check(order(limit_price=200.0), AT)

    assert stopped is not None
    assert (stopped.value, stopped.threshold) == (200.0, 150.0)


@given(
    held=st.floats(-10.0, 10.0).filter(lambda units: abs(units) > 1e-6),
    share=st.floats(0.01, 1.0),
    state=st.sampled_from(["NORMAL", "REDUCE_ONLY", "HALTED"]),
    late=st.floats(0.0, 1e6),
)
def test_what_reduces_is_never_stopped_here(held, share, state, late):
    limit = {"name": "cap", "kind": "order_quantity", "scope": "portfolio:demo", "hard": 0.0}
    local = checks(held=held, trading_state=state, limits=[limit], instruments={}, fresh=False)
    side = Side.SELL if held > 0.0 else Side.BUY

    assert code(local, order(side=side, quantity=abs(held) * share), AT + late) is None


@pytest.mark.parametrize("claim", ["reduce_only", "emergency"])
def test_what_says_that_it_reduces_is_left_to_the_authority(claim):
    assert code(checks(trading_state="HALTED"), order(**{claim: True}), AT + 1e6) is None
    assert code(LocalChecks(), order(**{claim: True})) is None


def test_more_than_is_held_is_new_risk():
    local = checks(held=1.0, trading_state="HALTED")

    assert code(local, order(side=Side.SELL, quantity=1.0)) is None
    assert code(local, order(side=Side.SELL, quantity=1.1)) == "halted"
    assert code(local, order(side=Side.BUY, quantity=0.1)) == "halted"


@pytest.mark.parametrize("stale_after", [0.0, -1.0, float("nan"), float("inf")])
def test_an_age_that_cannot_be_meant_is_refused(stale_after):
    with pytest.raises(ValueError, match="stale_after"):
        LocalChecks(stale_after=stale_after)
