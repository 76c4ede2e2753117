"""``seawall keys``: who may ask the authority over HTTP, and for what."""

from datetime import datetime

import click

from risk.auth.keys import new_key
from risk.commands.changing import changed
from risk.commands.doors import needs
from risk.commands.output import as_json, print_json, print_table
from risk.commands.people import book_of, for_a_reason, with_reason
from risk.commands.store import reading
from risk.domain.actors import Ability
from risk.domain.keys import USUAL_ABILITIES, ApiKey, KeyAbility
from risk.engine.clock import wall_time
from risk.storage.keys import all_keys

_HEADINGS = ("id", "name", "portfolios", "strategies", "abilities", "created", "revoked")


@click.group()
def keys() -> None:
    """Give keys to programs that ask over HTTP, list them, and take them back.

    A running authority knows of changes within a second.
    """


@keys.command()
@click.option("--name", required=True, help="Whose it is; told in the journal.")
@click.option(
    "--portfolio",
    "portfolios",
    multiple=True,
    metavar="NAME",
    help="What it opens, once or more; that of the settings unless given.",
)
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    metavar="NAME",
    help="It knows only of these; of all unless given.",
)
@click.option(
    "--ability",
    "abilities",
    multiple=True,
    type=click.Choice([ability.value for ability in KeyAbility]),
    help="What it may do; validate and read unless given.",
)
@with_reason
@as_json
@needs(Ability.MANAGE_PEOPLE)
def add(
    name: str,
    portfolios: tuple[str, ...],
    strategies: tuple[str, ...],
    abilities: tuple[str, ...],
    reason: str,
    as_json: bool,
) -> None:
    """Make a key and print it, once: only its hash is kept.

    Abilities: validate asks about orders and reports what became of them; read reads the book;
    command makes trading tighter at once; emergency lets a proven reduction pass a halt;
    speak_for says on whose behalf a command is given.
    """
    made = new_key()
    key = ApiKey(
        id=made.id,
        name=name,
        hash=made.hash,
        portfolios=frozenset(portfolios or (book_of(None),)),
        strategies=frozenset(strategies) if strategies else None,
        abilities=frozenset(map(KeyAbility, abilities)) or USUAL_ABILITIES,
        created=wall_time(),
    )
    changed(lambda actions, by: actions.add_key(by, key, reason=reason))
    if as_json:
        print_json({"id": made.id, "key": made.secret})
        return
    click.echo(f"Key {made.id} of {name}, shown only now:")
    click.echo(made.secret)


@keys.command("list")
@as_json
@needs(Ability.VIEW)
def list_(as_json: bool) -> None:
    """List all keys, those that were revoked included; secrets are not known."""
    with reading() as connection:
        documents = [_document(key) for key in all_keys(connection)]
    if as_json:
        print_json({"keys": documents})
    elif documents:
        print_table(_HEADINGS, [_row(document) for document in documents])
    else:
        click.echo("No keys yet; `seawall keys add --name NAME` makes one.")


@keys.command()
@click.argument("key_id", metavar="ID")
@for_a_reason
@needs(Ability.MANAGE_PEOPLE)
def revoke(key_id: str, reason: str) -> None:
    """Let the key ID open nothing any more."""
    new = changed(lambda actions, by: actions.revoke_key(by, key_id, reason=reason))
    click.echo(
        f"Key {key_id} opens nothing any more; a running authority knows it within a second."
        if new
        else f"Key {key_id} was revoked already."
    )


def _document(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "portfolios": sorted(key.portfolios),
        "strategies": None if key.strategies is None else sorted(key.strategies),
        "abilities": sorted(key.abilities),
        "created": _in_words(key.created),
        "revoked": _in_words(key.revoked),
    }


def _row(document: dict[str, object]) -> list[object]:
    told = {
        name: ", ".join(value) if isinstance(value, list) else value
        for name, value in document.items()
    }
    told["strategies"] = told["strategies"] or "all"
    return list(told.values())


def _in_words(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
