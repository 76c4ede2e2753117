"""Proposals without a database: a store that keeps the house's rules, and what it held before."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from pages.context import PolicyVersion, ProposalNews
from risk.domain.actions import (
    AdoptPolicy,
    Change,
    ChooseBookModel,
    Sanction,
    SetTemporaryLimit,
)
from risk.domain.actors import Ability, Actor, Role, Via
from risk.domain.breakers import BreakerDefinition
from risk.domain.limits import LimitDefinition
from risk.domain.policy import Policy
from risk.domain.proposals import LIFE, Direction, Proposal, ProposalStatus
from risk.domain.stretches import NO_STRETCHES, Stretches
from risk.errors import Conflict, InvalidInput, NotAllowed, SeawallError
from risk.limits.tuning import LimitPast
from risk.policy.adoption import adopt, made_of
from risk.policy.diff import diff
from risk.policy.direction import Directed, direction_of, direction_of_model, model_line
from risk.policy.rules import refuse_unsound
from risk.policy.thresholds import Present
from risk.policy.tuning import TuningPreview, preview
from tests.fakes_book import AFTERNOON

if TYPE_CHECKING:
    from tests.fakes_web import FakeBookReader

HOUR_MS = 3_600_000
ANNA, BEN, CARL, DORA = "anna", "ben", "carl", "dora"
OTHER_OFFICER = Actor(name=DORA, role=Role.OFFICER, via=Via.WEB)
#: Numbers of the proposals that `build_proposals` makes.
LOOSER_VAR, LENT, MODEL, TIGHTER, OUTDATED, REJECTED, WITHDRAWN, LAPSED, APPROVED = range(31, 40)


@dataclass
class ProposalStore:
    """What a `ChangeStore` does about proposals, over the policy of a fake reader.

    Attributes
    ----------
    reader : FakeBookReader
    fail_with : SeawallError or None
        Raised by the next question or change instead of an answer.
    kept : list of Proposal
        Oldest first.
    waiting : list of Change
        What the engine has not taken in.
    adopted : list of PolicyVersion
        What came into force since, the newest first.
    """

    reader: "FakeBookReader"
    fail_with: SeawallError | None = None
    kept: list[Proposal] = field(default_factory=list)
    waiting: list[Change] = field(default_factory=list)
    adopted: list[PolicyVersion] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = count(len(self.kept) + 41)
        self._first = self.reader.policy
        self.reader.changes = self

    @property
    def news(self) -> ProposalNews:
        """How many wait, and a number that grows with whatever happens."""
        waiting = sum(each.status is ProposalStatus.OPEN for each in self.kept)
        return ProposalNews(waiting, 2 * len(self.kept) - waiting)

    # -- what the store does ----------------------------------------------------------------

    def propose(self, portfolio: str, change: Change, *, reason: str, actor: Actor) -> Proposal:
        self._fail()
        what, directed = self._judged(portfolio, change, actor.name)
        at = self.reader.wall()
        made = Proposal(
            id=next(self._numbers),
            portfolio=portfolio,
            change=change,
            seen=self._version,
            direction=directed.direction,
            what=what,
            loosens=directed.loosens,
            author=actor.name,
            reason=reason,
            at=at,
            lapses=at + LIFE,
        )
        self.kept.append(made)
        tightens = made.direction is not Direction.LOOSENS
        if actor.is_alone or (tightens and Ability.APPROVE in actor.abilities):
            return self._adopted(made, actor, reason)
        return made

    def proposals(self, portfolio: str, *, open_only: bool = False) -> Sequence[Proposal]:
        self._fail()
        found = [p for p in self.kept if not open_only or p.status is ProposalStatus.OPEN]
        return found[::-1]

    def approve(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        self._fail()
        found = self._open(proposal)
        if found.author == actor.name and found.direction is Direction.LOOSENS:
            raise NotAllowed("it is your own: somebody else must approve it", ability="approve")
        if not isinstance(found.change, ChooseBookModel) and found.seen != self._version:
            why = f"others have changed the same: it was compared with version {found.seen}"
            self._decided(found, ProposalStatus.OUTDATED, actor, why)
            raise Conflict(f"proposal {proposal} is outdated: {why}")
        return self._adopted(found, actor, reason)

    def reject(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        self._fail()
        found = self._open(proposal)
        if found.author == actor.name:
            raise InvalidInput("it is your own: withdraw it")
        return self._decided(found, ProposalStatus.REJECTED, actor, reason)

    def withdraw(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        self._fail()
        found = self._open(proposal)
        if found.author != actor.name:
            raise NotAllowed("only its author withdraws a proposal", ability="approve")
        return self._decided(found, ProposalStatus.WITHDRAWN, actor, reason)

    # -- what a test does -------------------------------------------------------------------

    def adopt(self, policy: Policy, who: str) -> None:
        """Let somebody else's policy be in force with the next cycle."""
        self._become(replace(policy, version=self._version + 1, by=who))
        self.reader.advance()

    def take_in(self) -> None:
        """Complete a cycle that takes in what waits."""
        waiting, self.waiting = self.waiting, []
        at, limits = self._present
        found = adopt(self.reader.policy, waiting, portfolio="demo", at=at, limits=limits)
        self._become(found.policy)
        for change in waiting:
            if isinstance(change, ChooseBookModel):
                self.reader.waiting = change
        self.reader.take_in()

    def versions(self) -> list[PolicyVersion]:
        """All that were in force, the newest first."""
        first = build_versions(self._first, AFTERNOON)
        return [] if self.reader.policy is None else [*self.adopted, *first]

    # -- within -----------------------------------------------------------------------------

    def _become(self, policy: Policy | None) -> None:
        before, self.reader.policy = self.reader.policy, policy
        if policy is not None and policy is not before:
            at, what = self.reader.clock.now(), _lines(before, policy)
            self.adopted.insert(0, PolicyVersion(policy, at, policy.by, what, 9, DORA))

    @property
    def _version(self) -> int:
        return 0 if self.reader.policy is None else self.reader.policy.version

    def _fail(self) -> None:
        failure, self.fail_with = self.fail_with, None
        if failure is not None:
            raise failure

    def _judged(self, portfolio: str, change: Change, who: str) -> tuple[tuple[str, ...], Directed]:
        if isinstance(change, ChooseBookModel):
            used = self.reader.book_model
            name = None if used is None else used.name
            return (model_line(name, change.model),), direction_of_model(name, change.model)
        if isinstance(change, AdoptPolicy) and change.seen != self._version:
            raise Conflict(
                f"version {self._version}, by {self.reader.policy.by}, is in force, and this was "
                f"compared with version {change.seen}"
            )
        before = self.reader.policy
        after = made_of(before, replace(change, who=who), at=self.reader.clock.now())
        refuse_unsound(after, portfolio)
        lines = tuple(str(each) for each in diff(before, after))
        if not lines:
            raise InvalidInput("nothing would change: the policy says so already")
        return lines, direction_of(before, after, self._present)

    @property
    def _present(self) -> Present:
        cycle = self.reader.latest("demo")
        limits = {} if cycle is None else cycle.state.limits
        return Present(self.reader.clock.now(), limits)

    def _open(self, proposal: int) -> Proposal:
        found = next((each for each in self.kept if each.id == proposal), None)
        if found is None:
            raise InvalidInput(f"there is no proposal {proposal}")
        if found.status is not ProposalStatus.OPEN:
            raise Conflict(f"{found.decided_by} was quicker: it is {found.status} already")
        return found

    def _adopted(self, found: Proposal, actor: Actor, reason: str) -> Proposal:
        sanction = Sanction(found.id, actor.name)
        self.waiting.append(replace(found.change, seq=9, who=found.author, sanction=sanction))
        made = self._decided(found, ProposalStatus.APPROVED, actor, reason)
        return self._keep(replace(made, action=9))

    def _decided(
        self, found: Proposal, status: ProposalStatus, actor: Actor, reason: str
    ) -> Proposal:
        return self._keep(
            replace(
                found,
                status=status,
                decided_by=actor.name,
                decision=reason,
                decided_at=self.reader.wall(),
            )
        )

    def _keep(self, proposal: Proposal) -> Proposal:
        self.kept = [proposal if each.id == proposal.id else each for each in self.kept]
        return proposal


