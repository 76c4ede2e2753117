r"""Calm, normal or stressed: what a market's returns say of its state, bar by bar.

A Hamilton filter [1]_ with fixed parameters. In state *k* a return has a Student-t distribution
with five degrees of freedom and the deviation :math:`m_k \sqrt{L}`, where *L* is a slow average
of squared returns winsorised at six deviations, known before the bar, and states change from bar
to bar with the probabilities *P*:

.. math::

    p^-_{t} = P' p_{t-1}, \qquad
    p_{t,k} \propto p^-_{t,k}\; f_5\!\left(\frac{r_t}{m_k \sqrt{L_{t-1}}}\right) \frac{1}{m_k}

The multipliers :math:`m` are scaled so that :math:`\sum_k \pi_k m_k^2 = 1` under the stationary
:math:`\pi`: *L* is the average over all states and not the variance of a normal one. Heavy tails
keep one bad print from being taken for a storm. Nothing is fitted and nothing looks ahead.

Probabilities waver, so that what people are told has inertia: a worse state is named as soon as
it is probable enough, a calmer one only where that is more probable still *and* the present one
has lasted a while. Caution never waits.

References
----------
.. [1] Hamilton, J. (1989). "A new approach to the economic analysis of nonstationary time series
   and the business cycle". Econometrica 57(2).
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from risk.measures.types import FloatArray, IntArray
from risk.measures.volatility import VARIANCE_FLOOR

#: Names of the states, by number.
REGIMES = ("calm", "normal", "stressed")

#: The number of a regime that is not known yet.
UNKNOWN = -1

_DEGREES = 5.0
_HOURLY_ROWS = ((0.9930, 0.0069, 0.0001), (0.0060, 0.9913, 0.0027), (0.0, 0.0200, 0.9800))
_HOURS = 24


@dataclass(frozen=True)
class RegimeParameters:
    """What the filter takes for given.

    Attributes
    ----------
    transition : tuple of 3 rows of 3 floats
        Probability of going from the row's state to the column's within one bar. ``DAILY`` and
        ``HOURLY`` have those of hours that were fitted to large coins.
    deviations : tuple of 3 floats
        Rising; of each state, in any common unit.
    level_decay : float
        Share of the average of squares kept per bar. Until ``1 / (1 - level_decay)`` returns
        were seen, it is their plain mean.
    winsor : float
        Deviations beyond which a return counts no more for the average.
    start_bars : int
        Returns that only set the level; until then the regime is unknown.
    enter, leave : float
        Least probability of worse states to go up to one of them, and of calmer ones to come
        down. Together above 1, so that no probability can satisfy both.
    least_dwell : int
        Bars that a regime lasts at least before a calmer one is named.
    """

    transition: tuple[tuple[float, ...], ...]
    deviations: tuple[float, float, float] = (0.36, 0.64, 1.40)
    level_decay: float = 0.995
    winsor: float = 6.0
    start_bars: int = 60
    enter: float = 0.6
    leave: float = 0.8
    least_dwell: int = 5

    def __post_init__(self) -> None:
        rows = np.array(self.transition, dtype=np.float64)
        if rows.shape != (3, 3) or not ((rows >= 0.0).all() and np.allclose(rows.sum(1), 1.0)):
            raise ValueError(f"transition must be three rows of probabilities, got {rows.tolist()}")
        low, middle, high = self.deviations
        if not 0.0 < low < middle < high < math.inf:
            raise ValueError(f"deviations must be positive and rise, got {self.deviations}")
        if not (0.0 < self.level_decay < 1.0 and self.winsor > 0.0 and self.start_bars >= 1):
            raise ValueError(f"level_decay, winsor or start_bars out of range: {self}")
        if not (max(self.enter, self.leave) < 1.0 < self.enter + self.leave):
            raise ValueError(f"enter and leave must be under 1 and together above it: {self}")
        if self.least_dwell < 1:
            raise ValueError(f"least_dwell must be at least one bar, got {self.least_dwell}")

    @cached_property
    def rows(self) -> FloatArray:
        """The transition matrix."""
        return np.array(self.transition, dtype=np.float64)

    @cached_property
    def stationary(self) -> FloatArray:
        """Share of all bars that each state has, in the long run."""
        system = np.vstack((self.rows.T - np.eye(3), np.ones(3)))
        shares: FloatArray = np.linalg.lstsq(system, np.array([0.0, 0.0, 0.0, 1.0]), rcond=None)[0]
        return shares

    @cached_property
    def multipliers(self) -> FloatArray:
        """Deviation of each state over the long-run one."""
        deviations = np.array(self.deviations)
        scaled: FloatArray = deviations / math.sqrt(float(self.stationary @ deviations**2))
        return scaled


def _over(bars: int) -> tuple[tuple[float, ...], ...]:
    """Transition probabilities over that many hours."""
    rows = np.linalg.matrix_power(np.array(_HOURLY_ROWS), bars)
    return tuple(tuple(float(p) for p in row) for row in rows)


DAILY = RegimeParameters(transition=_over(_HOURS))
HOURLY = RegimeParameters(
    transition=_HOURLY_ROWS,
    level_decay=0.995 ** (1.0 / _HOURS),
    start_bars=30 * _HOURS,
    least_dwell=_HOURS,
)


class RegimeState(NamedTuple):
    """What the filter remembers.

    Attributes
    ----------
    probabilities : tuple of 3 floats
        Of the states after the newest bar, adding up to 1.
    level : float
        Slow average of winsorised squared returns; 0 before the first.
    observed : int
        Returns seen.
    regime : int
        Index in ``REGIMES``, or ``UNKNOWN``.
    dwell : int
        Bars that the regime has lasted, the one that brought it included.
    """

    probabilities: tuple[float, ...]
    level: float
    observed: int
    regime: int
    dwell: int


class RegimePath(NamedTuple):
    """Regimes over a history; entry t knows the returns up to and with bar t, and no later one.

    Attributes
    ----------
    probabilities : ndarray of shape (bars, 3)
        Rows add up to 1; NaN while the level is being learnt.
    regime : ndarray of shape (bars,), int
        Index in ``REGIMES``; ``UNKNOWN`` while the level is being learnt.
    state : RegimeState
        To carry on from.
    """

    probabilities: FloatArray
    regime: IntArray
    state: RegimeState


def regime_start(parameters: RegimeParameters = DAILY) -> RegimeState:
    """The state of a market that has not been seen yet."""
    return RegimeState(_as_tuple(parameters.stationary), 0.0, 0, UNKNOWN, 0)


def regime_update(
    state: RegimeState, market_return: float, parameters: RegimeParameters = DAILY
) -> RegimeState:
    """Take in one bar.

    Parameters
    ----------
    state : RegimeState
        Left as it is.
    market_return : float
        Simple return of the bar, of one asset that stands for the market or of the mean over
        assets; NaN if unobserved. Then time passes, probabilities drift to the long-run ones,
        and the regime stays.
    parameters : RegimeParameters
        ``DAILY``, ``HOURLY`` or one's own.

    Returns
    -------
    RegimeState

    Raises
    ------
    ValueError
        If the return, or its square, is infinite.
    """
    if math.isinf(market_return * market_return):
        raise ValueError("market_return is infinite; mark it as unobserved before filtering")
    seen = not math.isnan(market_return)
    if state.observed < parameters.start_bars:
        return _learnt(state, market_return, parameters) if seen else state
    expected = next_probabilities(state, parameters)
    if not seen:
        return state._replace(probabilities=_as_tuple(expected), dwell=state.dwell + 1)
    probabilities = _weighed(expected, market_return, state.level, parameters)
    learnt = _learnt(state, market_return, parameters)
    learnt = learnt._replace(probabilities=_as_tuple(probabilities))
    return _named(learnt, parameters)


def regime_path(returns: FloatArray, parameters: RegimeParameters = DAILY) -> RegimePath:
    """Filter a whole history; equal to as many :func:`regime_update` from the start.

    Parameters
    ----------
    returns : ndarray of shape (bars,)
        Simple returns, oldest first; NaN where unobserved.
    parameters : RegimeParameters

    Returns
    -------
    RegimePath

    Raises
    ------
    ValueError
        If a return, or its square, is infinite or `returns` is no vector.
    """
    returns = np.asarray(returns, dtype=np.float64)
    if returns.ndim != 1:
        raise ValueError(f"returns must be one market's, got shape {returns.shape}")
    probabilities = np.full((returns.size, 3), math.nan)
    regime = np.full(returns.size, UNKNOWN, dtype=np.int64)
    state = regime_start(parameters)
    for t, value in enumerate(returns.tolist()):
        state = regime_update(state, value, parameters)
        if state.regime != UNKNOWN:
            probabilities[t], regime[t] = state.probabilities, state.regime
    return RegimePath(probabilities, regime, state)


def next_probabilities(state: RegimeState, parameters: RegimeParameters = DAILY) -> FloatArray:
    """Probabilities of the states in the bar to come.

    Parameters
    ----------
    state : RegimeState
        After the newest bar; left as it is.
    parameters : RegimeParameters
        Those that the state was filtered with.

    Returns
    -------
    ndarray of shape (3,)
        In the order of ``REGIMES``, adding up to 1; the long-run ones while the level is learnt.
    """
    came = np.array(state.probabilities) @ parameters.rows
    expected: FloatArray = came / came.sum()
    return expected


def _as_tuple(probabilities: FloatArray) -> tuple[float, ...]:
    return tuple(probabilities.tolist())


def _weighed(
    expected: FloatArray, value: float, level: float, parameters: RegimeParameters
) -> FloatArray:
    """Bayes' rule, on logarithms so that no return is too large for it."""
    scales = parameters.multipliers * math.sqrt(max(level, VARIANCE_FLOOR))
    # Student's t has the variance n / (n - 2), which the scale is to have.
    distances = np.abs(value / scales) / math.sqrt(_DEGREES - 2.0)
    # log(1 + d²), also of a distance whose square is infinite.
    decline = 2.0 * np.log(np.hypot(1.0, distances))
    likelihood = -np.log(scales) - (_DEGREES + 1.0) / 2.0 * decline
    weights = expected * np.exp(likelihood - likelihood.max())
    probabilities: FloatArray = weights / weights.sum()
    return probabilities


def _learnt(state: RegimeState, value: float, parameters: RegimeParameters) -> RegimeState:
    """The state with the return in its level and nothing else changed."""
    observed, level = state.observed + 1, max(state.level, VARIANCE_FLOOR)
    starting = observed <= parameters.start_bars
    square = value * value if starting else min(value * value, parameters.winsor**2 * level)
    weight = max(1.0 - parameters.level_decay, 1.0 / observed)
    return state._replace(level=state.level + weight * (square - state.level), observed=observed)


def _named(state: RegimeState, parameters: RegimeParameters) -> RegimeState:
    """The state with the regime that its probabilities, and its inertia, give it."""
    present, chances = state.regime, np.array(state.probabilities)
    if present == UNKNOWN:
        return state._replace(regime=int(chances.argmax()), dwell=1)
    rested = state.dwell >= parameters.least_dwell
    if chances[present + 1 :].sum() >= parameters.enter:
        regime = present + 1 + int(chances[present + 1 :].argmax())
    elif rested and chances[:present].sum() >= parameters.leave:
        regime = int(chances[:present].argmax())
    else:
        return state._replace(dwell=state.dwell + 1)
    return state._replace(regime=regime, dwell=1)
