"""What is found out about an episode later: its place in history, and what it cost or saved. Pure.

The counterfactual is no promise: orders that pass move prices, and an agent that is refused asks
again.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk.domain.breakers import Episode
from risk.domain.cards import CardHistory, Counterfactual
from risk.domain.decisions import Outcome, ReasonCode
from risk.domain.messages import ReasonMessage
from risk.domain.trading import TradingState
from risk.measures.types import FloatArray

#: A peak is the worst hour so far to both sides; a trip's own run-up is none.
PEAK_APART = timedelta(hours=24)
#: For how long after a peak the market is told of.
THEN = timedelta(hours=6)
#: For how long an order that was stopped would have been held.
HORIZON = timedelta(hours=24)

_HOUR = timedelta(hours=1)
_MILLISECOND = timedelta(milliseconds=1)
_HOUR_MS = _HOUR // _MILLISECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CODES = {
    TradingState.THROTTLED: ReasonCode.THROTTLED,
    TradingState.REDUCE_ONLY: ReasonCode.REDUCTIONS_ONLY,
    TradingState.HALTED: ReasonCode.HALTED,
}


# ---------------------------------------------------------------- history


class Hours(NamedTuple):
    """The greatest value of each hour that was measured, oldest first.

    Attributes
    ----------
    begins_ms : ndarray of shape (n,), int64
        When the hour began, milliseconds since 1970; whole hours.
    values : ndarray of shape (n,)
        Finite.
    """

    begins_ms: NDArray[np.int64]
    values: FloatArray

    def before(self, at: datetime) -> "Hours":
        """Those that had closed by then."""
        many = int(np.searchsorted(self.begins_ms, _ms(at - _HOUR), side="right"))
        return Hours(self.begins_ms[:many], self.values[:many])


def trip_history(
    value: float, at: datetime, hours: Hours, then: Callable[[datetime], float | None]
) -> CardHistory:
    """Where a trip stands among the hours that were measured before it.

    Parameters
    ----------
    value : float
        At the trip.
    at : datetime
        Of the trip.
    hours : Hours
        Those that had not closed before the trip do not count.
    then : callable
        From the beginning of an hour to what the market did after it; None if nobody knows.

    Returns
    -------
    CardHistory
        With a percentile of 0 where no hour was measured.
    """
    before, tops = hours.before(at), peaks(at, hours)
    count = before.values.size
    below = float((before.values < value).mean()) if count else 0.0
    if not tops.values.size:
        return CardHistory(
            percentile=below, hours=count, nearest_at=None, nearest_value=None, nearest_then=None
        )
    # Of peaks alike the newest.
    nearest = tops.values.size - 1 - int(np.abs(tops.values[::-1] - value).argmin())
    began = _EPOCH + int(tops.begins_ms[nearest]) * _MILLISECOND
    return CardHistory(
        percentile=below,
        hours=count,
        nearest_at=began,
        nearest_value=float(tops.values[nearest]),
        nearest_then=then(began),
    )


def peaks(at: datetime, hours: Hours) -> Hours:
    """Hours above all of the day before them and not below any of the day after, oldest first.

    None of the last day before `at`: that is the run-up to the trip itself. What never moves has
    no peak.

    Parameters
    ----------
    at : datetime
        Of the trip.
    hours : Hours
    """
    before = hours.before(at)
    if not before.values.size:
        return before
    place = (before.begins_ms - before.begins_ms[0]) // _HOUR_MS
    # By the hour from the first one on; what nobody measured lies below all others.
    values = np.full(int(place[-1]) + 1, -math.inf)
    values[place] = before.values
    width = PEAK_APART // _HOUR
    padded = np.pad(values, width, constant_values=-math.inf)
    sides = np.lib.stride_tricks.sliding_window_view(padded, width).max(axis=1)
    earlier, later = sides[: len(values)], sides[width + 1 :]
    # Without a day before it nobody knows whether it rose or only stood there.
    above = (np.isfinite(earlier) & (values > earlier) & (values >= later))[place]
    above &= before.begins_ms <= _ms(at - PEAK_APART - _HOUR)
    return Hours(before.begins_ms[above], before.values[above])


def mean_move(before: Mapping[str, float], after: Mapping[str, float]) -> float | None:
    """The mean simple return of all assets that have a price at both times; None without any.

    Parameters
    ----------
    before, after : mapping of asset to float
        Closes, positive.

    Examples
    --------
    >>> mean_move({"A": 100.0, "B": 10.0, "C": 1.0}, {"A": 150.0, "B": 10.0})
    0.25
    """
    moves = [after[asset] / price - 1.0 for asset, price in before.items() if asset in after]
    return math.fsum(moves) / len(moves) if moves else None


# ---------------------------------------------------------------- counterfactual


class StoppedOrder(NamedTuple):
    """What an episode kept from being traded.

    Attributes
    ----------
    at : datetime
        Of the decision. UTC.
    asset : str
    quantity : float
        Units that were not let through; a sale is negative.
    """

    at: datetime
    asset: str
    quantity: float


class Closes(NamedTuple):
    """One asset's hourly closes, oldest first.

    Attributes
    ----------
    closed_ms : ndarray of shape (n,), int64
        When each hour ended, milliseconds since 1970.
    prices : ndarray of shape (n,)
    breaks : ndarray of shape (n,), bool
        Whether the series begins anew with that hour: nothing before compares with it.
    """

    closed_ms: NDArray[np.int64]
    prices: FloatArray
    breaks: NDArray[np.bool_]


def is_stopped_by(reasons: Iterable[ReasonMessage], episode: Episode) -> bool:
    """Whether an answer's reasons name what the episode imposed, where it imposed it.

    The gate names the tightest of the scopes that enclose an order, and of several alike the
    widest. While trading re-opens every episode throttles.

    Parameters
    ----------
    reasons : iterable of ReasonMessage
    episode : Episode
    """
    codes = {_CODES[episode.state].value, ReasonCode.THROTTLED.value}
    return any(
        reason.outcome is Outcome.FAILED
        and reason.code in codes
        and reason.scope == episode.scope.label
        for reason in reasons
    )


def judged_until(episode: Episode, judged: datetime | None, now: datetime) -> datetime | None:
    """Until when its stopped orders can be judged now; None if nothing is due.

    A day after its end, for good; one that lasts is judged anew each day, for the time being.

    Parameters
    ----------
    episode : Episode
    judged : datetime or None
        Until when they were judged last.
    now : datetime
        The market's time.
    """
    if episode.ended_at is not None:
        last = episode.ended_at + HORIZON
        return last if now >= last and (judged is None or judged < last) else None
    since = judged or episode.tripped_at
    return now if now >= since + HORIZON else None


def counterfactual_of(
    orders: Iterable[StoppedOrder],
    closes: Mapping[str, Closes],
    *,
    until: datetime,
    fee: float,
) -> Counterfactual:
    """What stopped orders would have earned had each been filled and held for a day.

    Each is filled at the first hourly close at or after its decision, and sold again at the last
    close within `HORIZON` of the decision and not after `until`.

    Parameters
    ----------
    orders : iterable of StoppedOrder
    closes : mapping of asset to Closes
    until : datetime
        UTC.
    fee : float
        Part of what is traded, paid going in and again going out.
    """
    count = unpriced = 0
    stopped, profits, fees = [], [], []
    for order in orders:
        count += 1
        prices = _prices(order, closes.get(order.asset), until)
        if prices is None:
            unpriced += 1
            continue
        bought, sold = prices
        stopped.append(abs(order.quantity) * bought)
        profits.append(order.quantity * (sold - bought))
        fees.append(fee * abs(order.quantity) * (bought + sold))
    return Counterfactual(
        orders=count,
        stopped=math.fsum(stopped),
        profit=math.fsum(profits),
        fees=math.fsum(fees),
        until=until,
        unpriced=unpriced,
    )


def _prices(
    order: StoppedOrder, closes: Closes | None, until: datetime
) -> tuple[float, float] | None:
    """Where it would have been filled, and what that was worth at the end of its day."""
    if closes is None:
        return None
    decided, end = _ms(order.at), min(_ms(order.at + HORIZON), _ms(until))
    first = int(np.searchsorted(closes.closed_ms, decided, side="left"))
    last = int(np.searchsorted(closes.closed_ms, end, side="right")) - 1
    if last <= first or bool(closes.breaks[first + 1 : last + 1].any()):
        return None
    return float(closes.prices[first]), float(closes.prices[last])


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
