"""What was measured under thresholds as they are, and as they would be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pages.context import MetricHistory
from pages.figures.history import with_gaps
from pages.figures.packing import packed, wall_times
from pages.figures.room import end_room
from pages.format import Zone
from pages.theme import TOKENS, Scheme, chart_layout, limit_line, others_line, series_line

_DAY_MS = 86_400_000
#: Room above the highest line.
_ABOVE = 1.15
#: Names closer together than this share of the axis would lie on each other.
_APART = 0.11


@dataclass(frozen=True, kw_only=True)
class TriedLevel:
    """A threshold, as it is or as it would be.

    Attributes
    ----------
    name : str
        With its figure, as it stands at the line's end.
    value : float
    hard : bool
        Whether it stops something; else it warns or lets go.
    new : bool
        Whether it is the one that would be.
    """

    name: str
    value: float
    hard: bool
    new: bool


@dataclass(frozen=True, kw_only=True)
class TuningPlot:
    """What is drawn of one limit or breaker, in the unit of the axis.

    Attributes
    ----------
    mean, most : MetricHistory
        Average and largest of each stretch; NaN where it is not known.
    levels : tuple of TriedLevel
    trips : tuple of (int, str)
        When it would have tripped under the new ones, and that in words.
    span_ms : tuple of int
    suffix : str
        After each figure of the axis.
    decimals : int
    """

    mean: MetricHistory
    most: MetricHistory
    levels: tuple[TriedLevel, ...]
    trips: tuple[tuple[int, str], ...]
    span_ms: tuple[int, int]
    suffix: str
    decimals: int


def tuning_figure(plot: TuningPlot, *, zone: Zone, scheme: Scheme) -> dict[str, Any]:
    """The measure as a line, with old thresholds grey and new ones in the text's colour.

    Parameters
    ----------
    plot : TuningPlot
    zone : Zone
        In which times are shown.
    scheme : Scheme
    """
    top = _top(plot)
    return {
        "data": [
            _line(plot, plot.most, "Highest", others_line(scheme, width=1.0), zone),
            _line(plot, plot.mean, "Measured", series_line(0, scheme), zone),
        ],
        "layout": chart_layout(
            scheme,
            hues=1,
            margin={"l": 8, "r": end_room([each.name for each in plot.levels]), "t": 8, "b": 8},
            uirevision="tuning",
            xaxis={
                "type": "date",
                "range": wall_times(list(plot.span_ms), zone),
                "hoverformat": "%-d %b %H:%M",
                "ticks": "outside",
                "ticklen": 6,
                "nticks": 5,
                "tickformatstops": [
                    {"dtickrange": [None, _DAY_MS - 1], "value": "%H:%M\n%-d %b"},
                    {"dtickrange": [_DAY_MS, None], "value": "%-d %b"},
                ],
            },
            yaxis={"range": [0, top], "ticksuffix": plot.suffix, "nticks": 5, "zeroline": True},
            shapes=[
                *(_level_line(level, scheme) for level in plot.levels),
                *(_trip_line(at_ms, zone, scheme) for at_ms, _ in plot.trips),
            ],
            annotations=_names(plot.levels, top, scheme),
        ),
    }


def _top(plot: TuningPlot) -> float:
    seen = np.concatenate([plot.mean.values, plot.most.values])
    known = seen[np.isfinite(seen)].tolist()
    return _ABOVE * (max([*known, *(level.value for level in plot.levels)], default=1.0) or 1.0)


def _line(
    plot: TuningPlot, history: MetricHistory, name: str, line: dict[str, Any], zone: Zone
) -> dict[str, Any]:
    drawn = with_gaps(history)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": wall_times(drawn.ts_ms, zone),
        "y": packed(drawn.values),
        "line": line,
        "hovertemplate": f"%{{y:,.{plot.decimals}f}}{plot.suffix}",
        "connectgaps": False,
    }


def _level_line(level: TriedLevel, scheme: Scheme) -> dict[str, Any]:
    line = limit_line(scheme, hard=level.hard)
    colour = TOKENS["text" if level.new else "text3"].of(scheme)
    dash = "solid" if level.hard and level.new else "dash" if level.new else "dot"
    drawn = {**line, "color": colour, "dash": dash}
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": "y",
        "y0": level.value,
        "y1": level.value,
        "line": drawn,
    }


def _trip_line(at_ms: int, zone: Zone, scheme: Scheme) -> dict[str, Any]:
    moment = wall_times([at_ms], zone)[0]
    return {
        "type": "line",
        "x0": moment,
        "x1": moment,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": TOKENS["throttled-fill"].of(scheme), "width": 1, "dash": "dot"},
    }


def _names(levels: Sequence[TriedLevel], top: float, scheme: Scheme) -> list[dict[str, Any]]:
    """The levels' names at their ends, so far apart that each can be read."""
    ordered = sorted(levels, key=lambda level: level.value)
    heights = spread([level.value for level in ordered], _APART * top, top=top)
    return [
        {
            "x": 1,
            "xref": "paper",
            "xanchor": "left",
            "xshift": 6,
            "y": height,
            "text": f"<b>{level.name}</b>" if level.new else level.name,
            "font": {"size": 11, "color": TOKENS["text" if level.new else "text3"].of(scheme)},
        }
        for level, height in zip(ordered, heights, strict=True)
    ]


def spread(heights: Sequence[float], apart: float, *, top: float = math.inf) -> list[float]:
    """Heights in rising order, moved up until they stand so far apart; down, where the top ends.

    Plotly leaves out what would stand above its axis.

    Examples
    --------
    >>> spread([1.0, 1.5, 4.0], 1.0)
    [1.0, 2.0, 4.0]
    >>> spread([3.5, 3.8, 4.0], 1.0, top=4.0)
    [2.0, 3.0, 4.0]
    """
    found: list[float] = []
    for height in heights:
        found.append(height if not found else max(height, found[-1] + apart))
    for place in reversed(range(len(found))):
        highest = top if place == len(found) - 1 else found[place + 1] - apart
        found[place] = min(found[place], highest)
    return found
