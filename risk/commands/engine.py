"""``seawall engine``: the authority over one portfolio, without the pages."""

import os

import click

from risk.commands.logs import configure_logs
from risk.config import load_settings
from risk.engine.lifeline import inherited_lifeline
from risk.runtime import build_authority


@click.command()
def engine() -> None:
    """Read the market, measure the book and save, cycle by cycle, until told to end.

    One engine works for each portfolio: a second one waits until the first has ended. The
    tables must be there: run `seawall migrate` before the first start and after an update.
    """
    settings = load_settings()
    configure_logs(settings.log_level)
    lifeline = inherited_lifeline(os.environ)
    if lifeline is None:
        build_authority(settings).run(beat=_nobody_listens)
        return
    lifeline.end_with_supervisor()
    build_authority(settings).run(beat=lifeline.beat)


def _nobody_listens() -> None:
    """The heart of an engine that was started by hand."""
