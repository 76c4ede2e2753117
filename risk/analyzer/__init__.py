"""Risk for people who come with a table of returns and nothing else.

:class:`PositionRiskAnalyzer` answers; :class:`AsyncPositionRiskAnalyzer` answers without holding
up an event loop.
"""

from risk.analyzer.asynchronous import AsyncPositionRiskAnalyzer
from risk.analyzer.facade import PositionRiskAnalyzer

__all__ = ["AsyncPositionRiskAnalyzer", "PositionRiskAnalyzer"]
