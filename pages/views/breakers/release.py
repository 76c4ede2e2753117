"""The panel "Let it go": what that does, from when it may be done, and the typed confirmation."""

from datetime import datetime, timedelta
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from pages.components.basics import Component, card, heading
from pages.components.buttons import button
from pages.format import Zone
from pages.views.breakers.ramp import size_on
from pages.views.breakers.reading import BreakersData
from pages.views.breakers.rows import TRIPPED, BreakerRow
from pages.views.breakers.wording import ahead, moment_words, share
from pages.views.holds import stays_words
from pages.views.limits.writing import duration
from risk.domain.state import RiskState
from risk.limits.words import scope_words

PANEL = "breakers-release"
REASON, TYPED, ASK, ASKED = (
    f"{PANEL}-reason",
    f"{PANEL}-typed",
    f"{PANEL}-ask",
    f"{PANEL}-asked",
)
#: What a reason may be long.
LONGEST_REASON = 200


def phrase_of(breaker: str) -> str:
    """What must be typed before a breaker is let go: ``RELEASE MARKET VOLATILITY``."""
    return f"RELEASE {' '.join(breaker.upper().split())}"


def release_card(data: BreakersData) -> html.Section:
    """What a person may do about the chosen breaker now."""
    row = None if data.chosen is None else data.chosen.row
    return card(
        [
            heading("Let it go", note="into re-opening, never past it"),
            html.Div(_content(data, row), id=f"{PANEL}-content", className="sw-release"),
        ],
        label="Let it go",
        class_name="sw-breakers-release",
        id=PANEL,
    )


def _content(data: BreakersData, row: BreakerRow | None) -> list[Component]:
    if row is None or row.standing != TRIPPED or not _tells_the_trip(data):
        return [html.P(idle_words(data, row), className="sw-dim", id=f"{PANEL}-idle")]
    zone, now = data.query.zone, data.now
    locked = locked_words(row, zone, now)
    if locked is not None:
        return [
            html.P(does_words(data.state, row), id=f"{PANEL}-does"),
            button("Let it go", f"{PANEL}-locked", look="plain", blocked=locked),
        ]
    return [html.P(does_words(data.state, row), id=f"{PANEL}-does"), *_form(data, row)]


def _tells_the_trip(data: BreakersData) -> bool:
    """Whether the card tells the trip that would be let go, not an older one of the breaker."""
    return data.chosen is not None and data.chosen.is_on


def idle_words(data: BreakersData, row: BreakerRow | None) -> str:
    """Why there is nothing to let go."""
    if data.chosen is not None and data.chosen.story is not None and not data.chosen.is_on:
        return "This trip is over: there is nothing to let go."
    if row is None:
        return "People stopped it: “seawall resume” lets it go, and the card says how."
    if row.is_on:
        return f"{row.name} re-opens already, step by step and by itself."
    return f"{row.name} is not tripped: there is nothing to let go."


def does_words(state: RiskState, row: BreakerRow) -> str:
    """What letting go does, and what goes on holding its scope."""
    first = share(size_on(row, 0))
    ramp = duration_words(row)
    does = (
        f"New risk in {scope_words(row.scope)} re-opens at {first} of size, as far as this breaker "
        f"goes, and is whole after {ramp}, unless it trips again. No limit is lifted, no refused "
        "order is sent again."
    )
    return f"{does} {stays_words(state, row.name, row.scope)}".rstrip()


def duration_words(row: BreakerRow) -> str:
    """How long the whole ramp takes."""
    return duration(timedelta(hours=row.definition.probation_hours))


def locked_words(row: BreakerRow, zone: Zone, now: datetime) -> str | None:
    """Why it cannot be let go yet; None once its pause is over."""
    state = row.state
    if state is None or state.until is None or state.until <= now:
        return None
    until = moment_words(zone, state.until, now)
    return f"Its pause is not over: possible from {until}, {ahead(state.until, now)}."


def _form(data: BreakersData, row: BreakerRow) -> list[Component]:
    assert row.episode is not None, "whatever tripped has an episode"
    phrase = phrase_of(row.name)
    held: dict[str, Any] = {
        "book": data.book.name,
        "breaker": row.name,
        "episode": row.episode.id,
    }
    return [
        dmc.Textarea(
            id=REASON,
            label="Reason",
            placeholder="Why it may re-open now",
            autosize=True,
            minRows=2,
            maxRows=4,
            size="xs",
        ),
        dmc.TextInput(
            id=TYPED,
            label=f"Type {phrase} to confirm",
            size="xs",
            attributes={"input": {"autoComplete": "off", "spellCheck": "false"}},
        ),
        html.Div(
            [
                html.Span(className="sw-grow"),
                button(f"Let {row.name} go", ASK, look="destructive"),
            ],
            className="sw-release-buttons",
        ),
        html.P("Everybody is told who did it and why.", className="sw-note"),
        dcc.Store(id=ASKED, data=held),
    ]
