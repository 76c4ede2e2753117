"""The cards under the verdict: the plot, the models, the exceptions, the components."""

import dash_mantine_components as dmc
import numpy as np
from dash import dcc, html

from pages.components.basics import Component, card, figure, glyph, heading, help_mark
from pages.components.choices import choice_links
from pages.components.links import inside_link
from pages.components.notices import empty_state, error_state, loading_state
from pages.context import MetricHistory
from pages.figures.history import CHART_CONFIG
from pages.format import UNKNOWN, amount, percent, sentence
from pages.query import BY, GROUPINGS
from pages.theme import others_fill, series_fill, series_line
from pages.views.change import var_change_words
from pages.views.exposure.selection import label as part_label
from pages.views.holdings import component_var, grouped, share_of
from pages.views.var.explained import Exceeded
from pages.views.var.past import Hindsight, ModelRecord
from pages.views.var.reading import VarData
from pages.views.var.scored import known_at
from pages.views.var.verdict import Light, normal_range
from pages.views.var.words import (
    HORIZON,
    IN_USE,
    MODEL_WORDS,
    NO_OTHER,
    PATH,
    UNIT,
    WITH,
)
from risk.domain.assessment import TailRisk
from risk.domain.market import Period
from risk.measures.backtest import traffic_light_zones

_PLOT_PX, _COMPONENTS_PX = 316, 206


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
    bars, of_days = len(data.shown), data.period is Period.DAY
    unit = ("day" if of_days else "hour") + ("" if bars == 1 else "s")
    running = "to today" if of_days else "to now"
    until = running if data.today is not None else "in the chosen range"
    made = "at 00:00 UTC for the day" if of_days else "at each full hour for the next"
    return f"{bars} {unit} {until}, forecast made {made}"


def _plot_choices(data: VarData) -> list[Component]:
    to = data.query.links_to(PATH)
    return [
        choice_links(label, word.name, word.options or {}, data.query.choice(word.name), to)
        for label, word in (("Horizon", HORIZON), ("Unit", UNIT))
    ]


def _plot(data: VarData) -> list[Component]:
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
    name = MODEL_WORDS[data.query.choice(WITH.name)][0]
    return "dash", f"{name}, 99 and 95 %", series_line(1, data.query.scheme)["color"]


def _legend_entry(look: str, text: str, colour: str | None) -> html.Li:
    style = {} if colour is None else {"color": colour}
    swatch = html.Span(
        className="sw-key-mark", style=style, **{"data-look": look, "aria-hidden": "true"}
    )
    return html.Li([swatch, text])


def _can_compare(data: VarData) -> bool:
    return data.period is Period.DAY and data.hindsight.value is not None


# -- models side by side ------------------------------------------------------------------


def models_card(data: VarData) -> html.Section:
    """All registered models over the same days and holdings."""
    title = "Models side by side"
    note = "as each would have forecast for what was held that day"
    return card(
        [
            heading(title, note=note, actions=[help_mark("models_compared"), _model_pick(data)]),
            html.Div(_models(data), id="var-models-content"),
            _foot(data),
        ],
        label=title,
        class_name="sw-models",
        id="var-models",
    )


def _model_pick(data: VarData) -> Component:
    options = WITH.options or {}
    return dmc.Select(
        id={"type": "word", "word": WITH.name},
        data=[{"value": value, "label": text} for value, text in options.items()],
        value=data.query.choice(WITH.name),
        allowDeselect=False,
        size="xs",
        w=190,
        **{"aria-label": "Compare the model in use with"},
    )


def _models(data: VarData) -> list[Component]:
    hindsight = data.hindsight
    if hindsight.problem is not None:
        problem = f"{sentence(hindsight.problem)}. It is tried again within a minute."
        return [error_state("The models could not be compared", problem, small=True)]
    if hindsight.value is None:
        what = "each model's record over the book as held"
        return [loading_state(what, usually="2 s", small=True)]
    if not any(record.days for record in hindsight.value.models.values()):
        return [
            empty_state(
                "No day to compare models on",
                "They need one whole day with a position and 100 days of prices before it.",
                small=True,
            )
        ]
    return [_models_table(data, hindsight.value)]


def _models_table(data: VarData, hindsight: Hindsight) -> html.Div:
    used = hindsight.models[IN_USE]
    others = [record for name, record in hindsight.models.items() if name != IN_USE]
    rows = [_model_row(data, record, used) for record in (used, *others)]
    table = html.Table(
        [
            html.Caption("Records of the VaR models", className="sw-hidden"),
            html.Thead(_models_header()),
            html.Tbody(rows),
        ],
        className="sw-table sw-models-table",
    )
    return html.Div(table, className="sw-table-box")


