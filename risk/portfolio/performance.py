"""The book's course over time: profit and drawdown with deposits and withdrawals taken out."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from risk.domain.market import Period
from risk.domain.snapshot import Snapshot
from risk.domain.state import Baseline, Course, DailyHigh, Performance

#: How far back the high lies from which the drawdown ladder is measured.
HIGH_DAYS = 90

# Less than this share of what there was is what floats leave over, not money with a return.
_DUST = 1e-9


def next_performance(
    before: Performance | None, *, equity: float | None, net_flows: float, at: datetime
) -> Performance | None:
    """The course after one more reading.

    A reading without equity changes nothing: what is unknown moves no baseline. A flow is
    taken to have happened at the end of the interval.

    Parameters
    ----------
    before : Performance or None
        None before the first trusted reading.
    equity : float or None
        Quote currency; None while it is unknown.
    net_flows : float
        Sum of all flows so far.
    at : datetime
        UTC.

    Returns
    -------
    Performance or None
        None until equity was first known and positive.
    """
    if equity is None:
        return before
    if before is None:
        return _first(equity, net_flows, at) if equity > 0.0 else None
    unit_value = unit_value_of(before, equity, net_flows)
    reading = Baseline(at, unit_value, equity, net_flows)
    solvent = unit_value > 0.0 and equity > _DUST * before.solvent.equity
    return replace(
        before,
        unit_value=unit_value,
        equity=equity,
        net_flows=net_flows,
        at=at,
        day_start=_day_start(before, at),
        peak=reading if unit_value > before.peak.unit_value else before.peak,
        solvent=reading if solvent else before.solvent,
        highs=_highs(before.highs, unit_value, at),
    )


def _highs(before: tuple[DailyHigh, ...], unit_value: float, at: datetime) -> tuple[DailyHigh, ...]:
    today = at.date()
    if not before or before[-1].day != today:
        since = today - timedelta(days=HIGH_DAYS - 1)
        kept = tuple(high for high in before if high.day >= since)
        return (*kept, DailyHigh(today, unit_value))
    if unit_value <= before[-1].unit_value:
        return before
    return (*before[:-1], DailyHigh(today, unit_value))


def _first(equity: float, net_flows: float, at: datetime) -> Performance:
    start = Baseline(at, 1.0, equity, net_flows)
    return Performance(
        unit_value=1.0,
        equity=equity,
        net_flows=net_flows,
        at=at,
        inception=start,
        day_start=start,
        peak=start,
        solvent=start,
        highs=(DailyHigh(at.date(), 1.0),),
    )


def unit_value_of(before: Performance, equity: float, net_flows: float) -> float:
    """What one unit of the book is worth at that equity, 0 or more.

    Parameters
    ----------
    before : Performance
        As of the last trusted reading.
    equity : float
        Quote currency.
    net_flows : float
        Sum of all flows so far.
    """
    # Measured from when there was money to grow: new money does not cure a wiped-out book,
    # recovering marks do, and a book withdrawn in full goes on where it was.
    base = before.solvent
    kept = equity - (net_flows - base.net_flows)
    return max(0.0, base.unit_value * kept / base.equity)


def equity_at(before: Performance, unit_value: float, net_flows: float) -> float:
    """The equity at which one unit is worth that: the reverse of `unit_value_of`."""
    base = before.solvent
    return base.equity * unit_value / base.unit_value + (net_flows - base.net_flows)


def _day_start(before: Performance, at: datetime) -> Baseline:
    if Period.DAY.open_of(at) <= Period.DAY.open_of(before.at):
        return before.day_start
    return Baseline(before.at, before.unit_value, before.equity, before.net_flows)


def next_courses(before: Mapping[str, Course], snapshot: Snapshot) -> Mapping[str, Course]:
    """Each strategy's profit after one more reading.

    A reading without equity changes nothing: what is unknown moves no baseline.

    Parameters
    ----------
    before : mapping of strategy to Course
        After the last step.
    snapshot : Snapshot
    """
    equity = snapshot.equity
    if equity is None or equity <= 0.0:
        return before
    profits = dict(snapshot.ledger.realised)
    for position in snapshot.ledger.positions.values():
        open_profit = position.unrealised(snapshot.marks[position.asset].price)
        profits[position.strategy] = profits.get(position.strategy, 0.0) + open_profit
    return {
        strategy: _next_course(before.get(strategy), profit, equity, snapshot.at)
        for strategy, profit in sorted(profits.items())
    }


def _next_course(before: Course | None, profit: float, equity: float, at: datetime) -> Course:
    if before is None:
        return Course(profit, profit, equity, max(0.0, profit), equity, at)
    new_day = Period.DAY.open_of(at) > Period.DAY.open_of(before.at)
    risen = profit > before.peak
    return Course(
        profit=profit,
        day_start=before.profit if new_day else before.day_start,
        day_equity=equity if new_day else before.day_equity,
        peak=profit if risen else before.peak,
        peak_equity=equity if risen else before.peak_equity,
        at=at,
    )
