"""A grid of rows that sorts, filters, flashes and exports; it wraps AG Grid.

Rows carry raw numbers. The browser writes them by a column's kind, with the conventions of
`pages.format` (``assets/dashAgGridFunctions.js``), sorts them as numbers, and exports them as
such. Live updates send changed rows only: see :func:`grid_delta`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dash_ag_grid
from dash import dcc, html

from pages.components.basics import Component, glyph
from pages.glossary import GLOSSARY

Row = Mapping[str, str | float | None]
Kind = Literal[
    "text",
    "trust",
    "state",
    "money",
    "money_signed",
    "price",
    "quantity",
    "percent",
    "percent_signed",
    "number",
    "number2",
]

# The library comes with the first grid and not with every page: assets/grid-loader.js.
dash_ag_grid._js_dist[0]["dynamic"] = True  # noqa: SLF001

_ROW_PX = 28
#: Rows that a grid is high enough for at least: its message needs the room.
_LEAST_ROWS = 3
_TEXTS = frozenset({"text", "trust", "state"})
#: What draws cells of these; all other texts are names.
_DRAWN_BY = {"trust": "SwTrust", "state": "SwState"}
_WIDTHS: Mapping[str, int] = {"text": 112, "trust": 80, "state": 104, "price": 88, "quantity": 84}
_OTHER_WIDTH = 76
#: A header's letter in pixels in a wide font, and its padding with the sign of sorting.
_LETTER_PX, _HEADER_EXTRA_PX = 7.2, 22


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a grid.

    Attributes
    ----------
    field : str
        Key of the rows.
    title : str
        With the unit, which the cells do not repeat: ``Net, USD``.
    kind : str
        How values are written; `money` is without currency, per cents take fractions.
    term : str or None
        Key of the glossary that explains it.
    narrow : bool
        Whether it remains on a narrow screen.
    roomy : bool
        Whether it stands on a screen wider than most only; the CSV has it always.
    pinned : bool
        Whether it stays in place while others scroll sideways.
    sort : {"asc", "desc"} or None
        Whether rows are sorted by it at first.
    decimals : int or None
        Of the kinds `percent`, `percent_signed` and `number`.
    href, note : str or None
        Of a text: the rows' key of its address, and of a fainter word after it.
    width : int or None
        Least width in pixels, where the kind's does not do.
    absent : str or None
        The rows' key of the word that stands where there is no value, if it is not *unknown*.
    shown : str or None
        Of a text: the rows' key of what is read in its place; it sorts and is saved as itself.
    shows : str or None
        Of a text with an address: the id of what the link fills, lest that be out of sight.
    shape : str or None
        Of a `state`: the rows' key of its glyph, which is also its colour's name.
    wraps : bool
        Whether a long text makes its row higher.
    figure : bool
        Whether a text is a figure with its unit: those stand at the right.
    """

    field: str
    title: str
    kind: Kind = "text"
    term: str | None = None
    narrow: bool = False
    roomy: bool = False
    pinned: bool = False
    sort: Literal["asc", "desc"] | None = None
    decimals: int | None = None
    href: str | None = None
    note: str | None = None
    width: int | None = None
    absent: str | None = None
    shown: str | None = None
    shows: str | None = None
    shape: str | None = None
    wraps: bool = False
    figure: bool = False


