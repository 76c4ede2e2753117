"""Finding out about episodes later what nobody knew at the trip, from what is stored.

A round reads much and writes little: each thing found is a transaction of its own, so that no
cycle waits for it. What is stored says what is left to be done, so that a round may be broken off
anywhere, and the next one goes on.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import structlog
from sqlalchemy import Connection, Row, and_, not_, or_, select

from risk.breakers.hindsight import (
    HORIZON,
    THEN,
    Closes,
    Hours,
    StoppedOrder,
    counterfactual_of,
    is_stopped_by,
    judged_until,
    mean_move,
    trip_history,
)
from risk.domain.breakers import Episode
from risk.domain.cards import CardHistory, Counterfactual
from risk.domain.decisions import ReasonCode
from risk.domain.events import Verdict
from risk.domain.leases import LEASE_PREFIX
from risk.domain.market import Period
from risk.domain.orders import Side
from risk.domain.paper import PAPER_FEE
from risk.errors import LeaseLost, StoreUnavailable
from risk.storage import codec
from risk.storage.engines import Engines, transaction
from risk.storage.episodes import episode_of, series_of, write_found
from risk.storage.lease import require_token
from risk.storage.metrics import HOUR_MS
from risk.storage.tables import (
    bar,
    breaker_history,
    decision,
    from_ms,
    metric_hour,
    risk_state,
    to_ms,
)

_LOG = structlog.get_logger(__name__)

#: Episodes that one round looks at; a book's past may have hundreds.
A_ROUND = 50
_ROWS_AT_ONCE = 1_000
_HOUR = timedelta(hours=1)
_HORIZON_MS = HORIZON // timedelta(milliseconds=1)
_CODES = (ReasonCode.THROTTLED, ReasonCode.REDUCTIONS_ONLY, ReasonCode.HALTED)


class _Due(NamedTuple):
    """What is to be found out about an episode; `until` is None where no orders are due."""

    episode: Episode
    history: bool
    until: datetime | None


class SqlHindsight:
    """Looks back on the episodes of one portfolio, as long as it is held.

    Parameters
    ----------
    engines : Engines
    portfolio : str
    market : str
        Whose prices its bars are.
    token : int
        Of the lease; every write carries it.
    """

    def __init__(self, engines: Engines, portfolio: str, *, market: str, token: int) -> None:
        self._engines = engines
        self._portfolio = portfolio
        self._market = market
        self._token = token
        # Those that failed come last, so that they never keep the others waiting.
        self._failed: set[str] = set()

    def look_back(self) -> None:
        """One round: the newest episodes first. What goes wrong with one is logged, and tried
        again in the next round.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        """
        for due in self._due():
            try:
                self._find_out(due)
            except StoreUnavailable:
                raise
            except LeaseLost as lost:
                _LOG.info("hindsight_ended", reason=str(lost))
                return
            except Exception:  # noqa: BLE001 - logged, and tried again
                _LOG.exception("hindsight_failed", episode=due.episode.id)
                self._failed.add(due.episode.id)

    def _due(self) -> list[_Due]:
        with transaction(self._engines.reader) as connection:
            found = list(_due(connection, self._portfolio))
        found.sort(key=lambda due: due.episode.id in self._failed)
        return found[:A_ROUND]

    def _find_out(self, due: _Due) -> None:
        if due.history:
            with transaction(self._engines.reader) as connection:
                history = history_of(connection, self._portfolio, self._market, due.episode)
            self._write(due.episode, history)
        if due.until is not None:
            with transaction(self._engines.reader) as connection:
                judged = judge(
                    connection, self._portfolio, self._market, due.episode, until=due.until
                )
            self._write(due.episode, judged)

    def _write(self, episode: Episode, found: CardHistory | Counterfactual) -> None:
        with transaction(self._engines.writer) as connection:
            require_token(connection, self._portfolio, self._token)
            write_found(connection, self._portfolio, episode.id, found)


def _due(connection: Connection, portfolio: str) -> Iterator[_Due]:
    """What is to be found out now, of the newest episodes first."""
    query = select(risk_state.c.at_ms).where(risk_state.c.portfolio == portfolio)
    at_ms = connection.execute(query).scalar()
    if at_ms is None:
        return
    now, row = from_ms(at_ms), breaker_history.c
    unjudged = or_(
        row.judged_ms.is_(None),
        row.ended_ms.is_(None),
        row.judged_ms < row.ended_ms + _HORIZON_MS,
    )
    old_enough = row.tripped_ms <= at_ms - _HORIZON_MS
    columns = [column for column in row if column.name not in ("card", "counterfactual")]
    newest = (
        select(*columns)
        .where(
            row.portfolio == portfolio,
            or_(row.history.is_(None), and_(row.imposed, old_enough, unjudged)),
        )
        .order_by(row.tripped_ms.desc(), row.id)
    )
    for found in connection.execute(newest):
        due = _due_of(found, now)
        if due.history or due.until is not None:
            yield due


def _due_of(row: Row[Any], now: datetime) -> _Due:
    episode = episode_of(row)
    judged = None if row.judged_ms is None else from_ms(row.judged_ms)
    until = judged_until(episode, judged, now) if episode.imposed else None
    return _Due(episode, row.history is None, until)


# ---------------------------------------------------------------- history


def history_of(
    connection: Connection, portfolio: str, market: str, episode: Episode
) -> CardHistory:
    """Where a trip stands among what its breaker measured before, as far as that is kept."""
    row, at_ms = metric_hour.c, to_ms(episode.tripped_at)
    query = (
        select(row.ts_ms, row.maximum)
        .where(
            row.series_id.in_(series_of(connection, portfolio, episode.breaker)),
            row.ts_ms < at_ms,
        )
        .order_by(row.ts_ms)
    )
    # Column by column: of years of hours, rows one by one would keep orders waiting.
    begins, greatest = list(zip(*connection.execute(query).all(), strict=True)) or [(), ()]
    return trip_history(
        episode.value,
        episode.tripped_at,
        Hours(np.array(begins, dtype=np.int64), np.array(greatest, dtype=np.float64)),
        lambda peak: _then(connection, market, peak),
    )


def _then(connection: Connection, market: str, hour: datetime) -> float | None:
    """What the market did in the hours after one: the mean of its assets."""
    row, last = bar.c, hour + THEN
    query = select(row.opened_ms, row.asset, row.close, row.breaks).where(
        row.market == market,
        row.period == Period.HOUR.value,
        row.opened_ms.between(to_ms(hour), to_ms(last)),
    )
    closes: dict[int, dict[str, float]] = {}
    broken = set[str]()
    for opened_ms, asset, close, breaks in connection.execute(query):
        closes.setdefault(opened_ms, {})[asset] = close
        if breaks and opened_ms > to_ms(hour):
            broken.add(asset)
    before, after = (closes.get(to_ms(moment), {}) for moment in (hour, last))
    return mean_move({a: price for a, price in before.items() if a not in broken}, after)


# ---------------------------------------------------------------- counterfactual


def judge(
    connection: Connection, portfolio: str, market: str, episode: Episode, *, until: datetime
) -> Counterfactual:
    """What the orders that an episode stopped would have earned until then."""
    orders = list(_stopped(connection, portfolio, episode))
    assets = {order.asset for order in orders}
    closes = _closes(connection, market, assets, episode.tripped_at, until) if orders else {}
    return counterfactual_of(orders, closes, until=until, fee=PAPER_FEE)


def _stopped(connection: Connection, portfolio: str, episode: Episode) -> Iterator[StoppedOrder]:
    found = decision.c
    query = select(
        found.at_ms, found.asset, found.side, found.requested, found.allowed, found.answer
    ).where(
        found.portfolio == portfolio,
        found.at_ms >= to_ms(episode.tripped_at),
        found.verdict != Verdict.APPROVE.value,
        # Whoever is refused a slice asks for each order by itself.
        not_(found.client_order_id.startswith(LEASE_PREFIX, autoescape=True)),
        # Answers are canonical, so that one of these stands in each that is meant.
        or_(*(found.answer.contains(f'"code":"{code.value}"', autoescape=True) for code in _CODES)),
    )
    if episode.ended_at is not None:
        query = query.where(found.at_ms <= to_ms(episode.ended_at))
    for row in connection.execute(query).yield_per(_ROWS_AT_ONCE):
        if is_stopped_by(codec.decode_answer(row.answer).reasons, episode):
            quantity = Side(row.side).sign * (row.requested - row.allowed)
            yield StoppedOrder(from_ms(row.at_ms), row.asset, quantity)


def _closes(
    connection: Connection, market: str, assets: set[str], since: datetime, until: datetime
) -> Mapping[str, Closes]:
    row = bar.c
    query = (
        select(row.asset, row.opened_ms, row.close, row.breaks)
        .where(
            row.market == market,
            row.period == Period.HOUR.value,
            row.opened_ms.between(to_ms(since - _HOUR), to_ms(until)),
            row.asset.in_(sorted(assets)),
        )
        .order_by(row.opened_ms)
    )
    by_asset: dict[str, list[Any]] = {}
    for found in connection.execute(query):
        by_asset.setdefault(found.asset, []).append(found)
    return {
        asset: Closes(
            np.array([found.opened_ms + HOUR_MS for found in rows], dtype=np.int64),
            np.array([found.close for found in rows], dtype=np.float64),
            np.array([found.breaks for found in rows], dtype=np.bool_),
        )
        for asset, rows in by_asset.items()
    }
