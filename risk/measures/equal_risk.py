r"""Weights that give every asset the same part of a book's deviation.

The deviation :math:`\sigma(x) = \sqrt{x' \Sigma x}` is homogeneous, so that it splits without
rest into the contributions :math:`x_i (\Sigma x)_i / \sigma(x)` (Euler). Long-only weights
whose contributions stand in the proportion of given budgets *b* are unique and minimise

.. math:: \tfrac12 x' \Sigma x - \sum_i b_i \log x_i

which is done one weight at a time, each by the positive root of a quadratic, until no
contribution's share of the risk is off by more than :math:`10^{-12}` [1]_. A book that is nearly
without risk may not get so far within the rounds allowed, and is accepted up to :math:`10^{-6}`.

References
----------
.. [1] Griveau-Billion, T., Richard, J.-C. and Roncalli, T. (2013). "A fast algorithm for
   computing high-dimensional risk parity portfolios". arXiv:1311.4057.
"""

import math

import numpy as np

from risk.measures.checks import covariance_matrix, finite_vector, positive_vector
from risk.measures.kernel import MATRIX, VECTOR, kernel
from risk.measures.types import FloatArray

#: Largest error of a contribution's share that ends the rounds; its root is the largest accepted.
_TOLERANCE = 1e-12
#: Multiplications before a book is taken for one without risk: a fraction of a second. Nearly
#: perfect hedges, such as a coin against its wrapped twin, need many sweeps.
_MAXIMUM_WORK = 200_000_000


def risk_contributions(weights: FloatArray, covariance: FloatArray) -> FloatArray:
    """Part of a book's deviation that each asset brings.

    Parameters
    ----------
    weights : ndarray of shape (assets,)
        Fractions of equity; negative when short.
    covariance : ndarray of shape (assets, assets)
        Of one period's returns.

    Returns
    -------
    ndarray of shape (assets,)
        Fractions of equity that add up to the book's deviation; negative where an asset offsets
        risk, all zero for a book without any.

    Raises
    ------
    ValueError
        If the covariance is not one, or a weight is not finite.

    Examples
    --------
    >>> risk_contributions(np.array([3.0, 4.0]), np.eye(2))
    array([1.8, 3.2])
    """
    covariance = covariance_matrix("covariance", covariance)
    weights = finite_vector("weights", weights, size=len(covariance))
    return contributions_of(weights, covariance)


def contributions_of(weights: FloatArray, covariance: FloatArray) -> FloatArray:
    """:func:`risk_contributions` of inputs that were checked already."""
    sensitivities = covariance @ weights
    variance = float(weights @ sensitivities)
    if variance <= 0.0:
        return np.zeros(len(weights))
    contributions: FloatArray = weights * sensitivities / math.sqrt(variance)
    return contributions


def equal_risk_weights(covariance: FloatArray, budgets: FloatArray | None = None) -> FloatArray:
    """Long-only weights whose risk contributions are equal, or stand as `budgets`.

    Parameters
    ----------
    covariance : ndarray of shape (assets, assets)
        Of one period's returns. A singular one is fine unless some long-only book has no risk
        at all, where no such weights exist; near that they take many rounds.
    budgets : ndarray of shape (assets,), optional
        Positive; only their proportions count. Equal if left out.

    Returns
    -------
    ndarray of shape (assets,)
        Positive, adding up to 1. Shares of the risk are met to 1e-12, or to 1e-6 where the
        covariance is so close to singular that the rounds run out before.

    Raises
    ------
    ValueError
        If the covariance is not one or holds a long-only book (nearly) without risk, or a budget
        is not positive.

    Examples
    --------
    Uncorrelated assets weigh in inverse proportion to their deviations:

    >>> equal_risk_weights(np.diag([0.1**2, 0.3**2])).round(6)
    array([0.75, 0.25])
    """
    covariance = covariance_matrix("covariance", covariance)
    assets = len(covariance)
    budgets = np.ones(assets) if budgets is None else budgets
    budgets = positive_vector("budgets", budgets, size=assets)
    deviations = np.sqrt(np.diagonal(covariance))
    # On correlations, so that tiny variances converge like large ones.
    correlation = covariance / np.outer(deviations, deviations)
    sweeps = min(1_000_000, _MAXIMUM_WORK // assets**2)
    weights, error = _descend(correlation, budgets / budgets.sum(), _TOLERANCE, sweeps)
    if not error <= math.sqrt(_TOLERANCE):
        raise ValueError("covariance has a long-only book (nearly) without risk: none to share")
    weights = weights / deviations
    shares: FloatArray = weights / weights.sum()
    return shares


@kernel(MATRIX, VECTOR, "float64", "int64")
def _descend(
    covariance: FloatArray, budgets: FloatArray, tolerance: float, sweeps: int
) -> tuple[FloatArray, float]:
    """Weights, not yet scaled, and the largest error of a contribution's share of the risk."""
    assets = budgets.size
    weights = np.sqrt(budgets / np.diag(covariance))
    sensitivities = np.zeros(assets)
    error = np.inf
    for _ in range(sweeps):
        for i in range(assets):
            own = covariance[i, i]
            others = 0.0
            for j in range(assets):
                others += covariance[i, j] * weights[j]
            others -= own * weights[i]
            root = math.sqrt(others * others + 4.0 * own * budgets[i])
            # Of two equal forms of the root, the one that does not subtract alike numbers.
            if others > 0.0:
                weights[i] = 2.0 * budgets[i] / (others + root)
            else:
                weights[i] = (root - others) / (2.0 * own)
        total = 0.0
        for i in range(assets):
            sensitivities[i] = 0.0
            for j in range(assets):
                sensitivities[i] += covariance[i, j] * weights[j]
            total += weights[i] * sensitivities[i]
        if not total > 0.0:
            return weights, np.inf
        error = 0.0
        for i in range(assets):
            error = max(error, abs(weights[i] * sensitivities[i] / total - budgets[i]))
        if error <= tolerance:
            break
    return weights, error