def data_grid(
    component_id: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    csv_name: str,
    label: str,
    row_id: str = "id",
    empty: str = "There are no rows.",
    max_rows: int = 15,
    totals: Row | None = None,
) -> html.Div:
    """The grid; put :func:`grid_tools` into its card's heading.

    Parameters
    ----------
    component_id : str
    columns : sequence of Column
    rows : sequence of mapping
        Texts, finite numbers, or None where nobody knows. All have the key `row_id`.
    csv_name : str
        ``demo-positions``: the book, and what the rows are.
    label : str
        What the rows are, for those who cannot see the heading.
    row_id : str
        The key that tells rows apart, also from one cycle to the next.
    empty : str
        What stands there without rows: a sentence.
    max_rows : int
        More rows scroll inside the grid.
    totals : mapping, optional
        A last row that stays in place, whatever is sorted or filtered; what it leaves out
        stays blank.

    Raises
    ------
    ValueError
        If two rows share an id, or a number is not finite.
    """
    _refuse_unusable([*rows, *([totals] if totals else [])], row_id)
    # How high a row becomes is known in the browser alone.
    as_high_as_rows = len(rows) <= max_rows and any(column.wraps for column in columns)
    height = f"{_height(len(rows), max_rows, totals is not None)}px"
    grid = dash_ag_grid.AgGrid(
        id=component_id,
        columnDefs=[_column_definition(column) for column in columns],
        defaultColDef=_EVERY_COLUMN,
        rowData=[dict(row) for row in rows],
        getRowId=f"params.data.{row_id}",
        dashGridOptions=_options(empty, totals, as_high_as_rows=as_high_as_rows),
        eventListeners={"gridSizeChanged": ["swFitColumns(params)"]},
        style={} if as_high_as_rows else {"height": height},
        className="sw-grid",
    )
    return html.Div(
        grid,
        className="sw-grid-box",
        role="group",
        **{"aria-label": label, "data-grid": component_id, "data-csv": f"seawall-{csv_name}"},
    )


def grid_tools(
    component_id: str, columns: Sequence[Column], *, what: str, search: bool = True
) -> list[Component]:
    """What stands in a grid's heading: search, explanation of the columns, CSV.

    Parameters
    ----------
    component_id : str
        Of the grid.
    columns : sequence of Column
    what : str
        What the rows are: ``positions``.
    search : bool
        Whether there is a box that filters the rows shown; not where the address does.
    """
    box = [_search(component_id, what)] if search else []
    return [_columns_help(columns), *box, _csv_button(component_id, what)]


def _refuse_unusable(rows: Sequence[Row], row_id: str) -> None:
    ids = [row[row_id] for row in rows]
    if len(set(ids)) < len(ids):
        raise ValueError(f"two rows share a {row_id}")
    for row in rows:
        for name, value in row.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{name} of row {row[row_id]} must be finite, got {value}")


_EVERY_COLUMN: Mapping[str, Any] = {
    "sortable": True,
    "resizable": True,
    "flex": 1,
    "enableCellChangeFlash": True,
    "sortingOrder": ["desc", "asc", None],
    "comparator": {"function": "swUnknownLast"},
    "filterValueGetter": {"function": "swFilterValue(params)"},
    "suppressHeaderMenuButton": True,
    "useValueFormatterForExport": False,
    "suppressMovable": True,
}


#: What the browser must know of few columns only.
_OF_SOME = ("shown", "shows", "shape")


def _column_definition(column: Column) -> dict[str, Any]:
    is_text = column.kind in _TEXTS
    decimals = "null" if column.decimals is None else column.decimals
    definition: dict[str, Any] = {
        "field": column.field,
        "headerName": column.title,
        "headerTooltip": _tooltip(column),
        "minWidth": _least_width(column),
        "filter": "agTextColumnFilter" if is_text else "agNumberColumnFilter",
        "valueFormatter": {"function": f"swFormat(params, '{column.kind}', {decimals})"},
        "context": {
            "kind": column.kind,
            "narrow": column.narrow,
            "roomy": column.roomy,
            "href": column.href,
            "note": column.note,
            "absent": column.absent,
            **{name: value for name in _OF_SOME if (value := getattr(column, name))},
        },
    }
    if column.wraps:
        definition |= {"wrapText": True, "autoHeight": True, "cellClass": "sw-grid-wraps"}
    room = "roomy" if column.roomy else "wide"
    at_right = column.figure or not is_text
    types = [*(["rightAligned"] if at_right else []), *([] if column.narrow else [room])]
    if types:
        definition["type"] = types
    if not is_text:
        seen = f"swShown(params, '{column.field}', '{column.kind}', {decimals})"
        definition["valueGetter"] = {"function": seen}
    if is_text:
        definition["cellRenderer"] = _DRAWN_BY.get(column.kind, "SwName")
    if column.pinned:
        definition |= {"pinned": "left", "flex": None, "width": definition["minWidth"]}
    if column.sort is not None:
        definition["sort"] = column.sort
    return definition


