"""What an agent gets for an order, and what makes a reply from Seawall count as an answer.

Nothing here knows the network or the time. A reply counts only if every part of it fits the
order that was asked about; whatever does not count is no answer, and no answer is no approval.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

import msgspec

from risk.client.clock import monotonic
from risk.domain.decisions import Outcome, ReasonCode
from risk.domain.events import Verdict
from risk.domain.leases import asked_of, lease_of
from risk.domain.messages import (
    LeaseAnswer,
    LeaseBody,
    OrderAnswer,
    OrderBody,
    ReasonMessage,
    SettledLease,
    SignalAnswer,
)
from risk.domain.reasons import REASONS

Message = TypeVar("Message")

#: The reason code of an order that Seawall did not answer, or not in a way that counts.
NO_ANSWER = "no_answer"
#: The reason code of new risk that local checks stopped because they know too little.
NOT_SYNCHRONISED = "not_synchronised"

_OWN_WORDS = {
    NO_ANSWER: "Seawall gave no answer that counts.",
    NOT_SYNCHRONISED: "What is known here of Seawall's state is too old for new risk.",
}


class Unreadable(ValueError):
    """A reply that does not count as an answer; its text is the rest of a sentence."""


class Lent(NamedTuple):
    """What was answered to who asked for a slice of room, or settled one.

    Attributes
    ----------
    answer : Answer or None
        About the slice that was asked for; None where none was.
    said : LeaseAnswer
    """

    answer: "Answer | None"
    said: LeaseAnswer


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of asking for an order.

    Attributes
    ----------
    client_order_id : str
    verdict : Verdict
    asked, quantity : float
        Units asked for, and units that may be sent; 0 if rejected.
    reasons : tuple of ReasonMessage
        Failures first.
    reservation : str or None
        Id of the room that is held for it.
    trading_state : str
        Empty where Seawall did not say.
    decided_at, expires_at : datetime or None
        The wall's time of Seawall's machine, UTC; None where nobody decided.
    journalled : bool
    snapshot_id : str
    limits_version : int
    problem : str or None
        Why there is no answer of Seawall's; None if this is one.
    lease : str or None
        Id of the slice of room that it was answered from beside the agent; None if Seawall itself
        was asked.
    good_until : float
        On the monotonic clock, reckoned from before the order was first asked about.
    """

    client_order_id: str
    verdict: Verdict
    asked: float
    quantity: float
    reasons: tuple[ReasonMessage, ...] = ()
    reservation: str | None = None
    trading_state: str = ""
    decided_at: datetime | None = None
    expires_at: datetime | None = None
    journalled: bool = False
    snapshot_id: str = ""
    limits_version: int = 0
    problem: str | None = None
    lease: str | None = None
    good_until: float = -math.inf
    clock: Callable[[], float] = field(default=monotonic, repr=False, compare=False)

    @property
    def approved(self) -> bool:
        """Whether some quantity was allowed, resized or not; ask `sendable` before sending it."""
        return self.verdict is not Verdict.REJECT

    @property
    def answered(self) -> bool:
        """Whether Seawall decided; False for what was stopped here or got no answer."""
        return self.problem is None

    def sendable(self, now: datetime | None = None) -> bool:
        """Whether `quantity` may be sent at this moment.

        Parameters
        ----------
        now : datetime, optional
            Where given, `expires_at` must lie after it too. Without it the life of the answer
            is counted on the monotonic clock, which no setting of the wall's clock disturbs.
        """
        if not self.approved or self.expires_at is None or self.clock() >= self.good_until:
            return False
        return now is None or now < self.expires_at

    def of_order(self, client_order_id: str, quantity: float) -> "Answer":
        """The same answer to another order, all of which may be sent.

        Parameters
        ----------
        client_order_id : str
        quantity : float
            Units.
        """
        made = object.__new__(Answer)
        # A frozen class sets its fields one by one, which would take longer than all else that
        # an answer beside the agent needs.
        made.__dict__.update(self.__dict__)
        made.__dict__.update(client_order_id=client_order_id, asked=quantity, quantity=quantity)
        return made

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of what decided, each once: the failures."""
        failed = (reason.code for reason in self.reasons if reason.outcome == Outcome.FAILED)
        return tuple(dict.fromkeys(failed))

    @property
    def why(self) -> str:
        """What decided, in plain words; empty where nothing stood against the order."""
        told = [r for r in self.reasons if r.outcome in (Outcome.FAILED, Outcome.WARNED)]
        sentences = dict.fromkeys(in_words(reason) for reason in told)
        because = () if self.problem is None else (f"{_as_sentence(self.problem)}",)
        return " ".join((*sentences, *because))


def in_words(reason: ReasonMessage) -> str:
    """A reason as one or two sentences."""
    if reason.code in _OWN_WORDS:
        return _OWN_WORDS[reason.code]
    try:
        says, advice = REASONS[ReasonCode(reason.code)]
    except ValueError:  # the kind of a limit, or a code of a later version
        return _limit_in_words(reason)
    return f"{says} {advice}"


def _limit_in_words(reason: ReasonMessage) -> str:
    where = f" on {reason.scope}" if reason.scope else ""
    what = f"The limit {reason.subject or reason.code}{where}"
    if reason.value is None:
        return f"{what} cannot be measured now."
    of = "" if reason.threshold is None else f", {_plain(reason.threshold)} is allowed"
    unit = f" {reason.unit}" if reason.unit else ""
    return f"{what} would stand at {_plain(reason.value)}{unit}{of}."


def _plain(value: float) -> str:
    """Six digits, and sums of money written out: 9615860 and not 9.61586e+06."""
    return f"{value:.0f}" if 1e6 <= abs(value) < 1e15 else f"{value:g}"


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


# --- what was refused here ------------------------------------------------------------------


def unanswered(body: OrderBody, problem: str) -> Answer:
    """A rejection for want of an answer.

    Parameters
    ----------
    body : OrderBody
        What was asked.
    problem : str
        Why nothing counts, as the rest of a sentence.
    """
    reason = ReasonMessage(code=NO_ANSWER, outcome=Outcome.FAILED, subject="seawall")
    return refused(body, reason, problem)


def refused(body: OrderBody, reason: ReasonMessage, problem: str) -> Answer:
    """A rejection that was made here.

    Parameters
    ----------
    body : OrderBody
    reason : ReasonMessage
    problem : str
        Why Seawall was not asked, or did not answer.
    """
    return Answer(
        client_order_id=body.client_order_id,
        verdict=Verdict.REJECT,
        asked=body.quantity,
        quantity=0.0,
        reasons=(reason,),
        problem=problem,
    )


def malformed(body: OrderBody) -> ReasonCode | None:
    """Why an order is none, without asking anybody; JSON could not even tell NaN.

    Parameters
    ----------
    body : OrderBody
        As the agent filled it in.
    """
    price = body.limit_price
    if not is_finite(body.quantity):
        return ReasonCode.QUANTITY_NOT_FINITE
    if body.quantity <= 0.0:
        return ReasonCode.QUANTITY_NOT_POSITIVE
    if body.side not in ("buy", "sell"):
        return ReasonCode.SIDE_UNKNOWN
    if price is not None and not (is_finite(price) and price > 0.0):
        return ReasonCode.LIMIT_PRICE_NOT_VALID
    return None


def is_finite(value: object) -> bool:
    """Whether it is a finite number; True and text are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond any float
        return False


