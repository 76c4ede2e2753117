"""Who may propose and decide, behind the one door for what people change."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from risk.domain.actions import Change, ChooseBookModel, EndTemporaryLimit, SetTemporaryLimit
from risk.domain.actors import Actor, Role, Via
from risk.domain.changing import ChangeStore
from risk.domain.events import ActionDenied, RiskEvent
from risk.domain.proposals import LIFE, Direction, Proposal, ProposalStatus
from risk.domain.warrants import Warrant
from risk.engine.actions import Actions
from risk.errors import InvalidInput, NotAllowed, ProofNeeded
from tests.builders import NOON, PORTFOLIO

MODEL = ChooseBookModel(seq=0, at=NOON, who="", model="adaptive")
LENT = SetTemporaryLimit(
    seq=0, at=NOON, who="", limit="VaR", hard=1.0, soft=1.0, starts=None,
    expires=NOON + timedelta(hours=1), reason="the roll",
)  # fmt: skip
ENDED = EndTemporaryLimit(seq=0, at=NOON, who="", limit="VaR")


@dataclass
class Store:
    """Notes what comes through."""

    done: list[tuple[str, str]] = field(default_factory=list)
    told: list[RiskEvent] = field(default_factory=list)

    def tell(self, *events: RiskEvent) -> None:
        self.told.extend(events)

    def propose(self, portfolio: str, change: Change, *, reason: str, actor: Actor) -> Proposal:
        self.done.append((f"propose {type(change).__name__}", reason))
        return Proposal(
            id=1, portfolio=portfolio, change=change, seen=0, direction=Direction.LOOSENS,
            what=(), loosens=(), author=actor.name, reason=reason, at=NOON, lapses=NOON + LIFE,
        )  # fmt: skip

    def proposals(self, portfolio: str, *, open_only: bool = False) -> Sequence[Proposal]:
        return ()

    def by(self, _warrant: Warrant) -> "Store":
        return self

    def approve(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        self.done.append((f"approve {proposal}", reason))
        return self._decided(actor, ProposalStatus.APPROVED)

    def reject(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        self.done.append((f"reject {proposal}", reason))
        return self._decided(actor, ProposalStatus.REJECTED)

    def withdraw(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        self.done.append((f"withdraw {proposal}", reason))
        return self._decided(actor, ProposalStatus.WITHDRAWN)

    def _decided(self, actor: Actor, status: ProposalStatus) -> Proposal:
        made = self.propose(PORTFOLIO, MODEL, reason="r", actor=actor)
        return replace(made, status=status)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def actions(store: Store) -> Actions:
    return Actions(cast(ChangeStore, store), cast(Any, None), wall=lambda: NOON)


def somebody(role: Role | None, **more: Any) -> Actor:
    """Whoever has just proved who he is."""
    return Actor(name="somebody", role=role, via=Via.WEB, proven_at=NOON, **more)


@pytest.mark.parametrize(
    ("change", "roles"),
    [
        (MODEL, {Role.ANALYST, Role.OFFICER}),
        (LENT, {Role.TRADER, Role.ANALYST, Role.OFFICER}),
        (ENDED, {Role.TRADER, Role.ANALYST, Role.OFFICER}),
    ],
)
def test_who_may_propose(store: Store, actions: Actions, change: Change, roles: set[Role]) -> None:
    for role in Role:
        store.done.clear()
        if role in roles:
            actions.propose(somebody(role), PORTFOLIO, change, reason=" why ")
            assert store.done == [(f"propose {type(change).__name__}", "why")]
            continue
        with pytest.raises(NotAllowed):
            actions.propose(somebody(role), PORTFOLIO, change, reason="why")
        assert store.done == []
        denied = store.told.pop()
        assert isinstance(denied, ActionDenied)
        assert denied.asked == f"propose {type(change).__name__}"


@pytest.mark.parametrize("word", ["approve", "reject"])
def test_only_an_officer_who_has_proved_it_and_whose_power_has_begun_decides(
    store: Store, actions: Actions, word: str
) -> None:
    decide = getattr(actions, word)
    for role in set(Role) - {Role.OFFICER}:
        with pytest.raises(NotAllowed):
            decide(somebody(role), PORTFOLIO, 7, reason="seen")
    late = replace(somebody(Role.OFFICER), proven_at=NOON - timedelta(minutes=6))
    with pytest.raises(ProofNeeded):
        decide(late, PORTFOLIO, 7, reason="seen")
    new = somebody(Role.OFFICER, power_from=NOON + timedelta(hours=1))
    with pytest.raises(NotAllowed, match="your power over limits and breakers begins"):
        decide(new, PORTFOLIO, 7, reason="seen")
    assert store.done == []

    decide(somebody(Role.OFFICER), PORTFOLIO, 7, reason="seen")
    assert store.done[0] == (f"{word} 7", "seen")


def test_proposing_and_withdrawing_ask_for_no_proof(store: Store, actions: Actions) -> None:
    late = replace(somebody(Role.TRADER), proven_at=None)
    actions.propose(late, PORTFOLIO, LENT, reason="why")
    actions.withdraw(late, PORTFOLIO, 7, reason="no")

    assert [done for done, _ in store.done[:2]] == ["propose SetTemporaryLimit", "withdraw 7"]


def test_nothing_is_proposed_or_decided_without_a_reason(store: Store, actions: Actions) -> None:
    officer = somebody(Role.OFFICER)
    for act in (
        lambda: actions.propose(officer, PORTFOLIO, MODEL, reason=" "),
        lambda: actions.approve(officer, PORTFOLIO, 7, reason=""),
        lambda: actions.reject(officer, PORTFOLIO, 7, reason="\n"),
        lambda: actions.withdraw(officer, PORTFOLIO, 7, reason="\n"),
    ):
        with pytest.raises(InvalidInput, match="a reason is one line"):
            act()
    assert store.done == []
