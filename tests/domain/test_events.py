"""Facts never change, carry a zoned time and no number that is none."""

import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError, is_dataclass, replace
from datetime import datetime
from importlib import import_module
from pathlib import Path

import pytest

from risk.domain import events
from risk.domain.events import ExposureUpdate, RiskEvent
from tests.builders import NOON, build_flow, build_funds_moved, build_portfolio_risk

MOVED = build_funds_moved(build_flow())
EXPOSED = ExposureUpdate(
    at=NOON,
    portfolio="demo",
    cycle="demo-1",
    by_asset={"BTC/USDT": 1.0},
    by_strategy={"trend": 1.0},
    by_venue={"sim-a": 1.0},
    gross=1.0,
    net=1.0,
    changed=("BTC/USDT",),
)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"FundsMoved\.at needs a timezone"):
        replace(MOVED, at=datetime(2024, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (lambda value: replace(MOVED, amount=value), r"FundsMoved\.amount"),
        (lambda value: build_portfolio_risk(var_1d_99=value), r"PortfolioRisk\.var_1d_99"),
        (
            lambda value: replace(EXPOSED, by_asset={"ETH/USDT": value}),
            r"ExposureUpdate\.by_asset\[ETH/USDT\]",
        ),
        (lambda value: replace(EXPOSED, changed=(value,)), r"ExposureUpdate\.changed\[0\]"),
    ],
    ids=["a number", "an optional number", "one in a mapping", "one in a list"],
)
def test_a_number_that_is_none_is_refused_wherever_it_hides(
    broken: Callable[[float], RiskEvent], name: str, value: float
) -> None:
    with pytest.raises(ValueError, match=f"{name} must be finite, got {value}"):
        broken(value)


def test_what_could_not_be_measured_is_none_and_welcome() -> None:
    assert build_portfolio_risk(var_1d_99=None).var_1d_99 is None


def test_a_fact_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        MOVED.amount = 5.0  # type: ignore[misc]


def test_kinds_are_found_by_name_in_order_and_each_is_a_frozen_dataclass() -> None:
    kinds = RiskEvent.kinds()

    assert list(kinds) == sorted(kinds)
    assert {"PositionRisk", "PortfolioRisk", "ExposureUpdate", "RiskStatus"} <= set(kinds)
    for name, kind in kinds.items():
        assert is_dataclass(kind)
        assert (kind.__name__, kind.__dataclass_params__.frozen) == (name, True)  # type: ignore[attr-defined]


def test_every_kind_of_a_file_is_named_in_the_room() -> None:
    """A class in a file that nobody imports would be no kind of event."""
    folder = Path(events.__path__[0])
    files = [file.stem for file in folder.glob("*.py") if file.stem != "__init__"]
    found = {
        name
        for file in files
        for name, value in vars(import_module(f"{events.__name__}.{file}")).items()
        if isinstance(value, type) and issubclass(value, RiskEvent)
    }

    assert found == {*RiskEvent.kinds(), "RiskEvent"}
    assert found <= set(events.__all__)


def test_measurements_are_metrics_and_decisions_are_journalled() -> None:
    kinds = RiskEvent.kinds()
    measured = {name for name, kind in kinds.items() if not kind.journalled}

    assert measured == {
        "BreakerReading",
        "ExposureUpdate",
        "LimitUtilization",
        "PortfolioRisk",
        "PositionRisk",
    }
