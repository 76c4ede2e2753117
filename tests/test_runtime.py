"""The engine put together, over both databases: first start, restart, refusal, sudden death."""

import os
import random
import select
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from structlog.testing import capture_logs

import app
from risk.auth.journal_key import known_public_keys
from risk.commands.serving import api_of
from risk.config import Settings
from risk.domain.actions import BY_SETTING
from risk.domain.events import PEOPLE_STREAM, ForecastScored
from risk.domain.ledger import Fill, Flow
from risk.domain.market import Period
from risk.domain.orders import Side
from risk.domain.ports import Carried
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import TradingState
from risk.engine import authority, couriers
from risk.errors import SchemaMismatch, SettingInvalid, StateUnreadable, UnknownPortfolio
from risk.executors.advise import AdvisingExecutor
from risk.executors.paper import PaperExecutor
from risk.feeds import simulated
from risk.feeds.files import load_bars
from risk.feeds.replaying import closes_with_days
from risk.lab.demo import THE_DEMO, demo_policy
from risk.measures.stops import ATR_BARS
from risk.runtime import Engine, build_authority, build_changes, build_reader, post, world
from risk.storage import journal, tables, writer
from risk.storage.anchor import AnchorFile
from risk.storage.codec import decode_event
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.hindsight import SqlHindsight
from risk.storage.latches import latch
from risk.storage.lease import SqlLeaseOffice
from risk.storage.policies import PolicyEntry, policy_history
from risk.storage.portfolios import add_portfolio, facts_of, fund, import_entries
from risk.storage.proving import prove
from risk.storage.schema import upgrade
from risk.storage.store import SqlStore
from tests.network import free_port
from tests.pages.conftest import forget_pages
from tests.postgres import PostgresServer
from tests.price_tables import table, walk
from tests.sharing import SharedFolder
from tests.storage.adopting import asked, choosing
from tests.storage.rows import count, read, write
from tests.storage.writers import ForkedProcess

#: The demo's past, cut from months to what shows a scored day.
PAST_HOURS = 60
#: What models and strategies have seen before it, cut to what they need; at full length each of
#: forty starts makes 14,500 bars. That it has its full length is tests/feeds/test_simulated.py's.
HOURS_BEFORE, DAYS_BEFORE = 1_000, 400
BRISK = 0.05
DEMO = "demo"


@pytest.fixture(scope="module", autouse=True)
def short_past() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world, "HISTORY_HOURS", PAST_HOURS)
        patch.setattr(simulated, "HISTORY_HOURS", HOURS_BEFORE)
        patch.setattr(simulated, "HISTORY_DAYS", DAYS_BEFORE)
        yield


@pytest.fixture(scope="module", autouse=True)
def swift_writer(short_past: None) -> Iterator[None]:
    """Beside each engine; that it is launched as it should is tests/storage/test_writer.py's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "_launched", ForkedProcess)
        yield


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    """An engine takes over the process's signals."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


# --- databases -----------------------------------------------------------------------------


def migrated(url: str) -> str:
    engines = open_engines(url)
    upgrade(engines)
    engines.dispose()
    return url


@pytest.fixture(scope="module")
def lived_file(shared_folder: SharedFolder, short_past: None) -> Path:
    """A database in which the demo has been started once, and ended after two turns."""

    def live(home: Path) -> None:
        settings = brisk(home)
        migrated(settings.database_url)
        turns_of(settings, 2)

    return shared_folder("lived", live) / "seawall.db"


@pytest.fixture(scope="module")
def lived_database(
    postgres: PostgresServer,
    postgres_template: str,
    tmp_path_factory: pytest.TempPathFactory,
    short_past: None,
) -> Iterator[str]:
    """Name of a database on Postgres with the same course, to be copied."""
    name = "lived"
    url = postgres.create_database(name, template=postgres_template)
    turns_of(brisk(tmp_path_factory.mktemp("lived"), database_url=url), 2)
    yield name
    postgres.drop_database(name)


@pytest.fixture
def lived_postgres_url(postgres: PostgresServer, lived_database: str) -> Iterator[str]:
    with postgres.own_database(template=lived_database) as url:
        yield url


