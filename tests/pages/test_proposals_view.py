"""What waits, for whoever looks; what was decided; and the versions that came of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pages.context import PolicyVersion
from pages.query import parse
from pages.readings import Readings
from pages.views.proposals.address import WORDS
from pages.views.proposals.inbox import APPROVE, REJECT, WITHDRAW, decide_id
from pages.views.proposals.past import who_words
from pages.views.proposals.reading import decided_at, read_proposals
from pages.views.proposals.view import proposals_view
from risk.domain.actions import ALONE
from risk.domain.actors import Actor, Role, Via
from risk.domain.proposals import ProposalStatus
from risk.errors import StoreUnavailable
from tests import fakes_proposals as fakes
from tests.fakes_actions import ANALYST, OFFICER, TRADER, VIEWER
from tests.fakes_book import AFTERNOON
from tests.fakes_limits import TIGHTENED
from tests.fakes_web import DEMO, FakeBookReader, FakeChanges
from tests.pages.trees import part, parts, words

ANNA = Actor(name="anna", role=Role.ANALYST, via=Via.WEB)
#: One who has proposed and may approve.
DORA = Actor(name="dora", role=Role.OFFICER, via=Via.WEB)


@pytest.fixture
def store() -> FakeChanges:
    store = FakeChanges(FakeBookReader())
    store.kept = fakes.build_proposals(store.reader.policy, AFTERNOON)
    return store


@pytest.fixture
def show(store):
    readings = Readings(store.reader)

    def show(actor=OFFICER, demo=True, **address):
        query = replace(parse(address, WORDS), viewer=actor)
        kept = store.proposals("demo")
        data = read_proposals(readings, query, DEMO, store.reader.latest("demo"), kept, demo=demo)
        return proposals_view(data)

    return show


def settled(show, **more):
    """The page once what is worked out beside it is there."""
    for _ in range(40):
        page = show(**more)
        if "is being worked out" not in words(page):
            return page
    raise AssertionError("never worked out")


def buttons(page) -> list[dict]:
    ids = [each.get("id") for each in parts(page)]
    return [
        each for each in ids if isinstance(each, dict) and each.get("type") == "proposal-decide"
    ]


def told(page, number) -> str:
    return words(part(page, f"proposal-{number}")["children"])


# -- what waits ------------------------------------------------------------------------------


def test_a_card_says_who_when_why_which_way_and_what(show):
    said = told(settled(show), fakes.LOOSER_VAR)

    for text in (
        "Limit VaR 99 %, 1 day LOOSENS No. 31",
        "anna , 15:38:18 UTC: “The market is calmer than when it was set.”",
        "6.25 % → 7 % looser",
        "In the last 30 d: soft crossed 9 times, as before; hard 5 times instead of 9",
        "Compared with version 7, which is in force.",
        "Waits for an officer other than anna; lapses 26 Nov.",
    ):
        assert text in said


def test_a_temporary_limit_is_told_by_what_holds_now_and_until_when(show):
    said = told(settled(show), fakes.LENT)

    assert "SOL share: other thresholds until 19:42:18 UTC" in said
    assert "Hard threshold 18 % → 20 % looser" in said
    assert "By itself as defined again 20:00:00 UTC → 19:42:18 UTC" in said


def test_a_model_is_told_by_both_names(show):
    said = told(settled(show), fakes.MODEL)

    assert "Measure the book by Filtered history LOOSENS" in said
    assert "Model of the book: none yet → Filtered history" in said
    assert "Compared with version" not in said


def test_what_tightens_waits_for_any_officer(show):
    assert "Waits for an officer; lapses" in told(show(), fakes.TIGHTER)


def test_an_officer_may_approve_or_reject_what_is_not_his(show):
    wanted = [
        decide_id(number, what)
        for number in (fakes.LOOSER_VAR, fakes.LENT, fakes.MODEL, fakes.TIGHTER)
        for what in (APPROVE, REJECT)
    ]

    assert buttons(show(OFFICER)) == wanted
    assert "For you to decide" in words(show(OFFICER))


def test_the_author_withdraws_and_is_told_why_he_cannot_approve(show):
    page = show(ANNA, demo=False)
    own = (fakes.LOOSER_VAR, fakes.MODEL, fakes.TIGHTER)

    assert buttons(page) == [decide_id(number, WITHDRAW) for number in own]
    assert "Yours" in words(page)
    for number in own:
        assert "It is yours: an officer other than you must approve it." in told(page, number)


def test_an_officer_cannot_approve_his_own_loosening_but_what_does_not_loosen(show, store):
    store.kept = [replace(each, author="Dora ") for each in store.kept]
    page = show(DORA)

    assert decide_id(fakes.TIGHTER, APPROVE) in buttons(page)
    assert decide_id(fakes.LOOSER_VAR, APPROVE) not in buttons(page)
    assert "It is yours" in told(page, fakes.LOOSER_VAR), "however his name is written"


def test_an_officer_whose_power_has_not_begun_is_told_before_he_writes_a_reason(show, store):
    begins = store.reader.wall() + timedelta(hours=20)
    page = show(replace(DORA, power_from=begins), demo=False)

    assert buttons(page) == buttons(show(VIEWER, demo=False))
    for number in (fakes.LOOSER_VAR, fakes.LENT):
        assert f"Your power over limits and breakers begins {begins:%Y-%m-%d %H:%M} UTC" in told(
            page, number
        )
    assert buttons(show(replace(DORA, power_from=store.reader.wall()), demo=False)) != []


@pytest.mark.parametrize("actor", [VIEWER, TRADER, ANALYST])
def test_whoever_decides_nothing_sees_all_of_it_and_why(show, actor):
    page = show(actor)
    said = words(page)

    assert buttons(page) == []
    assert "For an officer to decide" in said
    assert "An officer can." in said
    assert "Enter as officer" in said
    assert "Enter as" not in words(show(actor, demo=False))


def test_one_that_touches_nothing_that_others_changed_goes_on(show, store):
    store.adopt(fakes.with_limit(store.reader.policy, "Leverage", hard=1.4, soft=1.1), "Officer 2")
    said = told(show(), fakes.LOOSER_VAR)

    assert "version 8, by Officer 2, is in force and touches nothing of it" in said
    assert "Outdated" not in said


def test_one_whose_limit_others_changed_is_outdated_and_says_who_was_quicker(show, store):
    changed = fakes.with_limit(store.reader.policy, TIGHTENED, hard=0.06, soft=0.05)
    store.adopt(changed, "Officer 2")
    page = show()
    said = told(page, fakes.LOOSER_VAR)

    assert "Outdated: Officer 2 was quicker and changed the same, version 8 is in force" in said
    assert "It must be proposed anew." in said
    assert "Open it in the editor" in said
    assert "In the last 30 d" not in said
    assert decide_id(fakes.LOOSER_VAR, APPROVE) not in buttons(page)
    assert "It is outdated: reject it, or let it be proposed anew." in said


def test_the_chosen_one_is_told_with_its_chart(show):
    page = settled(show, proposal=str(fakes.LOOSER_VAR))

    assert part(page, "proposal-31")["data-chosen"] == "true"
    assert [each["id"] for each in parts(page) if "figure" in each] == ["proposal-31-chart-0"]


def test_a_past_that_cannot_be_asked_is_told_beside_the_proposal(show, store):
    def fail(*_given, **_named):
        raise StoreUnavailable("the database did not answer within 2 s")

    store.reader.tuning = fail
    store.kept = [replace(store.kept[-1], id=77)]
    said = told(settled(show), 77)
    assert "cannot be told: the database did not answer within 2 s." in said


def test_without_anything_the_inbox_says_how_to_propose(show, store):
    store.kept = []
    said = words(show())

    assert "Nothing waits" in said
    assert "choose a limit and “Change…”" in said
    assert "No proposal has been decided yet." in said


def test_another_model_is_told_with_both_records_and_the_way_to_all_tests(show):
    page = settled(show)
    said = told(page, fakes.MODEL)
    shown = part(page, f"proposal-{fakes.MODEL}-models")["children"]
    hrefs = [str(each.get("href")) for each in parts(shown)]

    assert said.count("In hindsight") == 2
    assert ", in use. " in said
    assert "days beyond 99" in said
    assert "pinball loss" in said
    assert any(each.startswith("/models?model=") for each in hrefs)


def test_the_first_version_tells_all_that_stood_in_it_by_name(show):
    first = words(part(show(), "version-5-begun")["children"])

    assert "Limit (32)" in first
    assert "Gross exposure" in first
    assert "Instrument (" in first


# -- what was decided ------------------------------------------------------------------------


def decided(page) -> list[str]:
    return [
        each["id"]
        for each in parts(page)
        if str(each.get("id", "")).startswith("decided-") and "-differences" not in each["id"]
    ]


def test_every_decided_one_says_what_became_of_it_by_whom_and_why(show):
    said = words(part(show(), "proposals-decided")["children"])

    for text in (
        "Rejected by dora: “Agreed on the morning call.”.",
        "Withdrawn by anna",
        "Approved by ben",
        "Nobody decided in time.",
        "Another policy came into force than version 6, with which it was compared.",
    ):
        assert text in said


@pytest.mark.parametrize("status", ["approved", "rejected", "withdrawn", "outdated", "lapsed"])
def test_history_is_filtered_by_status(show, status):
    number = getattr(fakes, status.upper())

    assert decided(show(status=status)) == [f"decided-{number}"]


def test_history_runs_by_when_it_was_decided_and_not_by_when_it_was_asked_for(show, store):
    ended = [each for each in store.kept if each.status is not ProposalStatus.OPEN]
    wait = {each.id: place for place, each in enumerate(ended)}
    store.kept = [
        replace(each, decided_at=AFTERNOON - timedelta(minutes=7 * wait[each.id] % 5))
        if each.id in wait and each.status is not ProposalStatus.LAPSED
        else each
        for each in store.kept
    ]
    kept = {each.id: decided_at(each) for each in store.kept}
    shown = [each["id"] for each in parts(show()) if str(each.get("id")).startswith("decided-")]
    order = [int(name.split("-")[1]) for name in shown if name.count("-") == 1]

    assert len(order) == len(ended)
    assert order == sorted(order, key=kept.__getitem__, reverse=True)


def test_history_is_searched_by_person_reason_and_what(show):
    assert decided(show(find="DORA")) == ["decided-36", "decided-39"]
    assert decided(show(find="no such")) == []
    assert "No decided proposal is like that." in words(show(find="no such"))
    assert decided(show(find="drawdown")) == ["decided-35", "decided-39"]


def test_what_waits_is_not_among_what_was_decided(show, store):
    statuses = {each.id: each.status for each in store.kept}

    assert all(
        statuses[int(each.removeprefix("decided-"))] is not ProposalStatus.OPEN
        for each in decided(show())
    )


# -- versions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("approved_by", "said"),
    [
        ("", " by anna"),
        ("anna", " by anna"),
        ("dora", " by anna, approved by dora"),
        (ALONE, " by anna (alone, nobody has a login)"),
    ],
)
def test_a_version_says_by_whose_word_it_holds(store, approved_by, said):
    version = PolicyVersion(store.reader.policy, AFTERNOON, "anna", (), 1, approved_by)

    assert who_words(version) == said


def test_versions_say_who_when_and_what_and_can_be_brought_back(show):
    page = show()
    said = words(part(page, "proposals-versions")["children"])
    hrefs = [
        each["href"]
        for each in parts(part(page, "proposals-versions")["children"])
        if "href" in each
    ]

    assert "7 is in force" in said
    assert "Version 7 by Officer 1, approved by dora" in said
    assert "15 % → 12 % tighter" in said
    assert hrefs == [
        "/changes/edit?version=6",
        "/changes/edit?version=5",
        "/changes/edit?add=limit",
        "/changes/edit?add=breaker",
    ]


def test_without_a_policy_there_are_no_versions(show, store):
    store.reader.policy, store.kept = None, []

    assert "Nobody has adopted a policy yet." in words(show())
