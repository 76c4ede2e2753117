"""The market's regime: what the hours of all known assets together say of its state.

The market's return of an hour is the mean over assets, each weighing the same: a storm that only
the leading asset goes through is one asset's, and its limits see it by its own volatility.
"""

import math
from collections.abc import Sequence

import numpy as np

from risk.domain.market import BarClose
from risk.domain.model import Model
from risk.measures.regimes import (
    HOURLY,
    REGIMES,
    UNKNOWN,
    RegimeState,
    regime_path,
    regime_update,
)
from risk.measures.types import FloatArray


def market_return(model: Model, bar: BarClose) -> float | None:
    """Mean simple return over a bar that `model` has not taken in yet; None if there is none.

    Parameters
    ----------
    model : Model
        Knows the closes before the bar.
    bar : BarClose
        An asset whose series breaks with it does not count.
    """
    if model.closed != bar.opened:
        return None
    known = zip(model.assets, model.filter.close.tolist(), strict=True)
    moves = [
        bar.bars[asset].close / before - 1.0
        for asset, before in known
        if asset in bar.bars and asset not in bar.breaks and not math.isnan(before)
    ]
    return sum(moves) / len(moves) if moves else None


def next_regime(
    before: RegimeState | None, hours: Sequence[float | None], model: Model
) -> RegimeState:
    """The filter after the hours that closed; the same object if none did.

    Parameters
    ----------
    before : RegimeState or None
        None at first: then the whole window of `model` is filtered.
    hours : sequence of float or None
        The market's returns since then, oldest first; None for an hour that had none.
    model : Model
        Of the hour, with these bars taken in.
    """
    if before is None:
        return regime_path(_window(model), HOURLY).state
    for value in hours:
        before = regime_update(before, math.nan if value is None else value, HOURLY)
    return before


def _window(model: Model) -> FloatArray:
    """The market's returns that the model remembers, oldest first, shape (hours,)."""
    returns = model.filter.returns
    counts = (~np.isnan(returns)).sum(axis=1)
    sums = np.nansum(returns, axis=1)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def regime_name(state: RegimeState | None) -> str | None:
    """One of ``REGIMES``; None while none is known."""
    return None if state is None or state.regime == UNKNOWN else REGIMES[state.regime]
