"""Cards of the episodes that begin in a cycle; without one a trip holds all the same."""

from collections.abc import Iterable
from dataclasses import replace

import structlog

from risk.breakers.card import card_of
from risk.breakers.manual import is_manual
from risk.domain.assessment import Assessment
from risk.domain.breakers import BreakerDefinition, Breakers, Episode
from risk.domain.cards import Card
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState

_LOG = structlog.get_logger(__name__)


def cards_of(
    episodes: Iterable[Episode],
    before: Breakers,
    snapshot: Snapshot,
    assessment: Assessment,
    state: RiskState,
) -> dict[str, Card]:
    """A card of each episode of a breaker that began, by its id.

    What people stopped is told by their own words, and has none.
    What goes wrong with one is logged, and its episode goes without: words must never cost a
    cycle, and with it a trip.

    Parameters
    ----------
    episodes : iterable of Episode
        That began, changed or ended.
    before : Breakers
        After the last cycle.
    snapshot : Snapshot
    assessment : Assessment
        Of the snapshot.
    state : RiskState
        After the step.
    """
    cards = {}
    for episode in begun_in(episodes, before):
        if episode.id in cards:
            continue
        try:
            definition = _definitions(state)[episode.breaker]
            # Also one that a person lets only record.
            definition = replace(definition, enabled=episode.imposed)
            cards[episode.id] = card_of(episode, definition, snapshot, assessment, state)
        except Exception:  # noqa: BLE001 - logged; the trip holds without
            _LOG.exception("card_not_made", episode=episode.id)
    return cards


def begun_in(episodes: Iterable[Episode], before: Breakers) -> list[Episode]:
    """Those that began, of breakers: what people stopped follows from their own words.

    Parameters
    ----------
    episodes : iterable of Episode
        That began, changed or ended.
    before : Breakers
        After the last cycle.
    """
    return [e for e in episodes if not is_manual(e.breaker) and not _is_known(e, before)]


def _is_known(episode: Episode, before: Breakers) -> bool:
    known = before.states.get(episode.breaker)
    return known is not None and known.episode is not None and known.episode.id == episode.id


def _definitions(state: RiskState) -> dict[str, BreakerDefinition]:
    breakers = state.policy.breakers if state.policy is not None else ()
    return {each.name: each for each in breakers}
