"""One breaker at length: a trip with what it means, or what is watched while nothing happens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import dcc, html

from pages.components.basics import Component, card, figure, glyph, help_mark
from pages.components.links import inside_link
from pages.components.metrics import Fact, fact_list
from pages.components.states import STATE_LOOKS
from pages.context import EpisodeStory
from pages.figures.history import CHART_CONFIG
from pages.format import UNKNOWN, money, number, percent, sentence
from pages.views.breakers import overridden
from pages.views.breakers.address import BREAKER, CARD, PANEL
from pages.views.breakers.overridden import rule_words
from pages.views.breakers.people import people_lines
from pages.views.breakers.ramp import ramp_parts
from pages.views.breakers.reading import BreakersData, Chosen, unit_of
from pages.views.breakers.rows import ARMED, OFF, PROBATION, TRIPPED, BreakerRow, far_words
from pages.views.breakers.wording import (
    ahead,
    ends_without_level,
    figure_of,
    in_one_unit,
    is_measured,
    moment_words,
    part_names,
    part_of,
    past_words,
    share,
    trip_name,
)
from pages.views.editing.address import edit_href
from pages.views.holds import tighter_words
from pages.views.limits.writing import duration
from risk.breakers.lifecycle import asked_from
from risk.breakers.manual import is_manual
from risk.breakers.overriding import PARDON
from risk.breakers.words import shown_name
from risk.domain.actors import Ability
from risk.domain.breakers import BreakerUnit, Episode
from risk.domain.cards import Card, CardHistory, Counterfactual
from risk.domain.latches import way_back
from risk.domain.market import Trust
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.limits.words import scope_words

_WORKED_OUT = "being worked out"
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


def is_over(chosen: Chosen) -> bool:
    """Whether it tells a trip that has ended."""
    return chosen.story is not None and not chosen.is_on


def shape_of(chosen: Chosen) -> str:
    """The glyph of what is told, which is also the name of its colour where it has one."""
    if chosen.story is not None and not chosen.story.episode.imposed:
        return "stale"
    if is_over(chosen):
        return "normal"
    if chosen.row is None:
        return "stale" if chosen.story is None else STATE_LOOKS[chosen.story.episode.state].shape
    return chosen.row.shape


def word_of(chosen: Chosen) -> str:
    """The state in a word: ``THROTTLED``, ``PROBATION``, ``OVER``, ``ARMED``, ``OFF``."""
    if chosen.story is not None and not chosen.story.episode.imposed:
        return "WOULD HAVE TRIPPED"
    if is_over(chosen):
        return "OVER"
    row = chosen.row
    if row is None:
        return UNKNOWN if chosen.story is None else STATE_LOOKS[chosen.story.episode.state].word
    if row.stepped_down is not None:
        return "STEPPED DOWN"
    if row.standing == TRIPPED:
        return STATE_LOOKS[row.definition.state].word
    return {PROBATION: "PROBATION", ARMED: "ARMED", OFF: "OFF"}.get(row.standing, "NOT MEASURED")


def _head(data: BreakersData, chosen: Chosen, shape: str) -> html.Div:
    name, scope = _whose(chosen)
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


def _whose(chosen: Chosen) -> tuple[str, Scope]:
    if chosen.story is not None:
        return trip_name(chosen.story.episode), chosen.story.episode.scope
    assert chosen.row is not None, "a card tells a trip or a breaker"
    return shown_name(chosen.row.name, chosen.row.scope), chosen.row.scope


def _about(data: BreakersData, chosen: Chosen, scope: Scope) -> str:
    where = f"book {data.book.name}" if scope.kind is ScopeKind.PORTFOLIO else scope_words(scope)
    if chosen.row is None or chosen.row.breaker.title.lower() == chosen.row.name.lower():
        return where
    return f"{chosen.row.breaker.title.lower()} of {where}"


# -- a trip ----------------------------------------------------------------------------------


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
        _two_lists(data, chosen, story),
        *_ramp(data, chosen),
        *([] if by_hand else [_plot(chosen), _facts(data, chosen, story)]),
        *_resets(story),
        _timings(data, chosen, story),
        *([] if by_hand else _counterfactual(data, chosen, story.counterfactual)),
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
        f"{overridden.to_words(row.definition, row.state)}. ",
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


def lead_parts(data: BreakersData, chosen: Chosen, story: EpisodeStory) -> list[Component]:
    """What is so since when, and why, with its numbers."""
    episode, unit = story.episode, unit_of(chosen.row, story)
    since = moment_words(data.query.zone, episode.tripped_at, data.now)
    trip = f" (trips above {figure_of(episode.threshold, unit)})"
    why = f"{episode.cause.rstrip('.')}."
    if not is_manual(episode.breaker):
        why = f"{past_words(episode)}{trip}."
    if not episode.imposed:
        return ["At ", html.Strong(since), f" it would have tripped, were it on: {why}"]
    if is_over(chosen):
        return ["From ", html.Strong(since), f" {did_words(episode)}: {why}"]
    did, positions = now_words(chosen, episode), _positions(data, chosen, story)
    if is_measured(episode):
        why = f"at the trip {past_words(episode)}{trip}{_value_now(chosen, unit)}."
    again = _shut_again_at(chosen)
    if again is None:
        return ["Since ", html.Strong(since), f" {did}: {why} {positions}"]
    anew = moment_words(data.query.zone, again, data.now)
    return ["Since ", html.Strong(anew), f" again, and first at {since}, {did}: {why} {positions}"]


def _value_now(chosen: Chosen, unit: BreakerUnit) -> str:
    """``; now 2.00 ×``; nothing while it cannot be measured."""
    reading = None if chosen.row is None else chosen.row.reading
    return "" if reading is None else f"; now {figure_of(reading.value, unit)}"


def _shut_again_at(chosen: Chosen) -> datetime | None:
    """When it tripped again while it re-opened; None of one that has been shut all the time."""
    row = chosen.row
    if row is None or row.state is None or row.episode is None or row.standing != TRIPPED:
        return None
    return row.state.since if row.episode.retrips else None


def did_words(episode: Episode) -> str:
    """What a trip does to its scope, inside a sentence."""
    where = scope_words(episode.scope)
    return {
        TradingState.THROTTLED: f"new risk in {where} was cut",
        TradingState.REDUCE_ONLY: f"entries in {where} were paused",
        TradingState.HALTED: f"trading in {where} was stopped",
    }[episode.state]


def now_words(chosen: Chosen, episode: Episode) -> str:
    """What it does to its scope now, inside a sentence."""
    where, row = scope_words(episode.scope), chosen.row
    if row is not None and row.stepped_down is not None:
        by, rule = row.stepped_down.by, rule_words(row.definition, row.state)
        return f"{where} is {rule} by its rule, and {by} lets {share(row.size)} of new risk pass"
    if row is not None and row.standing == PROBATION:
        return f"{where} was shut and re-opens now, new risk at {share(row.size)} of size"
    if episode.state is TradingState.THROTTLED:
        size = "" if row is None else f" to {share(row.size)} of size"
        return f"new risk in {where} is cut{size}"
    if episode.state is TradingState.REDUCE_ONLY:
        return f"entries in {where} are paused"
    return f"trading in {where} is stopped"


def _positions(data: BreakersData, chosen: Chosen, story: EpisodeStory) -> str:
    """Whether positions are open now, and whether the trip closes any."""
    held = [
        p
        for p in data.cycle.assessment.positions
        if p.quantity and _is_in(story.episode.scope, p, data)
    ]
    asked = chosen.row is not None and chosen.row.definition.flatten
    if not held:
        return "No position is open there."
    net = money(sum(p.exposure for p in held), data.book.currency, signed=True)
    many = f"{len(held)} positions are" if len(held) > 1 else "1 position is"
    closes = "It asks for all of them to be closed." if asked else "The trip closes none of them."
    return f"{many} open there, {net} net. {closes}"


def _is_in(scope: Scope, position: object, data: BreakersData) -> bool:
    if scope.kind is ScopeKind.PORTFOLIO:
        return True
    if scope.kind is ScopeKind.STRATEGY_TYPE:
        policy = data.state.policy
        types = policy.strategies if policy is not None else {}
        return bool(types.get(getattr(position, "strategy", "")) == scope.name)
    return bool(getattr(position, scope.kind.value) == scope.name)


def until_words(data: BreakersData, chosen: Chosen) -> list[Component]:
    """Until when: the one thing that everybody asks next."""
    story, row = chosen.story, chosen.row
    assert story is not None, "only trips end"
    zone, now, episode = data.query.zone, data.now, story.episode
    if episode.ended_at is not None:
        lasted = duration(episode.ended_at - episode.tripped_at)
        by = "by itself" if episode.ended_by == "rule" else f"by {episode.ended_by}"
        at = moment_words(zone, episode.ended_at, now)
        return [html.Strong(f"Over since {at}"), f" after {lasted}, {by}: {episode.ended_why}."]
    if is_manual(episode.breaker):
        back = way_back(data.state.portfolio, episode.scope)
        return [html.Strong("Until a person lets it go: "), html.Code(back)]
    if row is None or row.state is None or row.state.until is None:
        return ["It is not known when it ends."]
    return _until_of(row, zone_words=moment_words(zone, row.state.until, now), now=now)


def _until_of(row: BreakerRow, *, zone_words: str, now: datetime) -> list[Component]:
    state, episode = row.state, row.episode
    assert state is not None, "whatever tripped stands somewhere"
    assert state.until is not None, "a pause has an end"
    assert episode is not None, "whatever tripped has an episode"
    left = ahead(state.until, now)
    if row.standing == PROBATION:
        rest = (
            " for the next step, unless it trips again."
            if state.rung < 2
            else (", then it is over, unless it trips again.")
        )
        return [html.Strong(f"{zone_words}, {left}"), rest]
    if state.until <= now:
        return _overdue(row, episode)
    if row.breaker.needs_person:
        return [html.Strong(f"Until a person lets it go, from {zone_words}"), f", {left}."]
    eased = f", once {back_words(row)}"
    then = " by itself" if row.breaker.ends_by_time else eased
    return [html.Strong(f"Until {zone_words} at least"), f", {left}; it eases then{then}."]


def _overdue(row: BreakerRow, episode: Episode) -> list[Component]:
    asked = " A person has been asked to look." if episode.asked_at is not None else ""
    if row.breaker.needs_person:
        return [html.Strong("Until a person lets it go."), f" Its pause is over.{asked}"]
    if row.breaker.ends_by_time:
        return [html.Strong("Until the engine's next cycle."), f" Its pause is over.{asked}"]
    return [
        html.Strong(f"Until {back_words(row)}"),
        f", or a person lets it go: its pause is over.{asked}",
    ]


def back_words(row: BreakerRow) -> str:
    """``it is back at 1.50 ×``; what eases, and where it is, where that is not the value."""
    level, eases_now = figure_of(row.breaker.release, row.unit), row.eases_now
    if eases_now is None:
        return f"it is back at {level}"
    what = row.breaker.eases_by or "what it eases by"
    return f"{what}, now {figure_of(eases_now, row.unit)}, is back at {level}"


# -- blocked and works -----------------------------------------------------------------------


def _two_lists(data: BreakersData, chosen: Chosen, story: EpisodeStory) -> html.Div:
    blocked, works = effects_of(chosen, story)
    over = is_over(chosen)
    tighter = "" if over else tighter_words(data.state, story.episode.breaker)
    return html.Div(
        [
            _list("Was blocked" if over else "Blocked", blocked, "remove", "blocked"),
            _list("Worked all the same" if over else "Still works", works, "tick", "works"),
            *([html.P(tighter, id="breaker-tighter", className="sw-note")] if tighter else []),
        ],
        className="sw-breaker-two",
    )


def effects_of(chosen: Chosen, story: EpisodeStory) -> tuple[Sequence[str], Sequence[str]]:
    """What is refused and what passes: of a trip by its card, of a re-opening by its rung."""
    row, card_kept = chosen.row, story.card
    if chosen.is_on and row is not None and (row.stepped_down or row.standing == PROBATION):
        return _in_probation(row)
    if card_kept is not None:
        return card_kept.blocked, card_kept.works
    return _by_state(story.episode, row)


def _in_probation(row: BreakerRow) -> tuple[Sequence[str], Sequence[str]]:
    works = ("Proven reductions at full size", "Stops, take-profits, cancels")
    if row.size >= 1.0:
        return (), ("New risk at full size", *works)
    part = share(row.size)
    return (f"New risk above {part} of its size",), (f"New risk up to {part} of its size", *works)


def _by_state(episode: Episode, row: BreakerRow | None) -> tuple[Sequence[str], Sequence[str]]:
    """Of a trip whose card was not kept."""
    if not episode.imposed:
        return (), ("Everything: the breaker is off",)
    if episode.state is TradingState.HALTED:
        return (
            ("All new risk", "Reductions without an emergency key"),
            ("Reductions with an emergency key", "Cancels"),
        )
    works = ("Proven reductions at full size", "Stops, take-profits, cancels")
    if episode.state is TradingState.REDUCE_ONLY or row is None:
        return ("All new risk",), works
    part = share(row.definition.size)
    return (f"New risk above {part} of its size",), (*works, f"New risk up to {part} of its size")


def _list(title: str, told: Sequence[str], shape: str, key: str) -> html.Div:
    items = [html.Li([glyph(shape), html.Span(each)]) for each in told]
    nothing = [html.P("Nothing.", className="sw-dim")]
    return html.Div(
        [html.H3(title), html.Ul(items) if items else nothing[0]],
        id=f"breaker-{key}",
        className=f"sw-breaker-list sw-breaker-{key}",
    )


def _ramp(data: BreakersData, chosen: Chosen) -> list[Component]:
    if not chosen.is_on or chosen.row is None or not chosen.row.is_on:
        return []
    return ramp_parts(chosen.row, data.query.zone, data.now)


# -- plot and facts --------------------------------------------------------------------------


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
    label = f"{_whose(chosen)[0]}: what it measured, with the levels at which it trips and lets go"
    return html.Div(
        graph, id="breaker-plot", className="sw-breaker-plot", role="img", **{"aria-label": label}
    )


def _facts(data: BreakersData, chosen: Chosen, story: EpisodeStory) -> html.Div:
    unit = unit_of(chosen.row, story)
    return html.Div(
        [
            fact_list(_rule_facts(data, chosen, story, unit), "breaker-rule"),
            fact_list(_place_facts(data, chosen, story, unit), "breaker-place"),
        ],
        className="sw-breaker-two sw-breaker-facts",
    )


def _rule_facts(
    data: BreakersData, chosen: Chosen, story: EpisodeStory, unit: BreakerUnit
) -> list[Fact]:
    episode, card_kept, row = story.episode, story.card, chosen.row
    rule = card_kept.rule if card_kept is not None else row.breaker.rule if row is not None else ""
    reading = row.reading if chosen.is_on and row is not None else None
    now = "" if reading is None else f"now {figure_of(reading.value, unit)}"
    facts = [
        Fact("value", "At the trip", figure_of(episode.value, unit), now),
        Fact("worst", "Worst since", figure_of(episode.worst, unit)),
        *_parts_of(data, episode, reading.numerator if reading else None),
        Fact("threshold", "Trips above", figure_of(episode.threshold, unit), _confirmed(row)),
        *(_level_now(row) if chosen.is_on and row is not None else []),
    ]
    release = card_kept.release if card_kept else row.breaker.release if row else None
    on = row if chosen.is_on else None
    facts.extend(_release_facts(release, episode.kind, unit, on))
    return [*facts, Fact("rule", "Rule", "", sentence(rule))] if rule else facts


def _level_now(row: BreakerRow) -> list[Fact]:
    """The level while it re-opens, where that is not the policy's."""
    if row.state is None or row.level == row.breaker.trip:
        return []
    level = figure_of(row.level, row.unit)
    if row.state.pardoned is not None and row.level > row.breaker.trip:
        above = f"{percent(PARDON - 1.0, 0)} above the level it was let go at"
        return [Fact("level-now", "Until it has calmed", level, above)]
    return [Fact("level-now", "While it re-opens", level, "it trips earlier then")]


