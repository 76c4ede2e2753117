"""The menu at the top right: who is here, and what he may do about that."""

from collections.abc import Sequence

from dash import html

from pages.components.basics import Component, glyph
from pages.paths import ACCOUNT_PATH, ENTER_PATH, LOGOUT_PATH, PEOPLE_PATH, VOUCHING_PATH
from pages.personas import PERSONAS, persona
from pages.visitor import Visitor
from risk.domain.actors import Ability, Role

#: Forms of this class get the page's address and the browser's token as they are sent:
#: ``assets/forms.js``.
POSTED = "sw-posted"


def account_menu(visitor: Visitor) -> html.Details:
    """A button that says who is here, and opens the rest."""
    return html.Details(
        [
            html.Summary(
                [
                    glyph("person"),
                    html.Span(visitor.title, id="account-name", className="sw-account-name"),
                    glyph("down"),
                ],
                title="Who is here",
            ),
            html.Div(
                _personas(visitor) if visitor.demo else _login(visitor),
                className="sw-account-menu",
            ),
        ],
        id="account-menu",
        className="sw-account",
    )


def _login(visitor: Visitor) -> Sequence[Component]:
    abilities = visitor.actor.abilities
    return [
        _link("Account", ACCOUNT_PATH),
        *([_link("Administration", PEOPLE_PATH)] if Ability.MANAGE_PEOPLE in abilities else []),
        *([_link("Vouching", VOUCHING_PATH)] if Ability.APPROVE in abilities else []),
        html.Form(
            html.Button("Sign out", id="sign-out", type="submit", className="sw-account-item"),
            action=LOGOUT_PATH,
            method="POST",
            className=POSTED,
        ),
    ]


def _link(text: str, path: str) -> html.A:
    return html.A(text, href=path, className="sw-account-item")


def _personas(visitor: Visitor) -> Sequence[Component]:
    others = [role for role in PERSONAS if persona(role).name != visitor.actor.name]
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
        _link("About logins", ACCOUNT_PATH),
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
