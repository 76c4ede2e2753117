"""Slow textbook versions of what judges forecasts."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np


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


def red_windows_by_counting(exceeded: Sequence[bool], level: float, window: int) -> int:
    """Basel Committee (1996): windows whose exceptions a right model exceeds once in 10,000."""
    red = 0
    for begin in range(len(exceeded) - window + 1):
        count = sum(exceeded[begin : begin + window])
        at_most = sum(
            math.comb(window, k) * (1.0 - level) ** k * level ** (window - k)
            for k in range(count + 1)
        )
        # Two exceptions are the fewest that are ever red.
        red += count >= 2 and at_most >= 0.9999
    return red


def chain_ratios_by_definition(exceeded: Sequence[bool], level: float) -> tuple[float, float]:
    """Christoffersen (1998): ratios of independence and of conditional coverage, step by step."""
    steps = list(pairwise(exceeded))

    def share(states: set[bool]) -> float:
        after = [now for before, now in steps if before in states]
        return sum(after) / len(after) if after else 0.0

    def log_likelihood(after_none: float, after_hit: float) -> float:
        total = 0.0
        for before, now in steps:
            chance = after_hit if before else after_none
            total += math.log(chance if now else 1.0 - chance)
        return total

    chain = log_likelihood(share({False}), share({True}))
    apart = log_likelihood(share({False, True}), share({False, True}))
    expected = log_likelihood(1.0 - level, 1.0 - level)
    return 2.0 * (chain - apart), 2.0 * (chain - expected)


def dynamic_quantile_by_definition(
    exceeded: Sequence[bool], var: Sequence[float], level: float, lags: int
) -> tuple[float, int]:
    """Engle and Manganelli (2004), eq. 10, by the normal equations; as many degrees as rank."""
    surprise = [float(hit) - (1.0 - level) for hit in exceeded]
    rows = [
        [1.0, *(surprise[t - k] for k in range(1, lags + 1)), var[t]]
        for t in range(lags, len(surprise))
    ]
    design, outcome = np.array(rows), np.array(surprise[lags:])
    scaled = design / np.abs(design).max(axis=0)
    slopes = np.linalg.pinv(scaled.T @ scaled, rcond=1e-10) @ scaled.T @ outcome
    explained = float(slopes @ (scaled.T @ scaled) @ slopes)
    return explained / (level * (1.0 - level)), int(np.linalg.matrix_rank(scaled, tol=1e-7))


def z2_by_definition(
    profits: Sequence[float], var: Sequence[float], es: Sequence[float], alpha: float
) -> float:
    """Acerbi and Szekely (2014), eq. 6, of profits."""
    total = 0.0
    for profit, v, e in zip(profits, var, es, strict=True):
        if profit + v < 0.0:
            total += profit / (len(profits) * alpha * e)
    return total + 1.0


def fissler_ziegel_by_definition(y: float, v: float, e: float, alpha: float) -> float:
    """Patton, Ziegel and Chen (2019), eq. 6: returns, so that a loss, `v` and `e` are negative."""
    beyond = (v - y) if y <= v else 0.0
    return -beyond / (alpha * e) + v / e + math.log(-e) - 1.0
