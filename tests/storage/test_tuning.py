"""What is stored of limits and breakers, for a change to be held against: SQLite and Postgres."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from risk.domain.actions import (
    AdoptPolicy,
    ChooseBookModel,
    EndTemporaryLimit,
    SetTemporaryLimit,
)
from risk.domain.events import BreakerReading, LimitUpdated, LimitUtilization
from risk.domain.policy import Policy
from risk.domain.ports import AccountReading, MarketReading
from risk.engine.cycle import take_cycle
from risk.errors import InvalidInput, UnknownPortfolio
from risk.limits.tuning import Levels
from risk.storage.actions import SqlActions
from risk.storage.engines import Engines, transaction
from risk.storage.policies import policy_standing
from risk.storage.portfolios import add_portfolio
from risk.storage.queries import SqlBookReader
from risk.storage.rollups import roll_up
from risk.storage.store import SqlStore
from tests.builders import NOON, PORTFOLIO
from tests.engine.worlds import nothing_yet
from tests.policy_files import BREAKERS, FILE, ON_BTC, VAR, policy_of
from tests.storage.adopting import adopted
from tests.storage.rows import lease_token
from tests.storage.test_queries import reader_of

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
PLAIN = policy_of(FILE[: FILE.index("[[temporary]]")].replace("dynamic = true\n", "") + BREAKERS)
LONG_AGO = NOON - timedelta(days=30)


class Past:
    """A book with a policy and numbers that a test writes."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.store = SqlStore(engines)
        with transaction(engines.writer) as connection:
            add_portfolio(connection, PORTFOLIO, at=LONG_AGO)
        self.token = lease_token(engines, PORTFOLIO)
        self.last: datetime = LONG_AGO

    def adopt(self, policy: Policy, at: datetime) -> None:
        """Let it be in force from `at` on."""
        with transaction(self.engines.writer) as connection:
            adopted(connection, PORTFOLIO, policy)
        self.turn(at)

    def turn(self, at: datetime, *events) -> None:
        carried = self.store.load(PORTFOLIO) or nothing_yet(("BTC",))
        actions = SqlActions(self.engines, PORTFOLIO).after(carried.state.action_seq)
        record = take_cycle(
            carried, MarketReading(at=at, marks={}), AccountReading(), actions=actions
        )
        told = tuple(
            e for e in record.events if not isinstance(e, LimitUtilization | BreakerReading)
        )
        self.store.save(replace(record, events=(*told, *events)), token=self.token)

    def measure(self, at: datetime, used: float | None = None, reading: float | None = None):
        stamp = {"at": at, "portfolio": PORTFOLIO, "cycle": "c"}
        full = LimitUtilization(**stamp, limit=VAR, utilization=used)
        self.turn(
            at,
            full,
            *(
                []
                if reading is None
                else [BreakerReading(**stamp, breaker="market fall", breaker_reading=reading)]
            ),
        )

    @property
    def reader(self) -> SqlBookReader:
        return reader_of(self.engines)

    def preview(self, change, since: datetime = LONG_AGO):
        return self.reader.tuning(PORTFOLIO, change, since=since)

    def adopting(self, policy: Policy) -> AdoptPolicy:
        with transaction(self.engines.reader) as connection:
            coming = policy_standing(connection, PORTFOLIO, at=NOON).coming
        seen = 0 if coming is None else coming.version
        return AdoptPolicy(seq=0, at=NOON, who="anna", policy=policy, seen=seen)


@pytest.fixture
def past(engines: Engines) -> Past:
    return Past(engines)


def with_limit(policy: Policy, name: str = VAR, **changes) -> Policy:
    limits = [replace(each, **changes) if each.name == name else each for each in policy.limits]
    return replace(policy, limits=tuple(limits))


def with_breaker(policy: Policy, name: str = "market fall", **changes) -> Policy:
    found = [replace(each, **changes) if each.name == name else each for each in policy.breakers]
    return replace(policy, breakers=tuple(found))


def test_values_come_from_how_full_it_was_and_what_was_in_force(past: Past) -> None:
    past.adopt(PLAIN, NOON)  # VaR at 6 %
    past.measure(NOON + MINUTE, 0.5)
    past.adopt(with_limit(PLAIN, hard=0.03, soft=0.03), NOON + 2 * MINUTE)
    past.measure(NOON + 3 * MINUTE, 1.0)
    wider = with_limit(PLAIN, hard=0.08, soft=0.02)
    (found,) = past.preview(past.adopting(wider)).limits

    assert found.limit == VAR
    assert found.values.mean.tolist() == pytest.approx([0.03, 0.03])
    assert found.before is not None
    assert found.after is not None
    assert found.before.levels == Levels(0.03, 0.03)
    assert found.after.levels == Levels(0.08, 0.02)
    assert (found.before.soft_crossings, found.after.soft_crossings) == (1, 1)
    assert found.after.peak_used == pytest.approx(0.375)


@pytest.mark.parametrize("rolled", [False, True])
def test_minutes_and_hours_are_the_same_before_and_after_they_are_rolled_up(
    past: Past, engines: Engines, rolled: bool
) -> None:
    past.adopt(PLAIN, NOON)
    for second in (10, 20, 70):
        past.measure(NOON + timedelta(seconds=second), 0.01 * second)
    if rolled:
        roll_up(engines)
    (found,) = past.preview(past.adopting(with_limit(PLAIN, hard=0.05))).limits

    assert found.values.mean.tolist() == pytest.approx([0.009, 0.042])
    assert found.values.most.tolist() == pytest.approx([0.012, 0.042])
    assert found.hours == pytest.approx(70 / 3600)


