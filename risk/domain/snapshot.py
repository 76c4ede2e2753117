"""Everything that a risk number may depend on, frozen at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk.domain.actions import (
    BreakerWord,
    ModelChange,
    OverrideBreaker,
    PolicyChange,
    Refusal,
    ReleaseBreaker,
)
from risk.domain.conduct import Conduct
from risk.domain.latches import LatchChange
from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.market import BarClose, DataFault, Mark, Trust, missing_mark
from risk.domain.model import Models, Score
from risk.domain.orders import Order, Reservation, WorkingOrder
from risk.domain.positions import PositionKey
from risk.domain.trades import RoundTrip
from risk.measures.stops import MAINTENANCE_MARGIN
from risk.measures.types import FloatArray

#: How long room is set aside for an order that nobody confirms. Its end frees nothing by
#: itself (see Reservation); it says when somebody must ask.
RESERVATION_LIFE = timedelta(seconds=30)


class ShockSource(IntEnum):
    """Where a shock comes from; whatever was not recorded stands in for what was."""

    RECORDED = 0
    SCALED = 1
    WORST = 2
    PEGGED = 3


@dataclass(frozen=True, eq=False)
class ShockMatrix:
    """Stress scenarios as simple returns, ready to multiply with exposures. Immutable.

    Attributes
    ----------
    scenarios : tuple of str
        Their ids.
    assets : tuple of str
    returns : ndarray of shape (scenarios, assets)
        Kept in Fortran order, so that one asset's shocks lie together.
    sources : ndarray of shape (scenarios, assets), int8, or None
        The `ShockSource` of each; None says that all were recorded.

    Raises
    ------
    ValueError
        If shapes do not agree or a shock is not finite.
    """

    scenarios: tuple[str, ...]
    assets: tuple[str, ...]
    returns: FloatArray
    sources: NDArray[np.int8] | None = None
    _row: dict[str, int] = field(init=False, repr=False)
    _column: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        shape = len(self.scenarios), len(self.assets)
        for array in (self.returns, self.sources):
            if array is not None and array.shape != shape:
                raise ValueError(f"shocks of shape {array.shape} where {shape} are needed")
        if not np.isfinite(self.returns).all():
            raise ValueError("a shock must be finite")
        object.__setattr__(self, "returns", np.asfortranarray(self.returns))
        object.__setattr__(self, "_row", {name: i for i, name in enumerate(self.scenarios)})
        object.__setattr__(self, "_column", {asset: j for j, asset in enumerate(self.assets)})

    def column(self, asset: str) -> int | None:
        """The asset's column, or None if no scenario shocks it."""
        return self._column.get(asset)

    def source(self, scenario: str, asset: str) -> ShockSource:
        """Where the asset's shock in that scenario comes from.

        Raises
        ------
        KeyError
            If there is no such shock.
        """
        row, column = self._row[scenario], self._column[asset]
        return (
            ShockSource.RECORDED if self.sources is None else ShockSource(self.sources[row, column])
        )


NO_SHOCKS = ShockMatrix((), (), np.empty((0, 0)))


