"""The group of all commands: loads only the one that is asked for, and answers errors in words."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import click

from risk.errors import (
    InvalidInput,
    LoginRefused,
    NotAllowed,
    SeawallError,
    StateUnreadable,
    UnknownPortfolio,
)

COMMANDS = {
    "breakers": "risk.commands.breakers:breakers",
    "engine": "risk.commands.engine:engine",
    "events": "risk.commands.events:events",
    "halt": "risk.commands.halt:halt",
    "halts": "risk.commands.halts:halts",
    "journal": "risk.commands.journal:journal",
    "keys": "risk.commands.keys:keys",
    "limits": "risk.commands.limits:limits",
    "login": "risk.commands.login:login",
    "logout": "risk.commands.login:logout",
    "mcp": "risk.commands.mcp:mcp",
    "migrate": "risk.commands.migrate:migrate",
    "notify": "risk.commands.notify:notify",
    "openapi": "risk.commands.openapi:openapi",
    "policy": "risk.commands.policy:policy",
    "portfolios": "risk.commands.portfolios:portfolios",
    "prices": "risk.commands.prices:prices",
    "proposals": "risk.commands.proposals:proposals",
    "replay": "risk.commands.replay:replay",
    "reservations": "risk.commands.reservations:reservations",
    "resume": "risk.commands.resume:resume",
    "settings": "risk.commands.settings:settings",
    "users": "risk.commands.users:users",
    "var": "risk.commands.var:var",
    "web": "risk.commands.web:web",
    "whoami": "risk.commands.login:whoami",
}


class Failed(click.ClickException):
    """We could not answer; said in one sentence."""

    exit_code = 1


class Refused(click.ClickException):
    """The input was wrong; said in one sentence."""

    exit_code = 2


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn an error of ours into one sentence and an exit code."""
    try:
        yield
    except (InvalidInput, StateUnreadable, UnknownPortfolio) as error:
        # Trying again would only say the same again.
        raise Refused(str(error)) from error
    except NotAllowed as error:
        raise Refused(f"refused: {error}") from error
    except LoginRefused as error:
        wait = error.retry_after
        when = "" if wait is None else f" ({math.ceil(wait)} s from now)"
        raise Refused(f"{error}{when}") from error
    except SeawallError as error:
        raise Failed(str(error)) from error


class Commands(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Every command's name, in alphabetical order."""
        return sorted(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, or None."""
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an error of ours ends it with one sentence and an exit code."""
        with errors_in_words():
            return super().invoke(ctx)


@click.group(cls=Commands)
@click.version_option(package_name="seawall", prog_name="seawall")
def seawall() -> None:
    """Measure, limit and stop the risk of trading agents."""
