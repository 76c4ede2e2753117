"""Ratios and their errors as the papers write them."""

import math

import numpy as np


def mertens_by_the_book(returns):
    """Mertens (2002): value and error of the Sharpe ratio of one period, loop by loop."""
    n = len(returns)
    mean = sum(returns) / n
    central = [sum((r - mean) ** power for r in returns) / n for power in range(5)]
    ratio = mean / math.sqrt(central[2] * n / (n - 1))
    skewness = central[3] / central[2] ** 1.5
    kurtosis = central[4] / central[2] ** 2
    variance = (1 + ratio**2 / 2 - ratio * skewness + ratio**2 * (kurtosis - 3) / 4) / n
    return ratio, math.sqrt(variance)


def white_by_matrices(returns, market):
    """Slope and error of a regression with constant: the sandwich of MacKinnon and White's HC1."""
    x = np.column_stack((np.ones(len(market)), market))
    bread = np.linalg.inv(x.T @ x)
    coefficients = bread @ x.T @ returns
    rest = returns - x @ coefficients
    meat = x.T @ np.diag(rest**2) @ x
    n = len(returns)
    return coefficients[1], math.sqrt((n / (n - 2) * bread @ meat @ bread)[1, 1])


def conditional_drawdown_by_minimisation(values, level):
    """Chekhlov, Uryasev and Zabarankin (2005): minimise over the threshold."""
    peak, drawdowns = -math.inf, []
    for value in values:
        peak = max(peak, value)
        drawdowns.append(1.0 - value / peak)
    return min(
        cut + sum(max(d - cut, 0.0) for d in drawdowns) / len(drawdowns) / (1.0 - level)
        for cut in drawdowns
    )


def spells_by_walking(values):
    """(peak, end or None) of every time under water, one point after the other."""
    found, peak, under = [], 0, False
    for t, value in enumerate(values):
        if value >= values[peak]:
            if under:
                found.append((peak, t))
            peak, under = t, False
        else:
            under = True
    return found + ([(peak, None)] if under else [])
