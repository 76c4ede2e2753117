"""``seawall users``: who has a login, what his role is, and whether it is in force."""

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import click

from risk.auth.keys import hash_of
from risk.auth.rescuing import Glass
from risk.auth.sealing import FACTOR, Sealer
from risk.auth.service_key import require_service_key
from risk.commands.doors import needs
from risk.commands.login import ask_new, password_stdin
from risk.commands.output import as_json, print_json, print_table
from risk.commands.people import Answer, Desk, acting_at, desk, for_a_reason, machine, with_reason
from risk.commands.store import checked_engines_of
from risk.domain.actors import Ability, Actor, Role, require
from risk.domain.keys import SERVICE, SERVICE_KEY_FILE
from risk.domain.people import Login, Person
from risk.engine.clock import wall_time
from risk.errors import InvalidInput, SettingInvalid
from risk.storage.keys import SqlKeys

_HEADINGS = ("name", "role", "state", "second factor", "power", "signed in last", "version")

of_role = click.option(
    "--role",
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="What he may do: docs/people.md.",
)
as_seen = click.option(
    "--seen",
    type=int,
    metavar="VERSION",
    help="Refuse if the login was changed since this version; that of now unless given.",
)


def manager() -> Actor:
    """Who manages people: an admin, or the machine's user until somebody has signed in."""
    with desk() as one:
        return machine() if _machine_may(one) else one.actor()


@click.group()
def users() -> None:
    """Give people logins and take them back. An admin does, signed in by `seawall login`.

    The first admin is added by whoever has the machine, while nobody has signed in yet.
    """


@users.command()
@click.argument("name")
@of_role
@click.option("--subject", metavar="TEXT", help="Who he is to the single sign-on provider.")
@with_reason
@as_json
@needs(Ability.MANAGE_PEOPLE, by=manager)
def add(name: str, role: str, subject: str | None, reason: str, as_json: bool) -> None:
    """Give NAME a login, and print a first password, once.

    It opens for 72 hours, and must be changed at once. An officer's power over limits and breakers
    begins a day later unless another officer vouches; the first officer's at once.
    """
    with desk() as one:
        first = _managing(
            one,
            lambda by: one.office.add(by, name, Role(role), subject=subject, reason=reason),
        )
        if as_json:
            print_json({"name": name, "role": role, "password": first or None})
        elif first:
            click.echo(f"First password of {name}, shown only now, good for 72 hours:")
            click.echo(first)
        else:
            click.echo(f"{name} can sign in by the provider, as {subject}.")


@users.command("list")
@as_json
@needs(Ability.MANAGE_PEOPLE, by=manager)
def list_(as_json: bool) -> None:
    """List everybody who ever had a login."""
    with desk() as one:
        people = one.office.people()
    if as_json:
        print_json({"users": [_document(person) for person in people]})
    elif people:
        print_table(_HEADINGS, [_row(person) for person in people])
    else:
        click.echo("Nobody has a login; `seawall users add NAME --role admin` gives the first one.")


@users.command()
@click.argument("name")
@for_a_reason
@as_seen
@needs(Ability.MANAGE_PEOPLE, by=manager)
def disable(name: str, reason: str, seen: int | None) -> None:
    """Let NAME sign in no more, and sign him out at once. The last admin stays."""
    with desk() as one:
        _changing(
            one, name, seen, lambda by, v: one.office.disable(by, name, reason=reason, seen=v)
        )
    click.echo(f"{name} is disabled and signed out.")


@users.command()
@click.argument("name")
@for_a_reason
@as_seen
@needs(Ability.MANAGE_PEOPLE, by=manager)
def enable(name: str, reason: str, seen: int | None) -> None:
    """Let NAME sign in again. An officer's power begins a day later, or when another vouches."""
    with desk() as one:
        _changing(one, name, seen, lambda by, v: one.office.enable(by, name, reason=reason, seen=v))
    click.echo(f"{name} can sign in again.")


@users.command()
@click.argument("name")
@of_role
@for_a_reason
@as_seen
@needs(Ability.MANAGE_PEOPLE, by=manager)
def role(name: str, role: str, reason: str, seen: int | None) -> None:
    """Give NAME another role, and sign him out."""
    with desk() as one:
        _changing(
            one,
            name,
            seen,
            lambda by, v: one.office.change_role(by, name, Role(role), reason=reason, seen=v),
        )
    click.echo(f"{name} is {role} now, and has to sign in again.")


@users.command()
@password_stdin
def passwd(password_stdin: bool) -> None:
    """Set another password for yourself. It signs you out everywhere else.

    With --password-stdin the lines are the old one and the new one.
    """
    with desk() as one:
        token = one.token()
        if password_stdin:
            given = sys.stdin.read().splitlines()
            if len(given) < 2:
                raise InvalidInput("two lines are needed: the old password, and the new one")
            old, new = given[:2]
        else:
            old = click.prompt("Old password", hide_input=True, err=True)
            new = ask_new()
        one.keep(one.logins.change_password(token, old, new))
    click.echo("Your password is another one now; you are signed in here alone.", err=True)


@users.command()
@click.argument("name")
@for_a_reason
@as_seen
@as_json
@needs(Ability.MANAGE_PEOPLE, by=manager)
def reset(name: str, reason: str, seen: int | None, as_json: bool) -> None:
    """Give NAME a new first password and let him set up a new second factor.

    Signs him out. An officer's power begins a day later, or when another officer vouches.
    """
    with desk() as one:
        first = _changing(
            one, name, seen, lambda by, v: one.office.reset(by, name, reason=reason, seen=v)
        )
    if as_json:
        print_json({"name": name, "password": first})
    else:
        click.echo(f"First password of {name}, shown only now, good for 72 hours:")
        click.echo(first)


