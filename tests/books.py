"""Random books over models that were warmed on seeded random prices.

The models are made once and shared: they are immutable. `LATE` listed late, so that its own
history is not believed yet; `ALIEN` no model has ever heard of.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
from hypothesis import strategies as st

from risk.domain.ledger import Ledger
from risk.domain.market import Bar, BarClose, Mark, Period, Trust, missing_mark
from risk.domain.model import DAY_MODEL, HOUR_MODEL, Model, Models, ModelSpec
from risk.domain.orders import Order, Reservation, Side, WorkingOrder
from risk.domain.positions import Position, PositionKey
from risk.domain.snapshot import NO_SHOCKS, Pending, ShockMatrix, Snapshot
from risk.measures.types import FloatArray
from risk.portfolio.forecasting import new_model, new_models, warm

BTC, ETH, SOL = "BTC/USDT", "ETH/USDT", "SOL/USDT"
LATE, ALIEN = "YOUNG/USDT", "ALIEN/USDT"
# In the order of the model's columns, which is that of the alphabet.
KNOWN = (BTC, ETH, SOL, LATE)
ASSETS = (*KNOWN, ALIEN)
STRATEGIES, VENUES = ("trend", "dip", "noise"), ("sim-a", "sim-b")
PRICES = {BTC: 50_000.0, ETH: 2_500.0, SOL: 128.0, LATE: 0.75, ALIEN: 7.0}
MIDNIGHT = datetime(2024, 6, 1, tzinfo=UTC)
NOW = MIDNIGHT + timedelta(hours=9, minutes=30)
BARS = 160
LATE_BARS = 40


def random_closes(
    assets: Sequence[str],
    *,
    period: Period = Period.DAY,
    bars: int = BARS,
    until: datetime = MIDNIGHT,
    seed: int = 7,
) -> FloatArray:
    """Closes of `bars` bars, shape (bars, assets): a common move and one's own, fat tails."""
    rng = np.random.default_rng([seed, period.per_year])
    size = 0.03 if period is Period.DAY else 0.006
    market = rng.standard_t(5, size=(bars, 1))
    own = rng.standard_t(5, size=(bars, len(assets)))
    steps = size * (0.7 * market + 0.5 * own)
    return np.asarray(100.0 * np.exp(np.cumsum(steps, axis=0)))


def as_closes(
    assets: Sequence[str],
    prices: FloatArray,
    *,
    period: Period = Period.DAY,
    until: datetime = MIDNIGHT,
) -> list[BarClose]:
    """Bars of these closes, the last of them closing at `until`; NaN is a bar that is missing."""
    first = until - len(prices) * period.span
    return [
        as_close(assets, row, period=period, opened=first + number * period.span)
        for number, row in enumerate(prices)
    ]


def as_close(
    assets: Sequence[str],
    row: Sequence[float] | FloatArray,
    *,
    period: Period = Period.DAY,
    opened: datetime = MIDNIGHT,
    breaks: frozenset[str] = frozenset(),
) -> BarClose:
    """One bar of these closes; NaN is a bar that is missing."""
    bars = {
        asset: Bar(
            asset=asset,
            period=period,
            opened=opened,
            open=float(close),
            high=float(close),
            low=float(close),
            close=float(close),
        )
        for asset, close in zip(assets, row, strict=True)
        if np.isfinite(close)
    }
    return BarClose(period=period, opened=opened, bars=bars, breaks=breaks)


@cache
def warmed_model(spec: ModelSpec) -> Model:
    """A model of `KNOWN` that has seen `BARS` bars, of `LATE` the last `LATE_BARS` only."""
    until = MIDNIGHT if spec.period is Period.DAY else NOW.replace(minute=0)
    prices = random_closes(KNOWN, period=spec.period)
    prices[:-LATE_BARS, KNOWN.index(LATE)] = np.nan
    closes = as_closes(KNOWN, prices, period=spec.period, until=until)
    return warm(new_model(spec, KNOWN), closes)


