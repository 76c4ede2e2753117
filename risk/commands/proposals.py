"""``seawall proposals``: changes that wait for a second person, and what became of them."""

from collections.abc import Sequence
from typing import Any

import click

from risk.commands.changing import changed
from risk.commands.doors import needs
from risk.commands.output import as_json, print_json, print_table
from risk.commands.people import book_of, for_a_reason, of_portfolio
from risk.commands.proposing import print_outcome, propose, waiting_words
from risk.commands.store import reading
from risk.domain.actors import Ability
from risk.domain.proposals import Proposal, ProposalStatus
from risk.engine.clock import wall_time
from risk.errors import InvalidInput
from risk.policy.adoption import revert_of
from risk.storage import proposals as stored
from risk.storage.policies import known_versions

_number = click.argument("proposal", type=int)


@click.group()
def proposals() -> None:
    """Changes of limits, breakers, policy or model, and the second person whom they need.

    What tightens needs one officer; what loosens another one than its author: docs/changes.md.
    """


@proposals.command("list")
@click.option("--all", "every", is_flag=True, help="Those that are decided, too.")
@of_portfolio
@as_json
@needs(Ability.VIEW)
def list_(every: bool, portfolio: str | None, as_json: bool) -> None:
    """List proposals that wait, the newest first."""
    found = _stored(book_of(portfolio), open_only=not every)
    if as_json:
        print_json({"proposals": [_document(each) for each in found]})
        return
    if not found:
        click.echo("Nothing waits." if not every else "Nobody has proposed anything yet.")
    print_table(
        ("number", "asked", "by", "direction", "what", "status"),
        [
            (
                each.id,
                each.at.isoformat(timespec="seconds"),
                each.author,
                each.direction.value,
                _first(each.what),
                each.status.value,
            )
            for each in found
        ],
    )


@proposals.command()
@_number
@of_portfolio
@as_json
@needs(Ability.VIEW)
def show(proposal: int, portfolio: str | None, as_json: bool) -> None:
    """Show a proposal, line by line; those that loosen are marked."""
    name = book_of(portfolio)
    found = next((each for each in _stored(name) if each.id == proposal), None)
    if found is None:
        raise InvalidInput(f"{name} has no proposal {proposal}")
    if as_json:
        print_json(_document(found))
        return
    click.echo(f"Proposal {found.id} of {name}, by {found.author}: {found.reason}")
    for line in found.what:
        click.echo(f"{'! ' if line in found.loosens else '  '}{line}")
    click.echo(f"It {_GOES[found.direction.value]}, compared with version {found.seen}.")
    is_open = found.status is ProposalStatus.OPEN
    told = waiting_words(found) if is_open else f"It was {stored.decided_words(found)}."
    click.echo(told)


@proposals.command()
@_number
@for_a_reason
@of_portfolio
@needs(Ability.APPROVE)
def approve(proposal: int, reason: str, portfolio: str | None) -> None:
    """Let a proposal hold from the engine's next cycle on. Never one's own that loosens."""
    name = book_of(portfolio)
    changed(lambda actions, by: actions.approve(by, name, proposal, reason=reason))
    click.echo(f"Proposal {proposal} holds for {name} from the engine's next cycle on.")


@proposals.command()
@_number
@for_a_reason
@of_portfolio
@needs(Ability.APPROVE)
def reject(proposal: int, reason: str, portfolio: str | None) -> None:
    """Turn somebody else's proposal down."""
    name = book_of(portfolio)
    changed(lambda actions, by: actions.reject(by, name, proposal, reason=reason))
    click.echo(f"Proposal {proposal} of {name} is rejected.")


@proposals.command()
@_number
@for_a_reason
@of_portfolio
@needs(Ability.REQUEST_LIMIT)
def withdraw(proposal: int, reason: str, portfolio: str | None) -> None:
    """Take one's own proposal back."""
    name = book_of(portfolio)
    changed(lambda actions, by: actions.withdraw(by, name, proposal, reason=reason))
    click.echo(f"Proposal {proposal} of {name} is withdrawn.")


@proposals.command()
@click.argument("version", type=int)
@for_a_reason
@of_portfolio
@needs(Ability.PROPOSE)
def revert(version: int, reason: str, portfolio: str | None) -> None:
    """Propose to bring VERSION of the policy back, as `policy history` numbers them."""
    name = book_of(portfolio)
    with reading() as connection:
        versions = known_versions(connection, name, at=wall_time())
    made = propose(
        name,
        lambda by: revert_of(versions, version, at=wall_time(), who=by.name),
        reason=reason,
        otherwise=reason,
    )
    for line in made.what:
        click.echo(line)
    print_outcome(
        made, f"{name} will have version {version} again from the engine's next cycle on."
    )


# --- what is told --------------------------------------------------------------------------

_GOES = {
    "tightens": "tightens",
    "loosens": "loosens, or nobody can say that it does not",
    "neither": "changes words only",
}


def _stored(portfolio: str, *, open_only: bool = False) -> Sequence[Proposal]:
    with reading() as connection:
        return stored.proposals(connection, portfolio, at=wall_time(), open_only=open_only)


def _first(what: Sequence[str]) -> str:
    more = len(what) - 1
    return f"{what[0]}{f' and {more} more' if more else ''}"


def _document(found: Proposal) -> dict[str, Any]:
    decided = found.decided_at
    return {
        "id": found.id,
        "portfolio": found.portfolio,
        "kind": type(found.change).__name__,
        "seen": found.seen,
        "direction": found.direction.value,
        "what": list(found.what),
        "loosens": list(found.loosens),
        "author": found.author,
        "reason": found.reason,
        "at": found.at.isoformat(timespec="seconds"),
        "lapses": found.lapses.isoformat(timespec="seconds"),
        "status": found.status.value,
        "decided_by": found.decided_by or None,
        "decision": found.decision or None,
        "decided_at": None if decided is None else decided.isoformat(timespec="seconds"),
        "action": found.action,
    }
