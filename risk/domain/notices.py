"""What people are told without having looked: one message of what happened and what to do."""

from dataclasses import dataclass
from datetime import datetime

from risk.domain.events.base import Severity


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message for people, the same through whatever channel it comes.

    Attributes
    ----------
    id : str
        Unique in its portfolio. A notice may come twice, and is the same one by this.
    at : datetime
        When what it tells became true, by the market's clock. UTC.
    portfolio : str
    severity : Severity
    subject : str
        One line.
    body : str
        Plain text of several lines; the last but one says what to do next.
    episode : str or None
        Of the breaker, where one told it.
    """

    id: str
    at: datetime
    portfolio: str
    severity: Severity
    subject: str
    body: str
    episode: str | None = None

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise ValueError(f"Notice.at needs a timezone: {self.at!r}")
        if not self.id or not self.subject or "\n" in self.subject:
            raise ValueError(f"a notice needs an id and a subject of one line: {self.subject!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A notice on its way through one channel.

    Attributes
    ----------
    notice : Notice
    channel : str
    attempts : int
        Begun so far.
    retry_at : datetime or None
        Wall time from which on it is tried again; None where it is due at once. UTC.
    dead : str or None
        Why nobody tries any more.
    """

    notice: Notice
    channel: str
    attempts: int = 0
    retry_at: datetime | None = None
    dead: str | None = None
