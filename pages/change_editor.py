"""The editor: an analyst's "what shall be different, which way, and who must agree?"."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import ALL, Input, Output, State, callback, html, no_update, register_page, set_props
from dash.exceptions import PreventUpdate
from flask import request

from pages.access import guarded, is_demo, running_actions, running_actor
from pages.components.fields import FIELD
from pages.components.toasts import CONTAINER
from pages.paths import EDIT_PATH
from pages.query import parse
from pages.screens import running_screens
from pages.theme import chosen_scheme
from pages.views.editing.address import WORDS
from pages.views.editing.asking import (
    data_of,
    effect_in,
    moved_in,
    page_of,
    place_of,
    preview_in,
    query_of,
)
from pages.views.editing.effect import CHECKED, EFFECT, PREVIEW, SEND, SEND_BOX, typed_of
from pages.views.editing.reading import EditorData
from pages.views.editing.sending import Outcome, result_parts, send
from pages.views.editing.view import ABOUT, REASON, RESULT
from risk.domain.actors import Ability

register_page(
    __name__, path=EDIT_PATH, name="Change", title="Change · Seawall", order=None, icon="changes"
)

_FIELDS = {"type": FIELD, "field": ALL}


def layout(
    *,
    _pathname: str = "",
    _search: str = "",
    _in_place: Sequence[Mapping[str, str]] = (),
    **words: str | list[str],
) -> html.Div:
    """What somebody types stays while the address changes in what is not about that."""
    query = parse(words, WORDS, scheme=chosen_scheme(request.cookies))
    if place_of(query) in _in_place:
        raise PreventUpdate
    return page_of(running_screens().readings, query, actor=running_actor(), demo=is_demo())


@callback(
    Output(EFFECT, "children"),
    Output(_FIELDS, "error"),
    Output(SEND_BOX, "children"),
    Output(CHECKED, "data"),
    Input(_FIELDS, "value"),
    Input(ABOUT, "data"),
    State(_FIELDS, "id"),
)
def show_effect(values: list[Any], about: object, ids: list[Any]) -> Any:
    return effect_in(running_screens().readings, _data(about), typed_of(ids, values), ids)


@callback(
    Output(PREVIEW, "children"),
    Input(CHECKED, "data"),
    State(_FIELDS, "value"),
    State(_FIELDS, "id"),
    State(ABOUT, "data"),
)
def show_past(known: object, values: list[Any], ids: list[Any], about: object) -> Any:
    return preview_in(running_screens().readings, _data(about), typed_of(ids, values), known)


@callback(
    Output(REASON, "error"),
    Input(SEND, "n_clicks"),
    State(_FIELDS, "value"),
    State(_FIELDS, "id"),
    State(ABOUT, "data"),
    State(CHECKED, "data"),
    State(REASON, "value"),
    prevent_initial_call=True,
)
@guarded(Ability.REQUEST_LIMIT)  # what needs more than that, the action asks for
def send_it(
    clicks: int | None,
    values: list[Any],
    ids: list[Any],
    about: object,
    known: object,
    reason: str | None,
) -> Any:
    # Dash also asks when the button is put in place, before anybody has clicked.
    if not clicks:
        return no_update
    data, typed = _data(about), typed_of(ids, values)
    at = running_screens().readings.reader.wall()
    outcome = send(running_actions(), data, typed, known=known, reason=reason, at=at)
    _tell(outcome, data, typed, known)
    return outcome.reason or None


def _data(about: object) -> EditorData:
    query = query_of(about, chosen_scheme(request.cookies))
    return data_of(running_screens().readings, query, actor=running_actor(), demo=is_demo())


def _tell(outcome: Outcome, data: EditorData, typed: Mapping[str, Any], known: object) -> None:
    set_props(CONTAINER, {"sendNotifications": [outcome.toast]})
    if outcome.proposal is not None:
        set_props(RESULT, {"children": result_parts(outcome.proposal, data.book.name)})
        set_props(SEND_BOX, {"children": []})
    if outcome.moved:
        readings = running_screens().readings
        effect = effect_in(readings, data, typed, [])
        set_props(EFFECT, {"children": moved_in(readings, data, typed, known)})
        set_props(CHECKED, {"data": effect.known})
