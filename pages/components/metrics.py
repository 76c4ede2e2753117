"""Metric cards: a figure with its context, its recent course and its own percentile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dash import html

from pages.components.basics import card, figure, help_mark
from pages.format import ordinal, window
from pages.glossary import GLOSSARY
from pages.glyphs import line, mask

_WIDTH, _HEIGHT, _MARGIN = 56.0, 24.0, 3.0


@dataclass(frozen=True)
class Rank:
    """Where a value stands in its own history.

    Attributes
    ----------
    percentile : int
        1 to 99.
    span : timedelta
        How far back the history reaches.
    values : int
        Stored values compared with.
    """

    percentile: int
    span: timedelta
    values: int


@dataclass(frozen=True)
class MetricCard:
    """What one card shows.

    Attributes
    ----------
    term : str
        Key of the glossary; also the base of the components' ids.
    figure, unit, context : str
    trend : sequence of float
        Recent values, oldest first; fewer than two draw no line.
    rank : Rank or None
        None while the history is too short to rank in.
    least_span : float
        What the trend's height stands for at least, so that noise is not drawn as a move.
    unranked : str
        What stands in the rank's place without one.
    """

    term: str
    figure: str
    unit: str
    context: str
    trend: Sequence[float]
    rank: Rank | None
    least_span: float = 0.0
    unranked: str = "no rank yet"


def metric_card(content: MetricCard) -> html.Section:
    """One card of the row under the state banner."""
    name = GLOSSARY[content.term].name
    base = f"card-{content.term}"
    return card(
        [
            html.Div([html.Span(name), help_mark(content.term)], className="sw-label"),
            html.Div(
                [
                    html.Div(
                        [
                            figure(content.figure, f"{base}-figure", class_name="sw-figure"),
                            html.Span(content.unit, id=f"{base}-unit", className="sw-unit"),
                        ],
                        className="sw-figure-line",
                    ),
                    sparkline(
                        content.trend,
                        f"{base}-trend",
                        label=f"{name}, recent course",
                        least_span=content.least_span,
                    ),
                ],
                className="sw-metric-middle",
            ),
            html.Div(kept_together(content.context), id=f"{base}-context", className="sw-context"),
            _rank_line(content.rank, base, content.unranked),
        ],
        label=name,
        class_name="sw-metric",
    )


#: Letters of a part of a context that a card has room for on one line.
_SHORT_PART = 20
_NBSP = "\N{NO-BREAK SPACE}"


def kept_together(context: str) -> str:
    """`context` such that a line breaks between its parts and not within a short one."""
    parts = context.split(" · ")
    if len(parts) == 1:
        return context
    short = [p.replace(" ", _NBSP) if len(p) <= _SHORT_PART else p for p in parts]
    return f"{_NBSP}· ".join(short)


@dataclass(frozen=True)
class Fact:
    """One line of a list of facts.

    Attributes
    ----------
    key : str
        Part of its components' ids.
    label, figure, context : str
    term : str or None
        Key of the glossary that explains it.
    """

    key: str
    label: str
    figure: str
    context: str = ""
    term: str | None = None


def fact_list(facts: Sequence[Fact], component_id: str) -> html.Dl:
    """Label left, figure right, context below it: a few numbers that need no card each."""
    return html.Dl(
        [_fact(fact, f"{component_id}-{fact.key}") for fact in facts],
        id=component_id,
        className="sw-facts",
    )


def _fact(fact: Fact, base: str) -> html.Div:
    marks = [] if fact.term is None else [help_mark(fact.term)]
    context = html.Dd(fact.context, id=f"{base}-context", className="sw-note")
    return html.Div(
        [
            html.Dt([fact.label, *marks]),
            html.Dd(figure(fact.figure, f"{base}-figure")),
            *([context] if fact.context else []),
        ],
        id=base,
        className="sw-fact",
    )


def sparkline(
    values: Sequence[float], component_id: str, *, label: str, least_span: float = 0.0
) -> html.Div:
    """A line of 56 by 24 pixels as a CSS mask: no chart library, and it follows the scheme."""
    drawn = len(values) >= 2
    shape = (
        {"maskImage": mask(_spark_drawing(values, least_span), view_box="0 0 56 24")}
        if drawn
        else {}
    )
    return html.Div(
        id=component_id,
        className="sw-spark" if drawn else "sw-spark sw-spark-none",
        style=shape,
        role="img",
        **{"aria-label": label if drawn else f"{label}: too short to draw"},
    )


def _spark_drawing(values: Sequence[float], least_span: float) -> str:
    points = _spark_points(values, least_span)
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    end_x, end_y = points[-1]
    return f'{line(path)}<circle cx="{end_x:g}" cy="{end_y:g}" r="2.3"/>'


def _spark_points(values: Sequence[float], least_span: float) -> list[tuple[float, float]]:
    step = (_WIDTH - 2 * _MARGIN) / (len(values) - 1)
    return [
        (round(_MARGIN + i * step, 1), _spark_height(level))
        for i, level in enumerate(_levels(values, least_span))
    ]


def _levels(values: Sequence[float], least_span: float) -> list[float]:
    """Where each value stands between the lowest (0) and the highest (1).

    Values that differ by less than `least_span` keep to the middle.
    """
    lowest, move = min(values), max(values) - min(values)
    span = max(move, least_span)
    margin = (span - move) / 2.0
    return [(v - lowest + margin) / span if span > 0.0 else 0.5 for v in values]


def _spark_height(level: float) -> float:
    """In half pixels: a value that moves less cannot be seen and need not be sent."""
    return round(2 * (_HEIGHT - _MARGIN - level * (_HEIGHT - 2 * _MARGIN))) / 2


def _rank_line(rank: Rank | None, base: str, unranked: str) -> html.Div:
    text = unranked if rank is None else rank_words(rank)
    tick = [] if rank is None else [_rank_tick(rank, base)]
    return html.Div(
        [
            html.Div(tick, id=f"{base}-track", className="sw-track", **{"aria-hidden": "true"}),
            html.Span(text, id=f"{base}-rank", title=_rank_title(rank)),
        ],
        className="sw-rank",
    )


def rank_words(rank: Rank) -> str:
    """``97th percentile, 90 d``."""
    return f"{ordinal(rank.percentile)} percentile, {window(rank.span)}"


def _rank_title(rank: Rank | None) -> str:
    return "history too short to rank in" if rank is None else f"among {rank.values} stored values"


def _rank_tick(rank: Rank, base: str) -> html.Span:
    return html.Span(id=f"{base}-tick", className="sw-tick", style={"left": f"{rank.percentile}%"})
