"""What several strategies read off a series of hourly closes."""

from collections.abc import Mapping, Sequence

import numpy as np

# No series is so quiet that a position in it may grow without bound (a stablecoin's would).
_LEAST_HOURLY_VOLATILITY = 0.001


def hourly_volatility(closes: Sequence[float], hours: int) -> float:
    """Root mean square log return of the last `hours`, floored at 0.1 %.

    Parameters
    ----------
    closes : sequence of float
        Positive, oldest first, at least two.
    hours : int
    """
    returns = np.diff(np.log(np.asarray(closes[-hours - 1 :])))
    return max(float(np.sqrt(np.mean(np.square(returns)))), _LEAST_HOURLY_VOLATILITY)


def weigh_by_calm(
    convictions: Mapping[str, float], volatilities: Mapping[str, float], *, gross: float
) -> dict[str, float]:
    """Weights in proportion to conviction and to the inverse of volatility.

    Parameters
    ----------
    convictions : mapping of asset to float
        From -1 (short) to 1 (long).
    volatilities : mapping of asset to float
        Positive, of the same assets.
    gross : float
        Sum of absolute weights if every conviction were full.
    """
    calm = {asset: 1.0 / volatilities[asset] for asset in convictions}
    total = sum(calm.values())
    return {asset: gross * convictions[asset] * calm[asset] / total for asset in convictions}
