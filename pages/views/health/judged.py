"""What the tests say of the live record, and of each model in hindsight."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pages.context import Book
from pages.readings import Readings
from pages.views.records.difference import Difference, difference_from_live
from pages.views.records.live import HOW_IN_USE, LIVE, how_live
from pages.views.records.past import COMPARED_LEVELS, Hindsight, ModelRecord
from pages.views.records.scored import ScoredBars
from risk.domain.model import LEVELS
from risk.measures.backtest import (
    CHANCE,
    Bands,
    Depth,
    LevelRecord,
    Order,
    band_ranges,
    band_test,
    depth_record,
    level_record,
)
from risk.measures.types import FloatArray, IntArray
from risk.measures.var import VAR_MODELS

_SEED = 975


@dataclass(frozen=True)
class Spread:
    """Where outcomes fell among the quantiles forecast for them; L levels.

    Attributes
    ----------
    levels : tuple of L floats
    bands : Bands
    fewest, most : ndarray of shape (L + 1,), int
        What chance explains of each band.
    """

    levels: tuple[float, ...]
    bands: Bands
    fewest: IntArray
    most: IntArray

    @property
    def days(self) -> int:
        """Outcomes in all bands together."""
        return int(self.bands.counts.sum())

    @property
    def odd(self) -> tuple[int, ...]:
        """The bands that hold more or fewer outcomes than chance explains."""
        counts = self.bands.counts
        return tuple(np.flatnonzero((counts < self.fewest) | (counts > self.most)).tolist())


@dataclass(frozen=True, kw_only=True)
class ModelHealth:
    """One row of the table.

    Attributes
    ----------
    model : str or None
        Its key in ``VAR_MODELS``; None of the live record.
    name, how : str
    days : int
    inner, outer : LevelRecord or None
        At 95 and at 99 %; None before the first day.
    depth : Depth
        At 97.5 %.
    difference : Difference or None
        In pinball loss at 99 % from the live record; None of that, and without a common day.
    spread : Spread or None
        None before the first day.
    """

    model: str | None
    name: str
    how: str
    days: int
    inner: LevelRecord | None
    outer: LevelRecord | None
    depth: Depth
    difference: Difference | None
    spread: Spread | None

    @property
    def is_live(self) -> bool:
        """Whether it is the record that was made day by day."""
        return self.model is None

    @property
    def tests(self) -> "Tests":
        """Which of the tests that are shown speak against it."""
        return Tests(
            outer_number=self.outer is not None and not self.outer.is_normal,
            inner_number=self.inner is not None and not self.inner.is_normal,
            order=self.inner is not None and self.inner.order is Order.CLUSTERED,
            coverage=self.inner is not None and is_rejected(self.inner.coverage_p),
            depth=bool(self.depth.zone),
        )


class Tests(NamedTuple):
    """Whether each test that is shown speaks against a model.

    Attributes
    ----------
    outer_number, inner_number : bool
        Of exceptions at 99 and at 95 %.
    order, coverage : bool
        At 95 %; the second is of number and order together.
    depth : bool
        At 97.5 %.
    """

    outer_number: bool
    inner_number: bool
    order: bool
    coverage: bool
    depth: bool


def is_rejected(p_value: float | None) -> bool:
    """Whether a test of which so much is known speaks against its model."""
    return p_value is not None and p_value < CHANCE


def opinion(live: ModelHealth) -> str:
    """What number, order and depth of the exceptions say together: the one status of the record."""
    levels = [record for record in (live.inner, live.outer) if record is not None]
    if any(each.hits > each.high for each in levels):
        return "VaR has been too low"
    if any(each.hits < each.low for each in levels):
        return "VaR has been higher than needed"
    wrong = [
        word
        for word, odd in (
            ("order", live.tests.order or live.tests.coverage),
            ("depth", live.tests.depth),
        )
        if odd
    ]
    if wrong:
        return f"The number of exceptions is normal, but not their {' and '.join(wrong)}"
    return "Nothing speaks against VaR"


def read_live_health(readings: Readings, book: Book, judged: ScoredBars, used: str) -> ModelHealth:
    """The same for every page that tells how the record stands, worked out once.

    Parameters
    ----------
    readings : Readings
    book : Book
    judged : ScoredBars
        Days that the verdict counts.
    used : str
        Name of the model in use.
    """
    newest = int(np.max(judged.opened_ms, initial=0))
    key = ("live health", book.name, (len(judged), newest), used)
    return readings.once(key, lambda: live_health(judged, used))


def live_health(judged: ScoredBars, used: str) -> ModelHealth:
    """What the tests say of the days whose live forecast met its outcome."""
    days = len(judged)
    beyond = judged.beyond_95.astype(np.int64) + judged.beyond_975 + judged.beyond_99
    return ModelHealth(
        model=None,
        name=LIVE,
        how=how_live(judged.models, used),
        days=days,
        inner=level_record(judged.beyond_95, 0.95) if days else None,
        outer=level_record(judged.beyond_99, 0.99) if days else None,
        depth=_depth(-judged.profit, judged.var_975, judged.es_975),
        difference=None,
        spread=_spread(beyond, LEVELS) if days else None,
    )


def model_health(
    record: ModelRecord, hindsight: Hindsight, judged: ScoredBars, used: str
) -> ModelHealth:
    """What the tests say of a model over the book as it was held; `used` measures it now."""
    model, chosen = VAR_MODELS[record.name], record.judged
    losses = hindsight.losses[chosen]
    return ModelHealth(
        model=record.name,
        name=model.title,
        how=HOW_IN_USE if record.name == used else model.how,
        days=record.days,
        inner=level_record(record.exceeded_at(0.95), 0.95) if record.days else None,
        outer=level_record(record.exceeded_at(0.99), 0.99) if record.days else None,
        depth=_depth(losses, record.var_at(0.975)[chosen], record.es_at(0.975)[chosen]),
        difference=difference_from_live(hindsight.on_days(record.var_99, judged.opened_ms), judged),
        spread=_spread(record.exceeded.sum(axis=1), COMPARED_LEVELS) if record.days else None,
    )


def _depth(losses: FloatArray, var: FloatArray, es: FloatArray) -> Depth:
    """The same days always give the same answer, also where it is simulated."""
    return depth_record(losses, var, es, rng=np.random.default_rng(_SEED))


def _spread(band_of: IntArray, levels: Sequence[float]) -> Spread:
    fewest, most = band_ranges(len(band_of), levels)
    return Spread(tuple(levels), band_test(band_of, levels), fewest, most)


def models_health(hindsight: Hindsight, judged: ScoredBars, used: str) -> tuple[ModelHealth, ...]:
    """Of every model compared; the one called `used` measures the book now."""
    return tuple(model_health(each, hindsight, judged, used) for each in hindsight.models.values())


#: What a row is placed by; the first stands highest. Unknown comes last.
_PLACES: dict[str, Callable[[ModelHealth], float]] = {
    "loss": lambda each: np.inf if each.difference is None else each.difference.relative,
    "hits": lambda each: np.inf if each.outer is None else _distance(each.outer),
    "depth": lambda each: np.inf if each.depth.z2 is None else abs(each.depth.z2),
}


def _distance(record: LevelRecord) -> float:
    """From the number of hits that a right model has on average."""
    return abs(record.hits - (1.0 - record.level) * record.days)


def placed(rows: Sequence[ModelHealth], by: str) -> list[ModelHealth]:
    """The rows by what they are sorted by: the best first, or by name.

    Parameters
    ----------
    rows : sequence of ModelHealth
    by : str
        ``loss``, ``hits`` (nearest to what is expected at 99 %), ``depth`` (Z2 nearest to zero) or
        ``name``.
    """
    named = sorted(rows, key=lambda each: each.name.casefold())
    return named if by == "name" else sorted(named, key=_PLACES[by])
