"""Windows in order, by sorting them."""

import math


def falling_by_sorting(values, size):
    """The last `size` values that are not NaN, the largest first."""
    observed = [float(value) for value in values if not math.isnan(value)]
    return sorted(observed[-size:], reverse=True)
