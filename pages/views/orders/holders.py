"""Which breaker kept an order out or made it smaller, and until when. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pages.format import Zone
from pages.views.breakers.trips import on_now, ramp_began
from pages.views.breakers.wording import minute, trip_name
from pages.views.holds import until_words
from risk.domain.breakers import Episode
from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.state import RiskState
from risk.domain.trading import TradingState

#: What a trip must impose for an order to be answered so. While it re-opens it always cuts.
_STATES: Mapping[str, tuple[TradingState, ...]] = {
    ReasonCode.HALTED: (TradingState.HALTED,),
    ReasonCode.REDUCTIONS_ONLY: (TradingState.REDUCE_ONLY,),
    ReasonCode.THROTTLED: tuple(TradingState),
}


class Holder(NamedTuple):
    """A breaker that stood in an order's way.

    Attributes
    ----------
    episode : str
        Its trip, whose card tells it at length.
    name : str
    until : str
        ``until 30 Nov 12:44 at the earliest``; of a trip that is over when that was.
    """

    episode: str
    name: str
    until: str

    @property
    def words(self) -> str:
        """Both, as a part of a sentence."""
        return f"{self.name} {self.until}"


def holders_of(
    reason: Reason,
    at: datetime,
    episodes: Iterable[Episode],
    state: RiskState,
    zone: Zone,
    now: datetime,
) -> list[Holder]:
    """The breakers that made a check fail; none where people, limits or doubts did.

    Parameters
    ----------
    reason : Reason
    at : datetime
        When the order was answered, the market's time.
    episodes : iterable of Episode
        Trips that may have been on then.
    state : RiskState
        Of now, for those that still are.
    zone : Zone
    now : datetime
        The market's time.
    """
    states = _STATES.get(reason.code)
    if states is None or reason.outcome is not Outcome.FAILED or reason.scope is None:
        return []
    on = on_now(state)
    return [
        Holder(each.id, trip_name(each), _until(reason, each, on, state, zone, now))
        for each in episodes
        if each.imposed
        and each.scope == reason.scope
        and each.state in states
        and each.tripped_at <= at
        and (each.ended_at is None or at <= each.ended_at)
    ]


def _until(
    reason: Reason,
    episode: Episode,
    on: Mapping[str, Episode],
    state: RiskState,
    zone: Zone,
    now: datetime,
) -> str:
    if episode.id not in on:
        return "" if episode.ended_at is None else f"until {minute(zone, episode.ended_at, now)}"
    reopened = _reopened(episode, state)
    if reason.code != ReasonCode.THROTTLED and reopened is not None:
        return f"until {minute(zone, reopened, now)}"
    return until_words(state, episode.breaker, zone, now)


def _reopened(episode: Episode, state: RiskState) -> datetime | None:
    """Since when it lets some new risk pass again; None while it does not."""
    definition = None if state.policy is None else state.policy.breaker(episode.breaker)
    stands = state.breakers.states.get(episode.breaker)
    return None if definition is None or stands is None else ramp_began(stands, definition)


def with_holders(words: str, holders: Sequence[Holder]) -> str:
    """A check's sentence with who it was: *only reductions pass (by market fall until 12:44)*."""
    if not holders:
        return words
    told = " and ".join(each.words.strip() for each in holders[:2])
    return f"{words} (by {told})"
