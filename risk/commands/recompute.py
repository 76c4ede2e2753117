"""``seawall journal recompute``: answers and trips worked out again, and compared."""

from collections.abc import Callable
from typing import Any

import click
from sqlalchemy import Connection

from risk.commands.doors import needs
from risk.commands.output import as_json, print_json
from risk.commands.people import book_of, of_portfolio
from risk.commands.store import reading
from risk.domain.actors import Ability
from risk.storage.again import Again, order_again, trip_again

_DIFFERS = 1


@click.group()
def recompute() -> None:
    """Work an answer or a trip out again from what is kept, and compare it with the journal.

    Exits with 1 if it differs. Models are kept for ten days, those of the hour for three hours:
    what hangs on one that is gone is told as not compared.
    """


@recompute.command()
@click.argument("client_order_id")
@of_portfolio
@as_json
@click.pass_context
@needs(Ability.VIEW)
def order(ctx: click.Context, client_order_id: str, portfolio: str | None, as_json: bool) -> None:
    """The answer to the order CLIENT_ORDER_ID: every check, the verdict and the quantity."""
    _work_out(ctx, order_again, portfolio, client_order_id, as_json=as_json)


@recompute.command()
@click.argument("episode")
@of_portfolio
@as_json
@click.pass_context
@needs(Ability.VIEW)
def trip(ctx: click.Context, episode: str, portfolio: str | None, as_json: bool) -> None:
    """The trip that began EPISODE, by taking its cycle's step once more."""
    _work_out(ctx, trip_again, portfolio, episode, as_json=as_json)


def _work_out(
    ctx: click.Context,
    work: Callable[[Connection, str, str], Again],
    portfolio: str | None,
    name: str,
    *,
    as_json: bool,
) -> None:
    book = book_of(portfolio)
    with reading() as connection:
        again = work(connection, book, name)
    if as_json:
        print_json(_document(book, again))
    else:
        for line in _lines(book, again):
            click.echo(line)
    ctx.exit(_DIFFERS if again.result == "differs" else 0)


def _lines(portfolio: str, again: Again) -> list[str]:
    entry = "" if again.entry is None else f" (entry {again.entry} of the journal of {portfolio})"
    lines = [f"{again.what[:1].upper()}{again.what[1:]}{entry}."]
    comparison = again.comparison
    if comparison is None:
        return [*lines, f"Not comparable: {again.why_not}."]
    if comparison.same:
        how = "to the last digit" if comparison.exact else "within rounding"
        lines.append(f"Same: {comparison.checks} checks compared, {how}.")
    else:
        lines.append("Differs:")
        lines += [
            f"  {each.what}: journalled {each.stored}, worked out {each.computed}"
            for each in comparison.differences
        ]
    lines += [f"Taken from the answer: {code}." for code in comparison.given]
    lines += [f"Not compared: {each}." for each in comparison.uncompared]
    return [*lines, *(f"Assumed: {each}." for each in again.notes)]


def _document(portfolio: str, again: Again) -> dict[str, Any]:
    comparison = again.comparison
    return {
        "portfolio": portfolio,
        "what": again.what,
        "entry": again.entry,
        "result": again.result,
        "why_not": again.why_not or None,
        "exact": None if comparison is None else comparison.exact,
        "checks": 0 if comparison is None else comparison.checks,
        "differences": [
            {"what": each.what, "stored": each.stored, "computed": each.computed}
            for each in (comparison.differences if comparison else ())
        ],
        "given": list(comparison.given) if comparison else [],
        "not_compared": list(comparison.uncompared) if comparison else [],
        "assumed": list(again.notes),
    }
