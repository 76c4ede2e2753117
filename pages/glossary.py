"""What each number on the screens means: one entry feeds every help mark."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One idea, explained to somebody who has money at risk.

    Attributes
    ----------
    name : str
        As it stands on the screen.
    definition, formula, reading : str
        What it is, how it is computed, and how to read it.
    """

    name: str
    definition: str
    formula: str
    reading: str


GLOSSARY: Mapping[str, Term] = {
    "equity": Term(
        "Equity",
        "What the book would be worth if every position were closed at its mark now.",
        "cash + Σ quantity × mark",
        "Deposits and withdrawals move it without being profit or loss. It is unknown while a "
        "held asset has no price.",
    ),
    "profit_today": Term(
        "P&L today",
        "Profit or loss since 00:00 UTC, open positions included, fees paid, flows taken out.",
        "(equity now − equity at 00:00) − (flows since 00:00)",
        "Compare it with VaR: a loss beyond the 99 % VaR is expected on one day in a hundred.",
    ),
    "var_1d_99": Term(
        "VaR 99 %, 1 day",
        "Value at risk: the loss that the book should exceed on only one day in a hundred.",
        "99 % quantile of the book's simulated one-day losses, tail fitted, divided by equity",
        "It says nothing about how bad the hundredth day is: read expected shortfall beside it. "
        "The model is right only if exceptions stay near one in a hundred.",
    ),
    "es_1d_975": Term(
        "ES 97.5 %, 1 day",
        "Expected shortfall: the average loss on the worst 2.5 % of days.",
        "mean of the losses beyond the 97.5 % quantile, divided by equity",
        "Close to the 99 % VaR when tails are thin; the further above it, the fatter the tail.",
    ),
    "drawdown": Term(
        "Drawdown from peak",
        "How far the book has fallen from its highest value, flows taken out.",
        "1 − unit value ÷ highest unit value",
        "Zero at a new high. To recover from 20 % the book must gain 25 %. The peak is never "
        "moved by a restart, a deposit or a withdrawal.",
    ),
    "leverage": Term(
        "Gross exposure",
        "Everything held, longs and shorts added up, against what the book is worth.",
        "Σ |quantity × mark| ÷ equity",
        "At 2 × a fall of 1 % in everything held long costs 2 % of equity. Net exposure counts "
        "shorts against longs.",
    ),
    "var_share": Term(
        "Share of VaR",
        "How much of the book's 99 % one-day VaR comes from this part of it.",
        "component VaR ÷ book VaR; the shares add up to 100 %",
        "A hollow bar offsets risk: closing that part would raise the book's VaR.",
    ),
    "bad_day": Term(
        "What a bad day costs",
        "The 99 % one-day VaR in money, and how often losses went beyond it.",
        "exceptions = days whose loss exceeded the VaR forecast for that day",
        "More exceptions than the normal range mean that the model is too low; none at all over "
        "250 days, that it may be too high. The range is where Kupiec's test, at 5 %, would not "
        "reject the model.",
    ),
    "biggest_risk": Term(
        "Biggest risk",
        "The asset that carries the largest part of the book's VaR.",
        "largest component VaR ÷ book VaR",
        "Cutting this asset lowers the book's risk first.",
    ),
}
