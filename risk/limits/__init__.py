"""Risk Limits Manager: what is capped, how full it is, and what an order would do to it."""
