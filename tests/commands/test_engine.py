"""`seawall engine` runs the authority, beats for its supervisor, and ends in a sentence."""

import socket
import threading
from collections.abc import Callable
from contextlib import nullcontext

import pytest

from risk.commands import engine as module
from risk.config import Settings
from risk.engine.lifeline import HEARTBEAT_VARIABLE, Lifeline
from risk.errors import PriceFileInvalid


class OneCycle:
    """An authority that completes one cycle and ends."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def run(self, *, beat: Callable[[], None]) -> None:
        beat()


@pytest.fixture
def authorities(monkeypatch):
    """Authorities that were built, in place of real ones; the log is left as it is."""
    built: list[OneCycle] = []

    def build(settings: Settings) -> OneCycle:
        built.append(OneCycle(settings))
        return built[-1]

    monkeypatch.setattr(module, "build_authority", build)
    monkeypatch.setattr(module, "agents_answered", lambda _authority, _settings: nullcontext())
    monkeypatch.setattr(module, "configure_logs", lambda level: None)
    return built


def test_it_runs_the_authority_that_the_settings_describe(run, authorities, monkeypatch):
    monkeypatch.setenv("SEAWALL_SEED", "7")

    assert run("engine").exit_code == 0
    assert [one.settings.seed for one in authorities] == [7]


def test_under_a_supervisor_each_cycle_is_a_beat(run, authorities, monkeypatch):
    watched = threading.Event()
    monkeypatch.setattr(Lifeline, "end_with_supervisor", lambda self: watched.set())
    ours, theirs = socket.socketpair()
    monkeypatch.setenv(HEARTBEAT_VARIABLE, str(theirs.detach()))

    assert run("engine").exit_code == 0

    with ours:
        assert ours.recv(10) == b"."
    assert watched.is_set()


def test_input_that_it_cannot_use_ends_it_with_2(run, monkeypatch, authorities):
    def refuse(_settings: Settings) -> OneCycle:
        raise PriceFileInvalid("there is no file p.csv")

    monkeypatch.setattr(module, "build_authority", refuse)

    result = run("engine")

    assert (result.exit_code, result.stderr) == (2, "Error: there is no file p.csv\n")
