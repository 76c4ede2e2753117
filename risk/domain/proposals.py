"""Proposals: changes of limits, breakers, policy or model that wait for a second person.

What tightens needs one person who may approve; what loosens needs another one than its author.
The database refuses anything else: see migration 0011.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from risk.domain.actions import Change
from risk.domain.people import is_same_person

#: How long a proposal waits before it lapses.
LIFE = timedelta(days=14)


class Direction(StrEnum):
    """What a change does to what may be risked."""

    TIGHTENS = "tightens"
    LOOSENS = "loosens"
    """Or does both, or something of which nobody can say that it only tightens."""
    NEITHER = "neither"
    """Words only, such as an owner or a rationale."""


class ProposalStatus(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    OUTDATED = "outdated"
    """Another policy is in force than the one that it was compared with."""
    LAPSED = "lapsed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A change that somebody wants, and what became of it.

    Attributes
    ----------
    id : int
        Unique in the house.
    portfolio : str
    change : Change
        Its number, time and author are those of the proposal until it is adopted.
    seen : int
        Version of the policy that it was compared with; of a model, number of the action that had
        chosen the one before. 0 for none.
    direction : Direction
    what : tuple of str
        What would be different, a line each.
    loosens : tuple of str
        Those of them that loosen.
    author, reason : str
    at, lapses : datetime
        UTC.
    status : ProposalStatus
    decided_by, decision : str
        By whom, and what he said.
    decided_at : datetime or None
        UTC.
    action : int or None
        Number of the action that came of it.
    alone : bool
        Whether its author was alone: nobody had a login.
    """

    id: int
    portfolio: str
    change: Change
    seen: int
    direction: Direction
    what: tuple[str, ...]
    loosens: tuple[str, ...]
    author: str
    reason: str
    at: datetime
    lapses: datetime
    status: ProposalStatus = ProposalStatus.OPEN
    decided_by: str = ""
    decision: str = ""
    decided_at: datetime | None = None
    action: int | None = None
    alone: bool = False

    @property
    def loosens_something(self) -> bool:
        """Whether it needs the word of another person than its author."""
        return self.direction is Direction.LOOSENS


def why_unsanctioned(change: Change, direction: Direction) -> str | None:
    """Why a change may not hold, one sentence; None if it may.

    Parameters
    ----------
    change : Change
    direction : Direction
        Which way it goes where it is to hold.
    """
    if direction is not Direction.LOOSENS:
        return None
    sanction = change.sanction
    if sanction is None:
        return "it loosens, and no second person has agreed to it: propose it"
    if sanction.alone:
        return None
    if not sanction.approved_by or is_same_person(sanction.approved_by, change.who):
        return f"it loosens, and nobody but {change.who} has agreed to it: it needs another person"
    return None
