"""A loop around a ccxt exchange: ask, send, watch, report, until the order is known dead.

`exchange` is one of ccxt's, such as ``ccxt.kraken({...})``; ccxt comes with your agent, not with
Seawall. Three unified methods are used: create_order, fetch_order, cancel_order.
"""

from risk.client import NoAnswer, Seawall

DEAD = ("closed", "canceled", "expired", "rejected")


def buy_or_sell(
    seawall: Seawall,
    exchange,
    asset: str,
    side: str,
    quantity: float,
    *,
    venue: str,
    wait,
    looks: int = 10,
) -> float:
    """Units traded. `wait` is called between two looks at the order, and after `looks` it ends.

    `venue` is what Seawall's policy calls the exchange.
    """
    answer = seawall.validate(asset, side, quantity, venue=venue)
    if not answer.sendable():
        print(answer.why)
        if answer.approved:
            seawall.cancelled(answer.client_order_id)
        return 0.0
    ours = answer.client_order_id
    # If this raises, the order may be there all the same: its room is kept until somebody knows.
    order = exchange.create_order(
        asset, "market", side, answer.quantity, params={"clientOrderId": ours}
    )
    reported = (0.0, 0.0)
    for look in range(looks + 1):
        order = exchange.fetch_order(order["id"], asset)
        reported = report(seawall, ours, order, reported)
        if order["status"] in DEAD:
            end(seawall, ours, reported[0] < answer.quantity)
            break
        if look == looks - 1:
            exchange.cancel_order(order["id"], asset)
        wait()
    return reported[0]


def report(
    seawall: Seawall, ours: str, order, reported: tuple[float, float]
) -> tuple[float, float]:
    """Tell what was traded since the last look; units and cost that are told already."""
    filled = order["filled"] or 0.0
    units, cost = reported
    if filled <= units:
        return reported
    paid = filled * order["average"]
    fee = (order.get("fee") or {}).get("cost") or 0.0
    try:
        seawall.filled(
            ours,
            # ccxt tells sums: the sum makes the name, so that the same trade has it again.
            fill_id=f"{order['id']}/{filled!r}",
            quantity=filled - units,
            # ccxt's average is of all trades so far.
            price=(paid - cost) / (filled - units),
            fee=fee if order["status"] in DEAD else 0.0,
        )
    except NoAnswer as kept:
        print(kept)  # seawall.settle() tells it again
    return filled, paid


def end(seawall: Seawall, ours: str, room_is_left: bool) -> None:
    """Give the rest of the room back."""
    if room_is_left:
        try:
            seawall.cancelled(ours)
        except NoAnswer as kept:
            print(kept)
