"""One suite over what the screens read: the fake, and SQLite and Postgres that hold its content.

What holds here a page may rely on, whichever it was given.
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from pages.context import BookReader, MetricHistory
from risk.domain.events import PositionRisk
from risk.domain.ledger import Fill, Flow
from risk.domain.market import Period
from risk.domain.model import Models
from risk.domain.positions import PositionKey
from risk.domain.state import TradingState
from risk.errors import UnknownPortfolio
from risk.storage.bars import REAL_MARKET
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.portfolios import add_portfolio
from risk.storage.queries import FeedInfo, SqlBookReader
from risk.storage.store import SqlStore
from tests import fakes_book
from tests.builders import build_record
from tests.fakes_book import AFTERNOON, CLOSED, HOLDINGS, MIDNIGHT
from tests.fakes_web import DEMO, FakeBookReader, build_position_history
from tests.storage.rows import lease_token

DAY = timedelta(days=1)
LONG_AGO = AFTERNOON - 1_000 * DAY
BOOK = DEMO.name


def fill_with_the_fake_book(engines: Engines) -> None:
    """A past in which the fake book was traded, measured and scored."""
    with transaction(engines.writer) as connection:
        add_portfolio(connection, BOOK, at=LONG_AGO)
    store, token = SqlStore(engines, market=REAL_MARKET), lease_token(engines, BOOK)
    closes = [fakes_book.day_close(number) for number in range(fakes_book.DAYS)]
    store.record_closes(closes)
    record = build_record(
        1, at=AFTERNOON, events=tuple(e for period in Period for e in fakes_book.scored(period))
    )
    entries = fakes_book.entries()
    snapshot = replace(
        record.snapshot,
        fills=tuple(e for e in entries if isinstance(e, Fill)),
        flows=tuple(e for e in entries if isinstance(e, Flow)),
        ledger=replace(record.snapshot.ledger, seq=len(entries)),
    )
    pasts = zip(fakes_book.day_past().models, 4 * fakes_book.hour_past().models, strict=False)
    for number, (day, hour) in enumerate(pasts, start=1):
        past = replace(
            record,
            number=number,
            snapshot=replace(
                snapshot if number == 1 else replace(snapshot, fills=(), flows=()),
                models=Models(day=day, hour=hour),
            ),
            state=replace(record.state, cycle=number),
            events=(*record.events, *positions_told()) if number == 1 else (),
            entries=tuple(enumerate(entries, start=1)) if number == 1 else (),
        )
        store.save(past, token=token)


def positions_told() -> Iterator[PositionRisk]:
    """What the fake says of each position's exposure, as the engine would have told it."""
    told = build_position_history("exposure", AFTERNOON - 40 * DAY, AFTERNOON, 1_000)
    for key, history in told.items():
        for ts_ms, exposure in zip(history.ts_ms.tolist(), history.values.tolist(), strict=True):
            yield PositionRisk(
                at=fakes_book.moment_of(ts_ms),
                portfolio=BOOK,
                cycle="1",
                **key._asdict(),
                quantity=exposure,
                exposure=exposure,
                unrealised=0.0,
                var_1d_99=None,
                es_1d_975=None,
                component_var_1d_99=None,
                marginal_var_1d_99=None,
            )


def sql_reader(engines: Engines) -> SqlBookReader:
    feed = FeedInfo(label="file", simulated=False)
    return SqlBookReader(engines, feed=feed, cycle_seconds=1.0, wall=lambda: AFTERNOON, first=BOOK)


@pytest.fixture(scope="module")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Any):
    path = tmp_path_factory.mktemp("book") / "seawall.db"
    shutil.copy(sqlite_template, path)
    engines = open_engines(f"sqlite:///{path}")
    fill_with_the_fake_book(engines)
    yield engines
    engines.dispose()


@pytest.fixture(scope="module")
def filled_postgres(postgres: Any, postgres_template: str):
    with postgres.own_database(template=postgres_template) as url:
        engines = open_engines(url)
        fill_with_the_fake_book(engines)
        yield engines
        engines.dispose()


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def reader(request: pytest.FixtureRequest) -> BookReader:
    if request.param == "fake":
        return FakeBookReader()
    return sql_reader(request.getfixturevalue(f"filled_{request.param}"))


def test_the_pulse_names_a_trading_state(reader: BookReader):
    pulse = reader.pulse(BOOK)

    assert pulse is not None
    assert pulse.trading_state in TradingState.__members__


def test_an_unknown_portfolio_is_refused(reader: BookReader):
    with pytest.raises(UnknownPortfolio):
        reader.pulse("nobody")


# --- positions -----------------------------------------------------------------------------


def exposures(
    reader: BookReader, since: datetime, until: datetime = AFTERNOON, points: int = 1_000
) -> dict[PositionKey, MetricHistory]:
    return dict(
        reader.position_history(BOOK, "exposure", since=since, until=until, max_points=points)
    )


def test_each_position_has_its_course_up_to_now(reader: BookReader):
    found = exposures(reader, AFTERNOON - 20 * DAY)

    assert found.keys() == {held.key for held in HOLDINGS} | {CLOSED}
    for held in HOLDINGS:
        course = found[held.key]
        assert course.values[-1] == pytest.approx(held.quantity * held.mark)
        assert (np.diff(course.ts_ms) > 0).all()
        assert (course.ts_ms.dtype, course.values.dtype) == (np.int64, np.float64)


def test_a_closed_position_ends_with_nothing_held(reader: BookReader):
    course = exposures(reader, AFTERNOON - 20 * DAY)[CLOSED]

    assert course.values[-1] == 0.0
    assert (course.values[:-1] > 0.0).all()
    assert course.ts_ms[-1] < AFTERNOON.timestamp() * 1000.0


