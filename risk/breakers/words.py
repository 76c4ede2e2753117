"""What is told of breakers in words."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from risk.breakers.base import Sight
from risk.breakers.types import SHOWN_TYPES
from risk.domain.breakers import BreakerDefinition, BreakerUnit
from risk.domain.limits import suffixed
from risk.domain.overrides import OverrideKind
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState

#: Of people: they keep their capital.
_NAMES = ("Sharpe",)


def what_works(state: TradingState, size: float) -> str:
    """What may still be done in a scope where a breaker imposes `state`: one sentence."""
    if state <= TradingState.CAUTION:
        return "Everything passes at whole size; a new trip takes that back."
    if state is TradingState.THROTTLED:
        return (
            f"Reductions, stops and cancels pass in full; new risk at {100.0 * size:.0f} % of size."
        )
    if state is TradingState.REDUCE_ONLY:
        return "Proven reductions, stops and cancels pass; new risk is refused."
    return "Cancels pass, and proven reductions with an emergency key; all else is refused."


def shown_name(name: str, scope: Scope) -> str:
    """A breaker's name as people read it: *hit rate, trend* for ``hit_rate strategy trend``.

    Parameters
    ----------
    name : str
        As the policy has it, which may have made it of kind and scope.
    scope : Scope
        That it is set on.

    Examples
    --------
    >>> from risk.domain.scopes import ScopeKind
    >>> shown_name("hit_rate strategy trend", Scope(ScopeKind.STRATEGY, "trend"))
    'hit rate, trend'
    >>> shown_name("market fall", Scope(ScopeKind.PORTFOLIO, "demo"))
    'market fall'
    """
    suffix = suffixed("", scope)
    stem = name.removesuffix(suffix)
    made = stem != name and bool(stem)
    kind = SHOWN_TYPES.get(stem if made else name)
    shown = (stem if made else name) if kind is None else _in_a_sentence(kind.title)
    return f"{shown}, {scope.name}" if made and scope.kind is not ScopeKind.PORTFOLIO else shown


def figure_in_words(value: float, unit: BreakerUnit) -> str:
    """A value or level of a breaker, for a terminal: *1.58 %*, *2.31*."""
    return f"{100.0 * value:.3g} %" if unit is BreakerUnit.FRACTION else f"{value:.3g}"


def loosening_phrase(definition: BreakerDefinition, kind: OverrideKind, size: float | None) -> str:
    """What whoever loosens types, so that his hand knows what it does: ``MARKET VOLATILITY 75``.

    Parameters
    ----------
    definition : BreakerDefinition
    kind : OverrideKind
        One that loosens.
    size : float or None
        Of STEP_DOWN; None while none is chosen.
    """
    name = phrase_name(definition)
    if kind is not OverrideKind.STEP_DOWN:
        return f"{kind.value.upper()} {name}"
    return name if size is None else f"{name} {round(100.0 * size)}"


def phrase_name(definition: BreakerDefinition) -> str:
    """A breaker's name as it is typed."""
    return " ".join(shown_name(definition.name, definition.scope).upper().split())


def is_phrase(phrase: str, typed: str) -> bool:
    """Whether that was typed, in capitals or not."""
    return " ".join(typed.upper().split()) == phrase


def _in_a_sentence(title: str) -> str:
    """Without its capital, unless it is one of a word like *VaR* or a name like *Sharpe*."""
    plain = (
        title[1:2].islower()
        and title.split(maxsplit=1)[0] not in _NAMES
        and title[1:] == title[1:].lower()
    )
    return title[0].lower() + title[1:] if plain else title


def asked_of_breaker(name: str) -> str:
    """What whoever lets a breaker go asks for, as the end of a sentence: *asked to*."""
    return f"let go of breaker {name}"


def market_in_words(sight: Sight) -> str:
    """What the market does, one line; empty where nothing is known of it.

    All watched assets weigh the same.
    """
    day = _day_moves(sight)
    if not day:
        return ""
    mean = math.fsum(day.values()) / len(day)
    worst = min(sorted(day), key=lambda asset: day[asset])
    hour = ""
    if sight.running:
        moved = math.fsum(sight.running.values()) / len(sight.running)
        hour = f", {_signed(moved)} in the running hour"
    return (
        f"The market ({len(day)} assets) moved {_signed(mean)} in 24 hours{hour}; "
        f"worst {worst} {_signed(day[worst])}."
    )


def _day_moves(sight: Sight) -> Mapping[str, float]:
    """Each asset's move over the last 24 closed hours and the one that runs."""
    model = sight.snapshot.models.hour
    hours = model.filter.returns[-24:]
    if not len(hours):
        return {}
    moved = np.prod(1.0 + np.nan_to_num(hours), axis=0) - 1.0
    seen: NDArray[np.bool_] = np.asarray(~np.isnan(hours).all(axis=0))
    return {
        asset: (1.0 + float(moved[j])) * (1.0 + sight.running.get(asset, 0.0)) - 1.0
        for j, asset in enumerate(model.assets)
        if seen[j] and asset in sight.marks
    }


def _signed(fraction: float) -> str:
    """As in ``+1.2 %``, with a true minus."""
    return f"{100.0 * fraction:+.1f} %".replace("-", "\N{MINUS SIGN}")