def _release_facts(
    release: float | None, kind: str, unit: BreakerUnit, on: BreakerRow | None
) -> list[Fact]:
    """What lets it go: a level with what is held against it, time alone, or a person only."""
    without = ends_without_level(kind)
    if without:
        return [Fact("release", "Lets go", without)]
    if release is None:
        return []
    held = "" if on is None else _eases_words(on)
    return [Fact("release", "Eases at", f"{figure_of(release, unit)} or below", held)]


def _eases_words(row: BreakerRow) -> str:
    """``its average with a half-life of 24 h: now 2.02 ×``; empty where its value eases."""
    if row.eases_now is None:
        return row.breaker.eases_by
    now = f"now {figure_of(row.eases_now, row.unit)}"
    return f"{row.breaker.eases_by}: {now}" if row.breaker.eases_by else f"what eases it: {now}"


def _parts_of(data: BreakersData, episode: Episode, now: float | None) -> list[Fact]:
    if episode.numerator is None or episode.denominator is None:
        return []
    kind = episode.kind
    since = "" if now is None else f"now {part_of(now, kind, data.book)}"
    above, below = part_names(kind)
    return [
        Fact("numerator", above, part_of(episode.numerator, kind, data.book), since),
        Fact("denominator", below, part_of(episode.denominator, kind, data.book)),
    ]


