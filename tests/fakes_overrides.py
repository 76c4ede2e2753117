"""Where overrides, reviews and latches are written, without a database; the brake beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from risk.domain.changing import Braking
from risk.domain.messages import CommandAnswer
from risk.domain.overrides import (
    Override,
    OverrideKind,
    OverrideOutcome,
    OverrideWish,
    Review,
    Verdict,
    review_due,
)
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState
from risk.errors import SeawallError
from tests.fakes_actions import FakeBrake
from tests.fakes_book import AFTERNOON
from tests.fakes_web import FakeChanges

HOUR = timedelta(hours=1)


def build_override(kind: OverrideKind = OverrideKind.STEP_DOWN, **changes: Any) -> Override:
    """Since ten minutes ago, for two hours."""
    since: datetime = AFTERNOON - HOUR / 6
    made = Override(
        kind=kind,
        by="ana",
        reason="the hedge needs room",
        since=since,
        expires=AFTERNOON.replace(hour=17, minute=30, second=0),
        action=7,
        size=0.75 if kind is OverrideKind.STEP_DOWN else 1.0,
        measured=2.26 if kind is OverrideKind.STEP_DOWN else None,
    )
    return made._replace(**changes)


def build_review(action: int = 7, **changes: Any) -> Review:
    """Of yesterday's, over and not judged."""
    since = AFTERNOON - 26 * HOUR
    made = Review(
        action=action,
        breaker="market volatility",
        kind=OverrideKind.STEP_DOWN,
        by="ana",
        reason="the hedge needs room",
        since=since,
        due=review_due(since),
        ended=since + 2 * HOUR,
        expires=since + 2 * HOUR,
        size=0.75,
        ended_by="rule",
        ended_why="its time is over",
        outcome=OverrideOutcome(
            since=since,
            until=since + 2 * HOUR,
            on=False,
            worst=2.45,
            threshold=2.0,
            equity_before=2_440_000.0,
            equity_after=2_411_000.0,
            moved=-0.0119,
            passed=12,
            refused=3,
        ),
    )
    return made._replace(**changes)


@dataclass
class FakeChangeStore(FakeChanges):
    """As `FakeChanges`, and keeps overrides, ends of latches and what is said of overrides.

    Attributes
    ----------
    asked : list of (OverrideWish, str)
        What was asked of breakers, and by whom.
    latched : list of (Scope, TradingState, str)
        What waits for an engine to be stopped, and by whom.
    resumed : list of (Scope, int, str, str)
        Scope, number seen, reason and person of each.
    known : list of Review
    judged : list of (int, Verdict, str, str)
    """

    asked: list[tuple[OverrideWish, str]] = field(default_factory=list)
    latched: list[tuple[Scope, TradingState, str]] = field(default_factory=list)
    resumed: list[tuple[Scope, int, str, str]] = field(default_factory=list)
    known: list[Review] = field(default_factory=list)
    judged: list[tuple[int, Verdict, str, str]] = field(default_factory=list)

    def _fail_once(self) -> None:
        failure, self.fail_with = self.fail_with, None
        if failure is not None:
            raise failure

    def override_breaker(self, portfolio: str, wish: OverrideWish, *, who: str) -> int:
        self._fail_once()
        self.asked.append((wish, who))
        return len(self.asked)

    def latch(
        self,
        portfolio: str,
        scope: Scope,
        state: TradingState,
        *,
        reason: str,
        who: str,
        latch_id: str,
    ) -> int:
        self._fail_once()
        self.latched.append((scope, state, who))
        return len(self.latched)

    def resume(self, portfolio: str, scope: Scope, *, reason: str, seen: int, who: str) -> None:
        self._fail_once()
        self.resumed.append((scope, seen, reason, who))

    def reviews(self, portfolio: str) -> Sequence[Review]:
        self._fail_once()
        return self.known

    def review_override(
        self, portfolio: str, action: int, verdict: Verdict, *, comment: str, who: str
    ) -> None:
        self._fail_once()
        self.judged.append((action, verdict, comment, who))
        self.known = [
            each._replace(verdict=verdict, reviewer=who, comment=comment)
            if each.action == action
            else each
            for each in self.known
        ]


class FakeBrakes(FakeBrake):
    """As `FakeBrake`; it may be silent, or unable to write down what it holds.

    Attributes
    ----------
    fail_with : SeawallError or None
    journalled : bool
    """

    def __init__(self) -> None:
        super().__init__()
        self.fail_with: SeawallError | None = None
        self.journalled = True

    def breaker(self, portfolio: str, name: str) -> Braking:
        if self.fail_with is not None:
            raise self.fail_with
        from tests.fakes_breakers import BOOK

        return Braking(BOOK, TradingState.THROTTLED)

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
        if self.fail_with is not None:
            raise self.fail_with
        answer = super().latch(portfolio, scope, state, reason=reason, who=who, latch_id=latch_id)
        return CommandAnswer(
            scope=answer.scope, trading_state=answer.trading_state, journalled=self.journalled
        )
