"""``seawall engine``: the authority over one portfolio, without the pages."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from risk.commands.logs import configure_logs
from risk.config import Settings, load_settings
from risk.engine.lifeline import inherited_lifeline
from risk.runtime import Engine, build_authority


@click.command()
def engine() -> None:
    """Read the market, measure the book, answer orders and save, until told to end.

    One engine works for each portfolio: a second one waits until the first has ended. The
    tables must be there: run `seawall migrate` before the first start and after an update.
    """
    settings = load_settings()
    configure_logs(settings.log_level)
    lifeline = inherited_lifeline(os.environ)
    authority = build_authority(settings)
    if lifeline is not None:
        lifeline.end_with_supervisor()
    with agents_answered(authority, settings):
        authority.run(beat=_nobody_listens if lifeline is None else lifeline.beat)


@contextmanager
def agents_answered(authority: Engine, settings: Settings) -> Iterator[None]:
    """Answer agents over HTTP, from the first moment on: while nothing rules, with why not.

    Raises
    ------
    SettingInvalid
        If the port cannot be listened on, or the service key cannot be kept.
    """
    # Not at the top: whoever asks for help need not wait for a web server to be imported.
    from risk.commands.serving import api_of  # noqa: PLC0415

    with api_of(authority, settings):
        yield


def _nobody_listens() -> None:
    """The heart of an engine that was started by hand."""
