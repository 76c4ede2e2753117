"""What people may change, from the web or by a command: what they ask waits for the engine.

Whoever asks must still be allowed to when it is written: docs/decisions/still-allowed.md.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine

from risk.domain.actions import Change
from risk.domain.actors import Actor
from risk.domain.asking import can_name_a_book
from risk.domain.events import PEOPLE_STREAM, BookChanged, KeyChanged, RiskEvent
from risk.domain.keys import ApiKey
from risk.domain.ledger import Fill, Flow
from risk.domain.overrides import OverrideWish, Review, Verdict
from risk.domain.proposals import Proposal, ProposalStatus
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState
from risk.domain.warrants import Warrant, require_still
from risk.errors import Conflict
from risk.storage import keys, people_journal, portfolios
from risk.storage.actions import take_turn
from risk.storage.breakers import release_breaker
from risk.storage.engines import Engines, transaction
from risk.storage.latches import latch, resume
from risk.storage.overrides import override_breaker, review_override, reviews
from risk.storage.people import SqlPeopleView
from risk.storage.proposals import ProposalDesk, proposals
from risk.storage.reservations import release


class SqlChanges:
    """Where people's changes are written: a `ChangeStore`.

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
        self._engines = engines
        self._wall = wall
        self._channels = channels

    def by(self, warrant: Warrant) -> "SqlWarranted":
        """What whoever has this warrant changes."""
        return SqlWarranted(self._engines.writer, warrant, wall=self._wall, channels=self._channels)

    def tell(self, *events: RiskEvent) -> None:
        """Write into the journal of people."""
        with transaction(self._engines.writer) as connection:
            people_journal.tell(connection, *events)

    def reviews(self, portfolio: str) -> Sequence[Review]:
        """Overrides that loosened, the newest first, with what came and what was said of them."""
        with transaction(self._engines.reader) as connection:
            return reviews(connection, portfolio)

    def proposals(self, portfolio: str, *, open_only: bool = False) -> Sequence[Proposal]:
        """Proposals of a book, the newest first."""
        with transaction(self._engines.reader) as connection:
            return proposals(connection, portfolio, at=self._wall(), open_only=open_only)


