"""Buttons: at most one filled in a view, destructive ones outlined and far from Close."""

from typing import Literal

from dash import html

from pages.components.basics import glyph

Look = Literal["filled", "plain", "destructive"]


def button(
    text: str,
    component_id: str,
    *,
    look: Look = "plain",
    shape: str | None = None,
    blocked: str | None = None,
) -> html.Div | html.Button:
    """A button; while `blocked` says what is missing it does nothing, and says so beside it.

    Parameters
    ----------
    text : str
        What it does; with an ellipsis if it asks for more before it does.
    component_id : str
    look : {"filled", "plain", "destructive"}
    shape : str, optional
        A glyph before the text.
    blocked : str, optional
        Why it cannot be used now: ``Open 1 more warning and finish the phrase.``
    """
    drawn = "lock" if blocked else shape
    marks = [glyph(drawn)] if drawn else []
    why = f"{component_id}-why"
    described = {"aria-describedby": why, "aria-disabled": "true"} if blocked else {}
    made = html.Button(
        [*marks, text],
        id=component_id,
        type="button",
        className="sw-button" if look == "plain" else f"sw-button sw-button-{look}",
        **described,
    )
    if blocked is None:
        return made
    return html.Div([made, html.P(blocked, id=why, className="sw-note")], className="sw-blocked")
