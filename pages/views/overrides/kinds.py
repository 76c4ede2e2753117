"""What may be asked of a breaker as it stands, and how each of these is called. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from pages.format import Zone
from pages.views.breakers.rows import OFF, PROBATION, TRIPPED, BreakerRow
from pages.views.breakers.wording import ahead, minute, moment_words, share
from pages.views.holds import stays_words
from pages.views.limits.writing import duration
from pages.views.overrides.times import expiries
from risk.breakers.overriding import lasts_beyond
from risk.breakers.words import loosening_phrase, phrase_name
from risk.domain.breakers import Phase
from risk.domain.overrides import HOLDING, LONGEST, LOOSENING, OverrideKind
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.limits.words import scope_words

#: Not an override: it only lets the breaker's own rule go on, once its pause is over.
RELEASE = "release"
STEP_DOWN, DISABLE, HOLD, EXTEND, TRIP, END = (
    kind.value
    for kind in (
        OverrideKind.STEP_DOWN,
        OverrideKind.DISABLE,
        OverrideKind.HOLD,
        OverrideKind.EXTEND,
        OverrideKind.TRIP,
        OverrideKind.END,
    )
)
NAMES: Mapping[str, str] = {
    END: "End the override",
    STEP_DOWN: "Step down to a size",
    RELEASE: "Release into re-opening",
    HOLD: "Hold it where it is",
    EXTEND: "Make its pause longer",
    DISABLE: "Switch it off for a while",
    TRIP: "Trip it by hand",
}
#: What the button of each says.
DOES: Mapping[str, str] = {
    END: "End override",
    STEP_DOWN: "Apply override",
    RELEASE: "Release",
    HOLD: "Hold",
    EXTEND: "Extend",
    DISABLE: "Switch off",
    TRIP: "Trip",
}
#: What has happened to its breaker once each is applied, after its name.
_DID: Mapping[str, str] = {
    END: "goes by its own rule again",
    STEP_DOWN: "stepped down",
    RELEASE: "released into re-opening",
    HOLD: "held where it is",
    EXTEND: "kept shut for longer",
    DISABLE: "switched off for a while",
    TRIP: "tripped by hand",
}
#: What new risk may be let through at.
SIZES = (0.1, 0.25, 0.5, 0.75, 1.0)


class Offer(NamedTuple):
    """Something that may be asked.

    Attributes
    ----------
    kind : str
        A key of ``NAMES``.
    locked : str
        Why it cannot be asked yet, a sentence; empty once it can.
    """

    kind: str
    locked: str = ""


def did(kind: str, size: float | None) -> str:
    """What was done, after the breaker's name: ``stepped down to 50 % of size``."""
    to = f" to {share(size)} of size" if kind == STEP_DOWN and size is not None else ""
    return f"{_DID[kind]}{to}"


def loosens(kind: str, row: BreakerRow) -> bool:
    """Whether it lets more risk pass than now: warnings stand before it.

    Whoever ends what holds a breaker lets its rule go on.
    """
    if kind == END:
        return row.override is not None and row.override.holds
    return kind == RELEASE or kind in LOOSENING


def longest_of(kind: str) -> timedelta | None:
    """How far ahead it may expire; None of what does not."""
    return None if kind in (RELEASE, END) else LONGEST[OverrideKind(kind)]


def offers_of(row: BreakerRow, zone: Zone, now: datetime) -> tuple[Offer, ...]:
    """All that may be asked of a breaker as it stands, what is most likely wanted first."""
    return tuple(_offers(row, zone, now))


def _offers(row: BreakerRow, zone: Zone, now: datetime) -> Iterator[Offer]:
    on = row.override
    if on is not None:
        yield Offer(END)
    if row.standing == OFF:
        yield from _of_disabled(row, zone, now) if on is not None else ()
        return
    if row.standing == TRIPPED:
        yield from _of_tripped(row, zone, now)
    elif row.standing == PROBATION:
        yield _timed(HOLD, row, zone, now)
        if row.size < 1.0:
            yield Offer(STEP_DOWN)
        yield _timed(TRIP, row, zone, now)
    else:
        yield Offer(TRIP)
    yield Offer(DISABLE)


def _of_disabled(row: BreakerRow, zone: Zone, now: datetime) -> Iterator[Offer]:
    """Whatever tightens may be asked at once: it takes the place of what switched it off."""
    if row.state is not None and row.state.phase is not Phase.ARMED:
        yield _timed(HOLD, row, zone, now)
    yield Offer(TRIP)
    yield Offer(DISABLE)


