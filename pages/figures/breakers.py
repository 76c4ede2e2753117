"""What a breaker measured, under its levels; and trips over the book's equity and the market."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pages.context import MetricHistory
from pages.figures.history import with_gaps
from pages.figures.packing import packed, wall_times
from pages.figures.periods import Hold, period_bands, with_periods
from pages.figures.room import end_room
from pages.format import Zone
from pages.theme import TOKENS, Scheme, chart_layout, limit_line, series_line, state_colors

_DAY_MS = 86_400_000
_ABOVE = 1.15
#: Names closer together than this share of the axis would lie on each other.
_APART = 0.09


@dataclass(frozen=True)
class Level:
    """A horizontal line.

    Attributes
    ----------
    name : str
    value : float
        Its height.
    figure : str
        That in words.
    hard : bool
        Whether it is the trip level.
    before : tuple of (int, float) or None
        Until when it lay elsewhere, and where; None if it never did.
    """

    name: str
    value: float
    figure: str
    hard: bool
    before: tuple[int, float] | None = None


@dataclass(frozen=True, kw_only=True)
class BreakerPlot:
    """What is drawn of one breaker, in the unit of the axis.

    Attributes
    ----------
    history : MetricHistory
    levels : tuple of Level
    periods : tuple of Hold
        Of the trip that is told.
    trip : tuple of (int, float, str) or None
        When it tripped, at which height, and that in words.
    span_ms : tuple of int
    suffix : str
        After each figure of the axis.
    decimals : int
    now : float or None
        The present value, to about a pixel; None of a trip that is over.
    """

    history: MetricHistory
    levels: tuple[Level, ...]
    periods: tuple[Hold, ...]
    trip: tuple[int, float, str] | None
    span_ms: tuple[int, int]
    suffix: str
    decimals: int
    now: float | None


def breaker_figure(plot: BreakerPlot, *, zone: Zone, scheme: Scheme) -> dict[str, Any]:
    """The measured value as a line, its trip and release levels, and the trip as a tinted period.

    Parameters
    ----------
    plot : BreakerPlot
    zone : Zone
        In which times are shown.
    scheme : Scheme
    """
    ends = _ends(plot, scheme)
    return {
        "data": [_course(plot, zone, scheme), *_marks(plot, zone, scheme)],
        "layout": chart_layout(
            scheme,
            hues=1,
            margin={"l": 8, "r": end_room([end["text"] for end in ends]), "t": 16, "b": 8},
            uirevision="breaker",
            xaxis=_time_axis(plot.span_ms, zone),
            yaxis={
                "range": [0, _top(plot)],
                "ticksuffix": plot.suffix,
                "nticks": 5,
                "zeroline": True,
            },
            shapes=[
                *period_bands(plot.periods, plot.span_ms, zone=zone, scheme=scheme),
                *(
                    line
                    for level in plot.levels
                    for line in _level_lines(level, plot.span_ms, zone, scheme)
                ),
            ],
            annotations=[*ends, *_trip_name(plot, zone, scheme)],
        ),
    }


def _top(plot: BreakerPlot) -> float:
    known = plot.history.values[np.isfinite(plot.history.values)].tolist()
    levels = [level.value for level in plot.levels]
    levels += [level.before[1] for level in plot.levels if level.before is not None]
    marks = [each for each in (plot.trip and plot.trip[1], plot.now) if each is not None]
    return _ABOVE * (max([*known, *levels, *marks], default=1.0) or 1.0)


def _course(plot: BreakerPlot, zone: Zone, scheme: Scheme) -> dict[str, Any]:
    history = with_gaps(plot.history)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "Measured",
        "x": wall_times(history.ts_ms, zone),
        "y": packed(history.values),
        "line": series_line(0, scheme),
        "hovertemplate": f"%{{y:,.{plot.decimals}f}}{plot.suffix}<extra></extra>",
        "connectgaps": False,
    }


def _marks(plot: BreakerPlot, zone: Zone, scheme: Scheme) -> list[dict[str, Any]]:
    """A triangle at the trip, a dot at the newest value."""
    found = []
    if plot.trip is not None:
        at_ms, value, text = plot.trip
        shape = plot.periods[0].shape if plot.periods else "stale"
        look = ("triangle-up", 11, state_colors(shape, scheme).fill)
        found.append(_mark((at_ms, value), text, zone, look))
    if plot.now is not None:
        look = ("circle", 7, str(series_line(0, scheme)["color"]))
        found.append(_mark((plot.span_ms[1], plot.now), "now", zone, look))
    return found


def _mark(
    place: tuple[int, float], text: str, zone: Zone, look: tuple[str, int, str]
) -> dict[str, Any]:
    """A point in a shape, of a size and colour."""
    symbol, size, color = look
    return {
        "type": "scatter",
        "mode": "markers",
        "x": wall_times([place[0]], zone),
        "y": [place[1]],
        "text": [text],
        "marker": {"symbol": symbol, "size": size, "color": color},
        "hovertemplate": "%{text}<extra></extra>",
        "cliponaxis": False,
    }


def _level_lines(
    level: Level, span_ms: tuple[int, int], zone: Zone, scheme: Scheme
) -> list[dict[str, Any]]:
    """A line across the chart; two where the level lay elsewhere at first."""
    if level.before is None:
        place = {"xref": "paper", "x0": 0, "x1": 1}
        return [_level_line(level.value, place, hard=level.hard, scheme=scheme)]
    moved_ms, height = level.before
    begin, moved, end = wall_times(
        [span_ms[0], min(max(moved_ms, span_ms[0]), span_ms[1]), span_ms[1]], zone
    )
    return [
        _level_line(y, {"xref": "x", "x0": x0, "x1": x1}, hard=level.hard, scheme=scheme)
        for y, x0, x1 in ((height, begin, moved), (level.value, moved, end))
    ]


def _level_line(
    height: float, place: dict[str, Any], *, hard: bool, scheme: Scheme
) -> dict[str, Any]:
    ends = {**place, "yref": "y", "y0": height, "y1": height}
    return {"type": "line", "line": limit_line(scheme, hard=hard), **ends}


def _ends(plot: BreakerPlot, scheme: Scheme) -> list[dict[str, Any]]:
    """Names at the right: the levels, and the present value kept clear of them."""
    top, quiet = _top(plot), TOKENS["text2"].of(scheme)
    heights = _level_heights(plot.levels, top)
    ends = [
        _end(height, f"{level.name} {level.figure}", quiet)
        for level, height in zip(plot.levels, heights, strict=True)
    ]
    if plot.now is not None:
        height = _clear_of(heights, plot.now, _APART * top)
        # Its figure stands beside the chart, where it follows every cycle.
        ends.append(_end(height, "<b>now</b>", TOKENS["accent"].of(scheme)))
    return ends


def _level_heights(levels: Sequence[Level], top: float) -> list[float]:
    """Where the levels are named: at their lines, or so far apart that both can be read."""
    heights = [level.value for level in levels]
    if len(heights) == 2 and heights[0] - heights[1] < _APART * top:
        heights[0] = heights[1] + _APART * top
    return heights


def _clear_of(taken: Sequence[float], wanted: float, apart: float) -> float:
    """The nearest height to `wanted` that no other name has."""
    candidates = [wanted, *(each + apart for each in taken), *(each - apart for each in taken)]
    free = [c for c in candidates if c >= 0.0 and all(abs(c - t) >= 0.999 * apart for t in taken)]
    return min(free or [wanted], key=lambda each: abs(each - wanted))


def _end(height: float, text: str, color: str) -> dict[str, Any]:
    return {
        "x": 1,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 6,
        "y": height,
        "text": text,
        "font": {"size": 11, "color": color},
    }


def _trip_name(plot: BreakerPlot, zone: Zone, scheme: Scheme) -> list[dict[str, Any]]:
    if plot.trip is None:
        return []
    at_ms, value, text = plot.trip
    begin, end = plot.span_ms
    late = at_ms - begin > 0.35 * (end - begin)
    return [
        {
            "x": wall_times([at_ms], zone)[0],
            "y": value,
            "yanchor": "bottom",
            "yshift": 6,
            "xanchor": "right" if late else "left",
            "text": f"<b>{text}</b>",
            "bgcolor": TOKENS["surface"].of(scheme),
            "borderpad": 2,
        }
    ]


def _time_axis(span_ms: tuple[int, int], zone: Zone) -> dict[str, Any]:
    return {
        "type": "date",
        "range": wall_times(list(span_ms), zone),
        "hoverformat": "%-d %b %H:%M:%S",
        "ticks": "outside",
        "ticklen": 6,
        "nticks": 5,
        "tickformatstops": [
            {"dtickrange": [None, _DAY_MS - 1], "value": "%H:%M\n%-d %b"},
            {"dtickrange": [_DAY_MS, None], "value": "%-d %b\n%Y"},
        ],
    }


# -- the timeline ----------------------------------------------------------------------------


def timeline_figure(
    equity: MetricHistory,
    price: MetricHistory,
    periods: Sequence[Hold],
    *,
    titles: tuple[str, str],
    span_ms: tuple[int, int],
    zone: Zone,
    scheme: Scheme,
) -> dict[str, Any]:
    """Equity above, the market's leading price below, and every trip as a band behind both.

    Parameters
    ----------
    equity, price : MetricHistory
        Quote currency; without prices equity stands alone.
    periods : sequence of Hold
    titles : tuple of (str, str)
        Of both panels.
    span_ms : tuple of int
    zone : Zone
        In which times are shown.
    scheme : Scheme
    """
    with_price = bool(price.ts_ms.size)
    panels = [_panel(equity, titles[0], "y", zone)]
    if with_price:
        panels.append(_panel(price, titles[1], "y2", zone))
    domains = ([0.46, 0.84], [0.0, 0.30]) if with_price else ([0.0, 0.84], [0.0, 0.0])
    names = [_panel_name(titles[0], 0.86 if not with_price else 0.855)]
    if with_price:
        names.append(_panel_name(titles[1], 0.315))
    axes: dict[str, Any] = {
        "xaxis": {**_time_axis(span_ms, zone), "anchor": "y2" if with_price else "y", "nticks": 8},
        "yaxis": {"domain": domains[0], "tickformat": ",", "nticks": 4},
    }
    if with_price:
        axes["yaxis2"] = {"domain": domains[1], "tickformat": ",", "nticks": 3, "anchor": "x"}
    figure = {
        "data": panels,
        "layout": chart_layout(
            scheme, hues=1, uirevision="breaker timeline", annotations=names, **axes
        ),
    }
    return with_periods(figure, periods, span_ms, zone=zone, scheme=scheme)


def _panel(history: MetricHistory, name: str, axis: str, zone: Zone) -> dict[str, Any]:
    history = with_gaps(history)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": wall_times(history.ts_ms, zone),
        "y": packed(history.values),
        "yaxis": axis,
        "line": {"width": 1.6},
        "hovertemplate": "%{y:,.2f}",
        "connectgaps": False,
    }


def _panel_name(text: str, height: float) -> dict[str, Any]:
    return {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": height,
        "xanchor": "left",
        "yanchor": "bottom",
    }
