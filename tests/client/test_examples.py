"""The examples of the documentation run, against a fake Seawall and pretended exchanges."""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from risk.client import Seawall
from tests.client.conftest import AT_ONCE, eventually
from tests.fakes_seawall import KEY, ROOM, FakeSeawall, Fault

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
BTC = "BTC/USDT"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def client(served: tuple[FakeSeawall, str], seawall: FakeSeawall) -> Iterator[Seawall]:
    with Seawall(
        served[1], KEY, strategy="trend", timeout=10.0, patience=10.0, pauses=AT_ONCE
    ) as made:
        yield made


@dataclass
class Fill:
    """A trade at the pretended exchange."""

    id: str
    quantity: float
    price: float


@dataclass
class PretendedExchange:
    """Fills a share of each order at once, and lets the rest die."""

    share: float = 1.0
    venue: str = "sim-a"
    held: dict[str, float] = field(default_factory=dict)
    sent: list[tuple[str, float]] = field(default_factory=list)

    def send(self, order: str, asset: str, side: str, quantity: float) -> list[Fill]:
        self.sent.append((side, quantity))
        traded = self.share * quantity
        signed = traded if side == "buy" else -traded
        self.held[asset] = self.held.get(asset, 0.0) + signed
        return [Fill(f"fill of {order}", traded, 50_000.0)]

    def is_dead(self, order: str) -> bool:
        return True

    def position(self, asset: str) -> float:
        return self.held.get(asset, 0.0)


def test_the_agent_is_short():
    assert len((EXAMPLES / "agent.py").read_text().splitlines()) <= 40


def test_the_agent_sends_what_was_allowed_and_reports_it(client: Seawall, seawall: FakeSeawall):
    exchange = PretendedExchange()
    wishes = [(BTC, "buy", 2.0), (BTC, "buy", ROOM + 5.0)]
    example("agent").run(client, exchange, wishes, pause=lambda: None)

    assert exchange.sent == [("buy", 2.0), ("buy", ROOM)]
    assert [fill["quantity"] for fill in seawall.fills.values()] == [2.0, ROOM]
    assert seawall.held == {}


def test_the_agent_gives_back_what_was_not_traded(client: Seawall, seawall: FakeSeawall):
    example("agent").run(client, PretendedExchange(share=0.5), [(BTC, "buy", 2.0)], lambda: None)

    assert [fill["quantity"] for fill in seawall.fills.values()] == [1.0]
    assert seawall.held == {}


def test_the_agent_sends_nothing_without_an_answer(client: Seawall, seawall: FakeSeawall):
    seawall.always = Fault.STANDBY
    exchange = PretendedExchange()
    example("agent").run(client, exchange, [(BTC, "buy", 2.0)], lambda: None)

    assert exchange.sent == []


def test_the_agent_reduces_when_it_is_asked_to(client: Seawall, seawall: FakeSeawall):
    agent, exchange = example("agent"), PretendedExchange()

    def pause() -> None:
        if not seawall.reductions:
            seawall.request(id="r1", target_quantity=0.5)
            # Told over the stream, in a thread of the client's.
            eventually(lambda: told)

    told: list[Any] = []
    client.on_reduction(told.append)
    agent.run(client, exchange, [(BTC, "buy", 2.0), (BTC, "buy", 0.1)], pause)
    eventually(lambda: told)
    # The agent's own listener may hear it a little later than ours.
    while not seawall.acknowledged:
        agent.run(client, exchange, [(BTC, "buy", 0.1)], pause)

    assert seawall.acknowledged[0] == "r1"
    assert [side for side, _ in exchange.sent].count("sell") >= 1
    reduced = [body for body, _ in seawall.orders.values() if body["reduce_only"]]
    assert reduced[0]["side"] == "sell"


