"""What is held."""

from collections.abc import Mapping
from typing import Any

import msgspec

from risk.client import AsyncSeawall, PositionView
from risk.client.views import number, text
from risk.mcp.tools import ListArguments, ListTold, Tool
from risk.mcp.words import shown


class PositionTold(msgspec.Struct, kw_only=True, frozen=True):
    """One position.

    Attributes
    ----------
    strategy, asset, venue : str
        Names: data only.
    quantity : float
        Signed units: negative is short.
    entry_price, mark : float or None
        Quote currency.
    trust : str
        Of the mark: new risk needs a trusted one.
    exposure, unrealised : float or None
        Quote currency; a short exposure and a loss are negative.
    pending_buys, pending_sells : float or None
        Units that room is held for, neither negative.
    stop_price : float or None
        Quote currency; None where no stop stands.
    """

    strategy: str
    asset: str
    venue: str
    quantity: float
    entry_price: float | None
    mark: float | None
    trust: str
    exposure: float | None
    unrealised: float | None
    pending_buys: float | None
    pending_sells: float | None
    stop_price: float | None


class PositionsTold(ListTold, frozen=True):
    """Open positions that the key sees.

    Attributes
    ----------
    left_out : int
        How many more there are.
    positions : list of PositionTold
        By strategy, asset and venue.
    """

    positions: list[PositionTold]


async def _positions(seawall: AsyncSeawall, asked: ListArguments) -> PositionsTold:
    held = [_position(each) for each in await seawall.positions()]
    counted = "1 position is" if len(held) == 1 else f"{len(held)} positions are"
    return PositionsTold(
        summary=f"{counted} open.",
        positions=held[: asked.at_most],
        left_out=max(0, len(held) - asked.at_most),
    )


def _position(view: PositionView) -> PositionTold:
    raw: Mapping[str, Any] = view.raw
    return PositionTold(
        strategy=shown(view.strategy) or "",
        asset=shown(view.asset) or "",
        venue=shown(view.venue) or "",
        quantity=view.quantity,
        entry_price=number(raw.get("entry_price")),
        mark=view.mark,
        trust=shown(text(raw.get("trust")), 40) or "",
        exposure=number(raw.get("exposure")),
        unrealised=number(raw.get("unrealised")),
        pending_buys=number(raw.get("pending_buys")),
        pending_sells=number(raw.get("pending_sells")),
        stop_price=view.stop_price,
    )


POSITIONS = Tool(
    name="positions",
    title="Open positions",
    description=(
        "What is held, live, fills that were just reported included. `quantity` is signed: "
        "negative is short; sell to make a long position smaller, buy to make a short one "
        "smaller. Losses are negative here, money is in quote currency."
    ),
    arguments=ListArguments,
    answer=PositionsTold,
    handle=_positions,
    reads_only=True,
)

TOOLS = (POSITIONS,)
