r"""What a book returned for the risk it took, and how far such figures may be off.

A ratio of returns without its standard error says little: a year of daily returns tells a
Sharpe ratio of 1 from 0 about once in six times. So every figure here comes with one. That of
the Sharpe ratio is Mertens' [1]_, which knows skewness and heavy tails, or Lo's [2]_ for normal
returns; both take returns for independent. Beta's is White's. Where there is no formula, the
error is that of :func:`~risk.measures.bootstrap.block_bootstrap_error`.

Returns are simple, fractions, one a bar, oldest first. Ratios per year take 365 days, or what
`periods_per_year` says.

References
----------
.. [1] Mertens, E. (2002). "Comments on variance of the IID estimator in Lo (2002)". Working
   paper, University of Basel.
.. [2] Lo, A. (2002). "The statistics of Sharpe ratios". Financial Analysts Journal 58(4).
.. [3] Sortino, F. and van der Meer, R. (1991). "Downside risk". Journal of Portfolio
   Management 17(4).
.. [4] Young, T. (1991). "Calmar ratio: a smoother tool". Futures 20(1).
.. [5] MacKinnon, J. and White, H. (1985). "Some heteroskedasticity-consistent covariance matrix
   estimators with improved finite sample properties". Journal of Econometrics 29(3).
"""

import math
from typing import Literal, NamedTuple

import numpy as np

from risk.measures import checks
from risk.measures.bootstrap import RESAMPLES, Statistic, block_bootstrap_error
from risk.measures.drawdown import maximum_drawdown
from risk.measures.pair_correlation import MINIMUM_COMMON_BARS, sample_beta
from risk.measures.returns import DAYS_PER_YEAR
from risk.measures.types import FloatArray

#: Fewest returns for a figure: with fewer its error is larger than itself for any real book.
MINIMUM_RETURNS = 30

# A deviation below this share of the largest return is rounding.
_NEGLIGIBLE = 1e-12


class Estimate(NamedTuple):
    """A figure and how far it may be off.

    Attributes
    ----------
    value : float
    standard_error : float
        In the unit of `value`: the deviation of its sampling distribution.
    observations : int
        Returns that it comes from.
    """

    value: float
    standard_error: float
    observations: int


def sharpe_ratio(
    returns: FloatArray,
    *,
    periods_per_year: float = DAYS_PER_YEAR,
    risk_free: float = 0.0,
    error: Literal["mertens", "lo"] = "mertens",
) -> Estimate:
    r"""Mean return over its deviation, a year.

    With *s* the ratio of one period, :math:`\gamma_3` skewness and :math:`\gamma_4` kurtosis of
    the n returns, the variance of *s* is

    .. math:: \frac1n \left(1 + \frac{s^2}{2} - s \gamma_3 + s^2 \frac{\gamma_4 - 3}{4}\right)

    or, for `error` "lo", its value for normal returns, :math:`(1 + s^2 / 2) / n`.

    Parameters
    ----------
    returns : ndarray of shape (n,)
    periods_per_year : float
        Ratio and error are scaled by its square root, as if returns were independent.
    risk_free : float
        Return of one period without risk, taken off each.
    error : {"mertens", "lo"}

    Returns
    -------
    Estimate
        The deviation has n - 1 degrees of freedom.

    Raises
    ------
    InsufficientData
        If there are fewer than ``MINIMUM_RETURNS``.
    ValueError
        If a return is not finite, all are the same, or the periods are not positive.

    Examples
    --------
    >>> found = sharpe_ratio(np.tile([0.02, -0.01], 50))
    >>> round(found.value, 2), round(found.standard_error, 2), found.observations
    (6.34, 1.91, 100)
    """
    if error not in ("mertens", "lo"):
        raise ValueError(f"error must be mertens or lo, got {error!r}")
    returns = _returns("sharpe_ratio", returns)
    scale = math.sqrt(checks.positive("periods_per_year", periods_per_year))
    ratio = _sharpe(returns - checks.finite("risk_free", risk_free))
    skewness, excess = _shape(returns) if error == "mertens" else (0.0, 0.0)
    variance = 1.0 + ratio**2 / 2.0 - ratio * skewness + ratio**2 * excess / 4.0
    # Sample skewness squared is below sample kurtosis, which keeps this positive but for rounding.
    deviation = math.sqrt(max(variance, 0.0) / returns.size)
    return Estimate(scale * ratio, scale * deviation, returns.size)


