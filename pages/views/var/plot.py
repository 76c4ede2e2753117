"""From scored bars to what the plot of VaR against profit and loss draws."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

import numpy as np

from pages.figures.bands import Bands, BandsPlot, Mark, Running
from pages.figures.measure import OF_EQUITY, Measure, of_money
from pages.figures.packing import wall_times
from pages.format import UTC_ZONE
from pages.query import Query
from pages.views.records.explained import Exceeded
from pages.views.records.past import Hindsight
from pages.views.records.scored import ScoredBars
from pages.views.var.words import NO_OTHER, UNIT, WITH
from risk.domain.market import Period
from risk.domain.model import LEVELS, Forecast
from risk.measures.types import FloatArray
from risk.measures.var import VAR_MODELS

#: The running profit is drawn to a fraction of its VaR that is about a pixel.
_STEPS = 90
_I95, _I975, _I99 = (LEVELS.index(level) for level in (0.95, 0.975, 0.99))


@dataclass(frozen=True, kw_only=True)
class Today:
    """The running bar: what was forecast for it, and what it brought so far.

    Attributes
    ----------
    forecast : Forecast
    equity : float or None
        Quote currency at the opening.
    profit : float or None
        Quote currency so far, trades and fees included; None where nobody counts it.
    """

    forecast: Forecast
    equity: float | None
    profit: float | None

    @property
    def var_95(self) -> float:
        """Quote currency."""
        return float(self.forecast.var[_I95])

    @property
    def var_975(self) -> float:
        """Quote currency."""
        return float(self.forecast.var[_I975])

    @property
    def var_99(self) -> float:
        """Quote currency."""
        return float(self.forecast.var[_I99])

    @property
    def es_975(self) -> float:
        """Quote currency."""
        return float(self.forecast.es[_I975])

    @property
    def profit_drawn(self) -> float | None:
        """The profit in steps of about a pixel: a chart is sent whole when it changes."""
        if self.profit is None or self.var_99 <= 0.0:
            return self.profit
        step = self.var_99 / _STEPS
        return step * round(self.profit / step)

    @property
    def drawn_as(self) -> tuple[object, ...]:
        """What the chart shows of it."""
        return (self.forecast.opened, self.var_95, self.var_99, self.equity, self.profit_drawn)


def bands_plot(
    bars: ScoredBars,
    exceptions: Sequence[Exceeded],
    today: Today | None,
    hindsight: Hindsight | None,
    query: Query,
    currency: str,
) -> BandsPlot:
    """The plot in the unit that `query` asks for, with the model that it compares with."""
    whole = bars if today is None else _with_today(bars, today)
    money = query.choice(UNIT.name) == "money"
    measure = _measure(whole, currency) if money else OF_EQUITY
    scale = (np.ones(len(whole)) if money else whole.equity) * measure.size
    zone = UTC_ZONE if bars.period is Period.DAY else query.zone
    return BandsPlot(
        times=wall_times(whole.opened_ms, zone),
        bar_ms=round(bars.period.span.total_seconds() * 1000.0),
        profit=_divided(whole.profit, scale),
        bands=Bands(
            name="", var_95=_divided(whole.var_95, scale), var_99=_divided(whole.var_99, scale)
        ),
        es_975=_divided(whole.es_975, scale),
        other=_other(whole, hindsight, query, scale),
        marks=[_mark(each, measure, scale) for each in exceptions if scale[each.row] > 0.0],
        running=_running(today, float(scale[-1])) if today is not None else None,
        measure=measure,
    )


def _with_today(bars: ScoredBars, today: Today) -> ScoredBars:
    """The bars with one more, whose outcome is not known."""
    nothing = np.array([np.nan])
    equity = np.nan if today.equity is None else today.equity
    return replace(
        bars,
        opened_ms=np.append(bars.opened_ms, int(today.forecast.opened.timestamp() * 1000.0)),
        profit=np.append(bars.profit, nothing),
        var_95=np.append(bars.var_95, today.var_95),
        var_975=np.append(bars.var_975, today.var_975),
        var_99=np.append(bars.var_99, today.var_99),
        es_975=np.append(bars.es_975, today.es_975),
        beyond_95=np.append(bars.beyond_95, False),
        beyond_975=np.append(bars.beyond_975, False),
        beyond_99=np.append(bars.beyond_99, False),
        equity=np.append(bars.equity, equity),
    )


def _measure(bars: ScoredBars, currency: str) -> Measure:
    largest = np.concatenate([np.abs(bars.profit[~np.isnan(bars.profit)]), bars.var_99])
    return of_money(float(largest.max(initial=0.0)), currency)


def _divided(values: FloatArray, scale: FloatArray) -> FloatArray:
    """Holes where the equity is unknown or gone."""
    return values / np.where(scale > 0.0, scale, np.nan)


def _other(
    bars: ScoredBars, hindsight: Hindsight | None, query: Query, scale: FloatArray
) -> Bands | None:
    chosen = query.choice(WITH.name)
    if chosen == NO_OTHER or hindsight is None or bars.period is not Period.DAY:
        return None
    record = hindsight.models[chosen]
    var_95, var_99 = (
        _divided(hindsight.on_days(values, bars.opened_ms), scale)
        for values in (record.var_95, record.var_99)
    )
    return Bands(name=VAR_MODELS[record.name].title, var_95=var_95, var_99=var_99)


def _running(today: Today, scale: float) -> Running | None:
    drawn = today.profit_drawn
    if drawn is None or not scale > 0.0:
        return None
    return Running(profit=drawn / scale, hover="So far, trades and fees included: %{y:+,.2f}")


def _mark(each: Exceeded, measure: Measure, scale: FloatArray) -> Mark:
    loss, var = each.loss / scale[each.row], each.var / scale[each.row]
    figure, limit = measure.figure(-loss), measure.figure(var).removeprefix("+")
    said = (f"<b>{each.beyond_words()}</b>", escape(each.assets), escape(each.market))
    return Mark(
        row=each.row,
        hard=each.hard,
        label=f"<b>{figure}</b> {each.when}, VaR {limit}",
        hover="<br>".join(part for part in said if part),
    )
