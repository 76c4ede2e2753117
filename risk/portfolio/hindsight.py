"""How the VaR models would have done on a book as it was held.

Each day's holdings are led through the past that was known at its opening; the model sees
that pseudo-history as one series of returns and forecasts the day. So a trade changes the
whole series a forecast comes from, as it does in the live model, and no forecast knows the
holdings or returns of a later day. A model that tracks learns from the book's own exceptions
in the order of the days, as the live model does, not from those of the pseudo-histories: in
these the book never traded.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from risk.errors import InvalidInput
from risk.measures.tail import checked_levels
from risk.measures.tracking import tracked_path, tracked_var_es, tracking_start
from risk.measures.types import FloatArray
from risk.measures.var import VAR_MODELS, VarModel, VarPath
from risk.measures.var.base import untracked_each


def hypothetical_profit(exposures: FloatArray, returns: FloatArray) -> FloatArray:
    """What each day's holdings at its opening would have made, had nothing been traded.

    The loss that a forecast for the day is judged by.

    Parameters
    ----------
    exposures : ndarray of shape (m, A)
        Quote currency held at the opening of the last m days; negative when short.
    returns : ndarray of shape (n, A)
        Simple returns of n >= m days, oldest first; NaN where unobserved.

    Returns
    -------
    ndarray of shape (m,)
        Quote currency; NaN where an asset held had no return.

    Raises
    ------
    ValueError
        If an exposure is not finite, a return is infinite, or shapes disagree.
    """
    exposures, returns = _checked(exposures, returns)
    earned = np.where(exposures != 0.0, returns[len(returns) - len(exposures) :], 0.0)
    profit: FloatArray = (exposures * earned).sum(axis=1)
    return profit


def hindsight(
    model: str,
    exposures: FloatArray,
    returns: FloatArray,
    levels: Sequence[float] | FloatArray,
) -> VarPath:
    """Forecasts that a registered model would have made for each day's holdings.

    Parameters
    ----------
    model : str
        A key of ``VAR_MODELS``.
    exposures : ndarray of shape (m, A)
        Quote currency held at the opening of the last m days; negative when short.
    returns : ndarray of shape (n, A)
        Simple returns of n >= m days, oldest first; NaN where unobserved. The more days
        before the first forecast, the better: a model remembers as many as its window has.
    levels : sequence of L floats
        Rising.

    Returns
    -------
    VarPath
        `var` and `es` of shape (m, L), quote currency, losses positive, never below zero. Row t
        was made before the returns of its day. NaN where nothing can be forecast: for a flat
        book, and while the assets held have too few days with a return of each.

    Raises
    ------
    InvalidInput
        If no model is called that.
    ValueError
        If the levels do not rise within (0, 1), an exposure is not finite, a return is
        infinite, or shapes disagree.
    """
    return hindsights((model,), exposures, returns, levels)[model]


def hindsights(
    models: Sequence[str],
    exposures: FloatArray,
    returns: FloatArray,
    levels: Sequence[float] | FloatArray,
) -> dict[str, VarPath]:
    """:func:`hindsight` of several models, which share the past of each day's holdings.

    Parameters
    ----------
    models : sequence of str
        Keys of ``VAR_MODELS``.
    exposures, returns, levels
        As there.

    Returns
    -------
    dict of str to VarPath
        In the order of `models`.

    Raises
    ------
    InvalidInput, ValueError
        As there.
    """
    chosen, levels = [_registered(name) for name in models], checked_levels(levels)
    exposures, returns = _checked(exposures, returns)
    losses = -hypothetical_profit(exposures, returns)
    gross, before = np.abs(exposures).sum(axis=1), len(returns) - len(exposures)
    pasts = [
        _past(exposure, float(gross[day]), returns[: before + day])
        for day, exposure in enumerate(exposures)
    ]
    return {model.name: _forecasts(model, pasts, gross, losses, levels) for model in chosen}


def _past(exposure: FloatArray, gross: float, returns: FloatArray) -> FloatArray:
    """What a day's holdings would have returned before it, per unit of their gross value."""
    held = exposure != 0.0
    return returns[:, held] @ (exposure[held] / gross) if gross > 0.0 else np.empty(0)


def _forecasts(
    model: VarModel[Any],
    pasts: Sequence[FloatArray],
    gross: FloatArray,
    losses: FloatArray,
    levels: FloatArray,
) -> VarPath:
    shares, held = untracked_each(model, pasts, levels), gross[:, None]
    path = VarPath(held * np.maximum(shares.var, 0.0), held * np.maximum(shares.es, 0.0))
    if model.tracks:
        return VarPath(*tracked_path(*path, losses, levels))
    return VarPath(*tracked_var_es(*path, tracking_start(levels.size)))


def _registered(name: str) -> VarModel[Any]:
    if name not in VAR_MODELS:
        raise InvalidInput(f"no VaR model is called {name!r}; there are {', '.join(VAR_MODELS)}")
    return VAR_MODELS[name]


def _checked(exposures: FloatArray, returns: FloatArray) -> tuple[FloatArray, FloatArray]:
    exposures = np.asarray(exposures, dtype=np.float64)
    returns = np.asarray(returns, dtype=np.float64)
    if exposures.shape[1] != returns.shape[1] or len(exposures) > len(returns):
        raise ValueError(f"exposures of shape {exposures.shape} for returns of {returns.shape}")
    if not np.isfinite(exposures).all():
        raise ValueError("exposures contains NaN or infinity")
    if np.isinf(returns).any():
        raise ValueError("returns contains infinity; mark it as unobserved")
    return exposures, returns
