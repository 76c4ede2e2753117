"""What people's actions need of the outside: where changes are written, and the brake.

`ChangeStore` is the way of what may wait for the database, `Brake` that of what must not.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from risk.domain.actions import Change
from risk.domain.actors import Actor
from risk.domain.asking import LONGEST_REASON, can_name_a_book, one_line
from risk.domain.events import PEOPLE_STREAM, ActionDenied, RiskEvent
from risk.domain.keys import ApiKey
from risk.domain.ledger import Fill, Flow
from risk.domain.messages import CommandAnswer
from risk.domain.overrides import OverrideWish, Review, Verdict
from risk.domain.proposals import Proposal
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState
from risk.domain.warrants import Warrant
from risk.errors import NotAllowed

#: So many denials of one person are told one by one within so long.
DENIALS_TOLD = 10
DENIALS_WITHIN = timedelta(minutes=1)
_MORE = "do more of what is denied: the rest of this minute is not told one by one"


def denial(
    actor: Actor, asked: str, denied: NotAllowed, *, at: datetime, portfolio: str = PEOPLE_STREAM
) -> ActionDenied:
    """What the journal keeps of somebody who was denied something, made up as it may be.

    What he asked for was checked by nobody: he was denied it. So a line is kept of it that can be
    read, and of the book only what could be the name of one.

    Parameters
    ----------
    actor : Actor
    asked : str
        As the end of a sentence: *asked to*.
    denied : NotAllowed
    at : datetime
        Wall time. UTC.
    portfolio : str
        Of which book.
    """
    return ActionDenied(
        at=at,
        portfolio=portfolio if can_name_a_book(portfolio) else PEOPLE_STREAM,
        cycle="",
        asked=one_line(asked),
        by=one_line(actor.name),
        role="operator" if actor.role is None else actor.role.value,
        reason=one_line(str(denied), LONGEST_REASON),
    )


def paced(denied: ActionDenied, before: Sequence[datetime]) -> ActionDenied | None:
    """What the journal is told of a denial, so that nobody fills it: everything is kept for ever.

    Parameters
    ----------
    denied : ActionDenied
    before : sequence of datetime
        When the same person was denied something that the journal was told.

    Returns
    -------
    ActionDenied or None
        After `DENIALS_TOLD` within `DENIALS_WITHIN` once that there were more, then nothing.
    """
    # What seems to lie far ahead was written before the clock was set back.
    recent = [at for at in before if abs(denied.at - at) < DENIALS_WITHIN]
    if len(recent) < DENIALS_TOLD:
        return denied
    return replace(denied, asked=_MORE) if len(recent) == DENIALS_TOLD else None


class Stopped(NamedTuple):
    """What became of somebody's wish to stop trading in a scope.

    Attributes
    ----------
    scope, trading_state : str
        As the authority holds it, or will.
    journalled : bool
        Whether it is written down: it survives a restart of the authority then.
    silence : str
        Why the authority did not do it; it waits in the database for an engine then. Empty where it
        holds from the next order on.
    """

    scope: str
    trading_state: str
    journalled: bool
    silence: str = ""


class Changes(Protocol):
    """What somebody changes by a warrant, each with its entry in the journal, or not at all.

    Whether the warrant still holds is asked in the transaction that writes, while nobody changes
    people: `risk.domain.warrants.require_still`. What only tightens does without. Every method may
    raise `NotAllowed`, `ProofNeeded`, `UnknownPortfolio`, `InvalidInput`, `Conflict` and
    `StoreUnavailable`; after the last of these the change may have been written all the same.
    """

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
        """Let a latch wait for an engine; returns its action's number. Of one id there is one."""
        ...

    def resume(self, portfolio: str, scope: Scope, *, reason: str, seen: int, who: str) -> None:
        """Let the end of a latch wait for the engine; `seen` is the latch's number."""
        ...

    def release_reservation(
        self, portfolio: str, client_order_id: str, *, reason: str, who: str
    ) -> int:
        """Let the end of a dead order's room wait for the engine; returns its action's number."""
        ...

    def release_breaker(
        self,
        portfolio: str,
        breaker: str,
        *,
        episode: str,
        reason: str,
        who: str,
        read: tuple[str, ...] = (),
    ) -> None:
        """Let a breaker's way into probation wait for the engine; `read` are warnings."""
        ...

    def override_breaker(self, portfolio: str, wish: OverrideWish, *, who: str) -> int:
        """Let an override wait for the engine; returns its action's number."""
        ...

    def review_override(
        self, portfolio: str, action: int, verdict: Verdict, *, comment: str, who: str
    ) -> None:
        """Judge what came of an override; the database refuses whoever overrode.

        Raises
        ------
        NotAllowed
            If it was he who overrode.
        """
        ...

    def propose(self, portfolio: str, change: Change, *, reason: str, actor: Actor) -> Proposal:
        """Write a proposal down; where it needs no other person's word it is adopted at once."""
        ...

    def approve(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        """Let a proposal wait for the engine as an action; the database refuses its author.

        Raises
        ------
        NotAllowed
            If it loosens and is his own.
        Conflict
            If it was decided already, lapsed, or is outdated since others changed the same.
        """
        ...

    def reject(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        """Turn somebody else's proposal down.

        Raises
        ------
        InvalidInput
            If it is his own.
        Conflict
            If it was decided already.
        """
        ...

    def withdraw(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        """Take one's own proposal back.

        Raises
        ------
        NotAllowed
            If it is somebody else's.
        Conflict
            If it was decided already.
        """
        ...

    def add_portfolio(self, portfolio: str, *, who: str) -> bool:
        """Add a book; False if it is there already."""
        ...

    def fund(self, portfolio: str, flow: Flow, *, who: str) -> bool:
        """Let a deposit or withdrawal wait for the engine; False if it is known already."""
        ...

    def import_entries(
        self, portfolio: str, entries: Sequence[Fill | Flow], *, opens: bool, who: str
    ) -> int:
        """Let entries of a file wait for the engine; returns how many were new."""
        ...

    def add_key(self, key: ApiKey, *, who: str, reason: str) -> None:
        """Let a key be in force."""
        ...

    def revoke_key(self, key_id: str, *, who: str, reason: str) -> bool:
        """Let a key open nothing any more; False if it was revoked before."""
        ...


class ChangeStore(Protocol):
    """Where people's changes are written, and read again. Everything may raise `StoreUnavailable`.

    Who may, :class:`risk.engine.actions.Actions` asks when it is asked, and this once more when it
    writes.
    """

    def by(self, warrant: Warrant) -> Changes:
        """What whoever has this warrant changes. The only way in."""
        ...

    def tell(self, *events: RiskEvent) -> None:
        """Write into the journal of people; of denials no more than is `paced`."""
        ...

    def reviews(self, portfolio: str) -> Sequence[Review]:
        """Overrides that loosened, the newest first, with what was said of them."""
        ...

    def proposals(self, portfolio: str, *, open_only: bool = False) -> Sequence[Proposal]:
        """Proposals of a book, the newest first."""
        ...


class Braking(NamedTuple):
    """What a breaker holds while it is tripped.

    Attributes
    ----------
    scope : Scope
    state : TradingState
        That it imposes then.
    """

    scope: Scope
    state: TradingState


class Brake(Protocol):
    """The short way to the authority, which needs no database: it only ever tightens."""

    def breaker(self, portfolio: str, name: str) -> Braking:
        """What a breaker holds while it is tripped, as the authority knows it.

        Raises
        ------
        GateClosed
            If the authority does not answer.
        InvalidInput
            If it knows no such breaker.
        """
        ...

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
        """Stop trading in a scope from the next order on. Asked twice under one id, it counts once.

        Raises
        ------
        GateClosed
            If the authority does not answer, or does not hold it.
        InvalidInput
            If the book has no such scope.
        """
        ...
