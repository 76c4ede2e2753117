"""What the gallery shows: each part with invented content, in each of its states.

A part that is not shown here fails a test.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from urllib.parse import urlencode

from dash import html

from pages.components.basics import Component, card, figure, glyph, heading, help_mark
from pages.components.buttons import button
from pages.components.choices import ActiveFilter, Crumb, breadcrumbs, choice_links, filter_chips
from pages.components.fields import as_typed, field_control, form_fields, scale_of
from pages.components.freshness import LOOKS, freshness_chip
from pages.components.grid import Column, Row, data_grid, grid_tools
from pages.components.links import inside_link
from pages.components.metrics import Fact, MetricCard, Rank, fact_list, metric_card, sparkline
from pages.components.notices import (
    NoticeLink,
    empty_state,
    error_state,
    loading_state,
    page_banner,
)
from pages.components.proof import proof_part
from pages.components.reasons import REJECTED, RESIZED, Reason, Verdict, reason_list
from pages.components.risk_table import RiskRow, RiskTable, risk_table
from pages.components.states import (
    PROBATION_LOOK,
    STATE_LOOKS,
    UNKNOWN_LOOK,
    BannerCell,
    StateLook,
    state_badge,
    state_banner,
)
from pages.components.timeline import TimelineEntry, timeline
from pages.components.toasts import ToastLink, toast
from pages.components.treemap import Steady, Tile, treemap, treemap_key
from pages.components.utilization import Utilization, bare_bar, utilization_bar
from pages.format import UTC_ZONE
from pages.glyphs import SHAPES
from pages.theme import TOKENS
from risk.domain.limits import LimitDefinition, Unit
from risk.domain.market import Trust
from risk.domain.trading import TradingState

#: The button that shows the messages, and what it shows.
TOAST_BUTTON = "gallery-show-toasts"
#: The button that needs a proof, and what says that it had one.
PROOF_BUTTON, PROOF_SAID = "gallery-proof-ask", "gallery-proof-said"


def gallery_view() -> html.Div:
    """All parts, a card each."""
    return html.Div([section() for section in SECTIONS], id="gallery-view", className="sw-gallery")


def here(changes: Mapping[str, str | None]) -> str:
    """The gallery's own address with these words."""
    words = {name: value for name, value in changes.items() if value is not None}
    return f"/gallery?{urlencode(words)}" if words else "/gallery"


def _section(title: str, parts: Sequence[Component], *, wide: bool = False) -> html.Section:
    body = html.Div(list(parts), className="sw-gallery-parts")
    return card([heading(title), body], label=title, class_name="sw-wide-card" if wide else "")


# -- states, badges, ages -----------------------------------------------------------------


def _states() -> html.Section:
    rows = [_state_row(look) for look in (*STATE_LOOKS.values(), PROBATION_LOOK, UNKNOWN_LOOK)]
    return _section("States: word, shape, colour", [html.Ul(rows, className="sw-gallery-list")])


def _state_row(look: StateLook) -> html.Li:
    badge = state_badge(look, f"gallery-badge-{look.shape}")
    return html.Li([badge, html.Span(look.still_works, className="sw-dim")])


def _state_banner() -> html.Div:
    cells = (
        BannerCell(
            "gallery-risk",
            "Biggest risk",
            "BTC",
            "long, 38 % of VaR",
            ("BTC −10 % costs 59.8 k USD.", "AVAX short takes 5.8 % off; keep it."),
            help_mark("biggest_risk"),
        ),
        BannerCell(
            "gallery-day",
            "What a bad day costs",
            "109.9 k USD",
            "or 4.55 % of equity",
            ("One day in 100 is worse, then 144.0 k on average.", "3 exceptions in 250 days."),
            help_mark("bad_day"),
        ),
    )
    return html.Div(
        state_banner(
            STATE_LOOKS[TradingState.THROTTLED],
            heading="State of book demo, since 14:51:05 UTC",
            cause="volatility is 2.14 × normal, tier 1 trips at 2.00 ×.",
            cells=cells,
        ),
        className="sw-wide-card",
    )


def _ages() -> html.Section:
    ages = {"live": "0.8 s", "late": "2.4 s", "stale": "41 s", "gone": "15:40:02"}
    chips = [freshness_chip(kind, ages.get(kind, "")) for kind in LOOKS]
    return _section("Data age", [html.Div(chips, className="sw-gallery-row")])


# -- figures ------------------------------------------------------------------------------

_TREND = (3.1, 3.0, 3.2, 3.1, 3.4, 3.9, 4.2, 4.1, 4.5)


