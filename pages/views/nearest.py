"""The limits nearest to trouble, for the cockpit: a line for its banner, and a card of a few."""

from collections.abc import Sequence

from dash import html

from pages.components.basics import Component, card, heading, help_mark
from pages.components.links import inside_link
from pages.components.risk_table import slug
from pages.components.utilization import utilization_bar
from pages.context import CompleteCycle
from pages.format import percent
from pages.paths import LIMITS_PATH
from pages.query import Query
from pages.views.limits.address import LIMIT
from pages.views.limits.rows import LimitRow, counts_words, rows_of
from pages.views.limits.table import left_words, utilization_of
from pages.views.limits.writing import pace_words

#: So many are told one by one.
_TOLD = 5
_NO_POLICY = "No policy yet: every order that adds risk is refused."


def limits_on_book(cycle: CompleteCycle) -> list[LimitRow]:
    """Every limit on the book, the nearest to trouble first."""
    return [row for row in rows_of(cycle) if not row.is_on_orders]


def binding_words(cycle: CompleteCycle, currency: str) -> str:
    """The binding limit and how far it is: ``Binding limit: BTC share, 91 % used, …``."""
    if cycle.state.policy is None:
        return _NO_POLICY
    rows = limits_on_book(cycle)
    if not rows:
        return "The policy has no limit on the book, so nothing may be traded."
    row = rows[0]
    hours = row.state.hours_to_breach if row.state else None
    if row.used is None:
        return f"Binding limit: {row.name}, which cannot be measured now."
    left = left_words(row, currency)
    return (
        f"Binding limit: {row.name}, {percent(row.used, 0)} {left}. {pace_words(hours, row.status)}"
    )


def nearest_card(cycle: CompleteCycle, query: Query) -> html.Section:
    """The few limits that somebody should look at, each with its bar and word."""
    rows = limits_on_book(cycle)
    title = "Nearest limits"
    note = counts_words(rows, trouble_only=True)
    link = inside_link("All limits", _href(query), class_name="sw-link")
    return card(
        [
            heading(title, note=note, actions=[help_mark("binding_limit"), link]),
            html.Div(_bars(cycle, rows[:_TOLD]), id="cockpit-nearest-bars"),
        ],
        label=title,
        class_name="sw-nearest",
        id="cockpit-nearest",
    )


def _href(query: Query) -> str:
    """The page of limits; the cockpit's own words mean nothing there."""
    own = {word.name: None for word in query.words}
    return query.href(LIMITS_PATH, **own, **{LIMIT.name: None})


def _bars(cycle: CompleteCycle, rows: Sequence[LimitRow]) -> list[Component]:
    if cycle.state.policy is None:
        return [html.P(_NO_POLICY, className="sw-dim sw-pad")]
    if not rows:
        return [html.P("The policy has no limit on the book.", className="sw-dim sw-pad")]
    return [utilization_bar(utilization_of(row), f"nearest-{slug(row.name)}") for row in rows]
