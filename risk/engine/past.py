"""A book's past, led through the same step as its present."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from risk.domain.ports import Account, Carried, CycleRecord, Executor, Feed
from risk.engine.cycle import carried_after, read_account, take_cycle

_HOUR = timedelta(hours=1)


def relive(
    carried: Carried,
    feed: Feed,
    account: Account,
    executor: Executor,
    *,
    since: datetime,
    until: datetime,
) -> Iterator[CycleRecord]:
    """Cycles of each full hour in (`since`, `until`), and one at `until`.

    Parameters
    ----------
    carried : Carried
        With models that know the market before `since`.
    feed : Feed
        Not read beyond `since` yet.
    account : Account
    executor : Executor
    since, until : datetime
        UTC.
    """
    moment = since
    while moment < until:
        moment = min(moment + _HOUR, until)
        market = feed.read(moment)
        record = take_cycle(carried, market, read_account(account, executor, market, carried))
        carried = carried_after(record)
        yield record
