"""`seawall halt`, `resume`, `halts`: the engine first, then the database, no false word."""

import json
import pwd
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import httpx2
import pytest

from risk.auth.service_key import keep_service_key
from risk.commands import halts
from risk.config import load_settings
from risk.domain.actions import LatchTrading, ResumeTrading
from risk.domain.keys import SERVICE_KEY_FILE
from risk.domain.ports import AccountReading, MarketReading
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.engine import line
from risk.engine.cycle import take_cycle
from risk.errors import StoreUnavailable
from risk.storage.actions import SqlActions
from risk.storage.engines import open_engines, transaction
from risk.storage.latches import latch
from risk.storage.lease import SqlLeaseOffice
from risk.storage.store import SqlStore
from tests.builders import NOON
from tests.engine.worlds import nothing_yet

PORTFOLIO = "demo"
DOGE = Scope(ScopeKind.ASSET, "DOGE/USDT")
HELD = {"scope": "portfolio:demo", "trading_state": "HALTED", "journalled": True}


@dataclass
class Authority:
    """What answers at the authority's port, and what it was asked."""

    status: int = 200
    answer: object = field(default_factory=lambda: dict(HELD))
    asked: list[tuple[str, dict[str, str], dict[str, object]]] = field(default_factory=list)
    silent: threading.Event | None = None
    holds: list[dict[str, object]] = field(default_factory=list)
    over: str = "demo"


