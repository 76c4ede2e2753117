r"""Cornish and Fisher's expansion: normal quantiles bent by skewness and kurtosis.

With the window's mean :math:`\mu`, deviation :math:`\sigma`, skewness :math:`S` and excess
kurtosis :math:`K` of losses, :math:`z` the normal quantile [1]_:

.. math::

    w(z) &= z + (z^2 - 1) \frac{S}{6} + (z^3 - 3z) \frac{K}{24} - (2z^3 - 5z) \frac{S^2}{36} \\
    VaR &= \mu + \sigma\, w(z_p), \qquad
    ES = \mu + \sigma \frac{\varphi(z_p)}{1 - p}
        \left[ 1 + z_p \frac{S}{6} + (z_p^2 - 1) \frac{K}{24}
        - (2 z_p^2 - 1) \frac{S^2}{36} \right]

The second is the mean of :math:`w(Z)` beyond :math:`z_p`, exactly.

Only a rising :math:`w` is a quantile function. It rises where, with :math:`s = S / 6` [2]_,

.. math::

    |s| \le \sqrt{2} - 1, \qquad
    \left| \tfrac{K}{4} - (1 + 11 s^2) \right| \le \sqrt{s^4 - 6 s^2 + 1}

Samples of crypto returns often lie outside, and a truncated series then gives a 99 % VaR below
the 95 % one. Our rule: the skewness is moved to the nearest bound, then the kurtosis to the
nearest one for that skewness. So figures never cross, but understate tails heavier than the
expansion can bend to. The parameters are the sample's own moments; those of the bent
distribution are larger.

References
----------
.. [1] Cornish, E. and Fisher, R. (1938). "Moments and cumulants in the specification of
   distributions". Revue de l'Institut International de Statistique 5(4).
.. [2] Maillard, D. (2012). "A user's guide to the Cornish Fisher expansion". SSRN 1997178.
"""

import math
from typing import ClassVar

import numpy as np

from risk.measures.moments import Moments
from risk.measures.tail import VarEs
from risk.measures.types import FloatArray
from risk.measures.var.parametric import normal_var_es
from risk.measures.var.windowed import OfMoments, scaled

#: Beyond this skewness, either way, the expansion rises for no kurtosis.
MOST_SKEWNESS = 6.0 * (math.sqrt(2.0) - 1.0)


class CornishFisher(OfMoments):
    """See the module."""

    title: ClassVar[str] = "Cornish-Fisher"

    @property
    def how(self) -> str:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return f"skewness and kurtosis of the last {self.window} days"

    def of_moments(self, moments: Moments, levels: FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.windowed.OfMoments`."""
        skewness, kurtosis = into_domain(moments.skewness, moments.excess_kurtosis)
        return scaled(moments, bent_var_es(skewness[:, None], kurtosis[:, None], levels))


def bent_var_es(skewness: FloatArray, excess_kurtosis: FloatArray, levels: FloatArray) -> VarEs:
    """VaR and expected shortfall of a standardised loss by the expansion.

    Parameters
    ----------
    skewness, excess_kurtosis : ndarray that broadcast with `levels`
        Of losses, as :func:`into_domain` leaves them.
    levels : ndarray of shape (L,)

    Returns
    -------
    var, es : ndarray
        In deviations.

    Examples
    --------
    >>> var, _ = bent_var_es(np.array([0.0]), np.array([4.0]), np.array([0.95, 0.99]))
    >>> var.round(4)
    array([1.5641, 3.2615])
    """
    z, tail = normal_var_es(levels)
    skew, heavy, square = skewness / 6.0, excess_kurtosis / 24.0, skewness**2 / 36.0
    var = z + (z**2 - 1.0) * skew + (z**3 - 3.0 * z) * heavy - (2.0 * z**3 - 5.0 * z) * square
    es = tail * (1.0 + z * skew + (z**2 - 1.0) * heavy - (2.0 * z**2 - 1.0) * square)
    return var, es


def into_domain(skewness: FloatArray, excess_kurtosis: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The nearest skewness, then kurtosis, for which the expansion rises everywhere.

    Parameters
    ----------
    skewness, excess_kurtosis : ndarray

    Returns
    -------
    skewness, excess_kurtosis : ndarray

    Examples
    --------
    >>> [round(float(bounded[0]), 3) for bounded in into_domain(np.array([4.0]), np.array([40.0]))]
    [2.485, 11.549]
    """
    bounded = np.clip(skewness, -MOST_SKEWNESS, MOST_SKEWNESS)
    square = (bounded / 6.0) ** 2
    # Zero at the bounds but for rounding.
    reach = np.sqrt(np.maximum(square**2 - 6.0 * square + 1.0, 0.0))
    centre = 1.0 + 11.0 * square
    return bounded, np.clip(excess_kurtosis, 4.0 * (centre - reach), 4.0 * (centre + reach))
