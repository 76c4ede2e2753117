"""Slow textbook versions of what judges forecasts."""

import math
from collections.abc import Sequence


def diebold_mariano_by_definition(
    first: Sequence[float], second: Sequence[float], lag: int
) -> tuple[float, float]:
    """Diebold and Mariano (1995), eq. 1, with the weights of Newey and West (1987), one by one."""
    differences = [a - b for a, b in zip(first, second, strict=True)]
    n = len(differences)
    mean = sum(differences) / n
    long_run = 0.0
    for shift in range(-lag, lag + 1):
        products = [
            (differences[t] - mean) * (differences[t - shift] - mean)
            for t in range(n)
            if 0 <= t - shift < n
        ]
        long_run += (1.0 - abs(shift) / (lag + 1)) * sum(products) / n
    statistic = mean / math.sqrt(long_run / n)
    cumulative = 0.5 * (1.0 + math.erf(abs(statistic) / math.sqrt(2.0)))
    return statistic, 2.0 * (1.0 - cumulative)
