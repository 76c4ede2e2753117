"""``seawall login``, ``logout``, ``whoami``: who is signed in on this command line."""

import sys
from collections.abc import Callable
from typing import Any

import click
import segno

from risk.commands.output import as_json, print_json
from risk.commands.people import Desk, ask_code, desk, machine, system_user
from risk.domain.actors import Via
from risk.domain.people import Login, Setup, SignedIn
from risk.errors import InvalidInput, LoginRefused, NotAllowed

_TRIES = 3

password_stdin = click.option(
    "--password-stdin",
    is_flag=True,
    help="Read it from standard input, a line each, instead of asking.",
)


@click.command()
@click.argument("name", required=False)
@password_stdin
def login(name: str | None, password_stdin: bool) -> None:
    """Sign in on this command line as NAME, until `seawall logout` or for eight hours.

    Asks for the password and, of whoever has one, for the code of the second factor. Whoever signs
    in for the first time sets his own password here and, where his role needs one, his second
    factor. With --password-stdin the lines are the password and, where there is one, the code.
    """
    with desk() as one:
        who = click.prompt("Name", err=True) if name is None else name
        if password_stdin:
            signed_in = _sign_in(one, who, _line(), _line())
            if signed_in.login.setup:
                one.logins.sign_out(signed_in.token)
                raise NotAllowed(
                    f"set up your login first, on a terminal: `seawall login {who}`",
                    ability="login",
                )
        else:
            password = click.prompt("Password", hide_input=True, err=True)
            signed_in = _set_up(one, _sign_in(one, who, password, ask_code), password)
        _end_the_one_before(one, replaced_by=signed_in.login)
        one.keep(signed_in)
        click.echo(f"{_described(signed_in.login)}.", err=True)


@click.command()
def logout() -> None:
    """Sign out on this command line."""
    with desk() as one:
        login = one.login()
        _end_the_one_before(one)
        one.forget()
        told = "Nobody was signed in." if login is None else f"{login.person.name} is signed out."
        click.echo(told, err=True)


@click.command()
@as_json
def whoami(as_json: bool) -> None:
    """Say who is signed in on this command line."""
    with desk() as one:
        login = one.login()
        if login is None and one.logins.anybody():
            raise NotAllowed(
                "nobody is signed in on this command line: `seawall login NAME`", ability="login"
            )
        if as_json:
            print_json(_document(login))
        elif login is None:
            click.echo(f"{machine().name}: nobody has a login, so that whoever is here may all.")
        else:
            click.echo(f"{_described(login)}.")


# ---------------------------------------------------------------- signing in


def _sign_in(one: Desk, name: str, password: str, code: str | Callable[[], str]) -> SignedIn:
    kept = one.kept()
    return one.logins.sign_in(
        name,
        password,
        code,
        via=Via.COMMAND_LINE,
        place=f"command line of {system_user()}",
        device=None if kept is None else kept.device,
    )


def _end_the_one_before(one: Desk, *, replaced_by: Login | None = None) -> None:
    kept = one.kept()
    if kept is not None and kept.token:
        one.logins.sign_out(kept.token, replaced_by=replaced_by)


def _set_up(one: Desk, signed_in: SignedIn, given: str) -> SignedIn:
    """Let somebody do what he must do first; half of it done, nobody is signed in."""
    try:
        if Setup.PASSWORD in signed_in.login.setup:
            signed_in = _own_password(one, signed_in, given)
        if Setup.SECOND_FACTOR in signed_in.login.setup:
            signed_in = _second_factor(one, signed_in)
    except BaseException:
        one.logins.sign_out(signed_in.token)
        raise
    return signed_in


def _own_password(one: Desk, signed_in: SignedIn, given: str) -> SignedIn:
    click.echo("Your password was given to you: set one that only you know.", err=True)
    return _until_right(lambda: one.logins.change_password(signed_in.token, given, ask_new()))


def _second_factor(one: Desk, signed_in: SignedIn) -> SignedIn:
    new = one.logins.begin_second_factor(signed_in.token)
    click.echo("Your role needs a second factor. Add this to your authenticator:", err=True)
    segno.make(new.address).terminal(out=sys.stderr, compact=True)
    click.echo(f"Secret: {new.secret}\nAddress: {new.address}", err=True)
    return _until_right(lambda: one.logins.confirm_second_factor(signed_in.token, ask_code()))


def _until_right(ask: Callable[[], SignedIn]) -> SignedIn:
    """Ask again where what was typed is of no use, a few times."""
    for left in range(_TRIES - 1, -1, -1):
        try:
            return ask()
        except InvalidInput as problem:
            if not left:
                raise
            click.echo(f"{str(problem)[0].upper()}{str(problem)[1:]}.", err=True)
    raise LoginRefused("nobody was signed in")


def ask_new() -> str:
    """A new password, typed twice."""
    return str(
        click.prompt("New password", hide_input=True, confirmation_prompt="Once more", err=True)
    )


def _line() -> str:
    """The next line of standard input, without its end."""
    return sys.stdin.readline().rstrip("\r\n")


# ---------------------------------------------------------------- words


def _described(login: Login) -> str:
    person = login.person
    return f"{person.name} ({person.role.value}) is signed in until {login.ends:%Y-%m-%d %H:%M} UTC"


def _document(login: Login | None) -> dict[str, Any]:
    if login is None:
        return {"name": machine().name, "role": None, "signed_in": False, "ends": None}
    return {
        "name": login.person.name,
        "role": login.person.role.value,
        "signed_in": True,
        "ends": login.ends.isoformat(timespec="seconds"),
    }
