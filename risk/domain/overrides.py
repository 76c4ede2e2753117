"""Overrides: a person's command over one breaker, with a reason and an expiry.

An override never lifts a limit or what people stopped, and ends by itself. What one does to a
breaker is in :mod:`risk.breakers.overriding`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class OverrideKind(StrEnum):
    """What a person may command."""

    TRIP = "trip"
    """Trip it by hand, until the expiry at the least."""
    HOLD = "hold"
    """Let it not step down before the expiry, tripped or on its rung of re-opening."""
    EXTEND = "extend"
    """Let its pause last until the expiry at the least."""
    STEP_DOWN = "step_down"
    """Let new risk pass at a size until the expiry, whatever its rule says."""
    DISABLE = "disable"
    """Let it only record what it would do, until the expiry."""
    END = "end"
    """End the override that is on."""


#: What lets more risk pass than the breaker's rule: needs a proof, warnings read, and a review.
LOOSENING = frozenset({OverrideKind.STEP_DOWN, OverrideKind.DISABLE})
#: How far ahead each may expire.
LONGEST: Mapping[OverrideKind, timedelta] = {
    OverrideKind.TRIP: timedelta(days=7),
    OverrideKind.HOLD: timedelta(days=7),
    OverrideKind.EXTEND: timedelta(days=7),
    OverrideKind.STEP_DOWN: timedelta(hours=4),
    OverrideKind.DISABLE: timedelta(hours=4),
}


class Override(NamedTuple):
    """One override that is on.

    Attributes
    ----------
    kind : OverrideKind
    by, reason : str
    since, expires : datetime
        The market's time. UTC.
    action : int
        Number of the action that asked for it; whoever ends or follows it names it.
    size : float
        What new risk is scaled by, of STEP_DOWN.
    """

    kind: OverrideKind
    by: str
    reason: str
    since: datetime
    expires: datetime
    action: int
    size: float = 1.0


class OverrideWish(NamedTuple):
    """What an officer asks of a breaker.

    Attributes
    ----------
    breaker : str
    kind : OverrideKind
    reason : str
    expires : datetime or None
        UTC, the market's time; None of END.
    seen_episode : str
        The episode that was on when he looked; empty while armed.
    seen_action : int
        Number of the override that was on when he looked; 0 for none.
    size : float
        Of STEP_DOWN.
    """

    breaker: str
    kind: OverrideKind
    reason: str
    expires: datetime | None
    seen_episode: str = ""
    seen_action: int = 0
    size: float = 1.0


class Verdict(StrEnum):
    """What a review says of an override."""

    RIGHT = "right"
    WRONG = "wrong"
    UNCLEAR = "unclear"


class Review(NamedTuple):
    """An override whose outcome is to be judged, or was.

    Attributes
    ----------
    action : int
        Number of the override's action.
    breaker, kind, by, reason : str
    since, due : datetime
        When it began, and when its review is due: the next day at 09:00. UTC.
    ended : datetime or None
        UTC.
    verdict : Verdict or None
        None while nobody has judged.
    reviewer, comment : str
        Never whoever overrode.
    reviewed : datetime or None
    """

    action: int
    breaker: str
    kind: OverrideKind
    by: str
    reason: str
    since: datetime
    due: datetime
    ended: datetime | None = None
    verdict: Verdict | None = None
    reviewer: str = ""
    comment: str = ""
    reviewed: datetime | None = None
