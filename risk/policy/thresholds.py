"""How a limit's thresholds compare under two policies, at every moment that is still to come. Pure.

What is lent stands still; what is not may be moved by performance and regime, so that only the
least and the most of it are known. From how a limit stands now more is known: what moves it falls
at once, and rises no faster than the policy lets it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from risk.domain.limits import LimitDefinition, LimitState, TemporaryLimit
from risk.domain.policy import Policy
from risk.domain.proposals import Direction
from risk.limits.dynamics import greatest_factor, greatest_factor_until

_FIELDS = frozenset({"limit", "hard", "soft", "starts", "expires", "reason", "by"})


class Present(NamedTuple):
    """How a book stands when a change is judged.

    Attributes
    ----------
    at : datetime
        The market's time from which on it matters. UTC.
    limits : mapping of str to LimitState
        By name, of the last cycle.
    """

    at: datetime
    limits: Mapping[str, LimitState]


def compared(name: str, before: Policy, after: Policy, present: Present | None = None) -> Direction:
    """Which way a limit's thresholds go, over all moments together.

    Parameters
    ----------
    name : str
        Of a limit that both policies have.
    before, after : Policy
    present : Present or None
        None where it is not known, or shall not matter: then whatever performance and regime
        could ever make of a limit counts, and moments that are past count too.

    Returns
    -------
    Direction
        TIGHTENS only if proven of every moment; LOOSENS also where nobody can say.
    """
    lent = [[each for each in policy.temporary if each.limit == name] for policy in (before, after)]
    if any(_is_unclassified(each) for side in lent for each in side):
        return Direction.LOOSENS if lent[0] != lent[1] else Direction.NEITHER
    return together(
        _tighter_in(
            _reach(name, before, lent[0], span, present),
            _reach(name, after, lent[1], span, present),
        )
        for span in _spans([*lent[0], *lent[1]], present)
    )


def together(ways: Iterable[Direction]) -> Direction:
    """Which way several go as one: one that loosens makes all of them loosen."""
    found = set(ways)
    return next(
        (way for way in (Direction.LOOSENS, Direction.TIGHTENS) if way in found),
        Direction.NEITHER,
    )


def less(old: float, new: float) -> Direction:
    """Which way a number goes of which less is tighter."""
    if new == old:
        return Direction.NEITHER
    return Direction.TIGHTENS if new < old else Direction.LOOSENS


class _Span(NamedTuple):
    """A stretch in which the same is lent; None where it has no beginning or no end."""

    begins: datetime | None
    ends: datetime | None


class _Reach(NamedTuple):
    """What hard and soft thresholds may be in a stretch of time, from least to most.

    `base` is what performance and regime move; None of a temporary limit, which nothing moves.
    """

    hard: tuple[float, float]
    soft: tuple[float, float]
    base: tuple[float, float] | None = None


def _is_unclassified(lent: TemporaryLimit) -> bool:
    return bool({spec.name for spec in fields(lent)} - _FIELDS)


def _spans(lent: Sequence[TemporaryLimit], present: Present | None) -> list[_Span]:
    """From edge to edge; before the first and after the last nothing is lent."""
    edges = sorted({moment for each in lent for moment in (each.starts, each.expires)})
    bounds: list[datetime | None] = [None, *edges, None]
    spans = [_Span(*pair) for pair in pairwise(bounds)]
    if present is None:
        return spans
    return [span for span in spans if span.ends is None or present.at < span.ends]


def _reach(
    name: str,
    policy: Policy,
    lent: Sequence[TemporaryLimit],
    span: _Span,
    present: Present | None,
) -> _Reach:
    begins = span.begins
    in_force = [each for each in lent if begins is not None and each.in_force(begins)]
    if in_force:
        rules = min(in_force, key=lambda each: (each.hard, each.soft))
        return _Reach((rules.hard, rules.hard), (rules.soft, rules.soft))
    limit = policy.limit(name)
    assert limit is not None, "it is in both"
    least, most = _factors(limit, policy, span.ends, present)
    return _Reach(
        (least * limit.hard, most * limit.hard),
        (least * limit.soft, most * limit.soft),
        (limit.hard, limit.soft),
    )


def _factors(
    limit: LimitDefinition, policy: Policy, ends: datetime | None, present: Present | None
) -> tuple[float, float]:
    """The least and the most that can be made of a limit until then: it may fall at once."""
    if not limit.dynamic:
        return 1.0, 1.0
    stands = None if present is None else present.limits.get(limit.name)
    if stands is None or ends is None:
        return policy.dynamics.floor, greatest_factor(limit, policy)
    return policy.dynamics.floor, greatest_factor_until(ends, limit, policy, stands)


def _tighter_in(old: _Reach, new: _Reach) -> Direction:
    if old.base is not None and new.base is not None:
        # What moves them moves both: see the dynamics.
        return together(less(*pair) for pair in zip(old.base, new.base, strict=True))
    if (old.hard, old.soft) == (new.hard, new.soft):
        return Direction.NEITHER
    proven = new.hard[1] <= old.hard[0] and new.soft[1] <= old.soft[0]
    return Direction.TIGHTENS if proven else Direction.LOOSENS