# --- what Seawall said ----------------------------------------------------------------------


def read_order_answer(data: bytes, body: OrderBody, *, asked_at: float) -> Answer:
    """The answer that `data` is to `body`.

    Parameters
    ----------
    data : bytes
        Of a reply with status 200.
    body : OrderBody
        What was asked.
    asked_at : float
        Monotonic seconds, from before this order was first asked about.

    Raises
    ------
    Unreadable
        If it is no answer, or not to this order, or allows what was not asked for.
    """
    return _checked(decoded(data, OrderAnswer), body, asked_at)


def _checked(said: OrderAnswer, body: OrderBody, asked_at: float) -> Answer:
    if said.client_order_id != body.client_order_id:
        raise Unreadable(f"it is about another order, {said.client_order_id!r}")
    _check_quantity(said.verdict, said.quantity, body.quantity)
    life = _life(said.decided_at, said.expires_at)
    if (said.reservation is None) != (said.verdict is Verdict.REJECT):
        held = "no room" if said.reservation is None else "room"
        raise Unreadable(f"it says {said.verdict.value} and holds {held}")
    return Answer(
        client_order_id=said.client_order_id,
        verdict=said.verdict,
        asked=body.quantity,
        quantity=said.quantity,
        reasons=tuple(said.reasons),
        reservation=None if said.reservation is None else said.reservation.id,
        trading_state=said.trading_state,
        decided_at=said.decided_at,
        expires_at=said.expires_at,
        journalled=said.journalled,
        snapshot_id=said.snapshot_id,
        limits_version=said.limits_version,
        lease=lease_of(said.reasons),
        good_until=asked_at + life,
    )


