"""What whoever runs a command must be able to do: declared at the command, asked before it begins.

A command that declares nothing touches no book, or is the machine's own; `tests/doors.py` says of
each which, and fails for one that it does not know. What changes something is asked once more where
it is done, with a proof where one is needed: :class:`risk.engine.actions.Actions`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

import click
import structlog

from risk.commands.people import actor
from risk.domain.actors import Ability, Actor, require
from risk.domain.changing import denial
from risk.domain.events import RiskEvent
from risk.engine.clock import wall_time
from risk.errors import NotAllowed, SeawallError

_LOG = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

_ASKER = "seawall.asker"
#: Every command that somebody must be able to run, by the name of its function.
NEEDED: dict[str, Ability] = {}


def needs(
    ability: Ability, *, by: Callable[[], Actor] = actor
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Let a command be run only by whoever is able; stands right above its function.

    Parameters
    ----------
    ability : Ability
    by : callable
        Finds out who asks; for what must not wait for a database, somebody it need not know.
    """

    def guard(command: Callable[..., Answer]) -> Callable[..., Answer]:
        NEEDED[f"{command.__module__}.{command.__qualname__}"] = ability

        @wraps(command)
        def checked(*given: Any, **named: Any) -> Answer:
            context, asker = click.get_current_context(), by()
            with noting_denial(asker, f"run `{context.command_path}`"):
                require(asker, ability)
            context.meta[_ASKER] = asker
            return command(*given, **named)

        return checked

    return guard


def asking() -> Actor:
    """Who runs this command; there is somebody where it `needs` an ability."""
    return cast(Actor, click.get_current_context().meta[_ASKER])


@contextmanager
def noting_denial(asker: Actor, asked: str) -> Iterator[None]:
    """Write into the journal of people that somebody was denied something, and deny it.

    Parameters
    ----------
    asker : Actor
    asked : str
        As the end of a sentence: *asked to*.
    """
    try:
        yield
    except NotAllowed as denied:
        event = denial(asker, asked, denied, at=wall_time())
        try:
            tell(event)
        except SeawallError as problem:
            # It is denied all the same, and the log keeps it.
            _LOG.warning(
                "denial_not_journalled", asked=event.asked, by=event.by, problem=str(problem)
            )
        raise


def tell(*events: RiskEvent) -> None:
    """Write into the journal of people."""
    # Not at the top: whoever stops trading waits for what is imported there.
    from risk.commands.store import writing  # noqa: PLC0415
    from risk.storage import people_journal  # noqa: PLC0415

    with writing() as connection:
        people_journal.tell(connection, *events)