@pytest.fixture
def empty_home(tmp_path: Path) -> Path:
    """With tables and nothing in them."""
    migrated(f"sqlite:///{tmp_path}/seawall.db")
    return tmp_path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def lived(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a demo that has been started once, and ended after two turns."""
    if request.param == "postgres":
        return brisk(tmp_path, database_url=request.getfixturevalue("lived_postgres_url"))
    shutil.copy(request.getfixturevalue("lived_file"), tmp_path)
    return brisk(tmp_path)


@pytest.fixture
def lived_on_file(lived_file: Path, tmp_path: Path) -> Settings:
    shutil.copy(lived_file, tmp_path)
    return brisk(tmp_path)


def brisk(home: Path, **changes: object) -> Settings:
    return Settings(home=home, cycle_seconds=BRISK, **changes)


# --- engines -------------------------------------------------------------------------------


def turns_of(settings: Settings, turns: int) -> int:
    """Start the engine, end it as a supervisor does after some beats; returns how many there were.

    While a past is led through, its cycles beat too.
    """
    engine = build_authority(settings)
    beats, past = 0, cycles_of(settings) or past_of(settings)

    def beat() -> None:
        nonlocal beats
        beats += 1
        if cycles_of(settings) >= past + turns:
            os.kill(os.getpid(), signal.SIGTERM)

    engine.run(beat=beat)
    return beats


def past_of(settings: Settings) -> int:
    return PAST_HOURS if settings.portfolio == DEMO and settings.feed == "simulated" else 0


def looking(settings: Settings) -> "Looking":
    return Looking(settings)


class Looking:
    """The database of an engine, opened for a look and closed again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __enter__(self) -> Engines:
        self._engines = open_engines(self._settings.database_url)
        return self._engines

    def __exit__(self, *_exception: object) -> None:
        self._engines.dispose()


def cycles_of(settings: Settings) -> int:
    with looking(settings) as engines:
        return count(engines, tables.cycle)


def loaded(settings: Settings) -> Carried:
    with looking(settings) as engines:
        carried = SqlStore(engines).load(settings.portfolio)
    assert carried is not None
    return carried


@dataclass(frozen=True)
class Verified:
    """What a database that is whole tells."""

    carried: Carried
    cycles: int
    entries: int


def verified(settings: Settings) -> Verified:
    """Every table tells of the same cycles, numbered without a hole, and the journal holds."""
    portfolio = settings.portfolio
    with looking(settings) as engines:
        carried = SqlStore(engines).load(portfolio)
        assert carried is not None
        number = carried.state.cycle
        assert read(
            engines, "SELECT count(*), min(number), max(number) FROM cycle"
        ) == [(number, 1, number)]  # fmt: skip
        assert read(engines, "SELECT max(number) FROM snapshot") == [(number,)]
        entries = count(engines, tables.ledger_entry)
        assert carried.ledger.seq == entries
        with transaction(engines.reader) as connection:
            checked = [journal.verify(connection, each) for each in (portfolio, PEOPLE_STREAM)]
        assert sum(checked) == count(engines, tables.journal)
    return Verified(carried, number, entries)


def require_same_course(before: Carried, after: Carried) -> None:
    """Restarting re-bases nothing."""
    then, now = before.state.performance, after.state.performance
    assert now.inception == then.inception
    if after.state.at.date() == before.state.at.date():
        assert now.day_start == then.day_start
    assert now.peak == then.peak or now.peak.unit_value > then.peak.unit_value
    assert after.state.at >= before.state.at
    assert after.ledger.net_flows == before.ledger.net_flows


# --- the demo ------------------------------------------------------------------------------


def test_a_first_start_leads_the_demo_through_its_past(lived):
    found = verified(lived)
    state = found.carried.state
    performance = state.performance

    assert found.cycles >= PAST_HOURS + 2
    assert state.at - performance.inception.at > timedelta(hours=PAST_HOURS - 1)
    assert performance.inception.equity == pytest.approx(2_500_000.0, rel=1e-3)
    assert found.carried.ledger.positions
    assert state.standing().state is TradingState.NORMAL
    assert datetime.now(UTC) - state.at < timedelta(minutes=30)
    assert all(r.average.bars >= PAST_HOURS + ATR_BARS for r in state.ranges.values())
    assert state.ranges.keys() == set(found.carried.models.hour.assets)


def test_the_past_beats_so_that_nobody_takes_it_for_frozen(empty_home):
    settings = brisk(empty_home)

    assert turns_of(settings, 1) >= PAST_HOURS + 1


def test_the_past_has_scored_days_and_hours_to_judge_the_var_by(lived_on_file):
    reader = build_reader(lived_on_file)
    until = datetime.now(UTC)
    scored = {
        period: reader.forecasts_scored(
            DEMO, period, since=until - timedelta(days=400), until=until
        )
        for period in Period
    }

    assert len(scored[Period.HOUR]) > PAST_HOURS / 2
    assert len(scored[Period.DAY]) >= 1
    assert all(isinstance(each, ForecastScored) for each in scored[Period.DAY])


def test_a_restart_goes_on_where_the_engine_stopped(lived):
    before = verified(lived)
    turns_of(lived, 2)
    after = verified(lived)

    assert after.cycles >= before.cycles + 2
    require_same_course(before.carried, after.carried)
    deposits = "SELECT count(*) FROM ledger_entry WHERE kind = 'flow'"
    with looking(lived) as engines:
        assert read(engines, deposits) == [(1,)]


def test_a_halt_reaches_people_while_the_engine_rules(lived, monkeypatch):
    monkeypatch.setattr(couriers, "_EVERY", 0.01)
    book = Scope(ScopeKind.PORTFOLIO, DEMO)
    with looking(lived) as engines, transaction(engines.writer) as connection:
        latch(
            connection, DEMO, book, TradingState.HALTED,
            who="anna", reason="fire drill", latch_id="drill-1", at=datetime.now(UTC),
        )  # fmt: skip
    delivered = "SELECT notice FROM outbox WHERE channel = 'log' AND delivered_ms IS NOT NULL"
    with looking(lived) as engines, capture_logs() as told:

        def beat() -> None:
            if read(engines, delivered):
                os.kill(os.getpid(), signal.SIGTERM)

        build_authority(lived).run(beat=beat)
        assert len(read(engines, delivered)) == 1

    notices = [line for line in told if line["event"] == "notice"]
    assert [line["subject"] for line in notices] == ["HALTED: portfolio demo, by anna"]


def test_an_address_for_notices_that_is_of_no_use_is_refused_at_the_start(lived_on_file):
    wrong = replace(lived_on_file, notify_urls=("slack://s3cret",))

    with pytest.raises(SettingInvalid, match="SEAWALL_NOTIFY_URLS has an address that cannot be"):
        build_authority(wrong)


def policy_entries(settings: Settings) -> list[PolicyEntry]:
    with looking(settings) as engines, transaction(engines.reader) as connection:
        return policy_history(connection, DEMO)


def test_the_demo_adopts_its_own_policy_before_its_past(lived):
    state = verified(lived).carried.state
    (entry,) = policy_entries(lived)

    assert state.policy == replace(demo_policy(DEMO), version=1, by=THE_DEMO)
    assert entry.action.who == THE_DEMO
    assert entry.adopted.at == state.performance.inception.at
    turns_of(lived, 1)
    assert len(policy_entries(lived)) == 1


def test_a_demo_from_before_there_were_policies_adopts_one_at_its_next_start(
    empty_home, monkeypatch
):
    settings = brisk(empty_home)
    with monkeypatch.context() as patch:
        patch.setattr(post, "seed_policy", lambda _engines: None)
        turns_of(settings, 1)
    before = loaded(settings).state
    turns_of(settings, 2)

    assert before.policy is None
    assert verified(settings).carried.state.policy.by == THE_DEMO


def models_told(settings: Settings) -> list[str]:
    with looking(settings) as engines:
        bodies = read(engines, "SELECT body FROM journal WHERE kind = 'BookModelChanged'")
    return [decode_event(body).model for (body,) in bodies]


def test_a_choice_waits_for_the_engine_is_told_once_and_wins_over_the_setting(lived):
    with looking(lived) as engines, transaction(engines.writer) as connection:
        asked(connection, DEMO, choosing("historical_250"), at=datetime.now(UTC))
    turns_of(lived, 2)
    chosen = verified(lived).carried
    turns_of(replace(lived, var_model="parametric_t"), 2)
    restarted = verified(lived).carried

    for carried in (chosen, restarted):
        assert carried.models.day.spec.method == "historical_250"
        assert (carried.state.book_model.name, carried.state.book_model.by) == (
            "historical_250",
            "anna",
        )
        assert carried.state.action_seq == 2, "after the demo's policy"
    assert models_told(lived) == ["historical_250"]


def test_another_setting_measures_a_book_for_which_nobody_chose_and_is_told(lived_on_file):
    turns_of(replace(lived_on_file, var_model="parametric_t"), 2)
    found = verified(lived_on_file).carried

    assert found.models.day.spec.method == "parametric_t"
    assert found.state.book_model.by == BY_SETTING
    assert models_told(lived_on_file) == ["parametric_t"]


def test_a_restart_has_the_same_market(lived_on_file):
    before = loaded(lived_on_file)
    turns_of(lived_on_file, 1)
    after = loaded(lived_on_file)

    hour = after.models.hour
    assert hour.closed - before.models.hour.closed in (timedelta(0), timedelta(hours=1))
    assert hour.version - before.models.hour.version == (
        (hour.closed - before.models.hour.closed) / timedelta(hours=1)
    )


def test_an_engine_that_is_told_to_end_gives_its_lease_back(lived):
    turns_of(lived, 1)

    with looking(lived) as engines:
        office = SqlLeaseOffice(engines)
        lease = office.acquire(DEMO, "next")
        assert lease is not None
        office.release(lease)


def test_an_engine_that_is_told_to_end_leaves_its_journal_signed_to_the_last_entry(lived):
    turns_of(lived, 1)

    with looking(lived) as engines:
        ((last,),) = read(engines, f"SELECT max(seq) FROM journal WHERE stream = '{DEMO}'")
        proof = prove(
            engines,
            [DEMO],
            keys=known_public_keys(lived.journal_key),
            anchors=[AnchorFile(lived.anchor)],
        )
    (of_demo,) = proof.streams
    assert of_demo.signed is not None
    assert (of_demo.entries, of_demo.signed.seq, of_demo.anchored) == (last, last, last)


def test_an_engine_looks_back_on_episodes_with_its_housekeeping(lived_on_file, monkeypatch):
    looked: list[SqlHindsight] = []
    monkeypatch.setattr(authority, "_HOUSEKEEPING", timedelta(milliseconds=20))

    def look_back(hindsight: SqlHindsight) -> None:
        looked.append(hindsight)

    monkeypatch.setattr(SqlHindsight, "look_back", look_back)

    def beat() -> None:
        if looked:
            os.kill(os.getpid(), signal.SIGTERM)

    build_authority(lived_on_file).run(beat=beat)

    with looking(lived_on_file) as engines:
        ((token,),) = read(engines, "SELECT token FROM lease")
    assert {each._token for each in looked} == {token}


def test_a_sped_up_market_runs_ahead_and_does_not_come_back(lived_on_file):
    before = loaded(lived_on_file)
    fast = replace(lived_on_file, speed=100_000.0)
    turns_of(fast, 3)
    ahead = loaded(fast)
    assert ahead.state.at - before.state.at > timedelta(hours=1)
    assert ahead.models.hour.version > before.models.hour.version

    turns_of(replace(fast, speed=1.0), 2)

    require_same_course(ahead, verified(fast).carried)


LAST_SEEN = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "hours_on"),
    [
        ({}, 3),
        ({"speed": 60.0}, 0),
        ({"feed": "files", "prices": Path("prices.csv")}, 0),
    ],
)
def test_only_a_simulated_market_at_its_natural_speed_goes_on_while_nobody_looks(
    tmp_path, monkeypatch, changes, hours_on
):
    monkeypatch.setattr(world, "wall_time", lambda: LAST_SEEN + timedelta(hours=3))
    monkeypatch.setattr(world.time, "monotonic", lambda: 17.0)
    lived_in = world.World(settings=brisk(tmp_path, **changes), origin=LAST_SEEN)

    assert world.clock_of(lived_in, LAST_SEEN).now() == LAST_SEEN + timedelta(hours=hours_on)


