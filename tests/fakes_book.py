"""The course of the fake book: prices, what was traded, and what the real models make of it.

Everything follows from one seeded market: the ledger's entries lead to the quantities, entry
prices and cash that the screens show, and each forecast was made and scored by the models.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

import numpy as np

from risk.domain.events import ForecastScored
from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.market import Bar, BarClose, Period, Trust
from risk.domain.model import DAY_MODEL, HOUR_MODEL, Model, ModelSpec, Score
from risk.domain.orders import Side
from risk.domain.positions import PositionKey
from risk.measures.types import FloatArray
from risk.portfolio.forecasting import advance, new_model, warm

AFTERNOON = datetime(2026, 11, 12, 15, 42, 18, tzinfo=UTC)
MIDNIGHT = AFTERNOON.replace(hour=0, minute=0, second=0)
CASH = 1_072_000.0
FLOWS = 2_000_000.0
FEES = 8_100.0

DAYS = 800
SCORED_DAYS = 250
HOURS = 600
SCORED_HOURS = 240
#: Days before today on which the book bought, turned over what it held, and went down.
_BOUGHT, _TURNED = 400, 30
_CRASHES = {161: -0.16, 47: -0.13}


@dataclass(frozen=True)
class Held:
    """One position of the fake book."""

    asset: str
    strategy: str
    venue: str
    quantity: float
    entry: float
    mark: float
    since_midnight: float
    component: float
    beta: float
    trust: Trust = Trust.TRUSTED

    @property
    def key(self) -> PositionKey:
        return PositionKey(self.strategy, self.asset, self.venue)

    @property
    def close(self) -> float:
        """Of yesterday."""
        return self.mark / (1.0 + self.since_midnight)


HOLDINGS = (
    Held("BTC/USDT", "trend", "sim-a", 6.2, 98_120.0, 96_420.0, -0.039, 42_000.0, 1.0),
    Held("ETH/USDT", "trend", "sim-a", 99.4, 3_352.0, 3_318.4, -0.048, 29_800.0, 1.21),
    Held("SOL/USDT", "dip", "sim-a", 1_435.0, 176.3, 171.42, -0.061, 27_600.0, 1.44),
    Held("BNB/USDT", "dip", "sim-b", 130.5, 851.0, 842.6, -0.029, 6_100.0, 0.83),
    Held("XRP/USDT", "noise", "sim-b", 13_550.0, 2.25, 2.214, -0.044, 2_400.0, 0.92),
    Held("AVAX/USDT", "noise", "sim-b", -2_481.0, 25.9, 24.18, -0.068, -6_400.0, 1.38),
    Held("LINK/USDT", "dip", "sim-a", 4_766.0, 18.3, 17.622, -0.053, 8_400.0, 1.17),
)
#: The same with most of it short: six figures with a sign in front, and both sides in one chart.
MOSTLY_SHORT = tuple(
    replace(held, quantity=-held.quantity) if held.asset[:3] in ("BTC", "ETH", "LIN") else held
    for held in HOLDINGS
)
#: What their sale brought in.
CASH_OF_SHORTS = CASH + sum(
    (held.quantity - sold.quantity) * held.mark
    for held, sold in zip(HOLDINGS, MOSTLY_SHORT, strict=True)
)
ASSETS = tuple(sorted(held.asset for held in HOLDINGS))
#: Opened two months ago and closed three days ago.
CLOSED = PositionKey("noise", "BTC/USDT", "sim-b")
_CLOSED_QUANTITY, _OPENED_DAYS_AGO, CLOSED_DAYS_AGO = 1.5, 60, 3
#: Of today: asset, signed units, price, second after 15:38.
TODAYS_FILLS = (
    ("BTC/USDT", 0.12, 96_655.0, 2),
    ("ETH/USDT", -4.2, 3_322.0, 21),
    ("BTC/USDT", 0.31, 96_610.0, 40),
)


# --- prices --------------------------------------------------------------------------------


@cache
def daily_closes() -> FloatArray:
    """Closes of the days before today, shape (DAYS, 7), in the order of `ASSETS`."""
    return np.column_stack([_course(held) for held in sorted(HOLDINGS, key=lambda h: h.asset)])


def _course(held: Held) -> FloatArray:
    steps = 0.018 * held.beta * _market_steps() + 0.5 * 0.018 * _own_steps(held.asset)
    for days_ago, crash in _CRASHES.items():
        steps[DAYS - days_ago] = held.beta * crash
    free = np.cumsum(steps)
    # A course through the prices at which the book bought, turned over, and stands.
    knots = [0, DAYS - _BOUGHT, DAYS - _TURNED, DAYS - 1]
    prices = [0.45 * held.entry, 0.55 * held.entry, held.entry, held.close]
    wanted = np.log(prices) - free[knots]
    return np.asarray(np.exp(free + np.interp(np.arange(DAYS), knots, wanted)))


@cache
def _market_steps() -> FloatArray:
    rng = np.random.default_rng(2026)
    storm = np.exp(0.35 * np.sin(np.arange(DAYS) / 40.0))
    return np.asarray(storm * rng.standard_t(5, DAYS))


def _own_steps(asset: str) -> FloatArray:
    return np.random.default_rng(sum(map(ord, asset))).standard_t(5, DAYS)


def day_opened(number: int) -> datetime:
    """Opening of the day that row `number` of the closes is about."""
    return MIDNIGHT - timedelta(days=DAYS - number)


def day_close(number: int) -> BarClose:
    """The bars of that day."""
    return _bar_close(Period.DAY, day_opened(number), daily_closes()[number])


def moment_of(ms: int) -> datetime:
    """The time, UTC, of milliseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def _closed(days_ago: int) -> datetime:
    return MIDNIGHT - timedelta(days=days_ago - 1)


