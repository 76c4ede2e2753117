"""The whole of Seawall, started for a measurement and ended after it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psutil

ROOT = Path(__file__).parent.parent

_START_SECONDS = 180.0
_END_SECONDS = 15.0


@dataclass(frozen=True)
class Demo:
    """A running Seawall.

    Attributes
    ----------
    url : str
        Of its web, without a slash at the end.
    supervisor : int or None
        Process id; None for a Seawall that somebody else started.
    """

    url: str
    supervisor: int | None

    def web_cpu_seconds(self) -> float | None:
        """CPU that the web's processes have used so far; None if they are not ours to see."""
        if self.supervisor is None:
            return None
        children = psutil.Process(self.supervisor).children()
        webs = [child for child in children if child.cmdline()[-2:] == ["risk", "web"]]
        family = [one for web in webs for one in (web, *web.children(recursive=True))]
        used = [process.cpu_times() for process in family]
        return sum(times.user + times.system for times in used)


@contextmanager
def running_demo(*, cycle_seconds: float = 1.0, home: Path | None = None) -> Iterator[Demo]:
    """The demonstration with a home of its own, until the block ends.

    Parameters
    ----------
    cycle_seconds : float
    home : Path, optional
        Its folder; an empty one that is removed afterwards if not given.
    """
    with TemporaryDirectory() as temporary:
        port = free_port()
        settings = {
            "SEAWALL_HOME": str(home or temporary),
            "SEAWALL_WEB_PORT": str(port),
            "SEAWALL_API_PORT": str(free_port()),
            "SEAWALL_CYCLE_SECONDS": str(cycle_seconds),
        }
        with running_program(settings) as process:
            url = f"http://127.0.0.1:{port}"
            wait_for_cycle(url, process)
            yield Demo(url, process.pid)


@contextmanager
def running_program(settings: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """The whole program under these settings and no others, until the block ends.

    Parameters
    ----------
    settings : mapping of str to str
        By their names in the environment.
    """
    others = {name: value for name, value in os.environ.items() if not _is_setting(name)}
    environment = {**others, "SEAWALL_LOG_LEVEL": "error", **settings}
    command = [sys.executable, str(ROOT / "app.py")]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            yield process
        finally:
            _end(process)


def _is_setting(name: str) -> bool:
    return name.startswith("SEAWALL_")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_cycle(url: str, process: "subprocess.Popen[bytes] | None" = None) -> None:
    """Return once the pulse tells of a cycle.

    Raises
    ------
    RuntimeError
        If `process` ends before, or none comes in three minutes.
    """
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"Seawall ended with exit code {process.returncode}")
        if _newest_cycle(url) is not None:
            return
        time.sleep(0.2)
    raise RuntimeError(f"{url} told of no cycle within {_START_SECONDS:.0f} s")


def _newest_cycle(url: str) -> int | None:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=5.0)
    try:
        connection.request("GET", "/live")
        answer = connection.getresponse()
        return json.loads(answer.read())["cycle"] if answer.status == 200 else None
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
