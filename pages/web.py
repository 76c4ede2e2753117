"""What the web server answers besides Dash: the pulse and its health, behind a gate."""

from collections.abc import Callable, Sequence
from functools import partial
from secrets import token_hex
from urllib.parse import quote

import structlog
from dash import Dash, html, set_props
from dash.exceptions import DependencyException
from flask import Response, jsonify, request

from pages.access import is_demo, running_actor
from pages.bundles import caching_of, send_compressed
from pages.components.proof import WANTED
from pages.components.refusals import refusal_toast
from pages.components.states import PROBATION_LOOK, STATE_LOOKS
from pages.components.toasts import CONTAINER
from pages.context import Book, BookReader, Pulse, book_named
from pages.desk import DESK
from pages.format import sentence
from pages.gate import HEALTH, PULSE, WebGate, with_csrf
from pages.origin import Site
from pages.questions import refusing_no_questions, tell_unknown_file
from pages.readings import Readings
from pages.screens import running_screens
from pages.views.holds import tripped_on
from pages.views.journal.address import JOURNAL_VIEW
from pages.views.journal.reading import journal_news
from pages.views.orders.reading import order_news
from pages.views.overrides.warnings import STALE_CYCLES
from pages.views.proposals.address import PROPOSALS_VIEW
from pages.views.tightest import parts_badge, size_says
from risk.domain.actors import Ability
from risk.domain.state import RiskState
from risk.errors import NotAllowed, ProofNeeded, SeawallError

_LOG = structlog.get_logger(__name__)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

#: For a year; its other names are nobody's business here.
_ONLY_TLS = "max-age=31536000"

#: Seconds after which it is asked anew how many changes wait: they need no engine, nor its cycles.
_WAITING_SECONDS = 1


def configure(app: Dash, gate: WebGate) -> None:
    """Give the server of `app` its routes, its gate and its headers."""
    server = app.server
    server.config.update(
        COMPRESS_ALGORITHM=["br", "zstd", "gzip"],
        COMPRESS_BR_LEVEL=4,
        MAX_CONTENT_LENGTH=1 << 20,
    )
    server.before_request(gate.check)
    server.before_request(refusing_no_questions(app))
    server.register_error_handler(DependencyException, tell_unknown_file)
    server.after_request(partial(with_csrf, site=gate.site))
    server.after_request(_with_headers(app, gate.site))
    # Later ones run first: what leaves here compressed is left alone by Dash's own compression.
    server.after_request(send_compressed)
    server.add_url_rule(HEALTH, view_func=healthz)
    server.add_url_rule(PULSE, view_func=live)
    server.register_blueprint(DESK)


def _with_headers(app: Dash, site: Site) -> Callable[[Response], Response]:
    policy: list[str] = []

    def add(response: Response) -> Response:
        # Not before the first answer: Dash adds inline scripts while it sets itself up.
        if not policy:
            policy.append(_content_security_policy(app.csp_hashes()))
        response.headers["Content-Security-Policy"] = policy[0]
        response.headers.update(_HEADERS)
        if site.secure:
            response.headers["Strict-Transport-Security"] = _ONLY_TLS
        response.headers["Cache-Control"] = caching_of(request, response.status_code)
        return response

    return add


def _content_security_policy(script_hashes: Sequence[str]) -> str:
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' {' '.join(script_hashes)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def healthz() -> Response:
    """The web process answers; whether the engine does, ``/live`` tells."""
    return jsonify(status="ok")


def live() -> Response:
    """The newest complete cycle in a hundred bytes; 204 if the browser knows it already."""
    readings = running_screens().readings
    try:
        answer = _pulse(readings, request.args.get("book"))
    except SeawallError as error:
        _LOG.warning("pulse_unavailable", error=str(error))
        answer = _problem(f"{sentence(str(error))}.", 503)
    # A page that was drawn for somebody else finds out.
    answer.headers["Seawall-Visitor"] = quote(running_actor().name)
    return answer


def _pulse(readings: Readings, name: str | None) -> Response:
    reader, newest = readings.reader, readings.newest
    book = book_named(newest.books(), name)
    pulse = newest.pulse(book.name) if book else None
    if book is None or pulse is None:
        return _before_any_cycle(reader, book)
    age = _age(reader, pulse)
    problem = _why_old(reader, book, age)
    news = _news(readings, book)
    known = request.args.get("after", type=int), request.args.get("news", type=int)
    if (pulse.cycle, news) == known and problem is None:
        return Response(status=204)
    standing = _standing(readings, book, pulse) | _waiting(readings, book)
    return jsonify(
        cycle=pulse.cycle,
        age=age,
        cycle_seconds=reader.cycle_seconds,
        market=pulse.market.isoformat(),
        saved=pulse.saved.isoformat(),
        **{"state": pulse.trading_state, **standing},
        problem=problem,
        **({} if news is None else {"news": news}),
    )


