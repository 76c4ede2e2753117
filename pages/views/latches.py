"""What people and programs have stopped: a line each over the page, with what still works."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

from pages.components.basics import Component
from pages.components.links import inside_link
from pages.components.notices import page_banner
from pages.components.states import look_of
from pages.format import sentence
from pages.query import Query
from pages.views.breakers.address import from_elsewhere
from risk.domain.actors import Ability, roles_words
from risk.domain.latches import Latch, way_back
from risk.domain.scopes import ScopeKind
from risk.domain.state import RiskState
from risk.limits.words import scope_words

#: Latches told in full; the others by name.
_IN_FULL = 3
_SHOWS_BOARD: Mapping[str, Any] = {"data-shows": "breakers-board"}
_WIDEST_FIRST = tuple(ScopeKind)


def latch_banners(state: RiskState, query: Query, *, now: datetime) -> list[Component]:
    """The tightest and widest in full and the rest by name, however much is stopped.

    Parameters
    ----------
    state : RiskState
    query : Query
        How the screen is shown: in which times, and of which book the board is that lets go.
    now : datetime
        The market's time.
    """
    latches = sorted(state.latches.values(), key=_rank)
    told = latches[:_IN_FULL]
    above = [None, *(latch.state for latch in told)]
    banners = [
        _banner(state.portfolio, latch, query, now, works_told=latch.state is before)
        for latch, before in zip(told, above, strict=False)
    ]
    return [*banners, *_others(latches[_IN_FULL:])]


def held_words(state: RiskState) -> str:
    """What works beside the parts of a book that somebody stopped; empty while none is."""
    scopes = [latch.scope for latch in sorted(state.latches.values(), key=_rank)]
    parts = [scope for scope in scopes if scope.kind is not ScopeKind.PORTFOLIO]
    if not parts:
        return ""
    held = f"{len(parts)} parts are" if len(parts) > 1 else f"{scope_words(parts[0])} is"
    return f"{sentence(held)} held by hand; all else works, within the limits."


def _rank(latch: Latch) -> tuple[int, int, str]:
    return -latch.state, _WIDEST_FIRST.index(latch.scope.kind), latch.scope.name


def _banner(
    portfolio: str, latch: Latch, query: Query, now: datetime, *, works_told: bool
) -> Component:
    """What still works is told once of each state: by the first of its lines."""
    look = look_of(latch.state)
    since = query.zone.date_and_clock(latch.since, now=now)
    works = "" if works_told else f" {look.still_works}"
    return page_banner(
        f"{sentence(scope_words(latch.scope))}: {look.word}",
        f"by {latch.who} since {since}: {latch.reason.rstrip('.')}.{works} Only "
        f"{roles_words(Ability.RESUME)} lets it go: ",
        state=look.shape,
        more=_ways_back(portfolio, latch, query),
    )


def _ways_back(portfolio: str, latch: Latch, query: Query) -> list[Component]:
    """The board for whoever may let it go there, the command for all others."""
    board = inside_link(
        "“Let it go…” on the board", from_elsewhere(query), class_name="sw-link", **_SHOWS_BOARD
    )
    return [
        html.Span([board, "."], **{"data-needs": "resume"}),
        html.Span(f"“{way_back(portfolio, latch.scope)}”.", **{"data-lacks": "resume"}),
    ]


def _others(latches: Sequence[Latch]) -> list[Component]:
    if not latches:
        return []
    named = ", ".join(scope_words(latch.scope) for latch in latches)
    told = f"{sentence(named)}. “seawall halts” lists them."
    return [
        page_banner(f"{len(latches)} more stopped.", told, state=look_of(latches[0].state).shape)
    ]
