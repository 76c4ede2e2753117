"""Overrides: a person's command over one breaker, with a reason and an expiry.

An override never lifts a limit or what people stopped, and ends by itself. What one does to a
breaker is in :mod:`risk.breakers.overriding`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
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
#: What keeps a breaker from stepping on before the expiry.
HOLDING = frozenset({OverrideKind.TRIP, OverrideKind.HOLD, OverrideKind.EXTEND})
#: How far ahead each may expire.
LONGEST: Mapping[OverrideKind, timedelta] = {
    OverrideKind.TRIP: timedelta(days=7),
    OverrideKind.HOLD: timedelta(days=7),
    OverrideKind.EXTEND: timedelta(days=7),
    OverrideKind.STEP_DOWN: timedelta(hours=4),
    OverrideKind.DISABLE: timedelta(hours=4),
}


_VERBS = {
    OverrideKind.TRIP: "trip",
    OverrideKind.HOLD: "hold",
    OverrideKind.EXTEND: "extend the pause of",
    OverrideKind.STEP_DOWN: "step down",
    OverrideKind.DISABLE: "disable",
    OverrideKind.END: "end the override of",
}


def asked_of_override(name: str, kind: OverrideKind) -> str:
    """What whoever overrides asks for, as the end of a sentence: *asked to*."""
    return f"{_VERBS[kind]} breaker {name}"


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
    episode : str
        Of STEP_DOWN, the episode that it belongs to; it ends with it.
    measured : float or None
        Of STEP_DOWN, what the breaker measured when somebody looked, or when it began if that was
        less; None where it could not.
    until : datetime or None
        Of what holds, when the breaker's rule alone would let it step on. UTC.
    read : tuple of str
        The warnings that whoever overrode had opened, or a command had shown, as they were told.
    missed : tuple of datetime
        Of STEP_DOWN, the newest steps in a row in which the breaker could not be measured. UTC.
    """

    kind: OverrideKind
    by: str
    reason: str
    since: datetime
    expires: datetime
    action: int
    size: float = 1.0
    episode: str = ""
    measured: float | None = None
    until: datetime | None = None
    read: tuple[str, ...] = ()
    missed: tuple[datetime, ...] = ()

    @property
    def loosens(self) -> bool:
        """Whether it lets more risk pass than the breaker's rule."""
        return self.kind in LOOSENING

    @property
    def holds(self) -> bool:
        """Whether it keeps the breaker from stepping on."""
        return self.kind in HOLDING


def tightens(kind: str, ends: str | None) -> bool:
    """Whether it only ever tightens: nothing may slow down whoever asks for that.

    Parameters
    ----------
    kind : str
        An `OverrideKind`, or what is none of these.
    ends : str or None
        What the override is that is on; None or empty for none.
    """
    return kind in HOLDING or (kind == OverrideKind.END and ends in LOOSENING)


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
    read : tuple of str
        The warnings that he opened before, or a command showed, as they were told; none where none
        were shown.
    seen_retrips : int or None
        How often that episode had tripped again when he looked; None of who has not said.
    seen_value : float or None
        What the breaker measured when he looked; None where it could not.
    ends : OverrideKind or None
        Of END, what the override is that it ends; None of who has not said.
    """

    breaker: str
    kind: OverrideKind
    reason: str
    expires: datetime | None
    seen_episode: str = ""
    seen_action: int = 0
    size: float = 1.0
    read: tuple[str, ...] = ()
    seen_retrips: int | None = None
    seen_value: float | None = None
    ends: OverrideKind | None = None

    @property
    def tightens(self) -> bool:
        """Whether it only ever tightens, the end of what loosens too: nothing may slow it down."""
        return tightens(self.kind, self.ends)


class Verdict(StrEnum):
    """What a review says of an override."""

    RIGHT = "right"
    WRONG = "wrong"
    UNCLEAR = "unclear"


class OverrideOutcome(NamedTuple):
    """What came of an override, as far as it was measured: for whoever judges it.

    Attributes
    ----------
    since, until : datetime
        From its beginning to its end, or to now while it is on. The market's time, UTC.
    on : bool
        Whether it is still on.
    worst : float or None
        The most that the breaker measured meanwhile, in its unit; None where it measured nothing.
    threshold : float or None
        At what the episode had tripped that it was on; None where there was none.
    equity_before, equity_after : float or None
        Of the book at both ends, quote currency; None where it was not known.
    moved : float or None
        By what fraction the book moved meanwhile, what was paid in and out left out.
    passed, refused : int or None
        Orders in the breaker's scope that the gate let through, in part too, and those it did not;
        None where there were too many to be counted while somebody waits.
    """

    since: datetime
    until: datetime
    on: bool
    worst: float | None = None
    threshold: float | None = None
    equity_before: float | None = None
    equity_after: float | None = None
    moved: float | None = None
    passed: int | None = None
    refused: int | None = None

    @property
    def stood(self) -> timedelta:
        """How long it stood, or stands."""
        return self.until - self.since


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
    expires : datetime or None
        When it was to end by itself. UTC.
    size : float
        Of STEP_DOWN.
    ended_by, ended_why : str
        ``rule``, or a person; empty while it is on.
    outcome : OverrideOutcome or None
        None of one that was judged long ago.
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
    expires: datetime | None = None
    size: float = 1.0
    ended_by: str = ""
    ended_why: str = ""
    outcome: OverrideOutcome | None = None


#: Hour of the next day at which an override's review is due, UTC.
REVIEW_HOUR = 9


def review_due(since: datetime) -> datetime:
    """When the review of an override that began then is due: the next day at 09:00 UTC.

    Examples
    --------
    >>> from datetime import UTC
    >>> review_due(datetime(2024, 3, 1, 23, 59, tzinfo=UTC)).isoformat()
    '2024-03-02T09:00:00+00:00'
    """
    day = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return day.replace(hour=REVIEW_HOUR) + timedelta(days=1)
