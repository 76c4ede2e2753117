"""An outbox in memory, and a channel that a test can steer."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from risk.domain.notices import Letter, Notice
from risk.errors import ChannelFailed
from tests.fakes_store import FakeLeaseOffice


class FakeOutbox:
    """Letters of one portfolio, in a dictionary.

    Parameters
    ----------
    portfolio : str
    office : FakeLeaseOffice or None
        Judges tokens; None believes every token.
    channels : sequence of str
        Those for which a notice is posted.
    """

    def __init__(
        self,
        portfolio: str,
        office: FakeLeaseOffice | None = None,
        channels: Sequence[str] = ("log", "mail"),
    ) -> None:
        self._portfolio = portfolio
        self._office = office
        self._channels = channels
        self._letters: dict[tuple[str, str], Letter] = {}
        self.arrived: dict[tuple[str, str], datetime] = {}

    def post(self, notices: Iterable[Notice]) -> None:
        for notice in notices:
            for channel in self._channels:
                if notice.portfolio == self._portfolio:
                    letter = Letter(notice=notice, channel=channel)
                    self._letters.setdefault((notice.id, channel), letter)

    def undelivered(self) -> list[Letter]:
        found = (letter for key, letter in self._letters.items() if key not in self.arrived)
        return sorted(found, key=lambda one: (one.notice.at, one.notice.id, one.channel))

    def due(self, channel: str, *, at: datetime, limit: int) -> Sequence[Letter]:
        waiting = (one for one in self.undelivered() if one.channel == channel and not one.dead)
        return [one for one in waiting if _is_due(one.retry_at, at)][:limit]

    def begin(self, letter: Letter, *, retry_at: datetime, token: int) -> bool:
        self._require(token)
        key = letter.notice.id, letter.channel
        known = self._letters[key]
        if known.dead or key in self.arrived:
            return False
        self._letters[key] = replace(known, attempts=known.attempts + 1, retry_at=retry_at)
        return True

    def delivered(self, letter: Letter, *, at: datetime, token: int) -> None:
        self._require(token)
        self.arrived.setdefault((letter.notice.id, letter.channel), at)

    def bury(self, letter: Letter, reason: str, *, token: int) -> None:
        self._require(token)
        key = letter.notice.id, letter.channel
        self._letters[key] = replace(self._letters[key], dead=reason, retry_at=None)

    def bury_all_but(self, channels: Sequence[str], reason: str, *, token: int) -> int:
        self._require(token)
        others = [one for one in self.undelivered() if one.channel not in channels and not one.dead]
        for letter in others:
            self.bury(letter, reason, token=token)
        return len(others)

    def _require(self, token: int) -> None:
        if self._office is not None:
            self._office.require(self._portfolio, token)


def _is_due(turn: datetime | None, at: datetime) -> bool:
    return turn is None or turn <= at or turn > at + timedelta(hours=1)


class FakeChannel:
    """A channel that takes notices, refuses them, or hangs.

    Attributes
    ----------
    taken : list of Notice
    fail_with : Exception or None
        Raised instead of taking one, until it is None again.
    hangs : threading.Event or None
        Waited for before anything else; a test sets it to let go.
    """

    def __init__(self, name: str = "mail") -> None:
        self.name = name
        self.taken: list[Notice] = []
        self.fail_with: Exception | None = None
        self.hangs: threading.Event | None = None

    def refuse(self, why: str = "451 try again later") -> None:
        self.fail_with = ChannelFailed(why)

    def deliver(self, notice: Notice) -> None:
        if self.hangs is not None:
            self.hangs.wait(30.0)
        if self.fail_with is not None:
            raise self.fail_with
        self.taken.append(notice)
