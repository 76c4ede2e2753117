"""The largest quantity that passes, found by asking the real check."""

import math
from collections.abc import Callable

#: How closely the largest passing quantity is found, as a share of itself.
CLOSENESS = 2.0**-13
#: What is less than this share of what was asked for is nothing.
NEGLIGIBLE = 2.0**-20
# A secant that does not halve the bracket in so many steps is followed by a bisection.
_PATIENCE = 3


def largest_passing(excess: Callable[[float], float], low: float, high: float) -> float:
    """The largest quantity up to `high` that is not in excess.

    Where the excess grows evenly, a straight line through two answers (of the Illinois kind, so
    that both ends move) lands next to the edge; where it does not, halves are taken. Whatever
    the guess was, it counts only once the check has passed it.

    Parameters
    ----------
    excess : callable
        From a quantity to how far it is beyond what is allowed: positive if and only if it does
        not pass, infinite if that is all that is known. Rising, as far as the answer is the
        largest of all.
    low : float
        A quantity that need not be asked about, not negative.
    high : float
        At least `low`.

    Returns
    -------
    float
        A quantity that passed, while one within ``CLOSENESS`` of it, or within ``NEGLIGIBLE`` of
        `high`, did not. `low` if that is next to nothing more.

    Examples
    --------
    >>> round(largest_passing(lambda quantity: 2.0 * quantity - 3.0, 0.0, 100.0), 3)
    1.5
    """
    over = excess(high)
    if over <= 0.0:
        return high
    under = excess(low)
    if under > 0.0:
        return low
    least, negligible = low, NEGLIGIBLE * high
    widest, steps, moved = math.inf, 0, ""
    while high - low > max(CLOSENESS * high, negligible):
        steps += 1
        if steps % _PATIENCE == 0:
            halved, widest = high - low <= 0.5 * widest, high - low
        else:
            halved = True
        guess = _between(low, under, high, over, negligible) if halved else 0.5 * (low + high)
        if not low < guess < high:  # among the smallest floats nothing lies between two of them
            break
        found = excess(guess)
        if found <= 0.0:
            over *= 0.5 if moved == "low" else 1.0
            low, under, moved = guess, found, "low"
        else:
            under *= 0.5 if moved == "high" else 1.0
            high, over, moved = guess, found, "high"
    return low if low - least > negligible else least


def _between(low: float, under: float, high: float, over: float, negligible: float) -> float:
    """Where the straight line passes zero, but never too near to an end to tell anything new."""
    if not math.isfinite(over - under):
        return 0.5 * (low + high)
    guess = low + (high - low) * (under / (under - over))
    apart = 0.5 * max(CLOSENESS * guess, negligible)
    return min(max(guess, low + apart), high - apart)
