"""Backtested models beside each other: one line each over all series."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from risk.lab.var_backtest import Cell
from risk.measures.backtest import CHANCE

#: Level at which expected shortfall is judged.
SHORTFALL_LEVEL = 0.975


@dataclass(frozen=True, kw_only=True)
class ModelSummary:
    """One model over all series.

    Attributes
    ----------
    model : str
    hit_rates : tuple of (float, float or None)
        Levels, and the share of all days together that exceeded.
    kupiec, coverage : tuple of two int
        Cells not rejected at 5 %, and cells that could be told.
    z2 : float or None
        Over all days together, at 97.5 %.
    relative_pinball : mapping of str to float or None
        Mean over series of the pinball loss divided by another model's, at the highest level.
    red_windows : int
        Over all cells.
    micros : float or None
        Median over series.
    """

    model: str
    hit_rates: tuple[tuple[float, float | None], ...]
    kupiec: tuple[int, int]
    coverage: tuple[int, int]
    z2: float | None
    relative_pinball: dict[str, float | None]
    red_windows: int
    micros: float | None


def summarise(cells: Sequence[Cell], *, beside: Sequence[str]) -> tuple[ModelSummary, ...]:
    """One line for each model.

    Parameters
    ----------
    cells : sequence of Cell
    beside : sequence of str
        Models to divide pinball losses by; those without cells give None.
    """
    models = dict.fromkeys(cell.model for cell in cells)
    return tuple(_summary(model, cells, beside) for model in models)


def _summary(model: str, cells: Sequence[Cell], beside: Sequence[str]) -> ModelSummary:
    own = [cell for cell in cells if cell.model == model]
    levels = sorted({cell.level for cell in own})
    times = [cell.micros_per_update for cell in own if cell.micros_per_update is not None]
    return ModelSummary(
        model=model,
        hit_rates=tuple((level, _pooled_rate(own, level)) for level in levels),
        kupiec=_not_rejected(cell.kupiec_p for cell in own),
        coverage=_not_rejected(cell.conditional_coverage_p for cell in own),
        z2=_pooled_z2(own),
        relative_pinball={
            other: _relative_pinball(own, cells, other, levels[-1]) for other in beside
        },
        red_windows=sum(cell.red_windows or 0 for cell in own),
        micros=float(np.median(times)) if times else None,
    )


def _pooled_rate(cells: Iterable[Cell], level: float) -> float | None:
    at_level = [cell for cell in cells if cell.level == level]
    forecasts = sum(cell.forecasts for cell in at_level)
    return sum(cell.hits for cell in at_level) / forecasts if forecasts else None


def _not_rejected(p_values: Iterable[float | None]) -> tuple[int, int]:
    told = [p_value for p_value in p_values if p_value is not None]
    return sum(p_value >= CHANCE for p_value in told), len(told)


def _pooled_z2(cells: Iterable[Cell]) -> float | None:
    told = [
        (cell.z2, cell.z2_days)
        for cell in cells
        if cell.level == SHORTFALL_LEVEL and cell.z2 is not None
    ]
    days = sum(own for _, own in told)
    return sum(z2 * own for z2, own in told) / days if days else None


def _relative_pinball(
    own: Iterable[Cell], cells: Iterable[Cell], other: str, level: float
) -> float | None:
    theirs = {cell.series: cell for cell in cells if (cell.model, cell.level) == (other, level)}
    ratios = [
        ratio
        for cell in own
        if cell.level == level and cell.series in theirs
        if (ratio := _ratio(cell, theirs[cell.series])) is not None
    ]
    return float(np.mean(ratios)) if ratios else None


def _ratio(own: Cell, other: Cell) -> float | None:
    """Of pinball losses; None unless both were judged over as many days, and lost anything."""
    if own.forecasts != other.forecasts or own.pinball is None or not other.pinball:
        return None
    return own.pinball / other.pinball
