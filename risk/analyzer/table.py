"""A table of returns beside what is held of its assets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype

from risk.domain.market import Period
from risk.errors import InvalidInput
from risk.measures.types import BoolArray, FloatArray

#: What figures of all assets call the book beside them; no asset can be called so.
BOOK = "book"
#: A price that rises to more than so many times the last belongs to something else: the rule of
#: price files, which a fall does not meet whatever its size.
REUSE_FACTOR = 20.0
#: Of a bar: how much nearer or further apart two rows may be, as local days when clocks change.
STEP_TOLERANCE = 0.1
#: Times equity that one position can be: beyond it is a slip, and squares of it would overflow.
LARGEST_POSITION = 1e12

# What pandas calls values that are real numbers, or unknown.
_REAL = frozenset({"floating", "integer", "mixed-integer-float", "decimal", "empty"})


@dataclass(frozen=True, kw_only=True)
class Table:
    """Returns of some assets, and a book of them.

    Attributes
    ----------
    assets : tuple of str
    labels : tuple of str
        Of the bars; ISO format if they are times.
    returns : ndarray of shape (bars, assets)
        Simple returns, oldest first; NaN where unobserved.
    exposure : ndarray of shape (assets,)
        Value held, quote currency; negative when short.
    equity : float
        Quote currency.
    period : Period
        Of a bar.
    """

    assets: tuple[str, ...]
    labels: tuple[str, ...]
    returns: FloatArray
    exposure: FloatArray
    equity: float
    period: Period

    @property
    def held(self) -> BoolArray:
        """Which assets the book holds, shape (assets,)."""
        return np.not_equal(self.exposure, 0.0)

    @property
    def weights(self) -> FloatArray:
        """Exposure as fractions of equity, shape (assets,)."""
        return self.exposure / self.equity

    @property
    def complete(self) -> BoolArray:
        """Bars in which all that is held was observed, shape (bars,)."""
        return self.seen_together(self.held)

    @property
    def book_returns(self) -> FloatArray:
        """Profit of each bar over equity if today's book were held; NaN where not complete."""
        profit: FloatArray = self.returns[:, self.held] @ self.weights[self.held]
        return profit

    def seen_together(self, columns: BoolArray) -> BoolArray:
        """Bars in which all these assets were observed, shape (bars,)."""
        return np.asarray(~np.isnan(self.returns[:, columns]).any(axis=1))

    @property
    def curve_labels(self) -> tuple[str, ...]:
        """Labels of a value curve over the complete bars: ``start``, then each of them."""
        return ("start", *(self.labels[bar] for bar in np.flatnonzero(self.complete)))

    def only(self, asset: str) -> "Table":
        """The same table with this asset's position alone."""
        alone = np.where(np.array(self.assets) == asset, self.exposure, 0.0)
        return Table(
            assets=self.assets,
            labels=self.labels,
            returns=self.returns,
            exposure=alone,
            equity=self.equity,
            period=self.period,
        )


def read_table(
    frame: pd.DataFrame,
    positions: Mapping[str, float] | None,
    equity: float,
    period: Period | str,
) -> Table:
    """A table of what somebody came with.

    Parameters
    ----------
    frame : DataFrame of shape (bars, assets)
    positions : mapping of asset to float, or None
        Quote currency; None for equity in equal parts.
    equity : float
    period : Period or its text

    Returns
    -------
    Table

    Raises
    ------
    InvalidInput
        If it is no table of returns or the positions do not belong to it; the text says why.
    """
    assets, bars = _assets(frame), _period(period)
    owned = number("equity", equity)
    if owned <= 0.0:
        raise InvalidInput(f"equity must be finite and positive, got {equity}")
    return Table(
        assets=assets,
        labels=_labels(frame.index, bars),
        returns=_returns(frame),
        exposure=_exposure(assets, positions, owned),
        equity=owned,
        period=bars,
    )


def number(what: str, value: Any) -> float:
    """A finite number, or an InvalidInput that says what should have been one."""
    try:
        read = float(value)
    except (TypeError, ValueError, OverflowError) as problem:
        raise InvalidInput(f"{what} must be a number, got {value!r}") from problem
    if not math.isfinite(read):
        raise InvalidInput(f"{what} must be finite, got {value}")
    return read


def _period(period: Period | str) -> Period:
    try:
        return Period(period)
    except ValueError as problem:
        known = ", ".join(Period)
        raise InvalidInput(f"no bars are called {period!r}; there are {known}") from problem


