"""Trend: goes with the moves of the last days, weeks and month."""

import math
from collections.abc import Mapping, Sequence

from risk.lab.strategies.signals import hourly_volatility, weigh_by_calm

_LOOK_BACKS = (168, 336, 720)
_VOLATILITY_HOURS = 336
_GROSS = 1.9


class Trend:
    """Long what has risen and short what has fallen, measured in its own volatility."""

    name = "trend"

    def targets(self, closes: Mapping[str, Sequence[float]]) -> dict[str, float]:
        """Weights of the assets with a month of history; a fraction of the capital each."""
        ready = {a: series for a, series in closes.items() if len(series) > max(_LOOK_BACKS)}
        volatilities = {a: hourly_volatility(s, _VOLATILITY_HOURS) for a, s in ready.items()}
        convictions = {a: _conviction(s, volatilities[a]) for a, s in ready.items()}
        return weigh_by_calm(convictions, volatilities, gross=_GROSS)


def _conviction(closes: Sequence[float], volatility: float) -> float:
    return sum(_strength(closes, hours, volatility) for hours in _LOOK_BACKS) / len(_LOOK_BACKS)


def _strength(closes: Sequence[float], hours: int, volatility: float) -> float:
    move = math.log(closes[-1] / closes[-1 - hours])
    return math.tanh(move / (volatility * math.sqrt(hours)))
