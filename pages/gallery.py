"""Gallery: every part of the screens in every state, for those who build them."""

from dash import html, register_page

from pages.views.gallery import gallery_view

register_page(__name__, path="/gallery", name="Gallery", title="Gallery · Seawall")


def layout(**_words: str | list[str]) -> html.Div:
    """All parts; the switch in the header shows the other theme."""
    return gallery_view()
