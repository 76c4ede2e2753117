"""The stream of events: resumes, filters, beats, ends, and lets go of who does not keep up."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.applications import Starlette

from risk.api import hub as hubs
from tests.api.asking import HOST, Agent

PATH = "/api/v1/events/stream"


class Listener:
    """Somebody who listens, and takes what comes only while told to."""

    def __init__(self, app: Starlette, secret: str, *, path: str = PATH, last: str = "") -> None:
        address, _, query = path.partition("?")
        headers = [(b"host", HOST), (b"authorization", b"Bearer " + secret.encode())]
        if last:
            headers.append((b"last-event-id", last.encode()))
        self._scope = {
            "type": "http",
            "method": "GET",
            "path": address,
            "raw_path": address.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
        }
        self._app = app
        self._gone = asyncio.Event()
        self.takes = asyncio.Event()
        self.takes.set()
        self.status = 0
        self.text = ""
        self.finished = False
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async def receive():
            await self._gone.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            await self.takes.wait()
            if message["type"] == "http.response.start":
                self.status = message["status"]
                return
            self.text += message["body"].decode()
            self.finished = not message.get("more_body")

        await self._app(self._scope, receive, send)

    def leave(self) -> None:
        self._gone.set()

    @property
    def ids(self) -> list[int]:
        lines = self.text.splitlines()
        return [int(line[4:]) for line in lines if line.startswith("id: ")]

    async def until(self, holds: Callable[["Listener"], bool]) -> None:
        async with asyncio.timeout(20.0):
            while not holds(self):
                await asyncio.sleep(0.001)

    async def ended(self) -> None:
        async with asyncio.timeout(20.0):
            await self.task


def listening(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())


@pytest.fixture
def secret(house) -> str:
    return house.key()[1]


def test_news_come_as_they_happen_and_old_ones_do_not(house, app, secret):
    house.reader.add("Old")

    async def story():
        listener = Listener(app, secret)
        await listener.until(lambda each: each.text)
        house.reader.add("RiskStatus", state="HALTED")
        house.reader.add("FundsMoved", amount=1.0)
        await listener.until(lambda each: len(each.ids) == 2)
        listener.leave()
        await listener.ended()
        assert listener.status == 200
        assert (
            'id: 2\nevent: RiskStatus\ndata: {"kind":"RiskStatus","version":1,'
            '"body":{"state":"HALTED"}}\n\n'
        ) in listener.text

    listening(story)


@pytest.mark.parametrize(("last", "path"), [("3", PATH), ("", PATH + "?after=3")])
def test_a_listener_goes_on_after_the_last_one_it_knows(house, app, secret, last, path):
    for n in range(6):
        house.reader.add("FundsMoved", amount=n)

    async def story():
        listener = Listener(app, secret, last=last, path=path)
        await listener.until(lambda each: each.ids == [4, 5, 6])
        house.reader.add("FundsMoved", amount=9)
        await listener.until(lambda each: each.ids == [4, 5, 6, 7])
        listener.leave()
        await listener.ended()

    listening(story)


def test_a_long_past_comes_page_by_page_in_order(house, app, secret, monkeypatch):
    monkeypatch.setattr(hubs, "_A_PAGE", 7)
    for n in range(50):
        house.reader.add("FundsMoved", amount=n)

    async def story():
        listener = Listener(app, secret, last="0")
        await listener.until(lambda each: each.ids == list(range(1, 51)))
        listener.leave()
        await listener.ended()

    listening(story)


def test_a_number_from_the_future_is_none_to_wait_for(house, app, secret):
    house.reader.add("FundsMoved", amount=1)

    async def story():
        listener = Listener(app, secret, last="999")
        await listener.until(lambda each: each.text)
        house.reader.add("FundsMoved", amount=2)
        await listener.until(lambda each: each.ids == [2])
        listener.leave()
        await listener.ended()

    listening(story)


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 40])
def test_a_number_that_is_none_is_refused(house, app, secret, last: str):
    answer = Agent(app, secret).get(PATH, headers=[(b"last-event-id", last.encode())])

    assert (answer.status, answer.error) == (400, "bad_parameter")


def test_a_key_for_one_strategy_hears_nothing_of_others(house, app):
    _, secret = house.key(strategies=["trend"])

    async def story():
        listener = Listener(app, secret)
        await listener.until(lambda each: each.text)
        house.reader.add("OrderValidation", strategy="dip")
        house.reader.add("ActionRefused", asked="release the order dip-1", reason="dip has none")
        house.reader.add("PolicyChanged", what=["gross of dip: hard 2 (was 3)"])
        house.reader.add("OrderValidation", strategy="trend")
        await listener.until(lambda each: each.ids == [4])
        assert "dip" not in listener.text
        listener.leave()
        await listener.ended()

    listening(story)


def test_one_poller_reads_for_all_and_rests_when_nobody_listens(house, app, secret):
    async def story():
        listeners = [Listener(app, secret) for _ in range(10)]
        for each in listeners:
            await each.until(lambda one: one.text)
        assert app.room.hub.listeners == 10
        before = house.reader.asked
        house.reader.add("FundsMoved", amount=1)
        for each in listeners:
            await each.until(lambda one: one.ids == [1])
        assert house.reader.asked - before < 10
        for each in listeners:
            each.leave()
            await each.ended()
        assert app.room.hub.listeners == 0
        assert not app.room.hub.open
        quiet = house.reader.asked
        await asyncio.sleep(0.03)
        assert house.reader.asked <= quiet + 1

    listening(story)


def test_who_comes_after_a_pause_does_not_hear_what_happened_in_it(house, app, secret):
    async def story():
        for n in range(2):
            listener = Listener(app, secret)
            await listener.until(lambda each: each.text)
            assert listener.ids == []
            listener.leave()
            await listener.ended()
            house.reader.add("FundsMoved", amount=n)

    listening(story)


def test_silence_is_told_from_a_dead_line(house, app, secret):
    async def story():
        listener = Listener(app, secret)
        await listener.until(lambda each: each.text.count(": still here") >= 3)
        listener.leave()
        await listener.ended()

    listening(story)


def test_who_does_not_take_what_is_sent_is_let_go_and_others_hear_on(house, app, secret):
    async def story():
        slow, quick = Listener(app, secret), Listener(app, secret)
        for listener in (slow, quick):
            await listener.until(lambda each: each.text)
        slow.takes.clear()
        for n in range(5):
            house.reader.add("FundsMoved", amount=n)
        await quick.until(lambda each: each.ids == [1, 2, 3, 4, 5])
        await slow.ended()
        assert not slow.finished  # so that the server cuts the line
        house.reader.add("FundsMoved", amount=9)
        await quick.until(lambda each: each.ids[-1] == 6)
        quick.leave()
        await quick.ended()

    listening(story)


def test_a_revoked_key_hears_no_more(house, app):
    key, secret = house.key()

    async def story():
        listener = Listener(app, secret)
        await listener.until(lambda each: each.text)
        house.revoke(key)
        await listener.ended()
        assert listener.finished

    listening(story)


def test_when_the_server_ends_so_do_streams_and_nobody_enters(house, app, secret):
    async def story():
        listener = Listener(app, secret)
        await listener.until(lambda each: each.text)
        app.state.say_goodbye()
        await listener.ended()
        assert listener.finished
        late = await Agent(app, secret).asked("GET", PATH)
        assert late.status == 503

    listening(story)


def test_listeners_go_on_when_the_database_comes_back(house, app, secret):
    async def story():
        listener = Listener(app, secret)
        await listener.until(lambda each: each.text)
        house.reader.away = True
        before = house.reader.asked
        await listener.until(lambda _: house.reader.asked > before + 2)
        house.reader.add("FundsMoved", amount=1)
        house.reader.away = False
        await listener.until(lambda each: each.ids == [1])
        listener.leave()
        await listener.ended()

    listening(story)


def test_there_is_a_greatest_number_of_listeners(house, app, secret, monkeypatch):
    monkeypatch.setattr(hubs, "MOST_A_KEY", 2)
    monkeypatch.setattr(hubs, "MOST_LISTENERS", 3)
    _, other = house.key()

    async def story():
        listeners = [Listener(app, secret), Listener(app, secret), Listener(app, other)]
        for each in listeners:
            await each.until(lambda one: one.text)
        for who in (secret, other):
            refused = await Agent(app, who).asked("GET", PATH)
            assert (refused.status, refused.error) == (429, "too_many_listeners")
        listeners[0].leave()
        await listeners[0].ended()
        again = Listener(app, secret)
        await again.until(lambda one: one.text)
        for each in (*listeners[1:], again):
            each.leave()
            await each.ended()

    listening(story)
