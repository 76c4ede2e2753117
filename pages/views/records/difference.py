"""Which forecasts cost less: a model's or the live ones, over the same days."""

from dataclasses import dataclass

import numpy as np

from pages.views.records.scored import ScoredBars
from risk.errors import NotIdentified
from risk.measures.backtest import CHANCE, diebold_mariano, pinball_losses
from risk.measures.types import FloatArray

#: Over fewer days the test of a difference rejects far too often.
_LEAST_DAYS = 60


@dataclass(frozen=True)
class Difference:
    """How much more a model's 99 % forecasts cost than the live ones, over the same days.

    Attributes
    ----------
    relative : float
        Of the pinball loss; negative if the model was better.
    p_value : float or None
        Of Diebold and Mariano's test; None where the days are too few for it.
    """

    relative: float
    p_value: float | None

    @property
    def verdict(self) -> str:
        """Whether it can be told from chance, in words."""
        if self.p_value is None:
            return "too few days"
        return "within chance" if self.p_value >= CHANCE else "more than chance"


def difference_from_live(var_99: FloatArray, judged: ScoredBars) -> Difference | None:
    """What forecasts cost against the live ones, over the days that have both.

    Parameters
    ----------
    var_99 : ndarray of shape (n,)
        Forecasts for the days of `judged`, quote currency; NaN where there is none.
    judged : ScoredBars
    """
    both = np.isfinite(var_99)
    if not both.any():
        return None
    losses = -judged.profit[both]
    live = pinball_losses(losses, judged.var_99[both], 0.99)
    other = pinball_losses(losses, var_99[both], 0.99)
    if not live.any():
        return None
    return Difference(float(other.mean() / live.mean()) - 1.0, _p_value(other, live))


def _p_value(other: FloatArray, live: FloatArray) -> float | None:
    if live.size < _LEAST_DAYS:
        return None
    try:
        return diebold_mariano(other, live).p_value
    except NotIdentified:  # one constant apart: there is no scatter to judge it by
        return None
