"""How long new risk is paused after a trip: the worse the trip, the longer."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

#: A trip counts as at most so many times as bad as one at its level.
WORST_SEVERITY = 4.0
# Beyond these doublings every pause is the greatest, and no timedelta can tell more.
_MOST_DOUBLINGS = 20


class Activation(NamedTuple):
    """Why trading is to stop.

    Attributes
    ----------
    metric, threshold : float
        What was measured, and the level that it passed; in one unit.
    least, greatest : timedelta
        Bounds of the pause.
    times : int
        How often it tripped in this episode; each time after the first doubles the pause.
    """

    metric: float
    threshold: float
    least: timedelta
    greatest: timedelta
    times: int = 1


def severity_of(metric: float, threshold: float) -> float:
    """How many times its level a measure has reached, 1 to ``WORST_SEVERITY``.

    Examples
    --------
    >>> severity_of(2.5, 2.0), severity_of(99.0, 2.0), severity_of(0.1, 0.0)
    (1.25, 4.0, 4.0)
    """
    if threshold <= 0.0:
        return WORST_SEVERITY
    return min(WORST_SEVERITY, max(1.0, metric / threshold))


def calculate_pause_duration(activations: Iterable[Activation]) -> timedelta:
    r"""The longest pause that any of the reasons asks for; the plan names it and leaves it open.

    .. math:: \min(\text{greatest},\ \text{least} \cdot \text{severity} \cdot 2^{\,\text{times}-1})

    with the severity ``metric / threshold`` between 1 and 4: longer in proportion to how far the
    level was passed, and never beyond the time after which a person must look anyway.

    Parameters
    ----------
    activations : iterable of Activation
        None ask for no pause.

    Examples
    --------
    >>> day = timedelta(days=1)
    >>> once = Activation(metric=3.0, threshold=2.0, least=day, greatest=7 * day)
    >>> calculate_pause_duration([once]) / day
    1.5
    >>> calculate_pause_duration([once, once._replace(times=2)]) / day
    3.0
    """
    return max((_pause(each) for each in activations), default=timedelta(0))


def _pause(reason: Activation) -> timedelta:
    doubled = 2.0 ** min(reason.times - 1, _MOST_DOUBLINGS)
    factor = severity_of(reason.metric, reason.threshold) * doubled
    if reason.least >= reason.greatest / factor:
        return reason.greatest
    return reason.least * factor
