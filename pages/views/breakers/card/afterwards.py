"""What comes after a trip: what letting go does, who looks by when, what it was worth."""

from collections.abc import Sequence

from dash import html

from pages.components.basics import Component, figure
from pages.context import EpisodeStory
from pages.format import money
from pages.views.breakers.reading import BreakersData, Chosen
from pages.views.breakers.rows import PROBATION, TRIPPED, BreakerRow
from pages.views.breakers.wording import ahead, moment_words
from pages.views.limits.writing import duration
from risk.breakers.lifecycle import asked_from
from risk.domain.breakers import Episode
from risk.domain.cards import Counterfactual


def resets(story: EpisodeStory) -> list[Component]:
    """What letting go does, and what it does not."""
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


def timings(data: BreakersData, chosen: Chosen, story: EpisodeStory) -> html.Div:
    """When it goes on, and whose it is."""
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


def counterfactual(
    data: BreakersData, chosen: Chosen, found: Counterfactual | None
) -> list[Component]:
    """What the orders that it stopped would have brought; nothing of one that stopped none."""
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
