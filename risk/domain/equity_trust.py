"""Equity that was read and is not believed yet: what is remembered of it between two steps."""

from datetime import datetime
from typing import NamedTuple


class ReadEquity(NamedTuple):
    """What one reading says the book is worth.

    Attributes
    ----------
    at : datetime
        The market's time. UTC.
    unit_value : float
        Of one unit of the book, deposits and withdrawals taken out: see `Performance`.
    confirms : bool
        Whether the marks that value the book are good enough to speak for a level.
    """

    at: datetime
    unit_value: float
    confirms: bool


class EquityTrust(NamedTuple):
    """Equity leapt, and which level is right is being found out. Nothing while it is believed.

    Attributes
    ----------
    readings : tuple of ReadEquity
        Since the last one that was believed, oldest first, one a moment, no more than can decide.
    distrusted_since : datetime
        Of the first reading that was not believed. UTC.
    deadline : datetime
        The first reading from then on decides. UTC, the market's time.
    cause : str
        One plain sentence with the numbers.
    """

    readings: tuple[ReadEquity, ...]
    distrusted_since: datetime
    deadline: datetime
    cause: str

    def is_over(self, at: datetime) -> bool:
        """Whether a reading at that time decides; nobody knows how long a clock that went back."""
        return not self.distrusted_since <= at < self.deadline
