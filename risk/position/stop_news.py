"""What is told of stops: where they moved, what they ask for, and what is late."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from risk.domain.events import ReductionRequested, Severity, StopEscalated, StopLossUpdate
from risk.domain.positions import Position, PositionKey
from risk.domain.stops import StopPlan, StopRequest, StopState


class Change(NamedTuple):
    """One position's stops over one step.

    Attributes
    ----------
    key : PositionKey
    before : StopState or None
        None for a position that is new.
    after : StopState
    """

    key: PositionKey
    before: StopState | None
    after: StopState

    @property
    def known(self) -> StopRequest | None:
        """What was asked for before the step."""
        return None if self.before is None else self.before.reduction

    @property
    def asked(self) -> StopRequest | None:
        """What the step asks for that nobody asked for before; None if nothing."""
        asked, known = self.after.reduction, self.known
        return None if asked and known and known.id == asked.id else asked


def taken_away(
    before: Mapping[PositionKey, StopState],
    kept: Mapping[PositionKey, StopState],
    planned: Mapping[PositionKey, StopPlan],
    positions: Mapping[PositionKey, Position],
    stamp: Mapping[str, Any],
) -> Iterator[StopLossUpdate]:
    """Stops that stand no more."""
    for key in sorted(before.keys() - kept.keys()):
        price = before[key].price
        if price is None:
            continue
        lost_plan = key in positions and key not in planned
        why = "no plan applies any more" if lost_plan else "the position was closed"
        yield _update(key, None, price, 0.0, f"taken away: {why}", stamp)


def moves(changes: Iterable[Change], stamp: Mapping[str, Any]) -> Iterator[StopLossUpdate]:
    """Stops that were set or moved, or whose quantity is another one."""
    for key, before, after in changes:
        previous = None if before is None else before.price
        if after.price is None or after.reason is None:
            continue
        if after.price != previous:
            why = f"{'set' if previous is None else 'moved'} by the {after.reason.words}"
        elif before is not None and after.quantity != before.quantity:
            why = "resized to what is held"
        else:
            continue
        yield _update(key, after.price, previous, after.quantity, why, stamp)


def _update(
    key: PositionKey,
    price: float | None,
    previous: float | None,
    quantity: float,
    reason: str,
    stamp: Mapping[str, Any],
) -> StopLossUpdate:
    return StopLossUpdate(
        **stamp,
        **key._asdict(),
        stop_price=price,
        previous_price=previous,
        quantity=quantity,
        reason=reason,
    )


def requests(changes: Iterable[Change], stamp: Mapping[str, Any]) -> Iterator[ReductionRequested]:
    """What is asked for, again where the target is another one now."""
    for change in changes:
        asked, known = change.after.reduction, change.known
        if asked is None or (known and (known.id, known.target) == (asked.id, asked.target)):
            continue
        yield ReductionRequested(
            **stamp,
            **change.key._asdict(),
            target_quantity=asked.target,
            reason=_in_words(asked, change.after),
            deadline=asked.deadline,
            id=asked.id,
        )


def escalations(changes: Iterable[Change], stamp: Mapping[str, Any]) -> Iterator[StopEscalated]:
    """What is late, and was not told in the step before."""
    for change in changes:
        asked, known = change.after.reduction, change.known
        told = 0 if known is None else known.escalations
        if asked is None or asked.escalations <= told:
            continue
        yield StopEscalated(
            **stamp,
            **change.key._asdict(),
            request=asked.id,
            quantity=change.after.quantity,
            target_quantity=asked.target,
            reason=_in_words(asked, change.after),
            deadline=asked.deadline,
            times=asked.escalations,
            severity=Severity.CRITICAL,
        )


def _in_words(asked: StopRequest, state: StopState) -> str:
    at_price = "" if asked.price is None else f" at a mark of {asked.price:,.6g}"
    if asked.reason is state.reason and state.price is not None:
        return f"{asked.reason.words} of {state.price:,.6g} reached{at_price}"
    return f"{asked.reason.words}{at_price}"
