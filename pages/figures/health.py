"""How exceptions added up over time, and where all outcomes fell among their forecasts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pages.figures.packing import packed
from pages.figures.room import end_room
from pages.format import number, percent
from pages.theme import (
    TOKENS,
    Scheme,
    chart_layout,
    exception_marker,
    limit_line,
    quiet_bars,
    series_line,
    state_colors,
)
from risk.measures.backtest import Bands
from risk.measures.types import BoolArray, FloatArray, IntArray

_DAY_MS = 86_400_000
#: Zones end between two whole numbers of exceptions.
_HALF = 0.5


@dataclass(frozen=True, kw_only=True)
class LightPlot:
    """The traffic light day by day; n days, oldest first.

    Attributes
    ----------
    times : sequence of n str
        Opening of each day, as plotly shall print it.
    end : str
        Close of the last day: until then its number stands.
    exceptions, periods : ndarray of shape (n,), int
        How many of how many days up to this one.
    amber_from, red_from : ndarray of shape (n,), int
        Fewest exceptions of these zones.
    broken : mapping of row to str
        Days that were exceptions themselves, each with what is said of it beside the pointer, in
        plotly's few HTML tags.
    """

    times: Sequence[str]
    end: str
    exceptions: IntArray
    periods: IntArray
    amber_from: IntArray
    red_from: IntArray
    broken: Mapping[int, str]


def light_figure(plot: LightPlot, *, scheme: Scheme) -> dict[str, Any]:
    """Exceptions as a line over the zones of Basel's traffic light.

    Parameters
    ----------
    plot : LightPlot
    scheme : Scheme

    Raises
    ------
    ValueError
        If there is no day.
    """
    if not len(plot.times):
        raise ValueError("there is no day to draw")
    top = float(max(plot.red_from.max() + 2, plot.exceptions.max() + 1))
    amber: FloatArray = plot.amber_from - np.float64(_HALF)
    red: FloatArray = plot.red_from - np.float64(_HALF)
    return {
        "data": [
            _zone(plot, amber, "normal", scheme),
            _zone(plot, red, "throttled", scheme),
            _zone(plot, np.full(len(red), top), "halted", scheme),
            _edge(plot, amber, limit_line(scheme, hard=False)),
            _edge(plot, red, {**limit_line(scheme, hard=True), "width": 1}),
            _count(plot, scheme),
            _broken(plot, scheme),
        ],
        "layout": _light_layout(plot, top, scheme),
    }


def _steps(plot: LightPlot, values: FloatArray) -> dict[str, Any]:
    """A value for each day, the last one until that day's end."""
    return {"x": [*plot.times, plot.end], "y": packed(np.append(values, values[-1]))}


def _zone(plot: LightPlot, upper: FloatArray, state: str, scheme: Scheme) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        **_steps(plot, upper),
        "line": {"width": 0, "shape": "hv"},
        "fill": "tozeroy" if state == "normal" else "tonexty",
        "fillcolor": state_colors(state, scheme).tint,
        "hoverinfo": "skip",
    }


def _edge(plot: LightPlot, height: FloatArray, line: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        **_steps(plot, height),
        "line": {**line, "shape": "hv"},
        "hoverinfo": "skip",
    }


def _count(plot: LightPlot, scheme: Scheme) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "Exceptions",
        **_steps(plot, plot.exceptions.astype(np.float64)),
        "customdata": [*plot.periods.tolist(), int(plot.periods[-1])],
        "line": {**series_line(0, scheme, width=2.0), "shape": "hv"},
        "hovertemplate": "%{y:d} of %{customdata} days<extra></extra>",
    }


def _broken(plot: LightPlot, scheme: Scheme) -> dict[str, Any]:
    rows = list(plot.broken)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Beyond 99 %",
        "x": [plot.times[row] for row in rows],
        "y": [int(plot.exceptions[row]) for row in rows],
        "marker": exception_marker(scheme),
        "text": list(plot.broken.values()),
        "hovertemplate": "%{text}<extra></extra>",
        "cliponaxis": False,
    }


def _light_layout(plot: LightPlot, top: float, scheme: Scheme) -> dict[str, Any]:
    amber, red = int(plot.amber_from[-1]), int(plot.red_from[-1])
    ends = [
        (0.5 * (red - _HALF + top), "red", "halted"),
        (0.5 * (amber + red) - _HALF, "amber", "throttled"),
        (0.5 * (amber - _HALF), "green", "normal"),
    ]
    return chart_layout(
        scheme,
        margin={"l": 8, "r": end_room([text for _, text, _ in ends]), "t": 8, "b": 8},
        uirevision="light",
        xaxis={
            "type": "date",
            "hoverformat": "%a %-d %b %Y",
            "ticks": "outside",
            "ticklen": 6,
            "nticks": 5,
            "tickformatstops": [
                {"dtickrange": [None, 27 * _DAY_MS], "value": "%-d %b"},
                {"dtickrange": [27 * _DAY_MS, None], "value": "%b\n%Y"},
            ],
        },
        yaxis={"range": [0, top], "tickformat": "d", "nticks": 6, "zeroline": True},
        annotations=[
            _beside(height, text, state_colors(state, scheme).text) for height, text, state in ends
        ],
    )


