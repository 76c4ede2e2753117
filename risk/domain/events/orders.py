"""What became of orders between an answer and a fill, and what went wrong there."""

from dataclasses import dataclass

from risk.domain.events.base import RiskEvent, Severity


@dataclass(frozen=True, kw_only=True)
class FillUnexpected(RiskEvent):
    """A trade was reported that its order did not allow: it is booked, since it happened.

    Attributes
    ----------
    client_order_id, strategy, asset, sender : str
    quantity, allowed : float
        Units filled in all, and units that were let through and not given back.
    reason : str
        One plain sentence.
    severity : Severity
    """

    client_order_id: str
    strategy: str
    asset: str
    sender: str
    quantity: float
    allowed: float
    reason: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class FillDisputed(RiskEvent):
    """A trade was reported that was not believed, and not booked.

    Attributes
    ----------
    client_order_id, sender : str
    reason : str
        One plain sentence.
    severity : Severity
    """

    client_order_id: str
    sender: str
    reason: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class OrderEnded(RiskEvent):
    """An agent says that an order is dead, and its room was given back for that.

    Attributes
    ----------
    client_order_id, strategy, asset, sender : str
    quantity : float
        Signed units that were set aside.
    """

    client_order_id: str
    strategy: str
    asset: str
    sender: str
    quantity: float


@dataclass(frozen=True, kw_only=True)
class ReservationOverdue(RiskEvent):
    """Nobody has told what became of an order: its room stays set aside until somebody does.

    Told once.

    Attributes
    ----------
    client_order_id, strategy, asset : str
    quantity : float
        Signed units that may still be filled.
    severity : Severity
    """

    client_order_id: str
    strategy: str
    asset: str
    quantity: float
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class ReservationReleased(RiskEvent):
    """A person gave back the room of an order that is known to be dead.

    Attributes
    ----------
    client_order_id, strategy, asset, who, reason : str
    quantity : float
        Signed units that were set aside.
    """

    client_order_id: str
    strategy: str
    asset: str
    quantity: float
    who: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LeaseOverspent(RiskEvent):
    """More was ordered of a slice of room than was granted: all of it is reserved.

    Attributes
    ----------
    lease_id, strategy, asset, sender : str
    quantity : float
        Units ordered in all.
    allowed : float
        Units of room that the slice still had when it was settled.
    severity : Severity
    """

    lease_id: str
    strategy: str
    asset: str
    sender: str
    quantity: float
    allowed: float
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class ListDisputed(RiskEvent):
    """A list of orders made of a slice of room was not believed: the slice stays reserved.

    Attributes
    ----------
    lease_id, strategy, sender : str
    reason : str
        One plain sentence.
    severity : Severity
    """

    lease_id: str
    strategy: str
    sender: str
    reason: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class ReductionAcknowledged(RiskEvent):
    """An agent says that it will make a position smaller as requested.

    Attributes
    ----------
    id, strategy, asset, venue, sender : str
    """

    id: str
    strategy: str
    asset: str
    venue: str
    sender: str


@dataclass(frozen=True, kw_only=True)
class AnswersLost(RiskEvent):
    """While the database did not answer, more was refused than could be kept to be written.

    Attributes
    ----------
    refused : int
        Orders whose refusals stand nowhere; nothing was let through unwritten among them.
    severity : Severity
    """

    refused: int
    severity: Severity
