"""``seawall resume``: let go of what was stopped, after looking at it."""

import click

from risk.commands.changing import changed
from risk.commands.doors import needs
from risk.commands.halts import HEADINGS, rows
from risk.commands.output import print_table
from risk.commands.people import book_of, by_whom, for_a_reason, of_portfolio
from risk.commands.scopes import of_scope, scope_of
from risk.commands.store import reading
from risk.domain.actors import Ability
from risk.domain.asking import checked_reason
from risk.domain.scopes import Scope
from risk.errors import InvalidInput
from risk.storage.latches import LatchStanding, latch_standing


@click.command()
@of_portfolio
@of_scope
@for_a_reason
@by_whom
@click.option("--seen", type=int, help="Number of the latch that was seen; asked for unless given.")
@needs(Ability.RESUME)
def resume(
    portfolio: str | None, reason: str, who: str | None, seen: int | None, **named: str | None
) -> None:
    """Let go of what somebody stopped, in a book or in one part of it.

    Shows what is stopped and asks; with --seen it does not ask. Refused if it was stopped again
    meanwhile. What rules and limits stop stays stopped.
    """
    name = book_of(portfolio)
    scope = scope_of(name, named)
    why = checked_reason(reason)
    with reading() as connection:
        standing = latch_standing(connection, name)
    _show(name, standing, scope)
    if seen is None:
        click.confirm(f"Resume {scope.label}?", abort=True)
        seen = standing.coming[scope].action
    number = seen
    changed(lambda actions, by: actions.resume(by, name, scope, reason=why, seen=number), who=who)
    with reading() as connection:
        left = latch_standing(connection, name).coming
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
