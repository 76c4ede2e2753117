"""Answers to signals and orders, and the reasons in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import NamedTuple, Protocol

from risk.domain.events import Verdict
from risk.domain.limits import Unit
from risk.domain.orders import OrderType, Side
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope
from risk.domain.trading import TradingState


class ReasonCode(StrEnum):
    """Why an order was answered as it was, apart from limits, whose code is their kind."""

    NAME_NOT_VALID = "name_not_valid"
    SIDE_UNKNOWN = "side_unknown"
    ORDER_TYPE_UNKNOWN = "order_type_unknown"
    QUANTITY_NOT_FINITE = "quantity_not_finite"
    QUANTITY_NOT_POSITIVE = "quantity_not_positive"
    LIMIT_PRICE_MISSING = "limit_price_missing"
    LIMIT_PRICE_UNEXPECTED = "limit_price_unexpected"
    LIMIT_PRICE_NOT_VALID = "limit_price_not_valid"
    PORTFOLIO_UNKNOWN = "portfolio_unknown"
    NO_POLICY = "no_policy"
    STRATEGY_UNKNOWN = "strategy_unknown"
    ASSET_UNKNOWN = "asset_unknown"
    ASSET_NOT_ALLOWED = "asset_not_allowed"
    SCOPE_WITHOUT_LIMIT = "scope_without_limit"
    OFF_TICK = "off_tick"
    OFF_LOT = "off_lot"
    BELOW_LEAST = "below_least"
    DUPLICATE_ORDER = "duplicate_order"
    VENUE_MISSING = "venue_missing"
    MARK_MISSING = "mark_missing"
    MARK_NOT_TRUSTED = "mark_not_trusted"
    EQUITY_UNKNOWN = "equity_unknown"
    EQUITY_NOT_POSITIVE = "equity_not_positive"
    EQUITY_NOT_TRUSTED = "equity_not_trusted"
    NOT_MEASURED = "not_measured"
    SNAPSHOT_STALE = "snapshot_stale"
    NOT_JOURNALLED = "not_journalled"
    TOO_MANY_OPEN = "too_many_open"
    COOLING_DOWN = "cooling_down"
    THROTTLED = "throttled"
    DE_RISKING = "de_risking"
    REDUCTIONS_ONLY = "reductions_only"
    HALTED = "halted"
    REDUCTION_PROVEN = "reduction_proven"
    REDUCTION_NOT_PROVEN = "reduction_not_proven"
    REDUCTION_RAISES_RISK = "reduction_raises_risk"
    LEASE_ORDERS = "lease_orders"
    LEASE_ALIKE = "lease_alike"
    LEASED = "leased"


class Outcome(StrEnum):
    """What came of one check."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    SKIPPED = "skipped"


class Reason(NamedTuple):
    """One check that ran or was skipped.

    Attributes
    ----------
    code : str
        A `ReasonCode`, or the kind of a limit.
    outcome : Outcome
    subject : str
        The limit's name, or what the check was about.
    scope : Scope or None
    value : float or None
        What was measured, of a limit the value after the order.
    threshold : float or None
    unit : Unit or None
    """

    code: str
    outcome: Outcome
    subject: str
    scope: Scope | None = None
    value: float | None = None
    threshold: float | None = None
    unit: Unit | None = None

    @property
    def headroom(self) -> float | None:
        """What is left to the threshold; None if either is unknown."""
        if self.value is None or self.threshold is None:
            return None
        return self.threshold - self.value

    def reasons(self) -> "Iterable[Reason]":
        """Itself: what is told of it, see `Evidence`."""
        return (self,)


class Evidence(Protocol):
    """One or more checks that can tell their reasons; words are made when somebody reads them."""

    def reasons(self) -> Iterable[Reason]:
        """What came of each, in the order in which they were made."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRequest:
    """An order as an agent sent it: nothing in it is believed yet.

    Attributes
    ----------
    client_order_id, portfolio, strategy, asset, venue : str
    side : Side or str
    quantity : float
        May be anything, NaN included.
    order_type : OrderType
    limit_price : float or None
    reduce_only, emergency : bool
    """

    client_order_id: str
    portfolio: str
    strategy: str
    asset: str
    venue: str
    side: Side | str
    quantity: float
    order_type: OrderType = OrderType.MARKET
    limit_price: float | None = None
    reduce_only: bool = False
    emergency: bool = False

    @property
    def key(self) -> PositionKey:
        """The position it would change."""
        return PositionKey(self.strategy, self.asset, self.venue)


@dataclass(frozen=True, kw_only=True, slots=True)
class SignalRequest:
    """A trading idea, before any order exists.

    Attributes
    ----------
    portfolio, strategy, asset, venue : str
    side : Side or str
    quantity : float or None
        Units wanted; None asks for advice.
    """

    portfolio: str
    strategy: str
    asset: str
    venue: str
    side: Side | str
    quantity: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The answer to an order.

    Attributes
    ----------
    client_order_id, strategy, asset : str
    verdict : Verdict
    requested, allowed : float
        Units; `requested` is 0 where it was no number, `allowed` what passes now.
    side : Side or None
        None where it was neither.
    evidence : tuple of Evidence
        Every check that ran or was skipped, in the order in which they were made.
    trading_state : TradingState
        The tightest of all scopes that enclose the order.
    snapshot_id : str
    limits_version : int
    expires_at : datetime
        Until when it may be acted upon. UTC.
    """

    client_order_id: str
    strategy: str
    asset: str
    verdict: Verdict
    requested: float
    allowed: float
    side: Side | None
    evidence: tuple[Evidence, ...]
    trading_state: TradingState
    snapshot_id: str
    limits_version: int
    expires_at: datetime

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What the evidence tells: failures first, what was skipped last."""
        told: dict[Outcome, list[Reason]] = {outcome: [] for outcome in _ORDER}
        for each in self.evidence:
            for reason in each.reasons():
                told[reason.outcome].append(reason)
        return tuple(chain.from_iterable(told.values()))

    @property
    def deciding(self) -> tuple[str, ...]:
        """See `deciding_of`."""
        return deciding_of(self.reasons)


class Judged(Protocol):
    """What came of a check, however it is told."""

    @property
    def code(self) -> str:
        """A `ReasonCode`, or the kind of a limit."""
        ...

    @property
    def outcome(self) -> Outcome:
        """What came of it."""
        ...


def deciding_of(reasons: Iterable[Judged]) -> tuple[str, ...]:
    """Codes of the checks that decided: the failures, or what let a reduction pass."""
    listed = list(reasons)
    failed = tuple(dict.fromkeys(r.code for r in listed if r.outcome is Outcome.FAILED))
    proven = ReasonCode.REDUCTION_PROVEN.value
    return failed or tuple(r.code for r in listed if r.code == proven)


_ORDER = (Outcome.FAILED, Outcome.WARNED, Outcome.PASSED, Outcome.SKIPPED)
