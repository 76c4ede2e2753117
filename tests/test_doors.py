"""Every door, tried by everybody: who may comes in, who may not is told so and changes nothing.

The doors, and what each needs, stand in `tests/doors.py`.
"""

import asyncio
import copy
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import structlog
from click.testing import CliRunner, Result

from risk.api.app import create_api
from risk.api.hub import Pace
from risk.api.resources import OPERATIONS
from risk.auth.keys import KeyRing
from risk.auth.passwords import Hasher
from risk.auth.terminal import TerminalLogin, keep_login, login_file
from risk.commands.doors import NEEDED
from risk.commands.group import seawall
from risk.commands.people import system_user
from risk.domain import changing
from risk.domain.actors import ABILITIES, Ability, Role, Via, who_can
from risk.domain.events import PEOPLE_STREAM, ActionDenied
from risk.domain.keys import KeyAbility
from risk.engine.clock import wall_time
from risk.mcp.registry import TOOLS
from risk.storage import codec
from risk.storage.engines import open_engines, sqlite_driver, transaction
from risk.storage.people import SqlPeople
from risk.storage.portfolios import add_portfolio
from risk.storage.schema import upgrade
from risk.storage.tables import metadata
from tests import doors
from tests.api.asking import HOST, order, slice_of
from tests.fakes_gate import ALL, FakeGate, FakeTelling, make_desk, make_key
from tests.fakes_people import CHEAP, People
from tests.mcp.conftest import House, Model
from tests.mcp.test_failures import GOOD
from tests.network import free_port

_NO_KEY, _UNKNOWN_KEY = "no key", "a key that nobody has"
#: Whose keys try: each ability alone, all, none at all, and those that open nothing here.
_KEYS: dict[str, frozenset[KeyAbility] | None] = {
    **{ability.value: frozenset({ability}) for ability in KeyAbility},
    "everything": ALL,
    "nothing": frozenset(),
    _NO_KEY: None,
    _UNKNOWN_KEY: None,
    "revoked": None,
    "of another book": None,
}


def _opens(needed: doors.Needed, who: str) -> bool:
    """Whether a key opens a door."""
    if needed is None:
        return True
    has = _KEYS[who]
    return has is not None and (not needed or bool(needed & has))


# --- the authority -------------------------------------------------------------------------

_BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/orders/validate": order(client_order_id="o-2"),
    "POST /api/v1/orders/{client_order_id}/fills": {"fill_id": "f", "quantity": 1.0, "price": 9.0},
    "POST /api/v1/signals/validate": {
        "portfolio": "demo",
        "strategy": "trend",
        "asset": "C000/USDT",
        "side": "buy",
    },
    "POST /api/v1/commands": {"command": "halt", "portfolio": "demo", "reason": "a storm"},
    "POST /api/v1/leases": slice_of(),
}
_PARAMETERS = {"GET /api/v1/metrics": "?metric=equity"}


@dataclass
class Authority:
    """The agents' face of a gate in memory, and a key for everybody who tries."""

    gate: FakeGate
    app: Any
    secrets: dict[str, str | None]
    loop: asyncio.Runner

    def ask(self, door: str, who: str) -> tuple[int, bytes]:
        method, _, path = door.partition(" ")
        address = path.replace("{client_order_id}", "o-1").replace("{id}", "1-1")
        return self.loop.run(
            _begin_of(
                self.app,
                method,
                address + _PARAMETERS.get(door, ""),
                self.secrets[who],
                _BODIES.get(door),
            )
        )

    def state(self) -> object:
        return {name: copy.copy(value) for name, value in vars(self.gate).items()}


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    made = {who: make_key(abilities=has) for who, has in _KEYS.items() if has is not None}
    other, elsewhere = make_key(portfolios=["other"])
    secrets: dict[str, str | None] = {who: secret for who, (_, secret) in made.items()}
    ring = KeyRing([*(key for key, _ in made.values()), other])
    gate = FakeGate()
    desk = make_desk(lambda: gate, FakeTelling(), ring)
    secrets |= {_UNKNOWN_KEY: "seawall_" + "A" * 43, "revoked": make_key()[1]}
    secrets |= {_NO_KEY: None, "of another book": elsewhere}
    with asyncio.Runner() as loop:
        app = create_api(desk, pace=Pace(every=0.005, heartbeat=0.05, patience=0.2))
        yield Authority(gate, app, secrets, loop)
        app.state.say_goodbye()
    app.state.close()


