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
from risk.domain.scopes import ScopeKind
from risk.limits.types import BOOK_LIMITS

#: So many are told one by one.
_TOLD = 5
_PASSES = "Reductions pass."
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
    if row.used is None:
        return f"Binding limit: {row.title}, which cannot be measured now."
    left = left_words(row, currency)
    full = f"{percent(row.used, 0)} {left}"
    return f"Binding limit: {row.title}, {full}. {row.pace_words}"


def blocked_words(cycle: CompleteCycle) -> str:
    """What hard limits stop while they are exceeded, and what passes; empty while none is."""
    over = [row for row in limits_on_book(cycle) if _is_exceeded(row)]
    if not over:
        return ""
    of_all = next((row for row in over if _stops_the_book(row)), None)
    if of_all is not None:
        return f"{of_all.title} is over its hard limit: no new risk passes. Reductions do."
    if len(over) > 1:
        return f"{len(over)} hard limits are exceeded: what adds to them is refused. {_PASSES}"
    return f"{over[0].title} is over its hard limit: what adds to it is refused. {_PASSES}"


def _is_exceeded(row: LimitRow) -> bool:
    """As an order is judged: a breach is called hard until it is clearly over."""
    return row.value is not None and row.value > row.thresholds.hard


def _stops_the_book(row: LimitRow) -> bool:
    """Whether no order mends it, so that it stops all new risk."""
    stops = BOOK_LIMITS[row.definition.kind].stops
    return stops and row.definition.scope.kind is ScopeKind.PORTFOLIO


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
