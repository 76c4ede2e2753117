"""From scenarios to the shocks of today's assets, proxies included.

An asset that an event recorded takes its own return. For every other one a proxy stands in, by
the first of these rules that applies, and the matrix says by which:

- `PEGGED`: a stablecoin falls with the worst stablecoin that the event recorded, else not at all.
- `SCALED`: a coin with history of its own falls as the event's coins did on average, compounded
  by how much wilder it is than those of them that are known too: at least as far as they did on
  average, at most twice.
- `WORST`: any other asset falls as the event's worst coin did.

How wild a coin is says its long-run deviation, which moves slowly. Rules that go through bitcoin's
return were too mild, see docs/stress.md.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from risk.domain.model import Model
from risk.domain.snapshot import ShockMatrix, ShockSource
from risk.measures.types import BoolArray, FloatArray
from risk.stress.scenarios import LIVE, STABLECOINS, Scenario, coin_of

#: No coin is believed to fall more than so many times, compounded, what coins did on average.
MOST_WILD = 2.0

#: Each rule as people read it.
RULES = {
    ShockSource.RECORDED: "the coin's own return",
    ShockSource.SCALED: (
        "the mean of the event's coins, compounded by how much wilder the coin is than they are "
        f"(once to {MOST_WILD:g} times)"
    ),
    ShockSource.WORST: "the event's worst coin, for want of history",
    ShockSource.PEGGED: "the event's worst stablecoin, or no move",
}


def shocks_by(day: Model) -> ShockMatrix:
    """Shocks of every asset that the one-day model knows, in all `LIVE` scenarios.

    They change at the close of a day, or where another asset comes, and at no other time.
    """
    deviation = np.sqrt(day.filter.long_run)
    proven = np.array([day.proven(asset) for asset in day.assets], dtype=np.bool_)
    wildness = np.where(proven, deviation, np.nan)
    return shock_matrix(day.assets, wildness, LIVE)


def shock_matrix(
    assets: Sequence[str], wildness: FloatArray, scenarios: Iterable[Scenario]
) -> ShockMatrix:
    """Shocks of assets in scenarios.

    Parameters
    ----------
    assets : sequence of str
    wildness : ndarray of shape (A,)
        Deviation of each asset's return, in any unit common to all; NaN where its history is too
        short to tell.
    scenarios : iterable of Scenario

    Raises
    ------
    ValueError
        If there is not one deviation for each asset, or one is negative or infinite.
    """
    if wildness.shape != (len(assets),):
        raise ValueError(f"{wildness.shape} deviations for {len(assets)} assets")
    if np.isinf(wildness).any() or (wildness < 0.0).any():
        raise ValueError("a deviation must be finite and not negative")
    told = tuple(scenarios)
    coins = [coin_of(asset) for asset in assets]
    shape = len(told), len(coins)
    own = np.array([_own(scenario, coins) for scenario in told]).reshape(shape)
    pegs = np.array([coin in STABLECOINS for coin in coins], dtype=np.bool_)
    stable = np.broadcast_to(pegs, shape)
    recorded = np.isfinite(own)
    mean, worst, pegged = (
        np.array([getattr(scenario, name) for scenario in told]).reshape(-1, 1)
        for name in ("mean", "worst", "worst_pegged")
    )
    scaled = _scaled(mean, wildness, like=recorded & ~stable)
    cases = [recorded, stable, np.isfinite(scaled)]
    rules = [ShockSource.RECORDED, ShockSource.PEGGED, ShockSource.SCALED]
    return ShockMatrix(
        scenarios=tuple(scenario.id for scenario in told),
        assets=tuple(assets),
        returns=np.select(cases, [own, pegged, scaled], worst),
        sources=np.select(cases, rules, ShockSource.WORST).astype(np.int8),
    )


def _own(scenario: Scenario, coins: Sequence[str]) -> list[float]:
    """Returns that the scenario recorded; NaN where it has none."""
    known = {**scenario.returns, **scenario.pegged}
    return [known.get(coin, np.nan) for coin in coins]


def _scaled(mean: FloatArray, wildness: FloatArray, *, like: BoolArray) -> FloatArray:
    """Mean returns compounded by relative wildness; NaN where that cannot be compared.

    Parameters
    ----------
    mean : ndarray of shape (S, 1)
    wildness : ndarray of shape (A,)
    like : ndarray of shape (S, A), bool
        The coins whose mean it is.
    """
    compared = like & np.isfinite(wildness)
    total = np.where(compared, wildness, 0.0).sum(axis=1, keepdims=True)
    usual = total / np.maximum(compared.sum(axis=1, keepdims=True), 1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        times = np.where(usual > 0.0, np.clip(wildness / usual, 1.0, MOST_WILD), np.nan)
    # Compounded, so that nothing falls below zero; and a rise is never made larger.
    wild = np.minimum(mean, (1.0 + mean) ** times - 1.0)
    return np.where(np.isnan(times), np.nan, wild)