def _price(asset: str, days_ago: int) -> float:
    return float(daily_closes()[DAYS - days_ago, ASSETS.index(asset)])


def _bar_close(period: Period, opened: datetime, row: FloatArray) -> BarClose:
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
        for asset, close in zip(ASSETS, row, strict=True)
    }
    return BarClose(period=period, opened=opened, bars=bars)


# --- the ledger ----------------------------------------------------------------------------


@cache
def entries() -> tuple[Fill | Flow, ...]:
    """Everything booked, oldest first; it leads to `HOLDINGS` and `CASH`."""
    flows = [
        Flow(id="start", amount=FLOWS - 50_000.0, at=_closed(_BOUGHT), note="start"),
        Flow(id="monthly", amount=50_000.0, at=AFTERNOON.replace(hour=9, minute=0, second=0)),
    ]
    traded = [*_turnovers(), *_round_trip(CLOSED, _CLOSED_QUANTITY), *_todays()]
    fees = FEES - sum(fill.fee for fill in _todays())
    traded = [*traded, *_old_bitcoin(flows, traded, fees)]
    return tuple(sorted([*flows, *traded], key=lambda entry: entry.at))


def _turnovers() -> list[Fill]:
    """What is held today: bought when it was turned over, at the entry price on average."""
    found = []
    for held in HOLDINGS:
        later = [fill for fill in _todays() if fill.key == held.key]
        added = [fill for fill in later if fill.signed_quantity * held.quantity > 0.0]
        bought = held.quantity - sum(fill.signed_quantity for fill in later)
        total = bought + sum(fill.signed_quantity for fill in added)
        spent = sum(fill.signed_quantity * fill.price for fill in added)
        price = (total * held.entry - spent) / bought
        at = _closed(_TURNED)
        old = 0.8 * held.quantity if held.key.asset != "BTC/USDT" else 0.0
        if old:
            start = _closed(_BOUGHT) + timedelta(seconds=1)
            found += [
                _fill(held.key, old, _price(held.asset, _BOUGHT), start),
                _fill(held.key, -old, _price(held.asset, _TURNED), at),
            ]
        found.append(_fill(held.key, bought, price, at + timedelta(seconds=1)))
    return found


def _round_trip(key: PositionKey, quantity: float) -> list[Fill]:
    return [
        _fill(key, quantity, _price(key.asset, _OPENED_DAYS_AGO), _closed(_OPENED_DAYS_AGO)),
        _fill(key, -quantity, _price(key.asset, CLOSED_DAYS_AGO), _closed(CLOSED_DAYS_AGO)),
    ]


def _todays() -> list[Fill]:
    at = AFTERNOON.replace(minute=38)
    return [
        _fill(_held(asset).key, quantity, price, at.replace(second=second), fee=1.2)
        for asset, quantity, price, second in TODAYS_FILLS
    ]