@cache
def warmed_models(method: str = DAY_MODEL.method) -> Models:
    """Both horizons, the day measured by `method`."""
    day = warmed_model(replace(DAY_MODEL, method=method))
    return Models(day=day, hour=warmed_model(HOUR_MODEL))


def marks_of(
    prices: dict[str, float] = PRICES,
    *,
    at: datetime = NOW,
    trusts: dict[str, Trust] | None = None,
) -> dict[str, Mark]:
    """Marks at these prices; trusted, unless `trusts` says otherwise."""
    found = {}
    for asset, price in prices.items():
        trust = (trusts or {}).get(asset, Trust.TRUSTED)
        known = Mark(asset=asset, price=price, at=at, trust=Trust.TRUSTED)
        missing = trust is Trust.MISSING
        found[asset] = missing_mark(asset, at) if missing else replace(known, trust=trust)
    return found


def book_of(
    holdings: dict[PositionKey, float],
    *,
    cash: float = 1e6,
    flows: float = 1e6,
    reservations: Sequence[Reservation] = (),
) -> Ledger:
    """A ledger that holds these values at `PRICES`, in quote currency."""
    return Ledger(
        seq=len(holdings) + len(reservations),
        cash=cash,
        net_flows=flows,
        positions={
            key: Position(
                strategy=key.strategy,
                asset=key.asset,
                venue=key.venue,
                quantity=value / PRICES[key.asset],
                entry_price=PRICES[key.asset] * 0.9,
            )
            for key, value in holdings.items()
        },
        reservations={r.order.client_order_id: r for r in reservations},
    )


def snapshot_of(ledger: Ledger, **changes: object) -> Snapshot:
    """The ledger's book this morning, with warmed models and trusted marks."""
    snapshot = Snapshot(
        id="demo-1",
        portfolio="demo",
        at=NOW,
        marks=marks_of(),
        ledger=ledger,
        models=warmed_models(),
    )
    return replace(snapshot, **changes)  # type: ignore[arg-type]


def held(asset: str, value: float, strategy: str = "trend", venue: str = "sim-a") -> Ledger:
    """A book of one position."""
    return book_of({PositionKey(strategy, asset, venue): value})


def order_of(asset: str, value: float, *, name: str = "new", strategy: str = "trend") -> Order:
    """An order over a value at `PRICES`; a sale is negative."""
    return Order(
        client_order_id=name,
        portfolio="demo",
        strategy=strategy,
        asset=asset,
        venue="sim-a",
        side=Side.BUY if value > 0.0 else Side.SELL,
        quantity=abs(value) / PRICES[asset],
    )


def reservation_of(order: Order, filled: float = 0.0) -> Reservation:
    """Room for an order, `filled` a fraction of it."""
    return Reservation(
        id=f"demo-0/{order.client_order_id}",
        order=order,
        placed_at=NOW,
        expires_at=NOW + timedelta(seconds=30),
        filled=filled * order.quantity,
    )


def working_of(order: Order, filled: float = 0.0) -> WorkingOrder:
    """The order as the venue reports it."""
    return WorkingOrder(
        client_order_id=order.client_order_id,
        strategy=order.strategy,
        asset=order.asset,
        venue=order.venue,
        side=order.side,
        quantity=order.quantity,
        filled=filled * order.quantity,
    )


# --- random ones ---------------------------------------------------------------------------
# Strategies are made once: Hypothesis looks each new one through, at the price of many draws.


@cache
def values() -> st.SearchStrategy[float]:
    """Signed values in quote currency, some of them equal and opposite."""
    return st.integers(-400, 400).filter(bool).map(lambda hundreds: 250.0 * hundreds)


@cache
def keys(assets: tuple[str, ...]) -> st.SearchStrategy[PositionKey]:
    return st.builds(
        PositionKey, st.sampled_from(STRATEGIES), st.sampled_from(assets), st.sampled_from(VENUES)
    )


