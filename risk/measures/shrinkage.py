r"""Covariances of many assets from few bars: the sample one pulled towards a simple one.

A sample covariance of A assets holds :math:`A(A+1)/2` numbers, and with not many more bars than
assets its extremes are noise. Ledoit and Wolf mix it with a target of little noise,

.. math:: \hat\Sigma = (1 - \delta) S + \delta F

with the intensity :math:`\delta` estimated so that the expected squared distance to the truth is
least, without any assumption on the distribution. The target is either one correlation for all
pairs [1]_, which fits coins, or one variance and no correlation [2]_, which always exists.

References
----------
.. [1] Ledoit, O. and Wolf, M. (2004). "Honey, I shrunk the sample covariance matrix". Journal of
   Portfolio Management 30(4), appendix B.
.. [2] Ledoit, O. and Wolf, M. (2004). "A well-conditioned estimator for large-dimensional
   covariance matrices". Journal of Multivariate Analysis 88(2), section 3.
"""

from typing import NamedTuple

import numpy as np

from risk.measures import checks
from risk.measures.correlation import mean_correlation
from risk.measures.types import FloatArray

#: Fewest complete bars: with fewer, the estimated intensity is itself noise.
MINIMUM_COMPLETE_BARS = 30

_NEGLIGIBLE = 1e-12


class Shrunk(NamedTuple):
    """A covariance and how far it was pulled.

    Attributes
    ----------
    covariance : ndarray of shape (assets, assets)
        Of one bar's returns; positive semidefinite.
    intensity : float
        Weight of the target, in [0, 1].
    bars : int
        Bars in which all assets were observed; no others count.
    """

    covariance: FloatArray
    intensity: float
    bars: int

    @property
    def correlation(self) -> FloatArray:
        """The correlation matrix of the covariance."""
        return _correlation_of(self.covariance)


def shrunk_to_constant_correlation(returns: FloatArray) -> Shrunk:
    """Covariance shrunk towards the same variances and one correlation for all pairs.

    Parameters
    ----------
    returns : ndarray of shape (bars, assets)
        Simple returns or residuals; NaN where unobserved. Bars with all assets count.

    Returns
    -------
    Shrunk
        Its diagonal is that of the sample.

    Raises
    ------
    InsufficientData
        If fewer than ``MINIMUM_COMPLETE_BARS`` are complete.
    ValueError
        If a return is infinite, an asset did not move, or `returns` is no table.
    """
    moves = _complete("shrunk_to_constant_correlation", returns)
    bars, sample = len(moves), moves.T @ moves / len(moves)
    deviations = np.sqrt(np.diagonal(sample))
    mean = mean_correlation(_correlation_of(sample))
    target = mean * np.outer(deviations, deviations)
    np.fill_diagonal(target, np.diagonal(sample))
    noise = (moves**2).T @ moves**2 / bars - sample**2
    # Covariance of a variance's error with that of a covariance in its row.
    common = (moves**3).T @ moves / bars - np.diagonal(sample)[:, None] * sample
    shared = mean * (common * np.outer(1.0 / deviations, deviations))
    np.fill_diagonal(shared, np.diagonal(noise))
    return _mixed(sample, target, float((noise - shared).sum()) / bars, bars)


def shrunk_to_identity(returns: FloatArray) -> Shrunk:
    """Covariance shrunk towards the mean variance for all assets and no correlation.

    Parameters
    ----------
    returns : ndarray of shape (bars, assets)
        As for :func:`shrunk_to_constant_correlation`. Variances of one order: residuals do, a
        stablecoin's returns beside a coin's do not.

    Returns
    -------
    Shrunk
        Its trace is that of the sample.

    Raises
    ------
    InsufficientData, ValueError
        As :func:`shrunk_to_constant_correlation`.
    """
    moves = _complete("shrunk_to_identity", returns)
    bars, assets = moves.shape
    sample = moves.T @ moves / bars
    target = np.eye(assets) * np.trace(sample) / assets
    noise = float((((moves**2).T @ moves**2) / bars - sample**2).sum()) / bars
    return _mixed(sample, target, noise, bars)


def _mixed(sample: FloatArray, target: FloatArray, noise: float, bars: int) -> Shrunk:
    """Mix in proportion of the sample's noise to its distance from the target."""
    distance = float(((sample - target) ** 2).sum())
    scale = float((sample**2).sum())
    # One asset, or two under one correlation, are their own target: nothing is left to pull.
    intensity = min(max(noise / distance, 0.0), 1.0) if distance > _NEGLIGIBLE * scale else 0.0
    mixed = (1.0 - intensity) * sample + intensity * target
    return Shrunk((mixed + mixed.T) / 2.0, intensity, bars)


def _complete(measure: str, returns: FloatArray) -> FloatArray:
    """Complete bars, less their means."""
    returns = np.asarray(returns, dtype=np.float64)
    if returns.ndim != 2 or returns.shape[1] == 0:
        raise ValueError(f"returns need bars and assets, got shape {returns.shape}")
    if np.isinf(returns).any():
        raise ValueError("returns contains infinity; mark it as unobserved first")
    whole = returns[~np.isnan(returns).any(axis=1)]
    checks.enough(measure, needed=MINIMUM_COMPLETE_BARS, got=len(whole))
    moves: FloatArray = whole - whole.mean(axis=0)
    still = (moves**2).sum(axis=0) <= _NEGLIGIBLE * (whole**2).sum(axis=0)
    if still.any():
        raise ValueError(f"{measure} needs assets that moved; asset {int(still.argmax())} did not")
    return moves


def _correlation_of(covariance: FloatArray) -> FloatArray:
    deviations = np.sqrt(np.diagonal(covariance))
    scaled = covariance / np.outer(deviations, deviations)
    correlation: FloatArray = np.clip(scaled, -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    return correlation
