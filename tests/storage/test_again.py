"""An answer or trip worked out again is the same; one that was bent is told, by its check."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.domain.actions import OverrideBreaker
from risk.domain.breakers import BreakerDefinition
from risk.domain.events import BreakerActivated
from risk.domain.overrides import OverrideKind
from risk.domain.policy import Policy
from risk.domain.ports import AccountReading, CycleRecord
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.errors import InvalidInput
from risk.storage import codec
from risk.storage.actions import SqlActions, put_action
from risk.storage.again import Again, order_again, trip_again
from risk.storage.decisions import SqlGateJournal
from risk.storage.engines import Engines, open_engines, transaction
from risk.storage.portfolios import add_portfolio
from risk.storage.store import SqlStore
from risk.stress.matrix import shocks_by
from tests.books import BTC, ETH, NOW, SOL, book_of
from tests.engine.gates import VENUE, GateWorld, body_of, slice_of
from tests.engine.gates import measurable as measurable_policy
from tests.policies import definition
from tests.storage.rows import lease_token, read, without_triggers, write

BOOK = "demo"
HELD = 100_000.0


class KeptWorld(GateWorld):
    """A gate whose cycles and answers are kept in a database."""

    def __init__(self, engines: Engines, policy: Policy | None = None) -> None:
        with transaction(engines.writer) as connection:
            add_portfolio(connection, BOOK, at=NOW)
        self.engines = engines
        token = lease_token(engines, BOOK)
        self.store = SqlStore(engines)
        self.actions = SqlActions(engines, BOOK)
        held = book_of({PositionKey("trend", BTC, VENUE): HELD})
        journal = SqlGateJournal(engines, BOOK)
        super().__init__(replace(held, seq=0), policy, journal=journal, token=token)
        self.store.save(self.record, token=token)

    def cycle(self, *overrides: OverrideBreaker) -> None:
        before = self.record.state
        self.record = self.measured(overrides)
        tripped = bool(self.record.episodes)
        kept = replace(self.record, before=before if tripped else None)
        self.store.save(kept, token=self.token)
        self.gate.serve(self.record)

    def measured(self, overrides: tuple[OverrideBreaker, ...] = ()) -> CycleRecord:
        ledger, told = self.gate.take_in(AccountReading())
        number = self.record.number + 1
        snapshot = replace(
            self._snapshot(ledger, number),
            fills=told.fills,
            flows=told.flows,
            conduct=self.gate.conduct,
            overrides=overrides,
        )
        return self._record(replace(self.record.state, policy=self.policy), snapshot, number)

    def _snapshot(self, *arguments: Any) -> Snapshot:
        # What is kept of a snapshot has no shocks: they follow from its model.
        found = super()._snapshot(*arguments)
        return replace(found, shocks=shocks_by(found.models.day))

    def again(self, name: str) -> Again:
        self.write()
        with transaction(self.engines.reader) as connection:
            return order_again(connection, BOOK, name)

    def trip_again(self, episode: str) -> Again:
        with transaction(self.engines.reader) as connection:
            return trip_again(connection, BOOK, episode)


@pytest.fixture
def world(sqlite: Engines) -> KeptWorld:
    world = KeptWorld(sqlite)
    world.cycle()
    return world


def told(again: Again) -> tuple[str, str]:
    return again.result, again.why_not


def differing(again: Again) -> list[str]:
    assert again.comparison is not None
    return [each.what for each in again.comparison.differences]


# --- orders --------------------------------------------------------------------------------


def test_every_verdict_is_the_same_to_the_last_digit(engines: Engines):
    world = KeptWorld(engines)
    world.cycle()
    world.ask(body_of("fits"))
    world.ask(body_of("too much", value=1e9))
    world.ask(body_of("smaller", value=-0.5 * HELD))
    world.ask(body_of("unheard of", strategy="nobody"))

    for name in ("fits", "too much", "smaller", "unheard of"):
        again = world.again(name)
        assert told(again) == ("same", "")
        assert again.comparison is not None
        assert again.comparison.exact
        assert again.comparison.checks > 0
        assert again.entry is not None


@pytest.fixture(scope="module")
def shared(tmp_path_factory: Any, sqlite_template: Any) -> Any:
    path = tmp_path_factory.mktemp("again") / "seawall.db"
    path.write_bytes(sqlite_template.read_bytes())
    engines = open_engines(f"sqlite:///{path}")
    world = KeptWorld(engines)
    world.cycle()
    yield world, iter(range(1_000_000))
    engines.dispose()


@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([BTC, ETH, SOL]),
            st.sampled_from(["trend", "dip", "noise"]),
            st.floats(-3.0, 3.0).map(lambda power: 10.0 ** (4.0 + power / 2.0)),
            st.sampled_from([1.0, -1.0]),
            st.sampled_from(["nothing", "fill", "cycle", "market"]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_is_asked_the_same_comes_of_it(shared: tuple[KeptWorld, Iterator[int]], course):
    """Between cycles, after fills, in a market that moves."""
    world, numbers = shared
    names = []
    for asset, strategy, size, sign, then in course:
        name = f"o{next(numbers)}"
        answer = world.ask(body_of(name, asset, sign * size, strategy=strategy))
        names.append(name)
        if then == "fill" and answer["quantity"] > 0.0:
            world.fill(name, 0.5 * answer["quantity"], f"f{name}")
        if then == "market":
            world.prices[asset] *= 1.01
        if then in ("cycle", "market"):
            world.clock.advance(timedelta(seconds=1))
            world.cycle()

    for name in names:
        again = world.again(name)
        assert (told(again), again.comparison.differences) == (("same", ""), ())


def test_a_hold_that_came_between_two_cycles_is_taken_into_account(world: KeptWorld):
    world.gate.latch(
        Scope(ScopeKind.STRATEGY, "trend"),
        TradingState.HALTED,
        who="ana",
        reason="look",
        latch_id="l1",
    )
    world.write()
    world.gate.take_actions(world.actions.after(0))
    answer = world.ask(body_of("late"))

    again = world.again("late")

    assert (answer["verdict"], answer["trading_state"]) == ("reject", "HALTED")
    assert (told(again), again.notes) == (("same", ""), ())


def test_a_hold_without_a_number_is_assumed_and_said(world: KeptWorld):
    """It is obeyed in memory first; the answer cannot name it."""
    world.gate.latch(
        Scope(ScopeKind.STRATEGY, "trend"),
        TradingState.HALTED,
        who="ana",
        reason="look",
        latch_id="l1",
    )
    world.ask(body_of("at once"))

    again = world.again("at once")

    assert told(again) == ("same", "")
    assert again.notes == ("a hold was obeyed that was not written down yet",)


def test_what_the_next_cycle_tightened_is_assumed_and_said(sqlite: Engines):
    world = KeptWorld(sqlite, breaking())
    world.cycle()
    world.prices[BTC] *= 0.5
    world.gate.tighten(world.measured())
    world.ask(body_of("meanwhile"))
    world.cycle()

    again = world.again("meanwhile")

    assert told(again) == ("same", "")
    assert again.notes == ("what the next cycle tightened was obeyed before that was saved",)


def test_an_override_that_came_between_two_cycles_is_taken_into_account(tripped: KeptWorld):
    word = OverrideBreaker(
        seq=1,
        at=NOW,
        who="ana",
        breaker="daily loss",
        kind=OverrideKind.STEP_DOWN,
        expires=NOW + timedelta(hours=1),
        reason="a bad print",
        size=0.5,
        seen_episode="daily loss/3",
    )
    with transaction(tripped.engines.writer) as connection:
        put_action(connection, BOOK, word)
    tripped.gate.take_actions(tripped.actions.after(0))
    answer = tripped.ask(body_of("through", value=400.0))

    again = tripped.again("through")

    assert answer["verdict"] == "resize"
    assert (told(again), again.notes) == (("same", ""), ())


def test_what_only_the_moment_knew_is_taken_from_the_answer_and_told(world: KeptWorld):
    world.clock.advance(timedelta(minutes=5))
    world.ask(body_of("on an old snapshot"))

    again = world.again("on an old snapshot")

    assert told(again) == ("same", "")
    assert again.comparison is not None
    assert again.comparison.given == ("snapshot_stale",)


@pytest.mark.parametrize("believed", [True, False])
def test_a_claim_to_be_an_emergency_is_tried_both_ways(world: KeptWorld, believed: bool):
    """Whether the key may say so is not kept."""
    world.gate.latch(
        Scope(ScopeKind.PORTFOLIO, BOOK),
        TradingState.HALTED,
        who="ana",
        reason="look",
        latch_id="l1",
    )
    world.write()
    world.gate.take_actions(world.actions.after(0))
    body = body_of("out", value=-0.5 * HELD, emergency=True)
    world.gate.validate_order(body, sender="desk", may_emergency=believed)

    again = world.again("out")

    assert told(again) == ("same", "")
    assert (again.notes == ("its claim to be an emergency was believed",)) is believed


def test_orders_sent_before_count_as_they_did(sqlite: Engines):
    rate = definition("order_rate", hard=2.0, parameters={"seconds": 60.0})
    policy = measurable_policy()
    world = KeptWorld(sqlite, replace(policy, limits=(*policy.limits, rate)))
    world.cycle()
    answers = [world.ask(body_of(f"o{n}", value=50.0 + n))["verdict"] for n in range(4)]

    assert answers == ["approve", "approve", "reject", "reject"]
    assert [world.again(f"o{n}").result for n in range(4)] == ["same"] * 4


def test_a_slice_is_worked_out_as_the_order_that_it_is_judged_as(world: KeptWorld):
    world.lend(slice_of("lease:1"))

    again = world.again("lease:1")

    assert told(again) == ("same", "")


def test_an_order_made_of_a_slice_was_never_judged(world: KeptWorld):
    world.lend(slice_of("lease:1"))
    world.lend(slice_of(None, settles="lease:1", spent={"a": 0.001}))

    assert told(world.again("a")) == (
        "not comparable",
        "it was made of a slice of room, unasked; work out the slice again instead",
    )


# --- what was bent -------------------------------------------------------------------------


def test_an_answer_that_is_not_the_one_that_was_journalled_is_told(world: KeptWorld):
    world.ask(body_of("o1", value=1e9))
    write(world.engines, "UPDATE decision SET answer = replace(answer, 'true', 'false')")

    again = world.again("o1")

    assert (again.result, differing(again)) == ("differs", ["the answer that is kept"])


def test_an_answer_that_does_not_follow_from_its_state_names_the_check(world: KeptWorld):
    world.ask(body_of("o1"))
    ((body,),) = read(world.engines, "SELECT basis FROM snapshot WHERE number = 2")
    state = codec.decode_value(zlib.decompress(body), RiskState)
    name = next(name for name in state.limits if name.startswith("order_notional"))
    bent = state.limits[name]
    tighter = bent._replace(thresholds=bent.thresholds._replace(hard=5e5, soft=4e5))
    write(
        world.engines,
        "UPDATE snapshot SET basis = :body WHERE number = 2",
        body=zlib.compress(
            codec.encode_value(replace(state, limits={**state.limits, name: tighter}))
        ),
    )

    again = world.again("o1")

    assert again.result == "differs"
    assert [what.split(" ")[0] for what in differing(again)] == ["order_notional"]


def test_an_answer_that_does_not_follow_from_its_policy_is_told(world: KeptWorld):
    world.ask(body_of("o1"))
    ((digest, body),) = read(world.engines, "SELECT digest, body FROM policy_state")
    policy = codec.decode_value(zlib.decompress(body), Policy)
    write(
        world.engines,
        "UPDATE policy_state SET body = :body WHERE digest = :digest",
        body=zlib.compress(codec.encode_value(replace(policy, strategies={}))),
        digest=digest,
    )

    again = world.again("o1")

    assert again.result == "differs"
    assert {"verdict", "strategy_unknown (trend)"} <= set(differing(again))


def test_an_answer_that_does_not_follow_from_its_snapshot_is_told(world: KeptWorld):
    world.ask(body_of("o1"))
    write(
        world.engines,
        "UPDATE snapshot SET snapshot = (SELECT snapshot FROM snapshot WHERE number = 1)",
    )
    write(
        world.engines,
        "UPDATE snapshot SET assessment = (SELECT assessment FROM snapshot WHERE number = 1)",
    )
    world.prices[BTC] *= 2.0
    world.cycle()
    write(
        world.engines,
        "UPDATE snapshot SET snapshot = (SELECT snapshot FROM snapshot WHERE number = 3)"
        " WHERE number = 2",
    )

    assert world.again("o1").result == "differs"


def test_a_journal_that_tells_of_no_such_answer_has_nothing_to_compare_with(world: KeptWorld):
    world.ask(body_of("o1"))
    without_triggers(world.engines)
    write(world.engines, "DELETE FROM journal")

    assert told(world.again("o1")) == ("not comparable", "the journal does not tell of it")


# --- what is not kept ----------------------------------------------------------------------


def test_without_its_snapshot_nothing_can_be_compared(world: KeptWorld):
    world.ask(body_of("o1"))
    write(world.engines, "DELETE FROM snapshot")

    assert told(world.again("o1")) == (
        "not comparable",
        "the snapshot of cycle 2 is not kept any more",
    )


def test_what_an_older_program_answered_cannot_be_compared(world: KeptWorld):
    world.ask(body_of("o1"))
    write(world.engines, "UPDATE snapshot SET basis = NULL, policy = NULL")

    assert told(world.again("o1")) == (
        "not comparable",
        "the state that it was judged by was not kept: an older program answered it",
    )


def test_without_the_days_model_nothing_can_be_compared(world: KeptWorld):
    world.ask(body_of("o1"))
    write(world.engines, "DELETE FROM model_state WHERE period = '1d'")

    again = world.again("o1")

    assert again.result == "not comparable"
    assert "the model of the day that cycle 2 had is not kept any more" in again.why_not


def test_without_the_hours_model_only_its_limits_are_left_out(sqlite: Engines):
    hourly = definition("value_at_risk", hard=0.9, parameters={"horizon": "1h", "confidence": 0.99})
    policy = measurable_policy()
    named = replace(hourly, name="hourly VaR")
    world = KeptWorld(sqlite, replace(policy, limits=(*policy.limits, named)))
    world.cycle()
    world.ask(body_of("o1"))
    assert told(world.again("o1")) == ("same", "")
    write(sqlite, "DELETE FROM model_state WHERE period = '1h'")

    again = world.again("o1")

    assert told(again) == ("same", "")
    assert again.comparison is not None
    assert [each.split(":")[0] for each in again.comparison.uncompared] == [
        "hourly VaR", "verdict", "quantity",
    ]  # fmt: skip


def test_an_order_that_was_never_asked_is_refused(world: KeptWorld):
    with pytest.raises(InvalidInput, match="no order 'nothing' was answered in demo"):
        world.again("nothing")


# --- trips ---------------------------------------------------------------------------------


def breaking() -> Policy:
    """A policy whose breaker trips once 1 % of the day's equity is lost."""
    breaker = BreakerDefinition(
        name="daily loss",
        kind="daily_loss",
        scope=Scope(ScopeKind.PORTFOLIO, BOOK),
        trip=0.01,
        release=0.005,
        state=TradingState.REDUCE_ONLY,
        greatest_hours=36.0,
    )
    return replace(measurable_policy(), breakers=(breaker,))


