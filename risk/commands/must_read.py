"""The warnings that the page makes one open, as a command shows them: by the same functions."""

import click

from risk.commands.store import checked_engines_of
from risk.config import load_settings
from risk.engine.clock import wall_time
from risk.errors import StoreUnavailable
from risk.storage.queries import FeedInfo, SqlBookReader


def show_must_read(portfolio: str, breaker: str, kind: str) -> tuple[str, ...]:
    """Print what must be read before a breaker is let loose; returns its titles, to be journalled.

    Parameters
    ----------
    portfolio, breaker : str
    kind : str
        As the page calls it: of an override, or ``release``.

    Raises
    ------
    StoreUnavailable
        If the present situation cannot be told: without it nothing is loosened.
    """
    # What the pages are made of takes a second to import, which no other command shall wait for.
    from pages.query import Query  # noqa: PLC0415
    from pages.readings import Readings  # noqa: PLC0415
    from pages.views.overrides.situation import Asked, read_situation  # noqa: PLC0415
    from pages.views.overrides.warnings import must_read  # noqa: PLC0415

    settings = load_settings()
    with checked_engines_of(settings) as engines:
        reader = SqlBookReader(
            engines,
            feed=FeedInfo(label="", simulated=False),
            cycle_seconds=settings.cycle_seconds,
            wall=wall_time,
            first=portfolio,
        )
        asked = Asked(book=portfolio, breaker=breaker, episode="", action=0)
        situation = read_situation(Readings(reader), Query(book=portfolio), asked)
    if situation is None:
        raise StoreUnavailable(
            f"what must be read before {breaker} is let loose cannot be told: no cycle that knows "
            "it is complete"
        )
    warnings = must_read(situation, kind)
    if warnings:
        click.echo("Read this first:")
    for each in warnings:
        click.echo(f"- {each.title}. {each.detail}")
    return tuple(each.title for each in warnings)
