"""Who asks, and of which book: what commands that change a book have in common."""

import os
import pwd
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TypeVar

import click

from risk.auth.terminal import TerminalLogin, keep_login, login_file, read_login
from risk.commands.logs import configure_logs, level_for_prompts
from risk.config import Settings, load_settings
from risk.domain.actors import Ability, Actor, Role, Via
from risk.domain.asking import checked_name
from risk.domain.people import Login, Setup, SignedIn
from risk.entrance import Entrance, entrance_of
from risk.errors import (
    InvalidInput,
    NotAllowed,
    ProofNeeded,
    SchemaMismatch,
    SettingInvalid,
    StoreError,
    StoreUnavailable,
)
from risk.storage.engines import PATIENCE

Answer = TypeVar("Answer")

#: Seconds for which whoever stops trading waits until the database says who he is.
PATIENCE_TO_STOP = 1.0
_WHY_UNCHECKED: dict[type[Exception], str] = {
    SchemaMismatch: "the database is not as this program expects"
}

of_portfolio = click.option(
    "--portfolio", help="Whose; that of the settings unless given.", metavar="NAME"
)


def book_of(portfolio: str | None) -> str:
    """The name of the book that a command is about: the one given, or that of the settings."""
    return load_settings().portfolio if portfolio is None else portfolio


def who() -> str:
    """By the process's user, not by the environment, which anybody may set."""
    return f"{system_user()} (command line)"


def system_user() -> str:
    """The name of the process's user."""
    user = os.getuid()
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:  # as in some containers
        return f"user {user}"


for_a_reason = click.option("--reason", metavar="TEXT", required=True, help="Why, in one sentence.")
#: Where it need not be told.
with_reason = click.option(
    "--reason", metavar="TEXT", default="", help="Why, if there is more to say."
)
by_whom = click.option(
    "--who",
    metavar="NAME",
    help="Who asks, while nobody has a login; the system's user unless given.",
)


# ---------------------------------------------------------------- who is signed in


class Desk:
    """The entrance, as one command stands before it.

    Attributes
    ----------
    settings : Settings
    logins, office
        As `Entrance` has them.
    """

    def __init__(self, settings: Settings, entrance: Entrance) -> None:
        self.settings = settings
        self.logins, self.office = entrance
        self._file = login_file(settings.home, system_user())

    def kept(self) -> TerminalLogin | None:
        """By what the system's user signed in here last."""
        return read_login(self._file)

    def keep(self, signed_in: SignedIn) -> None:
        """Let the next command be by whoever has signed in."""
        name = signed_in.login.person.name
        keep_login(self._file, TerminalLogin(signed_in.token, signed_in.device, name))

    def forget(self) -> None:
        """Let nobody be signed in; the terminal stays known."""
        kept = self.kept()
        if kept is not None:
            keep_login(self._file, kept._replace(token="", name=""))  # nosec B106: none

    def login(self) -> Login | None:
        """Who is signed in, if anybody is."""
        kept = self.kept()
        return self.logins.find(kept.token) if kept is not None and kept.token else None

    def token(self) -> str:
        """That of whoever is signed in.

        Raises
        ------
        NotAllowed
            If nobody is.
        """
        kept = self.kept()
        if kept is None or self.login() is None:
            raise _nobody()
        return kept.token

    def actor(self) -> Actor:
        """Who asks: whoever has the machine while nobody ever had a login, else who is signed in.

        Raises
        ------
        NotAllowed
            If nobody is signed in, or has something to do before anything else.
        """
        if not self.logins.anybody():
            return machine()
        login = self.login()
        if login is None:
            raise _nobody()
        if login.setup:
            what = "password" if Setup.PASSWORD in login.setup else "second factor"
            raise NotAllowed(
                f"set up your own {what} first: `seawall login {login.person.name}`",
                ability=Ability.VIEW,
            )
        return login.actor

    def prove(self) -> Actor:
        """Ask whoever is signed in to prove again who he is.

        Raises
        ------
        LoginRefused
        """
        token = self.token()
        login = self.login()
        if login is None:
            raise _nobody()
        click.echo(f"{login.person.name}, prove that it is you.", err=True)
        password = click.prompt("Password", hide_input=True, err=True)
        code = ask_code() if login.person.second_factor else ""
        signed_in = self.logins.prove(token, password, code)
        self.keep(signed_in)
        return signed_in.login.actor


