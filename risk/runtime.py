"""Composition root: the only module that names concrete classes and puts them together."""

import gc
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import structlog

from risk import entrance
from risk.auth.journal_key import keep_journal_key, known_public_keys
from risk.auth.keys import hash_of, new_id
from risk.auth.service_key import keep_service_key, require_service_key
from risk.auth.watching import KeyWatch
from risk.channels import channel_names, channels_of
from risk.config import Settings, key_of
from risk.domain.events import PEOPLE_STREAM, JournalBroken
from risk.domain.journalling import GateJournal
from risk.domain.keys import SERVICE, SERVICE_KEY_FILE, ApiKey, KeyAbility
from risk.domain.ledger import Ledger
from risk.domain.market import BarClose, Period
from risk.domain.model import Models
from risk.domain.ports import Account, AskedActions, Carried, Channel, Clock, Executor, Feed
from risk.domain.single_sign_on import SignOn
from risk.domain.state import RiskState
from risk.engine.accounts import JointAccount
from risk.engine.actions import Actions
from risk.engine.authority import Authority, Beat, Turn
from risk.engine.clock import wall_time
from risk.engine.couriers import Couriers
from risk.engine.cycle import Cycle
from risk.engine.gate import Gate
from risk.engine.line import Line
from risk.engine.notary import Notary, NotaryView
from risk.engine.past import relive
from risk.errors import LeaseLost, SeawallError, SettingInvalid, StoreError
from risk.executors import EXECUTORS
from risk.feeds import FEEDS, FeedRequest
from risk.feeds.clock import SimulatedClock
from risk.feeds.files import label_of
from risk.feeds.simulated import HISTORY_HOURS
from risk.lab.agent_desk import AgentDesk
from risk.lab.demo import THE_DEMO, demo_policy
from risk.lab.gatekeeper import Gatekeeper
from risk.lab.paper import PaperDesk
from risk.lab.wishing import Wishing
from risk.portfolio.forecasting import measured_by, new_models, warm, with_assets
from risk.position.ranges import next_ranges
from risk.storage import people_journal
from risk.storage.actions import SqlActions
from risk.storage.anchor import AnchorFile
from risk.storage.bars import SIMULATED, market_of
from risk.storage.chain_watch import ChainWatch
from risk.storage.changes import SqlChanges
from risk.storage.checkpoints import SqlCheckpoints
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.failures import note_failure
from risk.storage.hindsight import SqlHindsight
from risk.storage.keys import SqlKeys, keep_key
from risk.storage.lease import LEASE_LIFE, SqlLeaseOffice
from risk.storage.ledger import InboxAccount
from risk.storage.outbox import SqlOutbox
from risk.storage.portfolios import (
    add_portfolio,
    keep_facts,
    replace_facts,
    require_portfolio,
)
from risk.storage.proposals import ProposalDesk, lapse_proposals
from risk.storage.queries import FeedInfo, SqlBookReader
from risk.storage.rollups import keep_house
from risk.storage.schema import check_schema
from risk.storage.store import SqlStore
from risk.storage.telling import SqlTelling
from risk.storage.writer import WriterProcess

_LOG = structlog.get_logger(__name__)

DEMO = "demo"
#: Seconds that agents wait for their answer to be on disk, before it is refused unwritten: so much
#: that the refusal still comes within the quarter of a second for which the client waits.
JOURNAL_PATIENCE = 0.2
#: Seconds in which the demo's agents want their answer: longer than it may take to be written.
AGENTS_PATIENCE = 1.5
#: Seconds, and cycles, after which a snapshot carries no new risk; the longer of both.
STALE_AFTER = 5.0
STALE_CYCLES = 5
#: Seconds between two portions of a long journal that is followed before it is signed: an agent's
#: order comes first.
NOTARY_PAUSE = 0.005
#: Imported closes that a new book's models learn from, the newest.
KEPT_HISTORY = 5000


