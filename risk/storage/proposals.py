"""Proposals of a book: written down, decided by whoever may, and turned into actions.

What is said here in words the database says too, to whoever writes past this program: migration
0011. Everything is told in the journal of people, in the transaction of the change itself.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Row, Select, exists, func, insert, or_, select, update

from risk.domain.actions import (
    ALONE,
    AdoptPolicy,
    Change,
    ChooseBookModel,
    Sanction,
    SetTemporaryLimit,
)
from risk.domain.actors import Ability, Actor, require
from risk.domain.asking import checked_name, checked_reason
from risk.domain.events import RULE, ProposalDecided, ProposalMade
from risk.domain.people import is_same_person
from risk.domain.policy import Policy
from risk.domain.proposals import LIFE, Direction, Proposal, ProposalStatus
from risk.errors import Conflict, InvalidInput, NotAllowed
from risk.policy.direction import Directed, direction_of_model, model_line
from risk.policy.rebasing import upon
from risk.portfolio.book_models import title_of
from risk.storage import codec, people_journal
from risk.storage.actions import (
    actions_after,
    last_choice,
    next_seq,
    put_action,
    refuse_choice,
    take_turn,
)
from risk.storage.people import SqlPeopleView
from risk.storage.policies import known_versions, policy_after, policy_standing
from risk.storage.portfolios import require_portfolio
from risk.storage.tables import approval, from_ms, proposal, to_ms

#: Lines of what came between that are told; whoever wants all of them looks at the history.
_MOST_LINES = 3


class _Effect(NamedTuple):
    """A change as it is to be adopted, and what it would do."""

    change: Change
    what: tuple[str, ...]
    directed: Directed
    seen: int


class ProposalDesk:
    """Proposals of one book, within one transaction of the writer.

    It refuses whoever may not by his role. Whether that still is his, whether he has proved lately
    who he is, and since when his power holds, is asked before, in the same transaction:
    `risk.domain.warrants.require_still`.

    Parameters
    ----------
    connection : Connection
    portfolio : str
    at : datetime
        Wall time. UTC.
    channels : sequence of str
        By which people hear of what waits for them.
    """

    def __init__(
        self,
        connection: Connection,
        portfolio: str,
        *,
        at: datetime,
        channels: Sequence[str] = (),
    ) -> None:
        self._connection = connection
        self._portfolio = portfolio
        self._at = at
        self._channels = channels

    # --- what people do --------------------------------------------------------------------

    def propose(self, change: Change, *, reason: str, actor: Actor) -> Proposal:
        """Write a proposal down; where it needs no other person's word it is adopted at once.

        Parameters
        ----------
        change : Change
            Its number, time and author do not matter.
        reason : str
        actor : Actor

        Raises
        ------
        UnknownPortfolio
            If there is none of that name.
        Conflict
            If it was compared with another policy, or another model.
        InvalidInput
            If the engine would refuse it, nothing would change, or the same waits already.
        """
        self._begin()
        author, why = checked_name(actor.name), checked_reason(reason)
        asked = replace(change, seq=0, at=self._at, who=author, sanction=None)
        effect = self._effect(asked)
        self._refuse_twice(effect.change)
        at_once = actor.is_alone or (
            effect.directed.direction is not Direction.LOOSENS
            and Ability.APPROVE in actor.abilities
        )
        made = self._write(effect, author, why, alone=actor.is_alone, waits=not at_once)
        if not at_once:
            return made
        decision = ALONE if actor.is_alone else "it needs nobody else: it does not loosen"
        return self._adopt(made, effect.change, by=author, decision=decision)

    def approve(self, number: int, *, reason: str, actor: Actor) -> Proposal:
        """Let a proposal wait for the engine as an action.

        Returns
        -------
        Proposal
            APPROVED; or OUTDATED or LAPSED, and then nothing else came of it.

        Raises
        ------
        UnknownPortfolio
            If there is none of that name.
        NotAllowed
            If he may not approve, or it loosens and is his own.
        Conflict
            If it was decided already.
        InvalidInput
            If there is no such proposal.
        """
        self._begin()
        require(actor, Ability.APPROVE)
        found, by, why = self._open(number), checked_name(actor.name), checked_reason(reason)
        if found.lapses <= self._at:
            return self._lapsed(found)
        own = is_same_person(found.author, by)
        if own and found.direction is Direction.LOOSENS:
            raise NotAllowed(
                f"proposal {number} loosens, and is your own: another officer must approve it",
                ability=Ability.APPROVE,
            )
        effect = self._effect_now(found)
        if isinstance(effect, str):
            return self._decide(found, ProposalStatus.OUTDATED, by=by, decision=effect)
        body = codec.encode_action(effect.change)
        if own and body != codec.encode_action(found.change):
            # What is adopted is what he has read: upon what others changed, he proposes it anew.
            why = self._since(found, "others have changed something since, so propose it again")
            return self._decide(found, ProposalStatus.OUTDATED, by=by, decision=why)
        if not own:
            self._connection.execute(
                insert(approval).values(
                    proposal=found.id,
                    author=found.author,
                    person=by,
                    reason=why,
                    body=body,
                    at_ms=to_ms(self._at),
                )
            )
        return self._adopt(found, effect.change, by=found.author if own else by, decision=why)

    def reject(self, number: int, *, reason: str, actor: Actor) -> Proposal:
        """Turn somebody else's proposal down.

        Raises
        ------
        UnknownPortfolio
            If there is none of that name.
        NotAllowed
            If he may not approve.
        Conflict
            If it was decided already.
        InvalidInput
            If there is no such proposal, or it is his own.
        """
        require(actor, Ability.APPROVE)
        self._begin()
        found, by, why = self._open(number), checked_name(actor.name), checked_reason(reason)
        if found.lapses <= self._at:
            return self._lapsed(found)
        if is_same_person(found.author, by):
            raise InvalidInput(f"proposal {number} is your own: withdraw it")
        return self._decide(found, ProposalStatus.REJECTED, by=by, decision=why)

    def withdraw(self, number: int, *, reason: str, actor: Actor) -> Proposal:
        """Take one's own proposal back.

        Raises
        ------
        UnknownPortfolio
            If there is none of that name.
        NotAllowed
            If it is somebody else's.
        Conflict
            If it was decided already.
        InvalidInput
            If there is no such proposal.
        """
        self._begin()
        found, by, why = self._open(number), checked_name(actor.name), checked_reason(reason)
        if found.lapses <= self._at:
            return self._lapsed(found)
        if not is_same_person(found.author, by):
            raise NotAllowed(
                f"proposal {number} is {found.author}'s: only its author withdraws it, and an "
                "officer rejects it",
                ability=Ability.APPROVE,
            )
        return self._decide(found, ProposalStatus.WITHDRAWN, by=by, decision=why)

    def lapse(self) -> int:
        """End what nobody decided in time; returns how many."""
        query = _stored(self._portfolio).where(
            proposal.c.status == ProposalStatus.OPEN.value, proposal.c.lapses_ms <= to_ms(self._at)
        )
        late = [_proposal_of(row) for row in self._connection.execute(query)]
        for each in late:
            self._lapsed(each)
        return len(late)

    def seed(self, policy: Policy, *, who: str) -> Proposal | None:
        """Propose a first policy, unless anybody ever wanted one; None if somebody did.

        Adopted at once while nobody has a login; else it waits for an officer.
        """
        self._begin()
        if self._anybody_wanted_a_policy():
            return None
        first = AdoptPolicy(seq=0, at=self._at, who=who, policy=policy, seen=0)
        effect = self._effect(first)
        alone = not SqlPeopleView(self._connection).anybody()
        made = self._write(effect, who, "a first policy", alone=alone, waits=not alone)
        return self._adopt(made, first, by=who, decision=ALONE) if alone else made

    # --- who asks --------------------------------------------------------------------------

    def _begin(self) -> None:
        require_portfolio(self._connection, self._portfolio)
        take_turn(self._connection, self._portfolio)

    def _anybody_wanted_a_policy(self) -> bool:
        kind = AdoptPolicy.__name__
        proposed = exists().where(proposal.c.portfolio == self._portfolio, proposal.c.kind == kind)
        return bool(
            actions_after(self._connection, self._portfolio, 0, kinds=(AdoptPolicy,))
            or self._connection.execute(select(proposed)).scalar()
            or policy_standing(self._connection, self._portfolio, at=self._at).coming is not None
        )

    def _refuse_twice(self, change: Change) -> None:
        query = _stored(self._portfolio).where(
            proposal.c.status == ProposalStatus.OPEN.value,
            proposal.c.lapses_ms > to_ms(self._at),
            proposal.c.kind == type(change).__name__,
            proposal.c.body == codec.encode_action(change),
        )
        same = self._connection.execute(query).first()
        if same is not None:
            raise InvalidInput(
                f"proposal {same.id}, by {same.author}, says the same, and waits already"
            )

    # --- what a change does ----------------------------------------------------------------

    def _effect(self, change: Change) -> _Effect:
        if isinstance(change, ChooseBookModel):
            return self._effect_of_model(change)
        before, found, directed = policy_after(
            self._connection, self._portfolio, change, at=self._at
        )
        return _Effect(change, found.what, directed, 0 if before is None else before.version)

    def _effect_of_model(self, change: ChooseBookModel) -> _Effect:
        in_use, waiting = refuse_choice(self._connection, self._portfolio, change)
        now = waiting.model if waiting is not None else in_use.name if in_use is not None else None
        last = last_choice(self._connection, self._portfolio)
        return _Effect(
            change,
            (model_line(now, change.model),),
            direction_of_model(now, change.model),
            0 if last is None else last.seq,
        )

    def _effect_now(self, found: Proposal) -> _Effect | str:
        """What a proposal would do as things stand; a sentence if it is not what was proposed."""
        try:
            change = self._upon_the_present(found)
            if isinstance(change, str):
                return change
            effect = self._effect(change)
        except InvalidInput as problem:
            return f"it cannot be adopted any more: {problem}"
        if not self._says_the_same(effect, found):
            return self._since(found, "what it would change is not what it was")
        return effect

    def _says_the_same(self, effect: _Effect, found: Proposal) -> bool:
        """Whether it changes what was read, and loosens nothing that was not said to."""
        now = effect.directed
        # What loosened may tighten by now, as limits move; whoever agrees has read it as loosening.
        if found.direction not in (now.direction, Direction.LOOSENS):
            return False
        # What is lent from now on begins now, so that its line is another one.
        if isinstance(found.change, SetTemporaryLimit) and found.change.starts is None:
            return len(effect.what) == len(found.what)
        return {*effect.what} == {*found.what} and {*now.loosens} <= {*found.loosens}

    def _upon_the_present(self, found: Proposal) -> Change | str:
        """The change as it is to be adopted now, where nobody touched what it changes."""
        change = found.change
        if isinstance(change, ChooseBookModel):
            return self._model_upon_the_present(change, found)
        standing = policy_standing(self._connection, self._portfolio, at=self._at)
        present, moment = standing.coming, standing.at or self._at
        if (0 if present is None else present.version) == found.seen:
            return change
        base = known_versions(self._connection, self._portfolio, at=self._at).get(found.seen)
        if base is None or present is None:
            return self._since(found, "another policy is in force")
        done = upon(change, base, present, at=moment)
        return self._since(found, "others have changed the same") if done is None else done

    def _model_upon_the_present(self, change: ChooseBookModel, found: Proposal) -> Change | str:
        last = last_choice(self._connection, self._portfolio)
        if last is not None and last.seq > found.seen:
            return f"{title_of(last.model)} was chosen by {last.who} since"
        return change

    def _since(self, found: Proposal, why: str) -> str:
        """Why a proposal is outdated, with what came between."""
        query = (
            select(proposal.c.author, proposal.c.what)
            .where(
                proposal.c.portfolio == self._portfolio,
                proposal.c.action.is_not(None),
                proposal.c.kind != ChooseBookModel.__name__,
                or_(proposal.c.id > found.id, proposal.c.decided_ms > to_ms(found.at)),
            )
            .order_by(proposal.c.action)
        )
        lines = [
            f"{row.author}: {line}"
            for row in self._connection.execute(query)
            for line in json.loads(row.what)
        ]
        told = "; ".join(lines[:_MOST_LINES])
        more = len(lines) - _MOST_LINES
        between = f"{told}{f' and {more} more' if more > 0 else ''}" if lines else "nothing told"
        return f"{why}: it was compared with version {found.seen}. Since then: {between}"

    # --- writing ---------------------------------------------------------------------------

    def _write(
        self, effect: _Effect, author: str, why: str, *, alone: bool, waits: bool
    ) -> Proposal:
        values: dict[str, Any] = {
            "portfolio": self._portfolio,
            "kind": type(effect.change).__name__,
            "body": codec.encode_action(effect.change),
            "seen": effect.seen,
            "direction": effect.directed.direction.value,
            "what": _as_list(effect.what),
            "loosens": _as_list(effect.directed.loosens),
            "author": author,
            "reason": why,
            "alone": alone,
            "at_ms": to_ms(self._at),
            "lapses_ms": to_ms(self._at + LIFE),
            "status": ProposalStatus.OPEN.value,
            "decided_by": "",
            "decision": "",
        }
        key = self._connection.execute(insert(proposal).values(values)).inserted_primary_key
        assert key is not None, "one row was inserted"
        made = self._known(key[0])
        self._tell(
            ProposalMade(
                **self._stamp,
                proposal=made.id,
                direction=made.direction.value,
                what=made.what,
                by=author,
                reason=why,
                waits=waits,
            )
        )
        return made

    def _adopt(self, found: Proposal, change: Change, *, by: str, decision: str) -> Proposal:
        """Let the change wait for the engine, by that person's word."""
        number = next_seq(self._connection, self._portfolio)
        done = self._decide(found, ProposalStatus.APPROVED, by=by, decision=decision, action=number)
        sanction = Sanction(found.id, "" if found.alone else by, found.alone)
        asked = replace(change, seq=number, at=self._at, who=found.author, sanction=sanction)
        put_action(self._connection, self._portfolio, asked)
        return done

    def _lapsed(self, found: Proposal) -> Proposal:
        return self._decide(found, ProposalStatus.LAPSED, by=RULE, decision=_NOBODY_DECIDED)

    def _decide(
        self,
        found: Proposal,
        status: ProposalStatus,
        *,
        by: str,
        decision: str,
        action: int | None = None,
    ) -> Proposal:
        decided = {
            "status": status.value,
            "decided_by": by,
            "decision": decision,
            "decided_ms": to_ms(self._at),
            "action": action,
        }
        self._connection.execute(update(proposal).where(proposal.c.id == found.id).values(decided))
        self._tell(
            ProposalDecided(
                **self._stamp,
                proposal=found.id,
                status=status.value,
                by=by,
                reason=decision,
                author=found.author,
                action=action,
            )
        )
        return self._known(found.id)

    def _open(self, number: int) -> Proposal:
        found = self._known(number)
        if found.status is not ProposalStatus.OPEN:
            raise Conflict(f"proposal {number} is decided: {decided_words(found)}")
        return found

    def _known(self, number: int) -> Proposal:
        query = _stored(self._portfolio).where(proposal.c.id == number)
        row = self._connection.execute(query).first()
        if row is None:
            raise InvalidInput(f"{self._portfolio} has no proposal {number}")
        return _proposal_of(row)

    def _tell(self, event: ProposalMade | ProposalDecided) -> None:
        people_journal.tell(self._connection, event, channels=self._channels)

    @property
    def _stamp(self) -> dict[str, Any]:
        return {"at": self._at, "portfolio": self._portfolio, "cycle": ""}


