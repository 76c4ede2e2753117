"""The six figures of the correlation screen."""

import math

from dash import html

from pages.components.basics import card, figure, help_mark
from pages.components.metrics import MetricCard, metric_card
from pages.format import UNKNOWN, number, percent
from pages.glossary import GLOSSARY
from pages.views.correlation.phrases import (
    days_words,
    known,
    regime_words,
    rho_words,
)
from pages.views.correlation.reading import CorrelationData
from pages.views.correlation.study import RECENT_DAYS, TAIL, Group
from pages.views.ranking import rank
from pages.views.records.live import in_use, reads_filtered_days
from pages.views.trend import spark_course
from risk.measures.dependence import STRESSED_MEAN

#: Moves of a mean correlation below this are drawn as noise.
_LEAST_SPAN = 0.05


def card_row(data: CorrelationData) -> html.Div:
    """Six figures, each with what it is to be compared with."""
    return html.Div(
        [
            _mean_now(data),
            _mean_weighted(data),
            _calm_figure(data),
            _stressed_figure(data),
            _bets_figure(data),
            _tails_figure(data),
        ],
        id="correlation-cards",
        className="sw-cards",
    )


def _mean_now(data: CorrelationData) -> html.Section:
    group = data.group
    rolling = [] if group is None else [v for v in group.rolling.tolist() if not math.isnan(v)]
    now = group.rolling[-1] if group is not None and group.rolling.size else math.nan
    content = MetricCard(
        "mean_correlation",
        rho_words(float(now)),
        f"{RECENT_DAYS} d",
        regime_words(group),
        rolling[:: max(1, len(rolling) // 60)],
        data.place,
        least_span=_LEAST_SPAN,
    )
    return metric_card(content)


def _mean_weighted(data: CorrelationData) -> html.Section:
    value = data.cycle.assessment.held.mean_correlation
    content = MetricCard(
        "correlation_now",
        number(value, 2),
        "held",
        _scenarios_words(data),
        spark_course(data.trend, value, data.query, data.cycle.pulse.market),
        rank(value, data.baseline),
        least_span=_LEAST_SPAN,
    )
    return metric_card(content)


def _scenarios_words(data: CorrelationData) -> str:
    """The mean behind VaR itself, of the same assets."""
    held = [one.asset for one in data.held]
    if data.market is None or len(held) < 2:
        return "needs two assets"
    mean = rho_words(data.market.mean("scenarios", held))
    days = days_words(data.market.scenario_days)
    if reads_filtered_days(in_use(data.cycle.state)):
        return f"VaR's own {days}: {mean}"
    return f"{days} alike: {mean}"


def _fact(term: str, value: str, unit: str, context: str) -> html.Section:
    name, base = GLOSSARY[term].name, f"card-{term}"
    return card(
        [
            html.Div([html.Span(name), help_mark(term)], className="sw-label"),
            html.Div(
                [
                    figure(value, f"{base}-figure", class_name="sw-figure"),
                    html.Span(unit, id=f"{base}-unit", className="sw-unit"),
                ],
                className="sw-figure-line",
            ),
            html.Div(context, id=f"{base}-context", className="sw-context"),
        ],
        label=name,
        class_name="sw-metric",
    )


def _calm_figure(data: CorrelationData) -> html.Section:
    group, market = data.group, data.market
    if group is None or market is None:
        return _fact("correlation_calm", UNKNOWN, "", "needs two assets")
    days = f"calmer {number(market.calm_days)} of {days_words(len(market.days_ms))}"
    context = f"{days}; {_recent_words(group)}"
    return _fact("correlation_calm", rho_words(group.means["calm"]), "mean", context)


def _recent_words(group: Group) -> str:
    """The recent mean, and in brackets how far it is above the calm one."""
    recent = group.means["recent"]
    change = rho_words(recent - group.means["calm"], signed=True)
    return f"recent {rho_words(recent)}" + ("" if change == UNKNOWN else f" ({change})")


def _stressed_figure(data: CorrelationData) -> html.Section:
    group = data.group
    if group is None:
        return _fact("correlation_stressed", UNKNOWN, "", "needs two assets")
    moved = (
        f"each pair {percent(group.theta, 0)} closer to one"
        if group.theta > 0.0
        else f"at {number(STRESSED_MEAN, 2)} or above already"
    )
    return _fact("correlation_stressed", rho_words(group.means["stressed"]), "mean", moved)


def _bets_figure(data: CorrelationData) -> html.Section:
    group = data.group
    if group is None:
        return _fact("independent_bets", UNKNOWN, "", "needs two assets")
    context = "unrelated assets would spread as much"
    return _fact(
        "independent_bets",
        number(known(group.bets), 1),
        f"of {len(group.assets)}",
        context,
    )


def _tails_figure(data: CorrelationData) -> html.Section:
    group = data.group
    if group is None:
        return _fact("joint_tails", UNKNOWN, "", "needs two assets")
    if group.tails.pairs == 0:
        return _fact("joint_tails", UNKNOWN, "", "needs 100 days with two assets")
    context = (
        f"of worst {percent(TAIL, 0)} days shared; Gaussian {percent(group.tails.gaussian, 0)}"
    )
    return _fact("joint_tails", percent(group.tails.observed, 0), "", context)
