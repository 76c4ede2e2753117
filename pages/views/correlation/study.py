"""What the day model's bars say of how assets move together: the numbers behind the screen.

They change once a day, at the model's close; nothing here knows of pages or of marks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk.domain.model import Model
from risk.errors import InsufficientData
from risk.measures.correlation import mean_correlation
from risk.measures.dependence import (
    Tightness,
    calm_rows,
    clustered_order,
    independent_bets,
    stress_to,
    tightness,
)
from risk.measures.joint_tails import (
    JointTails,
    gaussian_joint_tail_share,
    joint_tail_share,
    mean_joint_tails,
)
from risk.measures.pair_correlation import (
    rolling_mean_correlation,
    rolling_pair_correlation,
    sample_beta,
    sample_correlation,
)
from risk.measures.types import FloatArray, IntArray

#: Days of the recent view and of everything that rolls.
RECENT_DAYS = 60
#: Newest days on which half of the weight of the matrix of now lies, at a decay of 0.99.
HALF_WEIGHT_DAYS = 69
#: Share of the days that are the worst.
TAIL = 0.05

_DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True)
class Market:
    """Days of all assets that the model knows.

    Attributes
    ----------
    version : int
        Of the model; with `closed` it names these numbers.
    closed : datetime
        End of the newest day. UTC.
    assets : tuple of str
    proven : tuple of bool
        Whether the model believes an asset's own history; else pairs lean on its prior.
    days_ms : ndarray of shape (days,)
        Closes of the days, milliseconds since 1970.
    residuals, returns : ndarray of shape (days, assets)
        NaN where unobserved.
    matrices : mapping of view to ndarray of shape (assets, assets)
        ``now``, ``calm``, ``recent`` and ``scenarios``: that of VaR's own days.
    scenario_days : int
        Days that VaR takes its dependence from, each counting the same.
    calm_days : int
        Days that the calm view looks at.
    """

    version: int
    closed: datetime
    assets: tuple[str, ...]
    proven: tuple[bool, ...]
    days_ms: NDArray[np.int64]
    residuals: FloatArray
    returns: FloatArray
    matrices: Mapping[str, FloatArray]
    scenario_days: int
    calm_days: int

    def columns(self, assets: Sequence[str]) -> IntArray:
        """Where `assets`, all of them known, stand."""
        return np.array([self.assets.index(asset) for asset in assets], dtype=np.int64)

    def mean(self, view: str, assets: Sequence[str]) -> float:
        """Mean over the known pairs of `assets`; NaN if there are none."""
        columns = self.columns(assets)
        return _mean(self.matrices[view][np.ix_(columns, columns)])


@dataclass(frozen=True, kw_only=True)
class Group:
    """How some assets, two or more, move together.

    Attributes
    ----------
    assets : tuple of str
        Those that move alike stand side by side.
    matrices : mapping of view to ndarray of shape (assets, assets)
        Of assets, whatever their sides; NaN where unknown.
    means : mapping of view to float
        Over the known pairs; NaN if there are none.
    theta : float
        How far the stressed view moved every pair towards one.
    bets : float
        Effective number of independent assets.
    tails : JointTails
    rolling : ndarray of shape (days,)
        Mean correlation over the trailing window.
    usual : Tightness
        Of `rolling`.
    """

    assets: tuple[str, ...]
    matrices: Mapping[str, FloatArray]
    means: Mapping[str, float]
    theta: float
    bets: float
    tails: JointTails
    rolling: FloatArray
    usual: Tightness

    def unknown_pairs(self, view: str) -> int:
        """Pairs that `view` knows nothing of."""
        return int(np.isnan(pairs_of(self.matrices[view])).sum())


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two assets, each turned by the sign of its side.

    Attributes
    ----------
    assets : tuple of str
    signs : tuple of float
        -1 for a short that counts as one.
    levels : mapping of view to float
        NaN where unknown.
    rolling : ndarray of shape (days,)
    x, y : ndarray of shape (days,)
        Returns; NaN where unobserved.
    beta : float
        Move of the second per move of the first; NaN if unknown.
    joint, gaussian : float
        Share of the worst days of one that were among the worst of the other, and what a
        Gaussian copula says; NaN if unknown.
    worst : tuple of float
        Returns up to which a day is among the worst of the first and of the second.
    """

    assets: tuple[str, str]
    signs: tuple[float, float]
    levels: Mapping[str, float]
    rolling: FloatArray
    x: FloatArray
    y: FloatArray
    beta: float
    joint: float
    gaussian: float
    worst: tuple[float, float]


class PairValue(NamedTuple):
    """What a view says of one pair."""

    assets: tuple[str, str]
    value: float


def ends_of(matrix: FloatArray, assets: Sequence[str]) -> tuple[PairValue, ...]:
    """The lowest and the highest of the known pairs; one if there is but one, none if none."""
    rows, columns = np.triu_indices(len(matrix), k=1)
    values = matrix[rows, columns]
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        return ()
    ends = dict.fromkeys((known[np.argmin(values[known])], known[np.argmax(values[known])]))
    return tuple(
        PairValue((assets[rows[end]], assets[columns[end]]), float(values[end])) for end in ends
    )


