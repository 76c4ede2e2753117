"""The committed book once the ledger has moved on, from the one before it.

Orders come and go a hundred times between two snapshots of the market. What they do not touch is
kept; what they touch is measured from the same numbers as by `commitments_of`, so that both agree
but for rounding.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from risk.domain.assessment import ScopeReach
from risk.domain.orders import Reservation
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Pending, Snapshot
from risk.measures.types import FloatArray
from risk.portfolio import stress
from risk.portfolio.book_models import book_model
from risk.portfolio.committed import (
    Change,
    Commitments,
    Horizon,
    Outlook,
    commitments_of,
    raising_orders,
    scopes_of,
    together,
)
from risk.portfolio.controller import measure_held
from risk.portfolio.exposure import Reach, value_of, value_of_pending, values_by_position
from risk.portfolio.tails import book_tail, project_one, raises, weights_of
from risk.portfolio.vectors import BookVectors, over_scenarios


class Moved(NamedTuple):
    """What is different in a later ledger.

    Attributes
    ----------
    held : mapping of PositionKey to float
        Value of the positions that are not what they were, quote currency; 0 for those gone.
    added, gone : tuple of Change
        Orders that may be filled now and might not before, and the other way round.
    """

    held: Mapping[PositionKey, float]
    added: tuple[Change, ...]
    gone: tuple[Change, ...]

    @property
    def keys(self) -> set[PositionKey]:
        """The positions concerned."""
        return {*self.held, *(pending.key for pending, _ in (*self.added, *self.gone))}


def moved_between(before: Snapshot, after: Snapshot) -> Moved:
    """What is different between two snapshots that differ in ledger and working orders alone."""
    if before.working_orders or after.working_orders:
        was, now = Counter(before.pending), Counter(after.pending)
        added, gone = (now - was).elements(), (was - now).elements()
    else:
        was_open, open_now = before.ledger.reservations, after.ledger.reservations
        added, gone = _not_in(open_now, was_open), _not_in(was_open, open_now)
    return Moved(held=_held(before, after), added=_valued(after, added), gone=_valued(after, gone))


def _not_in(one: Mapping[str, Reservation], other: Mapping[str, Reservation]) -> Iterator[Pending]:
    """What may be filled of those reservations of one ledger that another has not, or otherwise."""
    if one is other:
        return
    for name, reserved in one.items():
        if other.get(name) is not reserved and reserved.open_quantity != 0.0:
            yield Pending(reserved.order.key, reserved.open_quantity)


def commitments_following(
    base: Commitments, before: Snapshot, after: Snapshot, moved: Moved
) -> Commitments:
    """What a later ledger commits the book to.

    Parameters
    ----------
    base : Commitments
        Of `before`.
    before, after : Snapshot
        The same but for their ledgers and working orders.
    moved : Moved
        Between the two.

    Returns
    -------
    Commitments
        As `commitments_of` gives for `after`, but for rounding.
    """
    if not _is_known(base, after, moved):
        values = values_by_position(after)
        return commitments_of(after, values, measure_held(after, values))
    keys = moved.keys
    positions = _positions(base.positions, after, moved, keys)
    scopes = _scopes(base, positions, keys)
    squares = _squares(base.squares_by_asset, scopes, keys)
    return Commitments(
        positions=positions,
        whole=_over(base.whole, base, positions, keys),
        scopes=scopes,
        squares_by_asset=squares,
        # Summed anew: what is taken away from a sum of squares leaves their rounding behind.
        squares=sum(squares.values()),
        cash_high=base.cash_high + _cash_moved(before, after, moved),
        day_ahead=_outlook(base.day_ahead, positions, after, moved),
        hour_ahead=_outlook(base.hour_ahead, positions, after, moved),
        stress=_stress(base.stress, base.positions, after, moved),
    )


def _cash_moved(before: Snapshot, after: Snapshot, moved: Moved) -> float:
    sold = sum(min(0.0, change) for _, change in moved.added)
    kept = sum(min(0.0, change) for _, change in moved.gone)
    return after.ledger.cash - before.ledger.cash - sold + kept


def _held(before: Snapshot, after: Snapshot) -> dict[PositionKey, float]:
    was, now = before.ledger.positions, after.ledger.positions
    if was is now:
        return {}
    return {
        key: value_of(after, now[key]) if key in now else 0.0
        for key in was.keys() | now.keys()
        if was.get(key) != now.get(key)
    }


def _valued(snapshot: Snapshot, pending: Iterable[Pending]) -> tuple[Change, ...]:
    return tuple((each, value_of_pending(snapshot, each)) for each in pending)


def _is_known(base: Commitments, after: Snapshot, moved: Moved) -> bool:
    """Whether everything is measured, and was; what is not is seldom, and measured anew."""
    models = (base.day_ahead.model, base.hour_ahead.model)
    if None in models or base.stress is None:
        return False
    assets = {key.asset for key in moved.keys}
    return all(after.shocks.column(asset) is not None for asset in assets) and all(
        model is not None and model.column(asset) is not None
        for model in models
        for asset in assets
    )


# --- exposure ------------------------------------------------------------------------------


def _positions(
    base: Mapping[PositionKey, Reach],
    after: Snapshot,
    moved: Moved,
    keys: Iterable[PositionKey],
) -> dict[PositionKey, Reach]:
    positions = dict(base)
    if not moved.gone and not moved.held:
        for pending, change in moved.added:
            positions[pending.key] = positions.get(pending.key, Reach()).plus(change)
        return positions
    # What is taken away from a sum leaves its rounding behind: added up anew.
    for key in keys:
        before = positions.pop(key, Reach())
        if key in after.ledger.positions:
            positions[key] = Reach(held=moved.held.get(key, before.held))
    for each in after.pending:
        if each.key in keys:
            reach = positions.get(each.key, Reach())
            positions[each.key] = reach.plus(value_of_pending(after, each))
    return positions


def _over(
    reach: ScopeReach,
    base: Commitments,
    positions: Mapping[PositionKey, Reach],
    keys: Iterable[PositionKey],
) -> ScopeReach:
    """How far a scope may go that contains all these positions, and perhaps others."""
    was = together(base.positions[key] for key in keys if key in base.positions)
    now = together(positions[key] for key in keys if key in positions)
    count = reach.positions - was.positions + now.positions
    if count == now.positions:
        return now
    return ScopeReach(
        gross=reach.gross - was.gross + now.gross,
        held=reach.held - was.held + now.held,
        buys=reach.buys - was.buys + now.buys,
        sells=reach.sells - was.sells + now.sells,
        positions=count,
    )


def _scopes(
    base: Commitments,
    positions: Mapping[PositionKey, Reach],
    keys: Iterable[PositionKey],
) -> dict[Scope, ScopeReach]:
    touched: dict[Scope, list[PositionKey]] = {}
    for key in keys:
        for scope in scopes_of(key):
            touched.setdefault(scope, []).append(key)
    scopes = dict(base.scopes)
    for scope, its_keys in touched.items():
        found = _over(base.reach(scope), base, positions, its_keys)
        if found.positions:
            scopes[scope] = found
        else:
            scopes.pop(scope, None)
    return scopes


def _squares(
    base: Mapping[Scope, float], scopes: Mapping[Scope, ScopeReach], keys: Iterable[PositionKey]
) -> dict[Scope, float]:
    squares = dict(base)
    for key in keys:
        asset = Scope(ScopeKind.ASSET, key.asset)
        if asset in scopes:
            squares[asset] = scopes[asset].worst_net ** 2
        else:
            squares.pop(asset, None)
    return squares


# --- scenarios -----------------------------------------------------------------------------


def _outlook(
    base: Outlook, positions: Mapping[PositionKey, Reach], after: Snapshot, moved: Moved
) -> Outlook:
    model = base.model
    assert model is not None, "the book was measured"
    if not moved.held and book_model(model.spec.method).monotone:
        return base.after(moved.added, moved.gone)
    horizon = base.horizon
    assert horizon is not None, "the book was measured"
    if not moved.held:
        return Outlook(_with_orders(horizon, moved))
    return Outlook(_traded(horizon, positions, after, moved))


def _traded(
    base: Horizon, positions: Mapping[PositionKey, Reach], after: Snapshot, moved: Moved
) -> Horizon | None:
    """The horizon of a book in which something else is held."""
    model = base.model
    net: dict[str, float] = {}
    for key, reach in positions.items():
        net[key.asset] = net.get(key.asset, 0.0) + reach.held
    weights = weights_of(model, net)
    held = None if weights is None else book_tail(model, weights)
    if weights is None or held is None or model.scenarios is None:
        return None
    reads = book_model(model.spec.method).reads
    now = over_scenarios(model.scenarios, reads, lambda returns: returns @ weights)
    traded = _minus(now, base.now)
    rebased = replace(
        base,
        held=held,
        now=now,
        worst=base.worst.plus(traded),
        filled=base.filled.plus(traded),
        raising=None,
    )
    changes = [(each, value_of_pending(after, each)) for each in after.pending]
    moved_on = _with_orders(rebased, moved)
    return replace(moved_on, raising=raising_orders(model, held, now, changes))


def _with_orders(base: Horizon, moved: Moved) -> Horizon:
    found = base
    for pending, change in moved.gone:
        found = _without(found, pending.key.asset, change)
    for pending, change in moved.added:
        with_more = found.plus(pending.key.asset, change)
        assert with_more is not None, "the model knows the asset"
        found = with_more
    return found


def _without(horizon: Horizon, asset: str, change: float) -> Horizon:
    taken = project_one(horizon.model, asset, change)
    assert taken is not None, "the model knows the asset"
    raising = horizon.raising
    if raising is not None and raises(horizon.model, horizon.held, horizon.now.plus(taken)):
        raising = _minus(raising, taken)
    return Horizon(
        model=horizon.model,
        held=horizon.held,
        now=horizon.now,
        worst=_minus(horizon.worst, taken.losses_only()),
        filled=_minus(horizon.filled, taken),
        raising=raising,
    )


def _minus(whole: BookVectors, part: BookVectors) -> BookVectors:
    if whole.filtered is whole.raw and part.filtered is part.raw:
        rest = whole.filtered - part.filtered
        return BookVectors(rest, rest)
    return BookVectors(whole.filtered - part.filtered, whole.raw - part.raw)


def _stress(
    base: FloatArray | None,
    held_before: Mapping[PositionKey, Reach],
    after: Snapshot,
    moved: Moved,
) -> FloatArray | None:
    profit = base
    for pending, change in moved.gone:
        less = stress.losing_with(after.shocks, pending.key.asset, change)
        profit = None if profit is None else profit - less
    for pending, change in moved.added:
        profit = stress.with_pending(profit, after.shocks, pending.key.asset, change)
    if not moved.held:
        return profit
    traded: dict[str, float] = {}
    for key, value in moved.held.items():
        before = held_before.get(key, Reach()).held
        traded[key.asset] = traded.get(key.asset, 0.0) + value - before
    more = stress.profits(after.shocks, traded)
    return None if profit is None or more is None else profit + more
