"""A book's profit in each scenario: what every figure of a book is read from.

It is additive in the positions, which makes the check of one more order a matter of adding one
column.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from risk.domain.model import Scenarios
from risk.measures.types import FloatArray


class Reads(StrEnum):
    """Which scenarios a model looks at; the others cost it nothing."""

    FILTERED = "filtered"
    RAW = "raw"
    BOTH = "both"


class BookVectors(NamedTuple):
    """A book's profit in each scenario, quote currency; a loss is negative.

    Attributes
    ----------
    filtered, raw : ndarray of shape (S,)
        The same array for a model that reads one kind of scenarios: those.
    """

    filtered: FloatArray
    raw: FloatArray

    def plus(self, other: "BookVectors") -> "BookVectors":
        """The profits of both books together."""
        if self.filtered is self.raw and other.filtered is other.raw:
            total = self.filtered + other.filtered
            return BookVectors(total, total)
        return BookVectors(self.filtered + other.filtered, self.raw + other.raw)

    def times(self, size: float) -> "BookVectors":
        """The profits of so much of it."""
        scaled = self.filtered * size
        return BookVectors(scaled, scaled if self.filtered is self.raw else self.raw * size)

    def losses_only(self) -> "BookVectors":
        """The same where it loses, and zero where it gains."""
        losing = np.minimum(self.filtered, 0.0)
        same = self.filtered is self.raw
        return BookVectors(losing, losing if same else np.minimum(self.raw, 0.0))


def over_scenarios(
    scenarios: Scenarios, reads: Reads, profit: Callable[[FloatArray], FloatArray]
) -> BookVectors:
    """A profit computed from the returns that are read; once where they are of one kind.

    Parameters
    ----------
    scenarios : Scenarios
    reads : Reads
    profit : callable
        From returns of shape (S, A) to the profit in each scenario, shape (S,).
    """
    if reads is Reads.BOTH and scenarios.raw is not scenarios.filtered:
        return BookVectors(profit(scenarios.filtered), profit(scenarios.raw))
    only = profit(scenarios.raw if reads is Reads.RAW else scenarios.filtered)
    return BookVectors(only, only)
