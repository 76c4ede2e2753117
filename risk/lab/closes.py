"""The closes that strategies look at: what each asset's series was, back to where it broke."""

from collections.abc import Mapping, Sequence

from risk.domain.market import BarClose

_CLOSES_KEPT = 1000


class Closes:
    """Closes of each asset, oldest first; a thousand at least, once there were as many."""

    def __init__(self) -> None:
        self._series: dict[str, list[float]] = {}

    def remember(self, close: BarClose) -> None:
        """Take in one more close; a series that starts anew forgets what was before."""
        for asset, bar in close.bars.items():
            series = self._series.setdefault(asset, [])
            if asset in close.breaks:
                series.clear()
            series.append(bar.close)
            # Cut seldom and in bulk: dropping the first of a list at each close moves all others.
            if len(series) > 2 * _CLOSES_KEPT:
                del series[:-_CLOSES_KEPT]

    def of(self, assets: Sequence[str]) -> Mapping[str, Sequence[float]]:
        """The series of these assets, all of which have closed before."""
        return {asset: self._series[asset] for asset in assets}
