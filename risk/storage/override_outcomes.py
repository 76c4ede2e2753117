"""What came of an override, read from what is stored anyway: readings, equity, answers to orders.

Functions take an open connection and never commit: the caller owns the transaction.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, false, func, not_, select, true

from risk.domain.events import BreakerOverridden, OverrideEnded, Verdict
from risk.domain.leases import LEASE_PREFIX
from risk.domain.overrides import OverrideOutcome
from risk.domain.scopes import ScopeKind
from risk.storage.actions import state_of
from risk.storage.charts import series_of_book
from risk.storage.episodes import series_of
from risk.storage.metrics import HOUR_MS
from risk.storage.rollups import MINUTE_MS
from risk.storage.tables import (
    breaker_history,
    decision,
    from_ms,
    metric_hour,
    metric_minute,
    metric_sample,
    risk_state,
    to_ms,
)

#: Of more orders nobody counts them.
COUNTED = 20_000
#: A number this much older than the moment asked for says nothing of it.
_FRESH_MS = HOUR_MS


def outcome_of(
    connection: Connection, begun: BreakerOverridden, over: OverrideEnded | None
) -> OverrideOutcome:
    """What came of an override so far.

    Parameters
    ----------
    connection : Connection
    begun : BreakerOverridden
    over : OverrideEnded or None
        None while it is on.
    """
    portfolio = begun.portfolio
    until = over.at if over is not None else _now(connection, begun)
    span = to_ms(begun.at), to_ms(until)
    equity, unit = (
        [_number_at(connection, portfolio, metric, at_ms) for at_ms in span]
        for metric in ("equity", "unit_value")
    )
    passed, refused = _answered(connection, begun, span)
    return OverrideOutcome(
        since=begun.at,
        until=until,
        on=over is None,
        worst=_worst(connection, series_of(connection, portfolio, begun.breaker), span),
        threshold=_threshold(connection, begun),
        equity_before=equity[0],
        equity_after=equity[1],
        moved=unit[1] / unit[0] - 1.0 if unit[0] and unit[1] is not None else None,
        passed=passed,
        refused=refused,
    )


def _now(connection: Connection, begun: BreakerOverridden) -> datetime:
    query = select(risk_state.c.at_ms).where(risk_state.c.portfolio == begun.portfolio)
    return from_ms(connection.execute(query).scalar_one())


def _threshold(connection: Connection, begun: BreakerOverridden) -> float | None:
    row = breaker_history.c
    query = select(row.threshold).where(row.portfolio == begun.portfolio, row.id == begun.episode)
    found: float | None = connection.execute(query).scalar()
    return found


# --- numbers -------------------------------------------------------------------------------


def _worst(connection: Connection, series: Sequence[int], span: tuple[int, int]) -> float | None:
    """The greatest of the finest numbers that are still kept."""
    for table, value in (
        (metric_sample, "value"),
        (metric_minute, "maximum"),
        (metric_hour, "maximum"),
    ):
        row = table.c
        time = row.ts_ms if table is metric_sample else row.last_ms
        query = select(func.max(row[value])).where(
            row.series_id.in_(series),
            row.ts_ms > span[0] - HOUR_MS,
            row.ts_ms <= span[1],
            time >= span[0],
        )
        found: float | None = connection.execute(query).scalar()
        if found is not None:
            return found
    return None


def _number_at(connection: Connection, portfolio: str, metric: str, at_ms: int) -> float | None:
    """What a number of the book was then: the last one before, of the finest that are kept."""
    series = series_of_book(connection, portfolio, metric)
    for table, time, value in (
        (metric_sample, "ts_ms", "value"),
        (metric_minute, "last_ms", "last"),
        (metric_hour, "last_ms", "last"),
    ):
        row = table.c
        query = (
            select(row[value])
            .where(
                row.series_id == series,
                row.ts_ms > at_ms - _FRESH_MS - MINUTE_MS,
                row.ts_ms <= at_ms,
                row[time] <= at_ms,
            )
            .order_by(row.ts_ms.desc())
            .limit(1)
        )
        found: float | None = connection.execute(query).scalar()
        if found is not None:
            return found
    return None


# --- orders --------------------------------------------------------------------------------


def _answered(
    connection: Connection, begun: BreakerOverridden, span: tuple[int, int]
) -> tuple[int | None, int | None]:
    """How many orders in the breaker's scope passed meanwhile, and how many did not."""
    row = decision.c
    asked = (
        select(row.verdict)
        .where(
            row.portfolio == begun.portfolio,
            row.at_ms >= span[0],
            row.at_ms <= span[1],
            # A slice of room is no order; those that are made of it are.
            not_(row.client_order_id.startswith(LEASE_PREFIX, autoescape=True)),
            _in_scope(connection, begun),
        )
        .limit(COUNTED + 1)
        .subquery()
    )
    refused = func.sum(case((asked.c.verdict == Verdict.REJECT.value, 1), else_=0))
    found, stopped = connection.execute(select(func.count(), refused).select_from(asked)).one()
    if found > COUNTED:
        return None, None
    return found - (stopped or 0), stopped or 0


def _in_scope(connection: Connection, begun: BreakerOverridden) -> ColumnElement[bool]:
    row, name = decision.c, begun.scope
    match ScopeKind(begun.scope_kind):
        case ScopeKind.PORTFOLIO:
            return true()
        case ScopeKind.STRATEGY:
            return row.strategy == name
        case ScopeKind.ASSET:
            return row.asset == name
        case ScopeKind.VENUE:
            return row.venue == name
        case ScopeKind.STRATEGY_TYPE:
            state = state_of(connection, begun.portfolio)
            policy = None if state is None else state.policy
            if policy is None:
                return false()
            of = policy.strategies
            return row.strategy.in_([each for each, kind in of.items() if kind == name])
