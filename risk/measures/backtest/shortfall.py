r"""How deep exceptions were: the test of expected shortfall.

Acerbi and Szekely's second test [1]_, which judges number and depth of exceptions together,

.. math:: Z_2 = 1 - \frac{1}{n \alpha} \sum_t \frac{L_t\, 1[L_t > VaR_t]}{ES_t}

is 0 on average under a right model, **negative where risk was understated** (their sign) and at
most 1. It needs no more than the forecasts and is asked at 97.5 %.

References
----------
.. [1] Acerbi, C. and Szekely, B. (2014). "Backtesting expected shortfall". Risk, December.
"""

from typing import NamedTuple

import numpy as np

from risk.errors import InsufficientData
from risk.measures import checks
from risk.measures.backtest.counts import hits
from risk.measures.types import FloatArray

#: Acerbi and Szekely's limits over 250 days at 97.5 %: a right model is below the first in one
#: year of twenty and below the second in one of ten thousand, nearly whatever its tail.
Z2_AMBER, Z2_RED = -0.7, -1.8

#: Histories drawn at once: 32 MB of numbers over 1,000 forecasts.
_DRAWN_AT_ONCE = 4_000


class LosingPeriods(NamedTuple):
    """Periods over which a loss can be deep: those whose expected shortfall was above zero.

    Attributes
    ----------
    losses, var, es : ndarray of shape (n,)
        In the unit they were given in; a gain is negative.
    left_out : int
        Periods that are not among them.
    """

    losses: FloatArray
    var: FloatArray
    es: FloatArray
    left_out: int


def losing_periods(losses: FloatArray, var: FloatArray, es: FloatArray) -> LosingPeriods:
    """Leave out periods in which nothing could be lost, such as those of a flat book.

    Beside an expected shortfall of zero or less no loss is deep, so that tests of depth mean
    nothing there.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    var, es : ndarray of shape (n,)
        Entry t was forecast before ``losses[t]``, in the same unit.

    Returns
    -------
    LosingPeriods
        Periods with a NaN are kept, for tests to refuse.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> losing_periods(np.array([1.0, 2.0]), np.array([0.0, 3.0]), np.array([0.0, 4.0]))
    LosingPeriods(losses=array([2.]), var=array([3.]), es=array([4.]), left_out=1)
    """
    losses, var, es = (np.asarray(each, dtype=np.float64) for each in (losses, var, es))
    if not losses.shape == var.shape == es.shape or losses.ndim != 1:
        raise ValueError(f"losses of {losses.shape} beside VaR of {var.shape}, ES of {es.shape}")
    losing = ~(es <= 0.0)
    return LosingPeriods(losses[losing], var[losing], es[losing], int((~losing).sum()))


def acerbi_szekely_z2(losses: FloatArray, var: FloatArray, es: FloatArray, level: float) -> float:
    """Acerbi and Szekely's second statistic, see the module.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        A gain is negative.
    var, es : ndarray of shape (n,)
        Entry t was forecast before ``losses[t]``, in the same unit; `es` above zero.
    level : float
        Confidence of both, strictly between 0 and 1.

    Returns
    -------
    float
        Without unit: -0.1 means that losses beyond VaR added up to 10 % more than they should.

    Raises
    ------
    InsufficientData
        If there are no forecasts.
    ValueError
        If `level` is outside (0, 1), a number is NaN, the lengths differ, or an expected
        shortfall is zero or negative: relative to it no loss can be deep.

    Examples
    --------
    >>> losses = np.array([0.0, 3.0, 0.0, 0.0])
    >>> acerbi_szekely_z2(losses, np.full(4, 1.0), np.full(4, 2.0), level=0.75)
    -0.5
    """
    losses, var, es = checked_shortfalls(losses, var, es, level)
    if losses.size == 0:
        raise InsufficientData("acerbi_szekely_z2", needed=1, got=0)
    depth = np.where(hits(losses, var), losses / es, 0.0)
    return 1.0 - float(depth.sum()) / (losses.size * (1.0 - level))


def z2_p_value(
    z2: float,
    var: FloatArray,
    es: FloatArray,
    level: float,
    *,
    rng: np.random.Generator,
    draws: int = 10_000,
) -> float:
    r"""Probability of a Z2 at most that large if the forecasts were right, by simulation.

    Hits are drawn independently with probability :math:`\alpha`, and exceed their VaR by an
    exponential whose mean is :math:`ES_t - VaR_t`: the tail between thin and heavy, and the
    only one that VaR and ES determine.

    Parameters
    ----------
    z2 : float
        As :func:`acerbi_szekely_z2` gives it.
    var, es : ndarray of shape (n,)
        The forecasts judged; `es` above zero and not below `var`.
    level : float
        Confidence of both, strictly between 0 and 1.
    rng : Generator
    draws : int
        Histories simulated, at least one.

    Returns
    -------
    float
        Small where risk was understated; one-sided. Known to ``1 / (draws + 1)`` at best.

    Raises
    ------
    InsufficientData
        If there are no forecasts.
    ValueError
        As :func:`acerbi_szekely_z2`; if `z2` is not finite, an `es` is below its `var`, or
        `draws` is not positive.

    Notes
    -----
    With tails as heavy as those of Student's t with three degrees of freedom the true
    probability is somewhat larger: the published limit at 5 % moves from -0.70 to -0.82.
    """
    _, var, es = checked_shortfalls(np.zeros(np.shape(var)), var, es, level)
    if var.size == 0:
        raise InsufficientData("z2_p_value", needed=1, got=0)
    if not np.isfinite(z2) or (es < var).any() or draws < 1:
        raise ValueError(f"z2 {z2}, {draws} draws, or an expected shortfall below its VaR")
    as_low = 0
    for begin in range(0, draws, _DRAWN_AT_ONCE):
        simulated = _simulated_z2(var, es, level, rng, min(_DRAWN_AT_ONCE, draws - begin))
        as_low += int(np.sum(simulated <= z2))
    return (as_low + 1) / (draws + 1)


def checked_shortfalls(
    losses: FloatArray, var: FloatArray, es: FloatArray, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The arrays as float64, refused where a test or score of expected shortfall means nothing."""
    checks.level(level)
    losses, var, es = (np.asarray(each, dtype=np.float64) for each in (losses, var, es))
    if not losses.shape == var.shape == es.shape or losses.ndim != 1:
        raise ValueError(f"losses of {losses.shape} beside VaR of {var.shape}, ES of {es.shape}")
    if not (np.isfinite(losses).all() and np.isfinite(var).all() and np.isfinite(es).all()):
        raise ValueError("losses, var or es is not finite; leave out what was not forecast")
    if (es <= 0.0).any():
        raise ValueError("an expected shortfall is zero or negative; no loss is deep beside it")
    return losses, var, es


def _simulated_z2(
    var: FloatArray, es: FloatArray, level: float, rng: np.random.Generator, draws: int
) -> FloatArray:
    """Z2 of histories in which the forecasts are right, shape (draws,)."""
    # Few periods are hits: draw how many there are, then which, instead of every period.
    counts = rng.binomial(var.size, 1.0 - level, draws)
    history = np.repeat(np.arange(draws), counts)
    period = rng.integers(0, var.size, history.size)
    beyond = rng.standard_exponential(history.size) * (es - var)[period]
    depth = np.bincount(history, (var[period] + beyond) / es[period], minlength=draws)
    simulated: FloatArray = 1.0 - depth / (var.size * (1.0 - level))
    return simulated
