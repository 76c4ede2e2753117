"""Profit and loss against the VaR that was forecast for it: bars, bands and exceptions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pages.figures.measure import Measure
from pages.figures.packing import packed
from pages.figures.room import LETTER_PX, bare, end_room
from pages.theme import (
    TOKENS,
    Scheme,
    chart_layout,
    exception_marker,
    quiet_bars,
    series_line,
)
from risk.measures.types import FloatArray

#: What labels are placed for: the drawing area of a card that spans the page at 1440 pixels.
_WIDTH_PX, _HEIGHT_PX = 1080.0, 266.0
_LINE_PX = 14.0
#: The newest of so many exceptions are labelled.
_LABELLED = 4
_DAY_MS = 86_400_000
#: Of a week of hours: a date at each of seven days is too much on a telephone.
_HOURS_TICKS = 5
_NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, kw_only=True)
class Bands:
    """A model's forecasts, each as a positive loss.

    Attributes
    ----------
    name : str
    var_95, var_99 : ndarray of shape (n,)
        NaN leaves a hole.
    """

    name: str
    var_95: FloatArray
    var_99: FloatArray


@dataclass(frozen=True, kw_only=True)
class Mark:
    """An exception to be drawn.

    Attributes
    ----------
    row : int
    hard : bool
        Beyond the outer band, not only the inner one.
    label, hover : str
        Short words beside it, and all that is known, in plotly's few HTML tags.
    """

    row: int
    hard: bool
    label: str
    hover: str


@dataclass(frozen=True, kw_only=True)
class Running:
    """The bar that has not closed yet."""

    profit: float
    hover: str


@dataclass(frozen=True, kw_only=True)
class BandsPlot:
    """All that the plot shows; n bars, oldest first, all in the unit of `measure`.

    Attributes
    ----------
    times : sequence of n str
        Opening of each bar, as plotly shall print it.
    bar_ms : int
        From one bar to the next.
    profit : ndarray of shape (n,)
        NaN is a hole; of the running bar too, which `running` tells.
    bands : Bands
    es_975 : ndarray of shape (n,)
    other : Bands or None
        Of the model compared with.
    marks : sequence of Mark
        Newest first.
    running : Running or None
        The last row, if that has not closed yet.
    measure : Measure
    """

    times: Sequence[str]
    bar_ms: int
    profit: FloatArray
    bands: Bands
    es_975: FloatArray
    other: Bands | None
    marks: Sequence[Mark]
    running: Running | None
    measure: Measure


def bands_figure(plot: BandsPlot, *, scheme: Scheme) -> dict[str, Any]:
    """Bars up for profit and down for loss; VaR below zero, where the loss is that it bounds.

    Parameters
    ----------
    plot : BandsPlot
    scheme : Scheme

    Raises
    ------
    ValueError
        If there is no bar.
    """
    if not plot.times:
        raise ValueError("there is no bar to draw")
    low, high = _span(plot)
    return {
        "data": [
            _bars(plot, scheme),
            *_running_bar(plot, scheme),
            _line(plot, "ES 97.5 %", plot.es_975, _es_line(scheme)),
            *_band_lines(plot, plot.bands, 0, scheme),
            *([] if plot.other is None else _band_lines(plot, plot.other, 1, scheme)),
            *(_exceptions(plot, scheme, hard=hard) for hard in (False, True)),
            *_labels(plot, (low, high), scheme),
            _cut_labels(plot, high, scheme),
        ],
        "layout": _layout(plot, (low, high), scheme),
    }


def _bars(plot: BandsPlot, scheme: Scheme) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": "P&L",
        "x": list(plot.times),
        "y": packed(plot.profit),
        "width": 0.62 * plot.bar_ms,
        "marker": quiet_bars(scheme),
        "hovertemplate": f"P&L {plot.measure.hover}<extra></extra>",
    }


def _running_bar(plot: BandsPlot, scheme: Scheme) -> list[dict[str, Any]]:
    if plot.running is None:
        return []
    edge = {"width": 1, "color": TOKENS["text"].of(scheme)}
    return [
        {
            "type": "bar",
            "name": "So far",
            "x": [plot.times[-1]],
            "y": [plot.running.profit],
            "width": 0.62 * plot.bar_ms,
            "marker": {"color": TOKENS["surface"].of(scheme), "line": edge},
            "hovertemplate": f"{plot.running.hover}<extra></extra>",
        }
    ]


def _es_line(scheme: Scheme) -> dict[str, Any]:
    return {"color": TOKENS["text3"].of(scheme), "dash": "dot", "width": 1}


def _band_lines(plot: BandsPlot, bands: Bands, index: int, scheme: Scheme) -> list[dict[str, Any]]:
    hue = series_line(index, scheme)["color"]
    outer = {"color": hue, "dash": "dash" if index else "solid", "width": 1.8}
    inner = {"color": hue, "dash": "dot" if index else "dash", "width": 1.1}
    named = f", {bands.name}" if index else ""
    return [
        _line(plot, f"VaR 95 %{named}", bands.var_95, inner),
        _line(plot, f"VaR 99 %{named}", bands.var_99, outer),
    ]


def _line(plot: BandsPlot, name: str, loss: FloatArray, line: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(plot.times),
        "y": packed(-loss),
        "line": line,
        "connectgaps": False,
        "hovertemplate": f"{name} {plot.measure.hover}<extra></extra>",
    }


def _exceptions(plot: BandsPlot, scheme: Scheme, *, hard: bool) -> dict[str, Any]:
    marks = [mark for mark in plot.marks if mark.hard is hard]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Beyond 99 %" if hard else "Beyond 95 % only",
        "x": [plot.times[mark.row] for mark in marks],
        "y": [float(plot.profit[mark.row]) for mark in marks],
        "marker": exception_marker(scheme, hard=hard),
        "text": [mark.hover for mark in marks],
        "hovertemplate": "%{text}<extra></extra>",
        "cliponaxis": False,
    }


# -- labels of exceptions -------------------------------------------------------------------


@dataclass(frozen=True)
class _Box:
    """A rectangle in pixels; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def wider(self, margin: float) -> "_Box":
        """With a margin on either side."""
        return _Box(self.left - margin, self.top, self.right + margin, self.bottom)

    def meets(self, other: "_Box") -> bool:
        """Whether they overlap."""
        apart = self.right < other.left or other.right < self.left
        return not (apart or self.bottom < other.top or other.bottom < self.top)

    def holds(self, x: FloatArray, y: FloatArray) -> int:
        """How many of these points lie inside."""
        inside = (x >= self.left) & (x <= self.right) & (y >= self.top) & (y <= self.bottom)
        return int(np.count_nonzero(inside))

    def crosses(self, x: FloatArray, begin: FloatArray, end: FloatArray) -> int:
        """How many of these upright bars run into it."""
        low, high = np.fmin(begin, end), np.fmax(begin, end)
        met = (x >= self.left) & (x <= self.right) & (low <= self.bottom) & (high >= self.top)
        return int(np.count_nonzero(met))


