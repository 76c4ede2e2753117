"""Limits and reasons in the words of somebody with money at risk.

Pure: numbers are written by whoever asks (a screen has its own signs and spaces), the
sentences are the same for all.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from risk.domain.decisions import Outcome, Reason, ReasonCode
from risk.domain.limits import LimitDefinition, Thresholds, Unit, suffixed
from risk.domain.market import Period
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.types import LIMIT_TYPES
from risk.limits.value_at_risk import ValueAtRiskLimit

#: How a number of a unit is written, the words of the unit included where they belong to it.
Write = Callable[[float, Unit], str]


def plain(currency: str) -> Write:
    """Numbers in plain characters, as a program's answer has them: ``12.5 %``, ``1,500 USD``."""

    def write(value: float, unit: Unit) -> str:
        if unit in (Unit.SHARE, Unit.FRACTION):
            return f"{100.0 * value:.4g} %"
        if unit is Unit.TIMES:
            return f"{value:.3g} x"
        if unit is Unit.MONEY:
            return f"{value:,.0f} {currency}"
        if unit is Unit.DAYS:
            return f"{value:.2g} days"
        return f"{value:,.6g}"

    return write


# -- what a limit is about -------------------------------------------------------------------


def coin(asset: str) -> str:
    """``BTC/USDT`` as ``BTC``."""
    return asset.split("/", maxsplit=1)[0]


def scope_words(scope: Scope) -> str:
    """What a scope is, inside a sentence: ``BTC``, ``venue sim-a``, ``the book``."""
    name = scope.name
    return {
        ScopeKind.PORTFOLIO: "the book",
        ScopeKind.STRATEGY_TYPE: f"all {name} strategies",
        ScopeKind.STRATEGY: f"strategy {name}",
        ScopeKind.ASSET: coin(name),
        ScopeKind.VENUE: f"venue {name}",
    }[scope.kind]


class _Phrases(NamedTuple):
    """How one kind is told; in both, ``{scope}`` stands for whose.

    Attributes
    ----------
    what : str
        What it measures.
    may : str
        What may be, up to ``{hard}``.
    """

    what: str
    may: str


#: What figures of a unit are a part of, as it follows them.
_OF: Mapping[Unit, str] = {Unit.SHARE: " of equity", Unit.TIMES: " equity"}
_PHRASES: Mapping[str, _Phrases] = {
    "gross_exposure": _Phrases("gross exposure of {scope}", "{scope} can rise to {hard}"),
    "net_exposure": _Phrases("net exposure of {scope}", "{scope}, net, can rise to {hard}"),
    "leverage": _Phrases("leverage", "positions can rise to {hard}"),
    "concentration": _Phrases(
        "concentration", "squares of net exposure over equity may add up to {hard}"
    ),
    "open_positions": _Phrases("open positions of {scope}", "{scope} can hold {hard}"),
    "stablecoin_exposure": _Phrases(
        "stablecoins and cash", "stablecoins and cash can rise to {hard}"
    ),
    "correlation_cluster": _Phrases(
        "coins that move together", "coins that move together can rise to {hard}"
    ),
    "days_to_flat": _Phrases("time to leave {scope}", "leaving {scope} may take {hard}"),
    "value_at_risk": _Phrases("VaR", "{case} may cost {hard}"),
    "expected_shortfall": _Phrases("expected shortfall", "on average, {case} may cost {hard}"),
    "stress_loss": _Phrases("stress loss", "the worst scenario may cost {hard}"),
    "daily_loss": _Phrases("loss of {scope} today", "{scope} may lose {hard} today"),
    "drawdown": _Phrases("drawdown of {scope}", "{scope} may fall {hard} below its peak"),
    "order_notional": _Phrases("value of the order", "one order may be worth {hard} at most"),
    "order_quantity": _Phrases("quantity of the order", "one order may be for {hard} at most"),
    "order_volume_share": _Phrases(
        "share of the daily volume",
        "one order may be {hard} at most of what its market trades in a day",
    ),
    "order_rate": _Phrases(
        "orders within {seconds}", "a strategy may send {hard} at most within {seconds}"
    ),
    "repeated_order": _Phrases(
        "the same order within {seconds}",
        "the same order may come {hard} at most within {seconds}",
    ),
    "price_collar": _Phrases(
        "limit price beyond the mark", "a limit price may be worse than the mark by {hard} at most"
    ),
}

