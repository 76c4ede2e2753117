"""One's own login: who one is, what one may do, password, second factor, and where one is in."""

from typing import Any

import segno
from flask import Response, request

from pages.access import guarded, running_actor, running_login, running_logins
from pages.desk.drawing import (
    DESK,
    Notice,
    drawn,
    own_token,
    renew,
    said,
    secret,
    status_of,
    take_proof,
    told_of,
)
from pages.desk.words import GIVE_A_CODE, SETUP_WORDS, abilities_words, moment_words, power_words
from pages.paths import ACCOUNT_PATH
from pages.screens import running_screens
from pages.theme import TOKENS
from risk.auth.passwords import SHORTEST
from risk.domain.actors import Ability
from risk.domain.people import Login, NewFactor, Setup
from risk.errors import InvalidInput, LoginRefused, NotAllowed

#: What an address may say was done.
_DONE = {
    "password": "Your password is changed. Your other logins have ended.",  # nosec B105: words
    "factor": "Your second factor is set up. Your other logins have ended.",
    "ended": "That login has ended.",
}
_SEE_OTHER = 303


@DESK.get(ACCOUNT_PATH)
@guarded(Ability.VIEW)
def show_account() -> Response:
    """One's own login; in a demonstration, how to have one."""
    done = _DONE.get(request.args.get("done", ""))
    return _account(Notice(done, "normal") if done else None)


@DESK.post(f"{ACCOUNT_PATH}/password")
@guarded(Ability.VIEW)
def change_password() -> Response:
    """Set one's own password; all other logins of his end."""
    _own_login()
    new = secret("new")
    if new != secret("again"):
        return _account(Notice("The new password was not typed the same twice."), status=400)
    try:
        renew(running_logins().change_password(own_token(), secret("old"), new))
    except (LoginRefused, InvalidInput) as problem:
        return _account(Notice(told_of(problem)), status=400)
    return _done("password")


@DESK.post(f"{ACCOUNT_PATH}/factor")
@guarded(Ability.VIEW)
def begin_second_factor() -> Response:
    """Show a new second factor, which counts once a code of it has come back."""
    _own_login()
    try:
        take_proof()
        new = running_logins().begin_second_factor(own_token())
    except (LoginRefused, InvalidInput, NotAllowed) as problem:
        return _account(Notice(told_of(problem)), status=status_of(problem))
    return _account(new=new)


@DESK.post(f"{ACCOUNT_PATH}/factor/confirm")
@guarded(Ability.VIEW)
def confirm_second_factor() -> Response:
    """Take a code of the new second factor; from then on it counts."""
    _own_login()
    try:
        renew(running_logins().confirm_second_factor(own_token(), said("code")))
    except (LoginRefused, InvalidInput, NotAllowed) as problem:
        return _account(Notice(told_of(problem)), status=status_of(problem), confirms=True)
    return _done("factor")


@DESK.post(f"{ACCOUNT_PATH}/logins/end")
@guarded(Ability.VIEW)
def end_login() -> Response:
    """End one of one's own logins."""
    login = _own_login()
    try:
        running_logins().end_login(login.person.name, said("login"), asked_from=login)
    except InvalidInput as problem:
        return _account(Notice(told_of(problem)), status=400)
    return _done("ended")


def _own_login() -> Login:
    login = running_login()
    if login is None:
        raise NotAllowed("nobody has a login in a demonstration", ability=Ability.VIEW)
    return login


def _account(
    notice: Notice | None = None,
    *,
    status: int = 200,
    new: NewFactor | None = None,
    confirms: bool = False,
) -> Response:
    return drawn("account", status=status, notice=notice, **_facts(), **_factor(new, confirms))


def _facts() -> dict[str, Any]:
    actor, login = running_actor(), running_login()
    role = actor.role
    told: dict[str, Any] = {"may": abilities_words(role) if role else []}
    if login is None:
        return told
    now = running_screens().readings.reader.wall()
    return told | {
        "owes_code": login.owes_code,
        "power": power_words(login.person, now),
        "setup": [GIVE_A_CODE] if login.owes_code else [SETUP_WORDS[step] for step in login.setup],
        "shortest": SHORTEST,
        "needs_password": Setup.PASSWORD in login.setup,
        "logins": running_logins().logins_of(login.person.name),
        "moment": moment_words,
    }


def _factor(new: NewFactor | None, confirms: bool) -> dict[str, Any]:
    if new is None:
        return {"factor": None, "confirms": confirms}
    # A group of four at a time, as one types it.
    typed = " ".join(new.secret[at : at + 4] for at in range(0, len(new.secret), 4))
    return {"factor": {"typed": typed, "picture": picture_of(new.address)}, "confirms": True}


def picture_of(address: str) -> str:
    """A second factor as a camera reads it: a drawing that stands in the page itself."""
    code = segno.make(address, error="m", micro=False)
    # Dark on light in either scheme: not every camera reads the reverse.
    return str(
        code.svg_inline(
            scale=5,
            border=4,
            dark=TOKENS["text"].light,
            light=TOKENS["surface"].light,
            svgclass="sw-desk-qr",
            title="QR code of your second factor",
        )
    )


def _done(what: str) -> Response:
    return Response(status=_SEE_OTHER, headers={"Location": f"{ACCOUNT_PATH}?done={what}"})
