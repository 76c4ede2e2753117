"""Basel's traffic light: which number of exceptions a supervisor takes for a wrong model."""

import numpy as np
from scipy.special import bdtr

from risk.errors import InsufficientData
from risk.measures import checks
from risk.measures.types import BoolArray, FloatArray, IntArray

#: Periods of a window of Basel's traffic light: a year of banking days.
TRAFFIC_LIGHT_WINDOW = 250

#: Probabilities of that many exceptions or fewer from which Basel's amber and red zones begin.
_AMBER_FROM, _RED_FROM = 0.95, 0.9999


def traffic_light_zones(forecasts: int, level: float = 0.99) -> tuple[int, int]:
    """Fewest exceptions of the amber and of the red zone of Basel's traffic light [1]_.

    A zone begins with the number of exceptions that a right model would reach or stay below
    with a probability of at least 95 % (amber) or 99.99 % (red).

    Parameters
    ----------
    forecasts : int
        Periods judged; Basel takes 250.
    level : float
        Confidence of the VaR, strictly between 0 and 1.

    Returns
    -------
    tuple of two int
        Fewer than the first are green.

    Raises
    ------
    InsufficientData
        If there are no forecasts.
    ValueError
        If `level` is outside (0, 1).

    References
    ----------
    .. [1] Basel Committee on Banking Supervision (1996). "Supervisory framework for the use of
       backtesting in conjunction with the internal models approach to market risk capital
       requirements".

    Examples
    --------
    >>> traffic_light_zones(250)
    (5, 10)
    """
    probability = at_most_probability(np.arange(forecasts + 1), forecasts, level)
    amber, red = np.searchsorted(probability, (_AMBER_FROM, _RED_FROM))
    # No zone begins before the first exception, however few days were judged.
    return max(1, int(amber)), max(2, int(red))


def at_most_probability(exceptions: IntArray, forecasts: int, level: float = 0.99) -> FloatArray:
    """Probability that a right model has that many independent exceptions or fewer.

    Parameters
    ----------
    exceptions : ndarray of int
        Each between 0 and `forecasts`.
    forecasts : int
        Periods judged.
    level : float
        Confidence of the VaR, strictly between 0 and 1.

    Returns
    -------
    ndarray of the shape of `exceptions`

    Raises
    ------
    InsufficientData
        If there are no forecasts.
    ValueError
        If `level` is outside (0, 1) or a count is impossible.

    Examples
    --------
    >>> at_most_probability(np.array([0, 4, 9]), 250).round(4)
    array([0.0811, 0.8922, 0.9997])
    """
    if forecasts < 1:
        raise InsufficientData("a traffic light", needed=1, got=forecasts)
    checks.level(level)
    exceptions = np.asarray(exceptions, dtype=np.int64)
    if ((exceptions < 0) | (exceptions > forecasts)).any():
        raise ValueError(f"exceptions must lie between 0 and {forecasts}")
    return np.asarray(bdtr(exceptions, forecasts, 1.0 - level), dtype=np.float64)


def red_windows(
    exceeded: BoolArray, level: float = 0.99, window: int = TRAFFIC_LIGHT_WINDOW
) -> int:
    """How many rolling windows of periods stand in the red zone of the traffic light.

    Parameters
    ----------
    exceeded : ndarray of shape (n,), bool
        Oldest first.
    level : float
        Confidence of the VaR, strictly between 0 and 1.
    window : int
        Periods of a window; consecutive ones share all but one, so that one bad month makes
        many red windows.

    Returns
    -------
    int
        Of ``n - window + 1`` windows.

    Raises
    ------
    InsufficientData
        If there is not one whole window.
    ValueError
        If `level` is outside (0, 1) or `window` is no whole number of periods.

    Examples
    --------
    >>> red_windows(np.repeat([False, True, False], [250, 10, 240]))
    241
    """
    if window < 1:
        raise ValueError(f"a window of {window} periods")
    exceeded = np.asarray(exceeded, dtype=np.bool_)
    if exceeded.size < window:
        raise InsufficientData("red_windows", needed=window, got=exceeded.size)
    _, red = traffic_light_zones(window, level)
    so_far = np.concatenate(([0], np.cumsum(exceeded)))
    return int(np.sum(so_far[window:] - so_far[:-window] >= red))
