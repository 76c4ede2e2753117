"""How assets move together: the map of all pairs, one pair, and the mean over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pages.context import MetricHistory
from pages.figures.history import with_gaps
from pages.figures.packing import packed, wall_times
from pages.figures.room import end_room
from pages.format import UNKNOWN, Zone, number
from pages.theme import (
    TOKENS,
    Scheme,
    axis_title,
    chart_layout,
    correlation_color,
    correlation_ink,
    correlation_scale,
    mixed,
    series_line,
)
from risk.measures.dependence import Tightness
from risk.measures.types import BoolArray, FloatArray

#: Assets up to which each cell has room for its number.
MOST_NUMBERED = 14
#: Names that an axis has room for, also on a telephone.
_MOST_NAMES = 22
#: Assets up to which a hairline between cells is thinner than the cells.
_MOST_SPACED = 40
#: Pixels between the middles of two labels at the end of lines.
_LABEL_STEP = 14.0


@dataclass(frozen=True, kw_only=True)
class CorrelationMap:
    """What the map shows.

    Attributes
    ----------
    assets : sequence of str
        In the order of rows and columns; a click tells two of them.
    rows, columns : sequence of str
        Their names at either axis.
    values : ndarray of shape (assets, assets)
        Symmetric; NaN is unknown.
    span : float
        Where the colours end, on both sides of nothing.
    signed : bool
        Whether numbers bear a plus, as differences do.
    hover : mapping of str to ndarray of shape (assets, assets)
        What is told of a pair, by its name; NaN is told as unknown.
    """

    assets: Sequence[str]
    rows: Sequence[str]
    columns: Sequence[str]
    values: FloatArray
    span: float
    signed: bool
    hover: Mapping[str, FloatArray]

    @property
    def numbered(self) -> bool:
        """Whether cells have room for numbers."""
        return len(self.assets) <= MOST_NUMBERED


def map_figure(content: CorrelationMap, scheme: Scheme) -> dict[str, Any]:
    """The lower triangle of all pairs as coloured squares.

    Each pair stands there once; a struck-out square is a pair that nobody knows.

    Parameters
    ----------
    content : CorrelationMap
    scheme : Scheme

    Returns
    -------
    dict
        Of plotly's JSON schema, with data and layout.
    """
    count = len(content.assets)
    below = np.tril(np.ones((count, count), dtype=np.bool_), k=-1)
    unknown = below & np.isnan(content.values)
    traces = [
        _pairs(content, below, scheme),
        _plain_cells(np.eye(count, dtype=np.bool_), TOKENS["track"].of(scheme), count),
        *([_plain_cells(unknown, TOKENS["border"].of(scheme), count)] if unknown.any() else []),
        *([_strikes(unknown, scheme)] if unknown.any() else []),
        *([_numbers(content, below & ~unknown, scheme)] if content.numbered else []),
    ]
    return {"data": traces, "layout": _map_layout(content, scheme)}


def _pairs(content: CorrelationMap, below: BoolArray, scheme: Scheme) -> dict[str, Any]:
    told = "".join(f"<br>{name} %{{customdata[{i + 1}]}}" for i, name in enumerate(content.hover))
    return {
        "type": "heatmap",
        "z": packed(np.where(below, content.values / content.span, np.nan)),
        "zmin": -1,
        "zmax": 1,
        "colorscale": correlation_scale(scheme),
        "showscale": False,
        "hoverongaps": True,
        "customdata": _told(content, below),
        "hovertemplate": f"<b>%{{customdata[0]}}</b>{told}<extra></extra>",
        **_spacing(len(content.assets)),
    }


def _told(content: CorrelationMap, below: BoolArray) -> list[list[list[str] | None]]:
    """What the pointer is told of each pair: both names, and the pair's value in each view."""
    return [
        [_told_of(content, row, column) if below[row, column] else None for column in range(row)]
        for row in range(len(content.assets))
    ]


def _told_of(content: CorrelationMap, row: int, column: int) -> list[str]:
    names = f"{content.rows[row]} and {content.rows[column]}"
    return [names, *(_figure(values[row, column]) for values in content.hover.values())]


