"""De-risking: which sizes and positions are to be smaller, asked for once and until it is done.

The drawdown ladder and the limits' soft thresholds each yield factors. Per position the strictest
one rules and none is multiplied with another: they answer the same storm, and three halves would
leave an eighth. Here nobody trades: an `Executor`, or an agent, does.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from risk.domain.assessment import Assessment
from risk.domain.events import ReductionLate, ReductionRequested, RiskEvent
from risk.domain.limits import LimitState
from risk.domain.policy import Instrument, Policy, Rung
from risk.domain.positions import PositionKey
from risk.domain.reductions import FULL_SIZE, Cut, Reduction, Sizing
from risk.domain.scopes import Scope
from risk.domain.snapshot import Snapshot
from risk.domain.state import Performance, RiskState
from risk.limits.clusters import clusters_of
from risk.limits.softening import soft_cuts
from risk.portfolio.committed import enclosing

#: How much smaller than where a rung begins the drawdown must be before the rung is left.
LADDER_MARGIN = 0.01
#: The least part of a position that is worth a request, or a stricter one.
LEAST_CUT = 0.01

#: Signed units.
Quantities = Mapping[PositionKey, float]

_NO_INSTRUMENT = Instrument()


class DeRisked(NamedTuple):
    """What one step asks to be smaller.

    Attributes
    ----------
    sizing : Sizing
    full_sizes : mapping of PositionKey to float
        What each position would be without the ladder, signed units.
    reductions : mapping of PositionKey to Reduction
        Those that are not met yet.
    events : tuple of RiskEvent
    """

    sizing: Sizing
    full_sizes: Quantities
    reductions: Mapping[PositionKey, Reduction]
    events: tuple[RiskEvent, ...]


NOTHING_ASKED = DeRisked(FULL_SIZE, {}, {}, ())


def derisk(
    state: RiskState,
    snapshot: Snapshot,
    assessment: Assessment,
    *,
    policy: Policy | None,
    limits: Mapping[str, LimitState],
    performance: Performance | None,
    flattened: Iterable[tuple[Scope, str]] = (),
) -> DeRisked:
    """What is asked to be smaller now. Pure.

    Parameters
    ----------
    state : RiskState
        After the last step.
    snapshot : Snapshot
    assessment : Assessment
        Of the snapshot.
    policy : Policy or None
        In force now; without one nothing may be traded, and nothing is asked for.
    limits : mapping of name to LimitState
        Now, measured of the book as it is held.
    performance : Performance or None
        Now.
    flattened : iterable of (Scope, str)
        Parts of the book that are to be closed, and why.
    """
    if policy is None:
        return NOTHING_ASKED
    sizing = ladder_size(policy, performance, state.sizing)
    held = {key: position.quantity for key, position in snapshot.ledger.positions.items()}
    full = full_sizes(state, held)
    cuts = [
        *_closed(held, state.portfolio, policy, tuple(flattened)),
        *_ladder_cuts(held, full, sizing),
        *_soft_cuts(policy, limits, snapshot, assessment),
    ]
    reductions, events = next_reductions(state, snapshot, policy, cuts)
    return DeRisked(sizing, full, reductions, events)


def _closed(
    held: Quantities, portfolio: str, policy: Policy, flattened: Sequence[tuple[Scope, str]]
) -> Iterator[tuple[PositionKey, Cut]]:
    for key in held:
        scopes = enclosing(key, portfolio, policy)
        for scope, cause in flattened:
            if scope in scopes:
                yield key, Cut(0.0, f"close {scope.label}: {cause}")


def _soft_cuts(
    policy: Policy, limits: Mapping[str, LimitState], snapshot: Snapshot, assessment: Assessment
) -> Iterator[tuple[PositionKey, Cut]]:
    values = {measures.key: measures.exposure for measures in assessment.positions}
    clusters = clusters_of(snapshot.models.day, policy.cluster_correlation)
    return soft_cuts(policy, limits, values, clusters)


# --- the drawdown ladder -------------------------------------------------------------------


def ladder_size(policy: Policy, performance: Performance | None, before: Sizing) -> Sizing:
    """What new sizes are multiplied by at the book's drawdown from its 90-day high.

    A rung is entered at its drawdown and left once the drawdown is ``LADDER_MARGIN`` smaller, or
    half of it where the rung lies nearer to the high than that.

    Parameters
    ----------
    policy : Policy
        Its ladder falls as drawdown rises.
    performance : Performance or None
        While nothing is known of it, sizes stay as they were.
    before : Sizing
        After the last step.
    """
    if performance is None:
        return before
    drawdown = performance.recent_drawdown
    reached = [r for r in policy.derisking.ladder if drawdown >= _holds_from(r, before)]
    if not reached:
        return FULL_SIZE
    rung = reached[-1]
    under = f"book is {100.0 * drawdown:.1f} % under its 90-day high"
    return Sizing(rung.size, f"{under}: sizes × {rung.size:g} from {100.0 * rung.drawdown:g} % on")


def _holds_from(rung: Rung, before: Sizing) -> float:
    stood_there = before.factor <= rung.size
    return max(rung.drawdown - LADDER_MARGIN, rung.drawdown / 2.0) if stood_there else rung.drawdown


def full_sizes(state: RiskState, held: Quantities) -> dict[PositionKey, float]:
    """What each position would be without the ladder, signed units.

    So that the ladder's factor is taken of the same quantity whatever else has made the position
    smaller meanwhile. What an owner adds beyond what the ladder left him was sized by the factor
    then in force, and counts in full; what he takes away lowers it in proportion; what we asked
    him to take away does not.

    Parameters
    ----------
    state : RiskState
        After the last step.
    held : mapping of PositionKey to float
        Signed units now.
    """
    return {key: _full_size(state, key, quantity) for key, quantity in held.items()}


def _full_size(state: RiskState, key: PositionKey, quantity: float) -> float:
    # At a size of nothing no order was sized: what came all the same counts as it is.
    scale = state.sizing.factor or 1.0
    before, full = state.positions_told.get(key, 0.0), state.full_sizes.get(key)
    if full is None or before * quantity <= 0.0:
        return quantity / scale
    if abs(quantity) >= abs(before):
        left = max(abs(before), scale * abs(full))
        return full + math.copysign(max(0.0, abs(quantity) - left) / scale, full)
    return full if key in state.reductions else full * quantity / before


def _ladder_cuts(
    held: Quantities, full: Quantities, sizing: Sizing
) -> Iterator[tuple[PositionKey, Cut]]:
    for key, quantity in held.items():
        yield key, Cut(min(1.0, sizing.factor * full[key] / quantity), sizing.cause)


# --- requests ------------------------------------------------------------------------------


def next_reductions(
    state: RiskState,
    snapshot: Snapshot,
    policy: Policy,
    cuts: Iterable[tuple[PositionKey, Cut]],
) -> tuple[dict[PositionKey, Reduction], tuple[RiskEvent, ...]]:
    """Requests that are open after what the rules want now, and what is told of them.

    A request stays until its position is at or below the target, also when no rule asks for it
    any more. Only a stricter one takes its place, and that does not give more time.

    Parameters
    ----------
    state : RiskState
        After the last step.
    snapshot : Snapshot
    policy : Policy
    cuts : iterable of (PositionKey, Cut)
        Of every rule; those of positions that are not held do not matter.

    Returns
    -------
    tuple of dict and tuple
        The requests by position; a `ReductionRequested` for each new or stricter one, and a
        `ReductionLate` for each whose deadline has passed, once.
    """
    strictest = strictest_of(cuts)
    reductions: dict[PositionKey, Reduction] = {}
    events: list[RiskEvent] = []
    for number, (key, position) in enumerate(sorted(snapshot.ledger.positions.items()), start=1):
        quantity = position.quantity
        asked = _still_open(state, key, quantity)
        least = policy.instruments.get(key.asset, _NO_INSTRUMENT).least
        cut = _worth_asking(strictest.get(key), quantity, asked, least)
        if cut is not None:
            within = timedelta(minutes=policy.derisking.deadline_minutes)
            asked = Reduction(
                id=f"{snapshot.id}-{number}",
                key=key,
                target_quantity=quantity * cut.factor,
                reason=cut.reason,
                deadline=snapshot.at + within if asked is None else asked.deadline,
                requested_at=snapshot.at,
                late=asked is not None and asked.late,
            )
            events.append(_requested(asked, snapshot))
        if asked is not None and not asked.late and snapshot.at > asked.deadline:
            asked = asked._replace(late=True)
            events.append(_late(asked, quantity, snapshot))
        if asked is not None:
            reductions[key] = asked
    return reductions, tuple(events)


def strictest_of(cuts: Iterable[tuple[PositionKey, Cut]]) -> dict[PositionKey, Cut]:
    """The cut with the smallest factor of each position; of equal ones the first."""
    found: dict[PositionKey, Cut] = {}
    for key, cut in cuts:
        if key not in found or cut.factor < found[key].factor:
            found[key] = cut
    return found


def _still_open(state: RiskState, key: PositionKey, quantity: float) -> Reduction | None:
    """What was asked of the position and is not met; a position that flipped is another one."""
    asked = state.reductions.get(key)
    flipped = state.positions_told.get(key, quantity) * quantity < 0.0
    return None if asked is None or flipped or not asked.surplus(quantity) else asked


def _worth_asking(
    cut: Cut | None, quantity: float, asked: Reduction | None, least: float
) -> Cut | None:
    """`cut` if it takes away enough more than what is asked for already."""
    if cut is None:
        return None
    present = abs(quantity if asked is None else asked.target_quantity)
    enough = max(LEAST_CUT * abs(quantity), least)
    return cut if present - abs(quantity) * cut.factor >= enough else None


def _requested(asked: Reduction, snapshot: Snapshot) -> ReductionRequested:
    return ReductionRequested(
        **_about(asked, snapshot), reason=asked.reason, deadline=asked.deadline
    )


def _late(asked: Reduction, quantity: float, snapshot: Snapshot) -> ReductionLate:
    return ReductionLate(
        **_about(asked, snapshot), quantity=quantity, reason=asked.reason, deadline=asked.deadline
    )


def _about(asked: Reduction, snapshot: Snapshot) -> dict[str, Any]:
    return {
        **snapshot.stamp,
        "id": asked.id,
        **asked.key._asdict(),
        "target_quantity": asked.target_quantity,
    }
