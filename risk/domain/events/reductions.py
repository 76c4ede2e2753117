"""Positions that are to be made smaller: requests, and the stops that make them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from risk.domain.events.base import RiskEvent, Severity


@dataclass(frozen=True, kw_only=True)
class ReductionRequested(RiskEvent):
    """Somebody must make a position smaller by a deadline. Told once, and again if stricter.

    A newer request about the same position takes the place of the one before.

    Attributes
    ----------
    strategy, asset : str
    target_quantity : float
        Signed units to end at.
    reason : str
        Which rule asks, and why.
    deadline : datetime
        UTC. A stricter request has that of the one whose place it takes.
    id : str
        Unique in the portfolio; empty in events from before requests were kept.
    venue : str
        Empty in those too.
    """

    strategy: str
    asset: str
    target_quantity: float
    reason: str
    deadline: datetime
    id: str = ""
    venue: str = ""


@dataclass(frozen=True, kw_only=True)
class ReductionLate(RiskEvent):
    """A position is still too large after the deadline. Told once.

    Attributes
    ----------
    id : str
        Of the request.
    strategy, asset, venue : str
    quantity, target_quantity : float
        Signed units held, and to end at.
    reason : str
        Of the request.
    deadline : datetime
        UTC.
    """

    id: str
    strategy: str
    asset: str
    venue: str
    quantity: float
    target_quantity: float
    reason: str
    deadline: datetime


@dataclass(frozen=True, kw_only=True)
class StopLossUpdate(RiskEvent):
    """A position's stop was set, moved, resized or taken away.

    Attributes
    ----------
    strategy, asset, venue : str
    stop_price : float or None
        Quote currency; None when none stands any more.
    previous_price : float or None
        None for a new stop.
    quantity : float
        Signed units that the stop would close.
    reason : str
    """

    version: ClassVar[int] = 2

    strategy: str
    asset: str
    venue: str
    stop_price: float | None
    previous_price: float | None
    quantity: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class StopEscalated(RiskEvent):
    """What a stop asked for was not done by its deadline. Told again while it is not.

    Attributes
    ----------
    strategy, asset, venue : str
    request : str
        Id of the `ReductionRequested`.
    quantity, target_quantity : float
        Signed units still held, and to end at.
    reason : str
    deadline : datetime
        UTC.
    times : int
        How often it was told, this time included.
    severity : Severity
    """

    strategy: str
    asset: str
    venue: str
    request: str
    quantity: float
    target_quantity: float
    reason: str
    deadline: datetime
    times: int
    severity: Severity
