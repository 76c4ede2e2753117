r"""A distribution with the mean and deviation of the last losses: normal, or Student's t.

With mean :math:`\mu`, sample deviation :math:`\sigma` and :math:`p` the level,

.. math::

    VaR = \mu + \sigma q_p, \qquad ES = \mu + \sigma e_p

For the normal distribution [1]_ :math:`q_p = \Phi^{-1}(p)` and
:math:`e_p = \varphi(q_p) / (1 - p)`. For a t distribution of :math:`\nu` degrees of freedom
with quantile :math:`t_p` and density :math:`f`, scaled to unit variance by
:math:`c = \sqrt{(\nu - 2) / \nu}` [2]_,

.. math::

    q_p = c\, t_p, \qquad
    e_p = c\, \frac{f(t_p)}{1 - p} \cdot \frac{\nu + t_p^2}{\nu - 1}, \qquad
    \nu = 4 + 6 / \kappa

where :math:`\kappa` is the excess kurtosis of the sample: the degrees of freedom whose
distribution has that kurtosis, never 4 or fewer and kept at 100 or fewer, where t and normal
distribution agree to 1 %.

References
----------
.. [1] Jorion, P. (2007). "Value at Risk", 3rd edition. McGraw-Hill.
.. [2] McNeil, A., Frey, R. and Embrechts, P. (2015). "Quantitative Risk Management", revised
   edition, section 2.3. Princeton University Press.
"""

import math
from functools import lru_cache
from typing import ClassVar

import numpy as np
from scipy.special import gammaln, ndtri, stdtrit

from risk.measures.moments import Moments
from risk.measures.tail import VarEs
from risk.measures.types import FloatArray
from risk.measures.var.windowed import OfMoments, scaled

#: More degrees of freedom than this are taken for this many.
MOST_DEGREES = 100.0

_LOG_SQRT_2_PI = 0.5 * math.log(2.0 * math.pi)


class ParametricNormal(OfMoments):
    """Losses are normal, with the window's mean and sample deviation."""

    title: ClassVar[str] = "Normal"

    @property
    def how(self) -> str:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return f"a bell curve fitted to the last {self.window} days"

    def of_moments(self, moments: Moments, levels: FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.windowed.OfMoments`."""
        return scaled(moments, normal_var_es(levels))


class ParametricT(OfMoments):
    """Losses follow a t distribution with the window's mean, deviation and kurtosis."""

    title: ClassVar[str] = "Student t"

    @property
    def how(self) -> str:
        """See :class:`~risk.measures.var.base.VarModel`."""
        return f"heavy tails fitted to the last {self.window} days"

    def of_moments(self, moments: Moments, levels: FloatArray) -> VarEs:
        """See :class:`~risk.measures.var.windowed.OfMoments`."""
        degrees = degrees_of_freedom(moments.excess_kurtosis)
        return scaled(moments, student_var_es(degrees[:, None], levels))


def normal_var_es(levels: FloatArray) -> VarEs:
    """VaR and expected shortfall of the standard normal distribution.

    Parameters
    ----------
    levels : ndarray of shape (L,)

    Returns
    -------
    var, es : ndarray of shape (L,)
        In deviations.

    Examples
    --------
    >>> var, es = normal_var_es(np.array([0.99]))
    >>> round(float(var[0]), 4), round(float(es[0]), 4)
    (2.3263, 2.6652)
    """
    return _normal(levels.tobytes())


@lru_cache(maxsize=64)
def _normal(levels_bytes: bytes) -> VarEs:
    """Asked for at each forecast, for the same few levels."""
    levels = np.frombuffer(levels_bytes)
    quantile = ndtri(levels)
    tail = np.exp(-0.5 * quantile**2 - _LOG_SQRT_2_PI) / (1.0 - levels)
    quantile.setflags(write=False)
    tail.setflags(write=False)
    return quantile, tail


def student_var_es(degrees: FloatArray, levels: FloatArray) -> VarEs:
    """VaR and expected shortfall of t distributions of unit variance.

    Parameters
    ----------
    degrees : ndarray that broadcasts with `levels`
        Of freedom, above 2.
    levels : ndarray of shape (L,)

    Returns
    -------
    var, es : ndarray
        In deviations.

    Examples
    --------
    >>> var, es = student_var_es(np.array([4.0]), np.array([0.99]))
    >>> round(float(var[0]), 4), round(float(es[0]), 4)
    (2.6495, 3.6915)
    """
    quantile = stdtrit(degrees, levels)
    log_scale = gammaln((degrees + 1.0) / 2.0) - gammaln(degrees / 2.0)
    log_density = log_scale - 0.5 * np.log(degrees * math.pi)
    density = np.exp(log_density - (degrees + 1.0) / 2.0 * np.log1p(quantile**2 / degrees))
    shortfall = density / (1.0 - levels) * (degrees + quantile**2) / (degrees - 1.0)
    unit = np.sqrt((degrees - 2.0) / degrees)
    return unit * quantile, unit * shortfall


def degrees_of_freedom(excess_kurtosis: FloatArray) -> FloatArray:
    """Degrees of freedom of the t distribution with this kurtosis, above 4 and bounded.

    Parameters
    ----------
    excess_kurtosis : ndarray
        ``MOST_DEGREES`` where it is not heavier-tailed than they are.

    Examples
    --------
    >>> degrees_of_freedom(np.array([-1.0, 0.0, 2.0, 6.0]))
    array([100., 100.,   7.,   5.])
    """
    degrees: FloatArray = 4.0 + 6.0 / np.maximum(excess_kurtosis, 6.0 / (MOST_DEGREES - 4.0))
    return degrees
