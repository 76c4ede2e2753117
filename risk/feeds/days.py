"""Daily bars from hourly ones, for feeds that know only hours.

A day has a bar of an asset if the asset has the day's last hour, 23:00 UTC, and at least 20 of
the 24: otherwise its close would be an older price than the other assets', and one bar of
asynchrony is enough to hide a correlation. Hours before a break belong to something else and
do not count.
"""

from datetime import datetime

from risk.domain.market import Bar, BarClose, DataFault, FaultKind, Period

HOURS_NEEDED = 20
_LAST_HOUR = 23


class DayBuilder:
    """Collects hours and hands out the day when its last hour has closed."""

    def __init__(self) -> None:
        self._opened: datetime | None = None
        self._hours: dict[str, list[Bar]] = {}
        self._broken: set[str] = set()

    def add(self, hour: BarClose) -> tuple[BarClose | None, list[DataFault]]:
        """Take the next hour; return the day that it ends, if any, and what the day lacks.

        Parameters
        ----------
        hour : BarClose
            Later than those before it.
        """
        self._begin_day(Period.DAY.open_of(hour.opened))
        for asset in hour.breaks:
            self._broken.add(asset)
            self._hours.pop(asset, None)
        for asset, bar in hour.bars.items():
            self._hours.setdefault(asset, []).append(bar)
        if hour.opened.hour != _LAST_HOUR:
            return None, []
        return self._finish(hour)

    def _begin_day(self, opened: datetime) -> None:
        if opened != self._opened:
            self._opened = opened
            self._hours = {}

    def _finish(self, last: BarClose) -> tuple[BarClose, list[DataFault]]:
        whole = {
            asset: _merge(hours)
            for asset, hours in self._hours.items()
            if asset in last.bars and len(hours) >= HOURS_NEEDED
        }
        faults = [
            _too_few_hours(asset, hours)
            for asset, hours in self._hours.items()
            if asset not in whole
        ]
        anew = frozenset(self._broken & whole.keys())
        self._broken -= anew
        opened = Period.DAY.open_of(last.opened)
        return BarClose(period=Period.DAY, opened=opened, bars=whole, breaks=anew), faults


def _merge(hours: list[Bar]) -> Bar:
    return Bar(
        asset=hours[0].asset,
        period=Period.DAY,
        opened=Period.DAY.open_of(hours[0].opened),
        open=hours[0].open,
        high=max(hour.high for hour in hours),
        low=min(hour.low for hour in hours),
        close=hours[-1].close,
        volume=sum(hour.volume for hour in hours),
    )


def _too_few_hours(asset: str, hours: list[Bar]) -> DataFault:
    ends = "" if hours[-1].opened.hour == _LAST_HOUR else ", and not the last one"
    return DataFault(
        kind=FaultKind.MISSING_BAR,
        asset=asset,
        at=Period.DAY.open_of(hours[0].opened),
        detail=f"the day has {len(hours)} of 24 hours{ends}: no daily bar",
    )
