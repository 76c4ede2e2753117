"""What many caps on exposure say of one more order, in one pass over a table.

Each row is one cap: a figure of an exposure that contains the order, over something that the
order does not change. Where the exposure may go is known from what is held and what may still
be bought or sold; see the columns at :func:`figures_with_more`.
"""

from enum import IntEnum

from risk.measures import reach_kernels
from risk.measures.types import FloatArray

#: Columns of a row.
COLUMNS = ("figure", "start", "held", "buys", "sells", "least", "divisor")


class Figure(IntEnum):
    """What a row says of its exposure; n is the largest absolute net of held, buys and sells."""

    #: `start` and what the position's gross grows by.
    GROSS = reach_kernels.GROSS
    #: n, or `least` if that is more.
    NET = reach_kernels.NET
    #: `start`, and one more if the order opens a position.
    COUNT = reach_kernels.COUNT
    #: `start` and the square of n, twice over the divisor, never below zero.
    SQUARES = reach_kernels.SQUARES
    #: `start` and what `held` becomes with the money of a sale, never below `start`.
    CASH = reach_kernels.CASH


def figures_with_more(
    rows: FloatArray, grown: float, bought: float, sold: float, opened: float
) -> list[float]:
    """The figure of each row with an order.

    Parameters
    ----------
    rows : ndarray of shape (n, 7)
        Columns: a `Figure`; what it starts from; net value held, purchases that are pending, not
        negative, and sales, not positive; the least figure; the divisor, not zero.
    grown : float
        What the order adds to the largest absolute value of its position.
    bought, sold : float
        Value of the order, not negative and not positive; one of them is zero.
    opened : float
        Positions that the order opens: 1 or 0.

    Returns
    -------
    list of n floats
        Infinite where no float can tell.
    """
    found: list[float] = reach_kernels.figures_with_more(rows, grown, bought, sold, opened).tolist()
    return found