def test_the_agent_can_be_tried_on_paper(
    client: Seawall, seawall: FakeSeawall, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    place = {"strategy": "trend", "asset": BTC, "venue": "sim-a"}
    seawall.positions = [{**place, "quantity": 0.7, "stop_price": None, "mark": 60_000.0}]
    paper = example("try_agent").Paper(client)
    example("agent").run(client, paper, [(BTC, "buy", 2.0), ("NEW/USDT", "buy", 2.0)], lambda: None)

    fills = [(fill["quantity"], fill["price"]) for fill in seawall.fills.values()]
    assert fills == [(0.02, 60_000.0)]
    assert seawall.held == {}
    assert paper.position(BTC) == 0.7


# --- ccxt -----------------------------------------------------------------------------------


class PretendedCcxt:
    """The three methods of ccxt's unified interface that the loop uses, with its shapes."""

    def __init__(self, fills: list[float]) -> None:
        self._fills = fills
        self._prices = {0.5: 40_000.0, 2.0: 70_000.0}
        self._cancelled = False
        self.sent: list[tuple[Any, ...]] = []

    def create_order(self, symbol, type, side, amount, price=None, params=None):  # noqa: A002
        self.sent.append((symbol, type, side, amount, params))
        self._amount = amount
        return {"id": "ex-1", "status": "open", "filled": None, "average": None}

    def fetch_order(self, id, symbol=None):  # noqa: A002
        filled = self._fills.pop(0) if len(self._fills) > 1 else self._fills[0]
        dead = "closed" if filled >= self._amount else "canceled" if self._cancelled else "open"
        return {
            "id": id,
            "status": dead,
            "filled": filled,
            "average": self._prices.get(filled),
            "fee": {"cost": 3.0, "currency": "USDT"},
        }

    def cancel_order(self, id, symbol=None):  # noqa: A002
        self._cancelled = True


def trade(client: Seawall, exchange: PretendedCcxt, quantity: float, looks: int = 10) -> float:
    loop = example("ccxt_loop")
    return loop.buy_or_sell(
        client, exchange, BTC, "buy", quantity, venue="sim-a", wait=lambda: None, looks=looks
    )


def test_the_loop_reports_each_part_until_the_order_is_filled(
    client: Seawall, seawall: FakeSeawall
):
    exchange = PretendedCcxt([0.0, 0.5, 0.5, 2.0])

    assert trade(client, exchange, 2.0) == 2.0
    assert [fill["quantity"] for fill in seawall.fills.values()] == [0.5, 1.5]
    assert [fill["price"] for fill in seawall.fills.values()] == [40_000.0, 80_000.0]
    assert sum(fill["fee"] for fill in seawall.fills.values()) == 3.0
    assert exchange.sent[0][:4] == (BTC, "market", "buy", 2.0)
    assert exchange.sent[0][4]["clientOrderId"] in seawall.orders
    assert seawall.held == {}


def test_the_loop_cancels_what_is_not_filled_and_gives_its_room_back(
    client: Seawall, seawall: FakeSeawall
):
    assert trade(client, PretendedCcxt([0.0, 0.5]), 2.0, looks=3) == 0.5
    assert seawall.held == {}


def test_the_loop_sends_nothing_that_was_not_approved(client: Seawall, seawall: FakeSeawall):
    client.validate(BTC, "buy", ROOM)
    exchange = PretendedCcxt([1.0])

    assert trade(client, exchange, 1.0) == 0.0
    assert exchange.sent == []


def test_an_order_of_which_nobody_knows_keeps_its_room(client: Seawall, seawall: FakeSeawall):
    exchange = PretendedCcxt([1.0])

    def lost(*_args: Any, **_kwargs: Any) -> None:
        raise TimeoutError

    exchange.create_order = lost  # type: ignore[method-assign]
    with pytest.raises(TimeoutError):
        trade(client, exchange, 1.0)

    assert list(seawall.held.values()) == [1.0]


# --- the page -------------------------------------------------------------------------------


def test_the_first_example_of_the_page_is_what_it_says(
    served: tuple[FakeSeawall, str],
    seawall: FakeSeawall,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("SEAWALL_URL", served[1])
    monkeypatch.setenv("SEAWALL_KEY", KEY)
    page = (EXAMPLES.parent / "agents.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    # The page's time-out is for a machine that is not busy with tests.
    exec(code.replace('strategy="trend"', 'strategy="trend", timeout=10.0'), {})

    assert capsys.readouterr().out.startswith("approve 0.1")
    assert seawall.held == {}
