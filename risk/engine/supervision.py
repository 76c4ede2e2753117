"""Keeping processes alive on one machine: each is watched, and restarted alone.

`Watch` is the pure part: what is known of one child, and what follows from it. `Supervisor`
is the shell around it: it starts, listens, kills and waits. What the children do is not
known here; `app.py` names them.
"""

import os
import signal
import socket
import subprocess  # nosec B404
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from types import FrameType

from risk.engine.lifeline import HEARTBEAT_VARIABLE

REFUSED = 2
"""Exit code of a child that was given bad input: starting it again would not help."""

#: So many failures in a row are told as such: it will hardly mend itself.
MANY_FAILURES = 5

_TURN_SECONDS = 0.1
_SECONDS_TO_END = 5.0
_TOLD_TO_END = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGTERM})


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a supervisor waits, in seconds.

    Attributes
    ----------
    to_start : float
        For a new child's first sign of life: its imports, its history, its first cycle.
    silence : float
        Without a sign, thereafter, before the child counts as frozen.
    first_restart, longest_restart : float
        Before a child is started again; doubles with each failure in a row.
    settled : float
        A child that lived this long has recovered: its failures are forgotten.
    """

    to_start: float = 120.0
    silence: float = 15.0
    first_restart: float = 0.5
    longest_restart: float = 30.0
    settled: float = 60.0

    def before_restart(self, failures: int) -> float:
        """Seconds to wait after the given number of failures in a row, one or more."""
        # The exponent is held down only to keep the power from overflowing.
        return min(self.longest_restart, self.first_restart * 2.0 ** min(failures - 1, 30))


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What is known of one child. Times are of a monotonic clock, in seconds.

    Attributes
    ----------
    patience : Patience
    started_at : float or None
        None while the child does not run.
    last_sign : float or None
        None before the first sign of this run.
    start_due : float
        When a child that does not run is to be started.
    failures : int
        In a row.
    """

    patience: Patience
    started_at: float | None = None
    last_sign: float | None = None
    start_due: float = 0.0
    failures: int = 0

    def started(self, now: float) -> "Watch":
        """After the child was started."""
        return replace(self, started_at=now, last_sign=None)

    def alive(self, now: float) -> "Watch":
        """After a sign of life."""
        return replace(self, last_sign=now)

    def ended(self, now: float) -> "Watch":
        """After the child died or was killed: due again after a pause."""
        failures = 1 if self._had_settled(now) else self.failures + 1
        due = now + self.patience.before_restart(failures)
        return replace(self, started_at=None, last_sign=None, start_due=due, failures=failures)

    def is_due(self, now: float) -> bool:
        """Whether the child ought to be started now."""
        return self.started_at is None and now >= self.start_due

    def is_frozen(self, now: float) -> bool:
        """Whether the child runs and has been silent for too long."""
        if self.started_at is None:
            return False
        if self.last_sign is None:
            return now - self.started_at > self.patience.to_start
        return now - self.last_sign > self.patience.silence

    def _had_settled(self, now: float) -> bool:
        return (
            self.started_at is not None
            and self.last_sign is not None
            and now - self.started_at >= self.patience.settled
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A process to be kept alive.

    Attributes
    ----------
    name : str
        As in messages, e.g. ``engine``.
    command : sequence of str
    patience : Patience
    probe : callable or None
        Answers whether the child works; None if it beats by itself (`Lifeline.beat`).
    probe_every : float
        Seconds between two probes.
    niceness : int
        Added to the supervisor's own.
    refusal_ends_all : bool
        Whether everything ends when this child refuses its input before its first sign.
    on_alive : callable or None
        Called once, at the first sign ever.
    """

    name: str
    command: Sequence[str]
    patience: Patience = Patience()
    probe: Callable[[], bool] | None = None
    probe_every: float = 2.0
    niceness: int = 0
    refusal_ends_all: bool = False
    on_alive: Callable[[], None] | None = None


def http_probe(host: str, port: int, path: str, *, timeout: float = 1.0) -> Callable[[], bool]:
    """A probe that asks a web server of this machine and wants 200 within `timeout` seconds."""

    def answers() -> bool:
        connection = HTTPConnection(host, port, timeout=timeout)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return answers


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        # As servers do, so that a port which merely lingers from our last run counts as free.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True


class Child:
    """One process under supervision; in a process group of its own, with a wire to it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.watch = Watch(patience=plan.patience)
        self.was_alive = False
        self._process: subprocess.Popen[bytes] | None = None
        self._wire: socket.socket | None = None
        self._next_probe = 0.0

    @property
    def pid(self) -> int | None:
        """Of the running process."""
        return None if self._process is None else self._process.pid

    def start(self, now: float) -> None:
        """Run the command."""
        self._wire, theirs = socket.socketpair()
        self._wire.setblocking(False)
        with theirs:
            # The commands are our own, never a user's text.
            self._process = subprocess.Popen(  # nosec B603
                list(self.plan.command),
                env=dict(os.environ) | {HEARTBEAT_VARIABLE: str(theirs.fileno())},
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                # Ctrl-C reaches the supervisor alone, which ends its children in order.
                process_group=0,
            )
        if self.plan.niceness:
            os.setpriority(os.PRIO_PROCESS, self._process.pid, self.plan.niceness)
        self.watch = self.watch.started(now)
        self._next_probe = now

    def listen(self, now: float) -> None:
        """Take notice of signs of life."""
        if self._process is None or not self._gave_sign(now):
            return
        self.watch = self.watch.alive(now)
        if not self.was_alive and self.plan.on_alive is not None:
            self.plan.on_alive()
        self.was_alive = True

    def exit_code(self) -> int | None:
        """Of a process that has just ended; negative for a signal; None while it runs."""
        return None if self._process is None else self._process.poll()

    def bury(self, now: float) -> None:
        """Clear away what an ended process left behind."""
        self.kill()
        if self._process is not None:
            self._process.wait()
        if self._wire is not None:
            self._wire.close()
        self._process = self._wire = None
        self.watch = self.watch.ended(now)

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process and whatever it started."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return  # nothing is left of the group

    def _gave_sign(self, now: float) -> bool:
        return self._beat() if self.plan.probe is None else self._answered(self.plan.probe, now)

    def _beat(self) -> bool:
        try:
            return self._wire is not None and bool(self._wire.recv(65_536))
        except BlockingIOError:
            return False
        except ConnectionError:
            return False  # the child closed its end; its exit is noticed by itself

    def _answered(self, probe: Callable[[], bool], now: float) -> bool:
        if now < self._next_probe:
            return False
        self._next_probe = now + self.plan.probe_every
        return probe()


class Supervisor:
    """Starts the children and keeps them alive until it is told to end.

    Parameters
    ----------
    plans : sequence of Plan
        In the order of starting; they end in the reverse order.
    say : callable
        Takes one line for the person at the terminal.
    monotonic : callable
        Seconds that only ever grow.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        *,
        say: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.children = tuple(Child(plan) for plan in plans)
        self._say = say
        self._monotonic = monotonic
        self._told_to_end = False
        self._refused = False

    def run(self) -> int:
        """Supervise until a signal or a refusal says to end; returns the exit code."""
        before = {number: signal.signal(number, self._on_signal) for number in _TOLD_TO_END}
        try:
            while not (self._told_to_end or self._refused):
                self.turn()
                time.sleep(_TURN_SECONDS)
        finally:
            self._end_all()
            for number, handler in before.items():
                signal.signal(number, handler)
        return REFUSED if self._refused else 0

    def turn(self) -> None:
        """Look after every child once; never waits longer than the probes do."""
        for child in self.children:
            if self._told_to_end or self._refused:
                return
            self._attend(child, self._monotonic())

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._told_to_end = True

    def _attend(self, child: Child, now: float) -> None:
        child.listen(now)
        code = child.exit_code()
        if code is not None:
            self._after_death(child, code, now)
        elif child.watch.is_frozen(now):
            self._after_freeze(child, now)
        elif child.watch.is_due(now):
            child.start(now)

    def _after_death(self, child: Child, code: int, now: float) -> None:
        if code == REFUSED and child.plan.refusal_ends_all and not child.was_alive:
            self._refused = True
            return
        child.bury(now)
        self._say_restart(child, f"ended with {_exit_in_words(code)}", now)

    def _after_freeze(self, child: Child, now: float) -> None:
        child.kill()
        child.bury(now)
        self._say_restart(child, "gave no sign of life and was killed", now)

    def _say_restart(self, child: Child, what: str, now: float) -> None:
        pause, failures = child.watch.start_due - now, child.watch.failures
        if failures >= MANY_FAILURES:
            what += f", {failures} times in a row: what it said above must be mended first"
        self._say(f"The {child.plan.name} {what}; starting it again in {pause:.1f} s.")

    def _end_all(self) -> None:
        for child in reversed(self.children):
            child.ask_to_end()
        deadline = self._monotonic() + _SECONDS_TO_END
        while self._monotonic() < deadline and any(_runs(child) for child in self.children):
            time.sleep(_TURN_SECONDS / 2)
        for child in self.children:
            child.bury(self._monotonic())


def python(*arguments: str) -> tuple[str, ...]:
    """A command that runs this same Python."""
    return (sys.executable, *arguments)


def _runs(child: Child) -> bool:
    return child.pid is not None and child.exit_code() is None


def _exit_in_words(code: int) -> str:
    return f"code {code}" if code >= 0 else f"signal {-code}"
