"""``seawall breakers``: how each circuit breaker stands, and letting one go or overruling it."""

import click

from risk.breakers.board import OnBoard
from risk.commands.breakers_told import (
    HEADINGS,
    after_release,
    command_line,
    document_of,
    iso,
    lines_of,
    row_of,
    whole_document_of,
)
from risk.commands.changing import changed
from risk.commands.doors import needs
from risk.commands.must_read import show_must_read
from risk.commands.output import as_json, print_json, print_table
from risk.commands.overrides import override, review, reviews
from risk.commands.people import book_of, by_whom, for_a_reason, of_portfolio
from risk.commands.store import reading
from risk.domain.actors import Ability
from risk.domain.events import ActionRefused
from risk.storage.breakers import (
    breaker_standing,
    known_breaker,
    last_refusal,
    refuse_release,
)

_NAME = click.argument("name")


@click.group()
def breakers() -> None:
    """Look at what stops trading by itself, let it go after looking at it, or overrule it.

    docs/breakers.md says how breakers trip, pause and re-open; docs/overrides.md how people
    overrule them for a while; docs/policy.md how they are set.
    """


for _command in (override, reviews, review):
    breakers.add_command(_command)


@breakers.command("list")
@of_portfolio
@as_json
@needs(Ability.VIEW)
def list_(portfolio: str | None, as_json: bool) -> None:
    """List all breakers, how far each is from its trip level, and what it holds."""
    name = book_of(portfolio)
    with reading() as connection:
        standing = breaker_standing(connection, name)
    if as_json:
        print_json(
            {
                "portfolio": name,
                "at": iso(standing.at),
                "policy": standing.policy or None,
                "breakers": [document_of(each, standing) for each in standing.breakers],
            }
        )
    elif standing.breakers:
        print_table(HEADINGS, [row_of(each, standing) for each in standing.breakers])
    else:
        click.echo(
            f"No breaker is in force in {name}: only people and limits stop it. "
            "docs/policy.md says how a policy gets some."
        )


@breakers.command()
@_NAME
@of_portfolio
@as_json
@needs(Ability.VIEW)
def show(name: str, portfolio: str | None, as_json: bool) -> None:
    """Show the breaker called NAME: its rule, its levels, what it holds, and the way back."""
    book = book_of(portfolio)
    with reading() as connection:
        standing = breaker_standing(connection, book)
        one = known_breaker(standing.breakers, name)
        refused = _of_now(one, last_refusal(connection, book, name))
    if as_json:
        print_json(whole_document_of(one, standing, refused))
        return
    for word, told in lines_of(book, one, standing, refused):
        if told:
            click.echo(f"{word + ':':<13}{told}")


@breakers.command()
@_NAME
@of_portfolio
@for_a_reason
@by_whom
@click.option(
    "--seen", metavar="EPISODE", help="The episode that was seen; asked for unless given."
)
@needs(Ability.OVERRIDE)
def release(
    name: str, portfolio: str | None, reason: str, who: str | None, seen: str | None
) -> None:
    """Let the breaker called NAME re-open though it has not eased, once its pause is over.

    Shows how it stands and what must be read, and asks; with --seen it does not ask. It goes into
    probation and never past it: a quarter of the size first. Refused while the pause lasts, or if
    it tripped again meanwhile. What people, limits and other breakers stop stays stopped.
    """
    book = book_of(portfolio)
    with reading() as connection:
        standing = breaker_standing(connection, book)
    one = known_breaker(standing.breakers, name)
    episode = one.episode.id if one.episode is not None else ""
    refuse_release(standing, one, episode if seen is None else seen)
    if seen is None:
        print_table(HEADINGS, [row_of(one, standing)])
        click.echo(f"{one.cause}.")
    read = show_must_read(book, name, "release")
    if seen is None:
        click.confirm(f"Let {name} re-open?", abort=True)
    known = episode if seen is None else seen
    changed(
        lambda actions, by: actions.release_breaker(
            by, book, name, episode=known, reason=reason, read=read
        ),
        who=who,
    )
    click.echo(after_release(one))
    click.echo(f"`{command_line('show', book, name)}` says what came of it.")


def _of_now(one: OnBoard, refused: ActionRefused | None) -> ActionRefused | None:
    """A refusal, unless the breaker has stepped on since."""
    stale = refused is None or (one.state is not None and refused.at < one.state.since)
    return None if stale else refused