def sortino_ratio(
    returns: FloatArray,
    rng: np.random.Generator,
    *,
    periods_per_year: float = DAYS_PER_YEAR,
    target: float = 0.0,
    block: int | None = None,
    resamples: int = RESAMPLES,
) -> Estimate:
    r"""Mean return above a target over the deviation below it [3]_, a year.

    .. math:: \frac{\bar r - T}{\sqrt{\tfrac1n \sum \min(r_t - T, 0)^2}}

    Parameters
    ----------
    returns : ndarray of shape (n,)
    rng : Generator
        For the resamples of its error.
    periods_per_year : float
    target : float
        Return of one period.
    block : int, optional
        Neighbouring returns kept together; :math:`n^{1/3}` rounded up if left out.
    resamples : int

    Returns
    -------
    Estimate

    Raises
    ------
    InsufficientData
        If there are fewer than ``MINIMUM_RETURNS``.
    ValueError
        If a return is not finite, none is below the target (or so few that many resamples have
        none), or block or resamples are out of range.
    """
    returns = _returns("sortino_ratio", returns)
    scale = math.sqrt(checks.positive("periods_per_year", periods_per_year))
    excess = returns - checks.finite("target", target)
    if not (excess < 0.0).any():
        raise ValueError("sortino_ratio needs returns below its target")
    return _resampled(
        "sortino_ratio", lambda sample: scale * _sortino(sample), excess, rng, block, resamples
    )


def calmar_ratio(
    returns: FloatArray,
    rng: np.random.Generator,
    *,
    periods_per_year: float = DAYS_PER_YEAR,
    block: int | None = None,
    resamples: int = RESAMPLES,
) -> Estimate:
    """Compound return a year over the maximum drawdown [4]_.

    The maximum drawdown grows with the time looked at, so that only equally long histories
    compare. The source takes three years.

    Parameters
    ----------
    returns : ndarray of shape (n,)
        Above -1.
    rng : Generator
        For the resamples of its error.
    periods_per_year : float
    block : int, optional
        Neighbouring returns kept together; longer blocks keep longer falls whole.
    resamples : int

    Returns
    -------
    Estimate

    Raises
    ------
    InsufficientData
        If there are fewer than ``MINIMUM_RETURNS``.
    ValueError
        If a return is not finite or loses everything, the value never fell, or block or
        resamples are out of range.
    """
    returns = _returns("calmar_ratio", returns)
    years = returns.size / checks.positive("periods_per_year", periods_per_year)
    if (returns <= -1.0).any():
        raise ValueError("calmar_ratio cannot go on after a return of -1 or less")
    if not (returns < 0.0).any():
        raise ValueError("calmar_ratio needs a value that fell")
    return _resampled(
        "calmar_ratio", lambda sample: _calmar(sample, years), returns, rng, block, resamples
    )


def tail_ratio(
    returns: FloatArray,
    rng: np.random.Generator,
    *,
    tail: float = 0.05,
    block: int | None = None,
    resamples: int = RESAMPLES,
) -> Estimate:
    """Size of the good tail over that of the bad one: two quantiles of type 7.

    Parameters
    ----------
    returns : ndarray of shape (n,)
    rng : Generator
        For the resamples of its error.
    tail : float
        Share of returns beyond each quantile, in (0, 0.5).
    block : int, optional
    resamples : int

    Returns
    -------
    Estimate
        Above 1 where gains reach further than losses; below 0 where even the good tail loses.

    Raises
    ------
    InsufficientData
        If there are fewer than ``MINIMUM_RETURNS``.
    ValueError
        If a return is not finite, `tail` is out of range, or its quantile is no loss.
    """
    returns = _returns("tail_ratio", returns)
    if not 0.0 < tail < 0.5:
        raise ValueError(f"tail must lie in (0, 0.5), got {tail}")
    if not math.isfinite(_tail_ratio(returns, tail)):
        raise ValueError(f"tail_ratio needs a loss at the quantile of {tail}")
    return _resampled(
        "tail_ratio", lambda sample: _tail_ratio(sample, tail), returns, rng, block, resamples
    )


