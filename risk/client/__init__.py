"""What a trading agent imports: ask before each order, report what became of it.

    from risk.client import Seawall

    with Seawall(portfolio="demo", strategy="trend") as seawall:
        answer = seawall.validate("BTC/USDT", "buy", 0.1)

Whatever goes wrong is no approval. See ``docs/agents.md``.
"""

from risk.client.aio import AsyncBackground, AsyncSeawall
from risk.client.answers import NO_ANSWER, NOT_SYNCHRONISED, Answer
from risk.client.core import OrderFields, Settlement
from risk.client.errors import NoAnswer, RequestRefused
from risk.client.ids import OrderIds
from risk.client.slices import Slice
from risk.client.sync import Background, Seawall
from risk.client.views import (
    Hold,
    InstrumentView,
    LimitsView,
    LimitView,
    PositionView,
    ReductionView,
    StatusView,
)
from risk.client.watch import Pauses

__all__ = [
    "NOT_SYNCHRONISED",
    "NO_ANSWER",
    "Answer",
    "AsyncBackground",
    "AsyncSeawall",
    "Background",
    "Hold",
    "InstrumentView",
    "LimitView",
    "LimitsView",
    "NoAnswer",
    "OrderFields",
    "OrderIds",
    "Pauses",
    "PositionView",
    "ReductionView",
    "RequestRefused",
    "Seawall",
    "Settlement",
    "Slice",
    "StatusView",
]