def tripped_over(engines: Engines) -> KeptWorld:
    world = KeptWorld(engines, breaking())
    world.cycle()
    world.prices[BTC] *= 0.5
    world.cycle()
    return world


@pytest.fixture
def tripped(sqlite: Engines) -> KeptWorld:
    return tripped_over(sqlite)


def test_a_trip_is_the_same_to_the_last_digit(engines: Engines):
    tripped = tripped_over(engines)

    again = tripped.trip_again("daily loss/3")

    assert told(again) == ("same", "")
    assert again.comparison is not None
    assert again.comparison.exact
    assert again.entry is not None
    assert again.what.startswith("trip of daily loss, ")
    assert again.what.endswith(" % over 1 %")


def test_a_trip_by_hand_says_by_whom_and_claims_no_more_than_was_measured(sqlite: Engines):
    world = KeptWorld(sqlite, breaking())
    world.cycle()
    expires = NOW + timedelta(hours=1)
    word = OverrideBreaker(
        seq=1,
        at=NOW,
        who="ana",
        breaker="daily loss",
        kind=OverrideKind.TRIP,
        expires=expires,
        reason="a drill",
    )
    world.cycle(word)

    again = world.trip_again("daily loss/3-1")

    assert told(again) == ("same", "")
    assert again.what == (
        "trip of daily loss by hand, by ana: it measured 0 % then, and its rule trips it above 1 %"
    )
    assert again.entry is not None
    ((body,),) = read(
        world.engines, f"SELECT body FROM journal WHERE seq = {again.entry} AND stream = '{BOOK}'"
    )
    activated = codec.decode_event(body)
    assert isinstance(activated, BreakerActivated)
    assert activated.until == expires


