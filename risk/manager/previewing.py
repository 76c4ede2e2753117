"""What a breaker's override would do: before it is asked for, by the code that does it.

Nothing here is a second opinion. The breaker hears the wish as the gate and the next step would
let it, scopes are judged as in a step, and orders are asked for under the standings that follow.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from risk.assess import OrderCheck, assess
from risk.breakers.evaluation import obeying
from risk.breakers.lifecycle import why_not_released
from risk.breakers.overriding import why_not_overridden
from risk.domain.actions import BreakerWord, ReleaseBreaker
from risk.domain.breakers import NO_BREAKERS, BreakerDefinition, BreakerState
from risk.domain.decisions import OrderRequest, Outcome, Reason
from risk.domain.limits import Unit
from risk.domain.orders import Order, Side
from risk.domain.policy import Policy
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState, Standing
from risk.domain.trading import TradingState
from risk.limits.base import Limit
from risk.limits.evaluation import surroundings
from risk.limits.types import limit_of
from risk.limits.views import BookView, Surroundings
from risk.manager.orders import RiskManager, Room
from risk.manager.standings import standings_of
from risk.portfolio.committed import enclosing

#: Limits that are told of every book that has them, in this order.
_TOLD = ("value_at_risk", "stress_loss")


class Place(NamedTuple):
    """What an order is imagined for: more of the largest position in a scope.

    Attributes
    ----------
    key : PositionKey
    side : Side
    """

    key: PositionKey
    side: Side


class Case(NamedTuple):
    """What may be done in a place under some standings.

    Attributes
    ----------
    state : TradingState
        The tightest of the scopes that enclose it.
    size : float
        What new risk there is scaled by; 0 where none passes.
    quantity : float or None
        Units that pass of an order for all that the limits leave; None without a place.
    value : float or None
        The same in quote currency; None without a mark too.
    """

    state: TradingState
    size: float
    quantity: float | None = None
    value: float | None = None


class Filled(NamedTuple):
    """What a limit would read if what passes were filled.

    Attributes
    ----------
    name, kind : str
    unit : Unit
    now, then : float or None
        Under the standings of now, and under the override; None while it cannot be measured.
    soft, hard : float
    """

    name: str
    kind: str
    unit: Unit
    now: float | None
    then: float | None
    soft: float
    hard: float


class Preview(NamedTuple):
    """What an override would do, as of one snapshot.

    Attributes
    ----------
    scope : Scope
        The breaker's.
    standings : mapping of Scope to Standing
        With the override.
    place : Place or None
        None of a book in which nothing may be traded.
    now, then : Case
        As things stand, and with the override.
    cap : Case
        With no breaker at all: what limits and people leave, which no override passes.
    binding : tuple of Reason
        What keeps that from being more.
    limits : tuple of Filled
        VaR, stress loss, and whatever else binds.
    refusal : str or None
        Why the engine would refuse it as things stand.
    """

    scope: Scope
    standings: Mapping[Scope, Standing]
    place: Place | None
    now: Case
    then: Case
    cap: Case
    binding: tuple[Reason, ...]
    limits: tuple[Filled, ...]
    refusal: str | None = None

    @property
    def frees(self) -> float | None:
        """How much more passes with it, quote currency; None while unknown."""
        if self.now.value is None or self.then.value is None:
            return None
        return self.then.value - self.now.value


def preview_override(state: RiskState, snapshot: Snapshot, asked: BreakerWord) -> Preview:
    """What a person's word on a breaker would do.

    Parameters
    ----------
    state : RiskState
        After the step over `snapshot`.
    snapshot : Snapshot
    asked : ReleaseBreaker or OverrideBreaker
        Its number does not matter.

    Raises
    ------
    ValueError
        If the policy has no such breaker.
    """
    definition = state.policy.breaker(asked.breaker) if state.policy is not None else None
    if definition is None:
        raise ValueError(f"there is no breaker called {asked.breaker}")
    then = standings_after(state, snapshot, asked)
    sight = _Sight(state, snapshot, place_in(definition.scope, state, snapshot, then))
    now, later = sight.case(state.standings), sight.case(then)
    return Preview(
        scope=definition.scope,
        standings=then,
        place=sight.place,
        now=now,
        then=later,
        cap=sight.cap,
        binding=sight.binding,
        limits=tuple(sight.filled(now, later)),
        refusal=_why_not(definition, state.breakers.states.get(asked.breaker), asked, snapshot.at),
    )


def standings_after(
    state: RiskState, snapshot: Snapshot, asked: BreakerWord
) -> Mapping[Scope, Standing]:
    """What the next step would make of each scope, were the market to stand still."""
    words = (asked,)
    breakers = obeying(state.breakers, state.policy, words, at=snapshot.at, cycle=snapshot.id)
    return _judged(replace(state, breakers=breakers), snapshot)


def _judged(state: RiskState, snapshot: Snapshot) -> Mapping[Scope, Standing]:
    before, latches = state.standings, state.latches
    return standings_of(state, snapshot, assess(snapshot), before=before, latches=latches)


def _why_not(
    definition: BreakerDefinition, state: BreakerState | None, asked: BreakerWord, at: datetime
) -> str | None:
    if state is None:
        return f"{definition.name} was not looked at yet"
    if isinstance(asked, ReleaseBreaker):
        return why_not_released(definition.name, state, asked.episode, at)
    return why_not_overridden(definition, state, asked.wish, at)


def without_breakers(state: RiskState, snapshot: Snapshot) -> Mapping[Scope, Standing]:
    """The standings if no breaker held anything: what no override can pass."""
    return _judged(replace(state, breakers=NO_BREAKERS), snapshot)


def place_in(
    scope: Scope,
    state: RiskState,
    snapshot: Snapshot,
    then: Mapping[Scope, Standing] | None = None,
) -> Place | None:
    """Where more risk would most likely be taken in a scope: its largest position.

    Parameters
    ----------
    scope : Scope
    state : RiskState
    snapshot : Snapshot
    then : mapping of Scope to Standing, optional
        Other standings: of positions those come first that these hold otherwise than now, since
        what something else holds more tightly says nothing of a change.

    Returns
    -------
    Place or None
        Of a scope in which nothing is held, something that the policy allows there; None if
        nothing may be traded.
    """
    held = [
        (abs(position.quantity * mark.price), key)
        for key, position in sorted(snapshot.ledger.positions.items())
        if position.quantity and (mark := snapshot.mark(key.asset)).known
    ]
    inside = [each for each in held if scope in enclosing(each[1], state.portfolio, state.policy)]
    moved = [each for each in inside if then and _is_moved(each[1], state, then)]
    if inside:
        _, key = max(moved or inside)
        grows = snapshot.ledger.positions[key].quantity > 0.0
        return Place(key, Side.BUY if grows else Side.SELL)
    likely = max(held)[1] if held else None
    allowed = _allowed_in(scope, state, likely)
    return None if allowed is None else Place(allowed, Side.BUY)


def _is_moved(key: PositionKey, state: RiskState, then: Mapping[Scope, Standing]) -> bool:
    scopes = enclosing(key, state.portfolio, state.policy)
    return _held(scopes, state.standings) != _held(scopes, then)


def _allowed_in(scope: Scope, state: RiskState, likely: PositionKey | None) -> PositionKey | None:
    """What may be traded in a scope, as near as can be to what is held elsewhere."""
    policy = state.policy
    if policy is None or not (policy.instruments and policy.strategies):
        return None
    venue = likely.venue if likely else _venue_of(policy)
    if venue is None and scope.kind is not ScopeKind.VENUE:
        return None
    asset = likely.asset if likely else min(policy.instruments)
    strategy = likely.strategy if likely else min(policy.strategies)
    match scope.kind:
        case ScopeKind.PORTFOLIO:
            return PositionKey(strategy, asset, venue or "")
        case ScopeKind.STRATEGY:
            return PositionKey(scope.name, asset, venue or "")
        case ScopeKind.STRATEGY_TYPE:
            kin = [name for name, kind in policy.strategies.items() if kind == scope.name]
            return PositionKey(min(kin), asset, venue or "") if kin else None
        case ScopeKind.ASSET:
            return PositionKey(strategy, scope.name, venue or "")
        case ScopeKind.VENUE:
            return PositionKey(strategy, asset, scope.name)


def _venue_of(policy: Policy) -> str | None:
    """A venue that has a limit: elsewhere nothing may be held."""
    venues = [each.scope.name for each in policy.limits if each.scope.kind is ScopeKind.VENUE]
    return min(venues, default=None)


class _Sight:
    """One place of a book, looked at under several standings."""

    def __init__(self, state: RiskState, snapshot: Snapshot, place: Place | None) -> None:
        self.place = place
        self._state = state
        self._snapshot = snapshot
        self._manager = RiskManager(state, snapshot)
        self._check = OrderCheck(snapshot)
        # No throttle makes the largest order smaller that passes: whoever is cut asks for more.
        # So it is told what passes of one order, for all that the limits leave.
        self._open = without_breakers(state, snapshot)
        self._whole = self._most()
        self.cap = self.case(self._open)

    def _most(self) -> Room | None:
        if self.place is None:
            return None
        return self._manager.under(self._open, ()).room(*self.place)

    @property
    def binding(self) -> tuple[Reason, ...]:
        """What keeps the largest order from being larger."""
        reasons = () if self._whole is None else self._whole.decision.reasons
        return tuple(each for each in reasons if each.outcome is Outcome.FAILED)

    def case(self, standings: Mapping[Scope, Standing]) -> Case:
        """What may be done here under `standings`."""
        state, size = _held(self._scopes, standings)
        if self.place is None or self._whole is None:
            return Case(state, size)
        passes = self._passes(standings, self._whole.quantity)
        mark = self._snapshot.mark(self.place.key.asset)
        return Case(state, size, passes, passes * mark.price if mark.known else None)

    @property
    def _scopes(self) -> tuple[Scope, ...]:
        if self.place is None:
            return (Scope(ScopeKind.PORTFOLIO, self._state.portfolio),)
        return enclosing(self.place.key, self._state.portfolio, self._state.policy)

    def _passes(self, standings: Mapping[Scope, Standing], quantity: float) -> float:
        if quantity <= 0.0:
            return 0.0
        assert self.place is not None, "what passes is asked of a place"
        key, side = self.place
        order = OrderRequest(
            client_order_id=f"preview/{self._snapshot.id}",
            portfolio=self._state.portfolio,
            strategy=key.strategy,
            asset=key.asset,
            venue=key.venue,
            side=side,
            quantity=quantity,
        )
        return self._manager.under(standings, ()).validate_order(order).allowed

    def filled(self, now: Case, then: Case) -> Iterator[Filled]:
        """The limits that matter, as they would read with what passes in either case."""
        policy = self._state.policy
        if policy is None or now.quantity is None or then.quantity is None:
            return
        around = self._surroundings(policy)
        before, after = self._with(around, now.quantity), self._with(around, then.quantity)
        binding = {reason.subject for reason in self.binding}
        for definition in policy.limits:
            of_book = definition.scope.kind is ScopeKind.PORTFOLIO and definition.kind in _TOLD
            if not (of_book or definition.name in binding):
                continue
            standing = self._state.limits.get(definition.name)
            limit = limit_of(definition, None if standing is None else standing.thresholds)
            if isinstance(limit, Limit):
                values = limit.measure(before), limit.measure(after)
                yield Filled(limit.name, limit.kind, limit.unit, *values, limit.soft, limit.hard)

    def _surroundings(self, policy: Policy) -> Surroundings:
        return surroundings(
            policy,
            self._snapshot,
            equity=self._snapshot.equity,
            performance=self._state.performance,
            courses=self._state.courses,
        )

    def _with(self, around: Surroundings, quantity: float) -> BookView:
        """The book with an order for so much pending."""
        if quantity <= 0.0:
            return BookView(self._check.lazily, around)
        assert self.place is not None, "an order has a place"
        key, side = self.place
        order = Order(
            client_order_id=f"preview/{self._snapshot.id}",
            portfolio=self._state.portfolio,
            strategy=key.strategy,
            asset=key.asset,
            venue=key.venue,
            side=side,
            quantity=quantity,
        )
        return BookView(self._check.after(order), around)


def _held(
    scopes: Iterable[Scope], standings: Mapping[Scope, Standing]
) -> tuple[TradingState, float]:
    """The tightest of scopes that enclose a place, and the smallest size that they leave."""
    found = [standings[scope] for scope in scopes if scope in standings]
    state = max((each.state for each in found), default=TradingState.NORMAL)
    if state > TradingState.THROTTLED:
        return state, 0.0
    return state, min((each.size for each in found), default=1.0)
