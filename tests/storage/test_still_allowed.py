"""What somebody may do must still be true when it is written: one suite over every store."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from risk.domain.actors import Actor, Role, Via
from risk.domain.changing import ChangeStore
from risk.domain.events import ActionDenied, RiskEvent
from risk.domain.keys import ApiKey, KeyAbility
from risk.domain.ledger import Flow
from risk.domain.messages import CommandAnswer
from risk.domain.overrides import OverrideKind, OverrideWish, Verdict
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.engine.actions import Actions
from risk.errors import GateClosed, NotAllowed, ProofNeeded, StoreError
from risk.storage import codec
from risk.storage.changes import SqlChanges
from risk.storage.engines import open_engines, transaction
from risk.storage.people import SqlPeople
from risk.storage.portfolios import add_portfolio
from tests.builders import PORTFOLIO
from tests.fakes_overrides import FakeChangeStore
from tests.fakes_people import MONDAY, FakePeopleStore, People
from tests.fakes_web import FakeBookReader
from tests.storage.adopting import choosing
from tests.storage.rows import read, write

WHOLE = Scope(ScopeKind.PORTFOLIO, PORTFOLIO)
WRITTEN = (
    "action",
    "proposal",
    "approval",
    "override_review",
    "ledger_inbox",
    "api_key",
    "portfolio",
)


class SilentBrake:
    """No authority answers, so that what stops trading goes to the store."""

    def latch(self, *_told: Any, **_named: Any) -> CommandAnswer:
        raise GateClosed("the engine does not answer")


@dataclass
class House:
    """People, and what they change, in one store."""

    people: People
    changes: ChangeStore
    written: Callable[[], Any]
    told: Callable[[], Sequence[RiskEvent]]
    silence: Callable[[], None]

    def __post_init__(self) -> None:
        self.actions = Actions(self.changes, SilentBrake(), wall=self.people.wall)  # type: ignore[arg-type]
        for name, role in (("olga", Role.OFFICER), ("ida", Role.ANALYST), ("anna", Role.ADMIN)):
            self.people.admit(name, role)
        self.people.admit("adam", Role.ADMIN)

    def enters(self, name: str) -> Actor:
        return self.people.sign_in(name).login.actor

    def denied(self) -> list[str]:
        return [event.by for event in self.told() if isinstance(event, ActionDenied)]


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "fake":
        reader = FakeBookReader()
        people = People(FakePeopleStore(), tmp_path)
        reader.wall = people.wall  # type: ignore[method-assign]
        fake = FakeChangeStore(reader, people=people.store)
        yield House(
            people,
            fake,
            lambda: (
                len(fake.kept),
                *map(len, (fake.asked, fake.released, fake.resumed, fake.latched)),
            ),
            lambda: fake.told,
            lambda: setattr(people.store, "fail_with", StoreError("nobody can be looked up")),
        )
        return
    engines = open_engines(request.getfixturevalue(f"{request.param}_url"))
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=MONDAY)
    people = People(SqlPeople(engines), tmp_path)
    yield House(
        people,
        SqlChanges(engines, wall=people.wall),
        lambda: [read(engines, f"SELECT count(*) FROM {table}")[0][0] for table in WRITTEN],
        lambda: [
            codec.decode_event(body)
            for (body,) in read(engines, "SELECT body FROM journal WHERE kind = 'ActionDenied'")
        ],
        lambda: write(engines, "ALTER TABLE person RENAME TO nobody"),
    )
    engines.dispose()


def _flow() -> Flow:
    return Flow(id="paid-1", at=MONDAY, amount=1_000.0)


def _key() -> ApiKey:
    return ApiKey(
        id="k1",
        name="bot",
        hash=b"h" * 32,
        portfolios=frozenset({PORTFOLIO}),
        strategies=None,
        abilities=frozenset(KeyAbility),
        created=MONDAY,
    )


def _override(kind: OverrideKind) -> OverrideWish:
    expires = None if kind is OverrideKind.END else MONDAY + timedelta(hours=2)
    return OverrideWish("market fall", kind, "looked at it", expires)


Ask = Callable[[Actions, Actor], object]
OFFICERS: dict[str, Ask] = {
    "resume": lambda do, by: do.resume(by, PORTFOLIO, WHOLE, reason="over", seen=1),
    "release room": lambda do, by: do.release_reservation(by, PORTFOLIO, "o-1", reason="dead"),
    "release": lambda do, by: do.release_breaker(by, PORTFOLIO, "fall", episode="e", reason="calm"),
    "step down": lambda do, by: do.override_breaker(
        by, PORTFOLIO, _override(OverrideKind.STEP_DOWN)
    ),
    "disable": lambda do, by: do.override_breaker(by, PORTFOLIO, _override(OverrideKind.DISABLE)),
    "end": lambda do, by: do.override_breaker(by, PORTFOLIO, _override(OverrideKind.END)),
    "review": lambda do, by: do.review_override(
        by, PORTFOLIO, 1, Verdict.RIGHT, comment="it was right"
    ),
    "propose": lambda do, by: do.propose(by, PORTFOLIO, choosing("adaptive"), reason="better"),
    "approve": lambda do, by: do.approve(by, PORTFOLIO, 1, reason="seen"),
    "reject": lambda do, by: do.reject(by, PORTFOLIO, 1, reason="no"),
    "withdraw": lambda do, by: do.withdraw(by, PORTFOLIO, 1, reason="no"),
}
ADMINS: dict[str, Ask] = {
    "add a book": lambda do, by: do.add_portfolio(by, "other"),
    "fund": lambda do, by: do.fund(by, PORTFOLIO, _flow()),
    "import": lambda do, by: do.import_entries(by, PORTFOLIO, [_flow()], opens=False),
    "add a key": lambda do, by: do.add_key(by, _key()),
    "revoke a key": lambda do, by: do.revoke_key(by, "k1", reason="lost"),
}
ASKED = {**OFFICERS, **ADMINS}


def _role(house: House, name: str) -> None:
    person = house.people.person(name)
    admin = house.people.actor("adam")
    house.people.office.change_role(
        admin, name, Role.VIEWER, reason="left the desk", seen=person.version
    )


def _disabled(house: House, name: str) -> None:
    seen = house.people.person(name).version
    house.people.office.disable(house.people.actor("adam"), name, reason="gone", seen=seen)


def _signed_out(house: House, name: str) -> None:
    with house.people.store.changing() as work:
        work.end_logins(name, at=house.people.now)


def _to_prove_a_factor(house: House, name: str) -> None:
    with house.people.store.changing() as work:
        account = work.account(name)
        assert account is not None
        work.keep(replace(account, factor=None))


TAKEN = {
    "role": _role,
    "disabled": _disabled,
    "signed out": _signed_out,
    "second factor": _to_prove_a_factor,
}


@pytest.mark.parametrize("asked", ASKED)
def test_whose_role_is_taken_meanwhile_changes_nothing_and_it_is_told(house: House, asked: str):
    name = "olga" if asked in OFFICERS else "anna"
    actor = house.enters(name)
    _role(house, name)
    before = house.written()

    with pytest.raises(NotAllowed, match="not what it was"):
        ASKED[asked](house.actions, actor)

    assert house.written() == before
    assert house.denied() == [name]


@pytest.mark.parametrize("taken", TAKEN)
def test_so_is_whatever_else_is_taken(house: House, taken: str):
    actor = house.enters("olga")
    TAKEN[taken](house, "olga")
    before = house.written()

    with pytest.raises(NotAllowed, match="not what it was"):
        ASKED["propose"](house.actions, actor)

    assert (house.written(), house.denied()) == (before, ["olga"])


def test_whose_power_was_put_off_meanwhile_loosens_nothing_and_proposes(house: House):
    actor = house.enters("olga")
    with house.people.store.changing() as work:
        account = work.account("olga")
        assert account is not None
        later = replace(account.person, power_from=MONDAY + timedelta(hours=24))
        work.keep(replace(account, person=later))

    with pytest.raises(NotAllowed, match="your power over limits and breakers begins"):
        ASKED["approve"](house.actions, actor)
    assert house.denied() == ["olga"]
    before = house.written()
    ASKED["propose"](house.actions, actor)
    assert house.written() != before


def test_whose_proof_is_too_old_by_then_is_asked_for_another_and_not_denied(house: House):
    actor = house.enters("olga")
    late = Actions(house.changes, SilentBrake(), wall=lambda: MONDAY)  # type: ignore[arg-type]
    house.people.wait(minutes=6)
    before = house.written()

    with pytest.raises(ProofNeeded):
        ASKED["approve"](late, actor)

    assert (house.written(), house.denied()) == (before, [])


def test_a_persona_and_the_machine_of_before_change_nothing_any_more(house: House):
    nobody = [
        Actor(name="demo officer", role=Role.OFFICER, via=Via.WEB, has_login=False),
        Actor(name="root", role=None, via=Via.COMMAND_LINE, has_login=False),
    ]
    before = house.written()
    for actor in nobody:
        with pytest.raises(NotAllowed, match="people have logins here"):
            ASKED["propose"](house.actions, actor)

    assert (house.written(), house.denied()) == (before, ["demo officer", "root"])


def test_what_tightens_is_written_whatever_is_known_of_people(house: House):
    """Also where they cannot be looked up: a halt in the name of whoever asked."""
    actor = house.enters("olga")
    _role(house, "olga")
    house.silence()
    before = house.written()

    stopped = house.actions.halt(
        actor, PORTFOLIO, WHOLE, TradingState.REDUCE_ONLY, reason="a storm"
    )

    assert stopped.trading_state == "REDUCE_ONLY"
    assert house.written() != before


@pytest.mark.parametrize("asked", OFFICERS)
def test_where_people_cannot_be_looked_up_nothing_is_loosened(house: House, asked: str):
    actor = house.enters("olga")
    house.silence()
    before = house.written()

    with pytest.raises(StoreError):
        ASKED[asked](house.actions, actor)
    assert house.written() == before


# A fake has one thread.
@pytest.mark.parametrize(
    "house", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_who_changes_people_is_waited_for_by_whoever_writes(house: House):
    """Not decided by what is being changed: whoever comes meanwhile sees it done."""
    actor, outcomes = house.enters("olga"), list[str]()

    def asks() -> None:
        try:
            ASKED["propose"](house.actions, actor)
            outcomes.append("written")
        except NotAllowed as denied:
            outcomes.append(str(denied))

    thread = threading.Thread(target=asks)
    with house.people.store.changing() as work:
        account = work.account("olga")
        assert account is not None
        work.keep(replace(account, person=replace(account.person, disabled=MONDAY)))
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
    thread.join(10)

    assert outcomes == ["your login is not what it was: sign in again"]
