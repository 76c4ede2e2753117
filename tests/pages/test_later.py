"""Answers worked out beside the requests."""

import threading

import pytest

from pages.later import Later
from risk.errors import StoreUnavailable
from tests.browser import until


@pytest.fixture
def later() -> Later:
    return Later()


def answered(later: Later, key: str = "q", **options):
    """Ask until it is there."""
    found = later.ask(key, **options)
    while found.is_pending:
        found = later.ask(key, **options)
    return found


def test_a_quick_answer_is_there_at_once(later):
    found = later.ask("q", lambda: 42)

    assert (found.value, found.problem, found.is_pending) == (42, None, False)


def test_who_asks_for_a_long_answer_is_not_kept_waiting(later):
    gate = threading.Event()

    pending = later.ask("q", lambda: gate.wait(10) and "done")
    gate.set()

    assert pending.is_pending
    assert answered(later, work=lambda: "another").value == "done"


def test_a_question_is_worked_on_once_however_many_ask(later):
    asked = []

    for _ in range(5):
        answered(later, work=lambda: asked.append(1) or "there")

    assert asked == [1]


def fails(error: Exception):
    def work():
        raise error

    return work


def test_a_failure_is_told_and_tried_again_with_a_later_epoch(later):
    told = answered(later, work=fails(StoreUnavailable("the disk is full")), epoch=1)

    assert (told.value, told.problem) == (None, "the disk is full")
    assert answered(later, work=lambda: "well", epoch=1).problem == "the disk is full"
    assert answered(later, work=lambda: "well", epoch=2).value == "well"


def test_what_nobody_foresaw_is_named_and_not_swallowed(later):
    told = answered(later, work=fails(ZeroDivisionError("secret")))

    assert "unforeseen ZeroDivisionError" in told.problem
    assert "secret" not in told.problem


def test_an_answer_is_kept_when_the_epoch_grows(later):
    assert answered(later, work=lambda: "first", epoch=1).value == "first"
    assert answered(later, work=lambda: "second", epoch=2).value == "first"


def test_while_an_answer_is_worked_out_anew_that_of_the_last_epoch_stands(later):
    gate = threading.Event()
    work = {1: lambda: "old", 2: lambda: gate.wait(10) and "new"}

    assert later.ask_anew("q", work[1], epoch=1).value == "old"
    assert later.ask_anew("q", work[2], epoch=2).value == "old"
    gate.set()
    until(lambda: later.ask_anew("q", work[2], epoch=2).value == "new", "never anew")


def test_an_answer_older_than_the_last_epoch_is_none(later):
    gate = threading.Event()
    later.ask_anew("q", lambda: "old", epoch=1)

    assert later.ask_anew("q", lambda: gate.wait(10) and "new", epoch=3).is_pending
    gate.set()


def test_what_failed_anew_is_told_and_not_hidden_by_what_was_known(later):
    later.ask_anew("q", lambda: "old", epoch=1)

    assert later.ask_anew("q", fails(StoreUnavailable("no disk")), epoch=2).problem == "no disk"
