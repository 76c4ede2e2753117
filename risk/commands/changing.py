"""How a command changes something: by the same actions as the pages, as whoever is signed in."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from risk.channels import channel_names
from risk.commands.authority import line
from risk.commands.doors import asking
from risk.commands.people import acting, by_name
from risk.commands.store import checked_engines_of, engines_of
from risk.config import Settings, load_settings
from risk.domain.actors import Actor
from risk.engine.actions import Actions
from risk.engine.clock import wall_time
from risk.storage.changes import SqlChanges
from risk.storage.engines import Engines

Answer = TypeVar("Answer")


def changed(do: Callable[[Actions, Actor], Answer], *, who: str | None = None) -> Answer:
    """Change something; where that needs a proof of who asks, one is asked for.

    Parameters
    ----------
    do : callable
        Given the actions and whoever asks.
    who : str or None
        Of `--who`.

    Raises
    ------
    NotAllowed, LoginRefused
        If he may not, or does not prove who he is.
    """
    settings = load_settings()
    with checked_engines_of(settings) as engines:
        actions = _actions(settings, engines)
        return acting(lambda by: do(actions, by_name(by, who)))


def tightened(do: Callable[[Actions, Actor], Answer], *, who: str | None = None) -> Answer:
    """The same for what only tightens: it needs no proof, and no database that answers.

    Parameters
    ----------
    do : callable
        Given the actions, and whoever was found out to run the command.
    who : str or None
        Of `--who`.

    Raises
    ------
    NotAllowed
    """
    settings = load_settings()
    with engines_of(settings) as engines:
        return do(_actions(settings, engines), by_name(asking(), who))


def _actions(settings: Settings, engines: Engines) -> Actions:
    channels = partial(channel_names, settings.notify_urls)
    changes = SqlChanges(engines, wall=wall_time, channels=channels)
    return Actions(changes, line(settings), wall=wall_time)
