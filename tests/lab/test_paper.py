"""The paper desk: fills that follow from market and ledger, at prices one could have had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from risk.domain.latches import Latch
from risk.domain.ledger import Fill, Ledger
from risk.domain.market import Bar, BarClose, Mark, Period, Trust, missing_mark
from risk.domain.orders import Side
from risk.domain.paper import PAPER_FEE
from risk.domain.policy import Policy
from risk.domain.ports import AccountReading, Carried, MarketReading
from risk.domain.positions import PositionKey
from risk.domain.reductions import Sizing
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.feeds.simulated import SimulatedFeed
from risk.lab.paper import DEPOSIT, PaperDesk
from risk.lab.wishing import DEMO_MANDATES, NO_TRADE_BAND, RESTLESS_EVERY, Mandate
from risk.portfolio.forecasting import new_models

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Wish:
    """A strategy that wants what it is told to want, and remembers what it saw."""

    weights: Mapping[str, float]
    name: str = "wish"
    seen: Mapping[str, Sequence[float]] | None = None

    def targets(self, closes: Mapping[str, Sequence[float]]) -> Mapping[str, float]:
        self.seen = {asset: list(series) for asset, series in closes.items()}
        return {asset: weight for asset, weight in self.weights.items() if asset in closes}


def mandate(wish: Wish, **terms: object) -> Mandate:
    return replace(Mandate(strategy=wish, venue="sim-a", share=0.5), **terms)


def close_at(closed: datetime, prices: Mapping[str, float], anew: Sequence[str] = ()) -> BarClose:
    opened = closed - HOUR
    bars = {
        asset: Bar(asset=asset, period=Period.HOUR, opened=opened, open=p, high=p, low=p, close=p)
        for asset, p in prices.items()
    }
    return BarClose(period=Period.HOUR, opened=opened, bars=bars, breaks=frozenset(anew))


def market(at: datetime = NOON, *, closes: bool = True, **prices: float) -> MarketReading:
    prices = prices or {"BTC": 100.0}
    marks = {asset: Mark(asset=asset, price=price, at=at) for asset, price in prices.items()}
    return MarketReading(at=at, marks=marks, closes=(close_at(at, prices),) if closes else ())


def desk(wish: Wish, **terms: object) -> PaperDesk:
    return PaperDesk(seed=1, mandates=[mandate(wish, **terms)])


def carrying(ledger: Ledger, size: float = 1.0) -> Carried:
    """What a cycle starts from; wanted sizes are multiplied by `size`."""
    state = RiskState(portfolio="demo", sizing=Sizing(size, "a test"))
    return Carried(state=state, ledger=ledger, models=new_models())


AT_FIRST = carrying(Ledger())


def booked(ledger: Ledger, reading: AccountReading) -> Ledger:
    return ledger.after_all(reading.fills, reading.flows)


def test_an_empty_ledger_is_paid_the_deposit_once():
    paper = desk(Wish({}))
    first = paper.read(market(closes=False), AT_FIRST)
    ledger = booked(Ledger(), first)

    assert [(flow.id, flow.amount, flow.at) for flow in first.flows] == [
        ("paper/deposit", 2_500_000.0, NOON)
    ]
    assert ledger.cash == DEPOSIT
    assert paper.read(market(NOON + HOUR), carrying(ledger)).flows == ()


def test_at_an_hour_s_close_the_book_moves_to_the_target():
    (fill,) = desk(Wish({"BTC": 0.4})).read(market(BTC=100.0), AT_FIRST).fills

    assert (fill.side, fill.quantity, fill.price) == (Side.BUY, 0.4 * 0.5 * DEPOSIT / 100.0, 100.0)
    assert (fill.strategy, fill.venue, fill.at) == ("wish", "sim-a", NOON)
    assert fill.fee == pytest.approx(PAPER_FEE * fill.quantity * fill.price)


def test_between_closes_the_targets_are_left_alone():
    assert desk(Wish({"BTC": 0.4})).read(market(closes=False), AT_FIRST).fills == ()


def test_a_day_s_close_is_no_hour_s():
    hour = close_at(NOON, {"BTC": 100.0})
    day = replace(hour, period=Period.DAY)
    reading = replace(market(), closes=(day,))

    assert desk(Wish({"BTC": 0.4})).read(reading, AT_FIRST).fills == ()


@pytest.mark.parametrize(
    ("weight", "side", "paid"), [(0.4, Side.BUY, 101.0), (-0.4, Side.SELL, 98.0)]
)
def test_purchases_pay_the_ask_and_sales_receive_the_bid(weight: float, side: Side, paid: float):
    quoted = Mark(asset="BTC", price=100.0, at=NOON, bid=98.0, ask=101.0)
    reading = replace(market(), marks={"BTC": quoted})
    (fill,) = desk(Wish({"BTC": weight})).read(reading, AT_FIRST).fills

    assert (fill.side, fill.price) == (side, paid)
    assert fill.quantity == 0.4 * 0.5 * DEPOSIT / 100.0
    assert fill.fee == pytest.approx(PAPER_FEE * fill.quantity * paid)


def test_a_change_within_the_band_is_not_worth_its_cost():
    paper = desk(Wish({"BTC": 0.4}))
    ledger = booked(Ledger(), paper.read(market(), AT_FIRST))
    paper_again = desk(Wish({"BTC": 0.4 + 0.9 * NO_TRADE_BAND}))
    beyond = desk(Wish({"BTC": 0.4 + 1.1 * NO_TRADE_BAND}))

    assert paper_again.read(market(NOON + HOUR), carrying(ledger)).fills == ()
    assert len(beyond.read(market(NOON + HOUR), carrying(ledger)).fills) == 1


def test_a_wish_for_nothing_closes_what_is_open():
    wish = Wish({"BTC": -0.4})
    paper = desk(wish)
    ledger = booked(Ledger(), paper.read(market(), AT_FIRST))
    wish.weights = {"BTC": 0.0}
    after = booked(ledger, paper.read(market(NOON + HOUR), carrying(ledger)))

    assert ledger.positions
    assert after.positions == {}


def test_targets_are_those_that_the_drawdown_ladder_leaves():
    paper = desk(Wish({"BTC": 0.4}))
    (whole,) = paper.read(market(BTC=100.0), AT_FIRST).fills
    (half,) = paper.read(market(BTC=100.0), carrying(Ledger(), size=0.5)).fills

    assert half.quantity == whole.quantity / 2.0


def test_what_was_de_risked_is_not_bought_back():
    paper = desk(Wish({"BTC": 0.8}))
    ledger = booked(Ledger(), paper.read(market(), AT_FIRST))
    (position,) = ledger.positions.values()
    sold = Fill(
        id="reduced",
        strategy="wish",
        asset="BTC",
        venue="sim-a",
        side=Side.SELL,
        quantity=position.quantity / 2.0,
        price=100.0,
        at=NOON,
    )
    ledger = ledger.after_fill(sold)

    assert len(paper.read(market(NOON + HOUR), carrying(ledger)).fills) == 1
    assert paper.read(market(NOON + HOUR), carrying(ledger, size=0.5)).fills == ()


def cooling_down(ledger: Ledger, until: datetime) -> Carried:
    """What a cycle starts from after a stop of the wish's bitcoin."""
    carried = carrying(ledger)
    stopped = {PositionKey("wish", "BTC", "sim-a"): until}
    return replace(carried, state=replace(carried.state, cool_downs=stopped))


