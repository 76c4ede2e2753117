"""What books returned for their risk, and how sure one can be of it.

Sharpe ratio and volatility come from daily returns, drawdown from every bar. Intervals hold 95 %
of the figures over resamples of blocks of days; all books of a replay are resampled alike, so that
differences between them are told more surely than the figures themselves.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from risk.lab.replay.baselines import (
    DRAWS,
    MANAGED,
    RANDOM_HALTS,
    UNMANAGED,
    Grid,
    constant_sizes,
    daily,
    out_of_market,
    random_halts,
)
from risk.measures.bootstrap import resampled_places
from risk.measures.drawdown import maximum_drawdown
from risk.measures.returns import DAYS_PER_YEAR
from risk.measures.types import FloatArray

#: Days kept together in a resample: falls that last for weeks stay whole.
BLOCK_DAYS = 20
RESAMPLES = 500
#: Fewest whole days of which figures are told.
LEAST_DAYS = 2 * BLOCK_DAYS
_INTERVAL = (0.025, 0.975)

# A deviation below this share of the largest return is rounding.
_NEGLIGIBLE = 1e-12


class Figures(NamedTuple):
    """Figures of one book; NaN where it did not move."""

    sharpe: float
    volatility: float
    max_drawdown: float


class Interval(NamedTuple):
    """Where a figure lies in 95 of 100 resamples."""

    low: float
    high: float


class Compared(NamedTuple):
    """A figure of the managed book beside that of another one.

    Attributes
    ----------
    value : float or None
    interval : Interval or None
    """

    value: float | None
    interval: Interval | None


@dataclass(frozen=True, kw_only=True)
class BookFigures:
    """One book of a replay.

    Attributes
    ----------
    book : str
    sharpe, volatility : float or None
        A year, of 365 days; None, as all below, where the book did not move or days are too few.
    max_drawdown : float or None
        A fraction.
    intervals : mapping of str to Interval or None
        Of those three, by name.
    size : float or None
        What part of the unmanaged book it is, of the books that are a constant one.
    managed_sharpe_less, managed_volatility_over, managed_drawdown_over : Compared
        The managed book's Sharpe ratio less this one's, and its volatility and drawdown divided
        by this one's, resampled together.
    """

    book: str
    sharpe: float | None
    volatility: float | None
    max_drawdown: float | None
    intervals: Mapping[str, Interval | None]
    size: float | None
    managed_sharpe_less: Compared
    managed_volatility_over: Compared
    managed_drawdown_over: Compared


def compare(managed: Grid, unmanaged: Grid, rng: np.random.Generator) -> tuple[BookFigures, ...]:
    """The managed book, the unmanaged one, and those that only trade less than it.

    Parameters
    ----------
    managed, unmanaged : Grid
        Of the same days, ``LEAST_DAYS`` or more.
    rng : Generator
        For resamples and random halts.
    """
    sizes = constant_sizes(managed, unmanaged)
    books = {
        MANAGED: managed.returns,
        UNMANAGED: unmanaged.returns,
        **{book: size * unmanaged.returns for book, size in sizes.items()},
    }
    halts = _halts(managed, unmanaged, rng)
    figures = {book: figures_of(returns) for book, returns in books.items()}
    figures[RANDOM_HALTS] = Figures(*np.median([figures_of(h) for h in halts], axis=0).tolist())
    resamples = _resampled(books, halts, rng)
    known = {UNMANAGED: 1.0, **sizes}
    return tuple(_told(book, figures, resamples, known.get(book)) for book in figures)


def _halts(managed: Grid, unmanaged: Grid, rng: np.random.Generator) -> list[FloatArray]:
    share = out_of_market(managed, unmanaged)
    return [random_halts(unmanaged, share, rng) for _ in range(DRAWS)]


def figures_of(returns: FloatArray) -> Figures:
    """Figures of returns of shape (days, bars)."""
    days = daily(returns)
    deviation = float(days.std(ddof=1))
    moved = deviation > _NEGLIGIBLE * float(np.abs(days).max())
    year = math.sqrt(DAYS_PER_YEAR)
    curve = np.concatenate(([1.0], np.cumprod(1.0 + returns.ravel())))
    return Figures(
        sharpe=year * float(days.mean()) / deviation if moved else math.nan,
        volatility=year * deviation,
        max_drawdown=maximum_drawdown(curve).depth,
    )


def _resampled(
    books: Mapping[str, FloatArray], halts: Sequence[FloatArray], rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Figures by book, of shape (resamples, 3): of each resample the same days of every book.

    Each resample takes other random halts, so that their interval knows of both kinds of chance.
    """
    found: dict[str, list[Figures]] = {book: [] for book in (*books, RANDOM_HALTS)}
    days = len(halts[0])
    drawn = resampled_places(days, rng, block=BLOCK_DAYS, resamples=RESAMPLES)
    for number, places in enumerate(drawn):
        for book, returns in books.items():
            found[book].append(figures_of(returns[places]))
        found[RANDOM_HALTS].append(figures_of(halts[number % len(halts)][places]))
    return {book: np.array(figures) for book, figures in found.items()}


def _told(
    book: str,
    figures: Mapping[str, Figures],
    resamples: Mapping[str, FloatArray],
    size: float | None,
) -> BookFigures:
    own, drawn = figures[book], resamples[book]
    ours, our_draws = figures[MANAGED], resamples[MANAGED]
    with np.errstate(divide="ignore", invalid="ignore"):
        beside = our_draws / drawn
    return BookFigures(
        book=book,
        **{name: _number(value) for name, value in own._asdict().items()},
        intervals={name: _interval(drawn[:, n]) for n, name in enumerate(Figures._fields)},
        size=size,
        managed_sharpe_less=Compared(
            _number(ours.sharpe - own.sharpe), _interval(our_draws[:, 0] - drawn[:, 0])
        ),
        managed_volatility_over=Compared(
            _ratio(ours.volatility, own.volatility), _interval(beside[:, 1])
        ),
        managed_drawdown_over=Compared(
            _ratio(ours.max_drawdown, own.max_drawdown), _interval(beside[:, 2])
        ),
    )


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0.0 else None


def _interval(values: FloatArray) -> Interval | None:
    """None unless the figure exists in every resample."""
    if not np.isfinite(values).all():
        return None
    return Interval(*np.quantile(values, _INTERVAL).tolist())
