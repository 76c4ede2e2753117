"""What all orders for one side of one position have in common at one moment."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.market import Mark
from risk.domain.orders import Side
from risk.domain.policy import Instrument
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.limits.overruns import overruns
from risk.limits.rulebook import Rulebook
from risk.portfolio.committed import enclosing
from risk.portfolio.following import Moved

_ANY_STEP = Instrument()
#: Places that are kept: whoever sends orders makes up the names in them.
_REMEMBERED = 10_000


class Throttle(NamedTuple):
    """A scope that lets new risk through at a part of its size.

    Attributes
    ----------
    size : float
        Below 1.
    scope : Scope
    """

    size: float
    scope: Scope


class Place(NamedTuple):
    """One side of one position.

    Attributes
    ----------
    key : PositionKey
    side : Side
    mark : Mark
    instrument : Instrument
    state : TradingState
        The tightest of all scopes that enclose the position.
    scope : Scope
        Whose it is.
    throttle : Throttle or None
        What scales new risk down: the strictest of all those scopes.
    closed : tuple of Reason
        What stops new risk here, whatever the order.
    reducible : float
        Units of an order that can only make the position smaller.
    """

    key: PositionKey
    side: Side
    mark: Mark
    instrument: Instrument
    state: TradingState
    scope: Scope
    throttle: Throttle | None
    closed: tuple[Reason, ...]
    reducible: float


class Places:
    """Every place of a book; each is looked at once.

    Parameters
    ----------
    state : RiskState
    snapshot : Snapshot
    rulebook : Rulebook or None
        Of the state's policy.
    equity : float or None
        The snapshot's.
    barred : tuple of Reason
        What stops new risk everywhere.
    pending : mapping of (PositionKey, Side) to float, or None
        Signed units that may still be filled, where they are known.

    Attributes
    ----------
    equity : float or None
    """

    def __init__(
        self,
        state: RiskState,
        snapshot: Snapshot,
        rulebook: Rulebook | None,
        equity: float | None,
        barred: tuple[Reason, ...] = (),
        pending: Mapping[tuple[PositionKey, Side], float] | None = None,
    ) -> None:
        self._barred = barred
        self._state = state
        self._snapshot = snapshot
        self._rulebook = rulebook
        self.equity = equity
        self._pending = _pending_units(snapshot) if pending is None else pending
        self._found: dict[tuple[str, str, str, str], Place] = {}

    def following(self, snapshot: Snapshot, moved: Moved) -> "Places":
        """The places of a snapshot whose ledger has moved on, and its equity has not."""
        pending = dict(self._pending)
        for sign, changes in ((1.0, moved.added), (-1.0, moved.gone)):
            for (key, quantity), _ in changes:
                side = Side.BUY if quantity > 0.0 else Side.SELL
                pending[key, side] = pending.get((key, side), 0.0) + sign * quantity
        places = Places(self._state, snapshot, self._rulebook, self.equity, self._barred, pending)
        keys = moved.keys
        places._found = {
            name: places._moved(place) if place.key in keys else place
            for name, place in self._found.items()
        }
        return places

    def _moved(self, place: Place) -> Place:
        """A place of the ledger before: what closes it does not depend on the ledger."""
        return place._replace(reducible=self._reducible(place.key, place.side))

    def at(self, strategy: str, asset: str, venue: str, side: str) -> Place:
        """One of them.

        Raises
        ------
        ValueError
            If `side` is none.
        """
        found = self._found.get((strategy, asset, venue, side))
        if found is None:
            found = self._look(PositionKey(strategy, asset, venue), Side(side))
            if len(self._found) < _REMEMBERED:
                self._found[strategy, asset, venue, side] = found
        return found

    def tightest(self, key: PositionKey) -> tuple[TradingState, Scope]:
        """The tightest trading state of all scopes that enclose a position, and whose it is."""
        standings = self._state.standings
        scopes = enclosing(key, self._state.portfolio, self._state.policy)
        states = [standings[s].state if s in standings else TradingState.NORMAL for s in scopes]
        worst = max(range(len(scopes)), key=lambda n: states[n])
        return states[worst], scopes[worst]

    def _throttle(self, key: PositionKey) -> Throttle | None:
        standings = self._state.standings
        scopes = enclosing(key, self._state.portfolio, self._state.policy)
        sizes = [Throttle(standings[s].size, s) for s in scopes if s in standings]
        strictest = min(sizes, key=lambda each: each.size, default=None)
        return strictest if strictest is not None and strictest.size < 1.0 else None

    def _look(self, key: PositionKey, side: Side) -> Place:
        policy, mark = self._state.policy, self._snapshot.mark(key.asset)
        instruments = policy.instruments if policy else {}
        state, scope = self.tightest(key)
        return Place(
            key=key,
            side=side,
            mark=mark,
            instrument=instruments.get(key.asset, _ANY_STEP),
            state=state,
            scope=scope,
            throttle=self._throttle(key),
            closed=(
                *self._barred,
                *self._not_allowed(key),
                *_closed(state, scope),
                *self._stopped_by_limits(key),
                *self._cooling_down(key),
                *self._unmeasured(mark),
            ),
            reducible=self._reducible(key, side),
        )

    def _reducible(self, key: PositionKey, side: Side) -> float:
        """What is held, less the orders on that side that may still be filled.

        Orders on the other side may never be.
        """
        held = self._snapshot.ledger.positions.get(key)
        remaining = (held.quantity if held else 0.0) + self._pending.get((key, side), 0.0)
        return max(0.0, -side.sign * remaining)

    def _not_allowed(self, key: PositionKey) -> Iterator[Reason]:
        """What the policy does not name may not be traded."""
        policy, rulebook = self._state.policy, self._rulebook
        if policy is None or rulebook is None:
            yield Reason(ReasonCode.NO_POLICY, Outcome.FAILED, self._state.portfolio)
            return
        if key.strategy not in policy.strategies:
            yield Reason(ReasonCode.STRATEGY_UNKNOWN, Outcome.FAILED, key.strategy)
        if key.asset not in policy.instruments:
            known = key.asset in self._snapshot.marks
            code = ReasonCode.ASSET_NOT_ALLOWED if known else ReasonCode.ASSET_UNKNOWN
            yield Reason(code, Outcome.FAILED, key.asset)
            return
        bare = rulebook.without_limit(key)
        if bare is not None:
            yield Reason(ReasonCode.SCOPE_WITHOUT_LIMIT, Outcome.FAILED, bare.name, bare)

    def _stopped_by_limits(self, key: PositionKey) -> Iterator[Reason]:
        """Limits that are passed and that no order can mend: why only reductions are allowed."""
        scopes = enclosing(key, self._state.portfolio, self._state.policy)
        for over in overruns(self._state.policy, self._state.limits):
            if over.state is TradingState.REDUCE_ONLY and over.scope in scopes:
                limit = over.limit
                known = limit.name, over.scope, over.value, limit.hard, limit.unit
                yield Reason(limit.kind, Outcome.FAILED, *known)

    def _cooling_down(self, key: PositionKey) -> Iterator[Reason]:
        """What was stopped is not entered again until its plan lets it."""
        until = self._state.cool_downs.get(key)
        if until is not None and self._snapshot.at < until:
            yield Reason(ReasonCode.COOLING_DOWN, Outcome.FAILED, key.asset)

    def _unmeasured(self, mark: Mark) -> Iterator[Reason]:
        if not mark.known:
            yield Reason(ReasonCode.MARK_MISSING, Outcome.FAILED, mark.asset)
        elif not mark.trust.allows_new_risk:
            yield Reason(ReasonCode.MARK_NOT_TRUSTED, Outcome.FAILED, mark.asset)
        portfolio = self._state.portfolio
        if self.equity is None:
            yield Reason(ReasonCode.EQUITY_UNKNOWN, Outcome.FAILED, portfolio)
        elif not self.equity > 0.0:
            code = ReasonCode.EQUITY_NOT_POSITIVE
            yield Reason(code, Outcome.FAILED, portfolio, value=self.equity)
        if self._state.equity_trust is not None:
            yield Reason(ReasonCode.EQUITY_NOT_TRUSTED, Outcome.FAILED, portfolio)


def halted(scope: Scope) -> Reason:
    """What stops everything in a halted scope."""
    return Reason(ReasonCode.HALTED, Outcome.FAILED, scope.name, scope)


def _closed(state: TradingState, scope: Scope) -> Iterator[Reason]:
    if state is TradingState.HALTED:
        yield halted(scope)
    elif state is TradingState.REDUCE_ONLY:
        yield Reason(ReasonCode.REDUCTIONS_ONLY, Outcome.FAILED, scope.name, scope)


def _pending_units(snapshot: Snapshot) -> dict[tuple[PositionKey, Side], float]:
    """Signed units that may still be filled, of each position and side."""
    found: dict[tuple[PositionKey, Side], float] = {}
    for key, quantity in snapshot.pending:
        side = Side.BUY if quantity > 0.0 else Side.SELL
        found[key, side] = found.get((key, side), 0.0) + quantity
    return found
