"""A book's past, led through the same step as its present."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from risk.domain.actions import Action
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
    actions: Sequence[Action] = (),
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
    actions : sequence of Action
        What people asked before the book began: it holds from the first cycle on.
    """
    moment = since
    while moment < until:
        moment = min(moment + _HOUR, until)
        market = feed.read(moment)
        account_reading = read_account(account, executor, market, carried)
        record = take_cycle(carried, market, account_reading, actions=actions)
        actions = ()
        carried = carried_after(record)
        yield record
