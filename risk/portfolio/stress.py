"""Loss in the scenarios that a snapshot carries: exact, linear, one multiplication."""

from collections.abc import Mapping

import numpy as np

from risk.domain.snapshot import ShockMatrix, ShockSource
from risk.measures.types import FloatArray


def profits(shocks: ShockMatrix, net: Mapping[str, float]) -> FloatArray | None:
    """Profit in each scenario, shape (scenarios,).

    None if there are no scenarios, or one of the assets held is not in them.
    """
    if not shocks.scenarios:
        return None
    exposure = np.zeros(len(shocks.assets))
    for asset, value in net.items():
        column = shocks.column(asset)
        if column is not None:
            exposure[column] = value
        elif value != 0.0:
            return None
    return np.asarray(shocks.returns @ exposure)


def per_unit(shocks: ShockMatrix, asset: str) -> FloatArray | None:
    """Profit of one unit of currency held in one asset; None if no scenario shocks it."""
    column = shocks.column(asset)
    if not shocks.scenarios or column is None:
        return None
    return np.ascontiguousarray(shocks.returns[:, column])


def with_pending(
    profit: FloatArray | None, shocks: ShockMatrix, asset: str, change: float
) -> FloatArray | None:
    """Profit in each scenario with one more order that may be filled, where it would lose.

    Costs one asset's shocks, however many assets there are.

    Parameters
    ----------
    profit : ndarray of shape (scenarios,) or None
        Without the order; None if it is unknown.
    shocks : ShockMatrix
    asset : str
    change : float
        Value of the order at the mark, quote currency; a sale is negative.
    """
    column = shocks.column(asset)
    if profit is None or (column is None and change != 0.0):
        return None
    return profit if column is None else profit + losing_with(shocks, asset, change)


def losing_with(shocks: ShockMatrix, asset: str, change: float) -> FloatArray:
    """What an order takes away in each scenario in which it loses, not positive.

    Parameters
    ----------
    shocks : ShockMatrix
    asset : str
        One that is shocked.
    change : float
        Value of the order at the mark, quote currency; a sale is negative.
    """
    return np.asarray(np.minimum(shocks.returns[:, shocks.column(asset)] * change, 0.0))


def worst_loss(profit: FloatArray | None) -> float | None:
    """Largest loss over the scenarios, never below zero; None if it is unknown."""
    return None if profit is None else max(0.0, -float(profit.min()))


def worst_scenario(shocks: ShockMatrix, profit: FloatArray | None) -> str | None:
    """The scenario that loses most; None if it is unknown or none loses."""
    if profit is None or float(profit.min()) >= 0.0:
        return None
    return shocks.scenarios[int(np.argmin(profit))]


def held_by_proxy(
    shocks: ShockMatrix, scenario: str | None, net: Mapping[str, float]
) -> tuple[str, ...]:
    """Assets held whose shock in that scenario is a proxy, sorted; none without a scenario."""
    if scenario is None:
        return ()
    held = sorted(asset for asset, value in net.items() if value)
    recorded = ShockSource.RECORDED
    return tuple(asset for asset in held if shocks.source(scenario, asset) is not recorded)
