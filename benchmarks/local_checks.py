"""What a check beside the agent costs, which needs no way to Seawall and back."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from benchmarks.timing import Timing, micro, timed_with
from risk.client.core import Core
from risk.client.flows import Attempt, Reply
from risk.client.local import LocalChecks
from risk.client.slices import Slice, Slices
from risk.client.views import read_holds, read_limits, read_positions, read_status
from risk.domain.events import Verdict
from risk.domain.leases import LEASE_LIFE
from risk.domain.messages import (
    LeaseAnswer,
    LeaseBody,
    OrderAnswer,
    OrderBody,
    ReservationMessage,
)
from risk.domain.orders import OrderType, Side

_NOW = 1_000.0
_LIMITS = 25
# One check takes less than the clock can tell apart well: so many are timed at once.
_AT_ONCE = 100


def run(sizes: tuple[int, ...] = (1, 50, 500), n: int = 2_000) -> Iterator[Timing]:
    """Checks by number of positions: left to Seawall, stopped, and right after synchronising."""
    for size in sizes:
        local = synchronised(size)
        cases = {
            "left to Seawall": order(0.25),
            "stopped by a cap": order(1e6),
            "says that it reduces": order(1e6, reduce_only=True),
        }
        for case, body in cases.items():
            stopped = local.check(body, _NOW) is not None
            if stopped != (case == "stopped by a cap"):
                raise ValueError(f"{case}: {local.check(body, _NOW)}")
            yield _checked(f"local check, {case}", local, body, size, n)
        yield _approved(local, size, n)
        yield micro(
            timed_with(
                "  the first one after synchronising",
                lambda size=size: synchronised(size),
                lambda fresh: fresh.check(order(0.25), _NOW),
                size=size,
                n=max(1, n // 20),
            )
        )


def _checked(case: str, local: LocalChecks, body: OrderBody, size: int, n: int) -> Timing:
    def check(_: None) -> None:
        for _ in range(_AT_ONCE):
            local.check(body, _NOW)

    many = timed_with(case, lambda: None, check, size=size, n=max(1, n // 10))
    each = micro(many)
    return each._replace(median=each.median / _AT_ONCE, p99=each.p99 / _AT_ONCE)


def _approved(local: LocalChecks, size: int, n: int) -> Timing:
    """Whole answers from a slice of room, their making included."""
    bodies = [
        msgspec.structs.replace(
            order(0.25),
            client_order_id=f"trend-{number}",
            order_type=OrderType.MARKET,
            limit_price=None,
        )
        for number in range(_AT_ONCE)
    ]

    def spend(slices: Slices) -> None:
        for body in bodies:
            if slices.spend(body, local, _NOW) is None:
                raise ValueError("it is not answered from the slice")

    many = timed_with("approved from a slice of room", granted, spend, size=size, n=max(1, n // 10))
    each = micro(many)
    return each._replace(median=each.median / _AT_ONCE, p99=each.p99 / _AT_ONCE)


def granted() -> Slices:
    """A slice that so many orders fit into."""
    core = Core(portfolio="demo", strategy="trend", clock=lambda: _NOW)
    wanted = Slice(asset="COIN0/USDT", side="buy", quantity=100.0, venue="sim-a", orders=500)
    slices = Slices(core, [wanted])
    renewing = slices.renew()
    asked = next(renewing)
    assert isinstance(asked, Attempt)
    body = msgspec.json.decode(asked.call.body or b"", type=LeaseBody)
    try:
        renewing.send(Reply(200, _lent(body)))
    except StopIteration:
        return slices
    raise ValueError("the slice was not granted")


def _lent(body: LeaseBody) -> bytes:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    answer = OrderAnswer(
        client_order_id=body.lease_id or "",
        verdict=Verdict.APPROVE,
        quantity=body.quantity or 0.0,
        reasons=[],
        reservation=ReservationMessage(id="1/1", expires_at=now),
        trading_state="NORMAL",
        snapshot_id="1",
        limits_version=1,
        ledger_seq=1,
        action_seq=0,
        decided_at=now,
        expires_at=now + LEASE_LIFE,
        journalled=True,
    )
    return msgspec.json.encode(
        LeaseAnswer(lease=answer, orders=500, alike=500, lot=0.01, least=0.01, settled=None)
    )


def order(quantity: float, **changes: Any) -> OrderBody:
    """A limit order for the first asset."""
    return OrderBody(
        client_order_id="trend-1",
        portfolio="demo",
        strategy="trend",
        asset="COIN0/USDT",
        side=Side.BUY,
        quantity=quantity,
        order_type=OrderType.LIMIT,
        limit_price=100.5,
        venue="sim-a",
        **changes,
    )


def synchronised(size: int) -> LocalChecks:
    """Checks that know a book of so many positions, each asset with a tick and a lot."""
    assets = [f"COIN{number}/USDT" for number in range(size)]
    limits = [
        {"name": f"cap {n}", "kind": "order_notional", "scope": "portfolio:demo", "hard": 1e6}
        for n in range(_LIMITS)
    ]
    steps = {asset: {"tick": 0.5, "lot": 0.01, "least": 0.01} for asset in assets}
    positions = [
        {"strategy": "trend", "asset": asset, "venue": "sim-a", "quantity": 1.0, "mark": 100.0}
        for asset in assets
    ]
    local = LocalChecks()
    local.take(
        read_status(_wire(portfolio="demo", trading_state="NORMAL", fresh=True)),
        read_holds(_wire(holds=[])),
        read_limits(_wire(limits=limits, instruments=steps)),
        read_positions(_wire(positions=positions)),
        at=_NOW,
    )
    return local


def _wire(**said: object) -> bytes:
    return msgspec.json.encode(said)
