"""Sizes and equal risk, as the formulas stand."""

import numpy as np
from scipy.optimize import minimize


def size_as_planned(equity, volatility, risk_per_trade, max_position, stop_deviations):
    """The plan's algorithm, line by line."""
    max_position_size = equity * max_position
    risk_amount = equity * risk_per_trade
    stop_loss = volatility * stop_deviations
    position = risk_amount / stop_loss
    return min(position, max_position_size)


def equal_risk_by_optimiser(covariance, budgets):
    """Minimum of Spinu (2013), by a general optimiser on logarithms of the weights."""
    scale = np.sqrt(np.diag(covariance))

    def objective(logs):
        x = np.exp(logs) / scale
        gradient = x * (covariance @ x) - budgets
        return 0.5 * x @ covariance @ x - budgets @ logs, gradient

    found = minimize(objective, np.zeros(len(scale)), jac=True, method="BFGS", tol=1e-11)
    weights = np.exp(found.x) / scale
    return weights / weights.sum()
