"""One book led through a history: the step measures it, and a rule says which orders are placed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Protocol

from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.ports import AccountReading, Carried, CycleRecord, MarketReading
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.lab.paper import DEPOSIT
from risk.lab.replay.desk import Targets, Wish, settle, wanted
from risk.lab.wishing import Mandate

#: One turn of the engine: what a reading leads to, and what the next turn starts from.
Turn = Callable[[Carried, MarketReading, AccountReading], tuple[CycleRecord, Carried]]


class Placed(NamedTuple):
    """What came of the orders that were wanted at one close.

    Attributes
    ----------
    snapshot : Snapshot
        With a reservation for every order placed.
    ordered : mapping of limit to float or None, or None
        What each limit on the book measures of it with its orders of new risk, whichever of them
        are filled; None if there was none.
    """

    snapshot: Snapshot
    ordered: Mapping[str, float | None] | None


class Rule(Protocol):
    """What a book is held to."""

    def size(self, state: RiskState) -> float:
        """What targets are multiplied by."""
        ...

    def place(self, state: RiskState, snapshot: Snapshot, wishes: Sequence[Wish]) -> Placed:
        """Which orders are placed: after the step, for what is wanted at that close."""
        ...

    def reduce(self, state: RiskState, market: MarketReading, ledger: Ledger) -> Sequence[Fill]:
        """What is done, at the next close, about reductions that the step has asked for."""
        ...


class Bar(NamedTuple):
    """What is kept of one bar of a book.

    Attributes
    ----------
    at : datetime
        The close. UTC.
    unit_value : float
        Of one unit of the book, which began with 1.
    gross : float
        Gross exposure as a multiple of equity; 0 without equity.
    values : tuple of float or None
        What each limit measured of the book as held, in the policy's order.
    hard : tuple of float
        The hard thresholds in force.
    ordered : tuple of float or None
        As `values`, of the book with the orders of new risk placed at this close; empty if there
        was none.
    """

    at: datetime
    unit_value: float
    gross: float
    values: tuple[float | None, ...]
    hard: tuple[float, ...]
    ordered: tuple[float | None, ...]


@dataclass
class ReplayedBook:
    """A book on its way through a history.

    Attributes
    ----------
    carried : Carried
        After the last bar, with the orders that are pending.
    mandates : tuple of Mandate
    turn : Turn
    rule : Rule
    bars : list of Bar
    """

    carried: Carried
    mandates: tuple[Mandate, ...]
    turn: Turn
    rule: Rule
    bars: list[Bar]

    def live(self, market: MarketReading, targets: Targets) -> None:
        """Take one bar: fill what was pending, measure, decide.

        Parameters
        ----------
        market : MarketReading
        targets : mapping of strategy to mapping of asset to float
            Drawn from closes up to `market.at`.
        """
        record, after = self.turn(*self._brought_to(market))
        state, snapshot = record.state, record.snapshot
        wishes = tuple(wanted(targets, self.mandates, snapshot, size=self.rule.size(state)))
        placed = self.rule.place(state, snapshot, wishes)
        self.carried = replace(after, ledger=placed.snapshot.ledger)
        self.bars.append(_bar(record, placed.ordered))

    def _brought_to(self, market: MarketReading) -> tuple[Carried, MarketReading, AccountReading]:
        """What the turn takes: what was pending and what was asked for has been traded."""
        settled = settle(self.carried.ledger, market)
        flows = () if settled.ledger.seq else (_deposit(market.at),)
        ledger = settled.ledger.after_all(fills=settled.fills)
        reduced = self.rule.reduce(self.carried.state, market, ledger)
        account = AccountReading(fills=(*settled.fills, *reduced), flows=flows)
        return replace(self.carried, ledger=settled.ledger), market, account


def _deposit(at: datetime) -> Flow:
    return Flow(id="replay/deposit", amount=DEPOSIT, at=at, note="paper money")


def _bar(record: CycleRecord, ordered: Mapping[str, float | None] | None) -> Bar:
    performance, limits = record.state.performance, record.state.limits
    assert performance is not None, "a book with a deposit has a value from its first bar on"
    return Bar(
        at=record.snapshot.at,
        unit_value=performance.unit_value,
        gross=record.assessment.leverage or 0.0,
        values=tuple(limit.value for limit in limits.values()),
        hard=tuple(limit.thresholds.hard for limit in limits.values()),
        ordered=() if ordered is None else tuple(ordered.get(name) for name in limits),
    )