#: Words after a figure that is a number of things.
_COUNTED: Mapping[str, str] = {
    "open_positions": "positions",
    "order_rate": "orders",
    "repeated_order": "times",
    "order_quantity": "units",
}


def title_of(kind: str) -> str:
    """What screens call a kind of limit; its own name if there is no such kind."""
    known = LIMIT_TYPES.get(kind)
    return kind if known is None else known.title


def called(kind: str, name: str, scope: Scope | None) -> str:
    """What screens call a limit: its name, or kind and scope where nobody has named it.

    Examples
    --------
    >>> btc = Scope(ScopeKind.ASSET, "BTC/USDT")
    >>> called("net_exposure", "net_exposure asset BTC/USDT", btc)
    'Net exposure, BTC'
    >>> called("net_exposure", "the bitcoin cap", btc)
    'the bitcoin cap'
    """
    if scope is None or name not in (kind, suffixed(kind, scope)):
        return name
    if scope.kind is ScopeKind.PORTFOLIO:
        return f"{title_of(kind)}, book"
    whose = coin(scope.name) if scope.kind is ScopeKind.ASSET else scope.name
    return f"{title_of(kind)}, {whose}"


def called_by_name(name: str) -> str:
    """What screens call a limit of which only the name is known, as events have it.

    Examples
    --------
    >>> called_by_name("net_exposure asset BTC/USDT")
    'Net exposure, BTC'
    >>> called_by_name("the bitcoin cap")
    'the bitcoin cap'
    """
    kind, _, rest = name.partition(" ")
    where, _, whose = rest.partition(" ")
    if kind not in LIMIT_TYPES or where not in list(ScopeKind):
        return name
    return called(kind, name, Scope(ScopeKind(where), whose))


def unit_of(kind: str) -> Unit:
    """The unit of a kind's figures."""
    return LIMIT_TYPES[kind].unit


def shown_in(kind: str) -> Unit:
    """The unit in which a kind's figures are written: an index is read as a number."""
    return Unit.COUNT if kind == "concentration" else unit_of(kind)


def figure_of(kind: str, value: float, write: Write) -> str:
    """A figure of a kind with what it counts, e.g. ``6 positions``."""
    return " ".join(part for part in (write(value, shown_in(kind)), _COUNTED.get(kind)) if part)


def _of(kind: str) -> str:
    return _OF.get(unit_of(kind), "")


def _filled(phrase: str, limit: LimitDefinition, hard: str = "") -> str:
    """A phrase about one limit, as the beginning of a sentence."""
    said = phrase.format(
        scope=scope_words(limit.scope), case=_case(limit), seconds=_window(limit), hard=hard
    )
    return _capital(said)


def _window(limit: LimitDefinition) -> str:
    seconds = limit.parameters.get("seconds", 60.0)
    return f"{seconds:g} s" if isinstance(seconds, int | float) else str(seconds)


def _case(limit: LimitDefinition) -> str:
    """``a bad day (1 in 100)``, of expected shortfall ``the worst 2.5 % of days``."""
    kind = LIMIT_TYPES[limit.kind]
    default = getattr(kind, "confidence", ValueAtRiskLimit.confidence)
    confidence = float(str(limit.parameters.get("confidence", default)))
    hourly = limit.parameters.get("horizon", Period.DAY.value) == Period.HOUR.value
    bar = "hour" if hourly else "day"
    if limit.kind == "expected_shortfall":
        return f"the worst {100.0 * (1.0 - confidence):.3g} % of {bar}s"
    return f"a bad {bar} (1 in {round(1.0 / (1.0 - confidence))})"


# -- how far it is -----------------------------------------------------------------------------


def room_words(
    limit: LimitDefinition, thresholds: Thresholds, value: float | None, write: Write
) -> str:
    """How far a limit is in one sentence: ``BTC can rise to 31 % of equity; now 27 %.``

    Parameters
    ----------
    limit : LimitDefinition
    thresholds : Thresholds
        Those in force.
    value : float or None
        What is measured now; None while it cannot be.
    write : callable
    """
    phrases = _PHRASES[limit.kind]
    hard = f"{figure_of(limit.kind, thresholds.hard, write)}{_of(limit.kind)}"
    if value is None:
        what = _filled(phrases.what, limit)
        return f"{what} cannot be measured now, so new risk is refused; {hard} is allowed."
    if value > thresholds.hard:
        return _excess_words(limit, thresholds.hard, value, write)
    if thresholds.hard == 0.0:
        return f"{_filled(phrases.what, limit)} must be zero, and is."
    return f"{_filled(phrases.may, limit, hard)}; now {write(value, shown_in(limit.kind))}."


