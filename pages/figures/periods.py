"""Periods in which a breaker held trading, as bands behind any chart over time."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from pages.figures.packing import wall_times
from pages.format import Zone
from pages.theme import Scheme, state_band, state_colors

#: So many of the newest are named; more names would lie on each other.
_NAMED = 2
#: How much of a band's colour is seen, and of a bar's.
_THIN, _PLAIN = 0.16, 0.85
#: How high a bar at the foot is, a share of the chart's height.
_FOOT = 0.025
#: From this share of the axis on a name stands before its band, for want of room after it.
_LATE = 0.8
#: The chart's own title stands before that.
_AFTER_TITLE = 0.12
#: A name needs this share of the axis to itself.
_APART = 0.3


#: Shapes of states, by which the tightest of what overlaps is drawn.
_TIGHTEST_FIRST = ("halted", "reduce_only", "throttled", "probation", "caution")


class Hold(NamedTuple):
    """One stretch of time in which a breaker held trading in one state.

    Attributes
    ----------
    shape : str
        Of the state, which is also its colour's name.
    begin_ms : int
    end_ms : int or None
        None while it lasts.
    text : str
        What is written at its beginning; empty writes nothing.
    part : bool
        Whether it held a part of the book only: such a time is a thin bar at the foot.
    """

    shape: str
    begin_ms: int
    end_ms: int | None
    text: str = ""
    part: bool = False


def with_periods(
    figure: dict[str, Any],
    periods: Sequence[Hold],
    span_ms: tuple[int, int],
    *,
    zone: Zone,
    scheme: Scheme,
    top: float = 1.0,
) -> dict[str, Any]:
    """A figure over time with its trips: a band each, and what tripped at the top of it.

    Parameters
    ----------
    figure : dict
        Of plotly.
    periods : sequence of Hold
    span_ms : tuple of int
        Beginning and end of what is drawn.
    zone : Zone
    scheme : Scheme
    top : float
        Where the names stand, a share of the chart's height.
    """
    if not periods:
        return figure
    layout = figure["layout"]
    bands = period_bands(periods, span_ms, zone=zone, scheme=scheme)
    names = period_names(periods, span_ms, zone=zone, scheme=scheme, top=top)
    shapes = [*bands, *layout.get("shapes", ())]
    annotations = [*layout.get("annotations", ()), *names]
    return {**figure, "layout": {**layout, "shapes": shapes, "annotations": annotations}}


def period_bands(
    periods: Sequence[Hold], span_ms: tuple[int, int], *, zone: Zone, scheme: Scheme
) -> list[dict[str, Any]]:
    """Shapes of plotly: a tint over the time, and a thin edge where it began.

    Parameters
    ----------
    periods : sequence of Hold
    span_ms : tuple of int
        Beginning and end of what is drawn.
    zone : Zone
    scheme : Scheme
    """
    bands = [
        _band(period, zone, scheme)
        for part in (False, True)
        for period in tightest([each for each in periods if each.part is part], span_ms)
    ]
    edges = [
        _edge(period.shape, wall_times([period.begin_ms], zone)[0], scheme)
        for period in periods
        if not period.part and span_ms[0] <= period.begin_ms <= span_ms[1]
    ]
    return [*bands, *edges]


def tightest(periods: Sequence[Hold], span_ms: tuple[int, int]) -> list[Hold]:
    """Of what overlaps only the tightest state, moment for moment: tints over tints are mud.

    Parameters
    ----------
    periods : sequence of Hold
        All of the whole book, or all of parts of it.
    span_ms : tuple of int
        What lies outside is cut off.
    """
    held = [
        each._replace(begin_ms=begin, end_ms=end)
        for each in periods
        for begin, end in [_within(each, span_ms)]
        if begin <= end
    ]
    moments = sorted({moment for each in held for moment in (each.begin_ms, each.end_ms or 0)})
    found: list[Hold] = []
    for begin, end in pairwise(moments):
        over = [each for each in held if each.begin_ms <= begin and end <= (each.end_ms or 0)]
        if not over:
            continue
        top = min(over, key=_looseness)
        last = found[-1] if found else None
        if last is not None and (last.shape, last.end_ms) == (top.shape, begin):
            found[-1] = last._replace(end_ms=end)
        else:
            found.append(top._replace(begin_ms=begin, end_ms=end, text=""))
    return found


def _looseness(period: Hold) -> int:
    return _TIGHTEST_FIRST.index(period.shape) if period.shape in _TIGHTEST_FIRST else 9


def _band(period: Hold, zone: Zone, scheme: Scheme) -> dict[str, Any]:
    start, stop = wall_times([period.begin_ms, period.end_ms or period.begin_ms], zone)
    # Lines of the chart must stay visible: the colour itself, thinly, instead of its opaque tint.
    color = state_colors(period.shape, scheme).fill
    height, opacity = (_FOOT, _PLAIN) if period.part else (1.0, _THIN)
    band = state_band(period.shape, start, stop, scheme)
    return {**band, "fillcolor": color, "opacity": opacity, "y1": height}


def _within(period: Hold, span_ms: tuple[int, int]) -> tuple[int, int]:
    end = span_ms[1] if period.end_ms is None else min(period.end_ms, span_ms[1])
    return max(period.begin_ms, span_ms[0]), end


def _edge(shape: str, at: str, scheme: Scheme) -> dict[str, Any]:
    line = {"color": state_colors(shape, scheme).fill, "width": 1}
    place = {"xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1}
    return {"type": "line", "layer": "below", "line": line, **place}


def period_names(
    periods: Sequence[Hold], span_ms: tuple[int, int], *, zone: Zone, scheme: Scheme, top: float
) -> list[dict[str, Any]]:
    """Annotations of plotly: what tripped, at the top of its band, of the newest few.

    Parameters
    ----------
    periods : sequence of Hold
    span_ms : tuple of int
    zone : Zone
    scheme : Scheme
    top : float
        Where they stand, a share of the chart's height.
    """
    begin, end = span_ms
    named: list[dict[str, Any]] = []
    taken: list[float] = []
    # Of those that began together the tightest is named.
    for period in sorted(periods, key=lambda each: (-each.begin_ms, _looseness(each))):
        starts, ends = _within(period, span_ms)
        place = max(_AFTER_TITLE, (starts - begin) / max(1, end - begin))
        crowded = any(abs(place - other) < _APART for other in taken)
        if not period.text or period.part or starts > ends or crowded or len(named) >= _NAMED:
            continue
        taken.append(place)
        late = place > _LATE
        named.append(
            {
                "x": wall_times([round(begin + place * (end - begin))], zone)[0],
                "y": top,
                "yref": "paper",
                "xanchor": "right" if late else "left",
                "yanchor": "top",
                "xshift": -3 if late else 3,
                "text": period.text,
                "font": {"size": 11, "color": state_colors(period.shape, scheme).text},
            }
        )
    return named
