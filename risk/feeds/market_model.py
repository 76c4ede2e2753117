"""The simulated market's law: hourly returns of seven coins in calm, normal and stressed times.

Pure: a seed and a state in, a block of hours and the next state out. Regimes, volatilities,
betas and jumps are fitted to hourly exchange prices of 2017-2022. What the fit does not say is an
assumption and named so here: spreads, volumes, the profile's shape between its two fitted
ends, and what happens within an hour. Weak where reality is stubborn: long memory and skew.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk.measures.returns import HOURS_PER_YEAR
from risk.measures.types import FloatArray

#: Hours drawn at once. Whole days, so that the hour of the day follows from the position.
BLOCK_HOURS = 960
SECONDS_PER_HOUR = 3600


class Regime(IntEnum):
    """The market's mood; rows and columns of every table below are in this order."""

    CALM = 0
    NORMAL = 1
    STRESS = 2


class Coin(NamedTuple):
    """One asset of the simulated market.

    Attributes
    ----------
    asset : str
    beta : float
        Return per return of the common factor.
    idio_volatility : float
        Own volatility a year in calm times, a fraction.
    price : float
        Quote currency at the market's origin.
    half_spread : float
        Assumed: half of ask less bid in normal times, a fraction of the price.
    daily_volume : float
        Assumed: quote currency traded on a normal day.
    """

    asset: str
    beta: float
    idio_volatility: float
    price: float
    half_spread: float
    daily_volume: float


COINS: tuple[Coin, ...] = (
    Coin("BTC/USDT", 0.63, 0.18, 96_000.0, 0.00005, 2.0e9),
    Coin("ETH/USDT", 0.87, 0.21, 3_300.0, 0.00006, 1.2e9),
    Coin("XRP/USDT", 0.96, 0.34, 2.20, 0.00015, 5.0e8),
    Coin("LTC/USDT", 0.97, 0.31, 100.0, 0.00020, 6.0e7),
    Coin("LINK/USDT", 1.17, 0.32, 17.0, 0.00020, 8.0e7),
    Coin("DOGE/USDT", 1.17, 0.34, 0.20, 0.00020, 3.5e8),
    Coin("SOL/USDT", 1.22, 0.36, 170.0, 0.00012, 6.0e8),
)

_TRANSITION = np.array([[0.9930, 0.0069, 0.0001], [0.0060, 0.9913, 0.0027], [0.0, 0.0200, 0.9800]])
_DRIFT_A_YEAR = np.array([0.40, 0.25, -0.80])
_FACTOR_VOLATILITY = np.array([0.36, 0.64, 1.40])
_IDIO_MULTIPLIER = np.array([1.0, 1.5, 2.7])
_JUMP_CHANCE = np.array([0.0003, 0.0010, 0.0050])
_JUMP_MEAN = np.array([-0.006, -0.012, -0.018])
_JUMP_DEVIATION = np.array([0.016, 0.024, 0.034])
_STRESS_AFTER_JUMP = 0.35

_FACTOR_FREEDOM = 5
_IDIO_FREEDOM = 4

# Volatility feeds on itself: next scale = .10 + (.10 z^2 + .80) scale, one on average.
_SCALE_FLOOR, _SCALE_SHOCK, _SCALE_MEMORY = 0.10, 0.10, 0.80
_LOG_VOLATILITY_DEVIATION = 0.22
_LOG_VOLATILITY_MEMORY = 0.5 ** (1.0 / (30 * 24))

_QUIET_HOUR, _QUIET_LEVEL = 4, 0.80
_BUSY_HOUR, _BUSY_LEVEL = 14, 1.34
# Makes the profile's mean square one, so that it moves volatility about but adds none.
_PROFILE_SHARPNESS = 2.577056

_VOLUME_NOISE = 0.30

_BETAS = np.array([coin.beta for coin in COINS])
_IDIOS = np.array([coin.idio_volatility for coin in COINS])
_DAILY_VOLUMES = np.array([coin.daily_volume for coin in COINS])


class MarketState(NamedTuple):
    """What the next hour depends on.

    Attributes
    ----------
    regime : Regime
    scale : float
        Self-feeding factor of the variance, about one.
    log_volatility : float
        Slow deviation of the log of volatility from its mean.
    """

    regime: Regime
    scale: float
    log_volatility: float