async def _begin_of(
    app: Any, method: str, path: str, secret: str | None, body: dict[str, Any] | None
) -> tuple[int, bytes]:
    """The status of an answer and what came first: one of them never ends."""
    address, _, query = path.partition("?")
    sent = b"" if body is None else json.dumps(body).encode()
    headers = [(b"host", HOST), (b"content-length", str(len(sent)).encode())]
    if secret is not None:
        headers.append((b"authorization", f"Bearer {secret}".encode()))
    if body is not None:
        headers.append((b"content-type", b"application/json"))
    scope = {
        "type": "http",
        "method": method,
        "path": address,
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
    }
    told: list[Any] = []
    gone = asyncio.Event()
    waiting = [{"type": "http.request", "body": sent, "more_body": False}]

    async def receive() -> Any:
        if waiting:
            return waiting.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        told.append(message)
        if message["type"] == "http.response.body":
            gone.set()

    async with asyncio.timeout(20.0):
        await app(scope, receive, send)
    return told[0]["status"], told[1]["body"]


def test_every_endpoint_of_the_authority_is_in_the_table_as_it_is():
    declared = {f"{each.method} {each.path}": each.abilities for each in OPERATIONS}

    assert declared == dict(doors.ENDPOINTS)


@pytest.mark.parametrize("who", _KEYS)
@pytest.mark.parametrize("door", doors.ENDPOINTS)
def test_an_endpoint_opens_for_whoever_may_and_for_nobody_else(authority, door, who):
    before = authority.state()
    status, body = authority.ask(door, who)

    assert status < 500, body
    if _opens(doors.ENDPOINTS[door], who):
        assert status not in (401, 403), body
        return
    unknown = who in (_NO_KEY, _UNKNOWN_KEY, "revoked")
    assert status == (401 if unknown else 403), body
    assert json.loads(body)["message"], "a refusal says why"
    assert authority.state() == before, "nothing was changed"


# --- tools of language models ----------------------------------------------------------------


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    house = House(FakeGate())
    yield house
    house.close()


def test_every_tool_is_in_the_table():
    assert set(TOOLS) == set(doors.TOOLS)


@pytest.mark.parametrize("who", [who for who in _KEYS if who not in (_NO_KEY, "revoked")])
def test_a_tool_opens_for_whose_key_may_and_for_nobody_else(house, who):
    has = _KEYS[who]
    if has is not None:
        key = house.key(abilities=has)
    else:
        key = "seawall_" + "A" * 43 if who == _UNKNOWN_KEY else house.key(portfolios=["other"])
    called = Model(house.url, key).calls({name: GOOD[name] for name in TOOLS})

    for name, told in called.items():
        refused = told.failed and told.data["error"] in ("no_key", "unknown_key", "not_allowed")
        assert told.data.get("error") != "internal", name
        assert refused != _opens(doors.TOOLS[name], who), (name, told.data)
        if refused:
            assert told.data["detail"], "a refusal says why"


# --- the command line ----------------------------------------------------------------------

