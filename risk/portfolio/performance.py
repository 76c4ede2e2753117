"""The book's course over time: profit and drawdown with deposits and withdrawals taken out."""

from dataclasses import replace
from datetime import datetime

from risk.domain.market import Period
from risk.domain.state import Baseline, Performance

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
    unit_value = _unit_value(before, equity, net_flows)
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
    )


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
    )


def _unit_value(before: Performance, equity: float, net_flows: float) -> float:
    # Measured from when there was money to grow: new money does not cure a wiped-out book,
    # recovering marks do, and a book withdrawn in full goes on where it was.
    base = before.solvent
    kept = equity - (net_flows - base.net_flows)
    return max(0.0, base.unit_value * kept / base.equity)


def _day_start(before: Performance, at: datetime) -> Baseline:
    if Period.DAY.open_of(at) <= Period.DAY.open_of(before.at):
        return before.day_start
    return Baseline(before.at, before.unit_value, before.equity, before.net_flows)
