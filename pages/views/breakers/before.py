"""The chosen breaker's trips of the last thirty days, each with its way to the card."""

from collections.abc import Mapping
from typing import Any

from dash import html

from pages.components.basics import Component, card, glyph, heading
from pages.components.links import inside_link
from pages.components.states import STATE_LOOKS
from pages.views.breakers.address import CARD, of_episode
from pages.views.breakers.reading import BreakersData
from pages.views.breakers.wording import minute, trip_figure
from pages.views.limits.writing import duration
from risk.domain.breakers import Episode

_SHOWS: Mapping[str, Any] = {"data-shows": CARD}
#: So many are told here; the list below has all.
_TOLD = 6


def before_card(data: BreakersData) -> html.Section:
    """What this breaker did lately."""
    name = _chosen_name(data)
    trips = [each for each in data.lately if each.breaker == name]
    nothing = html.P("It has not tripped in the last 30 days.", className="sw-dim")
    content = html.Ul([_item(data, each) for each in trips[:_TOLD]]) if trips else nothing
    rest = len(trips) - _TOLD
    more = [html.P(f"{rest} more in the list below.", className="sw-note")] if rest > 0 else []
    return card(
        [
            heading("Its trips", note="last 30 days"),
            html.Div([content, *more], id="breakers-before-content", className="sw-before"),
        ],
        label="Trips of the chosen breaker",
        class_name="sw-breakers-before",
        id="breakers-before",
    )


def _chosen_name(data: BreakersData) -> str:
    chosen = data.chosen
    if chosen is None:
        return ""
    if chosen.story is not None:
        return chosen.story.episode.breaker
    return "" if chosen.row is None else chosen.row.name


def _item(data: BreakersData, episode: Episode) -> html.Li:
    shape = STATE_LOOKS[episode.state].shape if episode.imposed else "stale"
    story = None if data.chosen is None else data.chosen.story
    link = inside_link(
        minute(data.query.zone, episode.tripped_at, data.now),
        of_episode(data.query, episode.id),
        chosen=story is not None and story.episode.id == episode.id,
        **_SHOWS,
    )
    told: list[Component] = [
        glyph(shape, state=shape),
        html.Span([link, f", {trip_figure(episode, episode.value)}"]),
        html.Span(_lasted(data, episode), className="sw-dim"),
    ]
    return html.Li(told)


def _lasted(data: BreakersData, episode: Episode) -> str:
    if episode.ended_at is None:
        return f"on for {duration(data.now - episode.tripped_at)}"
    lasted = duration(episode.ended_at - episode.tripped_at)
    return lasted if episode.imposed else f"{lasted}, only recorded"