_NOBODY, _EXPIRED, _UNFINISHED = "nobody", "expired", "unfinished"
#: Who tries: whoever has the machine while nobody has a login, a person of each role, and those who
#: are none.
_PEOPLE = ["machine", *(role.value for role in Role), _NOBODY, _EXPIRED, _UNFINISHED]
#: These serve until they are ended, and ask nobody who he is.
_NOT_RUN = {"engine", "web", "mcp"}
_REASON = ("--reason", "a storm")
#: What each command needs to run at all; that it comes to nothing then is no matter.
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "breakers release": ("none", *_REASON, "--seen", "e-1"),
    "breakers override": ("none", "disable", "--for", "1", *_REASON, "--seen", "armed"),
    "breakers review": ("1", "--verdict", "right", "--comment", "so it was"),
    "breakers show": ("none",),
    "halt": _REASON,
    "journal export": ("entries.csv",),
    "journal recompute order": ("o-1",),
    "journal recompute trip": ("e-1",),
    "journal show": ("demo", "1"),
    "keys add": ("--name", "bot"),
    "keys revoke": ("k-none", "--reason", "x"),
    "limits raise": ("gross", "--hard", "2", "--until", "2030-01-01T00:00", *_REASON),
    "limits restore": ("gross",),
    "login": ("anna", "--password-stdin"),
    "policy check": ("missing.toml",),
    "policy diff": ("missing.toml",),
    "policy import": ("missing.toml", "--yes"),
    "portfolios add": ("second",),
    "portfolios fund": ("demo", "5"),
    "portfolios import": ("demo", "missing.csv"),
    "prices check": ("missing.csv",),
    "prices import": ("missing.csv",),
    "proposals approve": ("1", *_REASON),
    "proposals reject": ("1", *_REASON),
    "proposals revert": ("1", *_REASON),
    "proposals show": ("1",),
    "proposals withdraw": ("1", *_REASON),
    "replay": ("--prices", "missing.csv", "--strategy", "all"),
    "reservations release": ("o-1", *_REASON),
    "resume": (*_REASON, "--seen", "1"),
    "users add": ("ben", "--role", "admin"),
    "users disable": ("trader", *_REASON),
    "users enable": ("trader", *_REASON),
    "users passwd": ("--password-stdin",),
    "users rescue": ("admin", *_REASON),
    "users reset": ("trader", *_REASON),
    "users role": ("trader", "--role", "viewer", "--reason", "x"),
    "users unlock": ("trader", "--reason", "x"),
    "users vouch": ("second-officer", *_REASON),
    "var backtest": ("--prices", "missing.csv", "--model", "all"),
    "var use": ("historical_250",),
}