class _Place(NamedTuple):
    """Where a label stands: on which side of its point or under it, and how many lines below."""

    side: str
    lines: int

    def box(self, x: float, y: float, text: str) -> _Box:
        width = LETTER_PX * len(text)
        lefts = {"right": x + _AWAY_PX, "left": x - _AWAY_PX - width, "center": x - width / 2.0}
        left = lefts[self.side]
        top = y + (self.lines - 0.5) * _LINE_PX
        return _Box(left, top, left + width, top + _LINE_PX)


class _Placed(NamedTuple):
    mark: Mark
    place: _Place


#: A label may go down a little: there the losses end. Its exception stands above it.
_PLACES = (
    *(_Place(side, lines) for lines in (0, 1, 2, 3, 4, 5, -1) for side in ("right", "left")),
    *(_Place("center", lines) for lines in (1, 2, 3, 4, 5)),
)
_AWAY_PX = 10.0
#: A line away from the point weighs as much as so many hidden values.
_DISTANCE_COST = 1.0
#: What would hide more than this goes without a label: the list of exceptions tells the same.
_DEAREST = 12.0
#: What words across a bar or a mark cost; across a line, as much as there are bars along it.
_BAR_COST, _MARK_COST = 3.0, 4.0
#: Labels keep so far apart.
_APART_PX = 8.0


