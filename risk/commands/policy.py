"""``seawall policy``: what may be done with a book, as one file."""

import os
from datetime import date
from pathlib import Path

import click

from risk.commands.doors import needs
from risk.commands.output import print_table
from risk.commands.people import book_of, of_portfolio
from risk.commands.policy_files import read_policy_file
from risk.commands.proposing import print_outcome, propose, with_a_reason
from risk.commands.store import reading
from risk.domain.actions import AdoptPolicy
from risk.domain.actors import Ability
from risk.domain.policy import Policy
from risk.engine.clock import wall_time
from risk.errors import InvalidInput
from risk.policy.adoption import asked_for
from risk.policy.diff import counted, diff
from risk.policy.text import policy_text
from risk.storage.policies import (
    PolicyEntry,
    PolicyStanding,
    policy_history,
    policy_standing,
    policy_versions,
)

_file = click.argument("file", type=click.Path(path_type=Path))


@click.group()
def policy() -> None:
    """Keep what may be done with a book: one file of limits, compared before it is adopted.

    docs/policy.md describes the file. A book without a policy may not trade.
    """


@policy.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@of_portfolio
@click.option("--version", type=int, help="An earlier one, as `history` numbers them.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@needs(Ability.VIEW)
def export(file: Path | None, portfolio: str | None, version: int | None, force: bool) -> None:
    """Write the policy in force to FILE, or print it."""
    name = book_of(portfolio)
    with reading() as connection:
        if version is None:
            found = policy_standing(connection, name, at=wall_time()).in_force
        else:
            found = policy_versions(connection, name).get(version)
    if found is None:
        raise InvalidInput(_none(name) if version is None else f"{name} had no version {version}")
    if file is None:
        click.echo(policy_text(found), nl=False)
        return
    _write(file, policy_text(found), force=force)
    click.echo(f"Wrote version {found.version} of {name}'s policy to {file}.")


@policy.command()
@_file
@of_portfolio
def check(file: Path, portfolio: str | None) -> None:
    """Say whether FILE is a policy that could be adopted."""
    name = book_of(portfolio)
    found = read_policy_file(file, name)
    click.echo(
        f"{file} is sound: {_many(len(found.limits), 'limit')}, "
        f"{_many(len(found.breakers), 'breaker')}, "
        f"{_many(len(found.instruments), 'instrument')}, "
        f"{_many(len(found.strategies), 'strategy', 'strategies')}, "
        f"{_many(len(found.temporary), 'temporary limit')}."
    )
    for overdue in _overdue(found, wall_time().date()):
        click.echo(overdue)


@policy.command("diff")
@_file
@of_portfolio
@needs(Ability.VIEW)
def diff_(file: Path, portfolio: str | None) -> None:
    """Say what adopting FILE would change."""
    name = book_of(portfolio)
    new = read_policy_file(file, name)
    with reading() as connection:
        standing = policy_standing(connection, name, at=wall_time())
    _print_differences(name, standing, new)


@policy.command("import")
@_file
@of_portfolio
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_a_reason
@needs(Ability.PROPOSE)
def import_(file: Path, portfolio: str | None, yes: bool, reason: str | None) -> None:
    """Propose FILE, after showing what it would change.

    It is adopted at once where it does not loosen and an officer asks, or while nobody has a login;
    else it waits for an officer (`seawall proposals`). Refused if somebody adopted another policy
    meanwhile.
    """
    name = book_of(portfolio)
    new = read_policy_file(file, name)
    with reading() as connection:
        standing = policy_standing(connection, name, at=wall_time())
    if not _print_differences(name, standing, new):
        return
    if not yes:
        click.confirm(f"Adopt it for {name}?", abort=True)
    seen = _version(standing.coming)
    made = propose(
        name,
        lambda by: AdoptPolicy(seq=0, at=wall_time(), who=by.name, policy=new, seen=seen),
        reason=reason,
        otherwise=f"the file {file.name}",
    )
    print_outcome(
        made, f"{name} will have it as version {seen + 1} from the engine's next cycle on."
    )


@policy.command()
@of_portfolio
@needs(Ability.VIEW)
def history(portfolio: str | None) -> None:
    """List everything that was asked of the policy, and what came of it."""
    name = book_of(portfolio)
    with reading() as connection:
        entries = policy_history(connection, name)
    if not entries:
        click.echo(f"Nobody has asked anything of the policy of {name} yet.")
    print_table(
        ("asked", "by", "to", "approved by", "became", "different"),
        [
            (
                entry.action.at.isoformat(timespec="seconds"),
                entry.action.who,
                asked_for(entry.action),
                "" if entry.action.sanction is None else entry.action.sanction.told,
                _became(entry),
                len(entry.adopted.what) if entry.adopted else None,
            )
            for entry in entries
        ],
    )


# --- in words ------------------------------------------------------------------------------


def _write(file: Path, text: str, *, force: bool) -> None:
    try:
        if force and file.is_file():
            _write_over(file.resolve(), text)
        elif force and file.exists():  # a pipe, a terminal
            file.write_text(text, encoding="utf-8")
        else:
            _write_anew(file, text)
    except FileExistsError as error:
        raise InvalidInput(f"{file} is there already; --force writes over it") from error
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error


def _write_over(file: Path, text: str) -> None:
    """Put a whole file in the place of the one that is there, which stays if that fails."""
    beside = file.with_name(f"{file.name}.{os.getpid()}.part")
    _write_anew(beside, text)
    try:
        beside.chmod(file.stat().st_mode)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _write_anew(file: Path, text: str) -> None:
    """Write all of a new file or leave none: half of a policy may read like a whole one."""
    with file.open("x", encoding="utf-8") as opened:
        try:
            opened.write(text)
            opened.flush()
        except OSError:
            file.unlink(missing_ok=True)
            raise


def _print_differences(portfolio: str, standing: PolicyStanding, new: Policy) -> bool:
    """Whether there are any."""
    old = standing.coming
    if standing.waiting:
        click.echo(f"Compared with what waits for the engine, asked by {standing.waiting[-1].who}.")
    if old is None:
        click.echo(_none(portfolio))
    elif 0 < new.version < old.version:
        click.echo(
            f"The file was made from version {new.version}; version {old.version} is in force: "
            "what was changed since would be undone."
        )
    differences = diff(old, new)
    if not differences:
        click.echo(f"Nothing would change: {portfolio} has this policy already.")
        return False
    for difference in differences:
        click.echo(str(difference))
    click.echo(f"{_many(len(differences), 'difference')}: {counted(differences)}.")
    return True


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"


def _none(portfolio: str) -> str:
    return f"{portfolio} has no policy yet: until one is adopted nothing may be traded."


def _version(policy: Policy | None) -> int:
    return 0 if policy is None else policy.version


def _became(entry: PolicyEntry) -> str:
    if entry.waits:
        return "waits for the engine"
    return "refused" if entry.adopted is None else f"version {entry.adopted.number}"


def _overdue(policy: Policy, today: date) -> list[str]:
    return [
        f"{limit.name} should have been reviewed by {limit.review_by}."
        for limit in policy.limits
        if limit.review_by is not None and limit.review_by < today
    ]
