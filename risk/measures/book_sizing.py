r"""How large the positions of a book may be, each step of the way told.

Sizes of single positions add up: twelve that each risk 1 % made a book with a daily deviation
of 5 %. So a book goes through a chain whose every step may only shrink what the one before left:

1. *volatility*: each position by :func:`~risk.measures.sizing.position_size` without its cap,
   its deviation no less than a floor;
2. *book volatility*: the whole book, to a target for its deviation;
3. *risk cap*: each position, to a part of that target;
4. *kelly*, if expected returns are known: a quarter of the growth-optimal size, as a cap and
   never as a size, because an expected return is the least certain number of all;
5. *liquidity and maximum*: each position, to what its market trades and to a share of equity;
6. *risk cap again* and *book volatility again*: a cap on one side of a hedge opens the other,
   and the book may be riskier than before it. The cap first and the target last, because
   shrinking the whole book keeps what the cap has done;
7. *de-risking*: the whole book, by the smallest of the factors that drawdown, regime and
   whatever else ask for. Not by their product: they answer the same storm, and three halves
   would make an eighth of it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from risk.measures import checks
from risk.measures.equal_risk import contributions_of, equal_risk_weights
from risk.measures.returns import DAYS_PER_YEAR
from risk.measures.sizing import drawdown_factor, kelly_cap
from risk.measures.types import BoolArray, FloatArray

_MAXIMUM_ROUNDS = 1000
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, kw_only=True)
class SizingRules:
    """What a book is sized by; deviations are of one day.

    Attributes
    ----------
    risk_per_trade : float
        Share of equity that a position loses at its stop, in (0, 1].
    stop_deviations : float
        Distance of the stop.
    volatility_floor : float
        Least deviation believed: that a peg held says nothing of the day when it breaks.
    book_volatility : float
        Largest deviation of the book, fraction of equity; holds for the result.
    risk_cap : {"component", "equal_risk", "none"}
        *component*: no asset of the result brings more than `risk_share` of `book_volatility`.
        *equal_risk*: none is larger than in a book of these sides whose assets all bring the
        same and which has that deviation.
    risk_share : float
        In (0, 1].
    participation : float
        Largest share of a day's traded value that a position may be, in (0, 1].
    max_position : float
        Largest position, share of equity in (0, 1].
    """

    risk_per_trade: float = 0.007
    stop_deviations: float = 2.5
    volatility_floor: float = 0.01
    book_volatility: float = 0.20 / math.sqrt(DAYS_PER_YEAR)
    risk_cap: Literal["component", "equal_risk", "none"] = "component"
    risk_share: float = 0.5
    participation: float = 0.01
    max_position: float = 0.20

    def __post_init__(self) -> None:
        for name in ("risk_per_trade", "risk_share", "participation", "max_position"):
            checks.fraction(name, getattr(self, name))
        for name in ("stop_deviations", "volatility_floor", "book_volatility"):
            checks.positive(name, getattr(self, name))
        if self.risk_cap not in ("component", "equal_risk", "none"):
            raise ValueError(f"risk_cap cannot be {self.risk_cap!r}")


DEFAULT_RULES = SizingRules()


class SizingStep(NamedTuple):
    """What one step of the chain left.

    Attributes
    ----------
    name : str
    weights : ndarray of shape (assets,)
        Fractions of equity; negative when short.
    shrunk : ndarray of shape (assets,), bool
        Where this step took something away.
    deviation : float
        Of the book after it, fraction of equity a day.
    reason : str
        What bound, in words; empty if nothing did.
    """

    name: str
    weights: FloatArray
    shrunk: BoolArray
    deviation: float
    reason: str


class SizedBook(NamedTuple):
    """A book's sizes and how they came about.

    Attributes
    ----------
    sizes : ndarray of shape (assets,)
        Quote currency; negative when short.
    weights : ndarray of shape (assets,)
        The same as fractions of equity.
    steps : tuple of SizingStep
        In the order in which they were taken.
    """

    sizes: FloatArray
    weights: FloatArray
    steps: tuple[SizingStep, ...]


def size_book(
    equity: float,
    sides: FloatArray,
    volatilities: FloatArray,
    correlation: FloatArray,
    *,
    rules: SizingRules = DEFAULT_RULES,
    expected_returns: FloatArray | None = None,
    traded_values: FloatArray | None = None,
    drawdown: float = 0.0,
    factors: Mapping[str, float] | None = None,
) -> SizedBook:
    """Size a book of positions, and tell what each step of the chain did.

    Parameters
    ----------
    equity : float
        Quote currency, 0 or more.
    sides : ndarray of shape (assets,)
        In [-1, 1]: the side of each position, and how much of its size is wanted; 0 for none.
    volatilities : ndarray of shape (assets,)
        Standard deviations of a day's returns.
    correlation : ndarray of shape (assets, assets)
        Of these returns, positive semidefinite.
    rules : SizingRules
    expected_returns : ndarray of shape (assets,), optional
        Of a day. Without them the Kelly step is left out.
    traded_values : ndarray of shape (assets,), optional
        Quote currency that each market trades in a day. Without them liquidity caps nothing.
    drawdown : float
        Fraction below the high, for the ladder.
    factors : mapping of str to float, optional
        Other reasons to hold less, by name, in [0, 1]; the smallest counts and not their
        product.

    Returns
    -------
    SizedBook

    Raises
    ------
    ValueError
        If anything is NaN, infinite, of another size or out of its range; the text names it.
    """
    equity = checks.not_negative("equity", equity)
    sides, deviations, covariance = _inputs(sides, volatilities, correlation, rules)
    chain = _Chain(sides * rules.risk_per_trade / (rules.stop_deviations * deviations), covariance)
    chain.target("book volatility", rules.book_volatility)
    chain.cap("risk cap", _risk_cap(chain.weights, sides, covariance, rules), rules.risk_cap)
    if expected_returns is not None:
        means = checks.finite_vector("expected_returns", expected_returns, size=sides.size)
        chain.cap("kelly", _kelly_caps(sides, means, deviations), "quarter Kelly")
    caps = np.full(sides.size, rules.max_position)
    if traded_values is not None:
        caps = np.minimum(caps, _liquidity_caps(traded_values, equity, sides.size, rules))
    chain.cap("liquidity and maximum", caps, "liquidity or maximum position")
    again = _risk_cap(chain.weights, sides, covariance, rules)
    chain.cap("risk cap again", again, rules.risk_cap)
    chain.target("book volatility again", rules.book_volatility)
    chain.derisk(drawdown_factor(drawdown), factors or {})
    return SizedBook(equity * chain.weights, chain.weights, tuple(chain.steps))


class _Chain:
    """Weights on their way through the steps, each of which may only shrink them."""

    def __init__(self, weights: FloatArray, covariance: FloatArray) -> None:
        self.weights = weights
        self.covariance = covariance
        self.steps: list[SizingStep] = []
        self._take("volatility", weights, "")

    def target(self, name: str, deviation: float) -> None:
        present = self.deviation
        scale = min(1.0, deviation / present) if present > 0.0 else 1.0
        reason = f"the book's deviation was {present:.2%} a day" if scale < 1.0 else ""
        self._take(name, self.weights * scale, reason)

    def cap(self, name: str, caps: FloatArray, reason: str) -> None:
        capped = np.sign(self.weights) * np.minimum(np.abs(self.weights), caps)
        self._take(name, capped, reason if (capped != self.weights).any() else "")

    def derisk(self, drawdown: float, factors: Mapping[str, float]) -> None:
        for name, factor in factors.items():
            if not 0.0 <= factor <= 1.0:
                raise ValueError(f"the factor {name} must lie in [0, 1], got {factor}")
        asked = [("drawdown", drawdown), *factors.items()]
        binding, factor = min(asked, key=lambda named: named[1])
        reason = f"{binding} leaves {factor:.0%}" if factor < 1.0 else ""
        self._take("de-risking", self.weights * factor, reason)

    @property
    def deviation(self) -> float:
        return math.sqrt(max(float(self.weights @ self.covariance @ self.weights), 0.0))

    def _take(self, name: str, weights: FloatArray, reason: str) -> None:
        shrunk = np.abs(weights) < np.abs(self.weights)
        self.weights = weights
        self.steps.append(SizingStep(name, weights, shrunk, self.deviation, reason))


def _inputs(
    sides: FloatArray, volatilities: FloatArray, correlation: FloatArray, rules: SizingRules
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sides, floored deviations and the covariance that belongs to them."""
    sides = checks.finite_vector("sides", sides)
    if (np.abs(sides) > 1.0).any():
        raise ValueError(f"sides must lie in [-1, 1], got {sides[np.abs(sides).argmax()]}")
    volatilities = checks.positive_vector("volatilities", volatilities, size=sides.size)
    correlation = checks.correlation_matrix("correlation", correlation, assets=sides.size)
    if np.linalg.eigvalsh(correlation)[0] < -1e-8:
        raise ValueError("correlation is not positive semidefinite; repair it first")
    deviations = np.maximum(volatilities, rules.volatility_floor)
    return sides, deviations, correlation * np.outer(deviations, deviations)