def pairs_of(matrix: FloatArray) -> FloatArray:
    """Each pair once."""
    pairs: FloatArray = matrix[np.triu_indices(len(matrix), k=1)]
    return pairs


def study_market(model: Model) -> Market | None:
    """The model's days; None while it has too few of them to measure anything."""
    if model.closed is None or model.scenarios is None:
        return None
    residuals, returns = model.filter.residuals, model.filter.returns
    # The window begins empty: days before the model's first are no holes.
    seen = np.flatnonzero(~np.isnan(returns).all(axis=1))
    first = int(seen[0]) if seen.size else len(returns)
    residuals, returns = residuals[first:], returns[first:]
    calm = calm_rows(residuals, returns)
    return Market(
        version=model.version,
        closed=model.closed,
        assets=model.assets,
        proven=tuple(model.proven(asset) for asset in model.assets),
        days_ms=_closes(model.closed, len(returns)),
        residuals=residuals,
        returns=returns,
        matrices={
            "now": model.scenarios.correlation,
            "calm": sample_correlation(residuals, rows=calm),
            "recent": sample_correlation(residuals[-RECENT_DAYS:]),
            "scenarios": sample_correlation(model.scenarios.filtered),
        },
        scenario_days=len(model.scenarios.filtered),
        calm_days=int(calm.sum()),
    )


def _closes(last: datetime, days: int) -> NDArray[np.int64]:
    first = last - timedelta(days=max(0, days - 1))
    return round(first.timestamp() * 1000.0) + _DAY_MS * np.arange(days, dtype=np.int64)


def study_group(market: Market, assets: Sequence[str]) -> Group:
    """How `assets`, two or more that the market knows, move together."""
    columns = market.columns(assets)
    columns = columns[clustered_order(market.matrices["now"][np.ix_(columns, columns)])]
    matrices = {v: matrix[np.ix_(columns, columns)] for v, matrix in market.matrices.items()}
    stressed = stress_to(matrices["now"])
    matrices["stressed"] = stressed.correlation
    matrices["difference"] = _difference(matrices["recent"], matrices["calm"])
    rolling = rolling_mean_correlation(market.residuals[:, columns], RECENT_DAYS)
    return Group(
        assets=tuple(market.assets[column] for column in columns),
        matrices=matrices,
        means={view: _mean(matrix) for view, matrix in matrices.items()},
        theta=stressed.theta,
        bets=independent_bets(matrices["now"]),
        tails=mean_joint_tails(market.returns[:, columns], TAIL),
        rolling=rolling,
        usual=tightness(rolling),
    )


def _difference(recent: FloatArray, calm: FloatArray) -> FloatArray:
    difference = recent - calm
    np.fill_diagonal(difference, 0.0)
    return difference


def _mean(matrix: FloatArray) -> float:
    pairs = pairs_of(matrix)
    known = pairs[~np.isnan(pairs)]
    if known.size == pairs.size:
        return mean_correlation(matrix)
    return float(known.mean()) if known.size else float("nan")


def study_pair(
    market: Market, group: Group, assets: tuple[str, str], signs: tuple[float, float]
) -> Pair:
    """Two assets of `group`, each turned by its sign."""
    i, j = (group.assets.index(asset) for asset in assets)
    first, second = market.columns(assets)
    turned = signs[0] * signs[1]
    x, y = signs[0] * market.returns[:, first], signs[1] * market.returns[:, second]
    rolling = rolling_pair_correlation(
        market.residuals[:, first], market.residuals[:, second], RECENT_DAYS
    )
    pair = Pair(
        assets=assets,
        signs=signs,
        levels={
            view: turned * float(group.matrices[view][i, j])
            for view in ("now", "calm", "recent", "stressed")
        },
        rolling=turned * rolling,
        x=x,
        y=y,
        beta=sample_beta(x, y),
        joint=float("nan"),
        gaussian=float("nan"),
        worst=(float("nan"), float("nan")),
    )
    return _with_tails(pair)


def _with_tails(pair: Pair) -> Pair:
    """With its joint tails, where there are enough days in them."""
    both = ~np.isnan(pair.x + pair.y)
    try:
        joint = joint_tail_share(pair.x, pair.y, TAIL)
    except InsufficientData:
        return pair
    rho = float(sample_correlation(np.column_stack((pair.x, pair.y)))[0, 1])
    if np.isnan(rho):
        return pair
    return replace(
        pair,
        joint=joint,
        gaussian=gaussian_joint_tail_share(rho, TAIL),
        worst=(_edge(pair.x[both]), _edge(pair.y[both])),
    )


def _edge(values: FloatArray) -> float:
    """The mildest of the worst days, as `joint_tail_share` counts them."""
    return float(np.sort(values)[round(len(values) * TAIL) - 1])
