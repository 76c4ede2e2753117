"""One limit over the chosen range: its figure, and the thresholds that stepped with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pages.context import MetricHistory
from pages.figures.history import with_gaps
from pages.figures.packing import packed, wall_times
from pages.figures.room import end_room
from pages.format import Zone
from pages.theme import Scheme, chart_layout, exception_marker, limit_line, series_line
from risk.measures.types import FloatArray

_DAY_MS = 86_400_000
#: Room above the highest line.
_ABOVE = 1.18
#: Names of thresholds closer together than this share of the axis would lie on each other.
_APART = 0.12


@dataclass(frozen=True, kw_only=True)
class ThresholdSteps:
    """Thresholds over time; k steps, oldest first.

    Attributes
    ----------
    at_ms : ndarray of shape (k,), int64
    hard, soft : ndarray of shape (k,)
        As drawn; NaN in `soft` where it is not known.
    """

    at_ms: NDArray[np.int64]
    hard: FloatArray
    soft: FloatArray


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something that happened at a moment.

    Attributes
    ----------
    at_ms : int
    value : float
        Where it is drawn.
    hard : bool
    text : str
        Beside the pointer.
    """

    at_ms: int
    value: float
    hard: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class LimitPlot:
    """What is drawn of one limit, in the unit of the axis.

    Attributes
    ----------
    history : MetricHistory
        NaN is a gap.
    steps : ThresholdSteps
    breaches : tuple of Mark
    changes : tuple of (int, str)
        When thresholds changed, and in words how; the newest one is named in the chart.
    span_ms : tuple of int
        Beginning and end of the range.
    suffix : str
        After each figure of the axis.
    decimals : int
    """

    history: MetricHistory
    steps: ThresholdSteps
    breaches: tuple[Mark, ...]
    changes: tuple[tuple[int, str], ...]
    span_ms: tuple[int, int]
    suffix: str
    decimals: int


def limit_figure(plot: LimitPlot, *, zone: Zone, scheme: Scheme) -> dict[str, Any]:
    """The figure as a line under its hard and soft thresholds.

    Parameters
    ----------
    plot : LimitPlot
    zone : Zone
        In which times are shown.
    scheme : Scheme
    """
    top = _ABOVE * _highest(plot)
    return {
        "data": [
            _threshold(plot, plot.steps.soft, "Soft", zone, scheme, hard=False),
            _threshold(plot, plot.steps.hard, "Hard", zone, scheme, hard=True),
            _course(plot, zone, scheme),
            _breaches(plot, zone, scheme),
        ],
        "layout": _layout(plot, top, zone, scheme),
    }


def _highest(plot: LimitPlot) -> float:
    known = plot.history.values[np.isfinite(plot.history.values)]
    marks = [mark.value for mark in plot.breaches]
    return max([float(plot.steps.hard.max()), *known.tolist(), *marks]) or 1.0


def _hover(plot: LimitPlot) -> str:
    return f"%{{y:,.{plot.decimals}f}}{plot.suffix}"


def _threshold(
    plot: LimitPlot, values: FloatArray, name: str, zone: Zone, scheme: Scheme, *, hard: bool
) -> dict[str, Any]:
    """A value from each step on, the last one to the end of the range."""
    times = np.append(plot.steps.at_ms, plot.span_ms[1])
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": wall_times(times, zone),
        "y": packed(np.append(values, values[-1])),
        "line": {**limit_line(scheme, hard=hard), "shape": "hv"},
        "hovertemplate": _hover(plot),
        "connectgaps": False,
    }


def _course(plot: LimitPlot, zone: Zone, scheme: Scheme) -> dict[str, Any]:
    history = with_gaps(plot.history)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "Used",
        "x": wall_times(history.ts_ms, zone),
        "y": packed(history.values),
        "line": series_line(0, scheme),
        "hovertemplate": _hover(plot),
        "connectgaps": False,
    }


def _breaches(plot: LimitPlot, zone: Zone, scheme: Scheme) -> dict[str, Any]:
    """A diamond where the hard threshold was crossed, a ring where the soft one was."""
    looks = [exception_marker(scheme, hard=mark.hard) for mark in plot.breaches]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Breach",
        "x": wall_times([mark.at_ms for mark in plot.breaches], zone),
        "y": [mark.value for mark in plot.breaches],
        "text": [mark.text for mark in plot.breaches],
        "marker": {
            "symbol": [look["symbol"] for look in looks],
            "size": [look["size"] for look in looks],
            "color": [look["color"] for look in looks],
            "line": {
                "width": [look["line"]["width"] for look in looks],
                "color": [look["line"]["color"] for look in looks],
            },
        },
        "hovertemplate": "%{text}<extra></extra>",
        "cliponaxis": False,
    }


def _layout(plot: LimitPlot, top: float, zone: Zone, scheme: Scheme) -> dict[str, Any]:
    ends = _ends(plot, top)
    return chart_layout(
        scheme,
        hues=1,
        margin={"l": 8, "r": end_room([text for _, text in ends]), "t": 20, "b": 8},
        uirevision="limit",
        xaxis={
            "type": "date",
            "range": wall_times(list(plot.span_ms), zone),
            "hoverformat": "%-d %b %H:%M:%S",
            "ticks": "outside",
            "ticklen": 6,
            "nticks": 5,
            "tickformatstops": [
                {"dtickrange": [None, _DAY_MS - 1], "value": "%H:%M\n%-d %b"},
                {"dtickrange": [_DAY_MS, None], "value": "%-d %b\n%Y"},
            ],
        },
        yaxis={"range": [0, top], "ticksuffix": plot.suffix, "nticks": 5, "zeroline": True},
        shapes=[_change_line(at_ms, zone, scheme) for at_ms, _ in plot.changes],
        annotations=[*(_end(height, text) for height, text in ends), *_change_name(plot, zone)],
    )


def _ends(plot: LimitPlot, top: float) -> list[tuple[float, str]]:
    """Names of the thresholds in force at the end of the range, where they do not collide."""
    hard, soft = float(plot.steps.hard[-1]), float(plot.steps.soft[-1])
    named = [(hard, "hard")]
    if np.isfinite(soft) and (hard - soft) / top >= _APART:
        named.append((soft, "soft"))
    return named


def _end(height: float, text: str) -> dict[str, Any]:
    return {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 6, "y": height, "text": text}


def _change_line(at_ms: int, zone: Zone, scheme: Scheme) -> dict[str, Any]:
    moment = wall_times([at_ms], zone)[0]
    line = {**limit_line(scheme, hard=False), "dash": "dot"}
    return {
        "type": "line",
        "x0": moment,
        "x1": moment,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": line,
    }


def _change_name(plot: LimitPlot, zone: Zone) -> Sequence[dict[str, Any]]:
    """The newest change in words, on the side of its line that has room."""
    if not plot.changes:
        return []
    at_ms, text = plot.changes[-1]
    begin, end = plot.span_ms
    late = at_ms - begin > (end - begin) / 2
    return [
        {
            "x": wall_times([at_ms], zone)[0],
            "y": 1,
            "yref": "paper",
            "yanchor": "bottom",
            "xanchor": "right" if late else "left",
            "text": text,
        }
    ]
