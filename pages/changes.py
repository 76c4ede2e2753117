"""Changes: an officer's "what waits for my word?", and everybody's "who changed what, and why?"."""

import json
from collections.abc import Sequence
from typing import Any

from dash import ALL, Input, Output, State, callback, ctx, html, no_update, register_page, set_props
from flask import request

from pages.access import guarded, is_demo, running_actions, running_actor
from pages.components.toasts import CONTAINER
from pages.context import Book, CompleteCycle
from pages.paths import CHANGES_PATH
from pages.query import Query
from pages.readings import Readings
from pages.screens import Screen, live_page, query_for, running_screens
from pages.theme import chosen_scheme
from pages.views.proposals.address import SCREEN, WORDS
from pages.views.proposals.deciding import (
    ASKED,
    BODY,
    CANCEL,
    CONFIRM_APPROVE,
    CONFIRM_REJECT,
    CONFIRM_WITHDRAW,
    DIALOG,
    REASON,
    Outcome,
    asked_of,
    decide,
    dialog,
    dialog_parts,
    title_of,
)
from pages.views.proposals.inbox import APPROVE, REJECT, WITHDRAW, decide_id
from pages.views.proposals.reading import ProposalsData, ShownProposal, read_proposals
from pages.views.proposals.view import proposals_view
from risk.domain.actors import Ability
from risk.domain.proposals import Proposal

register_page(
    __name__,
    path=CHANGES_PATH,
    name="Changes",
    title="Changes · Seawall",
    order=45.5,
    icon="changes",
)


#: So often the past is asked for before a dialog opens without it; each asking waits a little.
_ASKS = 12


def _read(readings: Readings, query: Query, book: Book, cycle: CompleteCycle) -> ProposalsData:
    return read_proposals(readings, query, book, cycle, _kept(readings, book), demo=is_demo())


def _kept(readings: Readings, book: Book) -> Sequence[Proposal]:
    """All proposals of the book; asked for once for whoever looks at the same moment."""
    news = readings.reader.proposal_news(book.name).number
    return readings.once(
        ("proposals", book.name, news), lambda: running_actions().proposals(book.name)
    )


def _news(readings: Readings, book: Book) -> int:
    return readings.reader.proposal_news(book.name).number


_SCREEN = Screen(
    SCREEN,
    words=WORDS,
    read=_read,
    view=proposals_view,
    news=_news,
    over="Proposals and versions are those of now.",
    personal=True,
)
_live = live_page(_SCREEN)


def layout(**words: str | list[str]) -> html.Div:
    """What moves with the cycles, and the dialog, which must stay open over them."""
    return html.Div([_live(**words), dialog()])


@callback(
    Output(DIALOG, "opened"),
    Input(decide_id(ALL, ALL), "n_clicks"),
    State(_SCREEN.root, "data-view"),
    prevent_initial_call=True,
)
def show_dialog(_clicks: list[int | None], view: str) -> Any:
    # Dash also asks when buttons are put in place, before anybody has clicked.
    if not ctx.triggered_id or not ctx.triggered[0]["value"]:
        return no_update
    wanted = ctx.triggered_id
    if asked_of({"book": "", **wanted}) is None:
        return no_update
    data, shown = _with_preview(view, wanted["proposal"])
    if shown is None:
        return no_update
    set_props(DIALOG, {"title": title_of(shown, wanted["what"])})
    set_props(BODY, {"children": dialog_parts(data, shown, wanted["what"])})
    return True


@callback(
    Output(DIALOG, "opened", allow_duplicate=True),
    Output(REASON, "error", allow_duplicate=True),
    Input(CONFIRM_APPROVE, "n_clicks"),
    State(ASKED, "data"),
    State(REASON, "value"),
    prevent_initial_call=True,
)
@guarded(Ability.APPROVE)
def approve(clicks: int | None, asked: object, reason: str | None) -> Any:
    return _decided(clicks, asked, reason, APPROVE)


@callback(
    Output(DIALOG, "opened", allow_duplicate=True),
    Output(REASON, "error", allow_duplicate=True),
    Input(CONFIRM_REJECT, "n_clicks"),
    State(ASKED, "data"),
    State(REASON, "value"),
    prevent_initial_call=True,
)
@guarded(Ability.APPROVE)
def reject(clicks: int | None, asked: object, reason: str | None) -> Any:
    return _decided(clicks, asked, reason, REJECT)


@callback(
    Output(DIALOG, "opened", allow_duplicate=True),
    Output(REASON, "error", allow_duplicate=True),
    Input(CONFIRM_WITHDRAW, "n_clicks"),
    State(ASKED, "data"),
    State(REASON, "value"),
    prevent_initial_call=True,
)
@guarded(Ability.REQUEST_LIMIT)
def withdraw(clicks: int | None, asked: object, reason: str | None) -> Any:
    return _decided(clicks, asked, reason, WITHDRAW)


@callback(
    Output(DIALOG, "opened", allow_duplicate=True),
    Input(CANCEL, "n_clicks"),
    prevent_initial_call=True,
)
def close_dialog(clicks: int | None) -> Any:
    return False if clicks else no_update


def _decided(clicks: int | None, asked: object, reason: str | None, what: str) -> Any:
    # Dash also asks when the button is put in place, before anybody has clicked.
    if not clicks:
        return no_update, no_update
    outcome: Outcome = decide(
        running_actions(), running_actor(), asked_of(asked), reason=reason, what=what
    )
    set_props(CONTAINER, {"sendNotifications": [outcome.toast]})
    return (False, None) if outcome.closes else (no_update, outcome.reason or None)


def _with_preview(view: str, number: int) -> tuple[ProposalsData, ShownProposal | None]:
    """A proposal with what it would have meant: a dialog stands still, so it waits for that."""
    for _ in range(_ASKS):
        data = _shown(view)
        shown = next((p for p in data.waiting if p.proposal.id == number), None)
        if shown is None or not _is_pending(shown):
            break
    return data, shown


def _is_pending(shown: ShownProposal) -> bool:
    return any(each is not None and each.is_pending for each in (shown.preview, shown.compared))


def _shown(view: str) -> ProposalsData:
    """What the page shows, as of now."""
    readings = running_screens().readings
    query = query_for(_SCREEN, json.loads(view)["words"], chosen_scheme(request.cookies))
    book, cycle = readings.shown(query)
    return _read(readings, query, book, cycle)