def _confirmed(row: BreakerRow | None) -> str:
    if row is None or row.definition.of <= 1:
        return ""
    return f"in {row.definition.confirm} of {row.definition.of} readings"


def _place_facts(
    data: BreakersData, chosen: Chosen, story: EpisodeStory, unit: BreakerUnit
) -> list[Fact]:
    return [
        *trust_facts(data, chosen, story.card),
        *rank_facts(data, story.history, unit),
        *_market(story.card),
    ]


def trust_facts(data: BreakersData, chosen: Chosen, kept: Card | None) -> list[Fact]:
    """How many of the inputs could be believed at the trip, and can be now."""
    if kept is None or not kept.inputs:
        return [Fact("trust", "Trust of its inputs", "not kept" if kept is None else "of the book")]
    good = sum(each.trust is Trust.TRUSTED for each in kept.inputs)
    bad = [each.name for each in kept.inputs if each.trust is not Trust.TRUSTED]
    facts = [Fact("trust", "Trust at the trip", _of_marks(good, len(kept.inputs)), _left_out(bad))]
    if chosen.is_on:
        trusts = data.state.trusts
        known = [each.name for each in kept.inputs if each.name in trusts]
        doubtful = [name for name in known if trusts[name] is not Trust.TRUSTED]
        told = _of_marks(len(known) - len(doubtful), len(known)) if known else UNKNOWN
        facts.append(Fact("trust-now", "Trust now", told, _left_out(doubtful)))
    return facts


