"""What agents are told from the database: the journal by number, and numbers as measured."""

from datetime import timedelta

import pytest

from risk.errors import StoreError
from risk.storage.codec import decode_event
from risk.storage.engines import Engines, transaction
from risk.storage.portfolios import add_portfolio
from risk.storage.store import SqlStore
from risk.storage.telling import SqlTelling
from tests.builders import (
    NOON,
    PORTFOLIO,
    VENUE,
    build_flow,
    build_funds_moved,
    build_portfolio_risk,
    build_position_risk,
    build_record,
)
from tests.storage.rows import lease_token, write


@pytest.fixture
def telling(engines: Engines) -> SqlTelling:
    """Of a book with three cycles, each of which moved funds."""
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)
    store, token = SqlStore(engines), lease_token(engines, PORTFOLIO)
    for number in (1, 2, 3):
        at = NOON + timedelta(seconds=number)
        flows = (build_flow(number, at=at),)
        cycle = f"{PORTFOLIO}-{number}"
        events = (
            build_portfolio_risk(at, cycle=cycle, equity=1_000.0 + number),
            build_position_risk("C000/USDT", at, cycle=cycle),
            *(build_funds_moved(flow, at, cycle=cycle) for flow in flows),
        )
        record = build_record(number, flows=flows, seq=10 + number, events=events)
        store.save(record, token=token)
    return SqlTelling(engines)


def test_entries_come_by_number(telling: SqlTelling):
    assert telling.newest_entry(PORTFOLIO) == 3
    assert [e.seq for e in telling.entries_after(PORTFOLIO, 0, limit=9)] == [1, 2, 3]
    assert [e.seq for e in telling.entries_after(PORTFOLIO, 1, limit=1)] == [2]
    assert telling.entries_after(PORTFOLIO, 3, limit=9) == []
    assert [e.seq for e in telling.last_entries(PORTFOLIO, limit=2)] == [2, 3]
    first = telling.entries_after(PORTFOLIO, 0, limit=1)[0]
    assert first.kind == "FundsMoved"
    assert decode_event(first.body).amount == 1_000.0


def test_a_portfolio_without_a_journal_has_none(telling: SqlTelling):
    assert telling.newest_entry("other") == 0
    assert telling.last_entries("other", limit=5) == []
    assert telling.last_values("other") == []


def test_the_last_value_of_each_metric_of_the_whole_book(telling: SqlTelling):
    values = {value.metric: value for value in telling.last_values(PORTFOLIO)}

    assert values["equity"].value == 1_003.0
    assert values["equity"].at == NOON + timedelta(seconds=3)
    assert all(value.labels == {} for value in values.values())
    assert "component_var_1d_99" not in values


def test_the_last_value_is_told_when_only_roll_ups_are_left(engines: Engines, telling: SqlTelling):
    write(
        engines,
        "INSERT INTO metric_hour (series_id, ts_ms, minimum, maximum, average, last, last_ms, n) "
        "SELECT id, 0, 1, 1, 1, 7, 5, 1 FROM metric_series WHERE metric = 'leverage'",
    )
    write(engines, "DELETE FROM metric_sample")

    found = [(v.metric, v.value) for v in telling.last_values(PORTFOLIO)]
    assert found == [("leverage", 7.0)]


def test_the_history_of_a_metric_of_the_book_and_of_positions(telling: SqlTelling):
    span = {"since": NOON, "until": NOON + timedelta(minutes=1), "max_points": 100}
    (whole,) = telling.metric_histories(PORTFOLIO, "equity", **span)
    (part,) = telling.metric_histories(PORTFOLIO, "exposure", **span)

    assert (whole.labels, whole.history.values.tolist()) == ({}, [1_001.0, 1_002.0, 1_003.0])
    assert part.labels == {"strategy": "trend", "asset": "C000/USDT", "venue": VENUE}
    assert telling.metric_histories(PORTFOLIO, "nothing", **span) == []


def test_a_database_without_tables_is_told(sqlite: Engines):
    write(sqlite, "DROP TABLE journal")

    with pytest.raises(StoreError):
        SqlTelling(sqlite).newest_entry(PORTFOLIO)
