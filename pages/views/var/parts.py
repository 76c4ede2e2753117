"""The cards under the verdict: the plot, the exceptions, the components, VaR now."""

from datetime import datetime

from dash import dcc, html

from pages.components.basics import Component, card, figure, heading, help_mark
from pages.components.choices import choice_links
from pages.components.notices import empty_state
from pages.figures.history import CHART_CONFIG
from pages.format import UTC_ZONE, percent, sentence
from pages.query import BY, GROUPINGS
from pages.theme import others_fill, series_fill, series_line
from pages.views.exposure.selection import label as part_label
from pages.views.holdings import component_var, grouped, share_of
from pages.views.records.counts import unnoticed_words
from pages.views.records.explained import Exceeded
from pages.views.var.reading import LEAST_DAYS, LEAST_HOURS, MOST_HOURS, VarData
from pages.views.var.words import HORIZON, NO_OTHER, PATH, UNIT, WITH
from risk.domain.market import Period
from risk.measures.var import VAR_MODELS

_PLOT_PX, _COMPONENTS_PX = 316, 244


# -- did losses stay inside VaR -----------------------------------------------------------


def plot_card(data: VarData) -> html.Section:
    """The plot, with the choices that change it."""
    question = "Did losses stay inside VaR?"
    return card(
        [
            heading(question, note=_plot_note(data), actions=_plot_choices(data)),
            _legend(data),
            *_plot(data),
        ],
        label=question,
        class_name="sw-bands",
        id="var-plot",
    )


def _plot_note(data: VarData) -> str:
    return f"{_bars_words(data)} {_reach_words(data)}"


def _of_days(data: VarData) -> bool:
    return data.period is Period.DAY


def _bars_words(data: VarData) -> str:
    """``45 days``."""
    bars = len(data.shown)
    return f"{bars} {'day' if _of_days(data) else 'hour'}{'' if bars == 1 else 's'}"


def _reach_words(data: VarData) -> str:
    """Until when, and why that is more or less than the range, or how it was forecast."""
    since, until = data.span
    if data.stands_still and not _of_days(data) and until - since > MOST_HOURS:
        most = MOST_HOURS.days
        return f"to {_end_words(data)}, less than the range: the plot holds {most} days at most"
    if data.stands_still and _begins_before(data, since):
        reach = LEAST_DAYS if _of_days(data) else LEAST_HOURS.days
        return (
            f"to {_end_words(data)}, more than the range: the plot reaches back {reach} days "
            "where it can"
        )
    running = "to today" if _of_days(data) else "to now"
    made = "at 00:00 UTC for the day" if _of_days(data) else "at each full hour for the next"
    return f"{'in the chosen range' if data.stands_still else running}, forecast made {made}"


def _begins_before(data: VarData, since: datetime) -> bool:
    return len(data.shown) > 0 and data.shown.opened(0) + data.period.span < since


def _end_words(data: VarData) -> str:
    """The last day shown, or when the last hour shown was over."""
    now = data.cycle.pulse.market
    if not len(data.shown):
        return "its end"
    opened = data.shown.opened(len(data.shown) - 1)
    if _of_days(data):
        return UTC_ZONE.date(opened, now=now)
    return data.query.minute(opened + data.period.span, now)


def _plot_choices(data: VarData) -> list[Component]:
    to = data.query.links_to(PATH)
    return [
        choice_links(label, word.name, word.options or {}, data.query.choice(word.name), to)
        for label, word in (("Horizon", HORIZON), ("Unit", UNIT))
    ]


def _plot(data: VarData) -> list[Component]:
    if data.figure is None and data.forecast_since is not None:
        begin = sentence(_begin_words(data, data.forecast_since))
        return [empty_state("Nothing was forecast in this range", begin, small=True)]
    if data.figure is None:
        return [
            empty_state(
                "No forecast yet",
                "VaR is forecast at 00:00 UTC for the day and at each full hour, once the coins "
                "held have 60 bars of history. The plot fills by itself.",
                small=True,
            )
        ]
    graph = dcc.Graph(
        id="var-chart",
        figure=data.figure,
        responsive=True,
        config=CHART_CONFIG,
        style={"height": f"{_PLOT_PX}px"},
    )
    return [graph]


def _begin_words(data: VarData, since: datetime) -> str:
    """``the book's forecasts begin on 26 May.``"""
    return f"the book's forecasts begin on {UTC_ZONE.date(since, now=data.cycle.pulse.market)}."


def _legend(data: VarData) -> html.Ul:
    hard = sum(each.hard for each in data.exceptions)
    soft = len(data.exceptions) - hard
    compared = data.query.choice(WITH.name)
    entries = [
        ("bar", "P&L as held", None),
        ("solid", "VaR 99 %", None),
        ("dash", "VaR 95 %", None),
        ("dot", "ES 97.5 %", None),
        *([_legend_of_other(data)] if compared != NO_OTHER and _can_compare(data) else []),
        ("diamond", f"beyond 99 %: {hard}", None),
        ("ring", f"beyond 95 % only: {soft}", None),
    ]
    items = [_legend_entry(look, text, colour) for look, text, colour in entries]
    return html.Ul([*items, html.Li(help_mark("as_held"))], className="sw-keys")


