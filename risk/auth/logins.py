"""Where people sign in: `LoginDesk`, over whatever keeps people.

What a try is, and whether it is right, is the matter of :mod:`risk.auth.tries`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from risk.auth.factors import accepted_step, address_of, new_secret
from risk.auth.noting import Noting
from risk.auth.passwords import Hasher, check_password
from risk.auth.sealing import DEVICE, FACTOR, Sealer
from risk.auth.sessions import (
    is_alive,
    login_of,
    new_csrf,
    new_login_id,
    new_token,
    token_hash,
)
from risk.auth.tries import Tries, Try, refused_event, shown, tidy_up
from risk.domain.actors import ABILITIES, NEED_SECOND_FACTOR, Ability, Via, is_proven
from risk.domain.events import (
    PEOPLE_STREAM,
    Parting,
    PersonChanged,
    PersonSignedIn,
    PersonSignedOut,
)
from risk.domain.people import Login, NewFactor, Person, Setup, SignedIn, is_login_name
from risk.domain.people_store import (
    Account,
    KeptLogin,
    LoginRecord,
    PeopleStore,
    PeopleWork,
)
from risk.errors import InvalidInput, LoginRefused, NotAllowed, ProofNeeded

_LOG = structlog.get_logger(__name__)

SIGNED_OUT = "you are not signed in any more: sign in again"


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
        self._tries = Tries(store, hasher, sealer, wall=wall)
        self._noting = Noting(store)

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
        code: str | Callable[[], str],
        *,
        via: Via,
        place: str = "",
        device: str | None = None,
    ) -> SignedIn:
        """Sign somebody in.

        Parameters
        ----------
        name, password : str
        code : str or callable
            Of the second factor; or what asks for it, which is called only after the right password
            of somebody who has one. A terminal may: it stands before the database itself.
        via : Via
        place : str
        device : str, optional

        Raises
        ------
        LoginRefused
            With one text, whatever is wrong; and with the time to wait, where one must.
        """
        typed = name.strip().lower()
        tried = typed if is_login_name(typed) else ""
        known = self._device_in(device)
        with self._hasher.places.one(known=bool(known)):
            attempt = self._tries.begin(tried, place, known)
            judged = self._tries.judge(attempt, password, code)
            if judged.why:
                raise self._tries.refusal(attempt, judged.why)
            fresh = self._tries.rehashed(attempt, password)
            opened = self._open(attempt, judged.step, fresh, via=via, place=place, device=known)
            if opened is None:
                raise self._tries.refusal(
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
            work.tell(refused_event(now, tried, place, why, locked=False))
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
            work.tell(refused_event(now, account.person.name, record.place, why, locked=False))
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
        if kept is None:
            return None
        kept = self._noting.as_seen(kept)
        if not is_alive(kept, now):
            return None
        if not (acts or _only_looks(kept.account.person)):
            return login_of(kept)
        self._noting.note(kept.record, now)
        return login_of(kept._replace(record=replace(kept.record, seen=max(kept.record.seen, now))))

    def prove(self, token: str, password: str, code: str) -> SignedIn:
        """Prove again who one is: needed before what cannot be taken back lightly.

        Raises
        ------
        LoginRefused
        """
        login = self._living(token)
        with self._hasher.places.one(known=True):
            attempt = self._tries.begin_again(login)
            judged = self._tries.judge(attempt, password, code)
            if judged.why:
                raise self._tries.refusal(attempt, f"to prove again who it is: {judged.why}")
            fresh = self._tries.rehashed(attempt, password)
            with self._store.changing() as work:
                kept, now = self._still_living(work, token), self._wall()
                account = self._tries.accepted(work, attempt, judged.step, fresh)
                if account is not None:
                    work.tell(_proven_again(now, kept.record))
                    return self._renewed(work, kept.record, account, now, proven_at=now)
            raise self._tries.refusal(
                attempt, "to prove again who it is: the code was used already"
            )

    def sign_out(self, token: str, *, replaced_by: Login | None = None) -> None:
        """End a login, because its person signs out, or because somebody signed in over it."""
        hashed = token_hash(token)
        if hashed is None:
            return
        with self._store.changing() as work:
            kept = work.login(hashed)
            if kept is not None:
                how = Parting.SIGNED_OUT if replaced_by is None else Parting.REPLACED
                self._end(work, kept.record, self._wall(), how, replaced_by)

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

    def end_login(self, name: str, login_id: str, *, asked_from: Login | None = None) -> None:
        """End one of somebody's logins, as he asks from another one of his.

        Raises
        ------
        InvalidInput
            If he has none of that id.
        """
        with self._store.changing() as work:
            found = [record for record in work.logins(name) if record.id == login_id]
            if not found:
                raise InvalidInput("that login is over already")
            self._end(work, found[0], self._wall(), Parting.ENDED, asked_from)

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
            attempt = self._tries.begin_again(login)
            judged = self._tries.judge(attempt, old, None)
            if judged.why:
                raise self._tries.refusal(attempt, f"to change the password: {judged.why}")
            hashed = self._tries.hashed(attempt, new)
            with self._store.changing() as work:
                kept, now = self._still_living(work, token), self._wall()
                account = self._tries.accepted(work, attempt, 0, None)
                if account is not None:
                    changed = _changed(account, must_change=False)
                    changed = replace(changed, password=hashed, password_until=None)
                    told = "set another password"
                    return self._changed_by_himself(work, kept.record, changed, now, told)
            raise self._tries.refusal(
                attempt, "to change the password: the login was changed meanwhile"
            )

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
        attempt = self._tries.begin(name, login.place, "")
        judged = self._tries.judge_code(attempt, code)
        if judged.why:
            raise self._tries.refusal(attempt, f"to give a second factor: {judged.why}")
        with self._store.changing() as work:
            kept, now = self._still_living(work, token), self._wall()
            account = self._tries.accepted(work, attempt, judged.step, None)
            if account is not None:
                record = replace(kept.record, weak=False)
                work.tell(_proven_again(now, record))
                return self._renewed(work, record, account, now, proven_at=record.proven_at)
        raise self._tries.refusal(attempt, "to give a second factor: the code was used already")

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

    # --- a login ---------------------------------------------------------------------------

    def _open(
        self, attempt: Try, step: int, fresh: str | None, *, via: Via, place: str, device: str
    ) -> SignedIn | None:
        with self._store.changing() as work:
            account = self._tries.accepted(work, attempt, step, fresh)
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
            place=shown(place),
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
        tidy_up(work, now)
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
                reason="",
                via=record.via.value,
                place=record.place,
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

    def _end(
        self,
        work: PeopleWork,
        record: LoginRecord,
        now: datetime,
        how: Parting,
        by: Login | None,
    ) -> None:
        """End a login; `by` is the one from which it is ended, unless it ends itself."""
        work.keep_login(replace(record, ended=now))
        work.tell(
            PersonSignedOut(
                at=now,
                portfolio=PEOPLE_STREAM,
                cycle="",
                person=record.name,
                by=record.name if by is None else by.person.name,
                how=how.value,
                via=(record if by is None else by).via.value,
                place=(record if by is None else by).place,
                login="" if by is None else ", ".join(filter(None, (record.via, record.place))),
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
        if kept is None or not is_alive(self._noting.as_seen(kept), self._wall()):
            raise LoginRefused(SIGNED_OUT)
        return kept

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


def _changed(account: Account, **differently: bool) -> Account:
    """Somebody as he is once he has changed something about himself."""
    person = account.person
    return replace(
        account,
        person=replace(person, version=person.version + 1, **differently),  # type: ignore[arg-type]
        changed_by=person.name,
    )
