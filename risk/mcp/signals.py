"""Ideas: what an order like this would be answered, before there is one."""

from datetime import datetime
from typing import Annotated

import msgspec

from risk.client import AsyncSeawall
from risk.domain.events import Verdict
from risk.mcp.orders import Asset, Direction, Strategy, Units, Venue
from risk.mcp.tools import Arguments, Told, Tool
from risk.mcp.words import Explanation, decisive, explained, shown, units


class SignalArguments(Arguments, frozen=True):
    """An idea to be asked about."""

    asset: Asset
    side: Direction
    quantity: Annotated[
        Units | None, msgspec.Meta(description="Units wanted; without it, how much would pass.")
    ] = None
    strategy: Strategy | None = None
    venue: Venue | None = None


class SignalTold(Told, frozen=True):
    """What an idea was answered.

    Attributes
    ----------
    verdict : str
        `approve`, `resize` or `reject`.
    quantity : float
        Units that would pass now. Nothing is held for them.
    reasons : list of Explanation
        Every check, failures first.
    trading_state : str
        The tightest of all scopes that enclose the order, such as NORMAL.
    expires_at : datetime
        UTC.
    limits_version : int
        Of the policy that it was judged by.
    snapshot_id : str
        Names the measurement of the book that it was judged by.
    """

    verdict: Verdict
    quantity: float
    reasons: list[Explanation]
    trading_state: str
    expires_at: datetime
    limits_version: int
    snapshot_id: str


async def _signal(seawall: AsyncSeawall, asked: SignalArguments) -> SignalTold:
    said = await seawall.signal(
        asked.asset, asked.side, asked.quantity, strategy=asked.strategy, venue=asked.venue
    )
    reasons = explained(said.reasons)
    return SignalTold(
        summary=_signal_words(said.verdict, said.quantity, reasons),
        verdict=said.verdict,
        quantity=said.quantity,
        reasons=reasons,
        trading_state=shown(said.trading_state, 40) or "",
        expires_at=said.expires_at,
        limits_version=said.limits_version,
        snapshot_id=shown(said.snapshot_id) or "",
    )


def _signal_words(verdict: Verdict, quantity: float, reasons: list[Explanation]) -> str:
    if verdict is Verdict.REJECT:
        return f"This would be rejected now. {decisive(reasons)}".strip()
    would = f"{units(quantity)} units would pass now; nothing is held: ask with validate_order."
    return f"{would} {decisive(reasons)}".strip()


SIGNAL = Tool(
    name="validate_signal",
    title="Ask about a trading idea",
    description=(
        "Ask what an order like this would be answered now, before there is one; without a "
        "quantity, how much would pass. Advice only: nothing is held, and its answer never "
        "allows an order to be sent: call validate_order for that. Use it to size an idea "
        "instead of trying quantities with validate_order."
    ),
    arguments=SignalArguments,
    answer=SignalTold,
    handle=_signal,
    reads_only=True,
    risk=True,
)

TOOLS = (SIGNAL,)
