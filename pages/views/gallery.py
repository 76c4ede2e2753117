"""What the gallery shows: each part with invented content, in each of its states.

A part that is not shown here fails a test.
"""

from collections.abc import Callable
from urllib.parse import urlencode

from dash import html

from pages.components.basics import Component, card, heading
from pages.components.choices import ActiveFilter, Crumb, breadcrumbs, choice_links, filter_chips
from pages.components.grid import Column, Row, data_grid, grid_tools
from pages.components.treemap import Steady, Tile, treemap, treemap_key


def gallery_view() -> html.Div:
    """All parts, a card each."""
    return html.Div([section() for section in SECTIONS], id="gallery-view", className="sw-gallery")


def _here(changes: dict[str, str | None]) -> str:
    words = {name: value for name, value in changes.items() if value is not None}
    return f"/gallery?{urlencode(words)}" if words else "/gallery"


def _section(title: str, parts: list[Component], *, wide: bool = False) -> html.Section:
    body = html.Div(parts, className="sw-gallery-parts")
    return card([heading(title), body], label=title, class_name="sw-wide-card" if wide else "")


def _choices() -> html.Section:
    filters = [
        ActiveFilter("Strategy", "trend", _here({})),
        ActiveFilter("Venue", "sim-a", _here({})),
    ]
    options = {"asset": "Asset", "strategy": "Strategy", "venue": "Venue"}
    return _section(
        "Choices, path, filters",
        [
            choice_links("Split by", "by", options, "asset", _here),
            breadcrumbs([Crumb("Book demo", _here({})), Crumb("trend", _here({}))], "BTC"),
            filter_chips(filters, clear=_here({})),
        ],
    )


GRID_COLUMNS = (
    Column(field="asset", title="Asset", pinned=True, narrow=True, href="href", note="side"),
    Column(field="mark", title="Mark, USD", kind="price"),
    Column(field="quantity", title="Quantity", kind="quantity"),
    Column(field="net", title="Net, USD", kind="money_signed"),
    Column(field="profit", title="Open P&L, USD", kind="money_signed", narrow=True),
    Column(
        field="share",
        title="Share of VaR",
        kind="percent",
        term="var_share",
        decimals=1,
        narrow=True,
        sort="desc",
    ),
    Column(field="beta", title="Beta to BTC", kind="number2"),
    Column(field="trust", title="Mark trust", kind="trust"),
)

GRID_ROWS: tuple[Row, ...] = (
    {
        "id": "btc",
        "asset": "BTC",
        "side": "long",
        "href": "/gallery?asset=BTC",
        "mark": 96_420.0,
        "quantity": 6.2,
        "net": 597_804.0,
        "profit": -10_540.0,
        "share": 0.382,
        "beta": 1.0,
        "trust": "trusted",
    },
    {
        "id": "eth",
        "asset": "ETH",
        "side": "long",
        "href": "/gallery?asset=ETH",
        "mark": 3_318.4,
        "quantity": 99.4,
        "net": 329_848.96,
        "profit": -3_339.84,
        "share": 0.271,
        "beta": 1.21,
        "trust": "trusted",
    },
    {
        "id": "avax",
        "asset": "AVAX",
        "side": "short",
        "href": "/gallery?asset=AVAX",
        "mark": 24.18,
        "quantity": -2_481.0,
        "net": -59_990.58,
        "profit": 4_267.32,
        "share": -0.058,
        "beta": 1.38,
        "trust": "suspect",
    },
    {
        "id": "link",
        "asset": "LINK",
        "side": "long",
        "href": "/gallery?asset=LINK",
        "mark": 17.622,
        "quantity": 4_766.0,
        "net": 83_986.452,
        "profit": -3_231.348,
        "share": 0.076,
        "beta": None,
        "trust": "stale",
    },
    {
        "id": "new",
        "asset": "=NEW",
        "side": "long",
        "href": None,
        "mark": None,
        "quantity": 12.0,
        "net": None,
        "profit": None,
        "share": None,
        "beta": None,
        "trust": "missing",
    },
)


def _grid() -> html.Section:
    grid = data_grid(
        "gallery-grid", GRID_COLUMNS, GRID_ROWS, csv_name="demo-positions", label="Positions"
    )
    tools = grid_tools("gallery-grid", GRID_COLUMNS, what="positions")
    return card([heading("Grid", actions=tools), grid], label="Grid", class_name="sw-wide-card")


def _empty_grid() -> html.Section:
    grid = data_grid(
        "gallery-grid-empty",
        GRID_COLUMNS,
        (),
        csv_name="demo-positions",
        label="Positions, none",
        empty="No position is open: nothing is at risk.",
    )
    return card(
        [heading("Grid without rows"), grid], label="Grid without rows", class_name="sw-wide-card"
    )


TILES = tuple(
    Tile(group=group, name=name, value=value, href=f"/gallery?asset={name}", chosen=name == "SOL")
    for group, name, value in (
        ("trend", "BTC", 597_804.0),
        ("trend", "ETH", 329_849.0),
        ("dip", "SOL", 245_988.0),
        ("dip", "BNB", 109_959.0),
        ("dip", "LINK", 83_986.0),
        ("noise", "AVAX", -59_991.0),
        ("noise", "XRP", 30_000.0),
        ("noise", "DOGE", -1_200.0),
    )
)
_PLACES = Steady()


def _treemap() -> html.Section:
    drawing = treemap(
        "gallery-treemap",
        TILES,
        label="Gross exposure by strategy and asset",
        currency="USD",
        steady=_PLACES,
        group_hrefs={"trend": "/gallery?strategy=trend"},
    )
    return card(
        [heading("Tree map", actions=[treemap_key()]), drawing],
        label="Tree map",
        class_name="sw-wide-card",
    )


SECTIONS: tuple[Callable[[], html.Section], ...] = (_choices, _treemap, _grid, _empty_grid)
