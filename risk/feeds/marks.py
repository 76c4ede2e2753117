"""The gatekeeper of live prices: quotes as they were received in, marks graded by trust out.

Pure: the keeper is a value, and reading makes the next one. Libraries that talk to exchanges
protect from nothing: a quote may say None, "-5" or NaN, stand a thousand times too high, or
come from a connection that froze an hour ago. Ages are therefore counted from our own time of
receipt, and a price that leaps moves no book until further readings agree with it.

How a leap is judged: a price further from the last good one than `LEAP` (growing with the
root of the time since) is in doubt. Three readings in a row that agree with each other within
`LEAP` are believed, wherever they are; so are five on the same side of the last good price even
if they disagree, for a market in free fall never prints the same price twice. A reading back
at the last good price ends the doubt. A first price has nothing to stand on and needs the
same agreement.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from risk.domain.ages import age_in_words
from risk.domain.market import DataFault, FaultKind, Mark, Trust, missing_mark

#: A price received longer ago is stale.
STALE_AFTER = timedelta(seconds=30)
#: A move this large (10 %) within a minute is doubted.
LEAP = math.log(1.10)
#: However long ago the last good price was, a doubling is doubted.
LARGEST_LEAP = math.log(2.0)
#: Readings in a row that agree with each other, after which they are believed.
AGREEING = 3
#: Readings in a row on one side of the last good price, after which the last is believed.
ONE_SIDED = 5
#: A fault is told again only after having been absent this long.
TOLD_AGAIN_AFTER = timedelta(minutes=1)


class Quote(NamedTuple):
    """What was received about one asset; the values are whatever the sender sent.

    Attributes
    ----------
    asset : str
    received : datetime
        By our own clock. UTC.
    price, bid, ask, volume : object
        Quote currency; `volume` of the last 24 hours.
    """

    asset: str
    received: datetime
    price: object
    bid: object = None
    ask: object = None
    volume: object = None


@dataclass(frozen=True, slots=True)
class _Watch:
    """What is known about one asset.

    Attributes
    ----------
    good : Mark or None
        The last believed price.
    received : datetime or None
        When the last quote was, believed or not.
    doubts : tuple of float
        Doubted prices since, oldest first, all on one side of the good one.
    seen : mapping of FaultKind to datetime
        When each fault was last present.
    """

    good: Mark | None = None
    received: datetime | None = None
    doubts: tuple[float, ...] = ()
    seen: Mapping[FaultKind, datetime] = field(default_factory=dict)


class KeptMarks(NamedTuple):
    """Outcome of one reading.

    Attributes
    ----------
    keeper : MarkKeeper
        To be asked the next time.
    marks : mapping of asset to Mark
        One of each asset that is kept.
    faults : tuple of DataFault
        What is newly wrong.
    """

    keeper: "MarkKeeper"
    marks: Mapping[str, Mark]
    faults: tuple[DataFault, ...]


class _Fault(NamedTuple):
    kind: FaultKind
    detail: str


@dataclass(frozen=True)
class MarkKeeper:
    """Knows the last good price of each asset, and what is in doubt.

    Parameters
    ----------
    assets : tuple of str
        Assets that are to have a mark; quotes of others are left alone.
    stale_after : timedelta
    """

    assets: tuple[str, ...]
    stale_after: timedelta = STALE_AFTER
    _watches: Mapping[str, _Watch] = field(default_factory=dict)

    def read(self, quotes: Iterable[Quote], at: datetime) -> KeptMarks:
        """Take in what was received and grade every asset at `at`.

        Parameters
        ----------
        quotes : iterable of Quote
            In the order received; an asset may have several, or none.
        at : datetime
            Now. UTC.
        """
        watches = {asset: self._watches.get(asset, _Watch()) for asset in self.assets}
        problems: dict[str, list[_Fault]] = {asset: [] for asset in self.assets}
        for quote in quotes:
            if quote.asset in watches:
                watches[quote.asset], problem = _take(watches[quote.asset], quote, at)
                problems[quote.asset] += [problem] if problem else []
        marks = {asset: self._grade(asset, watches[asset], at) for asset in self.assets}
        faults: list[DataFault] = []
        for asset, mark in marks.items():
            present = problems[asset] + _aged(mark, at)
            watches[asset], new = _tell(watches[asset], asset, present, at)
            faults += new
        return KeptMarks(replace(self, _watches=watches), marks, tuple(faults))

    def _grade(self, asset: str, watch: _Watch, at: datetime) -> Mark:
        if watch.good is None:
            return missing_mark(asset, at)
        if watch.doubts:
            return replace(watch.good, trust=Trust.SUSPECT)
        if at - watch.good.at > self.stale_after:
            return replace(watch.good, trust=Trust.STALE)
        return watch.good


def _take(watch: _Watch, quote: Quote, at: datetime) -> tuple[_Watch, _Fault | None]:
    if quote.received > at:
        told = f"received at {quote.received:%H:%M:%S}, which is after now; not used"
        return watch, _Fault(FaultKind.OUT_OF_ORDER, told)
    if watch.received is not None and quote.received <= watch.received:
        # The same reading once more says nothing new, and confirms no doubt.
        return watch, _late(watch.received, quote)
    watch = replace(watch, received=quote.received)
    price = positive_number(quote.price)
    if price is None:
        return watch, _no_price(quote)
    return _weigh(watch, quote, price)


def _late(received: datetime, quote: Quote) -> _Fault | None:
    if quote.received == received:
        return None
    told = f"received at {quote.received:%H:%M:%S}, before one already used; not used"
    return _Fault(FaultKind.OUT_OF_ORDER, told)


def _no_price(quote: Quote) -> _Fault:
    number = finite_number(quote.price)
    if number is None:
        return _Fault(FaultKind.NOT_A_NUMBER, f"the price is {quote.price!r:.40}; not used")
    return _Fault(FaultKind.NOT_POSITIVE, f"the price is {number:g}; not used")


def _weigh(watch: _Watch, quote: Quote, price: float) -> tuple[_Watch, _Fault | None]:
    good = watch.good
    if good is not None and _distance(price, good.price) <= _allowed(quote.received - good.at):
        return replace(watch, good=_mark(quote, price), doubts=()), None
    doubts = (*_same_side(watch, price), price)[-ONE_SIDED:]
    if _believed(doubts, one_sided_counts=good is not None):
        return replace(watch, good=_mark(quote, price), doubts=()), None
    return replace(watch, doubts=doubts), None if good is None else _leap(good.price, price)


def _leap(good: float, price: float) -> _Fault:
    told = f"the price leapt from {good:g} to {price:g}; held at {good:g} until others agree"
    return _Fault(FaultKind.OUTLIER, told)


def _allowed(elapsed: timedelta) -> float:
    minutes = max(1.0, elapsed.total_seconds() / 60.0)
    return min(LEAP * math.sqrt(minutes), LARGEST_LEAP)


def _distance(price: float, other: float) -> float:
    return abs(math.log(price) - math.log(other))


def _same_side(watch: _Watch, price: float) -> tuple[float, ...]:
    if watch.good is None or not watch.doubts:
        return watch.doubts
    above = watch.doubts[-1] > watch.good.price
    return watch.doubts if above == (price > watch.good.price) else ()


def _believed(doubts: tuple[float, ...], *, one_sided_counts: bool) -> bool:
    last = doubts[-AGREEING:]
    agree = all(_distance(a, b) <= LEAP for a, b in pairwise(last))
    return (len(last) == AGREEING and agree) or (one_sided_counts and len(doubts) >= ONE_SIDED)


def _mark(quote: Quote, price: float) -> Mark:
    bid, ask = positive_number(quote.bid), positive_number(quote.ask)
    volume = finite_number(quote.volume)
    crossed = bid is not None and ask is not None and bid > ask
    return Mark(
        asset=quote.asset,
        price=price,
        at=quote.received,
        bid=None if crossed else bid,
        ask=None if crossed else ask,
        volume=volume if volume is not None and volume >= 0.0 else None,
    )


def finite_number(value: object) -> float | None:
    """`value` as a finite float; None if it is none, or a truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def positive_number(value: object) -> float | None:
    """`value` as a finite positive float; None if it is none."""
    number = finite_number(value)
    return number if number is not None and number > 0.0 else None


def _aged(mark: Mark, at: datetime) -> list[_Fault]:
    if mark.trust is not Trust.STALE:
        return []
    age = age_in_words(at - mark.at)
    return [_Fault(FaultKind.STALE, f"the last good price is {age} old")]


def _tell(
    watch: _Watch, asset: str, present: list[_Fault], at: datetime
) -> tuple[_Watch, list[DataFault]]:
    seen = dict(watch.seen)
    new: list[DataFault] = []
    for kind, detail in present:
        if kind not in seen or at - seen[kind] > TOLD_AGAIN_AFTER:
            new.append(DataFault(kind=kind, asset=asset, at=at, detail=detail))
        seen[kind] = at
    return replace(watch, seen=seen), new