# -- an afternoon's proposals -----------------------------------------------------------------


def with_limit(policy: Policy, name: str, **changes: Any) -> Policy:
    """The policy with other fields of one limit."""
    limits = (replace(d, **changes) if d.name == name else d for d in policy.limits)
    return replace(policy, limits=tuple(limits))


def build_proposals(policy: Policy, at: datetime) -> list[Proposal]:
    """One of each, oldest first: four wait, the others are decided."""
    var, drawdown = "VaR 99 %, 1 day", "Drawdown"
    looser = adopting(with_limit(policy, var, hard=0.07, soft=0.056), policy, at)
    tighter = adopting(with_limit(policy, drawdown, hard=0.10, soft=0.08), policy, at)
    lent = SetTemporaryLimit(
        seq=0,
        at=at,
        who=CARL,
        limit="SOL share",
        hard=0.2,
        soft=0.16,
        starts=None,
        expires=at + timedelta(hours=4),
        reason="hedge leg fills before the spot leg",
    )
    model = ChooseBookModel(seq=0, at=at, who=ANNA, model="filtered_historical")
    return [
        _made(APPROVED, tighter, DORA, policy, at - timedelta(days=9), decided=BEN),
        _made(LAPSED, looser, ANNA, policy, at - timedelta(days=30), status=ProposalStatus.LAPSED),
        _made(
            WITHDRAWN,
            looser,
            ANNA,
            policy,
            at - timedelta(days=3),
            decided=ANNA,
            status=ProposalStatus.WITHDRAWN,
        ),
        _made(
            REJECTED,
            looser,
            ANNA,
            policy,
            at - timedelta(days=2),
            decided=DORA,
            status=ProposalStatus.REJECTED,
        ),
        _made(
            OUTDATED,
            replace(tighter, seen=6),
            ANNA,
            policy,
            at - timedelta(days=1),
            seen=6,
            status=ProposalStatus.OUTDATED,
        ),
        _made(TIGHTER, tighter, ANNA, policy, at - timedelta(hours=5)),
        _made(MODEL, model, ANNA, policy, at - timedelta(hours=3)),
        _made(LENT, lent, CARL, policy, at - timedelta(minutes=22)),
        _made(LOOSER_VAR, looser, ANNA, policy, at - timedelta(minutes=4)),
    ]


