"""The web is served as one worker with threads, on a port that is free."""

import os
import signal
import socket
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from risk.commands.web import (
    Pages,
    gunicorn_options,
    probed_host,
    require_free_port,
    require_login_elsewhere,
)
from risk.config import Settings, load_settings
from risk.engine.supervision import Plan, Supervisor, http_probe, python
from risk.errors import SettingInvalid
from tests.network import free_port

#: Reads what it is sent, and has the patience of a test.
SMALL_APP = """
from risk.commands import web_worker

web_worker.HEAD_SECONDS = web_worker.STALL_SECONDS = 0.2

def server(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
"""


def test_gunicorn_takes_our_options_and_nothing_of_its_own():
    served = Pages(gunicorn_options(Settings(web_port=8060)))

    assert served.cfg.bind == ["127.0.0.1:8060"]
    assert (served.cfg.worker_class_str, served.cfg.workers, served.cfg.threads) == (
        "risk.commands.web_worker.WebWorker",
        1,
        8,
    )
    assert served.cfg.control_socket_disable


def test_an_address_of_version_6_is_written_in_brackets():
    assert gunicorn_options(Settings(host="::1"))["bind"] == "[::1]:8050"


def test_no_address_that_was_asked_for_is_logged_and_no_proxy_is_believed(monkeypatch):
    """An address may hold what is nobody's business, and whoever forwards is judged by the gate."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    served = Pages(gunicorn_options(Settings()))

    assert served.cfg.accesslog is None
    assert served.cfg.forwarded_allow_ips == []


@pytest.fixture
def elsewhere(run, monkeypatch):
    """Settings by which other machines would be listened to."""
    run("migrate")
    monkeypatch.setenv("SEAWALL_HOST", "0.0.0.0")
    monkeypatch.setenv("SEAWALL_WEB_PORT", str(free_port()))
    return load_settings


def test_other_machines_are_not_listened_to_while_nobody_has_a_login(run, elsewhere):
    result = run("web")

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: SEAWALL_HOST is 0.0.0.0, which other machines reach")
    assert "seawall users add NAME --role admin" in result.stderr
    assert result.stderr.count("\n") == 1


def test_once_somebody_has_a_login_they_are_with_a_warning_where_nothing_speaks_tls(
    run, elsewhere, monkeypatch
):
    assert run("users", "add", "ana", "--role", "admin").exit_code == 0
    with capture_logs() as logged:
        require_login_elsewhere(elsewhere())
    assert [line["event"] for line in logged] == ["passwords_in_the_clear"]

    monkeypatch.setenv("SEAWALL_WEB_URL", "https://risk.example")
    with capture_logs() as logged:
        require_login_elsewhere(elsewhere())
    assert logged == []


def test_this_machine_is_listened_to_without_any_login(tmp_path):
    require_login_elsewhere(Settings(home=tmp_path))

    assert list(tmp_path.iterdir()) == [], "the database is not even looked at"


@pytest.mark.parametrize(
    ("host", "probed"), [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("10.0.0.5", "10.0.0.5")]
)
def test_whether_it_lives_is_asked_at_an_address_of_this_machine(host, probed):
    assert probed_host(Settings(host=host)) == probed


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
def running_web(run, monkeypatch: pytest.MonkeyPatch):
    """`python -m risk web` under supervision, serving a small application in place of ours."""
    run("migrate")
    Path("app.py").write_text(SMALL_APP)
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
        yield web, port
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
def test_the_web_and_its_worker_end_when_asked(run, monkeypatch):
    with running_web(run, monkeypatch) as (web, _port):
        workers = psutil.Process(web.pid).children()
        assert len(workers) == 1

        web.ask_to_end()

        until(lambda: web.exit_code() is not None)
        assert web.exit_code() == 0
        until(lambda: all(gone(worker) for worker in workers))


@pytest.mark.slow
def test_the_web_and_its_worker_end_when_the_supervisor_is_gone(run, monkeypatch):
    with running_web(run, monkeypatch) as (web, _port):
        workers = psutil.Process(web.pid).children()

        web._wire.close()

        until(lambda: web.exit_code() is not None)
        until(lambda: all(gone(worker) for worker in workers))


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_without_the_supervisor(run, monkeypatch):
    with running_web(run, monkeypatch) as (web, _port):
        (worker,) = psutil.Process(web.pid).children()

        os.kill(worker.pid, signal.SIGKILL)

        until(lambda: gone(worker))
        until(web.plan.probe)
        assert web.exit_code() is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "half", [b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf"]
)
def test_requests_that_do_not_get_on_are_closed_and_hold_nobody_up(run, monkeypatch, half):
    with running_web(run, monkeypatch) as (web, port), ExitStack() as connections:
        slow = [
            connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30.0))
            for _ in range(8)
        ]
        for connection in slow:
            connection.sendall(half)

        assert [connection.recv(1) for connection in slow] == [b""] * 8
        until(web.plan.probe)
        assert web.exit_code() is None


def test_a_database_that_cannot_be_used_is_one_sentence(run):
    result = run("web")

    assert result.exit_code != 0
    assert "seawall migrate" in result.stderr
    assert result.stderr.count("\n") == 1