def _assets(frame: pd.DataFrame) -> tuple[str, ...]:
    if not isinstance(frame, pd.DataFrame) or frame.empty:
        raise InvalidInput("returns must be a DataFrame with a row a bar and a column an asset")
    assets = tuple(str(name) for name in frame.columns)
    twice = sorted({name for name in assets if assets.count(name) > 1})
    if twice:
        raise InvalidInput(f"returns has {twice[0]} twice")
    if BOOK in assets:
        raise InvalidInput(f"no asset can be called {BOOK}: so figures call all of them together")
    return assets


def _labels(index: pd.Index, period: Period) -> tuple[str, ...]:
    if index.has_duplicates or not index.is_monotonic_increasing:
        raise InvalidInput("the rows of returns must be in order, oldest first, each bar once")
    labels = tuple(_label(value) for value in index)
    times = _times(index)
    if times is not None:
        _check_steps(times, labels, period)
    return labels


def _times(index: pd.Index) -> pd.Index | None:
    """When bars were; None where rows are named by anything but times."""
    if isinstance(index, pd.PeriodIndex):
        return index.to_timestamp()
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        return index
    if all(isinstance(value, date) for value in index):
        return pd.to_datetime(index, utc=True)
    return None


def _check_steps(times: pd.Index, labels: tuple[str, ...], period: Period) -> None:
    """Refuse rows that are not a bar apart, naming the first two."""
    steps = np.asarray((times[1:] - times[:-1]) / pd.Timedelta(period.span), dtype=np.float64)
    for row in np.flatnonzero(np.abs(steps - 1.0) > STEP_TOLERANCE)[:1].tolist():
        raise InvalidInput(
            f"the rows of returns must lie {period} apart, give or take a tenth; from "
            f"{labels[row]} to {labels[row + 1]} it is {steps[row]:.4g} times that: a bar missing "
            "inside must be a row of NaN"
        )


def _label(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _returns(frame: pd.DataFrame) -> FloatArray:
    for place, name in enumerate(frame.columns):
        _refuse_no_numbers(str(name), frame.iloc[:, place])
    try:
        returns = np.array(frame.to_numpy(dtype=np.float64, na_value=np.nan), order="C")
    except (ValueError, OverflowError) as problem:  # a whole number beyond any float
        raise InvalidInput(f"returns must hold real numbers only: {problem}") from problem
    impossible = np.isinf(returns) | (returns < -1.0)
    _refuse(frame, returns, impossible, "returns are fractions of -1 or more")
    _refuse(
        frame,
        returns,
        returns > REUSE_FACTOR - 1.0,
        f"a price of more than {REUSE_FACTOR:g} times the last is something else under this "
        "ticker; make that bar and those before it NaN",
    )
    return returns


def _refuse_no_numbers(asset: str, column: pd.Series) -> None:
    """Refuse times, truth, text and complex numbers, which a cast would take for returns."""
    if infer_dtype(column) in _REAL:
        return
    for label, value in column.items():
        if infer_dtype([value]) not in _REAL:
            raise InvalidInput(
                f"returns must hold real numbers only; {asset} holds {value!r} at {_label(label)}"
            )


def _refuse(frame: pd.DataFrame, returns: FloatArray, bad: BoolArray, why: str) -> None:
    """Name the first return that is bad, if one is."""
    for row, column in np.argwhere(bad)[:1].tolist():
        raise InvalidInput(
            f"{frame.columns[column]} returned {returns[row, column]} at "
            f"{_label(frame.index[row])}: {why}"
        )


def _exposure(
    assets: tuple[str, ...], positions: Mapping[str, float] | None, equity: float
) -> FloatArray:
    if positions is None:
        return np.full(len(assets), equity / len(assets))
    if not isinstance(positions, Mapping):
        raise InvalidInput(f"positions must map assets to values, got {positions!r}")
    unknown = sorted(str(asset) for asset in set(positions) - set(assets))
    if unknown:
        raise InvalidInput(f"no returns of {', '.join(unknown)}, which the positions name")
    held = {asset: number(f"the position in {asset}", positions[asset]) for asset in positions}
    for asset, value in held.items():
        if abs(value) > LARGEST_POSITION * equity:
            raise InvalidInput(
                f"the position in {asset} is too large beside an equity of {equity}: {value} is "
                f"more than {LARGEST_POSITION:g} times that"
            )
    if not math.isfinite(sum(map(abs, held.values()))):
        raise InvalidInput("the positions are too large to be added up")
    return np.array([held.get(asset, 0.0) for asset in assets])
