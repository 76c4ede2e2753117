"""What the screens are told: whole cycles, honest charts, events newest first."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from risk.domain.events import (
    RULE,
    BreakerOverridden,
    BreakerStepped,
    ForecastScored,
    FundsMoved,
    OverrideEnded,
    Severity,
)
from risk.domain.market import Period
from risk.errors import StoreUnavailable, UnknownPortfolio
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.failures import note_failure
from risk.storage.lease import SqlLeaseOffice
from risk.storage.portfolios import add_portfolio
from risk.storage.queries import (
    Book,
    CompleteCycle,
    EngineSign,
    FeedInfo,
    MetricHistory,
    Pulse,
    SqlBookReader,
    VarRecord,
)
from risk.storage.rollups import Retention, keep_house, roll_up
from risk.storage.store import SqlStore
from risk.storage.tables import from_ms
from tests.builders import (
    NOON,
    PORTFOLIO,
    build_flow,
    build_funds_moved,
    build_portfolio_risk,
    build_position_risk,
    build_record,
)
from tests.storage.rows import lease_token, write

MIDNIGHT = NOON.replace(hour=0)
FEED = FeedInfo(label="simulated", simulated=True, seed=42)


def reader_of(engines: Engines) -> SqlBookReader:
    return SqlBookReader(engines, feed=FEED, cycle_seconds=1.0, wall=lambda: NOON, first=PORTFOLIO)


@pytest.fixture
def reader(engines: Engines) -> SqlBookReader:
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)
    return reader_of(engines)


@pytest.fixture
def token(engines: Engines) -> int:
    return lease_token(engines, PORTFOLIO)


def measure(engines: Engines, moments: list[datetime], *, first: int = 1) -> None:
    """Save cycles whose equity is their number."""
    store = SqlStore(engines)
    for number, at in enumerate(moments, start=first):
        event = build_portfolio_risk(at, equity=float(number))
        store.save(build_record(number, at=at, events=(event,)), token=1)


def equity(reader: SqlBookReader, since: datetime, until: datetime, points: int) -> MetricHistory:
    return reader.metric_history(PORTFOLIO, "equity", since=since, until=until, max_points=points)


def times(history: MetricHistory) -> list[datetime]:
    return [from_ms(int(moment)) for moment in history.ts_ms]


# ---------------------------------------------------------------- cycles


def test_the_newest_complete_cycle_is_shown(engines: Engines, reader: SqlBookReader, token: int):
    store = SqlStore(engines)
    records = [build_record(1), build_record(2)]
    for record in records:
        store.save(record, token=token)

    pulse = Pulse(
        cycle=2,
        market=records[1].snapshot.at,
        saved=records[1].wall,
        trading_state="NORMAL",
    )
    assert reader.pulse(PORTFOLIO) == pulse
    assert reader.latest(PORTFOLIO) == CompleteCycle(
        pulse=pulse, assessment=records[1].assessment, state=records[1].state
    )


def test_after_history_the_last_cycle_is_shown(engines: Engines, reader: SqlBookReader, token: int):
    records = [build_record(n, at=NOON + timedelta(hours=n)) for n in (1, 2, 3)]
    SqlStore(engines).save_history(records, token=token)

    assert reader.latest(PORTFOLIO).assessment == records[-1].assessment


def test_before_the_first_cycle_there_is_nothing_to_show(reader: SqlBookReader):
    assert reader.pulse(PORTFOLIO) is None
    assert reader.latest(PORTFOLIO) is None


def test_an_unknown_portfolio_is_refused(reader: SqlBookReader):
    for ask in (reader.pulse, reader.latest):
        with pytest.raises(UnknownPortfolio, match="did you mean demo"):
            ask("demmo")


def test_the_book_to_show_first_comes_first(engines: Engines, reader: SqlBookReader):
    with transaction(engines.writer) as connection:
        add_portfolio(connection, "alpha", at=NOON, currency="EUR")
        add_portfolio(connection, "zeta", at=NOON)

    assert reader.books() == [Book(PORTFOLIO, "USD"), Book("alpha", "EUR"), Book("zeta", "USD")]


def test_what_does_not_come_from_the_database_is_passed_on(reader: SqlBookReader):
    assert reader.feed == FEED
    assert reader.cycle_seconds == 1.0
    assert reader.wall() == NOON


def test_a_database_that_is_gone_says_so(postgres_url: str):
    reader = reader_of(open_engines(postgres_url.rpartition("/")[0] + "/no_such_database"))

    with pytest.raises(StoreUnavailable):
        reader.books()


# ---------------------------------------------------------------- the engine


def note(engines: Engines, at: datetime, problem: str) -> None:
    with transaction(engines.writer) as connection:
        note_failure(connection, PORTFOLIO, at=at, problem=problem)


def test_an_engine_at_work_holds_the_lease(engines: Engines, reader: SqlBookReader):
    assert reader.engine(PORTFOLIO) == EngineSign(running=False, problem=None)

    office = SqlLeaseOffice(engines)
    lease = office.acquire(PORTFOLIO, "test")
    assert reader.engine(PORTFOLIO) == EngineSign(running=True, problem=None)
    assert not reader.engine("other").running

    office.release(lease)
    assert not reader.engine(PORTFOLIO).running


def test_the_last_failure_is_told_until_a_later_cycle_is_complete(
    engines: Engines, reader: SqlBookReader, token: int
):
    note(engines, NOON, "The disk is full.")
    note(engines, NOON + timedelta(seconds=5), "The file is gone.")
    assert reader.engine(PORTFOLIO).problem == "The file is gone."

    store = SqlStore(engines)
    store.save(build_record(1, at=NOON + timedelta(seconds=1)), token=token)
    assert reader.engine(PORTFOLIO).problem == "The file is gone."

    store.save(build_record(2, at=NOON + timedelta(seconds=6)), token=token)
    assert reader.engine(PORTFOLIO).problem is None


# ---------------------------------------------------------------- charts


def test_a_short_range_shows_every_number(engines: Engines, reader: SqlBookReader, token: int):
    moments = [NOON + timedelta(seconds=step) for step in range(20)]
    measure(engines, moments)

    history = equity(reader, NOON, moments[-1], 1_000)

    assert times(history) == moments
    np.testing.assert_array_equal(history.values, np.arange(1.0, 21.0))
    assert (history.ts_ms.dtype, history.values.dtype) == (np.int64, np.float64)


def test_both_ends_of_the_range_are_included_and_nothing_beyond(
    engines: Engines, reader: SqlBookReader, token: int
):
    moments = [NOON + timedelta(seconds=step) for step in range(10)]
    measure(engines, moments)

    assert times(equity(reader, moments[2], moments[5], 100)) == moments[2:6]


def test_a_metric_nobody_measured_has_no_history(reader: SqlBookReader):
    history = reader.metric_history(
        PORTFOLIO, "luck", since=NOON, until=NOON + timedelta(days=1), max_points=10
    )

    assert history.ts_ms.size == history.values.size == 0


def test_a_long_range_is_thinned_to_the_last_number_of_each_stretch(
    engines: Engines, reader: SqlBookReader, token: int
):
    measure(engines, [NOON + timedelta(seconds=step) for step in range(100)])

    history = equity(reader, NOON, NOON + timedelta(seconds=100), 10)

    np.testing.assert_array_equal(history.values, np.arange(10.0, 101.0, 10.0))
    assert times(history)[0] == NOON + timedelta(seconds=9)


def test_a_range_of_coarse_numbers_goes_on_to_the_newest_second(
    engines: Engines, reader: SqlBookReader, token: int
):
    """Roll-ups lag by up to a minute; a live chart must not."""
    start = NOON - timedelta(hours=20)
    old = [start + timedelta(minutes=10 * step) for step in range(120)]
    measure(engines, old)
    roll_up(engines)
    new = [NOON + timedelta(seconds=step) for step in range(3)]
    measure(engines, new, first=121)

    history = equity(reader, start, NOON + timedelta(minutes=5), 1_000)

    assert history.values[-1] == 123.0
    assert times(history)[-1] == new[-1]


def test_where_fine_numbers_are_gone_coarser_ones_take_their_place(
    engines: Engines, reader: SqlBookReader, token: int
):
    moments = [NOON + timedelta(minutes=10 * step) for step in range(6 * 24 * 3)]
    measure(engines, moments)
    keep_house(engines, Retention(raw=timedelta(hours=6), minutes=timedelta(hours=24)))

    history = equity(reader, moments[0], moments[-1], 100_000)
    found = times(history)

    assert found == sorted(set(found))
    assert found[0] < NOON + timedelta(hours=1)
    assert found[-1] == moments[-1]
    # Each is a number that was measured at just that time.
    assert all(
        moments[int(value) - 1] == at for at, value in zip(found, history.values, strict=True)
    )


def test_the_first_day_shows_the_past_that_was_filled_in(
    engines: Engines, reader: SqlBookReader, token: int
):
    past = [
        build_record(n, at=at, events=(build_portfolio_risk(at, equity=float(n)),))
        for n in range(1, 49)
        if (at := NOON - timedelta(hours=48 - n))
    ]
    SqlStore(engines).save_history(past, token=token)
    measure(engines, [NOON + timedelta(seconds=n) for n in range(1, 4)], first=49)

    history = equity(reader, NOON - timedelta(hours=24), NOON + timedelta(minutes=1), 1_000)

    # The three live seconds fall into one stretch of a day's thousand.
    np.testing.assert_array_equal(history.values, [*range(24, 49), 51])


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(since=st.integers(-100, 60_000), span=st.integers(1, 60_000), points=st.integers(1, 3_000))
def test_a_chart_is_in_order_inside_its_range_true_and_not_too_long(
    full_day: tuple[SqlBookReader, list[datetime]], since: int, span: int, points: int
):
    reader, moments = full_day
    begin = NOON + timedelta(seconds=since)
    end = begin + timedelta(seconds=span)

    history = equity(reader, begin, end, points)
    found = times(history)

    assert found == sorted(set(found))
    assert all(begin <= at <= end for at in found)
    assert all(
        moments[int(value) - 1] == at for at, value in zip(found, history.values, strict=True)
    )
    # A stretch cut by the range's ends, or shared by two tables, adds a point each.
    assert len(found) <= points + 6


@pytest.fixture(scope="module")
def full_day(tmp_path_factory: pytest.TempPathFactory, sqlite_template):
    """A day measured every ten seconds or so, rolled up and partly dropped."""
    path = tmp_path_factory.mktemp("day") / "seawall.db"
    shutil.copy(sqlite_template, path)
    engines = open_engines(f"sqlite:///{path}")
    lease_token(engines, PORTFOLIO)
    moments = [NOON + timedelta(seconds=57 * step) for step in range(1_000)]
    store = SqlStore(engines)
    for number, at in enumerate(moments, start=1):
        event = build_portfolio_risk(at, equity=float(number))
        store.save(build_record(number, positions=1, at=at, events=(event,)), token=1)
    keep_house(engines, Retention(raw=timedelta(hours=2), minutes=timedelta(hours=9)))
    yield reader_of(engines), moments
    engines.dispose()


# ---------------------------------------------------------------- events


def test_events_come_newest_first_from_a_moment_on(
    engines: Engines, reader: SqlBookReader, token: int
):
    store = SqlStore(engines)
    moved = [
        build_funds_moved(build_flow(amount=float(n)), NOON + timedelta(seconds=n))
        for n in range(1, 6)
    ]
    for number, each in enumerate(moved, start=1):
        store.save(build_record(number, events=(each,)), token=token)

    since = NOON + timedelta(seconds=2)
    assert reader.recent_events(PORTFOLIO, since=since, limit=10) == moved[:0:-1]
    assert reader.recent_events(PORTFOLIO, since=since, limit=2) == moved[:2:-1]
    assert reader.recent_events("other", since=since, limit=2) == []


def of_a_breaker(n: int) -> dict[str, object]:
    """What every event about one says of it, so many seconds after noon."""
    at = NOON + timedelta(seconds=n)
    about = {"breaker": "storm", "episode": "storm/1", "scope_kind": "portfolio"}
    return {"at": at, "portfolio": PORTFOLIO, "cycle": f"demo-{n}", "scope": PORTFOLIO, **about}


def test_what_happened_to_trips_is_told_by_rule_or_by_people(
    engines: Engines, reader: SqlBookReader, token: int
):
    def stepped(n: int, by: str) -> BreakerStepped:
        told = {"phase": "probation", "size": 0.25, "until": None, "reason": "so", "by": by}
        return BreakerStepped(**of_a_breaker(n), **told, severity=Severity.INFO)

    let_go, by_rule = stepped(1, "ana"), stepped(2, RULE)
    command = {"kind": "hold", "size": 1.0, "state": "THROTTLED", "action": 7}
    held = BreakerOverridden(
        **of_a_breaker(3),
        **command,
        expires=NOON + timedelta(hours=1),
        by="ola",
        reason="so",
        severity=Severity.WARNING,
    )
    over = OverrideEnded(
        **of_a_breaker(4), **command, why="so", by=RULE, began_by="ola", severity=Severity.INFO
    )
    events = (let_go, by_rule, held, over)
    SqlStore(engines).save(build_record(1, events=events), token=token)

    def told(since: float, until: float) -> list[object]:
        span = (NOON + timedelta(seconds=each) for each in (since, until))
        return list(
            reader.breaker_turns(PORTFOLIO, **dict(zip(("since", "until"), span, strict=True)))
        )

    assert told(0, 9) == [let_go, by_rule, held, over]
    assert told(3, 3) == [held]
    with pytest.raises(UnknownPortfolio):
        reader.breaker_turns("other", since=NOON, until=NOON)


def scored(period: Period, day: int, *, exceeded: bool) -> ForecastScored:
    return ForecastScored(
        at=MIDNIGHT + timedelta(days=day),
        portfolio=PORTFOLIO,
        cycle=f"demo-{day}",
        period=period.value,
        loss=1.0,
        var_95=1.0,
        var_975=1.5,
        var_99=2.0,
        es_975=2.5,
        exceeded_95=exceeded,
        exceeded_975=exceeded,
        exceeded_99=exceeded,
    )


def test_the_var_is_judged_by_its_last_250_days(
    engines: Engines, reader: SqlBookReader, token: int
):
    """300 days, every 30th beyond the forecast; hours do not count."""
    events = [
        scored(period, day, exceeded=day % 30 == 0 or period is Period.HOUR)
        for day in range(300)
        for period in Period
    ]
    now = MIDNIGHT + timedelta(days=299)
    SqlStore(engines).save(build_record(1, at=now, events=tuple(events)), token=token)

    assert reader.var_record(PORTFOLIO) == VarRecord(days=250, exceptions=8)


def test_before_the_first_scored_day_there_is_no_judgement(
    engines: Engines, reader: SqlBookReader, token: int
):
    SqlStore(engines).save(
        build_record(1, events=(scored(Period.HOUR, 1, exceeded=True),)), token=token
    )

    assert reader.var_record(PORTFOLIO) is None


def test_a_text_that_looks_like_a_period_is_not_taken_for_one(
    engines: Engines, reader: SqlBookReader, token: int
):
    tricky = FundsMoved(
        at=NOON, portfolio=PORTFOLIO, cycle="c", amount=1.0, equity=None, note='"period":"1d"'
    )
    SqlStore(engines).save(build_record(1, events=(tricky,)), token=token)

    assert reader.var_record(PORTFOLIO) is None


def test_a_broken_assessment_is_refused_not_shown(
    engines: Engines, reader: SqlBookReader, token: int
):
    SqlStore(engines).save(build_record(1), token=token)
    empty = "X''" if engines.is_sqlite else "''::bytea"
    write(engines, f"UPDATE snapshot SET assessment = {empty}")

    with pytest.raises(Exception, match="a stored Assessment cannot be read"):
        reader.latest(PORTFOLIO)


# ---------------------------------------------------------------- how they are found


@pytest.fixture
def explained(sqlite: Engines):
    """Run a query and give the steps by which SQLite answers it."""
    asked: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, values, *_rest):
        asked.append((statement, values))

    def explain(ask: Callable[[SqlBookReader], object]) -> list[str]:
        event.listen(sqlite.reader, "before_cursor_execute", note)
        ask(reader_of(sqlite))
        event.remove(sqlite.reader, "before_cursor_execute", note)
        statement, values = next(each for each in reversed(asked) if "SELECT" in each[0])
        with sqlite.reader.connect() as connection:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            return [step.detail for step in steps]

    return explain


def test_scored_forecasts_are_found_by_kind_and_time_and_need_no_sorting(explained):
    """Among the events of a busy day, or 100,000 hours."""
    steps = explained(
        lambda reader: reader.forecasts_scored(
            PORTFOLIO, Period.DAY, since=NOON - timedelta(days=250), until=NOON
        )
    )

    assert steps == [
        "SEARCH journal USING INDEX journal_by_kind (stream=? AND kind=? AND at_ms>? AND at_ms<?)"
    ]


def test_recent_events_are_found_by_time(explained):
    steps = explained(
        lambda reader: reader.recent_events(PORTFOLIO, since=NOON - timedelta(days=1), limit=5_000)
    )

    assert steps[0] == "SEARCH journal USING INDEX journal_by_time (stream=? AND at_ms>?)"
    assert len(steps) == 2  # and only events of the same millisecond are sorted


@pytest.mark.parametrize("points", [100, 1_000])
def test_courses_of_positions_are_found_by_series_and_time(sqlite: Engines, explained, points: int):
    lease_token(sqlite, PORTFOLIO)
    told = build_position_risk("C000/USDT", NOON)
    SqlStore(sqlite).save(build_record(1, at=NOON, events=(told,)), token=1)
    steps = explained(
        lambda reader: reader.position_history(
            PORTFOLIO, "exposure", since=NOON - timedelta(days=30), until=NOON, max_points=points
        )
    )

    found = [step for step in steps if " metric_sample " in step]
    assert found
    assert all("USING PRIMARY KEY (series_id=?" in step for step in found)
