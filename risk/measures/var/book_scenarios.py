r"""Monte Carlo of a whole book: scenarios drawn once, projected anew when anything changes.

Standard scenarios :math:`Z` are unrelated and of unit variance. With a root :math:`R` of the
covariance, :math:`R R^\top = \Sigma`, the returns of a scenario would be :math:`R z`, and the
profit of a book that holds :math:`w` is :math:`z \cdot R^\top w`. So neither a change of a
position nor one of the covariance needs a draw or a matrix of returns: one product of the
scenarios with one vector. The scenarios are kept in single precision, whose rounding is far
below the noise of the draws, and in pairs of opposite sign, so that long and short mirror.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from risk.measures.tail import VarEs, historical_var_es
from risk.measures.types import FloatArray
from risk.measures.var.monte_carlo import SCENARIOS

Scenarios = NDArray[np.float32]

#: Eigenvalues below zero by less than this share of the largest are rounding.
_ROUNDING = 1e-10


def draw_scenarios(
    assets: int,
    *,
    rng: np.random.Generator,
    degrees: int | None = None,
    count: int = SCENARIOS,
) -> Scenarios:
    """Standard scenarios of several assets, to be kept.

    Parameters
    ----------
    assets : int
    rng : numpy.random.Generator
        The same state gives the same scenarios.
    degrees : int or None
        Of freedom, above 2, of a multivariate t distribution: in each scenario one random factor
        stretches all assets, so that they go to extremes together. None for the normal one.
    count : int
        Even.

    Returns
    -------
    ndarray of shape (count, assets), float32
        Columns are unrelated, of mean 0 and variance 1; the second half mirrors the first.

    Raises
    ------
    ValueError
        If there are no assets, `count` is odd or not positive, or `degrees` leave no variance.
    """
    if assets < 1 or count < 2 or count % 2:
        raise ValueError(f"{count} scenarios of {assets} assets; they come in pairs")
    if degrees is not None and degrees <= 2:
        raise ValueError(f"a t distribution of {degrees} degrees of freedom has no variance")
    half = rng.standard_normal((count // 2, assets))
    if degrees is not None:
        half *= np.sqrt((degrees - 2.0) / rng.chisquare(degrees, (count // 2, 1)))
    # Column by column in memory: a product with one vector then reads it fastest.
    return np.asfortranarray(np.concatenate((half, -half)), dtype=np.float32)


def covariance_root(covariance: FloatArray) -> FloatArray:
    """A matrix whose product with its own transpose is the covariance.

    Parameters
    ----------
    covariance : ndarray of shape (assets, assets)
        Positive semidefinite; also of perfectly correlated or riskless assets, of which
        Cholesky's root does not exist.

    Returns
    -------
    ndarray of shape (assets, assets)

    Raises
    ------
    ValueError
        If the matrix is not square and symmetric, not finite, or has a direction of negative
        variance.

    Examples
    --------
    >>> root = covariance_root(np.array([[4.0, 2.0], [2.0, 1.0]]))
    >>> (root @ root.T).round(9)
    array([[4., 2.],
           [2., 1.]])
    """
    covariance = np.asarray(covariance, dtype=np.float64)
    if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1]:
        raise ValueError(f"a covariance is square, not of shape {covariance.shape}")
    if not np.isfinite(covariance).all():
        raise ValueError("covariance contains NaN or infinity")
    if not np.allclose(covariance, covariance.T, rtol=1e-9, atol=0.0):
        raise ValueError("a covariance is symmetric")
    values, vectors = np.linalg.eigh(covariance)
    if values[0] < -_ROUNDING * max(values[-1], 0.0) or values[-1] < 0.0:
        raise ValueError("covariance has a direction of negative variance; repair it first")
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def projected_var_es(
    scenarios: Scenarios,
    root: FloatArray,
    exposures: FloatArray,
    levels: Sequence[float] | FloatArray,
) -> VarEs:
    """VaR and expected shortfall of a book in standard scenarios.

    Parameters
    ----------
    scenarios : ndarray of shape (count, assets), float32
        As :func:`draw_scenarios` gives them.
    root : ndarray of shape (assets, assets)
        As :func:`covariance_root` gives it, of one period's returns; their mean is taken for
        zero.
    exposures : ndarray of shape (assets,)
        Value held; negative when short.
    levels : sequence of L floats
        Rising.

    Returns
    -------
    var, es : ndarray of shape (L,)
        In the currency of `exposures`, losses positive.

    Raises
    ------
    ValueError
        If an exposure is not finite, shapes disagree, or the levels do not rise within (0, 1).
    """
    exposures = np.asarray(exposures, dtype=np.float64)
    assets = scenarios.shape[1]
    if exposures.shape != (assets,) or root.shape != (assets, assets):
        raise ValueError(
            f"{assets} assets, a root of shape {root.shape}, {exposures.size} exposures"
        )
    if not np.isfinite(exposures).all():
        raise ValueError("exposures contains NaN or infinity")
    sensitivity = root.T @ exposures
    size = float(np.abs(sensitivity).max())
    if size == 0.0:
        return historical_var_es(np.zeros(1), levels)
    # In units of the largest: single precision then reaches any currency.
    losses = scenarios @ (-sensitivity / size).astype(np.float32)
    var, es = historical_var_es(losses.astype(np.float64), levels)
    return size * var, size * es
