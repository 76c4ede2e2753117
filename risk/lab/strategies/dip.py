"""Dip: buys what has fallen below its recent average, sells what stands above it."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from risk.lab.strategies.signals import hourly_volatility, weigh_by_calm

_AVERAGE_HOURS = 336
_VOLATILITY_HOURS = 336
_GROSS = 1.7
# A walk's distance from its average over n hours deviates by sigma * sqrt(n / 3).
_WALK = 1.0 / 3.0


class Dip:
    """Against the last days' move; sits still until the move is worth a deviation."""

    name = "dip"

    def targets(self, closes: Mapping[str, Sequence[float]]) -> dict[str, float]:
        """Weights of the assets with two weeks of history; a fraction of the capital each."""
        ready = {a: series for a, series in closes.items() if len(series) > _AVERAGE_HOURS}
        volatilities = {a: hourly_volatility(s, _VOLATILITY_HOURS) for a, s in ready.items()}
        convictions = {a: _conviction(s, volatilities[a]) for a, s in ready.items()}
        return weigh_by_calm(convictions, volatilities, gross=_GROSS)


def _conviction(closes: Sequence[float], volatility: float) -> float:
    recent = np.log(np.asarray(closes[-_AVERAGE_HOURS:]))
    distance = float(recent[-1] - recent.mean())
    return -math.tanh(distance / (volatility * math.sqrt(_AVERAGE_HOURS * _WALK)))
