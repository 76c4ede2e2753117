"""What a browser keeps of ours, and how strictly.

Over TLS the names begin with ``__Host-``: such a cookie no other name and no page without TLS can
have set. The one that Dash reads for itself has the name that Dash knows.
"""

from typing import NamedTuple

from flask import Request, Response

from pages.origin import Site
from risk.domain.people import SignedIn

#: Dash sends this cookie back as `CSRF_HEADER` with each of its posts, by itself.
CSRF_COOKIE = "_csrf_token"
CSRF_HEADER = "X-CSRFToken"
#: Its name in a form.
CSRF_FIELD = "csrf"

_SESSION, _DEVICE = "seawall_session", "seawall_device"
_SECURE_SESSION, _SECURE_DEVICE = "__Host-seawall", "__Host-seawall-device"
_HALF_A_YEAR = 180 * 24 * 3600


class _Names(NamedTuple):
    session: str
    device: str


def _names(site: Site) -> _Names:
    if site.secure:
        return _Names(_SECURE_SESSION, _SECURE_DEVICE)
    return _Names(_SESSION, _DEVICE)


def token_in(request: Request, site: Site) -> str:
    """By what this browser is signed in; empty if by nothing."""
    return request.cookies.get(_names(site).session, "")


def device_in(request: Request, site: Site) -> str | None:
    """By what it is known that somebody signed in by this browser before."""
    return request.cookies.get(_names(site).device)


def csrf_in(request: Request) -> str:
    """What a form or a callback brings along, to show that a page of ours asks."""
    return request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD) or ""


def keep_login(response: Response, signed: SignedIn, site: Site) -> None:
    """Let the browser keep a login until it is closed, and that it is known for half a year."""
    names = _names(site)
    # Lax and not Strict: a link in a notice must lead to the page, not to the login.
    _keep(response, names.session, signed.token, site)
    if signed.device:
        _keep(response, names.device, signed.device, site, max_age=_HALF_A_YEAR)
    keep_csrf(response, signed.login.csrf, site)


def keep_csrf(response: Response, csrf: str, site: Site) -> None:
    """Let the browser keep what forms must bring along; Dash reads it, so it is not HttpOnly."""
    response.set_cookie(CSRF_COOKIE, csrf, secure=site.secure, samesite="Strict", path="/")


def forget_login(response: Response, site: Site) -> None:
    """Let the browser forget a login; not that it is known."""
    for name in (_names(site).session, CSRF_COOKIE):
        response.delete_cookie(name, secure=site.secure, samesite="Lax", path="/")


def _keep(
    response: Response, name: str, value: str, site: Site, *, max_age: int | None = None
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        secure=site.secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