START = MarketState(Regime.NORMAL, 1.0, 0.0)


class MarketBlock(NamedTuple):
    """`BLOCK_HOURS` hours of the market; rows are hours, columns follow `COINS`.

    Attributes
    ----------
    log_returns : ndarray of shape (H, A)
    deviation : ndarray of shape (H, A)
        Standard deviation of the hour's log return as known when it began, jumps left out.
    rise, fall : ndarray of shape (H, A)
        Log of the highest and lowest price over the open; ``rise >= 0 >= fall``.
    turnover : ndarray of shape (H, A)
        Quote currency traded.
    regime : ndarray of shape (H,), int
    """

    log_returns: FloatArray
    deviation: FloatArray
    rise: FloatArray
    fall: FloatArray
    turnover: FloatArray
    regime: NDArray[np.int64]


class _Course(NamedTuple):
    """The drawn course of what all coins share, one entry an hour."""

    regime: NDArray[np.int64]
    jump: FloatArray
    volatility_factor: FloatArray
    end: MarketState


def hour_profile() -> FloatArray:
    """Volatility by hour of the day over the day's root mean square, shape (24,).

    Fitted at its ends, 0.80 at 04:00 and 1.34 at 14:00 UTC; between them a raised cosine,
    sharpened until the mean square is one, is assumed.
    """
    hours = np.arange(24)
    rising = (hours >= _QUIET_HOUR) & (hours <= _BUSY_HOUR)
    climb = _BUSY_HOUR - _QUIET_HOUR
    phase = np.where(
        rising, (hours - _QUIET_HOUR) / climb, 1.0 + (hours - _BUSY_HOUR) % 24 / (24 - climb)
    )
    raised = 0.5 - 0.5 * np.cos(np.pi * phase)
    return np.asarray(_QUIET_LEVEL + (_BUSY_LEVEL - _QUIET_LEVEL) * raised**_PROFILE_SHARPNESS)


def generate_block(seed: int, block: int, start: MarketState) -> tuple[MarketBlock, MarketState]:
    """Hours ``block * BLOCK_HOURS`` and on, and the state after them.

    Parameters
    ----------
    seed : int
        Not negative.
    block : int
        Which block; its first hour is 00:00 UTC.
    start : MarketState
        State at its first hour: what the block before returned, or `START`.
    """
    rng = np.random.default_rng([seed, 0, block])
    shocks = rng.standard_t(_FACTOR_FREEDOM, BLOCK_HOURS) / _t_deviation(_FACTOR_FREEDOM)
    course = _draw_course(rng, shocks, start)
    return _draw_coins(rng, shocks, course), course.end


def _t_deviation(freedom: int) -> float:
    return float(np.sqrt(freedom / (freedom - 2)))


def _draw_course(rng: np.random.Generator, shocks: FloatArray, start: MarketState) -> _Course:
    chances = rng.random((BLOCK_HOURS, 3)).tolist()
    sizes = rng.standard_normal(BLOCK_HOURS)
    drifts = (rng.standard_normal(BLOCK_HOURS) * _LOG_VOLATILITY_DEVIATION).tolist()
    squares = np.square(shocks).tolist()
    ladders = np.cumsum(_TRANSITION, axis=1).tolist()
    innovation = float(np.sqrt(1.0 - _LOG_VOLATILITY_MEMORY**2))

    regime, scale, log_volatility = start
    regimes, scales, log_volatilities, jumped = [], [], [], []
    for (move, jump, panic), drift, square in zip(chances, drifts, squares, strict=True):
        regime = _next_regime(ladders[regime], move)
        regimes.append(regime)
        scales.append(scale)
        log_volatilities.append(log_volatility)
        jumped.append(jump < _JUMP_CHANCE[regime])
        if jumped[-1] and panic < _STRESS_AFTER_JUMP:
            regime = Regime.STRESS
        scale = _SCALE_FLOOR + (_SCALE_SHOCK * square + _SCALE_MEMORY) * scale
        log_volatility = _LOG_VOLATILITY_MEMORY * log_volatility + innovation * drift

    path = np.array(regimes, dtype=np.int64)
    sized = _JUMP_MEAN[path] + _JUMP_DEVIATION[path] * sizes
    # The mean of exp(2x) is exp(2 sd^2): taken out, so that the fitted volatilities stand.
    slow = np.exp(np.array(log_volatilities) - _LOG_VOLATILITY_DEVIATION**2)
    return _Course(
        regime=path,
        jump=np.where(jumped, sized, 0.0),
        volatility_factor=np.sqrt(scales) * slow * np.resize(hour_profile(), BLOCK_HOURS),
        end=MarketState(regime, scale, log_volatility),
    )