def _of_tripped(row: BreakerRow, zone: Zone, now: datetime) -> Iterator[Offer]:
    locked = locked_words(row, zone, now)
    if not locked:
        yield Offer(RELEASE)
    if row.size < 1.0:
        yield Offer(STEP_DOWN)
    if locked:
        yield Offer(RELEASE, locked)
    yield from (_timed(kind, row, zone, now) for kind in (HOLD, EXTEND))
    if row.override is not None and row.override.loosens:
        yield Offer(TRIP)


def locked_words(row: BreakerRow, zone: Zone, now: datetime) -> str:
    """Why it cannot be released yet; empty once its pause is over."""
    state, on = row.state, row.override
    if on is not None and on.holds:
        return f"{on.by} holds it: end that override first."
    if state is None or state.until is None or state.until <= now:
        return ""
    until = moment_words(zone, state.until, now)
    return f"Its pause is not over: possible from {until}, {ahead(state.until, now)}."


def _timed(kind: str, row: BreakerRow, zone: Zone, now: datetime) -> Offer:
    """What must last beyond something; locked where nothing lasts so long."""
    if row.state is None or expiries(OverrideKind(kind), row.state, now):
        return Offer(kind)
    beyond = lasts_beyond(row.state, OverrideKind(kind))
    assert beyond is not None, "what need not last beyond anything can expire"
    at, most = minute(zone, beyond, now), duration(LONGEST[OverrideKind(kind)])
    on = row.override
    if on is not None and on.expires >= beyond:
        return Offer(kind, f"{on.by} holds it until {at}, and {most} is the most there is.")
    what = "pause" if row.state.phase is Phase.TRIPPED else "step of re-opening"
    return Offer(
        kind, f"Its {what} lasts until {at}: longer than the {most} that an override may last."
    )


def sizes_of(row: BreakerRow) -> tuple[float, ...]:
    """What new risk may be let through at: more than now, and all of it at the most."""
    return tuple(size for size in SIZES if size > row.size)


def phrase_of(kind: str, row: BreakerRow, size: float | None) -> str:
    """What must be typed: ``MARKET VOLATILITY 75``; one word of what tightens or ends another."""
    if kind in HOLDING or kind == END:
        return word_of(kind)
    if kind == RELEASE:
        return f"{word_of(kind)} {phrase_name(row.definition)}"
    return loosening_phrase(row.definition, OverrideKind(kind), size)


def word_of(kind: str) -> str:
    """What must be typed of what tightens: one word, for nothing may slow down whoever does."""
    return kind.upper()


# -- what each does --------------------------------------------------------------------------


def does_words(state: RiskState, row: BreakerRow, kind: str, size: float | None) -> str:
    """What it does, and what goes on holding the scope; whole sentences."""
    does = _does(row, kind, size)
    stays = stays_words(state, row.name, row.scope) if loosens(kind, row) else ""
    return f"{does} {stays}".rstrip()


def _does(row: BreakerRow, kind: str, size: float | None) -> str:
    where = scope_words(row.scope)
    return {
        STEP_DOWN: (
            f"New risk in {where} passes at {'a part' if size is None else share(size)} of size "
            "until then, as far as this breaker goes, whatever its rule says."
        ),
        RELEASE: (
            f"New risk in {where} re-opens at {share(row.definition.ramp[0])} of size, as far as "
            f"this breaker goes, and is whole after {_ramp_lasts(row)}, unless it trips again. No "
            "limit is lifted, no refused order is sent again."
        ),
        DISABLE: (
            "It only records what it would do until then: it stops nothing, and no new trip of it "
            "does."
        ),
        HOLD: "It does not step down before then, whatever it measures.",
        EXTEND: "Its pause lasts until then at the least.",
        TRIP: f"It trips at once: {_shuts(row, where)}, until then at the least.",
        END: "From the next cycle on its rule counts again, as it stands by then.",
    }[kind]


def _ramp_lasts(row: BreakerRow) -> str:
    return duration(timedelta(hours=row.definition.probation_hours))


def _shuts(row: BreakerRow, where: str) -> str:
    return {
        TradingState.THROTTLED: f"new risk in {where} is cut to {share(row.definition.size)}",
        TradingState.REDUCE_ONLY: f"entries in {where} are paused",
        TradingState.HALTED: f"trading in {where} is stopped",
    }[row.definition.state]