def lapse_proposals(
    connection: Connection, portfolio: str, *, at: datetime, channels: Sequence[str] = ()
) -> int:
    """End proposals that nobody decided in time; returns how many."""
    take_turn(connection, portfolio)
    return ProposalDesk(connection, portfolio, at=at, channels=channels).lapse()


# --- reading -------------------------------------------------------------------------------

_NOBODY_DECIDED = f"nobody decided on it within {LIFE.days} days"


def proposals(
    connection: Connection, portfolio: str, *, at: datetime, open_only: bool = False
) -> list[Proposal]:
    """Proposals of a book, the newest first; what is over counts as lapsed, noted or not.

    Parameters
    ----------
    connection : Connection
    portfolio : str
    at : datetime
        Wall time. UTC.
    open_only : bool

    Raises
    ------
    UnknownPortfolio
        If there is none of that name.
    """
    require_portfolio(connection, portfolio)
    query = _stored(portfolio).order_by(proposal.c.id.desc())
    if open_only:
        query = query.where(
            proposal.c.status == ProposalStatus.OPEN.value, proposal.c.lapses_ms > to_ms(at)
        )
    return [_over(_proposal_of(row), at) for row in connection.execute(query)]


def decided_words(found: Proposal) -> str:
    """What became of a proposal, as the end of a sentence."""
    if found.decided_at is None:
        return "it waits"
    return (
        f"{found.status.value} by {found.decided_by} at {found.decided_at:%Y-%m-%d %H:%M} UTC, "
        f"{found.decision}"
    )


