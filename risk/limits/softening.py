"""What soft thresholds ask of positions, before a hard one is hit.

A limit at or above its soft threshold wants its value back at ``release`` times that threshold,
by no more than the positions that its value is made of. How a value answers to smaller positions
is its kind's `Remedy`.
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from risk.domain.limits import LimitDefinition, LimitState, LimitStatus
from risk.domain.policy import Policy
from risk.domain.positions import PositionKey
from risk.domain.reductions import Cut
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.base import Remedy
from risk.limits.clusters import Clusters
from risk.limits.types import BOOK_LIMITS
from risk.limits.words import plain, soft_words

#: Market values of positions, quote currency; negative when short.
Values = Mapping[PositionKey, float]

#: No limit on the book is counted in money.
_NO_MONEY = ""
_ACTED_UPON = (LimitStatus.SOFT, LimitStatus.HARD)


class _Shares(NamedTuple):
    """Factors of some positions that bring a value to a share of what it is."""

    factors: Mapping[PositionKey, float]
    value: float


def soft_cuts(
    policy: Policy, limits: Mapping[str, LimitState], values: Values, clusters: Clusters
) -> Iterator[tuple[PositionKey, Cut]]:
    """What each limit at or above its soft threshold asks of each position; 0 or more cuts.

    Parameters
    ----------
    policy : Policy
    limits : mapping of name to LimitState
        Now, measured of the book as it is held.
    values : mapping of PositionKey to float
    clusters : Clusters
        Of the policy's ``cluster_correlation``.
    """
    for definition in policy.limits:
        state = limits.get(definition.name)
        if state is None or state.status not in _ACTED_UPON or not _is_over(state, state.value):
            continue
        target = policy.derisking.release * state.thresholds.soft
        inside = {key: v for key, v in values.items() if _lies_in(key, definition.scope, policy)}
        for factors, value in _shares(definition, state, inside, clusters, target):
            cause = _cause(definition, state, value, target)
            for key, factor in factors.items():
                yield key, Cut(factor, cause)


def _is_over(state: LimitState, value: float | None) -> bool:
    # A breach lasts until a little below the threshold; what is below it asks for nothing new.
    return value is not None and value > 0.0 and value >= state.thresholds.soft


def _lies_in(key: PositionKey, scope: Scope, policy: Policy) -> bool:
    if scope.kind is ScopeKind.PORTFOLIO:
        return True
    if scope.kind is ScopeKind.STRATEGY_TYPE:
        return policy.strategies.get(key.strategy) == scope.name
    return bool(getattr(key, scope.kind.value) == scope.name)


def _shares(
    definition: LimitDefinition,
    state: LimitState,
    inside: Values,
    clusters: Clusters,
    target: float,
) -> Iterator[_Shares]:
    value = state.value
    assert value is not None, "a limit that is acted upon is measured"
    match BOOK_LIMITS[definition.kind].remedy:
        case Remedy.ALL:
            yield _Shares(dict.fromkeys(inside, target / value), value)
        case Remedy.ALL_SQUARED:
            yield _Shares(dict.fromkeys(inside, math.sqrt(target / value)), value)
        case Remedy.NET_SIDE:
            yield _Shares(_less_net(inside, target / value), value)
        case Remedy.NET_SIDE_OF_CLUSTERS:
            for group, size in _clusters(inside, clusters, value):
                if _is_over(state, size):
                    yield _Shares(_less_net(group, target / size), size)
        case Remedy.NONE:
            pass


def _less_net(values: Values, share: float) -> dict[PositionKey, float]:
    """Factors of the positions on the net's side that leave `share` of the net."""
    net = sum(values.values())
    side = {key: value for key, value in values.items() if value * net > 0.0}
    surplus = abs(net) * (1.0 - share)
    return dict.fromkeys(side, max(0.0, 1.0 - surplus / abs(sum(side.values())))) if side else {}


def _clusters(inside: Values, clusters: Clusters, largest: float) -> Iterator[tuple[Values, float]]:
    """Positions by cluster, and the limit's value of each; the largest has `largest`."""
    groups: dict[int, dict[PositionKey, float]] = {}
    for key, value in inside.items():
        number = clusters.number_of(key.asset)
        if number is not None:
            groups.setdefault(number, {})[key] = value
    nets = {number: abs(sum(group.values())) for number, group in groups.items()}
    most = max(nets.values(), default=0.0)
    for number, group in groups.items():
        if nets[number] > 0.0:
            yield group, largest * nets[number] / most


def _cause(definition: LimitDefinition, state: LimitState, value: float, target: float) -> str:
    return soft_words(
        definition, value=value, soft=state.thresholds.soft, target=target, write=plain(_NO_MONEY)
    )
