"""Bars played back as readings: what a feed would have said at each close."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from risk.domain.market import Bar, BarClose, DataFault, Mark, Period, Trust, missing_mark
from risk.domain.ports import MarketReading
from risk.feeds.days import DayBuilder
from risk.feeds.quality import CleanBars, FoundFault


class Board:
    """The last close of each asset, as marks.

    A close is trusted until the next bar should have closed; without that one it is stale.

    Parameters
    ----------
    assets : iterable of str
        Assets that are to have a mark, if only a missing one, before their first bar.
    """

    def __init__(self, assets: Iterable[str] = ()) -> None:
        self._last: dict[str, Bar | None] = dict.fromkeys(assets)

    def note(self, close: BarClose) -> None:
        """Take the newest bars; of several periods the shortest gives the mark."""
        for asset, bar in close.bars.items():
            known = self._last.get(asset)
            if known is None or bar.closed > known.closed:
                self._last[asset] = bar

    def marks(self, at: datetime) -> dict[str, Mark]:
        """A mark of every asset."""
        return {asset: _mark(asset, bar, at) for asset, bar in self._last.items()}


def _mark(asset: str, bar: Bar | None, at: datetime) -> Mark:
    if bar is None:
        return missing_mark(asset, at)
    fresh = at < bar.closed + bar.period.span
    return Mark(
        asset=asset,
        price=bar.close,
        at=bar.closed,
        trust=Trust.TRUSTED if fresh else Trust.STALE,
    )


class Findings:
    """Faults, handed out once each when their time has come.

    Parameters
    ----------
    found : sequence of FoundFault
        Oldest finding first.
    after : datetime, optional
        Leave out what was found up to then.
    """

    def __init__(self, found: Sequence[FoundFault], after: datetime | None = None) -> None:
        self._waiting = deque(each for each in found if after is None or each.found > after)

    def until(self, at: datetime) -> tuple[DataFault, ...]:
        """What was found since the last call, up to `at`."""
        due: list[DataFault] = []
        while self._waiting and self._waiting[0].found <= at:
            due.append(self._waiting.popleft().fault)
        return tuple(due)


def closes_with_days(closes: Iterable[BarClose]) -> Iterator[tuple[BarClose, list[DataFault]]]:
    """Closes as they are, each hour that ends a day followed by the day made of its hours.

    Beside each close stand the faults that making it brought to light.
    """
    builder = DayBuilder()
    for close in closes:
        yield close, []
        if close.period is Period.HOUR:
            day, faults = builder.add(close)
            if day is not None:
                yield day, faults


def readings(
    closes: Iterable[BarClose],
    *,
    assets: Iterable[str] = (),
    found: Sequence[FoundFault] = (),
) -> Iterator[MarketReading]:
    """One reading at each moment at which something closed.

    Marks are the closes themselves, so that a strategy trades at prices it has just seen and
    never at earlier ones.

    Parameters
    ----------
    closes : iterable of BarClose
        Oldest first, an hour before the day that it ends. Days are made of hours where there
        are hours; daily closes pass as they are.
    assets : iterable of str, optional
        Assets that are to have a mark from the first reading on.
    found : sequence of FoundFault, optional
        Told in the reading at or after which they were found.
    """
    board, findings = Board(assets), Findings(found)
    for at, together in groupby(closes_with_days(closes), key=lambda each: each[0].closed):
        closed: list[BarClose] = []
        faults: list[DataFault] = []
        for close, lacking in together:
            board.note(close)
            closed.append(close)
            faults += lacking
        yield MarketReading(
            at=at,
            marks=board.marks(at),
            closes=tuple(closed),
            faults=(*findings.until(at), *faults),
        )


def readings_of(bars: CleanBars, *, opened_from: datetime | None = None) -> Iterator[MarketReading]:
    """Readings over clean bars, with the faults that were found in them."""
    return readings(bars.closes(opened_from=opened_from), assets=bars.assets, found=bars.found)
