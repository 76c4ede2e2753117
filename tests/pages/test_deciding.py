"""Somebody's word on a proposal: shown first, then given, and told what became of it."""

from dataclasses import replace

import pytest

from pages.query import parse
from pages.readings import Readings
from pages.views.proposals.address import WORDS
from pages.views.proposals.deciding import (
    ASKED,
    CONFIRM_APPROVE,
    CONFIRM_REJECT,
    CONFIRM_WITHDRAW,
    DIALOG,
    PAST,
    REASON,
    Asked,
    asked_of,
    decide,
    dialog,
    dialog_parts,
    title_of,
)
from pages.views.proposals.inbox import APPROVE, REJECT, WITHDRAW
from pages.views.proposals.reading import read_proposals
from risk.domain.proposals import ProposalStatus
from risk.errors import Conflict, NotAllowed, StoreUnavailable
from tests import fakes_proposals as fakes
from tests.fakes_actions import ANALYST, OFFICER, TRADER, VIEWER, actions_over
from tests.fakes_book import AFTERNOON
from tests.fakes_limits import TIGHTENED
from tests.fakes_paused import Shut
from tests.fakes_web import DEMO, FakeBookReader, FakeChanges
from tests.pages.trees import part, parts, words

SAID = "agreed on the call"


@pytest.fixture
def store() -> FakeChanges:
    store = FakeChanges(FakeBookReader())
    store.kept = fakes.build_proposals(store.reader.policy, AFTERNOON)
    return store


def status(store, number) -> ProposalStatus:
    return next(each.status for each in store.kept if each.id == number)


def word(store, actor, number, what=APPROVE, reason=SAID, *, pressed=None):
    asked = Asked("demo", number, what)
    return decide(actions_over(store), actor, asked, reason=reason, what=pressed or what)


# -- the dialog ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "confirm", "told"),
    [
        (APPROVE, CONFIRM_APPROVE, "It gives the book more room than it has now."),
        (REJECT, CONFIRM_REJECT, "anna's proposal is decided by that; nothing else changes."),
        (WITHDRAW, CONFIRM_WITHDRAW, "Yours is decided by that"),
    ],
)
def test_the_dialog_shows_what_it_is_about_before_anybody_confirms(store, what, confirm, told):
    readings = Readings(store.reader)
    query = replace(parse({}, WORDS), viewer=OFFICER)
    kept = store.proposals("demo")
    data = read_proposals(readings, query, DEMO, store.reader.latest("demo"), kept, demo=True)
    shown = next(p for p in data.waiting if p.proposal.id == fakes.LOOSER_VAR)
    body = dialog_parts(data, shown, what)

    assert title_of(shown, what) == f"{what.capitalize()} proposal 31?"
    assert "6.25 %" in words(body)
    assert told in words(body)
    assert part(body, ASKED)["data"] == {"book": "demo", "proposal": 31, "what": what}
    ids = [each.get("id") for each in parts(body)]
    assert confirm in ids
    assert REASON in ids
    assert dialog().closeButtonProps["aria-label"]


def opened(store, what=APPROVE, number=fakes.LOOSER_VAR):
    """The dialog's content, once what it would have meant is worked out."""
    readings = Readings(store.reader)
    query = replace(parse({}, WORDS), viewer=OFFICER)
    for _ in range(40):
        kept = store.proposals("demo")
        data = read_proposals(readings, query, DEMO, store.reader.latest("demo"), kept, demo=True)
        shown = next(p for p in data.waiting if p.proposal.id == number)
        if not shown.preview.is_pending:
            return dialog_parts(data, shown, what)
    raise AssertionError("never worked out")


@pytest.mark.parametrize("what", [APPROVE, REJECT])
def test_whoever_decides_sees_who_why_now_the_past_and_what_speaks_against_it(store, what):
    body = opened(store, what)
    told = words(body)

    assert "anna" in told
    assert "The market is calmer than when it was set." in told
    assert "6.25 % → 7 %" in told
    assert "A bad day (1 in 100) may cost 5 % of equity; now 4.56 %." in words(
        part(body, f"{DIALOG}-now")["children"]
    )
    past = part(body, PAST)["children"]
    assert "In the last 30 d: soft crossed 9 times, as before" in words(past)
    assert any("figure" in each for each in parts(past)), "the chart that its author saw"
    assert "is over its soft threshold now." in words(part(body, f"{DIALOG}-warnings")["children"])


def test_whoever_takes_back_his_own_needs_nothing_to_judge_by(store):
    ids = [each.get("id") for each in parts(opened(store, WITHDRAW))]

    assert not {PAST, f"{DIALOG}-now", f"{DIALOG}-warnings"} & set(map(str, ids))


def test_a_breaker_that_pauses_entries_is_among_what_must_be_read(store):
    store.reader = Shut()
    told = words(part(opened(store), f"{DIALOG}-warnings")["children"])

    assert "Entries are paused in the book: market volatility, until" in told


