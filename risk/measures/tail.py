r"""Value at risk and expected shortfall of loss samples, and whose losses they are.

Losses are positive and one sample is one holding period's. A `level` is a confidence such
as 0.99; :math:`\alpha` in the formulas is one minus it. VaR is negative where even the
tail gains: measures do not round up to zero, so that cash in hand lowers them one for one.

The default figure blends two estimates. The first fits a generalised Pareto distribution to
the largest filtered losses [1]_ by probability-weighted moments [2]_; the second is the
plain quantile of raw losses. A book's own exceptions then correct the blend (`tracking`).

References
----------
.. [1] McNeil, A. and Frey, R. (2000). "Estimation of tail-related risk measures for
   heteroscedastic financial time series". Journal of Empirical Finance 7.
.. [2] Hosking, J. and Wallis, J. (1987). "Parameter and quantile estimation for the
   generalized Pareto distribution". Technometrics 29(3).
.. [3] Acerbi, C. and Tasche, D. (2002). "On the coherence of expected shortfall". Journal
   of Banking & Finance 26(7).
"""

import math
from collections.abc import Sequence

import numpy as np

from risk.errors import InsufficientData
from risk.measures import tail_kernels
from risk.measures.sorted_windows import SortedWindows
from risk.measures.tail_kernels import EXCEEDANCES, TAIL_SHARE
from risk.measures.types import FloatArray

VarEs = tail_kernels.VarEs

#: Fewest losses that a tail is fitted to; with ``TAIL_SHARE``, 50 observations.
MINIMUM_EXCEEDANCES = 5

#: Weight of the filtered tail in the blend; the raw quantile has the rest.
TAIL_WEIGHT = 0.75


def historical_var(losses: FloatArray, *, level: float) -> float:
    """Quantile of a loss sample, of type 7: interpolated between order statistics.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    level : float
        Strictly between 0 and 1.

    Returns
    -------
    float
        In the unit and period of `losses`.

    Raises
    ------
    InsufficientData
        If `losses` is empty.
    ValueError
        If `level` is outside (0, 1) or a loss is not finite.

    Examples
    --------
    >>> historical_var(np.array([1.0, 2.0, 3.0, 4.0]), level=0.5)
    2.5
    """
    return float(historical_var_es(losses, (level,))[0][0])


def expected_shortfall(losses: FloatArray, *, level: float) -> float:
    r"""Average loss in the worst :math:`1 - level` of the sample.

    Of the :math:`k = n(1 - level)` tail observations, the one that the tail cuts in two
    weighs :math:`k - \lfloor k \rfloor`; without that the estimator is not coherent [3]_.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    level : float
        Strictly between 0 and 1.

    Returns
    -------
    float
        In the unit and period of `losses`; never below :func:`historical_var`.

    Raises
    ------
    InsufficientData
        If `losses` is empty.
    ValueError
        If `level` is outside (0, 1) or a loss is not finite.

    Examples
    --------
    >>> expected_shortfall(np.array([1.0, 2.0, 3.0, 4.0]), level=0.5)
    3.5
    """
    return float(historical_var_es(losses, (level,))[1][0])


def historical_var_es(losses: FloatArray, levels: Sequence[float] | FloatArray) -> VarEs:
    """Quantiles and tail averages of a loss sample, together.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    levels : sequence of L floats
        Rising, each strictly between 0 and 1.

    Returns
    -------
    var, es : ndarray of shape (L,)
        As :func:`historical_var` and :func:`expected_shortfall` define them.

    Raises
    ------
    InsufficientData
        If `losses` is empty.
    ValueError
        If the levels do not rise within (0, 1) or a loss is not finite.
    """
    losses, levels = _sample(losses, "historical_var_es", needed=1), checked_levels(levels)
    return tail_kernels.historical(losses, levels)


def pareto_var_es(
    losses: FloatArray, levels: Sequence[float] | FloatArray, exceedances: int = EXCEEDANCES
) -> VarEs:
    r"""VaR and expected shortfall of a generalised Pareto tail over a high threshold.

    The k largest losses exceed the next one, :math:`u`, by :math:`y`. With their
    probability-weighted moments :math:`b_0, b_1`,

    .. math::

        \xi &= 2 - b_0 / (b_0 - 2 b_1), \qquad \beta = b_0 (1 - \xi) \\
        VaR &= u + \tfrac{\beta}{\xi} \left[ (n \alpha / k)^{-\xi} - 1 \right], \qquad
        ES = \frac{VaR + \beta - \xi u}{1 - \xi}

    with :math:`\xi` kept within [-0.5, 0.9]. Inside that range :math:`\beta` is the usual
    :math:`2 b_0 b_1 / (b_0 - 2 b_1)`; at its ends it still gives the tail the mean of the
    sample, where the usual one can overshoot a hundredfold on tied losses.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    levels : sequence of L floats
        Rising; none below the share of the sample that the tail is fitted to.
    exceedances : int
        Size k of the tail, or a tenth of the sample, rounded up, if that is smaller.

    Returns
    -------
    var, es : ndarray of shape (L,)
        If all exceedances equal the threshold there is no tail to fit, and both are it.

    Raises
    ------
    InsufficientData
        If a tenth of the sample is fewer than ``MINIMUM_EXCEEDANCES``.
    ValueError
        If a level lies below the tail or out of order, or a loss is not finite.
    """
    losses = _sample(losses, "pareto_var_es", needed=pareto_needs(exceedances))
    return tail_kernels.pareto(losses, checked_levels(levels), exceedances)


