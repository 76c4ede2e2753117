"""The state of a market by adding up every course that states could have taken."""

import itertools
import math

import numpy as np
from scipy.stats import t as student


def levels_by_the_book(returns, decay, winsor, start_bars):
    """Level known before each return, by the definition."""
    level, levels = 0.0, []
    for n, value in enumerate(returns, start=1):
        levels.append(level)
        square = value**2 if n <= start_bars else min(value**2, winsor**2 * level)
        level += max(1.0 - decay, 1.0 / n) * (square - level)
    return levels


def probabilities_by_all_courses(returns, levels, transition, first, multipliers):
    """Probability of each last state, given the returns, over all 3^n courses."""
    scales = np.outer(np.sqrt(levels), multipliers) * math.sqrt(3.0 / 5.0)
    density = student.pdf(np.asarray(returns)[:, None], 5, scale=scales)
    totals = np.zeros(3)
    for course in itertools.product(range(3), repeat=len(returns)):
        weight, come = 1.0, first @ transition
        for t, state in enumerate(course):
            weight *= come[state] * density[t, state]
            come = transition[state]
        totals[course[-1]] += weight
    return totals / totals.sum()