def _of_marks(good: int, count: int) -> str:
    return f"{good} of {count} marks"


def _left_out(names: Sequence[str]) -> str:
    return f"{', '.join(names)} in doubt" if names else ""


def rank_facts(data: BreakersData, history: CardHistory | None, unit: BreakerUnit) -> list[Fact]:
    """Where the trip stands among what was measured before it."""
    if history is None:
        return [Fact("rank", "Rank in history", _WORKED_OUT)]
    if not history.hours:
        return [Fact("rank", "Rank in history", "none before it")]
    days = history.hours / 24.0
    before = (
        f"{number(days)} days before it, hour by hour"
        if days >= 2.0
        else f"{number(history.hours)} hours before it"
    )
    facts = [
        Fact(
            "rank",
            "Rank in history",
            f"above {percent(history.percentile, 1)}",
            f"of {before}",
        )
    ]
    if history.nearest_at is None:
        return facts
    when = data.query.zone.date(history.nearest_at, now=data.now)
    facts.append(
        Fact("nearest", "Nearest before", f"{when}, {figure_of(history.nearest_value, unit)}")
    )
    then = percent(history.nearest_then, 1, signed=True)
    facts.append(Fact("then", "What followed then", f"market {then} in 6 h"))
    return facts


def _market(kept: Card | None) -> list[Fact]:
    if kept is None or not kept.market:
        return []
    return [Fact("market", "The market", "", kept.market)]