def _legend_of_other(data: VarData) -> tuple[str, str, str | None]:
    name = VAR_MODELS[data.query.choice(WITH.name)].title
    return "dash", f"{name}, 99 and 95 %", series_line(1, data.query.scheme)["color"]


def _legend_entry(look: str, text: str, colour: str | None) -> html.Li:
    style = {} if colour is None else {"color": colour}
    swatch = html.Span(
        className="sw-key-mark", style=style, **{"data-look": look, "aria-hidden": "true"}
    )
    return html.Li([swatch, text])


def _can_compare(data: VarData) -> bool:
    return data.period is Period.DAY and data.hindsight.value is not None


# -- exceptions ---------------------------------------------------------------------------


def exceptions_card(data: VarData) -> html.Section:
    """Each exception in words, newest first, for those who cannot hover too."""
    return card(
        [
            heading("Exceptions", note=_exceptions_note(data), actions=[help_mark("exception")]),
            # It scrolls when there are many, hence a stop for the keyboard.
            html.Div(
                _exceptions(data), id="var-exceptions-content", className="sw-scrolls", tabIndex=0
            ),
            *_exceptions_foot(data),
        ],
        label="Exceptions",
        class_name="sw-exceptions",
        id="var-exceptions",
    )


def _exceptions_note(data: VarData) -> str:
    """Of what they are: the plot may reach further than the range."""
    return f"of the {_bars_words(data)} shown, newest first" if data.exceptions else ""


def _exceptions_foot(data: VarData) -> list[Component]:
    told = unnoticed_words(data.judged)
    return [html.Div(html.P(told), className="sw-card-foot")] if told else []


def _exceptions(data: VarData) -> Component:
    if not data.exceptions:
        return html.P(_none_beyond(data), className="sw-dim sw-pad")
    return html.Ol([_exception(data, each) for each in data.exceptions], className="sw-beyond")


def _none_beyond(data: VarData) -> str:
    if len(data.shown):
        return f"No loss went beyond its VaR in the {_bars_words(data)} shown."
    if data.forecast_since is not None:
        begin = _begin_words(data, data.forecast_since)
        return f"Nothing was forecast in this range; {begin}"
    return "No forecast has met its outcome yet."


def _exception(data: VarData, each: Exceeded) -> html.Li:
    look = "diamond" if each.hard else "ring"
    causes = " ".join(part for part in (each.assets, each.market) if part)
    return html.Li(
        [
            html.Span(className="sw-key-mark", **{"data-look": look, "aria-hidden": "true"}),
            html.Div(
                [
                    html.P([html.Strong(each.when), f" {each.loss_words(data.book.currency)}"]),
                    html.P(f"{each.beyond_words()}."),
                    html.P(causes or _no_causes(data), className="sw-faint"),
                ]
            ),
        ]
    )


def _no_causes(data: VarData) -> str:
    if data.period is Period.HOUR:
        return "Assets are told for days only."
    if data.hindsight.is_pending:
        return "Working out which assets lost most."
    return "What was held then is not known here."


# -- where VaR came from ------------------------------------------------------------------


def components_card(data: VarData) -> html.Section:
    """Component VaR over time, by the chosen grouping."""
    title = "Where VaR came from"
    switch = choice_links(
        "Split by", BY.name, GROUPINGS, data.query.choice(BY.name), data.query.links_to(PATH)
    )
    note = f"component VaR 99 %, 1 day, {data.query.range_words(data.cycle.pulse.market)}"
    return card(
        [
            heading(title, note=note, actions=[help_mark("component_var"), switch]),
            *_components(data),
        ],
        label=title,
        class_name="sw-components",
        id="var-components",
    )


def _components(data: VarData) -> list[Component]:
    components = data.components
    if components.figure is None:
        return [
            empty_state(
                "No component is known in this range",
                "A position's part of VaR is kept from the first hour it is held. Choose a longer "
                "range, or open a position.",
                small=True,
            )
        ]
    graph = dcc.Graph(
        id="var-components-chart",
        figure=components.figure,
        responsive=True,
        config=CHART_CONFIG,
        style={"height": f"{_COMPONENTS_PX}px"},
    )
    return [_component_legend(data), graph]


def _component_legend(data: VarData) -> html.Ul:
    """The groups drawn, each with its share of VaR now."""
    by, scheme = data.query.choice(BY.name), data.query.scheme
    day = data.assessment.held.day
    total = day.var_at(0.99) if day else None
    now = {
        part_label(by, name): share_of(component_var(group), total)
        for name, group in grouped(data.assessment.positions, by).items()
    }
    items = []
    for index, name in enumerate(data.components.names):
        colour = others_fill(scheme) if name == "others" else series_fill(index, scheme)
        swatch = html.Span(
            className="sw-key-mark",
            style={"color": colour},
            **{"data-look": "area", "aria-hidden": "true"},
        )
        share = percent(now[name], 0) if name in now else ""
        items.append(html.Li([swatch, name, " ", figure(share, f"var-share-{index}")]))
    return html.Ul(items, className="sw-keys", **{"aria-label": "Groups and share of VaR now"})
