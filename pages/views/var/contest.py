"""The live record beside what other models would have forecast: one row of the table each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pages.views.holdings import share_of
from pages.views.records.difference import Difference, difference_from_live
from pages.views.records.live import HOW_IN_USE, LIVE, how_live
from pages.views.records.past import Hindsight, ModelRecord
from pages.views.records.scored import ScoredBars
from pages.views.var.plot import Today
from risk.measures.types import FloatArray
from risk.measures.var import VAR_MODELS


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """One row of the table.

    Attributes
    ----------
    model : str or None
        Its key in ``VAR_MODELS``; None of the live record.
    name, how : str
    days, hits_95, hits_99 : int
    mean_var, today_var : float or None
        At 99 %, as shares of the equity at each opening; None where unknown.
    difference : Difference or None
        Of a model; None if it has no day in common with the live record.
    """

    model: str | None
    name: str
    how: str
    days: int
    hits_95: int
    hits_99: int
    mean_var: float | None
    today_var: float | None
    difference: Difference | None

    @property
    def is_live(self) -> bool:
        """Whether it is the record that was made day by day."""
        return self.model is None


def entrants(
    judged: ScoredBars, day: Today | None, hindsight: Hindsight, used: str
) -> list[Entrant]:
    """The live record first, then every model compared, the method in use first.

    Parameters
    ----------
    judged : ScoredBars
        Days whose live forecast met its outcome.
    day : Today or None
        The running day.
    hindsight : Hindsight
    used : str
        Name of the model in use.
    """
    records = sorted(hindsight.models.values(), key=lambda record: record.name != used)
    return [
        _live(judged, day, used),
        *(_model(record, judged, day, hindsight, used) for record in records),
    ]


def shortlisted(compared: Sequence[Entrant], chosen: str, used: str) -> list[Entrant]:
    """The live record, the method in use, the best and the worst by pinball loss, and `chosen`.

    Parameters
    ----------
    compared : sequence of Entrant
        As :func:`entrants` gives them; their order is kept.
    chosen : str
        The model whose bands are drawn, if any.
    used : str
        Name of the model in use.
    """
    wanted = {None, used, chosen, *extremes(compared)}
    return [entrant for entrant in compared if entrant.model in wanted]


def extremes(compared: Sequence[Entrant]) -> dict[str | None, str]:
    """Of the models with the lowest and the highest pinball loss, which one each is."""
    known = [
        (entrant.difference.relative, entrant.model)
        for entrant in compared
        if entrant.difference is not None
    ]
    if len(known) < 2:
        return {}
    lowest, highest = min(known, key=_loss), max(known, key=_loss)
    return {highest[1]: f"worst of {len(known)}", lowest[1]: f"best of {len(known)}"}


def _loss(known: tuple[float, str | None]) -> float:
    return known[0]


def _live(judged: ScoredBars, day: Today | None, used: str) -> Entrant:
    return Entrant(
        model=None,
        name=LIVE,
        how=how_live(judged.models, used),
        days=len(judged),
        hits_95=int(judged.beyond_95.sum()),
        hits_99=int(judged.beyond_99.sum()),
        mean_var=_mean_share(judged.var_99, judged.equity),
        today_var=None if day is None else share_of(day.var_99, day.equity),
        difference=None,
    )


def _model(
    record: ModelRecord, judged: ScoredBars, day: Today | None, hindsight: Hindsight, used: str
) -> Entrant:
    model = VAR_MODELS[record.name]
    var_99 = hindsight.on_days(record.var_99, judged.opened_ms)
    return Entrant(
        model=record.name,
        name=model.title,
        how=HOW_IN_USE if record.name == used else model.how,
        days=record.days,
        hits_95=record.hits_95,
        hits_99=record.hits_99,
        mean_var=_mean_share(var_99, judged.equity),
        today_var=share_of(record.today_99, None if day is None else day.equity),
        difference=difference_from_live(var_99, judged),
    )


def _mean_share(var: FloatArray, equity: FloatArray) -> float | None:
    """Over the days of which both are known."""
    shares = var / np.where(equity > 0.0, equity, np.nan)
    known = shares[np.isfinite(shares)]
    return float(known.mean()) if known.size else None