def _risk_cap(
    weights: FloatArray, sides: FloatArray, covariance: FloatArray, rules: SizingRules
) -> FloatArray:
    """Largest absolute weight of each asset that the rule of `risk_cap` leaves."""
    if rules.risk_cap == "component":
        most = rules.risk_share * rules.book_volatility
        return np.abs(_component_capped(weights, covariance, most))
    if rules.risk_cap == "equal_risk":
        return _equal_risk_caps(sides, covariance, rules.book_volatility)
    return np.full(weights.size, math.inf)


def _component_capped(weights: FloatArray, covariance: FloatArray, most: float) -> FloatArray:
    """Weights shrunk one by one until no asset contributes more than `most`.

    Shrinking one changes what the others bring, so it takes rounds. They end, because weights
    only fall; what is left over after the last one is taken off the whole book, whose
    contributions shrink in proportion.
    """
    for _ in range(_MAXIMUM_ROUNDS):
        contributions = contributions_of(weights, covariance)
        excess = np.maximum(contributions / most, 1.0)
        if excess.max(initial=1.0) <= 1.0 + _NEGLIGIBLE:
            return weights
        weights = weights / excess
    worst = float(contributions_of(weights, covariance).max())
    return weights * min(1.0, most / worst)


def _equal_risk_caps(sides: FloatArray, covariance: FloatArray, deviation: float) -> FloatArray:
    held = np.flatnonzero(sides)
    caps = np.zeros(sides.size)
    if held.size == 0:
        return caps
    signs = np.sign(sides[held])
    signed = covariance[np.ix_(held, held)] * np.outer(signs, signs)
    shares = equal_risk_weights(signed)
    caps[held] = shares * deviation / math.sqrt(float(shares @ signed @ shares))
    return caps


def _kelly_caps(sides: FloatArray, means: FloatArray, deviations: FloatArray) -> FloatArray:
    pairs = zip(np.sign(sides) * means, deviations, strict=True)
    return np.array([kelly_cap(float(mean), float(deviation)) for mean, deviation in pairs])


def _liquidity_caps(
    traded_values: FloatArray, equity: float, assets: int, rules: SizingRules
) -> FloatArray:
    traded = checks.finite_vector("traded_values", traded_values, size=assets)
    if (traded < 0.0).any():
        raise ValueError(f"traded_values must not be negative, got {traded.min()}")
    if equity == 0.0:
        return np.full(assets, math.inf)
    caps: FloatArray = rules.participation * traded / equity
    return caps