# -- resetting, and when ---------------------------------------------------------------------


def _resets(story: EpisodeStory) -> list[Component]:
    kept = story.card
    if kept is None:
        return []
    return [
        html.Div(
            [
                _sentences("Letting go does", kept.reset_does, "does"),
                _sentences("It does not", kept.reset_does_not, "does-not"),
            ],
            className="sw-breaker-two sw-breaker-resets",
        )
    ]


def _sentences(title: str, told: Sequence[str], key: str) -> html.Div:
    items = [html.Li(each) for each in told]
    return html.Div([html.H3(title), html.Ul(items)], id=f"breaker-reset-{key}")


def _timings(data: BreakersData, chosen: Chosen, story: EpisodeStory) -> html.Div:
    cells = [
        html.Div(
            [html.Div(label, className="sw-label"), figure(value, f"breaker-{key}"), *_note(note)],
            className="sw-breaker-time",
        )
        for key, label, value, note in timing_cells(data, chosen, story)
    ]
    return html.Div(cells, className="sw-breaker-times")


def _note(text: str) -> list[Component]:
    return [html.Div(text, className="sw-note")] if text else []


def timing_cells(
    data: BreakersData, chosen: Chosen, story: EpisodeStory
) -> list[tuple[str, str, str, str]]:
    """When it eases by itself, when a person must look, and whose it is."""
    zone, now, row = data.query.zone, data.now, chosen.row
    cells: list[tuple[str, str, str, str]] = []
    if chosen.is_on and row is not None and row.is_on and row.state is not None:
        state = row.state
        if state.until is not None:
            label = "Next step from" if row.standing == PROBATION else "Steps down by itself from"
            if row.breaker.needs_person and row.standing == TRIPPED:
                label = "Can be let go from"
            if state.until <= now:
                label = "Its pause was over"
            until = moment_words(zone, state.until, now)
            cells.append(("from", label, until, ahead(state.until, now)))
        if row.standing == TRIPPED:
            cells.append(_person_cell(data, row, story.episode))
    else:
        lasted = (story.episode.ended_at or now) - story.episode.tripped_at
        cells.append(("lasted", "Lasted", duration(lasted), ""))
    owner = row.definition.owner if row is not None else ""
    cells.append(("owner", "Owner", owner or "nobody named", ""))
    if story.episode.retrips:
        times = "once" if story.episode.retrips == 1 else f"{story.episode.retrips} times"
        cells.append(("retrips", "Tripped again while re-opening", times, "each doubles the pause"))
    return cells


