"""A cycle: what comes after what, and that a world which does not answer loses nothing."""

import json
import math
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from structlog.testing import capture_logs

from risk.domain.actions import (
    BY_SETTING,
    Action,
    ChooseBookModel,
    LatchTrading,
    ResumeTrading,
)
from risk.domain.breakers import BreakerDefinition, Phase
from risk.domain.conduct import Conduct
from risk.domain.events import (
    ActionRefused,
    BookModelChanged,
    ForecastScored,
    LimitUpdated,
    PolicyChanged,
    PortfolioRisk,
    RiskStatus,
    TradingLatched,
    TradingResumed,
)
from risk.domain.ledger import Ledger
from risk.domain.market import DataFault, FaultKind, Period
from risk.domain.messages import OrderBody
from risk.domain.orders import Side
from risk.domain.policy import Policy
from risk.domain.ports import AccountReading, MarketReading
from risk.domain.reductions import Reduction
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.engine import cycle as module
from risk.engine.accounts import JointAccount
from risk.engine.cycle import Cycle, read_account, take_cycle
from risk.engine.gate import Gate
from risk.errors import FeedUnavailable, LeaseLost, StoreUnavailable
from risk.portfolio.forecasting import advance
from risk.stress.matrix import shocks_by
from risk.stress.scenarios import LIVE
from tests.books import BTC, KNOWN, as_close, held, warmed_models
from tests.engine.worlds import (
    BEGIN,
    PORTFOLIO,
    FakeAccount,
    deposit,
    gate_over,
    nothing_yet,
    noting,
    purchase,
    sale_at_work,
)
from tests.fakes import FakeClock
from tests.fakes_executors import FakeExecutor
from tests.fakes_feeds import FakeFeed
from tests.fakes_journal import FakeGateJournal
from tests.fakes_store import FakeActions, FakeLeaseOffice, FakeStore
from tests.policy_files import policy_of
from tests.sanctions import AGREED

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
HOLE = DataFault(kind=FaultKind.HOLE, asset="BTC", at=BEGIN, detail="two bars lack", count=2)


class World:
    """A cycle with everything around it within reach."""

    def __init__(self) -> None:
        self.clock = FakeClock(BEGIN)
        self.office = FakeLeaseOffice(self.clock.now)
        self.feed = FakeFeed(BEGIN)
        self.account = FakeAccount(AccountReading(flows=(deposit(),)))
        self.executor = FakeExecutor()
        self.actions = FakeActions()
        self.model_by_setting = "filtered_evt"
        self.journal = FakeGateJournal(partial(self.office.require, PORTFOLIO))
        self.store = FakeStore(self.office, self.journal)
        self.token = self.office.acquire(PORTFOLIO, "first").token
        self.cycle = self.started()

    def started(self) -> Cycle:
        """A cycle that goes on from what the store holds."""
        carried = self.store.load(PORTFOLIO) or nothing_yet(self.feed.assets)
        self.gate = gate_over(carried, self.journal, self.clock, token=self.token)
        return Cycle(
            feed=self.feed,
            account=self.account,
            executor=self.executor,
            actions=self.actions,
            model_by_setting=self.model_by_setting,
            store=self.store,
            clock=self.clock,
            gate=self.gate,
            carried=carried,
            token=self.token,
        )

    def turn_after(self, passed: timedelta = timedelta(seconds=1)):
        self.clock.advance(passed)
        return self.cycle.turn()

    @property
    def numbers(self) -> list[int]:
        return [record.number for record in self.store.records]

    @property
    def hours(self) -> list:
        return [
            close.opened
            for record in self.store.records
            for close in record.closes
            if close.period is Period.HOUR
        ]


@pytest.fixture
def world() -> World:
    return World()


# --- the order of things -------------------------------------------------------------------


def test_actions_then_market_then_account_then_executor_then_step_then_save(world, monkeypatch):
    happened: list[str] = []
    world.actions.after = noting("actions", happened, world.actions.after)
    world.feed.read = noting("market", happened, world.feed.read)
    world.account.read = noting("account", happened, world.account.read)
    world.executor.execute = noting("executor", happened, world.executor.execute)
    world.gate.tighten = noting("tighten", happened, world.gate.tighten)
    world.store.save = noting("save", happened, world.store.save)
    world.gate.take_in = noting("book", happened, world.gate.take_in)
    world.gate.serve = noting("serve", happened, world.gate.serve)
    monkeypatch.setattr(module, "step", noting("step", happened, module.step))
    before = ["actions", "market", "account", "executor"]

    world.cycle.turn()
    tried_then_booked = [*before, "step", "book", "step", "tighten", "save", "serve"]
    assert happened == tried_then_booked
    happened.clear()
    world.turn_after()

    nothing_to_try = [*before, "book", "step", "tighten", "save", "serve"]
    assert happened == nothing_to_try


