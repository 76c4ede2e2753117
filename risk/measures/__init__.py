"""Pure mathematics of risk: arrays in, numbers out.

Returns, volatility, correlation, drawdown, tail measures, value-at-risk models and their
backtests. Nothing here knows a market, a portfolio or a clock. Losses are positive,
fractions are not percents, and assets are the columns of every matrix.
"""
