"""Changes and the second person whom they need: what people may do, on SQLite and Postgres."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from risk.domain.actions import (
    ALONE,
    AdoptPolicy,
    Change,
    EndTemporaryLimit,
    Sanction,
    SetTemporaryLimit,
)
from risk.domain.actors import Ability, Actor, Role
from risk.domain.changing import Changes
from risk.domain.events import (
    PEOPLE_STREAM,
    BookModelChanged,
    PolicyChanged,
    ProposalDecided,
    ProposalMade,
)
from risk.domain.limits import Thresholds
from risk.domain.policy import Policy
from risk.domain.ports import AccountReading, MarketReading
from risk.domain.proposals import LIFE, Direction, Proposal, ProposalStatus
from risk.engine.cycle import take_cycle
from risk.errors import Conflict, InvalidInput, NotAllowed, UnknownPortfolio
from risk.policy.adoption import revert_of
from risk.storage import codec, journal
from risk.storage.actions import SqlActions
from risk.storage.changes import SqlChanges
from risk.storage.engines import Engines, transaction
from risk.storage.policies import known_versions, policy_standing
from risk.storage.portfolios import add_portfolio
from risk.storage.proposals import ProposalDesk, lapse_proposals
from risk.storage.store import SqlStore
from tests.builders import NOON, PORTFOLIO
from tests.engine.worlds import nothing_yet
from tests.policy_files import BREAKERS, FILE, ON_BTC, VAR, policy_of
from tests.storage.adopting import adopting, choosing, machine
from tests.storage.persons import by, hired, persona, signed_in
from tests.storage.rows import lease_token, read, write
from tests.storage.test_tuning import with_breaker, with_limit

PLAIN = policy_of(FILE[: FILE.index("[[temporary]]")] + BREAKERS)
TIGHTER = with_limit(PLAIN, hard=0.05)
LOOSER = with_limit(PLAIN, hard=0.08)
WORDS = with_limit(PLAIN, owner="ben")
APPROVED, OPEN = ProposalStatus.APPROVED, ProposalStatus.OPEN
HOUR = timedelta(hours=1)


class Office:
    """A book, and people who change it."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.now = NOON
        with transaction(engines.writer) as connection:
            add_portfolio(connection, PORTFOLIO, at=NOON)
        self.changes = SqlChanges(engines, wall=lambda: self.now, channels=lambda: ["log"])
        self._store = SqlStore(engines)
        self._token = lease_token(engines, PORTFOLIO)

    def by(self, actor: Actor, ability: Ability = Ability.REQUEST_LIMIT) -> Changes:
        """What he changes, who has just proved who he is."""
        return by(self.changes, replace(actor, proven_at=self.now), ability)

    def propose(self, change: Change, by: Actor, reason: str = "agreed") -> Proposal:
        return self.by(by).propose(PORTFOLIO, change, reason=reason, actor=by)

    def approve(self, proposal: Proposal, by: Actor, reason: str = "seen") -> Proposal:
        changes = self.by(by, Ability.APPROVE)
        return changes.approve(PORTFOLIO, proposal.id, reason=reason, actor=by)

    def reject(self, proposal: Proposal, by: Actor) -> Proposal:
        changes = self.by(by, Ability.APPROVE)
        return changes.reject(PORTFOLIO, proposal.id, reason="no", actor=by)

    def withdraw(self, proposal: Proposal, by: Actor) -> Proposal:
        return self.by(by).withdraw(PORTFOLIO, proposal.id, reason="no", actor=by)

    def all(self, *, open_only: bool = False) -> list[Proposal]:
        return list(self.changes.proposals(PORTFOLIO, open_only=open_only))

    def begin(self, policy: Policy = PLAIN) -> None:
        """Let a policy be in force, while nobody has a login."""
        self.propose(adopting(policy, seen=0), machine())
        self.turn()

    def adopting(self, policy: Policy) -> AdoptPolicy:
        with transaction(self.engines.reader) as connection:
            coming = policy_standing(connection, PORTFOLIO, at=self.now).coming
        return adopting(policy, seen=0 if coming is None else coming.version)

    def turn(self, at: datetime = NOON):
        carried = self._store.load(PORTFOLIO) or nothing_yet(("BTC",))
        actions = SqlActions(self.engines, PORTFOLIO).after(carried.state.action_seq)
        market = MarketReading(at=at, marks={})
        record = take_cycle(carried, market, AccountReading(), actions=actions)
        self._store.save(record, token=self._token)
        return record

    @property
    def policy(self) -> Policy:
        carried = self._store.load(PORTFOLIO)
        assert carried is not None
        assert carried.state.policy is not None
        return carried.state.policy

    def standing_of(self, limit: str) -> Thresholds:
        carried = self._store.load(PORTFOLIO)
        assert carried is not None
        return carried.state.limits[limit].thresholds

    def told(self) -> list[ProposalMade | ProposalDecided]:
        """What the journal of people says, which holds."""
        with transaction(self.engines.reader) as connection:
            journal.verify(connection, PEOPLE_STREAM)
        query = "SELECT body FROM journal WHERE stream = :s ORDER BY seq"
        rows = read(self.engines, query, s=PEOPLE_STREAM)
        return [codec.decode_event(body) for (body,) in rows]  # type: ignore[misc]


