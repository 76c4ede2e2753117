"""Exponentially weighted correlation as explicit weighted sums."""

import numpy as np


def ewma_sums_textbook(residuals, decay):
    """Weighted sums of products and of weights, pair by pair, over the bars with both."""
    assets = residuals.shape[1]
    cross, weight = np.zeros((assets, assets)), np.zeros((assets, assets))
    for i in range(assets):
        for j in range(assets):
            both = residuals[:, i] * residuals[:, j]
            both = both[~np.isnan(both)]
            weights = (1.0 - decay) * decay ** np.arange(len(both))[::-1]
            cross[i, j], weight[i, j] = (weights * both).sum(), weights.sum()
    return cross, weight


def correlation_started_at(prior, residuals, decay):
    """Correlation of an average that began at unit variances and one common correlation."""
    assets = residuals.shape[1]
    covariance = np.full((assets, assets), prior)
    np.fill_diagonal(covariance, 1.0)
    for row in residuals:
        covariance = decay * covariance + (1.0 - decay) * np.outer(row, row)
    deviations = np.sqrt(np.diag(covariance))
    return covariance / np.outer(deviations, deviations)
