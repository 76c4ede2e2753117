"""The board: every breaker by scope, and what people stopped, the worst first."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from statistics import median
from typing import Any

from dash import html

from pages.components.basics import Component, card, glyph, heading, help_mark
from pages.components.links import inside_link
from pages.components.risk_table import slug
from pages.components.states import look_of
from pages.components.utilization import bare_bar
from pages.views.breakers.address import CARD, PATH, of_breaker, of_episode
from pages.views.breakers.reading import LOOK_BACK, BreakersData
from pages.views.breakers.rows import (
    OFF,
    TRIPPED,
    UNMEASURED,
    BreakerGroup,
    BreakerRow,
    groups_of,
    next_words,
)
from pages.views.breakers.wording import minute, scope_name
from pages.views.limits.writing import duration
from pages.views.overrides.stopping import resume_button, stop_section
from risk.breakers.manual import is_manual, name_of
from risk.breakers.words import shown_name
from risk.domain.breakers import Episode
from risk.domain.latches import Latch, way_back
from risk.domain.scopes import ScopeKind

#: What a breaker's link fills; on a narrow screen it stands above the board.
_SHOWS: Mapping[str, Any] = {"data-shows": CARD}
_SHOWS_LIST: Mapping[str, Any] = {"data-shows": "breakers-history"}


def board_card(data: BreakersData) -> html.Section:
    """Every breaker with its state, its value against its level, and what comes next."""
    groups = groups_of(data.rows, data.state.latches.values())
    count = len(data.rows)
    return card(
        [
            heading(
                "Board",
                note=f"{count} breaker{'' if count == 1 else 's'}",
                actions=[
                    html.Span(_badge(data.rows), id="breakers-badge"),
                    help_mark("breaker_states"),
                ],
            ),
            html.Div(
                [_group(data, group) for group in groups], id="breakers-board-content", tabIndex=0
            ),
            html.Div(_lately(data), id="breakers-lately", className="sw-board-foot"),
            stop_section(data),
        ],
        label="Board",
        class_name="sw-breakers-board",
        id="breakers-board",
    )


def _badge(rows: Sequence[BreakerRow]) -> list[Component]:
    """How many are tripped, in the colour of the tightest; else how many re-open."""
    text = summary_words(rows)
    if not text:
        return []
    shape = next((row.shape for row in rows if row.is_shut), "probation")
    return [
        html.Span([glyph(shape, state=shape), text], className="sw-badge", **{"data-state": shape})
    ]


def summary_words(rows: Sequence[BreakerRow]) -> str:
    """``1 TRIPPED``, as the navigation says; else ``1 IN PROBATION``; or nothing."""
    counts = counts_on(rows)
    return counts[0].upper() if counts else ""


def counts_on(rows: Sequence[BreakerRow]) -> list[str]:
    """What is on, by how it stands: ``1 tripped``, ``1 stepped down``, ``2 in probation``."""
    on = [row for row in rows if row.is_on]
    counted = {
        "tripped": sum(row.is_shut for row in on),
        "stepped down": sum(row.stepped_down is not None for row in on),
        "in probation": sum(not row.is_shut and row.stepped_down is None for row in on),
    }
    return [f"{count} {word}" for word, count in counted.items() if count]


def _group(data: BreakersData, group: BreakerGroup) -> html.Div:
    title = f"Book {data.book.name}" if group.title == "Book" else group.title
    rows = [
        *(_latch(data, latch) for latch in group.latches),
        *(_row(data, row) for row in group.rows),
    ]
    return html.Div(
        [html.H3(title), html.Ul(rows)],
        id=f"breakers-{slug(group.title)}",
        className="sw-board-group",
    )


def _row(data: BreakersData, row: BreakerRow) -> html.Li:
    base = f"board-{slug(row.name)}"
    chosen = _is_chosen(data, row)
    zone, now = data.query.zone, data.now
    shown = shown_name(row.name, row.scope)
    told = row.scope.kind is ScopeKind.PORTFOLIO or scope_name(row.scope) in shown
    whose = "" if told else scope_name(row.scope)
    link = inside_link(
        shown,
        of_breaker(data.query, row.name),
        chosen=chosen,
        class_name="sw-board-name",
        **_SHOWS,
    )
    quiet = row.standing in (OFF, UNMEASURED) and row.reading is None
    return html.Li(
        [
            glyph(row.shape, state=row.shape if row.is_on else None, id=f"{base}-glyph"),
            html.Div([link, *([html.Span(f" {whose}", className="sw-faint")] if whose else [])]),
            html.Span(
                "" if quiet else row.value_words,
                id=f"{base}-value",
                className="sw-num sw-board-value",
            ),
            html.Span(
                row.word, id=f"{base}-word", className="sw-board-word", **{"data-state": row.shape}
            ),
            html.Div(_bar(row, base), id=f"{base}-bar", className="sw-board-bar"),
            html.Span(next_words(row, zone, now), id=f"{base}-next", className="sw-board-next"),
        ],
        id=base,
        className="sw-board-row",
        **{
            "data-chosen": str(chosen).lower(),
            "data-standing": row.standing,
            "data-state": row.shape,
        },
    )


def _bar(row: BreakerRow, base: str) -> list[Component]:
    """Nothing of one that is off and measures nothing: an empty bar would say that it is low."""
    if row.standing == OFF and row.reading is None:
        return []
    return [bare_bar(row.bar, base)]


def _is_chosen(data: BreakersData, row: BreakerRow) -> bool:
    chosen = data.chosen
    return chosen is not None and chosen.row is not None and chosen.row.name == row.name


def _latch(data: BreakersData, latch: Latch) -> html.Li:
    look = look_of(latch.state)
    since = minute(data.query.zone, latch.since, data.now)
    back = way_back(data.state.portfolio, latch.scope)
    return html.Li(
        [
            glyph(look.shape, state=look.shape),
            html.Div([_by_hand(data, latch), html.Span(f" {scope_name(latch.scope)}")]),
            html.Span(f"since {since}", className="sw-board-value"),
            html.Span(look.word, className="sw-board-word", **{"data-state": look.shape}),
            html.P(
                [
                    f"{latch.who}: {latch.reason.rstrip('.')}. Only a person lets it go: ",
                    html.Code(back),
                    " ",
                    resume_button(latch),
                ],
                className="sw-board-why",
            ),
        ],
        id=f"latch-{slug(latch.scope.label)}",
        className="sw-board-row",
        **{"data-standing": TRIPPED, "data-state": look.shape},
    )


def _by_hand(data: BreakersData, latch: Latch) -> Component:
    """The way to its card, once the engine has an episode of it."""
    state = data.state.breakers.states.get(name_of(latch.scope))
    if state is None or state.episode is None:
        return html.Strong("By hand")
    story = None if data.chosen is None else data.chosen.story
    shown = story is not None and story.episode.id == state.episode.id
    href = of_episode(data.query, state.episode.id)
    return inside_link("By hand", href, chosen=shown, class_name="sw-board-name", **_SHOWS)


# -- the last thirty days --------------------------------------------------------------------


def _lately(data: BreakersData) -> list[Component]:
    href = data.query.href(PATH, range="30d", **{"from": None, "to": None})
    return [
        html.H3("Last 30 days"),
        html.P(
            [
                lately_words(data.lately, data),
                " ",
                inside_link("Show them", href, **_SHOWS_LIST),
            ]
        ),
    ]


def lately_words(episodes: Iterable[Episode], data: BreakersData) -> str:
    """``7 trips, 1 of them on now. …``; and all else that the list has a row of, so many each."""
    began, told = data.now - LOOK_BACK, list(episodes)
    trips = [each for each in told if each.imposed and not is_manual(each.breaker)]
    imposed = [each for each in trips if each.tripped_at > began]
    older = len(trips) - len(imposed)
    stands = counts_on([row for row in data.rows if row.episode in imposed])
    besides = [
        _counted(older, "trip that began before", "trips that began before"),
        _counted(sum(is_manual(e.breaker) for e in told), "stop by people", "stops by people"),
        _counted(
            sum(not e.imposed and not is_manual(e.breaker) for e in told),
            "that was only recorded",
            "that were only recorded",
        ),
    ]
    *most, last = [each for each in besides if each] or [""]
    listed = f"{', '.join(most)} and {last}" if most else last
    also = f" Listed besides: {listed}." if listed else ""
    return f"{_lately_said(imposed, ', '.join(stands))}{also}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}" if count else ""


def _lately_said(imposed: Sequence[Episode], stands: str) -> str:
    if not imposed:
        return "No breaker tripped."
    lasts = sum(each.ended_at is None for each in imposed)
    trips = "1 trip" if len(imposed) == 1 else f"{len(imposed)} trips"
    over: list[timedelta] = [
        each.ended_at - each.tripped_at for each in imposed if each.ended_at is not None
    ]
    on = f", {lasts} of them on now{f' ({stands})' if stands else ''}" if lasts else ""
    if not over:
        return f"{trips}{on}."
    middle = timedelta(seconds=median(span.total_seconds() for span in over))
    if len(over) > 1:
        return f"{trips}{on}. Median length of past trips: {duration(middle)}."
    return f"{trips}{on}. {'The other' if lasts else 'It'} lasted {duration(middle)}."
