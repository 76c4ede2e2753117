"""What people ask of a policy: checked as the engine will, kept, and replayed into versions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from risk.domain.actions import Change, EndTemporaryLimit, SetTemporaryLimit
from risk.domain.policy import Policy
from risk.domain.ports import AccountReading, MarketReading
from risk.engine.cycle import take_cycle
from risk.errors import InvalidInput, PolicyInvalid, UnknownPortfolio
from risk.storage.actions import SqlActions
from risk.storage.engines import Engines, transaction
from risk.storage.policies import policy_history, policy_standing, policy_versions
from risk.storage.portfolios import add_portfolio
from risk.storage.proposals import ProposalDesk
from risk.storage.store import SqlStore
from tests.builders import NOON, PORTFOLIO
from tests.engine.worlds import nothing_yet
from tests.policy_files import FILE, ON_BTC, VAR, policy_of
from tests.storage.adopting import adopting, choosing
from tests.storage.adopting import asked as ask
from tests.storage.rows import lease_token

TIGHTER = FILE.replace("hard = 0.06", "hard = 0.05")
LATER = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def portfolio(engines: Engines) -> None:
    with transaction(engines.writer) as connection:
        add_portfolio(connection, PORTFOLIO, at=NOON)


def raising(limit: str = ON_BTC, hard: float = 0.3) -> SetTemporaryLimit:
    return SetTemporaryLimit(
        seq=0, at=NOON, who="", limit=limit, hard=hard, soft=0.2,
        starts=None, expires=LATER, reason="the roll",
    )  # fmt: skip


def asked(engines: Engines, change: Change, who: str = "anna"):
    with transaction(engines.writer) as connection:
        return ask(connection, PORTFOLIO, change, who=who)


def standing(engines: Engines):
    with transaction(engines.reader) as connection:
        return policy_standing(connection, PORTFOLIO, at=NOON)


class Engine:
    """Takes in what waits, cycle by cycle, and saves it."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._store = SqlStore(engines)
        self._token = lease_token(engines, PORTFOLIO)

    def turn(self, at=NOON):
        carried = self._store.load(PORTFOLIO) or nothing_yet(("BTC",))
        actions = SqlActions(self._engines, PORTFOLIO).after(carried.state.action_seq)
        reading = MarketReading(at=at, marks={})
        record = take_cycle(carried, reading, AccountReading(), actions=actions)
        self._store.save(record, token=self._token)
        return record


@pytest.fixture
def engine(engines: Engines) -> Engine:
    return Engine(engines)


def test_a_policy_waits_for_the_engine_and_is_then_in_force(engines, engine):
    assert standing(engines) == (None, None, (), None, {})

    asked(engines, adopting(policy_of(), seen=0))
    waiting = standing(engines)
    engine.turn()
    after = standing(engines)

    assert waiting.in_force is None
    assert waiting.coming == after.in_force == after.coming
    assert waiting.coming == replace(policy_of(), version=1, by="anna")
    assert [action.who for action in waiting.waiting] == ["anna"]
    assert (after.waiting, after.at) == ((), NOON)


def test_every_part_of_a_policy_comes_back_from_the_store(engines, engine):
    asked(engines, adopting(policy_of(), seen=0))
    (action,) = SqlActions(engines, PORTFOLIO).after(0)
    record = engine.turn()
    loaded = SqlStore(engines).load(PORTFOLIO)

    assert action.policy == policy_of()
    assert loaded is not None
    assert loaded.state.policy == record.state.policy == replace(policy_of(), version=1, by="anna")


@pytest.mark.parametrize("taken_in", [False, True])
def test_what_was_compared_before_somebody_else_adopted_is_refused(engines, engine, taken_in):
    asked(engines, adopting(policy_of(), seen=0), who="ben")
    if taken_in:
        engine.turn()

    with pytest.raises(InvalidInput, match=r"1, by ben, is in force.* compare with the"):
        asked(engines, adopting(policy_of(TIGHTER), seen=0))
    asked(engines, adopting(policy_of(TIGHTER), seen=1))


