"""Trips as periods of time: what held trading, from when to when. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from pages.components.states import STATE_LOOKS
from pages.figures.periods import Hold
from pages.views.breakers.wording import trip_name
from risk.domain.breakers import BreakerDefinition, BreakerState, Episode, Phase
from risk.domain.scopes import ScopeKind
from risk.domain.state import RiskState


def on_now(state: RiskState) -> dict[str, Episode]:
    """Trips that are on after a cycle, by their ids; also of disabled breakers."""
    states = state.breakers.states.values()
    return {each.episode.id: each.episode for each in states if each.episode is not None}


def ramp_began(state: BreakerState, definition: BreakerDefinition) -> datetime | None:
    """When the re-opening began; None unless the breaker is in probation."""
    if state.phase is not Phase.PROBATION:
        return None
    return state.since - state.rung * definition.rung_lasts


def periods_of(episodes: Iterable[Episode], state: RiskState) -> list[Hold]:
    """A band a trip, and another one for the re-opening where that is known.

    Parameters
    ----------
    episodes : iterable of Episode
    state : RiskState
        The newest: it knows of what is on since when it re-opens.
    """
    began = dict(_ramps(state))
    return [
        period for each in episodes if each.imposed for period in _periods(each, began.get(each.id))
    ]


def _ramps(state: RiskState) -> Iterator[tuple[str, datetime]]:
    breakers = state.policy.breakers if state.policy is not None else ()
    definitions = {each.name: each for each in breakers}
    for name, stands in state.breakers.states.items():
        if stands.episode is None or name not in definitions:
            continue
        began = ramp_began(stands, definitions[name])
        if began is not None:
            yield stands.episode.id, began


def _periods(episode: Episode, ramp: datetime | None) -> list[Hold]:
    shape, part = STATE_LOOKS[episode.state].shape, episode.scope.kind is not ScopeKind.PORTFOLIO
    end = ramp or episode.ended_at
    end_ms = None if end is None else _ms(end)
    first = Hold(shape, _ms(episode.tripped_at), end_ms, trip_name(episode), part)
    return [first] if ramp is None else [first, Hold("probation", _ms(ramp), None, "", part)]


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000.0)
