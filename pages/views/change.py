"""What changed since yesterday: the bridge from the book then to the book now, in words too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from pages.context import Book, CompleteCycle, DayCloses
from pages.figures.exposure import Step
from pages.format import UTC_ZONE, amount, percent
from pages.query import Query
from pages.readings import Readings, midnight_before
from pages.views.exposure.selection import CHANGE, SINCE, Selection
from pages.views.holdings import coin
from risk.domain.assessment import PositionMeasures
from risk.domain.market import Period, Trust
from risk.domain.model import Model
from risk.domain.positions import PositionKey
from risk.portfolio.attribution import BookAt, Quantities, explain_exposure, explain_var
from risk.portfolio.holdings import quantities_at

#: How many days before the last 00:00 UTC the comparison begins.
DAYS_BACK: Mapping[str, int] = {"1d": 0, "7d": 7}
#: How many cycles pass between two looks at what changed.
_REUSE = 10
_MODEL_REUSE = 60
_A_MOMENT = timedelta(milliseconds=1)
_NAMED_TRADES = 3


@dataclass(frozen=True)
class Trade:
    """What was bought of one asset since then, less what was sold.

    Attributes
    ----------
    asset : str
    value : float
        At the mark now, quote currency; negative if more was sold.
    """

    asset: str
    value: float


@dataclass(frozen=True)
class Change:
    """A measure then and now, and what each cause added; quote currency.

    Attributes
    ----------
    measure : str
        A key of ``CHANGE.options``.
    since, at : datetime
    before : float
    steps : tuple of Step
    after : float
    trades : tuple of Trade
        The largest, first; empty if nothing was traded.
    """

    measure: str
    since: datetime
    at: datetime
    before: float
    steps: tuple[Step, ...]
    after: float
    trades: tuple[Trade, ...]


@dataclass(frozen=True)
class NotKnown:
    """Why a change cannot be told; `reason` is made of whole sentences."""

    since: datetime
    reason: str


@dataclass(frozen=True)
class _Asked:
    """One question: of which book and part, since when, in which measure."""

    readings: Readings
    book: Book
    cycle: CompleteCycle
    selection: Selection
    measure: str
    since: datetime

    @property
    def now(self) -> datetime:
        return self.cycle.pulse.market

    @property
    def positions(self) -> tuple[PositionMeasures, ...]:
        return self.selection.of(self.cycle.assessment.positions)


def read_change(
    readings: Readings, query: Query, book: Book, cycle: CompleteCycle, selection: Selection
) -> Change | NotKnown:
    """What changed the selected part of the book since the moment that the address asks for."""
    measure, back = query.choice(CHANGE.name), DAYS_BACK[query.choice(SINCE.name)]
    since = midnight_before(cycle.pulse.market) - timedelta(days=back)
    asked = _Asked(readings, book, cycle, selection, measure, since)
    epoch = cycle.pulse.cycle // _REUSE
    return readings.once(
        ("change", book.name, selection, measure, since, epoch, cycle.state.book_model),
        lambda: _answer(asked),
    )


def read_var_change(readings: Readings, book: Book, cycle: CompleteCycle) -> Change | NotKnown:
    """What changed the one-day VaR of the whole book since 00:00 UTC."""
    of_var = Query(words=(CHANGE, SINCE))
    return read_change(readings, of_var, book, cycle, Selection())


def await_var_change(
    readings: Readings, book: Book, cycle: CompleteCycle
) -> Change | NotKnown | None:
    """As `read_var_change`, or None while it is being worked out for the first time that day.

    That takes up to a second, for the ledger and two models are read; later a few milliseconds.
    """
    first = readings.later.ask(
        ("var change", book.name, midnight_before(cycle.pulse.market)),
        lambda: read_var_change(readings, book, cycle),
        epoch=cycle.pulse.cycle // _REUSE,
    )
    return None if first.is_pending else read_var_change(readings, book, cycle)


def _answer(asked: _Asked) -> Change | NotKnown:
    unpriced = sorted({coin(p.asset) for p in asked.positions if p.trust is Trust.MISSING})
    if unpriced:
        reason = f"{', '.join(unpriced)} has no price now. It can be told once there is one."
        return NotKnown(asked.since, reason)
    held = _held_then(asked)
    before = BookAt(held, _prices_then(asked, held), None)
    after = BookAt({p.key: p.quantity for p in asked.positions}, _marks(asked), None)
    return (
        _of_var(asked, before, after) if asked.measure == "var" else _of_size(asked, before, after)
    )


def _of_size(asked: _Asked, before: BookAt, after: BookAt) -> Change | NotKnown:
    found = explain_exposure(before, after, net=asked.measure == "net")
    if found is None:
        return NotKnown(asked.since, "An asset held then has no price, neither then nor now.")
    steps = (Step("Positions", found.positions), Step("Prices", found.prices))
    return _change(asked, found.before, steps, found.after, before, after)


def _of_var(asked: _Asked, before: BookAt, after: BookAt) -> Change | NotKnown:
    old = _model(asked, asked.since - _A_MOMENT)
    new = _model(asked, asked.now)
    if old is None or new is None:
        return NotKnown(asked.since, _not_kept(asked))
    found = explain_var(before._replace(model=old), after._replace(model=new))
    if found is None:
        reason = "The model had too little history of the coins held to measure VaR then and now."
        return NotKnown(asked.since, reason)
    steps = (
        Step("Positions", found.positions),
        Step("Prices", found.prices),
        Step("Volatility", found.volatility),
        Step("Model", found.model),
    )
    return _change(asked, found.before, steps, found.after, before, after)


def _change(
    asked: _Asked,
    value: float,
    steps: tuple[Step, ...],
    now: float,
    before: BookAt,
    after: BookAt,
) -> Change:
    trades = _trades(before, after)
    return Change(asked.measure, asked.since, asked.now, value, steps, now, trades)


# -- the book then and now ----------------------------------------------------------------


def _held_then(asked: _Asked) -> dict[PositionKey, float]:
    entries = asked.readings.ledger(asked.book)
    early = [entry for entry in entries if entry.at <= asked.since]
    # Only an entry that became known late changes what was held then.
    held = asked.readings.once(
        ("held", asked.book.name, asked.since, len(early)),
        lambda: quantities_at(early, [asked.since])[0],
    )
    return asked.selection.quantities(held)


def _marks(asked: _Asked) -> dict[str, float]:
    """Of all that the book holds: what is selected may have been held before only."""
    positions = asked.cycle.assessment.positions
    return {p.asset: p.mark for p in positions if p.trust is not Trust.MISSING}


def _prices_then(asked: _Asked, held: Mapping[PositionKey, float]) -> dict[str, float]:
    assets = sorted({key.asset for key in held} | {p.asset for p in asked.positions})
    closes = asked.readings.once(
        ("closes until", asked.book.name, asked.since, tuple(assets)),
        lambda: asked.readings.reader.daily_closes(
            asked.book.name, since=asked.since - timedelta(days=1), assets=assets
        ),
    )
    return closes_at(closes, asked.since)


def closes_at(closes: DayCloses, moment: datetime) -> dict[str, float]:
    """The close of each asset's day that ended at `moment`, of those that are known."""
    opened = round((moment - timedelta(days=1)).timestamp() * 1000.0)
    rows = np.flatnonzero(closes.days_ms == opened)
    if not rows.size:
        return {}
    row = closes.close[rows[0]]
    return {a: float(row[j]) for j, a in enumerate(closes.assets) if np.isfinite(row[j])}


