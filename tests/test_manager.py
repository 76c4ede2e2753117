"""One step from snapshot to snapshot: facts once, baselines for ever, doubts never hidden."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from risk.domain.actions import BY_SETTING, ModelChange, PolicyChange, Refusal
from risk.domain.events import (
    ActionRefused,
    BookModelChanged,
    DataFaultFound,
    EquityTrusted,
    ExposureUpdate,
    FillRecorded,
    ForecastScored,
    FundsMoved,
    LimitUpdated,
    MarkTrustChanged,
    PolicyChanged,
    PortfolioRisk,
    PositionRisk,
    ReductionRequested,
    RegimeChanged,
    RiskEvent,
    RiskStatus,
    Severity,
    StopEscalated,
    StopLossUpdate,
    WhyTrusted,
)
from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.limits import LimitDefinition
from risk.domain.market import DataFault, FaultKind, Period, Trust
from risk.domain.model import Score
from risk.domain.orders import Side
from risk.domain.policy import Policy
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState, Standing, TradingState
from risk.domain.stops import StopPlan
from risk.manager import Step, step
from risk.manager.standings import status_changes
from risk.measures.regimes import HOURLY, UNKNOWN, regime_path
from risk.portfolio.forecasting import new_models
from risk.storage.codec import decode_value, encode_value
from tests.books import (
    BTC,
    ETH,
    KNOWN,
    LATE,
    NOW,
    PRICES,
    SOL,
    as_close,
    book_of,
    held,
    marks_of,
    order_of,
    reservation_of,
    snapshot_of,
    snapshots,
)
from tests.policy_files import policy_of

START = RiskState(portfolio="demo")
BOOK = Scope(ScopeKind.PORTFOLIO, "demo")
SECOND = timedelta(seconds=1)

Kind = TypeVar("Kind", bound=RiskEvent)


def only(events: Iterable[RiskEvent], kind: type[Kind]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def later(snapshot: Snapshot, seconds: float = 1.0, **changes: Any) -> Snapshot:
    """The next snapshot: the same book a second later, nothing new booked."""
    at = snapshot.at + timedelta(seconds=seconds)
    quiet = (
        "fills",
        "flows",
        "scores",
        "hours",
        "faults",
        "model_changes",
        "policy_changes",
        "latch_changes",
        "refusals",
    )
    news: dict[str, Any] = {**dict.fromkeys(quiet, ()), **changes}
    return replace(snapshot, at=at, id=f"demo-{at:%H%M%S}", **news)


def run(*taken: Snapshot, state: RiskState = START) -> list[Step]:
    steps = []
    for snapshot in taken:
        steps.append(step(state, snapshot))
        state = steps[-1].state
    return steps


CALM = snapshot_of(held(BTC, 1e5))


# --- time ----------------------------------------------------------------------------------


@settings(max_examples=25)
@given(snapshots())
def test_the_same_state_and_snapshot_give_the_same_step(snapshot: Snapshot) -> None:
    assert step(START, snapshot) == step(START, snapshot)


def test_steps_are_counted_and_dated() -> None:
    first, second = run(replace(CALM, action_seq=4), later(CALM, action_seq=5))

    assert (first.state.cycle, first.state.at, first.state.action_seq) == (1, NOW, 4)
    assert (second.state.cycle, second.state.at, second.state.action_seq) == (2, NOW + SECOND, 5)


def test_a_snapshot_of_another_portfolio_or_an_earlier_one_is_refused() -> None:
    state = step(START, CALM).state

    with pytest.raises(ValueError, match="a snapshot of other cannot follow demo"):
        step(state, replace(CALM, portfolio="other"))
    with pytest.raises(ValueError, match="cannot follow one of"):
        step(state, later(CALM, seconds=-1.0))


def test_a_second_snapshot_of_the_same_moment_is_fine() -> None:
    assert run(CALM, CALM)[-1].state.cycle == 2


@settings(max_examples=25)
@given(snapshots(), snapshots())
def test_a_restart_between_two_steps_changes_nothing(one: Snapshot, two: Snapshot) -> None:
    """Baselines, standings and what was told survive being stored and read again."""
    state = step(START, one).state
    restored = decode_value(encode_value(state), RiskState)

    assert restored == state
    assert step(restored, later(two)) == step(state, later(two))


# --- performance ---------------------------------------------------------------------------


def test_the_peak_and_the_days_start_outlive_a_restart() -> None:
    high = later(CALM, marks=marks_of({**PRICES, BTC: 60_000.0}))
    low = later(high, marks=marks_of({**PRICES, BTC: 40_000.0}))
    state = run(CALM, high)[-1].state
    found = step(decode_value(encode_value(state), RiskState), low).state.performance

    assert found is not None
    assert found.peak.equity == pytest.approx(1.12e6)
    assert found.day_start.equity == pytest.approx(1.1e6)
    assert found.drawdown == pytest.approx(1.0 - 1.08 / 1.12)


def test_a_deposit_is_told_and_is_no_profit() -> None:
    flow = Flow(id="f1", amount=5e5, at=NOW, note="monthly")
    ledger = CALM.ledger.after_flow(flow)
    *_, last = run(CALM, later(CALM, ledger=ledger, flows=(flow,)))
    (told,) = only(last.events, FundsMoved)
    (book,) = only(last.events, PortfolioRisk)

    assert (told.amount, told.equity, told.note) == (5e5, pytest.approx(1.6e6), "monthly")
    assert (book.profit_total, book.drawdown) == (pytest.approx(0.0), 0.0)
    assert book.net_flows == 1.5e6


def test_an_unknown_equity_moves_no_baseline_and_tells_no_share() -> None:
    blind = later(CALM, marks=marks_of({**PRICES, BTC: 1.0}, trusts={BTC: Trust.MISSING}))
    first, second = run(CALM, blind)
    (book,) = only(second.events, PortfolioRisk)

    assert second.state.performance == first.state.performance
    assert (book.equity, book.drawdown, book.unit_value) == (None, None, None)


def test_scaling_quantities_cash_and_flows_changes_no_ratio() -> None:
    course = (50_000.0, 61_000.0, 43_000.0)
    small = [at_price(CALM, price, number) for number, price in enumerate(course)]
    large = [
        replace(
            taken,
            ledger=replace(held(BTC, 2e5), cash=2e6, net_flows=2e6),
        )
        for taken in small
    ]
    ratios = ("unit_value", "return_today", "drawdown", "leverage", "concentration")
    tails = ("var_1d_99", "es_1d_975", "var_1h_95", "es_1h_99")
    for one, two in zip(run(*small), run(*large), strict=True):
        (here,), (there,) = only(one.events, PortfolioRisk), only(two.events, PortfolioRisk)
        for name in (*ratios, *tails):
            assert getattr(there, name) == pytest.approx(getattr(here, name)), name
        assert there.profit_total == pytest.approx(2.0 * (here.profit_total or 0.0))


def at_price(snapshot: Snapshot, price: float, seconds: float) -> Snapshot:
    return later(snapshot, seconds, marks=marks_of({**PRICES, BTC: price}))


# --- standings -----------------------------------------------------------------------------


def standing(taken: Step, scope: Scope = BOOK) -> TradingState:
    return taken.state.standings[scope].state


def test_a_first_start_with_nothing_is_halted_until_there_is_equity() -> None:
    empty = snapshot_of(Ledger())
    first, second = run(empty, later(empty, ledger=Ledger(cash=1_000.0, net_flows=1_000.0)))

    assert standing(first) is TradingState.HALTED
    assert standing(second) is TradingState.NORMAL


@pytest.mark.parametrize(
    ("trust", "book", "asset"),
    [
        (Trust.MISSING, TradingState.REDUCE_ONLY, TradingState.REDUCE_ONLY),
        (Trust.STALE, TradingState.CAUTION, TradingState.REDUCE_ONLY),
        (Trust.SUSPECT, TradingState.CAUTION, TradingState.REDUCE_ONLY),
    ],
)
def test_an_untrusted_mark_of_a_held_asset_tightens_the_book_and_the_asset(
    trust: Trust, book: TradingState, asset: TradingState
) -> None:
    scope = Scope(ScopeKind.ASSET, BTC)
    doubtful = later(CALM, marks=marks_of(trusts={BTC: trust}))
    first, second, third = run(CALM, doubtful, later(doubtful, marks=marks_of()))

    assert (standing(first), scope in first.state.standings) == (TradingState.NORMAL, False)
    assert (standing(second), standing(second, scope)) == (book, asset)
    assert (standing(third), scope in third.state.standings) == (TradingState.NORMAL, False)


def test_an_untrusted_mark_of_an_asset_not_held_closes_only_that_asset() -> None:
    (found,) = run(replace(CALM, marks=marks_of(trusts={ETH: Trust.STALE})))

    assert standing(found) is TradingState.NORMAL
    assert standing(found, Scope(ScopeKind.ASSET, ETH)) is TradingState.REDUCE_ONLY


@pytest.mark.parametrize("concern", ["held", "pending"])
def test_an_asset_whose_mark_vanishes_is_as_untrusted_as_one_marked_missing(concern: str) -> None:
    pending = book_of({}, reservations=[reservation_of(order_of(BTC, 1e4))])
    book = CALM if concern == "held" else snapshot_of(pending)
    others = {asset: mark for asset, mark in marks_of().items() if asset != BTC}
    first, second = run(book, later(book, marks=others))
    (told,) = only(second.events, MarkTrustChanged)

    assert standing(first) is TradingState.NORMAL
    assert standing(second) is TradingState.REDUCE_ONLY
    assert standing(second, Scope(ScopeKind.ASSET, BTC)) is TradingState.REDUCE_ONLY
    assert (told.asset, told.trust, told.detail) == (BTC, Trust.MISSING, f"{BTC} has no mark")


def test_an_asset_that_is_no_longer_watched_is_not_called_trusted() -> None:
    stale = replace(CALM, marks=marks_of(trusts={ETH: Trust.STALE}))
    others = {asset: mark for asset, mark in marks_of().items() if asset != ETH}
    *_, last = run(stale, later(stale, marks=others))
    (told,) = only(last.events, RiskStatus)

    assert (told.scope, told.state) == (ETH, "NORMAL")
    assert told.cause == f"{ETH} is not watched any more"


def test_whatever_re_opens_says_what_had_shut_it() -> None:
    trend = Scope(ScopeKind.STRATEGY, "trend")
    shut = Standing(TradingState.REDUCE_ONLY, CALM.at, "Daily loss trend: it has lost 2.1 %")
    (told,) = status_changes({trend: shut}, {}, CALM)

    assert (told.state, told.previous) == ("NORMAL", "REDUCE_ONLY")
    assert told.cause == "no longer so: Daily loss trend: it has lost 2.1 %"


def test_without_a_model_nothing_may_grow() -> None:
    (found,) = run(replace(CALM, models=new_models(KNOWN)))

    assert standing(found) is TradingState.REDUCE_ONLY
    assert "VaR needs about 80 days of prices" in found.state.standings[BOOK].cause


def test_a_young_asset_asks_for_caution() -> None:
    (found,) = run(snapshot_of(held(LATE, 1e4)))

    assert standing(found) is TradingState.CAUTION


@pytest.mark.parametrize("price", [45_000.0, 40_000.0])
def test_a_wiped_out_book_may_only_reduce(price: float) -> None:
    owing = replace(CALM, ledger=replace(CALM.ledger, cash=-9e4))
    first, second = run(owing, at_price(owing, price, 1.0))

    assert standing(first) is TradingState.NORMAL
    assert standing(second) is TradingState.REDUCE_ONLY
    assert "nothing is left" in second.state.standings[BOOK].cause


def test_since_is_kept_while_the_state_stays_though_its_cause_may_change() -> None:
    stale = later(CALM, marks=marks_of(trusts={BTC: Trust.STALE}))
    suspect = later(stale, marks=marks_of(trusts={BTC: Trust.SUSPECT}))
    _, second, third = run(CALM, stale, suspect)

    before, after = second.state.standings[BOOK], third.state.standings[BOOK]
    assert before.since == after.since == stale.at
    assert before.cause != after.cause


def test_states_are_told_when_they_change_and_the_first_time() -> None:
    stale = later(CALM, marks=marks_of(trusts={BTC: Trust.STALE}))
    taken = run(CALM, later(CALM, 0.5), stale, later(stale), later(stale, 2.0, marks=marks_of()))
    told = [
        [
            (e.scope_kind, e.scope, e.previous, e.state, e.severity)
            for e in only(t.events, RiskStatus)
        ]
        for t in taken
    ]

    assert told == [
        [("portfolio", "demo", "NORMAL", "NORMAL", Severity.INFO)],
        [],
        [
            ("asset", BTC, "NORMAL", "REDUCE_ONLY", Severity.WARNING),
            ("portfolio", "demo", "NORMAL", "CAUTION", Severity.WARNING),
        ],
        [],
        [
            ("asset", BTC, "REDUCE_ONLY", "NORMAL", Severity.INFO),
            ("portfolio", "demo", "CAUTION", "NORMAL", Severity.INFO),
        ],
    ]


def test_after_the_last_price_the_state_s_cause_says_so() -> None:
    stale = marks_of(at=NOW - timedelta(days=9), trusts={BTC: Trust.STALE})
    over = later(CALM, 9.0, marks=stale, prices_end=NOW - timedelta(days=9))
    standing = run(CALM, over)[-1].state.standing()

    assert standing is not None
    assert standing.state is TradingState.CAUTION
    assert standing.cause == "the prices end on 23 May 2024, 09:30 UTC; the replay is over"


# --- facts, told once ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trust", "severity", "words"),
    [
        (Trust.STALE, Severity.WARNING, f"{BTC} is valued at 50,000, 9 s old and stale"),
        (Trust.MISSING, Severity.WARNING, f"{BTC} has no mark"),
    ],
)
def test_a_change_of_trust_is_told_once_each_way(
    trust: Trust, severity: Severity, words: str
) -> None:
    worse = later(CALM, 9.0, marks=marks_of(trusts={BTC: trust}))
    taken = run(CALM, worse, later(worse), later(worse, 2.0, marks=marks_of()))
    told = [only(t.events, MarkTrustChanged) for t in taken]

    assert [len(events) for events in told] == [0, 1, 0, 1]
    assert (told[1][0].detail, told[1][0].severity) == (words, severity)
    assert (told[1][0].previous, told[1][0].trust) == (Trust.TRUSTED, trust)
    assert told[3][0].detail == f"{BTC} mark is trusted again, at 50,000"


def test_fills_are_told_as_signed_quantities() -> None:
    fill = Fill(
        id="1", strategy="trend", asset=BTC, venue="sim-a", side=Side.SELL,
        quantity=0.5, price=51_000.0, fee=2.0, at=NOW,
    )  # fmt: skip
    *_, last = run(CALM, later(CALM, ledger=CALM.ledger.after_fill(fill), fills=(fill,)))
    (told,) = only(last.events, FillRecorded)

    assert (told.quantity, told.price, told.fee) == (-0.5, 51_000.0, 2.0)
    assert only(last.events, ExposureUpdate)[0].changed == (BTC,)


def test_faults_in_the_data_are_told_as_they_were_found() -> None:
    fault = DataFault(kind=FaultKind.OUTLIER, asset=BTC, at=NOW, detail="a spike", count=3)
    (told,) = only(step(START, replace(CALM, faults=(fault,))).events, DataFaultFound)

    assert (told.kind, told.asset, told.detail, told.count) == (
        FaultKind.OUTLIER,
        BTC,
        "a spike",
        3,
    )


def test_a_score_is_told_with_the_time_of_its_bars_close() -> None:
    var = np.array([10.0, 12.0, 15.0])
    closed = NOW.replace(hour=9, minute=0)
    score = Score(Period.HOUR, closed, 13.0, var, var * 1.5, var < 13.0, "historical_500")
    (told,) = only(step(START, replace(CALM, scores=(score,))).events, ForecastScored)

    assert (told.at, told.period, told.loss) == (closed, "1h", 13.0)
    assert told.model == "historical_500"
    assert (told.var_95, told.var_975, told.var_99, told.es_975) == (10.0, 12.0, 15.0, 18.0)
    assert (told.exceeded_95, told.exceeded_975, told.exceeded_99) == (True, True, False)


def test_every_change_of_model_is_told_and_the_last_one_stands() -> None:
    changes = ModelChange("filtered_evt", "adaptive", "anna"), ModelChange("adaptive", "x", "ben")
    first, second = run(replace(CALM, model_changes=changes), later(CALM))

    told = [(e.previous, e.model, e.by) for e in only(first.events, BookModelChanged)]
    assert told == [("filtered_evt", "adaptive", "anna"), ("adaptive", "x", "ben")]
    assert first.state.book_model == second.state.book_model == ("x", "ben", CALM.at)
    assert only(second.events, BookModelChanged) == []


def test_until_somebody_chooses_the_model_is_the_settings() -> None:
    (first,) = run(CALM)

    assert first.state.book_model == ("filtered_evt", BY_SETTING, None)


def test_the_last_policy_adopted_stands_and_each_is_told() -> None:
    first, second = replace(policy_of(), version=1), Policy(version=2)
    changes = PolicyChange(first, 1, "anna", ("all",)), PolicyChange(second, 2, "ben", ("less",))
    begun, gone_on = run(replace(CALM, policy_changes=changes), later(CALM))

    assert [e.number for e in only(begun.events, PolicyChanged)] == [1, 2]
    assert [e.previous for e in only(begun.events, LimitUpdated)][5:] == [2.0, 0.25, 0.25, 0.06, 20]
    assert begun.state.policy == gone_on.state.policy == second
    assert only(gone_on.events, PolicyChanged) == []


def test_a_temporary_limit_that_is_over_leaves_the_policy_untold() -> None:
    policy = policy_of()
    (temporary,) = policy.temporary
    over = replace(policy, temporary=(replace(temporary, expires=CALM.at),))
    (done,) = run(CALM, state=replace(START, policy=over))

    assert done.state.policy == replace(policy, temporary=())
    assert only(done.events, PolicyChanged) + only(done.events, LimitUpdated) == []


def test_what_was_asked_for_in_vain_is_told() -> None:
    refused = Refusal("measure the book by oracle", "anna", "there is none")
    (told,) = only(step(START, replace(CALM, refusals=(refused,))).events, ActionRefused)

    assert (told.asked, told.by, told.reason) == refused


def test_exposure_is_told_once_and_again_when_it_has_drifted_far() -> None:
    taken = run(
        CALM,
        later(CALM),
        at_price(CALM, 50_100.0, 2.0),
        at_price(CALM, 60_000.0, 3.0),
        at_price(CALM, 60_000.0, 4.0),
    )

    assert [len(only(t.events, ExposureUpdate)) for t in taken] == [1, 0, 0, 1, 0]


def test_small_drifts_add_up_until_they_are_told() -> None:
    prices = [50_000.0 + 1_000.0 * number for number in range(8)]
    taken = run(*[at_price(CALM, price, number) for number, price in enumerate(prices)])

    # 2,000 a step of about 1,100,000 equity: a hundredth of it is passed every sixth step.
    assert [len(only(t.events, ExposureUpdate)) for t in taken] == [1, 0, 0, 0, 0, 0, 1, 0]


def test_positions_are_told_when_they_change_and_once_an_hour() -> None:
    bigger = later(CALM, 3.0, ledger=held(BTC, 2e5))
    taken = run(CALM, later(CALM), bigger, later(bigger), later(bigger, 1_800.0))

    assert [len(only(t.events, PositionRisk)) for t in taken] == [1, 0, 1, 0, 1]


def test_a_closed_position_is_told_once_as_nothing_at_risk() -> None:
    gone = later(CALM, ledger=Ledger(cash=1.1e6, net_flows=1e6))
    taken = run(CALM, gone, later(gone), later(gone, 1_800.0))
    told = [only(t.events, PositionRisk) for t in taken]

    assert [len(events) for events in told] == [1, 1, 0, 0]
    assert (told[1][0].asset, told[1][0].quantity, told[1][0].exposure) == (BTC, 0.0, 0.0)
    assert told[1][0].var_1d_99 == 0.0


def test_the_book_is_told_every_step() -> None:
    for taken in run(CALM, later(CALM), later(CALM, 2.0)):
        assert len(only(taken.events, PortfolioRisk)) == 1


@settings(max_examples=25)
@given(snapshots())
def test_events_carry_the_snapshots_time_and_name(snapshot: Snapshot) -> None:
    for event in step(START, snapshot).events:
        assert (event.at, event.portfolio, event.cycle) == (NOW, "demo", snapshot.id)


# --- long random courses -------------------------------------------------------------------


class Course(RuleBasedStateMachine):
    """Fills, flows, prices and doubts in any order; what must hold after every step."""

    @initialize()
    def begin(self) -> None:
        self.snapshot = snapshot_of(Ledger(cash=1e5, net_flows=1e5))
        self.state = START
        self.number = 0
        self.events: tuple[RiskEvent, ...] = ()
        self.before = START
        self.take(self.snapshot)

    def take(self, snapshot: Snapshot) -> None:
        self.before, self.snapshot = self.state, snapshot
        self.state, self.events, self.assessment, _ = step(self.state, snapshot)

    def next(self, **changes: Any) -> None:
        self.number += 1
        self.take(later(self.snapshot, **changes))

    @rule(
        asset=st.sampled_from((BTC, ETH, SOL)),
        side=st.sampled_from(Side),
        size=st.sampled_from((0.5, 1.0, 3.0)),
    )
    def fill(self, asset: str, side: Side, size: float) -> None:
        fill = Fill(
            id=f"fill-{self.number}",
            strategy="trend",
            asset=asset,
            venue="sim-a",
            side=side,
            quantity=size * 1e4 / PRICES[asset],
            price=PRICES[asset],
            fee=1.0,
            at=self.snapshot.at,
        )
        self.next(ledger=self.snapshot.ledger.after_fill(fill), fills=(fill,))

    @rule(amount=st.sampled_from((-2e4, 1e3, 5e4)))
    def flow(self, amount: float) -> None:
        flow = Flow(id=f"flow-{self.number}", amount=amount, at=self.snapshot.at)
        self.next(ledger=self.snapshot.ledger.after_flow(flow), flows=(flow,))

    @rule(asset=st.sampled_from((BTC, ETH, SOL)), factor=st.sampled_from((0.5, 0.9, 1.1, 1.5)))
    def move(self, asset: str, factor: float) -> None:
        mark = self.snapshot.marks[asset]
        moved = mark if mark.trust is Trust.MISSING else replace(mark, price=mark.price * factor)
        self.next(marks={**self.snapshot.marks, asset: moved})

    @rule(asset=st.sampled_from((BTC, ETH)), trust=st.sampled_from(Trust))
    def doubt(self, asset: str, trust: Trust) -> None:
        marks = marks_of(at=self.snapshot.at, trusts={asset: trust})
        self.next(marks={**self.snapshot.marks, asset: marks[asset]})

    @rule(hours=st.sampled_from((1, 8, 24)))
    def wait(self, hours: int) -> None:
        self.next(seconds=3_600.0 * hours)

    @rule()
    def restart(self) -> None:
        restored = decode_value(encode_value(self.state), RiskState)
        assert restored == self.state
        self.state = restored

    @invariant()
    def the_peak_never_falls_and_drawdown_is_a_share(self) -> None:
        before, after = self.before.performance, self.state.performance
        if after is None:
            return
        assert after.peak.unit_value >= after.unit_value
        assert 0.0 <= after.drawdown <= 1.0
        if before is not None:
            assert after.peak.unit_value >= before.peak.unit_value
            assert after.inception == before.inception

    @invariant()
    def profit_is_equity_less_what_was_put_in(self) -> None:
        """Of equity that is believed: until then the book stays as it was."""
        performance, equity = self.state.performance, self.assessment.equity
        for_the_worse = [
            event for event in only(self.events, EquityTrusted) if event.why is WhyTrusted.DEADLINE
        ]
        if self.state.equity_trust is not None:
            assert performance == self.before.performance
        elif performance is not None and equity is not None and not for_the_worse:
            start = performance.inception
            put_in = self.assessment.net_flows - start.net_flows
            assert performance.profit_total == pytest.approx(
                equity - start.equity - put_in, abs=1e-6
            )

    @invariant()
    def nothing_unmeasured_may_grow(self) -> None:
        found = self.state.standing()
        assert found is not None
        if self.assessment.equity is None:
            assert found.state >= TradingState.REDUCE_ONLY
        if found.state is TradingState.NORMAL:
            assert not self.assessment.doubts

    @invariant()
    def changes_of_state_are_told_and_only_they(self) -> None:
        told = {
            Scope(ScopeKind(event.scope_kind), event.scope): event
            for event in only(self.events, RiskStatus)
        }
        for scope in self.before.standings.keys() | self.state.standings.keys():
            previous = self.before.standings.get(scope)
            current = self.state.standings.get(scope)
            changed = (previous and previous.state) != (current and current.state)
            assert (scope in told) == changed

    @invariant()
    def all_positions_told_are_those_held(self) -> None:
        ledger: Ledger = self.snapshot.ledger
        assert self.state.positions_told == {k: p.quantity for k, p in ledger.positions.items()}
        assert all(isinstance(key, PositionKey) for key in self.state.positions_told)


# --- the market's regime -------------------------------------------------------------------

QUIET = regime_path(np.tile((0.001, -0.001), 400), HOURLY).state
STORM = 6 * (-0.05,)


def test_a_change_of_regime_is_told_once() -> None:
    known = replace(step(START, CALM).state, regime=QUIET)
    stormy, after = run(later(CALM, hours=STORM), later(CALM, seconds=2.0), state=known)
    (told,) = only(stormy.events, RegimeChanged)

    assert (told.regime, told.previous, told.severity) == ("stressed", "normal", Severity.WARNING)
    assert told.probability == stormy.state.regime.probabilities[2] > 0.9
    assert after.state.regime is stormy.state.regime
    assert only(after.events, RegimeChanged) == []


def test_the_first_regime_that_is_known_is_told_as_such() -> None:
    learning = QUIET._replace(regime=UNKNOWN)
    known = replace(step(START, CALM).state, regime=learning)
    (taken,) = run(later(CALM, hours=(0.001,)), state=known)
    (told,) = only(taken.events, RegimeChanged)

    assert (told.regime, told.previous, told.severity) == ("normal", "unknown", Severity.INFO)


def test_while_no_regime_is_known_none_is_told() -> None:
    taken = step(START, CALM)

    assert taken.state.regime.regime == UNKNOWN
    assert only(taken.events, RegimeChanged) == []


# --- de-risking ----------------------------------------------------------------------------


def test_what_a_full_limit_asks_for_is_told_kept_and_survives_a_restart() -> None:
    gross = LimitDefinition(name="gross", kind="gross_exposure", scope=BOOK, hard=0.10, soft=0.08)
    limited = replace(START, policy=Policy(limits=(gross,)))
    taken, again = run(CALM, later(CALM), state=limited)
    (told,) = only(taken.events, ReductionRequested)
    (asked,) = taken.state.reductions.values()

    assert (told.id, told.target_quantity) == (asked.id, asked.target_quantity)
    share = 1e5 / 1.1e6  # what is held of equity
    assert asked.target_quantity == pytest.approx(2.0 * 0.07 / share)
    assert only(again.events, ReductionRequested) == []
    assert again.state.reductions == taken.state.reductions
    assert decode_value(encode_value(taken.state), RiskState) == taken.state


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)


# --- stops ---------------------------------------------------------------------------------

PLANNED = replace(START, policy=Policy(stops={"trend": StopPlan(fixed=0.2, atr_trail=4.0)}))


def test_a_stop_is_set_triggered_and_late_in_the_order_of_what_happened() -> None:
    fallen = later(CALM, marks=marks_of({**PRICES, BTC: 30_000.0}))
    late = later(fallen, seconds=60.0)
    first, second, third = run(CALM, fallen, late, state=PLANNED)
    (placed,), (asked,) = (
        only(first.events, StopLossUpdate),
        only(second.events, ReductionRequested),
    )
    (alarm,) = only(third.events, StopEscalated)

    assert placed.stop_price == pytest.approx(36_000.0)
    assert (asked.target_quantity, asked.deadline) == (0.0, fallen.at + timedelta(seconds=60))
    assert alarm.request == asked.id
    assert second.state.cool_downs.keys() == second.state.stops.keys()


def test_without_a_plan_there_is_no_stop_and_no_word_of_one() -> None:
    (taken,) = run(CALM)

    assert taken.state.stops == {}
    assert not only(taken.events, StopLossUpdate)


def test_a_stop_and_what_it_waits_for_survive_a_restart() -> None:
    fallen = later(CALM, marks=marks_of({**PRICES, BTC: 30_000.0}))
    state = run(CALM, fallen, state=PLANNED)[-1].state
    restored = decode_value(encode_value(state), RiskState)
    late = later(fallen, seconds=60.0)

    assert restored == state
    assert restored.stops
    assert step(restored, late) == step(state, late)


def test_hourly_bars_of_the_cycle_widen_the_average_range() -> None:
    hours = [
        as_close([BTC], [price], period=Period.HOUR, opened=NOW + n * Period.HOUR.span)
        for n, price in enumerate([100.0, 110.0] * 12)
    ]
    first, second = run(replace(CALM, closes=tuple(hours)), later(CALM, closes=()), state=PLANNED)
    (key,) = second.state.stops

    assert first.state.ranges[BTC].average.bars == 24
    assert second.state.ranges == first.state.ranges
    assert first.state.stops[key].price == pytest.approx(36_000.0)


def test_an_average_range_sets_a_stop_once_it_is_believed() -> None:
    hours = [
        as_close([BTC], [100.0 + n % 2], period=Period.HOUR, opened=NOW + n * Period.HOUR.span)
        for n in range(24)
    ]
    *early, last = hours
    first, second = run(
        replace(CALM, closes=tuple(early)), later(CALM, closes=(last,)), state=PLANNED
    )
    (moved,) = only(second.events, StopLossUpdate)

    assert only(first.events, StopLossUpdate)[0].reason == "set by the fixed stop"
    assert moved.reason == "moved by the ATR trail"
    assert moved.stop_price is not None
    assert 36_000.0 < moved.stop_price < 50_000.0
