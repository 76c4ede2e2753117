"""Trading ideas to try the risk engine with. An idea is a file here and a line in `STRATEGIES`.

They are here so that a book moves in all weathers, not to earn money: one follows, one
opposes, one throws dice.
"""

from risk.domain.ports import Strategy
from risk.lab.strategies.dip import Dip
from risk.lab.strategies.noise import Noise
from risk.lab.strategies.trend import Trend

STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy for strategy in (Trend(), Dip(), Noise())
}
