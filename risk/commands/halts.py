"""``seawall halts``: what is latched in a book, by whom, and since when."""

import click

from risk.commands.output import as_json, print_json, print_table
from risk.commands.people import book_of, of_portfolio
from risk.commands.store import reading
from risk.domain.latches import Latch
from risk.domain.scopes import Scope
from risk.engine.clock import wall_time
from risk.storage.latches import LatchStanding, latch_standing

HEADINGS = ("number", "scope", "state", "since", "by", "reason", "")


@click.command()
@of_portfolio
@as_json
def halts(portfolio: str | None, as_json: bool) -> None:
    """List what people and programs have stopped, and what waits for the engine."""
    name = book_of(portfolio)
    with reading() as connection:
        standing = latch_standing(connection, name, at=wall_time())
    if as_json:
        print_json({"portfolio": name, "latches": documents(standing)})
    elif not standing.in_force and not standing.coming:
        click.echo(f"Nobody has stopped anything in {name}.")
    else:
        print_table(HEADINGS, rows(standing))


def documents(standing: LatchStanding) -> list[dict[str, object]]:
    """Each latch in force or coming, as JSON tells it."""
    return [
        {
            "number": latch.action,
            "scope": scope.label,
            "trading_state": latch.state.name,
            "who": latch.who,
            "reason": latch.reason,
            "since": latch.since.isoformat(timespec="seconds"),
            "in_force": scope in standing.in_force,
            "stays": scope in standing.coming,
        }
        for scope, latch in _latest(standing).items()
    ]


def rows(standing: LatchStanding) -> list[tuple[object, ...]]:
    """The same for people."""
    return [
        (
            latch.action,
            scope.label,
            latch.state.word,
            latch.since.isoformat(timespec="seconds"),
            latch.who,
            latch.reason,
            _whether_in_force(standing, scope),
        )
        for scope, latch in _latest(standing).items()
    ]


def _latest(standing: LatchStanding) -> dict[Scope, Latch]:
    """As it will be, and what will be no more as it is."""
    return dict(sorted({**standing.in_force, **standing.coming}.items()))


def _whether_in_force(standing: LatchStanding, scope: Scope) -> str:
    now, then = standing.in_force.get(scope), standing.coming.get(scope)
    if now is None:
        return "waits for the engine"
    if then is None:
        return "in force, its end waits for the engine"
    if now.state is not then.state:
        return f"{now.state.word} is in force, this waits for the engine"
    return "in force"