def _metrics() -> html.Div:
    cards = [
        MetricCard(
            "equity", "2.41 m", "USD", "−2.5 % since 00:00", _TREND, Rank(18, timedelta(90), 90)
        ),
        MetricCard(
            "var_1d_99", "4.55 %", "", "BTC alone 9.4 %", _TREND, Rank(97, timedelta(365), 365)
        ),
        MetricCard("drawdown", "unknown", "", "no equity known yet", (), None),
    ]
    return html.Div([metric_card(one) for one in cards], className="sw-cards sw-gallery-cards")


def _facts() -> html.Section:
    facts = [
        Fact("gross", "Gross exposure", "1.46 m USD", "0.60 × equity", "gross"),
        Fact("number", "Effective number", "3.9", "of 8 assets held", "effective_number"),
        Fact("beta", "Beta to BTC", "unknown", "LINK has 12 of 60 days of history"),
    ]
    spark = sparkline(_TREND, "gallery-spark", label="VaR, recent course")
    return _section(
        "Facts, figure, sparkline",
        [
            fact_list(facts, "gallery-facts"),
            html.P(["A figure that moves: ", figure("−62.0 k", "gallery-figure"), " USD"]),
            spark,
        ],
    )


def _utilization() -> html.Section:
    bars = [
        Utilization("Inside", 0.45, context="2.25 of 5.00 %"),
        Utilization("Over soft", 0.91, context="4.55 of 5.00 %"),
        Utilization("Over hard", 1.07, context="5.35 of 5.00 %"),
        Utilization("Unmeasured", None, context="of 5.00 %"),
    ]
    shown = [utilization_bar(bar, f"gallery-use-{n}") for n, bar in enumerate(bars)]
    bare = html.Div(bare_bar(bars[1], "gallery-use-bare"), className="sw-use-alone")
    words = "Scale runs to 115 %, so an overshoot shows. Thin tick soft, thick tick hard."
    return _section(
        "Utilization bar",
        [
            html.Div(shown, className="sw-gallery-stretch"),
            html.P(words, className="sw-note"),
            html.P("The bar alone, beside a figure and a word in a table:", className="sw-note"),
            bare,
        ],
    )


# -- words --------------------------------------------------------------------------------


def _reasons() -> html.Section:
    resized = Verdict(RESIZED, "trend-01 buy 1.800 BTC.", "0.802 BTC passes now.")
    rejected = Verdict(REJECTED, "rev-02 buy 900 LINK.", "Nothing passes until the mark is fresh.")
    checks = [
        Reason("MARK_FRESH", "passed", "BTC mark 0.8 s old, allowed 30 s", "left 29 s"),
        Reason("LIQUIDATION", "skipped", "Not run: a spot order has no margin", "skipped"),
        Reason("VAR_PORTFOLIO", "shrunk", "VaR 5.06 % after the order, hard 5.00 %", "shrunk"),
    ]
    stale = [Reason("MARK_STALE", "failed", "LINK mark 41 s old, allowed 30 s", "over 11 s")]
    note = "24 checks, 23 run, 1 skipped. Answer valid until 15:42:23 UTC."
    return _section(
        "Why an order was shrunk or refused",
        [
            reason_list(resized, checks, "gallery-resized", note=note),
            reason_list(rejected, stale, "gallery-rejected"),
        ],
    )


def _banners() -> html.Section:
    banners = [
        page_banner(
            "LINK mark is 41 s old",
            "(allowed 30 s). New LINK risk is refused, reductions pass.",
            state="stale",
            link=NoticeLink("Data health", here({})),
        ),
        page_banner(
            "Not live: no cycle since 15:40:02 UTC (2 min).",
            "Values are greyed. Orders fail closed, reductions pass.",
            state="halted",
        ),
        page_banner("You paused this view at 15:41:50 UTC.", "3 newer cycles wait.", state="pause"),
        page_banner(
            "Refused: you asked for this change.",
            "A second person must approve a loosening.",
            state="refused",
            link=NoticeLink("Ask them", here({})),
        ),
        page_banner(
            "Address not understood.", "There is no range '9d'; 24h is shown.", state="info"
        ),
    ]
    return _section("Page banners", [html.Div(banners, className="sw-gallery-stretch")])


