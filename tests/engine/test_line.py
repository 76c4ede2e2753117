"""The line to the authority: what it knows of a breaker when no database answers."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from risk.domain.changing import Braking
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.engine.line import Line
from risk.errors import GateClosed, InvalidInput, SettingInvalid

TOLD = {"name": "fall", "scope": "strategy:trend", "imposes": "HALTED", "phase": "armed"}


@pytest.fixture
def url() -> Iterator[str]:
    """Where an authority over the portfolio demo answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = {
                "/api/v1/status": {"portfolio": "demo"},
                "/api/v1/breakers": {"holds": [], "breakers": [TOLD]},
            }
            raw = json.dumps(known[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_tells_what_a_breaker_holds_once_it_is_tripped(url):
    held = Line(url, lambda: "key").breaker("demo", "fall")

    assert held == Braking(Scope(ScopeKind.STRATEGY, "trend"), TradingState.HALTED)


def test_an_unknown_breaker_and_another_book_are_refused(url):
    line = Line(url, lambda: "key")

    with pytest.raises(InvalidInput, match="there is no breaker called 'fal'"):
        line.breaker("demo", "fal")
    with pytest.raises(GateClosed, match="is over another portfolio, demo"):
        line.breaker("other", "fall")


def test_where_nobody_answers_or_there_is_no_key_it_says_so():
    def no_key() -> str:
        raise SettingInvalid("SEAWALL_HOME", "is where there is no key")

    with pytest.raises(GateClosed, match="the engine does not answer at port 9"):
        Line("http://127.0.0.1:9", lambda: "key").breaker("demo", "fall")
    with pytest.raises(GateClosed, match="cannot be asked: SEAWALL_HOME is where"):
        Line("http://127.0.0.1:9", no_key).breaker("demo", "fall")
