"""``seawall breakers``: how each circuit breaker stands, and letting one go after looking at it."""

from datetime import datetime, timedelta
from shlex import quote

import click

from risk.breakers.board import OnBoard
from risk.breakers.types import BREAKER_TYPES, breaker_of
from risk.breakers.words import what_works
from risk.commands.output import as_json, print_json, print_table
from risk.commands.people import book_of, by_whom, for_a_reason, of_portfolio
from risk.commands.store import reading, writing
from risk.domain.breakers import BreakerDefinition, BreakerUnit, Phase
from risk.domain.events import ActionRefused
from risk.domain.trading import TradingState
from risk.engine.clock import wall_time
from risk.storage.breakers import (
    BreakerStanding,
    breaker_standing,
    known_breaker,
    last_refusal,
    refuse_release,
    release_breaker,
)

_HEADINGS = (
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
_NAME = click.argument("name")


@click.group()
def breakers() -> None:
    """Look at what stops trading by itself, and let it go after looking at it.

    docs/breakers.md says how breakers trip, pause and re-open; docs/policy.md how they are set.
    """


@breakers.command("list")
@of_portfolio
@as_json
def list_(portfolio: str | None, as_json: bool) -> None:
    """List all breakers, how far each is from its trip level, and what it holds."""
    name = book_of(portfolio)
    with reading() as connection:
        standing = breaker_standing(connection, name)
    if as_json:
        print_json(
            {
                "portfolio": name,
                "at": _iso(standing.at),
                "policy": standing.policy or None,
                "breakers": [_document(each, standing) for each in standing.breakers],
            }
        )
    elif standing.breakers:
        print_table(_HEADINGS, [_row(each, standing) for each in standing.breakers])
    else:
        click.echo(
            f"No breaker is in force in {name}: only people and limits stop it. "
            "docs/policy.md says how a policy gets some."
        )


@breakers.command()
@_NAME
@of_portfolio
@as_json
def show(name: str, portfolio: str | None, as_json: bool) -> None:
    """Show the breaker called NAME: its rule, its levels, what it holds, and the way back."""
    book = book_of(portfolio)
    with reading() as connection:
        standing = breaker_standing(connection, book)
        one = known_breaker(standing.breakers, name)
        refused = _of_now(one, last_refusal(connection, book, name))
    if as_json:
        print_json(_whole_document(one, standing, refused))
        return
    for word, told in _lines(book, one, standing, refused):
        if told:
            click.echo(f"{word + ':':<13}{told}")


@breakers.command()
@_NAME
@of_portfolio
@for_a_reason
@by_whom
@click.option(
    "--seen", metavar="EPISODE", help="The episode that was seen; asked for unless given."
)
def release(name: str, portfolio: str | None, reason: str, who: str, seen: str | None) -> None:
    """Let the breaker called NAME re-open though it has not eased, once its pause is over.

    Shows how it stands and asks; with --seen it does not ask. It goes into probation and never past
    it: a quarter of the size first. Refused while the pause lasts, or if it tripped again
    meanwhile. What people, limits and other breakers stop stays stopped.
    """
    book = book_of(portfolio)
    with reading() as connection:
        standing = breaker_standing(connection, book)
    one = known_breaker(standing.breakers, name)
    episode = one.episode.id if one.episode is not None else ""
    refuse_release(standing, one, episode if seen is None else seen)
    if seen is None:
        print_table(_HEADINGS, [_row(one, standing)])
        click.echo(f"{one.cause}.")
        click.confirm(f"Let {name} re-open?", abort=True)
    with writing() as connection:
        release_breaker(
            connection,
            book,
            name,
            who=who,
            reason=reason,
            seen=episode if seen is None else seen,
            at=wall_time(),
        )
    click.echo(_what_will_happen(one))
    click.echo(f"`{_command('show', book, name)}` says what came of it.")


def _of_now(one: OnBoard, refused: ActionRefused | None) -> ActionRefused | None:
    """A refusal, unless the breaker has stepped on since."""
    stale = refused is None or (one.state is not None and refused.at < one.state.since)
    return None if stale else refused


# --- what is told --------------------------------------------------------------------------


def _what_will_happen(one: OnBoard) -> str:
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


def _document(one: OnBoard, standing: BreakerStanding) -> dict[str, object]:
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
        "since": None if state is None else _iso(state.since),
        "until": None if state is None else _iso(state.until),
        "episode": None if episode is None else episode.id,
        "cause": one.cause or None,
        "asked_at": None if episode is None else _iso(episode.asked_at),
        "asked": _asked(one) or None,
        "release_waits": waiting is not None,
    }


def _whole_document(
    one: OnBoard, standing: BreakerStanding, refused: ActionRefused | None
) -> dict[str, object]:
    definition, episode = one.definition, one.episode
    return {
        **_document(one, standing),
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
        "tripped_at": None if episode is None else _iso(episode.tripped_at),
        "refused": None
        if refused is None
        else {"at": _iso(refused.at), "by": refused.by, "reason": refused.reason},
    }


def _row(one: OnBoard, standing: BreakerStanding) -> tuple[object, ...]:
    definition, state = one.definition, one.state
    waits = standing.release_of(one) is not None
    return (
        definition.name,
        definition.kind,
        definition.scope.label,
        f"{_word(one)}, its release waits for the engine" if waits else _word(one),
        "not measured" if one.value is None else _shown(definition, one.value),
        _shown(definition, one.trip),
        "" if one.used is None else f"{one.used:.0%}",
        None if state is None else _iso(state.since),
        None if state is None else _iso(state.until),
        _asked(one),
    )


def _lines(
    portfolio: str, one: OnBoard, standing: BreakerStanding, refused: ActionRefused | None
) -> list[tuple[str, str]]:
    definition, state, episode = one.definition, one.state, one.episode
    return [
        ("Breaker", f"{definition.name} ({definition.kind}) on {definition.scope.label}"),
        ("State", _word(one)),
        ("Since", "" if state is None else _iso(state.since) or ""),
        ("Until", "" if state is None else _iso(state.until) or ""),
        ("Cause", one.cause),
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
            "" if refused is None else f"{refused.by} at {_iso(refused.at)}: {refused.reason}",
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
    return f"{_command('release', portfolio, one.definition.name)} --reason TEXT"


def _command(verb: str, portfolio: str, name: str) -> str:
    return f"seawall breakers {verb} {quote(name)} --portfolio {quote(portfolio)}"


def _word(one: OnBoard) -> str:
    """Where it stands, as people say it."""
    if not one.definition.enabled:
        return "switched off" if one.episode is None else "switched off, would have tripped"
    if one.phase is Phase.ARMED:
        return "not measured yet" if one.value is None else "armed"
    if one.phase is Phase.PROBATION:
        return f"re-opening at {one.size:.0%}"
    scaled = f" to {one.size:.0%}" if one.trading_state is TradingState.THROTTLED else ""
    return f"tripped: {one.trading_state.word}{scaled}"


def _asked(one: OnBoard) -> str:
    """Who is asked to look, since a pause has lasted for longer than any should."""
    if one.episode is None or one.episode.asked_at is None:
        return ""
    return f"{one.definition.owner or 'anybody'} since {_iso(one.episode.asked_at)}"


def _shown(definition: BreakerDefinition, value: float) -> str:
    if BREAKER_TYPES[definition.kind].unit is BreakerUnit.FRACTION:
        return f"{100.0 * value:.3g} %"
    return f"{value:.3g}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