def _placeholders() -> html.Section:
    links = [NoticeLink("Import prices", here({})), NoticeLink("Show log", here({}))]
    small = [
        empty_state("No requests are open", "Requests wait here for a second person.", small=True),
        loading_state("VaR", usually="0.4 s", small=True),
        error_state(
            "VaR could not be computed",
            "LINK has 12 of 60 days of history. New risk is refused until it can.",
            small=True,
            links=links,
        ),
    ]
    return _section("Empty, loading, error: small", [html.Div(small, className="sw-gallery-three")])


def _large_placeholders() -> html.Div:
    return html.Div(
        [
            empty_state("No portfolio yet", "Add one with “seawall portfolios add NAME”."),
            loading_state("the page"),
            error_state("The book cannot be read", "This page fills by itself once it can."),
        ],
        className="sw-gallery-three sw-wide-card",
    )


def _timeline() -> html.Section:
    entries = [
        TimelineEntry("15:42:07", "stale", "LINK mark went stale", "30 s without a trusted price"),
        TimelineEntry("14:51:05", "throttled", "Volatility breaker tripped", "2.31 × of 2.00 ×"),
        TimelineEntry("09:00:00", "info", "50.0 k USD paid in", ""),
    ]
    return _section("Timeline", [timeline(entries, "gallery-timeline")])


# -- things to press ----------------------------------------------------------------------


def _choices() -> html.Section:
    filters = [
        ActiveFilter("Strategy", "trend", here({})),
        ActiveFilter("Venue", "sim-a", here({})),
    ]
    options = {"asset": "Asset", "strategy": "Strategy", "venue": "Venue"}
    return _section(
        "Choices, path, filters, links",
        [
            choice_links("Split by", "by", options, "asset", here),
            breadcrumbs([Crumb("Book demo", here({})), Crumb("trend", here({}))], "BTC"),
            filter_chips(filters, clear=here({})),
            html.P(inside_link("A link to another view", here({"view": "other"}))),
        ],
    )


def _buttons() -> html.Section:
    first = [
        button("Approve as second", "gallery-approve", look="filled"),
        button("Acknowledge", "gallery-acknowledge"),
        button(
            "Apply override",
            "gallery-override",
            blocked="Open 1 more warning and finish the phrase.",
        ),
    ]
    second = [
        button("Close", "gallery-close"),
        html.Span(className="sw-grow"),
        button("Halt book demo…", "gallery-halt", look="destructive", shape="halted"),
    ]
    return _section(
        "Buttons",
        [
            html.Div(first, className="sw-gallery-row"),
            html.Div(second, className="sw-gallery-row sw-gallery-stretch"),
        ],
    )


def _toasts() -> html.Section:
    show = button("Show the messages", TOAST_BUTTON)
    words = "A halt stays until it is closed; others close after 8 s."
    return _section(
        "Messages",
        [show, html.P(words, className="sw-note")],
    )


def _proof() -> html.Section:
    words = (
        "Asks for a password where somebody has a login and has not proved lately who he is; the "
        "button proves it first, and is pressed then."
    )
    part = proof_part("gallery-proof", confirms=PROOF_BUTTON)
    say = button("Say so", PROOF_BUTTON)
    said = html.P("", id=PROOF_SAID, role="status")
    return _section("Proof", [part, say, said, html.P(words, className="sw-note")])


def gallery_toasts() -> list[dict[str, object]]:
    """What the button shows."""
    return [
        toast(
            "halted",
            "HALTED: book demo, daily loss",
            "Loss reached 3.52 % of 2.47 m USD since 00:00 UTC (trip 3.50 %). Positions are open, "
            "1.34 m USD net. Next: cut SOL first, 27.6 k of VaR.",
            key="gallery-halted",
            time="15:58:11",
            links=[ToastLink("Acknowledge", here({})), ToastLink("Open trip", here({}))],
        ),
        toast(
            "throttled",
            "Soft breach: VaR 99 %, 1 day",
            "91 % used, headroom 10.9 k USD, full at 16:48 UTC. Next: cut SOL by 120 k USD.",
            key="gallery-soft",
            time="15:42:18",
        ),
    ]


# -- tables and maps ----------------------------------------------------------------------


def _row(
    name: str, side: str, net: float, profit: float, share: float | None, **more: object
) -> RiskRow:
    var = None if share is None else 110_000.0 * share
    return RiskRow(name, side, net, profit, share, var, **more)  # type: ignore[arg-type]


