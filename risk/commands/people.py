"""Who asks, and of which book: what commands that change a book have in common."""

import os
import pwd

import click

from risk.config import load_settings

of_portfolio = click.option(
    "--portfolio", help="Whose; that of the settings unless given.", metavar="NAME"
)


def book_of(portfolio: str | None) -> str:
    """The name of the book that a command is about: the one given, or that of the settings."""
    return load_settings().portfolio if portfolio is None else portfolio


def who() -> str:
    """By the process's user, not by the environment, which anybody may set."""
    user = os.getuid()
    try:
        return f"{pwd.getpwuid(user).pw_name} (command line)"
    except KeyError:  # as in some containers
        return f"user {user} (command line)"


for_a_reason = click.option("--reason", metavar="TEXT", required=True, help="Why, in one sentence.")
by_whom = click.option(
    "--who", metavar="NAME", default=who, help="Who asks; the system's user unless given."
)
