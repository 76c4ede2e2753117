"""Loss in the scenarios that a snapshot carries: exact, linear, one multiplication."""

from collections.abc import Mapping

import numpy as np

from risk.domain.snapshot import ShockMatrix
from risk.measures.types import FloatArray


def profits(shocks: ShockMatrix, net: Mapping[str, float]) -> FloatArray | None:
    """Profit in each scenario, shape (scenarios,).

    None if there are no scenarios, or one of the assets held is not in them.
    """
    if not shocks.scenarios:
        return None
    column = {asset: j for j, asset in enumerate(shocks.assets)}
    if any(value != 0.0 and asset not in column for asset, value in net.items()):
        return None
    exposure = np.zeros(len(shocks.assets))
    for asset, value in net.items():
        if asset in column:
            exposure[column[asset]] = value
    return np.asarray(shocks.returns @ exposure)


def worst_loss(profit: FloatArray | None) -> float | None:
    """Largest loss over the scenarios, never below zero; None if it is unknown."""
    return None if profit is None else max(0.0, -float(profit.min()))


def worst_scenario(shocks: ShockMatrix, profit: FloatArray | None) -> str | None:
    """The scenario that loses most; None if it is unknown or none loses."""
    if profit is None or float(profit.min()) >= 0.0:
        return None
    return shocks.scenarios[int(np.argmin(profit))]