def _next_regime(ladder: list[float], chance: float) -> Regime:
    if chance < ladder[0]:
        return Regime.CALM
    return Regime.NORMAL if chance < ladder[1] else Regime.STRESS


def _draw_coins(rng: np.random.Generator, shocks: FloatArray, course: _Course) -> MarketBlock:
    shape = (BLOCK_HOURS, len(COINS))
    own = rng.standard_t(_IDIO_FREEDOM, shape) / _t_deviation(_IDIO_FREEDOM)
    hourly = course.volatility_factor / np.sqrt(HOURS_PER_YEAR)
    factor_deviation = _FACTOR_VOLATILITY[course.regime] * hourly
    own_deviation = np.outer(_IDIO_MULTIPLIER[course.regime] * hourly, _IDIOS)

    common = factor_deviation * shocks + course.jump
    drift = _DRIFT_A_YEAR[course.regime] / HOURS_PER_YEAR
    log_returns = drift[:, None] + np.outer(common, _BETAS) + own_deviation * own
    deviation = np.hypot(np.outer(factor_deviation, _BETAS), own_deviation)
    return MarketBlock(
        log_returns=log_returns,
        deviation=deviation,
        rise=_bridge_maximum(log_returns, deviation, rng.random(shape)),
        fall=-_bridge_maximum(-log_returns, deviation, rng.random(shape)),
        turnover=_turnover(deviation, rng.standard_normal(shape)),
        regime=course.regime,
    )


def _bridge_maximum(end: FloatArray, deviation: FloatArray, chance: FloatArray) -> FloatArray:
    """Highest point of a Brownian bridge from 0 to `end`, by its exact distribution.

    ``P(M > m) = exp(-2 m (m - end) / deviation^2)`` for m above both ends [1]_. High and low are
    drawn apart: each has its law, their dependence is left out.

    .. [1] Karatzas, I. and Shreve, S. (1991). Brownian Motion and Stochastic Calculus, 4.3.40.
    """
    # One less a number in [0, 1) is never zero, whose logarithm would be infinite.
    spread = -2.0 * np.square(deviation) * np.log(1.0 - chance)
    return np.asarray(0.5 * (end + np.sqrt(np.square(end) + spread)))


def _turnover(deviation: FloatArray, noise: FloatArray) -> FloatArray:
    ordinary = np.hypot(_BETAS * _FACTOR_VOLATILITY[1], _IDIOS * _IDIO_MULTIPLIER[1])
    excitement = deviation * np.sqrt(HOURS_PER_YEAR) / ordinary
    return np.asarray(_DAILY_VOLUMES / 24 * excitement * np.exp(_VOLUME_NOISE * noise))


def path_within_hour(
    seed: int, hour: int, log_return: FloatArray, deviation: FloatArray
) -> FloatArray:
    """Log price over the hour's open at each of its seconds, shape (A, 3600).

    A Brownian bridge: given where the hour began and will end it is what a Brownian path
    would have done between. Column s depends on nothing after this hour; the first is zero.

    Parameters
    ----------
    seed, hour : int
        The same two give the same path.
    log_return, deviation : ndarray of shape (A,)
        The hour's own.
    """
    rng = np.random.default_rng([seed, 1, hour])
    steps = rng.standard_normal((log_return.size, SECONDS_PER_HOUR))
    steps *= (deviation / np.sqrt(SECONDS_PER_HOUR))[:, None]
    walk = np.cumsum(steps, axis=1)
    elapsed = np.arange(SECONDS_PER_HOUR) / SECONDS_PER_HOUR
    free = np.hstack([np.zeros((log_return.size, 1)), walk[:, :-1]])
    return np.asarray(free + np.outer(log_return - walk[:, -1], elapsed))
