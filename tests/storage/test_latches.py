"""Latches in the store: written once, resumed by who looked, and taken in by the engine."""

import threading
from datetime import timedelta

import pytest

from risk.domain.actions import LatchTrading, ResumeTrading
from risk.domain.actors import Actor, Role, Via
from risk.domain.asking import LONGEST_REASON
from risk.domain.latches import Latch
from risk.domain.ports import AccountReading, MarketReading
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.engine.actions import Actions
from risk.engine.cycle import take_cycle
from risk.errors import GateClosed, InvalidInput, UnknownPortfolio
from risk.storage import codec, latches
from risk.storage.actions import SqlActions
from risk.storage.changes import SqlChanges
from risk.storage.engines import Engines, transaction
from risk.storage.latches import latch, latch_standing, resume
from risk.storage.portfolios import add_portfolio
from risk.storage.store import SqlStore
from tests.builders import NOON, PORTFOLIO
from tests.engine.worlds import nothing_yet
from tests.policy_files import policy_of
from tests.storage.adopting import adopted
from tests.storage.rows import lease_token, read

BOOK = Scope(ScopeKind.PORTFOLIO, PORTFOLIO)
DOGE = Scope(ScopeKind.ASSET, "DOGE/USDT")
HALTED, REDUCE_ONLY = TradingState.HALTED, TradingState.REDUCE_ONLY
LATER = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def portfolio(engines: Engines) -> None:
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)


def latched(engines: Engines, scope=DOGE, state=HALTED, *, portfolio=PORTFOLIO, **changes):
    words = {"who": "ana", "reason": "fat finger", "latch_id": "x", "at": NOON, **changes}
    with transaction(engines.writer) as connection:
        return latch(connection, portfolio, scope, state, **words)


def resumed(engines: Engines, scope=DOGE, *, portfolio=PORTFOLIO, **changes):
    words = {"who": "ben", "reason": "checked", "seen": 1, "at": NOON, **changes}
    with transaction(engines.writer) as connection:
        return resume(connection, portfolio, scope, **words)


def standing(engines: Engines):
    with transaction(engines.reader) as connection:
        return latch_standing(connection, PORTFOLIO)


def written(engines: Engines) -> list:
    return list(SqlActions(engines, PORTFOLIO).after(0))