def test_what_no_step_can_digest_is_not_booked(world, monkeypatch):
    def choke(*_arguments):
        raise OverflowError("too much")

    world.account.tell(AccountReading(fills=(purchase(),)))
    world.cycle.turn()
    monkeypatch.setattr(module, "step", choke)

    with pytest.raises(OverflowError):
        world.turn_after()
    assert [entry for _, entry in world.journal.entries] == [deposit()]


def test_a_cycle_carries_everything_that_was_read(world):
    market = world.feed.read(BEGIN + HOUR)
    market = replace(market, faults=(HOLE,))
    account = AccountReading(
        flows=(deposit(),), fills=(purchase(),), working_orders={"o1": sale_at_work()}
    )
    record = take_cycle(nothing_yet(world.feed.assets), market, account)
    snapshot = record.snapshot

    assert (record.number, snapshot.id, snapshot.at) == (1, "1", BEGIN + HOUR)
    assert (snapshot.flows, snapshot.fills, snapshot.faults) == (
        (deposit(),), (purchase(),), (HOLE,),
    )  # fmt: skip
    assert snapshot.working_orders == {"o1": sale_at_work()}
    assert snapshot.ledger == Ledger().after_flow(deposit()).after_fill(purchase())
    assert snapshot.models.hour.closed == BEGIN + HOUR
    assert record.closes == market.closes
    assert record.assessment.equity == 10_000.0
    assert record.wall == BEGIN + HOUR, "of a replay, the wall is the market's"


def test_the_bars_of_a_cycle_lead_the_ranges_that_stops_use(world):
    market = world.feed.read(BEGIN + HOUR)
    carried = nothing_yet(world.feed.assets)
    record = take_cycle(carried, market, AccountReading())

    assert market.closes
    assert record.snapshot.closes == market.closes
    assert {asset: known.closed for asset, known in record.state.ranges.items()} == {
        asset: BEGIN + HOUR for close in market.closes for asset in close.bars
    }


def test_the_maintenance_margin_of_the_policy_is_that_of_the_snapshot(world):
    carried = nothing_yet(world.feed.assets)
    policy = Policy(maintenance_margin=0.05)
    strict = replace(carried, state=replace(carried.state, policy=policy))
    record = take_cycle(strict, world.feed.read(BEGIN + HOUR), AccountReading())

    assert record.snapshot.maintenance_margin == 0.05


def test_the_next_cycle_goes_on_from_the_last(world):
    world.account.tell(AccountReading(fills=(purchase(),)))
    first, second = world.cycle.turn(), world.turn_after(HOUR)

    assert (first.number, second.number) == (1, 2)
    assert second.snapshot.ledger.seq == 2
    assert second.state.performance.inception == first.state.performance.inception
    assert world.account.shown[1][1].ledger == first.snapshot.ledger
    assert world.account.shown[1][1].state is first.state
    assert second.snapshot.models.hour.version == first.snapshot.models.hour.version + 1


def test_each_hour_that_closes_reaches_the_regime_once(world):
    records = [world.cycle.turn(), *(world.turn_after(pause) for pause in (HOUR, MINUTE, 2 * HOUR))]

    # Models that knew nothing have no close before the first one.
    assert [record.snapshot.hours for record in records] == [(), (None,), (), (0.0, 0.0)]
    assert [record.state.regime.observed for record in records] == [0, 0, 0, 2]


def test_its_duration_is_from_reading_to_saving(world, monkeypatch):
    def slow_step(*arguments):
        world.clock.advance(0.25)
        return step(*arguments)

    step = module.step
    world.cycle.turn()
    monkeypatch.setattr(module, "step", slow_step)
    record = world.turn_after(MINUTE)

    assert record.duration_ms == pytest.approx(250.0)
    assert record.wall == BEGIN + MINUTE + timedelta(seconds=0.25)