def pareto_needs(exceedances: int = EXCEEDANCES) -> int:
    """Fewest observations for :func:`pareto_var_es`."""
    if exceedances < MINIMUM_EXCEEDANCES:
        raise ValueError(f"a tail needs {MINIMUM_EXCEEDANCES} exceedances, not {exceedances}")
    return math.ceil(MINIMUM_EXCEEDANCES / TAIL_SHARE)


def pareto_lowest_level(observations: int, exceedances: int = EXCEEDANCES) -> float:
    """Lowest level that the tail reaches in samples of up to so many observations.

    Examples
    --------
    >>> pareto_lowest_level(500), pareto_lowest_level(1000)
    (0.9, 0.95)
    """
    return 1.0 - min(TAIL_SHARE, exceedances / observations)


def blended_var_es(
    filtered_losses: FloatArray,
    raw_losses: FloatArray,
    levels: Sequence[float] | FloatArray,
    tail_weight: float = TAIL_WEIGHT,
) -> VarEs:
    """The default figures before tracking: a fitted tail, steadied by plain history.

    Parameters
    ----------
    filtered_losses : ndarray of shape (n,)
        Residuals times today's forecast deviation; for a book, their sum over positions.
    raw_losses : ndarray of shape (m,)
        The same losses as they were.
    levels : sequence of L floats
        Rising.
    tail_weight : float
        Weight in [0, 1] of :func:`pareto_var_es` of the filtered losses against
        :func:`historical_var_es` of the raw ones.

    Returns
    -------
    var, es : ndarray of shape (L,)

    Raises
    ------
    InsufficientData
        If there are no raw losses, or too few filtered ones for a tail.
    ValueError
        If the weight or a level is out of range, or a loss is not finite.
    """
    filtered = _sample(filtered_losses, "blended_var_es", needed=pareto_needs())
    raw = _sample(raw_losses, "blended_var_es", needed=1)
    return tail_kernels.blended(filtered, raw, checked_levels(levels), _checked_weight(tail_weight))


def ordered_var_es(
    shocks: SortedWindows,
    deviations: FloatArray,
    losses: SortedWindows,
    levels: Sequence[float] | FloatArray,
    *,
    needed: int,
    tail_weight: float = TAIL_WEIGHT,
) -> VarEs:
    """:func:`blended_var_es` of many series whose windows are in order already.

    Parameters
    ----------
    shocks : SortedWindows of n series
        Standardised losses.
    deviations : ndarray of shape (n,)
        Forecasts, which make filtered losses of the shocks. Not negative.
    losses : SortedWindows of n series
        Raw losses.
    levels : sequence of L floats
        Rising.
    needed : int
        Fewest shocks that are forecast from; no fewer than :func:`pareto_needs`.
    tail_weight : float

    Returns
    -------
    var, es : ndarray of shape (n, L)
        NaN where a series has fewer shocks.

    Raises
    ------
    ValueError
        If the weight, `needed` or a level is out of range, or shapes disagree.
    """
    deviations = np.ascontiguousarray(deviations, dtype=np.float64)
    if not shocks.seen.shape == losses.seen.shape == deviations.shape:
        raise ValueError(f"{deviations.size} deviations for {shocks.seen.size} windows")
    if needed < pareto_needs():
        raise ValueError(f"a tail needs {pareto_needs()} shocks, not {needed}")
    return tail_kernels.ordered_blended(
        shocks.falling,
        shocks.seen,
        deviations,
        losses.falling,
        losses.seen,
        checked_levels(levels),
        _checked_weight(tail_weight),
        needed,
    )


def unit_var_es(
    filtered: FloatArray,
    raw: FloatArray,
    levels: Sequence[float] | FloatArray,
    tail_weight: float = TAIL_WEIGHT,
) -> VarEs:
    """:func:`blended_var_es` of every asset, held long and held short.

    Parameters
    ----------
    filtered, raw : ndarray of shape (scenarios, assets)
        Returns, not losses. Fortran order is fastest.
    levels : sequence of L floats
        Rising.
    tail_weight : float

    Returns
    -------
    var, es : ndarray of shape (2, assets, L)
        Of one unit of value held long (0) or short (1).

    Raises
    ------
    InsufficientData, ValueError
        As :func:`blended_var_es`.
    """
    filtered = checked_scenarios(filtered, "unit_var_es", needed=pareto_needs())
    raw = checked_scenarios(raw, "unit_var_es", needed=1)
    if filtered.shape[1] != raw.shape[1]:
        raise ValueError(f"scenarios of {filtered.shape[1]} assets beside {raw.shape[1]}")
    return tail_kernels.unit_blended(
        filtered, raw, checked_levels(levels), _checked_weight(tail_weight)
    )


def checked_levels(levels: Sequence[float] | FloatArray) -> FloatArray:
    """Levels as an array, refused unless they rise strictly within (0, 1)."""
    checked = np.ascontiguousarray(levels, dtype=np.float64)
    if checked.ndim != 1 or checked.size == 0 or not tail_kernels.rising_within_unit(checked):
        raise ValueError(f"levels must rise within (0, 1), got {levels}")
    return checked


def _checked_weight(weight: float) -> float:
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"tail_weight must lie in [0, 1], got {weight}")
    return weight


def _sample(losses: FloatArray, measure: str, *, needed: int) -> FloatArray:
    sample = np.ascontiguousarray(losses, dtype=np.float64)
    if sample.size < needed:
        raise InsufficientData(measure, needed=needed, got=sample.size)
    return sample


def checked_scenarios(scenarios: FloatArray, measure: str, *, needed: int) -> FloatArray:
    """Scenarios as a matrix, refused where there are fewer than needed."""
    matrix = np.asarray(scenarios, dtype=np.float64)
    if len(matrix) < needed:
        raise InsufficientData(measure, needed=needed, got=len(matrix))
    return matrix
