"""How often the worst bars of two assets are the same bars.

Beside it stands what a Gaussian copula of the same correlation says: as if nothing but
correlation tied them together.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, owens_t

from risk.errors import InsufficientData
from risk.measures.pair_correlation import sample_correlation
from risk.measures.types import BoolArray, FloatArray

#: Fewest bars in the tail for a share of them to mean anything: 100 bars at 5 %.
MINIMUM_TAIL_BARS = 5


class JointTails(NamedTuple):
    """How often assets have their worst bars together, on average over pairs.

    Attributes
    ----------
    observed : float
        Share of the worst bars of one in which the other was among its own worst, too.
    gaussian : float
        The same for a Gaussian copula with each pair's correlation.
    pairs : int
        Pairs with enough common bars; where there are none both shares are NaN.
    """

    observed: float
    gaussian: float
    pairs: int


def joint_tail_share(x: FloatArray, y: FloatArray, tail: float = 0.05) -> float:
    """Share of the worst bars of `x` in which `y` was among its own worst, too.

    Parameters
    ----------
    x, y : ndarray of shape (bars,)
        Returns or residuals; NaN where unobserved. Bars with both count.
    tail : float
        Share of bars that are the worst, in (0, 0.5].

    Returns
    -------
    float
        In [0, 1]. Independent assets have `tail`, on average.

    Raises
    ------
    InsufficientData
        If the tail holds fewer than ``MINIMUM_TAIL_BARS``.
    ValueError
        If `tail` is outside (0, 0.5] or lengths differ.
    """
    _check_tail(tail)
    both = ~np.isnan(np.column_stack((x, y))).any(axis=1)
    bars, needed = int(both.sum()), math.ceil(MINIMUM_TAIL_BARS / tail)
    if bars < needed:
        raise InsufficientData("joint_tail_share", needed=needed, got=bars)
    worst_of_x, worst_of_y = _worst(x[both], tail), _worst(y[both], tail)
    return float((worst_of_x & worst_of_y).sum() / worst_of_x.sum())


def gaussian_joint_tail_share(rho: float, tail: float = 0.05) -> float:
    r"""What :func:`joint_tail_share` would be if only correlation tied the assets together.

    Under a Gaussian copula :math:`\Phi_2(q, q; \rho) / \Phi(q)` at the tail's quantile q,
    where :math:`\Phi_2(q, q; \rho) = \Phi(q) - 2 T(q, \sqrt{(1 - \rho) / (1 + \rho)})` with
    Owen's T function [1]_.

    Parameters
    ----------
    rho : float
        Correlation, in [-1, 1].
    tail : float
        In (0, 0.5].

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If `rho` or `tail` is out of range.

    References
    ----------
    .. [1] Owen, D. (1956). "Tables for computing bivariate normal probabilities". Annals of
       Mathematical Statistics 27(4).

    Examples
    --------
    >>> round(gaussian_joint_tail_share(0.0), 6)
    0.05
    """
    _check_tail(tail)
    if not -1.0 <= rho <= 1.0:
        raise ValueError(f"a correlation must lie in [-1, 1], got {rho}")
    slope = math.sqrt((1.0 - rho) / (1.0 + rho)) if rho > -1.0 else math.inf
    share = 1.0 - 2.0 * float(owens_t(ndtri(tail), slope)) / tail
    return min(max(share, 0.0), 1.0)


def mean_joint_tails(returns: FloatArray, tail: float = 0.05) -> JointTails:
    """:func:`joint_tail_share` and its Gaussian twin, each the mean over all pairs.

    Parameters
    ----------
    returns : ndarray of shape (bars, assets)
        NaN where unobserved.
    tail : float
        In (0, 0.5].

    Returns
    -------
    JointTails
        Over the pairs that have enough common bars for both; the Gaussian one takes the
        correlation of these very returns.

    Raises
    ------
    ValueError
        If `tail` is outside (0, 0.5] or a return is infinite.
    """
    _check_tail(tail)
    correlation = sample_correlation(returns)
    found = []
    for i, j in zip(*np.triu_indices(len(correlation), k=1), strict=True):
        try:
            observed = joint_tail_share(returns[:, i], returns[:, j], tail)
        except InsufficientData:
            continue
        if not np.isnan(correlation[i, j]):
            found.append((observed, gaussian_joint_tail_share(float(correlation[i, j]), tail)))
    if not found:
        return JointTails(math.nan, math.nan, 0)
    observed, gaussian = np.mean(found, axis=0)
    return JointTails(float(observed), float(gaussian), len(found))


def _worst(values: FloatArray, tail: float) -> BoolArray:
    """The lowest share of the values; all that tie with the last of them count."""
    rank = round(len(values) * tail) - 1
    worst: BoolArray = values <= np.partition(values, rank)[rank]
    return worst


def _check_tail(tail: float) -> None:
    if not 0.0 < tail <= 0.5:
        raise ValueError(f"tail must lie in (0, 0.5], got {tail}")
