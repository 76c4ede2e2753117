"""``seawall settings``: every setting, its value in force and where that came from."""

from dataclasses import asdict

import click

from risk.commands.output import as_json, print_json
from risk.config import settings_in_force


@click.command()
@as_json
def settings(as_json: bool) -> None:
    """List every setting: value in force, default, meaning and source.

    A setting comes from the environment, else from seawall.toml in the current folder (the
    same names without SEAWALL_), else from its default. Passwords are not shown.
    """
    rows = settings_in_force()
    if as_json:
        print_json({"settings": [asdict(row) for row in rows]})
        return
    for row in rows:
        click.echo(f"{row.key} = {_in_words(row.value)}  ({row.source})")
        click.echo(f"    {row.meaning} Default: {row.default}.")


def _in_words(value: object) -> str:
    return "none" if value is None else str(value)