def _figure(value: float, *, signed: bool = False) -> str:
    return UNKNOWN if np.isnan(value) else number(float(value), 2, signed=signed)


def _plain_cells(where: BoolArray, colour: str, count: int) -> dict[str, Any]:
    return {
        "type": "heatmap",
        "z": packed(np.where(where, 0.0, np.nan)),
        "colorscale": [[0, colour], [1, colour]],
        "showscale": False,
        "hoverinfo": "skip",
        **_spacing(count),
    }


def _spacing(count: int) -> dict[str, int]:
    gap = 2 if count <= MOST_NUMBERED else int(count <= _MOST_SPACED)
    return {"xgap": gap, "ygap": gap}


def _strikes(unknown: BoolArray, scheme: Scheme) -> dict[str, Any]:
    """A line from corner to corner of each cell that nobody knows."""
    rows, columns = np.nonzero(unknown)
    gaps = np.full(rows.size, np.nan)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": packed(np.column_stack((columns - 0.4, columns + 0.4, gaps)).ravel()),
        "y": packed(np.column_stack((rows + 0.4, rows - 0.4, gaps)).ravel()),
        "line": {"width": 1, "color": TOKENS["text3"].of(scheme)},
        "hoverinfo": "skip",
        "connectgaps": False,
    }


def _numbers(content: CorrelationMap, known: BoolArray, scheme: Scheme) -> dict[str, Any]:
    rows, columns = np.nonzero(known)
    values = content.values[rows, columns]
    own = list(range(len(content.assets)))
    inks = [correlation_ink(float(value) / content.span, scheme) for value in values]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [*columns.tolist(), *own],
        "y": [*rows.tolist(), *own],
        "text": [
            *(_figure(value, signed=content.signed) for value in values),
            *(_figure(0.0 if content.signed else 1.0) for _ in own),
        ],
        "textfont": {"size": 11, "color": [*inks, *(TOKENS["text3"].of(scheme) for _ in own)]},
        "hoverinfo": "skip",
    }


def _map_layout(content: CorrelationMap, scheme: Scheme) -> dict[str, Any]:
    count = len(content.assets)
    axis = {
        "range": [-0.5, count - 0.5],
        "showgrid": False,
        "showline": False,
        "ticks": "",
        "ticklabelstandoff": 4,
        "fixedrange": True,
        "constrain": "domain",
    }
    turned = {} if count <= MOST_NUMBERED else {"tickangle": -90}
    return chart_layout(
        scheme,
        hovermode="closest",
        dragmode=False,
        margin={"l": 8, "r": 8, "t": 4, "b": 8},
        xaxis={**axis, **_names(content.columns), **turned, "constraintoward": "left"},
        yaxis={
            **axis,
            **_names(content.rows),
            "range": [count - 0.5, -0.5],
            "scaleanchor": "x",
            "constraintoward": "top",
        },
        # What a click is looked up in.
        meta={"assets": list(content.assets)},
    )


def _names(names: Sequence[str]) -> dict[str, Any]:
    """All names, or every second, third, …: they never overlap; the pointer tells the rest."""
    step = -(-len(names) // _MOST_NAMES)
    places = list(range(0, len(names), step))
    return {"tickmode": "array", "tickvals": places, "ticktext": [names[i] for i in places]}


def framed(figure: dict[str, Any], pair: tuple[str, str], scheme: Scheme) -> dict[str, Any]:
    """The map with a frame around one pair; its cells are shared, not copied.

    Parameters
    ----------
    figure : dict
        From :func:`map_figure`.
    pair : tuple of str
        Two of its assets; also told to the browser, which writes no other address for them.
    scheme : Scheme
    """
    layout = figure["layout"]
    assets = layout["meta"]["assets"]
    column, row = sorted(assets.index(asset) for asset in pair)
    frame = {
        "type": "rect",
        "x0": column - 0.5,
        "x1": column + 0.5,
        "y0": row - 0.5,
        "y1": row + 0.5,
        "line": {"width": 2, "color": TOKENS["text"].of(scheme)},
    }
    meta = {"assets": assets, "pair": list(pair)}
    return {"data": figure["data"], "layout": {**layout, "shapes": [frame], "meta": meta}}


# -- lines that end in their name -----------------------------------------------------------


@dataclass(frozen=True)
class Level:
    """A level drawn across a chart, named at its end.

    Attributes
    ----------
    name : str
    value : float
    dash : str
        Plotly's; tells levels apart beside their names.
    """

    name: str
    value: float
    dash: str


def _level_line(level: Level, scheme: Scheme) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": level.value,
        "y1": level.value,
        "layer": "below",
        "line": {"width": 1, "dash": level.dash, "color": TOKENS["text3"].of(scheme)},
    }


