"""What the journal keeps of a denial, whoever made it up."""

from risk.domain.actors import Ability, Actor, Role, Via
from risk.domain.asking import LONGEST_NAME, LONGEST_REASON
from risk.domain.changing import denial
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