def test_what_was_stopped_is_not_entered_again_before_its_cool_down_is_over():
    paper = desk(Wish({"BTC": 0.4, "ETH": 0.4}), restless=True)
    both = market(BTC=100.0, ETH=10.0)
    until = NOON + HOUR
    fills = [*paper.read(both, cooling_down(Ledger(), until)).fills]
    for minutes in range(5, 60, 5):
        later = replace(both, at=NOON + timedelta(minutes=minutes), closes=())
        fills += paper.read(later, cooling_down(Ledger(), until)).fills
    over = paper.read(market(until, BTC=100.0, ETH=10.0), cooling_down(Ledger(), until))

    assert {fill.asset for fill in fills} == {"ETH"}
    assert [fill.asset for fill in over.fills if "/close/" in fill.id] == ["BTC", "ETH"]


def test_what_was_stopped_and_is_held_still_may_be_made_smaller_and_no_more():
    ledger = booked(Ledger(), desk(Wish({"BTC": 0.4})).read(market(), AT_FIRST))
    stopped = cooling_down(ledger, NOON + 2 * HOUR)

    def amounts(weight: float) -> list[float]:
        fills = desk(Wish({"BTC": weight})).read(market(NOON + HOUR), stopped).fills
        return [fill.signed_quantity for fill in fills]

    assert [amount < 0.0 for amount in amounts(0.1)] == [True]
    assert amounts(0.8) == []
    assert amounts(-0.4) == []


def stopped_by_hand(ledger: Ledger, scope: Scope, state: TradingState) -> Carried:
    """What a cycle starts from after somebody stopped trading in the scope."""
    latch = Latch(scope, state, "ana", "fat finger", NOON, 1, "x")
    carried = carrying(ledger)
    policy = Policy(strategies={"wish": "wishful"})
    return replace(carried, state=replace(carried.state, latches={scope: latch}, policy=policy))