def _beside(height: float | str, text: str, color: str) -> dict[str, Any]:
    """Words right of the plot, at a height of it."""
    return {
        "x": 1,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 6,
        "y": height,
        "text": text,
        "font": {"size": 11, "color": color},
    }


# -- bands --------------------------------------------------------------------------------------


def band_names(levels: Sequence[float]) -> list[str]:
    """``up to 95 %``, ``95 to 99 %``, ``beyond 99 %``."""
    shown = [percent(level, 0 if round(1000.0 * level) % 10 == 0 else 1) for level in levels]
    bare = [text.split("\N{NO-BREAK SPACE}")[0] for text in shown]
    between = [f"{low} to {high}" for low, high in zip(bare[:-1], shown[1:], strict=True)]
    return [f"up to {shown[0]}", *between, f"beyond {shown[-1]}"]


def spread_figure(
    levels: Sequence[float],
    bands: Bands,
    fewest: IntArray,
    most: IntArray,
    *,
    scheme: Scheme,
) -> dict[str, Any]:
    """The probability-integral histogram: outcomes in each band over those of a right model.

    Parameters
    ----------
    levels : sequence of L floats
        Rising.
    bands : Bands
        Counted and expected; L + 1 of them.
    fewest, most : ndarray of shape (L + 1,), int
        What chance explains of each.
    scheme : Scheme

    Raises
    ------
    ValueError
        If nothing was counted.
    """
    if not bands.counts.sum():
        raise ValueError("there is no outcome to draw")
    names, expected = band_names(levels), bands.expected
    texts = [_told(count, one) for count, one in zip(bands.counts, expected, strict=True)]
    odd = (bands.counts < fewest) | (bands.counts > most)
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "y": names,
                "x": packed(bands.counts / expected),
                "width": 0.56,
                "marker": {**quiet_bars(scheme), "color": _fills(odd, scheme)},
                "customdata": texts,
                "hovertemplate": "%{customdata} days, %{x:.2f} times<extra></extra>",
            },
            _ranges(names, fewest / expected, most / expected, scheme),
        ],
        "layout": _spread_layout(names, texts, odd, most / expected, bands, scheme),
    }


def _told(count: int, expected: float) -> str:
    """``3 for 2.5``."""
    return f"{number(float(count))} for {number(float(expected), 1)}"


def _fills(odd: BoolArray, scheme: Scheme) -> list[str]:
    plain, caution = TOKENS["bar"].of(scheme), state_colors("throttled", scheme).fill
    return [caution if each else plain for each in odd.tolist()]


def _ranges(
    names: Sequence[str], low: FloatArray, high: FloatArray, scheme: Scheme
) -> dict[str, Any]:
    """What chance explains of each band, from end to end."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [x for ends in zip(low.tolist(), high.tolist(), strict=True) for x in (*ends, None)],
        "y": [y for name in names for y in (name, name, None)],
        "line": {"color": TOKENS["text"].of(scheme), "width": 1.5},
        "marker": {
            "symbol": "line-ns-open",
            "size": 9,
            "color": TOKENS["text"].of(scheme),
            "line": {"width": 1.5},
        },
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _spread_layout(
    names: Sequence[str],
    texts: Sequence[str],
    odd: BoolArray,
    high: FloatArray,
    bands: Bands,
    scheme: Scheme,
) -> dict[str, Any]:
    widest = float(max(high.max(), (bands.counts / bands.expected).max()))
    return chart_layout(
        scheme,
        margin={"l": end_room(names), "r": end_room(texts), "t": 4, "b": 4},
        uirevision="bands of outcomes",
        xaxis={
            "range": [0, 1.06 * widest],
            "nticks": 5,
            "ticksuffix": "\N{NARROW NO-BREAK SPACE}\N{MULTIPLICATION SIGN}",
            "zeroline": True,
            "showgrid": True,
        },
        yaxis={
            "type": "category",
            "categoryarray": list(names),
            "autorange": "reversed",
            "showgrid": False,
            # Room between a name and its bar.
            "ticks": "outside",
            "ticklen": 5,
            "tickcolor": "rgba(0,0,0,0)",
        },
        shapes=[_as_expected(scheme)],
        annotations=[
            _beside(name, f"<b>{text}</b>" if marked else text, TOKENS["text2"].of(scheme))
            for name, text, marked in zip(names, texts, odd.tolist(), strict=True)
        ],
    )


def _as_expected(scheme: Scheme) -> dict[str, Any]:
    """The line where bands have as many outcomes as a right model's."""
    ends = {"x0": 1, "x1": 1, "y0": 0, "y1": 1, "yref": "paper"}
    return {"type": "line", **ends, "line": limit_line(scheme, hard=False)}