def _end_labels(
    labels: Sequence[tuple[str, float]], span: tuple[float, float], height: float
) -> list[dict[str, Any]]:
    """Names at the right end of lines, moved apart where they would overlap."""
    if not labels:
        return []
    pixels = height / (span[1] - span[0])
    order = sorted(range(len(labels)), key=lambda i: labels[i][1])
    places = spread_apart([labels[i][1] * pixels for i in order], _LABEL_STEP)
    return [
        {
            "text": labels[i][0],
            "xref": "paper",
            "x": 1,
            "xanchor": "left",
            "xshift": 6,
            "y": labels[i][1],
            "yanchor": "middle",
            "yshift": round(place - labels[i][1] * pixels, 1),
        }
        for i, place in zip(order, places, strict=True)
    ]


def spread_apart(places: Sequence[float], step: float) -> list[float]:
    """Ascending places moved as little as their order allows, until each is `step` from the next.

    Least squares: less their own steps they must ascend, which pooling neighbours achieves.
    """
    pools: list[list[float]] = []
    for i, place in enumerate(places):
        pools.append([place - i * step])
        while len(pools) > 1 and _mean(pools[-2]) > _mean(pools[-1]):
            upper = pools.pop()
            pools[-1] += upper
    level = [_mean(pool) for pool in pools for _ in pool]
    return [value + i * step for i, value in enumerate(level)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _around(*values: FloatArray) -> tuple[float, float]:
    """A range of the axis with all values inside, and some air; correlations end at one."""
    known = np.concatenate([value[~np.isnan(value)] for value in values])
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    air = max(0.05, 0.08 * (high - low))
    return max(-1.05, low - air), min(1.05, high + air)


_DAYS_AXIS = {
    "type": "date",
    "hoverformat": "%-d %b %Y",
    "ticks": "outside",
    "ticklen": 6,
    "tickformat": "%b\n%Y",
    "nticks": 6,
    "fixedrange": True,
}


# -- one pair -------------------------------------------------------------------------------

#: Pixels of the plot inside the axes; the views give the charts their height.
PAIR_HEIGHT, MEAN_HEIGHT = 190, 220
_BELOW_AXIS = 44


def pair_figure(
    days_ms: NDArray[np.int64],
    rolling: FloatArray,
    levels: Sequence[Level],
    *,
    zone: Zone,
    scheme: Scheme,
) -> dict[str, Any]:
    """A pair's rolling correlation, with the levels that the map's views give it.

    Parameters
    ----------
    days_ms : ndarray of shape (days,)
        Milliseconds since 1970.
    rolling : ndarray of shape (days,)
        NaN where unknown.
    levels : sequence of Level
    zone : Zone
    scheme : Scheme
    """
    span = _around(rolling, np.array([level.value for level in levels]))
    labels = [(f"{level.name} {_figure(level.value)}", level.value) for level in levels]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": "60 d",
                "x": wall_times(days_ms, zone),
                "y": packed(rolling),
                "line": series_line(0, scheme),
                "hovertemplate": "%{y:.2f}",
                "connectgaps": False,
            }
        ],
        "layout": chart_layout(
            scheme,
            margin={"l": 8, "r": end_room([name for name, _ in labels]), "t": 8, "b": 8},
            xaxis=_DAYS_AXIS,
            yaxis={"range": list(span), "tickformat": ".1f", "nticks": 5, "fixedrange": True},
            shapes=[_level_line(level, scheme) for level in levels],
            annotations=_end_labels(labels, span, PAIR_HEIGHT - _BELOW_AXIS),
        ),
    }