def _excess_words(limit: LimitDefinition, hard: float, value: float, write: Write) -> str:
    phrases = _PHRASES[limit.kind]
    now, over = figure_of(limit.kind, value, write), write(value - hard, shown_in(limit.kind))
    allowed = write(hard, shown_in(limit.kind))
    what = _filled(phrases.what, limit)
    return f"{what}: {now}{_of(limit.kind)}, {over} more than the {allowed} allowed."


def order_limit_words(limit: LimitDefinition, hard: float, write: Write) -> str:
    """What a limit on single orders allows: ``One order may be worth 150,000 USD at most.``"""
    return f"{_filled(_PHRASES[limit.kind].may, limit, figure_of(limit.kind, hard, write))}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def soft_words(
    limit: LimitDefinition, *, value: float, soft: float, target: float, write: Write
) -> str:
    """Why a limit asks for less before its hard threshold: value, soft threshold, and the end.

    Parameters
    ----------
    limit : LimitDefinition
    value, soft, target : float
        In the limit's own unit.
    write : callable
    """
    name = called(limit.kind, limit.name, limit.scope)
    now = figure_of(limit.kind, value, write)
    begins, ends = (write(each, shown_in(limit.kind)) for each in (soft, target))
    return f"{name} is {now}{_of(limit.kind)}, its soft threshold {begins}: back to {ends}"


# -- why an order was answered so --------------------------------------------------------------


_Say = Callable[[Reason, Write], str]


def reason_words(reason: Reason, write: Write) -> str:
    """What one check of an order came to, a plain sentence.

    Parameters
    ----------
    reason : Reason
    write : callable
    """
    say = _SAY.get(reason.code)
    return _limit_words(reason, write) if say is None else say(reason, write)


def _limit_words(reason: Reason, write: Write) -> str:
    """Of a limit, whose code is its kind."""
    title, name = title_of(reason.code), called(reason.code, reason.subject, reason.scope)
    subject = name if name.casefold().startswith(title.casefold()) else f"{title} ({name})"
    if reason.outcome is Outcome.SKIPPED:
        return f"{subject} was not looked at: the answer was known before."
    value, threshold = _figures(reason, write)
    if reason.outcome is Outcome.PASSED:
        return f"{subject} would be {value}; {threshold} is allowed."
    return f"{subject} would be {value}, and {threshold} is allowed."


def _figures(reason: Reason, write: Write) -> tuple[str, str]:
    of_limit = reason.code in LIMIT_TYPES
    unit = shown_in(reason.code) if of_limit else reason.unit or Unit.QUANTITY
    of = "" if reason.value is None else _OF.get(unit, "")
    return f"{_figure(reason.value, unit, write)}{of}", _figure(reason.threshold, unit, write)


def _figure(value: float | None, unit: Unit, write: Write) -> str:
    return "unknown" if value is None else write(value, unit)


def _told(text: str, unit: Unit = Unit.QUANTITY) -> _Say:
    """A sentence about the check's subject, scope and figures, which are in `unit`."""

    def say(reason: Reason, write: Write) -> str:
        return _capital(
            text.format(
                subject=reason.subject,
                coin=coin(reason.subject),
                scope=scope_words(reason.scope) if reason.scope else reason.subject,
                value=_figure(reason.value, unit, write),
                threshold=_figure(reason.threshold, unit, write),
            )
        )

    return say


def _raised(reason: Reason, write: Write) -> str:
    value, threshold = _figures(reason, write)
    return (
        f"It reduces, so it passes; {reason.subject} would all the same be {value}, "
        f"over its {threshold}."
    )


def _leased(reason: Reason, write: Write) -> str:
    said = f"Its agent made it of the slice {reason.subject}, without asking"
    if reason.outcome is not Outcome.WARNED:
        return f"{said}."
    value, threshold = _figures(reason, write)
    return f"{said}; its orders were {value} in all, and {threshold} was left of it."


