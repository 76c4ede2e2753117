"""The server on a real socket of this machine."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from risk.api.app import create_api
from risk.api.hub import Pace
from risk.api.server import MOST_HEADERS, ApiServer
from risk.errors import SettingInvalid
from tests.api.asking import order
from tests.fakes_gate import make_desk


@pytest.fixture
def server(house) -> Iterator[ApiServer]:
    desk = make_desk(lambda: house.gate, house.reader, house.ring, monotonic=time.monotonic)
    server = ApiServer(create_api(desk, pace=Pace(0.005, 0.05, 0.3)), "127.0.0.1", 0)
    server.start()
    yield server
    server.stop()
    assert not server.running


def call(server: ApiServer, method: str, path: str, body: object = None, secret: str = ""):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def raw(server: ApiServer, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(data)
        answer = b""
        while part := line.recv(65_536):
            answer += part
    return answer


def test_an_order_is_answered_over_a_socket(house, server):
    _, secret = house.key()
    status, told = call(server, "POST", "/api/v1/orders/validate", order(), secret)

    assert (status, told["verdict"]) == (200, "approve")
    assert call(server, "GET", "/healthz") == (200, {"status": "ok"})


def test_no_thread_is_left_of_a_server_that_ended(house):
    before = set(threading.enumerate())
    _, secret = house.key()
    desk = make_desk(lambda: house.gate, house.reader, house.ring, monotonic=time.monotonic)
    server = ApiServer(create_api(desk, pace=Pace(0.005, 0.05, 0.3)), "127.0.0.1", 0)
    server.start()
    call(server, "POST", "/api/v1/orders/validate", order(), secret)
    call(server, "GET", "/api/v1/orders/o-1", secret=secret)
    house.gate.forgets = True
    assert call(server, "DELETE", "/api/v1/orders/o-1", secret=secret)[0] == 200
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(
            b"GET /api/v1/events/stream HTTP/1.1\r\nhost: localhost\r\n"
            b"authorization: Bearer " + secret.encode() + b"\r\n\r\n"
        )
        heard = b""
        while b"still here" not in heard:
            heard += line.recv(65_536)
        began = {thread.name.rpartition("_")[0] for thread in set(threading.enumerate()) - before}
        server.stop()

    assert began >= {"api-read", "api-order", "api-journal"}
    assert set(threading.enumerate()) <= before


def test_an_answer_that_waits_for_the_journal_comes_from_its_thread(house, server):
    _, secret = house.key()
    house.gate.slow = True
    answers: list = []
    asking = threading.Thread(
        target=lambda: answers.append(
            call(server, "POST", "/api/v1/orders/validate", order(), secret)
        )
    )
    asking.start()
    while not house.gate.waiting:
        time.sleep(0.001)
    assert not answers
    house.gate.write()
    asking.join(20)

    assert answers[0][0] == 200


def test_a_port_that_is_taken_is_told_in_words(house, server):
    second = ApiServer(
        create_api(make_desk(lambda: None, house.reader, house.ring)), "127.0.0.1", server.port
    )

    with pytest.raises(SettingInvalid) as refused:
        second.start()
    assert f"SEAWALL_API_PORT is {server.port}, which this program cannot open" in str(
        refused.value
    )
    assert "an engine that stands by needs one of its own" in str(refused.value)
    assert not second.running
    second.stop()  # of what never ran


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"BREW / HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * MOST_HEADERS + b"\r\n\r\n",
        b"GET /" + b"a" * MOST_HEADERS + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_as_json(server, data: bytes):
    head, _, body = raw(server, data).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/json" in head
    assert json.loads(body)["error"] == "bad_request"


def test_a_chunked_body_is_read(house, server):
    _, secret = house.key()
    body = json.dumps(order()).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:]))
    answer = raw(
        server,
        b"POST /api/v1/orders/validate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        b"authorization: Bearer " + secret.encode() + b"\r\ncontent-type: application/json\r\n"
        b"transfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n",
    )

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"verdict":"approve"' in answer


def test_a_body_that_is_too_long_ends_the_connection(house, server):
    _, secret = house.key()
    answer = raw(
        server,
        b"POST /api/v1/orders/validate HTTP/1.1\r\nhost: localhost\r\n"
        b"authorization: Bearer " + secret.encode() + b"\r\ncontent-type: application/json\r\n"
        b"content-length: 9999999\r\n\r\n",
    )

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_there_is_a_greatest_number_of_connections(server, monkeypatch):
    monkeypatch.setattr("risk.api.server.MOST_CONNECTIONS", 1)
    request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as first:
        first.sendall(request[:20])
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as second:
            assert second.recv(1) == b""
        first.sendall(request[20:])
        assert first.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_a_listener_that_reads_nothing_is_cut_off_and_leaves_no_trace(house, server):
    _, secret = house.key()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.sendall(
            b"GET /api/v1/events/stream HTTP/1.1\r\nhost: localhost\r\n"
            b"authorization: Bearer " + secret.encode() + b"\r\n\r\n"
        )
        assert line.recv(1) == b"H"
        hub = server._app.room.hub
        while hub.listeners:
            house.reader.add("FundsMoved", note="x" * 500_000)
            time.sleep(0.01)
    assert call(server, "GET", "/healthz")[0] == 200


def test_a_request_without_a_host_is_refused(server):
    assert raw(server, b"GET /healthz HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 421 ")


def test_events_stream_over_a_socket_until_the_server_ends(house):
    _, secret = house.key()
    desk = make_desk(lambda: house.gate, house.reader, house.ring)
    server = ApiServer(create_api(desk, pace=Pace(0.005, 0.05, 0.3)), "127.0.0.1", 0)
    server.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(
        "GET", "/api/v1/events/stream", headers={"Authorization": f"Bearer {secret}"}
    )
    response = connection.getresponse()
    assert response.status == 200
    assert response.readline() == b": still here\n"
    house.reader.add("FundsMoved", amount=1.0)
    lines = [response.readline()]
    while lines[-1] != b"id: 1\n":
        lines.append(response.readline())
    server.stop()

    assert response.read().endswith(b"\n\n")
    assert not server.running