AROUND = [
    Scope(ScopeKind.PORTFOLIO, "demo"),
    Scope(ScopeKind.STRATEGY_TYPE, "wishful"),
    Scope(ScopeKind.STRATEGY, "wish"),
    Scope(ScopeKind.ASSET, "BTC"),
    Scope(ScopeKind.VENUE, "sim-a"),
]


@pytest.mark.parametrize("scope", AROUND)
def test_where_somebody_stopped_trading_the_desk_stops(scope: Scope):
    ledger = booked(Ledger(), desk(Wish({"BTC": 0.4})).read(market(), AT_FIRST))

    def amounts(weight: float, state: TradingState) -> list[float]:
        carried = stopped_by_hand(ledger, scope, state)
        fills = desk(Wish({"BTC": weight})).read(market(NOON + HOUR), carried).fills
        return [fill.signed_quantity for fill in fills]

    assert amounts(0.1, TradingState.HALTED) == amounts(0.8, TradingState.HALTED) == []
    assert [amount < 0.0 for amount in amounts(0.1, TradingState.REDUCE_ONLY)] == [True]
    assert amounts(0.8, TradingState.REDUCE_ONLY) == []


def test_what_is_stopped_elsewhere_stops_nothing_here():
    elsewhere = Scope(ScopeKind.ASSET, "ETH")
    carried = stopped_by_hand(Ledger(), elsewhere, TradingState.HALTED)
    fills = desk(Wish({"BTC": 0.4, "ETH": 0.4})).read(market(BTC=100.0, ETH=10.0), carried).fills

    assert [fill.asset for fill in fills] == ["BTC"]


def test_an_asset_without_a_wish_is_held():
    wish = Wish({"BTC": 0.4})
    paper = desk(wish)
    ledger = booked(Ledger(), paper.read(market(), AT_FIRST))
    wish.weights = {}

    assert paper.read(market(NOON + HOUR), carrying(ledger)).fills == ()


@pytest.mark.parametrize("trust", [Trust.STALE, Trust.SUSPECT])
def test_nothing_is_traded_at_a_mark_that_is_not_trusted(trust: Trust):
    reading = market(BTC=100.0, ETH=10.0)
    doubtful = replace(reading.marks["BTC"], trust=trust)
    reading = replace(reading, marks={**reading.marks, "BTC": doubtful})
    wish = Wish({"BTC": 0.4, "ETH": 0.4})
    paper = desk(wish, restless=True)
    later = replace(reading, at=NOON + RESTLESS_EVERY, closes=())

    fills = [*paper.read(reading, AT_FIRST).fills, *paper.read(later, AT_FIRST).fills]
    assert {fill.asset for fill in fills} == {"ETH"}
    assert set(wish.seen or ()) == {"ETH"}


def test_a_book_that_cannot_be_valued_does_not_trade():
    paper = desk(Wish({"BTC": 0.4, "ETH": 0.4}))
    ledger = booked(Ledger(), paper.read(market(BTC=100.0), AT_FIRST))
    reading = market(NOON + HOUR, ETH=10.0)
    gone = replace(reading, marks={**reading.marks, "BTC": missing_mark("BTC", NOON)})

    assert paper.read(reading, carrying(ledger)).fills == ()
    assert paper.read(gone, carrying(ledger)).fills == ()


def test_a_book_that_has_lost_everything_does_not_trade():
    paper = desk(Wish({"BTC": -1.9}))
    ledger = booked(Ledger(), paper.read(market(BTC=100.0), AT_FIRST))

    assert paper.read(market(NOON + HOUR, BTC=1000.0), carrying(ledger)).fills == ()


def test_a_strategy_sees_only_series_with_their_newest_close():
    wish = Wish({})
    paper = desk(wish)
    paper.read(market(BTC=100.0, ETH=10.0), AT_FIRST)
    without_eth = (close_at(NOON + HOUR, {"BTC": 101.0}),)
    reading = replace(market(NOON + HOUR, BTC=101.0, ETH=10.0), closes=without_eth)
    paper.read(reading, carrying(Ledger(seq=1, cash=1e6)))

    assert wish.seen == {"BTC": [100.0, 101.0]}


def test_a_series_that_starts_anew_forgets_what_was_before():
    wish = Wish({})
    paper = PaperDesk(
        seed=1,
        mandates=[mandate(wish)],
        history=[
            close_at(NOON - 2 * HOUR, {"LUNA": 0.00005}),
            close_at(NOON - HOUR, {"LUNA": 8.5}, anew=["LUNA"]),
        ],
    )
    paper.read(market(LUNA=8.6), AT_FIRST)

    assert wish.seen == {"LUNA": [8.5, 8.6]}


