"""How programs behave: what each strategy asked of the gate, counted by the gate itself."""

from collections.abc import Mapping
from typing import NamedTuple


class Conduct(NamedTuple):
    """Orders of one strategy in some span of time.

    Attributes
    ----------
    asked : int
        Orders that it asked for, or told afterwards to have made of a slice.
    refused : int
        Those of them of which nothing was let through.
    """

    asked: int = 0
    refused: int = 0

    def plus(self, other: "Conduct") -> "Conduct":
        """Both together."""
        return Conduct(self.asked + other.asked, self.refused + other.refused)

    def less(self, other: "Conduct") -> "Conduct":
        """What is left of it without `other`, which it contains."""
        return Conduct(self.asked - other.asked, self.refused - other.refused)


NO_CONDUCT = Conduct()


def conduct_less(counted: Mapping[str, Conduct], told: Mapping[str, Conduct]) -> dict[str, Conduct]:
    """What was counted of each strategy and not told yet; only those that did anything.

    Parameters
    ----------
    counted, told : mapping of strategy to Conduct
    """
    left = {name: each.less(told.get(name, NO_CONDUCT)) for name, each in counted.items()}
    return {name: each for name, each in left.items() if each != NO_CONDUCT}
