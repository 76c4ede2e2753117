"""Rolling up loses nothing that a chart needs; dropping, nothing that was not rolled up."""

import math
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import fmean

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risk.errors import StoreError
from risk.storage import outbox, rollups, tables
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.rollups import Retention, drop_old, keep_house, roll_up
from risk.storage.store import SNAPSHOTS_KEPT, SqlStore
from tests.builders import (
    NOON,
    PORTFOLIO,
    build_flow,
    build_notice,
    build_portfolio_risk,
    build_position_risk,
    build_record,
)
from tests.storage.rows import count, lease_token, read, write

SECOND = timedelta(seconds=1)
BRIEF = Retention(raw=timedelta(hours=2), minutes=timedelta(hours=6))


class Course:
    """Saves one cycle after another, as an engine would."""

    def __init__(self, engines: Engines) -> None:
        self._store = SqlStore(engines)
        self._token = lease_token(engines, PORTFOLIO)
        self.number = 0

    def measure(self, at: datetime, equity: float, *, position: bool = False) -> None:
        self.number += 1
        event = build_portfolio_risk(at, equity=equity)
        said = (event, build_position_risk("C000/USDT", at)) if position else (event,)
        self._store.save(build_record(self.number, at=at, events=said), token=self._token)


@pytest.fixture
def course(engines: Engines) -> Course:
    return Course(engines)


def equity_of(engines: Engines, table: str) -> list[tuple[object, ...]]:
    """Rows of the equity's roll-up, oldest first."""
    return read(
        engines,
        f"SELECT t.ts_ms, minimum, maximum, average, last, last_ms, n FROM {table} t"
        " JOIN metric_series s ON s.id = t.series_id WHERE metric = 'equity' ORDER BY t.ts_ms",
    )


