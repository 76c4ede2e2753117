r"""Why a book's risk changed between two moments: what was traded, and what the market did.

Whoever exchanges one cause after the other gets parts that depend on the order. Here each
cause is given its average over all orders, the Shapley value [1]_, [2]_: the only split that
adds up, treats causes alike, and gives nothing to what did not matter.

References
----------
.. [1] Shapley, L. (1953). "A value for n-person games". Contributions to the Theory of
   Games II, Princeton University Press.
.. [2] Shorrocks, A. (2013). "Decomposition procedures for distributional analysis: a unified
   framework based on the Shapley value". Journal of Economic Inequality 11.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import NamedTuple

import numpy as np

from risk.domain.model import LEVELS, Model
from risk.domain.positions import PositionKey
from risk.measures.types import FloatArray
from risk.portfolio.book_models import book_model
from risk.portfolio.forecasting import with_assets
from risk.portfolio.scenarios import forecast_deviations
from risk.portfolio.tails import tail_of, weights_of
from risk.portfolio.vectors import BookVectors, Reads

#: Units held, by asset or by position; negative when short. Positions in one asset by
#: different strategies or at different venues count apart in gross exposure.
Quantities = Mapping[str, float] | Mapping[PositionKey, float]


class BookAt(NamedTuple):
    """A book at one moment.

    Attributes
    ----------
    quantities : mapping of asset or PositionKey to float
    prices : mapping of asset to float
        Quote currency per unit, of the assets whose price is known.
    model : Model or None
        The one that was in force; None if it is not known, and then no VaR can be explained.
    """

    quantities: Quantities
    prices: Mapping[str, float]
    model: Model | None = None


class VarChange(NamedTuple):
    """A VaR before and after, and what each cause added; quote currency, losses positive.

    ``before + positions + prices + volatility + model`` is ``after``, up to rounding.

    Attributes
    ----------
    before, after : float
    positions : float
        By other quantities.
    prices : float
        By other prices, which make the same quantities larger or smaller exposures.
    volatility : float
        By other forecast deviations of the assets.
    model : float
        By all the rest: another model chosen for the book, the window, its tail and its
        correlations, raw history where the model reads it, and the book's own tracking.
    """

    before: float
    positions: float
    prices: float
    volatility: float
    model: float
    after: float


class ExposureChange(NamedTuple):
    """An exposure before and after, and what each cause added; quote currency.

    Attributes
    ----------
    before, positions, prices, after : float
        As in :class:`VarChange`.
    """

    before: float
    positions: float
    prices: float
    after: float


def explain_var(before: BookAt, after: BookAt, *, level: float = 0.99) -> VarChange | None:
    r"""What changed a book's VaR, as :func:`~risk.portfolio.tails.book_tail` measures it.

    Between the models there are two more: the old one with its filtered scenarios rescaled,
    asset by asset, to the new deviations, and the new one rescaled to the old. An asset with a
    price on one side only was worth that price on the other; one that a model had never heard
    of is taken into it by the rule for assets without a history.

    Parameters
    ----------
    before, after : BookAt
    level : float
        One of ``LEVELS``.

    Returns
    -------
    VarChange or None
        None while either model has no scenarios, or an asset held has no price.

    Raises
    ------
    ValueError
        If `level` is none of ``LEVELS``, the models have different horizons, or a quantity is
        not finite.
    """
    if level not in LEVELS:
        raise ValueError(f"level must be one of {LEVELS}, got {level}")
    prices = _prices_held(before, after)
    models = _models(before, after, _assets_held(before, after))
    if prices is None or models is None:
        return None
    quantities = _net(before.quantities), _net(after.quantities)

    def var(changed: tuple[bool, ...]) -> float:
        traded, moved, louder, other = changed
        exposure = _values(quantities[traded], prices[moved])
        return _var(models[other], exposure, models[louder], level)

    worth = _worths(var, causes=4)
    positions, marks, volatility, model = _shapley(worth, causes=4)
    return VarChange(worth[(False,) * 4], positions, marks, volatility, model, worth[(True,) * 4])


def explain_exposure(before: BookAt, after: BookAt, *, net: bool = False) -> ExposureChange | None:
    """What changed a book's gross or net exposure.

    Parameters
    ----------
    before, after : BookAt
        Their models do not matter.
    net : bool
        Net exposure; gross by default, each key of the quantities counted apart.

    Returns
    -------
    ExposureChange or None
        None if an asset held has no price on either side.

    Raises
    ------
    ValueError
        If a quantity is not finite.
    """
    prices = _prices_held(before, after)
    if prices is None:
        return None
    quantities = _held(before.quantities), _held(after.quantities)

    def exposure(changed: tuple[bool, ...]) -> float:
        traded, moved = changed
        values = [units * prices[moved][asset] for asset, units in quantities[traded]]
        return math.fsum(values if net else map(abs, values))

    worth = _worths(exposure, causes=2)
    positions, marks = _shapley(worth, causes=2)
    return ExposureChange(worth[(False,) * 2], positions, marks, worth[(True,) * 2])


# --- books ---------------------------------------------------------------------------------


def _held(quantities: Quantities) -> list[tuple[str, float]]:
    """Asset and units of each open position."""
    held = [
        (key.asset if isinstance(key, PositionKey) else key, units)
        for key, units in quantities.items()
        if units != 0.0
    ]
    if not all(math.isfinite(units) for _, units in held):
        raise ValueError(f"quantities must be finite, got {dict(held)}")
    return held


def _net(quantities: Quantities) -> dict[str, float]:
    net: dict[str, float] = {}
    for asset, units in _held(quantities):
        net[asset] = net.get(asset, 0.0) + units
    return net


def _assets_held(before: BookAt, after: BookAt) -> list[str]:
    return sorted({asset for book in (before, after) for asset, _ in _held(book.quantities)})


def _prices_held(
    before: BookAt, after: BookAt
) -> tuple[Mapping[str, float], Mapping[str, float]] | None:
    """Prices of what either book holds, each side's own where it is known."""
    old, new = _known(before.prices), _known(after.prices)
    assets = _assets_held(before, after)
    if not all(asset in old or asset in new for asset in assets):
        return None
    return {**new, **old}, {**old, **new}


