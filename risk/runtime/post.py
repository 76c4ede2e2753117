"""What an authority has while it rules over a book."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import structlog

from risk.config import Settings, key_of
from risk.domain.events import PEOPLE_STREAM, JournalBroken
from risk.domain.journalling import GateJournal
from risk.domain.ledger import Ledger
from risk.domain.market import Period
from risk.domain.model import Models
from risk.domain.ports import Account, Carried, Channel, Clock, Feed
from risk.engine.accounts import JointAccount
from risk.engine.authority import Beat, Turn
from risk.engine.clock import wall_time
from risk.engine.couriers import Couriers
from risk.engine.cycle import Cycle
from risk.engine.gate import Gate
from risk.engine.notary import Notary
from risk.errors import StoreError
from risk.lab.agent_desk import AgentDesk
from risk.lab.gatekeeper import Gatekeeper
from risk.lab.wishing import Wishing
from risk.portfolio.forecasting import with_assets
from risk.runtime.database import checkpoints_of
from risk.runtime.first_start import first_start, seed_policy, spare_the_collector
from risk.runtime.world import World, clock_of
from risk.storage import people_journal
from risk.storage.actions import SqlActions
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import Engines, transaction
from risk.storage.hindsight import SqlHindsight
from risk.storage.ledger import InboxAccount
from risk.storage.outbox import SqlOutbox
from risk.storage.proposals import lapse_proposals
from risk.storage.rollups import keep_house
from risk.storage.store import SqlStore
from risk.storage.writer import WriterProcess

_LOG = structlog.get_logger(__name__)

#: Seconds that agents wait for their answer to be on disk, before it is refused unwritten: so much
#: that the refusal still comes within the quarter of a second for which the client waits.
JOURNAL_PATIENCE = 0.2
#: Seconds in which the demo's agents want their answer: longer than it may take to be written.
AGENTS_PATIENCE = 1.5
#: Seconds, and cycles, after which a snapshot carries no new risk; the longer of both.
STALE_AFTER = 5.0
STALE_CYCLES = 5


class Post:
    """What an authority has while it rules over a book.

    Attributes
    ----------
    gate : Gate or None
        None before it rules, and once it has ended.
    notary : Notary or None
        Likewise.
    """

    def __init__(self, world: World, engines: Engines, channels: Sequence[Channel]) -> None:
        self._world = world
        self._engines = engines
        self._channels = channels
        self._actions = SqlActions(engines, world.settings.portfolio)
        self._desk: AgentDesk | None = None
        self._writer: WriterProcess | None = None
        self._couriers: Couriers | None = None
        self._hindsight: SqlHindsight | None = None
        self.gate: Gate | None = None
        self.notary: Notary | None = None

    def prepare(self, token: int, beat: Beat) -> Turn:
        """Load the book, or lead a new one through its past, and return what takes a turn."""
        world, engines = self._world, self._engines
        names = [channel.name for channel in self._channels]
        store = SqlStore(engines, market=world.market, channels=names)
        portfolio = world.settings.portfolio
        self._writer = writer = _writer(world.settings, engines)
        writer.start()
        if world.has_desk:
            seed_policy(engines)
        loaded = store.load(portfolio)
        carried = loaded or first_start(world, store, self._actions, token, beat)
        feed = world.feed(carried.state.at)
        _tell_unpriced(carried.ledger, feed)
        models = Models(*(with_assets(model, feed.assets) for model in carried.models))
        desk = _agents_desk(world, feed) if world.has_desk else None
        clock = clock_of(world, carried.state.at or feed.starts_at)
        gate = _gate(world.settings, writer, carried, clock, token)
        writer.await_start()
        spare_the_collector()
        gate.start()
        self.gate = gate
        self._hindsight = SqlHindsight(engines, portfolio, market=world.market, token=token)
        if desk is not None:
            desk.start()
            self._desk = desk
        self._send_couriers(token)
        self.notary = _notary(world.settings, engines, names)
        self.notary.begin_round()
        return Cycle(
            feed=feed,
            account=_account(world, engines, desk),
            executor=world.executor,
            actions=self._actions,
            store=store,
            clock=clock,
            gate=gate,
            carried=replace(carried, models=models),
            token=token,
            model_by_setting=world.settings.var_model,
        ).turn

    def listen(self) -> None:
        """Take in what people asked of trading; the rest waits for the next cycle."""
        if self.gate is not None:
            self.gate.take_actions(self._actions.after(self.gate.action_seq))

    def _send_couriers(self, token: int) -> None:
        outbox = SqlOutbox(self._engines, self._world.settings.portfolio)
        self._couriers = Couriers(self._channels, outbox, wall=wall_time, token=token)
        self._couriers.start()

    def keep_house(self) -> None:
        """Have the journal signed, drop what is old, end what nobody decided, look back."""
        if self.notary is not None:
            self.notary.begin_round()
        _attempt(partial(keep_house, self._engines))
        _attempt(self._end_late_proposals)
        hindsight = self._hindsight
        if hindsight is not None:
            _attempt(hindsight.look_back)

    def _end_late_proposals(self) -> None:
        portfolio, at = self._world.settings.portfolio, wall_time()
        names = [channel.name for channel in self._channels]
        with transaction(self._engines.writer) as connection:
            lapse_proposals(connection, portfolio, at=at, channels=names)

    def finish(self) -> None:
        """Let the demo's agents end, write what the gate has left to write, and sign it."""
        self._hindsight = None
        couriers, self._couriers = self._couriers, None
        if couriers is not None:
            couriers.stop()
        desk, self._desk = self._desk, None
        if desk is not None:
            desk.stop()
        gate, self.gate = self.gate, None
        if gate is not None:
            gate.stop()
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        notary, self.notary = self.notary, None
        if notary is not None:
            notary.stop()


