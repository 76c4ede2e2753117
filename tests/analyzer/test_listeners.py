"""Telling everyone who listens, whoever of them fails."""

import asyncio

import pytest

from risk.analyzer import AsyncPositionRiskAnalyzer
from tests.analyzer.tables import NOON, analyzer


def test_a_subscription_ends_and_ending_it_twice_changes_nothing():
    book, heard = analyzer(), []
    leave = book.subscribe(heard.append)
    leave()
    leave()

    book.publish(at=NOON)

    assert heard == []


def test_one_failing_listener_keeps_no_other_from_being_told():
    book, heard = analyzer(), []

    def fail(event):
        raise RuntimeError(f"no room for {type(event).__name__}")

    book.subscribe(fail)
    book.subscribe(heard.append)

    with pytest.raises(ExceptionGroup) as failure:
        book.publish(at=NOON)
    assert len(failure.value.exceptions) == len(heard) == 4
    with pytest.raises(ExceptionGroup):
        asyncio.run(AsyncPositionRiskAnalyzer(book).publish(at=NOON))
    assert len(heard) == 8


def test_a_listening_coroutine_is_told_on_the_loop_and_refused_without_one():
    book, heard = analyzer(), []

    async def listen(event):
        await asyncio.sleep(0)
        heard.append(event)

    beside = AsyncPositionRiskAnalyzer(book)
    beside.subscribe(listen)

    published = asyncio.run(beside.publish(at=NOON))
    assert tuple(heard) == published
    with pytest.raises(ExceptionGroup) as failure:
        book.publish(at=NOON)
    assert "coroutine" in str(failure.value.exceptions[0])


def test_an_interrupt_is_no_failure_of_a_listener_and_ends_the_telling():
    book, heard = analyzer(), []

    def interrupt(event):
        raise KeyboardInterrupt

    book.subscribe(interrupt)
    book.subscribe(heard.append)

    with pytest.raises(KeyboardInterrupt):
        book.publish(at=NOON)
    assert heard == []