def _risk_table() -> html.Section:
    rows = (
        _row("BTC", "long", 597_804.0, -10_540.0, 0.76, mark=96_420.0, trust=Trust.TRUSTED),
        _row("LINK", "long", 83_986.0, -3_231.0, None, mark=17.622, trust=Trust.STALE),
        _row("AVAX", "short", -59_991.0, 4_267.0, -0.058, mark=24.18, trust=Trust.TRUSTED),
    )
    total = _row("Book", "", 621_799.0, -9_504.0, 1.0)
    table = risk_table(RiskTable("Asset", "USD", rows, total))
    return card([heading("Risk table"), table], label="Risk table", class_name="sw-wide-card")


GRID_COLUMNS = (
    Column(field="asset", title="Asset", pinned=True, narrow=True, href="href", note="side"),
    Column(field="mark", title="Mark, USD", kind="price"),
    Column(field="quantity", title="Quantity", kind="quantity"),
    Column(field="net", title="Net, USD", kind="money_signed", term="net"),
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
    Column(field="beta", title="Beta to BTC", kind="number2", term="beta_btc"),
    Column(field="trust", title="Mark trust", kind="trust", term="data_trust"),
)

_HELD = ("id", "side", "mark", "quantity", "net", "profit", "share", "beta", "trust")
GRID_ROWS: tuple[Row, ...] = tuple(
    {**dict(zip(_HELD, values, strict=True)), "asset": values[0], "href": address}
    for address, values in (
        (
            here({"asset": "BTC"}),
            ("BTC", "long", 96_420.0, 6.2, 597_804.0, -10_540.0, 0.382, 1.0, "trusted"),
        ),
        (
            here({"asset": "ETH"}),
            ("ETH", "long", 3_318.4, 99.4, 329_848.96, -3_339.84, 0.271, 1.21, "trusted"),
        ),
        (
            here({"asset": "AVAX"}),
            ("AVAX", "short", 24.18, -2_481.0, -59_990.58, 4_267.32, -0.058, 1.38, "suspect"),
        ),
        (
            here({"asset": "LINK"}),
            ("LINK", "long", 17.622, 4_766.0, 83_986.452, -3_231.348, 0.076, None, "stale"),
        ),
        (None, ("=ODD", "long", None, 12.0, None, None, None, None, "missing")),
    )
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
    title = "Grid without rows"
    return card([heading(title), grid], label=title, class_name="sw-wide-card")


TILES = tuple(
    Tile(group=group, name=name, value=value, href=here({"asset": name}), chosen=name == "SOL")
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
        group_hrefs={"trend": here({"strategy": "trend"})},
    )
    return card(
        [heading("Tree map", actions=[treemap_key()]), drawing],
        label="Tree map",
        class_name="sw-wide-card",
    )


# -- forms --------------------------------------------------------------------------------

_TYPED_FIELDS = {
    "hard": 0.125,
    "dynamic": True,
    "review_by": date(2026, 9, 30),
    "rationale": "Twice the largest loss of a day in the last year.",
}


def _fields() -> html.Section:
    """The controls of a limit's own fields: a number, one of two, a day, words."""
    share = scale_of(Unit.SHARE, "USD")
    fields = form_fields(LimitDefinition, tuple(_TYPED_FIELDS), of_kind=share)
    typed = {each.name: as_typed(each, _TYPED_FIELDS[each.name], UTC_ZONE) for each in fields}
    drawn = [
        html.Div(
            field_control(each, typed[each.name], zone=UTC_ZONE, form="gallery-field"),
            className=f"sw-field sw-field-{each.control}",
        )
        for each in fields
    ]
    return _section("Fields of a form", [html.Div(drawn, className="sw-fields")], wide=True)


# -- what all is made of ------------------------------------------------------------------


def _glyphs() -> html.Section:
    shapes = [html.Li([glyph(shape), html.Span(shape)]) for shape in SHAPES]
    return _section("Shapes", [html.Ul(shapes, className="sw-gallery-shapes")], wide=True)


def _tokens() -> html.Section:
    chips = [
        html.Li(
            [
                html.Span(className="sw-gallery-colour", style={"background": f"var(--sw-{name})"}),
                name,
            ]
        )
        for name in TOKENS
    ]
    return _section("Colours", [html.Ul(chips, className="sw-gallery-shapes")], wide=True)


SECTIONS: tuple[Callable[[], Component], ...] = (
    _state_banner,
    _metrics,
    _states,
    _utilization,
    _reasons,
    _banners,
    _placeholders,
    _buttons,
    _facts,
    _timeline,
    _choices,
    _ages,
    _toasts,
    _proof,
    _fields,
    _treemap,
    _grid,
    _empty_grid,
    _risk_table,
    _large_placeholders,
    _glyphs,
    _tokens,
)
