"""How the server's own pages are drawn, and what every one of their forms has in common."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, NamedTuple, cast

import structlog
from dash import get_app
from flask import Blueprint, Response, current_app, g, make_response, render_template, request

from pages.access import is_demo, running_actor, running_login, running_logins, set_actor, set_login
from pages.cookies import keep_login, token_in
from pages.format import sentence
from pages.gate import form_csrf
from pages.origin import running_site
from pages.paths import (
    ACCOUNT_PATH,
    ENTER_PATH,
    LOGIN_PATH,
    LOGOUT_PATH,
    PEOPLE_PATH,
    PROVE_PATH,
    VOUCHING_PATH,
)
from pages.personas import PERSONAS
from pages.screens import running_screens
from pages.theme import chosen_scheme
from risk.domain.actors import Actor, is_proven
from risk.domain.people import SignedIn
from risk.errors import (
    Conflict,
    InvalidInput,
    LoginRefused,
    NotAllowed,
    ProviderSilent,
    SeawallError,
)

_LOG = structlog.get_logger(__name__)

DESK = Blueprint("desk", __name__, template_folder="templates")
WAYS_EXTENSION = "seawall_ways"

#: More than any form of ours holds.
_LONGEST_FORM = 16_384
_SHEETS = (
    "00-tokens.css",
    "10-seawall.css",
    "20-components.css",
    "57-people.css",
    "58-desk.css",
)
#: Seconds; what is shorter is told in them.
_IN_MINUTES_FROM = 120
_BAD_REQUEST, _FORBIDDEN, _CONFLICT, _TOO_LARGE, _UNAVAILABLE = 400, 403, 409, 413, 503
_TITLES = {_FORBIDDEN: "Refused", _UNAVAILABLE: "Not now"}
_SILENT, _OTHERWISE = "Single sign-on does not answer", "That could not be done"
_PATHS = {
    "login": LOGIN_PATH,
    "logout": LOGOUT_PATH,
    "account": ACCOUNT_PATH,
    "people": PEOPLE_PATH,
    "vouching": VOUCHING_PATH,
    "enter": ENTER_PATH,
    "prove": PROVE_PATH,
}


class Way(NamedTuple):
    """A further way to sign in, beside a password.

    Attributes
    ----------
    text : str
        Of its button: ``Sign in with Example``.
    path : str
        Where it begins.
    """

    text: str
    path: str


class Notice(NamedTuple):
    """What a page says at its top.

    Attributes
    ----------
    text : str
    look : str
        A state's shape: ``halted`` for what went wrong, ``normal`` for what was done.
    """

    text: str
    look: str = "halted"


def ways() -> Sequence[Way]:
    """Further ways to sign in to the running application."""
    return cast("Sequence[Way]", current_app.extensions.get(WAYS_EXTENSION, ()))


def drawn(
    template: str, *, status: int = 200, notice: Notice | None = None, **named: Any
) -> Response:
    """A page of its template, with whatever all pages show."""
    body = render_template(
        f"{template}.html", **_common(), **_who(), notice=notice, ways=ways(), **named
    )
    return make_response(body, status)


def _common() -> Mapping[str, Any]:
    return {
        "scheme": chosen_scheme(request.cookies),
        "sheets": [get_app().get_asset_url(name) for name in _SHEETS],
        "script": get_app().get_asset_url("forms.js"),
        "csrf": form_csrf(),
        "paths": _PATHS,
        "personas": [role.value for role in PERSONAS],
    }


def _who() -> Mapping[str, Any]:
    """Of whoever is here: nothing where nobody is."""
    login, demo = running_login(), is_demo()
    if login is None and not demo:
        return {"actor": None, "login": None, "demo": False, "ask_proof": False, "abilities": ()}
    actor = running_actor()
    return {
        "actor": actor,
        "login": login,
        "demo": demo,
        "ask_proof": asks_proof(actor),
        "abilities": {ability.name for ability in actor.abilities},
    }


def asks_proof(actor: Actor) -> bool:
    """Whether he would have to prove who he is before he changes anything."""
    return not is_proven(actor, running_screens().readings.reader.wall())


def said(name: str) -> str:
    """A field of the form, without what nobody can see."""
    text = request.form.get(name, "")
    return "".join(letter for letter in text if letter.isprintable()).strip()


def secret(name: str) -> str:
    """A field of the form that is taken as it is."""
    return request.form.get(name, "")


def own_token() -> str:
    """By what whoever asks is signed in, as it is by now."""
    signed = g.get("sw_signed")
    return token_in(request, running_site()) if signed is None else str(signed.token)


def renew(signed: SignedIn) -> None:
    """Go on as whoever has just signed in, or proved who he is; his browser hears of it."""
    g.sw_signed = signed
    set_login(signed.login)
    set_actor(signed.login.actor)


def take_proof() -> None:
    """Take the proof that came with the form, if one did.

    Raises
    ------
    LoginRefused
        If it is wrong.
    """
    password = secret("proof_password")
    if password and running_login() is not None:
        renew(running_logins().prove(own_token(), password, said("proof_code")))


@DESK.before_request
def refuse_long_forms() -> Response | None:
    """Refuse a form that is longer than any of ours, before it is read."""
    if (request.content_length or 0) <= _LONGEST_FORM:
        return None
    return Response(
        "Refused: that is more than a form of ours holds.\n", 413, mimetype="text/plain"
    )


@DESK.after_request
def hand_out_login(response: Response) -> Response:
    """Let the browser keep what it is signed in by from now on."""
    signed = g.get("sw_signed")
    if signed is not None:
        keep_login(response, signed, running_site())
    return response


@DESK.errorhandler(SeawallError)
def tell(problem: SeawallError) -> Response:
    """A page that says why there is no other."""
    status = status_of(problem)
    if status == _UNAVAILABLE:
        _LOG.warning("desk_unavailable", problem=str(problem))
    title = _SILENT if isinstance(problem, ProviderSilent) else _TITLES.get(status, _OTHERWISE)
    return drawn("problem", status=status, title=title, notice=Notice(told_of(problem)))


def status_of(problem: SeawallError) -> int:
    """By what status somebody is told of it."""
    if isinstance(problem, ProviderSilent):
        return _UNAVAILABLE
    if isinstance(problem, NotAllowed | LoginRefused):
        return _FORBIDDEN
    if isinstance(problem, Conflict):
        return _CONFLICT
    return _BAD_REQUEST if isinstance(problem, InvalidInput) else _UNAVAILABLE


def told_of(problem: SeawallError) -> str:
    """What somebody is told of what went wrong; and how long he must wait, where he must."""
    refused = "Refused: " if isinstance(problem, NotAllowed) else ""
    text = str(problem) if refused else sentence(str(problem))
    wait = wait_of(problem)
    when = "" if wait is None else f" It can be tried again in {_wait_words(wait)}."
    return f"{refused}{text}.{when}"


def wait_of(problem: SeawallError) -> int | None:
    """Whole seconds after which it may be tried again, where one must wait."""
    seconds = problem.retry_after if isinstance(problem, LoginRefused) else None
    return max(1, ceil(seconds)) if seconds else None


def _wait_words(seconds: int) -> str:
    return f"{seconds} s" if seconds < _IN_MINUTES_FROM else f"{ceil(seconds / 60)} min"


__all__ = [
    "DESK",
    "WAYS_EXTENSION",
    "Notice",
    "Way",
    "asks_proof",
    "drawn",
    "own_token",
    "renew",
    "said",
    "secret",
    "status_of",
    "take_proof",
    "told_of",
    "wait_of",
    "ways",
]