class Engine:
    """An authority with its database, as the command line runs it.

    Attributes
    ----------
    engines : Engines
    portfolio : str
    """

    def __init__(
        self, authority: Authority, engines: Engines, portfolio: str, post: "_Post"
    ) -> None:
        self._authority = authority
        self._post = post
        self.engines = engines
        self.portfolio = portfolio

    def gate(self) -> Gate | None:
        """What answers orders; None while another engine rules, or this one prepares."""
        return self._post.gate

    def notary(self) -> NotaryView | None:
        """How signing the journal fares; None while another engine rules, or this one prepares."""
        notary = self._post.notary
        return None if notary is None else notary.view

    def run(self, *, beat: Beat) -> None:
        """Take turns until SIGTERM or SIGINT; `beat` is called after each.

        Why it could not go on is noted for the screens before it is raised.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._authority.end())
        try:
            self._authority.run(beat=beat)
        except LeaseLost:
            raise  # another engine goes on
        except Exception as failure:
            self._note(failure)
            raise
        finally:
            self.engines.dispose()

    def _note(self, failure: Exception) -> None:
        told = str(failure) if isinstance(failure, SeawallError) else repr(failure)
        problem = f"The engine cannot go on: {told}."
        try:
            with transaction(self.engines.writer) as connection:
                note_failure(connection, self.portfolio, at=wall_time(), problem=problem)
        except StoreError as error:
            _LOG.warning("failure_not_noted", problem=str(error))


def build_authority(settings: Settings) -> Engine:
    """The engine over the portfolio of the settings.

    Raises
    ------
    InvalidInput
        If a setting does not fit what the portfolio has lived through, or if an address for
        notices is of no use.
    UnknownPortfolio
        If nobody added the portfolio; the demo adds its own.
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    channels = channels_of(settings.notify_urls, settings.notify_hosts)
    engines = _open(settings)
    post = _Post(_world_of(settings, engines), engines, channels)
    authority = Authority(
        portfolio=settings.portfolio,
        holder=f"{socket.gethostname()}/{os.getpid()}",
        office=SqlLeaseOffice(engines),
        lease_life=LEASE_LIFE,
        prepare=post.prepare,
        listen=post.listen,
        finish=post.finish,
        keep_house=post.keep_house,
        monotonic=time.monotonic,
        interval=timedelta(seconds=settings.cycle_seconds),
    )
    return Engine(authority, engines, settings.portfolio, post)


def build_reader(settings: Settings) -> SqlBookReader:
    """What the web reads.

    Raises
    ------
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    engines = _open(settings)
    return SqlBookReader(
        engines,
        feed=_feed_info(settings),
        cycle_seconds=settings.cycle_seconds,
        wall=wall_time,
        first=settings.portfolio,
        chain=ChainWatch(
            engines, keys=lambda: known_public_keys(settings.journal_key), wall=wall_time
        ),
    )


def build_changes(settings: Settings) -> SqlChanges:
    """What the web may change: it asks by the database, and needs no lease.

    Raises
    ------
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    return SqlChanges(
        _open(settings), wall=wall_time, channels=partial(channel_names, settings.notify_urls)
    )


def build_actions(settings: Settings) -> Actions:
    """What people change: by the database, and by the line to the authority what cannot wait.

    Raises
    ------
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    brake = Line(settings.api_url, lambda: require_service_key(settings.home))
    return Actions(build_changes(settings), brake, wall=wall_time)


#: Where people sign in, and where logins are given and taken.
build_logins = entrance.build_logins
build_office = entrance.build_office


def checkpoints_of(settings: Settings, engines: Engines) -> SqlCheckpoints:
    """What signs how far the journal has come, with the key and the anchor of the settings."""
    return SqlCheckpoints(
        engines,
        signer=lambda: keep_journal_key(settings.journal_key),
        anchor=AnchorFile(settings.anchor),
        wall=wall_time,
        pause=lambda: time.sleep(NOTARY_PAUSE),
    )


def build_sign_on(settings: Settings) -> SignOn | None:
    """The provider by whose word people sign in; None where there is none."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    # Not at the top: its libraries take a while to import, and most houses have no provider.
    from risk.auth.oidc import OidcProvider, OidcSettings  # noqa: PLC0415

    return OidcProvider(
        OidcSettings(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret or "",
            name=settings.oidc_name,
            strong=frozenset(settings.oidc_strong),
        ),
        wall=wall_time,
    )


