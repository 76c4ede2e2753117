"""Room that is set aside for orders now, how old it is, and how it is given back."""

import shlex
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dash import html

from pages.components.basics import Component, card, glyph, heading, help_mark
from pages.components.links import inside_link
from pages.components.risk_table import slug
from pages.format import quantity
from pages.views.holdings import coin
from pages.views.limits.writing import duration
from pages.views.orders.address import ORDER, PATH, STORY
from pages.views.orders.reading import OrdersData
from pages.views.orders.wording import age_of
from risk.domain.leases import is_lease_id
from risk.domain.orders import Reservation

CARD = "orders-held"
#: So many are told one by one.
_TOLD = 8
#: Words of a command up to so many letters fit on every line.
_SHORT = 16
#: What an order's link fills.
_SHOWS: Mapping[str, Any] = {"data-shows": STORY}


def held_card(data: OrdersData) -> html.Section:
    """Open reservations, the oldest first."""
    nothing = [html.P("No room is set aside: no order is open.", className="sw-dim")]
    return card(
        [
            heading("Open reservations", actions=[help_mark("open_reservations")]),
            html.Div(_told(data) if data.held else nothing, id=f"{CARD}-content"),
            html.Div(_how(data), id=f"{CARD}-how"),
        ],
        label="Room that is set aside",
        class_name="sw-orders-held",
        id=CARD,
    )


def _told(data: OrdersData) -> list[Component]:
    rest = len(data.held) - _TOLD
    more = [html.P(f"{rest} more: “seawall reservations list”.")] if rest > 0 else []
    return [html.Ul([_item(data, held) for held in data.held[:_TOLD]]), *more]


def _item(data: OrdersData, held: Reservation) -> html.Li:
    order, late = held.order, held.order.client_order_id in data.overdue
    base = f"held-{slug(order.client_order_id)}"
    href = data.query.href(PATH, **{ORDER.name: order.client_order_id})
    left = f"{quantity(abs(held.open_quantity))}\N{NO-BREAK SPACE}{coin(order.asset)}"
    what = " slice" if is_lease_id(order.client_order_id) else ""
    name = inside_link(f"{order.strategy} {order.side}{what}", href, **_SHOWS)
    # Not 0 min, which reads as up to one.
    age = duration(max(age_of(held.placed_at, data.wall), timedelta(seconds=1)))
    state = "throttled" if late else ""
    return html.Li(
        [
            html.Span([html.Strong(name), f" {left}"], className="sw-held-what"),
            html.Span(
                [
                    *([glyph("throttled", state="throttled")] if late else []),
                    html.Span("overdue, " if late else "", id=f"{base}-word"),
                    # An age changes with every cycle: no news.
                    html.Span(age, id=f"{base}-age", className="sw-num-plain"),
                ],
                className="sw-held-age",
                **{"data-state": state},
            ),
            html.Span(order.client_order_id, className="sw-dim sw-held-id"),
        ],
        id=base,
    )


def _how(data: OrdersData) -> Sequence[Component]:
    """What to do about those that nobody tells of any more."""
    if not data.overdue:
        return []
    first = next(h for h in data.held if h.order.client_order_id in data.overdue)
    return [
        html.P(
            "Nobody told what became of an overdue order, so its room stays set aside. Look at "
            "the exchange; where it is dead, give the room back:",
            className="sw-dim",
        ),
        html.P(
            html.Code(_whole_words(release_command(data.book.name, first.order.client_order_id))),
            className="sw-command",
        ),
    ]


def _whole_words(command: str) -> list[Component | str]:
    """Lines break between words, and within long ones only: ``--reason`` stays one."""
    words: list[Component | str] = []
    for word in command.split(" "):
        words += [html.Span(word, className="sw-nowrap") if len(word) <= _SHORT else word, " "]
    return words[:-1]


def release_command(portfolio: str, client_order_id: str) -> str:
    """What a person types to give back an order's room."""
    # Agents may choose any id, and a shell reads something into many.
    options = f"--portfolio {shlex.quote(portfolio)} --reason TEXT"
    quoted = shlex.quote(client_order_id)
    end = f"{options} -- {quoted}" if quoted.startswith("-") else f"{quoted} {options}"
    return f"seawall reservations release {end}"
