"""Trading states are ordered; the course of a book is read off its baselines."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from risk.domain.positions import PositionKey
from risk.domain.reductions import Reduction
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import Baseline, Performance, RiskState, Standing, TradingState
from risk.domain.stops import StopReason, StopRequest, StopState

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


def test_states_tighten_in_this_order() -> None:
    names = ["NORMAL", "CAUTION", "THROTTLED", "REDUCE_ONLY", "HALTED"]

    assert [state.name for state in sorted(TradingState)] == names
    assert max(TradingState.CAUTION, TradingState.REDUCE_ONLY) is TradingState.REDUCE_ONLY


def test_people_read_words() -> None:
    assert TradingState.REDUCE_ONLY.word == "REDUCE ONLY"


def test_a_book_has_a_standing_once_it_was_judged() -> None:
    standing = Standing(TradingState.CAUTION, NOON, "a mark is stale")
    scopes = {
        Scope(ScopeKind.ASSET, "demo"): standing._replace(state=TradingState.HALTED),
        Scope(ScopeKind.PORTFOLIO, "demo"): standing,
    }

    assert RiskState(portfolio="demo").standing() is None
    assert RiskState(portfolio="demo", standings=scopes).standing() == standing


def course(unit_value: float, day_start: float = 1.0) -> Performance:
    start = Baseline(NOON, 1.0, 1_000.0, 1_000.0)
    return Performance(
        unit_value=unit_value,
        equity=1_700.0,
        net_flows=1_500.0,
        at=NOON,
        inception=start,
        day_start=Baseline(NOON, day_start, 1_600.0, 1_500.0),
        solvent=Baseline(NOON, day_start, 1_600.0, 1_500.0),
        peak=start._replace(unit_value=1.25),
    )


@pytest.mark.parametrize(
    ("unit_value", "drawdown"), [(1.25, 0.0), (1.0, 0.2), (0.0, 1.0), (1.3, 0.0)]
)
def test_drawdown_is_the_fall_from_the_peak_as_a_share_of_it(
    unit_value: float, drawdown: float
) -> None:
    assert course(unit_value).drawdown == pytest.approx(drawdown)


def test_profit_leaves_flows_out() -> None:
    assert (course(1.2).profit_total, course(1.2).profit_today) == (200.0, 100.0)


@pytest.mark.parametrize(("day_start", "expected"), [(1.0, 0.2), (0.0, 0.0)])
def test_the_days_return_is_a_share_of_where_the_day_began(
    day_start: float, expected: float
) -> None:
    assert course(1.2, day_start).return_today == pytest.approx(expected)


def test_what_is_asked_of_a_position_is_the_stricter_of_limits_and_stops() -> None:
    key = PositionKey("trend", "BTC/USDT", "sim-a")
    asked = Reduction("limit/1", key, 0.5, "a limit", NOON, NOON)
    hit = StopRequest("stop/1", StopReason.FIXED, 0.0, 80.0, NOON, NOON, 0, NOON)
    stop = StopState(since=NOON, quantity=1.0, entry_quantity=1.0, best=100.0, reduction=hit)
    half = replace(stop, reduction=hit._replace(target=0.75))
    state = RiskState(portfolio="demo", reductions={key: asked}, stops={key: stop})

    assert [each.id for each in state.open_reductions] == ["stop/1"]
    assert [each.id for each in replace(state, stops={key: half}).open_reductions] == ["limit/1"]
    assert [each.id for each in replace(state, reductions={}).open_reductions] == ["stop/1"]
    assert replace(state, stops={}).open_reductions == (asked,)
