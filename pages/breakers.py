"""Breakers: what stopped trading by itself, why, what still works, and what may people do?"""

from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    html,
    no_update,
    register_page,
    set_props,
)

from pages.access import guarded, running_actions, running_actor
from pages.components.deltas import Deltas
from pages.components.toasts import CONTAINER
from pages.paths import BREAKERS_PATH
from pages.screens import Screen, live_page, running_screens
from pages.views.breakers.address import WORDS
from pages.views.breakers.reading import read_breakers
from pages.views.breakers.view import breakers_view
from pages.views.overrides import answers, form, panel, reviews, stopping
from risk.domain.actors import Ability

register_page(
    __name__,
    path=BREAKERS_PATH,
    name="Breakers",
    title="Breakers · Seawall",
    order=46,
    tab=2,
    icon="breakers",
)

_SCREEN = Screen("breakers", words=WORDS, read=read_breakers, view=breakers_view)
_live = live_page(_SCREEN)

_VIEW = State(_SCREEN.root, "data-view")
_FIELDS = {"type": "override-field", "field": ALL}
_WARNINGS = {"type": "override-warning", "warning": ALL}
_STOP_FIELDS = {"type": "stop-field", "field": ALL}
_STOP_ASKS = {"type": "stop-ask", "what": ALL, "key": ALL}
_VERDICTS = {"type": "review-verdict", "action": ALL, "verdict": ALL}
_COMMENTS = {"type": "review-comment", "action": ALL}


def layout(**words: str | list[str]) -> html.Div:
    """What moves with the cycles, and what must stand there whether the book can be read or not."""
    return answers.framed(_live(**words))


# -- overriding ------------------------------------------------------------------------------


@callback(
    Output(panel.CONTENT, "children"),
    Output(panel.SAID, "children"),
    Input(panel.ABOUT, "data"),
    State(_FIELDS, "id"),
    State(_FIELDS, "value"),
    State({**form.NOTED, "of": ALL}, "data"),
    State(panel.SAID, "children"),
    _VIEW,
)
@guarded(Ability.VIEW)
def show_panel(
    about: Any, ids: list[Any], values: list[Any], noted: list[Any], said: Any, view: str
) -> Any:
    readings, query = running_screens().readings, answers.query_of(view)
    return answers.panel(readings, query, about, (ids, values), noted, said)


@callback(
    Output(form.NOTED, "data"),
    Input(_FIELDS, "value"),
    Input(_WARNINGS, "n_clicks"),
    Input(panel.NEWS, "data"),
    State(_FIELDS, "id"),
    State(_WARNINGS, "id"),
    State(form.NOTED, "data"),
    State(form.FORM, "data"),
    _VIEW,
    prevent_initial_call=True,
)
@guarded(Ability.OVERRIDE)
def follow_form(
    values: list[Any],
    clicks: list[Any],
    news: Any,
    ids: list[Any],
    warnings: list[Any],
    noted: Any,
    asked: Any,
    view: str,
) -> Any:
    readings, query = running_screens().readings, answers.query_of(view)
    clicked = warnings, clicks
    changes, note = answers.follow(readings, query, asked, (ids, values), noted, clicked, news)
    _set(changes)
    return note


@callback(
    Output(form.EFFECT, "children"),
    Input(form.field_id("kind"), "value"),
    Input(form.field_id("size"), "value"),
    Input(panel.NEWS, "data"),
    State(form.FORM, "data"),
    _VIEW,
)
@guarded(Ability.OVERRIDE)
def show_effect(kind: Any, size: Any, _news: Any, asked: Any, view: str) -> Any:
    readings, query = running_screens().readings, answers.query_of(view)
    return answers.effect(readings, query, asked, kind, size)


