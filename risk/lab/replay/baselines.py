"""Books that a managed one is compared with: unmanaged ones that simply trade less.

Anything that makes a book smaller lowers its volatility and its drawdown. So beside the unmanaged
book stand its returns at half the size, at the managed book's average exposure, at its volatility,
and with random halts that keep the book as far out of the market as the limits did.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from risk.domain.paper import PAPER_FEE
from risk.lab.replay.book import Bar
from risk.measures.types import FloatArray

MANAGED, UNMANAGED = "managed", "unmanaged"
HALF_SIZE, SAME_EXPOSURE = "half_size", "same_exposure"
EQUAL_VOLATILITY, RANDOM_HALTS = "equal_volatility", "random_halts"
#: Draws of random halts: the figures of that book are medians over them.
DRAWS = 100

_DAY = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A book's returns and exposure on a grid of whole days.

    Attributes
    ----------
    returns : ndarray of shape (days, bars)
        Simple returns of each bar; 0 where nothing closed, since nothing was traded then.
    gross : ndarray of shape (days, bars)
        Gross exposure at the bar's end, a multiple of equity.
    """

    returns: FloatArray
    gross: FloatArray


def on_grid(bars: Sequence[Bar], *, seconds: float) -> Grid:
    """Bars by days of 24 hours from the first bar on; a last one that is not whole is left out.

    Parameters
    ----------
    bars : sequence of Bar
    seconds : float
        Length of a bar.
    """
    if not bars:
        return Grid(returns=np.empty((0, 1)), gross=np.empty((0, 1)))
    per_day = round(_DAY / seconds)
    times = np.array([bar.at.timestamp() for bar in bars])
    places = np.round((times - times[0]) / seconds).astype(np.int64)
    # Nothing closed in between: the book was worth what it had been.
    newest = np.searchsorted(places, np.arange(places[-1] + 1), side="right") - 1
    values = np.array([bar.unit_value for bar in bars])[newest]
    gross = np.array([bar.gross for bar in bars])[newest]
    before, after = values[:-1], values[1:]
    # What has lost everything returns nothing any more.
    returns = np.divide(after, before, out=np.ones_like(after), where=before > 0.0) - 1.0
    days = returns.size // per_day
    kept = days * per_day
    return Grid(
        returns=returns[:kept].reshape(days, per_day),
        gross=gross[1 : 1 + kept].reshape(days, per_day),
    )


def constant_sizes(managed: Grid, unmanaged: Grid) -> dict[str, float]:
    """By book, what part of the money is in the unmanaged one, the rest being idle.

    Set back to that part after every bar, free of charge. A share that cannot be told, because
    the unmanaged book never held or never moved, is 1.
    """
    return {
        HALF_SIZE: 0.5,
        SAME_EXPOSURE: _share(managed.gross.mean(), unmanaged.gross.mean()),
        EQUAL_VOLATILITY: _share(_volatility(managed), _volatility(unmanaged)),
    }


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0.0 else 1.0


def _volatility(grid: Grid) -> float:
    return float(daily(grid.returns).std(ddof=1))


def daily(returns: FloatArray) -> FloatArray:
    """Returns of days from those of their bars: shape (..., days, bars) to (..., days)."""
    whole: FloatArray = np.prod(1.0 + returns, axis=-1) - 1.0
    return whole


def out_of_market(managed: Grid, unmanaged: Grid) -> float:
    """The share of its exposure that the managed book did without, 0 to 1."""
    return max(0.0, 1.0 - _share(managed.gross.mean(), unmanaged.gross.mean()))


def random_halts(unmanaged: Grid, share: float, rng: np.random.Generator) -> FloatArray:
    """Returns of the unmanaged book with randomly chosen days out of the market.

    Selling at the start of a halt and buying back at its end cost the fee on what is held.

    Parameters
    ----------
    unmanaged : Grid
    share : float
        Of all days, 0 to 1; rounded to whole days.
    rng : Generator

    Returns
    -------
    ndarray of shape (days, bars)
    """
    days = len(unmanaged.returns)
    halted = np.zeros(days, dtype=bool)
    halted[rng.permutation(days)[: round(share * days)]] = True
    returns = np.where(halted[:, None], 0.0, unmanaged.returns)
    turned = np.flatnonzero(np.diff(halted, prepend=False))
    # Paid in the first bar after a turn, for what was held when the day before ended.
    held = np.concatenate([[0.0], unmanaged.gross[:-1, -1]])
    returns[turned, 0] -= PAPER_FEE * held[turned]
    return np.asarray(returns)
