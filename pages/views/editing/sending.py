"""What becomes of a wish once somebody sends it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from dash import html

from pages.components.basics import Component
from pages.components.links import inside_link
from pages.components.toasts import ToastLink, toast
from pages.format import sentence
from pages.paths import CHANGES_PATH
from pages.reasons import reason_fault, typed_line
from pages.views.editing.effect import judged_of, stamp_of
from pages.views.editing.reading import EditorData
from pages.views.proposals.wording import deciders
from risk.domain.actions import Change
from risk.domain.actors import Actor
from risk.domain.proposals import Proposal, ProposalStatus
from risk.engine.actions import Actions
from risk.errors import Conflict, NotAllowed, SeawallError, StoreUnavailable

_SAME = "Nothing was changed"
_KEY = "change-sent"
#: Of a page that says something else than what its server made.
NOT_UP_TO_DATE = "this page is not up to date: load it again"


class Outcome(NamedTuple):
    """What became of a wish.

    Attributes
    ----------
    toast : dict
        A message for `sendNotifications`.
    proposal : Proposal or None
        None where nothing came of it.
    reason : str
        What is wrong with the reason; empty where nothing is.
    moved : bool
        Whether another policy is in force than the one that was compared with.
    """

    toast: dict[str, Any]
    proposal: Proposal | None = None
    reason: str = ""
    moved: bool = False


def send(
    actions: Actions,
    data: EditorData,
    typed: Mapping[str, Any],
    *,
    known: object,
    reason: str | None,
    at: datetime,
) -> Outcome:
    """Propose what a form comes to, and say what became of it.

    Parameters
    ----------
    actions : Actions
    data : EditorData
    typed : mapping of name to object
    known : object
        What the page kept of what it showed last: with which version it was compared.
    reason : str or None
        As it was typed.
    at : datetime
        Wall time. UTC.

    Raises
    ------
    NotAllowed
    """
    title = "The change" if data.subject is None else data.subject.title
    fault = reason_fault(reason)
    said = typed_line(reason)
    judged = judged_of(data, typed, stamp=stamp_of(data, said, at))
    if judged is None:
        return refused(title, NOT_UP_TO_DATE)
    if judged.missing:
        return refused(title, judged.missing.rstrip("."))
    if not isinstance(known, Mapping) or known.get("seen") != judged.wanted.before.version:
        return refused(title, "another policy is in force by now; look at what follows")._replace(
            moved=True
        )
    if fault:
        return refused(title, fault)._replace(reason=f"{sentence(fault)}.")
    change = judged.wanted.change
    assert change is not None, "nothing is missing"
    return propose(actions, data.actor, data.book.name, change, title=title, reason=said)


def propose(
    actions: Actions, actor: Actor, book: str, change: Change, *, title: str, reason: str
) -> Outcome:
    """Hand a change in, and say what became of it.

    Raises
    ------
    NotAllowed
    """
    try:
        proposal = actions.propose(actor, book, change, reason=reason)
    except NotAllowed:
        raise  # told by whoever answers the request
    except StoreUnavailable as problem:
        # An answer that got lost may have been a yes.
        return refused(title, f"{problem}. It may be sent all the same: look at Changes", same="")
    except Conflict as problem:
        return refused(title, str(problem))._replace(moved=True)
    except SeawallError as problem:
        return refused(title, str(problem))
    return Outcome(_sent_toast(proposal, title, book), proposal)


def refused(title: str, why: str, *, same: str = _SAME) -> Outcome:
    """That nothing came of it, and why."""
    text = f"{sentence(why)}.{f' {same}.' if same else ''}"
    return Outcome(toast("caution", f"Not sent: {title}", text, key=f"{_KEY}-{text}"))


def sent_words(proposal: Proposal) -> str:
    """What happens next to a proposal that was just made."""
    if proposal.status is ProposalStatus.OPEN:
        return f"It waits for {deciders()} as proposal {proposal.id}; until then nothing changes."
    return "It needed nobody else: in force with the engine's next cycle."


def proposal_href(proposal: int, book: str) -> str:
    """Where a proposal is told at length."""
    return f"{CHANGES_PATH}?book={book}&proposal={proposal}"


def result_parts(proposal: Proposal, book: str) -> list[Component]:
    """What stands below the button afterwards."""
    return [
        html.P(
            [
                html.Strong("Sent. "),
                sent_words(proposal),
                " ",
                inside_link("See it among the changes", proposal_href(proposal.id, book)),
            ]
        )
    ]


def _sent_toast(proposal: Proposal, title: str, book: str) -> dict[str, Any]:
    waits = proposal.status is ProposalStatus.OPEN
    link = ToastLink("Open the proposal", proposal_href(proposal.id, book))
    heading = f"{'Sent' if waits else 'Adopted'}: {title}"
    return toast("info", heading, sent_words(proposal), key=f"{_KEY}-{proposal.id}", links=[link])
