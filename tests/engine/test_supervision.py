"""Each child is kept alive by itself, and none outlives the supervisor."""

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.engine.supervision import (
    MANY_FAILURES,
    Patience,
    Plan,
    Supervisor,
    Watch,
    http_probe,
    port_is_free,
    python,
)

WITH_LIFELINE = """
import os, signal, sys, time
from risk.engine.lifeline import inherited_lifeline
line = inherited_lifeline(os.environ)
line.end_with_supervisor()
"""
BEATING = python("-c", WITH_LIFELINE + "while True: line.beat(); time.sleep(0.02)")
STUBBORN = python(
    "-c",
    WITH_LIFELINE
    + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: line.beat(); time.sleep(0.02)",
)
MUTE = python("-c", "import time; time.sleep(600)")
DYING = python("-c", "raise SystemExit(7)")
REFUSING = python("-c", "raise SystemExit(2)")
PATIENT = Patience(first_restart=0.01)


class JumpingClock:
    """Real time plus what a test adds to it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def clock():
    return JumpingClock()


@pytest.fixture
def supervise(clock):
    """Make a supervisor whose turns the test takes; its children end with the test."""
    made: list[Supervisor] = []

    def make(*plans: Plan) -> tuple[Supervisor, list[str]]:
        said: list[str] = []
        made.append(Supervisor(plans, say=said.append, monotonic=clock))
        return made[-1], said

    yield make
    for supervisor in made:
        for child in supervisor.children:
            child.bury(0.0)


def plan(name: str, command: tuple[str, ...], **changes: object) -> Plan:
    return replace(Plan(name=name, command=command, patience=PATIENT), **changes)


def turn_until(supervisor: Supervisor, condition) -> None:
    deadline = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        supervisor.turn()
        time.sleep(0.01)


def all_alive(supervisor: Supervisor):
    return lambda: all(child.watch.last_sign is not None for child in supervisor.children)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


# What follows from what is known -----------------------------------------------------------


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_the_pause_before_a_restart_never_shrinks_as_failures_mount(some, more):
    patience = Patience()
    few, many = sorted((some, more))

    assert patience.before_restart(few) <= patience.before_restart(many) <= 30.0


def test_the_first_pauses_double():
    assert [Patience().before_restart(n) for n in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 4.0]


def test_a_child_is_due_only_when_its_pause_is_over():
    failed = Watch(patience=Patience()).started(0.0).ended(10.0)

    assert not failed.is_due(10.4)
    assert failed.is_due(10.5)


def test_failures_in_a_row_are_counted_and_forgotten_once_the_child_settled():
    twice = Watch(patience=Patience()).started(0.0).ended(1.0).started(2.0).alive(3.0).ended(4.0)
    assert twice.failures == 2

    assert twice.started(10.0).alive(69.0).ended(70.0).failures == 1


def test_a_long_life_without_a_sign_is_not_a_recovery():
    patience = Patience(settled=60.0, to_start=120.0)

    assert Watch(patience=patience, failures=3).started(0.0).ended(121.0).failures == 4


def test_a_new_child_has_longer_to_its_first_sign_than_between_signs():
    young = Watch(patience=Patience(to_start=120.0, silence=15.0)).started(0.0)

    assert not young.is_frozen(119.0)
    assert young.is_frozen(121.0)
    assert not young.alive(100.0).is_frozen(115.0)
    assert young.alive(100.0).is_frozen(115.1)


def test_a_child_that_does_not_run_is_not_frozen():
    assert not Watch(patience=Patience()).is_frozen(1e9)


# With real processes -----------------------------------------------------------------------


def test_a_child_that_never_starts_is_tried_ever_more_seldom_and_said_to_need_mending(supervise):
    patience = Patience(first_restart=0.001, longest_restart=0.05)
    hopeless = plan("engine", DYING, patience=patience)
    supervisor, said = supervise(hopeless)

    turn_until(supervisor, lambda: len(said) == MANY_FAILURES)

    assert said[0] == "The engine ended with code 7; starting it again in 0.0 s."
    assert said[-1] == (
        "The engine ended with code 7, 5 times in a row: what it said above must be mended "
        "first; starting it again in 0.0 s."
    )


def test_a_child_that_dies_is_started_again_alone(supervise):
    supervisor, said = supervise(plan("engine", BEATING), plan("web", BEATING))
    turn_until(supervisor, all_alive(supervisor))
    engine, web = supervisor.children
    first_engine, first_web = engine.pid, web.pid

    os.kill(first_web, signal.SIGKILL)
    turn_until(supervisor, lambda: said and all_alive(supervisor)())

    assert said == ["The web ended with signal 9; starting it again in 0.0 s."]
    assert web.pid != first_web
    assert engine.pid == first_engine


def test_a_child_that_freezes_is_killed_and_started_again_alone(supervise, clock):
    supervisor, said = supervise(plan("engine", BEATING), plan("web", BEATING))
    turn_until(supervisor, all_alive(supervisor))
    engine, web = supervisor.children
    first_engine, first_web = engine.pid, web.pid

    os.kill(first_engine, signal.SIGSTOP)
    turn_until(supervisor, lambda: psutil.Process(first_engine).status() == psutil.STATUS_STOPPED)
    supervisor.turn()
    beats_again(web)
    clock.ahead += PATIENT.silence
    supervisor.turn()
    turn_until(supervisor, all_alive(supervisor))

    assert said == ["The engine gave no sign of life and was killed; starting it again in 0.0 s."]
    assert gone(first_engine)
    assert engine.pid != first_engine
    assert web.pid == first_web


def beats_again(child) -> None:
    """Wait until the child has beaten once more, leaving the beat unread."""
    watched = child._wire
    watched.settimeout(30.0)
    watched.recv(1, socket.MSG_PEEK)
    watched.setblocking(False)


def test_a_child_that_never_shows_life_is_killed_and_started_again(supervise, clock):
    supervisor, said = supervise(plan("web", MUTE))
    supervisor.turn()

    clock.ahead += PATIENT.to_start + 1.0
    supervisor.turn()

    assert said == ["The web gave no sign of life and was killed; starting it again in 0.0 s."]


def test_a_web_that_crashes_for_ever_never_stops_the_engine(supervise):
    supervisor, said = supervise(
        plan("engine", BEATING, refusal_ends_all=True),
        plan("web", DYING),
    )
    turn_until(supervisor, lambda: len(said) >= 3 and supervisor.children[0].was_alive)

    assert all(line.startswith("The web ended with code 7") for line in said)
    assert supervisor.children[0].watch.failures == 0


def test_the_killed_childs_own_children_go_with_it(supervise):
    script = (
        WITH_LIFELINE + "import subprocess\n"
        "grand = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "while True: line.beat(); time.sleep(0.02)"
    )
    supervisor, said = supervise(plan("web", python("-c", script)))
    turn_until(supervisor, all_alive(supervisor))
    (child,) = supervisor.children
    (grandchild,) = psutil.Process(child.pid).children()

    os.kill(child.pid, signal.SIGKILL)
    turn_until(supervisor, lambda: said)

    turn_until(supervisor, lambda: gone(grandchild.pid))


def test_a_child_may_be_nicer_than_the_others(supervise):
    supervisor, _said = supervise(plan("web", MUTE, niceness=10))
    supervisor.turn()

    assert psutil.Process(supervisor.children[0].pid).nice() == 10


def test_a_probed_child_lives_by_its_answers(supervise, clock):
    answers = iter([False, True, False])
    supervisor, _said = supervise(plan("web", MUTE, probe=lambda: next(answers)))
    (web,) = supervisor.children

    supervisor.turn()
    supervisor.turn()
    assert web.watch.last_sign is None

    clock.ahead += 2.0
    supervisor.turn()
    assert web.watch.last_sign is not None
    assert web.was_alive

    clock.ahead += PATIENT.silence + 0.1
    supervisor.turn()
    assert web.pid is None


# The whole run -----------------------------------------------------------------------------


def interrupt(number: int):
    return lambda: os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_and_is_no_failure(number):
    before = signal.getsignal(number)
    supervisor = Supervisor(
        [plan("engine", BEATING), plan("web", BEATING, on_alive=interrupt(number))],
        say=lambda line: None,
    )

    assert supervisor.run() == 0
    assert [child.pid for child in supervisor.children] == [None, None]
    assert signal.getsignal(number) == before


def test_a_child_deaf_to_the_request_to_end_is_killed(clock):
    def hurry() -> float:
        clock.ahead += 0.5
        return clock()

    pids: list[int] = []

    def end() -> None:
        pids.extend(child.pid for child in supervisor.children)
        os.kill(os.getpid(), signal.SIGINT)

    supervisor = Supervisor(
        [plan("engine", STUBBORN, on_alive=end)], say=lambda line: None, monotonic=hurry
    )
    supervisor.run()

    assert gone(pids[0])


def test_an_engine_that_refuses_its_input_ends_all_with_its_code():
    supervisor = Supervisor(
        [plan("engine", REFUSING, refusal_ends_all=True), plan("web", MUTE)],
        say=lambda line: pytest.fail(f"nothing is to be said here, but: {line}"),
    )

    assert supervisor.run() == 2
    assert [child.pid for child in supervisor.children] == [None, None]


def test_nothing_outlives_a_supervisor_that_was_killed():
    script = f"""
