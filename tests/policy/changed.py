"""Policies changed at random, here and there: for laws of what a change does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from risk.domain.limits import TemporaryLimit
from risk.domain.policy import Instrument, Policy, RegimePack, Rung
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.stops import VOLATILITY_STOP
from risk.domain.trading import TradingState

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

Change = Callable[[Policy, st.DrawFn], Policy]


def of_limits(make: Callable[[Any, st.DrawFn], Any]) -> Change:
    """Change one of the limits."""
    return lambda policy, draw: replace(policy, limits=_one_of(policy.limits, make, draw))


def of_breakers(make: Callable[[Any, st.DrawFn], Any]) -> Change:
    """Change one of the breakers."""
    return lambda policy, draw: replace(policy, breakers=_one_of(policy.breakers, make, draw))


def _one_of(entries: tuple[Any, ...], make: Callable[[Any, st.DrawFn], Any], draw: st.DrawFn):
    if not entries:
        return entries
    place = draw(st.integers(0, len(entries) - 1))
    return (*entries[:place], make(entries[place], draw), *entries[place + 1 :])


def _without_one(entries: tuple[Any, ...], draw: st.DrawFn):
    if not entries:
        return entries
    place = draw(st.integers(0, len(entries) - 1))
    return (*entries[:place], *entries[place + 1 :])


def _scaled(limit: Any, draw: st.DrawFn) -> Any:
    hard = limit.hard * draw(st.sampled_from([0.5, 1.0, 2.0]))
    return replace(limit, hard=hard, soft=hard * draw(st.sampled_from([0.5, 0.8, 1.0])))


def _lent(policy: Policy, draw: st.DrawFn) -> Policy:
    if not policy.limits:
        return policy
    limit = draw(st.sampled_from(policy.limits))
    begins = BEGIN + draw(st.integers(0, 3)) * DAY
    lent = TemporaryLimit(
        limit=limit.name,
        hard=limit.hard * draw(st.sampled_from([0.1, 0.5, 1.0, 2.0])),
        soft=0.1 * limit.hard * draw(st.sampled_from([0.1, 0.5])),
        starts=begins,
        expires=begins + draw(st.integers(1, 3)) * DAY,
        reason="agreed",
        by="anna",
    )
    kept = (
        each
        for each in policy.temporary
        if each.limit != limit.name or lent.expires <= each.starts or each.expires <= begins
    )
    return replace(policy, temporary=(*kept, lent))


def _another_limit(policy: Policy, draw: st.DrawFn) -> Policy:
    if not policy.limits:
        return policy
    like = draw(st.sampled_from(policy.limits))
    return replace(policy, limits=(*policy.limits, replace(like, name=f"{like.name} too")))


def _without_asset(policy: Policy, draw: st.DrawFn) -> Policy:
    if not policy.instruments:
        return policy
    name = draw(st.sampled_from(sorted(policy.instruments)))
    left = {asset: each for asset, each in policy.instruments.items() if asset != name}
    gone = Scope(ScopeKind.ASSET, name)
    return _without_scope(replace(policy, instruments=left), gone)


def _without_strategy(policy: Policy, draw: st.DrawFn) -> Policy:
    if not policy.strategies:
        return policy
    name = draw(st.sampled_from(sorted(policy.strategies)))
    left = {each: kind for each, kind in policy.strategies.items() if each != name}
    stops = {each: plan for each, plan in policy.stops.items() if each != name}
    policy = _without_scope(
        replace(policy, strategies=left, stops=stops), Scope(ScopeKind.STRATEGY, name)
    )
    for kind in {*policy.strategies.values()} ^ {*left.values()}:
        policy = _without_scope(policy, Scope(ScopeKind.STRATEGY_TYPE, kind))
    return policy


def _without_scope(policy: Policy, scope: Scope) -> Policy:
    limits = tuple(each for each in policy.limits if each.scope != scope)
    names = {each.name for each in limits}
    return replace(
        policy,
        limits=limits,
        breakers=tuple(each for each in policy.breakers if each.scope != scope),
        temporary=tuple(each for each in policy.temporary if each.limit in names),
    )


def _within_dynamics(policy: Policy, draw: st.DrawFn) -> Policy:
    name = draw(st.sampled_from(["floor", "cap", "performance_least", "loosen_per_day", "step"]))
    value = getattr(policy.dynamics, name) * draw(st.sampled_from([0.9, 1.1]))
    return replace(policy, dynamics=replace(policy.dynamics, **{name: value}))


def _within_packs(policy: Policy, draw: st.DrawFn) -> Policy:
    packs = dict(policy.dynamics.packs)
    kind = draw(st.sampled_from(["portfolio", *policy.strategies.values()]))
    if not packs.pop(kind, None) or draw(st.booleans()):
        packs[kind] = RegimePack(stressed=draw(st.sampled_from([0.5, 1.0, 1.5])))
    return replace(policy, dynamics=replace(policy.dynamics, packs=packs))


def _within_ladder(policy: Policy, draw: st.DrawFn) -> Policy:
    near, far = Rung(drawdown=0.05, size=0.5), Rung(drawdown=0.1, size=0.5)
    two = (replace(near, size=0.8), replace(far, size=0.4))
    ladder = draw(st.sampled_from([(), (far,), (near,), two]))
    release = draw(st.sampled_from([0.5, policy.derisking.release]))
    return replace(policy, derisking=replace(policy.derisking, ladder=ladder, release=release))


def _with_stops(policy: Policy, draw: st.DrawFn) -> Policy:
    if not policy.strategies:
        return policy
    name = draw(st.sampled_from(sorted(policy.strategies)))
    others = {each: plan for each, plan in policy.stops.items() if each != name}
    plan = draw(st.sampled_from([None, VOLATILITY_STOP, replace(VOLATILITY_STOP, applies=False)]))
    return replace(policy, stops=others if plan is None else {**others, name: plan})


CHANGES: dict[str, Change] = {
    "threshold": of_limits(_scaled),
    "words": of_limits(lambda limit, draw: replace(limit, owner="ben", rationale="agreed")),
    "dynamic": of_limits(lambda limit, draw: replace(limit, dynamic=not limit.dynamic)),
    "settings": of_limits(lambda limit, draw: replace(limit, parameters={"x": 1.0})),
    "limit added": _another_limit,
    "limit gone": lambda p, draw: replace(p, limits=_without_one(p.limits, draw), temporary=()),
    "lent": _lent,
    "nothing lent": lambda p, draw: replace(p, temporary=()),
    "level": of_breakers(
        lambda b, draw: replace(b, trip=b.trip * draw(st.sampled_from([0.9, 1.0, 1.1])))
    ),
    "pause": of_breakers(
        lambda b, draw: replace(b, least_hours=b.least_hours * draw(st.sampled_from([0.5, 2.0])))
    ),
    "state": of_breakers(
        lambda b, draw: replace(
            b, state=draw(st.sampled_from([TradingState.THROTTLED, TradingState.HALTED]))
        )
    ),
    "switch": of_breakers(lambda b, draw: replace(b, enabled=not b.enabled)),
    "breaker gone": lambda p, draw: replace(p, breakers=_without_one(p.breakers, draw)),
    "asset": lambda p, draw: replace(
        p, instruments={**p.instruments, "NEW/USDT": Instrument(lot=draw(st.just(0.1)))}
    ),
    "asset gone": _without_asset,
    "strategy gone": _without_strategy,
    "dynamics": _within_dynamics,
    "packs": _within_packs,
    "ladder": _within_ladder,
    "stops": _with_stops,
    "clusters": lambda p, draw: replace(p, cluster_correlation=draw(st.sampled_from([0.5, 0.9]))),
}


@st.composite
def changed(draw: st.DrawFn, policy: Policy, *, at_most: int = 3, kinds: Any = None) -> Policy:
    """The policy after a few of these changes."""
    for kind in draw(st.lists(st.sampled_from(sorted(kinds or CHANGES)), max_size=at_most)):
        policy = CHANGES[kind](policy, draw)
    return policy
