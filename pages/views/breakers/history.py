"""Every trip of the range: over equity and price, and as a list."""

from dash import dcc, html

from pages.components.basics import Component, card, heading, help_mark
from pages.components.grid import Column, Row, data_grid, grid_tools
from pages.components.notices import empty_state
from pages.components.states import STATE_LOOKS
from pages.figures.history import CHART_CONFIG
from pages.format import UNKNOWN
from pages.views.breakers.address import CARD, of_episode
from pages.views.breakers.people import people_words
from pages.views.breakers.reading import MOST_TRIPS, BreakersData
from pages.views.breakers.trips import on_now
from pages.views.breakers.wording import minute, scope_name, trip_figure, trip_name
from pages.views.limits.writing import duration
from risk.domain.breakers import Episode, Phase

GRID = "breakers-history-grid"
_IN_SIGHT = 10

COLUMNS = (
    Column(
        field="at",
        title="Tripped",
        narrow=True,
        sort="desc",
        href="href",
        shown="time",
        shows=CARD,
        width=116,
    ),
    Column(field="breaker", title="Breaker", narrow=True, width=120, wraps=True),
    Column(field="scope", title="Scope", width=92, wraps=True),
    Column(field="state", title="State", kind="state", shape="shape", narrow=True, width=116),
    Column(field="value", title="Value", shown="value_words", width=76, figure=True),
    Column(field="trip", title="Trips above", shown="trip_words", width=84, figure=True),
    Column(field="worst", title="Worst", shown="worst_words", width=76, figure=True),
    Column(field="lasted", title="Lasted", shown="lasted_words", width=76, figure=True),
    Column(field="ended", title="How it ended", width=176, wraps=True),
    Column(field="people", title="By people", width=152, wraps=True),
    Column(field="retrips", title="Again", kind="number", roomy=True, width=64),
    Column(field="cause", title="Cause", width=240, wraps=True, roomy=True),
)


def timeline_card(data: BreakersData) -> html.Section:
    """Trips as bands over the book's equity and the market's price."""
    note = f"{data.query.range_words(data.now)}, times {data.query.zone.name}"
    return card(
        [
            heading("Trips over equity and price", note=note, actions=[help_mark("trip_band")]),
            html.Div(_timeline(data), id="breakers-timeline-content"),
        ],
        label="Trips over equity and price",
        class_name="sw-breakers-timeline",
        id="breakers-timeline",
    )


def _timeline(data: BreakersData) -> Component:
    if data.timeline is None:
        return empty_state(
            "Nothing to draw yet",
            "The book's equity over this range is not known. Choose another range above.",
            small=True,
        )
    return dcc.Graph(
        id="breakers-timeline-chart",
        figure=data.timeline,
        responsive=True,
        config=CHART_CONFIG,
        style={"height": "280px"},
    )


def history_card(data: BreakersData) -> html.Section:
    """The list of trips."""
    tools = grid_tools(GRID, COLUMNS, what="trips") if data.episodes else []
    return card(
        [
            heading("History", note=_note(data), actions=tools),
            html.Div(_list(data), id="breakers-history-content"),
        ],
        label="History",
        class_name="sw-breakers-history",
        id="breakers-history",
    )


def _note(data: BreakersData) -> str:
    words = data.query.range_words(data.now)
    if len(data.episodes) >= MOST_TRIPS:
        return f"{words}, the newest {MOST_TRIPS}"
    return words


def _list(data: BreakersData) -> Component:
    rows = history_rows(data)
    if not rows:
        return empty_state(
            "No breaker tripped in this range",
            "A trip appears here with the cycle in which it happens. For older ones choose a "
            "longer range above.",
            small=True,
        )
    name = f"{data.book.name}-trips"
    return data_grid(GRID, COLUMNS, rows, csv_name=name, label="Trips", max_rows=_IN_SIGHT)


def history_rows(data: BreakersData) -> list[Row]:
    """A row for each trip."""
    on = on_now(data.state)
    return [_row(data, episode, is_on=episode.id in on) for episode in data.episodes]


def _row(data: BreakersData, episode: Episode, *, is_on: bool) -> Row:
    word, shape = _state_of(data, episode, is_on=is_on)
    end = episode.ended_at or data.now
    lasted = end - episode.tripped_at
    return {
        "id": episode.id,
        "at": episode.tripped_at.isoformat(timespec="seconds"),
        "time": minute(data.query.zone, episode.tripped_at, data.now),
        "href": of_episode(data.query, episode.id),
        "breaker": trip_name(episode),
        "scope": scope_name(episode.scope),
        "state": word,
        "shape": shape,
        "value": episode.value,
        "value_words": trip_figure(episode, episode.value),
        "trip": episode.threshold,
        "trip_words": trip_figure(episode, episode.threshold),
        "worst": episode.worst,
        "worst_words": trip_figure(episode, episode.worst),
        "lasted": lasted.total_seconds(),
        "lasted_words": duration(lasted),
        "ended": ended_words(episode, is_on=is_on),
        "people": people_words(data, episode),
        "retrips": float(episode.retrips),
        "cause": episode.cause,
    }


def _state_of(data: BreakersData, episode: Episode, *, is_on: bool) -> tuple[str, str]:
    if not episode.imposed:
        return "recorded", "stale"
    state = data.state.breakers.states.get(episode.breaker)
    if is_on and state is not None and state.phase is Phase.PROBATION:
        return "probation", "probation"
    look = STATE_LOOKS[episode.state]
    return look.word.lower(), look.shape


def ended_words(episode: Episode, *, is_on: bool) -> str:
    """How a trip ended: ``by itself: probation is over without a new trip``."""
    if episode.ended_at is None:
        return "on now" if is_on else UNKNOWN
    by = "by itself" if episode.ended_by == "rule" else f"by {episode.ended_by}"
    return f"{by}: {episode.ended_why}" if episode.ended_why else by