class Pending(NamedTuple):
    """An order that may still be filled, from a reservation of ours or seen at the venue."""

    key: PositionKey
    open_quantity: float


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One book and its market at one moment. Immutable.

    Attributes
    ----------
    id : str
        The engine cycle that took it.
    portfolio : str
    at : datetime
        UTC, the market's time.
    marks : mapping of asset to Mark
    ledger : Ledger
        Positions, cash and reservations; its `seq` says up to which entry.
    models : Models
    working_orders : mapping of client order id to WorkingOrder
        As the venues report them.
    fills, flows : tuple
        Since the last cycle; the ledger contains them already.
    scores : tuple of Score
        Forecasts that met their outcome since the last cycle.
    hours : tuple of float or None
        The market's mean simple return in each hour that closed since the last cycle, oldest
        first; None where no asset had one.
    shocks : ShockMatrix
        Of the stress scenarios, following from the one-day model.
    faults : tuple of DataFault
        Found in the data since the last cycle.
    action_seq : int
        The last action of a person that it contains.
    model_changes : tuple of ModelChange
        Models chosen for the book since the last cycle, in their order.
    policy_changes : tuple of PolicyChange
        Policies adopted since the last cycle, in their order.
    latch_changes : tuple of LatchChange
        Scopes latched and resumed since the last cycle, in their order.
    releases : tuple of ReleaseBreaker
        Breakers that people asked to let go since the last cycle, in their order.
    overrides : tuple of OverrideBreaker
        What people asked of breakers otherwise since the last cycle, in their order.
    refusals : tuple of Refusal
        Actions since the last cycle that changed nothing.
    prices_end : datetime or None
        When the feed's last price was, once no other will come. UTC.
    closes : tuple of BarClose
        Bars that closed since the last cycle, oldest first; the models contain them already.
    maintenance_margin : float
        Part of gross exposure that venues ask to remain as equity.
    trades : tuple of RoundTrip
        That ended since the last cycle, in their order.
    conduct : mapping of strategy to Conduct
        What each strategy asked of the gate since the last cycle; those that asked for nothing
        are absent.
    """

    id: str
    portfolio: str
    at: datetime
    marks: Mapping[str, Mark]
    ledger: Ledger
    models: Models
    working_orders: Mapping[str, WorkingOrder] = field(default_factory=dict)
    fills: tuple[Fill, ...] = ()
    flows: tuple[Flow, ...] = ()
    scores: tuple[Score, ...] = ()
    hours: tuple[float | None, ...] = ()
    shocks: ShockMatrix = NO_SHOCKS
    faults: tuple[DataFault, ...] = ()
    action_seq: int = 0
    model_changes: tuple[ModelChange, ...] = ()
    policy_changes: tuple[PolicyChange, ...] = ()
    latch_changes: tuple[LatchChange, ...] = ()
    releases: tuple[ReleaseBreaker, ...] = ()
    overrides: tuple[OverrideBreaker, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    prices_end: datetime | None = None
    closes: tuple[BarClose, ...] = ()
    maintenance_margin: float = MAINTENANCE_MARGIN
    trades: tuple[RoundTrip, ...] = ()
    conduct: Mapping[str, Conduct] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise ValueError(f"a snapshot's time needs a timezone: {self.at!r}")

    @property
    def stamp(self) -> dict[str, Any]:
        """What every event of its cycle carries: `at`, `portfolio` and `cycle`."""
        return {"at": self.at, "portfolio": self.portfolio, "cycle": self.id}

    @property
    def breaker_words(self) -> tuple[BreakerWord, ...]:
        """What people asked of breakers since the last cycle, in its order."""
        return tuple(sorted((*self.releases, *self.overrides), key=lambda word: word.seq))

    @property
    def ledger_seq(self) -> int:
        """The last ledger entry that it contains."""
        return self.ledger.seq

    def mark(self, asset: str) -> Mark:
        """The asset's mark; a MISSING one if there is none."""
        return self.marks.get(asset) or missing_mark(asset, self.at)

    @property
    def watched(self) -> dict[str, Mark]:
        """The marks, and a MISSING one of each asset of the book that the feed says nothing of."""
        return {**{asset: self.mark(asset) for asset in self.concerned}, **self.marks}

    @cached_property
    def concerned(self) -> tuple[str, ...]:
        """Assets held, or about to be held, sorted."""
        held = {position.asset for position in self.ledger.positions.values()}
        return tuple(sorted(held | {pending.key.asset for pending in self.pending}))

    @cached_property
    def unvalued(self) -> tuple[str, ...]:
        """Assets held, or about to be held, that cannot be valued, sorted."""
        return tuple(a for a in self.concerned if self.mark(a).trust is Trust.MISSING)

    @cached_property
    def equity(self) -> float | None:
        """Cash plus market value, quote currency; None while anything is unvalued."""
        if self.unvalued:
            return None
        held = self.ledger.positions.values()
        return self.ledger.cash + sum(p.quantity * self.marks[p.asset].price for p in held)

    @cached_property
    def pending(self) -> tuple[Pending, ...]:
        """Orders that may still be filled; one known from both sides counts once.

        Of the two sides' open quantities the larger rules: the venue may have filled what
        the ledger has not heard of, and the ledger may hold what the venue has not seen. Orders of
        one id for other positions or the other way are two, and both count.
        """
        merged = {
            order_id: Pending(reserved.order.key, reserved.open_quantity)
            for order_id, reserved in self.ledger.reservations.items()
        }
        strangers: list[Pending] = []
        for order_id, seen in self.working_orders.items():
            theirs, ours = Pending(seen.key, seen.open_quantity), merged.get(order_id)
            if ours is not None and not _may_be_one(ours, theirs):
                strangers.append(theirs)
            elif ours is None or abs(theirs.open_quantity) > abs(ours.open_quantity):
                merged[order_id] = theirs
        return tuple(p for p in (*merged.values(), *strangers) if p.open_quantity != 0.0)

    def over(self, ledger: Ledger) -> "Snapshot":
        """The same market over another ledger.

        As `dataclasses.replace` makes it, in a third of the time: orders wait for it.
        """
        later = object.__new__(Snapshot)
        known = {name: it for name, it in self.__dict__.items() if name not in _OF_THE_LEDGER}
        later.__dict__.update(known, ledger=ledger)
        return later

    def after(self, order: Order) -> "Snapshot":
        """The snapshot with room reserved for `order`."""
        reservation = Reservation(
            id=f"{self.id}/{order.client_order_id}",
            order=order,
            placed_at=self.at,
            expires_at=self.at + RESERVATION_LIFE,
        )
        return replace(self, ledger=self.ledger.after_reservation(reservation))


def _may_be_one(ours: Pending, theirs: Pending) -> bool:
    return ours.key == theirs.key and ours.open_quantity * theirs.open_quantity >= 0.0


#: What a snapshot works out of its ledger, and keeps.
_OF_THE_LEDGER = frozenset(
    name for name, it in vars(Snapshot).items() if isinstance(it, cached_property)
)