@dataclass
class Terminal:
    """A command line at which somebody is signed in, or nobody."""

    home: Path

    def run(self, command: str) -> Result:
        line = [*command.split(" "), *_ARGUMENTS.get(command, ())]
        told = CliRunner().invoke(seawall, line, env={"SEAWALL_HOME": str(self.home)}, input="\n")
        assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
        return told

    def kept(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that is in the database, but for the journal and what tells who was seen."""
        with self.reading() as connection:
            return {
                name: connection.execute(f"SELECT * FROM {name}").fetchall()  # nosec B608
                for name in metadata.tables
                if name not in _TELLING
            }

    @contextmanager
    def reading(self) -> Iterator[Any]:
        connection = sqlite_driver().connect(self.home / "seawall.db")
        yield connection
        connection.close()

    def copied(self, folder: Path) -> "Terminal":
        return Terminal(shutil.copytree(self.home, folder / "home"))


_TELLING = {"journal", "login", "login_failure", "login_device"}


@pytest.fixture(scope="module")
def logs_stay() -> Iterator[None]:
    """Where log lines go is the process's, and so everybody's."""
    root = logging.getLogger()
    before, ours = (root.level, root.handlers[:]), structlog.get_config()
    yield
    structlog.configure(**ours)
    root.level, root.handlers[:] = before


@pytest.fixture(scope="module")
def terminals(
    tmp_path_factory: pytest.TempPathFactory, logs_stay: None
) -> Iterator[Callable[[str], Terminal]]:
    """A command line for everybody who tries, each with a home and a database of its own."""
    empty = tmp_path_factory.mktemp("empty")
    engines = open_engines(f"sqlite:///{empty}/seawall.db")
    upgrade(engines)
    with transaction(engines.writer) as connection:
        add_portfolio(connection, "demo", at=wall_time())
    engines.dispose()
    peopled = _with_people(shutil.copytree(empty, tmp_path_factory.mktemp("peopled") / "home"))
    made: dict[str, Terminal] = {}

    def terminal_of(who: str) -> Terminal:
        if who not in made:
            source = empty if who == "machine" else peopled / "home"
            home = shutil.copytree(source, tmp_path_factory.mktemp(who) / "home")
            if (peopled / f"{who}.json").exists():
                shutil.copy(peopled / f"{who}.json", login_file(home, system_user()))
            made[who] = Terminal(home)
        return made[who]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Hasher.__init__, "__defaults__", (CHEAP,))
        # Of so many denials the journal would be told the first ten only.
        patch.setattr(changing, "DENIALS_TOLD", len(doors.COMMANDS))
        patch.setenv("SEAWALL_API_PORT", str(free_port()))
        patch.chdir(tmp_path_factory.mktemp("folder"))
        yield terminal_of


def _with_people(home: Path) -> Path:
    """Somebody of each role, signed in at a terminal; returns where their logins lie."""
    engines = open_engines(f"sqlite:///{home}/seawall.db")
    people = People(SqlPeople(engines), home)
    people.now = wall_time()
    for role in Role:
        people.admit(role.value, role)
    people.admit("second-officer", Role.OFFICER)
    people.admit(_EXPIRED, Role.ADMIN)
    first = people.office.add(people.actor("admin"), _UNFINISHED, Role.OFFICER)
    kept = {role.value: people.sign_in(role.value, via=Via.COMMAND_LINE) for role in Role}
    kept[_UNFINISHED] = people.sign_in(_UNFINISHED, via=Via.COMMAND_LINE, password=first)
    people.wait(hours=-9)
    kept[_EXPIRED] = people.sign_in(_EXPIRED, via=Via.COMMAND_LINE)
    engines.dispose()
    for who, signed_in in kept.items():
        login = TerminalLogin(signed_in.token, signed_in.device, who)
        keep_login(home.parent / f"{who}.json", login)
    return home.parent


def _commands(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from _commands(inner, *path, name)


def test_every_command_is_in_the_table_as_it_is():
    declared = {}
    for name, command in _commands(seawall):
        function = command.callback
        declared[name] = NEEDED.get(f"{function.__module__}.{function.__qualname__}")
    told = {
        name: needed if isinstance(needed, Ability) else None
        for name, needed in doors.COMMANDS.items()
    }

    assert declared == told


def _may(who: str, needed: Ability | doors.Free) -> bool:
    """Whether somebody may run a command."""
    if isinstance(needed, doors.Free) or who == "machine":
        return True
    return who in set(Role) and needed in ABILITIES[Role(who)]


@pytest.mark.parametrize("who", _PEOPLE)
@pytest.mark.parametrize("door", [name for name in doors.COMMANDS if name not in _NOT_RUN])
def test_a_command_runs_for_whoever_may_and_for_nobody_else(terminals, door, who, tmp_path):
    terminal, needed = terminals(who), doors.COMMANDS[door]
    if needed is doors.Free.ONESELF or door == "users add":
        terminal = terminal.copied(tmp_path)  # others shall find who is signed in as it was
    before = None if _may(who, needed) else terminal.kept()
    told = terminal.run(door)
    refused = told.exit_code == 2 and told.stderr.startswith("Error: refused: ")

    if before is None:
        # Who he is may be asked where nobody is signed in; what he may do is not.
        assert not refused or needed is doors.Free.ONESELF, told.stderr
        return
    assert refused, told.output
    assert terminal.kept() == before, "nothing was changed"
    if who in set(Role):
        assert all(f"{role} " in f"{told.stderr} " for role in who_can(needed)), "says who can"
    else:
        assert "seawall login" in told.stderr, "says how one comes in"


def test_what_somebody_was_denied_stands_in_the_journal(terminals):
    terminal = terminals("viewer")
    terminal.run("resume")

    with terminal.reading() as connection:
        newest = "SELECT body FROM journal WHERE stream = ? ORDER BY seq DESC LIMIT 1"
        (body,) = connection.execute(newest, [PEOPLE_STREAM]).fetchone()
    last = codec.decode_event(body)
    assert isinstance(last, ActionDenied)
    assert (last.by, last.role, last.asked) == ("viewer", "viewer", "run `seawall resume`")
