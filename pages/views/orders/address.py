"""What the address of the Orders page may say."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pages.paths import ORDERS_PATH
from pages.query import Query, Word
from risk.domain.events import Verdict
from risk.domain.leases import is_lease_id
from risk.storage.orders import LONGEST_SUM
from risk.storage.readings import OrdersWanted

PATH = ORDERS_PATH
ALL = "all"
#: An agent that holds room asks for a slice each second: among orders they would hide these.
SLICES = "slices"
#: The card that tells one order at length.
STORY = "orders-story"

VERDICTS: Mapping[str, str] = {
    ALL: "All",
    Verdict.APPROVE.value: "Approved",
    Verdict.RESIZE.value: "Resized",
    Verdict.REJECT.value: "Rejected",
    SLICES: "Slices",
}
VERDICT = Word("verdict", ALL, "verdict", VERDICTS)
STRATEGY = Word("strategy", "", "strategy", longest=500)
ASSET = Word("asset", "", "asset", longest=500)
SENDER = Word("sender", "", "sender", longest=500)
FIND = Word("find", "", "text")
ORDER = Word("order", "", "order", longest=500)
#: The list goes on from this moment backwards.
BEFORE = Word("before", "", "moment")
FILTERS = (VERDICT, STRATEGY, ASSET, SENDER, FIND)
WORDS = (*FILTERS, ORDER, BEFORE)

#: Between two cycles the market's time goes on: what is answered then belongs to "now" too.
_TO_COME = timedelta(days=1)


def unfiltered(query: Query) -> str:
    """The address of the same view without any filter."""
    return query.href(PATH, **{word.name: None for word in (*FILTERS, BEFORE)})


def is_filtered(query: Query) -> bool:
    """Whether some orders may be left out."""
    return any(query.choice(word.name) != word.default for word in FILTERS)


def before_text(moment: datetime) -> str:
    """A moment as the address says it: ``2026-11-10T08:00:00.123Z``."""
    said = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return f"{said.removesuffix('+00:00')}Z"


def before(query: Query) -> datetime | None:
    """From when on backwards the list is told; None from its beginning, or if that is no time."""
    try:
        moment = datetime.fromisoformat(query.choice(BEFORE.name))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def wanted_of(query: Query, now: datetime) -> OrdersWanted:
    """Which orders the range and the filters ask for, thirty days of them at most."""
    since, until = query.span(now)
    verdict, find = query.choice(VERDICT.name), query.choice(FIND.name)
    return OrdersWanted(
        # By the minute, so that nothing is read anew while nothing happened.
        since=max(since, until - LONGEST_SUM).replace(second=0, microsecond=0),
        until=until if query.stands_still(now) else _minute(now) + _TO_COME,
        verdict=None if verdict in (ALL, SLICES) else Verdict(verdict),
        strategy=query.choice(STRATEGY.name),
        asset=query.choice(ASSET.name),
        sender=query.choice(SENDER.name),
        find=find,
        slices=verdict == SLICES or is_lease_id(find),
    )


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def is_cut(query: Query, now: datetime) -> bool:
    """Whether the range reaches further back than is told at once."""
    since, until = query.span(now)
    return until - since > LONGEST_SUM and query.range != ALL
