"""Signing in and out, proving again who one is, and entering a demonstration as somebody."""

from flask import Response, jsonify, request

from pages.access import guarded, is_demo, running_login, running_logins
from pages.cookies import device_in, forget_login, token_in
from pages.desk.drawing import DESK, Notice, drawn, own_token, renew, said, secret, told_of, wait_of
from pages.format import sentence
from pages.origin import running_site
from pages.paths import ACCOUNT_PATH, ENTER_PATH, LOGIN_PATH, LOGOUT_PATH, PROVE_PATH
from pages.personas import COOKIE as PERSONA_COOKIE
from pages.personas import persona_named
from pages.places import local_path
from risk.domain.actors import PROOF_LASTS, Ability, Via
from risk.errors import LoginRefused, NotAllowed

_SEE_OTHER = 303
_ENDED = Notice("Your login has ended: sign in again.", "caution")
_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY = 401, 403, 429


@DESK.get(LOGIN_PATH)
def ask_to_sign_in() -> Response:
    """The page where one signs in; whoever is in already is led on."""
    if is_demo() or running_login() is not None:
        return _led_to(local_path(request.args.get("next")))
    # Whose it was and why it ended is not looked at: whoever finds the cookie learns nothing of it.
    had_one = bool(token_in(request, running_site()))
    return _login_page(_ENDED if had_one else None)


@DESK.post(LOGIN_PATH)
def sign_in() -> Response:
    """Sign somebody in, by a token that nobody had before."""
    if is_demo():
        return _led_to("/")
    site, logins = running_site(), running_logins()
    before = token_in(request, site)
    try:
        signed = logins.sign_in(
            said("name"),
            secret("password"),
            said("code"),
            via=Via.WEB,
            place=site.place(request),
            device=device_in(request, site),
        )
    except LoginRefused as refused:
        return _refused_login(refused)
    if before:
        logins.sign_out(before, replaced_by=signed.login)
    renew(signed)
    return _led_to(ACCOUNT_PATH if signed.login.setup else local_path(request.form.get("next")))


def _refused_login(refused: LoginRefused) -> Response:
    status = _UNAUTHORIZED if wait_of(refused) is None else _TOO_MANY
    answer = _login_page(Notice(told_of(refused)), status=status)
    return _with_wait(answer, refused)


def _login_page(notice: Notice | None = None, *, status: int = 200) -> Response:
    return drawn(
        "login",
        status=status,
        notice=notice,
        nobody=not running_logins().anybody(),
        next=local_path(request.values.get("next")),
        name=said("name")[:64],
    )


@DESK.post(LOGOUT_PATH)
def sign_out() -> Response:
    """End the login of this browser."""
    site = running_site()
    token = token_in(request, site)
    if token:
        running_logins().sign_out(token)
    answer = _led_to(LOGIN_PATH)
    forget_login(answer, site)
    # Nothing that a page kept for itself outlives the login.
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


@DESK.post(PROVE_PATH)
@guarded(Ability.VIEW)
def prove() -> Response:
    """Prove again who one is; asked by the pages' own script, told in JSON."""
    if running_login() is None:
        return _problem("This is the demonstration: nobody has a password here.")
    try:
        renew(running_logins().prove(own_token(), secret("password"), said("code")))
    except LoginRefused as refused:
        return _with_wait(_problem(told_of(refused)), refused)
    return jsonify(seconds=PROOF_LASTS.total_seconds())


@DESK.post(ENTER_PATH)
def enter_as() -> Response:
    """Stand for another persona of the demonstration from now on."""
    role = persona_named(request.form.get("role"))
    if not is_demo() or role is None:
        raise NotAllowed("there is nobody of that name to enter as", ability=Ability.VIEW)
    back = _led_to(local_path(request.form.get("next")))
    back.set_cookie(PERSONA_COOKIE, role.value, httponly=True, samesite="Lax", path="/")
    return back


def _with_wait(answer: Response, refused: LoginRefused) -> Response:
    wait = wait_of(refused)
    if wait is not None:
        answer.headers["Retry-After"] = str(wait)
    return answer


def _problem(text: str) -> Response:
    answer = jsonify(problem=sentence(text))
    answer.status_code = _FORBIDDEN
    return answer


def _led_to(path: str) -> Response:
    return Response(status=_SEE_OTHER, headers={"Location": path})