def test_no_number_that_is_written_is_nan(world):
    """Of an empty book, a funded one, and one whose model has seen too little."""
    world.account.tell(AccountReading(fills=(purchase(), purchase("ETH", name="f2"))))
    for _ in range(3):
        world.turn_after(HOUR)

    for record in world.store.records:
        told = [*record.events, record.assessment, record.state]
        numbers = [leaf for each in told for leaf in _leaves(each) if isinstance(leaf, float)]
        assert len(numbers) > 10
        assert all(map(math.isfinite, numbers))


def _leaves(value: object):
    if is_dataclass(value):
        value = {spec.name: getattr(value, spec.name) for spec in fields(value)}
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, np.ndarray):
        value = value.ravel().tolist()
    if isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


# --- a store that does not answer ----------------------------------------------------------


def test_a_cycle_that_was_not_saved_is_saved_next_and_nothing_is_read_meanwhile(world):
    world.store.fail_with = StoreUnavailable("the database is away")
    read: list[str] = []
    world.feed.read = noting("market", read, world.feed.read)

    assert world.cycle.turn() is None
    record = world.turn_after(MINUTE)

    assert read == ["market"]
    assert (record.number, record.snapshot.at) == (1, BEGIN)
    assert len(world.account.shown) == 1
    assert world.numbers == [1]


def test_a_database_that_falls_silent_before_the_first_answer_does_not_end_the_engine(world):
    """What was sent before a restart is asked for when the first cycle is served."""
    let_through_since = world.journal.let_through_since

    def silent(_at):
        world.journal.let_through_since = let_through_since
        raise StoreUnavailable("away")

    world.journal.let_through_since = silent

    assert world.cycle.turn() is None
    assert world.turn_after().number == 1
    assert world.gate.view().state.cycle == 1
    assert world.turn_after().number == 2


def test_a_cycle_that_waited_for_the_database_is_as_old_as_its_prices(world):
    """Else the first orders after an outage would be let in on prices of before it."""
    world.store.fail_with = StoreUnavailable("the database is away")
    assert world.cycle.turn() is None
    world.turn_after(MINUTE)

    assert world.gate.view().snapshot_age == MINUTE.total_seconds()
    assert not world.gate.view().fresh
    world.turn_after()
    assert world.gate.view().snapshot_age == 0.0
    assert world.gate.view().fresh


def test_a_cycle_that_is_tried_again_loses_no_order_that_was_counted(world, monkeypatch):
    counted = {"trend": Conduct(asked=3, refused=1)}
    monkeypatch.setattr(Gate, "conduct", property(lambda gate: counted))
    world.account.fail_with = FeedUnavailable("no account")
    assert world.cycle.turn() is None
    world.store.fail_with = StoreUnavailable("away")
    assert world.cycle.turn() is None

    assert world.turn_after().snapshot.conduct == counted


def test_trades_that_ended_are_told_once_also_by_the_first_cycle_after_a_crash(world):
    """What was booked and not told yet is in the ledger already; the trade is not."""
    world.account.tell(AccountReading(fills=(purchase(quantity=2.0),)))
    sale = replace(purchase(quantity=2.0, name="f2"), side=Side.SELL, price=90.0)
    world.account.tell(AccountReading(fills=(sale,)))
    world.cycle.turn()
    world.turn_after()
    world.store.fail_with = StoreUnavailable("away")
    assert world.turn_after() is None

    world.cycle = world.started()
    record = world.turn_after()

    assert [trade.profit for trade in record.snapshot.trades] == [-20.0]
    assert world.turn_after().snapshot.trades == ()


def test_a_save_that_arrived_though_nobody_heard_is_not_repeated(world):
    """6 to 16 in a hundred killed transactions were committed."""
    save = world.store.save

    def saved_but_unheard(record, *, token):
        save(record, token=token)
        world.store.save = save
        raise StoreUnavailable("the answer was lost")

    world.store.save = saved_but_unheard

    assert world.cycle.turn() is None
    assert world.turn_after().number == 1
    assert world.turn_after().number == 2
    assert world.numbers == [1, 2]


def test_numbers_never_skip_however_often_the_store_is_away(world):
    for number in range(40):
        world.store.fail_with = StoreUnavailable("away") if number % 3 else None
        world.turn_after(7 * MINUTE)

    assert world.numbers == list(range(1, len(world.numbers) + 1))
    assert len(world.numbers) > 10
    assert world.hours == [BEGIN + i * HOUR for i in range(len(world.hours))]
    assert len(world.hours) >= 3
    assert sum(len(record.snapshot.flows) for record in world.store.records) == 1


