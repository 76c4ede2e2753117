"""Channels: a real endpoint on this machine, addresses that are refused, secrets that stay so."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from structlog.testing import capture_logs

from risk.channels import CHANNELS, channel_names
from risk.channels import channels_of as all_channels_of
from risk.errors import ChannelFailed, SettingInvalid
from tests.builders import build_notice
from tests.network import free_port

SECRET = "s3cretpath"


def channels_of(urls):
    """Endpoints of tests lie on this machine."""
    return all_channels_of(urls, ["127.0.0.1"])


class Endpoint(HTTPServer):
    """Keeps what is posted to it, and answers as a test wants.

    Attributes
    ----------
    got : list of (path, document)
    status : int
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, dict[str, object]]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/{SECRET}"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Nothing: what it got is in `got`."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def library_logs() -> Iterator[io.StringIO]:
    """All that our log would take in of what libraries say: warnings and errors."""
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_the_log_is_always_there_and_writes_severe_notices_as_errors():
    (log,) = channels_of(())

    with capture_logs() as told:
        log.deliver(build_notice())

    assert log.name == "log"
    (line,) = told
    assert (line["event"], line["log_level"], line["id"]) == ("notice", "error", "1-0")
    assert line["body"] == build_notice().body


def test_a_notice_reaches_an_endpoint_whole(endpoint: Endpoint):
    log, channel = channels_of([endpoint.url])

    channel.deliver(build_notice())

    assert (log.name, channel.name) == ("log", "json")
    ((path, document),) = endpoint.got
    assert path == f"/{SECRET}"
    assert (document["title"], document["message"]) == (build_notice().subject, build_notice().body)
    assert document["type"] == "failure"


def test_it_is_asked_in_the_thread_that_asks(endpoint: Endpoint):
    """Python would wait at its end for those of a pool, and one that hangs would take up all."""
    before = set(threading.enumerate())

    channels_of([endpoint.url])[1].deliver(build_notice())

    assert {thread for thread in threading.enumerate() if not thread.daemon} <= before


@pytest.mark.parametrize("refuses", [True, False], ids=["it refuses", "nobody is there"])
def test_an_endpoint_that_does_not_take_it_is_a_failure_without_secrets(
    endpoint: Endpoint, refuses: bool, library_logs: io.StringIO
):
    endpoint.status = 500
    there = endpoint.url
    url = there if refuses else f"json://user:s3cretword@127.0.0.1:{free_port()}/{SECRET}"
    channel = channels_of([url])[1]

    with pytest.raises(ChannelFailed) as failed:
        channel.deliver(build_notice())

    assert "JSON" in str(failed.value)
    assert "s3cret" not in str(failed.value) + library_logs.getvalue()


def test_addresses_of_one_service_are_told_apart_by_number():
    urls = ["json://127.0.0.1:1", "xml://127.0.0.1:1", "JSON://127.0.0.1:2"]

    assert [one.name for one in channels_of(urls)] == ["log", "json", "xml", "json-2"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("slak://s3cretA/s3cretB", r"number 2: slak://\*\*\* is of no service .* mean slack\?"),
        ("slack://s3cretA/s3cretB", r"number 2: slack://\*\*\* lacks something"),
    ],
)
def test_a_bad_address_is_refused_by_its_number_and_without_its_secrets(
    url: str, said: str, library_logs: io.StringIO
):
    with pytest.raises(SettingInvalid, match=f"SEAWALL_NOTIFY_URLS .*{said}") as refused:
        channels_of(["json://127.0.0.1:1", url])

    assert "s3cret" not in str(refused.value) + library_logs.getvalue()


def test_an_address_keeps_time_outs_of_its_own():
    ours, own = channels_of(["json://127.0.0.1:1", "json://127.0.0.1:1?rto=2"])[1:]

    assert [channel._service[0].request_timeout for channel in (ours, own)] == [(4, 8), (4, 2)]


def test_every_sort_of_channel_is_made_of_addresses_alone():
    assert list(CHANNELS) == ["log", "apprise"]
    assert [make((), ()) for make in CHANNELS.values()][1] == ()


def test_whoever_leaves_notices_knows_the_channels_by_the_same_names():
    urls = ["json://127.0.0.1:1/a", "xml://127.0.0.1:1/b", "json://127.0.0.1:1/c"]

    assert channel_names(urls) == tuple(channel.name for channel in channels_of(urls))
    assert channel_names([]) == ("log",)