# --- refusals ------------------------------------------------------------------------------


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.csv"
    table(walk(200), asset="BTC").to_csv(path, index=False)
    return path


def test_another_seed_than_the_portfolio_has_lived_with_is_refused(lived_on_file):
    with pytest.raises(SettingInvalid, match=r"SEAWALL_SEED is 7, but portfolio demo .* 42"):
        build_authority(replace(lived_on_file, seed=7))


def test_another_feed_than_the_portfolio_has_lived_with_is_refused(lived_on_file, prices):
    with pytest.raises(SettingInvalid, match="SEAWALL_FEED is files, but portfolio demo"):
        build_authority(replace(lived_on_file, feed="files", prices=prices))


def test_a_refused_world_leaves_no_trace(lived_on_file, prices):
    with looking(lived_on_file) as engines:
        with transaction(engines.reader) as connection:
            before = facts_of(connection, "demo")
        with pytest.raises(SettingInvalid, match="SEAWALL_FEED is files"):
            build_authority(replace(lived_on_file, feed="files", prices=prices))
        with transaction(engines.reader) as connection:
            after = facts_of(connection, "demo")

    assert after == before


def test_a_start_that_never_took_a_cycle_binds_a_portfolio_to_nothing(empty_home, prices):
    settings = brisk(empty_home, portfolio="mine", feed="files", prices=prices)
    with looking(settings) as engines:
        with transaction(engines.writer) as connection:
            add_portfolio(connection, "mine", at=datetime.now(UTC))
        build_authority(settings)
        build_authority(replace(settings, feed="simulated"))
        with transaction(engines.reader) as connection:
            assert facts_of(connection, "mine")["feed"] == "simulated"