def test_a_restart_goes_on_with_the_next_number(world):
    world.cycle.turn()
    world.cycle = world.started()

    assert world.turn_after().number == 2
    assert world.store.records[1].snapshot.ledger.cash == 10_000.0


def test_a_lost_lease_is_not_survived(world):
    world.cycle.turn()
    world.clock.advance(MINUTE)
    world.office.acquire(PORTFOLIO, "second")

    with pytest.raises(LeaseLost):
        world.cycle.turn()
    assert world.numbers == [1]


# --- a market or an account that does not answer -------------------------------------------


def test_a_market_that_does_not_answer_costs_a_turn_and_nothing_else(world):
    world.cycle.turn()
    read = world.feed.read

    def fail(_at):
        world.feed.read = read
        raise FeedUnavailable("no market")

    world.feed.read = fail

    assert world.turn_after(HOUR) is None
    assert world.turn_after().number == 2
    assert world.hours == [BEGIN]


def test_bars_read_before_the_account_failed_are_not_lost(world):
    world.cycle.turn()
    for _ in range(3):
        world.account.fail_with = FeedUnavailable("no account")
        assert world.turn_after(HOUR) is None
    record = world.turn_after()

    assert [close.opened for close in record.closes] == [BEGIN + i * HOUR for i in range(3)]
    assert record.snapshot.models.hour.closed == BEGIN + 3 * HOUR
    assert world.turn_after().closes == (), "and they are told once"


def test_faults_found_before_the_account_failed_are_told(world):
    read = world.feed.read

    def once_with_a_fault(at):
        world.feed.read = read
        return replace(read(at), faults=(HOLE,))

    world.feed.read = once_with_a_fault
    world.account.fail_with = FeedUnavailable("no account")
    assert world.cycle.turn() is None

    assert world.turn_after().snapshot.faults == (HOLE,)


def test_bars_outlive_a_market_that_fails_after_the_account_did(world):
    world.cycle.turn()
    world.account.fail_with = FeedUnavailable("no account")
    assert world.turn_after(HOUR) is None
    read, world.feed.read = world.feed.read, _failing
    assert world.turn_after(MINUTE) is None
    world.feed.read = read

    assert [close.opened for close in world.turn_after().closes] == [BEGIN]


def _failing(_at):
    raise FeedUnavailable("no market")


# --- clocks --------------------------------------------------------------------------------


def test_time_stands_still_while_the_clock_is_behind(world):
    world.turn_after(HOUR)
    last = world.clock.now()
    world.clock.set(last - timedelta(seconds=60))
    records = [world.cycle.turn()] + [world.turn_after(timedelta(seconds=20)) for _ in range(4)]

    assert [record.snapshot.at - last for record in records] == [
        timedelta(0), timedelta(0), timedelta(0), timedelta(0), timedelta(seconds=20),
    ]  # fmt: skip
    assert world.numbers == [1, 2, 3, 4, 5, 6]


def test_a_restart_before_the_last_time_does_not_go_back(world):
    world.turn_after(HOUR)
    last = world.clock.now()
    world.clock.set(last - HOUR)
    world.cycle = world.started()

    assert world.cycle.turn().snapshot.at == last


def test_a_clock_set_forward_closes_the_bars_in_between(world):
    world.cycle.turn()
    world.clock.set(BEGIN + 3 * HOUR)

    assert [close.opened for close in world.cycle.turn().closes] == [
        BEGIN, BEGIN + HOUR, BEGIN + 2 * HOUR,
    ]  # fmt: skip
    assert world.turn_after().closes == ()


def test_the_wall_that_is_noted_is_the_clock_s(world):
    world.clock.step_wall(-MINUTE)

    record = world.cycle.turn()

    assert (record.snapshot.at, record.wall) == (BEGIN, BEGIN - MINUTE)


# --- several accounts ----------------------------------------------------------------------


