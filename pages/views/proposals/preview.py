"""What a change would have meant for the stored past, in sentences and as a chart."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from dash import dcc, html

from pages.components.basics import Component
from pages.components.fields import scale_of
from pages.components.typed import Scale, with_unit
from pages.context import MetricHistory
from pages.figures.history import CHART_CONFIG
from pages.figures.tuning import TriedLevel, TuningPlot, tuning_figure
from pages.format import number, percent, sentence, window
from pages.theme import Scheme
from pages.views.editing.subjects import without_dust
from pages.views.proposals.differences import Reader
from risk.breakers.tuning import BreakerTuning, TripOutcome
from risk.domain.breakers import Phase
from risk.domain.stretches import Stretches
from risk.limits.tuning import Levels, LevelsOutcome, LimitTuning
from risk.limits.words import called_by_name
from risk.policy.tuning import TuningPreview

Tuned = LimitTuning | BreakerTuning

#: How far back a change is held against what was measured.
LOOK_BACK = timedelta(days=30)
#: Limits and breakers that are drawn; of more there is a sentence each.
MOST_CHARTS = 3
_CHART_PX = 180
#: With less of the wanted past than this part of it, it is said how little there was.
_ENOUGH = 0.8
_NBSP = "\N{NO-BREAK SPACE}"
_THREE = 3


def preview_parts(
    preview: TuningPreview, component_id: str, *, reader: Reader, scheme: Scheme
) -> list[Component]:
    """Sentences and charts of each limit and breaker that would be another.

    Parameters
    ----------
    preview : TuningPreview
    component_id : str
        With which the charts' ids begin.
    reader : Reader
    scheme : Scheme
    """
    parts: list[Component] = []
    tuned: list[Tuned] = [*preview.limits, *preview.breakers]
    for place, each in enumerate(tuned):
        parts.extend(_told(preview, each, reader))
        figure = figure_of(preview, each, reader, scheme) if place < MOST_CHARTS else None
        if figure is not None:
            parts.append(_chart(figure, f"{component_id}-{place}"))
    parts.extend(
        html.P([html.Strong(f"{sentence(each.entry)}: "), f"{each.why}."], className="sw-note")
        for each in preview.untold
    )
    return parts or [html.P("Nothing that could be held against the past.", className="sw-dim")]


def _told(preview: TuningPreview, tuned: Tuned, reader: Reader) -> list[Component]:
    name = tuned.limit if isinstance(tuned, LimitTuning) else tuned.breaker
    lead = html.P(
        [html.Strong(f"{sentence(called_by_name(name))}. "), words_of(preview, tuned, reader)]
    )
    notes = [
        *_little(preview, tuned),
        *(f"{sentence(note)}." for note in tuned.notes),
        *_drawn(tuned, reader),
    ]
    return [lead, *([html.P(" ".join(notes), className="sw-note")] if notes else [])]


# -- sentences -------------------------------------------------------------------------------


def words_of(preview: TuningPreview, tuned: Tuned, reader: Reader) -> str:
    """``In the last 30 d: soft crossed 3 times instead of 11; hard never instead of once.``"""
    if tuned.before is None and tuned.after is None:
        return "Nothing can be told of it."
    if isinstance(tuned, LimitTuning):
        told = "; ".join(_limit_words(tuned.before, tuned.after))
        now = _refusing_words(tuned.after, reader)
    else:
        told = "; ".join(_breaker_words(tuned.before, tuned.after))
        now = _phase_words(tuned.after)
    return f"In the last {window(preview.until - preview.since)}: {told}.{now}"


def _limit_words(before: LevelsOutcome | None, after: LevelsOutcome | None) -> Iterator[str]:
    soft, hard = (
        [None if each is None else getattr(each, name) for each in (before, after)]
        for name in ("soft_crossings", "crossings")
    )
    crossed = f"soft crossed {_times(*soft)}"
    yield crossed.replace("crossed never", "never crossed")
    yield f"hard {_times(*hard)}"
    spans = [None if each is None else each.hours_over_soft for each in (before, after)]
    yield f"{_hours(*spans)} over soft"
    over = [None if each is None else each.hours_over_hard for each in (before, after)]
    if any(over):
        yield f"{_hours(*over)} over hard"


def _breaker_words(before: TripOutcome | None, after: TripOutcome | None) -> Iterator[str]:
    trips = [None if each is None else len(each.trips) for each in (before, after)]
    yield f"{'tripped' if _is_on(after or before) else 'would have tripped'} {_times(*trips)}"
    again = [None if each is None else each.again for each in (before, after)]
    if any(again):
        yield f"again while it re-opened {_times(*again)}"
    shut = [None if each is None else each.hours_shut for each in (before, after)]
    yield f"{_hours(*shut)} shut"
    if after is not None and len(after.trips) > 1:
        yield f"the longest time {_span(after.longest_hours)}"


def _is_on(outcome: TripOutcome | None) -> bool:
    return outcome is not None and outcome.definition.enabled


def _times(before: int | None, after: int | None) -> str:
    """``3 times instead of 11``, ``never instead of once``, ``twice, as before``."""
    if after is None or before is None:
        only = before if after is None else after
        return _often(only or 0)
    if before == after:
        return f"{_often(after)}, as before"
    was = str(before) if min(before, after) >= _THREE else _often(before)
    return f"{_often(after)} instead of {was}"


def _often(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _hours(before: float | None, after: float | None) -> str:
    if after is None or before is None:
        return _span((before if after is None else after) or 0.0)
    told, was = _span(after), _span(before)
    return told if told == was else f"{told} instead of {was}"


def _span(hours: float) -> str:
    return f"{number(hours, 1 if 0.0 < hours < 10.0 else 0)}{_NBSP}h"


def _refusing_words(after: LevelsOutcome | None, reader: Reader) -> str:
    if after is None or after.refusing_since is None:
        return ""
    since = reader.zone.date_and_clock(after.refusing_since, now=reader.now)
    return f" As the book stands, it would refuse new risk now, and would have since {since}."


def _phase_words(after: TripOutcome | None) -> str:
    if after is None or after.phase is Phase.ARMED:
        return ""
    word = "tripped" if after.phase is Phase.TRIPPED else "re-opening"
    return f" As the market stands, it would be {word} now."


def _little(preview: TuningPreview, tuned: Tuned) -> Iterator[str]:
    wanted = (preview.until - preview.since) / timedelta(hours=1)
    if 0.0 < tuned.hours < _ENOUGH * wanted:
        yield f"Of that time {_span(tuned.hours)} are stored."


def _drawn(tuned: Tuned, reader: Reader) -> Iterator[str]:
    """How thresholds are drawn that moved: a line for each stretch would hide the measure."""
    if isinstance(tuned, LimitTuning) and tuned.values.mean.size and _factor(tuned, reader) != 1.0:
        now = percent(_factor(tuned, reader), 0)
        yield f"The chart draws them as they are now, at {now} of what is defined."


# -- the chart -------------------------------------------------------------------------------


def figure_of(
    preview: TuningPreview,
    tuned: Tuned,
    reader: Reader,
    scheme: Scheme,
) -> dict[str, Any] | None:
    """The measure over the past under old and new levels; None where nothing is stored."""
    scale = scale_of(tuned.unit, reader.currency)
    if isinstance(tuned, LimitTuning):
        past, levels = tuned.values, _limit_levels(tuned, scale, _factor(tuned, reader))
    else:
        past, levels = tuned.readings, _breaker_levels(tuned, scale)
    if not past.mean.size or not levels:
        return None
    plot = TuningPlot(
        mean=_history(past, past.mean, scale),
        most=_history(past, past.most, scale),
        levels=tuple(levels),
        trips=_trips(tuned),
        span_ms=(_ms(preview.since), _ms(preview.until)),
        suffix=f"{_NBSP}{scale.suffix}" if scale.suffix else "",
        decimals=2,
    )
    return tuning_figure(plot, zone=reader.zone, scheme=scheme)


def _factor(tuned: LimitTuning, reader: Reader) -> float:
    """What performance and regime make of it now; 1 where they move nothing, or nobody knows."""
    stands = reader.stands.get(tuned.limit)
    moves = any(each and each.levels.dynamic for each in (tuned.before, tuned.after))
    return stands.thresholds.factor if moves and stands is not None else 1.0


def _limit_levels(tuned: LimitTuning, scale: Scale, factor: float) -> list[TriedLevel]:
    old, new = (
        None if each is None else _moved(each.levels, factor)
        for each in (tuned.before, tuned.after)
    )
    return [
        *_tried("soft", old and old.soft, new and new.soft, scale, hard=False),
        *_tried("hard", old and old.hard, new and new.hard, scale, hard=True),
    ]


def _moved(levels: Levels, factor: float) -> Levels:
    if not levels.dynamic:
        return levels
    hard, soft = (without_dust(factor * each) for each in (levels.hard, levels.soft))
    return levels._replace(hard=hard, soft=soft)


def _breaker_levels(tuned: BreakerTuning, scale: Scale) -> list[TriedLevel]:
    old, new = (
        (None, None) if each is None else (each.definition.release, each.definition.trip)
        for each in (tuned.before, tuned.after)
    )
    return [
        *_tried("left at", old[0], new[0], scale, hard=False),
        *_tried("trip", old[1], new[1], scale, hard=True),
    ]


def _tried(
    name: str, old: float | None, new: float | None, scale: Scale, *, hard: bool
) -> Iterator[TriedLevel]:
    """One line where both are the same, else both; of what is not there none."""
    if old is not None and old != new:
        words = f"{name} now {with_unit(old, scale)}"
        yield TriedLevel(name=words, value=old * scale.times, hard=hard, new=False)
    if new is not None:
        words = f"{name} {with_unit(new, scale)}"
        yield TriedLevel(name=words, value=new * scale.times, hard=hard, new=True)


def _trips(tuned: Tuned) -> tuple[tuple[int, str], ...]:
    if isinstance(tuned, LimitTuning) or tuned.after is None:
        return ()
    return tuple((_ms(at), "trip") for at in tuned.after.trips)


def _history(past: Stretches, values: Any, scale: Scale) -> MetricHistory:
    """Of a threshold of zero it is only known that something was held: that is no height."""
    return MetricHistory(
        past.begins_ms, np.where(np.isfinite(values), values * scale.times, np.nan)
    )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000.0)


def _chart(figure: dict[str, Any], component_id: str) -> dcc.Graph:
    return dcc.Graph(
        id=component_id,
        figure=figure,
        responsive=True,
        config=CHART_CONFIG,
        style={"height": f"{_CHART_PX}px"},
    )
