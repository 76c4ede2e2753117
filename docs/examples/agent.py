"""A whole agent: it asks before each order, reports each fill and honours requests to reduce."""

import time
from queue import SimpleQueue

from risk.client import NoAnswer, ReductionView, Seawall


def trade(seawall: Seawall, exchange, asset: str, side: str, quantity: float, **claims) -> None:
    answer = seawall.validate(asset, side, quantity, **claims)
    order = answer.client_order_id
    if answer.sendable():
        for fill in exchange.send(order, asset, side, answer.quantity):  # what was allowed
            seawall.filled(order, fill_id=fill.id, quantity=fill.quantity, price=fill.price)
    else:
        print(f"{side} {quantity:g} {asset}: {answer.verdict}. {answer.why}")
    if answer.approved and exchange.is_dead(order):  # its room goes back
        seawall.cancelled(order)


def reduce(seawall: Seawall, exchange, asked: ReductionView) -> None:
    if surplus := exchange.position(asked.asset) - asked.target_quantity:
        side = "sell" if surplus > 0.0 else "buy"
        claims = {"venue": asked.venue, "reduce_only": True}
        trade(seawall, exchange, asked.asset, side, abs(surplus), **claims)
    seawall.acknowledge(asked.id)


def run(seawall: Seawall, exchange, wishes, pause=lambda: time.sleep(1.0)) -> None:
    asked: SimpleQueue[ReductionView] = SimpleQueue()
    seawall.on_reduction(asked.put)  # told in a thread, done between two orders
    for asset, side, quantity in wishes:
        try:
            trade(seawall, exchange, asset, side, quantity, venue=exchange.venue)
            pause()
            while not asked.empty():
                reduce(seawall, exchange, asked.get())
            seawall.settle()  # whatever was lost on the way
        except NoAnswer as kept:  # a report is told again by settle()
            print(kept)
