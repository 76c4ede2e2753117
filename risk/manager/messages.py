"""Answers as they are said to agents."""

from datetime import datetime
from functools import lru_cache

from risk.domain.decisions import Decision, Reason
from risk.domain.messages import OrderAnswer, ReasonMessage, ReservationMessage, SignalAnswer
from risk.domain.orders import Reservation
from risk.domain.scopes import Scope
from risk.manager.orders import ANSWER_LIFE


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
        When it was decided, the wall's time: its life is counted from here, however fast the
        market's time passes. UTC.
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
        expires_at=at + ANSWER_LIFE,
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
        expires_at=at + ANSWER_LIFE,
    )


def reason_messages(decision: Decision) -> list[ReasonMessage]:
    """Every check that ran or was skipped, failures first."""
    return [_message(reason) for reason in decision.reasons]


def _message(reason: Reason) -> ReasonMessage:
    code, outcome, subject, scope, value, threshold, unit = reason
    return ReasonMessage(
        code=code,
        outcome=outcome,
        subject=subject,
        scope=None if scope is None else _label(scope),
        value=value,
        threshold=threshold,
        headroom=None if value is None or threshold is None else threshold - value,
        unit=unit,
    )


# Bounded, since whoever sends orders makes up the names in them.
@lru_cache(maxsize=2**12)
def _label(scope: Scope) -> str:
    return scope.label
