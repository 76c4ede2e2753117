"""The first line of the correlation screen: are my coins one bet, and does anything offset them?"""

import math

from dash import html

from pages.components.basics import Component, card
from pages.components.notices import page_banner
from pages.format import UNKNOWN, ordinal, percent
from pages.views.correlation.phrases import (
    listed,
    rho_words,
)
from pages.views.correlation.reading import CorrelationData, named
from pages.views.correlation.study import Group
from pages.views.correlation.words import ASSETS
from pages.views.holdings import component_var, grouped, share_of
from risk.domain.model import PROVEN_AFTER

#: Mean correlations from which coins move together, and under which they hardly do.
_TOGETHER, _HARDLY = 0.60, 0.30
#: Shares of VaR within this of nothing neither add nor take off.
_NEGLIGIBLE_SHARE = 0.005


def answer_card(data: CorrelationData) -> html.Section:
    """The answer, in words, over everything else."""
    words = html.P(answer(data), id="correlation-answer", className="sw-answer")
    return card([words], label="In short", class_name="sw-answer-card")


def answer(data: CorrelationData) -> str:
    """Whether what is held, or chosen, is one bet; in at most three sentences."""
    if data.market is None:
        return (
            f"Correlation is {UNKNOWN}: the model needs {PROVEN_AFTER} days of prices first. "
            "This page fills by itself."
        )
    if data.group is None:
        return _lonely(data)
    return f"{_together(data, data.group)} {_offset_words(data)}"


def _lonely(data: CorrelationData) -> str:
    if not data.held:
        return "No position is open: nothing moves together. Choose all assets for the market."
    name = data.names[data.held[0].asset]
    return f"Only {name} is held: nothing moves with it, and nothing offsets it."


def _together(data: CorrelationData, group: Group) -> str:
    now = float(group.rolling[-1]) if group.rolling.size else math.nan
    mean = group.means["now"] if math.isnan(now) else now
    place = (
        f", {ordinal(data.place.percentile)} percentile of {data.place.values} days"
        if data.place
        else ""
    )
    calm = f", calm {rho_words(group.means['calm'])}"
    return f"{_verdict(data, mean)}: mean correlation {rho_words(mean)}{place}{calm}."


def _verdict(data: CorrelationData, mean: float) -> str:
    whose = "Your coins" if data.query.choice(ASSETS.name) == "held" else "All coins"
    if math.isnan(mean):
        return f"{whose} are not known well enough"
    if mean >= _TOGETHER:
        return f"{whose} move together"
    return f"{whose} hardly move together" if mean < _HARDLY else f"{whose} move loosely together"


def _offset_words(data: CorrelationData) -> str:
    """What takes off VaR, by the same parts of VaR that the cockpit shows."""
    total = data.cycle.assessment.held.day
    if total is None or not data.held:
        return "" if data.held else "No position is open."
    whole = total.var_at(0.99)
    parts = grouped(data.cycle.assessment.positions, "asset")
    shares = {asset: share_of(component_var(group), whole) for asset, group in parts.items()}
    if any(share is None for share in shares.values()):
        return f"What offsets is {UNKNOWN}."
    offsets = [one for one in data.held if (shares[one.asset] or 0.0) < -_NEGLIGIBLE_SHARE]
    if not offsets:
        return "Nothing held offsets."
    names = listed([named(data.names[one.asset], short=one.sign < 0.0) for one in offsets])
    off = percent(-sum(shares[one.asset] or 0.0 for one in offsets), 1)
    return f"{names} {'offsets' if len(offsets) == 1 else 'offset'}: {off} off VaR."


def notes(data: CorrelationData) -> list[Component]:
    """What the screen cannot show, and why."""
    notes = []
    if data.unmodelled:
        names = ", ".join(data.unmodelled)
        notes.append(_note("Held, but unknown to the model:", f"{names}. Not shown below."))
    if data.pair_note:
        notes.append(_note(data.pair_note, "The two largest are shown."))
    return notes


def _note(strong: str, rest: str) -> Component:
    return page_banner(strong, rest, state="info")
