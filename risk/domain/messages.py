"""What agents and Seawall say to each other, as it stands on the wire (JSON).

Requests are strict: a field that is not named here, or of another type, is refused as a whole. A
field that is missing and one that is null say the same.
"""

from datetime import datetime

import msgspec

from risk.domain.decisions import Outcome
from risk.domain.events import Verdict
from risk.domain.limits import Unit
from risk.domain.orders import OrderType, ReservationStatus, Side

#: Letters of an id or a name; what is longer is none, and would be remembered.
LONGEST_NAME = 500


class _Request(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """What is sent to Seawall."""


class _Answer(msgspec.Struct, kw_only=True, frozen=True):
    """What Seawall says."""


class OrderBody(_Request, frozen=True):
    """An order to be validated.

    Attributes
    ----------
    client_order_id : str
        Chosen by the agent; the key of idempotency within the portfolio.
    portfolio, strategy : str
    asset : str
        Such as ``BTC/USDT``.
    side : Side
    quantity : float
        Units of the asset.
    order_type : OrderType
    limit_price : float or None
        Quote currency; exactly the limit orders have one.
    reduce_only, emergency : bool
        Claims; never believed without proof, nor without a key that may say so.
    venue : str or None
        None where the policy names exactly one.
    """

    client_order_id: str
    portfolio: str
    strategy: str
    asset: str
    side: Side
    quantity: float
    order_type: OrderType = OrderType.MARKET
    limit_price: float | None = None
    reduce_only: bool = False
    emergency: bool = False
    venue: str | None = None


class SignalBody(_Request, frozen=True):
    """A trading idea, before any order exists; without a quantity it asks for advice.

    Attributes
    ----------
    portfolio, strategy : str
    asset : str
        Such as ``BTC/USDT``.
    side : Side
    quantity : float or None
        Units of the asset; None asks how many would pass.
    venue : str or None
        None where the policy names exactly one.
    """

    portfolio: str
    strategy: str
    asset: str
    side: Side
    quantity: float | None = None
    venue: str | None = None


class FillBody(_Request, frozen=True):
    """A trade that an order led to.

    Attributes
    ----------
    fill_id : str
        The venue's; a second one of the same id is the same trade.
    quantity, price, fee : float
        Units; quote currency per unit; quote currency, positive lowers equity.
    at : datetime or None
        When it happened. None for now.
    """

    fill_id: str
    quantity: float
    price: float
    fee: float = 0.0
    at: datetime | None = None


class CommandBody(_Request, frozen=True):
    """Something that makes trading tighter at once.

    Attributes
    ----------
    command : str
        ``halt`` or ``reduce_only``.
    portfolio : str
    scope : str or None
        ``strategy:NAME``, ``strategy_type:NAME``, ``asset:NAME`` or ``venue:NAME``; None for the
        whole portfolio.
    reason : str
        One sentence, kept for ever.
    who : str or None
        Who asks, of a key that may speak for others; None for the key's own name.
    id : str or None
        Unique, made by who asks: a command that is sent twice counts once.
    """

    command: str
    portfolio: str
    reason: str
    scope: str | None = None
    who: str | None = None
    id: str | None = None


class LeasedOrder(_Request, frozen=True):
    """An order that was made of a slice of room, without asking.

    Attributes
    ----------
    client_order_id : str
        Unique, as of any order.
    quantity : float
        Units.
    """

    client_order_id: str
    quantity: float


class LeaseBody(_Request, frozen=True):
    """Asks for a slice of room, settles one, or both.

    Attributes
    ----------
    portfolio, strategy : str
    lease_id : str or None
        Of the slice asked for: made by who asks, begins with ``lease:``; the key of idempotency.
        None where one is settled only.
    asset : str or None
        Such as ``BTC/USDT``; like `side` and `quantity` needed of a slice that is asked for.
    side : Side or None
    quantity : float or None
        Units of the asset.
    venue : str or None
        None where the policy names exactly one.
    at_most : int
        Orders that may be made of it, up to 500; fewer where a limit counts orders.
    settles : str or None
        Id of a slice that will be spent no more.
    orders : list of LeasedOrder
        All that were made of that one; none where it was not spent.
    """

    portfolio: str
    strategy: str
    lease_id: str | None = None
    asset: str | None = None
    side: Side | None = None
    quantity: float | None = None
    venue: str | None = None
    at_most: int = 100
    settles: str | None = None
    orders: list[LeasedOrder] = []


class ReasonMessage(_Answer, frozen=True):
    """One check that ran or was skipped.

    Attributes
    ----------
    code : str
        A reason code, or the kind of a limit.
    outcome : Outcome
    subject : str
        The limit's name, or what the check was about.
    scope : str or None
        As ``strategy:trend``.
    value : float or None
        What was measured, of a limit the value after the order.
    threshold, headroom : float or None
        The most that `value` may be, and what is left to it.
    unit : Unit or None
        Of these three.
    """

    code: str
    outcome: Outcome
    subject: str
    scope: str | None = None
    value: float | None = None
    threshold: float | None = None
    headroom: float | None = None
    unit: Unit | None = None


class ReservationMessage(_Answer, frozen=True):
    """Room set aside for an order.

    Attributes
    ----------
    id : str
    expires_at : datetime
        The wall's time, UTC. It frees nothing by itself: the order must be known dead.
    """

    id: str
    expires_at: datetime


class OrderAnswer(_Answer, frozen=True):
    """The answer to an order.

    Attributes
    ----------
    client_order_id : str
    verdict : Verdict
    quantity : float
        Units that may be sent now; 0 if rejected.
    reasons : list of ReasonMessage
        Failures first, what was skipped last.
    reservation : ReservationMessage or None
        None if nothing may be sent.
    trading_state : str
        The tightest of all scopes that enclose the order, such as ``NORMAL``.
    snapshot_id : str
    limits_version : int
    ledger_seq, action_seq : int
        The last entry of the ledger, and the last action of a person, that it knew of.
    decided_at, expires_at : datetime
        The wall's time; until when it may be acted upon. UTC.
    journalled : bool
        Whether it was on disk before it was said.
    """

    client_order_id: str
    verdict: Verdict
    quantity: float
    reasons: list[ReasonMessage]
    reservation: ReservationMessage | None
    trading_state: str
    snapshot_id: str
    limits_version: int
    ledger_seq: int
    action_seq: int
    decided_at: datetime
    expires_at: datetime
    journalled: bool


class SignalAnswer(_Answer, frozen=True):
    """The answer to a signal: nothing is reserved, and the order must be asked about again.

    Attributes
    ----------
    verdict : Verdict
    quantity : float
        Units that would pass now; 0 if rejected.
    reasons : list of ReasonMessage
        Failures first, what was skipped last.
    trading_state : str
        The tightest of all scopes that enclose the idea, such as ``NORMAL``.
    snapshot_id : str
    limits_version : int
    decided_at, expires_at : datetime
        The wall's time; until when it may be relied upon. UTC.
    """

    verdict: Verdict
    quantity: float
    reasons: list[ReasonMessage]
    trading_state: str
    snapshot_id: str
    limits_version: int
    decided_at: datetime
    expires_at: datetime


class OrderStanding(_Answer, frozen=True):
    """Where an order stands after a fill, or once it is known dead.

    Attributes
    ----------
    client_order_id : str
    status : ReservationStatus
    reserved, filled : float
        Units approved, and units filled of them.
    journalled : bool
    """

    client_order_id: str
    status: ReservationStatus
    reserved: float
    filled: float
    journalled: bool


class SettledOrder(_Answer, frozen=True):
    """What became of an order on the list of a slice.

    Attributes
    ----------
    client_order_id : str
    accepted : bool
        Whether room is held for it from now on. False where another order had that id before.
    """

    client_order_id: str
    accepted: bool


class SettledLease(_Answer, frozen=True):
    """A slice that its holder spends no more.

    Attributes
    ----------
    lease_id : str
    granted : float
        Units let through.
    spent : float
        Units of the accepted orders.
    unspent, overspent : float
        What was granted and not spent, and what was spent beyond it.
    orders : list of SettledOrder
        In the order in which they were told.
    journalled : bool
        False where it holds in memory and the database does not answer yet: tell it again.
    """

    lease_id: str
    granted: float
    spent: float
    unspent: float
    overspent: float
    orders: list[SettledOrder]
    journalled: bool


class LeaseAnswer(_Answer, frozen=True):
    """What was answered to who asked for a slice of room, settled one, or both.

    Attributes
    ----------
    lease : OrderAnswer or None
        The slice, answered as an order would be: `quantity` may be spent until `expires_at`, which
        the holder counts from before it asked. None where none was asked for.
    orders : int
        Orders that may be made of it; 0 if it was not granted.
    alike : int
        How many of them may have the same quantity.
    lot : float
        Steps of an order's units; 0 where there are none.
    least : float
        The fewest units that an order may have; 0 where there is no such rule.
    settled : SettledLease or None
        The slice that was settled; None where none was.
    """

    lease: OrderAnswer | None
    orders: int
    alike: int
    lot: float
    least: float
    settled: SettledLease | None


class CommandAnswer(_Answer, frozen=True):
    """A command that holds from the next order on.

    Attributes
    ----------
    scope : str
        As ``portfolio:demo``.
    trading_state : str
        What the scope is latched at.
    journalled : bool
        False where it holds in memory and the database does not answer yet.
    """

    scope: str
    trading_state: str
    journalled: bool


class Problem(_Answer, frozen=True):
    """Why there is no answer.

    Attributes
    ----------
    error : str
        A short code, such as ``not_allowed``.
    message : str
        One sentence.
    """

    error: str
    message: str