def _person_cell(
    data: BreakersData, row: BreakerRow, episode: Episode
) -> tuple[str, str, str, str]:
    zone, now = data.query.zone, data.now
    if episode.asked_at is not None:
        asked = moment_words(zone, episode.asked_at, now)
        return "person", "A person was asked", asked, ahead(episode.asked_at, now)
    assert row.state is not None, "whatever tripped stands somewhere"
    by = asked_from(row.state, row.definition)
    return "person", "A person must look by", moment_words(zone, by, now), ahead(by, now)


def _counterfactual(
    data: BreakersData, chosen: Chosen, found: Counterfactual | None
) -> list[Component]:
    assert chosen.story is not None, "only trips stop orders"
    if not chosen.story.episode.imposed:
        return []
    words = counterfactual_words(found, data.book.currency, on=chosen.is_on)
    return [html.P(words, id="breaker-so-far", className="sw-breaker-foot")]


def counterfactual_words(found: Counterfactual | None, currency: str, *, on: bool) -> str:
    """What the stopped orders would have brought: ``So far: 9 orders …``."""
    if found is None:
        return "What the stopped orders would have earned or lost is told a day after the trip."
    start = "So far" if on else "Over it all"
    if not found.orders:
        return f"{start}: it stopped no order."
    orders = "1 order was" if found.orders == 1 else f"{found.orders} orders were"
    verb = "earned" if found.profit >= 0.0 else "lost"
    stopped, brought, fees = (
        money(value, currency) for value in (found.stopped, abs(found.profit), found.fees)
    )
    unpriced = f" {found.unpriced} could not be priced." if found.unpriced else ""
    return (
        f"{start}: {orders} stopped or cut by {stopped} in all. At full size they would have "
        f"{verb} {brought}, before fees of {fees}.{unpriced}"
    )