def test_accounts_are_read_as_one_in_their_order(world):
    market = world.feed.read(BEGIN)
    first = FakeAccount(AccountReading(flows=(deposit(),), working_orders={"a": sale_at_work("a")}))
    second = FakeAccount(
        AccountReading(fills=(purchase(),), working_orders={"b": sale_at_work("b")})
    )
    reading = JointAccount([first, second]).read(market, nothing_yet(world.feed.assets))

    assert (reading.flows, reading.fills) == ((deposit(),), (purchase(),))
    assert sorted(reading.working_orders) == ["a", "b"]


def test_each_account_sees_what_those_before_it_had_to_say(world):
    """So that a desk does not pay in again what somebody else has paid in."""
    market = world.feed.read(BEGIN)
    first = FakeAccount(AccountReading(flows=(deposit(),), fills=(purchase(),)))
    second = FakeAccount()
    carried = nothing_yet(world.feed.assets)
    JointAccount([first, second]).read(market, carried)
    ((_, then),) = second.shown

    assert first.shown == [(market, carried)]
    assert then.ledger == Ledger().after_flow(deposit()).after_fill(purchase())
    assert then.state is carried.state


# --- reductions ----------------------------------------------------------------------------


def too_much(world, target: float = 4.0):
    """The book holds ten and is asked to hold `target`."""
    key = purchase().key
    asked = Reduction("1-1", key, target, "a test", BEGIN + HOUR, BEGIN)
    world.account.tell(AccountReading(flows=(deposit(),), fills=(purchase(),)))
    carried = nothing_yet(world.feed.assets)
    state = replace(carried.state, policy=Policy(), reductions={key: asked})
    return replace(carried, state=state), asked


def test_the_executor_acts_on_what_the_last_cycle_left_unmet_and_sees_what_the_account_told(world):
    carried, asked = too_much(world)
    account = FakeAccount(AccountReading(flows=(deposit(),), fills=(purchase(),)))
    reading = read_account(account, world.executor, world.feed.read(BEGIN), carried)
    ((reductions, ledger),) = world.executor.shown

    assert reductions == (asked,)
    assert ledger == Ledger().after_flow(deposit()).after_fill(purchase())
    assert [fill.signed_quantity for fill in reading.fills] == [10.0, -6.0]
    assert reading.flows == (deposit(),)


def test_the_executor_is_not_asked_about_a_position_that_has_turned_round_since(world):
    """What an agent went short of is not what was to be closed."""
    carried, asked = too_much(world, target=0.0)
    told = {asked.key: 10.0}
    carried = replace(
        carried,
        state=replace(carried.state, positions_told=told),
        ledger=Ledger().after_flow(deposit()).after_fill(purchase()),
    )
    turned = replace(purchase(), id="turned", side=Side.SELL, quantity=14.0)
    account = FakeAccount(AccountReading(fills=(turned,)))

    reading = read_account(account, world.executor, world.feed.read(BEGIN), carried)

    assert reading.fills == (turned,)


def test_a_reduction_that_was_done_in_part_stays_and_one_that_was_done_is_over(world):
    carried, asked = too_much(world)
    world.account = FakeAccount(AccountReading(flows=(deposit(),), fills=(purchase(),)))
    world.executor.share = 0.5
    world.store.load = lambda _: carried
    world.cycle = world.started()
    half, whole = world.cycle.turn(), world.turn_after()
    world.executor.share = 1.0
    done, quiet = world.turn_after(), world.turn_after()

    assert half.state.reductions == {asked.key: asked}
    assert half.snapshot.ledger.positions[asked.key].quantity == 7.0
    assert whole.snapshot.ledger.positions[asked.key].quantity == 5.5
    assert done.snapshot.ledger.positions[asked.key].quantity == 4.0
    assert done.state.reductions == quiet.state.reductions == {}
    assert quiet.snapshot.fills == ()


# --- what people ask -----------------------------------------------------------------------


def changes_of(record) -> list[tuple[str, str, str]]:
    events = [event for event in record.events if isinstance(event, BookModelChanged)]
    return [(event.previous, event.model, event.by) for event in events]


def test_a_choice_is_taken_in_once_told_and_outlasts_a_restart(world):
    world.cycle.turn()
    world.actions.choose("historical_250")
    changed, quiet = world.turn_after(MINUTE), world.turn_after(MINUTE)
    world.model_by_setting = "parametric_t"
    world.cycle = world.started()
    restarted = world.turn_after(HOUR)

    assert changes_of(changed) == [("filtered_evt", "historical_250", "anna")]
    assert changed.snapshot.action_seq == changed.state.action_seq == 1
    assert changed.state.book_model == ("historical_250", "anna", BEGIN + MINUTE)
    assert changed.snapshot.models.hour.spec.method == "filtered_historical"
    for record in (quiet, restarted):
        assert changes_of(record) == []
        assert record.snapshot.models.day.spec.method == "historical_250"
        assert record.state.book_model == changed.state.book_model


