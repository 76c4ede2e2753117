"""``seawall portfolios``: the books of people, and the money that moves in and out."""

from datetime import datetime
from pathlib import Path
from uuid import uuid4

import click

from risk.commands.book_file import read_book
from risk.commands.changing import changed
from risk.commands.doors import needs
from risk.commands.output import as_json, print_json, print_table
from risk.commands.store import reading
from risk.domain.actors import Ability
from risk.domain.ledger import Fill, Flow
from risk.engine.clock import wall_time
from risk.storage.portfolios import PortfolioListing, list_portfolios

_HEADINGS = ("portfolio", "created", "cycle", "saved", "state", "waiting")


@click.group()
def portfolios() -> None:
    """Keep books: add and list them, fund them, import what they hold.

    What is booked here waits until the engine takes it with its next cycle.
    """


@portfolios.command()
@click.argument("name")
@needs(Ability.MANAGE_BOOKS)
def add(name: str) -> None:
    """Add a portfolio called NAME: lower-case letters, digits, - and _."""
    new = changed(lambda actions, by: actions.add_portfolio(by, name))
    click.echo(f"Added {name}." if new else f"{name} is there already.")


@portfolios.command("list")
@as_json
@needs(Ability.VIEW)
def list_(as_json: bool) -> None:
    """List all portfolios, their last cycle and what waits to be booked."""
    with reading() as connection:
        listed = list_portfolios(connection)
    if as_json:
        print_json({"portfolios": [_document(one) for one in listed]})
    elif listed:
        print_table(_HEADINGS, [tuple(_document(one).values()) for one in listed])
    else:
        click.echo("No portfolios yet; `seawall portfolios add NAME` makes one.")


@portfolios.command("fund", context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("amount", type=float)
@click.option("--note", default="", help="Why; shown in the journal.")
@click.option("--id", "identity", help="Booked once, however often this command is repeated.")
@needs(Ability.MANAGE_BOOKS)
def fund_(name: str, amount: float, note: str, identity: str | None) -> None:
    """Book a deposit of AMOUNT into NAME, in quote currency; negative: a withdrawal.

    It is neither profit nor loss.
    """
    flow = Flow(
        id=f"fund:{identity or uuid4().hex}", amount=_finite(amount), at=wall_time(), note=note
    )
    new = changed(lambda actions, by: actions.fund(by, name, flow))
    word = "deposit" if amount > 0.0 else "withdrawal"
    click.echo(
        f"A {word} of {abs(amount):,.2f} waits to be booked into {name}."
        if new
        else f"{identity} is known already; nothing was booked again."
    )


@portfolios.command("import")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@needs(Ability.MANAGE_BOOKS)
def import_(name: str, file: Path) -> None:
    """Book the positions, cash and flows of the CSV file FILE into NAME.

    All of the file or nothing; docs/portfolios.md describes it. Importing it again changes nothing.
    """
    book = read_book(file, now=wall_time())
    entries: list[Fill | Flow] = [*book.flows, *book.fills]
    new = changed(lambda actions, by: actions.import_entries(by, name, entries, opens=book.opens))
    known = f"; {len(entries) - new} were known already" if new < len(entries) else ""
    click.echo(f"{new} entries of {file.name} wait to be booked into {name}{known}.")


def _finite(amount: float) -> float:
    if abs(amount) < float("inf"):
        return amount
    raise click.BadParameter(f"{amount} is no amount of money", param_hint="AMOUNT")


def _document(listed: PortfolioListing) -> dict[str, object]:
    return {
        "name": listed.name,
        "created": _in_words(listed.created),
        "cycle": listed.cycle,
        "saved": _in_words(listed.saved),
        "trading_state": listed.trading_state,
        "waiting": listed.waiting,
    }


def _in_words(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