def test_positions_without_a_point_in_the_range_are_left_out(reader: BookReader):
    assert CLOSED not in exposures(reader, AFTERNOON - DAY)
    assert exposures(reader, LONG_AGO, LONG_AGO + DAY) == {}


def test_both_ends_of_the_range_hold(reader: BookReader):
    since, until = MIDNIGHT - 9 * DAY, MIDNIGHT - 5 * DAY

    course = exposures(reader, since, until)[HOLDINGS[0].key]

    assert fakes_book.moment_of(int(course.ts_ms[0])) == since
    assert fakes_book.moment_of(int(course.ts_ms[-1])) == until
    assert course.values.size == 5


def test_courses_are_thinned_alike_and_end_where_they_end(reader: BookReader):
    found = exposures(reader, AFTERNOON - 36 * DAY, points=9)

    for held in HOLDINGS:
        assert 5 <= found[held.key].values.size <= 10
        assert found[held.key].values[-1] == pytest.approx(held.quantity * held.mark)


def test_a_metric_nobody_measured_has_no_courses(reader: BookReader):
    found = reader.position_history(BOOK, "luck", since=LONG_AGO, until=AFTERNOON, max_points=10)

    assert dict(found) == {}


# --- forecasts -----------------------------------------------------------------------------


@pytest.mark.parametrize("period", list(Period))
def test_scored_forecasts_come_oldest_first_and_of_one_period(reader: BookReader, period: Period):
    found = list(reader.forecasts_scored(BOOK, period, since=LONG_AGO, until=AFTERNOON))

    assert found == list(fakes_book.scored(period))
    assert [event.at for event in found] == sorted(event.at for event in found)


def test_scored_forecasts_include_both_ends(reader: BookReader):
    since, until = MIDNIGHT - 9 * DAY, MIDNIGHT - 2 * DAY

    found = reader.forecasts_scored(BOOK, Period.DAY, since=since, until=until)

    assert [event.at for event in found] == [since + number * DAY for number in range(8)]


def test_the_record_counts_the_scored_days(reader: BookReader):
    scored = reader.forecasts_scored(BOOK, Period.DAY, since=LONG_AGO, until=AFTERNOON)
    record = reader.var_record(BOOK)

    assert record == (len(scored), sum(event.exceeded_99 for event in scored))


# --- models --------------------------------------------------------------------------------


def test_the_newest_model_comes_with_its_scenarios(reader: BookReader):
    model = reader.model(BOOK, Period.DAY)
    expected = fakes_book.day_past().models[-1]

    assert model.closed == MIDNIGHT
    np.testing.assert_array_equal(model.scenarios.filtered, expected.scenarios.filtered)
    np.testing.assert_array_equal(model.scenarios.correlation, expected.scenarios.correlation)


@pytest.mark.parametrize("days", range(1, 10))
def test_the_model_of_a_moment_has_seen_no_later_bar(reader: BookReader, days: int):
    moment = AFTERNOON - days * DAY

    assert reader.model(BOOK, Period.DAY, at=moment).closed == MIDNIGHT - days * DAY
    assert reader.model(BOOK, Period.DAY, at=MIDNIGHT - days * DAY).closed == MIDNIGHT - days * DAY


def test_a_model_that_is_not_kept_any_more_is_none(reader: BookReader):
    assert reader.model(BOOK, Period.DAY, at=AFTERNOON - 11 * DAY) is None


# --- ledger --------------------------------------------------------------------------------


def test_the_ledger_s_entries_come_in_the_order_of_booking(reader: BookReader):
    part = reader.ledger_entries(BOOK)

    assert part.seq == len(part.entries)
    assert sorted(part.entries, key=identity) == sorted(fakes_book.entries(), key=identity)


def identity(entry: Fill | Flow) -> str:
    return entry.id


def test_only_what_was_booked_later_when_asked(reader: BookReader):
    whole = reader.ledger_entries(BOOK)

    assert reader.ledger_entries(BOOK, after=whole.seq) == ((), whole.seq)
    assert reader.ledger_entries(BOOK, after=whole.seq - 2) == (whole.entries[-2:], whole.seq)


# --- prices --------------------------------------------------------------------------------


def test_daily_closes_are_those_of_the_market(reader: BookReader):
    closes = reader.daily_closes(BOOK, since=LONG_AGO)

    assert closes.assets == fakes_book.ASSETS
    np.testing.assert_array_equal(closes.close, fakes_book.daily_closes())
    assert closes.breaks.shape == closes.close.shape
    assert not closes.breaks.any()
    assert fakes_book.moment_of(int(closes.days_ms[-1])) == MIDNIGHT - DAY


def test_daily_closes_begin_with_the_day_that_was_asked_for(reader: BookReader):
    closes = reader.daily_closes(BOOK, since=MIDNIGHT - 3 * DAY)

    assert [fakes_book.moment_of(ms) for ms in closes.days_ms.tolist()] == [
        MIDNIGHT - days * DAY for days in (3, 2, 1)
    ]


def test_daily_closes_of_some_assets_only(reader: BookReader):
    closes = reader.daily_closes(BOOK, since=LONG_AGO, assets=["ETH/USDT", "NONE/USDT"])

    assert closes.assets == ("ETH/USDT",)
    column = fakes_book.ASSETS.index("ETH/USDT")
    np.testing.assert_array_equal(closes.close[:, 0], fakes_book.daily_closes()[:, column])


def test_no_days_no_closes(reader: BookReader):
    closes = reader.daily_closes(BOOK, since=AFTERNOON)

    assert closes.close.shape == closes.breaks.shape
    assert closes.days_ms.size == closes.close.size == 0
