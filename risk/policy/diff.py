"""What is different between two policies, field by field, and which way it goes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from risk.domain.breakers import BreakerDefinition
from risk.domain.limits import LimitDefinition, TemporaryLimit
from risk.domain.policy import Instrument, Policy
from risk.domain.proposals import Direction
from risk.domain.trading import TradingState
from risk.limits.rulebook import EXPOSURE_KINDS
from risk.policy.stops import told
from risk.policy.thresholds import compared


class Way(StrEnum):
    """What a difference does to the room that is left for trading."""

    TIGHTER = "tighter"
    LOOSER = "looser"
    BOTH = "tighter and looser"
    NEITHER = "neither"

    @property
    def told(self) -> str:
        """As the end of a line; nothing where it cannot be said."""
        return "" if self is Way.NEITHER else f" ({self.value})"


class What(StrEnum):
    """What became of an entry."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class FieldChange(NamedTuple):
    """One field with another value.

    Attributes
    ----------
    field : str
    old, new : str
        As told to people; empty where there was or is none.
    way : Way
    """

    field: str
    old: str
    new: str
    way: Way


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry of a policy that is new, gone, or not what it was.

    Attributes
    ----------
    part : str
        Such as ``limit`` or ``instrument``.
    name : str
        Of the entry; empty in a part that has one only.
    what : What
    fields : tuple of FieldChange
        What is not the same.
    way : Way
    """

    part: str
    name: str
    what: What
    fields: tuple[FieldChange, ...]
    way: Way

    def __str__(self) -> str:
        """One line."""
        entry = f"{self.part} {self.name}".strip()
        if self.what is What.REMOVED:
            return f"{entry}: removed{self.way.told}"
        if self.what is What.ADDED:
            told = ", ".join(f"{each.field} {each.new}" for each in self.fields if each.new)
            return f"{entry}: added{self.way.told}{told and f', {told}'}"
        told = ", ".join(
            f"{each.field} {each.old or 'none'} -> {each.new or 'none'}{each.way.told}"
            for each in self.fields
        )
        return f"{entry}: {told}"


def diff(old: Policy | None, new: Policy) -> tuple[Difference, ...]:
    """What `new` would change.

    Versions, and who adopted what, are not compared: they follow from adopting.

    Parameters
    ----------
    old : Policy or None
        None where there was none: nothing might be traded.
    new : Policy

    Returns
    -------
    tuple of Difference
        Part by part, in the order of the policies; what is gone comes last.
    """
    # What an empty policy says of dynamics and the like was never said.
    before = {} if old is None else _entries(old)
    after = _entries(new)
    keys = [*after, *(key for key in before if key not in after)]
    pairs = ((key, before.get(key), after.get(key)) for key in keys)
    found = (_difference(*pair, old or Policy(), new) for pair in pairs)
    return tuple(difference for difference in found if difference is not None)


def counted(differences: Iterable[Difference]) -> str:
    """How many differences go which way, as one line."""
    ways = [difference.way for difference in differences]
    told = [f"{ways.count(way)} {way.value}" for way in Way if way in ways]
    return ", ".join(told) or "no difference"


# --- a policy as flat entries --------------------------------------------------------------

Key = tuple[str, str]
Entry = Mapping[str, Any]

#: The part of temporary limits.
LENT = "temporary limit"

#: Fields of which less is tighter, by part.
_LESS_IS_TIGHTER: Mapping[str, frozenset[str]] = {
    "limit": frozenset({"hard", "soft"}),
    LENT: frozenset({"hard", "soft"}),
    "dynamics": frozenset(
        {
            "floor",
            "cap",
            "drawdown_from",
            "drawdown_to",
            "performance_least",
            "loosen_per_day",
        }
    ),
    "regime pack": frozenset({"calm", "normal", "stressed"}),
    "derisking": frozenset({"release", "deadline_minutes"}),
    "ladder": frozenset({"size"}),
    "clusters": frozenset({"cluster_correlation"}),
    "breaker": frozenset({"trip", "release", "size", "confirm"}),
}
#: Fields of which more is tighter, by part. Of those in neither it cannot be said.
_MORE_IS_TIGHTER: Mapping[str, frozenset[str]] = {
    "breaker": frozenset(
        {
            "state",
            "flatten",
            "enabled",
            "of",
            "least_hours",
            "greatest_hours",
            "probation_hours",
        }
    ),
}
#: What is told of a new entry even where it is not so.
_TOLD_IF_FALSE = frozenset({"enabled"})


def _entries(policy: Policy) -> dict[Key, Entry]:
    dynamics, derisking = policy.dynamics, policy.derisking
    return {
        **{("instrument", name): _steps(one) for name, one in policy.instruments.items()},
        **{("strategy", name): {"type": kind} for name, kind in policy.strategies.items()},
        **{("limit", limit.name): _limit(limit) for limit in policy.limits},
        **{("breaker", breaker.name): _breaker(breaker) for breaker in policy.breakers},
        **{(LENT, _name(one)): _fields(one, "limit", "starts", "by") for one in policy.temporary},
        ("dynamics", ""): _fields(dynamics, "packs"),
        **{("regime pack", kind): _fields(pack) for kind, pack in dynamics.packs.items()},
        ("derisking", ""): _fields(derisking, "ladder"),
        **{("ladder", f"at {rung.drawdown:g}"): {"size": rung.size} for rung in derisking.ladder},
        **{("stops of", strategy): dict(told(plan)) for strategy, plan in policy.stops.items()},
        ("clusters", ""): {"cluster_correlation": policy.cluster_correlation},
        ("liquidation", ""): {"maintenance_margin": policy.maintenance_margin},
    }


def _limit(limit: LimitDefinition) -> Entry:
    return _defined(limit)


def _breaker(breaker: BreakerDefinition) -> Entry:
    entry = _defined(breaker)
    # A size is that of those that throttle alone.
    throttles = breaker.state is TradingState.THROTTLED
    return entry if throttles else {name: entry[name] for name in entry if name != "size"}


def _defined(definition: LimitDefinition | BreakerDefinition) -> dict[str, Any]:
    first = {
        "kind": definition.kind,
        "scope": tuple(definition.scope),
        **definition.parameters,
    }
    return first | _fields(definition, "name", "kind", "scope", "parameters", "version")


def _steps(instrument: Instrument) -> Entry:
    return {name: step for name, step in _fields(instrument).items() if step}


def _name(temporary: TemporaryLimit) -> str:
    return f"{temporary.limit} from {_told(temporary.starts)}"


def _fields(value: Any, *without: str) -> dict[str, Any]:
    return {
        spec.name: getattr(value, spec.name) for spec in fields(value) if spec.name not in without
    }


# --- one entry -----------------------------------------------------------------------------


def _difference(
    key: Key, before: Entry | None, after: Entry | None, old: Policy, new: Policy
) -> Difference | None:
    part, name = key
    changes = tuple(_changes(part, before or {}, after or {}))
    if before is None:
        assert after is not None, "it is in one of the two"
        return Difference(part, name, What.ADDED, changes, _when_added(key, after, old, new))
    if after is None:
        way = _when_lent(name, old, new) if part == LENT else _when_removed(key, before, old, new)
        return Difference(part, name, What.REMOVED, changes, way)
    if not changes:
        return None
    return Difference(part, name, What.CHANGED, changes, _together(each.way for each in changes))


def _changes(part: str, before: Entry, after: Entry) -> Iterator[FieldChange]:
    # What is switched off before and after imposes nothing, whatever its levels are.
    matters = before.get("enabled", True) or after.get("enabled", True)
    for field in [*after, *(field for field in before if field not in after)]:
        old, new = before.get(field), after.get(field)
        if old != new and (old or new is not False or field in _TOLD_IF_FALSE):
            way = _way(part, field, old, new) if matters else Way.NEITHER
            yield FieldChange(field, _told(old), _told(new), way)


def _way(part: str, field: str, old: Any, new: Any) -> Way:
    if old in (None, new) or new is None:
        return Way.NEITHER
    if part == "breaker" and field in ("kind", "scope"):
        return Way.BOTH  # what it watched is watched no more, and something else is
    if field in _LESS_IS_TIGHTER.get(part, ()):
        return Way.TIGHTER if new < old else Way.LOOSER
    if field in _MORE_IS_TIGHTER.get(part, ()):
        return Way.TIGHTER if new > old else Way.LOOSER
    return Way.NEITHER


def _together(ways: Iterable[Way]) -> Way:
    found = set(ways) - {Way.NEITHER}
    if len(found) > 1:
        return Way.BOTH
    return found.pop() if found else Way.NEITHER


def _when_added(key: Key, entry: Entry, without: Policy, within: Policy) -> Way:
    """What an entry does that `within` has and `without` lacks."""
    part, name = key
    if part in ("instrument", "strategy"):
        return Way.LOOSER
    if part == "ladder":
        return Way.TIGHTER
    if part == "breaker":
        return Way.TIGHTER if entry["enabled"] else Way.NEITHER
    if part == "limit":
        return Way.LOOSER if _opens(entry, without) else Way.TIGHTER
    return _when_lent(name, without, within) if part == LENT else Way.NEITHER


def _when_removed(key: Key, entry: Entry, old: Policy, new: Policy) -> Way:
    part, _ = key
    if part == "strategy" and entry["type"] in new.strategies.values():
        return Way.NEITHER  # others of its type may get its room
    if part == "limit" and _opens(entry, new):
        return Way.NEITHER  # without it nothing may be held there at all, unless others allow it
    return _OPPOSITE[_when_added(key, entry, new, old)]


def _when_lent(name: str, old: Policy, new: Policy) -> Way:
    """As the limit's thresholds go, whatever moves them; of what may go both ways nothing."""
    lent = (each.limit for side in (old, new) for each in side.temporary if _name(each) == name)
    limit = next(lent)
    if old.limit(limit) is None or new.limit(limit) is None:
        return Way.NEITHER
    if compared(limit, old, new) is Direction.TIGHTENS:
        return Way.TIGHTER
    loosens = compared(limit, new, old) is Direction.TIGHTENS
    return Way.LOOSER if loosens else Way.NEITHER


def _opens(entry: Entry, without: Policy) -> bool:
    """Whether a limit is the first on its scope's exposure, which was zero without it."""
    limited = {tuple(each.scope) for each in without.limits if each.kind in EXPOSURE_KINDS}
    return entry["kind"] in EXPOSURE_KINDS and entry["scope"] not in limited


_OPPOSITE: Mapping[Way, Way] = {
    Way.TIGHTER: Way.LOOSER,
    Way.LOOSER: Way.TIGHTER,
    Way.NEITHER: Way.NEITHER,
}


def _told(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, TradingState):
        return value.name.lower()
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