@pytest.fixture
def office(engines: Engines) -> Office:
    return Office(engines)


@pytest.fixture
def staffed(office: Office, engines: Engines) -> Office:
    """With a policy in force, and people who have logins: two officers, an analyst, a trader."""
    office.begin()
    for name in ("olga", "otto"):
        hired(engines, name)
    hired(engines, "anna", Role.ANALYST)
    hired(engines, "theo", Role.TRADER)
    return office


OLGA, OTTO = (signed_in(name, Role.OFFICER) for name in ("olga", "otto"))
ANNA, THEO = signed_in("anna", Role.ANALYST), signed_in("theo", Role.TRADER)
ADAM = signed_in("adam", Role.ADMIN)


def raising(hard: float = 0.35, *, limit: str = ON_BTC, hours: float = 2.0) -> SetTemporaryLimit:
    return SetTemporaryLimit(
        seq=0, at=NOON, who="", limit=limit, hard=hard, soft=0.8 * hard, starts=None,
        expires=NOON + hours * HOUR, reason="the roll",
    )  # fmt: skip


def ending(limit: str = ON_BTC) -> EndTemporaryLimit:
    return EndTemporaryLimit(seq=0, at=NOON, who="", limit=limit)


# --- who must agree ------------------------------------------------------------------------


def test_what_loosens_waits_for_an_officer_who_is_not_its_author(staffed: Office) -> None:
    made = staffed.propose(staffed.adopting(LOOSER), ANNA, reason="calmer now")
    staffed.turn()
    assert (made.status, made.direction) == (OPEN, Direction.LOOSENS)
    assert made.loosens == made.what == (f"limit {VAR}: hard 0.06 -> 0.08 (looser)",)
    assert (made.at, made.lapses, made.author) == (NOON, NOON + LIFE, "anna")
    assert staffed.policy.version == 1, "nothing holds before somebody has agreed"

    done = staffed.approve(made, OLGA)
    record = staffed.turn()

    assert (done.status, done.decided_by, done.decision, done.action) == (
        APPROVED,
        "olga",
        "seen",
        2,
    )
    (action,) = SqlActions(staffed.engines, PORTFOLIO).after(1)
    assert isinstance(action, AdoptPolicy)
    assert (action.who, action.sanction) == ("anna", Sanction(made.id, "olga"))
    assert staffed.policy.limit(VAR).hard == 0.08
    (changed,) = [e for e in record.events if isinstance(e, PolicyChanged)]
    assert (changed.by, changed.approved_by) == ("anna", "olga")


