"""Tables of prices as files have them, with one thing wrong at a time."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from risk.domain.market import Period

START = datetime(2024, 1, 1, tzinfo=UTC)


def walk(bars: int, *, seed: int = 7, volatility: float = 0.01, start: float = 100.0) -> np.ndarray:
    """Closes of a random walk."""
    steps = np.random.default_rng(seed).normal(0.0, volatility, bars)
    return start * np.exp(np.cumsum(steps) - steps[0])


def table(
    close: np.ndarray,
    *,
    asset: str = "BTC",
    period: Period = Period.HOUR,
    start: datetime = START,
) -> pd.DataFrame:
    """Rows in long form with sound bars around these closes."""
    opened = np.concatenate([close[:1], close[:-1]])
    return pd.DataFrame(
        {
            "timestamp": [start + i * period.span for i in range(close.size)],
            "asset": asset,
            "open": opened,
            "high": np.maximum(opened, close) * 1.001,
            "low": np.minimum(opened, close) * 0.999,
            "close": close,
            "volume": 10.0,
        }
    )


def hours_after(start: datetime, hours: float) -> datetime:
    return start + timedelta(hours=hours)