def _labels(plot: BandsPlot, span: tuple[float, float], scheme: Scheme) -> list[dict[str, Any]]:
    """Words beside the newest exceptions, each where it hides least and no other label.

    A thin line leads to a label that does not stand on the level of its exception.
    """
    placed = _placed(plot, span)
    line = (span[1] - span[0]) / _HEIGHT_PX * _LINE_PX
    points = [
        (
            plot.times[each.mark.row],
            float(plot.profit[each.mark.row]),
            float(plot.profit[each.mark.row]) - each.place.lines * line,
        )
        for each in placed
    ]
    # A line ends beside its label, or above one that stands centred.
    led = [
        (time, begin, end + (0.5 * line if each.place.side == "center" else 0.0))
        for each, (time, begin, end) in zip(placed, points, strict=True)
        if each.place.lines
    ]
    leaders = {
        "type": "scatter",
        "mode": "lines",
        "x": [x for time, _, _ in led for x in (time, time, None)],
        "y": [y for _, begin, end in led for y in (begin, end, None)],
        "line": {"color": TOKENS["text3"].of(scheme), "width": 1},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
    words = {
        **_words(scheme),
        "x": [time for time, _, _ in points],
        "y": [height for _, _, height in points],
        "text": [_spaced(each.mark.label) for each in placed],
        "textposition": [f"middle {each.place.side}" for each in placed],
    }
    return [leaders, words]


def _words(scheme: Scheme) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "text",
        "textfont": {"size": 11, "color": TOKENS["text2"].of(scheme)},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _cut_labels(plot: BandsPlot, high: float, scheme: Scheme) -> dict[str, Any]:
    """How far profits reach that go beyond the plot."""
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(plot.profit > high).tolist()
    return {
        **_words(scheme),
        "x": [plot.times[row] for row in rows],
        "y": [high] * len(rows),
        "text": [
            f"{_NBSP}\N{UPWARDS ARROW}{plot.measure.figure(plot.profit[row])}" for row in rows
        ],
        "textposition": "bottom right",
    }


def _spaced(label: str) -> str:
    """Clear of the diamond, on whichever side."""
    return f"{_NBSP * 3}{label}{_NBSP * 3}"


def _placed(plot: BandsPlot, span: tuple[float, float]) -> list[_Placed]:
    x, y = _pixels(plot.profit, span)
    taken = _end_boxes(plot, span)
    found: list[_Placed] = []
    for mark in [mark for mark in plot.marks if mark.hard][:_LABELLED]:
        at = float(x[mark.row]), float(y[mark.row])
        place = _best_place(plot, span, at, bare(mark.label), taken)
        if place is not None:
            taken.append(place.box(*at, bare(mark.label)).wider(_APART_PX))
            found.append(_Placed(mark, place))
    return found


def _best_place(
    plot: BandsPlot,
    span: tuple[float, float],
    at: tuple[float, float],
    text: str,
    taken: Sequence[_Box],
) -> _Place | None:
    free = [
        place
        for place in _PLACES
        if _fits(plot, span, box := place.box(*at, text))
        and not any(box.meets(other) for other in taken)
    ]

    def cost(place: _Place) -> float:
        hidden = _hidden(plot, span, place.box(*at, text))
        return hidden + _DISTANCE_COST * abs(place.lines)

    best = min(free, key=cost, default=None)
    return best if best is not None and cost(best) <= _DEAREST else None


def _fits(plot: BandsPlot, span: tuple[float, float], box: _Box) -> bool:
    right = _WIDTH_PX + _end_room(plot, span)
    return box.left >= 0.0 and box.right <= right and box.bottom <= _HEIGHT_PX


def _hidden(plot: BandsPlot, span: tuple[float, float], box: _Box) -> float:
    """How much a label there would hide; bars and marks weigh more than a line does."""
    lines = [-plot.bands.var_99, -plot.bands.var_95, -plot.es_975]
    if plot.other is not None:
        lines += [-plot.other.var_99, -plot.other.var_95]
    x, ends = _pixels(plot.profit, span)
    zero = np.full(len(x), span[1] / (span[1] - span[0]) * _HEIGHT_PX)
    rows = [mark.row for mark in plot.marks]
    return (
        sum(_along(box, *_pixels(values, span)) for values in lines)
        + _BAR_COST * box.crosses(x, zero, ends)
        + _MARK_COST * box.holds(x[rows], ends[rows])
    )


def _along(box: _Box, x: FloatArray, y: FloatArray) -> int:
    """From how many points to the next a line runs through `box`, however steeply."""
    return box.crosses((x[:-1] + x[1:]) / 2.0, y[:-1], y[1:])


def _pixels(values: FloatArray, span: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    count = max(1, len(values))
    x = (np.arange(len(values)) + 0.5) / count * _WIDTH_PX
    return x, (span[1] - values) / (span[1] - span[0]) * _HEIGHT_PX


# -- the frame --------------------------------------------------------------------------------


def _span(plot: BandsPlot) -> tuple[float, float]:
    """From the deepest to the highest, with room for a label below."""
    drawn = [plot.profit, -plot.bands.var_99, -plot.es_975]
    if plot.other is not None:
        drawn.append(-plot.other.var_99)
    if plot.running is not None:
        drawn.append(np.array([plot.running.profit]))
    values = np.concatenate(drawn)
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (-1.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    # One great profit must not press the losses flat, which the plot is about.
    high = min(high, -low) if low < 0.0 else high
    room = (high - low) or 1.0
    return low - 0.10 * room, high + 0.04 * room


def _layout(plot: BandsPlot, span: tuple[float, float], scheme: Scheme) -> dict[str, Any]:
    ticks, ends = plot.measure.ticks(*span), _ends(plot, span, scheme)
    return chart_layout(
        scheme,
        margin={"l": 8, "r": _end_room(plot, span), "t": 8, "b": 8},
        uirevision="bands",
        barmode="overlay",
        xaxis={
            "type": "date",
            "range": _time_range(plot),
            "hoverformat": "%a %-d %b %Y" if plot.bar_ms >= _DAY_MS else "%-d %b %H:%M",
            "ticks": "outside",
            "ticklen": 6,
            "nticks": 10 if plot.bar_ms >= _DAY_MS else _HOURS_TICKS,
            "tickformatstops": [
                {"dtickrange": [None, _DAY_MS - 1], "value": "%H:%M\n%-d %b"},
                {"dtickrange": [_DAY_MS, 27 * _DAY_MS], "value": "%-d %b"},
                {"dtickrange": [27 * _DAY_MS, None], "value": "%b\n%Y"},
            ],
        },
        yaxis={
            "range": list(span),
            "tickvals": [value for value, _ in ticks],
            "ticktext": [text for _, text in ticks],
            "zeroline": True,
        },
        annotations=[_end_label(end) for end in ends],
    )


def _time_range(plot: BandsPlot) -> list[str]:
    """From before the first bar to after the last one, so that none is cut."""
    margin = np.timedelta64(round(0.8 * plot.bar_ms), "ms")
    first, last = (np.datetime64(plot.times[place], "ms") for place in (0, -1))
    return [str(first - margin), str(last + margin)]


class _End(NamedTuple):
    """What a line ends with: at which value, how many pixels lower, in which words and colour."""

    value: float
    height: float
    lower: float
    text: str
    colour: str


def _ends(plot: BandsPlot, span: tuple[float, float], scheme: Scheme) -> list[_End]:
    """The ends of the lines, one clear of the other, the highest first."""
    hue = series_line(0, scheme)["color"]
    wanted = [
        (-_last(plot.bands.var_95), "95 %", hue),
        (-_last(plot.bands.var_99), "<b>99 %</b>", hue),
    ]
    known = [
        (value, f"{name} {plot.measure.figure(value)}", colour)
        for value, name, colour in wanted
        if math.isfinite(value)
    ]
    if plot.running is not None:
        known.append((plot.running.profit, "so far", TOKENS["text2"].of(scheme)))
    known.sort(key=lambda each: -each[0])
    heights = [(span[1] - value) / (span[1] - span[0]) * _HEIGHT_PX for value, _, _ in known]
    return [
        _End(value, height, spread - height, text, colour)
        for (value, text, colour), height, spread in zip(
            known, heights, _spread(heights), strict=True
        )
    ]


def _end_boxes(plot: BandsPlot, span: tuple[float, float]) -> list[_Box]:
    """Where these words stand; colours do not matter here."""
    heights = [end.height + end.lower for end in _ends(plot, span, "dark")]
    right = _WIDTH_PX + _end_room(plot, span)
    return [_Box(_WIDTH_PX, y - _LINE_PX / 2, right, y + _LINE_PX / 2) for y in heights]


def _end_room(plot: BandsPlot, span: tuple[float, float]) -> int:
    return end_room([end.text for end in _ends(plot, span, "dark")])


def _end_label(end: _End) -> dict[str, Any]:
    return {
        "x": 1,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 6,
        "y": end.value,
        "yshift": -end.lower,
        "text": end.text,
        "font": {"size": 11, "color": end.colour},
    }


def _spread(heights: Sequence[float]) -> list[float]:
    """Rising heights moved apart by a line at least, as little as that takes downwards."""
    found: list[float] = []
    for height in heights:
        found.append(max(height, found[-1] + _LINE_PX) if found else height)
    return found


def _last(values: FloatArray) -> float:
    return float(values[-1]) if values.size else math.nan