def _known(prices: Mapping[str, float]) -> dict[str, float]:
    return {asset: price for asset, price in prices.items() if math.isfinite(price) and price > 0.0}


def _values(quantities: Mapping[str, float], prices: Mapping[str, float]) -> dict[str, float]:
    return {asset: units * prices[asset] for asset, units in quantities.items()}


# --- models --------------------------------------------------------------------------------


class _Market(NamedTuple):
    """A model that has scenarios, and the deviation that each asset's are scaled to."""

    model: Model
    deviation: FloatArray


def _models(before: BookAt, after: BookAt, assets: Iterable[str]) -> tuple[_Market, _Market] | None:
    assets = list(assets)
    old, new = _market(before.model, assets), _market(after.model, assets)
    if old is None or new is None:
        return None
    horizons = old.model.spec.period, new.model.spec.period
    if horizons[0] is not horizons[1]:
        raise ValueError(f"models of {horizons[0]} and {horizons[1]} cannot be compared")
    return old, new


def _market(model: Model | None, assets: Iterable[str]) -> _Market | None:
    if model is None or model.scenarios is None:
        return None
    model = with_assets(model, assets)
    deviation = forecast_deviations(model.filter)
    return None if deviation is None else _Market(model, deviation)


def _var(market: _Market, exposure: Mapping[str, float], like: _Market, level: float) -> float:
    """VaR of a book in one market whose assets are as volatile as in another."""
    model = market.model
    weights, scenarios = weights_of(model, exposure), model.scenarios
    assert weights is not None, "the model was widened by all that is held"
    assert scenarios is not None, "a market has scenarios"
    reads = book_model(model.spec.method).reads
    if reads is Reads.RAW:  # history as it was, whatever the volatility is today
        profit = scenarios.raw @ weights
        return tail_of(model, BookVectors(profit, profit)).var_at(level)
    # Weights, not scenarios, carry the ratio: the book's profit is linear in both.
    filtered = scenarios.filtered @ (weights * _ratios(market, like, exposure))
    raw = scenarios.raw @ weights if reads is Reads.BOTH else filtered
    return tail_of(model, BookVectors(filtered, raw)).var_at(level)


def _ratios(market: _Market, like: _Market, assets: Iterable[str]) -> FloatArray:
    """By column of the first market: the other's deviation over its own; 1 where not asked."""
    ratios = np.ones(len(market.deviation))
    for asset in assets:
        own, other = market.model.column(asset), like.model.column(asset)
        ratios[own] = like.deviation[other] / market.deviation[own]
    return ratios


# --- Shapley -------------------------------------------------------------------------------

_Worths = Mapping[tuple[bool, ...], float]


def _worths(value: Callable[[tuple[bool, ...]], float], *, causes: int) -> _Worths:
    """The value of every subset of causes having come about."""
    return {changed: value(changed) for changed in product((False, True), repeat=causes)}


def _shapley(worth: _Worths, *, causes: int) -> list[float]:
    """Average over all orders of what each cause adds when its turn comes."""
    return [_average_addition(worth, cause, causes) for cause in range(causes)]


def _average_addition(worth: _Worths, cause: int, causes: int) -> float:
    additions = []
    for changed in worth:
        if not changed[cause]:
            then = (*changed[:cause], True, *changed[cause + 1 :])
            turns = math.factorial(sum(changed)) * math.factorial(causes - sum(changed) - 1)
            additions.append(turns / math.factorial(causes) * (worth[then] - worth[changed]))
    return math.fsum(additions)
