"""Answers as they are said to agents."""

from collections.abc import Iterable
from datetime import datetime

from risk.domain.decisions import Decision, Outcome, Reason, ReasonCode
from risk.domain.messages import OrderAnswer, ReasonMessage, ReservationMessage, SignalAnswer
from risk.domain.orders import Reservation


def order_answer(
    decision: Decision,
    reservation: Reservation | None,
    *,
    at: datetime,
    ledger_seq: int,
    action_seq: int,
    journalled: bool,
) -> OrderAnswer:
    """The answer to an order.

    Parameters
    ----------
    decision : Decision
    reservation : Reservation or None
        The room set aside; None if nothing was let through.
    at : datetime
        When it was decided, the market's time. UTC.
    ledger_seq, action_seq : int
        What it knew of.
    journalled : bool
    """
    return OrderAnswer(
        client_order_id=decision.client_order_id,
        verdict=decision.verdict,
        quantity=decision.allowed,
        reasons=reason_messages(decision),
        reservation=None
        if reservation is None
        else ReservationMessage(id=reservation.id, expires_at=reservation.expires_at),
        trading_state=decision.trading_state.name,
        snapshot_id=decision.snapshot_id,
        limits_version=decision.limits_version,
        ledger_seq=ledger_seq,
        action_seq=action_seq,
        decided_at=at,
        expires_at=decision.expires_at,
        journalled=journalled,
    )


def signal_answer(decision: Decision, *, at: datetime) -> SignalAnswer:
    """The answer to a signal, decided at `at`."""
    return SignalAnswer(
        verdict=decision.verdict,
        quantity=decision.allowed,
        reasons=reason_messages(decision),
        trading_state=decision.trading_state.name,
        snapshot_id=decision.snapshot_id,
        limits_version=decision.limits_version,
        decided_at=at,
        expires_at=decision.expires_at,
    )


def deciding_codes(reasons: Iterable[ReasonMessage]) -> tuple[str, ...]:
    """Codes of the checks that decided: the failures, or what let a reduction pass.

    Parameters
    ----------
    reasons : iterable of ReasonMessage
        Of one answer, failures first.
    """
    listed = list(reasons)
    failed = dict.fromkeys(r.code for r in listed if r.outcome == Outcome.FAILED.value)
    proven = ReasonCode.REDUCTION_PROVEN.value
    return tuple(failed) or tuple(r.code for r in listed if r.code == proven)


def reason_messages(decision: Decision) -> list[ReasonMessage]:
    """Every check that ran or was skipped, failures first."""
    return [_message(reason) for reason in decision.reasons]


def _message(reason: Reason) -> ReasonMessage:
    scope, unit = reason.scope, reason.unit
    return ReasonMessage(
        code=str(reason.code),
        outcome=reason.outcome.value,
        subject=reason.subject,
        scope=None if scope is None else scope.label,
        value=reason.value,
        threshold=reason.threshold,
        headroom=reason.headroom,
        unit=None if unit is None else unit.value,
    )
