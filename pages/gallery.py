"""Gallery: every part of the screens in every state, for those who build them."""

from typing import Any

from dash import Input, Output, callback, html, no_update, register_page

from pages.components.toasts import CONTAINER
from pages.views.gallery import TOAST_BUTTON, gallery_toasts, gallery_view

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
