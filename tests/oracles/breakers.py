"""The plan's circuit breaker, as its Appendix B describes it."""


def evaluate_circuit_breaker(market_data, strategy_performance, thresholds):
    """Why trading is to stop: (type, metric, threshold) of each reason."""
    reasons = []
    ratio = market_data["recent_volatility"] / market_data["normal_volatility"]
    if ratio > thresholds["volatility_multiplier"]:
        reasons.append(("market_volatility", ratio, thresholds["volatility_multiplier"]))
    drawdown = strategy_performance["current_drawdown"]
    if drawdown > thresholds["max_drawdown"]:
        reasons.append(("strategy_drawdown", drawdown, thresholds["max_drawdown"]))
    return reasons
