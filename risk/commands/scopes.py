"""Which part of a book a command is about: all of it, or one strategy, asset or venue."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from risk.domain.scopes import Scope, ScopeKind
from risk.errors import InvalidInput

Command = TypeVar("Command", bound=Callable[..., Any])

_KINDS = {
    "strategy": (ScopeKind.STRATEGY, "Only this strategy."),
    "strategy_type": (ScopeKind.STRATEGY_TYPE, "Only strategies of this type."),
    "asset": (ScopeKind.ASSET, "Only this asset, such as BTC/USDT."),
    "venue": (ScopeKind.VENUE, "Only this venue."),
}


def of_scope(command: Command) -> Command:
    """Options that name one part of a book; without any of them it is the whole."""
    for name, (_, told) in reversed(_KINDS.items()):
        option = f"--{name.replace('_', '-')}"
        command = click.option(option, name, metavar="NAME", help=told)(command)
    return command


def scope_of(portfolio: str, named: dict[str, str | None]) -> Scope:
    """What the options of `of_scope` name.

    Raises
    ------
    InvalidInput
        If they name more than one part.
    """
    given = [(kind, value) for name, (kind, _) in _KINDS.items() if (value := named[name])]
    if len(given) > 1:
        words = " and ".join(kind.value.replace("_", " ") for kind, _ in given)
        raise InvalidInput(f"one part of the book at a time, not {words} at once")
    return Scope(*given[0]) if given else Scope(ScopeKind.PORTFOLIO, portfolio)
