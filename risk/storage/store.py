"""The store of the authority: what a cycle established, whole or not at all.

Everything is encoded before the transaction opens; inside it, the token is checked first and
rows are written in bulk. What was said about a cycle is in one transaction with the cycle, so
that readers never see half of one.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, exists, select

from risk.domain.events import PositionRisk, RiskEvent
from risk.domain.market import BarClose, Period
from risk.domain.model import Model, Models
from risk.domain.ports import Carried, CycleRecord
from risk.domain.state import RiskState
from risk.errors import StoreError
from risk.storage import (
    bars,
    basis,
    bulk,
    codec,
    journal,
    ledger,
    metrics,
    models,
    outbox,
    partitions,
)
from risk.storage.bulk import OnConflict, insert_rows
from risk.storage.engines import Engines, at_each_statement, transaction
from risk.storage.episodes import EpisodeBatch, Rows
from risk.storage.lease import require_token
from risk.storage.metrics import Hour, Sample, SeriesKey
from risk.storage.tables import cycle, decision, risk_state, snapshot, to_ms

#: Snapshots kept, the newest.
SNAPSHOTS_KEPT = 60
#: How much of a past that is relived keeps positions by the hour; before that, by the day.
POSITIONS_BY_THE_HOUR = timedelta(days=35)

_UNTOLD = "UNKNOWN"

#: A model's version, last close and method: what tells that it changed.
Edition = tuple[int, datetime | None, str]


class SqlStore:
    """Keeps cycles and bars in SQLite or Postgres: a `Store`.

    Parameters
    ----------
    engines : Engines
    market : str
        Whose prices its bars are, so that simulated and real ones of one name stay apart.
    channels : sequence of str
        Names of those through which people are told of a cycle's notices.
    """

    def __init__(
        self, engines: Engines, *, market: str = bars.REAL_MARKET, channels: Sequence[str] = ()
    ) -> None:
        self._writer = engines.writer
        self._reader = engines.reader
        self._market = market
        self._channels = tuple(channels)
        self._partitioned = not engines.is_sqlite
        # What is known to be in the database already; learnt only from committed work.
        self._series: dict[SeriesKey, int] = {}
        self._days: set[int] = set()
        self._models: dict[tuple[str, Period], Edition] = {}
        self._policies = basis.Policies()
        self._episodes: Rows = {}

    def load(self, portfolio: str) -> Carried | None:
        """State after the last complete cycle, or None if there was none.

        Ledger entries booked after that cycle are contained.

        Raises
        ------
        StoreUnavailable
            If the database does not answer.
        """
        with transaction(self._reader) as connection:
            row = _latest(connection, portfolio)
            if row is None:
                return None
            booked = codec.ledger_of_snapshot(row.snapshot)
            book, untold = ledger.with_later_entries(connection, portfolio, booked)
            day, hour = (_model_body(connection, portfolio, p) for p in (Period.DAY, Period.HOUR))
        return Carried(
            state=codec.decode_value(row.body, RiskState),
            ledger=book,
            models=Models(day=models.restored(day), hour=models.restored(hour)),
            untold=untold,
            told=booked.positions if untold else None,
        )

    def save(self, record: CycleRecord, *, token: int) -> None:
        """Save one cycle in one transaction; saving the same one again does nothing.

        Its notices wait from then on, once for every channel.

        Raises
        ------
        LeaseLost
            If `token` is not the newest one of the portfolio: nothing was written.
        StoreUnavailable
            If the database did not answer; the cycle may have been saved.
        StoreError
            If another record of that number was saved, or an entry was booked before.
        """
        batch = _Batch(self._market)
        batch.add(record)
        batch.samples = metrics.samples_of(record.events)
        batch.letters = outbox.rows_of(record.notices, self._channels)
        self._write(batch, record, token)

    def save_history(
        self,
        records: Iterable[CycleRecord],
        *,
        token: int,
        beat: Callable[[], None] = lambda: None,
    ) -> int:
        """Save many past cycles in one transaction; returns how many.

        Of what they measured only roll-ups by the hour are kept, of positions further back
        than `POSITIONS_BY_THE_HOUR` only once a day and when one was closed; the last hour
        also as measured, since it goes on. Of snapshot and state only the last are kept, of
        models as many as later cycles will keep. Records are taken one by one and not held.
        Nobody is told of any: it is over.
        `beat` is called for each record, and for each statement: on Postgres months of them take
        longer to write than a supervisor waits for a sign of life.

        Raises
        ------
        LeaseLost, StoreUnavailable, StoreError
            As `save` does; then nothing was written.
        """
        batch = _Batch(self._market)
        measured = _PastMeasurements()
        last: CycleRecord | None = None
        for record in records:
            beat()
            batch.add(record)
            measured.add(record.snapshot.at, record.events)
            last = record
        if last is None:
            return 0
        past = measured.samples(beat)
        running = to_ms(last.snapshot.at) // metrics.HOUR_MS * metrics.HOUR_MS
        batch.samples = [sample for sample in past if sample.ts_ms >= running]
        hours = metrics.hours_of(past, beat)
        with at_each_statement(beat):
            self._write(batch, last, token, hours)
        return len(batch.cycles)

    def record_closes(self, closes: Iterable[BarClose]) -> int:
        """Keep bars and where their series break; those already kept are left alone.

        Returns how many bars were new.
        """
        rows = [row for close in closes for row in bars.rows_of_close(self._market, close)]
        with transaction(self._writer) as connection:
            return bars.keep_rows(connection, rows)

    def bars(
        self, period: Period, *, assets: Sequence[str] | None = None, last: int | None = None
    ) -> list[BarClose]:
        """Kept bars, oldest first; the `last` closes only, if given."""
        with transaction(self._reader) as connection:
            return bars.read_closes(connection, self._market, period, assets=assets, last=last)

    def _write(
        self, batch: "_Batch", last: CycleRecord, token: int, hours: Sequence[Hour] = ()
    ) -> None:
        self._ensure_days(batch.samples)
        try:
            series, editions, episodes = self._write_rows(batch, last, token, hours)
        except StoreError:
            # Somebody may have dropped a partition that we know of: look again.
            self._days.clear()
            raise
        self._series |= series
        self._models |= editions
        self._policies.written(last.snapshot.portfolio)
        self._episodes = _still_on(last, {**self._episodes, **episodes})

    def _write_rows(
        self, batch: "_Batch", last: CycleRecord, token: int, hours: Sequence[Hour]
    ) -> tuple[dict[SeriesKey, int], dict[tuple[str, Period], Edition], Rows]:
        with transaction(self._writer) as connection:
            require_token(connection, last.snapshot.portfolio, token)
            if _is_saved(connection, last):
                return {}, {}, {}
            series = self._series_of(connection, [*batch.samples, *hours])
            batch.write(connection, last.snapshot.portfolio, token)
            _write_snapshot(connection, last, self._policies)
            self._policies.write(connection, last.snapshot.portfolio)
            _write_state(connection, last)
            metrics.write_hours(connection, hours, series)
            metrics.write_samples(connection, batch.samples, series)
            episodes = batch.episodes.write(connection, self._episodes)
            return (
                series,
                self._write_models(connection, last.snapshot.portfolio, batch),
                episodes,
            )

    def _ensure_days(self, samples: Sequence[Sample]) -> None:
        if not self._partitioned:
            return
        wanted = {sample.ts_ms // partitions.DAY_MS for sample in samples} - self._days
        if wanted:
            partitions.ensure_days(self._writer, wanted)
            self._days |= wanted

    def _series_of(
        self, connection: Connection, numbers: Iterable[Sample | Hour]
    ) -> dict[SeriesKey, int]:
        unknown = {each.series for each in numbers} - self._series.keys()
        if not unknown:
            return self._series
        return self._series | metrics.register_series(connection, unknown)

    def _write_models(
        self, connection: Connection, portfolio: str, batch: "_Batch"
    ) -> dict[tuple[str, Period], Edition]:
        changed: dict[tuple[str, Period], Edition] = {}
        for period, held in batch.models.items():
            key = portfolio, period
            for number, model in held:
                if self._models.get(key) != _edition(model):
                    models.write(connection, portfolio, number, model)
                    changed[key] = _edition(model)
        return changed


class _Batch:
    """What accumulates over one or more cycles of a portfolio, encoded, ready to be written."""

    def __init__(self, market: str) -> None:
        self._market = market
        self.samples: list[Sample] = []
        self.letters: list[bulk.Row] = []
        self.cycles: list[bulk.Row] = []
        self.episodes = EpisodeBatch()
        #: The last models of each horizon, with the cycle from which on each of them held.
        self.models = {
            period: deque[tuple[int, Model]](maxlen=kept) for period, kept in models.KEPT.items()
        }
        self._trips: list[bulk.Row] = []
        self._entries: list[bulk.Row] = []
        self._journal: list[journal.Entry] = []
        self._bars: list[bulk.Row] = []

    def add(self, record: CycleRecord) -> None:
        self.cycles.append(_cycle_row(record))
        self._entries.extend(ledger.rows_of(record.snapshot.portfolio, record.entries))
        self._journal.extend(journal.entries_of(record.events))
        self.episodes.add(record)
        if record.before is not None:
            self._trips.append(basis.trip_row(record, record.before))
        for close in record.closes:
            self._bars.extend(bars.rows_of_close(self._market, close))
        for model in record.snapshot.models:
            held = self.models[model.spec.period]
            if not held or _edition(held[-1][1]) != _edition(model):
                held.append((record.number, model))

    def write(self, connection: Connection, portfolio: str, token: int) -> None:
        insert_rows(
            connection,
            cycle,
            ("portfolio", "number", "at_ms", "wall_ms", "duration_ms", "trading_state", "token"),
            [(*row, token) for row in self.cycles],
        )
        ledger.book(connection, self._entries)
        journal.append(connection, portfolio, self._journal)
        bars.keep_rows(connection, self._bars)
        outbox.post(connection, self.letters)
        basis.write_trips(connection, self._trips)


def _still_on(last: CycleRecord, rows: Rows) -> Rows:
    """Those that later cycles will tell of again."""
    on = {s.episode.id for s in last.state.breakers.states.values() if s.episode is not None}
    return {key: row for key, row in rows.items() if key[1] in on}


def _edition(model: Model) -> Edition:
    return model.version, model.closed, model.spec.method


class _Moment(NamedTuple):
    """What one past cycle said, and whether it is the first of its day."""

    at: datetime
    events: Sequence[RiskEvent]
    begins_day: bool

    def sparse(self) -> Iterator[RiskEvent]:
        """Without positions that are held on, unless a day begins."""
        for event in self.events:
            # A position's end is kept, or it would seem held for ever.
            if not isinstance(event, PositionRisk) or self.begins_day or event.quantity == 0.0:
                yield event


class _PastMeasurements:
    """Numbers of a past, taken in cycle by cycle: all recent ones, of positions fewer before."""

    def __init__(self) -> None:
        self._long_ago: list[Sample] = []
        self._recent: deque[_Moment] = deque()

    def add(self, at: datetime, events: Sequence[RiskEvent]) -> None:
        day = Period.DAY.open_of
        begins_day = not self._recent or day(self._recent[-1].at) != day(at)
        self._recent.append(_Moment(at, events, begins_day))
        while self._recent[0].at < at - POSITIONS_BY_THE_HOUR:
            self._long_ago.extend(metrics.samples_of(self._recent.popleft().sparse()))

    def samples(self, beat: Callable[[], None]) -> list[Sample]:
        """All that is worth keeping, in order of time; `beat` is called for each recent cycle."""
        found = self._long_ago
        for moment in self._recent:
            beat()
            found += metrics.samples_of(moment.events)
        return found


# ---------------------------------------------------------------- rows


def _cycle_row(record: CycleRecord) -> bulk.Row:
    standing = record.state.standing()
    return (
        record.snapshot.portfolio,
        record.number,
        to_ms(record.snapshot.at),
        to_ms(record.wall),
        record.duration_ms,
        standing.state.name if standing else _UNTOLD,
    )


_SNAPSHOT_COLUMNS = ("portfolio", "number", "at_ms", "snapshot", "assessment", "basis", "policy")


def _write_snapshot(connection: Connection, record: CycleRecord, policies: basis.Policies) -> None:
    portfolio = record.snapshot.portfolio
    row = (
        portfolio,
        record.number,
        to_ms(record.snapshot.at),
        codec.encode_snapshot(record.snapshot),
        codec.encode_value(record.assessment),
        basis.encode_basis(record.state),
        policies.digest_of(record.state.policy),
    )
    insert_rows(connection, snapshot, _SNAPSHOT_COLUMNS, [row])
    connection.execute(
        delete(snapshot).where(
            snapshot.c.portfolio == portfolio,
            snapshot.c.number <= record.number - SNAPSHOTS_KEPT,
            # What an order was judged by is kept with its answer.
            ~exists().where(
                decision.c.portfolio == snapshot.c.portfolio,
                decision.c.snapshot == snapshot.c.number,
            ),
        )
    )


def _write_state(connection: Connection, record: CycleRecord) -> None:
    row = (
        record.snapshot.portfolio,
        record.number,
        to_ms(record.snapshot.at),
        to_ms(record.wall),
        codec.encode_value(record.state),
    )
    columns = ("portfolio", "number", "at_ms", "wall_ms", "body")
    insert_rows(connection, risk_state, columns, [row], on_conflict=OnConflict.REPLACE)


# ---------------------------------------------------------------- reading


def _is_saved(connection: Connection, record: CycleRecord) -> bool:
    """Whether this very record is the last one saved."""
    query = select(risk_state.c.number, risk_state.c.at_ms, risk_state.c.wall_ms).where(
        risk_state.c.portfolio == record.snapshot.portfolio
    )
    last = connection.execute(query).first()
    if last is None or last.number < record.number:
        return False
    if tuple(last) == (record.number, to_ms(record.snapshot.at), to_ms(record.wall)):
        return True
    raise StoreError(
        f"cycle {record.number} of {record.snapshot.portfolio} is not the next one: another "
        f"record of cycle {last.number} was saved already; load before going on"
    )


def _latest(connection: Connection, portfolio: str) -> Any:
    together = (risk_state.c.portfolio == snapshot.c.portfolio) & (
        risk_state.c.number == snapshot.c.number
    )
    query = (
        select(risk_state.c.body, snapshot.c.snapshot)
        .join(snapshot, together)
        .where(risk_state.c.portfolio == portfolio)
    )
    return connection.execute(query).first()


def _model_body(connection: Connection, portfolio: str, period: Period) -> bytes:
    body = models.body_at(connection, portfolio, period)
    if body is None:
        raise StoreError(f"the database holds cycles of {portfolio} but no {period} model")
    return body
