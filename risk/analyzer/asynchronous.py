"""The analyzer for programs with an event loop."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from risk.analyzer.facade import PositionRiskAnalyzer
from risk.analyzer.listeners import Failures, Listener, Published, tell_on_loop
from risk.analyzer.stress import Shocks


class AsyncPositionRiskAnalyzer:
    """Answers of a :class:`PositionRiskAnalyzer`, measured in a thread beside the event loop.

    Parameters
    ----------
    analyzer : PositionRiskAnalyzer
        Whose subscribers are told, too. It never changes, so that questions may be asked at the
        same time.
    """

    def __init__(self, analyzer: PositionRiskAnalyzer) -> None:
        self._analyzer = analyzer

    async def value_at_risk(
        self, level: float = 0.99, method: str | None = None, *, bars: int = 1
    ) -> float:
        """See :meth:`PositionRiskAnalyzer.value_at_risk`."""
        return await asyncio.to_thread(self._analyzer.value_at_risk, level, method, bars=bars)

    async def expected_shortfall(
        self, level: float = 0.975, method: str | None = None, *, bars: int = 1
    ) -> float:
        """See :meth:`PositionRiskAnalyzer.expected_shortfall`."""
        return await asyncio.to_thread(self._analyzer.expected_shortfall, level, method, bars=bars)

    async def maximum_drawdown(self) -> dict[str, Any]:
        """See :meth:`PositionRiskAnalyzer.maximum_drawdown`."""
        return await asyncio.to_thread(self._analyzer.maximum_drawdown)

    async def performance(
        self, market: str | None = None, *, block: int | None = None
    ) -> dict[str, Any]:
        """See :meth:`PositionRiskAnalyzer.performance`."""
        return await asyncio.to_thread(self._analyzer.performance, market, block=block)

    async def volatility(
        self, estimator: Literal["filter", "ewma", "sample"] = "filter"
    ) -> dict[str, float]:
        """See :meth:`PositionRiskAnalyzer.volatility`."""
        return await asyncio.to_thread(self._analyzer.volatility, estimator)

    async def correlation(
        self, estimator: Literal["ewma", "sample", "ledoit_wolf"] = "ewma"
    ) -> dict[str, dict[str, float | None]]:
        """See :meth:`PositionRiskAnalyzer.correlation`."""
        return await asyncio.to_thread(self._analyzer.correlation, estimator)

    async def stress(self, scenarios: Shocks | None = None) -> dict[str, dict[str, Any]]:
        """See :meth:`PositionRiskAnalyzer.stress`."""
        return await asyncio.to_thread(self._analyzer.stress, scenarios)

    async def positions(self, method: str | None = None) -> dict[str, dict[str, Any]]:
        """See :meth:`PositionRiskAnalyzer.positions`."""
        return await asyncio.to_thread(self._analyzer.positions, method)

    async def figures(self, method: str | None = None) -> dict[str, Any]:
        """See :meth:`PositionRiskAnalyzer.figures`."""
        return await asyncio.to_thread(self._analyzer.figures, method)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """See :meth:`PositionRiskAnalyzer.subscribe`; `listener` may be a coroutine function."""
        return self._analyzer.subscribe(listener)

    async def publish(
        self, *, at: datetime, portfolio: str = "table", cycle: str = "analysis"
    ) -> Published:
        """Measure beside the event loop, then tell everyone subscribed on it, one by one.

        Parameters, answer and errors are those of :meth:`PositionRiskAnalyzer.publish`.
        """
        published = await asyncio.to_thread(
            self._analyzer.events, at=at, portfolio=portfolio, cycle=cycle
        )
        failures = Failures()
        for event in published:
            for listener in self._analyzer.listeners:
                with failures:
                    await tell_on_loop(listener, event)
        failures.raise_together()
        return published
