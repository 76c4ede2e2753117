"""What stands in a form's place for whoever may not use it: why not, and who can."""

from collections.abc import Sequence

from dash import html

from pages.account_menu import POSTED
from pages.components.basics import Component, glyph
from pages.format import sentence
from pages.paths import ENTER_PATH
from pages.personas import PERSONAS
from risk.domain.actors import Ability, Actor, Role, require, who_can
from risk.errors import NotAllowed


def may(actor: Actor, ability: Ability) -> bool:
    """Whether his role lets him."""
    return ability in actor.abilities


def not_his(actor: Actor, ability: Ability, component_id: str, *, demo: bool) -> Component:
    """Why somebody may not, who can, and in the demonstration the way to be one of those.

    Parameters
    ----------
    actor : Actor
        Whose role lacks `ability`.
    ability : Ability
    component_id : str
    demo : bool
        Whether one may enter as somebody else.
    """
    try:
        require(actor, ability)
    except NotAllowed as refused:
        why = f"{sentence(str(refused))}."
    else:
        raise ValueError(f"{actor.name} may do {ability}")
    roles = [role for role in PERSONAS if role in who_can(ability)] if demo else []
    return html.Div(
        [
            glyph("lock"),
            html.P(["You look only. ", why], className="sw-dim"),
            *([_entrance(roles, component_id)] if roles else []),
        ],
        id=component_id,
        className="sw-not-his",
    )


def _entrance(roles: Sequence[Role], component_id: str) -> html.Form:
    """In the demonstration nobody has a login: one chooses whom to stand for."""
    return html.Form(
        [
            html.Button(
                f"Enter as {role.value}",
                id=f"{component_id}-{role.value}",
                type="submit",
                name="role",
                value=role.value,
                className="sw-button",
            )
            for role in roles
        ],
        action=ENTER_PATH,
        method="POST",
        className=f"{POSTED} sw-entrance",
    )
