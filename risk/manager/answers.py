"""Answers as events."""

from risk.domain.decisions import Decision
from risk.domain.events import OrderValidation, SignalValidation
from risk.domain.snapshot import Snapshot


def order_validation(decision: Decision, snapshot: Snapshot) -> OrderValidation:
    """The event about an answered order."""
    return OrderValidation(
        at=snapshot.at,
        portfolio=snapshot.portfolio,
        cycle=snapshot.id,
        client_order_id=decision.client_order_id,
        strategy=decision.strategy,
        asset=decision.asset,
        verdict=decision.verdict,
        requested_quantity=decision.signed(decision.requested),
        allowed_quantity=decision.signed(decision.allowed),
        reasons=decision.deciding,
    )


def signal_validation(decision: Decision, snapshot: Snapshot) -> SignalValidation:
    """The event about an answered signal."""
    return SignalValidation(
        at=snapshot.at,
        portfolio=snapshot.portfolio,
        cycle=snapshot.id,
        strategy=decision.strategy,
        asset=decision.asset,
        verdict=decision.verdict,
        requested_quantity=decision.signed(decision.requested),
        allowed_quantity=decision.signed(decision.allowed),
        reasons=decision.deciding,
    )
