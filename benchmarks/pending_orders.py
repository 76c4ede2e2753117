"""How far a book may end above the figures promised for its pending orders.

A fitted tail is not monotone in the orders that are filled, so the committed VaR bounds no
subset of fills by proof: ``python -m benchmarks.pending_orders [MODEL]`` counts and measures.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from benchmarks.market import Market
from benchmarks.tables import machine_line, print_table
from risk.domain.model import DAY_MODEL, LEVELS, Model
from risk.measures.types import FloatArray
from risk.portfolio.book_models import BOOK_MODELS
from risk.portfolio.forecasting import new_model, warm
from risk.portfolio.tails import book_tail, committed_tail, project, raises
from risk.portfolio.vectors import BookVectors

_SEED = 17
_ASSETS, _ORDERS, _SUBSETS = 20, 6, 10


class Overshoot(NamedTuple):
    """Figures of filled subsets over the committed ones, each of shape (cases, levels)."""

    var: FloatArray
    es: FloatArray


def measure(books: int = 1_000, method: str = DAY_MODEL.method) -> Overshoot:
    """Random long and short books with random orders, of which random subsets are filled."""
    rng = np.random.default_rng(_SEED)
    market = Market(_ASSETS)
    spec = replace(DAY_MODEL, method=method)
    model = warm(new_model(spec, market.assets), market.history(spec))
    cases = [case for _ in range(books) for case in _cases(model, rng)]
    return Overshoot(*map(np.array, zip(*cases, strict=True)))


def _cases(model: Model, rng: np.random.Generator) -> Iterator[tuple[FloatArray, FloatArray]]:
    held = rng.normal(0.0, 1.0, _ASSETS)
    orders = np.zeros((_ORDERS, _ASSETS))
    columns = rng.integers(0, _ASSETS, _ORDERS)
    orders[np.arange(_ORDERS), columns] = rng.normal(0.0, 1.0, _ORDERS)
    promised_var, promised_es = _committed(model, held, orders)
    for _ in range(_SUBSETS):
        filled = rng.random(_ORDERS) < 0.5
        var, es = _figures(model, held + orders[filled].sum(axis=0))
        yield var / promised_var - 1.0, es / promised_es - 1.0


def _committed(model: Model, held: FloatArray, orders: FloatArray) -> tuple[FloatArray, FloatArray]:
    tail = book_tail(model, held)
    assert tail is not None
    now = worst = raising = _profits(model, held)
    for order in orders:
        added = _profits(model, order)
        worst = worst.plus(added.losses_only())
        raising = raising.plus(added) if raises(model, tail, now.plus(added)) else raising
    filled = _profits(model, held + orders.sum(axis=0))
    guard = None if BOOK_MODELS[model.spec.method].monotone else raising
    promised = committed_tail(model, held=tail, worst=worst, filled=filled, raising=guard)
    return np.array(promised.var), np.array(promised.es)


def _figures(model: Model, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    tail = book_tail(model, weights)
    assert tail is not None
    return np.array(tail.var), np.array(tail.es)


def _profits(model: Model, weights: FloatArray) -> BookVectors:
    vectors = project(model, weights)
    assert vectors is not None
    return vectors


def main() -> None:
    """Print how often, and by how much at most."""
    found = measure(method=sys.argv[1] if len(sys.argv) > 1 else DAY_MODEL.method)
    print(machine_line())
    print()
    print_table(
        ("one-day figure", "cases", "above", "most above"),
        [
            (
                f"{name} {level:.1%}",
                f"{len(over):,}",
                f"{int((over > 0.0).sum()):,}",
                f"{max(0.0, float(over.max())):.2%}",
            )
            for name, table in zip(("VaR", "ES"), found, strict=True)
            for level, over in zip(LEVELS, table.T, strict=True)
        ],
    )


if __name__ == "__main__":
    main()
