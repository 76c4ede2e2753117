"""The first sentences of a card: what is so, since when and why, and until when."""

from datetime import datetime

from dash import html

from pages.components.basics import Component
from pages.context import EpisodeStory
from pages.format import money, sentence
from pages.views.breakers.card.standing import is_over
from pages.views.breakers.overridden import rule_words
from pages.views.breakers.reading import BreakersData, Chosen, unit_of
from pages.views.breakers.rows import OFF, PROBATION, TRIPPED, BreakerRow, far_words
from pages.views.breakers.wording import (
    ahead,
    figure_of,
    is_measured,
    moment_words,
    past_words,
    share,
)
from pages.views.limits.writing import duration
from risk.breakers.manual import is_manual
from risk.domain.breakers import BreakerUnit, Episode
from risk.domain.latches import way_back
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.limits.words import scope_words


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


# -- until when --------------------------------------------------------------------------------


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
    then = " by itself" if _needs_no_level(row) else _once_words(row)
    return [html.Strong(f"Until {zone_words} at least"), f", {left}; it eases then{then}."]


def _needs_no_level(row: BreakerRow) -> bool:
    """Whether time alone eases it: its kind says so, or only a person tripped it."""
    episode = row.episode
    return row.breaker.ends_by_time or (episode is not None and episode.by_hand_alone)


def _once_words(row: BreakerRow) -> str:
    """What else it waits for, once its pause is over."""
    if not has_eased(row):
        return f", once {back_words(row)}"
    what = row.breaker.eases_by or ("it" if row.eases_now is None else "what eases it")
    now = f", now {figure_of(row.eases_now, row.unit)}," if row.eases_now is not None else ""
    return f": {what}{now} is already below {figure_of(row.breaker.release, row.unit)}"


def has_eased(row: BreakerRow) -> bool:
    """Whether what eases it is at its level or below now."""
    return row.reading is not None and row.reading.easing <= row.breaker.release


def _overdue(row: BreakerRow, episode: Episode) -> list[Component]:
    asked = " A person has been asked to look." if episode.asked_at is not None else ""
    if row.breaker.needs_person:
        return [html.Strong("Until a person lets it go."), f" Its pause is over.{asked}"]
    if _needs_no_level(row) or has_eased(row):
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
    what = row.breaker.eases_by or "what eases it"
    return f"{what}, now {figure_of(eases_now, row.unit)}, is back at {level}"


# -- a breaker that watches --------------------------------------------------------------------


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


def would_do_words(row: BreakerRow) -> str:
    """What a trip would do."""
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
