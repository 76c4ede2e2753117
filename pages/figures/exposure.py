"""Exposure over time, and what changed it or the book's VaR since yesterday."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from pages.context import MetricHistory
from pages.figures.history import with_gaps
from pages.figures.packing import packed, wall_times
from pages.format import Zone, amount, axis_unit
from pages.theme import (
    TOKENS,
    Scheme,
    chart_layout,
    limit_line,
    others_fill,
    series_fill,
    series_line,
)
from risk.measures.types import FloatArray

_DAY_MS = 86_400_000
_DATE_AXIS = {
    "type": "date",
    "hoverformat": "%-d %b %H:%M:%S",
    "ticks": "outside",
    "ticklen": 6,
    "nticks": 7,
    "tickformatstops": [
        {"dtickrange": [None, _DAY_MS - 1], "value": "%H:%M\n%-d %b"},
        {"dtickrange": [_DAY_MS, None], "value": "%-d %b\n%Y"},
    ],
}


# -- over time ----------------------------------------------------------------------------


#: Beginning and end of a chart, milliseconds since 1970.
Span = tuple[int, int]


def course_figure(
    courses: Mapping[str, MetricHistory],
    span: Span,
    *,
    currency: str,
    zone: Zone,
    scheme: Scheme,
) -> dict[str, Any]:
    """Exposures over time, a line each, in the order of `series_line`.

    Parameters
    ----------
    courses : mapping of name to MetricHistory
        At most four; quote currency.
    span : tuple of int
    currency : str
    zone : Zone
    scheme : Scheme
    """
    unit, size = axis_unit(max((_largest(course.values) for course in courses.values()), default=0))
    lines = [
        _line(name, course, index, size, f"{unit} {currency}".strip(), zone, scheme)
        for index, (name, course) in enumerate(courses.items())
    ]
    return {"data": lines, "layout": _over_time(wall_times(span, zone), unit, scheme)}


def _line(
    name: str,
    course: MetricHistory,
    index: int,
    size: float,
    unit: str,
    zone: Zone,
    scheme: Scheme,
) -> dict[str, Any]:
    course = with_gaps(course)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": wall_times(course.ts_ms, zone),
        "y": packed(course.values / size),
        "line": series_line(index, scheme),
        "hovertemplate": f"%{{y:,.4~g}} {unit}",
        "connectgaps": False,
    }


class Layer(NamedTuple):
    """One group's net exposure over time.

    Attributes
    ----------
    name : str
    values : ndarray of shape (n,)
        Quote currency, negative when short; NaN where nobody knows.
    """

    name: str
    values: FloatArray


def layers_figure(
    ts_ms: Sequence[int],
    layers: Sequence[Layer],
    others: Layer | None,
    span: Span,
    *,
    currency: str,
    zone: Zone,
    scheme: Scheme,
    below: str = "short",
) -> dict[str, Any]:
    """Net exposure by group: longs piled up above zero, shorts below it.

    Parameters
    ----------
    ts_ms : sequence of int
        Milliseconds since 1970, of all layers.
    layers : sequence of Layer
        The largest groups, at most four.
    others : Layer or None
        All other groups in one.
    span : tuple of int
    currency : str
    zone : Zone
    scheme : Scheme
    below : str
        What a group below zero is called after its name.
    """
    piled = [(layer, series_fill(index, scheme)) for index, layer in enumerate(layers)]
    piled += [(others, others_fill(scheme))] if others else []
    unit, size = axis_unit(_pile_height([layer.values for layer, _ in piled]))
    times = wall_times(np.asarray(ts_ms, dtype=np.int64), zone)
    edge = TOKENS["surface"].of(scheme)
    data = [
        _area(
            layer._replace(name=name), sign, colour, edge, times, size, f"{unit} {currency}".strip()
        )
        for layer, colour in piled
        for sign, name in ((1.0, layer.name), (-1.0, f"{layer.name} {below}"))
        if np.any(sign * layer.values > 0.0)
    ]
    return {"data": data, "layout": _over_time(wall_times(span, zone), unit, scheme)}


def _area(
    layer: Layer, sign: float, colour: str, edge: str, times: list[str], size: float, unit: str
) -> dict[str, Any]:
    one_side = sign * np.maximum(sign * layer.values, 0.0) / size
    return {
        "type": "scatter",
        "mode": "lines",
        "name": layer.name,
        "x": times,
        "y": packed(one_side),
        "stackgroup": "long" if sign > 0.0 else "short",
        "stackgaps": "interpolate",
        "fillcolor": colour,
        "line": {"width": 0.5, "color": edge},
        "hovertemplate": f"%{{y:,.4~g}} {unit}",
    }


def _pile_height(values: Sequence[FloatArray]) -> float:
    if not values:
        return 0.0
    piles = (sum(np.maximum(sign * v, 0.0) for v in values) for sign in (1.0, -1.0))
    return max(map(_largest, piles))


def _largest(values: Any) -> float:
    known = np.abs(np.asarray(values))
    known = known[np.isfinite(known)]
    return float(known.max()) if known.size else 0.0


#: For ``−1,000 k`` in a wide font. Not as plotly finds it: charts one above the other share their
#: times only while their axes begin at the same place.
_AXIS_ROOM = 60


def _over_time(ends: list[str], unit: str, scheme: Scheme) -> dict[str, Any]:
    return chart_layout(
        scheme,
        uirevision="exposure",
        margin={"l": _AXIS_ROOM, "r": 16, "t": 8, "b": 8},
        xaxis={**_DATE_AXIS, "range": ends},
        yaxis={
            "automargin": False,
            "tickformat": ",",
            "ticksuffix": _suffix(unit),
            "ticklabelstandoff": 4,
            "nticks": 5,
            "zeroline": True,
        },
    )


def _suffix(unit: str) -> str:
    return f"\N{NO-BREAK SPACE}{unit}" if unit else ""


# -- what changed -------------------------------------------------------------------------


class Step(NamedTuple):
    """One cause of a change, and what it added in quote currency."""

    name: str
    added: float


#: Half the width of a bar, in categories.
_HALF_BAR = 0.31
#: Room for a label above the highest bar, as a share of the height drawn.
_LABEL_ROOM = 0.14


def change_figure(
    before: float,
    steps: Sequence[Step],
    after: float,
    *,
    names: tuple[str, str],
    scheme: Scheme,
) -> dict[str, Any]:
    """A bridge from `before` to `after`: causes stand where they take effect.

    Each bar's value stands above it in a place of its own, so that no two labels meet.

    Parameters
    ----------
    before, after : float
        Quote currency.
    steps : sequence of Step
        ``before`` and all that is added make ``after``.
    names : tuple of str
        Of both totals.
    scheme : Scheme
    """
    levels = list(accumulate((step.added for step in steps), initial=before))
    floor, top = _axis_of([after, *levels])
    unit, size = axis_unit(max(abs(floor), abs(top)))
    marks = _marks(scheme)
    bars = [
        _total(names[0], floor / size, before / size, marks),
        *(_step_bar(s, level / size, size, marks) for s, level in zip(steps, levels, strict=False)),
        _total(names[1], floor / size, after / size, marks),
    ]
    tops = [max(before, 0.0), *(max(pair) for pair in pairwise(levels)), max(after, 0.0)]
    labels = [amount(before), *(amount(s.added, signed=True) for s in steps), amount(after)]
    categories = [names[0], *(step.name for step in steps), names[1]]
    room = _LABEL_ROOM * (top - floor)
    return {
        "data": [*bars, _labels(categories, [top / size for top in tops], labels, scheme)],
        "layout": chart_layout(
            scheme,
            barmode="overlay",
            bargap=1.0 - 2.0 * _HALF_BAR,
            hovermode=False,
            uirevision="change",
            shapes=_bridges([level / size for level in levels], scheme),
            annotations=_cut_note(floor),
            xaxis={"type": "category", "tickangle": 0, "fixedrange": True},
            yaxis={
                "range": [(floor - (room if floor < 0.0 else 0.0)) / size, (top + room) / size],
                "tickformat": ",",
                "ticksuffix": _suffix(unit),
                "nticks": 4,
                "zeroline": True,
                "fixedrange": True,
            },
        ),
    }


#: Changes smaller than this part of the totals are drawn over an axis that does not begin at
#: zero, and says so: else the bridge would be a row of hairlines.
_SMALL_CHANGE = 0.25
#: The least height that an axis stands for, as a part of the totals.
_LEAST_HEIGHT = 0.02


def _axis_of(levels: Sequence[float]) -> tuple[float, float]:
    """Where the axis begins and which is the highest level."""
    low, high = min(levels), max(levels)
    spread = max(high - low, _LEAST_HEIGHT * abs(high))
    if low > 0.0 and spread < _SMALL_CHANGE * high:
        return low - spread, max(high, low + spread)
    return min(low, 0.0), max(high, 0.0) or 1.0


def _cut_note(floor: float) -> list[dict[str, Any]]:
    if floor <= 0.0:
        return []
    text = f"axis begins at {amount(floor)}"
    place = {"x": 0.5, "y": 0.0, "xref": "paper", "yref": "paper", "yanchor": "bottom"}
    return [{"text": text, **place}]


class _Marks(NamedTuple):
    total: dict[str, Any]
    added: dict[str, Any]
    taken: dict[str, Any]


def _marks(scheme: Scheme) -> _Marks:
    accent = TOKENS["accent"].of(scheme)
    hollow = {"color": "rgba(0,0,0,0)", "line": {"color": accent, "width": 1.4}}
    return _Marks({"color": others_fill(scheme)}, {"color": accent}, hollow)


def _total(name: str, floor: float, level: float, marks: _Marks) -> dict[str, Any]:
    base = max(floor, 0.0)
    return {"type": "bar", "x": [name], "y": [level - base], "base": [base], "marker": marks.total}


def _step_bar(step: Step, level: float, size: float, marks: _Marks) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": [step.name],
        "y": [step.added / size],
        "base": [level],
        "marker": marks.added if step.added >= 0.0 else marks.taken,
    }


def _labels(
    categories: Sequence[str], tops: Sequence[float], texts: Sequence[str], scheme: Scheme
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "text",
        "x": list(categories),
        "y": list(tops),
        "text": list(texts),
        "textposition": "top center",
        "textfont": {"size": 11, "color": TOKENS["text"].of(scheme)},
        "cliponaxis": False,
    }


def _bridges(levels: Sequence[float], scheme: Scheme) -> list[dict[str, Any]]:
    """Thin lines from each bar's end to the next one's beginning."""
    line = limit_line(scheme, hard=False)
    return [
        {
            "type": "line",
            "x0": place + _HALF_BAR,
            "x1": place + 1.0 - _HALF_BAR,
            "y0": level,
            "y1": level,
            "line": {**line, "dash": "dot"},
            "layer": "below",
        }
        for place, level in enumerate(levels)
    ]
