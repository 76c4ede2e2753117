"""From wishes to orders, and from orders to fills one bar later.

A decision is made when a bar has closed and is filled when the next one has: at that close, and
not at the open between, because in a market that never sleeps the open is the price of the
decision once more (and files of closes have none). An hour is longer than any order takes, so
the figures err to the cautious side. In between the order is a reservation in the ledger. What
has no trusted price at the next close is not filled at all, and wanted anew if it still is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from risk.domain.decisions import OrderRequest
from risk.domain.ledger import Fill, Ledger
from risk.domain.market import Mark
from risk.domain.orders import Order, Reservation, ReservationStatus, Side
from risk.domain.paper import paper_fill
from risk.domain.ports import MarketReading
from risk.domain.positions import PositionKey
from risk.domain.snapshot import Snapshot
from risk.lab.strategies import STRATEGIES
from risk.lab.wishing import DEMO_MANDATES, NO_TRADE_BAND, Mandate

#: What the books of a replay are called in policies.
PORTFOLIO = "replay"
#: The name that stands for all strategies together.
TOGETHER = "all"

_DEMO = {mandate.strategy.name: mandate for mandate in DEMO_MANDATES}

#: Wanted exposure by strategy and asset, a fraction of the strategy's capital.
Targets = Mapping[str, Mapping[str, float]]


def mandates_of(name: str) -> tuple[Mandate, ...]:
    """One strategy with all of the equity, or all of them with the shares of the demo.

    A strategy that the demo does not know trades at the demo's first venue; among all it has as
    much as the others have on average.

    Parameters
    ----------
    name : str
        A key of ``STRATEGIES``, or ``all``.

    Raises
    ------
    KeyError
        If there is no such strategy.
    """
    names = tuple(STRATEGIES) if name == TOGETHER else (name,)
    mandates = [_mandate(each) for each in names]
    whole = sum(mandate.share for mandate in mandates)
    return tuple(replace(m, share=m.share / whole, restless=False) for m in mandates)


def _mandate(name: str) -> Mandate:
    known, strategy = _DEMO.get(name), STRATEGIES[name]
    return known or Mandate(strategy=strategy, venue=DEMO_MANDATES[0].venue, share=1.0 / len(_DEMO))


# --- wishes ----------------------------------------------------------------------------------


class Wish(NamedTuple):
    """An order that a strategy would like to send.

    Attributes
    ----------
    request : OrderRequest
    weight : float
        What it wants to hold of the asset in the end, a fraction of its capital.
    """

    request: OrderRequest
    weight: float


def wanted(
    targets: Targets, mandates: Sequence[Mandate], snapshot: Snapshot, *, size: float = 1.0
) -> Iterator[Wish]:
    """Orders that would take the book from where it stands to its targets.

    A change too small to be worth its cost is none. A book without equity wants nothing.

    Parameters
    ----------
    targets : mapping of strategy to mapping of asset to float
        What is not named is left as it is.
    mandates : sequence of Mandate
    snapshot : Snapshot
        At the close that the targets were drawn from.
    size : float
        What targets are multiplied by.
    """
    equity = snapshot.equity
    if equity is None or equity <= 0.0:
        return
    for mandate in mandates:
        capital = mandate.share * equity
        for asset, target in sorted(targets[mandate.strategy.name].items()):
            weight = size * target
            key = PositionKey(mandate.strategy.name, asset, mandate.venue)
            price = snapshot.mark(asset).price
            held = snapshot.ledger.positions.get(key)
            change = weight * capital - (held.quantity * price if held else 0.0)
            if abs(change) > NO_TRADE_BAND * capital:
                yield Wish(_request(key, change / price, snapshot), weight)


def _request(key: PositionKey, quantity: float, snapshot: Snapshot) -> OrderRequest:
    """A market order for signed units of a position, decided at the snapshot's time."""
    return OrderRequest(
        client_order_id=f"{key.strategy}/{key.asset}/{snapshot.at:%Y%m%dT%H%M}",
        portfolio=snapshot.portfolio,
        strategy=key.strategy,
        asset=key.asset,
        venue=key.venue,
        side=Side.BUY if quantity > 0.0 else Side.SELL,
        quantity=abs(quantity),
    )


def reserved(snapshot: Snapshot, request: OrderRequest, quantity: float) -> Snapshot:
    """The snapshot with room set aside for `quantity` of the request."""
    return snapshot.after(
        Order(
            client_order_id=request.client_order_id,
            portfolio=request.portfolio,
            strategy=request.strategy,
            asset=request.asset,
            venue=request.venue,
            side=Side(request.side),
            quantity=quantity,
        )
    )


# --- fills -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What became of the orders of the last bar.

    Attributes
    ----------
    ledger : Ledger
        Without the reservations of those that could not be filled.
    fills : tuple of Fill
        Not booked yet.
    """

    ledger: Ledger
    fills: tuple[Fill, ...]


def settle(ledger: Ledger, market: MarketReading) -> Settled:
    """Fill every pending order at the close just read; void those without a trusted price.

    Parameters
    ----------
    ledger : Ledger
        As it was left at the last close.
    market : MarketReading
        At the next one.
    """
    fills: list[Fill] = []
    for reservation in tuple(ledger.reservations.values()):
        mark = market.marks.get(reservation.order.asset)
        if mark is not None and mark.trust.allows_new_risk:
            fills.append(_fill(reservation, mark, market.at))
        else:
            dead = replace(reservation, status=ReservationStatus.VOIDED)
            ledger = ledger.after_reservation(dead)
    return Settled(ledger=ledger, fills=tuple(fills))


def _fill(reservation: Reservation, mark: Mark, at: datetime) -> Fill:
    order = reservation.order
    fill = paper_fill(f"replay/{order.client_order_id}", order.key, order.signed_quantity, mark, at)
    return replace(fill, client_order_id=order.client_order_id)
