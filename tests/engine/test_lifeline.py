"""A child beats without ever waiting, and ends when its supervisor does."""

import socket
import threading

import pytest

from risk.engine.lifeline import HEARTBEAT_VARIABLE, Lifeline, inherited_lifeline


@pytest.fixture
def wire():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_beat_reaches_the_supervisor(wire):
    ours, theirs = wire

    Lifeline(theirs).beat()

    assert ours.recv(10) == b"."


def test_a_supervisor_that_does_not_listen_never_holds_the_child_up(wire):
    _ours, theirs = wire
    line = Lifeline(theirs)

    for _ in range(20_000):
        line.beat()


def test_beating_into_a_dead_wire_is_no_error(wire):
    ours, theirs = wire
    ours.close()

    Lifeline(theirs).beat()


def test_the_end_of_the_supervisor_is_noticed(wire):
    ours, theirs = wire
    ended = threading.Event()
    Lifeline(theirs).end_with_supervisor(ended.set)
    assert not ended.is_set()

    ours.close()

    assert ended.wait(10)


def test_a_process_started_by_hand_has_no_lifeline():
    assert inherited_lifeline({}) is None


def test_the_wire_is_found_by_its_number(wire):
    ours, theirs = wire

    line = inherited_lifeline({HEARTBEAT_VARIABLE: str(theirs.detach())})
    assert line is not None
    line.beat()

    assert ours.recv(10) == b"."


@pytest.mark.parametrize("number", ["", "x", "987654"])
def test_a_number_that_is_no_socket_is_refused(number):
    with pytest.raises(ValueError, match="no open socket"):
        inherited_lifeline({HEARTBEAT_VARIABLE: number})