def rolled_up_slowly(
    samples: list[tuple[datetime, float]], span_ms: int
) -> list[tuple[object, ...]]:
    """The textbook's way: sort into buckets, then look at each."""
    buckets: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for at, value in samples:
        moment = tables.to_ms(at)
        buckets[moment // span_ms * span_ms].append((moment, value))
    rows = []
    for start, inside in sorted(buckets.items()):
        values = [value for _, value in inside]
        last_ms, last = inside[-1]
        rows.append((start, min(values), max(values), fmean(values), last, last_ms, len(inside)))
    return rows


def assert_same(found: list[tuple[object, ...]], expected: list[tuple[object, ...]]) -> None:
    assert len(found) == len(expected)
    for row, wanted in zip(found, expected, strict=True):
        assert row == pytest.approx(wanted, rel=1e-12)


def everything_rolled_up(engines: Engines) -> list[list[tuple[object, ...]]]:
    both = ("metric_minute", "metric_hour")
    return [read(engines, f"SELECT * FROM {table} ORDER BY 1, 2") for table in both]


# ---------------------------------------------------------------- rolling up


def test_minutes_and_hours_agree_with_the_textbook(engines: Engines, course: Course):
    samples = [
        (NOON + timedelta(seconds=step * 17), 100.0 + 10 * math.sin(step)) for step in range(500)
    ]
    for at, equity in samples:
        course.measure(at, equity)

    roll_up(engines)

    assert_same(equity_of(engines, "metric_minute"), rolled_up_slowly(samples, 60_000))
    assert_same(equity_of(engines, "metric_hour"), rolled_up_slowly(samples, 3_600_000))


def test_rolling_up_now_and_then_gives_the_same_as_once_at_the_end(
    engines: Engines, course: Course
):
    """Incremental against batch: a minute begun before one call is finished after it."""
    samples = [(NOON + timedelta(seconds=step * 41), float(step % 7)) for step in range(200)]
    for step, (at, equity) in enumerate(samples):
        course.measure(at, equity)
        if step % 13 == 0:
            roll_up(engines)
    roll_up(engines)

    assert_same(equity_of(engines, "metric_minute"), rolled_up_slowly(samples, 60_000))
    assert_same(equity_of(engines, "metric_hour"), rolled_up_slowly(samples, 3_600_000))


def test_rolling_up_twice_changes_nothing(engines: Engines, course: Course):
    for step in range(50):
        course.measure(NOON + step * timedelta(seconds=11), float(step), position=True)
    roll_up(engines)
    once = everything_rolled_up(engines)

    roll_up(engines)

    assert everything_rolled_up(engines) == once


def test_a_position_s_numbers_are_rolled_up_too(engines: Engines, course: Course):
    course.measure(NOON, 1.0, position=True)

    roll_up(engines)

    series = count(engines, tables.metric_series)
    assert count(engines, tables.metric_minute) == count(engines, tables.metric_hour) == series


def test_the_hour_in_which_history_ends_goes_on_live(engines: Engines):
    store, token = SqlStore(engines), lease_token(engines, PORTFOLIO)
    past = [
        build_record(n, at=at, events=(build_portfolio_risk(at, equity=float(n)),))
        for n in (1, 2)
        if (at := NOON + timedelta(hours=n))
    ]
    store.save_history(past, token=token)
    live = NOON + timedelta(hours=2, minutes=30)
    event = build_portfolio_risk(live, equity=9.0)
    store.save(build_record(3, at=live, events=(event,)), token=token)

    roll_up(engines)

    assert [(row[3], row[6]) for row in equity_of(engines, "metric_hour")] == [(1.0, 1), (5.5, 2)]


# ---------------------------------------------------------------- dropping


def test_raw_numbers_and_cycles_go_first_then_minutes_and_hours_never(
    engines: Engines, course: Course
):
    for minute in range(0, 12 * 60, 10):
        course.measure(NOON + timedelta(minutes=minute), float(minute))

    keep_house(engines, BRIEF)

    newest = NOON + timedelta(minutes=710)
    oldest = {
        table: tables.from_ms(read(engines, f"SELECT min({column}) FROM {table}")[0][0])
        for table, column in (
            ("metric_sample", "ts_ms"),
            ("metric_minute", "ts_ms"),
            ("metric_hour", "ts_ms"),
            ("cycle", "at_ms"),
        )
    }
    assert oldest["metric_hour"] == NOON
    assert NOON < oldest["metric_minute"] <= newest - BRIEF.minutes
    assert oldest["metric_sample"] <= newest - BRIEF.raw
    assert oldest["cycle"] == newest - BRIEF.raw
    if engines.is_sqlite:
        assert newest - BRIEF.raw - timedelta(hours=1) < oldest["metric_sample"]


def test_whole_days_of_raw_numbers_go_on_both_databases(engines: Engines, course: Course):
    for day in range(5):
        course.measure(NOON + timedelta(days=day), float(day))

    keep_house(engines)

    days = [day for (day,) in read(engines, "SELECT DISTINCT ts_ms / 86400000 FROM metric_sample")]
    assert sorted(days) == [19_723 + day for day in (2, 3, 4)]
    assert len(equity_of(engines, "metric_hour")) == 5


@settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(steps=st.lists(st.integers(1, 3_000), min_size=1, max_size=25))
def test_the_hours_never_depend_on_when_house_was_kept(sqlite: Engines, steps: list[int]):
    """Dropping in pieces, at any moment, never takes a number out of a sum it belongs to."""
    for table in ("metric_sample", "metric_minute", "metric_hour", "metric_series", "lease",
                  "cycle", "snapshot", "risk_state", "model_state"):  # fmt: skip
        write(sqlite, f"DELETE FROM {table}")
    course, at, samples = Course(sqlite), NOON, []
    for step in steps:
        at += timedelta(seconds=step)
        samples.append((at, float(step)))
        course.measure(at, float(step))
        keep_house(sqlite, Retention(raw=timedelta(minutes=1), minutes=timedelta(hours=1)))

    assert_same(equity_of(sqlite, "metric_hour"), rolled_up_slowly(samples, 3_600_000))


def test_many_cycles_are_dropped_in_pieces(
    engines: Engines, course: Course, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rollups, "_CYCLES_AT_A_TIME", 3)
    for hour in range(12):
        course.measure(NOON + timedelta(hours=hour), 1.0)

    keep_house(engines, BRIEF)

    numbers = [number for (number,) in read(engines, "SELECT number FROM cycle ORDER BY number")]
    assert numbers == [10, 11, 12]


def test_the_journal_is_never_touched(engines: Engines):
    store, token = SqlStore(engines), lease_token(engines, PORTFOLIO)
    for number in range(1, 6):
        at = NOON + timedelta(days=200 * number)
        record = build_record(number, at=at, flows=(build_flow(number),), seq=number)
        store.save(record, token=token)

    keep_house(engines)

    assert count(engines, tables.journal) == count(engines, tables.ledger_entry) == 5


def test_what_orders_were_judged_by_is_kept_for_its_time(engines: Engines, course: Course):
    course.measure(NOON, 1.0)
    write(
        engines,
        "INSERT INTO decision VALUES ('demo', 'o1', 0, 1, 't', 'BTC', 'v', 'buy', 's', 'approve',"
        " 1, 1, 1, NULL, 0, '{}', '{}')",
    )
    for number in range(1, SNAPSHOTS_KEPT + 3):
        course.measure(NOON + number * SECOND, 1.0)
    kept = "SELECT min(number), count(*) FROM snapshot"
    keep_house(engines)
    assert read(engines, kept) == [(1, SNAPSHOTS_KEPT + 1)]

    keep_house(engines, replace(BRIEF, snapshots=timedelta(seconds=30)))

    [(oldest, count_now)] = read(engines, kept)
    assert oldest > 1
    assert 1 <= count_now <= SNAPSHOTS_KEPT


def test_each_portfolio_ages_by_its_own_market(engines: Engines, course: Course):
    """A replay of years past runs beside a live market: neither ages the other."""
    write(engines, "INSERT INTO lease VALUES ('replay', 'test', 1, 0)")
    old = NOON - timedelta(days=900)
    event = build_portfolio_risk(old, portfolio="replay")
    SqlStore(engines).save(build_record(1, portfolio="replay", at=old, events=(event,)), token=1)
    course.measure(NOON, 1.0)

    keep_house(engines)

    assert len(read(engines, "SELECT DISTINCT ts_ms FROM metric_sample")) == 2


def test_a_day_that_another_program_dropped_is_made_again(postgres_url: str):
    engines = open_engines(postgres_url)
    course = Course(engines)
    course.measure(NOON, 1.0)
    write(engines, "DROP TABLE metric_sample_19723")

    with pytest.raises(StoreError, match="no partition"):
        course.measure(NOON + SECOND, 2.0)
    course.number -= 1
    course.measure(NOON + SECOND, 2.0)

    assert len(read(engines, "SELECT DISTINCT ts_ms FROM metric_sample")) == 1
    engines.dispose()


def test_a_house_without_anything_is_kept(engines: Engines):
    keep_house(engines)

    assert count(engines, tables.metric_hour) == 0


def test_dropping_alone_forgets_nothing_young(engines: Engines, course: Course):
    course.measure(NOON, 1.0)

    drop_old(engines, BRIEF)

    assert len(read(engines, "SELECT DISTINCT ts_ms FROM metric_sample")) == 1


def test_old_notices_go_once_nobody_tries_to_deliver_them(engines: Engines, course: Course):
    course.measure(NOON, 1.0)
    notices = [build_notice(n, at=NOON - timedelta(hours=hours)) for n, hours in
               [(1, 9), (2, 9), (3, 9), (4, 1)]]  # fmt: skip
    with transaction(engines.writer) as connection:
        outbox.post(connection, outbox.rows_of(notices, ["mail"]))
    write(engines, "UPDATE outbox SET next_ms = NULL, dead = 'x' WHERE notice = '1-0'")
    write(engines, "UPDATE outbox SET next_ms = NULL, delivered_ms = 1 WHERE notice <> '1-0'")
    write(engines, "UPDATE outbox SET next_ms = 0, delivered_ms = NULL WHERE notice = '3-0'")

    keep_house(engines, replace(BRIEF, letters=timedelta(hours=8)))

    assert read(engines, "SELECT notice FROM outbox ORDER BY notice") == [("3-0",), ("4-0",)]
