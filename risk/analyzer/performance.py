"""What a table's book would have returned for its risk, each figure with its standard error."""

from collections.abc import Callable
from typing import Any

import numpy as np

from risk.analyzer.estimates import value_curve
from risk.analyzer.refusals import needs_bars
from risk.analyzer.table import Table
from risk.errors import InsufficientData, InvalidInput
from risk.measures.bootstrap import block_bootstrap_error
from risk.measures.drawdown import (
    DrawdownSpell,
    conditional_drawdown,
    drawdown_spells,
    maximum_drawdown,
)
from risk.measures.performance import (
    MINIMUM_RETURNS,
    Estimate,
    beta,
    calmar_ratio,
    sharpe_ratio,
    sortino_ratio,
    tail_ratio,
)
from risk.measures.types import FloatArray

#: Deepest falls that are told.
SPELLS = 5


def performance(table: Table, market: str | None, block: int | None, seed: int) -> dict[str, Any]:
    """See :meth:`~risk.analyzer.facade.PositionRiskAnalyzer.performance`."""
    needs_bars("performance of a book", table, table.held, MINIMUM_RETURNS)
    bars = int(table.complete.sum())
    if block is not None and block > bars:
        raise InvalidInput(f"block must be {bars} or less, got {block}")
    told: dict[str, Any] = {"bars": bars, "beta": None}
    unknown: dict[str, str] = {}
    for name, measure in _estimates(table, market, block, seed).items():
        try:
            told[name] = _plain(measure())
        except (InsufficientData, ValueError) as refusal:  # told beside the figures that exist
            told[name], unknown[name] = None, str(refusal)
    return told | {"drawdowns": _deepest(table), "unknown": unknown}


def _estimates(
    table: Table, market: str | None, block: int | None, seed: int
) -> dict[str, Callable[[], Estimate]]:
    """Figures to be measured; each has the same draws, whatever was measured before it."""
    returns, year = table.book_returns[table.complete], table.period.per_year

    def rng() -> np.random.Generator:
        return np.random.default_rng(seed)

    figures: dict[str, Callable[[], Estimate]] = {
        "sharpe": lambda: sharpe_ratio(returns, periods_per_year=year),
        "sortino": lambda: sortino_ratio(returns, rng(), periods_per_year=year, block=block),
        "calmar": lambda: calmar_ratio(returns, rng(), periods_per_year=year, block=block),
        "tail_ratio": lambda: tail_ratio(returns, rng(), block=block),
        "maximum_drawdown": lambda: _of_falls(_deepest_fall, returns, rng(), block),
        "conditional_drawdown_95": lambda: _of_falls(_worst_falls, returns, rng(), block),
    }
    if market is not None:
        moves = table.returns[:, table.assets.index(market)]
        figures["beta"] = lambda: beta(table.book_returns, moves)
    return figures


def _of_falls(
    statistic: Callable[[FloatArray], float],
    returns: FloatArray,
    rng: np.random.Generator,
    block: int | None,
) -> Estimate:
    error = block_bootstrap_error(statistic, returns, rng, block=block)
    return Estimate(statistic(returns), error, returns.size)


def _deepest_fall(returns: FloatArray) -> float:
    return maximum_drawdown(value_curve(returns)).depth


def _worst_falls(returns: FloatArray) -> float:
    return conditional_drawdown(value_curve(returns), level=0.95)


def _plain(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "standard_error": estimate.standard_error}


def _deepest(table: Table) -> list[dict[str, Any]]:
    """The deepest falls by the labels of their bars, the deepest first."""
    labels = table.curve_labels
    spells = drawdown_spells(value_curve(table.book_returns[table.complete]))
    deepest = sorted(spells, key=lambda spell: spell.depth, reverse=True)[:SPELLS]
    return [_labelled(spell, labels) for spell in deepest]


def _labelled(spell: DrawdownSpell, labels: tuple[str, ...]) -> dict[str, Any]:
    return {
        "depth": spell.depth,
        "peak": labels[spell.peak],
        "trough": labels[spell.trough],
        "end": None if spell.end is None else labels[spell.end],
        "bars": spell.bars,
    }
