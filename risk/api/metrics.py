"""Numbers over time, as the store keeps them."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from risk.api.operations import READERS, Call, Operation
from risk.api.problems import bad_parameter
from risk.api.sight import Sight
from risk.storage.tables import from_ms
from risk.storage.telling import LabelledHistory

_USUAL_SPAN = timedelta(days=1)
_USUAL_POINTS = 500


class MetricsParameters(msgspec.Struct, kw_only=True, frozen=True):
    """Which metric, and when.

    Attributes
    ----------
    metric : str or None
        Its history; without one, the last value of each of the whole book.
    since, until : datetime or None
        The market's time, both included; the last day unless given.
    points : int
        About how many numbers of each series; fewer where time has thinned them.
    """

    metric: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    points: Annotated[int, msgspec.Meta(ge=1, le=5_000)] = _USUAL_POINTS


class MetricEntry(msgspec.Struct, kw_only=True, frozen=True):
    """One metric of the whole book, or of what its labels name.

    Attributes
    ----------
    metric : str
    labels : mapping of str to str
        Empty for the whole book.
    at : datetime or None
        The market's time of `value`. UTC.
    value : float or None
        The newest number; None in a history without any.
    points : list of tuple of datetime and float
        Oldest first; empty where only last values were asked for.
    """

    metric: str
    labels: dict[str, str]
    at: datetime | None
    value: float | None
    points: list[tuple[datetime, float]] = []


class MetricsAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """Numbers that were measured.

    Attributes
    ----------
    metrics : list of MetricEntry
        Without those of strategies that the key does not see.
    """

    metrics: list[MetricEntry]


async def _metrics(call: Call) -> MetricsAnswer:
    asked: MetricsParameters = call.parameters
    desk = call.desk
    if asked.metric is None:
        last = await desk.aside(lambda: desk.reader.last_values(desk.portfolio))
        return MetricsAnswer(
            metrics=[
                MetricEntry(metric=m.metric, labels=dict(m.labels), at=m.at, value=m.value)
                for m in last
            ]
        )
    metric = asked.metric
    since, until = _span(asked, _market_time(call))
    found = await desk.aside(
        lambda: desk.reader.metric_histories(
            desk.portfolio, metric, since=since, until=until, max_points=asked.points
        )
    )
    sight = call.sight(call.desk.view())
    return MetricsAnswer(metrics=[_entry(metric, each) for each in found if _seen(sight, each)])


def _market_time(call: Call) -> datetime:
    view = call.desk.view()
    return call.desk.wall() if view is None or view.state.at is None else view.state.at


def _span(asked: MetricsParameters, now: datetime) -> tuple[datetime, datetime]:
    until = asked.until or now
    try:
        since = asked.since or until - _USUAL_SPAN
    except OverflowError as error:
        raise bad_parameter("`until` is too long ago") from error
    if since > until:
        raise bad_parameter("`since` must not be after `until`")
    return since, until


def _seen(sight: Sight, found: LabelledHistory) -> bool:
    labels = found.labels
    if "strategy" in labels:
        return sight.strategy(labels["strategy"])
    if "breaker" in labels:
        return sight.levels
    return sight.limit(labels["limit"]) if "limit" in labels else True


def _entry(metric: str, found: LabelledHistory) -> MetricEntry:
    times = [from_ms(ms) for ms in found.history.ts_ms.tolist()]
    points = list(zip(times, found.history.values.tolist(), strict=True))
    at, value = points[-1] if points else (None, None)
    return MetricEntry(metric=metric, labels=dict(found.labels), at=at, value=value, points=points)


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/metrics",
        summary="The last value of each metric of the book, or the history of one.",
        handle=_metrics,
        abilities=READERS,
        parameters=MetricsParameters,
        answer=MetricsAnswer,
        problems=(503,),
        bucket="reads",
    ),
)
