"""Tables of invented returns, and books of them."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from risk.analyzer import PositionRiskAnalyzer
from risk.analyzer.methods import METHODS
from risk.domain.market import Period
from risk.measures.var import VAR_MODELS

NOON = datetime(2025, 9, 1, 12, tzinfo=UTC)
LONG_SHORT = {"BTC": 50_000.0, "ETH": 30_000.0, "SOL": -10_000.0}
ALL = (*METHODS, *VAR_MODELS)


def table(seed=0, bars=400, holes=False, period="1d"):
    rng = np.random.default_rng(seed)
    moves = 0.02 * rng.standard_t(5, (bars, 1)) + 0.02 * rng.standard_t(5, (bars, 3))
    if holes:
        moves[10, 0] = moves[20:25, 1] = np.nan
    times = pd.date_range("2024-01-01", periods=bars, freq=Period(period).span, tz="UTC")
    return pd.DataFrame(np.maximum(moves, -0.9), index=times, columns=["BTC", "ETH", "SOL"])


def analyzer(positions=LONG_SHORT, **arguments):
    frame = arguments.pop("frame", table(period=arguments.get("period", "1d")))
    return PositionRiskAnalyzer(frame, positions=positions, equity=100_000.0, **arguments)
