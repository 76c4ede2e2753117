"""How trading re-opens: three rungs, which of them stands now, and when the next one comes."""

from datetime import datetime

from dash import html

from pages.components.basics import Component, glyph
from pages.format import Zone
from pages.views.breakers.rows import PROBATION, BreakerRow
from pages.views.breakers.wording import minute, share
from pages.views.limits.writing import duration
from risk.domain.breakers import RAMP


def ramp_parts(row: BreakerRow, zone: Zone, now: datetime) -> list[Component]:
    """The re-opening ramp of a breaker that is on."""
    lasts = duration(row.definition.rung_lasts)
    title = "Re-opening" if row.standing == PROBATION else f"Then it re-opens, {lasts} a step"
    rungs = [_rung(row, place, zone, now) for place in range(len(RAMP))]
    return [
        html.Div(
            [html.H3(title, id="breaker-ramp-title"), html.Ol(rungs, className="sw-ramp")],
            id="breaker-ramp",
            className="sw-breaker-ramp",
        )
    ]


def _rung(row: BreakerRow, place: int, zone: Zone, now: datetime) -> html.Li:
    where = rung_place(row, place)
    marks = {"done": [glyph("tick")], "here": [glyph("probation", state="probation")]}
    current = {"aria-current": "step"} if where == "here" else {}
    return html.Li(
        [
            html.Span([*marks.get(where, []), f"{share(size_on(row, place))} of size"]),
            html.Span(rung_words(row, place, zone, now), className="sw-note"),
        ],
        id=f"breaker-rung-{place}",
        **{"data-rung": where, **current},
    )


def size_on(row: BreakerRow, place: int) -> float:
    """What a rung leaves of new risk: never less than the trip itself did."""
    return row.definition.ramp[place]


def rung_place(row: BreakerRow, place: int) -> str:
    """``done``, ``here`` or ``ahead``."""
    if row.standing != PROBATION or row.state is None or place > row.state.rung:
        return "ahead"
    return "here" if place == row.state.rung else "done"


def rung_words(row: BreakerRow, place: int, zone: Zone, now: datetime) -> str:
    """When a rung is reached: ``since 15:51``, ``from 16:11``."""
    state = row.state
    if state is None or state.until is None:
        return ""
    lasts = row.definition.rung_lasts
    if row.standing != PROBATION:
        first = max(state.until, now)
        return f"from {minute(zone, first + place * lasts, now)} at the earliest"
    steps = place - state.rung
    if steps < 0:
        return "done"
    if steps == 0:
        return f"since {minute(zone, state.since, now)}"
    return f"from {minute(zone, state.until + (steps - 1) * lasts, now)}"
