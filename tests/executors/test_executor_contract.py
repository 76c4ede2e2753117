"""What every executor keeps: it only makes positions smaller, and never trades twice."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.config import EXECUTORS_OFFERED
from risk.domain.ledger import Fill, Ledger
from risk.domain.market import Mark, Trust
from risk.domain.orders import Side
from risk.domain.paper import PAPER_FEE
from risk.domain.ports import Executor, MarketReading
from risk.domain.positions import PositionKey
from risk.domain.reductions import Reduction
from risk.executors import EXECUTORS
from risk.executors.paper import PaperExecutor
from tests.books import BTC, ETH, NOW, PRICES, SOL, book_of, marks_of
from tests.fakes_executors import FakeExecutor

MAKERS: dict[str, Callable[[], Executor]] = {
    **EXECUTORS,
    "fake": FakeExecutor,
    "half a fake": lambda: FakeExecutor(0.5),
}
KEYS = [PositionKey("trend", asset, "sim-a") for asset in (BTC, ETH, SOL)]
BOOK = dict(zip(KEYS, (5e5, -3e5, 2e5), strict=True))
HELD = book_of(BOOK)
MARKET = MarketReading(at=NOW, marks=marks_of())

every_executor = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


def asking(key: PositionKey, target: float, *, name: str = "7-1") -> Reduction:
    """A request to end at a value at `PRICES`."""
    return Reduction(name, key, target / PRICES[key.asset], "a test", NOW, NOW)


TO_HALF = [asking(key, value / 2.0, name=f"7-{n}") for n, (key, value) in enumerate(BOOK.items())]


def quantities(ledger: Ledger) -> dict[PositionKey, float]:
    return {key: position.quantity for key, position in ledger.positions.items()}


def booked(ledger: Ledger, fills: Sequence[Fill]) -> Ledger:
    return ledger.after_all(fills=fills)


@st.composite
def requests(draw: st.DrawFn) -> list[Reduction]:
    """Requests of some book, of which positions may have changed, turned or gone since."""
    sizes = st.floats(-1e6, 1e6)
    return [
        asking(key, draw(sizes), name=f"7-{n}") for n, key in enumerate(KEYS) if draw(st.booleans())
    ]


@every_executor
@given(asked=requests())
def test_positions_become_smaller_never_beyond_their_target_and_no_other_is_touched(
    make: Callable[[], Executor], asked: list[Reduction]
) -> None:
    after = quantities(booked(HELD, make().execute(asked, MARKET, HELD)))
    target = {each.key: each.target_quantity for each in asked}

    for key, before in quantities(HELD).items():
        now = after.get(key, 0.0)
        assert now * before >= 0.0
        assert abs(now) <= abs(before)
        if now != before:
            assert abs(now) >= abs(target[key]) - 1e-9 * abs(before)


@every_executor
def test_the_same_question_has_the_same_answer_also_after_a_restart(
    make: Callable[[], Executor],
) -> None:
    first, again = (make().execute(TO_HALF, MARKET, HELD) for _ in range(2))

    assert list(first) == list(again)


@every_executor
def test_each_fill_has_a_name_of_its_own_over_one_course(make: Callable[[], Executor]) -> None:
    """Also where a position grew again before its request was seen to be met."""
    executor, ledger, names = make(), HELD, []
    for number in range(5):
        fills = executor.execute(TO_HALF, MARKET, ledger)
        names += [fill.id for fill in fills]
        grown = purchase(f"back-{number}", 1e5)
        ledger = booked(ledger, [*fills, grown])

    assert len(set(names)) == len(names)


@every_executor
@pytest.mark.parametrize("trust", [Trust.STALE, Trust.SUSPECT, Trust.MISSING])
def test_nothing_is_traded_at_a_mark_that_is_not_trusted(
    make: Callable[[], Executor], trust: Trust
) -> None:
    doubtful = replace(MARKET, marks=marks_of(trusts={BTC: trust}))
    unheard_of = replace(MARKET, marks={a: m for a, m in MARKET.marks.items() if a != BTC})

    for market in (doubtful, unheard_of):
        fills = make().execute(TO_HALF, market, HELD)
        assert BTC not in {fill.asset for fill in fills}


@every_executor
def test_what_is_met_or_gone_or_turned_is_left_alone(make: Callable[[], Executor]) -> None:
    met = asking(KEYS[0], 5e5)
    turned = asking(KEYS[1], 1e5)
    gone = asking(PositionKey("dip", BTC, "sim-b"), 1e5)

    assert not make().execute([met, turned, gone], MARKET, HELD)


@every_executor
def test_without_a_request_there_is_no_trade(make: Callable[[], Executor]) -> None:
    assert not make().execute([], MARKET, HELD)


def test_the_executors_that_can_be_set_are_those_there_are() -> None:
    assert set(EXECUTORS_OFFERED) == EXECUTORS.keys()


# --- each its own --------------------------------------------------------------------------


def purchase(name: str, value: float) -> Fill:
    return Fill(
        id=name,
        strategy="trend",
        asset=BTC,
        venue="sim-a",
        side=Side.BUY,
        quantity=value / PRICES[BTC],
        price=PRICES[BTC],
        at=NOW,
    )


def test_advice_trades_nothing() -> None:
    assert EXECUTORS["advise"]().execute(TO_HALF, MARKET, HELD) == ()


def test_paper_ends_at_the_target() -> None:
    after = booked(HELD, PaperExecutor().execute(TO_HALF, MARKET, HELD))

    assert quantities(after) == {each.key: pytest.approx(each.target_quantity) for each in TO_HALF}
    assert not PaperExecutor().execute(TO_HALF, MARKET, after)


def test_paper_closes_whole_what_may_not_be_held() -> None:
    after = booked(HELD, PaperExecutor().execute([asking(KEYS[0], 0.0)], MARKET, HELD))

    assert KEYS[0] not in after.positions


@pytest.mark.parametrize(
    ("key", "side", "paid"), [(KEYS[0], Side.SELL, 0.99), (KEYS[1], Side.BUY, 1.02)]
)
def test_paper_sells_at_the_bid_and_buys_at_the_ask_for_a_fee(
    key: PositionKey, side: Side, paid: float
) -> None:
    price = PRICES[key.asset]
    quoted = Mark(asset=key.asset, price=price, at=NOW, bid=0.99 * price, ask=1.02 * price)
    market = replace(MARKET, marks={key.asset: quoted})
    (fill,) = PaperExecutor().execute([asking(key, 0.0, name="7-3")], market, HELD)

    assert (fill.key, fill.side, fill.at) == (key, side, NOW)
    assert fill.price == pytest.approx(paid * price)
    assert fill.fee == pytest.approx(PAPER_FEE * fill.quantity * fill.price)
    assert fill.id == f"paper/reduce/7-3/{HELD.seq}"
