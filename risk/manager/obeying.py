"""What holds between two cycles, once people's words that the last one does not know are obeyed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from risk.breakers.evaluation import obeying
from risk.domain.actions import Action, BreakerWord
from risk.domain.assessment import Assessment
from risk.domain.latches import Latch, latches_after
from risk.domain.scopes import Scope
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState, Standing
from risk.manager.standings import standings_of


class Obeyed(NamedTuple):
    """What holds over a cycle.

    Attributes
    ----------
    latches : mapping of Scope to Latch
    standings : mapping of Scope to Standing
    """

    latches: Mapping[Scope, Latch]
    standings: Mapping[Scope, Standing]


def obeyed(
    state: RiskState,
    snapshot: Snapshot,
    assessment: Assessment,
    words: Sequence[Action],
    *,
    at: datetime,
) -> Obeyed:
    """What holds with these words, as the next step says it of the same snapshot. Pure.

    Parameters
    ----------
    state : RiskState
        After the step over `snapshot`.
    snapshot : Snapshot
    assessment : Assessment
        Of it.
    words : sequence of Action
        That the step did not take in, in their order.
    at : datetime
        The market's time of now. UTC.
    """
    latches = latches_after(state.latches, words, at=at)
    breakers = obeying(
        state.breakers,
        state.policy,
        [word for word in words if isinstance(word, BreakerWord)],
        at=snapshot.at,
        cycle=snapshot.id,
    )
    if breakers is state.breakers and latches == state.latches:
        return Obeyed(latches, state.standings)
    standings = standings_of(
        replace(state, breakers=breakers),
        snapshot,
        assessment,
        before=state.standings,
        latches=latches,
    )
    return Obeyed(latches, standings)
