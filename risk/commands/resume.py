"""``seawall resume``: let go of what was stopped, after looking at it."""

import click

from risk.commands.halts import HEADINGS, rows
from risk.commands.output import print_table
from risk.commands.people import book_of, of_portfolio
from risk.commands.people import who as user
from risk.commands.scopes import of_scope, scope_of
from risk.commands.store import reading, writing
from risk.domain.scopes import Scope
from risk.engine.clock import wall_time
from risk.errors import InvalidInput
from risk.storage.actions import checked_name
from risk.storage.latches import LatchStanding, checked_reason, latch_standing
from risk.storage.latches import resume as let_go


@click.command()
@of_portfolio
@of_scope
@click.option("--reason", metavar="TEXT", required=True, help="Why, in one sentence.")
@click.option("--who", metavar="NAME", help="Who asks; the system's user unless given.")
@click.option("--seen", type=int, help="Number of the latch that was seen; asked for unless given.")
def resume(
    portfolio: str | None, reason: str, who: str | None, seen: int | None, **named: str | None
) -> None:
    """Let go of what somebody stopped, in a book or in one part of it.

    Shows what is stopped and asks; with --seen it does not ask. Refused if it was stopped again
    meanwhile. What rules and limits stop stays stopped.
    """
    name = book_of(portfolio)
    scope = scope_of(name, named)
    asked_by, why = checked_name(user() if who is None else who), checked_reason(reason)
    with reading() as connection:
        standing = latch_standing(connection, name, at=wall_time())
    _show(name, standing, scope)
    if seen is None:
        click.confirm(f"Resume {scope.label}?", abort=True)
        seen = standing.coming[scope].action
    with writing() as connection:
        let_go(connection, name, scope, who=asked_by, reason=why, seen=seen, at=wall_time())
        left = latch_standing(connection, name, at=wall_time()).coming
    click.echo(f"{scope.label} is resumed from the engine's next cycle on.")
    if left:
        click.echo(f"Still stopped: {', '.join(other.label for other in sorted(left))}.")


def _show(portfolio: str, standing: LatchStanding, scope: Scope) -> None:
    """What is stopped; refuses what is not."""
    if scope not in standing.coming:
        stopped = ", ".join(other.label for other in sorted(standing.coming))
        hint = f"; stopped are {stopped}" if stopped else f": nothing in {portfolio} is"
        raise InvalidInput(f"{scope.label} is not latched{hint}")
    print_table(HEADINGS, rows(standing))
