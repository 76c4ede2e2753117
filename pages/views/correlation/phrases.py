"""Names and figures as the correlation screen writes them."""

import math
from collections.abc import Sequence

from pages.format import number
from pages.views.correlation.reading import CorrelationData, named
from pages.views.correlation.study import Group

#: Names in one sentence.
_MOST_LISTED = 3
_REGIMES = {-1: "loose", 0: "usual", 1: "tight"}


def known(value: float) -> float | None:
    """None where nobody knows."""
    return None if math.isnan(value) else value


def rho_words(value: float, *, signed: bool = False) -> str:
    """A correlation with two decimals, or the word for one that nobody knows."""
    return number(known(value), 2, signed=signed)


def pair_name(data: CorrelationData, assets: tuple[str, str]) -> str:
    """A pair by its names: ``BTC and AVAX short``."""
    return " and ".join(shown_name(data, asset) for asset in assets)


def shown_name(data: CorrelationData, asset: str) -> str:
    """What the screen calls an asset, with its side where its sign is turned."""
    return named(data.names[asset], short=asset in data.shorts)


def listed(names: Sequence[str]) -> str:
    """``BTC``, ``BTC and ETH``, ``BTC, ETH and 3 more``."""
    if len(names) > _MOST_LISTED:
        more = len(names) - _MOST_LISTED + 1
        names = [*names[: _MOST_LISTED - 1], f"{more} more"]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def regime_words(group: Group | None) -> str:
    """How the present mean stands to its past: ``tight for 5 days``."""
    if group is None or group.usual.lasted == 0:
        return "needs 120 days to compare with"
    regime = _REGIMES[int(group.usual.regime[-1])]
    return f"{regime} for {days_words(group.usual.lasted)}"


def days_words(count: int) -> str:
    """``1 day``, ``5 days``."""
    return f"{number(count)} {'day' if count == 1 else 'days'}"
