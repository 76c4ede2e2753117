"""A new book: its policy, its models, and for the demo the months that it is led through."""

import gc

import structlog

from risk.domain.ledger import Ledger
from risk.domain.market import BarClose, Period
from risk.domain.model import Models
from risk.domain.ports import AskedActions, Carried, Feed
from risk.domain.state import RiskState
from risk.engine.authority import Beat
from risk.engine.clock import wall_time
from risk.engine.past import relive
from risk.errors import StoreError
from risk.executors import EXECUTORS
from risk.lab.demo import THE_DEMO, demo_policy
from risk.lab.paper import PaperDesk
from risk.portfolio.forecasting import measured_by, new_models, warm
from risk.position.ranges import next_ranges
from risk.runtime.world import DEMO, World
from risk.storage.engines import Engines, transaction
from risk.storage.proposals import ProposalDesk
from risk.storage.store import SqlStore

_LOG = structlog.get_logger(__name__)

#: Imported closes that a new book's models learn from, the newest.
KEPT_HISTORY = 5000


def seed_policy(engines: Engines) -> None:
    """Propose the demo's own policy, for a demo that never had one.

    While nobody has a login it holds at once; else an officer must approve it.
    """
    with transaction(engines.writer) as connection:
        desk = ProposalDesk(connection, DEMO, at=wall_time())
        seeded = desk.seed(demo_policy(DEMO), who=THE_DEMO)
    if seeded is not None:
        _LOG.info("policy_seeded", portfolio=DEMO, proposal=seeded.id, status=seeded.status.value)


def first_start(
    world: World, store: SqlStore, actions: AskedActions, token: int, beat: Beat
) -> Carried:
    """A new book with warm models; the demo's is led through months of trading first."""
    feed = world.feed(world.past_begins)
    histories = {period: _history(world, store, feed, period) for period in Period}
    for closes in histories.values():
        store.record_closes(closes)
    cold = new_models(feed.assets)
    day = measured_by(cold.day, world.settings.var_model)
    carried = Carried(
        state=RiskState(
            portfolio=world.settings.portfolio, ranges=next_ranges({}, histories[Period.HOUR])
        ),
        ledger=Ledger(),
        models=Models(
            day=warm(day, histories[Period.DAY]), hour=warm(cold.hour, histories[Period.HOUR])
        ),
    )
    if not world.has_desk:
        return carried
    spare_the_collector()
    # A minute and more without another word.
    since = feed.starts_at.isoformat()
    _LOG.info("reliving_the_past", portfolio=world.settings.portfolio, since=since)
    past = relive(
        carried,
        feed,
        _paper_desk(world, feed),
        # There were no agents yet whom one could have asked.
        EXECUTORS["paper"](),
        since=feed.starts_at,
        until=wall_time(),
        actions=actions.after(0),
    )
    cycles = store.save_history(past, token=token, beat=beat)
    _LOG.info("past_relived", portfolio=world.settings.portfolio, cycles=cycles)
    relived = store.load(world.settings.portfolio)
    if relived is None:
        raise StoreError(f"the past of {world.settings.portfolio} was saved but cannot be loaded")
    return relived


def _history(world: World, store: SqlStore, feed: Feed, period: Period) -> list[BarClose]:
    """Closes before the feed begins: its own, and before those the imported ones."""
    own = list(feed.history(period))
    if world.simulated:
        return own
    begins = own[0].opened if own else feed.starts_at
    kept = store.bars(period, assets=feed.assets, last=KEPT_HISTORY)
    return [close for close in kept if close.closed <= begins] + own


def _paper_desk(world: World, feed: Feed) -> PaperDesk:
    """Where they traded in the past, with nobody to ask."""
    return PaperDesk(seed=world.settings.seed, history=feed.history(Period.HOUR))


def spare_the_collector() -> None:
    """Keep what lives as long as the engine out of garbage collection, which pauses cycles.

    At 500 assets a full collection takes 60 ms, one cycle in ten; 3 ms without these.
    """
    gc.collect()
    gc.freeze()
