"""The freqtrade mixin, called as freqtrade calls its strategies.

freqtrade itself is not installed: `Bot` and its trades are doubles that call with the same
arguments, by name, and like freqtrade take an exception in a confirmation for a yes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from risk.client import Seawall
from risk.client.freqtrade import MUST_GO, SeawallMixin
from tests.fakes_seawall import KEY, ROOM, FakeSeawall, Fault, reduction

PAIR, NOW = "BTC/USDT:USDT", datetime(2027, 3, 1, tzinfo=UTC)


@dataclass
class Order:
    """Of freqtrade's orders what strategies are shown."""

    order_id: str
    ft_order_side: str
    safe_filled: float
    safe_price: float = 100.0


@dataclass
class Trade:
    """Of freqtrade's trades what strategies are shown."""

    pair: str = PAIR
    is_short: bool = False
    leverage: float = 1.0
    fee_open: float = 0.001
    fee_close: float = 0.002
    open_orders: list[Order] = field(default_factory=list)

    @property
    def entry_side(self) -> str:
        return "sell" if self.is_short else "buy"


class IStrategy:
    """What freqtrade gives each strategy."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config


class Bot:
    """Calls a strategy as freqtrade does."""

    def __init__(self, strategy: Any) -> None:
        self.strategy = strategy
        self.trades: list[Trade] = []
        strategy.seawall_open_orders = lambda: [
            (trade.pair, order.ft_order_side)
            for trade in self.trades
            for order in trade.open_orders
        ]
        strategy.bot_start()

    def safely(self, call: Callable[..., Any], default: Any) -> Callable[..., Any]:
        def wrapped(**kwargs: Any) -> Any:
            try:
                return call(**kwargs)
            except Exception:  # noqa: BLE001 - as freqtrade does
                return default

        return wrapped

    def loop(self) -> None:
        self.strategy.bot_loop_start(current_time=NOW)

    def enters(self, amount: float = 1.0, side: str = "long") -> bool:
        return bool(
            self.safely(self.strategy.confirm_trade_entry, True)(
                pair=PAIR,
                order_type="limit",
                amount=amount,
                rate=100.03,
                time_in_force="GTC",
                current_time=NOW,
                entry_tag=None,
                side=side,
            )
        )

    def leaves(self, trade: Trade, amount: float = 1.0, exit_reason: str = "roi") -> bool:
        return bool(
            self.safely(self.strategy.confirm_trade_exit, True)(
                pair=PAIR,
                trade=trade,
                order_type="limit",
                amount=amount,
                rate=100.0,
                time_in_force="GTC",
                exit_reason=exit_reason,
                sell_reason=exit_reason,
                current_time=NOW,
            )
        )

    def fills(self, trade: Trade, order: Order) -> None:
        self.safely(self.strategy.order_filled, None)(
            pair=PAIR, trade=trade, order=order, current_time=NOW
        )

    def stop(self, trade: Trade, rate: float) -> float | None:
        return self.strategy.custom_stoploss(
            pair=PAIR,
            trade=trade,
            current_time=NOW,
            current_rate=rate,
            current_profit=0.0,
            after_fill=False,
        )

    def exits(self, trade: Trade) -> Any:
        return self.strategy.custom_exit(
            pair=PAIR, trade=trade, current_time=NOW, current_rate=100.0, current_profit=0.0
        )


@pytest.fixture
def start(seawall: FakeSeawall, served: tuple[FakeSeawall, str]) -> Iterator[Callable[..., Bot]]:
    clients: list[Seawall] = []

    def start_bot(runmode: str = "live", timeout: float = 10.0, **attributes: Any) -> Bot:
        class Trend(SeawallMixin, IStrategy):
            seawall_strategy = "trend"

            def seawall_client(self) -> Seawall:
                clients.append(
                    Seawall(served[1], KEY, strategy="trend", timeout=timeout, patience=timeout)
                )
                return clients[-1]

        strategy = Trend({"runmode": SimpleNamespace(value=runmode)})
        for name, value in attributes.items():
            setattr(strategy, name, value)
        return Bot(strategy)

    yield start_bot
    for client in clients:
        client.close()


@pytest.fixture
def bot(start: Callable[..., Bot]) -> Bot:
    return start()


def order_of(seawall: FakeSeawall) -> dict[str, Any]:
    (found,) = seawall.orders.values()
    return found[0]


@pytest.mark.parametrize(("side", "way"), [("long", "buy"), ("short", "sell")])
def test_an_entry_is_asked_about_and_holds_room(bot: Bot, seawall: FakeSeawall, side, way):
    assert bot.enters(2.0, side)

    asked = order_of(seawall)
    assert (asked["asset"], asked["side"], asked["quantity"]) == ("BTC/USDT", way, 2.0)
    assert list(seawall.held.values()) == [2.0]


def test_an_entry_that_is_too_large_is_refused_and_holds_nothing(bot: Bot, seawall: FakeSeawall):
    assert not bot.enters(ROOM + 1.0)
    assert seawall.held == {}


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.GARBAGE, Fault.RESET, Fault.LARGER])
def test_an_entry_without_an_answer_is_refused(start, seawall: FakeSeawall, fault):
    bot = start(timeout=0.1)
    seawall.always = fault

    assert not bot.enters()


def test_an_exception_of_ours_is_no_yes(bot: Bot):
    bot.strategy.seawall_asset = lambda pair: 1 / 0

    assert not bot.enters()


def test_a_strategy_that_forgot_to_call_bot_start_enters_nothing(bot: Bot, seawall: FakeSeawall):
    bot.strategy._seawall = None

    assert not bot.enters()
    assert bot.leaves(Trade())
    assert seawall.asked == []


def test_amounts_are_rounded_to_lots_before_asking(start, seawall: FakeSeawall):
    bot = start(seawall_lots={PAIR: 0.1})

    assert bot.enters(0.37)
    assert order_of(seawall)["quantity"] == 0.3


def test_orders_name_the_venue_that_the_policy_needs(start, seawall: FakeSeawall):
    bot = start(seawall_venue="sim-a")
    bot.enters()
    bot.leaves(Trade())
    asked = [body for body, _ in seawall.orders.values()]

    assert [(body["venue"], body["reduce_only"]) for body in asked] == [
        ("sim-a", False),
        ("sim-a", True),
    ]


@pytest.mark.parametrize(("venue", "left"), [("sim-a", True), ("sim-b", False), (None, True)])
def test_what_is_asked_of_another_venue_is_not_the_bots(start, seawall: FakeSeawall, venue, left):
    bot = start(seawall_venue=venue)
    seawall.reductions = [reduction(id="r1", target_quantity=0.0, venue="sim-a")]
    bot.loop()

    assert bool(bot.strategy.custom_exit(PAIR, Trade(), NOW, 100.0, 0.0)) is left


def test_a_fill_is_reported_with_its_fee_and_the_rest_given_back(bot: Bot, seawall: FakeSeawall):
    bot.enters(2.0)
    bot.fills(Trade(), Order("ex-1", "buy", 1.5))

    ((_, fill),) = seawall.fills.items()
    assert (fill["fill_id"], fill["quantity"], fill["price"]) == ("ex-1", 1.5, 100.0)
    assert fill["fee"] == pytest.approx(0.15)
    assert seawall.held == {}


def test_an_order_that_freqtrade_does_not_have_gives_its_room_back(bot: Bot, seawall: FakeSeawall):
    bot.enters()
    bot.trades = [Trade(open_orders=[Order("ex-1", "buy", 0.0)])]
    bot.loop()
    assert len(seawall.held) == 1

    bot.trades = []
    bot.loop()
    assert seawall.held == {}


def test_what_was_in_doubt_is_settled_in_the_next_round(start, seawall: FakeSeawall):
    bot = start(timeout=0.3)
    seawall.always = Fault.CUT
    assert not bot.enters()
    assert len(seawall.held) == 1
    seawall.always = None
    bot.strategy._seawall._core.patience = 10.0
    bot.loop()

    assert seawall.held == {}


def test_an_exit_is_asked_about_as_a_reduction(bot: Bot, seawall: FakeSeawall):
    assert bot.leaves(Trade())

    asked = order_of(seawall)
    assert (asked["side"], asked["reduce_only"], asked["emergency"]) == ("sell", True, False)


def test_an_exit_that_seawall_refuses_stays(bot: Bot, seawall: FakeSeawall):
    bot.enters(ROOM)

    assert not bot.leaves(Trade())


@pytest.mark.parametrize("exit_reason", sorted(MUST_GO))
def test_an_exit_out_of_danger_goes_whatever_is_said(bot: Bot, seawall: FakeSeawall, exit_reason):
    bot.enters(ROOM)

    assert bot.leaves(Trade(is_short=True), exit_reason=exit_reason)
    said = [body for body, _ in seawall.orders.values() if body["reduce_only"]]
    assert [(body["side"], body["emergency"]) for body in said] == [("buy", True)]


def test_an_exit_without_an_answer_goes(start, seawall: FakeSeawall):
    bot = start(timeout=0.1)
    seawall.always = Fault.ERROR

    assert bot.leaves(Trade())


def test_what_seawall_asks_to_close_is_left(bot: Bot, seawall: FakeSeawall):
    assert bot.exits(Trade()) is None
    seawall.reductions = [reduction(target_quantity=0.0), reduction(id="2", strategy="dip")]
    bot.loop()
    assert bot.exits(Trade()) == "seawall_reduction"

    seawall.reductions = [reduction(target_quantity=0.5)]
    bot.loop()
    assert bot.exits(Trade()) is None


@pytest.mark.parametrize(
    ("trade", "rate", "distance"),
    [
        (Trade(), 100.0, 0.1),
        (Trade(leverage=3.0), 100.0, 0.3),
        (Trade(), 80.0, 1e-6),
        (Trade(is_short=True), 80.0, 0.125),
        (Trade(is_short=True), 100.0, 1e-6),
    ],
)
def test_seawalls_stop_becomes_freqtrades(bot: Bot, seawall: FakeSeawall, trade, rate, distance):
    assert bot.stop(trade, rate) is None
    seawall.positions = [
        {"strategy": "trend", "asset": "BTC/USDT", "venue": "x", "quantity": 1, "stop_price": 90.0}
    ]
    bot.loop()

    assert bot.stop(trade, rate) == pytest.approx(distance)


@pytest.mark.parametrize("runmode", ["backtest", "hyperopt", "plot"])
def test_a_backtest_asks_nobody(start, seawall: FakeSeawall, runmode):
    bot = start(runmode)
    bot.loop()

    assert bot.enters()
    assert bot.leaves(Trade())
    assert bot.exits(Trade()) is None
    assert bot.stop(Trade(), 100.0) is None
    assert seawall.asked == []


def test_a_seawall_that_is_away_does_not_stop_the_loop(start, seawall: FakeSeawall):
    bot = start(timeout=0.1)
    seawall.always = Fault.ERROR
    bot.loop()

    assert bot.exits(Trade()) is None


def test_a_fill_of_an_order_that_was_not_asked_about_is_told_in_the_log(
    bot: Bot, seawall: FakeSeawall, capsys
):
    bot.fills(Trade(), Order("ex-9", "sell", 1.0))

    assert seawall.fills == {}
    assert "fill_of_an_order_not_asked_about" in capsys.readouterr().out
