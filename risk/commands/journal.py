"""``seawall journal``: prove that nothing was changed in what must never change."""

import click
from sqlalchemy import Connection

from risk.commands.output import as_json, print_json
from risk.commands.store import checked_engines_of
from risk.config import load_settings
from risk.storage.engines import transaction
from risk.storage.journal import verify as verify_stream
from risk.storage.portfolios import list_portfolios, require_portfolio


@click.group()
def journal() -> None:
    """Examine the journal: events kept for ever, chained by their hashes."""


@journal.command()
@click.argument("portfolio", required=False)
@as_json
def verify(portfolio: str | None, as_json: bool) -> None:
    """Check every entry's hash, of PORTFOLIO or of all; a broken chain exits with 1.

    The chain shows an entry that was changed or removed, but not that the newest ones were cut
    off: for that, compare the number of entries with one noted earlier.
    """
    with (
        checked_engines_of(load_settings()) as engines,
        transaction(engines.reader) as connection,
    ):
        entries = {
            name: verify_stream(connection, name) for name in _streams(connection, portfolio)
        }
    if as_json:
        print_json({"streams": [{"portfolio": name, "entries": n} for name, n in entries.items()]})
        return
    for name, count in entries.items():
        click.echo(f"The journal of {name} holds: {count:,} entries.")


def _streams(connection: Connection, portfolio: str | None) -> list[str]:
    if portfolio is None:
        return [listed.name for listed in list_portfolios(connection)]
    require_portfolio(connection, portfolio)
    return [portfolio]
