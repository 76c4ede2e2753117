"""The figures of a card: its rule with what was measured, and how far that can be believed."""

from collections.abc import Sequence

from dash import html

from pages.components.metrics import Fact, fact_list
from pages.context import EpisodeStory
from pages.format import UNKNOWN, number, percent, sentence
from pages.views.breakers.reading import BreakersData, Chosen, unit_of
from pages.views.breakers.rows import BreakerRow
from pages.views.breakers.wording import (
    ends_without_level,
    figure_of,
    in_one_unit,
    part_names,
    part_of,
)
from risk.breakers.overriding import PARDON
from risk.domain.breakers import BreakerUnit, Episode
from risk.domain.cards import Card, CardHistory
from risk.domain.market import Trust

_WORKED_OUT = "being worked out"


def trip_facts(data: BreakersData, chosen: Chosen, story: EpisodeStory) -> html.Div:
    """The figures of a trip."""
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


# -- how far it can be believed ----------------------------------------------------------------


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
    return [Fact("market", "The market at the trip", "", kept.market)]


# -- a breaker that watches --------------------------------------------------------------------


def watch_facts(row: BreakerRow) -> html.Div:
    """The figures of a breaker that watches."""
    return html.Div(
        [
            fact_list(_watch_facts(row), "breaker-rule"),
            fact_list(_after_facts(row), "breaker-place"),
        ],
        className="sw-breaker-two sw-breaker-facts",
    )


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