class AgentsAccess(NamedTuple):
    """What answers to agents need of the database.

    Attributes
    ----------
    keys : KeyWatch
        The keys of programs, as a running authority must know them; not started yet.
    telling : SqlTelling
    """

    keys: KeyWatch
    telling: SqlTelling


@contextmanager
def access_for_agents(settings: Settings) -> Iterator[AgentsAccess]:
    """Access to the database for those who answer agents; its connections end with the `with`.

    Keeps the key of this machine's own programs in its file, and lets it open the portfolio of the
    settings with all abilities, unless somebody revoked it.

    Raises
    ------
    SettingInvalid
        If that file cannot be kept.
    UnknownPortfolio
        If nobody added the portfolio; the demo adds its own.
    SchemaMismatch
        If the database's tables are not as this program expects.
    """
    engines = _open(settings)
    try:
        _keep_service_key(settings, engines)
        yield AgentsAccess(KeyWatch(SqlKeys(engines).read), SqlTelling(engines))
    finally:
        engines.dispose()


def _keep_service_key(settings: Settings, engines: Engines) -> None:
    secret = keep_service_key(settings.home)
    service = ApiKey(
        id=new_id(),
        name=SERVICE,
        hash=hash_of(secret.encode()),
        portfolios=frozenset({settings.portfolio}),
        strategies=None,
        abilities=frozenset(KeyAbility),
        created=wall_time(),
    )
    with transaction(engines.writer) as connection:
        if settings.portfolio == DEMO:
            add_portfolio(connection, DEMO, at=wall_time())
        require_portfolio(connection, settings.portfolio)
        kept = keep_key(connection, service)
    if kept.revoked is not None:
        _LOG.warning("service_key_revoked", id=kept.id, file=str(settings.home / SERVICE_KEY_FILE))


def _open(settings: Settings) -> Engines:
    """The database of the settings, whose tables are as this program expects."""
    engines = open_engines(settings.database_url)
    check_schema(engines)
    return engines


def _feed_info(settings: Settings) -> FeedInfo:
    if settings.feed == SIMULATED:
        return FeedInfo(label=SIMULATED, simulated=True, seed=settings.seed)
    label = label_of(settings.prices) if settings.prices else settings.feed
    return FeedInfo(label=label, simulated=False)


# --- the world a portfolio lives in --------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _World:
    """Which market a portfolio lives in, since when, and how fast time passes there."""

    settings: Settings
    origin: datetime

    @property
    def simulated(self) -> bool:
        return self.settings.feed == SIMULATED

    @property
    def market(self) -> str:
        """Whose prices its bars are."""
        return market_of({"feed": self.settings.feed, "seed": self.settings.seed})

    @property
    def has_desk(self) -> bool:
        """Whether the demo strategies trade here, on paper."""
        return self.simulated and self.settings.portfolio == DEMO

    @property
    def executor(self) -> Executor:
        """Who acts on reductions."""
        return EXECUTORS[self.settings.executor]()

    @property
    def agents_reduce(self) -> bool:
        """Whether the demo's agents act on them: not where it would be done twice."""
        return self.settings.executor == "advise"

    @property
    def past_begins(self) -> datetime | None:
        """Where a new book's first reading lies; None for where the feed begins."""
        if not self.has_desk:
            return None
        return Period.HOUR.open_of(self.origin) - timedelta(hours=HISTORY_HOURS)

    def feed(self, since: datetime | None) -> Feed:
        return FEEDS[self.settings.feed](
            FeedRequest(
                seed=self.settings.seed,
                origin=self.origin,
                since=since,
                prices=self.settings.prices,
            )
        )


def _world_of(settings: Settings, engines: Engines) -> _World:
    """The world noted at the portfolio's first start; other settings are refused, not obeyed."""
    with transaction(engines.writer) as connection:
        if settings.portfolio == DEMO:
            add_portfolio(connection, DEMO, at=wall_time())
        require_portfolio(connection, settings.portfolio)
        wanted: dict[str, Any] = {"feed": settings.feed, "origin": wall_time().isoformat()}
        if settings.feed == SIMULATED:
            wanted["seed"] = settings.seed
        facts = keep_facts(connection, settings.portfolio, wanted)
        if _differ(wanted, facts) and replace_facts(connection, settings.portfolio, wanted):
            facts = wanted
        _refuse_another_world(settings.portfolio, wanted, facts)
    return _World(settings=settings, origin=datetime.fromisoformat(facts["origin"]))


