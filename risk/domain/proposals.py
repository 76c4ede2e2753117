"""Proposals: changes of limits, breakers, policy or model that wait for a second person.

What tightens needs one person who may approve; what loosens needs another one than its author.
The database refuses anything else: see migration 0011.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from risk.domain.actions import Action

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
    change : Action
        An `AdoptPolicy`, `SetTemporaryLimit`, `EndTemporaryLimit` or `ChooseBookModel`; its number,
        time and author are those of the proposal until it is adopted.
    seen : int
        Version of the policy that it was compared with; 0 for none.
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
    """

    id: int
    portfolio: str
    change: Action
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