# -- a breaker that watches ------------------------------------------------------------------


def _watch_parts(data: BreakersData, chosen: Chosen) -> list[Component]:
    row = chosen.row
    assert row is not None, "a card without a trip is of a breaker"
    return [
        html.P(watch_words(row), id="breaker-lead", className="sw-breaker-lead"),
        *_overridden(data, chosen),
        html.P(_would_do(row), id="breaker-until", className="sw-breaker-until"),
        _plot(chosen),
        html.Div(
            [
                fact_list(_watch_facts(row), "breaker-rule"),
                fact_list(_after_facts(row), "breaker-place"),
            ],
            className="sw-breaker-two sw-breaker-facts",
        ),
    ]


def watch_words(row: BreakerRow) -> list[Component]:
    """What it measures now, and how far that is from a trip."""
    reading = row.reading
    if row.standing == OFF:
        start = "It is switched off: it stops nothing, and only records that it would have tripped."
        return [start] if reading is None else [f"{start} Now {reading.words}."]
    if reading is None:
        needs = f" It needs {row.breaker.needs}." if row.breaker.needs else ""
        return [
            html.Strong("Nothing can be measured yet."),
            f"{needs} Until then it trips nothing.",
        ]
    said = sentence(reading.words)
    if row.unit is BreakerUnit.COUNT and reading.value <= row.level:
        return [f"{said}; it ", html.Strong(f"{far_words(row)}.")]
    level = figure_of(row.level, row.unit)
    return [f"{said}; it trips above {level}: ", html.Strong(f"{far_words(row)}.")]


def _would_do(row: BreakerRow) -> str:
    definition, where = row.definition, scope_words(row.scope)
    if row.standing == OFF and row.override is not None:
        return "Its rule counts again once the override is over."
    if row.standing == OFF:
        return "Switch it on in the policy to let it stop trading."
    does = {
        TradingState.THROTTLED: f"cuts new risk in {where} to {share(definition.size)} of size",
        TradingState.REDUCE_ONLY: f"pauses entries in {where}; reductions pass",
        TradingState.HALTED: f"stops trading in {where}; cancels and emergency reductions pass",
    }[definition.state]
    closes = " and asks for its positions to be closed" if definition.flatten else ""
    return f"A trip {does}{closes}."


def _watch_facts(row: BreakerRow) -> list[Fact]:
    reading, unit = row.reading, row.unit
    value = UNKNOWN if reading is None else figure_of(reading.value, unit)
    used = "" if row.used is None else f"{percent(row.used, 0)} of its level"
    return [
        Fact("value", "Now", value, used),
        Fact("threshold", "Trips above", figure_of(row.breaker.trip, unit), _confirmed(row)),
        *_level_now(row),
        *_release_facts(row.breaker.release, row.definition.kind, unit, row),
        Fact("rule", "Rule", "", sentence(row.breaker.rule)),
    ]


def _after_facts(row: BreakerRow) -> list[Fact]:
    definition = row.definition
    least, greatest, ramp = in_one_unit(
        definition.least_hours, definition.greatest_hours, definition.probation_hours
    )
    return [
        Fact("pause", "Shortest pause", least, "longer the further its level is passed"),
        Fact("person", "A person is asked after", greatest),
        Fact("ramp", "Re-opens over", ramp, "at 25, 50 and 100 % of size"),
        Fact("owner", "Owner", definition.owner or "nobody named", definition.rationale),
    ]
