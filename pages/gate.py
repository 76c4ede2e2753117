"""The gate before every page, callback and file: who may ask at all, and who asks.

In this order: whose name and whose line the request came by, whose page sent it, who asks, and
whether a form of his asks. Whatever is not known is refused.
"""

import hmac
import secrets
from typing import Any

import structlog
from flask import Response, g, jsonify, redirect, request

from pages.access import set_actor
from pages.origin import is_own
from pages.personas import COOKIE as PERSONA_COOKIE
from pages.personas import chosen_persona, persona_named
from pages.places import local_path
from risk.domain.people import Logins
from risk.errors import StoreError

_LOG = structlog.get_logger(__name__)

#: Before logins exist, only this machine is answered; a name that resolves here is not enough.
_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
_FORWARDING = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "Via",
)
#: What holds nobody's numbers, and is needed to sign in or to see that there is a server.
_FREE_FOLDERS = ("/assets/", "/_dash-component-suites/")
_FREE = frozenset({"/healthz"})

#: Dash sends this cookie back as `CSRF_HEADER` with each of its posts, by itself.
CSRF_COOKIE = "_csrf_token"
CSRF_HEADER = "X-CSRFToken"
CSRF_FIELD = "csrf"
ENTER = "/enter"


class WebGate:
    """Asks of each request who makes it; ``before_request`` of the server.

    Parameters
    ----------
    logins : Logins
    simulated : bool
        Whether the market is an invented one: only then there is a demonstration.
    """

    def __init__(self, logins: Logins, *, simulated: bool) -> None:
        self._logins = logins
        self._simulated = simulated

    def check(self) -> Response | None:
        """Refuse what may not be asked, or note who asks and let it through."""
        g.sw_demo = False
        refused = _refuse_strangers()
        if refused is None and not _is_free(request.path):
            refused = self._refuse_unknown()
        return refused

    def _refuse_unknown(self) -> Response | None:
        foreign = _refuse_foreign_posts()
        if foreign is not None:
            return foreign
        try:
            known = self._is_demo()
        except StoreError as problem:
            return _problem(f"nobody can be let in now: {problem}", 503)
        if not known:
            return _problem("nobody is signed in", 401)
        g.sw_demo = True
        set_actor(chosen_persona(request.cookies))
        return _refuse_forged_posts(request.cookies.get(CSRF_COOKIE, ""))

    def _is_demo(self) -> bool:
        return self._simulated and not self._logins.anybody()


def _is_free(path: str) -> bool:
    return path in _FREE or path.startswith(_FREE_FOLDERS)


def _refuse_strangers() -> Response | None:
    """Answer this machine only.

    A page elsewhere can point its own name at 127.0.0.1, and a proxy speaks for others: both show
    in the headers.
    """
    host = request.host.rsplit(":", 1)[0] if _has_port(request.host) else request.host
    forwarded = [name for name in _FORWARDING if name in request.headers]
    if host.lower() in _LOOPBACK_HOSTS and not forwarded:
        return None
    _LOG.warning("stranger_refused", host=request.host, forwarded=forwarded)
    return _refused(
        "without logins, Seawall answers only http://127.0.0.1 and http://localhost "
        "on the machine it runs on, and no proxy"
    )


def _has_port(host: str) -> bool:
    return host.rsplit(":", 1)[-1].isdigit()


def _refuse_foreign_posts() -> Response | None:
    if request.method != "POST" or is_own(request):
        return None
    _LOG.warning("foreign_post_refused", origin=request.headers.get("Origin"), path=request.path)
    return _refused("only Seawall's own pages may ask for that")


def _refuse_forged_posts(csrf: str) -> Response | None:
    """A post must bring along what only a page of ours could read."""
    if request.method != "POST":
        return None
    brought = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD) or ""
    if csrf and hmac.compare_digest(csrf.encode(), brought.encode()):
        return None
    _LOG.warning("forged_post_refused", path=request.path)
    return _refused("this page is not up to date: load it again")


def _refused(why: str) -> Response:
    return Response(f"Refused: {why}.\n", status=403, mimetype="text/plain")


def _problem(text: str, status: int) -> Response:
    answer = jsonify(problem=f"{text[0].upper()}{text[1:]}.")
    answer.status_code = status
    return answer


def with_csrf(response: Response) -> Response:
    """The answer, with a cookie for forms where the browser has none yet."""
    if "sw_demo" in g and g.sw_demo and CSRF_COOKIE not in request.cookies:
        # Not HttpOnly: Dash reads it, and sends it back as a header.
        response.set_cookie(CSRF_COOKIE, secrets.token_urlsafe(32), samesite="Strict", path="/")
    return response


def enter_as() -> Any:
    """Stand for another persona of the demonstration from now on."""
    role = persona_named(request.form.get("role"))
    if not g.sw_demo or role is None:
        return _refused("there is nobody of that name to enter as")
    back = redirect(local_path(request.form.get("next")), code=303)
    back.set_cookie(PERSONA_COOKIE, role.value, httponly=True, samesite="Lax", path="/")
    return back
