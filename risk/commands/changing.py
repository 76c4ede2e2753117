"""How a command changes something: by the same actions as the pages, as whoever is signed in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from risk.channels import channel_names
from risk.commands.authority import line
from risk.commands.people import acting
from risk.commands.store import checked_engines_of
from risk.config import load_settings
from risk.domain.actors import Actor
from risk.engine.actions import Actions
from risk.engine.clock import wall_time
from risk.storage.changes import SqlChanges

Answer = TypeVar("Answer")


def changed(do: Callable[[Actions, Actor], Answer]) -> Answer:
    """Change something; where that needs a proof of who asks, one is asked for.

    Parameters
    ----------
    do : callable
        Given the actions and whoever asks.

    Raises
    ------
    NotAllowed, LoginRefused
        If he may not, or does not prove who he is.
    """
    with _actions() as actions:
        return acting(lambda by: do(actions, by))


@contextmanager
def _actions() -> Iterator[Actions]:
    settings = load_settings()
    with checked_engines_of(settings) as engines:
        channels = partial(channel_names, settings.notify_urls)
        changes = SqlChanges(engines, wall=wall_time, channels=channels)
        yield Actions(changes, line(settings), wall=wall_time)
