"""Where the risk sits, for the cockpit: the heaviest parts of the book, and the rest together."""

from collections.abc import Sequence
from dataclasses import replace

from dash import html

from pages.components.basics import Component, card, heading
from pages.components.choices import choice_links
from pages.components.links import inside_link
from pages.components.risk_table import RiskRow, RiskTable, risk_table
from pages.query import BY, GROUPINGS, Query
from pages.views.holdings import coin, component_var, grouped, share_of, side_of, sum_known
from risk.domain.assessment import Assessment, PositionMeasures
from risk.domain.market import Trust

#: So many parts are told one by one: what fits beside the day's events without scrolling.
_TOLD = 10
_WORST_FIRST = (Trust.MISSING, Trust.SUSPECT, Trust.STALE, Trust.TRUSTED)


def risk_card(assessment: Assessment, query: Query, currency: str) -> html.Section:
    """The table by asset, strategy or venue."""
    chosen = query.choice(BY.name)
    table = told_rows(risk_rows(assessment, GROUPINGS[chosen], currency))
    content: Component = (
        risk_table(table)
        if table.rows
        else html.P("No position is open: nothing is at risk.", className="sw-dim sw-pad")
    )
    actions = [
        choice_links("Group by", BY.name, GROUPINGS, chosen, query.links_to("/")),
        inside_link("Exposure", query.href("/exposure"), class_name="sw-link"),
    ]
    return card(
        [heading("Where the risk sits", actions=actions), html.Div(content, id="risk-content")],
        label="Where the risk sits",
        class_name="sw-risk",
        id="cockpit-risk",
    )


def told_rows(table: RiskTable) -> RiskTable:
    """With the light parts of a book of many in one row, the last one."""
    if len(table.rows) <= _TOLD + 1:
        return table
    heaviest = sorted(table.rows, key=lambda row: (-abs(row.var or 0.0), -abs(row.net), row.name))
    told = set(heaviest[:_TOLD])
    rest = [row for row in table.rows if row not in told]
    rows = (*(row for row in table.rows if row in told), _together(rest))
    return replace(table, rows=rows)


def _together(rows: Sequence[RiskRow]) -> RiskRow:
    return RiskRow(
        name=f"{len(rows)} others",
        side="",
        net=sum(row.net for row in rows),
        open_profit=sum_known(row.open_profit for row in rows),
        share=sum_known(row.share for row in rows),
        var=sum_known(row.var for row in rows),
    )


def _open_profit(positions: Sequence[PositionMeasures]) -> float | None:
    """None if one of them has no price: at its entry price it would seem to have earned nothing."""
    return sum_known(None if p.trust is Trust.MISSING else p.unrealised for p in positions)


def risk_rows(assessment: Assessment, by: str, currency: str) -> RiskTable:
    """Positions grouped by asset, strategy or venue, those with most VaR first."""
    total = assessment.held.day.var_at(0.99) if assessment.held.day else None
    groups = grouped(assessment.positions, by.lower())
    rows = [_risk_row(name, group, total, of_asset=by == "Asset") for name, group in groups.items()]
    rows.sort(key=lambda row: (-(row.var or 0.0), -abs(row.net), row.name))
    return RiskTable(by, currency, tuple(rows), _total_row(assessment, total))


def _risk_row(
    name: str, group: Sequence[PositionMeasures], total: float | None, *, of_asset: bool
) -> RiskRow:
    var = component_var(group)
    row = RiskRow(
        name=coin(name) if of_asset else name,
        side=side_of([p.exposure for p in group]),
        net=sum(p.exposure for p in group),
        open_profit=_open_profit(group),
        share=share_of(var, total),
        var=var,
        trust=Trust.TRUSTED,
    )
    return _with_mark(row, group) if of_asset else row


def _with_mark(row: RiskRow, group: Sequence[PositionMeasures]) -> RiskRow:
    first = group[0]
    trusts = {p.trust for p in group}
    return RiskRow(
        **{
            **row.__dict__,
            "mark": None if first.trust is Trust.MISSING else first.mark,
            "since_midnight": first.since_midnight,
            "trust": next(trust for trust in _WORST_FIRST if trust in trusts),
        }
    )


def _total_row(assessment: Assessment, total: float | None) -> RiskRow:
    return RiskRow(
        name="Book",
        side="",
        net=assessment.held.exposure.net,
        open_profit=_open_profit(assessment.positions),
        share=None if not total else 1.0,
        var=total,
    )