@contextmanager
def desk(*, patience: float = PATIENCE) -> Iterator[Desk]:
    """The entrance of the settings, for one command.

    Parameters
    ----------
    patience : float
        Seconds after which a silent database counts as gone.
    """
    settings = load_settings()
    # Nothing of it may come between what a program reads from standard output.
    configure_logs(level_for_prompts(settings.log_level))
    with entrance_of(settings, patience=patience) as entrance:
        yield Desk(settings, entrance)


def machine() -> Actor:
    """Whoever has the machine, while nobody has a login: he may everything."""
    return Actor(name=who(), role=None, via=Via.COMMAND_LINE, has_login=False)


def actor() -> Actor:
    """Who asks on this command line.

    While nobody ever had a login it is the machine's own user; from then on whoever is signed in.

    Raises
    ------
    NotAllowed
        If nobody is signed in.
    StoreUnavailable
        If the database does not answer.
    """
    with desk() as one:
        return one.actor()


def actor_who_stops(role: Role = Role.TRADER) -> Actor:
    """The same, for what only makes trading tighter, or tells what is stopped.

    That must not wait for a database. Where it does not answer, nobody's role can be looked up:
    whoever has the machine may stop trading as a trader may. He is named as his last login here
    says, and so is that nobody checked it.

    Parameters
    ----------
    role : Role
        As which he counts then.
    """
    try:
        return _within(2.0 * PATIENCE_TO_STOP, _actor_soon)
    except (StoreError, SettingInvalid) as problem:
        why = _WHY_UNCHECKED.get(type(problem), "the database does not answer")
        name = f"{_last_name()} (command line; role not checked: {why})"
        return Actor(name=name, role=role, via=Via.COMMAND_LINE, has_login=False)


def _actor_soon() -> Actor:
    with desk(patience=PATIENCE_TO_STOP) as one:
        return one.actor()


def _within(seconds: float, ask: Callable[[], Actor]) -> Actor:
    """Ask in a thread that is not waited for any longer: a frozen database keeps no time."""
    outcome: SimpleQueue[Actor | Exception] = SimpleQueue()

    def tell() -> None:
        try:
            outcome.put(ask())
        except Exception as problem:  # noqa: BLE001 - raised where it was asked
            outcome.put(problem)

    threading.Thread(target=tell, name="who-stops", daemon=True).start()
    try:
        told = outcome.get(timeout=seconds)
    except Empty as silence:
        raise StoreUnavailable("the database does not answer") from silence
    if isinstance(told, Exception):
        raise told
    return told


def _last_name() -> str:
    """Who signed in here last; the system's user if nobody did."""
    try:
        kept = read_login(login_file(load_settings().home, system_user()))
    except SettingInvalid:
        kept = None
    return kept.name if kept is not None and kept.name else system_user()


def by_name(asker: Actor, who: str | None) -> Actor:
    """Whoever asks, by the name that `--who` gives him: of use while nobody has a login.

    Raises
    ------
    InvalidInput
        If it is known who asks.
    """
    if who is None:
        return asker
    if asker.has_login:
        raise InvalidInput(f"--who is for a Seawall without logins: you are {asker.name} here")
    return replace(asker, name=checked_name(who))


def acting(do: Callable[[Actor], Answer]) -> Answer:
    """Do something as whoever asks; where that needs a proof, ask for one, and do it then.

    Parameters
    ----------
    do : callable
        Given who asks; raises ProofNeeded before it has done anything.

    Raises
    ------
    NotAllowed
        If nobody is signed in, or may not.
    LoginRefused
        If the proof is wrong.
    """
    with desk() as one:
        return acting_at(one, do)


def acting_at(one: Desk, do: Callable[[Actor], Answer]) -> Answer:
    """The same before an entrance that is open already."""
    try:
        return do(one.actor())
    except ProofNeeded:
        return do(one.prove())


def ask_code() -> str:
    """A code of the second factor, read from the terminal."""
    return str(click.prompt("Code of your second factor", err=True))


def _nobody() -> NotAllowed:
    return NotAllowed(
        "nobody is signed in on this command line: `seawall login NAME`", ability=Ability.VIEW
    )
