"""How a limit or breaker stands now that somebody wants to be another. Pure."""

from datetime import datetime

from pages.format import Zone
from pages.views.editing.forms import Definition
from pages.views.holds import paused_words
from pages.views.limits.writing import trimmed, writer
from risk.domain.limits import LimitDefinition
from risk.domain.state import RiskState
from risk.limits.types import ORDER_LIMITS
from risk.limits.words import room_words


def stands_words(state: RiskState, definition: Definition, currency: str) -> str:
    """What is measured of it now, one sentence; empty of what nothing was measured of yet."""
    if isinstance(definition, LimitDefinition):
        stands = state.limits.get(definition.name)
        if stands is None or definition.kind in ORDER_LIMITS:
            return ""
        write = trimmed(writer(currency))
        return room_words(definition, stands.thresholds, stands.value, write)
    known = state.breakers.states.get(definition.name)
    if known is None or known.reading is None:
        return ""
    return f"Now {known.reading.words}."


def no_use_words(state: RiskState, limit: LimitDefinition, zone: Zone, now: datetime) -> str:
    """That whatever the limit, no new risk passes where it is set; empty where some does."""
    paused = paused_words(state, limit.scope, zone, now)
    return f"{paused}. A higher limit lets nothing new in before that is over." if paused else ""
