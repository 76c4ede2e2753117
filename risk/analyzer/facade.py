"""One face for all that a table of returns can tell."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pandas as pd

from risk.analyzer import estimates, messages, refusals
from risk.analyzer.listeners import Published, Publisher
from risk.analyzer.methods import check_method, var_es, var_es_over
from risk.analyzer.performance import performance
from risk.analyzer.stress import Shocks, checked_scenarios, stressed
from risk.analyzer.table import Table, read_table
from risk.domain.market import Period
from risk.domain.model import LEVELS
from risk.errors import InsufficientData, InvalidInput
from risk.measures.tail import VarEs

#: Bars that :meth:`PositionRiskAnalyzer.figures` looks ahead beside one.
FAR = 10


class PositionRiskAnalyzer(Publisher):
    """Risk of a book of fixed positions, from a table of its assets' returns.

    It knows no prices, no orders and no past of the book itself: figures are those of holding
    today's positions through the bars of the table. Losses are positive. VaR, shortfall and
    stress of the book are fractions of equity; figures of a position are in quote currency.

    Parameters
    ----------
    returns : DataFrame of shape (bars, assets)
        Simple returns, real numbers, oldest first, from -1 to 19: a price of more than 20 times
        the last is something else under the ticker. NaN where unobserved, which is never
        taken for zero. A bar counts for the book if all that is held was observed in it.
        Rows named by times lie a `period` apart, give or take a tenth of it: a bar missing inside
        is a row of NaN. Rows named otherwise are consecutive bars.
    positions : mapping of asset to float, optional
        Value held, quote currency, negative when short, at most 1e12 times equity. Left out:
        equity in equal parts.
    equity : float
        Quote currency.
    period : Period or {"1d", "1h"}
        Length of a bar; a year has 365 days.
    method : str
        For VaR and shortfall of one bar where a call names none: ``historical``,
        ``parametric``, ``monte_carlo``, or any model in ``VAR_MODELS``.
    scenarios : mapping of name to mapping of asset to float, optional
        Shocks as returns, for :meth:`stress` and the published stress loss.
    seed : int
        0 or more: of the Monte Carlo method, of paths over several bars, and of resamples.

    Raises
    ------
    InvalidInput
        If something cannot be accepted; the text says what. The same from every question.
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
        self._table = read_table(returns, positions, equity, period)
        check_method(method)
        super().__init__()
        self._method = method
        self._seed = refusals.whole("seed", seed, least=0)
        self._scenarios = checked_scenarios(self._table, scenarios or {})

    def value_at_risk(
        self, level: float = 0.99, method: str | None = None, *, bars: int = 1
    ) -> float:
        """Loss over the coming bars together that is exceeded with probability ``1 - level``.

        Parameters
        ----------
        level : float
            In (0, 1).
        method : str, optional
            Of one bar; several are simulated in one way only.
        bars : int
            1 or more, at most those that the table has. Several are held by setting the book's
            weights anew at each: paths of past shocks through the volatility filter, not the
            root of their number.

        Returns
        -------
        float
            Fraction of equity; negative where even the tail gains. Over several bars at most 1.

        Raises
        ------
        InsufficientData
            If too few bars have all that is held: 100, and for methods that filter 120; the text
            names the method and the rarest asset.
        InvalidInput
            If nothing knows the method, it has no answer at this level or for assets that never
            moved, the level or the bars are out of range, or a method is named for several bars.
        """
        return float(self._tail(level, method, bars)[0][0])

    def expected_shortfall(
        self, level: float = 0.975, method: str | None = None, *, bars: int = 1
    ) -> float:
        """Mean loss in the worst ``1 - level`` of bars, or of spans of several bars.

        Parameters
        ----------
        level, method, bars
            As for :meth:`value_at_risk`.

        Returns
        -------
        float
            Fraction of equity, never below :meth:`value_at_risk` at the same level.

        Raises
        ------
        InsufficientData, InvalidInput
            As :meth:`value_at_risk`.
        """
        return float(self._tail(level, method, bars)[1][0])

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
            If fewer than 30 bars have all that is held; the text names the rarest asset.
        """
        return estimates.drawdown(self._table)

    def performance(self, market: str | None = None, *, block: int | None = None) -> dict[str, Any]:
        """What the book would have returned for its risk, and how far each figure may be off.

        Parameters
        ----------
        market : str, optional
            Asset of the table, held or not, that beta is against; without it there is none.
        block : int, optional
            Neighbouring bars that resampling keeps together, from 1 to those that count; the
            cube root of their number if left out. Longer blocks keep longer falls whole.

        Returns
        -------
        dict
            ``sharpe``, ``sortino``, ``calmar`` (ratios of a year), ``tail_ratio``, ``beta``,
            ``maximum_drawdown`` and ``conditional_drawdown_95`` (fractions of a peak): each a
            dict of ``value`` and ``standard_error``, or None where it does not exist, and
            ``unknown`` then says why, by its name. ``bars`` counts those used; ``drawdowns``
            lists the five deepest falls (``depth``, labels ``peak``, ``trough`` and ``end``,
            None while it lasts, and ``bars`` from peak to end).

        Raises
        ------
        InsufficientData
            If fewer than 30 bars have all that is held.
        InvalidInput
            If `market` has no returns or `block` is out of range.
        """
        if market is not None and market not in self._table.assets:
            raise InvalidInput(f"no returns of {market}, which beta is asked against")
        if block is not None:
            refusals.whole("block", block, least=1)
        return performance(self._table, market, block, self._seed)

    def volatility(
        self, estimator: Literal["filter", "ewma", "sample"] = "filter"
    ) -> dict[str, float]:
        """Deviation a year of each asset, and of the book under ``book``.

        Parameters
        ----------
        estimator : {"filter", "ewma", "sample"}
            The default filter's forecast for the bar to come, the exponential average with decay
            .94, or the deviation over all bars.

        Returns
        -------
        dict of name to float
            A year of 365 days, as fractions (0.8 is 80 %), never negative.

        Raises
        ------
        InsufficientData
            If an asset, held or not, or the book has fewer than 30 bars; the text names it.
        InvalidInput
            If nothing knows the estimator.
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
            default of this program); pairs over their common bars; or shrunk to one correlation
            over bars that have all assets, held or not.

        Returns
        -------
        dict of name to dict of name to float or None
            Symmetric, in [-1, 1]. None for a pair too rarely seen: ``sample`` needs 30 common
            bars in which both moved, ``ewma`` 30 bars of each.

        Raises
        ------
        InsufficientData
            If ``ledoit_wolf`` has fewer than 30 bars with all assets; the text names the rarest.
        InvalidInput
            If nothing knows the estimator, or ``ledoit_wolf`` meets an asset that never moved.
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
        return stressed(self._table, checked_scenarios(self._table, chosen))

    def positions(self, method: str | None = None) -> dict[str, dict[str, Any]]:
        """Each position's exposure, figures alone, part of the book's, and change per unit.

        Parts of VaR add up to the book's figure at the level: a position's is its mean loss in
        the book's worst bars, all scaled together.

        Parameters
        ----------
        method : str, optional

        Returns
        -------
        dict
            By asset held: ``exposure``; ``var`` and ``es`` of the position alone;
            ``component_var`` and ``component_es``, negative where it offsets the others: all in
            quote currency; and ``marginal_var``, the change of the book's VaR per unit of
            quote currency added. All but the first by level (``"0.95"``, ``"0.975"``,
            ``"0.99"``), of one bar, losses positive. Empty for a book that holds nothing.

        Raises
        ------
        InsufficientData, InvalidInput
            As :meth:`value_at_risk`.
        """
        return estimates.positions(
            self._table, lambda table, levels: self._var_es(table, levels, method)
        )

    def figures(self, method: str | None = None) -> dict[str, Any]:
        """All of it but :meth:`performance` as plain dicts, numbers and text, fit for JSON.

        Parameters
        ----------
        method : str, optional
            For figures of one bar.

        Returns
        -------
        dict
            ``bars`` of the table, ``complete_bars`` (with all that is held), ``period``,
            ``method``; ``equity``, ``gross`` and ``net`` (quote currency); ``var`` and ``es`` by
            level, and the same of ten bars together under ``ten_bars`` (fractions of equity;
            None with fewer than 120 complete bars); and what :meth:`maximum_drawdown`,
            :meth:`volatility`, :meth:`correlation`, :meth:`stress` and :meth:`positions` tell.
            The volatility of an asset seen in fewer than 30 bars is None here.

        Raises
        ------
        InsufficientData, InvalidInput
            As :meth:`value_at_risk`.
        """
        table = self._table
        figures = self._var_es(table, LEVELS, method)
        return {
            "bars": len(table.labels),
            "complete_bars": int(table.complete.sum()),
            "period": str(table.period),
            "method": self._method if method is None else method,
            "equity": table.equity,
            "gross": float(np.abs(table.exposure).sum()),
            "net": float(table.exposure.sum()),
            **_by_level(figures),
            "ten_bars": self._far_figures(),
            "maximum_drawdown": self.maximum_drawdown(),
            "volatility": estimates.volatility_where_known(table),
            "correlation": self.correlation(),
            "stress": self.stress() if self._scenarios else {},
            "positions": self.positions(method),
        }

    def events(
        self, *, at: datetime, portfolio: str = "table", cycle: str = "analysis"
    ) -> Published:
        """A ``PositionRisk`` for each position held, then the book's ``PortfolioRisk``.

        A table has no prices: a unit is one of quote currency, and nothing is gained or lost yet.
        What belongs to another bar length, or to a past that a table does not know, is None.

        Parameters
        ----------
        at : datetime
            With a zone.
        portfolio, cycle : str

        Returns
        -------
        tuple of PositionRisk and PortfolioRisk
            Figures of positions in quote currency, of the book as fractions of equity.

        Raises
        ------
        InsufficientData, InvalidInput
            As :meth:`value_at_risk`, or if `at` has no zone.
        """
        if not isinstance(at, datetime) or at.utcoffset() is None:
            raise InvalidInput(f"events need a time with a zone, got {at!r}")
        worst = None
        if self._scenarios:
            worst = max(0.0, *(told["loss"] for told in self.stress().values()))
        header = messages.Header(at, portfolio, cycle)
        var, shortfall = self._var_es(self._table, LEVELS, None)
        return (
            *messages.position_events(header, self._table.period, self.positions()),
            messages.portfolio_event(header, self._table, var, shortfall, worst),
        )

    def _tail(self, level: float, method: str | None, bars: int) -> VarEs:
        levels = (refusals.level(level),)
        if refusals.whole("bars", bars, least=1) == 1:
            return self._var_es(self._table, levels, method)
        if method is not None:
            raise InvalidInput(f"{bars} bars are simulated, not told by {method}: name no method")
        return var_es_over(self._table, levels, bars, self._seed)

    def _var_es(self, table: Table, levels: tuple[float, ...], method: str | None) -> VarEs:
        return var_es(table, levels, self._method if method is None else method, self._seed)

    def _far_figures(self) -> dict[str, Any] | None:
        try:
            return _by_level(var_es_over(self._table, LEVELS, FAR, self._seed))
        except InsufficientData:  # other methods need fewer bars; their figures stay
            return None


def _by_level(figures: VarEs) -> dict[str, Any]:
    names = [str(level) for level in LEVELS]
    return {
        measure: dict(zip(names, values.tolist(), strict=True))
        for measure, values in zip(("var", "es"), figures, strict=True)
    }
