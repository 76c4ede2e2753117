"""What is stored of a book's limits and breakers, for changes to be held against.

Functions take an open connection and never commit: the caller owns the transaction.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from risk.domain.actions import Action, ChooseBookModel
from risk.domain.breakers import BreakerDefinition
from risk.domain.events import LimitUpdated
from risk.domain.limits import LimitDefinition
from risk.domain.policy import Policy
from risk.domain.stretches import NO_STRETCHES, Stretches
from risk.limits.tuning import LimitPast
from risk.measures.types import FloatArray
from risk.policy.adoption import made_of, without_expired
from risk.policy.rules import refuse_unsound
from risk.policy.tuning import TuningPreview, Untold, preview
from risk.portfolio.book_models import title_of
from risk.storage import codec, tables
from risk.storage.actions import state_of
from risk.storage.episodes import READING
from risk.storage.limits import events_of
from risk.storage.metrics import HOUR_MS, UTILIZATION
from risk.storage.policies import PolicyVersion, policy_standing, versions_told
from risk.storage.rollups import MINUTE_MS
from risk.storage.tables import from_ms, to_ms

#: So far back minutes are looked at; before that hours.
BY_THE_MINUTE = timedelta(days=7)


def tuning(
    connection: Connection, portfolio: str, change: Action, *, since: datetime, wall: datetime
) -> TuningPreview:
    """Hold a change against what is stored of a book.

    Parameters
    ----------
    connection : Connection
    portfolio : str
    change : Action
        As it would be proposed; its number, time and author do not matter.
    since : datetime
        The market's time. UTC.
    wall : datetime
        Wall time, which is the book's before its first cycle. UTC.

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    InvalidInput
        If the engine would refuse the change as things stand.
    """
    standing = policy_standing(connection, portfolio, at=wall)
    until = standing.at or wall
    if isinstance(change, ChooseBookModel):
        asked = f"measure the book by {title_of(change.model)}"
        told = Untold(asked, "what each model would have said is on the page Model health")
        return TuningPreview(since, until, untold=(told,))
    after = made_of(standing.coming, change, at=until)
    refuse_unsound(after, portfolio)
    past = SqlPast(connection, portfolio, since=since, until=until)
    return preview(standing.coming, after, past, since=since, until=until)


class _Rolled(NamedTuple):
    """What a number was in one minute or hour."""

    at_ms: int
    mean: float
    most: float


class SqlPast:
    """What is stored of a book between two times: a `Past`.

    Parameters
    ----------
    connection : Connection
    portfolio : str
    since, until : datetime
        The market's time. UTC.
    """

    def __init__(
        self, connection: Connection, portfolio: str, *, since: datetime, until: datetime
    ) -> None:
        self._connection = connection
        self._portfolio = portfolio
        self._since = since
        self._until = until

    def of_limit(self, definition: LimitDefinition) -> LimitPast:
        """How full it was, while it measured what `definition` does."""
        name = definition.name
        found = self._stretches(UTILIZATION, {"limit": name})
        policies = self._policies(found.begins_ms)
        known = [None if policy is None else policy.limit(name) for policy in policies]
        same = _same_measure(known, definition)
        used, hard = found.where(same), self._hard(name, found.begins_ms)
        factor = np.array(
            [
                _factor(policy, limit, float(threshold), from_ms(int(at)))
                for policy, limit, threshold, at in zip(
                    policies, known, hard, found.begins_ms, strict=True
                )
            ]
        )
        return LimitPast(used, hard[same], _last_known(factor)[same])

    def of_breaker(self, definition: BreakerDefinition) -> Stretches:
        """What it read, while it measured what `definition` does."""
        name = definition.name
        found = self._stretches(READING, {"breaker": name})
        known = [
            None if policy is None else policy.breaker(name)
            for policy in self._policies(found.begins_ms)
        ]
        same = _same_measure(known, definition)
        return found.where(same)

    # --- numbers ---------------------------------------------------------------------------

    def _stretches(self, metric: str, labels: dict[str, str]) -> Stretches:
        key = tables.metric_series.c
        query = select(key.id).where(
            key.portfolio == self._portfolio,
            key.metric == metric,
            key.labels == codec.encode_mapping(labels),
        )
        series = self._connection.execute(query).scalar()
        if series is None:
            return NO_STRETCHES
        return stretches(self._connection, series, to_ms(self._since), to_ms(self._until))

    # --- what was in force -----------------------------------------------------------------

    def _policies(self, times: NDArray[np.int64]) -> list[Policy | None]:
        """The policy in force at each of the times; None before the first one."""
        begins = [to_ms(version.at) for version in self._versions]
        places = [bisect_right(begins, at) for at in times.tolist()]
        return [self._versions[place - 1].policy if place else None for place in places]

    @cached_property
    def _versions(self) -> Sequence[PolicyVersion]:
        return versions_told(self._connection, self._portfolio)

    def _hard(self, name: str, times: NDArray[np.int64]) -> FloatArray:
        """The hard threshold in force at each of the times; NaN where none is known."""
        events = events_of(
            self._connection, self._portfolio, name, since=self._since, until=self._until
        )
        moves = [event for event in events if isinstance(event, LimitUpdated)]
        levels = [
            self._hard_now(name) if not moves else moves[0].previous,
            *(move.threshold for move in moves),
        ]
        begins = [to_ms(move.at) for move in moves]
        table = np.array([np.nan if level is None else level for level in levels])
        return table[[bisect_right(begins, at) for at in times.tolist()]]

    def _hard_now(self, name: str) -> float | None:
        state = state_of(self._connection, self._portfolio)
        stands = None if state is None else state.limits.get(name)
        return None if stands is None else stands.thresholds.hard


def _same_measure(
    known: Sequence[LimitDefinition | BreakerDefinition | None],
    wanted: LimitDefinition | BreakerDefinition,
) -> NDArray[np.bool_]:
    """Of each definition whether it measured what `wanted` does."""
    alike = [each is not None and each.measured == wanted.measured for each in known]
    return np.array(alike, dtype=np.bool_)


def _factor(
    policy: Policy | None, limit: LimitDefinition | None, hard: float, at: datetime
) -> float:
    """What performance and regime had made of a limit; NaN where that is not known."""
    if policy is None or limit is None or limit.hard <= 0.0:
        return np.nan
    held = without_expired(policy, at)
    lent = held is not None and any(
        each.limit == limit.name and each.in_force(at) for each in held.temporary
    )
    if not limit.dynamic:
        return 1.0
    return np.nan if lent else hard / limit.hard


def _last_known(factor: FloatArray) -> FloatArray:
    """The same, and where it is not known what it was last; 1 before it ever was."""
    known = np.isfinite(factor)
    last = np.maximum.accumulate(np.where(known, np.arange(len(factor)), -1))
    filled: FloatArray = np.where(last >= 0, factor[last], 1.0)
    return filled


# --- numbers by the minute and by the hour -------------------------------------------------


def stretches(connection: Connection, series: int, since_ms: int, until_ms: int) -> Stretches:
    """A stored number by the hour, and by the minute where minutes are kept and near enough.

    Parameters
    ----------
    connection : Connection
    series : int
        Its number.
    since_ms, until_ms : int
        The market's time, both included.
    """
    near = max(since_ms, until_ms - BY_THE_MINUTE // timedelta(milliseconds=1))
    near -= near % HOUR_MS
    minutes = _rolled(connection, tables.metric_minute, series, near, until_ms)
    newest = max((row[0] for row in minutes), default=near)
    raw = _measured(connection, series, newest, until_ms)
    minutes = [row for row in minutes if row[0] < newest or not raw] + raw
    finer = {at - at % HOUR_MS for at, _, _ in minutes}
    begin = since_ms - since_ms % HOUR_MS
    hours = [
        row
        for row in _rolled(connection, tables.metric_hour, series, begin, until_ms)
        if row[0] not in finer
    ]
    found = [(at, at + HOUR_MS, mean, most) for at, mean, most in hours]
    found += [(at, at + MINUTE_MS, mean, most) for at, mean, most in minutes]
    return _as_stretches(sorted(found), until_ms)


def _rolled(
    connection: Connection, table: Any, series: int, since_ms: int, until_ms: int
) -> list[_Rolled]:
    row = table.c
    query = select(row.ts_ms, row.average, row.maximum).where(
        row.series_id == series, row.ts_ms >= since_ms, row.ts_ms <= until_ms
    )
    return [_Rolled(*found) for found in connection.execute(query)]


def _measured(connection: Connection, series: int, since_ms: int, until_ms: int) -> list[_Rolled]:
    """Numbers by the minute that are not rolled up yet, or not to their end."""
    row = tables.metric_sample.c
    minute = (row.ts_ms - row.ts_ms % MINUTE_MS).label("minute")
    query = (
        select(minute, func.avg(row.value), func.max(row.value))
        .where(row.series_id == series, row.ts_ms >= since_ms, row.ts_ms <= until_ms)
        .group_by(minute)
    )
    return [_Rolled(*found) for found in connection.execute(query)]


def _as_stretches(rows: Sequence[tuple[int, int, float, float]], until_ms: int) -> Stretches:
    if not rows:
        return NO_STRETCHES
    begins, ends, mean, most = (np.array(column) for column in zip(*rows, strict=True))
    return Stretches(
        begins.astype(np.int64),
        np.minimum(ends, np.maximum(until_ms, begins)).astype(np.int64),
        mean.astype(np.float64),
        most.astype(np.float64),
    )
