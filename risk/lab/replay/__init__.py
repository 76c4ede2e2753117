"""Replays: what limits would have done to the strategies' books over a history of prices.

`book` leads one book through the real step, `desk` turns wishes into orders and orders into fills
one bar later, `rules` says which orders are placed, `run` leads a managed and an unmanaged book
side by side, `breaches` counts what was prevented, `baselines` and `statistics` say what trading
smaller would have done as well, and `result` puts all of it together.
"""