def test_memory_is_bounded():
    wish = Wish({})
    history = [close_at(NOON + (i - 3000) * HOUR, {"BTC": 1.0 + i}) for i in range(3000)]
    PaperDesk(seed=1, mandates=[mandate(wish)], history=history).read(market(), AT_FIRST)
    series = (wish.seen or {})["BTC"]

    assert 1000 <= len(series) <= 2000
    assert series[-2:] == [3000.0, 100.0]


def test_missed_hours_are_remembered_but_traded_only_once():
    wish = Wish({"BTC": 0.4})
    missed = tuple(close_at(NOON + i * HOUR, {"BTC": 100.0 + i}) for i in range(5))
    reading = replace(market(NOON + 4 * HOUR, BTC=104.0), closes=missed)
    fills = desk(wish).read(reading, AT_FIRST).fills

    assert wish.seen == {"BTC": [100.0, 101.0, 102.0, 103.0, 104.0]}
    assert [fill.price for fill in fills] == [104.0]


def test_a_restless_strategy_makes_one_small_trade_every_few_minutes():
    paper = desk(Wish({}), restless=True)
    ledger = booked(Ledger(), paper.read(market(closes=False), AT_FIRST))
    fills: list[Fill] = []
    for second in range(0, 3600, 10):
        at = NOON + timedelta(seconds=second)
        fills += paper.read(market(at, closes=False), carrying(ledger)).fills

    assert len(fills) == HOUR / RESTLESS_EVERY - 1
    assert len({fill.id for fill in fills}) == len(fills)
    assert all(100.0 < fill.quantity * fill.price < 0.002 * DEPOSIT for fill in fills)


def test_with_no_asset_to_trade_the_restless_sit_still():
    paper = desk(Wish({}), restless=True)
    ledger = booked(Ledger(), paper.read(market(closes=False), AT_FIRST))
    stale = {"BTC": Mark(asset="BTC", price=1.0, at=NOON, trust=Trust.STALE)}
    reading = MarketReading(at=NOON + HOUR, marks=stale)

    assert paper.read(reading, carrying(ledger)).fills == ()


def test_the_id_of_a_fill_says_which_wish_at_which_market_time():
    late = replace(market(BTC=100.0), at=NOON + timedelta(seconds=7))
    (fill,) = desk(Wish({"BTC": 0.4})).read(late, AT_FIRST).fills

    assert fill.id == "paper/close/wish/BTC/20240310T120000"


# --- the demo's own book in the simulated market --------------------------------------------


def lead(hours: int, *, restart_after: int | None = None) -> tuple[Ledger, list[Fill]]:
    """The demo's book through these hours; with a restart of feed and desk if told."""
    begin = NOON - hours * HOUR
    feed = SimulatedFeed(seed=4, origin=NOON, since=begin)
    paper = PaperDesk(seed=4, history=feed.history(Period.HOUR))
    ledger, fills = Ledger(), []
    for hour in range(1, hours + 1):
        at = begin + hour * HOUR
        reading = paper.read(feed.read(at), carrying(ledger))
        ledger = booked(ledger, reading)
        fills += reading.fills
        if hour == restart_after:
            feed = SimulatedFeed(seed=4, origin=NOON, since=at)
            paper = PaperDesk(seed=4, history=feed.history(Period.HOUR))
    return ledger, fills


@pytest.fixture(scope="module")
def led() -> tuple[Ledger, list[Fill]]:
    """Hours enough for every strategy to have traded every coin."""
    return lead(300)


@pytest.fixture(scope="module")
def led_shortly() -> tuple[Ledger, list[Fill]]:
    return lead(100)


def test_the_demo_trades_three_strategies_on_seven_coins_at_two_venues(led):
    ledger, _ = led

    assert {key.strategy for key in ledger.positions} == {"trend", "dip", "noise"}
    assert len({key.asset for key in ledger.positions}) == 7
    assert {key.venue for key in ledger.positions} == {"sim-a", "sim-b"}
    assert sum(each.share for each in DEMO_MANDATES) == pytest.approx(1.0)


def test_a_replay_trades_the_same(led_shortly):
    assert lead(100) == led_shortly


def test_after_a_restart_the_desk_goes_on_as_if_nothing_had_been(led_shortly):
    """But for the small trade of the running minutes, which may be left out once."""
    _, whole = led_shortly
    _, restarted = lead(100, restart_after=50)
    left_out = {fill.id for fill in whole} - {fill.id for fill in restarted}

    assert len(left_out) <= 1
    assert all("/small/" in name for name in left_out)


def test_no_fill_has_the_id_of_another(led):
    _, fills = led

    assert len({fill.id for fill in fills}) == len(fills) > 300
