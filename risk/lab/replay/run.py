"""A managed and an unmanaged book of the same strategies, side by side through a history."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from risk.domain.events import Verdict
from risk.domain.ledger import Ledger
from risk.domain.market import BarClose, Period
from risk.domain.model import Models
from risk.domain.policy import Policy
from risk.domain.ports import Carried, Executor, MarketReading
from risk.domain.state import RiskState
from risk.lab.closes import Closes
from risk.lab.replay.book import Bar, ReplayedBook, Rule, Turn
from risk.lab.replay.desk import PORTFOLIO, Targets
from risk.lab.replay.rules import AsAllowed, AsWanted, HeldBack, UpTo
from risk.lab.wishing import Mandate
from risk.portfolio.forecasting import new_models, warm

#: How much of a history the books do not trade in: a month that the slowest strategy looks back,
#: and the 120 days that the models need to measure a first book.
WARM_UP = timedelta(days=150)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The same strategies with limits and without.

    Attributes
    ----------
    managed, unmanaged : tuple of Bar
        The same closes in both.
    verdicts : Counter of Verdict
        What the managed book's orders were answered.
    held_back : Counter of HeldBack
        What kept them smaller than wished, and how often.
    """

    managed: tuple[Bar, ...]
    unmanaged: tuple[Bar, ...]
    verdicts: Counter[Verdict]
    held_back: Counter[HeldBack]


def lead(
    readings: Iterable[MarketReading],
    *,
    mandates: Sequence[Mandate],
    policy: Policy,
    assets: Sequence[str],
    begin: datetime,
    turn: Turn,
    executor: Executor,
    up_to: UpTo = UpTo.SOFT,
    told: Callable[[], None] = lambda: None,
) -> Pair:
    """Lead both books through all readings after `begin`; those before teach the models.

    Parameters
    ----------
    readings : iterable of MarketReading
        One at each close, oldest first.
    mandates : sequence of Mandate
    policy : Policy
        Of the portfolio ``replay``. The unmanaged book is measured by it too, and not held to it.
    assets : sequence of str
    begin : datetime
    turn : Turn
        The engine's.
    executor : Executor
        Who acts in the managed book on what is asked to be smaller; one bar later as well.
    up_to : UpTo
        How far the managed book's orders go.
    told : callable
        Called after each bar.
    """
    coming, closes, past = iter(readings), Closes(), list[BarClose]()
    first: list[MarketReading] = []
    for market in coming:
        if market.at > begin:
            first.append(market)
            break
        past += market.closes
        _remember(closes, market)
    models = _warmed(assets, past)
    rule = AsAllowed(executor, up_to)
    managed, unmanaged = (
        _book(each, mandates, policy, models, turn) for each in (rule, AsWanted())
    )
    for market in chain(first, coming):
        _remember(closes, market)
        targets = _targets(mandates, closes, market)
        managed.live(market, targets)
        unmanaged.live(market, targets)
        told()
    return Pair(
        managed=tuple(managed.bars),
        unmanaged=tuple(unmanaged.bars),
        verdicts=rule.verdicts,
        held_back=rule.held_back,
    )


def _warmed(assets: Sequence[str], past: Sequence[BarClose]) -> Models:
    cold = new_models(assets)
    return Models(
        *(warm(model, [c for c in past if c.period is model.spec.period]) for model in cold)
    )


def _book(
    rule: Rule, mandates: Sequence[Mandate], policy: Policy, models: Models, turn: Turn
) -> ReplayedBook:
    return ReplayedBook(
        carried=Carried(
            state=RiskState(portfolio=PORTFOLIO, policy=policy), ledger=Ledger(), models=models
        ),
        mandates=tuple(mandates),
        turn=turn,
        rule=rule,
        bars=[],
    )


def _remember(closes: Closes, market: MarketReading) -> None:
    for close in _shortest(market):
        closes.remember(close)


def _targets(mandates: Sequence[Mandate], closes: Closes, market: MarketReading) -> Targets:
    """What each strategy wants at this close; it sees no series without its newest one."""
    last = _shortest(market)[-1:]
    current = closes.of(
        [a for close in last for a in close.bars if market.marks[a].trust.allows_new_risk]
    )
    return {m.strategy.name: m.strategy.targets(current) for m in mandates}


def _shortest(market: MarketReading) -> tuple[BarClose, ...]:
    """The file's own bars: hours where there are hours, and not the days made of them."""
    hours = tuple(close for close in market.closes if close.period is Period.HOUR)
    return hours or market.closes
