"""`Actions`: every change that a person may ask for, behind one check."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

import structlog

from risk.domain.actions import Change, EndTemporaryLimit, SetTemporaryLimit
from risk.domain.actors import Ability, Actor, require_all
from risk.domain.asking import LONGEST_REASON, checked_reason
from risk.domain.changing import Brake, Changes, ChangeStore, Stopped, denial
from risk.domain.events import PEOPLE_STREAM
from risk.domain.keys import ApiKey
from risk.domain.ledger import Fill, Flow
from risk.domain.overrides import OverrideKind, OverrideWish, Review, Verdict, asked_of_override
from risk.domain.proposals import Proposal
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState
from risk.domain.warrants import Warrant
from risk.errors import BrakedInstead, GateClosed, NotAllowed, ProofNeeded, SeawallError, StoreError

_LOG = structlog.get_logger(__name__)


class Actions:
    """What people change. Every method may raise `NotAllowed`, and what its store raises.

    Parameters
    ----------
    store : ChangeStore
    brake : Brake
    wall : callable
        Gives the wall time, UTC.
    """

    def __init__(self, store: ChangeStore, brake: Brake, *, wall: Callable[[], datetime]) -> None:
        self._store = store
        self._brake = brake
        self._wall = wall

    # --- trading ---------------------------------------------------------------------------

    def halt(
        self, actor: Actor, portfolio: str, scope: Scope, state: TradingState, *, reason: str
    ) -> Stopped:
        """Stop trading in a scope at once, whether the database answers or not.

        Where the authority is silent, or is another book's, it waits in the database for the one
        that will rule the book: until then no order is let through.

        Raises
        ------
        NotAllowed, InvalidInput
        GateClosed
            If neither the authority nor the database answers.
        """
        with self._allowed(
            actor, Ability.HALT, portfolio, f"stop {scope.label}", tightens=True
        ) as changes:
            told = {"reason": checked_reason(reason), "who": actor.name, "latch_id": uuid4().hex}
            try:
                answer = self._brake.latch(portfolio, scope, state, **told)
            except GateClosed as silence:
                return _written(changes, portfolio, scope, state, told, silence)
            return Stopped(answer.scope, answer.trading_state, answer.journalled)

    def resume(self, actor: Actor, portfolio: str, scope: Scope, *, reason: str, seen: int) -> None:
        """Let go what somebody stopped; `seen` is the number of the latch that was seen."""
        with self._allowed(actor, Ability.RESUME, portfolio, f"resume {scope.label}") as changes:
            why = checked_reason(reason)
            changes.resume(portfolio, scope, reason=why, seen=seen, who=actor.name)

    def release_reservation(
        self, actor: Actor, portfolio: str, client_order_id: str, *, reason: str
    ) -> int:
        """Give back the room of an order that is known to be dead; returns the action's number."""
        asked = f"release the room of order {client_order_id}"
        with self._allowed(actor, Ability.RESUME, portfolio, asked) as changes:
            why = checked_reason(reason)
            return changes.release_reservation(
                portfolio, client_order_id, reason=why, who=actor.name
            )

    # --- breakers --------------------------------------------------------------------------

    def release_breaker(
        self,
        actor: Actor,
        portfolio: str,
        breaker: str,
        *,
        episode: str,
        reason: str,
        read: tuple[str, ...] = (),
    ) -> None:
        """Let a breaker whose pause is over go into probation; `read` are the warnings he read."""
        with self._allowed(actor, Ability.OVERRIDE, portfolio, f"let {breaker} go") as changes:
            why = checked_reason(reason)
            changes.release_breaker(
                portfolio, breaker, episode=episode, reason=why, who=actor.name, read=read
            )

    def override_breaker(self, actor: Actor, portfolio: str, wish: OverrideWish) -> int:
        """Override a breaker; returns the number of the action.

        Raises
        ------
        NotAllowed, InvalidInput
        Conflict
            If somebody else overrode it since it was seen.
        BrakedInstead
            If it tightens and cannot be written: then its scope is stopped at once instead.
        StoreUnavailable
            If it does not tighten and cannot be written: then nothing has changed.
        GateClosed
            If neither the database nor the authority answers: then nothing is stopped.
        """
        # Whoever ends an override may loosen by it; that it is what he says, the store checks.
        tightens = wish.tightens
        asked = asked_of_override(wish.breaker, wish.kind)
        with self._allowed(actor, Ability.OVERRIDE, portfolio, asked, tightens=tightens) as changes:
            told = wish._replace(reason=checked_reason(wish.reason))
            try:
                return changes.override_breaker(portfolio, told, who=actor.name)
            except StoreError as silence:
                if not tightens:
                    raise
                raise self._braked(actor, portfolio, told, silence) from silence

    def _braked(
        self, actor: Actor, portfolio: str, wish: OverrideWish, silence: StoreError
    ) -> SeawallError:
        """Stop what a breaker was to hold; what there is to say of it."""
        asked = asked_of_override(wish.breaker, wish.kind)
        try:
            held = self._brake.breaker(portfolio, wish.breaker)
            answer = self._brake.latch(
                portfolio,
                held.scope,
                max(held.state, TradingState.REDUCE_ONLY),
                reason=f"{asked}: {wish.reason}"[:LONGEST_REASON],
                who=actor.name,
                latch_id=uuid4().hex,
            )
        except GateClosed as closed:
            return GateClosed(f"nothing is stopped: {silence}, and {closed}")
        ends = wish.kind is OverrideKind.END
        stays = (
            f"the override of {wish.breaker} is on" if ends else f"{wish.breaker} is not overridden"
        )
        kept = (
            ""
            if answer.journalled
            else "It is in the engine's memory alone until the database answers: an engine that is "
            "restarted before then does not know of it. "
        )
        return BrakedInstead(
            f"{stays}, since {silence}; instead {answer.scope} is "
            f"{answer.trading_state.replace('_', ' ')} at once, until a person resumes it. {kept}"
            "Should it have been written after all, both hold"
        )

    def reviews(self, portfolio: str) -> Sequence[Review]:
        """Overrides that loosened, the newest first."""
        return self._store.reviews(portfolio)

    def review_override(
        self, actor: Actor, portfolio: str, action: int, verdict: Verdict, *, comment: str
    ) -> None:
        """Judge what came of somebody else's override."""
        with self._allowed(
            actor, Ability.OVERRIDE, portfolio, f"review override {action}"
        ) as changes:
            said = checked_reason(comment)
            changes.review_override(portfolio, action, verdict, comment=said, who=actor.name)

    # --- limits, policy, model -------------------------------------------------------------

    def propose(self, actor: Actor, portfolio: str, change: Change, *, reason: str) -> Proposal:
        """Propose a change. One that does not loosen, by whoever may approve, is adopted at once.

        So is any while nobody has a login. Whether it waits, the status tells that is returned.
        """
        is_temporary = isinstance(change, SetTemporaryLimit | EndTemporaryLimit)
        ability = Ability.REQUEST_LIMIT if is_temporary else Ability.PROPOSE
        asked = f"propose {type(change).__name__}"
        with self._allowed(actor, ability, portfolio, asked) as changes:
            return changes.propose(portfolio, change, reason=checked_reason(reason), actor=actor)

    def proposals(self, portfolio: str, *, open_only: bool = False) -> Sequence[Proposal]:
        """Proposals of a book, the newest first."""
        return self._store.proposals(portfolio, open_only=open_only)

    def approve(self, actor: Actor, portfolio: str, proposal: int, *, reason: str) -> Proposal:
        """Be the second person whose word a change needs."""
        with self._allowed(
            actor, Ability.APPROVE, portfolio, f"approve proposal {proposal}"
        ) as changes:
            return changes.approve(portfolio, proposal, reason=checked_reason(reason), actor=actor)

    def reject(self, actor: Actor, portfolio: str, proposal: int, *, reason: str) -> Proposal:
        """Turn down what somebody else proposed; it may be what would have tightened."""
        with self._allowed(
            actor, Ability.APPROVE, portfolio, f"reject proposal {proposal}"
        ) as changes:
            return changes.reject(portfolio, proposal, reason=checked_reason(reason), actor=actor)

    def withdraw(self, actor: Actor, portfolio: str, proposal: int, *, reason: str) -> Proposal:
        """Take one's own proposal back."""
        with self._allowed(
            actor, Ability.REQUEST_LIMIT, portfolio, f"withdraw proposal {proposal}"
        ) as changes:
            return changes.withdraw(portfolio, proposal, reason=checked_reason(reason), actor=actor)

    # --- books and keys ----------------------------------------------------------------------

    def add_portfolio(self, actor: Actor, portfolio: str) -> bool:
        """Add a book; False if it is there already."""
        with self._allowed(
            actor, Ability.MANAGE_BOOKS, portfolio, f"add the book {portfolio}"
        ) as changes:
            return changes.add_portfolio(portfolio, who=actor.name)

    def fund(self, actor: Actor, portfolio: str, flow: Flow) -> bool:
        """Book money paid in or out; False if it is known already."""
        asked = f"book {flow.amount:,.2f} into {portfolio}"
        with self._allowed(actor, Ability.MANAGE_BOOKS, portfolio, asked) as changes:
            return changes.fund(portfolio, flow, who=actor.name)

    def import_entries(
        self, actor: Actor, portfolio: str, entries: Sequence[Fill | Flow], *, opens: bool
    ) -> int:
        """Book what a file states; returns how many entries were new."""
        asked = f"import {len(entries)} entries into {portfolio}"
        with self._allowed(actor, Ability.MANAGE_BOOKS, portfolio, asked) as changes:
            return changes.import_entries(portfolio, entries, opens=opens, who=actor.name)

    def add_key(self, actor: Actor, key: ApiKey, *, reason: str = "") -> None:
        """Give a program a key; a reason may be given."""
        why = checked_reason(reason) if reason else ""
        with self._allowed(
            actor, Ability.MANAGE_PEOPLE, PEOPLE_STREAM, f"give {key.name} a key"
        ) as changes:
            changes.add_key(key, who=actor.name, reason=why)

    def revoke_key(self, actor: Actor, key_id: str, *, reason: str) -> bool:
        """Let a key open nothing any more; False if it was revoked before."""
        why = checked_reason(reason)
        with self._allowed(
            actor, Ability.MANAGE_PEOPLE, PEOPLE_STREAM, f"revoke the key {key_id}"
        ) as changes:
            return changes.revoke_key(key_id, who=actor.name, reason=why)

    # --- who may ---------------------------------------------------------------------------

    @contextmanager
    def _allowed(
        self,
        actor: Actor,
        ability: Ability,
        portfolio: str,
        asked: str,
        *,
        tightens: bool = False,
    ) -> Iterator[Changes]:
        """What stands within is done by whoever may; whatever is denied is journalled.

        What he writes by is his warrant, so that he must still be allowed to when it is written.
        """
        try:
            require_all(actor, ability, at=self._wall(), tightens=tightens)
            yield self._store.by(Warrant(actor, ability, tightens))
        except ProofNeeded:
            raise  # he may, and says in a moment who he is
        except NotAllowed as denied:
            self.note_denied(actor, asked, denied, portfolio=portfolio)
            raise

    def note_denied(
        self, actor: Actor, asked: str, denied: NotAllowed, *, portfolio: str = PEOPLE_STREAM
    ) -> None:
        """Journal that somebody was denied something, also where it was not an action of these.

        Parameters
        ----------
        actor : Actor
        asked : str
            As the end of a sentence: *asked to*.
        denied : NotAllowed
        portfolio : str
            Of which book.
        """
        event = denial(actor, asked, denied, at=self._wall(), portfolio=portfolio)
        try:
            self._store.tell(event)
        except StoreError as problem:
            # It is denied all the same, and the log keeps it.
            _LOG.warning(
                "denial_not_journalled", asked=event.asked, by=event.by, problem=str(problem)
            )


def _written(
    changes: Changes,
    portfolio: str,
    scope: Scope,
    state: TradingState,
    told: dict[str, str],
    silence: GateClosed,
) -> Stopped:
    """A halt in the database, under its id: if the authority has it after all, once."""
    try:
        changes.latch(portfolio, scope, state, **told)
    except StoreError as error:
        raise GateClosed(f"{silence}, and {error}") from error
    return Stopped(scope.label, state.name, journalled=True, silence=str(silence))
