"""Positions, live: fills that came since the last cycle are in them."""

import msgspec

from risk.api.operations import READERS, Call, Operation
from risk.domain.assessment import PositionMeasures
from risk.domain.model import LEVELS
from risk.domain.positions import Position
from risk.domain.snapshot import Snapshot

_NINETY_NINE = LEVELS.index(0.99)


class PositionEntry(msgspec.Struct, kw_only=True, frozen=True):
    """One position.

    Attributes
    ----------
    strategy, asset, venue : str
    quantity : float
        Units; negative when short.
    entry_price : float
        Quote currency.
    mark : float or None
        Quote currency; None while nobody knows a price.
    trust : str
        Of the mark.
    exposure, unrealised : float or None
        Quote currency; a short exposure and a loss are negative.
    pending_buys, pending_sells : float
        Units that room is set aside for, neither negative.
    component_var_1d_99 : float or None
        Its part of the book's one-day 99 % VaR in the last cycle, quote currency.
    liquidation_move : float or None
        The move of its asset that would leave the account no more than its margin, a fraction.
    """

    strategy: str
    asset: str
    venue: str
    quantity: float
    entry_price: float
    mark: float | None
    trust: str
    exposure: float | None
    unrealised: float | None
    pending_buys: float
    pending_sells: float
    component_var_1d_99: float | None
    liquidation_move: float | None


class PositionsAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """Open positions.

    Attributes
    ----------
    ledger_seq : int
        The last entry of the ledger that they contain.
    positions : list of PositionEntry
        Of the strategies that the key sees.
    """

    ledger_seq: int
    positions: list[PositionEntry]


async def _positions(call: Call) -> PositionsAnswer:
    view = call.view
    sight = call.sight(view)
    snapshot = view.snapshot
    measured = {measures.key: measures for measures in view.assessment.positions}
    return PositionsAnswer(
        ledger_seq=snapshot.ledger_seq,
        positions=[
            _entry(position, snapshot, measured.get(key))
            for key, position in sorted(snapshot.ledger.positions.items())
            if sight.strategy(key.strategy)
        ],
    )


def _entry(
    position: Position, snapshot: Snapshot, measures: PositionMeasures | None
) -> PositionEntry:
    mark = snapshot.mark(position.asset)
    price = mark.price if mark.known else None
    pending = [
        reserved.open_quantity
        for reserved in snapshot.ledger.reservations.values()
        if reserved.order.key == position.key
    ]
    component = None if measures is None else measures.component_var
    return PositionEntry(
        strategy=position.strategy,
        asset=position.asset,
        venue=position.venue,
        quantity=position.quantity,
        entry_price=position.entry_price,
        mark=price,
        trust=mark.trust.value,
        exposure=None if price is None else position.quantity * price,
        unrealised=None if price is None else position.unrealised(price),
        pending_buys=sum(units for units in pending if units > 0.0),
        pending_sells=-sum(units for units in pending if units < 0.0),
        component_var_1d_99=None if component is None else component[_NINETY_NINE],
        liquidation_move=None if measures is None else measures.liquidation_move,
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/positions",
        summary="Open positions with their marks.",
        handle=_positions,
        abilities=READERS,
        answer=PositionsAnswer,
        problems=(503,),
        bucket="reads",
    ),
)