@users.command()
@click.argument("name")
@for_a_reason
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def rescue(name: str, reason: str, yes: bool, as_json: bool) -> None:
    """Let the admin called NAME in where nobody else can: break the glass.

    For whoever has this machine's own files, while no other admin can sign in: the only one has
    lost password or second factor, or people.key is lost. It gives a new first password, lets a new
    second factor be set up, and everybody is told. It first shows who it is about and what ends,
    and asks.
    """
    with desk() as one:
        _require_own_files(one)
        sealer = Sealer(one.settings.home)

        def opens(sealed: str) -> bool:
            return sealer.open(FACTOR, sealed) is not None

        glass = one.office.before_rescue(machine(), name, reason=reason, opens=opens)
        for line in _before_rescue(glass, one.logins.logins_of(name)):
            click.echo(line, err=True)
        if not yes:
            click.confirm(f"Rescue {name}?", abort=True, err=True)
        first = one.office.rescue(
            machine(), name, reason=reason, opens=opens, seen=glass.person.version
        )
    if as_json:
        print_json({"name": name, "password": first})
    else:
        click.echo("The journal has it, and everybody is told who let whom in, and why.", err=True)
        click.echo(f"First password of {name}, shown only now, good for 72 hours:")
        click.echo(first)


@users.command()
@click.argument("name")
@for_a_reason
@needs(Ability.MANAGE_PEOPLE, by=manager)
def unlock(name: str, reason: str) -> None:
    """Let NAME try again at once, after too many wrong tries."""
    with desk() as one:
        _managing(one, lambda by: one.office.unlock(by, name, reason=reason))
    click.echo(f"{name} can try again.")


@users.command()
@click.argument("name")
@for_a_reason
@as_seen
@needs(Ability.APPROVE)
def vouch(name: str, reason: str, seen: int | None) -> None:
    """Say as an officer that NAME is who he says he is: his power begins now.

    Not for yourself, and not by whoever gave it to him.
    """
    with desk() as one:
        acting_at(
            one,
            lambda by: one.office.vouch(by, name, reason=reason, seen=_version(one, name, seen)),
        )
    click.echo(f"{name} may approve and override from now on.")


# ---------------------------------------------------------------- who asks


def _require_own_files(one: Desk) -> None:
    """Refuse whoever cannot read the key of this machine's own programs, or has that of another.

    Raises
    ------
    SettingInvalid
    """
    hashed = hash_of(require_service_key(one.settings.home).encode())
    with checked_engines_of(one.settings) as engines:
        known = any(
            key.hash == hashed and key.name == SERVICE and key.revoked is None
            for key in SqlKeys(engines).read()
        )
    if not known:
        raise SettingInvalid(
            "SEAWALL_HOME", f"holds a {SERVICE_KEY_FILE} that is not in force in this database"
        )


def _managing(one: Desk, do: Callable[[Actor], Answer]) -> Answer:
    """Do something as an admin or, until somebody has signed in, as whoever has the machine."""
    return do(machine()) if _machine_may(one) else acting_at(one, do)


def _machine_may(one: Desk) -> bool:
    return one.logins.anybody() and one.login() is None and one.office.machine_may()


def _changing(one: Desk, name: str, seen: int | None, do: Callable[[Actor, int], Answer]) -> Answer:
    def change(by: Actor) -> Answer:
        require(by, Ability.MANAGE_PEOPLE)  # before he is told who is there
        return do(by, _version(one, name, seen))

    return _managing(one, change)


def _version(one: Desk, name: str, seen: int | None) -> int:
    if seen is not None:
        return seen
    found = [person.version for person in one.office.people() if person.name == name]
    if not found:
        raise InvalidInput(f"nobody is called {name[:32]!r}; `seawall users list` names all")
    return found[0]


# ---------------------------------------------------------------- words


def _before_rescue(glass: Glass, logins: Sequence[Login]) -> Iterator[str]:
    """Who it is about, what ends, and why nobody else helps."""
    person = glass.person
    last = "never" if person.last_seen is None else f"last at {_minute(person.last_seen)}"
    yield f"{person.name} is an admin, and signed in {last}; open logins: {len(logins) or 'none'}."
    for login in logins:
        place = f", {login.place}" if login.place else ""
        yield f"  {login.via.value}{place}: seen {_minute(login.seen)}"
    factor = ", the second factor" if person.second_factor else ""
    yield f"What ends at once: the password{factor} and every login of {person.name}."
    if not glass.others:
        yield "There is no other admin."
    for other in glass.others:
        yield f"{other.name} is an admin too, and cannot help: {other.why}."


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _document(person: Person) -> dict[str, object]:
    return {
        "name": person.name,
        "role": person.role.value,
        "created": _iso(person.created),
        "created_by": person.created_by,
        "disabled": _iso(person.disabled),
        "second_factor": person.second_factor,
        "must_change": person.must_change,
        "power_from": _iso(person.power_from) if person.role is Role.OFFICER else None,
        "subject": person.subject,
        "last_seen": _iso(person.last_seen),
        "version": person.version,
    }


def _row(person: Person) -> tuple[object, ...]:
    return (
        person.name,
        person.role.value,
        _state(person),
        _factor(person),
        _power(person),
        _iso(person.last_seen) or "never",
        person.version,
    )


def _state(person: Person) -> str:
    if person.disabled is not None:
        return f"disabled since {_iso(person.disabled)}"
    return "has a first password" if person.must_change else "in force"


def _factor(person: Person) -> str:
    if person.subject is not None:
        return "the provider's"
    return "set up" if person.second_factor else "none"


def _power(person: Person) -> str:
    if person.role is not Role.OFFICER:
        return ""
    return "now" if person.power_from <= wall_time() else f"from {_iso(person.power_from)} on"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