def test_long_ago_is_kept_by_the_hour(past: Past, engines: Engines) -> None:
    past.adopt(PLAIN, LONG_AGO)
    past.measure(LONG_AGO + MINUTE, 0.5)
    past.measure(LONG_AGO + 2 * MINUTE, 0.6)
    past.measure(NOON, 0.5)
    roll_up(engines)
    (found,) = past.preview(past.adopting(with_limit(PLAIN, hard=0.035))).limits

    assert found.values.most.tolist() == pytest.approx([0.036, 0.03])
    assert found.values.hours[0] == 1.0
    assert found.after is not None
    assert (found.after.crossings, found.after.hours_over_hard) == (1, 0.0)


def test_what_measured_something_else_then_does_not_count(past: Past) -> None:
    other = with_limit(PLAIN, parameters={"confidence": 0.95})
    past.adopt(other, NOON)
    past.measure(NOON + MINUTE, 0.9)
    past.adopt(PLAIN, NOON + 2 * MINUTE)
    (found,) = past.preview(past.adopting(with_limit(PLAIN, hard=0.05))).limits

    assert found.notes == ("nothing is stored of what it would measure",)
    (untold,) = past.preview(past.adopting(other)).untold
    assert untold.entry == f"limit {VAR}: confidence 0.99 -> 0.95"
    assert untold.why == "it would measure something else, of which nothing is stored"


def test_a_dynamic_limit_is_tried_under_the_factor_of_the_time(past: Past) -> None:
    dynamic = with_limit(PLAIN, dynamic=True)
    past.adopt(dynamic, NOON)
    stamp = {"at": NOON + MINUTE, "portfolio": PORTFOLIO, "cycle": "c"}
    halved = LimitUpdated(
        **stamp, limit=VAR, threshold=0.03, previous=0.06, reason="regime", changed_by="rule",
        soft=0.015, previous_soft=0.03,
    )  # fmt: skip
    past.turn(NOON + MINUTE, halved, LimitUtilization(**stamp, limit=VAR, utilization=0.9))
    (found,) = past.preview(past.adopting(with_limit(dynamic, hard=0.04))).limits

    assert found.values.mean.tolist() == pytest.approx([0.027])
    assert found.after is not None
    assert found.after.peak_used == pytest.approx(0.027 / 0.02)


def test_a_temporary_limit_is_tried_in_the_place_of_the_definition(past: Past) -> None:
    past.adopt(PLAIN, NOON)
    past.measure(NOON + MINUTE, 1.1)
    raising = SetTemporaryLimit(
        seq=0, at=NOON, who="anna", limit=VAR, hard=0.08, soft=0.04, starts=None,
        expires=NOON + HOUR, reason="the roll",
    )  # fmt: skip
    preview = past.preview(raising)
    (found,) = preview.limits

    assert preview.untold == ()
    assert found.before is not None
    assert found.after is not None
    assert found.before.refusing_since == NOON + MINUTE
    assert (found.after.levels, found.after.refusing_since) == (Levels(0.08, 0.04), None)


def test_a_breaker_goes_through_what_it_read(past: Past) -> None:
    past.adopt(PLAIN, LONG_AGO)
    for hour, value in enumerate([1.0, 1.6, 1.8, 1.0]):
        past.measure(LONG_AGO + (1 + hour) * HOUR, reading=value)
    roll_up(past.engines)
    (found,) = past.preview(past.adopting(with_breaker(PLAIN, trip=1.5))).breakers

    assert found.readings.most.tolist() == [1.0, 1.6, 1.8, 1.0]
    assert found.before is not None
    assert found.after is not None
    assert found.before.trips == (LONG_AGO + 3 * HOUR,)
    assert found.after.trips == (LONG_AGO + 2 * HOUR,)
    assert "a trip also takes a fall of 2 daily deviations" in found.notes[0]


def test_words_are_nothing_to_try_and_the_rest_is_said(past: Past) -> None:
    past.adopt(PLAIN, NOON)
    words = with_breaker(with_limit(PLAIN, owner="ben"), rationale="Else.")
    assert past.preview(past.adopting(words))[2:] == ((), (), ())

    other = replace(PLAIN, cluster_correlation=0.6)
    (untold,) = past.preview(past.adopting(other)).untold
    assert untold.entry == "clusters: cluster_correlation 0.7 -> 0.6 (tighter)"
    assert "nothing that is stored tells" in untold.why

    without = replace(PLAIN, limits=PLAIN.limits[:-1], breakers=PLAIN.breakers[1:])
    gone = past.preview(past.adopting(without))
    assert [(each.limit, each.after) for each in gone.limits] == [("orders a minute", None)]
    assert [(each.breaker, each.after) for each in gone.breakers] == [("market fall", None)]


def test_a_model_is_compared_elsewhere(past: Past) -> None:
    preview = past.preview(ChooseBookModel(seq=0, at=NOON, who="anna", model="adaptive"))

    assert preview.untold[0].entry == "measure the book by Adaptive history"
    assert "Model health" in preview.untold[0].why


def test_what_the_engine_would_refuse_is_not_tried(past: Past) -> None:
    past.adopt(PLAIN, NOON)
    with pytest.raises(InvalidInput, match="it is as defined already"):
        past.preview(EndTemporaryLimit(seq=0, at=NOON, who="anna", limit=ON_BTC))
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        past.preview(past.adopting(replace(PLAIN, cluster_correlation=2.0)))
    with pytest.raises(UnknownPortfolio):
        past.reader.tuning("dem", past.adopting(PLAIN), since=NOON)