class SqlWarranted:
    """What somebody changes by his warrant, and the engine takes in: `Changes`.

    Parameters
    ----------
    writer : Engine
    warrant : Warrant
    wall, channels : callable
        As of `SqlChanges`.
    """

    def __init__(
        self,
        writer: Engine,
        warrant: Warrant,
        *,
        wall: Callable[[], datetime],
        channels: Callable[[], Sequence[str]],
    ) -> None:
        self._writer = writer
        self._warrant = warrant
        self._wall = wall
        self._channels = channels

    @contextmanager
    def _writing(self, portfolio: str = "") -> Iterator[Connection]:
        """A transaction in which the warrant holds until its end."""
        with transaction(self._writer) as connection:
            if not self._warrant.tightens:
                # In this order, as whoever tells of a book's proposals takes them: a book's turn,
                # then that of people, which whoever changes people has until the end as well.
                # What cannot name a book has none, and may be no text that a database takes.
                if can_name_a_book(portfolio):
                    take_turn(connection, portfolio)
                people_journal.take_turn(connection)
                require_still(SqlPeopleView(connection), self._warrant, at=self._wall())
            yield connection

    # --- trading ---------------------------------------------------------------------------

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
        """Let a latch wait for an engine; see `risk.storage.latches.latch`."""
        with self._writing(portfolio) as connection:
            return latch(
                connection,
                portfolio,
                scope,
                state,
                who=who,
                reason=reason,
                latch_id=latch_id,
                at=self._wall(),
            ).seq

    def resume(self, portfolio: str, scope: Scope, *, reason: str, seen: int, who: str) -> None:
        """Let the end of a latch wait for the engine; see `risk.storage.latches.resume`."""
        with self._writing(portfolio) as connection:
            resume(connection, portfolio, scope, who=who, reason=reason, seen=seen, at=self._wall())

    def release_reservation(
        self, portfolio: str, client_order_id: str, *, reason: str, who: str
    ) -> int:
        """Let the end of a dead order's room wait for the engine; returns its action's number."""
        with self._writing(portfolio) as connection:
            at = self._wall()
            return release(
                connection, portfolio, client_order_id, who=who, reason=reason, at=at
            ).seq

    # --- breakers --------------------------------------------------------------------------

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
        """Let a wish to let a breaker go wait for the engine; see `release_breaker`.

        Raises
        ------
        UnknownPortfolio, InvalidInput
            As there.
        StoreUnavailable
            If the database does not answer; the wish may have been written.
        """
        with self._writing(portfolio) as connection:
            release_breaker(
                connection,
                portfolio,
                breaker,
                who=who,
                reason=reason,
                seen=episode,
                read=read,
                at=self._wall(),
            )

    def override_breaker(self, portfolio: str, wish: OverrideWish, *, who: str) -> int:
        """Let an override wait for the engine; returns its action's number."""
        with self._writing(portfolio) as connection:
            return override_breaker(connection, portfolio, wish, who=who, at=self._wall()).seq

    def review_override(
        self, portfolio: str, action: int, verdict: Verdict, *, comment: str, who: str
    ) -> None:
        """Judge what came of an override; the database refuses whoever overrode."""
        with self._writing(portfolio) as connection:
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

    def reject(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        """Turn somebody else's proposal down."""
        with self._desk(portfolio) as desk:
            found = desk.reject(proposal, reason=reason, actor=actor)
        return _of_use(found, ProposalStatus.REJECTED)

    def withdraw(self, portfolio: str, proposal: int, *, reason: str, actor: Actor) -> Proposal:
        """Take one's own proposal back."""
        with self._desk(portfolio) as desk:
            found = desk.withdraw(proposal, reason=reason, actor=actor)
        return _of_use(found, ProposalStatus.WITHDRAWN)

    @contextmanager
    def _desk(self, portfolio: str) -> Iterator[ProposalDesk]:
        with self._writing(portfolio) as connection:
            yield ProposalDesk(
                connection, portfolio, at=self._wall(), channels=tuple(self._channels())
            )

    # --- books and keys ----------------------------------------------------------------------

    def add_portfolio(self, portfolio: str, *, who: str) -> bool:
        """Add a book; False if it is there already."""
        with self._writing() as connection:
            at = self._wall()
            new = portfolios.add_portfolio(connection, portfolio, at=at)
            if new:
                people_journal.tell(connection, _book(at, portfolio, "was added", who))
            return new

    def fund(self, portfolio: str, flow: Flow, *, who: str) -> bool:
        """Let a deposit or withdrawal wait for the engine; False if it is known already."""
        with self._writing(portfolio) as connection:
            new = portfolios.fund(connection, portfolio, flow)
            if new:
                word = "deposit" if flow.amount > 0.0 else "withdrawal"
                what = f"is to book a {word} of {abs(flow.amount):,.2f}"
                event = _book(self._wall(), portfolio, what, who, reason=flow.note)
                people_journal.tell(connection, event, channels=self._channels())
            return new

    def import_entries(
        self, portfolio: str, entries: Sequence[Fill | Flow], *, opens: bool, who: str
    ) -> int:
        """Let entries of a file wait for the engine; returns how many were new."""
        with self._writing(portfolio) as connection:
            new = portfolios.import_entries(connection, portfolio, entries, opens=opens)
            if new:
                what = f"is to book {new} {'entry' if new == 1 else 'entries'} of a file"
                event = _book(self._wall(), portfolio, what, who)
                people_journal.tell(connection, event, channels=self._channels())
            return new

    def add_key(self, key: ApiKey, *, who: str, reason: str) -> None:
        """Let a key be in force."""
        with self._writing() as connection:
            keys.add_key(connection, key)
            abilities = ", ".join(sorted(key.abilities))
            books = ", ".join(sorted(key.portfolios))
            strategies = "" if key.strategies is None else f" ({', '.join(sorted(key.strategies))})"
            what = f"was given to it for {books}{strategies}: {abilities}"
            people_journal.tell(connection, _key(self._wall(), key, what, who, reason))

    def revoke_key(self, key_id: str, *, who: str, reason: str) -> bool:
        """Let a key open nothing any more; False if it was revoked before."""
        with self._writing() as connection:
            at = self._wall()
            new = keys.revoke_key(connection, key_id, at=at)
            if new:
                (key,) = (each for each in keys.all_keys(connection) if each.id == key_id)
                people_journal.tell(connection, _key(at, key, "was taken back", who, reason))
            return new


def _of_use(found: Proposal, *wanted: ProposalStatus) -> Proposal:
    """The proposal, once it is known to stand as it was wanted."""
    if found.status not in wanted:
        raise Conflict(f"proposal {found.id} is {found.status.value}: {found.decision}")
    return found


def _book(at: datetime, portfolio: str, what: str, who: str, *, reason: str = "") -> BookChanged:
    return BookChanged(at=at, portfolio=portfolio, cycle="", what=what, by=who, reason=reason)


def _key(at: datetime, key: ApiKey, what: str, who: str, reason: str) -> KeyChanged:
    return KeyChanged(
        at=at,
        portfolio=PEOPLE_STREAM,
        cycle="",
        key=key.id,
        name=key.name,
        what=what,
        by=who,
        reason=reason,
    )
