"""VaR and expected shortfall of the book now, by level and horizon."""

import math

from dash import html

from pages.components.basics import card, figure, heading, help_mark
from pages.format import amount, number, percent
from pages.views.holdings import share_of
from pages.views.records.live import in_use
from pages.views.var.reading import VarData
from pages.views.var.ten_days import DAYS
from risk.domain.assessment import TailRisk
from risk.domain.model import DEFAULT_BOOK_MODEL
from risk.measures.var.base import MINIMUM_HISTORY
from risk.measures.var.horizon import PATHS
from risk.portfolio.book_models import title_of


def levels_card(data: VarData) -> html.Section:
    """VaR and expected shortfall now, by level and horizon."""
    title = "VaR now, by horizon"
    return card(
        [
            heading(title, note=_note(data), actions=[help_mark("var_levels")]),
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
            html.P(_hour_words(data), id="var-horizon-words", className="sw-dim sw-pad"),
            html.P(_ten_days_words(data), id="var-ten-days-words", className="sw-dim sw-pad"),
        ],
        label=title,
        class_name="sw-levels",
        id="var-levels",
    )


def _note(data: VarData) -> str:
    if in_use(data.cycle.state) == DEFAULT_BOOK_MODEL:
        return "% of equity"
    return f"% of equity; the day by {title_of(in_use(data.cycle.state))}, the rest as ever"


def _levels_header() -> html.Tr:
    heads = [html.Th(text, scope="col") for text in ("1 hour", "1 day", "10 days")]
    money = html.Th("1 day, money", scope="col", className="sw-wide")
    return html.Tr([html.Th("Measure", scope="col", className="sw-left"), *heads, money])


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
            html.Td(figure(percent(_of_ten_days(data, level, shortfall)), f"{key}-ten-days")),
            html.Td(figure(amount(day), f"{key}-money"), className="sw-wide"),
        ]
    )


def _tail_at(tail: TailRisk | None, level: float, shortfall: bool) -> float | None:
    if tail is None:
        return None
    return tail.es_at(level) if shortfall else tail.var_at(level)


def _of_ten_days(data: VarData, level: float, shortfall: bool) -> float | None:
    """A share of the equity of the moment that was simulated."""
    found = data.ten_days.value
    return None if found is None else share_of(_tail_at(found.tail, level, shortfall), found.equity)


def _hour_words(data: VarData) -> str:
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


def _ten_days_words(data: VarData) -> str:
    """Of which book the ten days are, and what the square root of time would say."""
    if data.ten_days.problem is not None:
        return f"Ten days cannot be told: {data.ten_days.problem}."
    found = data.ten_days.value
    if found is None:
        return "Ten days are being simulated."
    at = data.query.zone.clock(found.at)
    if found.tail is None:
        return f"Ten days need {MINIMUM_HISTORY} bars of history of the coins held."
    words = f"Ten days, by their own method: {number(PATHS)} paths of what was held at {at}"
    day, ten = data.of_equity(_tail_at(data.assessment.held.day, 0.99, False)), found.tail
    if not day or not ten.var_at(0.99):
        return f"{words}."
    return f"{words}; √10 × one day would be {percent(math.sqrt(DAYS) * day)} at 99 %."
