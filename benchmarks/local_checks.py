"""What a check beside the agent costs, which needs no way to Seawall and back."""

from collections.abc import Iterator
from typing import Any

import msgspec

from benchmarks.timing import Timing, micro, timed_with
from risk.client.local import LocalChecks
from risk.client.views import read_holds, read_limits, read_positions, read_status
from risk.domain.messages import OrderBody
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
