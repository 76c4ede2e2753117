"""What is asked and not done yet: positions to become smaller, limits to be others."""

from collections.abc import Sequence
from datetime import datetime

from dash import html

from pages.components.basics import Component, card, heading
from pages.components.links import inside_link
from pages.format import quantity
from pages.paths import CHANGES_PATH
from pages.views.editing.address import ADD, OF_LIMIT, edit_href
from pages.views.holdings import coin
from pages.views.limits.address import WORDS
from pages.views.limits.reading import LimitsData
from risk.domain.actors import Ability
from risk.domain.reductions import Reduction

#: So many requests are told one by one.
_TOLD = 6


def asked_card(data: LimitsData) -> html.Section:
    """The requests that are open, the one whose deadline comes first above the others."""
    requests = sorted(data.cycle.state.reductions.values(), key=lambda r: (r.deadline, r.key))
    nothing = html.P("Nothing is asked to become smaller.", className="sw-dim")
    content = _list(data, requests) if requests else [nothing]
    return card(
        [heading("Asked to reduce"), html.Div(content, id="limits-asked-content")],
        label="Asked to reduce",
        class_name="sw-limits-asked",
        id="limits-asked",
    )


def requests_card(data: LimitsData) -> html.Section:
    """How many changes wait for a second person, and the ways to them and to a new limit."""
    return card(
        [
            heading("Changes"),
            html.P(
                [
                    html.Span(waiting_words(data.waiting), id="limits-waiting"),
                    " ",
                    inside_link("See them", data.query.href(CHANGES_PATH, **_NO_FILTERS)),
                ]
            ),
            html.P(
                inside_link("Add a limit…", edit_href(data.query, **{ADD.name: OF_LIMIT})),
                **{"data-needs": Ability.PROPOSE.value},
            ),
        ],
        label="Changes",
        class_name="sw-limits-expiring",
        id="limits-changes-card",
    )


_NO_FILTERS = {word.name: None for word in WORDS}


def waiting_words(count: int) -> str:
    """``2 changes wait for a second person.``"""
    if not count:
        return "No change waits for a second person."
    return f"{count} change{' waits' if count == 1 else 's wait'} for a second person."


def _list(data: LimitsData, requests: Sequence[Reduction]) -> list[Component]:
    rest = len(requests) - _TOLD
    more = [html.P(f"{rest} more.", className="sw-note")] if rest > 0 else []
    return [html.Ul([_request(data, request) for request in requests[:_TOLD]]), *more]


def _request(data: LimitsData, request: Reduction) -> html.Li:
    held = {p.key: p.quantity for p in data.cycle.assessment.positions}.get(request.key)
    start = "" if held is None else f" from {quantity(held)}"
    asked = f"{start} to {quantity(request.target_quantity)}"
    who = f"{request.key.strategy}, {coin(request.key.asset)}"
    return html.Li(
        [
            html.Span([html.Strong(who), asked]),
            html.Span(_deadline(data, request.deadline), className="sw-dim"),
            html.Span(request.reason, className="sw-dim"),
        ]
    )


def _deadline(data: LimitsData, deadline: datetime) -> str:
    when = data.query.zone.date_and_clock(deadline, now=data.now)
    return f"by {when}" if data.now <= deadline else f"late, was due {when}"
