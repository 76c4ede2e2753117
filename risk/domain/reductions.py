"""What is asked to become smaller: wanted sizes, and positions that are there."""

from datetime import datetime
from typing import NamedTuple

from risk.domain.positions import DUST, PositionKey


class Sizing(NamedTuple):
    """What every newly wanted size is multiplied by.

    Attributes
    ----------
    factor : float
        0 to 1.
    cause : str
        One plain sentence.
    """

    factor: float
    cause: str


FULL_SIZE = Sizing(1.0, "no drawdown asks for smaller sizes")


class Cut(NamedTuple):
    """One rule's wish that a position were smaller.

    Attributes
    ----------
    factor : float
        Of the position as it is, 0 to 1.
    reason : str
        Which rule, and why: one plain sentence.
    """

    factor: float
    reason: str


class Reduction(NamedTuple):
    """A request to make a position smaller that has not been met yet.

    Attributes
    ----------
    id : str
        Unique in the portfolio.
    key : PositionKey
    target_quantity : float
        Signed units to end at: on the position's side, or 0.
    reason : str
    deadline, requested_at : datetime
        UTC.
    late : bool
        Whether its deadline has passed, which is told once.
    """

    id: str
    key: PositionKey
    target_quantity: float
    reason: str
    deadline: datetime
    requested_at: datetime
    late: bool = False

    def surplus(self, quantity: float) -> float:
        """What a position of `quantity` still has too much, signed like it; 0 if nothing."""
        return surplus_over(self.target_quantity, quantity)


def surplus_over(target_quantity: float, quantity: float) -> float:
    """What a position of `quantity` has more than its target, signed like it; 0 if nothing.

    Parameters
    ----------
    target_quantity, quantity : float
        Signed units. A position on the other side than its target owes nothing.
    """
    excess = abs(quantity) - abs(target_quantity)
    if quantity * target_quantity < 0.0 or excess <= DUST * abs(quantity):
        return 0.0
    return excess if quantity > 0.0 else -excess
