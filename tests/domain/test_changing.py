"""What the journal keeps of a denial, whoever made it up, and how many it is told of."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from risk.domain.actors import Ability, Actor, Role, Via
from risk.domain.asking import LONGEST_NAME, LONGEST_REASON
from risk.domain.changing import DENIALS_TOLD, DENIALS_WITHIN, denial, paced
from risk.domain.events import PEOPLE_STREAM, ActionDenied
from risk.errors import NotAllowed
from tests.builders import NOON

FORGED = "resume strategy:" + "\n\x1b[2J\u202e" + "x" * 400_000


def denied(*, asked: str = "resume book", portfolio: str = "main", why: str = "no") -> ActionDenied:
    asker = Actor(name="tess", role=Role.TRADER, via=Via.WEB)
    refused = NotAllowed(why, ability=Ability.RESUME)
    return denial(asker, asked, refused, at=NOON, portfolio=portfolio)


def test_a_denial_keeps_who_asked_for_what_of_which_book():
    event = denied()

    assert (event.by, event.role, event.asked) == ("tess", "trader", "resume book")
    assert (event.portfolio, event.reason) == ("main", "no")


def test_of_forged_text_it_keeps_one_line_that_can_be_read():
    event = denied(asked=FORGED, why=FORGED)

    assert (len(event.asked), len(event.reason)) == (LONGEST_NAME, LONGEST_REASON)
    assert event.asked.startswith("resume strategy:\ufffd\ufffd[2J\ufffdx")
    assert event.asked.isprintable()
    assert event.reason.isprintable()


def test_what_cannot_be_a_book_is_not_named_as_one():
    assert denied(portfolio=FORGED).portfolio == PEOPLE_STREAM
    assert denied(portfolio="").portfolio == PEOPLE_STREAM


def test_ten_a_minute_are_told_then_once_that_there_are_more():
    told: list[ActionDenied] = []
    for number in range(200):
        event = at(NOON + timedelta(milliseconds=number))
        one = paced(event, [each.at for each in told])
        told += [] if one is None else [one]

    assert len(told) == DENIALS_TOLD + 1
    assert [each.asked for each in told[:-1]] == ["resume book"] * DENIALS_TOLD
    assert "not told one by one" in told[-1].asked
    assert paced(at(told[-1].at + DENIALS_WITHIN), [each.at for each in told]) is not None


@given(waits=st.lists(st.integers(0, 90_000), max_size=120))
def test_however_somebody_waits_no_minute_has_more(waits: list[int]):
    now, told = NOON, list[datetime]()
    for wait in waits:
        now += timedelta(milliseconds=wait)
        if paced(at(now), told) is not None:
            told.append(now)

    for begin in told:
        within = [each for each in told if begin <= each < begin + DENIALS_WITHIN]
        assert len(within) <= DENIALS_TOLD + 1


def test_denials_before_the_clock_was_set_back_hold_nobody_for_long():
    ahead = [NOON + timedelta(hours=1)] * 50

    assert paced(at(NOON), ahead) == at(NOON)


def at(moment: datetime) -> ActionDenied:
    return replace(denied(), at=moment)
