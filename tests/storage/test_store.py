"""What a cycle leaves in the tables."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from risk.domain.events import DataFaultFound, PortfolioRisk
from risk.domain.market import FaultKind, Period
from risk.domain.model import DAY_MODEL
from risk.domain.ports import CycleRecord
from risk.errors import StoreError
from risk.storage import tables
from risk.storage.codec import encode_mapping
from risk.storage.engines import Engines, open_engines
from risk.storage.metrics import HOUR_MS
from risk.storage.models import KEPT
from risk.storage.store import POSITIONS_BY_THE_HOUR, SNAPSHOTS_KEPT, SqlStore
from tests.builders import (
    NOON,
    PORTFOLIO,
    VENUE,
    build_close,
    build_fill,
    build_flow,
    build_model,
    build_models,
    build_portfolio_risk,
    build_position_risk,
    build_record,
    build_state,
)
from tests.storage.rows import count, lease_token, read, write

SAMPLES = """
    SELECT metric, value FROM metric_sample JOIN metric_series ON id = series_id
    WHERE labels = :labels AND ts_ms = :ts_ms ORDER BY metric
"""


@pytest.fixture
def store(engines: Engines) -> SqlStore:
    return SqlStore(engines)


@pytest.fixture
def token(engines: Engines) -> int:
    return lease_token(engines, PORTFOLIO)


# ---------------------------------------------------------------- cycles


def test_a_cycle_s_row_says_when_how_long_and_in_which_state(
    engines: Engines, store: SqlStore, token: int
):
    record = build_record(4)
    store.save(record, token=token)

    assert read(engines, "SELECT * FROM cycle") == [
        (
            PORTFOLIO,
            4,
            tables.to_ms(record.snapshot.at),
            tables.to_ms(record.wall),
            1.25,
            "NORMAL",
            token,
        )
    ]


def test_a_cycle_before_any_standing_says_so(engines: Engines, store: SqlStore, token: int):
    store.save(replace(build_record(1), state=replace(build_state(1), standings={})), token=token)

    assert read(engines, "SELECT trading_state FROM cycle") == [("UNKNOWN",)]


def test_only_recent_snapshots_are_kept(engines: Engines, store: SqlStore, token: int):
    for number in range(1, SNAPSHOTS_KEPT + 6):
        store.save(build_record(number), token=token)

    kept = [number for (number,) in read(engines, "SELECT number FROM snapshot ORDER BY number")]
    assert kept == list(range(6, SNAPSHOTS_KEPT + 6))


def test_a_model_is_written_when_a_bar_closed_and_only_then(
    engines: Engines, store: SqlStore, token: int
):
    for number in range(1, 31):
        closed = NOON + timedelta(hours=number // 2)
        models = build_models(version=number // 2, closed=closed)
        store.save(build_record(number, models=models), token=token)

    query = "SELECT number, version, closed_ms FROM model_state WHERE period = :p ORDER BY number"
    hours, days = (read(engines, query, p=period.value) for period in (Period.HOUR, Period.DAY))
    assert [(number, version) for number, version, _ in hours] == [(26, 13), (28, 14), (30, 15)]
    assert hours[-1][2] == tables.to_ms(NOON + timedelta(hours=15))
    assert (len(hours), len(days)) == (KEPT[Period.HOUR], KEPT[Period.DAY]) == (3, 10)


def test_a_model_before_its_first_bar_is_kept_too(store: SqlStore, token: int):
    store.save(build_record(1, models=build_models(version=0, closed=None)), token=token)

    assert store.load(PORTFOLIO).models.day.closed is None


def test_a_refused_record_leaves_nothing_behind(engines: Engines, store: SqlStore, token: int):
    """The second booking of a fill fails late in the transaction; what went before goes with it."""
    store.save(build_record(1, fills=(build_fill(),), seq=1), token=token)
    twice = build_record(2, fills=(build_fill(),), closes=(build_close(),), seq=2)

    with pytest.raises(StoreError, match="the database refused"):
        store.save(twice, token=token)

    assert store.load(PORTFOLIO).state.cycle == 1
    assert count(engines, tables.cycle) == count(engines, tables.ledger_entry) == 1
    assert count(engines, tables.bar) == 0


def test_after_a_refused_record_the_store_goes_on(engines: Engines, store: SqlStore, token: int):
    """Series that a lost transaction created must not be remembered as there."""
    store.save(build_record(1, fills=(build_fill(),), seq=1), token=token)
    event = build_position_risk("C009/USDT", NOON + timedelta(seconds=2))
    with pytest.raises(StoreError):
        store.save(build_record(2, fills=(build_fill(),), seq=2, events=(event,)), token=token)

    store.save(build_record(2, seq=1, events=(event,)), token=token)

    labels = encode_mapping({"strategy": "trend", "asset": "C009/USDT", "venue": VENUE})
    assert read(engines, SAMPLES, labels=labels, ts_ms=tables.to_ms(event.at)) != []


# ---------------------------------------------------------------- ledger


def test_entries_are_booked_in_sequence_flows_before_fills(
    engines: Engines, store: SqlStore, token: int
):
    record = build_record(1, fills=(build_fill(1), build_fill(2)), flows=(build_flow(1),), seq=9)
    store.save(record, token=token)

    assert read(engines, "SELECT seq, kind, external_id FROM ledger_entry ORDER BY seq") == [
        (7, "flow", "flow-1"),
        (8, "fill", f"{VENUE}/fill-1"),
        (9, "fill", f"{VENUE}/fill-2"),
    ]


def test_the_same_fill_id_at_another_venue_is_another_fill(
    engines: Engines, store: SqlStore, token: int
):
    fills = (build_fill(1), build_fill(1, venue="elsewhere"))
    store.save(build_record(1, fills=fills), token=token)

    assert count(engines, tables.ledger_entry) == 2


def test_entries_booked_after_the_last_cycle_are_contained(
    engines: Engines, store: SqlStore, token: int
):
    record = build_record(1, fills=(build_fill(1),), seq=5)
    store.save(record, token=token)
    write(
        engines,
        "INSERT INTO ledger_entry SELECT portfolio, 6, kind, 'later', at_ms, body"
        " FROM ledger_entry WHERE seq = 5",
    )

    carried = store.load(PORTFOLIO)
    assert carried.ledger == record.snapshot.ledger.after_fill(build_fill(1))
    assert carried.positions_told == record.snapshot.ledger.positions


# ---------------------------------------------------------------- metrics


def test_every_number_of_the_book_becomes_a_sample(engines: Engines, store: SqlStore, token: int):
    record = build_record(1)
    store.save(record, token=token)
    event = next(event for event in record.events if isinstance(event, PortfolioRisk))

    found = read(engines, SAMPLES, labels="{}", ts_ms=tables.to_ms(event.at))

    assert dict(found) == {
        name: value for name, value in vars(event).items() if isinstance(value, float)
    }
    assert {"equity", "var_1d_99", "drawdown"} < dict(found).keys()


def test_what_could_not_be_measured_leaves_no_sample(engines: Engines, store: SqlStore, token: int):
    event = build_portfolio_risk(var_1d_99=None, net=0.0)
    store.save(build_record(1, events=(event,)), token=token)

    found = dict(read(engines, SAMPLES, labels="{}", ts_ms=tables.to_ms(NOON)))

    assert "var_1d_99" not in found
    assert found["net"] == 0.0


def test_a_position_s_numbers_are_labelled(engines: Engines, store: SqlStore, token: int):
    store.save(build_record(1, events=(build_position_risk("C000/USDT"),)), token=token)
    labels = encode_mapping({"venue": VENUE, "asset": "C000/USDT", "strategy": "trend"})

    found = dict(read(engines, SAMPLES, labels=labels, ts_ms=tables.to_ms(NOON)))

    assert found["component_var_1d_99"] == 1.8
    assert "marginal_var_1d_99" not in found


def test_a_second_number_of_the_same_moment_replaces_the_first(
    engines: Engines, store: SqlStore, token: int
):
    """A market that stands still is measured every second at the same market time."""
    for number, equity in ((1, 1_000.0), (2, 900.0)):
        event = build_portfolio_risk(NOON, equity=equity)
        store.save(build_record(number, events=(event,)), token=token)

    assert dict(read(engines, SAMPLES, labels="{}", ts_ms=tables.to_ms(NOON)))["equity"] == 900.0


def test_days_far_apart_are_kept(engines: Engines, store: SqlStore, token: int):
    """On Postgres each day is a partition that must be there first."""
    for number, days in ((1, 0), (2, 1), (3, 400)):
        at = NOON + timedelta(days=days)
        store.save(build_record(number, at=at, events=(build_portfolio_risk(at),)), token=token)

    days = "SELECT DISTINCT ts_ms / 86400000 FROM metric_sample"
    assert len(read(engines, days)) == 3


# ---------------------------------------------------------------- history


def past(hours: int) -> list[CycleRecord]:
    return [
        build_record(
            n,
            at=NOON + timedelta(hours=n),
            events=(
                build_portfolio_risk(NOON + timedelta(hours=n), equity=float(n)),
                build_position_risk("C000/USDT", NOON + timedelta(hours=n)),
                DataFaultFound(
                    at=NOON + timedelta(hours=n),
                    portfolio=PORTFOLIO,
                    cycle=f"demo-{n}",
                    kind=FaultKind.HOLE,
                    asset="C000/USDT",
                    detail="an hour is missing",
                    count=1,
                ),
            ),
            closes=(build_close(opened=NOON + timedelta(hours=n - 1)),),
        )
        for n in range(1, hours + 1)
    ]


def test_past_numbers_are_kept_by_the_hour_and_the_running_hour_as_measured(
    engines: Engines, store: SqlStore, token: int
):
    store.save_history(past(5), token=token)

    hours = read(
        engines,
        "SELECT minimum, maximum, average, last, n FROM metric_hour h"
        " JOIN metric_series s ON s.id = h.series_id WHERE metric = 'equity' ORDER BY ts_ms",
    )
    assert hours == [(float(n),) * 4 + (1,) for n in range(1, 6)]
    raw = read(engines, SAMPLES, labels="{}", ts_ms=tables.to_ms(NOON + timedelta(hours=5)))
    assert dict(raw)["equity"] == 5.0
    assert len(read(engines, "SELECT DISTINCT ts_ms FROM metric_sample")) == 1


def test_a_past_that_is_saved_beats_while_it_is_written_too(store: SqlStore, token: int):
    """On Postgres half a year takes longer than a supervisor waits for a sign of life."""
    beats: list[str] = []

    def told() -> Iterator[CycleRecord]:
        yield from past(5)
        beats.append("all taken in")

    store.save_history(told(), token=token, beat=lambda: beats.append("beat"))

    taken_in = beats.index("all taken in")
    assert taken_in == 5
    assert len(beats) - taken_in > 5, "once for each statement"


def test_several_past_numbers_of_an_hour_are_rolled_up(
    engines: Engines, store: SqlStore, token: int
):
    records = [
        build_record(
            n,
            at=(at := NOON + timedelta(minutes=15 * n)),
            events=(build_portfolio_risk(at, equity=equity),),
        )
        for n, equity in enumerate((4.0, 1.0, 7.0), start=1)
    ]
    store.save_history(records, token=token)

    assert read(
        engines,
        "SELECT h.ts_ms, minimum, maximum, average, last, last_ms, n FROM metric_hour h"
        " JOIN metric_series s ON s.id = h.series_id WHERE metric = 'equity'",
    ) == [
        (
            tables.to_ms(NOON),
            1.0,
            7.0,
            4.0,
            7.0,
            tables.to_ms(NOON + timedelta(minutes=45)),
            3,
        )
    ]


def test_history_keeps_every_cycle_bar_and_journal_entry_but_one_snapshot(
    engines: Engines, store: SqlStore, token: int
):
    store.save_history(past(5), token=token)

    assert count(engines, tables.cycle) == count(engines, tables.bar) == 5
    assert count(engines, tables.journal) == 5
    assert count(engines, tables.snapshot) == 1
    assert count(engines, tables.model_state) == 2


POSITIONS = (
    "SELECT last_ms, last FROM metric_hour h JOIN metric_series s ON s.id = h.series_id"
    " WHERE metric = 'exposure' AND labels <> '{}' ORDER BY last_ms"
)


def past_of_a_position(hours: int, *, closed_after: int) -> list[CycleRecord]:
    """Told by the hour from noon on, and worth as many as hours have passed until it was closed."""
    records = []
    for n in range(hours):
        at = NOON + timedelta(hours=n)
        told = replace(build_position_risk("C000/USDT", at), exposure=float(n))
        if n == closed_after:
            told = replace(told, quantity=0.0, exposure=0.0)
        events = (told,) if n <= closed_after else ()
        records.append(build_record(n + 1, at=at, events=events))
    return records


def hours_and_values(rows: list[tuple[int, float]]) -> list[tuple[float, float]]:
    return [((ts_ms - tables.to_ms(NOON)) / HOUR_MS, value) for ts_ms, value in rows]


def test_a_past_keeps_positions_by_the_hour_as_far_back_as_screens_look_closely(
    engines: Engines, store: SqlStore, token: int
):
    """Else a trade of 14:00 would seem to have happened at midnight."""
    store.save_history(past_of_a_position(60, closed_after=30), token=token)

    told = [(float(n), float(n)) for n in range(30)]
    assert hours_and_values(read(engines, POSITIONS)) == [*told, (30.0, 0.0)]


def test_further_back_it_keeps_them_once_a_day_and_when_they_were_closed(
    engines: Engines, store: SqlStore, token: int
):
    """Else a position that was closed in the afternoon would seem held till midnight."""
    by_the_hour = POSITIONS_BY_THE_HOUR // timedelta(hours=1)
    store.save_history(past_of_a_position(by_the_hour + 60, closed_after=30), token=token)

    assert hours_and_values(read(engines, POSITIONS)) == [(0.0, 0.0), (12.0, 12.0), (30.0, 0.0)]


def test_the_hours_begin_where_the_days_end(engines: Engines, store: SqlStore, token: int):
    by_the_hour = POSITIONS_BY_THE_HOUR // timedelta(hours=1)
    hours = by_the_hour + 15
    store.save_history(past_of_a_position(hours, closed_after=hours), token=token)

    kept = [hour for hour, _ in hours_and_values(read(engines, POSITIONS))]
    assert kept == [0.0, 12.0, *map(float, range(14, hours))]


def test_positions_of_a_past_s_last_cycle_are_kept_as_measured(
    engines: Engines, store: SqlStore, token: int
):
    store.save_history(past(5), token=token)

    labels = encode_mapping({"strategy": "trend", "asset": "C000/USDT", "venue": "sim-a"})
    raw = read(engines, SAMPLES, labels=labels, ts_ms=tables.to_ms(NOON + timedelta(hours=5)))
    assert dict(raw)["exposure"] == 153.0


def test_a_past_leaves_the_models_that_later_cycles_would_have_kept(
    engines: Engines, store: SqlStore, token: int
):
    def record(n: int) -> CycleRecord:
        at = NOON + timedelta(hours=n)
        models = build_models(version=70 + n, closed=at)
        day = build_model(DAY_MODEL, version=70 + n // 2, closed=NOON + timedelta(hours=n // 2))
        return build_record(n, at=at, models=models.with_model(day))

    store.save_history([record(n) for n in range(1, 32)], token=token)
    store.save(record(32), token=token)

    query = "SELECT number FROM model_state WHERE period = :p ORDER BY number"
    days, hours = (
        [number for (number,) in read(engines, query, p=period.value)]
        for period in (Period.DAY, Period.HOUR)
    )
    assert days == list(range(14, 33, 2))
    assert hours == [30, 31, 32]


def test_history_is_saved_whole_or_not_at_all(engines: Engines, store: SqlStore, token: int):
    def interrupted():
        yield from past(3)
        raise RuntimeError("the market broke off")

    with pytest.raises(RuntimeError):
        store.save_history(interrupted(), token=token)

    assert count(engines, tables.cycle) == count(engines, tables.bar) == 0


def test_history_saved_twice_is_saved_once(engines: Engines, store: SqlStore, token: int):
    store.save_history(past(3), token=token)
    store.save_history(past(3), token=token)

    assert count(engines, tables.cycle) == count(engines, tables.journal) == 3


# ---------------------------------------------------------------- bars


def test_simulated_and_real_prices_of_one_name_do_not_mix(database_url: str):
    engines = open_engines(database_url)
    SqlStore(engines, market="simulated").record_closes([build_close()])

    assert SqlStore(engines, market="real").bars(Period.HOUR) == []
    assert SqlStore(engines, market="simulated").bars(Period.HOUR) == [build_close()]
    engines.dispose()


# ---------------------------------------------------------------- times


def test_milliseconds_are_exact_both_ways():
    moment = NOON + timedelta(milliseconds=123)

    assert tables.from_ms(tables.to_ms(moment)) == moment
    assert tables.to_ms(NOON) == 1_704_110_400_000
    assert tables.to_ms(NOON + timedelta(microseconds=1_999)) - tables.to_ms(NOON) == 1
