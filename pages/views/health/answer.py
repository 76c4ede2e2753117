"""The first line: the verdict on the live record in plain words, and what it cannot tell."""

from dash import html

from pages.components.basics import Component, card
from pages.components.links import inside_link
from pages.format import number, percent
from pages.paths import VAR_PATH
from pages.views.health.judged import is_rejected, opinion
from pages.views.health.reading import HealthData
from pages.views.records.counts import unnoticed_words
from pages.views.records.live import in_use, others_words
from risk.measures.backtest import ENOUGH_PERIODS, Depth, LevelRecord, Order
from risk.storage.queries import JUDGED_DAYS

#: Shortfalls off by less are told as none.
_HARDLY = 0.005


def answer(data: HealthData) -> html.Section:
    """The page's first line, and under it what so few days leave open."""
    doubts = doubt_words(data)
    more: list[Component] = [html.P(doubts, id="health-doubts", className="sw-dim")]
    link = html.P(inside_link("Day by day: VaR and model", _to_var(data), class_name="sw-link"))
    return card(
        [
            html.P(verdict_words(data), id="health-answer", className="sw-answer"),
            *(more if doubts else []),
            link,
        ],
        label="In short",
        class_name="sw-answer-card",
    )


def _to_var(data: HealthData) -> str:
    return data.query.href(VAR_PATH, model=None, sort=None)


def verdict_words(data: HealthData) -> str:
    """Number, order and depth of the live record's exceptions."""
    inner, outer = data.live.inner, data.live.outer
    if inner is None or outer is None:
        return (
            "No one-day forecast has met its day yet: nothing tells a good model from a bad one. "
            f"The first is scored at 00:00 UTC, and {JUDGED_DAYS} days make a full record."
        )
    counted = (
        f"{opinion(data.live)}: the 95 % VaR was broken on {_counted(inner)}, the 99 % VaR on "
        f"{_counted(outer)}."
    )
    parts = [
        counted,
        order_words(inner),
        depth_words(data.live.depth),
        others_words(data.judged.models, in_use(data.cycle.state)),
    ]
    return " ".join(part for part in parts if part)


def _counted(record: LevelRecord) -> str:
    """``14 of 250 days (7 to 19 are normal)``."""
    days = "day" if record.days == 1 else "days"
    normal = f"{record.low} to {record.high} are normal"
    return f"{record.hits} of {record.days} {days} ({normal})"


def order_words(inner: LevelRecord) -> str:
    """Whether broken days follow each other."""
    if inner.order is Order.CLUSTERED:
        return "Broken days come in clusters: VaR follows the market too slowly."
    if is_rejected(inner.coverage_p):
        return "So many in such an order are unlikely by chance."
    if inner.order is Order.TOO_FEW:
        return "They are too few to show clusters."
    return "No clusters are seen."


def depth_words(depth: Depth) -> str:
    """How deep losses beyond the 97.5 % VaR were for their expected shortfall."""
    if depth.z2 is None:
        return ""
    more = "more" if depth.z2 < 0.0 else "less"
    size = "as much as" if abs(depth.z2) < _HARDLY else f"{percent(abs(depth.z2), 0)} {more} than"
    told = f"Losses beyond the 97.5 % VaR added up to {size} its expected shortfall allows"
    return f"{told}, {_ZONE_WORDS[depth.zone or 0]}."


_ZONE_WORDS = ("within chance", "more than chance explains", "far more than chance explains")


def doubt_words(data: HealthData) -> str:
    """How often a wrong model would pass, and how many days are still needed."""
    outer = data.live.outer
    if outer is None:
        return ""
    parts = [unnoticed_words(data.judged)]
    if outer.order is Order.TOO_FEW:
        broken = "day" if outer.hits == 1 else "days"
        parts.append(f"{outer.hits} {broken} beyond 99 % cannot show whether they cluster.")
    missing = ENOUGH_PERIODS - outer.days
    if missing > 0:
        more = f"{number(float(missing))} more {'day' if missing == 1 else 'days'}"
        parts.append(
            f"The published limits of the test of expected shortfall need {more}; until then its "
            "probability is simulated."
        )
    return " ".join(parts)
