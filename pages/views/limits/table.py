"""The tree of limits: how full each is, how far that is, and what it would take."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from pages.components.basics import Component, card, figure, glyph, heading, help_mark
from pages.components.choices import choice_links
from pages.components.links import inside_link
from pages.components.metrics import sparkline
from pages.components.notices import NoticeLink, empty_state
from pages.components.risk_table import slug
from pages.components.utilization import STANDING_SHAPES, Utilization, bare_bar
from pages.context import NO_HISTORY
from pages.format import UNKNOWN, percent
from pages.query import Word
from pages.views.limits.address import (
    DETAIL,
    FILTERS,
    FIND,
    KIND,
    LIMIT,
    PATH,
    SCOPE,
    STATUS,
    unfiltered,
)
from pages.views.limits.reading import LimitsData
from pages.views.limits.rows import Group, LimitRow, counts_words
from pages.views.limits.writing import money_left, trimmed, writer
from risk.limits.words import order_limit_words, room_words

CSV = "limits-csv"
_COLUMNS = 8
#: What a limit's link fills; on a narrow screen it lies far below.
_SHOWS: Mapping[str, Any] = {"data-shows": DETAIL}
_EVERYTHING: Mapping[str, None] = {word.name: None for word in FILTERS}
_MINUS = "\N{MINUS SIGN}"
#: What a sparkline draws in its full height at least, a share of the limit.
_LEAST_SPAN = 0.05


def table_card(data: LimitsData) -> html.Section:
    """The limits on the book as a tree, those on orders below."""
    return card(
        [
            heading("Utilization", note=counts_words(data.rows), actions=_tools(data)),
            _filters(data),
            html.Div(_content(data), id="limits-content"),
            *_on_orders(data),
        ],
        label="Utilization",
        class_name="sw-limits-tree",
        id="limits-tree",
    )


def _tools(data: LimitsData) -> list[Component]:
    text = [glyph("download"), "CSV"]
    button = html.Button(
        text,
        id=CSV,
        type="button",
        className="sw-button sw-button-small",
        title="Save these limits as CSV",
    )
    return [html.Span(_trouble(data), id="limits-trouble"), help_mark("utilization"), button]


def _trouble(data: LimitsData) -> list[Component]:
    """How many stand worst, wherever they stand in the tree, and the way to them alone."""
    worst = data.rows[0].standing if data.rows else "inside"
    if worst == "inside":
        return []
    shape, count = STANDING_SHAPES[worst], sum(row.standing == worst for row in data.rows)
    href = data.query.href(PATH, **{**_EVERYTHING, STATUS.name: worst})
    told = [glyph(shape, state=shape), f"{count} {worst.upper()}"]
    look: Mapping[str, Any] = {"title": "Show only these", "data-state": shape}
    return [inside_link(told, href, class_name="sw-badge", **look)]


def _filters(data: LimitsData) -> html.Div:
    query = data.query
    scopes = choice_links(
        "Scope", SCOPE.name, SCOPE.options or {}, query.choice(SCOPE.name), query.links_to(PATH)
    )
    find = dmc.TextInput(
        id={"type": "word", "word": FIND.name},
        value=query.choice(FIND.name),
        debounce=True,
        placeholder="Find, then Enter",
        size="xs",
        w=136,
        **{"aria-label": "Find limits by name, scope, kind or owner"},
    )
    picks = [_pick(data, STATUS, "Status"), _pick(data, KIND, "Kind")]
    return html.Div([scopes, *picks, find], className="sw-limits-filters")


def _pick(data: LimitsData, word: Word, label: str) -> dmc.Select:
    return dmc.Select(
        id={"type": "word", "word": word.name},
        data=[{"value": value, "label": text} for value, text in (word.options or {}).items()],
        value=data.query.choice(word.name),
        allowDeselect=False,
        size="xs",
        w=150,
        **{"aria-label": label},
    )


def _content(data: LimitsData) -> list[Component]:
    if data.groups:
        return [_table(data)]
    links = [NoticeLink("Show all limits", unfiltered(data.query))]
    if not data.rows:
        what = "The policy limits single orders only, so no scope may be traded in."
        return [empty_state("No limit on the book", what, small=True)]
    what = "Choose other filters above, or look at all of them."
    return [empty_state("No limit on the book matches", what, small=True, links=links)]


# -- the table -------------------------------------------------------------------------------


def _table(data: LimitsData) -> html.Div:
    table = html.Table(
        [
            html.Caption("How full each limit is", className="sw-hidden"),
            html.Thead(_header()),
            *(_group(data, group) for group in data.groups),
        ],
        className="sw-table sw-limits-table",
    )
    return html.Div(table, className="sw-table-box")


def _header() -> html.Tr:
    return html.Tr(
        [
            html.Th("Limit", scope="col", className="sw-left"),
            _head("Last day"),
            html.Th(
                html.Span("Used, drawn", className="sw-hidden"),
                scope="col",
                className="sw-bar-cell",
            ),
            _head("Used", wide=False),
            _head("Value"),
            _head("Hard"),
            _head("Left", term="headroom"),
            _head("Full in", term="time_to_breach"),
        ]
    )


def _head(text: str, *, term: str | None = None, wide: bool = True) -> html.Th:
    shown: Component = text
    if term is not None:
        shown = html.Div([text, help_mark(term)], className="sw-head-help")
    return html.Th(shown, scope="col", className="sw-wide" if wide else "")


def _group(data: LimitsData, group: Group) -> html.Tbody:
    titles = {**(SCOPE.options or {}), "portfolio": f"Book {data.book.name}"}
    told = [
        html.Strong(titles[group.key]),
        html.Span(counts_words(group.rows), id=f"limits-{group.key}-counts", className="sw-note"),
    ]
    head = html.Tr(
        html.Th(told, scope="rowgroup", colSpan=_COLUMNS, className="sw-left"),
        className="sw-limits-group",
    )
    rows = [_row(data, row) for row in group.rows]
    return html.Tbody([head, *rows], id=f"limits-{group.key}")


def _row(data: LimitsData, row: LimitRow) -> html.Tr:
    base = f"limit-{slug(row.name)}"
    chosen = data.chosen is not None and data.chosen.name == row.name
    write = writer(data.book.currency)
    value = UNKNOWN if row.value is None else write(row.value, row.unit)
    return html.Tr(
        [
            _name(data, row, base, chosen=chosen),
            html.Td(_spark(data, row, base), className="sw-wide"),
            html.Td(bare_bar(utilization_of(row), base), id=f"{base}-bar", className="sw-bar-cell"),
            html.Td(
                [
                    figure(percent(row.used, 0), f"{base}-used"),
                    *_word(row, base),
                ]
            ),
            _cell(value, f"{base}-value"),
            _cell(write(row.thresholds.hard, row.unit), f"{base}-hard"),
            _cell(left_of(row, data.book.currency), f"{base}-left"),
            _cell(row.pace_figure, f"{base}-pace"),
        ],
        id=base,
        className="sw-use sw-limit-row" + (" sw-limit-inner" if row.inner else ""),
        **{"data-standing": row.standing, "data-chosen": str(chosen).lower()},
    )


def _word(row: LimitRow, base: str) -> list[Component]:
    """Where it stands; that it is unknown its figure says already."""
    if row.used is None:
        return []
    return [html.Div(row.standing, id=f"{base}-word", className="sw-limit-word")]


def utilization_of(row: LimitRow) -> Utilization:
    """A row as the bar shows it."""
    return Utilization(row.title, row.used, row.soft_share, stated=row.standing)


def left_of(row: LimitRow, currency: str) -> str:
    """Headroom in money, or in the limit's own unit where that is not money."""
    if row.state is None or row.state.headroom is None:
        return UNKNOWN
    if row.money is not None:
        return money_left(row.money, currency)
    return writer(currency)(row.state.headroom, row.unit)


