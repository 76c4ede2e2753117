"""However an admin takes and gives, and whenever somebody asked: what is written, he may then."""

import shutil
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

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

from risk.domain.actors import Actor, Role, Via
from risk.domain.events import ActionDenied
from risk.domain.keys import ApiKey, KeyAbility
from risk.domain.people_store import LoginRecord
from risk.engine.actions import Actions
from risk.errors import NotAllowed, ProofNeeded
from risk.storage import codec
from risk.storage.changes import SqlChanges
from risk.storage.engines import open_engines, transaction
from risk.storage.people import SqlPeople
from risk.storage.portfolios import add_portfolio
from tests.fakes_people import People
from tests.storage.rows import read
from tests.storage.test_still_allowed import SilentBrake

HIM = "anna"


class Entered(NamedTuple):
    """Who somebody was when he asked."""

    actor: Actor
    login: str
    proven_at: datetime


class StillAllowed(RuleBasedStateMachine):
    """An admin who gives keys to programs, and another one who takes and gives him what he may."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.closing = ExitStack()

    @initialize()
    def begin(self) -> None:
        home = Path(self.closing.enter_context(TemporaryDirectory()))
        shutil.copy(self.template, home / "seawall.db")
        self.engines = open_engines(f"sqlite:///{home / 'seawall.db'}")
        self.closing.callback(self.engines.dispose)
        self.people = People(SqlPeople(self.engines), home)
        with transaction(self.engines.writer) as connection:
            add_portfolio(connection, "demo", at=self.people.now)
        for name in (HIM, "adam"):
            self.people.admit(name, Role.ADMIN)
        changes = SqlChanges(self.engines, wall=self.people.wall)
        self.actions = Actions(changes, SilentBrake(), wall=self.people.wall)  # type: ignore[arg-type]
        self.role, self.enabled = Role.ADMIN, True
        self.entered: list[Entered] = []
        self.living: set[str] = set()
        self.written = self.denied = 0

    def teardown(self) -> None:
        self.closing.close()

    # --- what he does ----------------------------------------------------------------------

    @precondition(lambda self: self.enabled)
    @rule()
    def enters(self) -> None:
        number, now = f"login-{len(self.entered)}", self.people.now
        record = LoginRecord(
            id=number, hash=number.encode(), name=HIM, via=Via.WEB, began=now, seen=now,
            proven_at=now, csrf="c", place="", device="d",
        )  # fmt: skip
        with self.people.store.changing() as work:
            work.keep_login(record)
        actor = replace(self.people.actor(HIM), login=number)
        self.entered.append(Entered(actor, number, now))
        self.living.add(number)

    @precondition(lambda self: self.entered)
    @rule(place=st.integers(0, 5))
    def asks(self, place: int) -> None:
        one = self.entered[place % len(self.entered)]
        number = f"k{self.written}"
        key = ApiKey(
            id=number, name="bot", hash=number.encode() * 8, portfolios=frozenset({"demo"}),
            strategies=None, abilities=frozenset(KeyAbility), created=self.people.now,
        )  # fmt: skip
        was = one.actor.role is Role.ADMIN
        is_now = self.role is Role.ADMIN and self.enabled and one.login in self.living
        recent = self.people.now - one.proven_at <= timedelta(minutes=5)
        try:
            self.actions.add_key(one.actor, key)
        except ProofNeeded:
            assert was
            assert not recent
        except NotAllowed:
            assert not (was and is_now)
            self.denied += 1
        else:
            assert was
            assert is_now
            assert recent
            self.written += 1

    @rule(minutes=st.sampled_from([1, 4, 6]))
    def waits(self, minutes: int) -> None:
        self.people.wait(minutes=minutes)

    # --- what the other one does -----------------------------------------------------------

    @rule(role=st.sampled_from([Role.ADMIN, Role.VIEWER]))
    def gives_a_role(self, role: Role) -> None:
        if role is self.role:
            return
        self.people.office.change_role(
            self.people.actor("adam"), HIM, role, reason="as the desk needs", seen=self._version
        )
        self.role = role
        self.living.clear()

    @rule()
    def disables_or_enables(self) -> None:
        office = self.people.office
        change = office.disable if self.enabled else office.enable
        change(self.people.actor("adam"), HIM, reason="as the desk needs", seen=self._version)
        self.enabled = not self.enabled
        self.living.clear()

    @rule()
    def ends_his_logins(self) -> None:
        with self.people.store.changing() as work:
            work.end_logins(HIM, at=self.people.now)
        self.living.clear()

    @property
    def _version(self) -> int:
        return self.people.person(HIM).version

    # --- what always holds -----------------------------------------------------------------

    @invariant()
    def what_was_written_and_denied_is_all_that_is_there(self) -> None:
        assert read(self.engines, "SELECT count(*) FROM api_key") == [(self.written,)]
        query = "SELECT body FROM journal WHERE kind = 'ActionDenied' ORDER BY seq"
        told = [codec.decode_event(body) for (body,) in read(self.engines, query)]
        assert all(isinstance(each, ActionDenied) and each.by == HIM for each in told)
        assert bool(told) == bool(self.denied)


def test_what_is_written_he_may_then(sqlite_template: Path) -> None:
    class Machine(StillAllowed):
        template = sqlite_template

    run_state_machine_as_test(
        Machine, settings=settings(settings.default, max_examples=10, stateful_step_count=12)
    )
