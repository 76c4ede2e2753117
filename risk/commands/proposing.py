"""What a command that proposes something has in common with the others: its reason, its answer."""

from collections.abc import Callable

import click

from risk.commands.changing import changed
from risk.domain.actions import Change
from risk.domain.actors import Actor
from risk.domain.proposals import Proposal, ProposalStatus
from risk.errors import InvalidInput

#: For commands that did without before anybody had to agree.
with_a_reason = click.option(
    "--reason", metavar="TEXT", help="Why, in one sentence; needed once anybody has a login."
)


def propose(
    portfolio: str, make: Callable[[Actor], Change], *, reason: str | None, otherwise: str
) -> Proposal:
    """Propose a change as whoever asks.

    Parameters
    ----------
    portfolio : str
    make : callable
        Makes it, given who asks.
    reason : str or None
    otherwise : str
        The reason of whoever is alone and gives none.
    """
    return changed(
        lambda actions, by: actions.propose(
            by, portfolio, make(by), reason=_reason(by, reason, otherwise)
        )
    )


def print_outcome(proposal: Proposal, holds: str) -> None:
    """Say whether a change is on its way, or for whom it waits.

    Parameters
    ----------
    proposal : Proposal
    holds : str
        The sentence for one that is adopted.
    """
    if proposal.status is ProposalStatus.APPROVED:
        click.echo(holds)
    else:
        click.echo(waiting_words(proposal))


def waiting_words(proposal: Proposal) -> str:
    """For whom an open proposal waits, one sentence."""
    whom = "an officer"
    if proposal.loosens_something:
        whom = f"an officer other than {proposal.author}, since it loosens"
    return (
        f"Proposal {proposal.id} waits for {whom}: `seawall proposals approve {proposal.id}`. "
        f"It lapses on {proposal.lapses:%Y-%m-%d}."
    )


def _reason(by: Actor, reason: str | None, otherwise: str) -> str:
    if reason is not None:
        return reason
    if by.is_alone:
        return otherwise
    raise InvalidInput("say why with --reason: whoever approves it must know")