def test_a_past_that_cannot_be_told_is_a_warning(store):
    def fail(*_given, **_named):
        raise StoreUnavailable("the database did not answer within 2 s")

    store.reader.tuning = fail
    told = words(part(opened(store), f"{DIALOG}-warnings")["children"])

    assert "What it would have meant cannot be told: the database did not answer" in told


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "x",
        {},
        {"book": "demo"},
        {"book": 1, "proposal": 1, "what": APPROVE},
        {"book": "demo", "proposal": True, "what": APPROVE},
        {"book": "demo", "proposal": 1, "what": "burn"},
    ],
)
def test_what_no_dialog_held_is_not_taken_for_one(store, sent):
    assert asked_of(sent) is None
    outcome = decide(actions_over(store), OFFICER, None, reason=SAID, what=APPROVE)
    assert not outcome.closes
    assert "load it again" in words(outcome.toast["message"])


@pytest.mark.parametrize(
    ("opened_for", "pressed"), [(REJECT, APPROVE), (APPROVE, REJECT), (WITHDRAW, REJECT)]
)
def test_a_dialog_is_good_for_one_word_alone(store, opened_for, pressed):
    outcome = word(store, OFFICER, fakes.LOOSER_VAR, opened_for, pressed=pressed)

    assert not outcome.closes
    assert status(store, fakes.LOOSER_VAR) is ProposalStatus.OPEN


# -- the word --------------------------------------------------------------------------------


def test_an_officer_approves_and_the_engine_takes_it_in(store):
    outcome = word(store, OFFICER, fakes.LOOSER_VAR)

    assert outcome.closes
    assert "In force with the engine's next cycle" in words(outcome.toast["message"])
    assert status(store, fakes.LOOSER_VAR) is ProposalStatus.APPROVED
    store.take_in()
    assert store.reader.policy.limit(TIGHTENED).hard == 0.07
    assert store.reader.policy.version == 8


def test_an_officer_rejects_and_the_author_withdraws(store):
    anna = replace(ANALYST, name="anna")

    assert word(store, OFFICER, fakes.LENT, REJECT).closes
    assert word(store, anna, fakes.MODEL, WITHDRAW).closes
    assert status(store, fakes.LENT) is ProposalStatus.REJECTED
    assert status(store, fakes.MODEL) is ProposalStatus.WITHDRAWN


@pytest.mark.parametrize("what", [APPROVE, REJECT])
@pytest.mark.parametrize("actor", [VIEWER, TRADER, ANALYST])
def test_the_door_refuses_whoever_may_not_approve(store, actor, what):
    with pytest.raises(NotAllowed, match="An officer can"):
        word(store, actor, fakes.LOOSER_VAR, what)
    assert status(store, fakes.LOOSER_VAR) is ProposalStatus.OPEN
    assert [event.asked for event in store.told] == [f"{what} proposal 31"]


def test_nobody_withdraws_what_is_not_his(store):
    with pytest.raises(NotAllowed, match="only its author"):
        word(store, OFFICER, fakes.LOOSER_VAR, WITHDRAW)
    assert status(store, fakes.LOOSER_VAR) is ProposalStatus.OPEN


def test_nobody_approves_his_own_loosening_whatever_the_page_sends(store):
    own = replace(OFFICER, name="anna")

    with pytest.raises(NotAllowed, match="it is your own"):
        word(store, own, fakes.LOOSER_VAR)
    assert status(store, fakes.LOOSER_VAR) is ProposalStatus.OPEN


@pytest.mark.parametrize("reason", [None, "", "  \n "])
def test_a_reason_is_needed_and_told_at_its_field(store, reason):
    outcome = word(store, OFFICER, fakes.LOOSER_VAR, reason=reason)

    assert not outcome.closes
    assert outcome.reason == "Write a reason."
    assert status(store, fakes.LOOSER_VAR) is ProposalStatus.OPEN


def test_two_officers_at_once_give_one_winner_and_one_clear_conflict(store):
    assert word(store, OFFICER, fakes.LOOSER_VAR).closes
    second = word(store, replace(OFFICER, name="dora"), fakes.LOOSER_VAR, REJECT)

    assert second.closes, "there is nothing left to say about it"
    assert "Demo officer was quicker: it is approved already." in words(second.toast["message"])


def test_one_that_others_have_overtaken_is_outdated_and_not_adopted(store):
    store.adopt(fakes.with_limit(store.reader.policy, TIGHTENED, hard=0.06), "Officer 2")
    outcome = word(store, OFFICER, fakes.LOOSER_VAR)

    assert outcome.closes
    assert "Proposal 31 was not approved by you" in words(outcome.toast["title"])
    assert "is outdated: others have changed the same" in words(outcome.toast["message"])
    assert store.waiting == []


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (StoreUnavailable("the database did not answer"), "It may be approved all the same"),
        (Conflict("ben was quicker: it is rejected already"), "Ben was quicker"),
    ],
)
def test_a_word_that_did_not_get_through_says_why(store, problem, told):
    store.fail_with = problem
    outcome = word(store, OFFICER, fakes.LOOSER_VAR)

    assert outcome.closes is isinstance(problem, Conflict)
    assert told in words(outcome.toast["message"])
