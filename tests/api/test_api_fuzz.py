"""Random requests over a real socket are no fault of the server, and a fault would be found."""

import time
from collections.abc import Iterator

import pytest
import structlog

from benchmarks.chance import Chance
from benchmarks.fuzz_api import Answer, Fuzz, fault_of
from benchmarks.load_gate import Target
from risk.api.app import create_api
from risk.api.hub import Pace
from risk.api.resources import OPERATIONS
from risk.api.server import ApiServer
from tests.api.asking import order
from tests.fakes_gate import make_desk

STATUS = next(each for each in OPERATIONS if each.path == "/api/v1/status")


@pytest.fixture
def fuzz(house) -> Iterator[Fuzz]:
    fast = {"orders_per_second": 1e6, "reads_per_second": 1e6, "monotonic": time.monotonic}
    desk = make_desk(lambda: house.gate, house.reader, house.ring, **fast)
    server = ApiServer(create_api(desk, pace=Pace(0.005, 0.05, 0.3)), "127.0.0.1", 0)
    server.start()
    target = Target(server.port, house.key()[1], order())
    yield Fuzz(target, Chance(1, ["o-1", "halt", "0"]))
    server.stop()


def test_random_requests_are_no_fault(fuzz):
    fuzz.run(250)

    assert fuzz.faults == []
    assert len(fuzz.counts) > 15
    assert fuzz.counts["POST /api/v1/orders/validate"][200] > 0


def test_a_server_that_fails_is_found_out(fuzz, house, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(house.gate, "validate_signal", broken)
    with structlog.testing.capture_logs():
        fuzz.run(60)

    assert fuzz.faults
    assert all("POST /api/v1/signals/validate answered 500" in each for each in fuzz.faults)


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (200, b"{}", ""),
        (204, b"", "answered 204, which is not documented"),
        (503, b"", "answered 503"),
        (200, b'{"a": NaN}', "answered no JSON: NaN is no number"),
        (200, b"{", "answered no JSON"),
        (401, b"{}", "refused without a word"),
        (401, b'{"error": "no_key", "message": "a key is needed"}', ""),
    ],
)
def test_what_is_wrong_with_an_answer(status, body, fault):
    found = fault_of(Answer(status, "application/json", body), STATUS, as_documented=True)

    assert found.startswith(fault)
    assert bool(found) == bool(fault)
