"""How many orders were answered, how, and how long that took."""

from collections.abc import Mapping

from dash import html

from pages.components.basics import card, figure, help_mark
from pages.format import NONE, UNKNOWN, number, percent
from pages.glossary import GLOSSARY
from pages.views.orders.reading import OrdersData
from pages.views.orders.wording import millis_words

#: With fewer answers there is none that 99 of 100 are quicker than.
ENOUGH_FOR_P99 = 100
#: Cards by their term of the glossary.
_CARDS = (
    "orders_answered",
    "orders_approved",
    "orders_resized",
    "orders_rejected",
    "decision_time",
    "open_reservations",
)


def totals(data: OrdersData) -> html.Div:
    """A card a figure."""
    figures = _figures(data)
    return html.Div(
        [_card(term, *figures[term]) for term in _CARDS], id="orders-totals", className="sw-cards"
    )


def _card(term: str, value: str, context: str) -> html.Section:
    name = GLOSSARY[term].name
    base = f"card-{term}"
    return card(
        [
            html.Div([html.Span(name), help_mark(term)], className="sw-label"),
            html.Div(
                figure(value, f"{base}-figure", class_name="sw-figure"), className="sw-figure-line"
            ),
            html.Div(context, id=f"{base}-context", className="sw-context"),
        ],
        label=name,
        class_name="sw-metric",
    )


def _figures(data: OrdersData) -> Mapping[str, tuple[str, str]]:
    approved, resized, rejected = (
        sum(getattr(each, verdict) for each in data.sums)
        for verdict in ("approved", "resized", "rejected")
    )
    asked = approved + resized + rejected
    return {
        "orders_answered": (number(asked), data.query.range_words(data.now)),
        "orders_approved": (number(approved), _share(approved, asked)),
        "orders_resized": (number(resized), _share(resized, asked)),
        "orders_rejected": (number(rejected), _share(rejected, asked)),
        "decision_time": _times(data),
        "open_reservations": (number(len(data.held)), _overdue(data)),
    }


def _share(part: int, whole: int) -> str:
    return f"{percent(part / whole, 1)} of them" if whole else NONE


def _times(data: OrdersData) -> tuple[str, str]:
    if data.times is None:
        return UNKNOWN, "no order in this range"
    half, orders = millis_words(data.times.p50), data.times.orders
    if orders < ENOUGH_FOR_P99:
        # The slowest one of a handful is no p99.
        return half, f"half of {number(orders)}; p99 from {ENOUGH_FOR_P99} answers on"
    return millis_words(data.times.p99), f"p99 of {number(orders)}; half in {half}"


def _overdue(data: OrdersData) -> str:
    late = len(data.overdue)
    if not data.held:
        return "no order is open"
    return f"{number(late)} overdue" if late else "none overdue"
