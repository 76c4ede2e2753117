"""Answers as events."""

from typing import Any

from risk.domain.decisions import Decision
from risk.domain.events import OrderValidation, SignalValidation
from risk.domain.snapshot import Snapshot


def order_validation(decision: Decision, snapshot: Snapshot) -> OrderValidation:
    """The event about an answered order."""
    return OrderValidation(
        **_answered(decision, snapshot), client_order_id=decision.client_order_id
    )


def signal_validation(decision: Decision, snapshot: Snapshot) -> SignalValidation:
    """The event about an answered signal."""
    return SignalValidation(**_answered(decision, snapshot))


def _answered(decision: Decision, snapshot: Snapshot) -> dict[str, Any]:
    return {
        **snapshot.stamp,
        "strategy": decision.strategy,
        "asset": decision.asset,
        "verdict": decision.verdict,
        "requested_quantity": decision.signed(decision.requested),
        "allowed_quantity": decision.signed(decision.allowed),
        "reasons": decision.deciding,
    }
