"""The course that a card's sparkline draws."""

from datetime import datetime

from pages.context import MetricHistory
from pages.query import Query


def spark_course(
    past: MetricHistory, newest: float | None, query: Query, now: datetime
) -> list[float]:
    """Values over the range of `query`, and the newest one unless the range ended before it.

    Parameters
    ----------
    past : MetricHistory
        Over that range.
    newest : float or None
        Of now.
    query : Query
    now : datetime
        The market's time.
    """
    course: list[float] = past.values.tolist()
    return course if newest is None or query.stands_still(now) else [*course, newest]
