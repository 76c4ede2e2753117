"""Rolling correlation by the book: every window, every pair, one numpy call each."""

import itertools

import numpy as np


def pair_by_the_book(x, y, minimum):
    """Pearson over common bars; NaN below `minimum` of them or where one side stands still."""
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    if len(x) < minimum or np.ptp(x) == 0.0 or np.ptp(y) == 0.0:
        return np.nan
    return np.corrcoef(x, y)[0, 1]


def matrix_by_the_book(residuals, minimum):
    """All pairs, one by one."""
    assets = residuals.shape[1]
    found = np.eye(assets)
    for i, j in itertools.combinations(range(assets), 2):
        found[i, j] = found[j, i] = pair_by_the_book(residuals[:, i], residuals[:, j], minimum)
    return found


def rolling_mean_by_the_book(residuals, window):
    """Mean over the known pairs of each trailing window."""
    means = np.full(len(residuals), np.nan)
    for end in range(window, len(residuals) + 1):
        found = matrix_by_the_book(residuals[end - window : end], window // 2)
        pairs = found[np.triu_indices(residuals.shape[1], k=1)]
        if not np.isnan(pairs).all():
            means[end - 1] = np.nanmean(pairs)
    return means
