"""Overrides as people ask for them: who may, what needs a proof, and what silence does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from risk.domain.actors import Actor, Role, Via
from risk.domain.asking import LONGEST_REASON
from risk.domain.changing import Braking
from risk.domain.events import ActionDenied, RiskEvent
from risk.domain.messages import CommandAnswer
from risk.domain.overrides import HOLDING, OverrideKind, OverrideWish, Verdict
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.domain.warrants import Warrant
from risk.engine.actions import Actions
from risk.errors import (
    BrakedInstead,
    GateClosed,
    InvalidInput,
    NotAllowed,
    ProofNeeded,
    StoreUnavailable,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SILENCE = "the database did not answer: it is away"
TREND = Scope(ScopeKind.STRATEGY, "trend")
TIGHTENS = sorted(HOLDING)
LOOSENS = [kind for kind in OverrideKind if kind not in HOLDING]


class FakeStore:
    """Takes overrides down, or is silent."""

    def __init__(self) -> None:
        self.silent = False
        self.asked: list[tuple[OverrideWish, str]] = []
        self.told: list[RiskEvent] = []

    def by(self, _warrant: Warrant) -> "FakeStore":
        return self

    def override_breaker(self, _portfolio: str, wish: OverrideWish, *, who: str) -> int:
        if self.silent:
            raise StoreUnavailable(SILENCE)
        self.asked.append((wish, who))
        return len(self.asked)

    def review_override(self, _portfolio: str, _action: int, *_told: Any, **_named: Any) -> None:
        raise NotAllowed("ana overrode it: somebody else judges", ability="override")

    def tell(self, *events: RiskEvent) -> None:
        self.told += events


class FakeBrake:
    """An authority that knows one breaker, or does not answer."""

    def __init__(self, state: TradingState) -> None:
        self.state = state
        self.closed = self.journalled = False
        self.latched: list[tuple[Scope, TradingState, str, str]] = []

    def breaker(self, _portfolio: str, name: str) -> Braking:
        if self.closed:
            raise GateClosed("the engine does not answer at port 8051")
        if name != "fall":
            raise InvalidInput(f"there is no breaker called {name!r}")
        return Braking(TREND, self.state)

    def latch(
        self,
        _portfolio: str,
        scope: Scope,
        state: TradingState,
        *,
        reason: str,
        who: str,
        latch_id: str,
    ) -> CommandAnswer:
        self.latched.append((scope, state, reason, who))
        return CommandAnswer(
            scope=scope.label, trading_state=state.name, journalled=self.journalled
        )


class Desk:
    """Actions over fakes."""

    def __init__(self, state: TradingState = TradingState.REDUCE_ONLY) -> None:
        self.store, self.brake = FakeStore(), FakeBrake(state)
        self.actions = Actions(self.store, self.brake, wall=lambda: NOON)  # type: ignore[arg-type]

    def ask(self, kind: OverrideKind, actor: Actor | None = None, **told: Any) -> int:
        wish = OverrideWish("fall", kind, "looked at it", NOON + timedelta(hours=1))
        return self.actions.override_breaker(actor or officer(), "demo", wish._replace(**told))


def officer(*, role: Role = Role.OFFICER, minutes_ago: float | None = 1.0, **told: Any) -> Actor:
    proven = None if minutes_ago is None else NOON - timedelta(minutes=minutes_ago)
    return Actor(name="ana", role=role, via=Via.WEB, proven_at=proven, **told)


# --- who may -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(OverrideKind))
def test_an_officer_who_has_proved_who_he_is_overrides(kind):
    desk = Desk()

    assert desk.ask(kind) == 1
    ((wish, who),) = desk.store.asked
    assert (wish.kind, who) == (kind, "ana")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OFFICER])
@pytest.mark.parametrize("kind", [OverrideKind.TRIP, OverrideKind.STEP_DOWN])
def test_nobody_else_does_and_it_is_journalled(role, kind):
    desk = Desk()

    with pytest.raises(NotAllowed, match="An officer can"):
        desk.ask(kind, officer(role=role))

    (denied,) = desk.store.told
    assert isinstance(denied, ActionDenied)
    assert denied.asked == f"{'trip' if kind is OverrideKind.TRIP else 'step down'} breaker fall"
    assert desk.store.asked == []


@pytest.mark.parametrize("kind", LOOSENS)
def test_what_may_loosen_needs_a_proof_and_power_that_has_begun(kind):
    """Whoever ends an override may loosen by it."""
    desk = Desk()
    assert not OverrideWish("fall", kind, "why", None, ends=OverrideKind.HOLD).tightens

    for minutes_ago in (None, 6.0):
        with pytest.raises(ProofNeeded):
            desk.ask(kind, officer(minutes_ago=minutes_ago))
    with pytest.raises(NotAllowed, match="your power over limits and breakers begins"):
        desk.ask(kind, officer(power_from=NOON + timedelta(hours=1)))
    assert desk.store.asked == []


@pytest.mark.parametrize("kind", TIGHTENS)
def test_what_tightens_needs_neither(kind):
    later = NOON + timedelta(hours=1)

    assert Desk().ask(kind, officer(minutes_ago=None, power_from=later)) == 1


def test_whoever_judges_his_own_is_denied_in_the_journal_too():
    desk = Desk()

    with pytest.raises(NotAllowed):
        desk.actions.review_override(officer(), "demo", 3, Verdict.RIGHT, comment="it was me")

    assert [event.asked for event in desk.store.told] == ["review override 3"]


# --- a silent database ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", TIGHTENS)
@pytest.mark.parametrize(
    ("state", "latched"),
    [
        (TradingState.THROTTLED, TradingState.REDUCE_ONLY),
        (TradingState.REDUCE_ONLY, TradingState.REDUCE_ONLY),
        (TradingState.HALTED, TradingState.HALTED),
    ],
)
def test_what_tightens_is_done_by_the_brake_and_said_in_one_sentence(kind, state, latched):
    desk = Desk(state)
    desk.store.silent = True

    with pytest.raises(BrakedInstead) as told:
        desk.ask(kind)

    ((scope, held, reason, who),) = desk.brake.latched
    assert (scope, held, who) == (TREND, latched, "ana")
    assert reason.endswith("breaker fall: looked at it")
    assert str(told.value) == (
        f"fall is not overridden, since {SILENCE}; instead strategy:trend is {latched.word} at "
        "once, until a person resumes it. It is in the engine's memory alone until the database "
        "answers: an engine that is restarted before then does not know of it. Should it have been "
        "written after all, both hold"
    )
    desk.brake.journalled = True
    with pytest.raises(BrakedInstead) as told:
        desk.ask(kind)
    assert "memory" not in str(told.value)


@pytest.mark.parametrize("kind", LOOSENS)
def test_what_does_not_tighten_is_refused_and_nothing_is_stopped(kind):
    desk = Desk()
    desk.store.silent = True

    with pytest.raises(StoreUnavailable) as told:
        desk.ask(kind)

    assert not isinstance(told.value, BrakedInstead)
    assert desk.brake.latched == []


def test_where_the_authority_is_silent_too_it_says_that_nothing_is_stopped():
    desk = Desk()
    desk.store.silent = desk.brake.closed = True

    with pytest.raises(GateClosed, match=f"nothing is stopped: {SILENCE}, and the engine does not"):
        desk.ask(OverrideKind.TRIP)


def test_a_breaker_that_the_authority_does_not_know_stops_nothing():
    desk = Desk()
    desk.store.silent = True

    with pytest.raises(InvalidInput, match="there is no breaker called 'fal'"):
        desk.ask(OverrideKind.TRIP, breaker="fal")


def test_a_long_reason_still_fits_into_the_latchs():
    desk = Desk()
    desk.store.silent = True

    with pytest.raises(BrakedInstead):
        desk.ask(OverrideKind.TRIP, reason="x" * LONGEST_REASON)

    assert len(desk.brake.latched[0][2]) == LONGEST_REASON


# --- the end of what loosens ---------------------------------------------------------------


@pytest.mark.parametrize("ends", [OverrideKind.STEP_DOWN, OverrideKind.DISABLE])
def test_who_ends_what_loosens_needs_no_proof_no_power_and_no_database(ends):
    desk = Desk()
    later = officer(minutes_ago=None, power_from=NOON + timedelta(hours=1))

    assert desk.ask(OverrideKind.END, later, ends=ends) == 1

    desk.store.silent = True
    with pytest.raises(
        BrakedInstead, match=r"the override of fall is on, since .* instead strategy:trend is RED"
    ):
        desk.ask(OverrideKind.END, later, ends=ends)
    assert desk.brake.latched[0][1] is TradingState.REDUCE_ONLY


@pytest.mark.parametrize("ends", [None, *sorted(HOLDING)])
def test_who_ends_what_holds_or_does_not_say_what_proves_who_he_is(ends):
    desk = Desk()

    with pytest.raises(ProofNeeded):
        desk.ask(OverrideKind.END, officer(minutes_ago=None), ends=ends)
    assert desk.store.asked == []
