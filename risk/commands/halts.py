"""``seawall halts``: what is latched in a book, by whom, and since when."""

from typing import NamedTuple

import click

from risk.commands.authority import Held, NotHeard, held
from risk.commands.doors import needs
from risk.commands.output import as_json, print_json, print_table
from risk.commands.people import actor_who_stops, book_of, of_portfolio
from risk.commands.store import reading
from risk.config import load_settings
from risk.domain.actors import Ability
from risk.domain.latches import Latch
from risk.domain.scopes import Scope
from risk.errors import StoreUnavailable
from risk.storage.latches import LatchStanding, latch_standing

HEADINGS = ("number", "scope", "state", "since", "by", "reason", "")


@click.command()
@of_portfolio
@as_json
@needs(Ability.VIEW, by=actor_who_stops)
def halts(portfolio: str | None, as_json: bool) -> None:
    """List what people and programs have stopped, and what waits for the engine.

    The engine is asked too: while its database does not answer, it holds in memory what it could
    not write down yet.
    """
    name = book_of(portfolio)
    found = _look(name)
    if as_json:
        print_json(
            {
                "portfolio": name,
                "latches": [*documents(found.standing), *map(_unwritten, found.unwritten)],
                "engine": found.engine_problem,
                "database": found.database_problem,
            }
        )
        return
    told = [*rows(found.standing), *map(_unwritten_row, found.unwritten)]
    if told:
        print_table(HEADINGS, told)
    else:
        click.echo(f"Nobody has stopped anything in {name}.")
    if found.engine_problem is not None:
        # A standing halt must not be lost among words: these go another way.
        click.echo(f"{found.engine_problem}: this is what the database knows.", err=True)
    if found.database_problem is not None:
        click.echo(f"{found.database_problem}: this is what the engine holds.", err=True)


class _Found(NamedTuple):
    """What the database knows, what only the engine does, and which of them could not be asked."""

    standing: LatchStanding
    unwritten: list[Held]
    engine_problem: str | None
    database_problem: str | None


def _look(portfolio: str) -> _Found:
    """Ask both.

    Raises
    ------
    StoreUnavailable
        If neither answers.
    """
    standing, away = LatchStanding({}, {}, ()), None
    try:
        with reading() as connection:
            standing = latch_standing(connection, portfolio)
    except StoreUnavailable as problem:
        away = problem
    try:
        now = held(load_settings(), portfolio)
    except NotHeard as silence:
        if away is not None:
            raise away from silence
        return _Found(standing, [], f"The engine {silence.why}", None)
    known = {
        (scope.label, latch.state.name)
        for some in (standing.in_force, standing.coming)
        for scope, latch in some.items()
    }
    unwritten = [each for each in now if (each.scope, each.trading_state) not in known]
    return _Found(standing, unwritten, None, None if away is None else str(away))


def _unwritten(latch: Held) -> dict[str, object]:
    return {
        "number": None,
        "scope": latch.scope,
        "trading_state": latch.trading_state,
        "who": latch.by,
        "reason": latch.cause,
        "since": latch.since.isoformat(timespec="seconds"),
        "in_force": True,
        "stays": True,
    }


def _unwritten_row(latch: Held) -> tuple[object, ...]:
    return (
        None,
        latch.scope,
        latch.trading_state.replace("_", " "),
        latch.since.isoformat(timespec="seconds"),
        latch.by,
        latch.cause,
        "in force, in the engine's memory alone",
    )


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
