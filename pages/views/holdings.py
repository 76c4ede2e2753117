"""What is held, grouped and summed in one way: every screen shows the same number."""

from collections.abc import Iterable, Sequence

from risk.domain.assessment import PositionMeasures
from risk.domain.model import LEVELS

#: Where the 99 % figures stand in every tuple over ``LEVELS``.
VAR_99 = LEVELS.index(0.99)


def coin(asset: str) -> str:
    """``BTC/USDT`` as ``BTC``."""
    return asset.split("/", maxsplit=1)[0]


def side_of(exposures: Iterable[float]) -> str:
    """``long``, ``short``, or ``mixed`` if there are both."""
    signs = {exposure > 0.0 for exposure in exposures if exposure != 0.0}
    if len(signs) == 2:
        return "mixed"
    return "short" if signs == {False} else "long"


def sum_known(values: Iterable[float | None]) -> float | None:
    """The sum; None if any part is unknown."""
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def share_of(value: float | None, whole: float | None) -> float | None:
    """`value` as a fraction of `whole`; None while either is unknown or there is no whole."""
    return None if value is None or whole is None or whole <= 0.0 else value / whole


def grouped(positions: Iterable[PositionMeasures], by: str) -> dict[str, list[PositionMeasures]]:
    """Positions by their asset, strategy or venue."""
    groups: dict[str, list[PositionMeasures]] = {}
    for position in positions:
        groups.setdefault(getattr(position, by), []).append(position)
    return groups


def component_var(positions: Iterable[PositionMeasures]) -> float | None:
    """Their part of the book's one-day 99 % VaR; None while that of any is unknown."""
    return sum_known(p.component_var[VAR_99] if p.component_var else None for p in positions)


def beta_of(positions: Sequence[PositionMeasures], equity: float | None) -> float | None:
    """Move of equity per move of bitcoin; None while any held asset's beta is unknown."""
    if not positions:
        return None
    moved = sum_known(None if p.beta_btc is None else p.beta_btc * p.exposure for p in positions)
    return share_of(moved, equity)
