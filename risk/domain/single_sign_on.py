"""Signing in by a provider's word: it vouches for who somebody is, never for what he may do."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

#: A provider's page may be open for so long.
ATTEMPT_LASTS = timedelta(minutes=10)

_TEXT = re.compile(r"(\d{1,12})\.([a-z_]+)\.([A-Za-z0-9_-]{43,86})\.([A-Za-z0-9_-]*)")


class Purpose(StrEnum):
    """What somebody goes to the provider for."""

    SIGN_IN = "sign_in"
    PROVE = "prove"
    """He is signed in already, and proves again who he is: he must give his password there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One way to the provider and back. The browser keeps its text, and nobody else.

    What the provider is told of it is made of the whole text by a hash: an answer fits the attempt
    that asked for it, unchanged, and nothing that stands in an address opens anything.

    Attributes
    ----------
    secret : str
        256 bits or more, random.
    purpose : Purpose
    began : datetime
        To the second. UTC.
    back_to : str
        The path where he wanted to be.
    """

    secret: str
    purpose: Purpose
    began: datetime
    back_to: str

    @property
    def text(self) -> str:
        """All of it, as a cookie may hold it."""
        path = base64.urlsafe_b64encode(self.back_to.encode()).decode().rstrip("=")
        return f"{int(self.began.timestamp())}.{self.purpose}.{self.secret}.{path}"

    @property
    def state(self) -> str:
        """By which the answer is recognised."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What the provider's word must name."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What proves to the provider that whoever asked now takes the answer (PKCE)."""
        return self._derived("verifier")

    def _derived(self, purpose: str) -> str:
        digest = hashlib.sha256(f"{purpose}\0{self.text}".encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def attempt_of(text: str | None, *, at: datetime) -> Attempt | None:
    """The attempt that a browser kept; None if it is none, or too old by now.

    Parameters
    ----------
    text : str or None
    at : datetime
        Wall time. UTC.
    """
    found = _TEXT.fullmatch(text or "")
    if found is None or found[2] not in set(Purpose):
        return None
    # As numbers: what a stranger sends may lie in a year that no date has.
    second = int(found[1])
    if not 0.0 <= at.timestamp() - second <= ATTEMPT_LASTS.total_seconds():
        return None
    padded = found[4] + "=" * (-len(found[4]) % 4)
    try:
        back_to = base64.urlsafe_b64decode(padded).decode()
    except ValueError:
        return None
    began = datetime.fromtimestamp(second, UTC)
    return Attempt(secret=found[3], purpose=Purpose(found[2]), began=began, back_to=back_to)


class Vouched(NamedTuple):
    """Whom a provider vouches for.

    Attributes
    ----------
    subject : str
        Who he is: see `subject_of`. An admin binds a person to it.
    strong : bool
        Whether the provider asked for a second factor.
    proven_at : datetime or None
        When he proved there who he is; None if it does not say. UTC.
    """

    subject: str
    strong: bool
    proven_at: datetime | None


class SignOn(Protocol):
    """A provider that vouches for people. Every method may raise `LoginRefused`.

    Where it cannot be asked now, that is a `ProviderSilent`.
    """

    @property
    def name(self) -> str:
        """As people know it."""
        ...

    def address(self, attempt: Attempt, *, callback: str) -> str:
        """Where a browser is sent; the provider sends it back to `callback`."""
        ...

    def vouched(self, attempt: Attempt, *, callback: str, answer: Mapping[str, str]) -> Vouched:
        """Whom it vouches for by what it sent back; of PROVE only who proved it since it began."""
        ...


def subject_of(issuer: str, name: str) -> str:
    """Somebody at a provider: the same name at another one is somebody else.

    Parameters
    ----------
    issuer, name : str

    Examples
    --------
    >>> subject_of("https://id.example", "4711")
    'https://id.example#4711'
    """
    return f"{issuer}#{name}"
