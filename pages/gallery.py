"""Gallery: every part of the screens in every state, for those who build them."""

from typing import Any

from dash import Input, Output, callback, html, no_update, register_page

from pages.access import running_actor
from pages.components.toasts import CONTAINER
from pages.screens import running_screens
from pages.views.gallery import (
    PROOF_BUTTON,
    PROOF_SAID,
    TOAST_BUTTON,
    gallery_toasts,
    gallery_view,
)
from risk.domain.actors import is_proven
from risk.errors import ProofNeeded

register_page(__name__, path="/gallery", name="Gallery", title="Gallery · Seawall")


def layout(**_words: str | list[str]) -> html.Div:
    """All parts; the switch in the header shows the other theme."""
    return gallery_view()


@callback(
    Output(CONTAINER, "sendNotifications"),
    Input(TOAST_BUTTON, "n_clicks"),
    prevent_initial_call=True,
)
def show_toasts(clicks: int | None) -> list[dict[str, Any]] | Any:
    # Dash also asks when the page is put in place, before anybody has clicked.
    return gallery_toasts() if clicks else no_update


@callback(
    Output(PROOF_SAID, "children"),
    Input(PROOF_BUTTON, "n_clicks"),
    prevent_initial_call=True,
)
def say_who_proved(clicks: int | None) -> str | Any:
    if not clicks:
        return no_update
    actor = running_actor()
    if not is_proven(actor, running_screens().readings.reader.wall()):
        raise ProofNeeded("prove first that it is you: give your password again", ability="view")
    return f"It is {actor.name}."