def test_a_temporary_limit_counts_as_a_change_so_that_no_import_undoes_it_unseen(engines, engine):
    asked(engines, adopting(policy_of(), seen=0))
    asked(engines, raising(), who="ben")

    with pytest.raises(InvalidInput, match="version 2, by ben"):
        asked(engines, adopting(policy_of(TIGHTER), seen=1))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (adopting(replace(policy_of(), cluster_correlation=2.0), seen=1), "between 0 and 1"),
        (adopting(policy_of(), seen=1), "nothing would change"),
        (raising("VaR"), "a limit that the policy lacks"),
        (raising(hard=0.1), "needs thresholds"),
        (EndTemporaryLimit(seq=0, at=NOON, who="", limit=ON_BTC), "as defined already"),
    ],
)
def test_what_the_engine_would_refuse_does_not_wait(engines, change, told):
    asked(engines, adopting(policy_of(), seen=0))

    with pytest.raises(InvalidInput, match=told):
        asked(engines, change)
    assert len(SqlActions(engines, PORTFOLIO).after(0)) == 1


def test_nobody_and_no_portfolio_are_refused(engines):
    with pytest.raises(InvalidInput, match="who asks must have a name"):
        asked(engines, adopting(policy_of(), seen=0), who=" ")
    with pytest.raises(UnknownPortfolio), transaction(engines.writer) as connection:
        ask(connection, "dem", adopting(policy_of(), seen=0))
    with pytest.raises(UnknownPortfolio), transaction(engines.reader) as connection:
        policy_history(connection, "dem")


# --- history -------------------------------------------------------------------------------


def test_the_history_tells_what_was_asked_and_what_became_of_it(engines, engine):
    asked(engines, adopting(policy_of(), seen=0))
    asked(engines, choosing("adaptive"))
    asked(engines, raising(), who="ben")
    engine.turn(at=LATER)
    asked(engines, adopting(policy_of(TIGHTER), seen=1), who="cleo")
    with transaction(engines.reader) as connection:
        history = policy_history(connection, PORTFOLIO)

    assert [(entry.action.who, entry.waits) for entry in history] == [
        ("anna", False), ("ben", False), ("cleo", True),
    ]  # fmt: skip
    first, late, waiting = (entry.adopted for entry in history)
    assert first is not None
    assert (first.number, first.action) == (1, 1)
    assert late is None, "by the market's time it had expired when the engine took it in"
    assert waiting is None


def test_every_version_is_made_again_from_what_was_asked(engines, engine):
    asked(engines, adopting(policy_of(), seen=0))
    first = engine.turn().state.policy
    asked(engines, raising())
    second = engine.turn().state.policy
    asked(engines, adopting(policy_of(TIGHTER), seen=2), who="ben")
    third = engine.turn(at=NOON + timedelta(seconds=1)).state.policy
    with transaction(engines.reader) as connection:
        versions = policy_versions(connection, PORTFOLIO)

    assert versions == {1: first, 2: second, 3: third}
    assert third.limit(VAR).version == 2


def test_history_stays_when_the_rules_of_what_may_be_adopted_grow_stricter(
    engines, engine, monkeypatch
):
    asked(engines, adopting(policy_of(), seen=0))
    first = engine.turn().state.policy
    asked(engines, adopting(policy_of(TIGHTER), seen=1))
    second = engine.turn().state.policy

    def refuse(policy: Policy, portfolio: str) -> None:
        raise PolicyInvalid("the book", "may have no policy any more")

    monkeypatch.setattr("risk.policy.adoption.refuse_unsound", refuse)
    with transaction(engines.reader) as connection:
        assert policy_versions(connection, PORTFOLIO) == {1: first, 2: second}


# --- a first policy ------------------------------------------------------------------------


def seeded(engines: Engines) -> bool:
    with transaction(engines.writer) as connection:
        desk = ProposalDesk(connection, PORTFOLIO, at=NOON)
        return desk.seed(policy_of(), who="the demo") is not None


def test_a_book_is_seeded_once(engines, engine):
    assert seeded(engines)
    assert not seeded(engines)
    engine.turn()
    assert not seeded(engines)

    assert standing(engines).in_force.by == "the demo"


def test_where_somebody_asked_for_a_policy_nothing_is_seeded(engines):
    asked(engines, adopting(policy_of(), seen=0))

    assert not seeded(engines)
    assert standing(engines).coming.by == "anna"
