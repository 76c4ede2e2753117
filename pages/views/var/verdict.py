"""Did VaR hold: the verdict in words, the traffic light, and the cards beside it."""

from collections.abc import Mapping

import numpy as np
from dash import html

from pages.components.basics import Component, card, figure, glyph, help_mark
from pages.components.metrics import MetricCard, metric_card
from pages.format import NONE, UNKNOWN, amount, money, multiple, percent
from pages.views.health.judged import opinion
from pages.views.holdings import share_of
from pages.views.ranking import rank
from pages.views.records.counts import LIGHT_SHAPES, Light, count_at, light_of
from pages.views.records.explained import moment_words
from pages.views.records.live import in_use, others_words
from pages.views.records.scored import ScoredBars
from pages.views.trend import spark_course
from pages.views.var.plot import Today
from pages.views.var.reading import VarData
from risk.domain.market import Period
from risk.measures.types import FloatArray
from risk.portfolio.book_models import title_of
from risk.storage.queries import JUDGED_DAYS

#: A move of VaR that a sparkline draws in its full height at least.
_LEAST_SPAN = 0.001


# -- in words -----------------------------------------------------------------------------


def answer(data: VarData) -> html.Section:
    """The page's first line: whether losses stayed inside VaR, and what today looks like."""
    others = others_words(data.judged.models, in_use(data.cycle.state))
    sentences = [_held_words(data), others, _today_words(data)]
    text = " ".join(sentence for sentence in sentences if sentence)
    which = which_words(data)
    parts = [
        html.P(text, id="var-answer", className="sw-answer"),
        *([html.P(which, id="var-which", className="sw-dim")] if which else []),
    ]
    return card(parts, label="In short", class_name="sw-answer-card")


def which_words(data: VarData) -> str:
    """Which of the page's figures of one day's VaR is which, and why they differ."""
    held, day = data.assessment.held.day, data.day
    now = data.of_equity(held.var_at(0.99)) if held else None
    if now is None or day is None:
        return ""
    forecast = _limit(day.var_99, day)
    told = [
        f"VaR 99 % of one day is {percent(now)} for what is held now",
        f"{forecast} was forecast at 00:00 UTC for what was held then: by that today is judged",
    ]
    used, hindsight = in_use(data.cycle.state), data.hindsight.value
    record = None if hindsight is None else hindsight.models.get(used)
    again = None if record is None else share_of(record.today_99, day.equity)
    if again is not None:
        told.append(
            f"{percent(again)} is {title_of(used)} in hindsight on the book's own series, which "
            "only compares models"
        )
    return f"{'; '.join(told)}."


def _held_words(data: VarData) -> str:
    judged = data.judged
    if not len(judged):
        return "No one-day forecast has met its day yet: nothing says whether VaR holds."
    outer, inner = count_at(0.99, judged), count_at(0.95, judged)
    return (
        f"{opinion(data.live)}: losses went beyond the 99 % VaR on {outer.exceptions} of "
        f"{outer.days} days ({outer.normal_words}), beyond the 95 % VaR on {inner.exceptions} "
        f"({inner.normal_words})."
    )


def _today_words(data: VarData) -> str:
    today = data.day
    if today is None or today.profit is None:
        return ""
    share = share_of(today.profit, today.equity)
    so_far = money(today.profit, data.book.currency, signed=True)
    said = so_far if share is None else percent(share, signed=True)
    outer, inner = _limit(today.var_99, today), _limit(today.var_95, today)
    by = _by_words(today, in_use(data.cycle.state))
    if today.profit < -today.var_99:
        return f"Today {said} so far, beyond its 99 % VaR of {outer}{by}."
    if today.profit < -today.var_95:
        return f"Today {said} so far, beyond its 95 % VaR of {inner}{by}."
    return f"Today {said} so far, VaR {outer}{by}."


def _by_words(today: Today, used: str) -> str:
    """Whose forecast it is, where another model has been chosen since."""
    made_by = today.forecast.method
    return "" if made_by in ("", used) else f", as {title_of(made_by)} forecast it"


def _limit(var: float, today: Today) -> str:
    """Against the equity at the opening where that is known."""
    share = share_of(var, today.equity)
    return amount(var) if share is None else percent(share)


# -- the strip ----------------------------------------------------------------------------


def strip(data: VarData) -> html.Div:
    """The light and four cards."""
    cards = [_light_card(data), _inner_card(data), _var_card(data), _es_card(data), _worst(data)]
    return html.Div(cards, id="var-strip", className="sw-var-strip")


def _light_card(data: VarData) -> html.Section:
    days = len(data.judged)
    after = "" if days == JUDGED_DAYS else f", after {days} of {JUDGED_DAYS} days"
    label = f"Traffic light, 99 %, {JUDGED_DAYS} days{after}"
    light = light_of(data.judged) if days else None
    return card(
        [
            html.Div([html.Span(label), help_mark("traffic_light")], className="sw-label"),
            *(_no_light() if light is None else _light(light, data.judged)),
        ],
        label="Traffic light",
        class_name="sw-light",
        id="var-light",
        **{"data-state": "stale" if light is None else light.shape},
    )


def _no_light() -> list[Component]:
    return [
        html.Div([glyph("stale", state="stale"), html.Span(UNKNOWN)], className="sw-light-word"),
        html.P("The first forecast meets its day at 00:00 UTC.", className="sw-context"),
    ]