@callback(
    Output(_FIELDS, "error"),
    Output(form.field_id("typed"), "value"),
    Output(panel.SAID, "children", allow_duplicate=True),
    Output(form.NOTED, "data", allow_duplicate=True),
    Input(form.SUBMIT, "n_clicks"),
    State(_FIELDS, "id"),
    State(_FIELDS, "value"),
    State(_WARNINGS, "id"),
    State(_WARNINGS, "n_clicks"),
    State(form.NOTED, "data"),
    State(form.FORM, "data"),
    _VIEW,
    prevent_initial_call=True,
)
@guarded(Ability.OVERRIDE)
def apply_override(
    clicks: int | None,
    ids: list[Any],
    values: list[Any],
    warnings: list[Any],
    opened: list[Any],
    noted: Any,
    asked: Any,
    view: str,
) -> Any:
    # Dash also asks when the form is put in place, before anybody has clicked.
    if not clicks:
        return [no_update] * len(ids), no_update, no_update, no_update
    readings, query = running_screens().readings, answers.query_of(view)
    who = running_actions(), running_actor()
    clicked = warnings, opened
    outcome, changes, note = answers.apply(
        who, readings, query, asked, (ids, values), noted, clicked
    )
    _tell(outcome.toast if outcome.done else None)
    _set(changes)
    typed = "" if outcome.done else no_update
    return form.errors_of(outcome.faults, ids), typed, outcome.parts, note


# What was done shows on the card, which a long form has pushed out of sight.
clientside_callback(
    ClientsideFunction("seawall", "showDone"),
    Input(panel.SAID, "children"),
    prevent_initial_call=True,
)


# -- stopping by scope -----------------------------------------------------------------------


@callback(
    Output(stopping.DIALOG, "opened"),
    Output(stopping.DIALOG, "title"),
    Output(stopping.BODY, "children"),
    Input(_STOP_ASKS, "n_clicks"),
    State({"type": stopping.SCOPES, "of": ALL}, "data"),
    State("url", "search"),
    prevent_initial_call=True,
)
@guarded(Ability.HALT)
def open_stop(clicks: list[Any], scopes: list[Any], search: str | None) -> Any:
    pressed = ctx.triggered_id if any(clicks) else None
    opened = stopping.opened(pressed, scopes, answers.book_named_by(search))
    return (no_update,) * 3 if opened is None else (True, *opened)


@callback(
    Output(stopping.DIALOG, "opened", allow_duplicate=True),
    Output(stopping.SAID, "children"),
    Input(stopping.CONFIRM, "n_clicks"),
    Input(stopping.CANCEL, "n_clicks"),
    State(_STOP_FIELDS, "id"),
    State(_STOP_FIELDS, "value"),
    State(stopping.ASKED, "data"),
    prevent_initial_call=True,
)
@guarded(Ability.HALT)
def stop_scope(
    confirmed: int | None, cancelled: int | None, ids: list[Any], values: list[Any], asked: Any
) -> Any:
    if not (confirmed or cancelled):
        return no_update, no_update
    if ctx.triggered_id == stopping.CANCEL:
        return False, no_update
    wanted, draft = stopping.stop_asked_of(asked), stopping.stop_draft_of(ids, values)
    outcome = stopping.stop(running_actions(), running_actor(), wanted, draft)
    _tell(outcome.toast if outcome.done else None)
    return not outcome.done, outcome.parts


# -- reviews ---------------------------------------------------------------------------------


@callback(
    Output(reviews.LIST, "children"),
    Output(reviews.DUE, "children"),
    Input(reviews.ABOUT, "data"),
    _VIEW,
)
@guarded(Ability.VIEW)
def show_reviews(_about: Any, view: str) -> Any:
    readings, query = running_screens().readings, answers.query_of(view)
    return answers.review_list((running_actions(), running_actor()), readings, query)


@callback(
    Output(reviews.LIST, "children", allow_duplicate=True),
    Output(reviews.DUE, "children", allow_duplicate=True),
    Input(_VERDICTS, "n_clicks"),
    State(_COMMENTS, "id"),
    State(_COMMENTS, "value"),
    _VIEW,
    prevent_initial_call=True,
)
@guarded(Ability.OVERRIDE)
def judge(clicks: list[Any], ids: list[Any], values: list[Any], view: str) -> Any:
    if not any(clicks):
        return no_update, no_update
    readings, query = running_screens().readings, answers.query_of(view)
    who, said = (running_actions(), running_actor()), reviews.comments_of(ids, values)
    outcome = answers.judge(who, readings, query, ctx.triggered_id, said)
    _tell(outcome.toast)
    if not outcome.done:
        return no_update, no_update
    return answers.review_list(who, readings, query, anew=True)


def _set(changes: Deltas) -> None:
    for component_id, props in changes.items():
        set_props(component_id, props)


def _tell(toast: dict[str, Any] | None) -> None:
    if toast is not None:
        set_props(CONTAINER, {"sendNotifications": [toast]})
