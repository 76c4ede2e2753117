"""Which breakers kept an order out or made it smaller. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pages.format import Zone
from pages.views.breakers.reading import Turn
from pages.views.breakers.wording import minute, trip_name
from pages.views.holds import until_words
from risk.breakers.manual import is_manual
from risk.domain.breakers import Episode, Phase
from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.events import BreakerStepped
from risk.domain.state import RiskState
from risk.domain.trading import TradingState

#: What a breaker must have imposed for an order to be answered so.
_STATES: Mapping[str, TradingState] = {
    ReasonCode.HALTED: TradingState.HALTED,
    ReasonCode.REDUCTIONS_ONLY: TradingState.REDUCE_ONLY,
    ReasonCode.THROTTLED: TradingState.THROTTLED,
}


def holders_of(
    reason: Reason, at: datetime, episodes: Iterable[Episode], turns: Sequence[Turn]
) -> list[Episode]:
    """The trips that made a check fail; none where limits or doubts did.

    Parameters
    ----------
    reason : Reason
    at : datetime
        When the order was answered, the market's time.
    episodes : iterable of Episode
        Trips that may have been on then.
    turns : sequence of Turn
        What happened to them, oldest first: what is true of an old order must not change with what
        happens later.
    """
    wanted = _STATES.get(reason.code)
    if wanted is None or reason.outcome is not Outcome.FAILED or reason.scope is None:
        return []
    return [
        each
        for each in episodes
        if each.imposed
        and each.scope == reason.scope
        and each.tripped_at <= at
        and (each.ended_at is None or at <= each.ended_at)
        and imposed_at(each, at, turns) is wanted
    ]


def imposed_at(episode: Episode, at: datetime, turns: Iterable[Turn]) -> TradingState:
    """What a trip imposed at a time while it was on: it re-opens, and people overrule it."""
    imposed = episode.state
    for turn in turns:
        if turn.episode == episode.id and turn.at <= at:
            imposed = _after(turn, episode)
    return imposed


def _after(turn: Turn, episode: Episode) -> TradingState:
    if not isinstance(turn, BreakerStepped):
        return TradingState[turn.state]
    if turn.phase == Phase.TRIPPED.value:
        return episode.state
    return TradingState.THROTTLED if turn.size < 1.0 else TradingState.CAUTION


# -- words -----------------------------------------------------------------------------------


def held_words(episode: Episode, zone: Zone, now: datetime) -> str:
    """Of an order of the past: ``market fall, on since 29 Nov 21:00``."""
    return f"{_name(episode)}, on since {minute(zone, episode.tripped_at, now)}"


def holding_words(episode: Episode, state: RiskState, zone: Zone, now: datetime) -> str:
    """Of what would be answered now: ``market fall until 12:44 at the earliest``."""
    return f"{_name(episode)} {until_words(state, episode.breaker, zone, now)}".rstrip()


def _name(episode: Episode) -> str:
    return "a stop by hand" if is_manual(episode.breaker) else trip_name(episode)


def with_holders(words: str, holders: Sequence[str]) -> str:
    """A check's sentence with who it was: *only reductions pass (by market fall …)*."""
    return f"{words} (by {' and '.join(holders[:2])})" if holders else words
