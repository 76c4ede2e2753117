"""Where the risk sits: one row a part of the book, the heaviest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from dash import html

from pages.components.basics import figure, glyph, help_mark
from pages.format import amount, percent, price
from risk.domain.market import Trust


@dataclass(frozen=True)
class RiskRow:
    """One part of the book.

    Attributes
    ----------
    name : str
    side : str
        ``long``, ``short`` or ``mixed``.
    net : float
        Quote currency.
    open_profit : float or None
        Quote currency; None while a position has no price.
    share : float or None
        Of the book's VaR, a fraction; negative if it offsets risk; None if unknown.
    var : float or None
        Component VaR, quote currency.
    mark, since_midnight : float or None
        Of an asset's row only.
    trust : Trust or None
        Of an asset's mark; None where the row has no mark of its own.
    """

    name: str
    side: str
    net: float
    open_profit: float | None
    share: float | None
    var: float | None
    mark: float | None = None
    since_midnight: float | None = None
    trust: Trust | None = None


@dataclass(frozen=True)
class RiskTable:
    """All rows, heaviest first, and what they add up to.

    Attributes
    ----------
    by : str
        ``Asset``, ``Strategy`` or ``Venue``.
    currency : str
    rows : tuple of RiskRow
    total : RiskRow
    """

    by: str
    currency: str
    rows: tuple[RiskRow, ...]
    total: RiskRow

    @property
    def of_assets(self) -> bool:
        """Whether rows have marks."""
        return self.by == "Asset"


def risk_table(content: RiskTable) -> html.Div:
    """The table; at 390 pixels only name, bar, share and profit remain."""
    scale = _bar_scale([row.share for row in content.rows])
    body = [_row(row, content, scale) for row in content.rows]
    return html.Div(
        html.Table(
            [
                html.Caption(f"Risk by {content.by.lower()}", className="sw-hidden"),
                html.Thead(_header(content)),
                html.Tbody(body, id="risk-rows"),
                html.Tfoot(_total(content), id="risk-total"),
            ],
            className="sw-table",
        ),
        id="risk-table",
        className="sw-table-box",
    )


def _header(content: RiskTable) -> html.Tr:
    money = content.currency
    marks = [_head(f"Mark, {money}"), _head("Since 00:00")] if content.of_assets else []
    return html.Tr(
        [
            html.Th(content.by, scope="col", className="sw-left"),
            *marks,
            _head(f"Net, {money}"),
            _head(f"Open P&L, {money}", wide=False),
            html.Th(
                html.Span("Share of VaR, drawn", className="sw-hidden"),
                scope="col",
                className="sw-bar-cell",
            ),
            html.Th(
                html.Div(["Share of VaR", help_mark("var_share")], className="sw-head-help"),
                scope="col",
            ),
            _head(f"VaR, {money}"),
        ]
    )


def _head(text: str, *, wide: bool = True) -> html.Th:
    return html.Th(text, scope="col", className="sw-wide" if wide else "")


def _row(row: RiskRow, content: RiskTable, scale: "_BarScale") -> html.Tr:
    base = f"row-{slug(row.name)}"
    marks = _BLANKS if row.trust is None else _mark_cells(row, base)
    return html.Tr(
        [
            html.Th(
                [html.Strong(row.name), html.Span(f" {row.side}", className="sw-faint")],
                scope="row",
                id=f"{base}-name",
                className="sw-left",
            ),
            *(marks if content.of_assets else []),
            _cell(amount(row.net, signed=True), f"{base}-net"),
            _cell(amount(row.open_profit, signed=True), f"{base}-profit", wide=False),
            html.Td(_bar(row.share, scale), id=f"{base}-bar", className="sw-bar-cell"),
            _cell(percent(row.share, 1), f"{base}-share", wide=False),
            _cell(amount(row.var), f"{base}-var"),
        ],
        id=base,
    )


def _total(content: RiskTable) -> html.Tr:
    total = content.total
    return html.Tr(
        [
            html.Th(total.name, scope="row", className="sw-left"),
            *(_BLANKS if content.of_assets else []),
            _cell(amount(total.net, signed=True), "risk-total-net"),
            _cell(amount(total.open_profit, signed=True), "risk-total-profit", wide=False),
            html.Td(className="sw-bar-cell"),
            _cell(percent(total.share, 1), "risk-total-share", wide=False),
            _cell(amount(total.var), "risk-total-var"),
        ]
    )


def _cell(text: str, component_id: str, *, wide: bool = True) -> html.Td:
    return html.Td(figure(text, component_id), className="sw-wide" if wide else "")


_BLANKS = (html.Td(className="sw-wide"), html.Td(className="sw-wide"))


def _mark_cells(row: RiskRow, base: str) -> tuple[html.Td, html.Td]:
    since = _cell(percent(row.since_midnight, 1, signed=True), f"{base}-since")
    return _mark_cell(row, base), since


def _mark_cell(row: RiskRow, base: str) -> html.Td:
    trusted = row.trust is Trust.TRUSTED
    doubt = [] if trusted else [glyph("stale", state="stale"), html.Span(f"{row.trust} ")]
    return html.Td(
        [*doubt, figure(price(row.mark), f"{base}-mark")],
        id=f"{base}-mark-cell",
        className="sw-wide" if trusted else "sw-wide sw-doubtful",
    )


@dataclass(frozen=True)
class _BarScale:
    """The bars' common axis: from the lowest share (at most 0) to the highest."""

    lowest: float
    highest: float

    def position(self, share: float) -> float:
        """Per cent of the axis."""
        return 100.0 * (share - self.lowest) / (self.highest - self.lowest)


def _bar_scale(shares: Sequence[float | None]) -> _BarScale:
    known = [share for share in shares if share is not None]
    return _BarScale(min(0.0, *known, 0.0), max(0.01, *known, 0.01))


def _bar(share: float | None, scale: _BarScale) -> html.Div:
    if share is None:
        return html.Div(className="sw-bar sw-bar-unknown", **{"aria-hidden": "true"})
    left, right = sorted((scale.position(0.0), scale.position(share)))
    return html.Div(
        html.Div(
            className="sw-bar-offset" if share < 0.0 else "sw-bar-fill",
            # Whole pixels of a bar some 80 wide: less cannot be seen and need not be sent.
            style={"left": f"{left:.0f}%", "width": f"{max(1.0, right - left):.0f}%"},
        ),
        className="sw-bar",
        **{"aria-hidden": "true"},
    )


def slug(name: str) -> str:
    """`name` as a part of a component's id."""
    # No two names share one: else a figure would be sent to the row of another.
    return "".join(c if c.isalnum() else f"-{ord(c):x}-" for c in name)