# --- engines that cannot go on -------------------------------------------------------------


def test_a_state_of_a_newer_program_is_refused_and_told_on_the_screens(lived_on_file):
    write_of(lived_on_file, "UPDATE risk_state SET body = X'927f80'")

    with pytest.raises(StateUnreadable, match=r"RiskState .*format 127"):
        turns_of(lived_on_file, 1)

    sign = build_reader(lived_on_file).engine(DEMO)
    assert sign.problem.startswith("The engine cannot go on: a stored RiskState cannot be read")
    assert not sign.running


def test_an_entry_that_cannot_be_digested_is_told_on_the_screens_until_it_is_gone(lived_on_file):
    body = (
        '{"id":"x","strategy":"trend","asset":"BTC/USDT","venue":"sim-a","side":"buy",'
        '"quantity":1e300,"price":1e300,"at":"2024-01-01T00:00:00Z"}'
    )
    write_of(
        lived_on_file,
        "INSERT INTO ledger_inbox (portfolio, kind, external_id, at_ms, body)"
        " VALUES ('demo', 'fill', 'sim-a/x', 0, :body)",
        body=body,
    )
    with pytest.raises(Exception) as failure:  # noqa: PT011 - whatever it is, it must be told
        turns_of(lived_on_file, 1)
    problem = build_reader(lived_on_file).engine(DEMO).problem
    assert problem == f"The engine cannot go on: {failure.value!r}."

    write_of(lived_on_file, "DELETE FROM ledger_inbox")
    turns_of(lived_on_file, 1)

    assert build_reader(lived_on_file).engine(DEMO).problem is None


