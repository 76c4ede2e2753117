"""One position's value, its risk alone, and its part of the book's."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.assessment import TailRisk
from risk.domain.events import PositionRisk
from risk.domain.market import Mark, missing_mark
from risk.domain.positions import Position, PositionKey
from risk.position.calculator import UnitRisk, closed_position, measure_position, position_risk

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
POSITION = Position(
    strategy="trend", asset="BTC/USDT", venue="sim-a", quantity=-2.0, entry_price=90.0
)
MARK = Mark(asset="BTC/USDT", price=100.0, at=NOON)
UNIT = UnitRisk(
    long=TailRisk((0.05, 0.06, 0.08), (0.07, 0.09, 0.11)),
    short=TailRisk((0.03125, 0.0625, 0.125), (0.0625, 0.125, 0.25)),
    marginal_var=(0.01, 0.02, 0.03),
    marginal_es=(0.02, 0.03, 0.04),
    rest_var=(0.0, 0.0, 0.0),
    rest_es=(0.0, 0.0, 0.0),
    beta_btc=1.0,
)
STAMP = {"at": NOON, "portfolio": "demo", "cycle": "demo-1"}


def test_a_short_position_is_as_risky_as_rising_prices_make_it() -> None:
    found = measure_position(POSITION, MARK, exposure=-200.0, since_midnight=0.1, unit=UNIT)

    assert found.standalone == TailRisk((6.25, 12.5, 25.0), (12.5, 25.0, 50.0))
    assert found.component_var == (-2.0, -4.0, -6.0)
    assert found.component_es == (-4.0, -6.0, -8.0)
    assert (found.marginal_var, found.beta_btc) == (UNIT.marginal_var, 1.0)
    assert (found.unrealised, found.mark, found.since_midnight) == (-20.0, 100.0, 0.1)


@given(st.floats(-1e9, 1e9))
def test_the_risk_of_a_position_alone_grows_with_its_size(exposure: float) -> None:
    alone = UNIT.alone(exposure)
    unit = UNIT.long if exposure >= 0.0 else UNIT.short

    assert alone.var == pytest.approx([abs(exposure) * figure for figure in unit.var])
    assert alone.es == pytest.approx([abs(exposure) * figure for figure in unit.es])


def test_without_a_model_only_the_value_is_known() -> None:
    found = measure_position(POSITION, MARK, exposure=-200.0, since_midnight=None, unit=None)

    assert found.exposure == -200.0
    assert found.standalone is None
    assert found.component_var is None
    assert found.component_es is None
    assert found.marginal_var is None
    assert found.beta_btc is None


def test_without_a_mark_a_position_stands_at_cost() -> None:
    missing = missing_mark("BTC/USDT", NOON)
    found = measure_position(POSITION, missing, exposure=-180.0, since_midnight=None, unit=UNIT)

    assert (found.mark, found.unrealised, found.trust) == (90.0, 0.0, missing.trust)


def test_what_a_hedged_book_has_left_over_is_shared_by_size() -> None:
    unit = UNIT._replace(marginal_var=(0.0,) * 3, rest_var=(0.001, 0.002, 0.003))
    found = measure_position(POSITION, MARK, exposure=-200.0, since_midnight=None, unit=unit)

    assert found.component_var == pytest.approx((0.2, 0.4, 0.6))


def test_an_event_tells_the_figures_of_its_levels() -> None:
    found = measure_position(POSITION, MARK, exposure=-200.0, since_midnight=None, unit=UNIT)
    event = position_risk(found, **STAMP)

    assert event == PositionRisk(
        **STAMP,
        strategy="trend",
        asset="BTC/USDT",
        venue="sim-a",
        quantity=-2.0,
        exposure=-200.0,
        unrealised=-20.0,
        var_1d_99=25.0,
        es_1d_975=25.0,
        component_var_1d_99=-6.0,
        marginal_var_1d_99=0.03,
    )


def test_an_event_without_a_model_leaves_gaps_not_zeros() -> None:
    found = measure_position(POSITION, MARK, exposure=-200.0, since_midnight=None, unit=None)
    event = position_risk(found, **STAMP)

    assert (event.var_1d_99, event.es_1d_975) == (None, None)
    assert (event.component_var_1d_99, event.marginal_var_1d_99) == (None, None)


def test_a_closed_position_risks_nothing() -> None:
    event = closed_position(PositionKey("trend", "BTC/USDT", "sim-a"), **STAMP)

    assert (event.quantity, event.exposure, event.var_1d_99) == (0.0, 0.0, 0.0)
    assert event.component_var_1d_99 == 0.0
