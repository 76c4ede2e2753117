"""The grid of positions: every figure of each, and their totals."""

from dash import html

from pages.components.basics import card, heading
from pages.components.grid import Column, Row, data_grid, grid_tools
from pages.views.exposure.reading import ExposureData
from pages.views.exposure.selection import toggled
from pages.views.holdings import VAR_99, coin, component_var, share_of, side_of, sum_known
from risk.domain.assessment import PositionMeasures
from risk.domain.market import Trust
from risk.measures.stops import distance_to

GRID = "exposure-positions"

#: What is told of each position; what fewest look at stands last, and on wide screens only.
COLUMNS = (
    Column(
        field="asset",
        title="Asset",
        pinned=True,
        narrow=True,
        href="href",
        note="side",
        width=108,
    ),
    Column(field="strategy", title="Strategy", width=92),
    Column(field="quantity", title="Quantity", kind="quantity"),
    Column(field="mark", title="Mark", kind="price"),
    Column(field="notional", title="Notional", kind="money_signed", narrow=True),
    Column(field="share", title="Of gross", kind="percent", decimals=1, term="gross_share"),
    Column(field="profit", title="P&L", kind="money_signed", narrow=True),
    Column(field="profit_share", title="P&L %", kind="percent_signed", decimals=1),
    Column(field="alone", title="VaR alone", kind="money", term="var_1d_99"),
    Column(
        field="component",
        title="Component",
        kind="money_signed",
        term="component_var",
        narrow=True,
        sort="desc",
        width=92,
    ),
    Column(field="var_share", title="Of VaR", kind="percent", decimals=1, term="var_share"),
    Column(
        field="marginal",
        title="Marginal",
        kind="number",
        decimals=3,
        term="marginal_var",
    ),
    Column(field="beta", title="Beta", kind="number2", term="beta_btc", roomy=True),
    Column(
        field="to_stop",
        title="To stop",
        kind="percent_signed",
        decimals=1,
        term="to_stop",
        absent="no_stop",
    ),
    Column(field="trust", title="Data", kind="trust", term="data_trust"),
    Column(field="stop", title="Stop", kind="price", term="stop", absent="no_stop", roomy=True),
    Column(
        field="to_liquidation",
        title="Liquidation",
        kind="percent_signed",
        decimals=1,
        term="to_liquidation",
        absent="no_liquidation",
        width=132,
        roomy=True,
    ),
    Column(field="entry", title="Entry", kind="price", roomy=True),
    Column(field="venue", title="Venue", width=64, roomy=True),
    # Beside the coin's name, for the file: two quotes of one coin are two assets.
    Column(field="pair", title="Pair", width=92, roomy=True),
)


def positions_card(data: ExposureData) -> html.Section:
    """The grid, with its search and CSV."""
    grid = data_grid(
        GRID,
        COLUMNS,
        position_rows(data),
        csv_name=f"{data.book.name}-positions",
        label="Positions",
        empty="No position is open here: nothing is at risk.",
        totals=total_row(data),
    )
    note = f"{data.book.currency}, VaR 99 % of 1 day, marginal per {data.book.currency} bought"
    tools = grid_tools(GRID, COLUMNS, what="positions")
    return card(
        [heading("Positions", note=note, actions=tools), grid],
        label="Positions",
        class_name="sw-exposure-positions",
        id="exposure-positions-card",
    )


def position_rows(data: ExposureData) -> list[Row]:
    """A row for each position selected."""
    gross = data.exposure.gross
    return [_rounded(_row(data, position, gross)) for position in data.positions]


#: Decimals that rows keep of what is computed: money to the cent, shares to a millionth. What
#: is traded in (quantity, entry, mark) stays as it is.
_DECIMALS = {
    "notional": 2,
    "share": 6,
    "profit": 2,
    "profit_share": 6,
    "alone": 2,
    "component": 2,
    "var_share": 6,
    "marginal": 6,
    "beta": 4,
    "to_stop": 6,
    "to_liquidation": 6,
}


def _rounded(row: Row) -> Row:
    """Every row travels at every cycle to every browser: no digit more than anybody uses."""
    return {name: _as_precise(name, value) for name, value in row.items()}


def _as_precise(name: str, value: str | float | None) -> str | float | None:
    if name in _DECIMALS and isinstance(value, float):
        return round(value, _DECIMALS[name])
    return value


def _row(data: ExposureData, p: PositionMeasures, gross: float) -> Row:
    known = p.trust is not Trust.MISSING
    component = component_var([p])
    return {
        "id": "/".join(p.key),
        "asset": coin(p.asset),
        "side": side_of([p.exposure]),
        "href": toggled(data.query, asset=p.asset),
        "strategy": p.strategy,
        "venue": p.venue,
        "pair": p.asset,
        "quantity": p.quantity,
        "entry": p.entry_price,
        "mark": p.mark if known else None,
        "notional": p.exposure,
        "share": share_of(abs(p.exposure), gross),
        "profit": p.unrealised if known else None,
        "profit_share": share_of(p.unrealised, abs(p.quantity) * p.entry_price) if known else None,
        "alone": p.standalone.var_at(0.99) if p.standalone else None,
        "component": component,
        "var_share": share_of(component, data.book_var),
        "marginal": p.marginal_var[VAR_99] if p.marginal_var else None,
        "beta": p.beta_btc,
        "trust": str(p.trust),
        **_stop(data, p),
        **_liquidation(data, p),
    }


def _stop(data: ExposureData, p: PositionMeasures) -> Row:
    """Where the stop stands and how far away that is; a word where there is none."""
    state = data.cycle.state.stops.get(p.key)
    if state is None or state.price is None:
        waits = state is not None and _has_a_stop_to_come(data, p.strategy)
        return {"stop": None, "to_stop": None, "no_stop": "not yet" if waits else "no stop"}
    is_known = p.trust is not Trust.MISSING
    return {"stop": state.price, "to_stop": distance_to(state.price, p.mark) if is_known else None}


def _has_a_stop_to_come(data: ExposureData, strategy: str) -> bool:
    """Whether the strategy's plan leads to a price at all: a time stop and targets do not."""
    policy = data.cycle.state.policy
    plan = policy.stops.get(strategy) if policy else None
    if plan is None:
        return False
    return plan.trails or plan.fixed is not None or plan.break_even_after is not None


def _liquidation(data: ExposureData, p: PositionMeasures) -> Row:
    """How far the asset alone may move; that none can do it is known only with equity."""
    if p.liquidation_move is None and data.assessment.equity is not None:
        return {"to_liquidation": None, "no_liquidation": "not possible"}
    return {"to_liquidation": p.liquidation_move}


def total_row(data: ExposureData) -> Row:
    """Of all rows, of those figures that add up."""
    positions = data.positions
    component = component_var(positions)
    profit = sum_known(None if p.trust is Trust.MISSING else p.unrealised for p in positions)
    cost = sum(abs(p.quantity) * p.entry_price for p in positions)
    row: Row = {
        "id": "total",
        "asset": "Book" if data.selection.is_all else "Selected",
        "notional": data.exposure.net,
        "share": share_of(data.exposure.gross, data.exposure.gross),
        "profit": profit,
        "profit_share": share_of(profit, cost),
        "component": component,
        "var_share": share_of(component, data.book_var),
    }
    return _rounded(row)
