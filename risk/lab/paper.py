"""The paper desk: an account whose trades happen here, at the marks, and nowhere else.

It fills the strategies' wishes itself, with nobody to ask: so are the demo's past and replays made.
What a stop has closed is not entered again before its cool-down is over; where somebody has stopped
trading, nothing is traded, or only what reduces. A purchase pays the ask and a sale receives the
bid (the mark itself where a feed has no quotes), and each trade costs a fee of ten basis points.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from risk.domain.latches import latched_at
from risk.domain.ledger import Flow
from risk.domain.market import BarClose
from risk.domain.paper import paper_fill
from risk.domain.ports import AccountReading, Carried, MarketReading
from risk.domain.trading import TradingState
from risk.lab.wishing import DEMO_MANDATES, Mandate, Wish, Wishing, exposure_of
from risk.portfolio.committed import enclosing

DEPOSIT = 2_500_000.0


class PaperDesk:
    """An `Account` that fills its own strategies' trades.

    Parameters
    ----------
    seed : int
        Of the small trades between closes.
    history : iterable of BarClose
        Hourly closes before the first reading, oldest first; the strategies' memory.
    mandates : sequence of Mandate
    deposit : float
        Paid in when the ledger is empty, quote currency.
    """

    def __init__(
        self,
        *,
        seed: int,
        history: Iterable[BarClose] = (),
        mandates: Sequence[Mandate] = DEMO_MANDATES,
        deposit: float = DEPOSIT,
    ) -> None:
        self._wishing = Wishing(seed=seed, history=history, mandates=mandates)
        self._deposit = deposit

    def read(self, market: MarketReading, carried: Carried) -> AccountReading:
        """What was traded up to `market.at`, given what was booked before.

        Parameters
        ----------
        market : MarketReading
        carried : Carried
            A ledger without entries is paid the deposit; the state's cool-downs and latches are
            kept.
        """
        flows = first_deposit(market, carried, self._deposit)
        carried = replace(carried, ledger=carried.ledger.after_all(flows=flows))
        fills = tuple(
            paper_fill(
                wish.identity, wish.key, wish.quantity, market.marks[wish.key.asset], market.at
            )
            for wish in self._wishing.wishes(market, carried)
            if _may_be_traded(wish, market, carried)
        )
        return AccountReading(fills=fills, flows=flows)


def first_deposit(market: MarketReading, carried: Carried, amount: float) -> tuple[Flow, ...]:
    """What a book without entries is paid in, so that it has something to trade with.

    Parameters
    ----------
    market : MarketReading
    carried : Carried
    amount : float
        Quote currency.
    """
    if carried.ledger.seq:
        return ()
    return (Flow(id="paper/deposit", amount=amount, at=market.at, note="paper money"),)


def _may_be_traded(wish: Wish, market: MarketReading, carried: Carried) -> bool:
    """Whether a trade enters nothing that a stop or a person keeps the strategy out of."""
    state = carried.state
    scopes = enclosing(wish.key, state.portfolio, state.policy)
    latched = latched_at(state.latches, scopes)
    until = state.cool_downs.get(wish.key)
    held = exposure_of(wish.key, carried.ledger, market.marks)
    only_reduces = held * wish.value < 0.0 and abs(wish.value) <= abs(held)
    stays_out = latched is TradingState.REDUCE_ONLY or _is_before(market.at, until)
    return latched is not TradingState.HALTED and (only_reduces or not stays_out)


def _is_before(at: datetime, until: datetime | None) -> bool:
    return until is not None and at < until
