"""What people did about logins, changes and overrides: the journal of people.

It is a stream of its own (`PEOPLE_STREAM`): a sign-in belongs to no book and waits for no engine.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from risk.domain.events.base import RiskEvent, Severity

#: Name of the journal's stream; no portfolio can be called that.
PEOPLE_STREAM = "/people"


@dataclass(frozen=True, kw_only=True)
class PersonSignedIn(RiskEvent):
    """Somebody signed in, or proved again who he is.

    Attributes
    ----------
    person, via, place : str
    again : bool
        Whether he was signed in before and proved it once more.
    """

    person: str
    via: str
    place: str
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class SignInRefused(RiskEvent):
    """A name was tried that did not open: a wrong name, password or code, or a disabled login.

    What is tried while a name waits is not looked at, and so is not told: whoever goes on trying
    fills nothing that is kept for ever.

    Attributes
    ----------
    tried : str
        If somebody is called so, else empty: what was typed may be a password in the wrong field.
    place, why : str
    locked : bool
        Whether the name waits from now on.
    """

    tried: str
    place: str
    why: str
    locked: bool = False


class Parting(StrEnum):
    """How a login was ended."""

    SIGNED_OUT = "signed out"
    ENDED = "ended from another login"
    REPLACED = "replaced by another login"


@dataclass(frozen=True, kw_only=True)
class PersonSignedOut(RiskEvent):
    """A login was ended by somebody.

    Attributes
    ----------
    person, by : str
        Whose it was, and who ended it: whoever signed in over it may be somebody else.
    how : str
        A `Parting`; empty of what is older, as are the others.
    via, place : str
        By which way and whence it was asked for.
    login : str
        The login that was ended, where it was another one: *web, 10.0.0.7*.
    """

    person: str
    by: str
    how: str = ""
    via: str = ""
    place: str = ""
    login: str = ""


class LoginDeed(StrEnum):
    """What was done with somebody's login by somebody else; what undoes it depends on that."""

    ADDED = "added"
    ROLE = "role"
    DISABLED = "disabled"
    ENABLED = "enabled"
    RESET = "reset"
    RESCUED = "rescued"
    VOUCHED = "vouched"
    UNLOCKED = "unlocked"


@dataclass(frozen=True, kw_only=True)
class PersonChanged(RiskEvent):
    """A login was given, taken, or is another one now.

    Attributes
    ----------
    person : str
    what : str
        What is different, as a sentence without its subject: *was disabled*.
    by, reason : str
        The reason is empty of what somebody changed about himself.
    severity : Severity
        CRITICAL where it gives or takes power over limits, breakers or people; WARNING where
        somebody new is given it.
    power_from : datetime or None
        Of an officer, from when on he may approve and override. UTC.
    deed : str
        A `LoginDeed`; empty of what somebody changed about himself, and of what is older.
    role : str
        His role from then on; empty where `deed` is.
    admins : tuple of str
        Who else can undo it: other admins in force than he and whoever did it.
    via, place : str
        Of what somebody changed about himself: by which way, and whence.
    """

    person: str
    what: str
    by: str
    reason: str
    severity: Severity = Severity.INFO
    power_from: datetime | None = None
    deed: str = ""
    role: str = ""
    admins: tuple[str, ...] = ()
    via: str = ""
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class KeyChanged(RiskEvent):
    """A program was given a key, or it was taken back.

    Attributes
    ----------
    key, name, what, by : str
    reason : str
        Empty where a key was given without one.
    """

    key: str
    name: str
    what: str
    by: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class BookChanged(RiskEvent):
    """A book was added, or somebody had money or trades booked into it.

    Attributes
    ----------
    what : str
        As a sentence without its subject: *is to book a deposit of 1,000.00*.
    by, reason : str
    """

    what: str
    by: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class JournalBroken(RiskEvent):
    """The journal does not hold: an entry was changed, or some are missing.

    Attributes
    ----------
    stream : str
    problem : str
        Where, as a whole sentence.
    """

    stream: str
    problem: str


@dataclass(frozen=True, kw_only=True)
class ActionDenied(RiskEvent):
    """Somebody asked for what he may not do; nothing came of it.

    Attributes
    ----------
    asked : str
        As the end of a sentence: *asked to*.
    by, role, reason : str
    """

    asked: str
    by: str
    role: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ProposalMade(RiskEvent):
    """Somebody wants a change.

    Attributes
    ----------
    proposal : int
    direction : str
    what : tuple of str
    by, reason : str
    waits : bool
        For another person's word; one that does not was decided with it.
    """

    proposal: int
    direction: str
    what: tuple[str, ...]
    by: str
    reason: str
    waits: bool = True


@dataclass(frozen=True, kw_only=True)
class ProposalDecided(RiskEvent):
    """A proposal was approved, rejected, withdrawn, or is of no use any more.

    Attributes
    ----------
    proposal : int
    status : str
    by, reason : str
    author : str
        Whose proposal it was.
    action : int or None
        Number of the action that came of it.
    """

    proposal: int
    status: str
    by: str
    reason: str
    author: str
    action: int | None = None


@dataclass(frozen=True, kw_only=True)
class OverrideReviewed(RiskEvent):
    """Somebody judged what came of another's override.

    Attributes
    ----------
    action : int
    breaker, author, by, verdict, comment : str
    """

    action: int
    breaker: str
    author: str
    by: str
    verdict: str
    comment: str
