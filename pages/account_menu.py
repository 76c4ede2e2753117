"""The menu at the top right: who is here, and what he may do about that."""

from collections.abc import Sequence

from dash import html

from pages.components.basics import Component, glyph
from pages.paths import ENTER_PATH
from pages.personas import PERSONAS, persona
from risk.domain.actors import Actor, Role

#: Forms of this class get the page's address and the browser's token as they are sent:
#: ``assets/forms.js``.
POSTED = "sw-posted"


def account_menu(actor: Actor, *, demo: bool) -> html.Details:
    """A button that says who is here, and opens the rest."""
    who = actor.name if demo else f"{actor.name}, {_role_word(actor)}"
    parts = _personas(actor) if demo else []
    return html.Details(
        [
            html.Summary(
                [
                    glyph("person"),
                    html.Span(who, id="account-name", className="sw-account-name"),
                    glyph("down"),
                ],
                title="Who is here",
            ),
            html.Div(parts, className="sw-account-menu"),
        ],
        id="account-menu",
        className="sw-account",
    )


def _role_word(actor: Actor) -> str:
    return "operator" if actor.role is None else actor.role.value


def _personas(actor: Actor) -> Sequence[Component]:
    others = [role for role in PERSONAS if persona(role).name != actor.name]
    return [
        html.P(
            [html.Strong("Demonstration."), " Nobody has a login, and no password is asked."],
            className="sw-note",
        ),
        html.Form(
            [_enter_button(role) for role in others],
            action=ENTER_PATH,
            method="POST",
            className=POSTED,
        ),
    ]


def _enter_button(role: Role) -> html.Button:
    return html.Button(
        f"Enter as {role.value}",
        id=f"enter-{role.value}",
        type="submit",
        name="role",
        value=role.value,
        className="sw-account-item",
    )
