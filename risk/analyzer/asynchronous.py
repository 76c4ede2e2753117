"""The analyzer for programs with an event loop."""

import asyncio
import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from risk.analyzer.facade import Listener, PositionRiskAnalyzer, Shocks
from risk.domain.events import PortfolioRisk, PositionRisk


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

    async def value_at_risk(self, level: float = 0.99, method: str | None = None) -> float:
        """See :meth:`PositionRiskAnalyzer.value_at_risk`."""
        return await asyncio.to_thread(self._analyzer.value_at_risk, level, method)

    async def expected_shortfall(self, level: float = 0.975, method: str | None = None) -> float:
        """See :meth:`PositionRiskAnalyzer.expected_shortfall`."""
        return await asyncio.to_thread(self._analyzer.expected_shortfall, level, method)

    async def maximum_drawdown(self) -> dict[str, Any]:
        """See :meth:`PositionRiskAnalyzer.maximum_drawdown`."""
        return await asyncio.to_thread(self._analyzer.maximum_drawdown)

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
    ) -> tuple[PositionRisk | PortfolioRisk, ...]:
        """Measure beside the event loop, then tell everyone subscribed on it, one by one.

        Raises
        ------
        ExceptionGroup
            Of what listeners raised, after all were told.
        """
        published = await asyncio.to_thread(
            self._analyzer.events, at=at, portfolio=portfolio, cycle=cycle
        )
        failures: list[Exception] = []
        for event in published:
            for listener in self._analyzer.listeners:
                try:
                    answer = listener(event)
                    if inspect.isawaitable(answer):
                        await answer
                except Exception as failure:  # noqa: BLE001 -- raised below, all together
                    failures.append(failure)
        if failures:
            raise ExceptionGroup("listeners failed", failures)
        return published