def _model(asked: _Asked, at: datetime) -> Model | None:
    """The one-day model that held at `at`."""
    today = midnight_before(asked.now)
    # A close takes a while to be worked in: today's model is looked for anew now and then.
    epoch = asked.cycle.pulse.cycle // _MODEL_REUSE if at >= today else None
    # People may choose another one in the middle of a day.
    used = asked.cycle.state.book_model if at >= today else None
    return asked.readings.once(
        ("model", asked.book.name, Period.DAY, min(at, today), epoch, used),
        lambda: asked.readings.reader.model(asked.book.name, Period.DAY, at=at),
    )


def _not_kept(asked: _Asked) -> str:
    """When the model that is missing was missed, and from when on there will be one."""
    first = _first_kept(asked)
    then = f"The one-day model in force before {UTC_ZONE.day(asked.since)} 00:00 UTC is not kept."
    if first is None:
        return f"{then} It works a day after the first daily close that the engine sees."
    back = midnight_before(asked.now) - asked.since
    works = midnight_before(first) + timedelta(days=1) + back
    return f"{then} This works from {UTC_ZONE.day(works)} 00:00 UTC on."


def _first_kept(asked: _Asked) -> datetime | None:
    """Close of the oldest model kept since the moment asked for; None if there is none."""
    at = asked.since
    while at <= asked.now:
        model = _model(asked, at)
        if model is not None and model.closed is not None:
            return model.closed.astimezone(UTC)
        at += timedelta(days=1)
    return None