def test_choices_made_while_the_engine_was_away_wait_and_the_last_one_stands(world):
    world.actions.choose("historical_250")
    world.actions.choose("adaptive", who="ben")
    record = world.cycle.turn()

    assert changes_of(record) == [
        ("filtered_evt", "historical_250", "anna"),
        ("historical_250", "adaptive", "ben"),
    ]
    assert record.snapshot.models.day.spec.method == "adaptive"
    assert record.state.action_seq == 2


def test_a_choice_that_cannot_be_is_told_and_not_asked_for_again(world):
    world.actions.choose("oracle")
    first, second = world.cycle.turn(), world.turn_after(MINUTE)

    (refused,) = [event for event in first.events if isinstance(event, ActionRefused)]
    assert (refused.by, refused.reason) == ("anna", "no model of a book is called oracle")
    assert first.state.action_seq == 1
    assert not [event for event in second.events if isinstance(event, ActionRefused)]


def test_a_policy_is_taken_in_once_told_and_outlasts_a_restart(world):
    world.cycle.turn()
    world.actions.adopt(policy_of())
    changed, quiet = world.turn_after(MINUTE), world.turn_after(MINUTE)
    world.cycle = world.started()
    restarted = world.turn_after(MINUTE)

    told = [e for e in changed.events if isinstance(e, PolicyChanged | LimitUpdated)]
    assert [type(event) for event in told] == [PolicyChanged] + [LimitUpdated] * 5
    assert changed.state.policy.version == 1
    assert changed.state.action_seq == 1
    for record in (quiet, restarted):
        assert record.state.policy == changed.state.policy
        assert not [e for e in record.events if isinstance(e, PolicyChanged | LimitUpdated)]


def test_of_two_policies_compared_with_the_same_one_the_first_is_adopted(world):
    world.actions.adopt(policy_of())
    world.actions.adopt(Policy(), who="ben")
    record = world.cycle.turn()

    assert record.state.policy.by == "anna"
    (refused,) = [event for event in record.events if isinstance(event, ActionRefused)]
    assert (refused.by, refused.asked) == ("ben", "adopt a policy of 0 limits")


def test_a_policy_and_a_model_asked_for_together_are_both_taken_in(world):
    world.actions.adopt(policy_of())
    world.actions.choose("historical_250", who="ben")
    record = world.cycle.turn()

    assert record.state.policy.version == 1
    assert record.state.book_model.name == "historical_250"


BOOK = Scope(ScopeKind.PORTFOLIO, PORTFOLIO)


def halting(seq: int, scope: Scope = BOOK) -> LatchTrading:
    return LatchTrading(
        seq=seq, at=BEGIN, who="ana", scope=scope, state=TradingState.HALTED,
        reason="fat finger", id=f"latch-{seq}",
    )  # fmt: skip


def told_of_trading(record) -> list[str]:
    kinds = TradingLatched | TradingResumed | RiskStatus | ActionRefused
    return [type(event).__name__ for event in record.events if isinstance(event, kinds)]


def test_a_halt_is_told_to_people_by_a_notice_of_its_cycle(world):
    world.cycle.turn()
    world.actions.asked.append(halting(1))

    halted, quiet = world.turn_after(MINUTE), world.turn_after(MINUTE)

    (notice,) = halted.notices
    assert notice.subject == f"HALTED: portfolio {PORTFOLIO}, by ana"
    assert notice.id.startswith(f"{halted.number}-")
    assert quiet.notices == ()


def test_a_fault_in_putting_it_into_words_keeps_neither_the_cycle_nor_the_halt_from_holding(
    world, monkeypatch
):
    def at_a_loss(_event, _place):
        raise KeyError("no word for it")

    monkeypatch.setattr(module, "notice_of", at_a_loss)
    world.cycle.turn()
    world.actions.asked.append(halting(1))
    with capture_logs() as told:
        halted = world.turn_after(MINUTE)

    assert world.store.records[-1] is halted
    assert BOOK in halted.state.latches
    assert len(halted.notices) == len(halted.events)
    (notice,) = (one for one in halted.notices if one.subject.startswith("TradingLatched"))
    assert notice.subject == f"TradingLatched: portfolio {PORTFOLIO}"
    assert notice.body.startswith("Why: fat finger\n")
    failed = [line["kind"] for line in told if line["event"] == "notice_failed"]
    assert "TradingLatched" in failed


