"""Courses of one position, led through its stops step by step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from risk.domain.events import RiskEvent
from risk.domain.ledger import Fill
from risk.domain.market import Mark, Trust, missing_mark
from risk.domain.orders import Side
from risk.domain.positions import Position, PositionKey
from risk.domain.stops import StopPlan, StopState, StopTriggered, TakeProfit, TargetUnit, Volatility
from risk.position.stops import StopStep, next_stops

BTC = "BTC/USDT"
KEY = PositionKey("trend", BTC, "sim-a")
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
CALM = Volatility(atr=0.04, sigma=0.03)


class Tick(NamedTuple):
    """What one step sees.

    Attributes
    ----------
    price : float
    quantity : float
        Held, signed; 0 is flat.
    trust : Trust
    seconds : float
        Since the tick before.
    entry : float
        Average entry price.
    volatility : Volatility
    """

    price: float
    quantity: float = 1.0
    trust: Trust = Trust.TRUSTED
    seconds: float = 1.0
    entry: float = 100.0
    volatility: Volatility = CALM


@dataclass(frozen=True)
class Told:
    """A tick and what its step gave."""

    at: datetime
    tick: Tick
    step: StopStep

    @property
    def state(self) -> StopState:
        return self.step.states[KEY]

    @property
    def price(self) -> float | None:
        state = self.step.states.get(KEY)
        return None if state is None else state.price

    @property
    def triggered(self) -> StopTriggered | None:
        return self.step.triggered[0] if self.step.triggered else None

    def events(self, kind: type[RiskEvent]) -> list[RiskEvent]:
        return [event for event in self.step.events if isinstance(event, kind)]


NOTHING = StopStep({}, {}, (), ())


def led(
    plan: StopPlan | None,
    ticks: Iterable[Tick],
    *,
    after: StopStep = NOTHING,
    begins: datetime = NOON,
    fills: Mapping[int, Sequence[Fill]] | None = None,
) -> list[Told]:
    """What each tick gives; `fills` by the number of the tick that hears of them."""
    told: list[Told] = []
    at, step = begins, after
    for number, tick in enumerate(ticks):
        at += timedelta(seconds=tick.seconds)
        step = next_stops(
            step.states,
            cool_downs=step.cool_downs,
            plans={} if plan is None else {KEY.strategy: plan},
            positions={KEY: position_of(tick)} if tick.quantity else {},
            marks={BTC: mark_of(tick, at)},
            volatilities={BTC: tick.volatility},
            at=at,
            portfolio="demo",
            cycle=str(number),
            fills=(fills or {}).get(number, ()),
        )
        told.append(Told(at, tick, step))
    return told


def position_of(tick: Tick) -> Position:
    return Position(**KEY._asdict(), quantity=tick.quantity, entry_price=tick.entry)


def mark_of(tick: Tick, at: datetime) -> Mark:
    if tick.trust is Trust.MISSING:
        return missing_mark(BTC, at)
    return Mark(asset=BTC, price=tick.price, at=at, trust=tick.trust)


def fill_of(signed_quantity: float, price: float = 100.0) -> Fill:
    side = Side.BUY if signed_quantity > 0.0 else Side.SELL
    return Fill(
        id=f"fill {signed_quantity}",
        **KEY._asdict(),
        side=side,
        quantity=abs(signed_quantity),
        price=price,
        at=NOON,
    )


def mirrored(tick: Tick, constant: float) -> Tick:
    """What the short sees: prices reflected in `constant`, quantities turned."""
    return tick._replace(
        price=constant / tick.price, entry=constant / tick.entry, quantity=-tick.quantity
    )


# --- random ones ---------------------------------------------------------------------------

# Odd numbers, so that no price meets a level exactly and rounding decides nothing.
_DISTANCES = (None, 0.0437, 0.1013, 0.2371)
_MULTIPLES = (None, 1.93, 4.07)


@st.composite
def plans(draw: st.DrawFn, *, ladder: bool = True, clock: bool = True) -> StopPlan:
    """Several rules at once, a fixed stop always among them."""
    percent, atr, sigma = (draw(st.sampled_from(c)) for c in (_DISTANCES, _MULTIPLES, _MULTIPLES))
    trails = any(trail is not None for trail in (percent, atr, sigma))
    unit = draw(st.sampled_from(TargetUnit))
    scale = 1.0 if unit is TargetUnit.FRACTION else 30.0
    shares = draw(st.lists(st.sampled_from((0.125, 0.25)), max_size=4)) if ladder else []
    return StopPlan(
        fixed=draw(st.sampled_from(_DISTANCES[2:])),
        percent_trail=percent,
        atr_trail=atr,
        sigma_trail=sigma,
        activation=draw(st.sampled_from((0.0, 0.0317))) if trails else 0.0,
        break_even_after=draw(st.sampled_from((None, 0.0523))),
        time_stop_hours=draw(st.sampled_from((None, 1.0))) if clock else None,
        take_profit=tuple(
            TakeProfit(distance=scale * 0.0419 * (n + 1), share=share)
            for n, share in enumerate(shares)
        ),
        target_unit=unit,
        least_move=draw(st.sampled_from((0.0, 0.001, 0.0113))),
    )


@st.composite
def courses(draw: st.DrawFn, *, longs: bool = False) -> list[Tick]:
    """One position that is exited in part, added to, and priced well and badly; never flat."""
    side = 1 if longs else draw(st.sampled_from((1, -1)))
    ticks = draw(
        st.lists(
            st.builds(
                Tick,
                price=st.floats(60.0, 180.0),
                quantity=st.sampled_from((0.25, 0.5, 1.0, 1.0, 1.0, 2.0)),
                trust=st.sampled_from((*[Trust.TRUSTED] * 4, *Trust)),
                seconds=st.sampled_from((0.0, 1.0, 59.0, 600.0, 4_000.0)),
                entry=st.sampled_from((100.0, 100.0, 100.0, 93.1, 108.7)),
                volatility=st.builds(
                    Volatility,
                    atr=st.sampled_from((None, 0.011, 0.037, 0.093)),
                    sigma=st.sampled_from((None, 0.013, 0.029, 0.071)),
                ),
            ),
            min_size=1,
            max_size=20,
        )
    )
    return [replace_quantity(tick, side) for tick in ticks]


def replace_quantity(tick: Tick, side: int) -> Tick:
    return tick._replace(quantity=side * tick.quantity)
