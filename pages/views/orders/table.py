"""The list of decisions, newest first, with its filters."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import dash_mantine_components as dmc
from dash import html

from pages.components.basics import Component, card, heading
from pages.components.choices import choice_links
from pages.components.grid import Column, Row, data_grid, grid_tools
from pages.components.links import inside_link
from pages.components.notices import NoticeLink, empty_state
from pages.query import Word
from pages.views.exposure.room import assets_of, strategies_of
from pages.views.holdings import coin
from pages.views.orders.address import (
    ASSET,
    BEFORE,
    FIND,
    ORDER,
    PATH,
    SENDER,
    STORY,
    STRATEGY,
    VERDICT,
    VERDICTS,
    before,
    before_text,
    is_filtered,
    unfiltered,
)
from pages.views.orders.reading import OrdersData
from pages.views.orders.wording import LOOKS, became, millis, why
from risk.domain.journalling import AnsweredOrder

GRID = "orders-list"
#: More rows scroll inside the list.
_IN_SIGHT = 15

COLUMNS = (
    Column(
        field="at",
        title="Time",
        narrow=True,
        sort="desc",
        href="href",
        shown="time",
        shows=STORY,
        width=104,
    ),
    Column(field="sender", title="Agent", width=152, wraps=True),
    Column(field="strategy", title="Strategy", width=76, wraps=True),
    Column(field="asset", title="Asset", note="side", narrow=True, width=84),
    Column(field="asked", title="Asked", kind="quantity", narrow=True),
    Column(field="allowed", title="Allowed", kind="quantity", term="order_allowed"),
    Column(
        field="verdict",
        title="Verdict",
        kind="state",
        shape="shape",
        term="verdict",
        narrow=True,
        width=96,
    ),
    Column(field="why", title="Why", width=256, wraps=True),
    Column(field="micros", title="Took, ms", kind="number", decimals=3, term="decision_time"),
    Column(
        field="became", title="Then", kind="state", shape="late", term="order_outcome", width=116
    ),
    Column(field="pair", title="Pair", width=92, roomy=True),
    Column(field="venue", title="Venue", width=64, roomy=True),
    Column(field="id", title="Order", width=140, roomy=True),
)


def list_card(data: OrdersData) -> html.Section:
    """The orders that range and filters ask for."""
    tools = grid_tools(GRID, COLUMNS, what="orders", search=False) if data.page.orders else []
    return card(
        [
            heading("Decisions", note=_note(data), actions=tools),
            _filters(data),
            html.Div(_content(data), id="orders-list-content"),
            html.Div(_further(data), id="orders-further", className="sw-orders-further"),
        ],
        label="Decisions",
        class_name="sw-orders-list",
        id="orders-list-card",
    )


def _note(data: OrdersData) -> str:
    until = before(data.query)
    if until is None:
        return "newest first"
    return f"until {data.query.zone.date_and_clock(until, now=data.now)}, newest first"


def _content(data: OrdersData) -> list[Component]:
    rows = order_rows(data)
    if rows:
        name = f"{data.book.name}-orders"
        return [
            data_grid(GRID, COLUMNS, rows, csv_name=name, label="Decisions", max_rows=_IN_SIGHT)
        ]
    return [_nothing(data)]


def _nothing(data: OrdersData) -> Component:
    if is_filtered(data.query):
        return empty_state(
            "No order matches",
            "Choose other filters or a longer range above, or look at all of them.",
            small=True,
            links=[NoticeLink("Show all orders", unfiltered(data.query))],
        )
    return empty_state(
        "No order was asked in this range",
        "Agents ask before they send: “seawall keys add --name NAME” gives one a key, and "
        "risk.client asks with it. An order appears here within a second. For older ones, choose "
        "a longer range above.",
        small=True,
    )


def order_rows(data: OrdersData) -> list[Row]:
    """A row for each order listed."""
    overdue = data.overdue
    return [_row(data, order, order.client_order_id in overdue) for order in data.page.orders]


def _row(data: OrdersData, order: AnsweredOrder, overdue: bool) -> Row:
    look = LOOKS[order.verdict]
    return {
        "id": order.client_order_id,
        "at": before_text(order.at),
        "time": data.query.zone.date_and_clock(order.at, now=data.now).replace(
            f"\N{NO-BREAK SPACE}{data.query.zone.label(order.at)}", ""
        ),
        "href": data.query.href(PATH, **{ORDER.name: order.client_order_id}),
        "sender": order.sender,
        "strategy": order.strategy,
        "asset": coin(order.asset),
        "side": order.side,
        "pair": order.asset,
        "venue": order.venue,
        "asked": order.requested,
        "allowed": order.allowed,
        "verdict": look.word.lower(),
        "shape": look.shape,
        "why": why(data.reasons_of(order), data.book.currency, partial(data.held_by, order)),
        "micros": millis(order.micros),
        "became": became(order, overdue=overdue),
        "late": "throttled" if overdue else None,
    }


def _further(data: OrdersData) -> list[Component]:
    """Ways to older orders, and back to the newest."""
    links = []
    if before(data.query) is not None:
        href = data.query.href(PATH, **{BEFORE.name: None})
        links.append(inside_link("Back to the newest", href, class_name="sw-link"))
    if data.page.older is not None:
        href = data.query.href(PATH, **{BEFORE.name: before_text(data.page.older)})
        links.append(inside_link("More: older orders", href, class_name="sw-link"))
    return links


# -- filters ---------------------------------------------------------------------------------


def _filters(data: OrdersData) -> html.Div:
    query = data.query
    verdicts = choice_links(
        "Verdict", VERDICT.name, VERDICTS, query.choice(VERDICT.name), query.links_to(PATH)
    )
    picks = [
        _pick(data, STRATEGY, "Strategy", "Every strategy", strategies_of(data.cycle)),
        _pick(data, ASSET, "Asset", "Every asset", assets_of(data.cycle)),
        _pick(data, SENDER, "Agent", "Every agent", {a.sender for a in data.agents if a.sender}),
    ]
    find = dmc.TextInput(
        id={"type": "word", "word": FIND.name},
        value=query.choice(FIND.name),
        debounce=True,
        placeholder="Order id, then Enter",
        size="xs",
        w=152,
        **{"aria-label": "Find orders by a part of their id"},
    )
    return html.Div([verdicts, *picks, find], id="orders-filters", className="sw-orders-filters")


def _pick(data: OrdersData, word: Word, label: str, every: str, known: Iterable[str]) -> dmc.Select:
    chosen = data.query.choice(word.name)
    names = sorted({*known, *([chosen] if chosen else [])})
    options: Sequence[Mapping[str, str]] = [
        {"value": "", "label": every},
        *({"value": name, "label": name} for name in names),
    ]
    return dmc.Select(
        id={"type": "word", "word": word.name},
        data=options,
        value=chosen,
        allowDeselect=False,
        size="xs",
        w=140,
        **{"aria-label": label},
    )
