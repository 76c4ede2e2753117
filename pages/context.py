"""What the web reads, and how a page gets at it. Reading only: changes are commands.

`BookReader` is the whole of what the screens need from a store. ``create_app`` is handed one,
and a page asks for it by :func:`runtime`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, cast

import numpy as np
from flask import current_app
from numpy.typing import NDArray

from risk.domain.assessment import Assessment
from risk.domain.events import RiskEvent
from risk.domain.state import RiskState
from risk.measures.types import FloatArray

#: Points a chart asks for at most; a screen has no more pixels to show them.
CHART_POINTS = 1_000


class Book(NamedTuple):
    """One portfolio.

    Attributes
    ----------
    name : str
    currency : str
        In which it is valued, as written after an amount.
    """

    name: str
    currency: str


class Pulse(NamedTuple):
    """The newest complete cycle, without its content: cheap to ask for.

    Attributes
    ----------
    cycle : int
    market : datetime
        The market's time of its snapshot. UTC.
    saved : datetime
        Wall time when it was saved. UTC.
    """

    cycle: int
    market: datetime
    saved: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CompleteCycle:
    """One complete cycle, as the screens show it.

    Attributes
    ----------
    pulse : Pulse
    assessment : Assessment
    state : RiskState
    """

    pulse: Pulse
    assessment: Assessment
    state: RiskState


class MetricHistory(NamedTuple):
    """A stored metric over time, oldest first. No NaN; a gap in time is a gap in knowledge.

    Attributes
    ----------
    ts_ms : ndarray of shape (n,), int64
        The market's time, milliseconds since 1970. UTC.
    values : ndarray of shape (n,)
    """

    ts_ms: NDArray[np.int64]
    values: FloatArray


NO_HISTORY = MetricHistory(np.empty(0, dtype=np.int64), np.empty(0))


class VarRecord(NamedTuple):
    """How the one-day 99 % VaR fared.

    Attributes
    ----------
    days : int
        Forecasts that were confronted with their day, the last 250 at most.
    exceptions : int
        Days whose loss went beyond the forecast.
    """

    days: int
    exceptions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedInfo:
    """Where the prices come from.

    Attributes
    ----------
    label : str
    simulated : bool
    seed : int or None
        Of a simulated market.
    """

    label: str
    simulated: bool
    seed: int | None = None


class BookReader(Protocol):
    """What the screens read. Every method may raise `StoreUnavailable`."""

    @property
    def feed(self) -> FeedInfo:
        """Where the prices come from."""
        ...

    @property
    def cycle_seconds(self) -> float:
        """How often the engine means to complete a cycle."""
        ...

    def wall(self) -> datetime:
        """Wall time now, by the clock that `Pulse.saved` was taken from. UTC."""
        ...

    def books(self) -> Sequence[Book]:
        """All portfolios, the one to show first coming first."""
        ...

    def pulse(self, portfolio: str) -> Pulse | None:
        """The newest complete cycle; None before the first one.

        Raises
        ------
        UnknownPortfolio
        """
        ...

    def latest(self, portfolio: str) -> CompleteCycle | None:
        """The newest complete cycle with its content; None before the first one.

        Raises
        ------
        UnknownPortfolio
        """
        ...

    def metric_history(
        self, portfolio: str, metric: str, *, since: datetime, until: datetime, max_points: int
    ) -> MetricHistory:
        """A field of `PortfolioRisk` over time, thinned to at most `max_points`."""
        ...

    def recent_events(self, portfolio: str, *, since: datetime, limit: int) -> Sequence[RiskEvent]:
        """Journalled events from `since` on, newest first."""
        ...

    def var_record(self, portfolio: str) -> VarRecord | None:
        """How the one-day 99 % VaR fared; None before the first scored day."""
        ...


EXTENSION = "risk"


def runtime() -> BookReader:
    """The reader that this application was created with."""
    return cast(BookReader, current_app.extensions[EXTENSION])


def book_named(books: Sequence[Book], name: str | None) -> Book | None:
    """The book called `name`, or the first one; None if there is none."""
    by_name: Mapping[str, Book] = {book.name: book for book in books}
    return by_name.get(name or "", books[0] if books else None)
