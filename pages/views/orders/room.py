"""What of an order would pass now: asked by a press of a button."""

from dash import html

from pages.components.basics import Component
from pages.query import Query
from pages.readings import Readings
from pages.views.exposure.room import answer_parts
from pages.views.orders.address import ORDER


def room_now(readings: Readings, query: Query) -> list[Component]:
    """The largest order like the one that the address names, as the check answers now."""
    book = readings.book(query)
    story = None if book is None else readings.reader.order(book.name, query.choice(ORDER.name))
    if story is None:
        return [html.P("This order is not known any more.", className="sw-dim")]
    order = story.order
    return answer_parts(readings, query, order.side, [order.strategy, order.asset, order.venue])