def adopting(wanted: Policy, policy: Policy, at: datetime) -> AdoptPolicy:
    """The wish to have another policy, compared with that one."""
    return AdoptPolicy(seq=0, at=at, who=ANNA, policy=wanted, seen=policy.version)


def _made(
    number: int,
    change: Change,
    author: str,
    policy: Policy,
    at: datetime,
    *,
    decided: str = "",
    seen: int | None = None,
    status: ProposalStatus | None = None,
) -> Proposal:
    if isinstance(change, ChooseBookModel):
        what: tuple[str, ...] = (model_line(None, change.model),)
        directed = direction_of_model(None, change.model)
    else:
        base = policy if seen is None else replace(policy, version=seen)
        after = made_of(base, change, at=at)
        what, directed = tuple(map(str, diff(base, after))), direction_of(base, after)
    became = status or (ProposalStatus.APPROVED if decided else ProposalStatus.OPEN)
    return Proposal(
        id=number,
        portfolio="demo",
        change=change,
        seen=policy.version if seen is None else seen,
        direction=directed.direction,
        what=what,
        loosens=directed.loosens,
        author=author,
        reason="The market is calmer than when it was set.",
        at=at,
        lapses=at + LIFE,
        status=became,
        decided_by=decided,
        decision="Agreed on the morning call." if decided else "",
        decided_at=at + timedelta(hours=1) if decided else None,
        action=4 if became is ProposalStatus.APPROVED else None,
    )


# -- the past ---------------------------------------------------------------------------------


def build_versions(policy: Policy | None, at: datetime) -> list[PolicyVersion]:
    """The one in force and two before it, the newest first."""
    if policy is None:
        return []
    now = policy.version
    before = replace(with_limit(policy, "Drawdown", hard=0.15, soft=0.12), version=now - 1, by=BEN)
    first = replace(before, limits=before.limits[1:], version=now - 2, by=BEN)
    return [
        PolicyVersion(policy, at - timedelta(days=1), policy.by, _lines(before, policy), 5, DORA),
        PolicyVersion(before, at - timedelta(days=20), BEN, _lines(first, before), 3),
        PolicyVersion(first, at - timedelta(days=90), BEN, _lines(None, first)[:3], 1),
    ]


def _lines(before: Policy | None, after: Policy) -> tuple[str, ...]:
    return tuple(map(str, diff(before, after)))


class FakePast:
    """Thirty days by the hour: each limit fills and empties twice a week, each breaker wanders."""

    def __init__(self, since: datetime, until: datetime) -> None:
        first, last = (round(each.timestamp() * 1000.0) for each in (since, until))
        self._begins = np.arange(first - first % HOUR_MS, last, HOUR_MS, dtype=np.int64)

    def of_limit(self, definition: LimitDefinition) -> LimitPast:
        used = self._wave(0.72, 0.34)
        hard = np.full(len(self._begins), definition.hard)
        return LimitPast(used, hard, np.ones(len(self._begins)))

    def of_breaker(self, definition: BreakerDefinition) -> Stretches:
        return self._wave(0.7 * definition.trip, 0.42 * definition.trip)

    def _wave(self, middle: float, swing: float) -> Stretches:
        if not len(self._begins):
            return NO_STRETCHES
        days = (self._begins - self._begins[0]) / (24.0 * HOUR_MS)
        mean = middle + swing * np.sin(2.0 * np.pi * days / 3.5) * (0.75 + 0.25 * np.sin(days))
        return Stretches(self._begins, self._begins + HOUR_MS, mean, mean * 1.02)


def build_tuning(
    policy: Policy | None, change: Change, since: datetime, until: datetime
) -> TuningPreview:
    """What the change would have meant for the fake past."""
    if isinstance(change, ChooseBookModel):
        return TuningPreview(since, until)
    after = made_of(policy, change, at=until)
    refuse_unsound(after, "demo")
    return preview(policy, after, FakePast(since, until), since=since, until=until)