def _over(found: Proposal, at: datetime) -> Proposal:
    if found.status is not ProposalStatus.OPEN or at < found.lapses:
        return found
    return replace(
        found,
        status=ProposalStatus.LAPSED,
        decided_by=RULE,
        decision=_NOBODY_DECIDED,
        decided_at=found.lapses,
    )


def _stored(portfolio: str) -> Select[Any]:
    # What was approved is what was adopted, also where others had changed something before.
    body = func.coalesce(approval.c.body, proposal.c.body).label("adopted")
    return (
        select(proposal, body)
        .select_from(proposal.outerjoin(approval, approval.c.proposal == proposal.c.id))
        .where(proposal.c.portfolio == portfolio)
    )


def _proposal_of(row: Row[Any]) -> Proposal:
    at = from_ms(row.at_ms)
    change = codec.decode_action(row.kind, row.adopted, seq=row.action or 0, at=at, who=row.author)
    return Proposal(
        id=row.id,
        portfolio=row.portfolio,
        change=cast(Change, change),
        seen=row.seen,
        direction=Direction(row.direction),
        what=tuple(json.loads(row.what)),
        loosens=tuple(json.loads(row.loosens)),
        author=row.author,
        reason=row.reason,
        at=at,
        lapses=from_ms(row.lapses_ms),
        status=ProposalStatus(row.status),
        decided_by=row.decided_by,
        decision=row.decision,
        decided_at=None if row.decided_ms is None else from_ms(row.decided_ms),
        action=row.action,
        alone=bool(row.alone),
    )


def _as_list(lines: Iterable[str]) -> str:
    return json.dumps(list(lines), ensure_ascii=False)
