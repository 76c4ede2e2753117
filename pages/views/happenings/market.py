"""The market, its data, the book's equity and funds, and forecasts that were scored, in words."""

from datetime import timedelta

from pages.components.states import STATE_LOOKS
from pages.format import UTC_ZONE, money, percent
from pages.views.happenings.phrases import BY_SEVERITY, Sayings, Words
from risk.domain.events import (
    DataFaultFound,
    EquityDistrusted,
    EquityTrusted,
    ForecastScored,
    FundsMoved,
    MarkTrustChanged,
    RegimeChanged,
    RiskStatus,
    WhyTrusted,
)
from risk.domain.market import Period, Trust
from risk.domain.trading import TradingState


def _status(event: RiskStatus, _currency: str) -> Words:
    look = STATE_LOOKS[TradingState[event.state]]
    return look.shape, f"{event.scope} is {look.word}", event.cause


def _trust(event: MarkTrustChanged, _currency: str) -> Words:
    if event.trust is Trust.TRUSTED:
        return "normal", f"{event.asset} mark is trusted again", event.detail
    return "stale", f"{event.asset} mark is {event.trust}", event.detail


def _fault(event: DataFaultFound, _currency: str) -> Words:
    times = f", {event.count} times" if event.count > 1 else ""
    return "stale", f"{event.asset}: {event.kind.replace('_', ' ')}{times}", event.detail


def _regime(event: RegimeChanged, _currency: str) -> Words:
    sure = f"{percent(event.probability, 0)} probable; it was {event.previous}"
    return BY_SEVERITY[event.severity], f"The market is {event.regime}", sure


def _equity_doubted(event: EquityDistrusted, currency: str) -> Words:
    fact = f"Equity of {money(event.read, currency)} is not believed yet"
    trusted = f"the last trusted is {money(event.trusted, currency)}"
    return "stale", fact, f"{trusted}; no new risk until readings agree, a minute at most"


def _equity_believed(event: EquityTrusted, currency: str) -> Words:
    confirmed = event.why is WhyTrusted.CONFIRMED
    fact = f"Equity is believed again, {money(event.equity, currency)}"
    why = "readings agree" if confirmed else "none agreed in time: the worse counts"
    shape = "normal" if confirmed else BY_SEVERITY[event.severity]
    return shape, fact, f"{why}; before it was {money(event.before, currency)}"


def _funds(event: FundsMoved, currency: str) -> Words:
    kind = "Deposit" if event.amount >= 0.0 else "Withdrawal"
    return "info", f"{kind} of {money(abs(event.amount), currency)}", event.note


def _scored(event: ForecastScored, currency: str) -> Words:
    came = "loss" if event.loss >= 0.0 else "gain"
    figures = f"{came} {money(abs(event.loss), currency)}, VaR {money(event.var_99, currency)}"
    if event.exceeded_99:
        return "halted", f"{_scored_span(event)} went beyond VaR 99 %", figures
    return "normal", f"{_scored_span(event)} stayed inside VaR 99 %", figures


def _scored_span(event: ForecastScored) -> str:
    """The day by its name: its score comes on the day after."""
    if event.period != Period.DAY:
        return "The hour's loss" if event.exceeded_99 else "The hour"
    day = UTC_ZONE.day(event.at - timedelta(microseconds=1))
    return f"The loss of {day}" if event.exceeded_99 else day


#: How each kind is told.
SAY: Sayings = {
    RiskStatus: _status,
    MarkTrustChanged: _trust,
    DataFaultFound: _fault,
    EquityDistrusted: _equity_doubted,
    EquityTrusted: _equity_believed,
    FundsMoved: _funds,
    ForecastScored: _scored,
    RegimeChanged: _regime,
}