def test_what_a_breaker_that_is_off_only_records_is_the_same(sqlite: Engines):
    policy = breaking()
    off = replace(policy, breakers=(replace(policy.breakers[0], enabled=False),))
    world = KeptWorld(sqlite, off)
    world.cycle()
    world.prices[BTC] *= 0.5
    world.cycle()

    assert told(world.trip_again("daily loss/3")) == ("same", "")


def test_a_trip_whose_history_was_bent_names_the_figure(tripped: KeptWorld):
    write(tripped.engines, "UPDATE breaker_history SET value = value / 2")

    again = tripped.trip_again("daily loss/3")

    assert (again.result, differing(again)) == ("differs", ["value in the history"])


def test_a_trip_that_does_not_follow_from_what_was_before_is_told(tripped: KeptWorld):
    ((body,),) = read(tripped.engines, "SELECT state FROM trip_state")
    state = codec.decode_value(zlib.decompress(body), RiskState)
    assert state.policy is not None
    calm = replace(state.policy, breakers=(replace(state.policy.breakers[0], trip=0.9),))
    write(
        tripped.engines,
        "UPDATE trip_state SET state = :state",
        state=zlib.compress(codec.encode_value(replace(state, policy=calm))),
    )

    again = tripped.trip_again("daily loss/3")

    assert (again.result, differing(again)) == ("differs", ["the trip"])


def test_a_trip_of_an_older_program_cannot_be_compared(tripped: KeptWorld):
    write(tripped.engines, "DELETE FROM trip_state")

    again = tripped.trip_again("daily loss/3")

    assert again.result == "not comparable"
    assert "was not kept: an older program took it" in again.why_not


def test_an_episode_that_there_never_was_is_refused(tripped: KeptWorld):
    with pytest.raises(InvalidInput, match="demo has no episode 'x/1'"):
        tripped.trip_again("x/1")


def test_a_cycle_without_a_trip_keeps_nothing_for_one(world: KeptWorld):
    assert read(world.engines, "SELECT count(*) FROM trip_state") == [(0,)]
    assert read(world.engines, "SELECT count(*) FROM policy_state") == [(1,)]
