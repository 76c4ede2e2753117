"""One limit at length: its course, its episodes, its definition; and what runs out soon."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dash import dcc, html

from pages.components.basics import Component, card, figure, glyph, heading, help_mark
from pages.components.links import inside_link
from pages.components.metrics import Fact, fact_list
from pages.components.utilization import STANDING_SHAPES
from pages.figures.history import CHART_CONFIG
from pages.format import UNKNOWN, percent, sentence
from pages.views.absent import no_course
from pages.views.editing.address import DO, END, WHILE, edit_href
from pages.views.limits.address import DETAIL, LIMIT, PATH
from pages.views.limits.past import Episode
from pages.views.limits.reading import LimitsData
from pages.views.limits.rows import LimitRow
from pages.views.limits.table import left_words
from pages.views.limits.writing import cause_of, duration, trimmed, verb_of, writer
from risk.domain.actors import Ability, roles_words
from risk.domain.events import LimitUpdated
from risk.domain.limits import LimitDefinition, LimitStatus, TemporaryLimit
from risk.limits.words import figure_of, order_limit_words, room_words, scope_words, title_of

_CHART_PX = 200
#: So many episodes and changes are told one by one.
_EPISODES, _CHANGES = 8, 4
#: Reviews due within so many days are told.
_SOON_DAYS = 14


def detail_card(data: LimitsData, row: LimitRow) -> html.Section:
    """Everything about the chosen limit."""
    of_book = [] if row.is_on_orders else [*_course(data), *_episodes(data), *_changes(data, row)]
    badge = [] if row.is_on_orders else [_badge(data, row)]
    return card(
        [
            heading(row.title, note=f"version {row.definition.version}", actions=[*badge]),
            *_standing(data, row),
            *_why(data, row),
            *of_book,
            html.H3("Definition"),
            _definition(data, row),
            _changes_of(data, row),
        ],
        label=f"Limit {row.title}",
        class_name="sw-limit-detail",
        id=DETAIL,
    )


def _badge(data: LimitsData, row: LimitRow) -> html.Span:
    """The status in words, with since when it is so while that is no good one."""
    shape = STANDING_SHAPES[row.standing]
    words = {
        LimitStatus.WITHIN: "INSIDE",
        LimitStatus.SOFT: "SOFT BREACH",
        LimitStatus.HARD: "HARD BREACH",
        LimitStatus.UNKNOWN: "UNKNOWN",
    }[row.status]
    since = ""
    if row.state is not None and row.status is not LimitStatus.WITHIN:
        since = f" {duration(data.now - row.state.since)}"
    state = "info" if row.status is LimitStatus.WITHIN else shape
    return html.Span(
        [glyph(shape, state=None if row.standing == "inside" else shape), f"{words}{since}"],
        id="limits-detail-badge",
        className="sw-badge",
        **{"data-state": state},
    )


def _standing(data: LimitsData, row: LimitRow) -> list[Component]:
    write = trimmed(writer(data.book.currency))
    if row.is_on_orders:
        said = order_limit_words(row.definition, row.thresholds.hard, write)
        return [html.P(said, id="limits-detail-words", className="sw-pad-x")]
    said = room_words(row.definition, row.thresholds, row.value, write)
    return [
        html.Div(
            [
                figure(percent(row.used, 0), "limits-detail-used", class_name="sw-figure"),
                html.Span(
                    left_words(row, data.book.currency),
                    id="limits-detail-left",
                    className="sw-unit",
                ),
            ],
            className="sw-figure-line",
        ),
        html.P(said, id="limits-detail-words"),
        html.P(row.pace_words, id="limits-detail-pace", className="sw-dim"),
    ]


def _why(data: LimitsData, row: LimitRow) -> list[Component]:
    """How the thresholds in force follow from those of the definition."""
    hard = figure_of(row.definition.kind, row.thresholds.hard, writer(data.book.currency))
    told = list(_causes(data, row))
    if not told:
        return []
    return [
        html.H3(["Why ", html.Span(hard, id="limits-detail-hard"), help_mark("limit_factor")]),
        html.P(" ".join(told), id="limits-detail-why"),
    ]


def _causes(data: LimitsData, row: LimitRow) -> Iterator[str]:
    """What moves the thresholds; a temporary limit in force takes the place of all else."""
    factor, other = row.thresholds.factor, row.temporary
    base, moved = (
        figure_of(row.definition.kind, each, writer(data.book.currency))
        for each in (row.definition.hard, row.definition.hard * factor)
    )
    product = f"{base} base × {factor:.2f} = {moved}"
    if factor != 1.0 and not row.is_temporary(data.now):
        yield f"{product}: {row.thresholds.cause}."
    if other is not None:
        yield _temporary_words(data, row, other, instead_of=moved)
    if factor != 1.0 and row.is_temporary(data.now):
        yield f"Without it: {product}."


def _temporary_words(
    data: LimitsData, row: LimitRow, other: TemporaryLimit, *, instead_of: str
) -> str:
    hard = figure_of(row.definition.kind, other.hard, writer(data.book.currency))
    zone, now = data.query.zone, data.now
    until = zone.date_and_clock(other.expires, now=now)
    start = "" if other.in_force(now) else f" from {zone.date_and_clock(other.starts, now=now)}"
    # What performance and regime will be by then nobody knows.
    then = "it follows performance and regime again"
    if not row.definition.dynamic:
        then = f"{instead_of} again by itself"
    return (
        f"{hard} in place of {instead_of}{start} until {until}, then {then}. "
        f"{sentence(other.reason)}; by {other.by}."
    )


# -- over time -------------------------------------------------------------------------------


def _course(data: LimitsData) -> list[Component]:
    note = f"{data.query.range_words(data.now)}, times {data.query.zone.name}"
    title = html.H3(["Over time ", html.Span(note, className="sw-note")])
    if data.past.figure is None:
        return [title, no_course()]
    chart = dcc.Graph(
        id="limits-chart",
        figure=data.past.figure,
        responsive=True,
        config=CHART_CONFIG,
        style={"height": f"{_CHART_PX}px"},
    )
    return [title, chart]


def _episodes(data: LimitsData) -> list[Component]:
    episodes = data.past.episodes
    title = html.H3("Breaches in this range")
    if not episodes:
        return [title, html.P("None.", id="limits-episodes", className="sw-dim")]
    table = html.Table(
        [
            html.Caption("Breaches in this range", className="sw-hidden"),
            html.Thead(
                html.Tr(
                    [
                        html.Th("Began", scope="col", className="sw-left"),
                        html.Th("Ended", scope="col", className="sw-left"),
                        html.Th("Lasted", scope="col"),
                        html.Th("Worst seen", scope="col"),
                    ]
                )
            ),
            html.Tbody([_episode(data, each) for each in episodes[:_EPISODES]]),
        ],
        className="sw-table",
    )
    rest = len(episodes) - _EPISODES
    more = [html.P(f"{rest} more before.", className="sw-note")] if rest > 0 else []
    box = html.Div([table, *more], id="limits-episodes", className="sw-table-box")
    return [title, box]


def _episode(data: LimitsData, episode: Episode) -> html.Tr:
    shape = "throttled" if episode.hard_from is None else "halted"
    begin = "before" if episode.begin is None else _minute(data, episode.begin)
    return html.Tr(
        [
            html.Th(
                [glyph(shape, state=shape), f" {begin}, {_depth(data, episode)}"],
                scope="row",
                className="sw-left",
            ),
            html.Td(_end_words(data, episode), className="sw-left"),
            html.Td(_lasted(data, episode)),
            html.Td(_worst(data, episode.worst)),
        ]
    )


def _depth(data: LimitsData, episode: Episode) -> str:
    """``soft``, ``hard``, or from when on it was hard if it began as soft."""
    if episode.hard_from is None:
        return "soft"
    if episode.hard_from == episode.begin:
        return "hard"
    return f"hard from {_minute(data, episode.hard_from)}"


def _end_words(data: LimitsData, episode: Episode) -> str:
    if episode.lasts:
        return "goes on"
    return UNKNOWN if episode.end is None else _minute(data, episode.end)


def _lasted(data: LimitsData, episode: Episode) -> str:
    end = data.now if episode.lasts else episode.end
    if end is None or episode.begin is None:
        return UNKNOWN
    return duration(end - episode.begin)


def _worst(data: LimitsData, worst: float | None) -> str:
    if worst is None or data.chosen is None:
        return UNKNOWN
    return figure_of(data.chosen.definition.kind, worst, writer(data.book.currency))


def _minute(data: LimitsData, moment: datetime) -> str:
    """``14:51``, with its day unless that is today."""
    return data.query.zone.date_and_minute(moment, now=data.now)


def _changes(data: LimitsData, row: LimitRow) -> list[Component]:
    changes = data.past.changes
    if not changes:
        return []
    told = [html.Li(_change_words(data, row, event)) for event in changes[:_CHANGES]]
    rest = len(changes) - _CHANGES
    more = [html.P(f"{rest} more before.", className="sw-note")] if rest > 0 else []
    return [html.H3("Changes of its thresholds"), html.Ul(told, id="limits-changes"), *more]


def _change_words(data: LimitsData, row: LimitRow, event: LimitUpdated) -> str:
    write, kind = writer(data.book.currency), row.definition.kind
    before, after = event.previous, event.threshold
    which = ""
    if before == after and event.soft is not None and event.previous_soft is not None:
        before, after, which = event.previous_soft, event.soft, "soft threshold "
    start = "" if before is None else f" from {figure_of(kind, before, write)}"
    end = "" if after is None else f" to {figure_of(kind, after, write)}"
    return f"{_minute(data, event.at)}: {which}{verb_of(event)}{start}{end}, {cause_of(event)}"


# -- the definition --------------------------------------------------------------------------


def _definition(data: LimitsData, row: LimitRow) -> html.Dl:
    definition = row.definition
    write = writer(data.book.currency)
    hard, soft = (
        figure_of(definition.kind, each, write) for each in (definition.hard, definition.soft)
    )
    facts = [
        Fact("kind", "Kind", title_of(definition.kind)),
        Fact("scope", "Scope", scope_words(definition.scope)),
        *_in_force(data, row),
        Fact("base", "Soft and hard, as defined", f"{soft}, {hard}"),
        *_settings(definition),
        Fact("moves", "Follows performance and regime", "yes" if definition.dynamic else "no"),
        Fact("owner", "Owner", definition.owner or "nobody named", definition.rationale),
        Fact("review", "Review", _review_words(definition.review_by, data.now)),
    ]
    return fact_list(facts, "limits-definition")


def _changes_of(data: LimitsData, row: LimitRow) -> html.P:
    """The ways to another definition, and to other thresholds for a while."""
    named = {LIMIT.name: row.name}
    ways = [
        ("Change…", Ability.PROPOSE, named),
        ("For a while…", Ability.REQUEST_LIMIT, {**named, DO.name: WHILE}),
    ]
    if row.temporary is not None:
        ways.append(("End the temporary one…", Ability.REQUEST_LIMIT, {**named, DO.name: END}))
    links = [_way(data, *way) for way in ways]
    # The page is one for all who look: whose role lacks it is shown why instead.
    lacks = html.Span(
        f"Other thresholds for a while are for {roles_words(Ability.REQUEST_LIMIT)}.",
        className="sw-note",
        **{"data-lacks": Ability.REQUEST_LIMIT.value},
    )
    return html.P([*links, lacks], id="limits-detail-change", className="sw-limit-change")


def _way(data: LimitsData, text: str, needs: Ability, words: dict[str, str]) -> Component:
    only: dict[str, Any] = {"data-needs": needs.value}
    href = edit_href(data.query, **words)
    return inside_link(text, href, class_name="sw-button sw-button-small", **only)


def _in_force(data: LimitsData, row: LimitRow) -> list[Fact]:
    """Both thresholds of now, where they are not those of the definition."""
    if row.thresholds[:2] == (row.definition.hard, row.definition.soft):
        return []
    write = writer(data.book.currency)
    hard, soft = (figure_of(row.definition.kind, each, write) for each in row.thresholds[:2])
    return [Fact("now", "Soft and hard, now", f"{soft}, {hard}")]


def _settings(definition: LimitDefinition) -> Sequence[Fact]:
    told = [f"{name.replace('_', ' ')} {_plain(value)}" for name, value in _own(definition)]
    return [Fact("settings", "Settings", "; ".join(told))] if told else []


def _own(definition: LimitDefinition) -> list[tuple[str, object]]:
    return sorted(definition.parameters.items())


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _review_words(due: date | None, now: datetime) -> str:
    if due is None:
        return "no date set"
    days = (due - now.date()).days
    if days < 0:
        return f"overdue by {_days(-days)}, {due:%Y-%m-%d}"
    return f"{due:%Y-%m-%d}" if days > _SOON_DAYS else f"{due:%Y-%m-%d}, {_in(days)}"


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _in(days: int) -> str:
    return "today" if days == 0 else f"in {_days(days)}"


# -- what runs out ---------------------------------------------------------------------------


def expiring_card(data: LimitsData) -> html.Section:
    """Temporary limits, and reviews that are overdue or due soon."""
    entries = [*_temporaries(data), *_reviews(data)]
    nothing = html.P(
        f"No temporary limit, and no review due within {_SOON_DAYS} days.", className="sw-dim"
    )
    content = html.Ul(entries) if entries else nothing
    return card(
        [heading("Expiring soon"), html.Div(content, id="limits-expiring-content")],
        label="Expiring soon",
        class_name="sw-limits-expiring",
        id="limits-expiring",
    )


def _all_rows(data: LimitsData) -> list[LimitRow]:
    return [*data.rows, *data.on_orders]


def _temporaries(data: LimitsData) -> list[html.Li]:
    rows = [row for row in _all_rows(data) if row.temporary is not None]
    found = []
    for row in sorted(rows, key=lambda r: r.temporary.expires if r.temporary else data.now):
        assert row.temporary is not None, "rows without one were left out"
        in_force = row.temporary.in_force(data.now)
        until = f"until {data.query.zone.date_and_clock(row.temporary.expires, now=data.now)}"
        start = f"from {data.query.zone.date_and_clock(row.temporary.starts, now=data.now)} "
        when = until if in_force else f"{start}{until}"
        found.append(_expiry(data, "Temporary" if in_force else "Planned", row, when))
    return found


def _reviews(data: LimitsData) -> list[html.Li]:
    edge = data.now.date() + timedelta(days=_SOON_DAYS)
    due = [(row.definition.review_by, row) for row in _all_rows(data)]
    soon = [(day, row) for day, row in due if day is not None and day <= edge]
    return [
        _expiry(data, "Review", row, _review_words(day, data.now))
        for day, row in sorted(soon, key=lambda each: (each[0], each[1].name))
    ]


def _expiry(data: LimitsData, what: str, row: LimitRow, when: str) -> html.Li:
    href = data.query.href(PATH, **{LIMIT.name: row.name})
    return html.Li(
        [
            html.Span([html.Strong(f"{what} "), inside_link(row.title, href)]),
            html.Span(when, className="sw-dim"),
        ]
    )
