"""Episodes of circuit breakers: a row each, with its card, and what was found out since.

Functions take an open connection and never commit: the caller owns the transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, or_, select

from risk.domain.breakers import Episode
from risk.domain.cards import Card, CardHistory, Counterfactual
from risk.domain.ports import CycleRecord
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.storage import bulk, charts, codec
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.charts import NOTHING, MetricHistory
from risk.storage.tables import breaker_history, from_ms, metric_series, to_ms

#: The metric of `BreakerReading`.
READING = "breaker_reading"
#: Points of a course at most.
COURSE_POINTS = 2_000
# Thinning goes by whole stretches, of which both ends and the seams of its tables may add some.
_SPARE_POINTS = 10

_COLUMNS = (
    "portfolio",
    "id",
    "breaker",
    "kind",
    "scope_kind",
    "scope",
    "imposed",
    "state",
    "tripped_ms",
    "value",
    "threshold",
    "numerator",
    "denominator",
    "worst",
    "retrips",
    "asked_ms",
    "ended_ms",
    "ended_by",
    "ended_why",
    "cause",
    "tripped_by",
)

#: Rows of episodes by portfolio and id.
Rows = Mapping[tuple[str, str], bulk.Row]


class EpisodeStory(NamedTuple):
    """An episode with all that is known of it.

    Attributes
    ----------
    episode : Episode
    card : Card or None
        What was known at the trip; None if it could not be made.
    history : CardHistory or None
        None until it is found, about a minute after the trip.
    counterfactual : Counterfactual or None
        None until a day has passed, and for ever of an episode that imposed nothing.
    """

    episode: Episode
    card: Card | None
    history: CardHistory | None
    counterfactual: Counterfactual | None


# ---------------------------------------------------------------- writing


class EpisodeBatch:
    """Episodes of one or more cycles of a portfolio, each as it stands after the last of them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], bulk.Row] = {}
        self._cards: dict[tuple[str, str], str] = {}

    def add(self, record: CycleRecord) -> None:
        """Take in what a cycle says: what happened, and how bad those that are on have become."""
        portfolio = record.snapshot.portfolio
        on = [s.episode for s in record.state.breakers.states.values() if s.episode is not None]
        for episode in (*record.episodes, *on):
            self._rows[portfolio, episode.id] = _row_of(portfolio, episode)
        for identity, card in record.cards.items():
            self._cards[portfolio, identity] = codec.encode_told(card)

    def write(self, connection: Connection, known: Rows) -> Rows:
        """Write what is not known to be there already; returns what was written.

        What was found out about an episode stays, and so does a card that was written before.
        """
        news = {key: row for key, row in self._rows.items() if known.get(key) != row}
        bare = [row for key, row in news.items() if key not in self._cards]
        carded = [(*row, self._cards[key]) for key, row in news.items() if key in self._cards]
        replace = OnConflict.REPLACE
        insert_rows(connection, breaker_history, _COLUMNS, bare, on_conflict=replace)
        insert_rows(connection, breaker_history, (*_COLUMNS, "card"), carded, on_conflict=replace)
        return news


def _row_of(portfolio: str, episode: Episode) -> bulk.Row:
    return (
        portfolio,
        episode.id,
        episode.breaker,
        episode.kind,
        episode.scope.kind.value,
        episode.scope.name,
        episode.imposed,
        episode.state.name,
        to_ms(episode.tripped_at),
        episode.value,
        episode.threshold,
        episode.numerator,
        episode.denominator,
        episode.worst,
        episode.retrips,
        None if episode.asked_at is None else to_ms(episode.asked_at),
        None if episode.ended_at is None else to_ms(episode.ended_at),
        episode.ended_by,
        episode.ended_why,
        episode.cause,
        episode.tripped_by,
    )


# ---------------------------------------------------------------- reading


def episodes(
    connection: Connection,
    portfolio: str,
    *,
    since: datetime | None,
    until: datetime | None,
    breaker: str | None,
    at_most: int,
) -> list[Episode]:
    """Episodes that were on at any time between two, of one breaker or all; newest first."""
    row = breaker_history.c
    query = select(breaker_history).where(row.portfolio == portfolio)
    if since is not None:
        query = query.where(or_(row.ended_ms.is_(None), row.ended_ms >= to_ms(since)))
    if until is not None:
        query = query.where(row.tripped_ms <= to_ms(until))
    if breaker is not None:
        query = query.where(row.breaker == breaker)
    newest = query.order_by(row.tripped_ms.desc(), row.id).limit(at_most)
    return [episode_of(found) for found in connection.execute(newest)]


def episode_story(connection: Connection, portfolio: str, identity: str) -> EpisodeStory | None:
    """One episode with all that is known of it; None if there is none."""
    row = breaker_history.c
    query = select(breaker_history).where(row.portfolio == portfolio, row.id == identity)
    found = connection.execute(query).first()
    if found is None:
        return None
    return EpisodeStory(
        episode_of(found),
        None if found.card is None else codec.decode_told(found.card, Card),
        None if found.history is None else codec.decode_told(found.history, CardHistory),
        None
        if found.counterfactual is None
        else codec.decode_told(found.counterfactual, Counterfactual),
    )


def episode_of(row: Row[Any]) -> Episode:
    """The episode that a row of the table holds."""
    return Episode(
        id=row.id,
        breaker=row.breaker,
        kind=row.kind,
        scope=Scope(ScopeKind(row.scope_kind), row.scope),
        tripped_at=from_ms(row.tripped_ms),
        value=row.value,
        threshold=row.threshold,
        numerator=row.numerator,
        denominator=row.denominator,
        worst=row.worst,
        state=TradingState[row.state],
        cause=row.cause,
        imposed=bool(row.imposed),
        retrips=row.retrips,
        asked_at=None if row.asked_ms is None else from_ms(row.asked_ms),
        ended_at=None if row.ended_ms is None else from_ms(row.ended_ms),
        ended_by=row.ended_by,
        ended_why=row.ended_why,
        tripped_by=row.tripped_by,
    )


def course(
    connection: Connection, portfolio: str, breaker: str, *, since: datetime, until: datetime
) -> MetricHistory:
    """What a breaker measured over time, thinned to `COURSE_POINTS` at most."""
    wanted = series_of(connection, portfolio, breaker)
    span = to_ms(since), to_ms(until)
    found = charts.thinned(connection, wanted, *span, COURSE_POINTS - _SPARE_POINTS)
    return next(iter(found.values()), NOTHING)


def series_of(connection: Connection, portfolio: str, breaker: str) -> Sequence[int]:
    """Numbers of the series of a breaker's readings: one, or none."""
    key = metric_series.c
    query = select(key.id).where(
        key.portfolio == portfolio,
        key.metric == READING,
        key.labels == codec.encode_mapping({"breaker": breaker}),
    )
    return connection.execute(query).scalars().all()


def write_found(
    connection: Connection, portfolio: str, identity: str, found: CardHistory | Counterfactual
) -> None:
    """Keep what was found out about an episode."""
    row = breaker_history
    values: dict[str, Any] = {"history": codec.encode_told(found)}
    if isinstance(found, Counterfactual):
        values = {
            "counterfactual": codec.encode_told(found),
            "judged_ms": to_ms(found.until),
        }
    connection.execute(
        row.update().where(row.c.portfolio == portfolio, row.c.id == identity).values(values)
    )
