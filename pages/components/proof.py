"""Proving again who one is, in a form or in a dialog; ``assets/seawall-people.js`` does it.

A password goes to the server by itself, never through a callback. What is drawn here is the same
for everybody: whether it asks for something depends on who looks, and is decided in the browser, so
that a view may be remembered and shown to all.
"""

from typing import Any

import dash_mantine_components as dmc
from dash import html

from pages.components.basics import Component
from pages.components.toasts import toast
from pages.paths import SIGN_ON_PATH

DIALOG = "proof-dialog"
WANTED = "proof-wanted"


def proof_part(prefix: str, *, confirms: str) -> html.Div:
    """The part of a form that asks whoever must prove who he is for his password, and his code.

    Pressing the button `confirms` proves it first, and then does what the button does. Whoever has
    proved it lately, or is in a demonstration, is asked for nothing, and reads so.

    Parameters
    ----------
    prefix : str
        Begins the ids of its fields.
    confirms : str
        Id of the button that confirms the form.
    """
    return html.Div(
        [
            html.P("Demonstration: no password is asked.", className="sw-note sw-proof-none"),
            html.P(
                "You have just proved who you are: no password is asked.",
                className="sw-note sw-proof-given",
            ),
            _by_provider(),
            html.Div(_fields(prefix), className="sw-proof-asked"),
            _problem(prefix),
        ],
        className="sw-proof",
        **{"data-confirms": confirms, "data-prefix": prefix},
    )


def proof_dialog() -> html.Dialog:
    """Opens where something was refused only for want of a proof; the frame has one."""
    return html.Dialog(
        html.Form(
            [
                html.H2("Prove that it is you", id=f"{DIALOG}-title"),
                html.P("", id=f"{DIALOG}-why", className="sw-dim"),
                _by_provider(),
                html.Div(_fields(DIALOG), className="sw-proof-fields"),
                _problem(DIALOG),
                html.Div(
                    [
                        html.Button(
                            "Cancel", id=f"{DIALOG}-cancel", type="button", className="sw-button"
                        ),
                        html.Span(className="sw-grow"),
                        html.Button(
                            "Prove",
                            id=f"{DIALOG}-prove",
                            type="submit",
                            className="sw-button sw-button-filled",
                        ),
                    ],
                    className="sw-proof-buttons",
                ),
            ],
            id=f"{DIALOG}-form",
        ),
        id=DIALOG,
        className="sw-proof-dialog",
        **{"aria-labelledby": f"{DIALOG}-title"},
    )


def proved_toast() -> dict[str, Any]:
    """What is said once the dialog's proof was taken."""
    return toast("normal", "It is you", "Press again what you pressed.", key="proved")


def _fields(prefix: str) -> list[Component]:
    # A dialog of Mantine's that lies below must not close with ours.
    common = {"data-mantine-stop-propagation": "true"}
    password = common | {"autoComplete": "current-password"}
    code = common | {"autoComplete": "one-time-code", "inputMode": "numeric"}
    return [
        dmc.PasswordInput(
            id=f"{prefix}-password",
            label="Your password",
            size="xs",
            attributes={"input": password},
        ),
        html.Div(
            dmc.TextInput(
                id=f"{prefix}-code",
                label="Code, six digits",
                size="xs",
                attributes={"input": code},
            ),
            className="sw-proof-code",
        ),
    ]


def _problem(prefix: str) -> html.P:
    return html.P("", id=f"{prefix}-problem", className="sw-problem", role="alert")


def _by_provider() -> html.P:
    # In another tab: what was typed here stays, and is pressed again.
    there = html.A("Prove it there", href=SIGN_ON_PATH, target="_blank", className="sw-link")
    return html.P(
        ["Your provider vouches for you. ", there, ", in another tab, and press here again."],
        className="sw-note sw-proof-provider",
    )
