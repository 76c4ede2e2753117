"""One breaker at length: a trip with what it means, or what is watched while nothing happens."""

from typing import Any

from dash import dcc, html

from pages.components.basics import Component, card, glyph, help_mark
from pages.components.links import inside_link
from pages.figures.history import CHART_CONFIG
from pages.format import sentence
from pages.views.breakers import overridden
from pages.views.breakers.address import BREAKER, CARD, PANEL
from pages.views.breakers.card.afterwards import counterfactual, resets, timings
from pages.views.breakers.card.effects import two_lists
from pages.views.breakers.card.facts import trip_facts, watch_facts
from pages.views.breakers.card.lead import lead_parts, until_words, watch_words, would_do_words
from pages.views.breakers.card.standing import shape_of, whose, word_of
from pages.views.breakers.people import people_lines
from pages.views.breakers.ramp import ramp_parts
from pages.views.breakers.reading import BreakersData, Chosen
from pages.views.breakers.wording import moment_words
from pages.views.editing.address import edit_href
from risk.breakers.manual import is_manual
from risk.domain.actors import Ability
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.words import scope_words

#: So many of the newest things that people did about a trip are told.
_PEOPLE_TOLD = 4


def chosen_card(data: BreakersData, chosen: Chosen) -> html.Section:
    """The trip or the breaker that the page tells at length."""
    shape = shape_of(chosen)
    parts = [
        _head(data, chosen, shape),
        *(_trip_parts(data, chosen) if chosen.story is not None else _watch_parts(data, chosen)),
    ]
    return card(
        parts,
        label="The chosen breaker",
        class_name="sw-breaker-card",
        id=CARD,
        **{"data-state": shape},
    )


def _head(data: BreakersData, chosen: Chosen, shape: str) -> html.Div:
    name, scope = whose(chosen)
    title = [
        html.Span(
            [
                glyph(shape, state=None if shape == "inside" else shape),
                html.Span(word_of(chosen), id="breaker-word"),
            ],
            className="sw-breaker-word",
            **{"data-state": shape},
        ),
        html.H2(name, id="breaker-name"),
        html.Span(_about(data, chosen, scope), id="breaker-about", className="sw-note"),
    ]
    return html.Div(
        [
            html.Div(title, className="sw-breaker-title"),
            html.Span([*_change(data, chosen), help_mark("breaker")], className="sw-breaker-ways"),
        ],
        className="sw-breaker-head",
    )


def _change(data: BreakersData, chosen: Chosen) -> list[Component]:
    """The way to another definition of the breaker; none of what people stopped."""
    if chosen.row is None:
        return []
    href = edit_href(data.query, **{BREAKER.name: chosen.row.name})
    needs: dict[str, Any] = {"data-needs": Ability.PROPOSE.value}
    return [inside_link("Change…", href, class_name="sw-link", id="breaker-change", **needs)]


def _about(data: BreakersData, chosen: Chosen, scope: Scope) -> str:
    where = f"book {data.book.name}" if scope.kind is ScopeKind.PORTFOLIO else scope_words(scope)
    if chosen.row is None or chosen.row.breaker.title.lower() == chosen.row.name.lower():
        return where
    return f"{chosen.row.breaker.title.lower()} of {where}"


# -- a trip ------------------------------------------------------------------------------------


def _trip_parts(data: BreakersData, chosen: Chosen) -> list[Component]:
    story = chosen.story
    assert story is not None, "a trip is told by its story"
    by_hand = is_manual(story.episode.breaker)
    lead = html.P(lead_parts(data, chosen, story), id="breaker-lead", className="sw-breaker-lead")
    until = html.P(until_words(data, chosen), id="breaker-until", className="sw-breaker-until")
    return [
        lead,
        *_overridden(data, chosen),
        until,
        *_people(data, chosen),
        two_lists(data, chosen, story),
        *_ramp(data, chosen),
        *([] if by_hand else [_plot(chosen), trip_facts(data, chosen, story)]),
        *resets(story),
        timings(data, chosen, story),
        *([] if by_hand else counterfactual(data, chosen, story.counterfactual)),
    ]


def _overridden(data: BreakersData, chosen: Chosen) -> list[Component]:
    """The override that is on: what, by whom, why, until when, and the way to end it."""
    row = chosen.row
    if row is None or row.override is None or not (chosen.is_on or chosen.story is None):
        return []
    on, zone, now = row.override, data.query.zone, data.now
    since = moment_words(zone, on.since, now)
    told = [
        html.Strong(f"{sentence(overridden.does_words(on))} by {on.by}"),
        f" since {since}: “{on.reason.rstrip('.')}.” It ",
        html.Strong(overridden.returns_words(on, zone, now)),
        f"{overridden.to_words(row.definition, row.state, zone, now)}. ",
        html.A("End it now", href=f"#{PANEL}", className="sw-link", **{"data-needs": "override"}),
    ]
    mark = glyph("person", state="probation" if on.loosens else None)
    return [html.P([mark, html.Span(told)], id="breaker-override", className="sw-breaker-override")]


def _people(data: BreakersData, chosen: Chosen) -> list[Component]:
    """What people did about it before: let it go into re-opening, overrode it, ended that."""
    assert chosen.story is not None, "people act on trips"
    told = people_lines(data, chosen.story.episode)[:_PEOPLE_TOLD]
    if not told:
        return []
    lines = html.Ul([html.Li(each) for each in told])
    return [
        html.Div(
            [html.H3("What people did"), lines], id="breaker-people", className="sw-breaker-people"
        )
    ]


def _ramp(data: BreakersData, chosen: Chosen) -> list[Component]:
    if not chosen.is_on or chosen.row is None or not chosen.row.is_on:
        return []
    return ramp_parts(chosen.row, data.query.zone, data.now)


# -- a breaker that watches --------------------------------------------------------------------


def _watch_parts(data: BreakersData, chosen: Chosen) -> list[Component]:
    row = chosen.row
    assert row is not None, "a card without a trip is of a breaker"
    return [
        html.P(watch_words(row), id="breaker-lead", className="sw-breaker-lead"),
        *_overridden(data, chosen),
        html.P(would_do_words(row), id="breaker-until", className="sw-breaker-until"),
        _plot(chosen),
        watch_facts(row),
    ]


# -- what it measured --------------------------------------------------------------------------


def _plot(chosen: Chosen) -> html.Div:
    if chosen.figure is None:
        told = html.P(
            "What it measured over this time is not kept; its newest value stands below.",
            className="sw-dim",
        )
        return html.Div(told, id="breaker-plot", className="sw-breaker-plot")
    graph = dcc.Graph(
        id="breaker-chart",
        figure=chosen.figure,
        responsive=True,
        config=CHART_CONFIG,
        style={"height": "210px"},
    )
    label = f"{whose(chosen)[0]}: what it measured, with the levels at which it trips and lets go"
    return html.Div(
        graph, id="breaker-plot", className="sw-breaker-plot", role="img", **{"aria-label": label}
    )