class Engine:
    """Takes in what waits, cycle by cycle, and saves it."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._store = SqlStore(engines)
        self._token = lease_token(engines, PORTFOLIO)

    def turn(self, at=LATER):
        carried = self._store.load(PORTFOLIO) or nothing_yet(("DOGE/USDT",))
        actions = SqlActions(self._engines, PORTFOLIO).after(carried.state.action_seq)
        reading = MarketReading(at=at, marks={})
        record = take_cycle(carried, reading, AccountReading(), actions=actions)
        self._store.save(record, token=self._token)
        return record


@pytest.fixture
def engine(engines: Engines) -> Engine:
    return Engine(engines)


def test_a_latch_waits_for_the_engine_holds_and_is_resumed(engines, engine):
    assert standing(engines) == ({}, {}, ())

    asked = latched(engines)
    waiting = standing(engines)
    engine.turn()
    held = standing(engines)
    ended = resumed(engines)
    ending = standing(engines)
    engine.turn()

    assert asked == LatchTrading(
        seq=1, at=NOON, who="ana", scope=DOGE, state=HALTED, reason="fat finger", id="x"
    )
    latch_there = Latch(DOGE, HALTED, "ana", "fat finger", NOON, 1, "x")
    assert waiting == ({}, {DOGE: latch_there}, (asked,))
    assert held == ({DOGE: latch_there._replace(since=LATER)},) * 2 + ((),)
    assert ended == ResumeTrading(seq=2, at=NOON, who="ben", scope=DOGE, reason="checked", seen=1)
    assert (dict(ending.coming), ending.waiting) == ({}, (ended,))
    assert ending.in_force == held.in_force
    assert standing(engines) == ({}, {}, ())


def test_the_same_latch_again_is_there_once_even_after_it_was_resumed(engines, engine):
    first = latched(engines)
    assert latched(engines, who="somebody", reason="a retry", at=LATER) == first
    engine.turn()
    resumed(engines)
    engine.turn()

    assert latched(engines) == first
    assert engine.turn().state.latches == {}
    assert len(written(engines)) == 2


def test_latches_of_one_id_written_at_once_are_there_once(engines):
    threads = [threading.Thread(target=latched, args=(engines,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert read(engines, "SELECT seq FROM action") == [(1,)]


@pytest.mark.parametrize("latch_id", ["x", 'a "quoted" one', "50%_é\\", "X"])
def test_a_latch_is_known_again_by_its_very_id(engines, latch_id):
    first = latched(engines, latch_id=latch_id)
    latched(engines, latch_id=f"{latch_id}2")
    latched(engines, latch_id=latch_id.swapcase() + "_")

    assert latched(engines, latch_id=latch_id) == first
    assert len(written(engines)) == 3


def test_the_id_of_a_latch_is_looked_for_among_the_last_ones_and_none_is_read_for_it(
    engines, monkeypatch
):
    for number in range(5):
        latched(engines, latch_id=f"l{number}")
    monkeypatch.setattr(latches, "LOOKED_THROUGH", 3)
    read_back = []
    decode = codec.decode_action
    monkeypatch.setattr(
        codec, "decode_action", lambda *a, **k: read_back.append(a) or decode(*a, **k)
    )

    def held(latch_id):
        return latched(engines, latch_id=latch_id, is_held=True)

    assert held("l2").seq == 3
    assert len(read_back) == 1
    assert held("new").seq == 6
    assert held("l0").seq == 7, "used too long ago to be the same"
    assert len(read_back) == 1


@pytest.mark.parametrize("other", [{"scope": BOOK}, {"state": REDUCE_ONLY}])
def test_an_id_belongs_to_one_latch(engines, other):
    latched(engines)

    with pytest.raises(InvalidInput, match="x is the id of another latch, of asset:DOGE/USDT"):
        latched(engines, **other)


@pytest.mark.parametrize("who_and_why", [{"who": " "}, {"reason": " "}, {"reason": "a\nb"}])
@pytest.mark.parametrize("ask", [latched, resumed])
def test_nobody_and_no_reason_are_refused(engines, ask, who_and_why):
    latched(engines, latch_id="before")

    with pytest.raises(InvalidInput, match=r"must have a name of|a reason is one line of"):
        ask(engines, **who_and_why)
    assert len(written(engines)) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": TradingState.CAUTION}, "latched at REDUCE_ONLY or HALTED, not at CAUTION"),
        ({"latch_id": ""}, "an id has 200 printable letters at most"),
        ({"latch_id": "y" * 201}, "an id has 200 printable letters at most"),
        ({"reason": "y" * (LONGEST_REASON + 1)}, "a reason is one line"),
        ({"scope": BOOK._replace(name="dem")}, "did you mean demo"),
    ],
)
def test_what_is_no_latch_is_refused(engines, changes, words):
    with pytest.raises(InvalidInput, match=words):
        latched(engines, **changes)
    assert written(engines) == []


@pytest.mark.parametrize("taken_in", [False, True])
def test_a_scope_that_the_book_does_not_have_is_refused(engines, engine, taken_in):
    with transaction(engines.writer) as connection:
        adopted(connection, PORTFOLIO, policy_of(), who="ana")
    if taken_in:
        engine.turn()

    with pytest.raises(InvalidInput, match="has no strategy called 'trnd'; did you mean trend"):
        latched(engines, Scope(ScopeKind.STRATEGY, "trnd"))
    latched(engines, Scope(ScopeKind.STRATEGY, "trend"))
    held = latched(engines, Scope(ScopeKind.STRATEGY, "trnd"), latch_id="y", is_held=True)
    assert held.seq == 3


def test_only_what_is_latched_is_resumed_and_only_as_it_was_seen(engines):
    with pytest.raises(InvalidInput, match="asset:DOGE/USDT is not latched"):
        resumed(engines)
    latched(engines)
    latched(engines, DOGE, REDUCE_ONLY, who="eve", latch_id="y")
    with pytest.raises(InvalidInput, match="latched again since number 1, which was seen"):
        resumed(engines)
    resumed(engines, seen=2)
    with pytest.raises(InvalidInput, match="is not latched"):
        resumed(engines, seen=2)

    assert [type(one).__name__ for one in written(engines)] == [
        "LatchTrading", "LatchTrading", "ResumeTrading",
    ]  # fmt: skip


def test_a_portfolio_that_is_not_there_is_named(engines):
    with pytest.raises(UnknownPortfolio, match="did you mean demo"):
        latched(engines, portfolio="dem")
    with pytest.raises(UnknownPortfolio, match="did you mean demo"):
        resumed(engines, portfolio="dem")
    with pytest.raises(UnknownPortfolio), transaction(engines.reader) as connection:
        latch_standing(connection, "dem")


# --- by whoever finds no authority -----------------------------------------------------------


class Silent:
    """A line at whose end nobody is."""

    def latch(self, *_told, **_named):
        raise GateClosed("the engine does not answer at port 8051")


def test_what_a_silent_authority_was_asked_waits_here_for_an_engine(engines: Engines):
    actions = Actions(SqlChanges(engines, wall=lambda: NOON), Silent(), wall=lambda: NOON)
    trader = Actor(name="tom", role=Role.TRADER, via=Via.WEB)

    stopped = actions.halt(trader, PORTFOLIO, DOGE, HALTED, reason="fat finger")

    assert (stopped.trading_state, stopped.journalled) == ("HALTED", True)
    assert "does not answer at port 8051" in stopped.silence
    (asked,) = written(engines)
    assert (asked.scope, asked.state, asked.who) == (DOGE, HALTED, "tom")
    assert Engine(engines).turn().state.latches[DOGE].who == "tom"
