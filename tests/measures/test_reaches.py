"""Rows of figures with one more order: each is the plain formula, whatever stands beside it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.measures.reaches import COLUMNS, Figure, figures_with_more

Row = tuple[float, ...]
money = st.integers(-400, 400).map(float)
rows = st.tuples(
    st.sampled_from(Figure).map(float),
    money,
    money,
    money.map(abs),
    money.map(lambda value: -abs(value)),
    money.map(abs),
    st.sampled_from((1.0, 0.5, 1e4)),
)


def plainly(row: Row, grown: float, bought: float, sold: float, opened: float) -> float:
    figure, start, held, buys, sells, least, divisor = row
    net = max(abs(held + buys + bought), abs(held + sells + sold))
    return {
        Figure.GROSS: (start + grown) / divisor,
        Figure.NET: max(least, net) / divisor,
        Figure.COUNT: (start + opened) / divisor,
        Figure.SQUARES: max(0.0, start + net**2) / divisor**2,
        Figure.CASH: (start + max(0.0, held - sold)) / divisor,
    }[Figure(int(figure))]


@given(st.lists(rows, max_size=8), money, money, st.sampled_from((0.0, 1.0)))
def test_each_row_says_what_its_formula_says(
    table: list[Row], grown: float, change: float, opened: float
) -> None:
    order = (abs(grown), max(0.0, change), min(0.0, change), opened)
    array = np.array(table).reshape(len(table), len(COLUMNS))

    assert figures_with_more(array, *order) == pytest.approx([plainly(r, *order) for r in table])


def test_what_no_float_can_tell_is_infinite() -> None:
    table = np.array([(float(figure), 0.0, 1.0, 0.0, 0.0, 0.0, 1.0) for figure in Figure])

    found = figures_with_more(table, math.inf, 0.0, -math.inf, 0.0)

    assert [value == math.inf for value in found] == [True, True, False, True, True]
