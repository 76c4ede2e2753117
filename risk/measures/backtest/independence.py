"""When exceptions came: a right model's are as likely after a hit, or at a high VaR, as ever.

A model that is too slow has the right number of exceptions over the years and all of them in
the same bad weeks. Counting cannot see that; these tests can.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, xlogy

from risk.errors import InsufficientData, NotIdentified
from risk.measures import checks
from risk.measures.backtest.counts import LikelihoodRatio
from risk.measures.types import BoolArray, FloatArray

#: Earlier hits that :func:`dynamic_quantile` looks at, as Engle and Manganelli do.
DYNAMIC_QUANTILE_LAGS = 4

#: Parts of a column's length below which it is a combination of the others, up to rounding.
_SAME_DIRECTION = 1e-9


class DynamicQuantile(NamedTuple):
    """Engle and Manganelli's dynamic quantile test.

    Attributes
    ----------
    statistic : float
        How much of the surprise was predictable, in variances.
    degrees : int
        Explanations that were told apart, of ``lags + 2``.
    p_value : float
        Probability of a statistic at least as large if the model were right.
    """

    statistic: float
    degrees: int
    p_value: float


class _Moves(NamedTuple):
    """Pairs of consecutive periods: first digit before, second after; 1 is a hit."""

    n00: int
    n01: int
    n10: int
    n11: int


def hit_independence(exceeded: BoolArray) -> LikelihoodRatio:
    r"""Likelihood-ratio test that a hit is as likely after a hit as after none [1]_.

    A first-order Markov chain of hits against independent ones of the same frequency: with
    :math:`n_{ij}` moves from state i to state j and :math:`\pi_i = n_{i1}/(n_{i0}+n_{i1})`,

    .. math::

        LR = 2 \ln \frac{(1-\pi_0)^{n_{00}} \pi_0^{n_{01}} (1-\pi_1)^{n_{10}} \pi_1^{n_{11}}}
                        {(1-\pi)^{n_{00}+n_{10}} \pi^{n_{01}+n_{11}}} \sim \chi^2_1

    Parameters
    ----------
    exceeded : ndarray of shape (n,), bool
        Oldest first; periods that do not overlap.

    Returns
    -------
    LikelihoodRatio

    Raises
    ------
    NotIdentified
        If no period follows a hit or none follows a period without: then there is nothing to
        compare.

    Notes
    -----
    It sees hits on consecutive periods only. At 99 % these are so few, over 250 periods as over
    2,500, that of 100 right models it rejects one or two where its p-value promises five; at
    95 % over 1,000 periods it rejects eight.

    References
    ----------
    .. [1] Christoffersen, P. (1998). "Evaluating interval forecasts". International Economic
       Review 39(4).

    Examples
    --------
    >>> clustered = np.repeat([False, True, False], [90, 6, 104])
    >>> bool(hit_independence(clustered).p_value < 0.001)
    True
    """
    moves = _moves(exceeded)
    if moves.n00 + moves.n01 == 0 or moves.n10 + moves.n11 == 0:
        reason = "no period follows a hit, or none follows a period without"
        raise NotIdentified("independence of hits", reason)
    statistic = max(2.0 * (_log_likelihood_of_chain(moves) - _log_likelihood_apart(moves)), 0.0)
    return LikelihoodRatio(statistic, _chi_squared_tail(statistic, 1))


def conditional_coverage(exceeded: BoolArray, level: float) -> LikelihoodRatio:
    r"""Likelihood-ratio test that hits are as frequent as they should be and independent [1]_.

    The Markov chain of :func:`hit_independence` against independent hits of probability
    :math:`\alpha`, given the first period; :math:`\chi^2_2`.

    Parameters
    ----------
    exceeded : ndarray of shape (n,), bool
        Oldest first; periods that do not overlap. None or all of them may be hits.
    level : float
        Confidence of the VaR, strictly between 0 and 1.

    Returns
    -------
    LikelihoodRatio
        Its statistic is that of :func:`~risk.measures.backtest.kupiec`, over all periods but the
        first, plus that of :func:`hit_independence`.

    Raises
    ------
    InsufficientData
        If there are fewer than two periods.
    ValueError
        If `level` is outside (0, 1).

    References
    ----------
    .. [1] Christoffersen, P. (1998). "Evaluating interval forecasts". International Economic
       Review 39(4).

    Examples
    --------
    >>> round(conditional_coverage(np.zeros(256, dtype=bool), 0.99).statistic, 3)
    5.126
    """
    checks.level(level)
    moves = _moves(exceeded)
    if sum(moves) == 0:
        raise InsufficientData("conditional_coverage", needed=2, got=np.size(exceeded))
    misses, hits = moves.n00 + moves.n10, moves.n01 + moves.n11
    expected = float(xlogy(misses, level) + xlogy(hits, 1.0 - level))
    statistic = max(2.0 * (_log_likelihood_of_chain(moves) - expected), 0.0)
    return LikelihoodRatio(statistic, _chi_squared_tail(statistic, 2))


def dynamic_quantile(
    exceeded: BoolArray, var: FloatArray, level: float, *, lags: int = DYNAMIC_QUANTILE_LAGS
) -> DynamicQuantile:
    r"""Test that neither earlier hits nor the VaR itself tell of the next hit [1]_.

    The surprise :math:`h_t = 1[hit_t] - \alpha` is regressed on a constant, the last `lags`
    surprises and :math:`VaR_t`. With the design X and its projection,

    .. math:: DQ = \frac{h' X (X'X)^{+} X' h}{\alpha (1 - \alpha)} \sim \chi^2_{rank(X)}

    Parameters
    ----------
    exceeded : ndarray of shape (n,), bool
        Oldest first; periods that do not overlap.
    var : ndarray of shape (n,)
        Entry t was forecast before period t; any unit.
    level : float
        Confidence of the VaR, strictly between 0 and 1.
    lags : int
        Not negative.

    Returns
    -------
    DynamicQuantile
        Columns that say nothing of their own (a VaR that never changes, lags without a hit) are
        left out of the regression and of the degrees of freedom.

    Raises
    ------
    InsufficientData
        If there are fewer than twice as many periods as explanations, after the lags.
    ValueError
        If `level` is outside (0, 1), a VaR is not finite, the lengths differ or `lags` is
        negative.

    Notes
    -----
    At 99 % two hits within `lags` periods, which chance brings about often enough, weigh as much
    as a fault: of 100 right models it rejects ten, over 250 periods as over 2,500, where its
    p-value promises five.

    References
    ----------
    .. [1] Engle, R. and Manganelli, S. (2004). "CAViaR: conditional autoregressive value at
       risk by regression quantiles". Journal of Business & Economic Statistics 22(4).

    Examples
    --------
    >>> quiet = np.zeros(250, dtype=bool)
    >>> dynamic_quantile(quiet, np.full(250, 0.03), 0.99).degrees
    1
    """
    exceeded, var = np.asarray(exceeded, dtype=np.bool_), np.asarray(var, dtype=np.float64)
    _refuse_unusable(exceeded, var, level, lags)
    surprise: FloatArray = exceeded - np.float64(1.0 - level)
    design = _explanations(surprise, var, lags)
    if len(design) < 2 * design.shape[1]:
        needed = 2 * design.shape[1] + lags
        raise InsufficientData("dynamic_quantile", needed=needed, got=exceeded.size)
    basis = _orthonormal(design)
    explained = basis.T @ surprise[lags:]
    statistic = float(explained @ explained) / (level * (1.0 - level))
    degrees = basis.shape[1]
    return DynamicQuantile(statistic, degrees, _chi_squared_tail(statistic, degrees))


def _refuse_unusable(exceeded: BoolArray, var: FloatArray, level: float, lags: int) -> None:
    checks.level(level)
    if lags < 0:
        raise ValueError(f"lags must be 0 or more, got {lags}")
    if exceeded.ndim != 1 or exceeded.shape != var.shape:
        raise ValueError(f"hits of shape {exceeded.shape} beside forecasts of {var.shape}")
    if not np.isfinite(var).all():
        raise ValueError("var is not finite; leave out what was not forecast")


def _explanations(surprise: FloatArray, var: FloatArray, lags: int) -> FloatArray:
    n = surprise.size
    earlier = [surprise[lags - k : n - k] for k in range(1, lags + 1)]
    return np.column_stack([np.ones(max(n - lags, 0)), *earlier, var[lags:]])


def _orthonormal(design: FloatArray) -> FloatArray:
    """An orthonormal basis of the columns, without those that the earlier ones span."""
    basis = np.empty((len(design), 0))
    for column in design.T:
        # Twice, for what rounding leaves of the first time.
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        length = float(np.linalg.norm(rest))
        if length > _SAME_DIRECTION * float(np.linalg.norm(column)):
            basis = np.column_stack([basis, rest / length])
    return basis


def _moves(exceeded: BoolArray) -> _Moves:
    exceeded = np.asarray(exceeded, dtype=np.bool_)
    before, after = exceeded[:-1], exceeded[1:]
    return _Moves(
        int(np.sum(~before & ~after)),
        int(np.sum(~before & after)),
        int(np.sum(before & ~after)),
        int(np.sum(before & after)),
    )


def _log_likelihood_of_chain(moves: _Moves) -> float:
    return _log_likelihood(moves.n01, moves.n00) + _log_likelihood(moves.n11, moves.n10)


def _log_likelihood_apart(moves: _Moves) -> float:
    return _log_likelihood(moves.n01 + moves.n11, moves.n00 + moves.n10)


def _log_likelihood(hits: int, misses: int) -> float:
    """Of that many, at their own frequency; none at all are certain to be none."""
    periods = hits + misses
    if periods == 0:
        return 0.0
    return float(xlogy(hits, hits / periods) + xlogy(misses, misses / periods))


def _chi_squared_tail(statistic: float, degrees: int) -> float:
    return float(chdtrc(degrees, statistic)) if statistic > 0.0 else 1.0