def _standing(readings: Readings, book: Book, pulse: Pulse) -> dict[str, str]:
    """What the book's word alone would hide: its size, tighter parts, and what has tripped."""
    cycle = readings.cycle_of(book, pulse)
    if cycle is None:
        return {}
    book_stands = cycle.state.standing()
    badge = parts_badge(cycle.state)
    told = {"parts": badge.text, "parts_shape": badge.shape, "says": size_says(book_stands)}
    if badge.text:
        told |= {"parts_short": badge.short, "parts_title": badge.title}
    told |= _tripped(cycle.state)
    if book_stands is not None and book_stands.probation:
        told["state"] = PROBATION_LOOK.word
    return told


def _waiting(readings: Readings, book: Book) -> dict[str, str]:
    """How many changes wait, for the navigation of whoever may decide them."""
    if Ability.APPROVE not in running_actor().abilities:
        return {}
    news = readings.once(
        ("proposal news", book.name, readings.epoch(_WAITING_SECONDS)),
        lambda: readings.reader.proposal_news(book.name),
    )
    return {"changes": str(news.waiting)} if news.waiting else {}


def _tripped(state: RiskState) -> dict[str, str]:
    """How many breakers are tripped, for the navigation, in the colour of the tightest."""
    tripped = tripped_on(state)
    if not tripped:
        return {}
    return {"tripped": str(len(tripped)), "tripped_shape": STATE_LOOKS[tripped[0].state].shape}


def _news(readings: Readings, book: Book) -> int | None:
    """What happened between cycles, counted; asked for by screens that show it."""
    if "news" not in request.args:
        return None
    return _NEWS.get(request.args.get("of", ""), order_news)(readings, book)


def _proposal_news(readings: Readings, book: Book) -> int:
    return readings.reader.proposal_news(book.name).number


#: What counts as news where, unless it is answers to orders.
_NEWS: dict[str, Callable[[Readings, Book], int]] = {
    PROPOSALS_VIEW: _proposal_news,
    JOURNAL_VIEW: journal_news,
}


def _before_any_cycle(reader: BookReader, book: Book | None) -> Response:
    problem = reader.engine(book.name).problem if book else None
    if problem is not None:
        return _problem(problem, 503)
    return jsonify(cycle=None, cycle_seconds=reader.cycle_seconds)


def _age(reader: BookReader, pulse: Pulse) -> float:
    # Saved in the future: the clock was set back and no cycle came since; that is not fresh.
    return round(abs((reader.wall() - pulse.saved).total_seconds()), 3)


def _why_old(reader: BookReader, book: Book, age: float) -> str | None:
    """Why no newer cycle came; None while one may still come."""
    if age < STALE_CYCLES * reader.cycle_seconds:
        return None
    engine = reader.engine(book.name)
    if engine.problem is None and not engine.running:
        return (
            f"No sign of the engine of {book.name}: it has ended, is frozen, or cannot write to "
            "the database. Its log says which."
        )
    return engine.problem


def _problem(text: str, status: int) -> Response:
    answer = jsonify(problem=text)
    answer.status_code = status
    return answer


def tell_failure(error: Exception) -> None:
    """Say on the page what a callback raised: a silent failure looks like calm."""
    if isinstance(error, ProofNeeded):
        # Each time another value, or a browser would not be told a second time.
        set_props(WANTED, {"data": {"why": f"{sentence(str(error))}.", "id": token_hex(4)}})
        return
    if isinstance(error, NotAllowed):
        _LOG.info("callback_refused", why=str(error))
        set_props(CONTAINER, {"sendNotifications": [refusal_toast(error, demo=is_demo())]})
        return
    told = str(error) if isinstance(error, SeawallError) else f"{type(error).__name__}, see the log"
    # What is foreseen says all there is to say; anything else is a fault of ours.
    foreseen = isinstance(error, SeawallError)
    _LOG.error("callback_failed", why=told, exc_info=None if foreseen else error)
    words = [
        html.Strong("This part could not be brought up to date."),
        f" {sentence(told)}.",
    ]
    look = {"className": "sw-banner", "data-state": "halted"}
    set_props("refusal", {"children": html.P(words), **look})
