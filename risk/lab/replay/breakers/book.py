"""A plain book of the whole market, and how breakers stand over it after each reading.

The same money in every asset that has a price, set anew at the first reading of each day (UTC),
at the marks, without costs: bought once and held, a history of coins would soon be a history of the
one that rose most. What has had no price for a week, or begins anew as another coin, leaves at its
last price. The book is not managed: it is there to be measured, and what breakers say does not
move it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from risk.breakers.evaluation import BreakersAfter, next_breakers
from risk.domain.breakers import NO_BREAKERS, Breakers
from risk.domain.equity_trust import EquityTrust
from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.market import Mark
from risk.domain.model import Models
from risk.domain.orders import Side
from risk.domain.policy import Policy
from risk.domain.ports import MarketReading
from risk.domain.positions import PositionKey
from risk.domain.reductions import FULL_SIZE, Sizing
from risk.domain.snapshot import Snapshot
from risk.domain.state import Course, Performance
from risk.lab.replay.desk import PORTFOLIO
from risk.limits.derisking import ladder_size
from risk.portfolio.equity_trust import next_trust, reading_of
from risk.portfolio.forecasting import new_models, roll_models
from risk.portfolio.performance import next_courses, next_performance

#: Whose positions the book's are.
HOLDER = "market"
#: Kinds that look at marks, closes and the book alone. All others may look at the models, which
#: cost more to lead through a history than everything else together.
WITHOUT_MODELS = frozenset({"market_volatility", "drawdown", "daily_loss"})

_VENUE = "replay"
_MONEY = 1_000_000.0
_ENDS_AFTER = timedelta(days=7)
# Smaller trades are rounding.
_LEAST_SHARE = 1e-9


@dataclass(frozen=True, kw_only=True)
class MarketBook:
    """The book after a reading. Immutable, so that one can ask what another reading would do.

    Attributes
    ----------
    ledger : Ledger
    models : Models
        Led on only where a breaker may look at them.
    breakers : Breakers
    performance : Performance or None
    equity_trust : EquityTrust or None
    courses : mapping of strategy to Course
    sizing : Sizing
        What the drawdown ladder leaves.
    day : date or None
        On which it was last set anew.
    prices : mapping of asset to float
        Last known ones.
    readings : int
    """

    ledger: Ledger = field(default_factory=Ledger)
    models: Models = field(default_factory=new_models)
    breakers: Breakers = NO_BREAKERS
    performance: Performance | None = None
    equity_trust: EquityTrust | None = None
    courses: Mapping[str, Course] = field(default_factory=dict)
    sizing: Sizing = FULL_SIZE
    day: date | None = None
    prices: Mapping[str, float] = field(default_factory=dict)
    readings: int = 0


def next_book(
    before: MarketBook, market: MarketReading, policy: Policy, *, trades: bool = True
) -> tuple[MarketBook, BreakersAfter]:
    """The book after one more reading, and what its breakers say of it.

    Parameters
    ----------
    before : MarketBook
    market : MarketReading
    policy : Policy
        Of the portfolio ``replay``, the same at every reading.
    trades : bool
        False leaves what is held as it is.
    """
    ledger, day = _traded(before, market) if trades else (before.ledger, before.day)
    snapshot = _snapshot(before, market, ledger, policy)
    equity = next_trust(before.equity_trust, before.performance, reading_of(snapshot))
    performance = next_performance(
        before.performance,
        equity=equity.believed,
        net_flows=ledger.net_flows,
        at=market.at,
    )
    courses = next_courses(before.courses, snapshot) if equity.as_read else before.courses
    after = next_breakers(
        before.breakers,
        (policy, policy),
        snapshot,
        performance=performance,
        courses=courses,
        latches={},
    )
    known = {asset: mark.price for asset, mark in market.marks.items() if mark.known}
    book = MarketBook(
        ledger=ledger,
        models=snapshot.models,
        breakers=after.breakers,
        performance=performance,
        equity_trust=equity.trust,
        courses=courses,
        sizing=ladder_size(policy, performance, before.sizing),
        day=day,
        prices={**before.prices, **known},
        readings=before.readings + 1,
    )
    return book, after


def _snapshot(
    before: MarketBook, market: MarketReading, ledger: Ledger, policy: Policy
) -> Snapshot:
    plain = Snapshot(
        id=str(before.readings + 1),
        portfolio=PORTFOLIO,
        at=market.at,
        marks=market.marks,
        ledger=ledger,
        models=before.models,
        faults=market.faults,
        closes=market.closes,
    )
    if all(each.kind in WITHOUT_MODELS for each in policy.breakers):
        return plain
    rolled = roll_models(before.models, market.closes, ledger, market.marks)
    return replace(plain, models=rolled.models, scores=rolled.scores, hours=rolled.hours)


# --- trading -----------------------------------------------------------------------------------


def _traded(before: MarketBook, market: MarketReading) -> tuple[Ledger, date]:
    """The ledger with whatever ended sold, and on a new day the same money in all that trades."""
    today, ledger = market.at.date(), before.ledger
    if not ledger.seq:
        money = Flow(id="replay/market", amount=_MONEY, at=market.at, note="paper money")
        ledger = ledger.after_flow(money)
    ledger = ledger.after_all(fills=_sold(before, market))
    if today != before.day:
        ledger = ledger.after_all(fills=_levelled(ledger, market))
    return ledger, today


def _sold(before: MarketBook, market: MarketReading) -> list[Fill]:
    begun_anew = frozenset[str]().union(*(close.breaks for close in market.closes))
    return [
        _trade(market.at, key.asset, -position.quantity, before.prices[key.asset])
        for key, position in before.ledger.positions.items()
        if key.asset in begun_anew or _has_ended(market.marks[key.asset], market.at)
    ]


def _has_ended(mark: Mark, at: datetime) -> bool:
    return at - mark.at > _ENDS_AFTER


def _levelled(ledger: Ledger, market: MarketReading) -> Iterator[Fill]:
    alive = {a: m.price for a, m in sorted(market.marks.items()) if m.trust.allows_new_risk}
    held = {asset: _held(ledger, asset) for asset in alive}
    # What cannot be traded now stays as it is.
    money = ledger.cash + sum(held[asset] * price for asset, price in alive.items())
    for asset, price in alive.items():
        target = money / len(alive)
        change = target / price - held[asset]
        if abs(change) * price > _LEAST_SHARE * target > 0.0:
            yield _trade(market.at, asset, change, price)


def _held(ledger: Ledger, asset: str) -> float:
    position = ledger.positions.get(PositionKey(HOLDER, asset, _VENUE))
    return position.quantity if position else 0.0


def _trade(at: datetime, asset: str, change: float, price: float) -> Fill:
    return Fill(
        id=f"{asset}/{at.isoformat()}",
        strategy=HOLDER,
        asset=asset,
        venue=_VENUE,
        side=Side.BUY if change > 0.0 else Side.SELL,
        quantity=abs(change),
        price=price,
        at=at,
    )