def write_of(settings: Settings, sql: str, **values: object) -> None:
    engines = open_engines(settings.database_url)
    write(engines, sql, **values)
    engines.dispose()


def test_an_unknown_portfolio_is_refused(empty_home):
    with pytest.raises(UnknownPortfolio, match="no portfolio is called 'mine'; there are none"):
        build_authority(brisk(empty_home, portfolio="mine"))


@pytest.mark.parametrize("build", [build_authority, build_reader, build_changes])
def test_a_database_without_tables_is_refused(tmp_path, build):
    with pytest.raises(SchemaMismatch, match="run `seawall migrate`"):
        build(brisk(tmp_path))


# --- one's own portfolio -------------------------------------------------------------------

HOURS_IMPORTED, HOURS_REPLAYED = 24 * 130, 48
IMPORTED_FROM = datetime(2024, 1, 1, tzinfo=UTC)
REPLAYED_FROM = IMPORTED_FROM + timedelta(hours=HOURS_IMPORTED)


@pytest.fixture
def own(empty_home: Path) -> Settings:
    """A portfolio with bars imported, money and a position waiting, and a file to live through."""
    closes = walk(HOURS_IMPORTED + HOURS_REPLAYED)
    older, newer = empty_home / "older.csv", empty_home / "newer.csv"
    table(closes[:HOURS_IMPORTED], start=IMPORTED_FROM).to_csv(older, index=False)
    table(closes[HOURS_IMPORTED:], start=REPLAYED_FROM).to_csv(newer, index=False)
    settings = brisk(empty_home, portfolio="mine", feed="files", prices=newer, speed=3600.0)
    with looking(settings) as engines:
        SqlStore(engines).record_closes(
            close for close, _ in closes_with_days(load_bars(older).closes())
        )
        with transaction(engines.writer) as connection:
            add_portfolio(connection, "mine", at=REPLAYED_FROM)
            fund(connection, "mine", Flow(id="d1", amount=10_000.0, at=REPLAYED_FROM))
            import_entries(connection, "mine", [purchase()])
    return settings