def _trades(before: BookAt, after: BookAt) -> tuple[Trade, ...]:
    """Without what each did to VaR: its marginal VaR holds for small trades only, and these are
    the largest.
    """
    old, new = _by_asset(before.quantities), _by_asset(after.quantities)
    prices = {**before.prices, **after.prices}
    trades = [
        Trade(asset, (new.get(asset, 0.0) - old.get(asset, 0.0)) * prices[asset])
        for asset in sorted(old.keys() | new.keys())
    ]
    told = [trade for trade in trades if amount(trade.value) != amount(0.0)]
    told.sort(key=lambda trade: -abs(trade.value))
    return tuple(told[:_NAMED_TRADES])


def _by_asset(quantities: Quantities) -> dict[str, float]:
    net: dict[str, float] = {}
    for key, units in quantities.items():
        asset = key.asset if isinstance(key, PositionKey) else key
        net[asset] = net.get(asset, 0.0) + units
    return net


# -- in words -----------------------------------------------------------------------------

_CAUSES: Mapping[str, str] = {
    "Positions": "positions",
    "Prices": "prices",
    "Volatility": "volatility",
    "Model": "the model",
}


def day_before(since: datetime) -> str:
    """``27 Nov``: the day whose end a change is told from, before its close renewed the model."""
    return UTC_ZONE.day(since - _A_MOMENT)


def change_words(change: Change, currency: str, share_of_equity: str | None) -> str:
    """The change in one sentence, the largest cause first."""
    name = CHANGE.options[change.measure] if CHANGE.options else change.measure
    now = f"{amount(change.after)} {currency}" + (f", {share_of_equity}" if share_of_equity else "")
    moved = change.after - change.before
    if amount(change.before) == amount(change.after):
        verdict = f"{name} is where it was, at {now}"
    else:
        verdict = f"{name} {'rose' if moved > 0.0 else 'fell'} by {amount(abs(moved))} to {now}"
    causes = sorted(change.steps, key=lambda step: -abs(step.added))
    told = [
        f"{amount(step.added, signed=True)} from {_CAUSES[step.name]}"
        for step in causes
        if amount(step.added) != amount(0.0)
    ]
    return f"{verdict}: {', '.join(told)}." if told else f"{verdict}."


def var_change_words(
    change: Change | NotKnown, currency: str, of_equity: Callable[[float], float | None]
) -> str:
    """What `read_var_change` found, or why it cannot be told, in a line that stands alone."""
    if isinstance(change, NotKnown):
        return f"Why VaR changed since yesterday cannot be told. {change.reason}"
    share = of_equity(change.after)
    share_words = None if share is None else f"{percent(share)} of equity"
    said = change_words(change, currency, share_words)
    return f"Since the end of {day_before(change.since)}: {said}"


def trade_words(trade: Trade, currency: str) -> str:
    """``BTC bought, 41.5 k USD``."""
    verb = "bought" if trade.value > 0.0 else "sold"
    return f"{coin(trade.asset)} {verb}, {amount(abs(trade.value))} {currency}"
