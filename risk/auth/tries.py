"""A try to sign in, or to prove again who one is: `Tries`.

Every try is written down before it is looked at, and taken back if it was right: of many at once no
more are looked at than the throttle allows. Whatever is wrong with a try, the same is done, and the
same is said; of one that is not looked at another thing, of names that nobody has like any other.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from risk.auth.factors import accepted_step, new_secret
from risk.auth.passwords import Hasher
from risk.auth.sealing import FACTOR, Sealer
from risk.auth.sessions import LASTS
from risk.auth.throttle import WINDOW, network_of, wait_of
from risk.domain.events import PEOPLE_STREAM, SignInRefused
from risk.domain.people import Login
from risk.domain.people_store import Account, Failure, PeopleStore, PeopleWork
from risk.errors import LoginRefused

_LOG = structlog.get_logger(__name__)

#: The one answer to whatever is wrong with a try that was looked at.
WRONG = "that did not open: name, password and code do not fit together"
#: The same for whoever is signed in already.
NOT_PROVEN = "that was not you: the password or the code does not fit"
#: The one answer to whoever must wait, however right his next try.
WAITS = (
    "too many tries did not fit: nothing is looked at for a while, however right. An admin can "
    "unlock the name (page Administration, or `seawall users unlock`)"
)
# Of a factor that cannot be opened: its codes are looked at all the same.
_NO_SECRET = new_secret()

#: A browser by which nobody signed in for so long is as unknown as any other.
_DEVICE_LASTS = timedelta(days=180)
#: Logins that are over are listed no more after so long; the journal tells of them for ever.
_LOGINS_KEPT = timedelta(days=30)
#: Wrong tries after which what is old is dropped, also where nobody signs in any more.
_TIDIED_EVERY = 100
_LONGEST_PLACE = 64


@dataclass(frozen=True, slots=True)
class Try:
    """A try, as it was when it was written down.

    Attributes
    ----------
    failure : Failure
    number : int or None
        Under which it is written down; None where whoever tries must wait.
    wait : timedelta
    account : Account or None
        Whose name it is.
    signed_in : Login or None
        Of whoever has signed in, and has to prove again that it is him.
    """

    failure: Failure
    number: int | None
    wait: timedelta
    account: Account | None
    signed_in: Login | None = None

    @property
    def told(self) -> str:
        """As whom it is told of: what nobody is called may be a password in the wrong field."""
        return "" if self.account is None else self.account.person.name


class Judged(NamedTuple):
    """Why a try is wrong, empty if it is not; and the step of its code, 0 without a factor."""

    why: str
    step: int


class Tries:
    """Writes tries down, judges them, and says what became of them.

    Parameters
    ----------
    store : PeopleStore
    hasher : Hasher
    sealer : Sealer
    wall : callable
        Gives the wall time, UTC.
    """

    def __init__(
        self, store: PeopleStore, hasher: Hasher, sealer: Sealer, *, wall: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._sealer = sealer
        self._wall = wall
        self._decoy: str | None = None

    def begin(self, name: str, place: str, device: str) -> Try:
        """Write a try down as one that failed, unless whoever tries must wait."""
        with self._store.changing() as work:
            now = self._wall()
            known = device if device and work.knows_device(name, device) else ""
            failure = Failure(at=now, name=name, place=network_of(shown(place)), device=known)
            return _written_down(work, failure)

    def begin_again(self, login: Login) -> Try:
        """The same for whoever is signed in: he has a counter of his own."""
        with self._store.changing() as work:
            failure = Failure(
                at=self._wall(),
                name=login.person.name,
                place=network_of(login.place),
                device=login.id,
            )
            return replace(_written_down(work, failure), signed_in=login)

    def judge(self, attempt: Try, password: str, code: str | Callable[[], str] | None) -> Judged:
        """What is wrong with a try; the same work is done for each that is looked at.

        Without a code, none is looked at. Where somebody is to be asked for it, he is asked only
        after the right password of a name that has a factor: else the question would tell of it.
        Whoever must wait is told so at once, whatever the name: a name that nobody has waits like
        any other, so that it tells nothing of who is there.
        """
        if attempt.number is None:
            return Judged("must wait", 0)
        account, at = attempt.account, attempt.failure.at
        try:
            kept = None if account is None else account.password
            right = self._hasher.verify(kept, password)
        except LoginRefused:
            self._take_back(attempt)  # nobody looked at it
            raise
        sealed = account.factor if account is not None else None
        if callable(code):
            code, at = self._asked(attempt, code if right and sealed else str), self._wall()
        secret = self._sealer.open(FACTOR, sealed or self._nobodys_factor())
        after = account.factor_step if account is not None else 0
        step = accepted_step(secret or _NO_SECRET, code or "", at=at, after=after)
        if account is None or not right:
            return Judged("no such name" if account is None else "wrong password", 0)
        if account.person.disabled is not None:
            return Judged("disabled", 0)
        if account.password_until is not None and at >= account.password_until:
            return Judged("the first password was too old", 0)
        if code is None or sealed is None:
            return Judged("", 0)
        if secret is None:
            _LOG.error("second_factor_unreadable", person=account.person.name)
            return Judged("the second factor was sealed by another key", 0)
        return Judged("wrong code", 0) if step is None else Judged("", step)

    def _asked(self, attempt: Try, ask: Callable[[], str]) -> str:
        """The code that somebody gives; whoever gives none has tried all the same."""
        try:
            return ask()
        except BaseException:
            self.refusal(attempt, "the code was not given")
            raise

    def judge_code(self, attempt: Try, code: str) -> Judged:
        """The same of a code alone."""
        if attempt.number is None or attempt.account is None:
            return Judged("must wait", 0)
        account = attempt.account
        secret = self._sealer.open(FACTOR, account.factor or "")
        if secret is None:
            _LOG.error("second_factor_unreadable", person=account.person.name)
            return Judged("the second factor was sealed by another key", 0)
        step = accepted_step(secret, code, at=attempt.failure.at, after=account.factor_step)
        return Judged("wrong code", 0) if step is None else Judged("", step)

    def _nobodys_factor(self) -> str:
        """So that a try of whoever has no second factor costs what any other does."""
        if self._decoy is None:
            self._decoy = self._sealer.seal(FACTOR, new_secret())
        return self._decoy

    def _take_back(self, attempt: Try) -> None:
        if attempt.number is not None:
            with self._store.changing() as work:
                work.take_back(attempt.number)

    def refusal(self, attempt: Try, why: str) -> LoginRefused:
        """What is said of a try that was wrong; only the journal is told why."""
        failure, wait = attempt.failure, attempt.wait
        if attempt.number is None:
            _LOG.info("try_not_looked_at", name=attempt.told, place=failure.place)
        else:
            with self._store.changing() as work:
                now = self._wall()
                wait = _wait(work, replace(failure, at=now))
                told = refused_event(now, attempt.told, failure.place, why, locked=bool(wait))
                work.tell(told)
                if attempt.number % _TIDIED_EVERY == 0:
                    tidy_up(work, now)
        seconds = wait.total_seconds()
        if seconds > 0.0:
            return LoginRefused(WAITS, retry_after=seconds)
        return LoginRefused(WRONG if attempt.signed_in is None else NOT_PROVEN)

    def rehashed(self, attempt: Try, password: str) -> str | None:
        """The password hashed anew, where it was at another cost."""
        kept = attempt.account.password if attempt.account is not None else None
        if kept is None or not self._hasher.is_outdated(kept):
            return None
        return self.hashed(attempt, password)

    def hashed(self, attempt: Try, password: str) -> str:
        """What is to be kept of a password, after a try that was right."""
        try:
            return self._hasher.hash(password)
        except LoginRefused:
            self._take_back(attempt)
            raise

    def accepted(
        self, work: PeopleWork, attempt: Try, step: int, fresh: str | None
    ) -> Account | None:
        """Let a right try count: no code twice. None if it is right no more.

        Whatever was judged may have changed since: another sign-in by the same code, or an admin.
        """
        judged = attempt.account
        account = work.account(attempt.failure.name)
        assert judged is not None, "no try of a name that nobody has is right"
        assert attempt.number is not None, "nor is one that was not looked at"
        if account is None or _proofs(account) != _proofs(judged):
            return None
        if step and step <= account.factor_step:
            return None
        failure = attempt.failure
        work.take_back(attempt.number)
        if failure.device:
            work.forgive(failure.name, device=failure.device)
        else:
            work.forgive(failure.name, place=failure.place)
        accepted = replace(
            account,
            factor_step=max(step, account.factor_step),
            password=fresh or account.password,
        )
        work.keep(accepted)
        return accepted


def _written_down(work: PeopleWork, failure: Failure) -> Try:
    wait = _wait(work, failure)
    number = None if wait else work.note_failure(failure)
    return Try(failure, number, wait, work.account(failure.name))


def _wait(work: PeopleWork, failure: Failure) -> timedelta:
    known = work.failures(failure.name, failure.place, failure.at - WINDOW)
    return wait_of(failure, known)


def _proofs(account: Account) -> tuple[object, ...]:
    """All by which a try was judged, but for the step of a code."""
    return (
        account.password,
        account.password_until,
        account.factor,
        account.person.disabled,
        account.person.role,
    )


def tidy_up(work: PeopleWork, now: datetime) -> None:
    """Drop what is old and of no use any more."""
    work.forget_before(
        failures=now - WINDOW,
        logins=now - max(LASTS.values()) - _LOGINS_KEPT,
        devices=now - _DEVICE_LASTS,
    )


def refused_event(at: datetime, name: str, place: str, why: str, *, locked: bool) -> SignInRefused:
    """What the journal is told of somebody who was not let in."""
    return SignInRefused(
        at=at,
        portfolio=PEOPLE_STREAM,
        cycle="",
        tried=name,
        place=shown(place),
        why=why,
        locked=locked,
    )


def shown(place: str) -> str:
    """A place as it can be kept and shown."""
    return "".join(letter for letter in place if letter.isprintable())[:_LONGEST_PLACE]
