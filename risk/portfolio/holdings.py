"""What was held at past moments, from the ledger's entries."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.positions import PositionKey


def quantities_at(
    entries: Iterable[Fill | Flow], moments: Sequence[datetime]
) -> list[dict[PositionKey, float]]:
    """Open positions at each moment, by replaying the entries once.

    Entries count in the order of their times, those of one time in the order given: a fill
    that became known late changes what was held from when it happened.

    Parameters
    ----------
    entries : iterable of Fill or Flow
    moments : sequence of datetime
        UTC, not falling. An entry of the very moment counts.

    Returns
    -------
    list of dict of PositionKey to float
        Units, negative when short; one dict for each moment.

    Raises
    ------
    ValueError
        If a moment lies before the one before it.
    """
    if any(later < earlier for earlier, later in pairwise(moments)):
        raise ValueError("moments must not fall")
    fills = [entry for entry in entries if isinstance(entry, Fill)]
    fills.sort(key=lambda fill: fill.at)
    ledger, taken = Ledger(), 0
    held = []
    for moment in moments:
        while taken < len(fills) and fills[taken].at <= moment:
            ledger = ledger.after_fill(fills[taken])
            taken += 1
        held.append({key: position.quantity for key, position in ledger.positions.items()})
    return held