_SAY: Mapping[str, _Say] = {
    ReasonCode.NAME_NOT_VALID: _told("the {subject} is no name."),
    ReasonCode.ORDER_TYPE_UNKNOWN: _told("the type is neither market nor limit."),
    ReasonCode.SIDE_UNKNOWN: _told("the side is neither buy nor sell."),
    ReasonCode.QUANTITY_NOT_FINITE: _told("the quantity is no finite number."),
    ReasonCode.QUANTITY_NOT_POSITIVE: _told("the quantity is not above zero."),
    ReasonCode.LIMIT_PRICE_MISSING: _told("a limit order needs a limit price."),
    ReasonCode.LIMIT_PRICE_UNEXPECTED: _told("a market order has no limit price."),
    ReasonCode.LIMIT_PRICE_NOT_VALID: _told("the limit price is no finite number above zero."),
    ReasonCode.PORTFOLIO_UNKNOWN: _told("there is no book {subject} here."),
    ReasonCode.NO_POLICY: _told(
        "the book {subject} has no policy: nobody has said what may be traded, so nothing may."
    ),
    ReasonCode.STRATEGY_UNKNOWN: _told("the policy knows no strategy {subject}."),
    ReasonCode.ASSET_UNKNOWN: _told("neither the policy nor the market knows {subject}."),
    ReasonCode.ASSET_NOT_ALLOWED: _told("the policy does not allow {subject}."),
    ReasonCode.SCOPE_WITHOUT_LIMIT: _told(
        "nobody has limited the exposure of {scope}, so its limit is zero."
    ),
    ReasonCode.OFF_TICK: _told("the price is not a whole number of ticks of {coin}.", Unit.MONEY),
    ReasonCode.OFF_LOT: _told(
        "the quantity was rounded down to whole lots of {threshold} {coin}.", Unit.QUANTITY
    ),
    ReasonCode.BELOW_LEAST: _told(
        "what passes, {value} {coin}, is less than the smallest order, {threshold}.",
        Unit.QUANTITY,
    ),
    ReasonCode.DUPLICATE_ORDER: _told("order {subject} is pending already."),
    ReasonCode.VENUE_MISSING: _told(
        "the order names no venue, and the policy does not name exactly one."
    ),
    ReasonCode.MARK_MISSING: _told("{coin} has no price."),
    ReasonCode.MARK_NOT_TRUSTED: _told(
        "the price of {coin} is not trusted now: no new risk in it, reductions pass."
    ),
    ReasonCode.EQUITY_UNKNOWN: _told("equity is unknown, since something held has no price."),
    ReasonCode.EQUITY_NOT_POSITIVE: _told(
        "equity is {value}: there is nothing to risk.", Unit.MONEY
    ),
    ReasonCode.EQUITY_NOT_TRUSTED: _told(
        "equity leapt and is not believed until further readings agree: no new risk, reductions "
        "pass."
    ),
    ReasonCode.NOT_MEASURED: _told(
        "this cannot be measured now, so new risk is refused: {subject}."
    ),
    ReasonCode.SNAPSHOT_STALE: _told(
        "the last measurement of the book is too old to take new risk on; reductions pass."
    ),
    ReasonCode.NOT_JOURNALLED: _told(
        "the database did not answer, and new risk is not let in unwritten; reductions pass."
    ),
    ReasonCode.TOO_MANY_OPEN: _told(
        "{scope} would have {value} orders open, and may have {threshold}: what became of them "
        "must be reported, or an officer release them; reductions pass.",
        Unit.COUNT,
    ),
    ReasonCode.COOLING_DOWN: _told(
        "a stop closed the position in {coin}, and its strategy stays out for a while; "
        "reductions pass."
    ),
    ReasonCode.THROTTLED: _told(
        "{scope} is throttled: new risk at {value} of its size.", Unit.FRACTION
    ),
    ReasonCode.DE_RISKING: _told(
        "{subject}; new risk passes at {value} of its size.", Unit.FRACTION
    ),
    ReasonCode.REDUCTIONS_ONLY: _told("entries are paused in {scope}: only reductions pass."),
    ReasonCode.HALTED: _told(
        "trading is stopped in {scope}: only emergency reductions and cancels pass."
    ),
    ReasonCode.REDUCTION_PROVEN: _told("it only makes the position in {coin} smaller."),
    ReasonCode.REDUCTION_NOT_PROVEN: _told(
        "it says that it only reduces, and the position in {coin} does not bear that out."
    ),
    ReasonCode.REDUCTION_RAISES_RISK: _raised,
    ReasonCode.LEASE_ORDERS: _told(
        "it is a slice of room, of which its agent may make {threshold} without asking.",
        Unit.COUNT,
    ),
    ReasonCode.LEASE_ALIKE: _told(
        "of one size, its agent may make {threshold} of it without asking.", Unit.COUNT
    ),
    ReasonCode.LEASED: _leased,
}
