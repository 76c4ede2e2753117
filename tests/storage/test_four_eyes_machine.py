"""Whatever people do, and whoever writes past the program: nothing that loosens is ever in force
without another person's word, and every proposal is decided once."""

import shutil
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from risk.domain.actions import ALONE, Change, EndTemporaryLimit
from risk.domain.actors import Role
from risk.domain.events import ProposalDecided
from risk.domain.proposals import Direction, ProposalStatus
from risk.errors import InvalidInput, NotAllowed, StoreError
from risk.policy.direction import direction_of
from risk.storage.engines import open_engines
from tests.builders import NOON
from tests.policy_files import ON_BTC, VAR
from tests.storage.adopting import choosing, machine
from tests.storage.persons import hired
from tests.storage.rows import read
from tests.storage.test_four_eyes_by_sql import Forger
from tests.storage.test_proposals import ANNA, OLGA, OTTO, PLAIN, THEO, Office, raising
from tests.storage.test_tuning import with_breaker, with_limit

PEOPLE = {"olga": OLGA, "otto": OTTO, "anna": ANNA, "theo": THEO, "root": machine("root")}
OFFICERS = {"olga", "otto"}
POLICIES = {
    "tighter": lambda policy: with_limit(policy, hard=0.05),
    "looser": lambda policy: with_limit(policy, hard=0.08),
    "other limit": lambda policy: with_limit(policy, ON_BTC, hard=0.4),
    "breaker": lambda policy: with_breaker(policy, trip=1.9),
    "words": lambda policy: with_limit(policy, VAR, owner="somebody"),
    "as it began": lambda policy: PLAIN,
}
CHANGES = {
    "raise": lambda: raising(0.35, hours=24.0 * 90),
    "lower": lambda: raising(0.1, hours=24.0 * 90),
    "end": lambda: EndTemporaryLimit(seq=0, at=NOON, who="", limit=ON_BTC),
    "adaptive": lambda: choosing("adaptive"),
    "history": lambda: choosing("historical_250"),
}
_WHO = st.sampled_from(sorted(PEOPLE))


class FourEyes(RuleBasedStateMachine):
    """People, a book, and a forger."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.closing = ExitStack()

    @initialize()
    def begin(self) -> None:
        self.folder = self.closing.enter_context(TemporaryDirectory())
        file = Path(self.folder) / "seawall.db"
        shutil.copy(self.template, file)
        self.engines = open_engines(f"sqlite:///{file}")
        self.closing.callback(self.engines.dispose)
        self.office = Office(self.engines)
        self.office.begin()
        self.staffed = False

    def teardown(self) -> None:
        self.closing.close()

    # --- what people do --------------------------------------------------------------------

    @precondition(lambda self: not self.staffed)
    @rule()
    def give_logins(self) -> None:
        for name in sorted(OFFICERS):
            hired(self.engines, name)
        hired(self.engines, "anna", Role.ANALYST)
        hired(self.engines, "theo", Role.TRADER)
        self.staffed = True

    @rule(who=_WHO, name=st.sampled_from(sorted(POLICIES)))
    def propose_policy(self, who: str, name: str) -> None:
        self._propose(who, self.office.adopting(POLICIES[name](self.office.policy)))

    @rule(who=_WHO, name=st.sampled_from(sorted(CHANGES)))
    def propose_another(self, who: str, name: str) -> None:
        self._propose(who, CHANGES[name]())

    @rule(who=_WHO, place=st.integers(0, 3))
    def approve(self, who: str, place: int) -> None:
        found = self._some(place)
        if found is None:
            return
        try:
            done = self.office.approve(found, PEOPLE[who])
        except (InvalidInput, NotAllowed):
            return
        assert done.status is ProposalStatus.APPROVED
        assert who in OFFICERS or who == "root"
        assert found.direction is not Direction.LOOSENS or who != found.author
        assert found.status is ProposalStatus.OPEN

    @rule(who=_WHO, place=st.integers(0, 3))
    def reject(self, who: str, place: int) -> None:
        found = self._some(place)
        if found is None:
            return
        try:
            done = self.office.reject(found, PEOPLE[who])
        except (InvalidInput, NotAllowed):
            return
        assert done.status is ProposalStatus.REJECTED
        assert who in OFFICERS or who == "root"
        assert who != found.author

    @rule(who=_WHO, place=st.integers(0, 3))
    def withdraw(self, who: str, place: int) -> None:
        found = self._some(place)
        if found is None:
            return
        try:
            done = self.office.withdraw(found, PEOPLE[who])
        except (InvalidInput, NotAllowed):
            return
        assert done.status is ProposalStatus.WITHDRAWN
        assert who == found.author

    @rule(days=st.sampled_from([1, 15]))
    def wait(self, days: int) -> None:
        self.office.now += timedelta(days=days)

    # --- what a forger does ----------------------------------------------------------------

    @rule(author=st.sampled_from(["olga", "anna"]), direction=st.sampled_from(list(Direction)))
    def forge(self, author: str, direction: Direction) -> None:
        """Write all of it by hand, but another officer's word."""
        forger = Forger(self.office)
        steps = [
            lambda made: forger.approve(made, author.upper(), author=author),
            lambda made: forger.decide(made, by=author, action=self._next()),
            lambda made: forger.act(made, who=author, seq=self._next()),
        ]
        made = forger.propose(author=author, direction=direction.value)
        for step in steps:
            try:
                step(made)
            except StoreError:
                continue

    # --- what the engine does, and what always holds ---------------------------------------

    @rule()
    def take_in(self) -> None:
        before = self.office.policy
        record = self.office.turn()
        for change in record.snapshot.policy_changes:
            if direction_of(before, change.policy).direction is Direction.LOOSENS:
                self._assert_agreed(change.by, change.approved_by)
            before = change.policy
        for chosen in record.snapshot.model_changes:
            self._assert_agreed(chosen.by, chosen.approved_by)

    @invariant()
    def every_proposal_is_decided_once(self) -> None:
        decided = [each for each in self.office.told() if isinstance(each, ProposalDecided)]
        assert max(Counter(each.proposal for each in decided).values()) == 1
        seqs = read(self.engines, "SELECT seq FROM action ORDER BY seq")
        assert [seq for (seq,) in seqs] == list(range(1, len(seqs) + 1))

    def _assert_agreed(self, by: str, approved_by: str) -> None:
        if approved_by == ALONE:
            # Asked before anybody had a login, whenever the engine took it in.
            alone = "SELECT alone FROM proposal WHERE author = :a AND status = 'approved'"
            assert any(each for (each,) in read(self.engines, alone, a=by))
            return
        assert approved_by != by
        assert approved_by in OFFICERS or not self.staffed or approved_by == "root"

    def _propose(self, who: str, change: Change) -> None:
        try:
            made = self.office.propose(replace(change, at=self.office.now), PEOPLE[who])
        except (InvalidInput, NotAllowed):
            return
        at_once = who == "root" or (made.direction is not Direction.LOOSENS and who in OFFICERS)
        assert (made.status is ProposalStatus.APPROVED) == at_once
        assert made.alone == (who == "root")

    def _some(self, place: int):
        found = self.office.all()
        return found[place] if place < len(found) else None

    def _next(self) -> int:
        ((last,),) = read(self.engines, "SELECT max(seq) FROM action")
        return int(last) + 1


def test_nothing_that_loosens_is_ever_in_force_without_another_persons_word(
    sqlite_template: Path,
) -> None:
    class Machine(FourEyes):
        template = sqlite_template

    run_state_machine_as_test(
        Machine,
        settings=settings(settings.default, max_examples=25, stateful_step_count=18),
    )
