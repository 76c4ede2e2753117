"""The limits of a policy, ready to be asked, with the thresholds that are in force."""

from collections.abc import Mapping
from functools import cached_property
from typing import TypeVar

from risk.domain.limits import LimitState
from risk.domain.policy import Policy
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.base import Limit, LimitBase, OrderLimit
from risk.limits.types import limit_of
from risk.portfolio.committed import enclosing

_L = TypeVar("_L", bound=LimitBase)

_REMEMBERED = 10_000
#: Kinds of which a scope needs one before it may be traded in: without, its limit is zero.
EXPOSURE_KINDS = frozenset({"gross_exposure", "net_exposure"})


class Rulebook:
    """The limits of one policy as they are now.

    Parameters
    ----------
    policy : Policy
    portfolio : str
    states : mapping of name to LimitState
        After the last step; a limit without one has its thresholds as defined.

    Attributes
    ----------
    policy : Policy
    book_limits : tuple of Limit
    order_limits : tuple of OrderLimit
    """

    def __init__(self, policy: Policy, portfolio: str, states: Mapping[str, LimitState]) -> None:
        limits = [
            limit_of(each, states[each.name].thresholds if each.name in states else None)
            for each in policy.limits
        ]
        self.policy = policy
        self.book_limits = tuple(each for each in limits if isinstance(each, Limit))
        self.order_limits = tuple(each for each in limits if isinstance(each, OrderLimit))
        self._around: dict[
            PositionKey, tuple[tuple[Scope, ...], tuple[OrderLimit, ...], tuple[Limit, ...]]
        ] = {}
        self._portfolio = portfolio

    def enclosing(self, key: PositionKey) -> tuple[Scope, ...]:
        """Every scope that an order for `key` lies in, the widest first."""
        return enclosing(key, self._portfolio, self.policy)

    def around(
        self, key: PositionKey
    ) -> tuple[tuple[Scope, ...], tuple[OrderLimit, ...], tuple[Limit, ...]]:
        """Every scope that an order for `key` lies in, and the limits that are set on them.

        Looked up once for each key: whoever sends orders makes up the names in them, so that not
        more than so many are remembered.
        """
        found = self._around.get(key)
        if found is None:
            scopes = self.enclosing(key)
            found = scopes, on(self.order_limits, scopes), on(self.book_limits, scopes)
            if len(self._around) < _REMEMBERED:
                self._around[key] = found
        return found

    def without_limit(self, key: PositionKey) -> Scope | None:
        """The first scope of `key` whose exposure nobody has limited: its limit is zero.

        A strategy whose type has a limit needs none of its own.
        """
        whole, *inner = self.enclosing(key)
        strategy_like = [s for s in inner if s.kind in _STRATEGY_LIKE]
        asset, venue = (s for s in inner if s.kind not in _STRATEGY_LIKE)
        if not any(scope in self._limited for scope in strategy_like):
            return strategy_like[-1]
        return next((s for s in (whole, asset, venue) if s not in self._limited), None)

    @cached_property
    def _limited(self) -> frozenset[Scope]:
        return frozenset(limit.scope for limit in self.book_limits if limit.kind in EXPOSURE_KINDS)


_STRATEGY_LIKE = (ScopeKind.STRATEGY_TYPE, ScopeKind.STRATEGY)


def on(limits: tuple[_L, ...], scopes: tuple[Scope, ...]) -> tuple[_L, ...]:
    """Those limits that are set on one of the scopes."""
    return tuple(limit for limit in limits if limit.scope in scopes)
