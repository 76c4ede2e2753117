"""``seawall migrate``: bring the database's tables to what this program expects."""

import click

from risk.commands.store import engines_of
from risk.config import load_settings, without_password
from risk.storage.schema import downgrade, upgrade


@click.command()
@click.option("--down", is_flag=True, help="Take back the newest step and the data only it holds.")
@click.option("--yes", is_flag=True, help="Do not ask before taking a step back.")
def migrate(down: bool, yes: bool) -> None:
    """Make or renew the database's tables; safe to repeat."""
    settings = load_settings()
    where = without_password(settings.database_url)
    if down and not yes:
        click.confirm(f"Take back the newest step in {where}? Its data is lost", abort=True)
    with engines_of(settings) as engines:
        (downgrade if down else upgrade)(engines)
    click.echo(f"{'Took back one step in' if down else 'Tables are up to date in'} {where}.")
