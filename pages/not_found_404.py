"""What an address without a page answers."""

from dash import register_page

from pages.components.notices import empty_state

register_page(__name__, title="Not found · Seawall")


def layout(**_words: str):
    return empty_state(
        "There is no page at this address",
        "Choose one from the navigation; the cockpit is at the top.",
    )
