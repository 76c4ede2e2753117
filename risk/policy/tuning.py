"""What a change of policy would have meant for the book as it was, as far as that is stored."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, Protocol

from risk.breakers.tuning import BreakerTuning, try_definitions
from risk.domain.breakers import BreakerDefinition
from risk.domain.limits import LimitDefinition, TemporaryLimit
from risk.domain.policy import Policy
from risk.domain.stretches import Stretches
from risk.limits.tuning import Levels, LimitPast, LimitTuning, try_levels
from risk.policy.diff import diff


class Untold(NamedTuple):
    """A part of a change of which stored history says nothing.

    Attributes
    ----------
    entry : str
        What would be different, as a proposal tells it.
    why : str
        Why nothing can be told, as a sentence.
    """

    entry: str
    why: str


class TuningPreview(NamedTuple):
    """What a change would have meant.

    Attributes
    ----------
    since, until : datetime
        The market's time. UTC.
    limits : tuple of LimitTuning
        Of limits whose thresholds would be others.
    breakers : tuple of BreakerTuning
        Of breakers that would be others.
    untold : tuple of Untold
        The rest.
    """

    since: datetime
    until: datetime
    limits: tuple[LimitTuning, ...] = ()
    breakers: tuple[BreakerTuning, ...] = ()
    untold: tuple[Untold, ...] = ()


class Past(Protocol):
    """What is stored of a book's limits and breakers, between two times."""

    def of_limit(self, definition: LimitDefinition) -> LimitPast:
        """How full it was, while it measured what `definition` does."""
        ...

    def of_breaker(self, definition: BreakerDefinition) -> Stretches:
        """What it read, while it measured what `definition` does."""
        ...


def preview(
    before: Policy | None, after: Policy, past: Past, *, since: datetime, until: datetime
) -> TuningPreview:
    """Hold a change against what is stored.

    Parameters
    ----------
    before : Policy or None
        In force.
    after : Policy
        As it would be.
    past : Past
        Between `since` and `until`.
    since, until : datetime
        The market's time; `until` is its now. UTC.
    """
    old = before or Policy()
    limits = tuple(_limits(old, after, past, until))
    breakers = tuple(_breakers(old, after, past))
    told = {("limit", each.limit) for each in limits}
    told |= {("breaker", each.breaker) for each in breakers}
    untold = tuple(_untold(before, after, told))
    return TuningPreview(since, until, limits, breakers, untold)


# --- limits --------------------------------------------------------------------------------


def _limits(old: Policy, new: Policy, past: Past, at: datetime) -> Iterator[LimitTuning]:
    names = [limit.name for limit in new.limits]
    names += [limit.name for limit in old.limits if new.limit(limit.name) is None]
    for name in names:
        was, now = old.limit(name), new.limit(name)
        levels = _levels(old, new, name, at)
        if levels[0] == levels[1] or _measure_apart(was, now):
            continue
        definition = now or was
        assert definition is not None, "it is in one of the two"
        yield try_levels(definition, *levels, past.of_limit(definition))


def _levels(
    old: Policy, new: Policy, name: str, at: datetime
) -> tuple[Levels | None, Levels | None]:
    """The thresholds to try: as defined, or the temporary ones where those are what changes."""
    lent = [[each for each in p.temporary if each.limit == name] for p in (old, new)]
    pairs = zip((old.limit(name), new.limit(name)), lent, strict=True)
    changed = lent[0] != lent[1]
    before, after = (_tried(limit, held if changed else [], at) for limit, held in pairs)
    return before, after


def _tried(
    limit: LimitDefinition | None, temporary: list[TemporaryLimit], at: datetime
) -> Levels | None:
    if limit is None:
        return None
    # The one that is on, or else the next one.
    coming = sorted((each for each in temporary if at < each.expires), key=lambda t: t.starts)
    if coming:
        return Levels(coming[0].hard, coming[0].soft)
    return Levels(limit.hard, limit.soft, limit.dynamic)


# --- breakers ------------------------------------------------------------------------------


def _breakers(old: Policy, new: Policy, past: Past) -> Iterator[BreakerTuning]:
    names = [breaker.name for breaker in new.breakers]
    names += [breaker.name for breaker in old.breakers if new.breaker(breaker.name) is None]
    for name in names:
        was, now = old.breaker(name), new.breaker(name)
        if (was is not None and now is not None and _alike(was, now)) or _measure_apart(was, now):
            continue
        definition = now or was
        assert definition is not None, "it is in one of the two"
        yield try_definitions(was, now, past.of_breaker(definition))


_Definition = LimitDefinition | BreakerDefinition | None


def _measure_apart(was: _Definition, now: _Definition) -> bool:
    """Whether what one has measured says nothing of the other."""
    return was is not None and now is not None and was.measured != now.measured


def _alike(one: BreakerDefinition, other: BreakerDefinition) -> bool:
    """Whether two definitions would do the same."""
    return _acts(one) == _acts(other)


def _acts(breaker: BreakerDefinition) -> BreakerDefinition:
    return replace(breaker, owner="", rationale="", version=1)


# --- what cannot be told -------------------------------------------------------------------

_ANOTHER_MEASURE = "it would measure something else, of which nothing is stored"
_NOTHING_TELLS = "nothing that is stored tells what would have been ordered or done under it"


#: What changes nothing that could be held against the past.
_WORDS = frozenset({"owner", "rationale", "review_by"})


def _untold(before: Policy | None, after: Policy, told: set[tuple[str, str]]) -> Iterator[Untold]:
    for difference in diff(before, after):
        part = difference.part
        if (part, difference.name) in told or part == "temporary limit":
            continue  # a temporary limit is told with its limit
        if part not in ("limit", "breaker"):
            yield Untold(str(difference), _NOTHING_TELLS)
        elif not {each.field for each in difference.fields} <= _WORDS:
            yield Untold(str(difference), _ANOTHER_MEASURE)
