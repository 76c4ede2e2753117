"""What is held, split: as areas to look at, and as bars with their part of the risk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dash import html

from pages.components.basics import card, figure, heading, help_mark
from pages.components.choices import choice_links
from pages.components.links import inside_link
from pages.components.treemap import Steady, Tile, slug, treemap, treemap_key
from pages.format import amount, percent
from pages.query import BY, GROUPINGS
from pages.views.exposure.reading import ExposureData
from pages.views.exposure.selection import DEEPER, PARTS, PATH, label, level_of, toggled
from pages.views.holdings import component_var, grouped, share_of, side_of
from risk.domain.assessment import Exposure, PositionMeasures
from risk.portfolio.exposure import exposure_of

_HEIGHT = 284
#: So many groups are drawn one by one.
_MOST_GROUPS = 16
#: Lines that the bars' card has room for beside the total.
_LINES = 9
_PLACES = Steady()


# -- areas --------------------------------------------------------------------------------


def map_card(data: ExposureData) -> html.Section:
    """The tree map, with the choice of what it is split by."""
    chosen = data.query.choice(BY.name)
    switch = choice_links("Split by", BY.name, GROUPINGS, chosen, data.query.links_to(PATH))
    drawn = treemap(
        "exposure-map",
        tiles(data),
        label=f"Gross exposure by {chosen} and {DEEPER[chosen]}",
        currency=data.book.currency,
        height=_HEIGHT,
        steady=_PLACES,
        book=f"{data.book.name} {chosen} {data.selection.words}",
        group_hrefs=_group_links(data),
    )
    return card(
        [heading("What is held", actions=[treemap_key(), switch]), drawn],
        label="What is held, by size",
        class_name="sw-exposure-map",
        id="exposure-map-card",
    )


def tiles(data: ExposureData) -> list[Tile]:
    """One for each item of each group; an item held both long and short is one a position.

    The smallest of many groups are put together: areas of a few pixels tell nobody anything.
    """
    part = data.query.choice(BY.name)
    groups = grouped(data.positions, part)
    drawn = sorted(groups, key=lambda name: (-_size(groups[name]), name))[:_MOST_GROUPS]
    found = []
    for group in sorted(drawn):
        for item, positions in sorted(grouped(groups[group], DEEPER[part]).items()):
            found += _item_tiles(data, {part: group, DEEPER[part]: item}, positions)
    return found + _other_tiles(data, [p for g in groups.keys() - set(drawn) for p in groups[g]])


def _size(positions: Sequence[PositionMeasures]) -> float:
    return sum(abs(p.exposure) for p in positions)


def _other_tiles(data: ExposureData, positions: Sequence[PositionMeasures]) -> list[Tile]:
    """Longs and shorts of the groups that are not drawn."""
    exposure = exposure_of(p.exposure for p in positions)
    sides = (("long", "all other", exposure.long), ("short", "others", -exposure.short))
    return [
        Tile(group="others", name=name, value=value, href=data.query.href(PATH, side=side))
        for side, name, value in sides
        if value
    ]


def _item_tiles(
    data: ExposureData, at: dict[str, str], positions: Sequence[PositionMeasures]
) -> list[Tile]:
    if side_of(p.exposure for p in positions) != "mixed":
        return [_tile(data, at, sum(p.exposure for p in positions))]
    (third,) = set(PARTS) - set(at)
    return [_tile(data, at | {third: getattr(p, third)}, p.exposure) for p in positions]


def _tile(data: ExposureData, at: dict[str, str], value: float) -> Tile:
    group, *names = (label(part, name) for part, name in at.items())
    return Tile(group=group, name=" ".join(names), value=value, href=toggled(data.query, **at))


def _group_links(data: ExposureData) -> dict[str, str]:
    part = data.query.choice(BY.name)
    names = grouped(data.positions, part)
    return {label(part, name): toggled(data.query, **{part: name}) for name in names}


# -- bars ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class SplitRow:
    """One group of what is selected.

    Attributes
    ----------
    name : str
        As in the positions' keys.
    exposure : Exposure
    share : float or None
        Of the gross exposure selected.
    var_share : float or None
        Of the whole book's VaR.
    """

    name: str
    exposure: Exposure
    share: float | None
    var_share: float | None


def split_rows(data: ExposureData, part: str) -> list[SplitRow]:
    """What is selected, by one part of the key, the largest gross exposure first."""
    return _rows_of(data, part, data.positions)


def _rows_of(
    data: ExposureData, part: str, positions: Iterable[PositionMeasures]
) -> list[SplitRow]:
    gross, var = data.exposure.gross, data.book_var
    rows = [_row(name, held, gross, var) for name, held in grouped(positions, part).items()]
    return sorted(rows, key=lambda row: (-row.exposure.gross, row.name))


def _row(
    name: str, members: Sequence[PositionMeasures], gross: float, book_var: float | None
) -> SplitRow:
    exposure = exposure_of(p.exposure for p in members)
    share = share_of(exposure.gross, gross)
    return SplitRow(name, exposure, share, share_of(component_var(members), book_var))


def bars_card(data: ExposureData) -> html.Section:
    """Long and short of each group, its share of what is held and of the risk."""
    part = level_of(data.query)
    rows = split_rows(data, part)
    title = f"Long and short by {part}"
    return card(
        [heading(title, note=data.book.currency), _table(data, part, rows)],
        label=title,
        class_name="sw-exposure-bars",
        id="exposure-bars-card",
    )


def _table(data: ExposureData, part: str, rows: Sequence[SplitRow]) -> html.Div:
    reach = max((max(r.exposure.long, r.exposure.short) for r in rows), default=0.0)
    has_shorts = any(row.exposure.short for row in rows)
    axis = _Axis(reach, has_shorts)
    inner = max(0, _LINES // max(1, len(rows)) - 1)
    shown = [line for row in rows for line in _lines(data, part, row, inner)]
    body = [_table_row(data, line, axis) for line in shown]
    return html.Div(
        html.Table(
            [
                html.Caption(f"Long and short exposure by {part}", className="sw-hidden"),
                html.Thead(_header(part)),
                html.Tbody(body, id="exposure-bars"),
                html.Tfoot(_total(data), id="exposure-bars-total"),
            ],
            className="sw-table",
        ),
        className="sw-table-box sw-exposure-table sw-scrolls",
        tabIndex=0,
        role="region",
        **{"aria-label": f"Long and short exposure by {part}"},
    )


def _header(part: str) -> html.Tr:
    bars = [html.Span("short", className="sw-bar-short-head"), html.Span("long")]
    return html.Tr(
        [
            html.Th(GROUPINGS[part], scope="col", className="sw-left"),
            html.Th(html.Div(bars, className="sw-bar-heads"), scope="col", className="sw-two-bars"),
            html.Th("Gross", scope="col"),
            _explained("Of gross", "gross_share", wide=True),
            _explained("Of VaR", "var_share"),
        ]
    )


def _explained(title: str, term: str, *, wide: bool = False) -> html.Th:
    shown = html.Div([title, help_mark(term)], className="sw-head-help")
    return html.Th(shown, scope="col", className="sw-wide" if wide else "")


@dataclass(frozen=True)
class _Axis:
    """The bars' common axis; without shorts its zero is at the left."""

    reach: float
    has_shorts: bool

    def bar(self, value: float) -> dict[str, str]:
        """Where a bar lies, in whole per cent: less cannot be seen and need not be sent."""
        room, zero = (50.0, 50.0) if self.has_shorts else (100.0, 0.0)
        width = max(1, round(room * abs(value) / self.reach)) if self.reach else 0
        left = zero if value > 0.0 else zero - width
        return {"left": f"{left:.0f}%", "width": f"{width}%"}


