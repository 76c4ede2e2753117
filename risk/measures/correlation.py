r"""Correlation of the filter's residuals: averaged, shrunk, repaired, stressed.

The default is an exponentially weighted average of residual products, with 1 % for the
newest bar, shrunk by 20 % to its mean. Residuals, not returns: they have unit variance,
so a storm does not outweigh the months around it.
"""

import numpy as np

from risk.measures.checks import no_infinity
from risk.measures.kernel import MATRIX, ROWS, VECTOR, kernel
from risk.measures.types import FloatArray

#: What pairs are taken for while they have not been observed together: the median over
#: 2017-2022 of the mean correlation of eight large coins over 60 days.
PRIOR_CORRELATION = 0.67

#: Least eigenvalue kept by :func:`nearest_psd`, so that a Cholesky factor exists.
EIGENVALUE_FLOOR = 1e-10

_NEGLIGIBLE_VARIANCE = 1e-12


def ewma_cross_start(n_assets: int) -> tuple[FloatArray, FloatArray]:
    """Cross-products and weights of assets that have not been seen yet."""
    return np.zeros((n_assets, n_assets)), np.zeros((n_assets, n_assets))


def ewma_cross_update(
    cross: FloatArray, weight: FloatArray, residuals: FloatArray, decay: float = 0.99
) -> tuple[FloatArray, FloatArray]:
    """Take one bar's residuals into the decayed sums of their products.

    Parameters
    ----------
    cross, weight : ndarray of shape (assets, assets)
        Decayed sums of the products and of their weights, symmetric. Left as they are.
    residuals : ndarray of shape (assets,)
        Of one bar; NaN where unobserved. A pair with an unobserved side stays untouched.
    decay : float
        Share of the old sum kept, strictly between 0 and 1.

    Returns
    -------
    cross, weight : ndarray of shape (assets, assets)
        A weight tends to 1 with the bars that its pair was observed in.

    Raises
    ------
    ValueError
        If `decay` is outside (0, 1), a residual is infinite, or shapes disagree.
    """
    residuals = np.ascontiguousarray(residuals, dtype=np.float64)
    _check_decay(decay)
    if not cross.shape == weight.shape == (residuals.size, residuals.size):
        raise ValueError(f"{residuals.size} residuals for sums of shape {cross.shape}")
    no_infinity("residuals", residuals)
    rows = np.ascontiguousarray(cross), np.ascontiguousarray(weight)
    return _cross_update(*rows, residuals, decay)


def ewma_cross(residuals: FloatArray, decay: float = 0.99) -> tuple[FloatArray, FloatArray]:
    """Decayed sums over a whole history; equal to as many :func:`ewma_cross_update`.

    Parameters
    ----------
    residuals : ndarray of shape (bars, assets)
        Oldest first; NaN where unobserved.
    decay : float
        Share kept per bar.

    Returns
    -------
    cross, weight : ndarray of shape (assets, assets)

    Raises
    ------
    ValueError
        If `decay` is outside (0, 1) or a residual is infinite.
    """
    residuals = np.asarray(residuals, dtype=np.float64)
    _check_decay(decay)
    no_infinity("residuals", residuals)
    return _cross_filter(residuals, decay)


def correlation_from(
    cross: FloatArray, weight: FloatArray, prior: float = PRIOR_CORRELATION
) -> FloatArray:
    """Correlation matrix of decayed sums.

    Equal to an average that began at unit variances and correlations of `prior`: what few
    bars cannot know comes from the prior, and its part fades as the weights grow to 1.

    Parameters
    ----------
    cross, weight : ndarray of shape (assets, assets)
        As :func:`ewma_cross_update` gives them.
    prior : float
        Correlation of pairs never observed together, in [-1, 1].

    Returns
    -------
    ndarray of shape (assets, assets)
        Symmetric, ones on the diagonal, entries in [-1, 1]. Positive semidefinite if all
        pairs were observed in the same bars; otherwise see :func:`nearest_psd`.
    """
    start = np.full(cross.shape, prior)
    np.fill_diagonal(start, 1.0)
    covariance = cross + (1.0 - weight) * start
    return _with_unit_diagonal(covariance)


def mean_correlation(correlation: FloatArray) -> float:
    """Mean of the entries off the diagonal; 0 for a single asset."""
    assets = len(correlation)
    if assets < 2:
        return 0.0
    return float((correlation.sum() - np.trace(correlation)) / (assets * (assets - 1)))


