"""Bodies that do not come, or not whole."""

import asyncio

import pytest
from starlette.types import Message

from risk.api import bodies
from risk.api.bodies import read_body
from risk.api.problems import Refused

JSON = b"application/json"


def refusal(*messages: Message) -> Refused:
    """Why a body that comes in these messages, and then never goes on, is not read."""
    waiting = list(messages)

    async def receive() -> Message:
        if not waiting:
            await asyncio.sleep(3600.0)
        return waiting.pop(0)

    with pytest.raises(Refused) as caught:
        asyncio.run(read_body(receive, JSON, None))
    return caught.value


def test_a_body_that_stops_on_its_way_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(bodies, "PATIENCE", 0.01)
    refused = refusal({"type": "http.request", "body": b"{", "more_body": True})

    assert (refused.status, refused.error) == (408, "too_slow")
    assert refused.headers == {"connection": "close"}


def test_who_goes_away_on_the_way_is_not_answered_with_half_a_body():
    refused = refusal(
        {"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}
    )

    assert refused.status == 400
