"""What commands tell of breakers, and of what people command of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from shlex import quote

from risk.breakers.board import OnBoard
from risk.breakers.overriding import in_words, is_disabled
from risk.breakers.types import BREAKER_TYPES, breaker_of
from risk.breakers.words import figure_in_words, what_works
from risk.domain.breakers import BreakerDefinition, BreakerUnit, Phase
from risk.domain.events import ActionRefused
from risk.domain.overrides import Override, OverrideKind
from risk.domain.trading import TradingState
from risk.storage.breakers import BreakerStanding

HEADINGS = (
    "breaker",
    "kind",
    "scope",
    "state",
    "value",
    "trip",
    "reached",
    "since",
    "until",
    "asked",
)


def after_release(one: OnBoard) -> str:
    """What a release will do."""
    definition = one.definition
    if one.imposed is None:
        return (
            f"{definition.name} is switched off: only its record steps on, with the engine's next "
            "cycle."
        )
    first, *others = dict.fromkeys(definition.ramp)
    rung = definition.rung_lasts / timedelta(hours=1)
    return (
        f"{definition.name} goes into probation with the engine's next cycle: new risk in "
        f"{definition.scope.label} at {first:.0%} of size first, then "
        f"{' and '.join(f'{size:.0%}' for size in others)}, {rung:.3g} h a step. "
        "A new trip meanwhile takes that back, and doubles the pause. Whatever else holds that "
        "scope goes on holding it."
    )


def document_of(one: OnBoard, standing: BreakerStanding) -> dict[str, object]:
    """One of a list, for programs."""
    definition, state, episode = one.definition, one.state, one.episode
    waiting = standing.release_of(one)
    return {
        "name": definition.name,
        "kind": definition.kind,
        "scope": definition.scope.label,
        "enabled": definition.enabled,
        "phase": one.phase.value,
        "state": _word(one),
        "trading_state": one.trading_state.name,
        "size": one.size,
        "unit": BREAKER_TYPES[definition.kind].unit.value,
        "value": one.value,
        "trip": one.trip,
        "release": definition.release,
        "used": one.used,
        "distance": None if one.value is None else one.trip - one.value,
        "since": None if state is None else iso(state.since),
        "until": None if state is None else iso(state.until),
        "episode": None if episode is None else episode.id,
        "cause": one.cause or None,
        "asked_at": None if episode is None else iso(episode.asked_at),
        "asked": _asked(one) or None,
        "release_waits": waiting is not None,
        "override": None if one.override is None else _override_document(one.override),
        "override_waits": standing.override_of(one) is not None,
    }


def _override_document(on: Override) -> dict[str, object]:
    return {
        "kind": on.kind.value,
        "by": on.by,
        "reason": on.reason,
        "since": iso(on.since),
        "expires": iso(on.expires),
        "action": on.action,
        "size": on.size,
    }


def whole_document_of(
    one: OnBoard, standing: BreakerStanding, refused: ActionRefused | None
) -> dict[str, object]:
    """One by itself, for programs."""
    definition, episode = one.definition, one.episode
    return {
        **document_of(one, standing),
        "rule": breaker_of(definition).rule,
        "imposes": definition.state.name,
        "least_hours": definition.least_hours,
        "greatest_hours": definition.greatest_hours,
        "probation_hours": definition.probation_hours,
        "confirm": definition.confirm,
        "of": definition.of,
        "flatten": definition.flatten,
        "owner": definition.owner,
        "rationale": definition.rationale,
        "version": definition.version,
        "worst": None if episode is None else episode.worst,
        "retrips": None if episode is None else episode.retrips,
        "tripped_at": None if episode is None else iso(episode.tripped_at),
        "refused": None
        if refused is None
        else {"at": iso(refused.at), "by": refused.by, "reason": refused.reason},
    }


def row_of(one: OnBoard, standing: BreakerStanding) -> tuple[object, ...]:
    """One of a list, for people."""
    definition, state = one.definition, one.state
    return (
        definition.name,
        definition.kind,
        definition.scope.label,
        ", ".join(_stands(one, standing)),
        "not measured" if one.value is None else _shown(definition, one.value),
        _shown(definition, one.trip),
        "" if one.used is None else f"{one.used:.0%}",
        None if state is None else iso(state.since),
        None if state is None else iso(state.until),
        _asked(one),
    )


def lines_of(
    portfolio: str, one: OnBoard, standing: BreakerStanding, refused: ActionRefused | None
) -> list[tuple[str, str]]:
    """One by itself, for people: a word and what is told under it, maybe nothing."""
    definition, state, episode = one.definition, one.state, one.episode
    return [
        ("Breaker", f"{definition.name} ({definition.kind}) on {definition.scope.label}"),
        ("State", _word(one)),
        ("Since", "" if state is None else iso(state.since) or ""),
        ("Until", "" if state is None else iso(state.until) or ""),
        ("Cause", one.cause),
        ("Override", _override(portfolio, one, standing)),
        ("Measured", _measured(one)),
        ("Rule", breaker_of(definition).rule),
        ("Levels", _levels(one)),
        ("Pause", _pause(definition)),
        ("What works", "" if one.imposed is None else what_works(one.trading_state, one.size)),
        ("Episode", "" if episode is None else episode.id),
        ("Asked", _asked(one)),
        ("Way back", _way_back(portfolio, one, standing)),
        (
            "Refused",
            "" if refused is None else f"{refused.by} at {iso(refused.at)}: {refused.reason}",
        ),
        ("Owner", definition.owner),
        ("Rationale", definition.rationale),
    ]


def _measured(one: OnBoard) -> str:
    if one.value is None:
        return "not yet"
    return f"{_shown(one.definition, one.value)}, {one.used:.0%} of the trip level"


def _levels(one: OnBoard) -> str:
    definition = one.definition
    unit = BREAKER_TYPES[definition.kind].unit
    counted = "" if unit is BreakerUnit.FRACTION else f" ({unit.value})"
    return (
        f"trips above {_shown(definition, one.trip)}, may be left at "
        f"{_shown(definition, definition.release)}{counted}"
    )


def _pause(definition: BreakerDefinition) -> str:
    return (
        f"{definition.least_hours:g} to {definition.greatest_hours:g} h, then "
        f"{definition.probation_hours:g} h of re-opening"
    )


def _way_back(portfolio: str, one: OnBoard, standing: BreakerStanding) -> str:
    """What a person can do, or what happens by itself."""
    waiting = standing.release_of(one)
    if waiting is not None:
        return f"let go by {waiting.who}, which waits for the engine"
    if one.phase is Phase.ARMED:
        return ""
    if one.phase is Phase.PROBATION:
        return "re-opens by itself, step by step"
    release = f"{command_line('release', portfolio, one.definition.name)} --reason TEXT"
    until = None if one.state is None else one.state.until
    if until is None or standing.at is None or standing.at >= until:
        return release
    return f"{release}, from {iso(until)} on: its pause is not over"


def _override(portfolio: str, one: OnBoard, standing: BreakerStanding) -> str:
    """What a person commands of it, or asked for that waits."""
    waits, on, name = standing.override_of(one), one.override, one.definition.name
    if waits is not None:
        return f"{_verb(waits.kind)} by {waits.who}, which waits for the engine"
    if on is None:
        return ""
    ends = f"{command_line('override', portfolio, name)} end --reason TEXT"
    return f"{in_words(on)} by {on.by} (number {on.action}): {on.reason}. `{ends}` ends it"


def command_line(verb: str, portfolio: str, name: str) -> str:
    """The command that does something with a breaker."""
    return f"seawall breakers {verb} {quote(name)} --portfolio {quote(portfolio)}"


def _stands(one: OnBoard, standing: BreakerStanding) -> Iterator[str]:
    """Where it stands, what a person commands of it, and what waits for the engine."""
    yield _word(one)
    if one.override is not None and one.override.kind is not OverrideKind.DISABLE:
        yield f"{in_words(one.override)} by {one.override.by}"
    if standing.release_of(one) is not None:
        yield "its release waits for the engine"
    waits = standing.override_of(one)
    if waits is not None:
        yield f"{_verb(waits.kind)} waits for the engine"


def _verb(kind: OverrideKind) -> str:
    return kind.value.replace("_", " ")


def _word(one: OnBoard) -> str:
    """Where it stands by its rule, as people say it."""
    if one.state is not None and is_disabled(one.state) and one.override is not None:
        would = "" if one.episode is None else ", would have tripped"
        return f"{in_words(one.override)} by {one.override.by}{would}"
    if not one.definition.enabled:
        return "switched off" if one.episode is None else "switched off, would have tripped"
    if one.phase is Phase.ARMED:
        return "not measured yet" if one.value is None else "armed"
    if one.phase is Phase.PROBATION:
        return f"re-opening at {one.size:.0%}"
    if one.imposed is not None and one.imposed.probation:
        return f"tripped: new risk at {one.size:.0%}"
    scaled = f" to {one.size:.0%}" if one.trading_state is TradingState.THROTTLED else ""
    return f"tripped: {one.trading_state.word}{scaled}"


def _asked(one: OnBoard) -> str:
    """Who is asked to look, since a pause has lasted for longer than any should."""
    if one.episode is None or one.episode.asked_at is None:
        return ""
    return f"{one.definition.owner or 'anybody'} since {iso(one.episode.asked_at)}"


def _shown(definition: BreakerDefinition, value: float) -> str:
    return figure_in_words(value, BREAKER_TYPES[definition.kind].unit)


def iso(moment: datetime | None) -> str | None:
    """A time as programs and people read it, to the second."""
    return None if moment is None else moment.isoformat(timespec="seconds")
