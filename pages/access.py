"""Who asks: what a page and its callbacks know of the person in front of the browser.

The gate (`pages.gate`) finds out and keeps it for the request; nothing else may.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from dash import page_registry
from flask import current_app, g, request

from pages.questions import CALLBACKS
from risk.domain.actors import Ability, Actor, require, what_is
from risk.domain.people import Login, Logins, PeopleOffice
from risk.engine.actions import Actions
from risk.errors import NotAllowed

Answer = TypeVar("Answer")

ACTIONS_EXTENSION = "risk_actions"
LOGINS_EXTENSION = "risk_logins"
OFFICE_EXTENSION = "risk_office"
#: Every callback that changes something, by its name, and what whoever asks it must be able to do.
GUARDED: dict[str, Ability] = {}
_READS = ("GET", "HEAD")


def set_actor(actor: Actor) -> None:
    """Note who asks, for this request."""
    g.sw_actor = actor


def set_login(login: Login) -> None:
    """Note by what whoever asks is signed in, for this request."""
    g.sw_login = login


def running_login() -> Login | None:
    """By what whoever asks is signed in; None in a demonstration, and of nobody."""
    return cast("Login | None", g.get("sw_login"))


def set_demo() -> None:
    """Note that this is the demonstration, for this request."""
    g.sw_demo = True


def running_actor() -> Actor:
    """Who asks.

    Raises
    ------
    NotAllowed
        If nobody found out: then it is nobody.
    """
    actor = g.get("sw_actor")
    if actor is None:
        raise NotAllowed("sign in first", ability=Ability.VIEW)
    return cast(Actor, actor)


def is_demo() -> bool:
    """Whether this is the demonstration, where nobody has a login and no proof is asked."""
    return bool(g.get("sw_demo", False))


def running_actions() -> Actions:
    """What people may change in the running application."""
    return cast(Actions, current_app.extensions[ACTIONS_EXTENSION])


def running_logins() -> Logins:
    """Where people sign in to the running application."""
    return cast(Logins, current_app.extensions[LOGINS_EXTENSION])


def running_office() -> PeopleOffice:
    """Where people's logins are managed."""
    return cast(PeopleOffice, current_app.extensions[OFFICE_EXTENSION])


def guarded(ability: Ability) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Let a callback be asked only by whoever is able; stands right below ``@callback``.

    The action behind it asks once more. A refusal is raised, and told on the page.
    """

    def guard(asked: Callable[..., Answer]) -> Callable[..., Answer]:
        GUARDED[f"{asked.__module__}.{asked.__qualname__}"] = ability

        @wraps(asked)
        def checked(*given: Any, **named: Any) -> Answer:
            actor = running_actor()
            try:
                require(actor, ability)
            except NotAllowed as denied:
                # No page of ours offers him that: he asked some other way.
                what = _asked_words(asked.__module__, ability)
                running_actions().note_denied(actor, what, denied)
                raise
            return asked(*given, **named)

        return checked

    return guard


def _asked_words(module: str, ability: Ability) -> str:
    """Which page was asked for, as the end of a sentence: ``open the page /vouching``."""
    rule = request.url_rule
    if rule is not None and request.path != CALLBACKS:
        # As it was made and not as it was asked: an address may hold what somebody typed.
        return f"{'open' if request.method in _READS else 'send a form to'} the page {rule}"
    page = page_registry.get(module)
    named = "a page" if page is None else f"the page {page['name']}"
    return f"use what {named} has for {what_is(ability)}"


__all__ = [
    "ACTIONS_EXTENSION",
    "GUARDED",
    "LOGINS_EXTENSION",
    "OFFICE_EXTENSION",
    "guarded",
    "is_demo",
    "running_actions",
    "running_actor",
    "running_login",
    "running_logins",
    "running_office",
    "set_actor",
    "set_demo",
    "set_login",
]
