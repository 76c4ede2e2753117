"""`python app.py`: the database first, then an engine and a web that live apart."""

import os
import signal
import socket
from dataclasses import replace

import pytest
from click.testing import CliRunner

from risk.commands import supervise as module
from risk.commands.store import checked_engines_of
from risk.commands.supervise import plans, run, supervise
from risk.config import Settings, load_settings
from risk.engine.supervision import python
from risk.errors import SettingInvalid
from tests.network import free_port

BEATING = python(
    "-c",
    "import os, time\n"
    "from risk.engine.lifeline import inherited_lifeline\n"
    "line = inherited_lifeline(os.environ)\n"
    "line.end_with_supervisor()\n"
    "while True: line.beat(); time.sleep(0.02)",
)


def test_the_engine_comes_first_and_only_it_can_refuse_for_all():
    engine, web = plans(Settings(), say=print)

    assert engine.command[-3:] == ("-m", "risk", "engine")
    assert web.command[-3:] == ("-m", "risk", "web")
    assert (engine.refusal_ends_all, web.refusal_ends_all) == (True, False)


def test_the_web_gives_way_to_the_engine():
    engine, web = plans(Settings(), say=print)

    assert (engine.niceness, web.niceness) == (0, 10)


def test_slow_cycles_are_not_taken_for_a_frozen_engine():
    usual, _web = plans(Settings(), say=print)
    slow, _web = plans(Settings(cycle_seconds=60.0), say=print)

    assert usual.patience.silence == 15.0
    assert slow.patience.silence == 600.0


@pytest.mark.parametrize(
    ("host", "written"),
    [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]")],
)
def test_the_address_is_told_when_the_web_answers(host, written):
    said: list[str] = []
    _engine, web = plans(Settings(host=host, web_port=8060), say=said.append)

    web.on_alive()

    assert said == [f"Seawall is on http://{written}:8060 (Ctrl-C ends it)."]


@pytest.mark.parametrize(
    ("host", "sends_to"),
    [
        ("127.0.0.1", "127.0.0.1:8060"),
        ("::1", "[::1]:8060"),
        ("10.0.0.5", "10.0.0.5:8060"),
        ("0.0.0.0", "port 8060 of this machine"),
        ("::", "port 8060 of this machine"),
    ],
)
def test_behind_a_proxy_it_is_told_where_that_must_send(host, sends_to):
    said: list[str] = []
    settings = Settings(host=host, web_port=8060, web_url="https://risk.example")
    _engine, web = plans(settings, say=said.append)

    web.on_alive()

    where = f"https://risk.example, once a proxy for it sends to {sends_to}"
    assert said == [f"Seawall is on {where} (Ctrl-C ends it)."]


def test_other_machines_are_not_listened_to_while_nobody_has_a_login(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "Supervisor", None)
    settings = Settings(home=tmp_path, host="0.0.0.0", web_port=free_port())

    with pytest.raises(SettingInvalid, match="nobody has a login yet"):
        supervise(settings, say=print)


def test_a_taken_port_stops_everything_before_it_starts(home):
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = replace(load_settings(), web_port=other.getsockname()[1])
        with pytest.raises(SettingInvalid, match="SEAWALL_WEB_PORT"):
            supervise(settings, say=pytest.fail)

    assert not settings.home.exists()


def test_the_database_is_prepared_and_a_signal_ends_all(home, monkeypatch):
    monkeypatch.setenv("SEAWALL_WEB_PORT", str(free_port()))

    def dummies(settings: Settings, *, say):
        engine, web = plans(settings, say=say)

        def end() -> None:
            say("up")
            os.kill(os.getpid(), signal.SIGINT)

        return replace(engine, command=BEATING, on_alive=end), replace(web, command=BEATING)

    monkeypatch.setattr(module, "plans", dummies)

    result = CliRunner().invoke(run)

    assert (result.exit_code, result.stderr) == (0, "up\n")
    with checked_engines_of(load_settings()):
        pass


def test_a_wrong_setting_is_a_sentence(home, monkeypatch):
    monkeypatch.setenv("SEAWALL_FEED", "exchange")

    result = CliRunner().invoke(run)

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: SEAWALL_FEED cannot be exchange")
