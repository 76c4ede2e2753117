"""One face for all that a table of returns can tell."""

import inspect
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pandas as pd

from risk.analyzer import estimates, messages
from risk.analyzer.methods import var_es
from risk.analyzer.table import Table, read_table
from risk.domain.events import PortfolioRisk, PositionRisk, RiskEvent
from risk.domain.market import Period
from risk.domain.model import LEVELS
from risk.errors import InvalidInput

Listener = Callable[[RiskEvent], object]
Shocks = Mapping[str, Mapping[str, float]]


class PositionRiskAnalyzer:
    """Risk of a book of fixed positions, from a table of its assets' returns.

    It knows no prices, no orders and no past of the book itself: figures are those of holding
    today's positions through the bars of the table. Losses are positive. VaR, shortfall and
    stress of the book are fractions of equity; figures of a position are in quote currency.

    Parameters
    ----------
    returns : DataFrame of shape (bars, assets)
        Simple returns, oldest first; NaN where unobserved, which is never taken for zero. A bar
        counts for the book if all that is held was observed in it.
    positions : mapping of asset to float, optional
        Value held, quote currency, negative when short. Left out: equity in equal parts.
    equity : float
        Quote currency.
    period : Period or {"1d", "1h"}
        Length of a bar; a year has 365 days.
    method : str
        For VaR and shortfall where a call names none: ``historical``, ``parametric``,
        ``monte_carlo``, or any model in ``VAR_MODELS``.
    scenarios : mapping of name to mapping of asset to float, optional
        Shocks as returns, for :meth:`stress` and the published stress loss.
    seed : int
        Of the Monte Carlo method.

    Raises
    ------
    InvalidInput
        If something cannot be accepted; the text says what.
    """

    def __init__(
        self,
        returns: pd.DataFrame,
        *,
        positions: Mapping[str, float] | None = None,
        equity: float = 1.0,
        period: Period | Literal["1d", "1h"] = Period.DAY,
        method: str = "filtered_evt",
        scenarios: Shocks | None = None,
        seed: int = 0,
    ) -> None:
        self._table = read_table(returns, positions, equity, Period(period))
        self._method = method
        self._seed = seed
        self._scenarios = {name: dict(shocks) for name, shocks in (scenarios or {}).items()}
        for name, shocks in self._scenarios.items():
            _check_shocks(self._table, name, shocks)
        self._listeners: list[Listener] = []

    def value_at_risk(self, level: float = 0.99, method: str | None = None) -> float:
        """Loss of one bar that is exceeded with probability ``1 - level``.

        Parameters
        ----------
        level : float
            In (0, 1).
        method : str, optional

        Returns
        -------
        float
            Fraction of equity; negative where even the tail gains.

        Raises
        ------
        InsufficientData
            If fewer than 100 bars have all that is held.
        InvalidInput, ValueError
            If nothing knows the method, or the level is out of range.
        """
        return float(self._var_es(self._table, (level,), method)[0][0])

    def expected_shortfall(self, level: float = 0.975, method: str | None = None) -> float:
        """Mean loss in the worst ``1 - level`` of bars; see :meth:`value_at_risk`."""
        return float(self._var_es(self._table, (level,), method)[1][0])

    def maximum_drawdown(self) -> dict[str, Any]:
        """How far the book fell, held at today's weights and rebalanced each bar.

        Returns
        -------
        dict
            ``depth`` and ``current`` (fractions of a peak), ``peak`` and ``trough`` (labels of
            bars, ``start`` for before the first), ``longest`` (bars under water at most),
            ``conditional_95`` (mean of the worst 5 % of drawdowns).

        Raises
        ------
        InsufficientData
            If no bar has all that is held.
        """
        return estimates.drawdown(self._table)

    def volatility(
        self, estimator: Literal["filter", "ewma", "sample"] = "filter"
    ) -> dict[str, float]:
        """Deviation a year of each asset, and of the book under ``book``.

        Parameters
        ----------
        estimator : {"filter", "ewma", "sample"}
            The default filter's forecast for the bar to come, the exponential average with decay
            .94, or the deviation over all bars.

        Raises
        ------
        InsufficientData
            If an asset, or the book, has fewer than 30 bars; the text names it.
        """
        return estimates.volatility(self._table, estimator)

    def correlation(
        self, estimator: Literal["ewma", "sample", "ledoit_wolf"] = "ewma"
    ) -> dict[str, dict[str, float | None]]:
        """Correlation of every pair of assets, by both their names.

        Parameters
        ----------
        estimator : {"ewma", "sample", "ledoit_wolf"}
            Residuals of the filter with newer ones weighing more, shrunk and repaired (the
            default of this program); pairs over their common bars, None where they are too few;
            or shrunk to one correlation over complete bars.
        """
        return estimates.correlation(self._table, estimator)

    def stress(self, scenarios: Shocks | None = None) -> dict[str, dict[str, Any]]:
        """What given shocks would do to the book.

        Parameters
        ----------
        scenarios : mapping of name to mapping of asset to float, optional
            Returns, such as -0.3. An asset that a scenario does not name stands still in it, and
            is listed if it is held. Those of the constructor if left out.

        Returns
        -------
        dict
            By scenario: ``loss`` (fraction of equity, negative for a gain), ``by_asset`` (profit,
            quote currency), ``unshocked`` (assets held that it does not name).

        Raises
        ------
        InvalidInput
            If there is no scenario, or one names an asset without returns or shocks it by less
            than -1, NaN or infinity.
        """
        chosen = self._scenarios if scenarios is None else scenarios
        if not chosen:
            raise InvalidInput("stress needs a scenario")
        return {name: self._stressed(name, shocks) for name, shocks in chosen.items()}

    def positions(self, method: str | None = None) -> dict[str, dict[str, Any]]:
        """Each position's exposure, figures alone, part of the book's, and change per unit.

        Parts of VaR add up to the book's figure at the level: a position's is its mean loss in
        the book's worst bars, all scaled together.
        """
        return estimates.positions(
            self._table, lambda table, levels: self._var_es(table, levels, method)
        )

    def figures(self, method: str | None = None) -> dict[str, Any]:
        """All of it as plain dicts, lists, numbers and text, fit for JSON."""
        table = self._table
        var, shortfall = self._var_es(table, LEVELS, method)
        return {
            "bars": len(table.labels),
            "complete_bars": int(table.complete.sum()),
            "period": str(table.period),
            "method": method or self._method,
            "equity": table.equity,
            "gross": float(np.abs(table.exposure).sum()),
            "net": float(table.exposure.sum()),
            "var": dict(zip(map(str, LEVELS), var.tolist(), strict=True)),
            "es": dict(zip(map(str, LEVELS), shortfall.tolist(), strict=True)),
            "maximum_drawdown": self.maximum_drawdown(),
            "volatility": self.volatility(),
            "correlation": self.correlation(),
            "stress": self.stress() if self._scenarios else {},
            "positions": self.positions(method),
        }

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called with every event published from now on.

        Returns
        -------
        callable
            Ends the subscription; calling it twice changes nothing.
        """
        self._listeners.append(listener)

        def leave() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return leave

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Who is subscribed now."""
        return tuple(self._listeners)

    def events(
        self, *, at: datetime, portfolio: str = "table", cycle: str = "analysis"
    ) -> tuple[PositionRisk | PortfolioRisk, ...]:
        """A ``PositionRisk`` for each position held, then the book's ``PortfolioRisk``.

        A table has no prices: a unit is one of quote currency, and nothing is gained or lost yet.
        What belongs to another bar length, or to a past that a table does not know, is None.

        Parameters
        ----------
        at : datetime
            With a zone.
        portfolio, cycle : str
        """
        worst = None
        if self._scenarios:
            worst = max(0.0, *(told["loss"] for told in self.stress().values()))
        header = messages.Header(at, portfolio, cycle)
        var, shortfall = self._var_es(self._table, LEVELS, None)
        return (
            *messages.position_events(header, self._table.period, self.positions()),
            messages.portfolio_event(header, self._table, var, shortfall, worst),
        )

    def publish(
        self, *, at: datetime, portfolio: str = "table", cycle: str = "analysis"
    ) -> tuple[PositionRisk | PortfolioRisk, ...]:
        """Tell everyone subscribed of :meth:`events`, and return them.

        Raises
        ------
        ExceptionGroup
            Of what listeners raised, after all were told.
        """
        published = self.events(at=at, portfolio=portfolio, cycle=cycle)
        failures: list[Exception] = []
        for event in published:
            for listener in self.listeners:
                try:
                    _refuse_coroutine(listener(event))
                except Exception as failure:  # noqa: BLE001 -- raised below, all together
                    failures.append(failure)
        if failures:
            raise ExceptionGroup("listeners failed", failures)
        return published

    def _var_es(self, table: Table, levels: tuple[float, ...], method: str | None) -> Any:
        return var_es(table, levels, method or self._method, self._seed)

    def _stressed(self, name: str, shocks: Mapping[str, float]) -> dict[str, Any]:
        table = self._table
        _check_shocks(table, name, shocks)
        held = [asset for asset, held in zip(table.assets, table.held, strict=True) if held]
        exposure = dict(zip(table.assets, table.exposure.tolist(), strict=True))
        profits = {asset: exposure[asset] * float(shocks.get(asset, 0.0)) for asset in held}
        return {
            "loss": -math.fsum(profits.values()) / table.equity,
            "by_asset": profits,
            "unshocked": [asset for asset in held if asset not in shocks],
        }


def _refuse_coroutine(answer: object) -> None:
    if inspect.iscoroutine(answer):
        answer.close()
        raise InvalidInput("a coroutine listens: publish through AsyncPositionRiskAnalyzer")


def _check_shocks(table: Table, name: str, shocks: Mapping[str, float]) -> None:
    for asset, shock in shocks.items():
        if asset not in table.assets:
            raise InvalidInput(f"scenario {name} shocks {asset}, of which there are no returns")
        if not (math.isfinite(shock) and shock >= -1.0):
            raise InvalidInput(f"scenario {name} shocks {asset} by {shock}: -1 or more is possible")