def test_an_officers_own_loosening_waits_for_another_one(staffed: Office) -> None:
    made = staffed.propose(staffed.adopting(LOOSER), OLGA)
    assert made.status is OPEN

    for himself in ("olga", " Olga ", "OL GA"):
        asked = replace(OLGA, name=himself)
        with pytest.raises(NotAllowed, match="your own: another officer must approve it"):
            staffed.by(OLGA, Ability.APPROVE).approve(
                PORTFOLIO, made.id, reason="seen", actor=asked
            )
    assert staffed.approve(made, OTTO).status is APPROVED


@pytest.mark.parametrize("policy", [TIGHTER, WORDS])
def test_what_does_not_loosen_needs_one_officer(staffed: Office, policy: Policy) -> None:
    own = staffed.propose(staffed.adopting(policy), OLGA)
    assert (own.status, own.decided_by) == (APPROVED, "olga")
    staffed.turn()
    assert staffed.policy.version == 2

    waiting = staffed.propose(staffed.adopting(with_limit(policy, ON_BTC, soft=0.1)), ANNA)
    assert (waiting.status, waiting.direction) == (OPEN, Direction.TIGHTENS)
    assert staffed.approve(waiting, OTTO).status is APPROVED


def test_whoever_became_an_officer_may_agree_to_what_he_once_proposed_if_it_only_tightens(
    staffed: Office, engines: Engines
) -> None:
    ivo = hired(engines, "ivo", Role.ANALYST)
    made = staffed.propose(staffed.adopting(TIGHTER), ivo)
    write(engines, "UPDATE person SET role = 'officer' WHERE name = 'ivo'")

    assert staffed.approve(made, signed_in("ivo", Role.OFFICER)).decided_by == "ivo"
    assert read(engines, "SELECT count(*) FROM approval") == [(0,)]


def test_a_trader_asks_for_a_temporary_limit(staffed: Office) -> None:
    looser, tighter = staffed.propose(raising(), THEO), staffed.propose(raising(0.2), THEO)
    assert [each.status for each in (looser, tighter)] == [OPEN, OPEN]
    assert [each.direction.value for each in (looser, tighter)] == ["loosens", "tightens"]

    staffed.approve(looser, OLGA)
    staffed.turn()
    assert staffed.policy.temporary[0].by == "theo"
    ended = staffed.propose(ending(), OLGA)
    assert (ended.status, ended.direction) == (APPROVED, Direction.TIGHTENS)


def test_ending_a_tighter_temporary_limit_loosens(staffed: Office) -> None:
    staffed.propose(raising(0.2), OLGA)
    staffed.turn()

    assert staffed.propose(ending(), OLGA).status is OPEN


def test_a_raise_of_a_limit_that_moves_is_ended_by_one_officer(staffed: Office) -> None:
    """No regime is known, so that 6 % stand at 4.2: that is where the end of the raise leads."""
    raised = staffed.propose(raising(0.05, limit=VAR), OLGA)
    assert raised.direction is Direction.LOOSENS
    assert "added, hard 0.05" in raised.what[0]
    staffed.approve(raised, OTTO)
    staffed.turn()

    ended = staffed.propose(ending(VAR), OLGA)
    staffed.turn()

    assert (ended.status, ended.direction) == (APPROVED, Direction.TIGHTENS)
    assert staffed.policy.temporary == ()
    assert staffed.standing_of(VAR).hard == pytest.approx(0.042)


def test_the_end_of_a_long_raise_waits_and_what_is_lent_may_be_lowered_meanwhile(
    staffed: Office,
) -> None:
    """In twenty days the limit could have risen above what is lent."""
    staffed.approve(staffed.propose(raising(0.05, limit=VAR, hours=480.0), OLGA), OTTO)
    staffed.turn()
    waits = staffed.propose(ending(VAR), OLGA)
    assert (waits.status, waits.direction) == (OPEN, Direction.LOOSENS)

    lower = replace(raising(0.042, limit=VAR, hours=480.0), soft=0.021)
    lowered = staffed.propose(lower, OLGA)
    staffed.turn()

    assert (lowered.status, lowered.direction) == (APPROVED, Direction.TIGHTENS)
    assert staffed.standing_of(VAR).hard == 0.042


