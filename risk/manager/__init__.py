"""Risk Manager (pure): one step over time, and the answers to signals and orders."""

from risk.manager.orders import RiskManager, Room
from risk.manager.stepping import Step, step

__all__ = ["RiskManager", "Room", "Step", "step"]