def test_a_halt_is_taken_in_once_outlasts_a_restart_and_moves_no_peak(world):
    before = world.cycle.turn()
    world.actions.asked.append(halting(1))
    halted, quiet = world.turn_after(MINUTE), world.turn_after(MINUTE)
    world.cycle = world.started()
    restarted = world.turn_after(MINUTE)

    assert told_of_trading(halted) == ["TradingLatched", "RiskStatus"]
    for record in (halted, quiet, restarted):
        standing = record.state.standing()
        assert (standing.state, standing.since) == (TradingState.HALTED, BEGIN + MINUTE)
        assert standing.cause == "halted by ana: fat finger"
        assert record.state.latches[BOOK].since == BEGIN + MINUTE
        assert record.state.performance.peak == before.state.performance.peak
    assert told_of_trading(quiet) == told_of_trading(restarted) == []


def test_who_resumes_names_the_latch_that_was_seen(world):
    before = world.cycle.turn()
    world.actions.asked.append(halting(1))
    world.turn_after(MINUTE)
    resuming = ResumeTrading(seq=3, at=BEGIN, who="ben", scope=BOOK, reason="checked", seen=1)
    world.actions.asked += [halting(2), resuming]
    refused = world.turn_after(MINUTE)
    world.actions.asked.append(replace(resuming, seq=4, seen=2))
    resumed = world.turn_after(MINUTE)

    assert told_of_trading(refused) == ["ActionRefused", "TradingLatched"]
    assert refused.state.latches[BOOK].action == 2
    assert told_of_trading(resumed) == ["TradingResumed", "RiskStatus"]
    assert resumed.state.latches == {}
    assert resumed.state.standing().state is before.state.standing().state


def test_an_action_that_nothing_applies_is_an_error_not_a_silence(world):
    @dataclass(frozen=True, kw_only=True)
    class Dance(Action):
        pass

    dance = Dance(seq=1, at=BEGIN, who="anna")
    market = MarketReading(at=BEGIN, marks={})
    with pytest.raises(TypeError, match="nothing applies an action of kind Dance"):
        take_cycle(nothing_yet(KNOWN), market, AccountReading(), actions=[dance])


def test_the_setting_measures_a_book_for_which_nobody_chose(world):
    first = world.cycle.turn()
    world.model_by_setting = "parametric_t"
    world.cycle = world.started()
    second = world.turn_after(MINUTE)

    assert first.state.book_model == ("filtered_evt", BY_SETTING, None)
    assert changes_of(second) == [("filtered_evt", "parametric_t", BY_SETTING)]
    assert second.state.book_model == ("parametric_t", BY_SETTING, BEGIN + MINUTE)


def test_while_actions_cannot_be_read_there_is_no_cycle_and_nothing_is_lost(world):
    world.actions.fail_with = StoreUnavailable("the database is away")
    read: list[str] = []
    world.feed.read = noting("market", read, world.feed.read)

    assert world.cycle.turn() is None
    assert read == []
    assert world.turn_after(HOUR).number == 1


def test_the_running_forecast_is_scored_as_what_it_was():
    model = warmed_models().day
    made = advance(model, as_close(KNOWN, [60_000.0, 2_600.0, 130.0, 0.8]), {BTC: 1e5})
    carried = replace(
        nothing_yet(KNOWN), models=warmed_models().with_model(made), ledger=held(BTC, 1e5)
    )
    close = as_close(KNOWN, [30_000.0, 2_600.0, 130.0, 0.8], opened=made.closed)
    choice = ChooseBookModel(
        seq=1, at=BEGIN, who="anna", model="filtered_historical", sanction=AGREED
    )
    market = MarketReading(at=close.closed, marks={}, closes=(close,))
    record = take_cycle(carried, market, AccountReading(), actions=[choice])

    (score,) = record.snapshot.scores
    assert score.method == made.forecast.method == "filtered_evt"
    assert score.var.tolist() == made.forecast.var.tolist()
    assert record.snapshot.models.day.forecast.method == "filtered_historical"
    (told,) = [event for event in record.events if isinstance(event, ForecastScored)]
    assert told.model == "filtered_evt"


