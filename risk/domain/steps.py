"""The steps in which an exchange counts prices and quantities."""

import math

#: Both are floats: what lies this close to a step, as a share of the step, is on it.
ON_STEP = 1e-6


def is_on_step(value: float, step: float) -> bool:
    """Whether a value is one, two, three or more steps.

    Parameters
    ----------
    value : float
        Finite.
    step : float
        Above zero.

    Examples
    --------
    >>> is_on_step(0.3, 0.1), is_on_step(0.35, 0.1), is_on_step(0.0, 0.1)
    (True, False, False)
    """
    steps = value / step
    # Where there are more steps than any float can tell, none can be told from its neighbour.
    if not math.isfinite(steps):
        return True
    whole = round(steps)
    return whole > 0 and abs(steps - whole) <= ON_STEP