def _attempt(part: Callable[[], None]) -> None:
    """One part of keeping the house: what fails there keeps nobody from the others."""
    try:
        part()
    except StoreError as problem:
        _LOG.warning("housekeeping_missed", problem=str(problem))


def _notary(settings: Settings, engines: Engines, channels: Sequence[str]) -> Notary:
    streams = (settings.portfolio, PEOPLE_STREAM)

    def tell(stream: str, problem: str) -> None:
        broken = JournalBroken(
            at=wall_time(), portfolio=PEOPLE_STREAM, cycle="", stream=stream, problem=problem
        )
        with transaction(engines.writer) as connection:
            people_journal.tell(connection, broken, channels=channels)

    checkpoints = checkpoints_of(settings, engines)
    return Notary(checkpoints, streams, monotonic=time.monotonic, tell=tell)


def _writer(settings: Settings, engines: Engines) -> WriterProcess:
    portfolio = settings.portfolio
    return WriterProcess(settings.database_url, portfolio, SqlGateJournal(engines, portfolio))


def _gate(
    settings: Settings, journal: GateJournal, carried: Carried, clock: Clock, token: int
) -> Gate:
    return Gate(
        carried=carried,
        journal=journal,
        token=token,
        clock=clock,
        patience=JOURNAL_PATIENCE,
        stale_after=max(STALE_AFTER, STALE_CYCLES * settings.cycle_seconds),
        durable=settings.answer_when == "written",
    )


def _tell_unpriced(ledger: Ledger, feed: Feed) -> None:
    """Log what is held and will have no mark; each such asset is a doubt of every cycle."""
    held = {position.asset for position in ledger.positions.values()}
    unpriced = sorted(held - set(feed.assets))
    if unpriced:
        _LOG.warning("held_without_prices", assets=unpriced, feed=feed.label)


def _account(world: World, engines: Engines, desk: AgentDesk | None) -> Account:
    inbox = InboxAccount(engines, world.settings.portfolio)
    return inbox if desk is None else JointAccount([inbox, desk])


def _agents_desk(world: World, feed: Feed) -> AgentDesk:
    """Where the demo's strategies trade: as agents, asking over HTTP as all agents do."""
    settings = world.settings

    def connect(strategy: str) -> Gatekeeper:
        # Not at the top: the pages and most commands do without a client of HTTP.
        from risk.client import Seawall  # noqa: PLC0415

        return Seawall(
            settings.api_url,
            portfolio=settings.portfolio,
            strategy=strategy,
            timeout=AGENTS_PATIENCE,
            # The key of this machine's own programs, whatever the environment says.
            environment={key_of("home"): str(settings.home)},
        )

    wishing = Wishing(seed=settings.seed, history=feed.history(Period.HOUR), at_once=True)
    return AgentDesk(wishing, connect, reduces=world.agents_reduce, wall=wall_time)
