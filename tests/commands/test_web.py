"""The web is served as one worker with threads, on a port that is free."""

import os
import signal
import socket
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from risk.commands.web import Pages, gunicorn_options, require_free_port
from risk.config import Settings
from risk.engine.supervision import Plan, Supervisor, http_probe, python
from risk.errors import SettingInvalid
from tests.network import free_port

SMALL_APP = """
def server(environ, start_response):
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
"""


def test_gunicorn_takes_our_options_and_nothing_of_its_own():
    served = Pages(gunicorn_options(Settings(web_port=8060)))

    assert served.cfg.bind == ["127.0.0.1:8060"]
    assert (served.cfg.worker_class_str, served.cfg.workers, served.cfg.threads) == (
        "gthread",
        1,
        8,
    )
    assert served.cfg.control_socket_disable


def test_an_address_of_version_6_is_written_in_brackets():
    assert gunicorn_options(Settings(host="::1"))["bind"] == "[::1]:8050"


def test_a_taken_port_is_one_sentence_that_names_port_and_setting(run, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("SEAWALL_WEB_PORT", str(port))

        result = run("web")

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: SEAWALL_WEB_PORT is {port}, which")
    assert result.stderr.count("\n") == 1


def test_a_free_port_is_no_problem():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingInvalid):
            require_free_port(Settings(web_port=port))

    require_free_port(Settings(web_port=port, home=Path("/nonexistent")))


# As it runs --------------------------------------------------------------------------------


@contextmanager
def running_web(home: Path, monkeypatch: pytest.MonkeyPatch):
    """`python -m risk web` under supervision, serving a small application in place of ours."""
    (home / "app.py").write_text(SMALL_APP)
    port = free_port()
    monkeypatch.setenv("SEAWALL_WEB_PORT", str(port))
    plan = Plan(
        name="web",
        command=python("-m", "risk", "web"),
        probe=http_probe("127.0.0.1", port, "/healthz"),
        probe_every=0.05,
    )
    supervisor = Supervisor([plan], say=print)
    (web,) = supervisor.children
    try:
        until(lambda: (supervisor.turn(), web.was_alive)[1])
        yield web
    finally:
        web.bury(0.0)


def until(condition) -> None:
    deadline = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(0.02)


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.slow
def test_the_web_and_its_worker_end_when_asked(home, monkeypatch):
    with running_web(home, monkeypatch) as web:
        workers = psutil.Process(web.pid).children()
        assert len(workers) == 1

        web.ask_to_end()

        until(lambda: web.exit_code() is not None)
        assert web.exit_code() == 0
        until(lambda: all(gone(worker) for worker in workers))


@pytest.mark.slow
def test_the_web_and_its_worker_end_when_the_supervisor_is_gone(home, monkeypatch):
    with running_web(home, monkeypatch) as web:
        workers = psutil.Process(web.pid).children()

        web._wire.close()

        until(lambda: web.exit_code() is not None)
        until(lambda: all(gone(worker) for worker in workers))


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_without_the_supervisor(home, monkeypatch):
    with running_web(home, monkeypatch) as web:
        (worker,) = psutil.Process(web.pid).children()

        os.kill(worker.pid, signal.SIGKILL)

        until(lambda: gone(worker))
        until(web.plan.probe)
        assert web.exit_code() is None