def test_what_was_sent_as_loosening_is_approved_though_it_tightens_by_now(
    staffed: Office,
) -> None:
    staffed.approve(staffed.propose(raising(0.05, limit=VAR, hours=48.0), OLGA), OTTO)
    staffed.turn()
    waits = staffed.propose(ending(VAR), ANNA)
    assert waits.direction is Direction.LOOSENS

    staffed.turn(NOON + 46 * HOUR)
    assert staffed.approve(waits, OLGA).status is APPROVED
    staffed.turn(NOON + 46 * HOUR)
    assert staffed.policy.temporary == ()


def test_another_model_always_waits_for_a_second_person(staffed: Office) -> None:
    made = staffed.propose(choosing("adaptive"), OLGA)
    assert (made.status, made.seen) == (OPEN, 0)
    assert made.what == ("model of the book: Filtered, Pareto tail -> Adaptive history",)

    staffed.approve(made, OTTO)
    (told,) = [e for e in staffed.turn().events if isinstance(e, BookModelChanged)]
    assert (told.model, told.by, told.approved_by) == ("adaptive", "olga", "otto")


def test_while_nobody_has_a_login_there_is_no_second_person_to_ask(office: Office) -> None:
    made = office.propose(adopting(LOOSER, seen=0), machine("root (command line)"))

    assert (made.status, made.decision, made.alone) == (APPROVED, ALONE, True)
    record = office.turn()
    (changed,) = [e for e in record.events if isinstance(e, PolicyChanged)]
    assert (changed.by, changed.approved_by) == ("root (command line)", ALONE)
    assert [type(each).__name__ for each in office.told()] == ["ProposalMade", "ProposalDecided"]
    assert office.told()[1].reason == ALONE


def test_once_somebody_has_a_login_nobody_is_alone(staffed: Office) -> None:
    waiting = staffed.propose(staffed.adopting(LOOSER), ANNA)
    for somebody in (machine("root"), persona(Role.OFFICER)):
        with pytest.raises(NotAllowed, match="sign in first"):
            staffed.propose(staffed.adopting(TIGHTER), somebody)
        with pytest.raises(NotAllowed, match="sign in first"):
            staffed.approve(waiting, somebody)


def test_a_demonstrations_personas_follow_the_rules_of_people(office: Office) -> None:
    office.begin()
    made = office.propose(office.adopting(LOOSER), persona(Role.OFFICER))
    assert made.status is OPEN
    with pytest.raises(NotAllowed, match="another officer"):
        office.approve(made, persona(Role.OFFICER))
    office.withdraw(made, persona(Role.OFFICER))
    again = office.propose(office.adopting(LOOSER), persona(Role.ANALYST))

    assert office.approve(again, persona(Role.OFFICER)).status is APPROVED


@pytest.mark.parametrize("somebody", [ANNA, THEO, ADAM])
def test_only_an_officer_approves_or_rejects(staffed: Office, somebody: Actor) -> None:
    hired(staffed.engines, "adam", Role.ADMIN)
    ida = hired(staffed.engines, "ida", Role.ANALYST)
    made = staffed.propose(staffed.adopting(TIGHTER), ida)

    with pytest.raises(NotAllowed, match=r"approving a change is not for an?"):
        staffed.approve(made, somebody)
    with pytest.raises(NotAllowed, match=r"approving a change is not for an?"):
        staffed.reject(made, somebody)
    assert staffed.reject(made, OTTO).status is ProposalStatus.REJECTED