def beta(returns: FloatArray, market: FloatArray) -> Estimate:
    """How far a book moved per move of a market such as BTC: the least squares slope.

    Parameters
    ----------
    returns, market : ndarray of shape (n,)
        Of the same bars; NaN where unobserved. Bars with both count.

    Returns
    -------
    Estimate
        The error is White's with the correction for small samples n / (n - 2) [5]_: it allows
        for moves that are wilder at some times than at others.

    Raises
    ------
    InsufficientData
        If fewer than ``MINIMUM_COMMON_BARS`` bars have both.
    ValueError
        If lengths differ, a return is infinite, or the market did not move.
    """
    returns, market = np.asarray(returns, dtype=np.float64), np.asarray(market, dtype=np.float64)
    if returns.ndim != 1 or returns.shape != market.shape:
        raise ValueError(f"returns of shape {returns.shape} beside a market of {market.shape}")
    if np.isinf(returns).any() or np.isinf(market).any():
        raise ValueError("returns or market contains infinity")
    both = ~(np.isnan(returns) | np.isnan(market))
    returns, market = returns[both], market[both]
    checks.enough("beta", needed=MINIMUM_COMMON_BARS, got=returns.size)
    slope = sample_beta(market, returns)
    if math.isnan(slope):
        raise ValueError("beta needs a market that moved")
    return Estimate(slope, _slope_error(returns, market, slope), returns.size)


def _returns(measure: str, returns: FloatArray) -> FloatArray:
    """Returns that a figure can be made of: finite, enough, and not all the same."""
    returns = checks.finite_vector("returns", returns)
    checks.enough(measure, needed=MINIMUM_RETURNS, got=returns.size)
    if np.ptp(returns) <= _NEGLIGIBLE * np.abs(returns).max():
        raise ValueError(f"{measure} needs returns that differ; these are constant")
    return returns


def _resampled(
    measure: str,
    statistic: Statistic,
    returns: FloatArray,
    rng: np.random.Generator,
    block: int | None,
    resamples: int,
) -> Estimate:
    try:
        error = block_bootstrap_error(statistic, returns, rng, block=block, resamples=resamples)
    except ValueError as refusal:
        raise ValueError(f"{measure}: {refusal}") from refusal
    return Estimate(statistic(returns), error, returns.size)


def _sharpe(excess: FloatArray) -> float:
    return float(excess.mean() / excess.std(ddof=1))


def _shape(returns: FloatArray) -> tuple[float, float]:
    """Skewness, and kurtosis beyond the normal one's."""
    standardised = (returns - returns.mean()) / returns.std()
    return float((standardised**3).mean()), float((standardised**4).mean() - 3.0)


def _sortino(excess: FloatArray) -> float:
    downside = math.sqrt(float((np.minimum(excess, 0.0) ** 2).mean()))
    return float(excess.mean()) / downside if downside > 0.0 else math.nan


def _calmar(returns: FloatArray, years: float) -> float:
    curve = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
    depth = maximum_drawdown(curve).depth
    return (float(curve[-1]) ** (1.0 / years) - 1.0) / depth if depth > 0.0 else math.nan


def _tail_ratio(returns: FloatArray, tail: float) -> float:
    bad, good = np.quantile(returns, (tail, 1.0 - tail))
    return float(good) / -float(bad) if bad < 0.0 else math.nan


def _slope_error(returns: FloatArray, market: FloatArray, slope: float) -> float:
    moves = market - market.mean()
    rest = returns - returns.mean() - slope * moves
    correction = returns.size / (returns.size - 2)
    return math.sqrt(correction * float((moves**2 * rest**2).sum())) / float(moves @ moves)