def _old_bitcoin(flows: Sequence[Flow], others: Sequence[Fill], fees: float) -> list[Fill]:
    """The trade whose profit makes the cash what it is; it pays all other fees."""
    key = _held("BTC/USDT").key
    cash = Ledger().after_all(others, flows).cash
    bought, sold = _price(key.asset, _BOUGHT), _price(key.asset, _TURNED)
    quantity = (CASH + fees - cash) / (sold - bought)
    return [
        _fill(key, quantity, bought, _closed(_BOUGHT) + timedelta(seconds=1)),
        _fill(key, -quantity, sold, _closed(_TURNED), fee=fees),
    ]


def _held(asset: str) -> Held:
    return next(held for held in HOLDINGS if held.asset == asset)


def _fill(key: PositionKey, signed: float, price: float, at: datetime, *, fee: float = 0.0) -> Fill:
    return Fill(
        id=f"{key.strategy}-{key.asset}-{at:%Y%m%d%H%M%S}-{'b' if signed > 0.0 else 's'}",
        strategy=key.strategy,
        asset=key.asset,
        venue=key.venue,
        side=Side.BUY if signed > 0.0 else Side.SELL,
        quantity=abs(signed),
        price=price,
        fee=fee,
        at=at,
    )


def ledger_at(moment: datetime) -> Ledger:
    """The book after everything booked up to `moment`."""
    ledger = Ledger()
    for entry in entries():
        if entry.at <= moment:
            one = entry
            ledger = ledger.after_flow(one) if isinstance(one, Flow) else ledger.after_fill(one)
    return ledger


# --- models and their forecasts ------------------------------------------------------------


class Past(NamedTuple):
    """What one horizon's model went through: the last models, oldest first, and its scores."""

    models: tuple[Model, ...]
    scores: tuple[Score, ...]


@cache
def day_past() -> Past:
    """The one-day model over the scored days."""
    closes = [day_close(number) for number in range(DAYS)]
    return _past(DAY_MODEL, closes, SCORED_DAYS, kept=10)


@cache
def hour_past() -> Past:
    """The one-hour model over the scored hours."""
    rng = np.random.default_rng(11)
    last = Period.HOUR.open_of(AFTERNOON)
    steps = 0.006 * (0.8 * rng.standard_t(5, (HOURS, 1)) + 0.5 * rng.standard_t(5, (HOURS, 7)))
    marks = np.array([_held(asset).mark for asset in ASSETS])
    courses = marks * np.exp(np.cumsum(steps, axis=0) - steps.sum(axis=0))
    closes = [
        _bar_close(Period.HOUR, last - timedelta(hours=HOURS - number), row)
        for number, row in enumerate(courses)
    ]
    return _past(HOUR_MODEL, closes, SCORED_HOURS, kept=3)


def _past(spec: ModelSpec, closes: Sequence[BarClose], scored: int, *, kept: int) -> Past:
    model = warm(new_model(spec, ASSETS), closes[: -scored - 1])
    models: list[Model] = []
    scores: list[Score] = []
    for close in closes[-scored - 1 :]:
        model = advance(model, close, _exposure(close))
        models = [*models, model][-kept:]
        scores += [model.score] if model.score else []
    return Past(tuple(models), tuple(scores))


def _exposure(close: BarClose) -> dict[str, float]:
    exposure: dict[str, float] = {}
    for key, position in ledger_at(close.closed).positions.items():
        value = position.quantity * close.bars[key.asset].close
        exposure[key.asset] = exposure.get(key.asset, 0.0) + value
    return exposure


def past_of(period: Period) -> Past:
    """What the model of `period` went through."""
    return day_past() if period is Period.DAY else hour_past()


@cache
def scored(period: Period) -> tuple[ForecastScored, ...]:
    """The scores as journalled, oldest first."""
    return tuple(_scored_event(score) for score in past_of(period).scores)


def _scored_event(score: Score) -> ForecastScored:
    var_95, var_975, var_99 = map(float, score.var)
    exceeded_95, exceeded_975, exceeded_99 = map(bool, score.exceeded)
    return ForecastScored(
        at=score.closed,
        portfolio="demo",
        cycle="demo-47000",
        period=score.period.value,
        loss=score.loss,
        var_95=var_95,
        var_975=var_975,
        var_99=var_99,
        es_975=float(score.es[1]),
        exceeded_95=exceeded_95,
        exceeded_975=exceeded_975,
        exceeded_99=exceeded_99,
        model=score.method,
    )