def left_words(row: LimitRow, currency: str) -> str:
    """``used, 10.6 k USD left``; of a limit that is crossed, by how much it is over."""
    left = left_of(row, currency)
    if left == UNKNOWN:
        return "used"
    crossed = row.state is not None and (row.state.headroom or 0.0) < 0.0
    return f"used, {left.removeprefix(_MINUS)} {'over' if crossed else 'left'}"


def _name(data: LimitsData, row: LimitRow, base: str, *, chosen: bool) -> html.Th:
    shape = STANDING_SHAPES[row.standing]
    state = None if row.standing == "inside" else shape
    href = data.query.href(PATH, **{LIMIT.name: row.name})
    parts = [
        glyph(shape, state=state, id=f"{base}-glyph"),
        html.Div(
            [
                inside_link(row.title, href, chosen=chosen, class_name="sw-limit-name", **_SHOWS),
                html.Div(row_words(row, data), id=f"{base}-words", className="sw-limit-words"),
            ]
        ),
    ]
    return html.Th(html.Div(parts, className="sw-limit-head"), scope="row", className="sw-left")


def row_words(row: LimitRow, data: LimitsData) -> str:
    """How far it is, and why its thresholds are not those of the definition."""
    write = trimmed(writer(data.book.currency))
    far = room_words(row.definition, row.thresholds, row.value, write)
    return " ".join([far, *threshold_words(row, data)])


def threshold_words(row: LimitRow, data: LimitsData) -> list[str]:
    """What has moved the thresholds away from the definition."""
    told = []
    is_temporary = row.is_temporary(data.now)
    if row.thresholds.factor != 1.0 and not is_temporary:
        times = percent(row.thresholds.factor, 0)
        told.append(f"At {times} of its base: {row.thresholds.cause}.")
    if row.temporary is not None:
        moment = row.temporary.expires if is_temporary else row.temporary.starts
        when = data.query.zone.date_and_clock(moment, now=data.now)
        told.append(f"Temporary {'until' if is_temporary else 'from'} {when}.")
    return told


def _spark(data: LimitsData, row: LimitRow, base: str) -> html.Div:
    history = data.trends.get(row.name, NO_HISTORY)
    label = f"{row.title}, last day"
    values = history.values.tolist()
    return sparkline(values, f"{base}-trend", label=label, least_span=_LEAST_SPAN)


def _cell(text: str, component_id: str) -> html.Td:
    return html.Td(figure(text, component_id), className="sw-wide")


# -- limits on orders ------------------------------------------------------------------------


def _on_orders(data: LimitsData) -> Sequence[Component]:
    """Nothing uses them between two orders: they are told, and not drawn."""
    if not data.on_orders:
        return []
    count = len(data.on_orders)
    each = "limit" if count == 1 else "limits"
    return [
        html.Details(
            [
                html.Summary(f"{count} {each} on single orders"),
                html.P(
                    "Each order meets them when it is checked; between two orders nothing uses "
                    "them.",
                    className="sw-note",
                ),
                html.Ul([_order_limit(data, row) for row in data.on_orders]),
            ],
            id="limits-orders",
            className="sw-limits-orders",
        )
    ]


def _order_limit(data: LimitsData, row: LimitRow) -> html.Li:
    write = trimmed(writer(data.book.currency))
    href = data.query.href(PATH, **{LIMIT.name: row.name})
    said = order_limit_words(row.definition, row.thresholds.hard, write)
    return html.Li([inside_link(row.title, href, **_SHOWS), html.Span(said, className="sw-dim")])