class _Line(NamedTuple):
    """One line of the table: a group, or indented below it what it is made of."""

    key: str
    at: dict[str, str]
    row: SplitRow
    is_inner: bool = False


def _lines(data: ExposureData, part: str, row: SplitRow, inner: int) -> list[_Line]:
    """A group, and below it so many of the largest that it is made of."""
    outer = _Line(f"exposure-by-{slug(row.name)}", {part: row.name}, row)
    members = [p for p in data.positions if getattr(p, part) == row.name]
    deeper = DEEPER[part]
    return [
        outer,
        *(
            _Line(f"{outer.key}-{slug(one.name)}", {**outer.at, deeper: one.name}, one, True)
            for one in _rows_of(data, deeper, members)[:inner]
        ),
    ]


def _table_row(data: ExposureData, line: _Line, axis: _Axis) -> html.Tr:
    row, base = line.row, line.key
    *_, (part, name) = line.at.items()
    link = inside_link(label(part, name), toggled(data.query, **line.at))
    return html.Tr(
        [
            html.Th(link if line.is_inner else html.Strong(link), scope="row", className="sw-left"),
            html.Td(_bars(row.exposure, axis), id=f"{base}-bars", className="sw-two-bars"),
            _cell(amount(row.exposure.gross), f"{base}-gross"),
            _cell(percent(row.share, 1), f"{base}-share", wide=True),
            _cell(percent(row.var_share, 1), f"{base}-var"),
        ],
        id=base,
        className="sw-inner-row" if line.is_inner else "",
    )


def _bars(exposure: Exposure, axis: _Axis) -> html.Div:
    shapes = [("sw-bar-fill", exposure.long), ("sw-bar-offset", -exposure.short)]
    said = f"long {amount(exposure.long)}, short {amount(exposure.short)}"
    return html.Div(
        [html.Div(className=name, style=axis.bar(value)) for name, value in shapes if value],
        className="sw-bar",
        role="img",
        **{"aria-label": said, "title": said},
    )


def _cell(text: str, component_id: str, *, wide: bool = False) -> html.Td:
    return html.Td(figure(text, component_id), className="sw-wide" if wide else "")


def _total(data: ExposureData) -> html.Tr:
    exposure = data.exposure
    name = "Book" if data.selection.is_all else "Selected"
    whole = share_of(exposure.gross, exposure.gross)
    sides = f"{amount(exposure.short)} short, {amount(exposure.long)} long"
    return html.Tr(
        [
            html.Th(name, scope="row", className="sw-left"),
            html.Td(
                figure(sides, "exposure-total-sides", class_name="sw-wide"), className="sw-two-bars"
            ),
            _cell(amount(exposure.gross), "exposure-total-gross"),
            _cell(percent(whole, 1), "exposure-total-share", wide=True),
            _cell(
                percent(share_of(component_var(data.positions), data.book_var), 1),
                "exposure-total-var",
            ),
        ]
    )
