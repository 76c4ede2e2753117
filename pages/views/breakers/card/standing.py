"""What a card tells of: which breaker, how it stands, in a word and a glyph."""

from pages.components.states import STATE_LOOKS
from pages.format import UNKNOWN
from pages.views.breakers.reading import Chosen
from pages.views.breakers.rows import ARMED, OFF, PROBATION, TRIPPED
from pages.views.breakers.wording import trip_name
from risk.breakers.words import shown_name
from risk.domain.scopes import Scope


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


def whose(chosen: Chosen) -> tuple[str, Scope]:
    """The name of what is told, and its scope."""
    if chosen.story is not None:
        return trip_name(chosen.story.episode), chosen.story.episode.scope
    assert chosen.row is not None, "a card tells a trip or a breaker"
    return shown_name(chosen.row.name, chosen.row.scope), chosen.row.scope
