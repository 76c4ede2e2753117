"""What the web may change: whatever people ask there waits for the engine."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from risk.domain.actions import Change
from risk.domain.actors import Actor
from risk.domain.events import RiskEvent
from risk.domain.overrides import OverrideWish, Review, Verdict
from risk.domain.proposals import Proposal, ProposalStatus
from risk.domain.scopes import Scope
from risk.errors import Conflict
from risk.storage import people_journal
from risk.storage.breakers import release_breaker
from risk.storage.engines import Engines, transaction
from risk.storage.latches import resume
from risk.storage.overrides import override_breaker, review_override, reviews
from risk.storage.proposals import ProposalDesk, proposals
from risk.storage.reservations import release


class SqlChanges:
    """What the web may change: it writes what people ask, and the engine takes it in.

    Parameters
    ----------
    engines : Engines
    wall : callable
        Gives the wall time, UTC.
    channels : callable
        Gives the names of the channels by which people hear of what waits for them; none unless
        given. Asked only where something is told.
    """

    def __init__(
        self,
        engines: Engines,
        *,
        wall: Callable[[], datetime],
        channels: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._writer = engines.writer
        self._reader = engines.reader
        self._wall = wall
        self._channels = channels

    def release_breaker(
        self, portfolio: str, breaker: str, *, episode: str, reason: str, who: str
    ) -> None:
        """Let a wish to let a breaker go wait for the engine; see `release_breaker`.

        Raises
        ------
        UnknownPortfolio, InvalidInput
            As there.
        StoreUnavailable
            If the database does not answer; the wish may have been written.
        """
        with transaction(self._writer) as connection:
            release_breaker(
                connection,
                portfolio,
                breaker,
                who=who,
                reason=reason,
                seen=episode,
                at=self._wall(),
            )

    # --- the journal -----------------------------------------------------------------------

    def tell(self, *events: RiskEvent) -> None:
        """Write into the journal of people."""
        with transaction(self._writer) as connection:
            people_journal.tell(connection, *events)

    # --- trading ---------------------------------------------------------------------------

    def resume(self, portfolio: str, scope: Scope, *, reason: str, seen: int, who: str) -> None:
        """Let the end of a latch wait for the engine; see `risk.storage.latches.resume`."""
        with transaction(self._writer) as connection:
            resume(connection, portfolio, scope, who=who, reason=reason, seen=seen, at=self._wall())

    def release_reservation(
        self, portfolio: str, client_order_id: str, *, reason: str, who: str
    ) -> None:
        """Let the end of a dead order's room wait for the engine."""
        with transaction(self._writer) as connection:
            release(connection, portfolio, client_order_id, who=who, reason=reason, at=self._wall())

    # --- breakers --------------------------------------------------------------------------

    def override_breaker(self, portfolio: str, wish: OverrideWish, *, who: str) -> int:
        """Let an override wait for the engine; returns its action's number."""
        with transaction(self._writer) as connection:
            return override_breaker(connection, portfolio, wish, who=who, at=self._wall()).seq

    def reviews(self, portfolio: str) -> Sequence[Review]:
        """Overrides that loosened, the newest first, with what came and what was said of them."""
        with transaction(self._reader) as connection:
            return reviews(connection, portfolio)

    def review_override(
        self, portfolio: str, action: int, verdict: Verdict, *, comment: str, who: str
    ) -> None:
        """Judge what came of an override; the database refuses whoever overrode."""
        with transaction(self._writer) as connection:
            review_override(
                connection,
                portfolio,
                action,
                verdict,
                comment=comment,
                who=who,
                at=self._wall(),
            )

    # --- proposals -------------------------------------------------------------------------

    def propose(self, portfolio: str, change: Change, *, reason: str, actor: Actor) -> Proposal:
        """Write a proposal down; see `risk.storage.proposals.ProposalDesk`."""
        with self._desk(portfolio) as desk:
            return desk.propose(change, reason=reason, actor=actor)

    def proposals(self, portfolio: str, *, open_only: bool = False) -> Sequence[Proposal]:
        """Proposals of a book, the newest first."""
        with transaction(self._reader) as connection:
            return proposals(connection, portfolio, at=self._wall(), open_only=open_only)

    def approve(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        """Let a proposal wait for the engine as an action.

        Raises
        ------
        Conflict
            If it was decided already, or is outdated: that is written down all the same.
        """
        with self._desk(portfolio) as desk:
            found = desk.approve(proposal, reason=reason, actor=actor)
        return _of_use(found, ProposalStatus.APPROVED)

    def turn_down(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        """Reject somebody's proposal, or withdraw one's own."""
        with self._desk(portfolio) as desk:
            found = desk.turn_down(proposal, reason=reason, actor=actor)
        return _of_use(found, ProposalStatus.REJECTED, ProposalStatus.WITHDRAWN)

    @contextmanager
    def _desk(self, portfolio: str) -> Iterator[ProposalDesk]:
        with transaction(self._writer) as connection:
            yield ProposalDesk(
                connection, portfolio, at=self._wall(), channels=tuple(self._channels())
            )


def _of_use(found: Proposal, *wanted: ProposalStatus) -> Proposal:
    """The proposal, once it is known to stand as it was wanted."""
    if found.status not in wanted:
        raise Conflict(f"proposal {found.id} is {found.status.value}: {found.decision}")
    return found
