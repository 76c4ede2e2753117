"""The course of equity and VaR over the chosen range, one above the other."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pages.context import MetricHistory
from pages.figures.packing import packed, wall_times
from pages.figures.periods import Hold, with_periods
from pages.format import Zone
from pages.theme import Scheme, plotly_template
from risk.measures.types import FloatArray


def history_figure(
    equity: MetricHistory,
    var: MetricHistory,
    *,
    currency: str,
    zone: Zone,
    scheme: Scheme,
    periods: Sequence[Hold] = (),
) -> dict[str, Any]:
    """Equity above, 99 % one-day VaR in per cent of equity below, on one time axis.

    Parameters
    ----------
    equity : MetricHistory
        Quote currency.
    var : MetricHistory
        Fractions of equity.
    currency : str
    zone : Zone
        In which times are shown.
    scheme : Scheme
    periods : sequence of Hold
        In which breakers held trading.

    Returns
    -------
    dict
        Of plotly's JSON schema, with data and layout.
    """
    figure = {
        "data": [
            _line(equity, "Equity", "y", zone, hover=f"%{{y:,.0f}} {currency}"),
            _line(
                MetricHistory(var.ts_ms, 100.0 * var.values),
                "VaR 99 %, 1 day",
                "y2",
                zone,
                hover="%{y:.2f} %",
            ),
        ],
        "layout": _layout(currency, scheme),
    }
    if not equity.ts_ms.size:
        return figure
    span = int(equity.ts_ms[0]), int(equity.ts_ms[-1])
    return with_periods(figure, periods, span, zone=zone, scheme=scheme)


def _line(
    history: MetricHistory, name: str, axis: str, zone: Zone, *, hover: str
) -> dict[str, Any]:
    history = with_gaps(history)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": wall_times(history.ts_ms, zone),
        "y": packed(history.values),
        "yaxis": axis,
        "line": {"width": 1.6},
        "hovertemplate": hover,
        "connectgaps": False,
    }


#: So many usual steps without a value are a hole, not a slow spell.
_HOLE_STEPS = 10
#: What is usual is told by so many steps on either side: hours that are kept once an hour stand
#: beside minutes that are kept every ten seconds.
_AROUND = 2


def with_gaps(history: MetricHistory) -> MetricHistory:
    """With a NaN where nothing was known for a while, so that a hole is drawn as one."""
    times = history.ts_ms
    if times.size < 3:
        return history
    steps = np.diff(times)
    holes = np.flatnonzero(steps > _HOLE_STEPS * _usual(steps)) + 1
    return MetricHistory(
        np.insert(times, holes, times[holes - 1] + 1), np.insert(history.values, holes, np.nan)
    )


def _usual(steps: FloatArray) -> FloatArray:
    """What is usual where each step stands: the median of those around it, or of all."""
    padded = np.pad(steps.astype(np.float64), _AROUND, constant_values=np.nan)
    shifts = [n for n in range(2 * _AROUND + 1) if n != _AROUND]
    around = np.stack([padded[n : n + steps.size] for n in shifts])
    usual: FloatArray = np.maximum(np.nanmedian(around, axis=0), np.median(steps))
    return usual


#: How every chart behaves: no tool bar, and the wheel scrolls the page.
CHART_CONFIG = {"displayModeBar": False, "scrollZoom": False}

_DAY_MS = 86_400_000


def _layout(currency: str, scheme: Scheme) -> dict[str, Any]:
    return {
        "template": plotly_template(scheme, hues=1),
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "hovermode": "x unified",
        "uirevision": "history",
        "xaxis": {
            "type": "date",
            "anchor": "y2",
            "hoverformat": "%-d %b %H:%M:%S",
            # Room between the line at zero, whose label stands beside it, and the times.
            "ticks": "outside",
            "ticklen": 6,
            "tickformatstops": [
                {"dtickrange": [None, _DAY_MS - 1], "value": "%H:%M\n%-d %b"},
                {"dtickrange": [_DAY_MS, None], "value": "%-d %b\n%Y"},
            ],
        },
        "yaxis": {"domain": [0.40, 0.90], "tickformat": ",", "nticks": 4},
        "yaxis2": {
            "domain": [0.0, 0.26],
            "ticksuffix": " %",
            "nticks": 3,
            "anchor": "x",
            "rangemode": "tozero",
        },
        "annotations": [
            _panel_title(f"Equity, {currency}", 1.0),
            _panel_title("VaR 99 %, 1 day, % of equity", 0.33),
        ],
    }


def _panel_title(text: str, height: float) -> dict[str, Any]:
    return {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": height,
        "xanchor": "left",
        "yanchor": "top" if height == 1.0 else "middle",
    }