from risk.engine.supervision import Plan, Supervisor
def tell():
    if all(child.pid for child in supervisor.children):
        print(*(child.pid for child in supervisor.children), flush=True)
plans = [
    Plan(name="engine", command={BEATING!r}),
    Plan(name="web", command={BEATING!r}, on_alive=tell),
]
supervisor = Supervisor(plans, say=print)
supervisor.run()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as supervisor:
        children = [int(pid) for pid in supervisor.stdout.readline().split()]
        supervisor.kill()
    assert len(children) == 2

    deadline = time.monotonic() + 15.0
    while not all(gone(pid) for pid in children):
        assert time.monotonic() < deadline, "a child outlived its supervisor"
        time.sleep(0.02)


# The network -------------------------------------------------------------------------------


@contextmanager
def web_server(status: int):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "well"), [(200, True), (500, False), (302, False)])
def test_only_an_answer_of_200_is_a_sign_of_life(status, well):
    with web_server(status) as port:
        assert http_probe("127.0.0.1", port, "/healthz")() is well


def test_nobody_there_is_no_sign_of_life():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert not http_probe("127.0.0.1", taken.getsockname()[1], "/healthz")()


def test_a_server_that_accepts_and_stays_silent_is_no_sign_of_life():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not http_probe("127.0.0.1", silent.getsockname()[1], "/", timeout=0.05)()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_taken_port_is_found_before_anything_starts(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        port = server.getsockname()[1]
        assert not port_is_free(host, port)

    assert port_is_free(host, port)