def _models_header() -> html.Tr:
    return html.Tr(
        [
            html.Th("Model", scope="col", className="sw-left"),
            _head("Hits 99 %", "hit_rate"),
            _head("Hits 95 %", "normal_range"),
            _head("Mean VaR 99 %", wide=True),
            _head("Pinball 99 %", "pinball", wide=True),
            _head("VaR today", wide=True),
            html.Th("Light", scope="col", className="sw-left sw-wide"),
        ]
    )


def _head(text: str, term: str | None = None, *, wide: bool = False) -> html.Th:
    inner = html.Div([text, help_mark(term)], className="sw-head-help") if term else text
    return html.Th(inner, scope="col", className="sw-wide" if wide else "")


def _model_row(data: VarData, record: ModelRecord, used: ModelRecord) -> html.Tr:
    chosen = record.name == data.query.choice(WITH.name)
    cells = [
        _model_name(data, record, chosen),
        _hits(record.hits_99, record.days, 0.99),
        _hits(record.hits_95, record.days, 0.95),
        html.Td(percent(_mean_var(data, record)), className="sw-wide"),
        html.Td(_pinball_words(record, used), className="sw-wide"),
        html.Td(percent(_today_var(data, record)), className="sw-wide"),
        _zone_cell(record),
    ]
    return html.Tr(cells, **{"data-chosen": "used" if record is used else str(chosen).lower()})


def _model_name(data: VarData, record: ModelRecord, chosen: bool) -> html.Th:
    name, how = MODEL_WORDS[record.name]
    to = {WITH.name: NO_OTHER if chosen else record.name}
    shown: Component = html.Strong(name)
    if record.name != IN_USE:
        shown = inside_link(name, data.query.href(PATH, **to), chosen=chosen)
    use = " in use" if record.name == IN_USE else ""
    what = html.Div(how, className="sw-model-how")
    return html.Th(
        [shown, html.Span(use, className="sw-faint"), what], scope="row", className="sw-left"
    )


def _hits(count: int, days: int, level: float) -> html.Td:
    if not days:
        return html.Td(UNKNOWN)
    low, high = normal_range(days, level)
    odd = [] if low <= count <= high else [glyph("caution", state="caution"), " "]
    normal = html.Div(["normal ", html.Span(f"{low} to {high}")], className="sw-model-how")
    return html.Td([*odd, f"{count} of {days}", normal])


def _mean_var(data: VarData, record: ModelRecord) -> float | None:
    """Against the equity of each day."""
    hindsight, judged = data.hindsight.value, data.judged
    if hindsight is None:
        return None
    history = MetricHistory(judged.opened_ms, judged.equity)
    equity = known_at(history, hindsight.held.opened_ms, Period.HOUR.span)
    shares = record.var_99 / np.where(equity > 0.0, equity, np.nan)
    known = shares[np.isfinite(shares)]
    return float(known.mean()) if known.size else None


def _today_var(data: VarData, record: ModelRecord) -> float | None:
    equity = None if data.day is None else data.day.equity
    return share_of(record.today_99, equity)


def _pinball_words(record: ModelRecord, used: ModelRecord) -> str:
    """How much more or less the forecasts lost than those of the model in use."""
    if record is used:
        return "reference"
    if record.pinball_99 is None or not used.pinball_99 or record.days != used.days:
        return UNKNOWN
    return percent(record.pinball_99 / used.pinball_99 - 1.0, 1, signed=True)


def _zone_cell(record: ModelRecord) -> html.Td:
    if not record.days:
        return html.Td(UNKNOWN, className="sw-left sw-wide")
    light = Light(record.hits_99, record.days, *traffic_light_zones(record.days))
    badge = html.Span(
        [glyph(light.shape, state=light.shape), light.word],
        className="sw-verdict-word",
        **{"data-state": light.shape},
    )
    return html.Td(badge, className="sw-left sw-wide")


def _foot(data: VarData) -> html.Div:
    lines = [_live_words(data), _change_line(data)]
    return html.Div([html.P(line) for line in lines if line], className="sw-card-foot")


def _live_words(data: VarData) -> str:
    """How the record made at the time compares."""
    days = len(data.judged)
    if not days:
        return ""
    hard, soft = int(data.judged.beyond_99.sum()), int(data.judged.beyond_95.sum())
    return (
        f"The live record, made day by day: {hard} beyond 99 % and {soft} beyond 95 % in {days} "
        f"days. {_spread_words(data)}"
    ).strip()


