"""The live record and every model side by side, with each test's answer and sample."""

from collections.abc import Sequence

from dash import html

from pages.components.basics import Component, card, glyph, heading, help_mark
from pages.components.choices import choice_links
from pages.components.links import inside_link
from pages.components.notices import empty_state, error_state, loading_state
from pages.format import UNKNOWN, number, percent, sentence
from pages.views.health.judged import ModelHealth, placed
from pages.views.health.reading import HealthData
from pages.views.health.words import MODEL, PATH, SORT
from pages.views.records.counts import light_badge, light_for
from pages.views.records.difference import Difference
from risk.measures.backtest import (
    Z2_AMBER,
    Z2_RED,
    Depth,
    LevelRecord,
    Order,
)

_ORDER_WORDS = {
    Order.CLUSTERED: "clustered",
    Order.NO_CLUSTERS: "no clusters seen",
    Order.TOO_FEW: "too few hits",
}


def table_card(data: HealthData) -> html.Section:
    """All records, with the choice of what they are sorted by."""
    title = "Models side by side"
    links = choice_links(
        "Sort by",
        SORT.name,
        SORT.options or {},
        data.query.choice(SORT.name),
        data.query.links_to(PATH),
    )
    return card(
        [
            heading(
                title,
                note="in hindsight, over the book as it was held each day",
                actions=[
                    help_mark("models_compared"),
                    html.Span("sort by", className="sw-note"),
                    links,
                ],
            ),
            html.Div(_content(data), id="health-models-content"),
            html.Div(html.P(_foot(data)), className="sw-card-foot"),
        ],
        label=title,
        class_name="sw-models",
        id="health-models",
    )


def _content(data: HealthData) -> list[Component]:
    models = data.models
    if models.problem is not None:
        problem = f"{sentence(models.problem)}. It is tried again within a minute."
        return [error_state("The models could not be compared", problem, small=True)]
    if models.value is None:
        what = "each model's record over the book as held"
        return [loading_state(what, usually="2 s", small=True)]
    rows = [data.live, *placed(models.value, data.query.choice(SORT.name))]
    if not any(row.days for row in rows):
        return [
            empty_state(
                "No day to compare models on",
                "They need one whole day with a position and 100 days of prices before it. The "
                "table fills by itself.",
                small=True,
            )
        ]
    return [_table(data, rows)]


def _table(data: HealthData, rows: Sequence[ModelHealth]) -> html.Div:
    table = html.Table(
        [
            html.Caption("What the tests say of each VaR model", className="sw-hidden"),
            html.Thead(_header()),
            html.Tbody([_row(data, row) for row in rows]),
        ],
        className="sw-table sw-models-table",
    )
    return html.Div(table, className="sw-table-box")


def _header() -> html.Tr:
    return html.Tr(
        [
            html.Th("Model", scope="col", className="sw-left"),
            _head("Hits 99 %", "hit_rate"),
            _head("Hits 95 %", "normal_range", wide=True),
            _head("Order 95 %", "hit_order", wide=True),
            _head("Number and order", "conditional_coverage", wide=True),
            _head("Depth 97.5 %", "shortfall_test", wide=True),
            _head("Pinball 99 %", "pinball", wide=True),
            html.Th("Light", scope="col", className="sw-left"),
        ]
    )


def _head(text: str, term: str, *, wide: bool = False) -> html.Th:
    inner = html.Div([text, help_mark(term)], className="sw-head-help")
    return html.Th(inner, scope="col", className="sw-wide" if wide else "")


def _row(data: HealthData, row: ModelHealth) -> html.Tr:
    chosen = row.model == data.shown_model
    cells = [
        _name(data, row, chosen),
        _hits(row.outer, odd=row.tests.outer_number),
        _hits(row.inner, odd=row.tests.inner_number, wide=True),
        _order(row.inner, odd=row.tests.order),
        _coverage(row.inner, odd=row.tests.coverage),
        _depth(row.depth, odd=row.tests.depth),
        _pinball(row),
        _light(row.outer),
    ]
    return html.Tr(cells, **{"data-chosen": "used" if row.is_live else str(chosen).lower()})


def _name(data: HealthData, row: ModelHealth, chosen: bool) -> html.Th:
    shown: Component = html.Strong(row.name)
    if not row.is_live:
        href = data.query.href(PATH, **{MODEL.name: row.model})
        shown = inside_link(row.name, href, chosen=chosen)
    return html.Th([shown, _small(row.how)], scope="row", className="sw-left")


def _small(words: Component) -> html.Div:
    return html.Div(words, className="sw-model-how")


