"""VaR of holding the book for ten days: simulated beside the requests, every half minute or so."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from pages.context import Book, BookReader, CompleteCycle
from pages.later import Awaited
from pages.readings import Readings
from pages.views.records.scored import REUSED_CYCLES
from risk.domain.assessment import Assessment, TailRisk
from risk.domain.market import Period
from risk.domain.model import Model
from risk.portfolio.horizon import horizon_tail
from risk.portfolio.tails import weights_of

DAYS = 10
#: The same draws each time: the figure moves with the book, not by chance.
_SEED = 0


@dataclass(frozen=True)
class TenDays:
    """What holding the book of one moment for ten days may cost.

    Attributes
    ----------
    tail : TailRisk or None
        None while the model cannot tell.
    at : datetime
        Market time of the book.
    equity : float or None
        At that time.
    """

    tail: TailRisk | None
    at: datetime
    equity: float | None


def ask_ten_days(readings: Readings, book: Book, cycle: CompleteCycle) -> Awaited[TenDays]:
    """The newest figure there is, worked out once for all who look."""
    return readings.later.ask_anew(
        ("var ten days", book.name),
        lambda: _simulated(readings.reader, book, cycle),
        epoch=cycle.pulse.cycle // REUSED_CYCLES,
    )


def _simulated(reader: BookReader, book: Book, cycle: CompleteCycle) -> TenDays:
    now, assessment = cycle.pulse.market, cycle.assessment
    model = reader.model(book.name, Period.DAY, at=now)
    return TenDays(_tail(model, assessment), now, assessment.equity)


def _tail(model: Model | None, assessment: Assessment) -> TailRisk | None:
    held = {asset: exposure.net for asset, exposure in assessment.held.by_asset.items()}
    weights = None if model is None else weights_of(model, held)
    if model is None or weights is None:
        return None
    return horizon_tail(model, weights, steps=DAYS, rng=np.random.default_rng(_SEED))
