"""What is blocked and what still works, as two lists."""

from collections.abc import Sequence

from dash import html

from pages.components.basics import glyph
from pages.context import EpisodeStory
from pages.views.breakers.card.standing import is_over
from pages.views.breakers.reading import BreakersData, Chosen
from pages.views.breakers.rows import PROBATION, BreakerRow
from pages.views.breakers.wording import share
from pages.views.holds import tighter_words
from risk.domain.breakers import Episode
from risk.domain.trading import TradingState


def two_lists(data: BreakersData, chosen: Chosen, story: EpisodeStory) -> html.Div:
    """Both lists, with what holds it tighter still."""
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
