"""The compiled arithmetic of :mod:`risk.measures.reaches`."""

import numpy as np

from risk.measures.kernel import ROWS, kernel
from risk.measures.types import FloatArray

GROSS, NET, COUNT, SQUARES, CASH = range(5)


@kernel(ROWS, "float64", "float64", "float64", "float64")
def figures_with_more(
    rows: FloatArray, grown: float, bought: float, sold: float, opened: float
) -> FloatArray:
    """See :func:`~risk.measures.reaches.figures_with_more`."""
    found = np.empty(len(rows))
    for i in range(len(rows)):
        figure, start, held, buys, sells, least, divisor = rows[i]
        net = max(abs(held + (buys + bought)), abs(held + (sells + sold)))
        if figure == GROSS:
            found[i] = (start + grown) / divisor
        elif figure == NET:
            found[i] = max(least, net) / divisor
        elif figure == COUNT:
            found[i] = (start + opened) / divisor
        elif figure == SQUARES:
            found[i] = max(0.0, start + net * net) / divisor / divisor
        else:
            found[i] = (start + max(0.0, held - sold)) / divisor
    return found
