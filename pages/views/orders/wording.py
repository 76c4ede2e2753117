"""Answers to orders in plain words: verdicts, reasons, what became of an order."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from pages.components.reasons import APPROVED, REJECTED, RESIZED
from pages.components.states import StateLook
from pages.format import number, quantity, sentence
from pages.views.holdings import coin
from pages.views.limits.writing import trimmed, writer
from pages.views.orders.holders import with_holders
from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.events import Verdict
from risk.domain.journalling import AnsweredOrder
from risk.domain.limits import Unit
from risk.domain.messages import ReasonMessage
from risk.domain.orders import ReservationStatus
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.types import LIMIT_TYPES
from risk.limits.words import called, reason_words

#: How screens show each verdict.
LOOKS: dict[Verdict, StateLook] = {
    Verdict.APPROVE: APPROVED,
    Verdict.RESIZE: RESIZED,
    Verdict.REJECT: REJECTED,
}
#: Why something passed, where it was not because every limit holds; the first that fits.
_PASSED_FOR = (ReasonCode.LEASED, ReasonCode.LEASE_ORDERS, ReasonCode.REDUCTION_PROVEN)
#: So many reasons stand in a row of the list.
_IN_A_ROW = 2
_NBSP = "\N{NO-BREAK SPACE}"


def reason_of(message: ReasonMessage) -> Reason:
    """A check as it was told to the agent, back as it was made."""
    kind, _, name = (message.scope or "").partition(":")
    return Reason(
        code=message.code,
        outcome=Outcome(message.outcome),
        subject=message.subject,
        scope=Scope(ScopeKind(kind), name) if kind else None,
        value=message.value,
        threshold=message.threshold,
        unit=None if message.unit is None else Unit(message.unit),
    )


#: The breakers that made a check of an order fail, in words.
HoldersOf = Callable[[Reason], Sequence[str]]


def nobody(_reason: Reason) -> Sequence[str]:
    """Where it is not known which breakers there were."""
    return ()


def why(reasons: Sequence[Reason], currency: str, holders_of: HoldersOf = nobody) -> str:
    """What decided, in a line or two: limits by their names, anything else as a sentence."""
    failed = [r for r in reasons if r.outcome is Outcome.FAILED]
    if not failed:
        return _why_it_passed(reasons, currency)
    told = [with_holders(_deciding(reason, currency), holders_of(reason)) for reason in failed]
    rest = len(told) - _IN_A_ROW
    more = f" and {rest} more" if rest > 0 else ""
    return f"{'; '.join(told[:_IN_A_ROW])}{more}"


def _deciding(reason: Reason, currency: str) -> str:
    if reason.code not in LIMIT_TYPES:
        return reason_words(reason, trimmed(writer(currency))).rstrip(".")
    name = called(reason.code, reason.subject, reason.scope)
    if reason.value is None or reason.threshold is None:
        return f"{name} cannot be measured"
    write, unit = trimmed(writer(currency)), reason.unit or Unit.QUANTITY
    return f"{name} {write(reason.value, unit)} ({write(reason.threshold, unit)} allowed)"


def _why_it_passed(reasons: Iterable[Reason], currency: str) -> str:
    """Reductions, slices and what is made of them pass for more than that every limit holds."""
    told = [r for r in reasons if r.code in _PASSED_FOR]
    for reason in sorted(told, key=lambda reason: _PASSED_FOR.index(reason.code)):
        return sentence(reason_words(reason, trimmed(writer(currency))).rstrip("."))
    return "Every check passed"


def became(order: AnsweredOrder, *, overdue: bool) -> str:
    """What became of an order: ``filled``, ``12 % filled``, ``overdue``."""
    if order.status is None:
        return "not sent"
    if overdue:
        return "overdue"
    if order.status is ReservationStatus.PENDING:
        return "open"
    if order.status is ReservationStatus.FILLED:
        return "filled"
    if order.status is ReservationStatus.SETTLED:
        return f"{_share(order)} spent"
    ended = order.status is not ReservationStatus.PARTLY_FILLED
    if order.filled <= 0.0:
        return "cancelled"
    share = f"{_share(order)} filled"
    return f"{share}, ended" if ended else share


def _share(order: AnsweredOrder) -> str:
    share = order.filled / order.allowed if order.allowed else 0.0
    return f"{number(100.0 * share, 0)}{_NBSP}%"


def asked_words(order: AnsweredOrder) -> str:
    """``trend buy 1.2 BTC on sim-a``."""
    what = f"{quantity(order.requested)}{_NBSP}{coin(order.asset)}"
    return f"{order.strategy} {order.side} {what} on {order.venue}"


def passing_words(order: AnsweredOrder) -> str:
    """What might be sent: ``0.6 BTC could be sent.``"""
    if order.allowed <= 0.0:
        return "Nothing could be sent."
    if order.verdict is Verdict.APPROVE:
        return "All of it could be sent."
    return f"{quantity(order.allowed)}{_NBSP}{coin(order.asset)} could be sent."


def millis(micros: float) -> float:
    """The unit of every time of an answer on the page, so that any two can be compared."""
    return round(micros / 1_000.0, 3)


def millis_words(micros: float) -> str:
    """``0.047 ms``, ``3.24 ms``, ``604.5 ms``."""
    shown = millis(micros)
    decimals = 3 if shown < 1.0 else 2 if shown < 10.0 else 1
    return f"{number(shown, decimals)}{_NBSP}ms"


def age_of(since: datetime, now: datetime) -> timedelta:
    """How long ago; what was answered after the cycle is no older than nothing."""
    return max(timedelta(0), now - since)