@dataclass(frozen=True, kw_only=True)
class PairDays:
    """Days of two assets, for the scatter.

    Attributes
    ----------
    names : tuple of str
    days_ms : ndarray of shape (days,)
    x, y : ndarray of shape (days,)
        Returns, fractions; NaN where unknown.
    worst : tuple of float
        Returns up to which a day is among the worst of the first and of the second.
    slope : float
        Of the line through all days; NaN if unknown.
    """

    names: tuple[str, str]
    days_ms: NDArray[np.int64]
    x: FloatArray
    y: FloatArray
    worst: tuple[float, float]
    slope: float


def scatter_figure(days: PairDays, *, zone: Zone, scheme: Scheme) -> dict[str, Any]:
    """Every day of a pair; the quadrant where both had one of their worst days is tinted."""
    both = ~np.isnan(days.x + days.y)
    joint = both & (days.x <= days.worst[0]) & (days.y <= days.worst[1])
    return {
        "data": [
            _dots(days, both & ~joint, "other days", zone, _quiet_dot(scheme)),
            _dots(days, joint, "both among their worst", zone, _joint_dot(scheme)),
        ],
        "layout": chart_layout(
            scheme,
            hovermode="closest",
            margin={"l": 8, "r": 8, "t": 8, "b": 8},
            xaxis=_return_axis(days.names[0]),
            yaxis=_return_axis(days.names[1]),
            shapes=[*_quadrant(days, both, scheme), *_slope_line(days, both, scheme)],
        ),
    }


def _dots(
    days: PairDays, where: BoolArray, name: str, zone: Zone, marker: dict[str, Any]
) -> dict[str, Any]:
    first, second = days.names
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": packed(100.0 * days.x[where]),
        "y": packed(100.0 * days.y[where]),
        "text": [moment[:10] for moment in wall_times(days.days_ms[where], zone)],
        "marker": marker,
        "hovertemplate": (
            f"%{{text}}<br>{first} %{{x:+.1f}} %<br>{second} %{{y:+.1f}} %<extra></extra>"
        ),
    }


def _quiet_dot(scheme: Scheme) -> dict[str, Any]:
    return {"size": 4, "color": TOKENS["bar"].of(scheme), "opacity": 0.7}


def _joint_dot(scheme: Scheme) -> dict[str, Any]:
    edge = {"width": 1, "color": TOKENS["surface"].of(scheme)}
    return {"size": 8, "symbol": "diamond", "color": TOKENS["accent"].of(scheme), "line": edge}


def _return_axis(name: str) -> dict[str, Any]:
    return {
        "title": axis_title(f"{name}, % a day"),
        "tickformat": "~g",
        "nticks": 6,
        "showgrid": False,
        "zeroline": True,
        "fixedrange": True,
    }


def _quadrant(days: PairDays, both: BoolArray, scheme: Scheme) -> list[dict[str, Any]]:
    if np.isnan(days.worst).any():
        return []
    lowest = [100.0 * 1.15 * float(side[both].min()) for side in (days.x, days.y)]
    corner = {
        "type": "rect",
        "x0": lowest[0],
        "x1": 100.0 * days.worst[0],
        "y0": lowest[1],
        "y1": 100.0 * days.worst[1],
        "layer": "below",
        "line": {"width": 1, "dash": "dot", "color": TOKENS["control"].of(scheme)},
        "fillcolor": TOKENS["selection"].of(scheme),
    }
    return [corner]


def _slope_line(days: PairDays, both: BoolArray, scheme: Scheme) -> list[dict[str, Any]]:
    if np.isnan(days.slope):
        return []
    ends = np.array([days.x[both].min(), days.x[both].max()])
    heights = days.y[both].mean() + days.slope * (ends - days.x[both].mean())
    (x0, x1), (y0, y1) = (100.0 * ends).tolist(), (100.0 * heights).tolist()
    line = {"width": 1.2, "dash": "dash", "color": TOKENS["text2"].of(scheme)}
    return [{"type": "line", "x0": x0, "x1": x1, "y0": y0, "y1": y1, "line": line}]