def test_nobody_withdraws_what_another_proposed_and_rejects_his_own(staffed: Office) -> None:
    made = staffed.propose(staffed.adopting(LOOSER), ANNA)
    with pytest.raises(NotAllowed, match=f"proposal {made.id} is anna's: only its author"):
        staffed.withdraw(made, OTTO)
    assert [each.id for each in staffed.all(open_only=True)] == [made.id]

    staffed.withdraw(made, ANNA)
    own = staffed.propose(staffed.adopting(LOOSER), OTTO)
    with pytest.raises(InvalidInput, match=f"proposal {own.id} is your own: withdraw it"):
        staffed.reject(own, OTTO)
    assert [each.id for each in staffed.all(open_only=True)] == [own.id]


# --- once ----------------------------------------------------------------------------------


def test_what_is_decided_is_decided_and_says_by_whom(staffed: Office) -> None:
    made = staffed.propose(staffed.adopting(LOOSER), ANNA)
    staffed.approve(made, OLGA)

    for late in (staffed.approve, staffed.reject):
        with pytest.raises(Conflict, match=r"decided: approved by olga at .*, seen"):
            late(made, OTTO)
    assert len(SqlActions(staffed.engines, PORTFOLIO).after(1)) == 1


def test_of_two_officers_at_once_one_approves_and_the_other_hears_who(staffed: Office) -> None:
    made = staffed.propose(staffed.adopting(LOOSER), ANNA)
    gate, outcomes = threading.Barrier(2), list[object]()

    def decide(who: Actor) -> None:
        gate.wait()
        try:
            outcomes.append(staffed.approve(made, who).decided_by)
        except Conflict as conflict:
            outcomes.append(str(conflict))

    threads = [threading.Thread(target=decide, args=(who,)) for who in (OLGA, OTTO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (winner,) = [each for each in outcomes if each in ("olga", "otto")]
    (loser,) = [each for each in outcomes if each != winner]
    assert f"approved by {winner} at" in str(loser)


def test_the_same_again_does_not_wait_twice(staffed: Office) -> None:
    made = staffed.propose(staffed.adopting(LOOSER), ANNA)

    with pytest.raises(InvalidInput, match=rf"proposal {made.id}, by anna, says the same"):
        staffed.propose(staffed.adopting(LOOSER), OLGA)
    staffed.withdraw(made, ANNA)
    assert staffed.propose(staffed.adopting(LOOSER), OLGA).status is OPEN


def test_an_author_withdraws_and_an_officer_rejects(staffed: Office) -> None:
    made = [staffed.propose(staffed.adopting(p), ANNA) for p in (LOOSER, TIGHTER)]
    withdrawn, rejected = staffed.withdraw(made[0], ANNA), staffed.reject(made[1], OLGA)

    assert (withdrawn.status, withdrawn.decided_by) == (ProposalStatus.WITHDRAWN, "anna")
    assert (rejected.status, rejected.decided_by) == (ProposalStatus.REJECTED, "olga")
    assert [each.id for each in staffed.all()] == [made[1].id, made[0].id, 1]
    assert staffed.all(open_only=True) == []


def test_what_nobody_decides_lapses(staffed: Office) -> None:
    made = staffed.propose(staffed.adopting(LOOSER), ANNA)
    staffed.now = made.lapses - timedelta(seconds=1)
    assert staffed.all(open_only=True)[0].status is OPEN
    staffed.now = made.lapses
    assert staffed.all(open_only=True) == []
    assert staffed.all()[0].status is ProposalStatus.LAPSED

    with pytest.raises(Conflict, match=r"is lapsed: nobody decided on it within 14 days"):
        staffed.approve(made, OLGA)
    assert staffed.all()[0].decided_by == "rule"


def test_late_ones_are_ended_and_told_without_anybody_asking(staffed: Office) -> None:
    for policy in (LOOSER, TIGHTER):
        staffed.propose(staffed.adopting(policy), ANNA)
    with transaction(staffed.engines.writer) as connection:
        assert lapse_proposals(connection, PORTFOLIO, at=NOON) == 0
        assert lapse_proposals(connection, PORTFOLIO, at=NOON + LIFE) == 2
        assert lapse_proposals(connection, PORTFOLIO, at=NOON + LIFE) == 0

    ended = staffed.told()[-2:]
    assert [(each.status, each.by, each.author) for each in ended] == [
        ("lapsed", "rule", "anna")
    ] * 2


def test_of_what_there_is_not_nothing_is_decided(staffed: Office) -> None:
    with pytest.raises(InvalidInput, match="has no proposal 99"):
        staffed.by(OLGA, Ability.APPROVE).approve(PORTFOLIO, 99, reason="seen", actor=OLGA)
    with pytest.raises(UnknownPortfolio):
        staffed.changes.proposals("dem")
    with pytest.raises(InvalidInput, match="a reason is one line"):
        staffed.propose(staffed.adopting(LOOSER), ANNA, reason=" ")


# --- others were quicker -------------------------------------------------------------------


def test_what_was_compared_with_another_policy_is_not_proposed(staffed: Office) -> None:
    staffed.propose(staffed.adopting(TIGHTER), OLGA)

    with pytest.raises(Conflict, match="version 2, by olga, is in force"):
        staffed.propose(adopting(LOOSER, seen=1), ANNA)


def test_a_proposal_is_outdated_once_others_have_changed_the_same(staffed: Office) -> None:
    made = staffed.propose(staffed.adopting(LOOSER), ANNA)
    staffed.propose(staffed.adopting(TIGHTER), OTTO)
    staffed.turn()

    with pytest.raises(Conflict, match=r"is outdated: .*compared with version 1.*otto: limit"):
        staffed.approve(made, OLGA)
    (outdated,) = [each for each in staffed.all() if each.id == made.id]
    assert (outdated.status, outdated.decided_by) == (ProposalStatus.OUTDATED, "olga")
    assert isinstance(staffed.told()[-1], ProposalDecided)
    assert staffed.policy.version == 2


def test_ones_own_is_not_adopted_as_anything_but_what_one_has_read(staffed: Office) -> None:
    """An analyst who is an officer by now: nobody else approves what others' changes make of it."""
    made = staffed.propose(staffed.adopting(TIGHTER), ANNA)
    staffed.propose(staffed.adopting(with_breaker(PLAIN, trip=1.5)), OTTO)
    anna = signed_in("anna", Role.OFFICER)
    write(staffed.engines, "UPDATE person SET role = 'officer' WHERE name = 'anna'")

    with pytest.raises(Conflict, match=r"is outdated: others have changed .*propose it again"):
        staffed.approve(made, anna)
    (outdated,) = [each for each in staffed.all() if each.id == made.id]
    assert outdated.status is ProposalStatus.OUTDATED


@pytest.mark.parametrize("taken_in", [False, True])
def test_what_nobody_else_touched_is_done_upon_what_they_did(
    staffed: Office, taken_in: bool
) -> None:
    made = staffed.propose(staffed.adopting(LOOSER), ANNA)
    staffed.propose(staffed.adopting(with_breaker(PLAIN, trip=1.5)), OTTO)
    staffed.propose(raising(0.2), OTTO)
    if taken_in:
        staffed.turn()
    done = staffed.approve(made, OLGA)
    staffed.turn()

    assert done.status is APPROVED
    assert done.change.seen == 3
    assert staffed.policy.version == 4
    assert staffed.policy.limit(VAR).hard == 0.08
    assert staffed.policy.breaker("market fall").trip == 1.5
    assert [each.limit for each in staffed.policy.temporary] == [ON_BTC]


def test_a_temporary_limit_waits_through_changes_of_other_limits_only(staffed: Office) -> None:
    one, other = staffed.propose(raising(), THEO), staffed.propose(raising(0.36), THEO)
    staffed.propose(staffed.adopting(TIGHTER), OTTO)
    assert staffed.approve(one, OLGA).status is APPROVED

    with pytest.raises(Conflict, match="others have changed the same"):
        staffed.approve(other, OLGA)


def test_a_temporary_limit_that_would_be_over_is_outdated(staffed: Office) -> None:
    made = staffed.propose(raising(hours=1.0), THEO)
    staffed.turn(NOON + 2 * HOUR)

    with pytest.raises(Conflict, match=r"cannot be adopted any more: .*would have expired"):
        staffed.approve(made, OLGA)


def test_a_model_is_outdated_once_another_one_was_chosen(staffed: Office) -> None:
    one, other = (staffed.propose(choosing(m), ANNA) for m in ("adaptive", "historical_250"))
    staffed.approve(one, OLGA)

    with pytest.raises(Conflict, match="Adaptive history was chosen by anna since"):
        staffed.approve(other, OLGA)


# --- first and former ones -----------------------------------------------------------------


def test_a_first_policy_waits_for_an_officer_where_people_have_logins(
    office: Office, engines: Engines
) -> None:
    hired(engines, "olga")
    with transaction(engines.writer) as connection:
        made = ProposalDesk(connection, PORTFOLIO, at=NOON).seed(PLAIN, who="the demo")
        again = ProposalDesk(connection, PORTFOLIO, at=NOON).seed(PLAIN, who="the demo")

    assert made is not None
    assert (made.status, again) == (OPEN, None)
    assert office.approve(made, OLGA).status is APPROVED


def test_an_earlier_version_is_brought_back_as_a_proposal(staffed: Office) -> None:
    staffed.propose(staffed.adopting(TIGHTER), OLGA)
    staffed.turn()
    with transaction(staffed.engines.reader) as connection:
        versions = known_versions(connection, PORTFOLIO, at=NOON)
    back = revert_of(versions, 1, at=NOON, who="anna")
    made = staffed.propose(back, ANNA)

    assert made.what == (f"limit {VAR}: hard 0.05 -> 0.06 (looser)",)
    staffed.approve(made, OTTO)
    staffed.turn()
    assert (staffed.policy.version, staffed.policy.limit(VAR).hard) == (3, 0.06)
    with pytest.raises(InvalidInput, match="no version 7 of the policy; there are 1 to 2"):
        revert_of(versions, 7, at=NOON, who="anna")
    with pytest.raises(InvalidInput, match="nothing to bring back"):
        revert_of(versions, 2, at=NOON, who="anna")


# --- told ----------------------------------------------------------------------------------


def test_all_of_it_reads_as_a_story_and_whoever_must_look_is_told(staffed: Office) -> None:
    made = staffed.propose(staffed.adopting(LOOSER), ANNA, reason="calmer now")
    staffed.approve(made, OLGA, reason="agreed on the call")
    staffed.propose(staffed.adopting(with_limit(LOOSER, ON_BTC, soft=0.1)), OTTO)
    first, decided, own, done = staffed.told()[-4:]

    assert isinstance(first, ProposalMade)
    assert (first.by, first.reason, first.direction, first.waits) == (
        "anna", "calmer now", "loosens", True,
    )  # fmt: skip
    assert isinstance(decided, ProposalDecided)
    assert (decided.status, decided.by, decided.author, decided.action) == (
        "approved", "olga", "anna", 2,
    )  # fmt: skip
    assert isinstance(own, ProposalMade)
    assert not own.waits
    assert isinstance(done, ProposalDecided)
    subjects = [s for (s,) in read(staffed.engines, "SELECT subject FROM outbox ORDER BY notice")]
    assert [s for s in subjects if s.startswith("Waits for an officer")] == [
        f"Waits for an officer: proposal {made.id} of {PORTFOLIO}, by anna"
    ]
    assert f"Proposal {made.id} of {PORTFOLIO}, by anna: approved" in subjects
    assert len(subjects) == 2


def test_what_is_refused_leaves_nothing_behind(staffed: Office) -> None:
    told, made = len(staffed.told()), len(staffed.all())
    with pytest.raises(InvalidInput, match="nothing would change"):
        staffed.propose(staffed.adopting(PLAIN), ANNA)
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        staffed.propose(staffed.adopting(replace(PLAIN, cluster_correlation=2.0)), ANNA)

    assert (len(staffed.told()), len(staffed.all())) == (told, made)
