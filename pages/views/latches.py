"""What people and programs have stopped: a line each over the page, with what still works."""

from collections.abc import Sequence
from datetime import datetime

from pages.components.basics import Component
from pages.components.notices import page_banner
from pages.components.states import look_of
from pages.format import Zone, sentence
from risk.domain.latches import Latch, way_back
from risk.domain.state import RiskState
from risk.limits.words import scope_words

#: Latches told in full; the others by name.
_IN_FULL = 3


def latch_banners(state: RiskState, zone: Zone, *, now: datetime) -> list[Component]:
    """The tightest and widest in full and the rest by name, however much is stopped.

    Parameters
    ----------
    state : RiskState
    zone : Zone
        In which times are told.
    now : datetime
        The market's time.
    """
    latches = sorted(state.latches.values(), key=lambda latch: (-latch.state, latch.scope))
    banners = [_banner(state.portfolio, latch, zone, now) for latch in latches[:_IN_FULL]]
    return [*banners, *_others(latches[_IN_FULL:])]


def _banner(portfolio: str, latch: Latch, zone: Zone, now: datetime) -> Component:
    look = look_of(latch.state)
    since = zone.date_and_clock(latch.since, now=now)
    return page_banner(
        f"{sentence(scope_words(latch.scope))}: {look.word}.",
        f"By {latch.who} since {since}: {latch.reason.rstrip('.')}. {look.still_works} It stays so "
        f"until somebody lets it go: “{way_back(portfolio, latch.scope)}”.",
        state=look.shape,
    )


def _others(latches: Sequence[Latch]) -> list[Component]:
    if not latches:
        return []
    named = ", ".join(scope_words(latch.scope) for latch in latches)
    told = f"{sentence(named)}. “seawall halts” lists them."
    return [
        page_banner(f"{len(latches)} more stopped.", told, state=look_of(latches[0].state).shape)
    ]