def purchase() -> Fill:
    return Fill(
        id="f1",
        strategy="mine",
        asset="BTC",
        venue="desk",
        side=Side.BUY,
        quantity=50.0,
        price=100.0,
        at=REPLAYED_FROM,
    )


def test_an_own_portfolio_with_imported_bars_has_a_measured_var(own):
    turns_of(own, 3)
    found = verified(own)
    latest = build_reader(own).latest("mine")

    assert found.carried.ledger.cash == pytest.approx(5_000.0)
    assert (found.entries, found.carried.ledger.net_flows) == (2, 10_000.0)
    held = latest.assessment.held.day
    exposure = latest.assessment.held.exposure.gross
    assert 0.0 < held.var[2] < exposure
    assert latest.state.ranges["BTC"].average.bars >= ATR_BARS
    assert latest.state.standing().state is TradingState.NORMAL


def test_a_file_is_lived_through_from_where_it_was_left(own):
    turns_of(own, 2)
    before = loaded(own)
    assert before.state.at >= REPLAYED_FROM
    turns_of(own, 2)
    after = loaded(own)

    require_same_course(before, after)
    with looking(own) as engines:
        times = [at for (at,) in read(engines, "SELECT at_ms FROM cycle ORDER BY number")]
    assert times == sorted(times)


def test_an_own_portfolio_may_live_in_the_simulated_market_without_the_demo_s_desk(empty_home):
    settings = brisk(empty_home, portfolio="mine")
    with looking(settings) as engines, transaction(engines.writer) as connection:
        add_portfolio(connection, "mine", at=datetime.now(UTC))
    turns_of(settings, 2)
    found = verified(settings)

    assert found.entries == 0
    assert found.carried.state.standing().state is TradingState.HALTED
    assert found.carried.models.day.scenarios is not None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, AdvisingExecutor), ({"executor": "paper"}, PaperExecutor)],
    ids=["unset", "paper"],
)
@pytest.mark.parametrize("portfolio", [DEMO, "mine"])
def test_somebody_acts_on_reductions_and_not_two(tmp_path, portfolio, changes, expected):
    settings = brisk(tmp_path, portfolio=portfolio, **changes)
    lived_in = world.World(settings=settings, origin=IMPORTED_FROM)

    assert type(lived_in.executor) is expected
    assert lived_in.agents_reduce == (expected is AdvisingExecutor)


# --- the demo's agents ----------------------------------------------------------------------

#: Beats within which something must have come about.
PATIENCE = 1_000


def led_until(settings: Settings, came_about: Callable[[Engine], bool]) -> None:
    """Run an engine that agents can ask, until it has come about."""
    engine, beats = build_authority(settings), 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if came_about(engine) or beats >= PATIENCE:
            os.kill(os.getpid(), signal.SIGTERM)

    with api_of(engine, settings):
        engine.run(beat=beat)
    assert beats < PATIENCE, "it never came about"


def traded(settings: Settings) -> int:
    """Orders of the demo's agents that were decided, traded and booked."""
    with looking(settings) as engines:
        ((orders,),) = read(
            engines,
            "SELECT count(*) FROM decision WHERE client_order_id LIKE 'paper/%'"
            " AND status = 'filled' AND sender LIKE 'service %'",
        )
    return orders