# -- the mean over time ---------------------------------------------------------------------

#: How much of the map's colours is in the tints of loose (its low end) and tight (its high).
_TINT = 0.22


def regime_tint(regime: int, scheme: Scheme) -> str:
    """The colour behind times that were loose (-1) or tight (1)."""
    return mixed(TOKENS["surface"].of(scheme), correlation_color(regime, scheme), _TINT)


def mean_figure(
    days_ms: NDArray[np.int64],
    means: FloatArray,
    usual: Tightness,
    modelled: MetricHistory,
    *,
    zone: Zone,
    scheme: Scheme,
) -> dict[str, Any]:
    """Mean correlation over time, on tints where it was loose or tight.

    Parameters
    ----------
    days_ms : ndarray of shape (days,)
    means : ndarray of shape (days,)
        NaN where unknown.
    usual : Tightness
        Of these means.
    modelled : MetricHistory
        The mean of what was held with newer days weighing more, drawn dashed.
    zone : Zone
    scheme : Scheme
    """
    times = wall_times(days_ms, zone)
    span = _around(means, modelled.values)
    known = np.flatnonzero(~np.isnan(means))
    first = int(known[0]) if known.size else 0
    names = _usual_labels(usual)
    return {
        "data": [
            _mean_line(times, means, "Rolling 60 days", series_line(0, scheme)),
            *_modelled_line(modelled, zone, scheme),
        ],
        "layout": chart_layout(
            scheme,
            margin={"l": 8, "r": end_room([name for name, _ in names]), "t": 8, "b": 8},
            xaxis={**_DAYS_AXIS, "range": [times[first], times[-1]]},
            yaxis={"range": list(span), "tickformat": ".2f", "nticks": 6, "fixedrange": True},
            shapes=[*_bands(times, usual, scheme), *_usual_lines(usual, scheme)],
            annotations=_end_labels(names, span, MEAN_HEIGHT - _BELOW_AXIS),
        ),
    }


def _mean_line(
    times: Sequence[str], values: FloatArray, name: str, line: dict[str, Any]
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(times),
        "y": packed(values),
        "line": line,
        "hovertemplate": "%{y:.2f}",
        "connectgaps": False,
    }


def _modelled_line(modelled: MetricHistory, zone: Zone, scheme: Scheme) -> list[dict[str, Any]]:
    if not modelled.ts_ms.size:
        return []
    held = with_gaps(modelled)
    times = wall_times(held.ts_ms, zone)
    return [_mean_line(times, held.values, "Held, newer days weigh more", series_line(1, scheme))]


def _usual_labels(usual: Tightness) -> list[tuple[str, float]]:
    if np.isnan(usual.lower):
        return []
    return [
        (f"tight over {_figure(usual.upper)}", usual.upper),
        (f"loose under {_figure(usual.lower)}", usual.lower),
    ]


def _usual_lines(usual: Tightness, scheme: Scheme) -> list[dict[str, Any]]:
    levels = [Level(name, value, "dot") for name, value in _usual_labels(usual)]
    return [_level_line(level, scheme) for level in levels]


def _bands(times: Sequence[str], usual: Tightness, scheme: Scheme) -> list[dict[str, Any]]:
    """One tint for each time that was not as usual."""
    turns = np.flatnonzero(np.diff(usual.regime)) + 1
    starts = np.concatenate(([0], turns)).astype(int)
    ends = np.concatenate((turns, [len(times) - 1])).astype(int)
    return [
        {
            "type": "rect",
            "yref": "paper",
            "x0": times[start],
            "x1": times[end],
            "y0": 0,
            "y1": 1,
            "layer": "below",
            "line": {"width": 0},
            "fillcolor": regime_tint(int(usual.regime[start]), scheme),
        }
        for start, end in zip(starts, ends, strict=True)
        if usual.regime[start] != 0
    ]
