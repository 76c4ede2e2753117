"""What each model of a book costs: a figure, an order's check, and being chosen.

Books differ from call to call: a model that remembers answers must not look quicker than it is.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.market import build_book
from benchmarks.timing import Timing, timed, timed_with
from risk.assess import OrderCheck
from risk.measures.types import FloatArray
from risk.portfolio.book_models import BOOK_MODELS
from risk.portfolio.forecasting import measured_by
from risk.portfolio.tails import project
from risk.portfolio.vectors import BookVectors

_SEED = 29


def run(size: int = 50, n: int = 1_000) -> Iterator[Timing]:
    """Milliseconds over a book of `size` assets."""
    book = build_book(size)
    snapshot = book.snapshot()
    orders = (book.order(number) for number in range(1_000_000))
    rng = np.random.default_rng(_SEED)
    for name, method in BOOK_MODELS.items():
        day = measured_by(snapshot.models.day, name)

        def vectors() -> BookVectors:
            found = project(day, _weights(rng, size))  # noqa: B023 - called before the next turn
            assert found is not None
            return found

        check = OrderCheck(replace(snapshot, models=snapshot.models.with_model(day)))
        yield timed_with(f"{name}: a figure", vectors, method.figures, size=size, n=n)
        yield timed_with(
            f"{name}: an order's check", lambda: next(orders), check.after, size=size, n=n
        )
        yield timed(
            f"{name}: chosen",
            lambda: measured_by(snapshot.models.day, name),  # noqa: B023
            size=size,
            n=max(1, n // 100),
        )


def _weights(rng: np.random.Generator, size: int) -> FloatArray:
    return np.asarray(1e5 * rng.standard_normal(size))
