"""The dialog in which somebody decides a proposal, and what becomes of his word."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import dash_mantine_components as dmc
from dash import dcc, html

from pages.components.basics import Component
from pages.components.buttons import button
from pages.components.proof import proof_part
from pages.components.toasts import toast
from pages.format import sentence
from pages.held import is_row_number
from pages.reasons import reason_fault, typed_line
from pages.views.editing.sending import NOT_UP_TO_DATE
from pages.views.proposals.heeding import stands_parts, warning_parts
from pages.views.proposals.inbox import APPROVE, REJECT, WITHDRAW, asked_parts, differences_of
from pages.views.proposals.models import model_parts
from pages.views.proposals.preview import preview_parts
from pages.views.proposals.reading import ProposalsData, ShownProposal
from pages.views.proposals.wording import DIRECTIONS, STATUSES, badge
from risk.domain.actors import Actor
from risk.domain.asking import LONGEST_REASON
from risk.domain.proposals import Direction, Proposal, ProposalStatus
from risk.engine.actions import Actions
from risk.errors import Conflict, NotAllowed, SeawallError, StoreUnavailable

DIALOG = "proposal-dialog"
BODY, ASKED, REASON, CANCEL, PAST = (
    f"{DIALOG}-{part}" for part in ("body", "asked", "reason", "cancel", "past")
)
CONFIRM_APPROVE, CONFIRM_REJECT, CONFIRM_WITHDRAW = (
    f"{DIALOG}-{what}" for what in (APPROVE, REJECT, WITHDRAW)
)
_KEY = "proposal-decided"
_VERBS: Mapping[str, str] = {APPROVE: "Approve", REJECT: "Reject", WITHDRAW: "Withdraw"}
_DONE: Mapping[str, str] = {APPROVE: "approved", REJECT: "rejected", WITHDRAW: "withdrawn"}
_ASKS: Mapping[str, str] = {
    APPROVE: "Why it may be, in one line",
    REJECT: "Why not, in one line",
    WITHDRAW: "Why not any more, in one line",
}


class Asked(NamedTuple):
    """What the dialog was opened for.

    Attributes
    ----------
    book : str
    proposal : int
    what : str
        One of ``APPROVE``, ``REJECT``, ``WITHDRAW``.
    """

    book: str
    proposal: int
    what: str


def asked_of(data: Any) -> Asked | None:
    """What a page sends back of its dialog; None if it is nothing that a dialog held."""
    if not isinstance(data, Mapping):
        return None
    book, proposal, what = (data.get(name) for name in Asked._fields)
    if not isinstance(book, str) or what not in _VERBS:
        return None
    return Asked(book, proposal, str(what)) if is_row_number(proposal) else None


# -- the dialog ------------------------------------------------------------------------------


def dialog() -> dmc.Modal:
    """Where somebody gives his word; empty until he asks."""
    return dmc.Modal(
        html.Div(id=BODY, className="sw-dialog-body"),
        id=DIALOG,
        title="A proposal",
        opened=False,
        size="lg",
        centered=True,
        closeButtonProps={"aria-label": "Close and decide nothing"},
        className="sw-dialog",
    )


def title_of(shown: ShownProposal, what: str) -> str:
    """What the dialog is called."""
    return f"{_VERBS[what]} proposal {shown.proposal.id}?"


def dialog_parts(data: ProposalsData, shown: ShownProposal, what: str) -> list[Component]:
    """What is shown before anybody confirms."""
    proposal = shown.proposal
    confirms = f"{DIALOG}-{what}"
    confirm = button(_VERBS[what], confirms, look="filled" if what == APPROVE else "plain")
    return [
        html.Div(
            [html.Strong(shown.title), badge(DIRECTIONS[proposal.direction])],
            className="sw-proposal-head",
        ),
        html.P(asked_parts(data, proposal)),
        differences_of(shown, f"{DIALOG}-differences"),
        *([] if what == WITHDRAW else _to_judge_by(data, shown)),
        html.P(consequence_words(proposal, what), className="sw-dim"),
        dmc.Textarea(
            id=REASON,
            label="Reason",
            placeholder=_ASKS[what],
            autosize=True,
            minRows=2,
            maxRows=5,
            size="xs",
            attributes={"input": {"maxLength": LONGEST_REASON}},
        ),
        *([] if what == WITHDRAW else [proof_part(DIALOG, confirms=confirms)]),
        html.Div([confirm, button("Close", CANCEL)], className="sw-dialog-buttons"),
        dcc.Store(id=ASKED, data=Asked(data.book.name, proposal.id, what)._asdict()),
    ]


def _to_judge_by(data: ProposalsData, shown: ShownProposal) -> list[Component]:
    """How it stands now, what its author saw of the past, and what must be read before."""
    return [
        *stands_parts(data, shown, f"{DIALOG}-now"),
        *model_parts(data, shown, f"{DIALOG}-models"),
        *warning_parts(data, shown, f"{DIALOG}-warnings"),
        html.Div(past_parts(data, shown), id=PAST, className="sw-proposal-past"),
    ]


def past_parts(data: ProposalsData, shown: ShownProposal) -> list[Component]:
    """What it would have meant for the stored past, as whoever proposed it was shown."""
    awaited = shown.preview
    if awaited is None or awaited.problem is not None:
        return []
    if awaited.value is None:
        return [html.P("What it would have meant is being worked out.", className="sw-dim")]
    charts = preview_parts(
        awaited.value, f"{PAST}-chart", reader=data.reader, scheme=data.query.scheme
    )
    return [html.H3("What it would have meant"), *charts]


def consequence_words(proposal: Proposal, what: str) -> str:
    """What the word does."""
    if what == APPROVE:
        loose = (
            " It gives the book more room than it has now."
            if proposal.direction is Direction.LOOSENS
            else ""
        )
        return (
            f"In force with the engine's next cycle; {proposal.author} and all who are told of "
            f"changes hear of it, with your name and reason.{loose}"
        )
    whose = "Yours is" if what == WITHDRAW else f"{proposal.author}'s proposal is"
    return f"{whose} decided by that; nothing else changes. The journal keeps who and why."


# -- what becomes of it ----------------------------------------------------------------------


class Outcome(NamedTuple):
    """What became of somebody's word.

    Attributes
    ----------
    closes : bool
        Whether there is nothing more to say about the proposal.
    toast : dict
        A message for `sendNotifications`.
    reason : str
        What is wrong with the reason; empty where nothing is.
    """

    closes: bool
    toast: dict[str, Any]
    reason: str = ""


def decide(
    actions: Actions, actor: Actor, asked: Asked | None, *, reason: str | None, what: str
) -> Outcome:
    """Give somebody's word, and say what became of it.

    Parameters
    ----------
    actions : Actions
    actor : Actor
    asked : Asked or None
        None if the page sent nothing that its dialog held.
    reason : str or None
        As it was typed.
    what : str
        Of which button: ``APPROVE``, ``REJECT`` or ``WITHDRAW``; the dialog must have been opened
        for it.

    Raises
    ------
    NotAllowed
    """
    if asked is None or asked.what != what:
        return _refused("Nothing was decided", NOT_UP_TO_DATE)
    name, fault = f"Proposal {asked.proposal}", reason_fault(reason)
    not_done = f"{name} is not {_DONE[what]}"
    if fault:
        refused = _refused(not_done, fault)
        return refused._replace(reason=f"{sentence(fault)}.")
    said = typed_line(reason)
    speak = {APPROVE: actions.approve, REJECT: actions.reject, WITHDRAW: actions.withdraw}[what]
    try:
        proposal = speak(actor, asked.book, asked.proposal, reason=said)
    except NotAllowed:
        raise  # told by whoever answers the request
    except StoreUnavailable as problem:
        # An answer that got lost may have been a yes.
        why = f"{problem}. It may be {_DONE[what]} all the same: look again"
        return _refused(f"No answer about proposal {asked.proposal}", why)
    except Conflict as problem:
        # Decided by somebody else, or by what others changed: there is nothing left to say here.
        return _refused(f"{name} was not {_DONE[what]} by you", str(problem))._replace(closes=True)
    except SeawallError as problem:
        return _refused(not_done, str(problem))
    return Outcome(True, _told(proposal))


def _told(proposal: Proposal) -> dict[str, Any]:
    word = STATUSES[proposal.status].word.lower()
    if proposal.status is ProposalStatus.APPROVED:
        text = "In force with the engine's next cycle; this page then shows the new version."
        return toast("info", f"Proposal {proposal.id} approved", text, key=f"{_KEY}-{proposal.id}")
    text = "Its author is told who decided and why." if word == "rejected" else "Nothing changes."
    return toast("info", f"Proposal {proposal.id} {word}", text, key=f"{_KEY}-{proposal.id}")


def _refused(title: str, why: str) -> Outcome:
    text = f"{sentence(why)}."
    return Outcome(False, toast("caution", title, text, key=f"{_KEY}-{text}"))
