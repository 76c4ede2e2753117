"""The live record beside the models that matter most; all of them stand on a page of their own."""

from collections.abc import Mapping, Sequence

import dash_mantine_components as dmc
from dash import html

from pages.components.basics import Component, card, glyph, heading, help_mark
from pages.components.links import inside_link
from pages.components.notices import empty_state, error_state, loading_state
from pages.format import UNKNOWN, percent, sentence
from pages.paths import HEALTH_PATH
from pages.views.change import var_change_words
from pages.views.records.counts import light_badge, normal_range
from pages.views.records.live import in_use
from pages.views.var.contest import Entrant, entrants, extremes, shortlisted
from pages.views.var.reading import VarData
from pages.views.var.words import NO_OTHER, PATH, WITH, WORDS


def models_card(data: VarData) -> html.Section:
    """The live record, and the models that matter most over the same days and holdings."""
    title = "Models side by side"
    note = "the live record, its method, the best and the worst"
    compared = _compared(data)
    return card(
        [
            heading(title, note=note, actions=[help_mark("models_compared"), _model_pick(data)]),
            html.Div(_models(data, compared), id="var-models-content"),
            _foot(data, compared),
        ],
        label=title,
        class_name="sw-models",
        id="var-models",
    )


def _compared(data: VarData) -> list[Entrant]:
    hindsight = data.hindsight.value
    if hindsight is None:
        return []
    return entrants(data.judged, data.day, hindsight, in_use(data.cycle.state))


def _model_pick(data: VarData) -> Component:
    options = WITH.options or {}
    return dmc.Select(
        id={"type": "word", "word": WITH.name},
        data=[{"value": value, "label": text} for value, text in options.items()],
        value=data.query.choice(WITH.name),
        allowDeselect=False,
        size="xs",
        w=190,
        **{"aria-label": "Compare the live record with"},
    )


def _models(data: VarData, compared: Sequence[Entrant]) -> list[Component]:
    hindsight = data.hindsight
    if hindsight.problem is not None:
        problem = f"{sentence(hindsight.problem)}. It is tried again within a minute."
        return [error_state("The models could not be compared", problem, small=True)]
    if hindsight.value is None:
        what = "each model's record over the book as held"
        return [loading_state(what, usually="2 s", small=True)]
    if not any(entrant.days for entrant in compared):
        return [
            empty_state(
                "No day to compare models on",
                "They need one whole day with a position and 100 days of prices before it.",
                small=True,
            )
        ]
    return [_table(data, compared)]


def _table(data: VarData, compared: Sequence[Entrant]) -> html.Div:
    roles = extremes(compared)
    listed = shortlisted(compared, data.query.choice(WITH.name), in_use(data.cycle.state))
    table = html.Table(
        [
            html.Caption("Records of the VaR models", className="sw-hidden"),
            html.Thead(_header()),
            html.Tbody([_row(data, entrant, roles) for entrant in listed]),
        ],
        className="sw-table sw-models-table",
    )
    return html.Div(table, className="sw-table-box")


def _header() -> html.Tr:
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


def _row(data: VarData, entrant: Entrant, roles: Mapping[str | None, str]) -> html.Tr:
    chosen = entrant.model == data.query.choice(WITH.name)
    cells = [
        _name(data, entrant, chosen),
        _hits(entrant.hits_99, entrant.days, 0.99),
        _hits(entrant.hits_95, entrant.days, 0.95),
        html.Td(percent(entrant.mean_var), className="sw-wide"),
        html.Td(_pinball(entrant, roles.get(entrant.model)), className="sw-wide"),
        html.Td(percent(entrant.today_var), className="sw-wide"),
        _zone_cell(entrant),
    ]
    return html.Tr(cells, **{"data-chosen": "used" if entrant.is_live else str(chosen).lower()})


def _name(data: VarData, entrant: Entrant, chosen: bool) -> html.Th:
    shown: Component = html.Strong(entrant.name)
    if not entrant.is_live:
        to = {WITH.name: NO_OTHER if chosen else entrant.model}
        shown = inside_link(entrant.name, data.query.href(PATH, **to), chosen=chosen)
    how = html.Div(entrant.how, className="sw-model-how")
    return html.Th([shown, how], scope="row", className="sw-left")


def _hits(count: int, days: int, level: float) -> html.Td:
    if not days:
        return html.Td(UNKNOWN)
    low, high = normal_range(days, level)
    odd = [] if low <= count <= high else [glyph("caution", state="caution"), " "]
    normal = html.Div(["normal ", html.Span(f"{low} to {high}")], className="sw-model-how")
    return html.Td([*odd, f"{count} of {days}", normal])


def _pinball(entrant: Entrant, role: str | None) -> list[Component | str]:
    """How much more or less its forecasts cost than the live ones, and whether that is luck."""
    if entrant.is_live:
        return ["reference"]
    if entrant.difference is None:
        return [UNKNOWN]
    told = [entrant.difference.verdict, *([role] if role else [])]
    verdict = html.Div(", ".join(told), className="sw-model-how")
    return [percent(entrant.difference.relative, 1, signed=True), verdict]


def _zone_cell(entrant: Entrant) -> html.Td:
    if not entrant.days:
        return html.Td(UNKNOWN, className="sw-left sw-wide")
    return html.Td(light_badge(entrant.hits_99, entrant.days), className="sw-left sw-wide")


def _foot(data: VarData, compared: Sequence[Entrant]) -> html.Div:
    changed = var_change_words(data.change, data.book.currency, data.of_equity)
    lines = [_spread_words(compared), changed]
    told = [html.P(line) for line in lines if line]
    return html.Div([*told, html.P(_all_models(data, compared))], className="sw-card-foot")


def _all_models(data: VarData, compared: Sequence[Entrant]) -> html.A:
    """Where all of them stand, with every test."""
    count = f"All {len(compared) - 1} models" if compared else "All models"
    own = dict.fromkeys((word.name for word in WORDS), None)
    return inside_link(
        f"{count} and how they were tested",
        data.query.href(HEALTH_PATH, **own),
        class_name="sw-link",
    )


def _spread_words(compared: Sequence[Entrant]) -> str:
    known = [entrant.today_var for entrant in compared if entrant.today_var is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    points = percent(high - low).removesuffix("\N{NO-BREAK SPACE}%")
    return f"Today models differ by {points} points ({percent(low)} to {percent(high)})."
