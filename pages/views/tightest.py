"""What is tighter than the book says: parts that breakers, people or bad data hold. Pure.

The word of a book alone would call a book fine while one of its strategies is halted.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from pages.components.states import StateLook, look_of_standing
from pages.format import Zone, percent, sentence
from pages.views.holds import hold_of, step_words
from risk.breakers.imposing import imposed_by
from risk.breakers.words import shown_name
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import RiskState, Standing
from risk.domain.trading import TradingState
from risk.limits.words import scope_words

#: States that are worth a word beside the book's own: those in which something is refused or cut.
_FROM = TradingState.THROTTLED
_WIDEST_FIRST = tuple(ScopeKind)


class Part(NamedTuple):
    """A part of the book that is tighter than the whole."""

    scope: Scope
    standing: Standing

    @property
    def look(self) -> StateLook:
        """Its word, shape and colour."""
        return look_of_standing(self.standing)


def tighter_parts(state: RiskState) -> list[Part]:
    """Parts in a tighter state than the whole book, the tightest first."""
    book = state.standing()
    own = (TradingState.NORMAL, 1.0) if book is None else (book.state, book.size)
    parts = [
        Part(scope, standing)
        for scope, standing in state.standings.items()
        if scope.kind is not ScopeKind.PORTFOLIO
        and standing.state >= _FROM
        and (standing.state, -standing.size) > (own[0], -own[1])
    ]
    return sorted(parts, key=_rank)


def _rank(part: Part) -> tuple[int, float, int, str]:
    kind = _WIDEST_FIRST.index(part.scope.kind)
    return -part.standing.state, part.standing.size, kind, part.scope.name


def parts_words(state: RiskState, zone: Zone, now: datetime) -> str:
    """The tightest part, its cause and until when; empty where none is tighter.

    ``BTC is HALTED: BTC volatility: volatility is 3.1 times normal; until 16:40 at the earliest.``
    """
    parts = tighter_parts(state)
    if not parts:
        return ""
    first = parts[0]
    size = _size_words(first.standing)
    where = sentence(scope_words(first.scope))
    hold = hold_of(state, first.scope, zone, now)
    until = f"; {hold.until}" if hold is not None and hold.until else ""
    stands = f"in {first.look.word}" if first.standing.probation else f"{first.look.word}{size}"
    return f"{where} is {stands}: {first.standing.cause.rstrip('.')}{until}."


def _size_words(standing: Standing) -> str:
    return "" if standing.size >= 1.0 else f" at {percent(standing.size, 0)} of size"


def else_words(state: RiskState) -> str:
    """What works beside the parts that are held; empty where none is tighter than the book."""
    return "All else works, within the limits." if tighter_parts(state) else ""


class Badge(NamedTuple):
    """What the header says beside the book's own state.

    Attributes
    ----------
    text : str
        ``1 part HALTED``; empty where no part is tighter.
    shape : str
        Of the tightest part.
    short : str
        Where there is no room for more: ``+1``, however tight each is.
    title : str
        Which one is the tightest: ``BTC is HALTED``.
    """

    text: str = ""
    shape: str = ""
    short: str = ""
    title: str = ""


def parts_badge(state: RiskState) -> Badge:
    """How many parts are tighter than the book, and what the tightest one is."""
    parts = tighter_parts(state)
    if not parts:
        return Badge()
    worst = parts[0].look
    alike = sum(part.look.word == worst.word for part in parts)
    many = "1 part" if alike == 1 else f"{alike} parts"
    title = f"{sentence(scope_words(parts[0].scope))} is {worst.word}"
    return Badge(f"{many} {worst.word}", worst.shape, f"+{len(parts)}", title)


def size_says(standing: Standing | None) -> str:
    """What a smaller size means, in a few words: ``new risk at 50 % of size``."""
    if standing is None or standing.state is not TradingState.THROTTLED or standing.size >= 1.0:
        return ""
    return f"new risk at {percent(standing.size, 0)} of size"


class Reason(NamedTuple):
    """A breaker that holds a scope, and since when it does without a break."""

    breaker: str
    since: datetime


def younger_reasons(state: RiskState, scope: Scope) -> list[Reason]:
    """Trips that a scope's state is told by and that are younger than the state.

    A state lasts while one reason follows another: its age is not that of its reason.
    """
    standing = state.standings.get(scope)
    if standing is None:
        return []
    ruling = [
        Reason(shown_name(imposed.breaker, scope), state.breakers.states[imposed.breaker].since)
        for imposed in imposed_by(state.breakers, state.policy)
        if imposed.scope == scope and not imposed.probation and imposed.cause in standing.cause
    ]
    return [reason for reason in ruling if reason.since > standing.since]


#: What still works in the state of a book whose new risk is scaled.
WORKS: Mapping[str, str] = {
    "throttled": "Still works: reductions, stops, cancels.",
    "probation": "It re-opens step by step. Still works: reductions, stops, cancels.",
}


def works_words(state: RiskState, zone: Zone, now: datetime) -> str:
    """What still works and until when, of a state that a breaker imposes; empty of any other.

    ``New risk at 50 % of size. Still works: reductions, stops, cancels. Earliest step down …``
    """
    standing = state.standing()
    if standing is None:
        return ""
    look, step = look_of_standing(standing), step_words(state, zone, now)
    size = size_says(standing)
    if not step and not size:
        return ""
    works = WORKS.get(look.shape, look.still_works)
    start = f"{sentence(size)}." if size else ""
    return " ".join(part for part in (start, works, step) if part)
