"""Where people sign in: `LoginDesk`, over whatever keeps people.

Every try is written down before it is looked at, and taken back if it was right: of many at once no
more are looked at than the throttle allows. Whatever is wrong with a try, the same is done, and the
same is said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog

from risk.auth.factors import accepted_step, address_of, new_secret
from risk.auth.passwords import Hasher, check_password
from risk.auth.sealing import Sealer
from risk.auth.sessions import (
    LASTS,
    is_alive,
    login_of,
    new_csrf,
    new_login_id,
    new_token,
    token_hash,
)
from risk.auth.throttle import WINDOW, network_of, wait_of
from risk.domain.actors import ABILITIES, NEED_SECOND_FACTOR, Ability, Via, is_proven
from risk.domain.events import (
    PEOPLE_STREAM,
    PersonChanged,
    PersonSignedIn,
    PersonSignedOut,
    SignInRefused,
)
from risk.domain.people import Login, NewFactor, Person, Setup, SignedIn, is_login_name
from risk.domain.people_store import (
    Account,
    Failure,
    KeptLogin,
    LoginRecord,
    PeopleStore,
    PeopleWork,
)
from risk.errors import InvalidInput, LoginRefused, NotAllowed, ProofNeeded, StoreError

_LOG = structlog.get_logger(__name__)

#: The one answer to whatever is wrong.
REFUSED = (
    "that did not open: the name, the password or the code is not right, or there were too many "
    "tries. Wait a little, and try again"
)
#: The same for whoever is signed in already.
NOT_PROVEN = (
    "that was not you: the password or the code is not right, or there were too many tries. Wait a "
    "little, and try again"
)
SIGNED_OUT = "you are not signed in any more: sign in again"
#: What the sealed secrets are for.
FACTOR, DEVICE = "factor", "device"
# Of a factor that cannot be opened: its codes are looked at all the same.
_NO_SECRET = new_secret()

#: How often a login that is used is noted as seen; and how long none is after that failed.
_TOUCHED_EVERY = timedelta(minutes=1)
#: A browser by which nobody signed in for so long is as unknown as any other.
_DEVICE_LASTS = timedelta(days=180)
#: Logins that are over are listed no more after so long; the journal tells of them for ever.
_LOGINS_KEPT = timedelta(days=30)
#: Wrong tries after which what is old is dropped, also where nobody signs in any more.
_TIDIED_EVERY = 100
_LONGEST_PLACE = 64


@dataclass(frozen=True, slots=True)
class _Try:
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


class _Judged(NamedTuple):
    """Why a try is wrong, empty if it is not; and the step of its code, 0 without a factor."""

    why: str
    step: int


class LoginDesk:
    """Signs people in and out: a `Logins`.

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
        self._somebody = False
        self._decoy: str | None = None
        self._untouched: datetime | None = None

    def anybody(self) -> bool:
        """Whether anybody ever had a login: from then on nothing is open to the anonymous."""
        if not self._somebody:
            with self._store.reading() as view:
                self._somebody = view.anybody()
        return self._somebody

    # --- signing in ------------------------------------------------------------------------

    def sign_in(
        self,
        name: str,
        password: str,
        code: str,
        *,
        via: Via,
        place: str = "",
        device: str | None = None,
    ) -> SignedIn:
        """Sign somebody in.

        Raises
        ------
        LoginRefused
            With one text, whatever is wrong; and with the time to wait, where one must.
        """
        typed = name.strip().lower()
        tried = typed if is_login_name(typed) else ""
        known = self._device_in(device)
        with self._hasher.places.one(known=bool(known)):
            attempt = self._begin(tried, place, known)
            judged = self._judge(attempt, password, code)
            if judged.why:
                raise self._refusal(attempt, judged.why)
            fresh = self._rehashed(attempt, password)
            opened = self._open(attempt, judged.step, fresh, via=via, place=place, device=known)
            if opened is None:
                raise self._refusal(
                    attempt, "somebody was quicker with the same code, or changed the login"
                )
            return opened

    def sign_in_subject(
        self, subject: str, *, place: str = "", strong: bool, proven_at: datetime | None = None
    ) -> SignedIn:
        """Sign in whom a provider vouches for: see `Logins`.

        Raises
        ------
        LoginRefused
        """
        now = self._wall()
        with self._store.changing() as work:
            account = work.account_of(subject)
            why = _why_not_subject(account)
            if account is not None and not why:
                return self._signed_in(
                    work,
                    account,
                    now,
                    via=Via.WEB,
                    place=place,
                    device="",
                    proven_at=_NEVER if proven_at is None else min(proven_at, now),
                    weak=_is_weak(account, strong=strong),
                )
            tried = "" if account is None else account.person.name
            work.tell(_refused(now, tried, place, why, locked=False))
        raise LoginRefused(_SUBJECT_REFUSED)

    def prove_subject(
        self, token: str, subject: str, *, strong: bool, proven_at: datetime
    ) -> SignedIn:
        """Prove again who one is by the provider's word: see `Logins`.

        Raises
        ------
        LoginRefused
        """
        with self._store.changing() as work:
            (record, account), now = self._still_living(work, token), self._wall()
            if account.person.subject == subject:
                work.tell(_proven_again(now, record))
                renewed = replace(record, weak=_is_weak(account, strong=strong))
                return self._renewed(work, renewed, account, now, proven_at=min(proven_at, now))
            why = "to prove again who it is: the provider vouches for somebody else"
            work.tell(_refused(now, account.person.name, record.place, why, locked=False))
        raise LoginRefused(_SOMEBODY_ELSE)

    def find(self, token: str, *, acts: bool = True) -> Login | None:
        """Whose token this is, noting that he was seen; None if it opens nothing (any more).

        Parameters
        ----------
        token : str
        acts : bool
            Whether he did something himself: what his browser asks by itself keeps no login from
            ending, unless its person may only look, as at a wall.
        """
        hashed = token_hash(token)
        if hashed is None:
            return None
        now = self._wall()
        with self._store.reading() as view:
            kept = view.login(hashed)
        if kept is None or not is_alive(kept, now):
            return None
        if not (acts or _only_looks(kept.account.person)):
            return login_of(kept)
        if now - kept.record.seen >= _TOUCHED_EVERY and not self._could_not_touch(now):
            self._touch(kept.record.id, now)
        return login_of(kept._replace(record=replace(kept.record, seen=max(kept.record.seen, now))))

    def prove(self, token: str, password: str, code: str) -> SignedIn:
        """Prove again who one is: needed before what cannot be taken back lightly.

        Raises
        ------
        LoginRefused
        """
        login = self._living(token)
        with self._hasher.places.one(known=True):
            attempt = self._begin_again(login)
            judged = self._judge(attempt, password, code)
            if judged.why:
                raise self._refusal(attempt, f"to prove again who it is: {judged.why}")
            fresh = self._rehashed(attempt, password)
            with self._store.changing() as work:
                kept, now = self._still_living(work, token), self._wall()
                account = self._accepted(work, attempt, judged.step, fresh)
                if account is not None:
                    work.tell(_proven_again(now, kept.record))
                    return self._renewed(work, kept.record, account, now, proven_at=now)
            raise self._refusal(attempt, "to prove again who it is: the code was used already")

    def sign_out(self, token: str) -> None:
        """End a login."""
        hashed = token_hash(token)
        if hashed is None:
            return
        with self._store.changing() as work:
            kept = work.login(hashed)
            if kept is not None:
                self._end(work, kept.record, self._wall())

    def logins_of(self, name: str) -> Sequence[Login]:
        """Everything by which somebody is signed in now, the newest first."""
        now = self._wall()
        with self._store.reading() as view:
            account = view.account(name)
            records = view.logins(name)
        if account is None:
            return ()
        kept = (KeptLogin(record, account) for record in records)
        return tuple(login_of(each) for each in kept if is_alive(each, now))

    def end_login(self, name: str, login_id: str) -> None:
        """End one of somebody's logins; nothing to do where it is over.

        Raises
        ------
        InvalidInput
            If he has none of that id.
        """
        with self._store.changing() as work:
            found = [record for record in work.logins(name) if record.id == login_id]
            if not found:
                raise InvalidInput("that login is over already")
            self._end(work, found[0], self._wall())

    # --- what one proves oneself by --------------------------------------------------------

    def change_password(self, token: str, old: str, new: str) -> SignedIn:
        """Set one's own password; ends all other logins of his.

        Raises
        ------
        LoginRefused
            If the old one is wrong.
        InvalidInput
            If the new one is too short, too common, or the old one.
        """
        login = self._living(token)
        if login.person.subject is not None:
            raise InvalidInput("you have no password here: your provider vouches for you")
        check_password(new, name=login.person.name)
        if new == old:
            raise InvalidInput("that is the old password: take another one")
        with self._hasher.places.one(known=True):
            attempt = self._begin_again(login)
            judged = self._judge(attempt, old, None)
            if judged.why:
                raise self._refusal(attempt, f"to change the password: {judged.why}")
            hashed = self._hashed(attempt, new)
            with self._store.changing() as work:
                kept, now = self._still_living(work, token), self._wall()
                account = self._accepted(work, attempt, 0, None)
                if account is not None:
                    changed = _changed(account, must_change=False)
                    changed = replace(changed, password=hashed, password_until=None)
                    told = "set another password"
                    return self._changed_by_himself(work, kept.record, changed, now, told)
            raise self._refusal(attempt, "to change the password: the login was changed meanwhile")

    def begin_second_factor(self, token: str) -> NewFactor:
        """A second factor for whoever is signed in; it counts once it is confirmed.

        Raises
        ------
        NotAllowed
            If he has to set his own password first.
        ProofNeeded
            If he has not proved lately who he is, and does not have to set one up.
        """
        login = self._living(token)
        self._require_may_set_up(login)
        secret = new_secret()
        sealed = self._sealer.seal(FACTOR, secret)
        with self._store.changing() as work:
            kept = self._still_living(work, token)
            work.keep(replace(kept.account, new_factor=sealed))
        return NewFactor(secret, address_of(secret, login.person.name))

    def confirm_second_factor(self, token: str, code: str) -> SignedIn:
        """Confirm it by a code of it; ends all other logins of his.

        Raises
        ------
        InvalidInput
            If the code is not of it.
        ProofNeeded, NotAllowed
            As where it is begun.
        """
        login = self._living(token)
        if login.owes_code:
            return self._given_code(login, token, code)
        self._require_may_set_up(login)
        with self._store.changing() as work:
            kept, now = self._still_living(work, token), self._wall()
            account = kept.account
            sealed = account.new_factor
            secret = None if sealed is None else self._sealer.open(FACTOR, sealed)
            if secret is None:
                raise InvalidInput("no second factor waits for its code: begin again")
            step = accepted_step(secret, code, at=now, after=0)
            if step is None:
                raise InvalidInput(
                    "that is no code of the new second factor: wait for the next one, and see that "
                    "your device's clock is right"
                )
            changed = _changed(account, second_factor=True)
            changed = replace(changed, factor=sealed, factor_step=step, new_factor=None)
            told = "set up another second factor" if account.factor else "set up a second factor"
            record = replace(kept.record, weak=False)
            return self._changed_by_himself(work, record, changed, now, told)

    def _given_code(self, login: Login, token: str, code: str) -> SignedIn:
        """Take a code of the factor that he has, whom a provider let in without one.

        Its counter is that of signing in: signing in anew by the provider gives no further tries.
        """
        name = login.person.name
        attempt = self._begin(name, login.place, "")
        judged = self._judge_code(attempt, code)
        if judged.why:
            raise self._refusal(attempt, f"to give a second factor: {judged.why}")
        with self._store.changing() as work:
            kept, now = self._still_living(work, token), self._wall()
            account = self._accepted(work, attempt, judged.step, None)
            if account is not None:
                record = replace(kept.record, weak=False)
                work.tell(_proven_again(now, record))
                return self._renewed(work, record, account, now, proven_at=record.proven_at)
        raise self._refusal(attempt, "to give a second factor: the code was used already")

    def _judge_code(self, attempt: _Try, code: str) -> _Judged:
        if attempt.number is None or attempt.account is None:
            return _Judged("must wait", 0)
        account = attempt.account
        secret = self._sealer.open(FACTOR, account.factor or "")
        if secret is None:
            _LOG.error("second_factor_unreadable", person=account.person.name)
            return _Judged("the second factor was sealed by another key", 0)
        step = accepted_step(secret, code, at=attempt.failure.at, after=account.factor_step)
        return _Judged("wrong code", 0) if step is None else _Judged("", step)

    def _require_may_set_up(self, login: Login) -> None:
        if login.owes_code:
            raise InvalidInput("you have a second factor: give a code of it")
        if login.person.subject is not None and not login.setup:
            raise InvalidInput("your provider asks for your second factor: set it up there")
        if Setup.PASSWORD in login.setup:
            raise NotAllowed("set your own password first", ability=Ability.VIEW)
        if not login.setup and not is_proven(login.actor, self._wall()):
            raise ProofNeeded(
                "prove first that it is you: give your password again", ability=Ability.VIEW
            )

    # --- a try -----------------------------------------------------------------------------

    def _begin(self, name: str, place: str, device: str) -> _Try:
        """Write a try down as one that failed, unless whoever tries must wait."""
        with self._store.changing() as work:
            now = self._wall()
            known = device if device and work.knows_device(name, device) else ""
            failure = Failure(at=now, name=name, place=network_of(_shown(place)), device=known)
            return _written_down(work, failure)

    def _begin_again(self, login: Login) -> _Try:
        """The same for whoever is signed in: he has a counter of his own."""
        with self._store.changing() as work:
            failure = Failure(
                at=self._wall(),
                name=login.person.name,
                place=network_of(login.place),
                device=login.id,
            )
            return replace(_written_down(work, failure), signed_in=login)

    def _judge(self, attempt: _Try, password: str, code: str | None) -> _Judged:
        """What is wrong with a try; the same work is done for each that is looked at.

        Without a code, none is asked for. Whoever must wait is told so at once, whatever the name:
        a name that nobody has waits like any other, so that it tells nothing of who is there.
        """
        if attempt.number is None:
            return _Judged("must wait", 0)
        account, at = attempt.account, attempt.failure.at
        try:
            kept = None if account is None else account.password
            right = self._hasher.verify(kept, password)
        except LoginRefused:
            self._take_back(attempt)  # nobody looked at it
            raise
        sealed = account.factor if account is not None else None
        secret = self._sealer.open(FACTOR, sealed or self._nobodys_factor())
        after = account.factor_step if account is not None else 0
        step = accepted_step(secret or _NO_SECRET, code or "", at=at, after=after)
        if account is None or not right:
            return _Judged("no such name" if account is None else "wrong password", 0)
        if account.person.disabled is not None:
            return _Judged("disabled", 0)
        if account.password_until is not None and at >= account.password_until:
            return _Judged("the first password was too old", 0)
        if code is None or sealed is None:
            return _Judged("", 0)
        if secret is None:
            _LOG.error("second_factor_unreadable", person=account.person.name)
            return _Judged("the second factor was sealed by another key", 0)
        return _Judged("wrong code", 0) if step is None else _Judged("", step)

    def _nobodys_factor(self) -> str:
        """So that a try of whoever has no second factor costs what any other does."""
        if self._decoy is None:
            self._decoy = self._sealer.seal(FACTOR, new_secret())
        return self._decoy

    def _take_back(self, attempt: _Try) -> None:
        if attempt.number is not None:
            with self._store.changing() as work:
                work.take_back(attempt.number)

    def _refusal(self, attempt: _Try, why: str) -> LoginRefused:
        """What is said of a try that was wrong; only the journal is told why."""
        failure, wait = attempt.failure, attempt.wait
        if attempt.number is None:
            _LOG.info("try_not_looked_at", name=attempt.told, place=failure.place)
        else:
            with self._store.changing() as work:
                now = self._wall()
                wait = _wait(work, replace(failure, at=now))
                told = _refused(now, attempt.told, failure.place, why, locked=bool(wait))
                work.tell(told)
                if attempt.number % _TIDIED_EVERY == 0:
                    _tidy_up(work, now)
        seconds = wait.total_seconds()
        text = REFUSED if attempt.signed_in is None else NOT_PROVEN
        return LoginRefused(text, retry_after=seconds if seconds > 0.0 else None)

    def _rehashed(self, attempt: _Try, password: str) -> str | None:
        """The password hashed anew, where it was at another cost."""
        kept = attempt.account.password if attempt.account is not None else None
        if kept is None or not self._hasher.is_outdated(kept):
            return None
        return self._hashed(attempt, password)

    def _hashed(self, attempt: _Try, password: str) -> str:
        """What is to be kept of a password, after a try that was right."""
        try:
            return self._hasher.hash(password)
        except LoginRefused:
            self._take_back(attempt)
            raise

    def _accepted(
        self, work: PeopleWork, attempt: _Try, step: int, fresh: str | None
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

    # --- a login ---------------------------------------------------------------------------

    def _open(
        self, attempt: _Try, step: int, fresh: str | None, *, via: Via, place: str, device: str
    ) -> SignedIn | None:
        with self._store.changing() as work:
            account = self._accepted(work, attempt, step, fresh)
            if account is None:
                return None
            now = self._wall()
            return self._signed_in(work, account, now, via=via, place=place, device=device)

    def _signed_in(
        self,
        work: PeopleWork,
        account: Account,
        now: datetime,
        *,
        via: Via,
        place: str,
        device: str,
        proven_at: datetime | None = None,
        weak: bool = False,
    ) -> SignedIn:
        """A new login, whatever the browser had before; proven by now unless told otherwise."""
        name = account.person.name
        seen = replace(account, person=replace(account.person, last_seen=now))
        known = device if device and work.knows_device(name, device) else new_login_id()
        made = new_token()
        record = LoginRecord(
            id=new_login_id(),
            hash=made.hash,
            name=name,
            via=via,
            began=now,
            seen=now,
            proven_at=now if proven_at is None else proven_at,
            csrf=new_csrf(),
            place=_shown(place),
            device=known,
            weak=weak,
        )
        work.keep(seen)
        work.keep_device(name, known, at=now)
        work.keep_login(record)
        work.tell(
            PersonSignedIn(
                at=now,
                portfolio=PEOPLE_STREAM,
                cycle="",
                person=name,
                via=via.value,
                place=record.place,
            )
        )
        _tidy_up(work, now)
        return SignedIn(made.token, self._device_token(record), login_of(KeptLogin(record, seen)))

    def _changed_by_himself(
        self, work: PeopleWork, record: LoginRecord, account: Account, now: datetime, told: str
    ) -> SignedIn:
        name = account.person.name
        work.keep(account)
        work.end_logins(name, at=now, but=record.id)
        work.tell(
            PersonChanged(
                at=now,
                portfolio=PEOPLE_STREAM,
                cycle="",
                person=name,
                what=told,
                by=name,
                reason="his own",
            )
        )
        return self._renewed(work, record, account, now, proven_at=record.proven_at)

    def _renewed(
        self,
        work: PeopleWork,
        record: LoginRecord,
        account: Account,
        now: datetime,
        *,
        proven_at: datetime,
    ) -> SignedIn:
        """The same login with another token; the one before opens nothing any more."""
        made = new_token()
        renewed = replace(record, hash=made.hash, seen=now, proven_at=proven_at)
        work.keep_login(renewed)
        login = login_of(KeptLogin(renewed, account))
        return SignedIn(made.token, self._device_token(renewed), login)

    def _end(self, work: PeopleWork, record: LoginRecord, now: datetime) -> None:
        work.keep_login(replace(record, ended=now))
        work.tell(
            PersonSignedOut(
                at=now, portfolio=PEOPLE_STREAM, cycle="", person=record.name, by=record.name
            )
        )

    def _living(self, token: str) -> Login:
        login = self.find(token)
        if login is None:
            raise LoginRefused(SIGNED_OUT)
        return login

    def _still_living(self, work: PeopleWork, token: str) -> KeptLogin:
        """The login of a token as it is now, while nobody else changes it."""
        hashed = token_hash(token)
        kept = None if hashed is None else work.login(hashed)
        if kept is None or not is_alive(kept, self._wall()):
            raise LoginRefused(SIGNED_OUT)
        return kept

    def _could_not_touch(self, now: datetime) -> bool:
        """Whether that failed just now: not everybody shall wait for a database that is locked."""
        failed = self._untouched
        return failed is not None and abs(now - failed) < _TOUCHED_EVERY

    def _touch(self, login_id: str, now: datetime) -> None:
        try:
            self._store.touch(login_id, at=now)
        except StoreError as problem:
            # He is signed in all the same; at worst he must sign in again sooner.
            self._untouched = now
            _LOG.warning("login_not_noted_as_seen", problem=str(problem))

    # --- a browser -------------------------------------------------------------------------

    def _device_in(self, sealed: str | None) -> str:
        """The public id of a browser that says it is known; empty for any other."""
        return (self._sealer.open(DEVICE, sealed) or "") if sealed else ""

    def _device_token(self, record: LoginRecord) -> str:
        return self._sealer.seal(DEVICE, record.device)


_SUBJECT_REFUSED = (
    "your provider vouches for you, and yet nobody was signed in: you have no login here that is "
    "in force"
)
_SOMEBODY_ELSE = (
    "your provider vouches for somebody else than is signed in here: sign out first, and sign in "
    "as who you are"
)
#: Of whoever a provider does not say when he proved there who he is.
_NEVER = datetime.fromtimestamp(0, UTC)


def _only_looks(person: Person) -> bool:
    return ABILITIES[person.role] == {Ability.VIEW}


def _why_not_subject(account: Account | None) -> str:
    if account is None:
        return "nobody here is who the provider vouches for"
    return "disabled" if account.person.disabled is not None else ""


def _is_weak(account: Account, *, strong: bool) -> bool:
    return account.person.role in NEED_SECOND_FACTOR and not strong


def _proven_again(at: datetime, record: LoginRecord) -> PersonSignedIn:
    return PersonSignedIn(
        at=at,
        portfolio=PEOPLE_STREAM,
        cycle="",
        person=record.name,
        via=record.via.value,
        place=record.place,
        again=True,
    )


def _written_down(work: PeopleWork, failure: Failure) -> _Try:
    wait = _wait(work, failure)
    number = None if wait else work.note_failure(failure)
    return _Try(failure, number, wait, work.account(failure.name))


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


def _changed(account: Account, **differently: bool) -> Account:
    """Somebody as he is once he has changed something about himself."""
    person = account.person
    return replace(
        account,
        person=replace(person, version=person.version + 1, **differently),  # type: ignore[arg-type]
        changed_by=person.name,
    )


def _tidy_up(work: PeopleWork, now: datetime) -> None:
    work.forget_before(
        failures=now - WINDOW,
        logins=now - max(LASTS.values()) - _LOGINS_KEPT,
        devices=now - _DEVICE_LASTS,
    )


def _refused(at: datetime, name: str, place: str, why: str, *, locked: bool) -> SignInRefused:
    return SignInRefused(
        at=at,
        portfolio=PEOPLE_STREAM,
        cycle="",
        tried=name,
        place=_shown(place),
        why=why,
        locked=locked,
    )


def _shown(place: str) -> str:
    """A place as it can be kept and shown."""
    return "".join(letter for letter in place if letter.isprintable())[:_LONGEST_PLACE]
