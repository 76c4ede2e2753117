"""The gate: every order checked, its room reserved, written down, and then answered."""

from risk.engine.gate.gate import Gate

__all__ = ["Gate"]
