"""What is kept of limits: how full they were, what happened to each, and what orders meet."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from pages.context import BookReader
from risk.domain.events import LimitBreached, LimitCleared, LimitUpdated, LimitUtilization, Severity
from risk.manager.orders import RiskManager
from risk.storage import codec
from risk.storage.engines import Engines, transaction
from risk.storage.portfolios import add_portfolio
from risk.storage.queries import SqlBookReader
from risk.storage.rollups import Retention, keep_house
from risk.storage.store import SqlStore
from tests.builders import NOON, PORTFOLIO, build_record
from tests.storage.rows import lease_token
from tests.storage.test_queries import reader_of

HOUR = timedelta(hours=1)


@pytest.fixture
def reader(engines: Engines) -> SqlBookReader:
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)
    return reader_of(engines)


@pytest.fixture
def store(engines: Engines, reader: BookReader) -> SqlStore:
    lease_token(engines, PORTFOLIO)
    return SqlStore(engines)


def stamp(at: datetime = NOON) -> dict:
    return {"at": at, "portfolio": PORTFOLIO, "cycle": "c"}


def fullness(limit: str, used: float | None, at: datetime = NOON) -> LimitUtilization:
    return LimitUtilization(**stamp(at), limit=limit, utilization=used)


def breach(limit: str, at: datetime = NOON) -> LimitBreached:
    return LimitBreached(
        **stamp(at),
        limit=limit,
        episode=f"{limit}/c",
        value=0.3,
        threshold=0.25,
        severity=Severity.WARNING,
    )


def clearing(limit: str, at: datetime = NOON) -> LimitCleared:
    return LimitCleared(**stamp(at), limit=limit, episode=f"{limit}/c", value=0.2, threshold=0.25)


def change(limit: str, at: datetime = NOON) -> LimitUpdated:
    return LimitUpdated(
        **stamp(at),
        limit=limit,
        threshold=0.4,
        previous=0.5,
        reason="regime is stressed",
        changed_by="rule",
        soft=0.3,
        previous_soft=0.4,
    )


def test_how_full_limits_were_is_kept_each_cycle(store: SqlStore, reader: SqlBookReader):
    for number in range(1, 4):
        at = NOON + timedelta(minutes=number)
        told = (fullness("gross", 0.1 * number, at), fullness('net "odd"', None, at))
        store.save(build_record(number, at=at, events=told), token=1)

    found = reader.limit_history(PORTFOLIO, since=NOON, until=NOON + HOUR, max_points=2_000)

    assert list(found) == ["gross"], "what could not be measured leaves no number"
    assert found["gross"].values == pytest.approx([0.1, 0.2, 0.3])


def test_one_limit_is_read_alone(store: SqlStore, reader: SqlBookReader):
    store.save(build_record(1, events=(fullness("a", 0.1), fullness("b", 0.2))), token=1)

    found = reader.limit_history(PORTFOLIO, since=NOON, until=NOON, max_points=10, limit="b")

    assert {name: history.values.tolist() for name, history in found.items()} == {"b": [0.2]}


def test_where_fine_numbers_are_gone_rolled_up_ones_tell(
    engines: Engines, store: SqlStore, reader: SqlBookReader
):
    for number in range(1, 200):
        at = NOON + number * timedelta(minutes=1)
        store.save(build_record(number, at=at, events=(fullness("a", number / 200),)), token=1)
    keep_house(engines, Retention(raw=HOUR, minutes=2 * HOUR))

    found = reader.limit_history(
        PORTFOLIO, since=NOON, until=NOON + 4 * HOUR, max_points=2_000, limit="a"
    )["a"]

    assert found.values[-1] == pytest.approx(199 / 200)
    assert found.values.size < 199
    assert found.ts_ms[0] < (NOON + HOUR).timestamp() * 1000.0


def test_the_journal_tells_what_happened_to_one_limit_oldest_first(
    store: SqlStore, reader: SqlBookReader
):
    later = NOON + HOUR
    first = (breach("a"), breach("A"), breach("b"), fullness("a", 1.2))
    store.save(build_record(1, events=first), token=1)
    told = (change("a", later), clearing("a", later))
    store.save(build_record(2, at=later, events=told), token=1)

    found = reader.limit_events(PORTFOLIO, "a", since=NOON, until=later)

    assert found == [breach("a"), change("a", later), clearing("a", later)]
    assert reader.limit_events(PORTFOLIO, "a", since=NOON + HOUR / 2, until=later) == found[1:]


@pytest.mark.parametrize("name", ['50 % of "all"', "a_b%", "größe\\x"])
def test_a_limit_of_any_name_is_found_and_no_other(
    store: SqlStore, reader: SqlBookReader, name: str
):
    store.save(build_record(1, events=(breach(name), breach("aXbY"))), token=1)

    assert reader.limit_events(PORTFOLIO, name, since=NOON, until=NOON) == [breach(name)]


def test_an_update_from_before_the_soft_threshold_was_told_is_read():
    said = json.loads(codec.encode_event(change("a")))
    del said["body"]["soft"], said["body"]["previous_soft"]

    assert codec.decode_event(json.dumps(said)) == replace(
        change("a"), soft=None, previous_soft=None
    )


def test_reports_find_how_full_limits_were_in_a_view(engines: Engines, store: SqlStore):
    store.save(build_record(1, events=(fullness('net "odd"', 0.25), fullness("b", 1.5))), token=1)

    with transaction(engines.reader) as connection:
        query = "SELECT portfolio, limit_name, ts_ms, utilization FROM limit_utilization"
        rows = connection.execute(text(f"{query} ORDER BY limit_name")).all()

    at_ms = round(NOON.timestamp() * 1000.0)
    assert [tuple(row) for row in rows] == [
        (PORTFOLIO, "b", at_ms, 1.5),
        (PORTFOLIO, 'net "odd"', at_ms, 0.25),
    ]


def test_what_orders_are_answered_from_is_that_of_the_newest_cycle(
    store: SqlStore, reader: SqlBookReader
):
    assert reader.decision_basis(PORTFOLIO) is None
    record = build_record(1)
    store.save(record, token=1)
    newer = build_record(2, at=NOON + HOUR)
    store.save(newer, token=1)

    basis = reader.decision_basis(PORTFOLIO)

    assert basis is not None
    assert (basis.state, basis.snapshot.id) == (newer.state, newer.snapshot.id)
    assert basis.snapshot.marks == newer.snapshot.marks
    assert basis.snapshot.models.day.version == newer.snapshot.models.day.version
    assert RiskManager(basis.state, basis.snapshot)
