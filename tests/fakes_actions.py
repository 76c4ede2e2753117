"""What people change, without a database: the real door, over fakes behind it."""

from typing import NamedTuple

from risk.domain.actors import Actor, Role, Via
from risk.domain.messages import CommandAnswer
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState
from risk.engine.actions import Actions
from tests.fakes_web import FakeChanges

#: As the demonstration's: of neither a proof can be asked.
OFFICER, ANALYST, TRADER, VIEWER = (
    Actor(name=f"demo {role.value}", role=role, via=Via.WEB, has_login=False)
    for role in (Role.OFFICER, Role.ANALYST, Role.TRADER, Role.VIEWER)
)


class Latched(NamedTuple):
    """What the brake was asked to stop."""

    portfolio: str
    scope: Scope
    state: TradingState
    reason: str
    who: str


class FakeBrake:
    """Remembers what it was asked to stop."""

    def __init__(self) -> None:
        self.latched: list[Latched] = []

    def latch(
        self,
        portfolio: str,
        scope: Scope,
        state: TradingState,
        *,
        reason: str,
        who: str,
        latch_id: str,
    ) -> CommandAnswer:
        self.latched.append(Latched(portfolio, scope, state, reason, who))
        return CommandAnswer(scope=scope.label, trading_state=state.name, journalled=True)


def actions_over(changes: FakeChanges, brake: FakeBrake | None = None) -> Actions:
    """The door to `changes`, by the clock of its reader."""
    return Actions(changes, brake or FakeBrake(), wall=changes.reader.wall)
