"""Where prices come from. A feed is a file here and a line in `FEEDS`.

Feeds judge their data (`quality`, `marks`) before anybody else sees it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from risk.domain.ports import Feed
from risk.errors import SettingInvalid
from risk.feeds.files import FilesFeed
from risk.feeds.simulated import SimulatedFeed


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedRequest:
    """What a feed may need to know to begin, or to go on where it stopped.

    Attributes
    ----------
    seed : int
        Names the simulated market, together with `origin`.
    origin : datetime
        When the portfolio first met the market. UTC.
    since : datetime or None
        Time of the last reading; None at the first start.
    prices : Path or None
        The file to play back.
    """

    seed: int
    origin: datetime
    since: datetime | None = None
    prices: Path | None = None


def _simulated(request: FeedRequest) -> Feed:
    return SimulatedFeed(seed=request.seed, origin=request.origin, since=request.since)


def _files(request: FeedRequest) -> Feed:
    if request.prices is None:
        raise SettingInvalid("SEAWALL_PRICES", "must name a price file when the feed is files")
    return FilesFeed(request.prices, since=request.since)


FEEDS: dict[str, Callable[[FeedRequest], Feed]] = {
    "files": _files,
    "simulated": _simulated,
}