@cache
@st.composite
def orders(draw: st.DrawFn, *, name: str = "new", assets: tuple[str, ...] = ASSETS) -> Order:
    key, value = draw(keys(assets)), draw(values())
    plain = order_of(key.asset, value, name=name, strategy=key.strategy)
    return replace(plain, venue=key.venue)


@st.composite
def snapshots(
    draw: st.DrawFn,
    *,
    assets: tuple[str, ...] = ASSETS,
    max_pending: int = 5,
    whole: bool = False,
    method: str = DAY_MODEL.method,
) -> Snapshot:
    """Books with pending orders; `whole` ones have every mark, every model and scenarios.

    `method` measures their day.
    """
    holdings = draw(_holdings(assets))
    ours, seen = draw(_names(max_pending)), draw(_names(max_pending))
    reservations = [
        reservation_of(draw(orders(name=name, assets=assets)), draw(_FILLED))
        for name in sorted(ours)
    ]
    working = [
        working_of(draw(orders(name=name, assets=assets)), draw(_FILLED)) for name in sorted(seen)
    ]
    trusts = {} if whole else draw(_trusts(assets))
    warmed, cold = warmed_models(method), new_models(KNOWN)
    return snapshot_of(
        book_of(holdings, cash=draw(_CASH) * 1e5, reservations=reservations),
        working_orders={order.client_order_id: order for order in working},
        marks=marks_of(trusts=trusts),
        shocks=draw(shocks(whole=whole)),
        models=Models(
            day=warmed.day if whole or draw(st.booleans()) else cold.day,
            hour=warmed.hour if whole or draw(st.booleans()) else cold.hour,
        ),
    )


_FILLED = st.sampled_from((0.0, 0.25, 1.0))
_CASH = st.integers(-3, 9)


@cache
def _holdings(assets: tuple[str, ...]) -> st.SearchStrategy[dict[PositionKey, float]]:
    return st.dictionaries(keys(assets), values(), max_size=6)


@cache
def _names(count: int) -> st.SearchStrategy[set[str]]:
    return st.sets(st.sampled_from([f"order-{number}" for number in range(count)]))


@cache
def _trusts(assets: tuple[str, ...]) -> st.SearchStrategy[dict[str, Trust]]:
    return st.dictionaries(st.sampled_from(assets), st.sampled_from(Trust))


@cache
@st.composite
def shocks(draw: st.DrawFn, *, whole: bool) -> ShockMatrix:
    """Stress scenarios: all assets in three of them, or some assets, or none."""
    if not whole and draw(st.booleans()):
        return NO_SHOCKS
    assets = ASSETS if whole else draw(_SHOCKED)
    return ShockMatrix(("crash", "squeeze", "drift"), assets, np.array(draw(_moves(len(assets)))))


_SHOCKED = st.sampled_from((ASSETS, KNOWN, (BTC,)))


@cache
def _moves(assets: int) -> st.SearchStrategy[list[tuple[float, ...]]]:
    moves = st.integers(-60, 40).map(lambda percent: percent / 100.0)
    return st.lists(st.tuples(*[moves] * assets), min_size=3, max_size=3)


def subsets_of(pending: Sequence[Pending]) -> Iterator[tuple[Pending, ...]]:
    """Every way in which some pending orders are filled and the others are not."""
    for mask in range(2 ** len(pending)):
        yield tuple(p for number, p in enumerate(pending) if mask >> number & 1)


def filled_with(snapshot: Snapshot, fills: Sequence[Pending]) -> Snapshot:
    """The snapshot after these pending orders were filled at the mark, nothing pending."""
    positions = dict(snapshot.ledger.positions)
    for fill in fills:
        empty = Position(
            strategy=fill.key.strategy,
            asset=fill.key.asset,
            venue=fill.key.venue,
            quantity=0.0,
            entry_price=PRICES[fill.key.asset],
        )
        before = positions.get(fill.key, empty)
        positions[fill.key] = replace(before, quantity=before.quantity + fill.open_quantity)
    ledger = replace(snapshot.ledger, positions=positions, reservations={})
    return replace(snapshot, ledger=ledger, working_orders={})
