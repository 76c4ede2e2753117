"""What a limit is: a measure of the book, or of one order, with a soft and a hard threshold.

A kind of limit is a file in this room and a line in ``LIMIT_TYPES``; the fields that it adds
are its own settings. A measure is pure, is asked once per book, and tells nothing by side
effects.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from risk.domain.limits import Unit
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.views import BookView, OrderView

_ALL_OF_A_BOOK = (
    ScopeKind.PORTFOLIO,
    ScopeKind.STRATEGY_TYPE,
    ScopeKind.STRATEGY,
    ScopeKind.ASSET,
    ScopeKind.VENUE,
)


@dataclass(frozen=True, kw_only=True)
class LimitBase:
    """What limits on books and limits on single orders have in common.

    Attributes
    ----------
    name : str
    scope : Scope
    hard, soft : float
        ``0 <= soft <= hard``, finite, in `unit`.

    Raises
    ------
    ValueError
        If a threshold or a setting is out of its range.
    """

    #: Its key in ``LIMIT_TYPES``, and the reason code of a refusal.
    kind: ClassVar[str]
    #: What screens call it.
    title: ClassVar[str]
    unit: ClassVar[Unit]
    #: What it may be set on.
    scopes: ClassVar[tuple[ScopeKind, ...]] = _ALL_OF_A_BOOK
    #: Whether its verdict stays when all sizes and equity double.
    equity_relative: ClassVar[bool] = True

    name: str
    scope: Scope
    hard: float
    soft: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.hard) and 0.0 <= self.soft <= self.hard):
            raise ValueError(
                f"needs thresholds 0 <= soft <= hard, got soft {self.soft} and hard {self.hard}"
            )
        if self.scope.kind not in self.scopes:
            allowed = ", ".join(kind.value for kind in self.scopes)
            raise ValueError(f"may be set on {allowed}, not on {self.scope.kind.value}")


class Remedy(Enum):
    """How smaller positions lower a limit's value."""

    #: Not at all, or not by a known share.
    NONE = auto()
    #: In proportion to all positions of the scope together.
    ALL = auto()
    #: With the square of their size.
    ALL_SQUARED = auto()
    #: By what the positions on the side of the scope's net lose; others would raise it.
    NET_SIDE = auto()
    #: The same, within each cluster of correlated assets.
    NET_SIDE_OF_CLUSTERS = auto()


@dataclass(frozen=True, kw_only=True)
class Limit(LimitBase, ABC):
    """A cap on a measure of the book, judged after the order."""

    #: Whether more fills can never lower it, so that the committed figure bounds every subset.
    monotone: ClassVar[bool] = True
    #: Whether a breach stops all new risk in the scope, since no order can mend it.
    stops: ClassVar[bool] = False
    #: Whether it looks at scenarios, which costs more than all others together.
    dear: ClassVar[bool] = False
    #: What its soft threshold may ask of positions.
    remedy: ClassVar[Remedy] = Remedy.NONE

    @abstractmethod
    def measure(self, book: BookView) -> float | None:
        """The value that the thresholds cap; never negative.

        Parameters
        ----------
        book : BookView

        Returns
        -------
        float or None
            None while it cannot be measured: then new risk is refused.
        """


@dataclass(frozen=True, kw_only=True)
class OrderLimit(LimitBase, ABC):
    """A cap on one order, which the book does not have a value of."""

    @abstractmethod
    def measure_order(self, order: OrderView) -> float | None:
        """The value that `hard` caps; None while it cannot be measured."""


def share(value: float, equity: float | None) -> float | None:
    """`value` as a fraction of equity; None unless equity is known and positive."""
    return None if equity is None or equity <= 0.0 else value / equity