def _spread_words(data: VarData) -> str:
    hindsight = data.hindsight.value
    if hindsight is None:
        return ""
    known = [
        share
        for share in (_today_var(data, record) for record in hindsight.models.values())
        if share is not None
    ]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    points = percent(high - low).removesuffix("\N{NO-BREAK SPACE}%")
    return f"Today models differ by {points} points ({percent(low)} to {percent(high)})."


def _change_line(data: VarData) -> str:
    return var_change_words(data.change, data.book.currency, data.of_equity)


# -- exceptions ---------------------------------------------------------------------------


def exceptions_card(data: VarData) -> html.Section:
    """Each exception in words, newest first, for those who cannot hover too."""
    return card(
        [
            heading("Exceptions", note="newest first", actions=[help_mark("exception")]),
            # It scrolls when there are many, hence a stop for the keyboard.
            html.Div(
                _exceptions(data), id="var-exceptions-content", className="sw-scrolls", tabIndex=0
            ),
        ],
        label="Exceptions",
        class_name="sw-exceptions",
        id="var-exceptions",
    )


def _exceptions(data: VarData) -> Component:
    if not data.exceptions:
        none = "No loss went beyond its VaR in what is shown."
        told = none if len(data.shown) else "No forecast has met its outcome yet."
        return html.P(told, className="sw-dim sw-pad")
    return html.Ol([_exception(data, each) for each in data.exceptions], className="sw-beyond")


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


def levels_card(data: VarData) -> html.Section:
    """VaR and expected shortfall now, by level and horizon."""
    title = "VaR now, by horizon"
    return card(
        [
            heading(title, note="% of equity", actions=[help_mark("var_levels")]),
            html.Div(
                html.Table(
                    [
                        html.Caption(title, className="sw-hidden"),
                        html.Thead(_levels_header()),
                        html.Tbody(_levels_rows(data)),
                    ],
                    className="sw-table sw-levels-table",
                ),
                className="sw-table-box",
            ),
            html.P(_horizon_words(data), id="var-horizon-words", className="sw-dim sw-pad"),
        ],
        label=title,
        class_name="sw-levels",
        id="var-levels",
    )


def _levels_header() -> html.Tr:
    heads = [html.Th(text, scope="col") for text in ("1 hour", "1 day", "1 day, money")]
    return html.Tr([html.Th("Measure", scope="col", className="sw-left"), *heads])


_LEVEL_ROWS = (
    ("VaR 95 %", 0.95, False),
    ("VaR 97.5 %", 0.975, False),
    ("VaR 99 %", 0.99, False),
    ("ES 97.5 %", 0.975, True),
    ("ES 99 %", 0.99, True),
)


def _levels_rows(data: VarData) -> list[html.Tr]:
    return [_levels_row(data, *row) for row in _LEVEL_ROWS]


def _levels_row(data: VarData, name: str, level: float, shortfall: bool) -> html.Tr:
    held = data.assessment.held
    hour, day = (_tail_at(tail, level, shortfall) for tail in (held.hour, held.day))
    key = f"var-now-{'es' if shortfall else 'var'}-{str(level)[2:]}"
    return html.Tr(
        [
            html.Th(name, scope="row", className="sw-left"),
            html.Td(figure(percent(data.of_equity(hour)), f"{key}-hour")),
            html.Td(figure(percent(data.of_equity(day)), f"{key}-day")),
            html.Td(figure(amount(day), f"{key}-money")),
        ]
    )


def _tail_at(tail: TailRisk | None, level: float, shortfall: bool) -> float | None:
    if tail is None:
        return None
    return tail.es_at(level) if shortfall else tail.var_at(level)


def _horizon_words(data: VarData) -> str:
    """Whether the hour is stormier than the day, in one sentence."""
    held = data.assessment.held
    if held.day is None or held.hour is None:
        return "VaR needs 60 bars of history of the coins held."
    hour, day = held.hour.var_at(0.99), held.day.var_at(0.99)
    if day <= 0.0:
        return "Nothing held can lose: VaR is zero."
    calm = 24.0**-0.5
    word = "stormier" if hour / day > 1.25 * calm else "calmer" if hour / day < 0.8 * calm else ""
    share = f"One hour's VaR is {percent(hour / day, 0)} of the day's"
    if not word:
        return f"{share}, about what a steady market gives ({percent(calm, 0)})."
    return f"{share}: this hour is {word} than the day as a whole ({percent(calm, 0)} if steady)."
