"""The gate before every page, callback and file: who may ask at all, and who asks.

In this order: by which name and line the request came, whose page sent it, who asks, and whether a
form of his asks. Whatever cannot be known is refused.
"""

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from threading import Lock
from typing import NamedTuple
from urllib.parse import quote

import structlog
from flask import Response, g, jsonify, request

from pages.access import is_demo, running_login, set_actor, set_demo, set_login
from pages.cookies import CSRF_COOKIE, csrf_in, keep_csrf, token_in
from pages.origin import Site, forwarding, is_loopback, is_own
from pages.paths import (
    ACCOUNT_PATH,
    LOGIN_PATH,
    LOGOUT_PATH,
    PEOPLE_PATH,
    PROVE_PATH,
    VOUCHING_PATH,
)
from pages.patience import KNOWN, UNKNOWN, Patience
from pages.personas import chosen_persona
from pages.questions import CALLBACKS, asked
from risk.domain.people import Login, Logins
from risk.errors import StoreError

_LOG = structlog.get_logger(__name__)

#: What holds nobody's numbers, and is needed to draw the page where one signs in.
_FREE_FOLDERS = ("/assets/", "/_dash-component-suites/")
HEALTH = "/healthz"
_FREE = frozenset({HEALTH, "/_favicon.ico"})
#: What the pages' own scripts ask for: they are told in JSON, and led nowhere.
_ASKED_BY_SCRIPTS = ("/_", "/live", PROVE_PATH)
#: Where browsers ask for the newest cycle, and why they then ask for more by themselves.
PULSE = "/live"
_BY_THE_PULSE = ["live.data"]
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

SIGNED_OUT = "Your session has ended: sign in again."
_SET_UP_FIRST = "Your login is not set up yet: open your account first."


