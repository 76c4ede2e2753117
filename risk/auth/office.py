"""What is done with other people's logins: `Office`, over whatever keeps people.

How power over limits and breakers is given, and why so: docs/decisions/people.md.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from risk.auth.passwords import Hasher, new_password
from risk.auth.rescuing import Glass, glass_of
from risk.auth.vouching import require_may_vouch, waiting_among
from risk.domain.actors import NEED_SECOND_FACTOR, Ability, Actor, Role, require_all
from risk.domain.asking import checked_reason
from risk.domain.changing import denial
from risk.domain.events import PEOPLE_STREAM, LoginDeed, PersonChanged, Severity
from risk.domain.people import Person, Waiting, checked_login_name
from risk.domain.people_store import Account, PeopleStore, PeopleView, PeopleWork
from risk.domain.warrants import Warrant, require_still
from risk.errors import Conflict, InvalidInput, NotAllowed, ProofNeeded, StoreError

_LOG = structlog.get_logger(__name__)

#: A first password opens nothing after so long.
FIRST_PASSWORD_LASTS = timedelta(hours=72)
#: Power over limits and breakers that an admin gave begins so much later.
POWER_WAITS = timedelta(hours=24)
_LONGEST_SUBJECT = 255
_RESCUED = "was let in from the machine itself, past every login, with a new first password"


class Office:
    """Gives and takes logins: a `PeopleOffice`.

    Parameters
    ----------
    store : PeopleStore
    hasher : Hasher
    wall : callable
        Gives the wall time, UTC.
    """

    def __init__(self, store: PeopleStore, hasher: Hasher, *, wall: Callable[[], datetime]) -> None:
        self._store = store
        self._hasher = hasher
        self._wall = wall

    def people(self) -> Sequence[Person]:
        """Everybody who ever had a login, in the order of their names."""
        with self._store.reading() as view:
            return tuple(account.person for account in view.accounts())

    def machine_may(self) -> bool:
        """Whether whoever has the machine may still manage people: until somebody has signed in."""
        with self._store.reading() as view:
            return _nobody_was_here(view)

    # --- given and taken -------------------------------------------------------------------

    def add(
        self, by: Actor, name: str, role: Role, *, subject: str | None = None, reason: str = ""
    ) -> str:
        """Give somebody a login; returns a password for the first time, told once.

        It is empty where a provider vouches for him.

        Raises
        ------
        NotAllowed, InvalidInput
        """
        why = checked_reason(reason or "new")
        asked = f"give {_quoted(name)} a login as {role.value}"
        with self._asking(by, Ability.MANAGE_PEOPLE, asked) as now:
            checked_login_name(name)
            first, hashed = self._first_password() if subject is None else ("", None)
            with self._store.changing() as work:
                _require_still(work, by, Ability.MANAGE_PEOPLE, now)
                _refuse_known(work, name, subject)
                _refuse_first_without_power(by, name, role)
                person = Person(
                    name=name,
                    role=role,
                    created=now,
                    created_by=by.name,
                    power_from=_power(work, role, now),
                    must_change=hashed is not None,
                    subject=subject,
                )
                account = Account(
                    person=person,
                    password=hashed,
                    password_until=None if hashed is None else now + FIRST_PASSWORD_LASTS,
                    power_by=by.name,
                    was_officer=role is Role.OFFICER,
                    changed_by=by.name,
                )
                work.keep(account)
                what = f"was added as {role.value}"
                work.tell(_changed(work, account, LoginDeed.ADDED, what, by, why, now))
            return first

    def change_role(self, by: Actor, name: str, role: Role, *, reason: str, seen: int) -> None:
        """Give somebody another role; ends his logins.

        Raises
        ------
        NotAllowed, InvalidInput, Conflict
        """
        why = checked_reason(reason)
        asked = f"give {_quoted(name)} the role {role.value}"
        with self._changing(by, name, asked, seen=seen) as change:
            person = change.account.person
            if person.role is role:
                raise InvalidInput(f"{name} has the role {role.value} already")
            _refuse_last_admin(change.work, person)
            changed = replace(
                change.with_power(role),
                was_officer=change.account.was_officer or role is Role.OFFICER,
            )
            what = f"was given the role {role.value} instead of {person.role.value}"
            change.keep(changed, LoginDeed.ROLE, what, reason=why)

    def disable(self, by: Actor, name: str, *, reason: str, seen: int) -> None:
        """Let somebody sign in no more; ends his logins. The last admin stays."""
        why = checked_reason(reason)
        with self._changing(by, name, f"disable {_quoted(name)}", seen=seen) as change:
            person = change.account.person
            if person.disabled is not None:
                raise InvalidInput(f"{name} is disabled already")
            _refuse_last_admin(change.work, person)
            changed = replace(change.account, person=replace(person, disabled=change.now))
            change.keep(changed, LoginDeed.DISABLED, "was disabled", reason=why)

    def enable(self, by: Actor, name: str, *, reason: str, seen: int) -> None:
        """Let somebody sign in again; his power begins as if it were given anew."""
        why = checked_reason(reason)
        with self._changing(by, name, f"enable {_quoted(name)}", seen=seen) as change:
            if change.account.person.disabled is None:
                raise InvalidInput(f"{name} is not disabled")
            given = change.with_power(change.account.person.role)
            enabled = replace(given, person=replace(given.person, disabled=None))
            change.keep(enabled, LoginDeed.ENABLED, "was enabled again", reason=why)

    def reset(self, by: Actor, name: str, *, reason: str, seen: int) -> str:
        """Give somebody a new first password, and let him set up a new second factor.

        His logins end, and his power to approve and override is suspended as for somebody new.
        """
        why = checked_reason(reason)
        with self._asking(by, Ability.MANAGE_PEOPLE, f"reset {_quoted(name)}") as now:
            first, hashed = self._first_password()
            with self._somebody_else(by, name, now, seen=seen) as change:
                if change.account.person.subject is not None:
                    raise InvalidInput(
                        f"{name} signs in by a provider, and has no password here: reset it there"
                    )
                change.work.forget_devices(name)
                change.work.forgive(name)
                what = "was given a new password"
                change.keep(change.anew(hashed), LoginDeed.RESET, what, reason=why)
            return first

    def before_rescue(
        self, by: Actor, name: str, *, reason: str, opens: Callable[[str], bool]
    ) -> Glass:
        """What a rescue would break: for whoever asks to see before he breaks it. Changes nothing.

        Parameters
        ----------
        by, name, reason, opens
            As of `rescue`, which raises the same.
        """
        checked_reason(reason)
        with self._noting_denied_rescue(by, name), self._store.reading() as view:
            return glass_of(view, _known(view, name), opens)

    def rescue(
        self, by: Actor, name: str, *, reason: str, opens: Callable[[str], bool], seen: int
    ) -> str:
        """Let an admin in whom nobody else can help; returns a password for the first time.

        The glass that is broken where the only admin lost his second factor, or `people.key` is
        lost. It asks for no login: whoever calls has made sure that `by` has the machine's own
        files. Everybody is told, as of each change of an admin. It gives no power over limits.

        Parameters
        ----------
        by : Actor
        name : str
        reason : str
        opens : callable
            Whether a sealed second factor can still be opened.
        seen : int
            His version as `before_rescue` showed it.

        Raises
        ------
        NotAllowed
            If he is no admin, or another one can help him.
        InvalidInput
            If there is nobody of that name, or a provider vouches for him.
        Conflict
            If he was changed since he was seen.
        """
        why = checked_reason(reason)
        first, hashed = self._first_password()
        with self._noting_denied_rescue(by, name) as now, self._store.changing() as work:
            account = _known(work, name)
            glass_of(work, account, opens)
            _require_unchanged(account, seen)
            work.forget_devices(name)
            work.forgive(name)
            change = _Change(work, account, by, now)
            change.keep(change.anew(hashed), LoginDeed.RESCUED, _RESCUED, reason=why)
        return first

    def unlock(self, by: Actor, name: str, *, reason: str) -> None:
        """Let somebody try again at once whom too many wrong tries have locked out."""
        why = checked_reason(reason)
        asked = f"unlock {_quoted(name)}"
        with (
            self._asking(by, Ability.MANAGE_PEOPLE, asked) as now,
            self._store.changing() as work,
        ):
            _require_still(work, by, Ability.MANAGE_PEOPLE, now)
            account = _known(work, name)
            work.forgive(name)
            what = "may try again at once"
            told = _changed(work, account, LoginDeed.UNLOCKED, what, by, why, now)
            work.tell(replace(told, severity=Severity.INFO, power_from=None))

    def waiting(self) -> Sequence[Waiting]:
        """Officers in force whose power has not begun, in the order of their names."""
        with self._store.reading() as view:
            return waiting_among(view.accounts(), self._wall())

    def vouch(self, by: Actor, name: str, *, reason: str, seen: int) -> None:
        """Say that this is who he says he is: his power begins now.

        Never by whoever gave it, nor by himself, nor by somebody whose own has not begun.
        """
        why = checked_reason(reason)
        asked = f"vouch for {_quoted(name)}"
        with self._changing(by, name, asked, seen=seen, ability=Ability.APPROVE) as change:
            require_may_vouch(by.name, change.account, change.now)
            begun = replace(change.account.person, power_from=change.now)
            changed = replace(change.account, person=begun)
            change.keep(
                changed, LoginDeed.VOUCHED, "was vouched for", reason=why, ends_logins=False
            )

    # --- who asks --------------------------------------------------------------------------

    @contextmanager
    def _changing(
        self,
        by: Actor,
        name: str,
        asked: str,
        *,
        seen: int,
        ability: Ability = Ability.MANAGE_PEOPLE,
    ) -> Iterator["_Change"]:
        with (
            self._asking(by, ability, asked) as now,
            self._somebody_else(by, name, now, seen=seen, ability=ability) as change,
        ):
            yield change

    @contextmanager
    def _somebody_else(
        self,
        by: Actor,
        name: str,
        now: datetime,
        *,
        seen: int,
        ability: Ability = Ability.MANAGE_PEOPLE,
    ) -> Iterator["_Change"]:
        """Change somebody else, as he was seen."""
        with self._store.changing() as work:
            _require_still(work, by, ability, now)
            account = _known(work, name)
            if by.name == name:
                raise NotAllowed("nobody changes his own login: ask somebody else", ability=ability)
            _require_unchanged(account, seen)
            yield _Change(work, account, by, now)

    @contextmanager
    def _asking(self, by: Actor, ability: Ability, asked: str) -> Iterator[datetime]:
        """What stands within is done by whoever may; whatever is denied is journalled."""
        now = self._wall()
        try:
            require_all(by, ability, at=now)
            yield now
        except ProofNeeded:
            raise  # nothing is denied: he will be asked, and come back
        except NotAllowed as denied:
            self._note_denied(by, asked, denied, now)
            raise

    @contextmanager
    def _noting_denied_rescue(self, by: Actor, name: str) -> Iterator[datetime]:
        """Who breaks the glass needs no ability; whoever may not is journalled like any other."""
        now = self._wall()
        try:
            yield now
        except NotAllowed as denied:
            self._note_denied(by, f"rescue {_quoted(name)}", denied, now)
            raise

    def _note_denied(self, by: Actor, asked: str, denied: NotAllowed, now: datetime) -> None:
        event = denial(by, asked, denied, at=now)
        try:
            with self._store.changing() as work:
                work.tell(event)
        except StoreError as problem:
            # It is denied all the same, and the log keeps it.
            _LOG.warning(
                "denial_not_journalled", asked=event.asked, by=event.by, problem=str(problem)
            )

    def _first_password(self) -> tuple[str, str]:
        first = new_password()
        return first, self._hasher.hash(first)


@dataclass(frozen=True, slots=True)
class _Change:
    """Somebody who is about to be changed, while nobody else changes anybody."""

    work: PeopleWork
    account: Account
    by: Actor
    now: datetime

    def with_power(self, role: Role) -> Account:
        """Him in a role that is given to him now."""
        power = _power(self.work, role, self.now)
        person = replace(self.account.person, role=role, power_from=power)
        return replace(self.account, person=person, power_by=self.by.name)

    def anew(self, hashed: str) -> Account:
        """Him with a first password, and nothing else to prove himself by."""
        given = self.with_power(self.account.person.role)
        return replace(
            given,
            person=replace(given.person, must_change=True, second_factor=False),
            password=hashed,
            password_until=self.now + FIRST_PASSWORD_LASTS,
            factor=None,
            new_factor=None,
        )

    def keep(
        self,
        changed: Account,
        deed: LoginDeed,
        what: str,
        *,
        reason: str,
        ends_logins: bool = True,
    ) -> None:
        """Let him be so from now on, and tell of it."""
        person = replace(changed.person, version=self.account.person.version + 1)
        kept = replace(changed, person=person, changed_by=self.by.name)
        self.work.keep(kept)
        if ends_logins:
            self.work.end_logins(person.name, at=self.now)
        before = self.account.person.role
        told = _changed(self.work, kept, deed, what, self.by, reason, self.now, before=before)
        self.work.tell(told)


# ---------------------------------------------------------------- rules


def _require_still(view: PeopleView, by: Actor, ability: Ability, now: datetime) -> None:
    """Refuse whoever asks unless he still is what he was; the machine until somebody was here."""
    if by.role is None and _nobody_was_here(view):
        return
    if by.role is not None and not by.has_login:
        raise NotAllowed("your login is not what it was: sign in again", ability=ability)
    require_still(view, Warrant(by, ability), at=now)


def _nobody_was_here(view: PeopleView) -> bool:
    """Whether nobody has signed in yet: a first password that got lost must not lock all out.

    Where the journal knows of people and none are kept, somebody took them away by hand.
    """
    if not view.anybody():
        return True
    accounts = view.accounts()
    return bool(accounts) and all(account.person.last_seen is None for account in accounts)


def _refuse_first_without_power(by: Actor, name: str, role: Role) -> None:
    """Of whoever has the machine only admins come: else nobody could add the others."""
    if by.role is None and role is not Role.ADMIN:
        raise NotAllowed(
            "the first person is an admin, since only an admin can add the others: "
            f"`seawall users add {name} --role admin`",
            ability=Ability.MANAGE_PEOPLE,
        )


def _known(view: PeopleView, name: str) -> Account:
    account = view.account(name)
    if account is None:
        raise InvalidInput(f"nobody is called {_quoted(name)}; `seawall users list` names all")
    return account


def _require_unchanged(account: Account, seen: int) -> None:
    if account.person.version != seen:
        raise Conflict(
            f"{account.changed_by} has changed {account.person.name} meanwhile: look again, then "
            "decide"
        )


def _refuse_known(view: PeopleView, name: str, subject: str | None) -> None:
    if view.account(name) is not None:
        raise InvalidInput(f"somebody is called {name} already: names are never given twice")
    if subject is None:
        return
    if not subject or len(subject) > _LONGEST_SUBJECT or not subject.isprintable():
        raise InvalidInput("that cannot be somebody's name at a provider")
    other = view.account_of(subject)
    if other is not None:
        raise InvalidInput(f"the provider's {subject} is {other.person.name} here already")


def _refuse_last_admin(view: PeopleView, person: Person) -> None:
    if person.role is not Role.ADMIN or person.disabled is not None:
        return
    others = (account.person for account in view.accounts() if account.person.name != person.name)
    if not any(other.role is Role.ADMIN and other.disabled is None for other in others):
        raise InvalidInput(
            f"{person.name} is the last admin: without one nobody could manage people. "
            "Add another one first"
        )


def _power(view: PeopleView, role: Role, now: datetime) -> datetime:
    """From when on somebody may approve and override who is given his login or role now.

    At once only where there never was an officer: there is nobody yet who could be got round. That
    there is none *now* does not count, since an admin could see to that.
    """
    if role is not Role.OFFICER:
        return now
    was_one = any(account.was_officer for account in view.accounts())
    return now + POWER_WAITS if was_one else now


def _changed(
    view: PeopleView,
    account: Account,
    deed: LoginDeed,
    what: str,
    by: Actor,
    reason: str,
    now: datetime,
    *,
    before: Role | None = None,
) -> PersonChanged:
    """What the journal is told; people hear of whatever gives or takes power."""
    person = account.person
    return PersonChanged(
        at=now,
        portfolio=PEOPLE_STREAM,
        cycle="",
        person=person.name,
        what=what,
        by=by.name,
        reason=reason,
        severity=_severity(deed, {person.role, before}),
        power_from=person.power_from if person.role is Role.OFFICER else None,
        deed=deed.value,
        role=person.role.value,
        admins=_who_can_undo(view, {person.name, by.name}),
    )


def _severity(deed: LoginDeed, roles: Set[Role | None]) -> Severity:
    """Somebody new with power is a routine, whose power waits; a login that gets it, is none."""
    if not roles & NEED_SECOND_FACTOR:
        return Severity.INFO
    return Severity.WARNING if deed is LoginDeed.ADDED else Severity.CRITICAL


def _who_can_undo(view: PeopleView, but: Set[str]) -> tuple[str, ...]:
    people = [account.person for account in view.accounts() if account.person.name not in but]
    return tuple(
        one.name
        for one in people
        if one.role is Role.ADMIN and one.disabled is None and not one.setup
    )


def _quoted(name: str) -> str:
    """Whatever was given as a name, fit for a sentence."""
    return repr(name[:32])
