"""The fixed GJR filter of one asset, as its definition reads."""

import math


def gjr_textbook(returns):
    """Variances (one more than returns) and residuals of one series without parameters."""
    variances, residuals, seen = [math.nan], [], []
    long_run = 0.0
    for value in returns:
        v = variances[-1]
        if math.isnan(value):
            variances.append(v)
            residuals.append(math.nan)
            continue
        first_bars = len(seen) < 20
        residuals.append(math.nan if first_bars else value / math.sqrt(v))
        e = value**2 if first_bars else min(value**2, 36.0 * v)
        seen.append(e)
        long_run = sum(seen) / len(seen) if len(seen) <= 200 else 0.995 * long_run + 0.005 * e
        if first_bars:
            following = long_run
        else:
            omega = (1.0 - 0.05 - 0.05 / 2 - 0.90) * long_run
            following = omega + (0.05 + 0.05 * (value < 0)) * e + 0.90 * v
        variances.append(max(following, 1e-10))
    return variances, residuals


def ewma_textbook(variances, half_life):
    """Forecasts as explicit weighted sums: each bar's weight, then the sum, for every end."""
    keep = 0.5 ** (1.0 / half_life)
    forecasts = [math.nan]
    for end in range(1, len(variances) + 1):
        seen = [value for value in variances[:end] if not math.isnan(value)]
        weights = []
        for n in range(1, len(seen) + 1):
            newest = max(1.0 - keep, 1.0 / n)
            weights = [weight * (1.0 - newest) for weight in weights] + [newest]
        total = sum(weight * value for weight, value in zip(weights, seen, strict=True))
        forecasts.append(total if seen else math.nan)
    return forecasts
