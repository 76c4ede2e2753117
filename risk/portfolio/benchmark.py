"""What a book is compared with: bitcoin held alone, and the last midnight."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from risk.domain.assessment import Benchmark
from risk.domain.market import Mark
from risk.domain.model import LEVELS, Model
from risk.measures.returns import annualised_volatility
from risk.measures.types import FloatArray
from risk.portfolio.tails import standalone_tails

_LEADING = ("BTC", "XBT")


def measure_benchmark(model: Model, marks: Mapping[str, Mark]) -> Benchmark | None:
    """Bitcoin held alone; None if the model does not know it well enough."""
    column, units = _leading_column(model), standalone_tails(model)
    if column is None or units is None:
        return None
    asset, (var, es) = model.assets[column], units
    return Benchmark(
        asset=asset,
        var_99=float(var[0, column, LEVELS.index(0.99)]),
        es_975=float(es[0, column, LEVELS.index(0.975)]),
        volatility=annualised_volatility(
            float(np.sqrt(model.filter.variance[column])), model.spec.period.per_year
        ),
        since_midnight=change_since_midnight(model, asset, marks.get(asset)),
    )


def _leading_column(model: Model) -> int | None:
    """The model's column of bitcoin; None unless it knows bitcoin well enough."""
    return next(
        (
            column
            for column, asset in enumerate(model.assets)
            if asset.upper().startswith(_LEADING) and model.proven(asset)
        ),
        None,
    )


def change_since_midnight(day: Model, asset: str, mark: Mark | None) -> float | None:
    """Change of an asset's mark since the last daily close, a fraction; None if unknown."""
    column = day.column(asset)
    if column is None or mark is None or not mark.known or not _is_of_today(day.closed, mark.at):
        return None
    close = float(day.filter.close[column])
    return mark.price / close - 1.0 if np.isfinite(close) else None


def _is_of_today(closed: datetime | None, at: datetime) -> bool:
    return closed is not None and closed.date() == at.date()


def betas(model: Model) -> FloatArray | None:
    """Expected move of each asset per move of bitcoin, shape (A,); None without bitcoin."""
    leading, scenarios = _leading_column(model), model.scenarios
    if leading is None or scenarios is None:
        return None
    deviation = scenarios.filtered.std(axis=0)
    if deviation[leading] == 0.0:  # its price stood still all the time
        return None
    return np.asarray(scenarios.correlation[:, leading] * deviation / deviation[leading])
