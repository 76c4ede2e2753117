"""Signing in by a provider's word, and proving by it again who one is: docs/single-sign-on.md.

The browser keeps one cookie between going there and coming back, which the answer must fit; see
:mod:`risk.domain.single_sign_on`. No address that is gone back to leads to another site.
"""

from secrets import token_urlsafe
from typing import cast

from flask import Response, abort, current_app, g, request

from pages.access import is_demo, running_login, running_logins
from pages.cookies import token_in
from pages.desk.drawing import DESK, Way, own_token, renew
from pages.origin import Site, running_site
from pages.paths import ACCOUNT_PATH, SIGN_ON_PATH
from pages.places import local_path
from pages.screens import running_screens
from risk.domain.people import SignedIn
from risk.domain.single_sign_on import (
    ATTEMPT_LASTS,
    Attempt,
    Purpose,
    SignOn,
    Vouched,
    attempt_of,
)
from risk.errors import LoginRefused

SIGN_ON_EXTENSION = "seawall_sign_on"
CALLBACK_PATH = f"{SIGN_ON_PATH}/callback"

_COOKIE, _SECURE_COOKIE = "seawall_attempt", "__Host-seawall-attempt"
_SEE_OTHER, _NOT_FOUND = 303, 404
_NOT_BEGUN = (
    "this way to sign in was not begun in this browser, or too long ago: begin again on the log-in "
    "page"
)


def way_of(sign_on: SignOn) -> Way:
    """The provider as the log-in page offers it."""
    return Way(f"Sign in with {sign_on.name}", SIGN_ON_PATH)


@DESK.get(SIGN_ON_PATH)
def go_there() -> Response:
    """Send the browser to the provider; whoever is signed in already proves there who he is."""
    sign_on = _running_sign_on()
    if is_demo():
        return _led_to("/")
    attempt = Attempt(
        secret=token_urlsafe(32),
        purpose=Purpose.SIGN_IN if running_login() is None else Purpose.PROVE,
        began=running_screens().readings.reader.wall().replace(microsecond=0),
        back_to=local_path(request.args.get("next")),
    )
    site = running_site()
    answer = _led_to(sign_on.address(attempt, callback=_callback(site)))
    # Lax: the provider's page leads back here, and a stricter cookie would not come along.
    answer.set_cookie(
        _cookie(site),
        attempt.text,
        max_age=ATTEMPT_LASTS,
        secure=site.secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return answer


@DESK.get(CALLBACK_PATH)
def come_back() -> Response:
    """Take the provider's answer, once."""
    sign_on, site = _running_sign_on(), running_site()
    g.sw_attempt_over = True
    now = running_screens().readings.reader.wall()
    attempt = attempt_of(request.cookies.get(_cookie(site)), at=now)
    if attempt is None or any(len(said) > 1 for _, said in request.args.lists()):
        raise LoginRefused(_NOT_BEGUN)
    vouched = sign_on.vouched(attempt, callback=_callback(site), answer=request.args.to_dict())
    signed = _proved(vouched) if attempt.purpose is Purpose.PROVE else _signed_in(vouched, site)
    renew(signed)
    return _led_to(ACCOUNT_PATH if signed.login.setup else local_path(attempt.back_to))


@DESK.after_request
def forget_attempt(response: Response) -> Response:
    """An attempt is good for one answer, whatever came of it."""
    if "sw_attempt_over" in g:
        site = running_site()
        response.delete_cookie(_cookie(site), secure=site.secure, samesite="Lax", path="/")
    return response


def _signed_in(vouched: Vouched, site: Site) -> SignedIn:
    logins, before = running_logins(), token_in(request, site)
    try:
        signed = logins.sign_in_subject(
            vouched.subject,
            place=site.place(request),
            strong=vouched.strong,
            proven_at=vouched.proven_at,
        )
    except LoginRefused as refused:
        raise LoginRefused(f"{refused}. An admin knows you by this: {vouched.subject}") from refused
    if before:
        logins.sign_out(before, replaced_by=signed.login)
    return signed


def _proved(vouched: Vouched) -> SignedIn:
    if running_login() is None or vouched.proven_at is None:
        raise LoginRefused(_NOT_BEGUN)
    return running_logins().prove_subject(
        own_token(), vouched.subject, strong=vouched.strong, proven_at=vouched.proven_at
    )


def _running_sign_on() -> SignOn:
    """The provider of the running application; where there is none, so is this page."""
    sign_on = current_app.extensions.get(SIGN_ON_EXTENSION)
    if sign_on is None:
        abort(_NOT_FOUND)
    return cast(SignOn, sign_on)


def _callback(site: Site) -> str:
    return f"{site.origin(request)}{CALLBACK_PATH}"


def _cookie(site: Site) -> str:
    return _SECURE_COOKIE if site.secure else _COOKIE


def _led_to(address: str) -> Response:
    return Response(status=_SEE_OTHER, headers={"Location": address})