def test_the_demo_s_agents_ask_trade_and_leave_nothing_open(lived_on_file):
    fast = replace(lived_on_file, speed=20_000.0, api_port=free_port())
    before = verified(fast)
    led_until(fast, lambda _engine: traded(fast) >= 3)
    busy = verified(fast)
    led_until(fast, no_room_is_held)

    assert busy.entries > before.entries
    assert all(name.startswith("paper/") for name in busy.carried.ledger.reservations)
    assert len(flows_of(fast)) == 1, "the first deposit"
    require_same_course(before.carried, verified(fast).carried)


def no_room_is_held(engine: Engine) -> bool:
    gate = engine.gate()
    return gate is not None and not gate.ledger.reservations


def flows_of(settings: Settings) -> list[object]:
    with looking(settings) as engines:
        return read(engines, "SELECT * FROM ledger_entry WHERE kind = 'flow'")


def test_where_nobody_answers_the_demo_s_agents_wait_and_the_engine_does_not(lived_on_file):
    alone = replace(lived_on_file, speed=20_000.0, api_port=free_port())
    before = verified(alone)
    turns_of(alone, 5)

    assert verified(alone).entries == before.entries
    assert traded(alone) == 0


# --- sudden death --------------------------------------------------------------------------

KILLS = 4


def killed_in_mid_cycle(settings: Settings, after_seconds: float) -> None:
    """Let an engine take some turns in a process of its own, and kill it at a random moment."""
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        try:
            build_authority(settings).run(beat=lambda: os.write(told, b"!"))
        finally:
            os._exit(1)
    os.close(told)
    for _ in range(2):
        assert os.read(heard, 1) == b"!", "the engine ended by itself"
    # A moment at random within the turns that follow.
    select.select([], [], [], after_seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(heard)


@pytest.mark.slow
def test_an_engine_killed_again_and_again_tears_loses_and_re_bases_nothing(lived):
    moments = random.Random(11)
    course = [verified(lived)]
    for _ in range(KILLS):
        killed_in_mid_cycle(lived, moments.uniform(0.0, 2 * BRISK))
        _let_its_lease_run_out(lived)
        course.append(verified(lived))
        require_same_course(course[-2].carried, course[-1].carried)

    numbers = [each.cycles for each in course]
    assert numbers == sorted(set(numbers)), "every engine got some way further"
    require_same_course(course[0].carried, course[-1].carried)


def _let_its_lease_run_out(settings: Settings) -> None:
    if settings.database_url.startswith("postgresql"):
        with looking(settings) as engines:
            write(engines, "UPDATE lease SET expires_ms = 0")


# --- what the web reads --------------------------------------------------------------------


def test_the_reader_shows_what_the_engine_saved(lived):
    reader = build_reader(lived)
    found = loaded(lived)
    latest = reader.latest(DEMO)

    assert [book.name for book in reader.books()] == [DEMO]
    assert reader.pulse(DEMO).cycle == found.state.cycle
    assert latest.state == found.state
    assert latest.assessment.equity == pytest.approx(found.state.performance.equity)
    assert (reader.feed.label, reader.feed.simulated, reader.feed.seed) == ("simulated", True, 42)
    assert reader.cycle_seconds == BRISK


def test_the_reader_names_the_file_that_is_lived_through(own):
    feed = build_reader(own).feed

    assert (feed.label, feed.simulated, feed.seed) == ("file newer.csv", False, None)


@pytest.fixture
def web_server(lived_on_file: Settings, monkeypatch) -> Iterator[Callable[[], Flask]]:
    """`app.server`, over a database in which the demo has lived."""
    monkeypatch.setenv("SEAWALL_HOME", str(lived_on_file.home))
    forget_pages()
    yield lambda: app.server
    vars(app).pop("server", None)
    forget_pages()


def test_the_web_server_is_made_when_it_is_first_asked_for(web_server):
    assert "server" not in vars(app)
    server = web_server()

    assert isinstance(server, Flask)
    assert web_server() is server


def test_the_web_server_answers(web_server):
    client = web_server().test_client()
    client.environ_base["HTTP_HOST"] = "127.0.0.1:8050"

    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/live").json["cycle"] > PAST_HOURS


def test_the_application_has_no_other_secret_names():
    with pytest.raises(AttributeError, match="app has no attribute nonsense"):
        _ = app.nonsense