def _tooltip(column: Column) -> str:
    return column.title if column.term is None else GLOSSARY[column.term].definition


def _least_width(column: Column) -> int:
    header = round(_LETTER_PX * len(column.title)) + _HEADER_EXTRA_PX
    return max(column.width or _WIDTHS.get(column.kind, _OTHER_WIDTH), header)


def _options(empty: str, totals: Row | None, *, as_high_as_rows: bool) -> dict[str, Any]:
    return {
        **({"domLayout": "autoHeight"} if as_high_as_rows else {}),
        **({"pinnedBottomRowData": [dict(totals)]} if totals else {}),
        "theme": {"function": "seawallTheme(themeQuartz)"},
        "columnTypes": {"wide": {"function": "swWide()"}, "roomy": {"function": "swRoomy()"}},
        "animateRows": False,
        "suppressColumnMoveAnimation": True,
        "cellFlashDuration": 600,
        "cellFadeDuration": 0,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "suppressScrollOnNewData": True,
        "tooltipShowDelay": 400,
        "localeText": {"noRowsToShow": empty, "noMatchingRows": "No row matches the filter."},
    }


def _height(rows: int, max_rows: int, has_totals: bool) -> int:
    """Header, rows and the lines around them."""
    return _ROW_PX * (1 + has_totals + max(_LEAST_ROWS, min(rows, max_rows))) + 4


def _search(component_id: str, what: str) -> html.Label:
    box = dcc.Input(
        id=f"{component_id}-search",
        type="search",
        placeholder=f"Filter {what}",
        className="sw-search-box",
    )
    return html.Label(
        [glyph("search"), html.Span(f"Filter {what}", className="sw-hidden"), box],
        className="sw-search",
        **{"data-filter-of": component_id},
    )


def _csv_button(component_id: str, what: str) -> html.Button:
    return html.Button(
        [glyph("download"), "CSV"],
        type="button",
        className="sw-button sw-button-small",
        title=f"Save these {what}, filtered and sorted as shown, as CSV",
        **{"data-csv-of": component_id},
    )


def _columns_help(columns: Sequence[Column]) -> Component:
    """What each column means, where a keyboard reaches it."""
    explained = [(column.title, GLOSSARY[column.term]) for column in columns if column.term]
    entries = [
        part
        for title, term in explained
        for part in (html.Dt(title), html.Dd([term.definition, " ", html.Em(term.reading)]))
    ]
    return html.Details(
        [
            html.Summary(glyph("help"), **{"aria-label": "About: the columns"}),
            html.Div(html.Dl(entries), className="sw-tip sw-tip-list sw-scrolls", tabIndex=0),
        ],
        className="sw-help",
        hidden=not explained,
    )


# -- live updates -------------------------------------------------------------------------


def grid_delta(
    before: Sequence[Row], after: Sequence[Row], *, row_id: str = "id"
) -> dict[str, Any] | None:
    """AG Grid's `rowTransaction` that turns the rows `before` into `after`; None if none is due.

    Only rows that changed are sent. The grid's own sorting gives the order, so a mere change of
    order sends nothing.
    """
    old = {row[row_id]: row for row in before}
    new = {row[row_id]: row for row in after}
    parts = {
        "add": [dict(row) for key, row in new.items() if key not in old],
        "update": [dict(row) for key, row in new.items() if key in old and row != old[key]],
        "remove": [{row_id: key} for key in old if key not in new],
    }
    changes: dict[str, Any] = {name: rows for name, rows in parts.items() if rows}
    # At once: what is sent is one cycle, and the next one comes a second later.
    return {**changes, "async": False} if changes else None