def shrink_to_mean(correlation: FloatArray, intensity: float = 0.20) -> FloatArray:
    """Pull every correlation towards their mean; keeps positive semidefiniteness.

    Parameters
    ----------
    correlation : ndarray of shape (assets, assets)
    intensity : float
        0 changes nothing, 1 makes all pairs equal.

    Returns
    -------
    ndarray of shape (assets, assets)

    Raises
    ------
    ValueError
        If `intensity` is outside [0, 1].
    """
    return _mixed(correlation, mean_correlation(correlation), intensity)


def stressed_correlation(correlation: FloatArray, theta: float) -> FloatArray:
    r"""Move every pair towards perfect correlation: :math:`(1 - \theta) C + \theta 11'`.

    Parameters
    ----------
    correlation : ndarray of shape (assets, assets)
    theta : float
        0 changes nothing, 1 makes all assets one.

    Returns
    -------
    ndarray of shape (assets, assets)
        Positive semidefinite if `correlation` is.

    Raises
    ------
    ValueError
        If `theta` is outside [0, 1].
    """
    return _mixed(correlation, 1.0, theta)


def nearest_psd(correlation: FloatArray) -> FloatArray:
    """A correlation matrix with a Cholesky factor, near one that may have none.

    Eigenvalues under a floor are raised to it and the diagonal is scaled back to ones; a
    matrix that is positive definite already is returned unchanged. Near enough and fast
    enough for every bar; not the nearest in any norm.

    Parameters
    ----------
    correlation : ndarray of shape (assets, assets)
        Symmetric, ones on the diagonal.

    Returns
    -------
    ndarray of shape (assets, assets)

    Raises
    ------
    ValueError
        If an entry is NaN or infinite.
    """
    if not np.isfinite(correlation).all():
        raise ValueError("correlation contains NaN or infinity")
    if _positive_definite(correlation):
        return correlation
    eigenvalues, vectors = np.linalg.eigh(correlation)
    clipped = np.maximum(eigenvalues, EIGENVALUE_FLOOR * len(correlation))
    return _with_unit_diagonal((vectors * clipped) @ vectors.T)


def _positive_definite(matrix: FloatArray) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def _with_unit_diagonal(covariance: FloatArray) -> FloatArray:
    deviations = np.sqrt(np.maximum(np.diagonal(covariance), _NEGLIGIBLE_VARIANCE))
    correlation = np.clip(covariance / np.outer(deviations, deviations), -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    symmetric: FloatArray = (correlation + correlation.T) / 2.0
    return symmetric


def _mixed(correlation: FloatArray, target: float, share: float) -> FloatArray:
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"the share of the target must lie in [0, 1], got {share}")
    mixed = (1.0 - share) * correlation + share * target
    np.fill_diagonal(mixed, 1.0)
    return mixed


def _check_decay(decay: float) -> None:
    if not 0.0 < decay < 1.0:
        raise ValueError(f"decay must lie in (0, 1), got {decay}")


@kernel(ROWS, ROWS, VECTOR, "float64")
def _cross_update(
    cross: FloatArray, weight: FloatArray, residuals: FloatArray, decay: float
) -> tuple[FloatArray, FloatArray]:
    assets = residuals.size
    new_cross, new_weight = np.empty((assets, assets)), np.empty((assets, assets))
    newest = 1.0 - decay
    for i in range(assets):
        own = residuals[i]
        for j in range(assets):
            # Chosen and not skipped, so that the loop stays one that processors do in parallel.
            product = own * residuals[j]
            seen = not np.isnan(product)
            kept_cross, kept_weight = cross[i, j], weight[i, j]
            new_cross[i, j] = decay * kept_cross + newest * product if seen else kept_cross
            new_weight[i, j] = decay * kept_weight + newest if seen else kept_weight
    return new_cross, new_weight


@kernel(MATRIX, "float64")
def _cross_filter(residuals: FloatArray, decay: float) -> tuple[FloatArray, FloatArray]:
    bars, assets = residuals.shape
    cross, weight = np.zeros((assets, assets)), np.zeros((assets, assets))
    for i in range(assets):
        for j in range(assets):
            for t in range(bars):
                product = residuals[t, i] * residuals[t, j]
                if not np.isnan(product):
                    cross[i, j] = decay * cross[i, j] + (1.0 - decay) * product
                    weight[i, j] = decay * weight[i, j] + (1.0 - decay)
    return cross, weight
