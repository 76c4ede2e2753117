"""In which unit a chart draws: per cent of equity, or money in round thousands."""

import math
from dataclasses import dataclass

from pages.format import axis_unit, number

_NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Measure:
    """A unit of a chart's axis.

    Attributes
    ----------
    unit : str
        As it stands after a figure: ``%``, ``k``.
    size : float
        What one of it is, in what is being drawn: 0.01 of a fraction, 1 000 of money.
    decimals : int
        Of a figure beside the chart.
    title : str
        What the axis is in: ``% of equity``, ``k USD``.
    """

    unit: str
    size: float
    decimals: int
    title: str

    @property
    def hover(self) -> str:
        """Plotly's template for a value beside the pointer."""
        return f"%{{y:+,.{self.decimals}f}}{_NBSP}{self.unit}".rstrip()

    def figure(self, value: float) -> str:
        """A value as it stands beside the chart: ``−3.01 %``."""
        return self._with_unit(number(value, self.decimals, signed=True))

    def ticks(self, low: float, high: float) -> list[tuple[float, str]]:
        """Some seven round values from `low` to `high`, each with its text: ``−2 %``."""
        step = _round_step((high - low) / 8.0)
        decimals = max(0, -math.floor(math.log10(step)))
        places = range(math.ceil(low / step), math.floor(high / step) + 1)
        return [
            (step * place, self._with_unit(number(step * place, decimals, signed=True)))
            for place in places
        ]

    def _with_unit(self, text: str) -> str:
        return f"{text}{_NBSP}{self.unit}".rstrip()


def _round_step(least: float) -> float:
    """The next of 1, 2, 5, 10 … that is `least` or more."""
    magnitude = 10.0 ** math.floor(math.log10(least))
    return next(m * magnitude for m in (1.0, 2.0, 5.0, 10.0) if m * magnitude >= 0.999 * least)


OF_EQUITY = Measure("%", 0.01, 2, "% of equity")


def of_money(largest: float, currency: str) -> Measure:
    """Currency, in the unit that suits amounts up to `largest`."""
    unit, size = axis_unit(largest)
    return Measure(unit, size, 1 if unit else 0, f"{unit} {currency}".strip())