def read_lease_answer(data: bytes, body: LeaseBody, *, asked_at: float) -> Lent:
    """What was answered to who asked for a slice of room, settled one, or both.

    Parameters
    ----------
    data : bytes
    body : LeaseBody
        What was asked.
    asked_at : float
        Monotonic seconds, from before this slice was first asked for.

    Raises
    ------
    Unreadable
        If it is no answer, or not to this, or grants what was not asked for.
    """
    said = decoded(data, LeaseAnswer)
    if (said.settled is None) != (body.settles is None):
        raise Unreadable("it is about another slice than the one to be settled")
    if said.settled is not None:
        _check_settled(said.settled, body)
    asked = asked_of(body)
    if (said.lease is None) != (asked is None):
        raise Unreadable("it is about another slice than the one asked for")
    if said.lease is None or asked is None:
        return Lent(None, said)
    answer = _checked(said.lease, asked, asked_at)
    counts = 0 < said.alike <= said.orders <= body.at_most
    if answer.approved and not (answer.journalled and counts):
        raise Unreadable("it grants a slice that nobody may spend")
    if not all(math.isfinite(step) and step >= 0.0 for step in (said.lot, said.least)):
        raise Unreadable("its steps are no numbers")
    return Lent(answer, said)


def _check_settled(settled: SettledLease, body: LeaseBody) -> None:
    told = [each.client_order_id for each in settled.orders]
    if settled.lease_id != body.settles or told != [n.client_order_id for n in body.orders]:
        raise Unreadable("it is about another slice than the one to be settled")


def read_signal_answer(data: bytes, wanted: float | None) -> SignalAnswer:
    """The answer to a signal.

    Parameters
    ----------
    data : bytes
    wanted : float or None
        Units asked about; None if advice was.

    Raises
    ------
    Unreadable
        As `read_order_answer`.
    """
    said = decoded(data, SignalAnswer)
    _check_quantity(said.verdict, said.quantity, math.inf if wanted is None else wanted)
    _life(said.decided_at, said.expires_at)
    return said


def decoded(data: bytes, kind: type[Message]) -> Message:
    """What `data` says, if it is a message of this kind.

    Raises
    ------
    Unreadable
        If it is none.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Unreadable(f"it cannot be read: {error}") from error


def _check_quantity(verdict: Verdict, quantity: float, asked: float) -> None:
    if not math.isfinite(quantity):
        raise Unreadable("its quantity is not a finite number")
    if verdict is Verdict.REJECT:
        if quantity != 0.0:
            raise Unreadable(f"it rejects and yet allows {quantity:g}")
    elif not 0.0 < quantity <= asked:
        raise Unreadable(f"it allows {quantity:g} where {asked:g} was asked for")
    elif verdict is Verdict.APPROVE and quantity != asked and math.isfinite(asked):
        raise Unreadable(f"it approves {quantity:g} where {asked:g} was asked for")


def _life(decided_at: datetime, expires_at: datetime) -> float:
    if decided_at.tzinfo is None or expires_at.tzinfo is None:
        raise Unreadable("its times have no timezone")
    return (expires_at - decided_at).total_seconds()
