"""Ledoit and Wolf's two estimators, entry by entry as their papers write them."""

import math

import numpy as np


def constant_correlation_by_the_book(returns):
    """Ledoit and Wolf (2004, Honey), appendices A and B. Gives covariance and intensity."""
    t, n = returns.shape
    y = returns - returns.mean(axis=0)
    s = [[sum(y[k, i] * y[k, j] for k in range(t)) / t for j in range(n)] for i in range(n)]
    r = [[s[i][j] / math.sqrt(s[i][i] * s[j][j]) for j in range(n)] for i in range(n)]
    rbar = 2.0 / ((n - 1) * n) * sum(r[i][j] for i in range(n - 1) for j in range(i + 1, n))
    f = [
        [s[i][i] if i == j else rbar * math.sqrt(s[i][i] * s[j][j]) for j in range(n)]
        for i in range(n)
    ]

    def pi(i, j):
        return sum((y[k, i] * y[k, j] - s[i][j]) ** 2 for k in range(t)) / t

    def theta(own, i, j):
        return (
            sum((y[k, own] ** 2 - s[own][own]) * (y[k, i] * y[k, j] - s[i][j]) for k in range(t))
            / t
        )

    pi_hat = sum(pi(i, j) for i in range(n) for j in range(n))
    rho_hat = sum(pi(i, i) for i in range(n)) + sum(
        rbar
        / 2.0
        * (
            math.sqrt(s[j][j] / s[i][i]) * theta(i, i, j)
            + math.sqrt(s[i][i] / s[j][j]) * theta(j, i, j)
        )
        for i in range(n)
        for j in range(n)
        if i != j
    )
    gamma_hat = sum((f[i][j] - s[i][j]) ** 2 for i in range(n) for j in range(n))
    delta = max(0.0, min((pi_hat - rho_hat) / gamma_hat / t, 1.0))
    return delta * np.array(f) + (1.0 - delta) * np.array(s), delta


def identity_by_the_book(returns):
    """Ledoit and Wolf (2004, well-conditioned), lemmas 3.2 to 3.5, with norms over n."""
    t, n = returns.shape
    x = returns - returns.mean(axis=0)
    s = sum(np.outer(row, row) for row in x) / t
    m = np.trace(s) / n
    d2 = ((s - m * np.eye(n)) ** 2).sum() / n
    b2 = min(sum(((np.outer(row, row) - s) ** 2).sum() / n for row in x) / t**2, d2)
    return b2 / d2 * m * np.eye(n) + (d2 - b2) / d2 * s, b2 / d2