def _cell(*parts: Component, wide: bool = True) -> html.Td:
    return html.Td(list(parts), className="sw-wide" if wide else "")


def _marked(text: str, *, odd: bool) -> list[Component]:
    """With a sign where the test speaks against the model."""
    return [*([glyph("caution", state="caution"), " "] if odd else []), text]


def _hits(record: LevelRecord | None, *, odd: bool, wide: bool = False) -> html.Td:
    if record is None:
        return _cell(UNKNOWN, wide=wide)
    return _cell(*hits_parts(record, odd=odd), wide=wide)


def hits_parts(record: LevelRecord, *, odd: bool) -> list[Component]:
    """Exceptions of how many days, over how many are normal."""
    counted = _marked(f"{record.hits} of {record.days}", odd=odd)
    return [*counted, _small(["normal ", html.Span(f"{record.low} to {record.high}")])]


def _order(record: LevelRecord | None, *, odd: bool) -> html.Td:
    if record is None:
        return _cell(UNKNOWN)
    word = _marked(_ORDER_WORDS[record.order], odd=odd)
    return _cell(*word, _small(chance_words(record.order_p)))


def chance_words(p_value: float | None) -> str:
    """``p 0.43``; of what cannot be told, that."""
    if p_value is None:
        return "not to be told"
    # Close to five per cent a digit more tells on which side.
    decimals = 3 if 0.045 <= p_value < 0.055 else 2
    return "p below 0.01" if p_value < 0.01 else f"p {number(p_value, decimals)}"


def _coverage(record: LevelRecord | None, *, odd: bool) -> html.Td:
    if record is None or record.coverage_p is None:
        return _cell(UNKNOWN)
    word = _marked("rejected" if odd else "passed", odd=odd)
    return _cell(*word, _small(chance_words(record.coverage_p)))


def _depth(depth: Depth, *, odd: bool) -> html.Td:
    return _cell(*depth_parts(depth, odd=odd))


def depth_parts(depth: Depth, *, odd: bool) -> list[Component]:
    """Z2 over what it is judged by."""
    if depth.z2 is None:
        return [UNKNOWN]
    shown = _marked(number(depth.z2, 2, signed=True), odd=odd)
    return [*shown, _small(depth_limit_words(depth))]


def depth_limit_words(depth: Depth) -> str:
    """``above −0.70``, or which limit it passed; its probability over too few days for them."""
    if depth.p_value is not None:
        zone = ("", "amber, ", "red, ")[depth.zone or 0]
        return f"{zone}{chance_words(depth.p_value)}"
    if depth.zone == 2:
        return f"red, below {number(Z2_RED, 2)}"
    edge = number(Z2_AMBER, 2)
    return f"amber, below {edge}" if depth.zone else f"above {edge}"


def _pinball(row: ModelHealth) -> html.Td:
    if row.is_live:
        return _cell("reference")
    return _cell(*pinball_parts(row.difference))


def pinball_parts(difference: Difference | None) -> list[Component]:
    """What forecasts cost against the live ones, over whether chance makes it so."""
    if difference is None:
        return [UNKNOWN]
    relative = percent(difference.relative, 1, signed=True)
    p_value = difference.p_value
    chance = "" if p_value is None else f", {chance_words(p_value)}"
    return [relative, _small(f"{difference.verdict}{chance}")]


def _light(record: LevelRecord | None) -> html.Td:
    if record is None:
        return html.Td(UNKNOWN, className="sw-left")
    return html.Td(light_badge(record.hits, record.days), className="sw-left")


def _light_words(tested: Sequence[ModelHealth]) -> str:
    """Why some light is not green all the same; empty if all are."""
    names = [row.name for row in tested if row.outer is not None and _zone(row.outer) > 0]
    if not names:
        return ""
    asks = "The light asks only whether exceptions are too many, and turns sooner"
    return f"{asks}: {', '.join(names)}."


def _zone(outer: LevelRecord) -> int:
    return light_for(outer.hits, outer.days).zone


def _foot(data: HealthData) -> str:
    """How many tests speak against models, beside how many would by chance alone."""
    tested = [row for row in data.models.value or () if row.inner is not None]
    rejected = [row for row in tested if any(row.tests)]
    if not tested:
        return "The forecast of each day is stored before it begins and scored after its close."
    if not rejected:
        return f"No test speaks against any of {len(tested)} models. {_light_words(tested)}".strip()
    names = "; ".join(row.name for row in rejected)
    return (
        f"Some test speaks against {len(rejected)} of {len(tested)} models: {names}. Each model "
        "faces five tests, and over a year one right model in five fails one of them by chance."
    )