class WebGate:
    """Asks of each request who makes it; `check` is a ``before_request`` of the server.

    Parameters
    ----------
    logins : Logins
    simulated : bool
        Whether the market is an invented one: only then there is a demonstration.
    site : Site
    monotonic : callable
        Gives seconds that only ever grow.

    Attributes
    ----------
    site : Site
    """

    def __init__(
        self,
        logins: Logins,
        *,
        simulated: bool,
        site: Site,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logins = logins
        self._simulated = simulated
        self.site = site
        self._seen = _Seen(monotonic)

    def check(self) -> Response | None:
        """Refuse what may not be asked, or note who asks and let it through."""
        refused = self._refuse_strangers()
        if refused is None and not _is_free(request.path):
            refused = self._refuse_foreign_posts() or self._refuse_unknown()
        return refused

    # --- by which name, from which page ----------------------------------------------------

    def _refuse_strangers(self) -> Response | None:
        """Answer those names only that are ours.

        A page elsewhere can point its own name at this machine, and a proxy speaks for others: both
        show in the headers.
        """
        # Whoever watches over the server asks by this machine's own name, whatever its public one.
        if self.site.answers(request) or (request.path == HEALTH and is_loopback(request)):
            return None
        _LOG.warning("stranger_refused", host=request.host, forwarded=forwarding(request))
        return _refused(_whom_it_answers(self.site))

    def _refuse_foreign_posts(self) -> Response | None:
        if request.method in _SAFE_METHODS or is_own(request):
            return None
        origin = request.headers.get("Origin")
        _LOG.warning("foreign_post_refused", origin=origin, path=request.path)
        return _refused("only Seawall's own pages may ask for that")

    # --- who asks --------------------------------------------------------------------------

    def _refuse_unknown(self) -> Response | None:
        try:
            demo = self._is_demo()
            login = None if demo else self._login()
        except StoreError as problem:
            _LOG.warning("nobody_let_in", problem=str(problem))
            return _told(f"Nobody can be let in now: {problem}.", 503)
        if demo:
            set_demo()
            set_actor(chosen_persona(request.cookies))
        elif login is not None:
            set_login(login)
            set_actor(login.actor)
        elif not _is_login_page():
            return _sign_in_first()
        csrf = request.cookies.get(CSRF_COOKIE, "") if login is None else login.csrf
        return _refuse_forged_posts(csrf) or _refuse_unfinished(login)

    def _is_demo(self) -> bool:
        if not (self._simulated and is_loopback(request)):
            return False
        return not self._seen.whether_anybody(self._logins.anybody)

    def _login(self) -> Login | None:
        token = token_in(request, self.site)
        if not token:
            return None
        # What is asked of the request is asked here: the answer comes from another thread.
        return self._seen.login(token, partial(self._logins.find, token, acts=_acts()))


class _Once(NamedTuple):
    """A login as it was found at a time."""

    login: Login
    at: float


class _Seen:
    """Whom the gate let through lately, for as long as the database does not answer.

    So that whoever watches can stop trading while it is away, and at once: who was here lately is
    not kept waiting for it. Nobody is proven by memory, so that nothing can be loosened by it.
    """

    _LASTS = 600.0
    _KEPT = 1_000

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._patience = Patience(monotonic)
        self._by_token: OrderedDict[bytes, _Once] = OrderedDict()
        self._somebody = False
        self._nobody_until: float | None = None
        self._lock = Lock()

    def whether_anybody(self, ask: Callable[[], bool]) -> bool:
        """What `ask` answers; while it cannot, that there is nobody if that was so lately.

        Once there is somebody, that is so for ever, and nobody is asked any more.
        """
        if self._somebody:
            return True
        until, now = self._nobody_until, self._monotonic()
        was_nobody = until is not None and now < until
        try:
            anybody = self._patience.ask(ask, KNOWN if was_nobody else UNKNOWN)
        except StoreError:
            if not was_nobody:
                raise
            return False
        self._somebody = anybody
        self._nobody_until = None if anybody else now + self._LASTS
        return anybody

    def login(self, token: str, ask: Callable[[], Login | None]) -> Login | None:
        """What `ask` answers; while it cannot, who that was lately, and no proof of it."""
        key = sha256(token.encode("utf-8", "replace")).digest()
        remembered = self._remembered(key)
        try:
            found = self._patience.ask(ask, UNKNOWN if remembered is None else KNOWN)
        except StoreError:
            if remembered is None:
                raise
            # Meanwhile it may have ended, and who writes may still reach the database.
            return replace(remembered, proven_at=_NEVER)
        with self._lock:
            self._by_token.pop(key, None)
            if found is not None:
                self._by_token[key] = _Once(found, self._monotonic())
                while len(self._by_token) > self._KEPT:
                    self._by_token.popitem(last=False)
        return found

    def _remembered(self, key: bytes) -> Login | None:
        with self._lock:
            once = self._by_token.get(key)
        if once is None or self._monotonic() - once.at > self._LASTS:
            return None
        return once.login


_NEVER = datetime.fromtimestamp(0, UTC)


def _is_free(path: str) -> bool:
    # With an empty step no file is named: the address of a page, as Dash sees it.
    return path in _FREE or (path.startswith(_FREE_FOLDERS) and "//" not in path)


def _acts() -> bool:
    """Whether a person did something, rather than his browser by itself."""
    if request.path == PULSE:
        return "acted" in request.args
    if request.path != CALLBACKS:
        return True
    question = asked()
    causes = question.get("changedPropIds") if isinstance(question, dict) else None
    return causes != _BY_THE_PULSE


def _is_login_page() -> bool:
    return request.path == LOGIN_PATH or request.path.startswith(f"{LOGIN_PATH}/")


def _is_for_scripts() -> bool:
    return request.path.startswith(_ASKED_BY_SCRIPTS)


def _sign_in_first() -> Response:
    if _is_for_scripts():
        return _told(SIGNED_OUT, 401)
    wanted = _page_wanted()
    return _led_to(LOGIN_PATH if wanted == "/" else f"{LOGIN_PATH}?next={quote(wanted, safe='/')}")


def _page_wanted() -> str:
    """Where somebody wanted to be: of a form the page that it stands on."""
    if request.method in _SAFE_METHODS:
        return request.full_path.rstrip("?")
    path = request.path
    if path.startswith(f"{ACCOUNT_PATH}/"):
        return ACCOUNT_PATH
    return path if path.startswith((PEOPLE_PATH, VOUCHING_PATH)) else "/"


def _refuse_unfinished(login: Login | None) -> Response | None:
    """Lead whoever must set up his login to where he does, and to nothing else."""
    if login is None or not login.setup or _is_login_page():
        return None
    if request.path in (ACCOUNT_PATH, LOGOUT_PATH) or request.path.startswith(f"{ACCOUNT_PATH}/"):
        return None
    return _told(_SET_UP_FIRST, 403) if _is_for_scripts() else _led_to(ACCOUNT_PATH)


def _refuse_forged_posts(csrf: str) -> Response | None:
    """A post must bring along what only a page of ours could read."""
    if request.method in _SAFE_METHODS:
        return None
    if csrf and hmac.compare_digest(_bytes(csrf), _bytes(csrf_in(request))):
        return None
    _LOG.warning("forged_post_refused", path=request.path)
    return _refused("this page is not up to date: load it again")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def form_csrf() -> str:
    """What a form of this answer must bring along; the browser gets it with the answer."""
    login = running_login()
    if login is not None:
        return login.csrf
    if "sw_csrf" not in g:
        g.sw_csrf = request.cookies.get(CSRF_COOKIE) or secrets.token_urlsafe(32)
    return str(g.sw_csrf)


def with_csrf(response: Response, site: Site) -> Response:
    """The answer, with the cookie that forms need where the browser has none, or an old one."""
    if running_login() is not None or is_demo() or "sw_csrf" in g:
        csrf = form_csrf()
        told = any(
            cookie.startswith(CSRF_COOKIE) for cookie in response.headers.getlist("Set-Cookie")
        )
        if not told and request.cookies.get(CSRF_COOKIE) != csrf:
            keep_csrf(response, csrf, site)
    return response


def _whom_it_answers(site: Site) -> str:
    if site.url is not None:
        return f"Seawall answers only {site.url}"
    return (
        "Seawall answers only http://127.0.0.1 and http://localhost on the machine it runs on, and "
        "no proxy, unless its settings say otherwise"
    )


def _refused(why: str) -> Response:
    return Response(f"Refused: {why}.\n", status=403, mimetype="text/plain")


def _led_to(path: str) -> Response:
    # What comes next is asked for by GET, whatever was posted.
    status = 302 if request.method in _SAFE_METHODS else 303
    return Response(status=status, headers={"Location": path})


def _told(text: str, status: int) -> Response:
    """Why there is no answer: to a script as scripts are told, to a person in plain words."""
    if not _is_for_scripts():
        return Response(f"{text}\n", status=status, mimetype="text/plain")
    answer = jsonify(problem=text)
    answer.status_code = status
    return answer