def _light(light: Light, judged: ScoredBars) -> list[Component]:
    times = "exception" if light.exceptions == 1 else "exceptions"
    expected = f"expected {0.01 * light.days:.1f}, {count_at(0.99, judged).normal_words}"
    word = html.Div(
        [
            glyph(light.shape, state=light.shape),
            html.Span(light.word),
            html.Strong(f"{light.exceptions} {times}"),
            html.Span(expected, className="sw-unit"),
        ],
        className="sw-light-word",
        **{"data-state": light.shape},
    )
    return [word, _track(light), html.P(light_words(light), className="sw-context")]


def light_words(light: Light) -> str:
    """Why it may be amber inside the normal range: it looks at one side only, and is stricter."""
    return (
        f"Amber from {light.amber_from}: a right model stays below that about 9 times in 10. The "
        "normal range is wider, and has a lower end too."
    )


def _track(light: Light) -> html.Div:
    last = (light.amber_from - 1, light.red_from - 1)
    names = (f"green 0–{last[0]}", f"amber {light.amber_from}–{last[1]}", f"red {light.red_from}+")
    zones = [
        html.Div(
            className="sw-zone" if place == light.zone else "sw-zone sw-zone-other",
            **{"data-state": LIGHT_SHAPES[place]},
        )
        for place in range(3)
    ]
    mark = html.Div(className="sw-zone-mark", style={"left": f"{100.0 * light.place:.1f}%"})
    return html.Div(
        [
            html.Div([*zones, mark], className="sw-zones", **{"aria-hidden": "true"}),
            html.Div([html.Span(name) for name in names], className="sw-zone-names"),
        ]
    )


def _fact_card(
    key: str, term: str, label: str, shown: str, unit: str, lines: list[Component]
) -> html.Section:
    return card(
        [
            html.Div([html.Span(label), help_mark(term)], className="sw-label"),
            html.Div(
                [
                    figure(shown, f"var-{key}-figure", class_name="sw-figure"),
                    html.Span(unit, id=f"var-{key}-unit", className="sw-unit"),
                ],
                className="sw-figure-line",
            ),
            *lines,
        ],
        label=label,
        class_name="sw-metric",
        id=f"var-{key}",
    )


_VERDICTS: Mapping[str, tuple[str, str]] = {
    "normal": ("normal", "AS EXPECTED"),
    "many": ("caution", "TOO MANY"),
    "few": ("caution", "TOO FEW"),
}


def _inner_card(data: VarData) -> html.Section:
    label = "Exceptions, 95 %"
    if not len(data.judged):
        return _fact_card("inner", "normal_range", label, NONE, "", [_line("no day scored yet")])
    count = count_at(0.95, data.judged)
    shape, word = _VERDICTS[count.verdict]
    verdict = html.Div(
        [glyph(shape, state=shape), word], className="sw-verdict-word", **{"data-state": shape}
    )
    lines = [_line(count.normal_words), verdict]
    return _fact_card(
        "inner", "normal_range", label, str(count.exceptions), f"in {count.days} days", lines
    )


def _line(text: str) -> html.Div:
    return html.Div(text, className="sw-context")


def _var_card(data: VarData) -> html.Section:
    held = data.assessment.held
    day = held.day.var_at(0.99) if held.day else None
    hour = data.of_equity(held.hour.var_at(0.99)) if held.hour else None
    context = f"{money(day, data.book.currency)} · 1 h {percent(hour)}"
    return _metric(data, "var_1d_99", day, context)


def _es_card(data: VarData) -> html.Section:
    held = data.assessment.held
    day = held.day.es_at(0.975) if held.day else None
    hour = data.of_equity(held.hour.es_at(0.975)) if held.hour else None
    context = f"{money(day, data.book.currency)} · 1 h {percent(hour)}"
    return _metric(data, "es_1d_975", day, context)


def _metric(data: VarData, term: str, loss: float | None, context: str) -> html.Section:
    value = data.of_equity(loss)
    course = spark_course(data.trends[term], value, data.query, data.cycle.pulse.market)
    place = rank(value, data.baselines[term])
    told = context if loss is not None else "needs more history"
    content = MetricCard(term, percent(value), "", told, course, place, least_span=_LEAST_SPAN)
    return metric_card(content)


def _worst(data: VarData) -> html.Section:
    """The day that lost most for its VaR: not always the one that lost most money."""
    bars, label = data.judged, "Most against its VaR"
    ratios: FloatArray = -bars.profit / np.where(bars.var_99 > 0.0, bars.var_99, np.nan)
    losing = np.isfinite(ratios) & (ratios > 0.0)
    if not losing.any():
        return _fact_card("worst", "exception", label, NONE, "", [_line("no day lost money yet")])
    row = int(np.argmax(np.where(losing, ratios, 0.0)))
    loss, var = float(bars.profit[row]), float(bars.var_99[row])
    share, limit = bars.of_equity(row, loss), bars.of_equity(row, var)
    lost = money(loss, data.book.currency) if share is None else percent(share)
    when = moment_words(bars.opened(row), Period.DAY, data.query.zone)
    lines = [
        _line(f"{when}: {lost}, VaR {amount(var) if limit is None else percent(limit)}"),
        _line(f"the most of {len(bars)} days"),
    ]
    figure_ = multiple(float(ratios[row]))
    return _fact_card("worst", "exception", label, figure_, "its VaR 99 %", lines)