@pytest.fixture
def engine(home, monkeypatch) -> Iterator[Authority]:
    """An authority on a port of its own, and its key."""
    told = Authority()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.asked.append((self.path, dict(self.headers), json.loads(body)))
            if told.silent is not None:
                told.silent.wait(10)
                return
            raw = (
                told.answer if isinstance(told.answer, bytes) else json.dumps(told.answer).encode()
            )
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def do_GET(self) -> None:
            known = {
                "/api/v1/status": {"portfolio": told.over, "cycle": 7},
                "/api/v1/breakers": {"holds": told.holds},
            }
            raw = json.dumps(known[self.path]).encode()
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("SEAWALL_API_PORT", str(server.server_port))
    keep_service_key(load_settings().home)
    yield told
    if told.silent is not None:
        told.silent.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def nobody(home, monkeypatch) -> None:
    """No authority: a port at which nothing listens, though there is a key."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    monkeypatch.setenv("SEAWALL_API_PORT", str(server.server_port))
    server.server_close()
    keep_service_key(load_settings().home)


@pytest.fixture
def book(run, monkeypatch):
    """A database with the portfolio of the settings."""
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: SimpleNamespace(pw_name="anna"))
    run("migrate")
    run("portfolios", "add", PORTFOLIO)


def written() -> list:
    engines = open_engines(load_settings().database_url)
    found = list(SqlActions(engines, PORTFOLIO).after(0))
    engines.dispose()
    return found


def latched(scope: Scope = DOGE, *, who: str = "ana", name: str = "x") -> None:
    """Somebody latches it meanwhile."""
    engines = open_engines(load_settings().database_url)
    with transaction(engines.writer) as connection:
        latch(
            connection, PORTFOLIO, scope, TradingState.HALTED,
            who=who, reason="fat finger", latch_id=name, at=NOON,
        )  # fmt: skip
    engines.dispose()


def take_in() -> None:
    """Let the engine take one cycle."""
    engines = open_engines(load_settings().database_url)
    store = SqlStore(engines)
    carried = store.load(PORTFOLIO) or nothing_yet((DOGE.name,))
    actions = SqlActions(engines, PORTFOLIO).after(carried.state.action_seq)
    market = MarketReading(at=NOON, marks={})
    record = take_cycle(carried, market, AccountReading(), actions=actions)
    office = SqlLeaseOffice(engines)
    lease = office.acquire(PORTFOLIO, "test")
    store.save(record, token=lease.token)
    office.release(lease)
    engines.dispose()


def halt(run, *options: object):
    return run("halt", "--reason", "fat finger", *options)


# --- the engine answers --------------------------------------------------------------------


def test_the_engine_is_asked_with_the_local_key_and_nothing_is_written(run, book, engine):
    result = halt(run)
    ((path, headers, body),) = engine.asked

    assert result.exit_code == 0
    assert result.stdout == (
        "portfolio:demo is HALTED: the engine holds it from the next order on.\n"
        "`seawall resume --portfolio demo --reason TEXT` lets it go.\n"
    )
    assert path == "/api/v1/commands"
    assert headers["Authorization"] == f"Bearer {keep_service_key(load_settings().home)}"
    assert headers["Content-Type"] == "application/json"
    assert len(body.pop("id")) == 32
    assert body == {
        "command": "halt",
        "portfolio": "demo",
        "reason": "fat finger",
        "scope": None,
        "who": "anna (command line)",
    }
    assert written() == []


@pytest.mark.parametrize(
    ("options", "scope"),
    [
        (["--asset", "DOGE/USDT"], "asset:DOGE/USDT"),
        (["--strategy", "trend"], "strategy:trend"),
        (["--strategy-type", "trend following"], "strategy_type:trend following"),
        (["--venue", "sim-a"], "venue:sim-a"),
    ],
)
def test_a_part_of_the_book_is_named_and_so_is_the_way_back(run, book, engine, options, scope):
    engine.answer = {"scope": scope, "trading_state": "REDUCE_ONLY", "journalled": True}
    result = halt(run, "--reduce-only", *options, "--who", "ana")
    ((_, _, body),) = engine.asked

    assert (body["command"], body["scope"], body["who"]) == ("reduce_only", scope, "ana")
    assert f"{scope} is REDUCE ONLY: the engine holds it" in result.stdout
    option, name = options
    named = f"'{name}'" if " " in name else name
    assert f"`seawall resume --portfolio demo {option} {named} --reason TEXT`" in result.stdout


def test_a_halt_works_without_any_database(run, engine):
    """No tables, no portfolio: the engine knows better."""
    engine.answer = {**HELD, "journalled": False}
    result = halt(run)

    assert result.exit_code == 0
    assert "Its database does not answer: it holds in memory" in result.stdout
    assert "An engine that is restarted before then does not know of it" in result.stdout


def test_what_holds_is_told_as_json(run, book, engine):
    document = json.loads(halt(run, "--json").stdout)

    assert len(document.pop("id")) == 32
    assert document == {
        "portfolio": "demo",
        "scope": "portfolio:demo",
        "trading_state": "HALTED",
        "held_by": "engine",
        "journalled": True,
        "who": "anna (command line)",
        "reason": "fat finger",
        "number": None,
        "problem": None,
    }


# --- the engine does not answer ------------------------------------------------------------


def test_while_no_engine_answers_it_is_written_down_and_said_so(run, book, nobody):
    result = halt(run, "--asset", DOGE.name)
    (action,) = written()

    assert result.exit_code == 0
    assert result.stdout.startswith("The engine does not answer at port ")
    assert "it will halt asset:DOGE/USDT as soon as it runs." in result.stdout
    assert "It waits in the database as number 1; an engine takes it in with" in result.stdout
    assert isinstance(action, LatchTrading)
    assert (action.scope, action.state) == (DOGE, TradingState.HALTED)
    assert (action.who, action.reason) == ("anna (command line)", "fat finger")


def test_without_a_key_it_is_written_down(run, book):
    result = halt(run, "--reduce-only")

    assert "The engine cannot be asked: SEAWALL_HOME is where there is no key " in result.stdout
    assert "it will let only reductions pass in portfolio:demo" in result.stdout
    assert [action.state for action in written()] == [TradingState.REDUCE_ONLY]


def test_with_a_key_that_is_none_it_is_written_down(run, book):
    (load_settings().home / SERVICE_KEY_FILE).write_text("nonsense")

    assert "service.key, which is no key: remove it, and start again; it will" in halt(run).stdout
    assert len(written()) == 1


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (401, {"error": "no_key", "message": "no such key"}, "answers 401: no such key"),
        (404, b"nothing here", "answers 404: Not Found"),
        (503, {"error": "standby", "message": "not the authority"}, "answers 503: not the auth"),
        (200, b"<html>hello</html>", "does not answer: another program does"),
        (200, {**HELD, "scope": "portfolio:other"}, "does not answer: another program does"),
    ],
)
def test_an_answer_that_halts_nothing_is_told_and_it_is_written_down(
    run, book, engine, status, answer, told
):
    engine.status, engine.answer = status, answer
    result = halt(run, "--json")
    document = json.loads(result.stdout)

    assert document["held_by"] == "database"
    assert document["number"] == 1
    assert told in document["problem"]
    assert [action.id for action in written()] == [document["id"]]


def test_an_engine_that_hangs_is_not_waited_for_and_counts_once(run, book, engine, monkeypatch):
    monkeypatch.setattr(line, "PATIENCE", httpx2.Timeout(0.2, connect=1.0))
    engine.silent = threading.Event()
    result = halt(run)
    ((_, _, body),) = engine.asked

    assert "The engine did not finish its answer in time; it will halt" in result.stdout
    assert [action.id for action in written()] == [body["id"]]


# --- neither answers -----------------------------------------------------------------------


def test_when_both_fail_it_says_that_nothing_is_halted(run, nobody):
    result = halt(run)

    assert result.exit_code == 1
    assert "Error: nothing is halted. The engine does not answer at port" in result.stderr
    assert "the database cannot be written: " in result.stderr
    assert result.stdout == ""


def test_a_database_that_another_program_holds_is_not_waited_for_in_vain(
    run, book, nobody, monkeypatch
):
    monkeypatch.setattr(open_engines, "__kwdefaults__", {"patience": 0.05})
    holder = open_engines(load_settings().database_url)
    with transaction(holder.writer):
        result = halt(run)
    holder.dispose()

    assert result.exit_code == 1
    assert "nothing is halted" in result.stderr
    assert "the database cannot be written: the database did not answer: " in result.stderr


def test_when_the_engine_may_have_heard_it_says_so(run, engine, monkeypatch):
    monkeypatch.setattr(line, "PATIENCE", httpx2.Timeout(0.2, connect=1.0))
    engine.silent = threading.Event()
    result = halt(run)

    assert result.exit_code == 1
    assert "whether portfolio:demo is halted is not known" in result.stderr


def test_an_engine_that_failed_inside_may_have_halted(run, engine):
    engine.status, engine.answer = 500, b"oops"
    result = halt(run)

    assert result.exit_code == 1
    assert "is not known. The engine answers 500: Internal Server Error" in result.stderr


def test_a_name_that_engine_and_database_refuse_alike_is_told_once(run, book, engine):
    told = "no portfolio is called 'dmo'; did you mean demo?"
    engine.status, engine.answer = 400, json.dumps({"error": "x", "message": told}).encode()
    result = halt(run, "--portfolio", "dmo")

    assert result.exit_code == 2
    assert result.stderr == f"Error: nothing is halted. The engine answers 400: {told}\n"


def test_a_home_that_cannot_be_made_is_no_wrong_input(run, home, monkeypatch):
    (home / "file").write_text("")
    monkeypatch.setenv("SEAWALL_HOME", str(home / "file" / "state"))
    result = halt(run)

    assert result.exit_code == 1
    assert "nothing is halted" in result.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--asset", "A", "--venue", "v"], "one part of the book at a time, not asset and venue"),
        (["--who", " "], "who asks must have a name"),
        (["--reason", " "], "a reason is one line"),
        (["--portfolio", "dmo"], "nothing is halted"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_done(run, book, nobody, options, told):
    result = halt(run, *options)

    assert result.exit_code == 2
    assert told in result.stderr
    assert written() == []


# --- halts and resume ----------------------------------------------------------------------


def test_halts_lists_what_is_in_force_and_what_waits(run, book):
    assert run("halts").stdout == "Nobody has stopped anything in demo.\n"
    latched()
    waiting = run("halts").stdout
    take_in()
    latched(Scope(ScopeKind.STRATEGY, "trend"), who="eve", name="y")
    run("resume", "--asset", DOGE.name, "--reason", "checked", "--seen", 1)
    told = run("halts").stdout.splitlines()
    documents = json.loads(run("halts", "--json").stdout)["latches"]

    assert "waits for the engine" in waiting
    assert "asset:DOGE/USDT" in told[1]
    assert "HALTED" in told[1]
    assert "2024-01-01T12:00:00+00:00  ana  fat finger" in told[1]
    assert "in force, its end waits for the engine" in told[1]
    assert "strategy:trend" in told[2]
    assert "waits for the engine" in told[2]
    assert [(each["scope"], each["in_force"], each["stays"]) for each in documents] == [
        ("asset:DOGE/USDT", True, False),
        ("strategy:trend", False, True),
    ]
    assert [each["number"] for each in documents] == [1, 2]


def by_a_person(scope: str, state: str = "HALTED", who: str = "eve") -> dict[str, object]:
    """A latch as the engine tells it."""
    since = "2024-01-01T12:00:00Z"
    said = {"scope": scope, "trading_state": state, "since": since, "cause": "fat finger"}
    return {**said, "source": "person", "by": who}


def test_halts_lists_what_the_engine_could_not_write_down_yet(run, book, engine):
    latched()
    take_in()
    engine.holds = [
        by_a_person("asset:DOGE/USDT", who="ana"),
        by_a_person("venue:sim-a", "REDUCE_ONLY"),
        {**by_a_person("strategy:trend"), "source": "rule", "by": None},
    ]
    result = run("halts")
    document = json.loads(run("halts", "--json").stdout)

    _, written_down, held_only = map(str.rstrip, result.stdout.splitlines())
    assert written_down.endswith("in force")
    assert held_only.split()[:6] == [
        "venue:sim-a", "REDUCE", "ONLY", "2024-01-01T12:00:00+00:00", "eve", "fat",
    ]  # fmt: skip
    assert held_only.endswith("in force, in the engine's memory alone")
    assert result.stderr == ""
    assert (document["engine"], document["database"]) == (None, None)
    assert [(each["number"], each["scope"]) for each in document["latches"]] == [
        (1, "asset:DOGE/USDT"),
        (None, "venue:sim-a"),
    ]


def test_halts_says_which_of_the_two_it_could_not_ask(run, book, engine, monkeypatch):
    latched()
    engine.over = "other"
    unheard = run("halts")
    engine.over = "demo"
    engine.holds = [by_a_person("portfolio:demo")]

    def away():
        raise StoreUnavailable("the database does not answer")

    monkeypatch.setattr(halts, "reading", away)
    from_memory = run("halts")

    assert "asset:DOGE/USDT" in unheard.stdout
    assert unheard.stderr.endswith(
        "is over another portfolio, other: this is what the database knows.\n"
    )
    assert "portfolio:demo" in from_memory.stdout
    assert from_memory.stderr == ("the database does not answer: this is what the engine holds.\n")
    assert (unheard.exit_code, from_memory.exit_code) == (0, 0)
    engine.status = 503
    assert run("halts").exit_code == 1, "nobody knows"


def test_a_tighter_one_that_waits_is_told_beside_what_is_in_force(run, book, nobody):
    halt(run, "--reduce-only")
    take_in()
    assert "in force" in run("halts").stdout
    halt(run)

    assert "REDUCE ONLY is in force, this waits for the engine" in run("halts").stdout


def test_resuming_shows_what_is_stopped_asks_and_waits_for_the_engine(run, book):
    latched()
    latched(Scope(ScopeKind.VENUE, "sim-a"), name="y")
    result = run("resume", "--asset", DOGE.name, "--reason", "checked", answer="y\n")
    *_, action = written()

    assert result.exit_code == 0
    assert "fat finger" in result.stdout
    assert "Resume asset:DOGE/USDT? [y/N]" in result.stdout
    assert "asset:DOGE/USDT is resumed from the engine's next cycle on." in result.stdout
    assert "Still stopped: venue:sim-a." in result.stdout
    assert isinstance(action, ResumeTrading)
    assert (action.who, action.reason, action.seen) == ("anna (command line)", "checked", 1)
    take_in()
    assert "asset" not in run("halts").stdout


def test_without_a_yes_nothing_is_resumed(run, book):
    latched()
    result = run("resume", "--asset", DOGE.name, "--reason", "checked", answer="n\n")

    assert result.exit_code == 1
    assert len(written()) == 1


def test_whoever_confirms_what_was_stopped_again_meanwhile_is_told(run, book, monkeypatch):
    latched()
    monkeypatch.setattr(
        "risk.commands.resume.click.confirm", lambda *_a, **_o: latched(who="eve", name="y")
    )
    result = run("resume", "--asset", DOGE.name, "--reason", "checked")

    assert result.exit_code == 2
    assert "latched again since number 1, which was seen: it is halted by eve" in result.stderr
    assert len(written()) == 2


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ((), "portfolio:demo is not latched: nothing in demo is"),
        ((DOGE,), "portfolio:demo is not latched; stopped are asset:DOGE/USDT"),
    ],
)
def test_what_is_not_stopped_is_not_resumed(run, book, before, told):
    for scope in before:
        latched(scope)
    result = run("resume", "--reason", "checked")

    assert result.exit_code == 2
    assert told in result.stderr


def test_to_resume_needs_a_database(run, home):
    result = run("resume", "--reason", "checked", "--seen", 1)

    assert result.exit_code == 1
    assert "seawall migrate" in result.stderr