def _differ(wanted: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    return [name for name in ("feed", "seed") if name in wanted and facts[name] != wanted[name]]


def _refuse_another_world(
    portfolio: str, wanted: Mapping[str, Any], facts: Mapping[str, Any]
) -> None:
    for name in _differ(wanted, facts):
        raise SettingInvalid(
            key_of(name),
            f"is {wanted[name]}, but portfolio {portfolio} has lived with "
            f"{facts[name]}: set it back, or choose another SEAWALL_PORTFOLIO or SEAWALL_HOME",
        )


class _Post:
    """What an authority has while it rules over a book.

    Attributes
    ----------
    gate : Gate or None
        None before it rules, and once it has ended.
    notary : Notary or None
        Likewise.
    """

    def __init__(self, world: _World, engines: Engines, channels: Sequence[Channel]) -> None:
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
            _seed_policy(engines)
        loaded = store.load(portfolio)
        carried = loaded or _first_start(world, store, self._actions, token, beat)
        feed = world.feed(carried.state.at)
        _tell_unpriced(carried.ledger, feed)
        models = Models(*(with_assets(model, feed.assets) for model in carried.models))
        desk = _agents_desk(world, feed) if world.has_desk else None
        clock = _clock(world, carried.state.at or feed.starts_at)
        gate = _gate(world.settings, writer, carried, clock, token)
        writer.await_start()
        _spare_the_collector()
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


def _spare_the_collector() -> None:
    """Keep what lives as long as the engine out of garbage collection, which pauses cycles.

    At 500 assets a full collection takes 60 ms, one cycle in ten; 3 ms without these.
    """
    gc.collect()
    gc.freeze()


def _clock(world: _World, last_seen: datetime) -> SimulatedClock:
    """Market time from when the market was last seen.

    At its natural speed the simulated market goes on while nobody looks; a sped-up one, and a
    file, wait where they were left.
    """
    goes_on = world.simulated and world.settings.speed == 1.0
    return SimulatedClock(
        wall=wall_time,
        monotonic=time.monotonic,
        market_anchor=last_seen,
        wall_anchor=last_seen if goes_on else wall_time(),
        speed=world.settings.speed,
    )


def _account(world: _World, engines: Engines, desk: AgentDesk | None) -> Account:
    inbox = InboxAccount(engines, world.settings.portfolio)
    return inbox if desk is None else JointAccount([inbox, desk])


def _agents_desk(world: _World, feed: Feed) -> AgentDesk:
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


def _paper_desk(world: _World, feed: Feed) -> PaperDesk:
    """Where they traded in the past, with nobody to ask."""
    return PaperDesk(seed=world.settings.seed, history=feed.history(Period.HOUR))


def _seed_policy(engines: Engines) -> None:
    """Propose the demo's own policy, for a demo that never had one.

    While nobody has a login it holds at once; else an officer must approve it.
    """
    with transaction(engines.writer) as connection:
        desk = ProposalDesk(connection, DEMO, at=wall_time())
        seeded = desk.seed(demo_policy(DEMO), who=THE_DEMO)
    if seeded is not None:
        _LOG.info("policy_seeded", portfolio=DEMO, proposal=seeded.id, status=seeded.status.value)


def _first_start(
    world: _World, store: SqlStore, actions: AskedActions, token: int, beat: Beat
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
    _spare_the_collector()
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


def _history(world: _World, store: SqlStore, feed: Feed, period: Period) -> list[BarClose]:
    """Closes before the feed begins: its own, and before those the imported ones."""
    own = list(feed.history(period))
    if world.simulated:
        return own
    begins = own[0].opened if own else feed.starts_at
    kept = store.bars(period, assets=feed.assets, last=KEPT_HISTORY)
    return [close for close in kept if close.closed <= begins] + own