# --- stress --------------------------------------------------------------------------------


def test_a_cycle_carries_the_shocks_of_its_day_model(world):
    record = world.cycle.turn()
    shocks, expected = record.snapshot.shocks, shocks_by(record.snapshot.models.day)

    assert shocks.scenarios == tuple(scenario.id for scenario in LIVE)
    np.testing.assert_array_equal(shocks.returns, expected.returns)
    np.testing.assert_array_equal(shocks.sources, expected.sources)


def test_shocks_are_worked_out_anew_where_the_day_model_changed_and_nowhere_else(world):
    snapshots = [world.turn_after(HOUR).snapshot for _ in range(25)]

    changed = [a.models.day is not b.models.day for a, b in pairwise(snapshots)]

    assert changed == [a.shocks is not b.shocks for a, b in pairwise(snapshots)]
    assert sum(changed) == 1, "a day closed once"


def test_shocks_are_worked_out_anew_after_a_start(world):
    before = world.cycle.turn()
    world.cycle = world.started()
    after = world.turn_after()

    assert after.snapshot.shocks is not before.snapshot.shocks
    np.testing.assert_array_equal(after.snapshot.shocks.returns, before.snapshot.shocks.returns)


def test_the_worst_stress_is_measured_named_and_told_with_its_proxies(world):
    world.account.tell(AccountReading(fills=(purchase(),)))
    world.turn_after()
    record = world.turn_after()
    held = record.assessment.held
    told = next(event for event in record.events if isinstance(event, PortfolioRisk))

    assert held.stress_scenario == "bubble_2018"
    assert held.stress_loss == pytest.approx(0.637 * held.exposure.gross)
    assert told.stress_loss == pytest.approx(held.stress_loss / record.assessment.equity)
    assert held.stress_proxies == ()


# --- trips ---------------------------------------------------------------------------------


def breaking(world: World) -> None:
    """A book that holds ten coins, under a breaker that trips once 1 % is lost in a day."""
    loss = BreakerDefinition(
        name="daily loss",
        kind="daily_loss",
        scope=Scope(ScopeKind.PORTFOLIO, PORTFOLIO),
        trip=0.01,
        release=0.005,
        state=TradingState.HALTED,
        greatest_hours=36.0,
    )
    world.account.tell(AccountReading(fills=(purchase(),)))
    world.actions.adopt(Policy(breakers=(loss,)))
    world.cycle.turn()
    world.turn_after(MINUTE)


def state_told(world: World) -> str:
    """The trading state that an order is told now."""
    order = OrderBody(
        client_order_id=f"asked {world.clock.now()}",
        portfolio=PORTFOLIO,
        strategy="trend",
        asset="BTC",
        side=Side.BUY,
        quantity=1.0,
        venue="sim-a",
    )
    future = world.gate.validate_order(order, sender="agent", may_emergency=False)
    world.gate.take_in(AccountReading())
    return str(json.loads(future.result(timeout=0))["trading_state"])


@pytest.mark.parametrize("broken", ["card", "notice", "metrics", "disk"])
def test_a_trip_latches_whatever_fails_after_it(world, monkeypatch, broken):
    def fault(*_arguments, **_named):
        raise StoreUnavailable("disk full") if broken == "disk" else ZeroDivisionError(broken)

    breaking(world)
    assert state_told(world) == "REDUCE_ONLY", "so young a market cannot be measured"
    world.feed.price["BTC"] = 70.0
    places = {"card": "risk.engine.cards.card_of", "notice": "risk.engine.cycle.notice_of"}
    if broken in places:
        monkeypatch.setattr(places[broken], fault)
    else:
        monkeypatch.setattr(world.store, "save", fault)

    with pytest.raises(ZeroDivisionError) if broken == "metrics" else nullcontext():
        world.turn_after(MINUTE)

    assert state_told(world) == "HALTED"
    monkeypatch.undo()
    world.cycle.turn()
    assert world.store.records[-1].state.breakers.states["daily loss"].phase is Phase.TRIPPED
    world.cycle = world.started()
    world.turn_after(MINUTE)
    assert state_told(world) == "HALTED"
