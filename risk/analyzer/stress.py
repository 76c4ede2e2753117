"""What given shocks would do to a table's book."""

import math
from collections.abc import Mapping
from typing import Any

from risk.analyzer.table import Table, number
from risk.errors import InvalidInput

Shocks = Mapping[str, Mapping[str, float]]


def checked_scenarios(table: Table, scenarios: Shocks) -> dict[str, dict[str, float]]:
    """Scenarios of this table's assets with shocks that a price can take, or an InvalidInput."""
    if not isinstance(scenarios, Mapping):
        raise InvalidInput(f"scenarios must map names to shocks, got {scenarios!r}")
    return {name: _checked(table, name, shocks) for name, shocks in scenarios.items()}


def stressed(table: Table, scenarios: Shocks) -> dict[str, dict[str, Any]]:
    """See :meth:`~risk.analyzer.facade.PositionRiskAnalyzer.stress`."""
    return {name: _loss(table, shocks) for name, shocks in scenarios.items()}


def _checked(table: Table, name: str, shocks: Mapping[str, float]) -> dict[str, float]:
    if not isinstance(shocks, Mapping):
        raise InvalidInput(f"scenario {name} must map assets to returns, got {shocks!r}")
    checked = {}
    for asset, shock in shocks.items():
        if asset not in table.assets:
            raise InvalidInput(f"scenario {name} shocks {asset}, of which there are no returns")
        checked[asset] = number(f"the shock of {asset} in scenario {name}", shock)
        if checked[asset] < -1.0:
            raise InvalidInput(f"scenario {name} shocks {asset} by {shock}: -1 or more is possible")
    return checked


def _loss(table: Table, shocks: Mapping[str, float]) -> dict[str, Any]:
    held = [asset for asset, held in zip(table.assets, table.held, strict=True) if held]
    exposure = dict(zip(table.assets, table.exposure.tolist(), strict=True))
    profits = {asset: exposure[asset] * shocks.get(asset, 0.0) for asset in held}
    return {
        "loss": -math.fsum(profits.values()) / table.equity,
        "by_asset": profits,
        "unshocked": [asset for asset in held if asset not in shocks],
    }
