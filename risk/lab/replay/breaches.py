"""What limits would have been passed, and how much of it did not happen.

A potential breach is an upward crossing of a hard limit in the shadow book; crossings less than a
day apart are one. It is prevented if the managed book is within the hard limit, and measured to be,
at every bar while it lasts: a book without equity has no exposure to tell, and prevented nothing.
Both books are held to the thresholds in force in the managed one: they are what was to be kept.

Of what it was caused by there are two kinds. Caused by an order: with the orders just placed, and
at the prices at which they were decided, the shadow book was above the limit already. No such
order passes the gate; whether the managed book itself ever placed one is counted beside, and is
zero. Caused by drift: everything else; prices moved what was held, or what was on its way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from risk.domain.limits import LimitDefinition
from risk.domain.policy import Policy
from risk.lab.replay.book import Bar
from risk.limits.crossings import Episode, episodes
from risk.limits.types import BOOK_LIMITS
from risk.measures.types import BoolArray, FloatArray

QUANTILES = (0.5, 0.9, 1.0)

# Two figures that differ by less than this share are one, computed in another order.
_ROUNDING = 1e-9


class Counted(NamedTuple):
    """Potential breaches and those of them that did not happen in the managed book."""

    potential: int
    prevented: int


class Overshoots(NamedTuple):
    """How far a book went beyond a hard limit.

    Attributes
    ----------
    breaches : int
        Of the book itself, crossings within a day taken together.
    quantiles : tuple of float or None
        Of the highest overshoots of its breaches, by ``QUANTILES``, in the limit's unit; None
        without a breach.
    """

    breaches: int
    quantiles: tuple[float, ...] | None


@dataclass(frozen=True, kw_only=True)
class LimitOutcome:
    """What a limit prevented in a replay.

    Attributes
    ----------
    limit, kind : str
    hard : float
        As defined.
    unit : str
    potential, prevented : int
    worst_overshoot : float
        How far the managed book was ever above the hard limit, in the limit's unit; 0 if never.
    order_caused, drift_caused : Counted
        The potential breaches by their cause; each is one of the two.
    order_caused_managed : int
        Orders of new risk with which the managed book crossed the limit: 0.
    managed, unmanaged : Overshoots
    """

    limit: str
    kind: str
    hard: float
    unit: str
    potential: int
    prevented: int
    worst_overshoot: float
    order_caused: Counted
    drift_caused: Counted
    order_caused_managed: int
    managed: Overshoots
    unmanaged: Overshoots

    @property
    def stops(self) -> bool:
        """Whether it is a limit on losses, which no order can mend."""
        return BOOK_LIMITS[self.kind].stops


class _Series(NamedTuple):
    """One limit of one book, bar by bar; NaN where it was not measured, or nothing ordered."""

    held: FloatArray
    ordered: FloatArray


def outcomes(
    policy: Policy, managed: Sequence[Bar], unmanaged: Sequence[Bar]
) -> tuple[LimitOutcome, ...]:
    """Every limit on the book, in the policy's order.

    Parameters
    ----------
    policy : Policy
        Which both books were measured by.
    managed, unmanaged : sequence of Bar
        Of the same closes.
    """
    times = np.array([bar.at.timestamp() for bar in managed])
    hard = np.array([bar.hard for bar in managed])
    ours, theirs = _series(managed), _series(unmanaged)
    return tuple(
        _outcome(limit, times, hard[:, n], ours[n], theirs[n])
        for n, limit in enumerate(policy.limits)
        if limit.kind in BOOK_LIMITS
    )


def _series(bars: Sequence[Bar]) -> list[_Series]:
    held = np.array([bar.values for bar in bars], dtype=np.float64)
    nothing = (None,) * held.shape[1]
    ordered = np.array([bar.ordered or nothing for bar in bars], dtype=np.float64)
    return [_Series(*columns) for columns in zip(held.T, ordered.T, strict=True)]


def _outcome(
    limit: LimitDefinition,
    times: FloatArray,
    hard: FloatArray,
    managed: _Series,
    unmanaged: _Series,
) -> LimitOutcome:
    ours, theirs = _above(managed.held, hard), _above(unmanaged.held, hard)
    breaches = episodes(theirs, times)
    kept = np.isfinite(managed.held) & ~ours
    prevented = [bool(kept[breach.first : breach.last + 1].all()) for breach in breaches]
    crossed = _crossed_by_orders(unmanaged, hard)
    ordered = [bool(breach.first and crossed[breach.first - 1]) for breach in breaches]
    by_order = [kept for kept, cause in zip(prevented, ordered, strict=True) if cause]
    by_drift = [kept for kept, cause in zip(prevented, ordered, strict=True) if not cause]
    return LimitOutcome(
        limit=limit.name,
        kind=limit.kind,
        hard=limit.hard,
        unit=BOOK_LIMITS[limit.kind].unit.value,
        potential=len(breaches),
        prevented=sum(prevented),
        worst_overshoot=float(np.max(managed.held - hard, where=ours, initial=0.0)),
        order_caused=Counted(len(by_order), sum(by_order)),
        drift_caused=Counted(len(by_drift), sum(by_drift)),
        order_caused_managed=int(_crossed_by_orders(managed, hard).sum()),
        managed=_overshoots(managed.held - hard, episodes(ours, times)),
        unmanaged=_overshoots(unmanaged.held - hard, breaches),
    )


def _above(values: FloatArray, hard: FloatArray) -> BoolArray:
    above: BoolArray = values > hard * (1.0 + _ROUNDING)
    return above


def _crossed_by_orders(series: _Series, hard: FloatArray) -> BoolArray:
    """Bars at whose close orders of new risk took a book within its limit above it."""
    crossed: BoolArray = _above(series.ordered, hard) & ~_above(series.held, hard)
    return crossed


def _overshoots(beyond: FloatArray, breaches: Sequence[Episode]) -> Overshoots:
    if not breaches:
        return Overshoots(0, None)
    highest = [float(np.nanmax(beyond[breach.first : breach.last + 1])) for breach in breaches]
    return Overshoots(len(breaches), tuple(np.quantile(highest, QUANTILES).tolist()))
