"""The strictest rule rules, asks once, and waits until it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from risk.assess import assess
from risk.domain.events import ReductionLate, ReductionRequested
from risk.domain.limits import LimitDefinition, LimitState, LimitStatus, Thresholds
from risk.domain.policy import DeRisking, Instrument, Policy, Rung
from risk.domain.positions import PositionKey
from risk.domain.reductions import FULL_SIZE, Cut, Reduction, Sizing
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import Baseline, DailyHigh, Performance, RiskState
from risk.limits.base import Remedy
from risk.limits.clusters import NO_CLUSTERS, Clusters
from risk.limits.derisking import (
    LADDER_MARGIN,
    LEAST_CUT,
    NOTHING_ASKED,
    DeRisked,
    derisk,
    full_sizes,
    ladder_size,
    next_reductions,
    strictest_of,
)
from risk.limits.softening import soft_cuts
from risk.limits.types import BOOK_LIMITS, limit_of
from risk.measures.sizing import DRAWDOWN_LADDER, drawdown_factor
from tests.books import BTC, ETH, NOW, PRICES, SOL, book_of, snapshot_of

LADDER = tuple(Rung(drawdown=drawdown, size=size) for drawdown, size in DRAWDOWN_LADDER)
POLICY = Policy(
    strategies={"trend": "momentum", "dip": "reversion"}, derisking=DeRisking(ladder=LADDER)
)
BOOK = Scope(ScopeKind.PORTFOLIO, "demo")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
A = PositionKey("trend", BTC, "sim-a")
B = PositionKey("dip", ETH, "sim-b")
C = PositionKey("trend", SOL, "sim-b")
Values = Mapping[PositionKey, float]


def fallen(drawdown: float) -> Performance:
    """A book that has fallen from the high of some day."""
    start = Baseline(NOW, 1.0, 1e6, 1e6)
    return Performance(
        unit_value=1.0 - drawdown,
        equity=1e6,
        net_flows=1e6,
        at=NOW,
        inception=start,
        day_start=start,
        peak=start._replace(unit_value=9.0),
        solvent=start,
        highs=(DailyHigh(NOW.date(), 1.0),),
    )


def limit(
    kind: str, value: float, soft: float, *, scope: Scope = BOOK, hard: float | None = None
) -> tuple[LimitDefinition, LimitState]:
    """A limit of that kind which stands there."""
    hard = 1.25 * soft if hard is None else hard
    definition = LimitDefinition(name=kind, kind=kind, scope=scope, hard=hard, soft=soft)
    above = LimitStatus.HARD if value > hard else LimitStatus.SOFT
    return definition, LimitState(
        thresholds=Thresholds(hard, soft, 1.0, "as defined"),
        status=above if value >= soft else LimitStatus.WITHIN,
        value=value,
        since=NOW,
        episode=None,
        at=NOW,
    )


def cuts_of(
    values: Values,
    *limits: tuple[LimitDefinition, LimitState],
    clusters: Clusters = NO_CLUSTERS,
    release: float = 0.875,
) -> dict[PositionKey, float]:
    """The strictest factor that the limits ask of each position."""
    policy = replace(
        POLICY,
        limits=tuple(definition for definition, _ in limits),
        derisking=replace(POLICY.derisking, release=release),
    )
    states = {definition.name: state for definition, state in limits}
    found = strictest_of(soft_cuts(policy, states, values, clusters))
    return {key: cut.factor for key, cut in found.items()}


def stepped(
    values: Values,
    *limits: tuple[LimitDefinition, LimitState],
    state: RiskState | None = None,
    drawdown: float = 0.0,
    seconds: float = 0.0,
    policy: Policy = POLICY,
) -> tuple[RiskState, DeRisked]:
    """One step of de-risking and the state after it."""
    state = state or RiskState(portfolio="demo")
    at = (state.at or NOW) + seconds * SECOND
    snapshot = snapshot_of(book_of(dict(values)), at=at, id=f"{state.cycle + 1}")
    found = derisk(
        state,
        snapshot,
        assess(snapshot),
        policy=replace(policy, limits=tuple(definition for definition, _ in limits)),
        limits={definition.name: each for definition, each in limits},
        performance=fallen(drawdown),
    )
    return after(state, snapshot, found), found


def after(state: RiskState, snapshot: Snapshot, found: DeRisked) -> RiskState:
    return replace(
        state,
        cycle=state.cycle + 1,
        at=snapshot.at,
        positions_told={key: p.quantity for key, p in snapshot.ledger.positions.items()},
        sizing=found.sizing,
        full_sizes=found.full_sizes,
        reductions=found.reductions,
    )


def targets(found: DeRisked) -> dict[PositionKey, float]:
    """Where the requests end, quote currency at `PRICES`."""
    return {
        key: asked.target_quantity * PRICES[key.asset] for key, asked in found.reductions.items()
    }


# --- the ladder ----------------------------------------------------------------------------


@given(st.floats(0.0, 1.0))
def test_a_book_that_falls_stands_on_the_rung_of_its_drawdown(drawdown: float) -> None:
    found = ladder_size(POLICY, fallen(drawdown), FULL_SIZE)
    measured = fallen(drawdown).recent_drawdown

    assert found.factor == drawdown_factor(measured, DRAWDOWN_LADDER)


@given(st.lists(st.floats(0.0, 0.3), min_size=2, max_size=20))
def test_the_ladder_falls_at_once_and_never_stays_beyond_its_margin(course: list[float]) -> None:
    sizing = FULL_SIZE
    for drawdown in course:
        sizing = ladder_size(POLICY, fallen(drawdown), sizing)
        assert sizing.factor <= drawdown_factor(fallen(drawdown).recent_drawdown)
        assert sizing.factor >= drawdown_factor(drawdown + LADDER_MARGIN + 1e-9)


def test_a_rung_is_left_a_margin_above_where_it_was_entered() -> None:
    sizing, found = FULL_SIZE, []
    for drawdown in (0.099, 0.101, 0.099, 0.0901, 0.0899, 0.099, 0.039):
        sizing = ladder_size(POLICY, fallen(drawdown), sizing)
        found.append(sizing.factor)

    assert found == [0.75, 0.5, 0.5, 0.5, 0.75, 0.75, 1.0]


@given(st.floats(1e-4, 0.5))
def test_every_rung_is_left_at_the_high(drawdown: float) -> None:
    """Also one that begins nearer to it than the margin."""
    low = replace(POLICY, derisking=DeRisking(ladder=(Rung(drawdown=drawdown, size=0.5),)))
    on_it = ladder_size(low, fallen(drawdown + 1e-6), FULL_SIZE)

    assert on_it.factor == 0.5
    assert ladder_size(low, fallen(0.0), on_it) == FULL_SIZE


def test_the_ladder_is_measured_from_the_high_of_ninety_days_and_says_so() -> None:
    """The fake book's peak of all times lies nine times higher."""
    found = ladder_size(POLICY, fallen(0.12), FULL_SIZE)

    assert found == (0.5, "book is 12.0 % under its 90-day high: sizes × 0.5 from 10 % on")


def test_what_is_unknown_moves_no_rung() -> None:
    before = Sizing(0.25, "it was so")

    assert ladder_size(POLICY, None, before) == before


def test_another_ladder_holds_at_once() -> None:
    gentle = replace(POLICY, derisking=DeRisking(ladder=(Rung(drawdown=0.1, size=0.9),)))
    before = ladder_size(POLICY, fallen(0.16), FULL_SIZE)

    assert ladder_size(gentle, fallen(0.16), before).factor == 0.9
    assert ladder_size(replace(POLICY, derisking=DeRisking()), fallen(0.5), before) == FULL_SIZE


# --- soft thresholds -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["gross_exposure", "leverage", "value_at_risk", "expected_shortfall", "stress_loss"]
)
def test_acting_at_soft_080_ends_at_070(kind: str) -> None:
    assert cuts_of({A: 5e5, B: -3e5}, limit(kind, 0.8, 0.8)) == {
        A: pytest.approx(0.875),
        B: pytest.approx(0.875),
    }


def test_below_its_soft_threshold_a_limit_asks_for_nothing() -> None:
    definition, state = limit("gross_exposure", 0.79, 0.8)
    # A breach lasts until a little below where it began.
    lingering = state._replace(status=LimitStatus.SOFT)

    assert cuts_of({A: 7.9e5}, (definition, state)) == {}
    assert cuts_of({A: 7.9e5}, (definition, lingering)) == {}


def test_what_cannot_be_measured_asks_for_nothing() -> None:
    definition, state = limit("gross_exposure", 0.9, 0.8)
    unknown = state._replace(status=LimitStatus.UNKNOWN, value=None)

    assert cuts_of({A: 9e5}, (definition, unknown)) == {}


def test_a_limit_of_zero_asks_for_everything() -> None:
    assert cuts_of({A: 9e5}, limit("gross_exposure", 0.9, 0.0, hard=0.0)) == {A: 0.0}


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (BOOK, {A, B, C}),
        (Scope(ScopeKind.STRATEGY_TYPE, "momentum"), {A, C}),
        (Scope(ScopeKind.STRATEGY, "dip"), {B}),
        (Scope(ScopeKind.ASSET, SOL), {C}),
        (Scope(ScopeKind.VENUE, "sim-b"), {B, C}),
    ],
)
def test_a_limit_asks_only_of_the_positions_in_its_scope(
    scope: Scope, expected: set[PositionKey]
) -> None:
    found = cuts_of({A: 1e5, B: 1e5, C: 1e5}, limit("gross_exposure", 0.8, 0.8, scope=scope))

    assert found.keys() == expected


def test_concentration_falls_with_the_square_of_sizes() -> None:
    found = cuts_of({A: 6e5, B: 2e5}, limit("concentration", 0.40, 0.40))

    assert found[A] ** 2 == pytest.approx(0.875)
    assert found[A] == found[B]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_limit_on_net_exposure_asks_only_the_side_of_the_net(sign: float) -> None:
    values = {A: sign * 9e5, B: sign * -1e5}
    found = cuts_of(values, limit("net_exposure", 0.8, 0.8))

    assert found.keys() == {A}
    assert abs(found[A] * values[A] + values[B]) == pytest.approx(7e5)


nets = st.floats(1e3, 1e6).flatmap(lambda size: st.sampled_from((size, -size)))


@given(
    st.dictionaries(st.sampled_from((A, B, C)), nets, min_size=1),
    st.sampled_from(("gross_exposure", "net_exposure", "concentration", "leverage")),
    st.floats(0.1, 1.0),
)
def test_when_done_the_value_is_at_release_times_soft(
    values: dict[PositionKey, float], kind: str, tightness: float
) -> None:
    """The law of all remedies: measured, cut, measured again."""
    value = measured(values, kind)
    if value <= 1e-6:
        return
    soft = tightness * value
    found = cuts_of(values, limit(kind, value, soft))
    smaller = {key: size * found.get(key, 1.0) for key, size in values.items()}

    assert all(0.0 <= factor <= 1.0 for factor in found.values())
    assert measured(smaller, kind) == pytest.approx(0.875 * soft, rel=1e-6, abs=1e-9)


def measured(values: Values, kind: str) -> float:
    by_asset: dict[str, float] = {}
    for key, size in values.items():
        by_asset[key.asset] = by_asset.get(key.asset, 0.0) + size
    if kind == "concentration":
        return sum((net / 1e6) ** 2 for net in by_asset.values())
    if kind == "net_exposure":
        return abs(sum(values.values())) / 1e6
    return sum(map(abs, values.values())) / 1e6


def test_days_to_flat_ask_the_net_side_of_their_asset() -> None:
    short = PositionKey("dip", BTC, "sim-b")
    found = cuts_of(
        {A: 9e5, short: -1e5, B: 5e5},
        limit("days_to_flat", 4.0, 4.0, scope=Scope(ScopeKind.ASSET, BTC)),
    )

    assert found == {A: pytest.approx(1.0 - 0.125 * 8e5 / 9e5)}


def test_each_cluster_over_the_threshold_is_asked_and_no_other() -> None:
    def cluster(*assets: str) -> tuple[Scope, ...]:
        return tuple(Scope(ScopeKind.ASSET, asset) for asset in assets)

    apart = Clusters(members=(cluster(BTC), cluster(ETH), cluster(SOL)))
    values = {A: 5e5, B: -4.5e5, C: 3e5}
    found = cuts_of(values, limit("correlation_cluster", 0.5, 0.4), clusters=apart)

    assert found == {A: pytest.approx(0.35 / 0.5), B: pytest.approx(0.35 / 0.45)}


def test_an_asset_of_no_cluster_is_left_alone() -> None:
    assert cuts_of({A: 5e5}, limit("correlation_cluster", 0.5, 0.4)) == {}


def test_what_smaller_positions_do_not_mend_asks_for_nothing() -> None:
    unmendable = {kind for kind, each in BOOK_LIMITS.items() if each.remedy is Remedy.NONE}

    assert unmendable == {"open_positions", "stablecoin_exposure", "daily_loss", "drawdown"}
    for kind in unmendable:
        assert cuts_of({A: 5e5}, limit(kind, 5.0, 1.0)) == {}


def test_the_cause_names_limit_value_threshold_and_end() -> None:
    _, found = stepped({A: 8e5}, limit("gross_exposure", 0.8, 0.8))

    assert found.reductions[A].reason == (
        "Gross exposure, book is 80 % of equity, its soft threshold 80 %: back to 70 %"
    )


# --- nothing stacks ------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    st.floats(0.0, 0.3),
    st.lists(
        st.tuples(
            st.sampled_from(("gross_exposure", "value_at_risk", "stress_loss", "leverage")),
            st.floats(0.3, 1.5),
        ),
        max_size=4,
        unique_by=lambda each: each[0],
    ),
)
def test_the_strictest_factor_rules_and_no_factor_is_multiplied_with_another(
    drawdown: float, standing: Sequence[tuple[str, float]]
) -> None:
    limits = [limit(kind, value, 0.8) for kind, value in standing]
    state, _ = stepped({A: 5e5, B: -3e5})
    _, found = stepped({A: 5e5, B: -3e5}, *limits, state=state, drawdown=drawdown)

    factors = [found.sizing.factor, *(0.7 / value for _, value in standing if value >= 0.8)]
    expected = min(factors)
    if expected > 1.0 - LEAST_CUT:
        assert found.reductions == {}
    else:
        assert targets(found) == {
            A: pytest.approx(5e5 * expected),
            B: pytest.approx(-3e5 * expected),
        }


def test_a_rung_reached_after_a_limit_was_obeyed_is_taken_of_the_same_full_size() -> None:
    """First to 0.7 / 0.8 for a limit, then to 0.75 for the ladder: 0.75, and not 0.66."""
    state, _ = stepped({A: 8e5})
    state, first = stepped({A: 8e5}, limit("gross_exposure", 0.8, 0.8), state=state)
    state, _ = stepped({A: 7e5}, state=state)
    _, second = stepped({A: 7e5}, state=state, drawdown=0.06)

    assert targets(first) == {A: pytest.approx(7e5)}
    assert targets(second) == {A: pytest.approx(6e5)}


def test_two_rungs_leave_the_second_one_s_size_of_what_was_there_at_first() -> None:
    state, _ = stepped({A: 8e5})
    state, first = stepped({A: 8e5}, state=state, drawdown=0.06)
    state, _ = stepped({A: 6e5}, state=state, drawdown=0.06)
    _, second = stepped({A: 6e5}, state=state, drawdown=0.11)

    assert [targets(first), targets(second)] == [
        {A: pytest.approx(6e5)},
        {A: pytest.approx(4e5)},
    ]


def test_a_position_that_was_sized_on_a_rung_is_not_cut_for_it() -> None:
    state, _ = stepped({}, drawdown=0.06)
    state, opened = stepped({A: 6e5}, state=state, drawdown=0.06)
    _, deeper = stepped({A: 6e5}, state=state, drawdown=0.11)

    assert opened.reductions == {}
    assert targets(deeper) == {A: pytest.approx(4e5)}


def test_when_the_ladder_is_climbed_again_nothing_is_asked() -> None:
    state, _ = stepped({}, drawdown=0.11)
    state, _ = stepped({A: 4e5}, state=state, drawdown=0.11)
    _, found = stepped({A: 4e5}, state=state, drawdown=0.0)

    assert (found.sizing, found.reductions, found.events) == (FULL_SIZE, {}, ())


def held_before(quantity: float, full: float, factor: float, *, asked: bool = False) -> RiskState:
    request = Reduction("1-1", A, 0.5, "a test", NOW, NOW)
    return RiskState(
        portfolio="demo",
        positions_told={A: quantity},
        full_sizes={A: full},
        sizing=Sizing(factor, "a test"),
        reductions={A: request} if asked else {},
    )


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (RiskState(portfolio="demo"), 3.0, 3.0),
        (RiskState(portfolio="demo", sizing=Sizing(0.5, "")), 3.0, 6.0),
        (RiskState(portfolio="demo", sizing=Sizing(0.0, "")), 3.0, 3.0),
        (held_before(3.0, 4.0, 0.75), 3.0, 4.0),
        (held_before(3.0, 4.0, 0.75), 3.75, 5.0),
        (held_before(2.4, 4.0, 0.75), 3.0, 4.0),
        (held_before(4.0, 4.0, 0.75, asked=True), 4.3, 4.4),
        (held_before(3.0, 4.0, 0.75), 1.5, 2.0),
        (held_before(4.0, 4.0, 0.75, asked=True), 3.5, 4.0),
        (held_before(-3.0, -4.0, 0.75), 1.5, 2.0),
    ],
    ids=[
        "new", "new on a rung", "new where none is allowed", "as it was", "more than the rung left",
        "back to what the rung left", "more while asked for less", "less by its owner",
        "less because it was asked for", "flipped",
    ],
)  # fmt: skip
def test_the_full_size_is_what_would_be_held_without_the_ladder(
    before: RiskState, now: float, expected: float, sign: float
) -> None:
    mirrored = replace(
        before,
        positions_told={key: sign * q for key, q in before.positions_told.items()},
        full_sizes={key: sign * q for key, q in before.full_sizes.items()},
    )

    assert full_sizes(mirrored, {A: sign * now}) == {A: pytest.approx(sign * expected)}


# --- requests ------------------------------------------------------------------------------

AT_SOFT = limit("gross_exposure", 0.8, 0.8)


def test_a_request_is_told_once_and_stays_until_it_is_met() -> None:
    state, first = stepped({A: 8e5}, AT_SOFT)
    (told,) = first.events
    assert isinstance(told, ReductionRequested)
    assert (told.id, told.strategy, told.asset, told.venue) == ("1-1", "trend", BTC, "sim-a")
    assert told.target_quantity * PRICES[BTC] == pytest.approx(7e5)
    assert (told.at, told.deadline) == (NOW, NOW + HOUR)

    for value in (8e5, 7.5e5):
        half_way = limit("gross_exposure", value / 1e6, 0.8)
        state, waiting = stepped({A: value}, half_way, state=state, seconds=1.0)
        assert waiting.reductions == first.reductions
        assert waiting.events == ()
    _, done = stepped({A: 7e5}, state=state, seconds=1.0)
    assert (done.reductions, done.events) == ({}, ())


def test_a_request_stays_when_no_rule_asks_any_more() -> None:
    state, first = stepped({A: 8e5}, AT_SOFT)
    _, quiet = stepped({A: 8e5}, state=state, seconds=1.0)

    assert quiet.reductions == first.reductions


def test_a_limit_that_hovers_at_soft_asks_once() -> None:
    state, events = None, []
    for number in range(100):
        value = 0.8 + 0.002 * (number % 3)
        state, found = stepped(
            {A: 8e5}, limit("gross_exposure", value, 0.8), state=state, seconds=1.0
        )
        events += found.events

    assert len(events) == 1


def test_only_a_stricter_request_takes_its_place_and_gives_no_more_time() -> None:
    state, first = stepped({A: 8e5}, AT_SOFT)
    state, milder = stepped(
        {A: 8e5}, limit("leverage", 0.75, 0.75, hard=9.0), state=state, seconds=60.0
    )
    _, stricter = stepped({A: 8e5}, limit("gross_exposure", 1.0, 0.8), state=state, seconds=60.0)

    assert milder.reductions == first.reductions
    assert targets(stricter) == {A: pytest.approx(0.7 * 8e5)}
    assert (stricter.reductions[A].id, stricter.reductions[A].deadline) == ("3-1", NOW + HOUR)
    assert [event.id for event in stricter.events] == ["3-1"]


def test_a_request_that_is_late_is_told_so_once() -> None:
    state, _ = stepped({A: 8e5}, AT_SOFT)
    state, on_time = stepped({A: 7.5e5}, state=state, seconds=3_600.0)
    state, late = stepped({A: 7.5e5}, state=state, seconds=1.0)
    _, later = stepped({A: 7.5e5}, state=state, seconds=3_600.0)

    (told,) = late.events
    assert isinstance(told, ReductionLate)
    assert (told.id, told.deadline) == ("1-1", NOW + HOUR)
    assert (told.quantity * PRICES[BTC], told.target_quantity * PRICES[BTC]) == (
        pytest.approx(7.5e5),
        pytest.approx(7e5),
    )
    assert on_time.events == later.events == ()
    assert later.reductions[A].late


@pytest.mark.parametrize("then", [{}, {A: -1e5}], ids=["closed", "flipped"])
def test_a_position_that_is_gone_owes_nothing(then: dict[PositionKey, float]) -> None:
    state, _ = stepped({A: 8e5}, limit("gross_exposure", 0.8, 0.0, hard=0.0))
    _, found = stepped(then, state=state, seconds=1.0)

    assert found.reductions == {}


def test_dust_is_not_worth_a_request() -> None:
    barely = limit("gross_exposure", 0.8 * (1.0 + 0.9 * LEAST_CUT), 0.8 / 0.875)
    whole_coins = replace(POLICY, instruments={BTC: Instrument(least=10.0)})
    tiny = {A: 5.0 * PRICES[BTC]}

    assert stepped({A: 8e5}, barely)[1].reductions == {}
    assert stepped(tiny, AT_SOFT)[1].reductions != {}
    assert stepped(tiny, AT_SOFT, policy=whole_coins)[1].reductions == {}


def test_requests_of_one_step_have_ids_of_their_own() -> None:
    _, found = stepped({A: 4e5, B: -2e5, C: 2e5}, AT_SOFT)

    assert sorted(asked.id for asked in found.reductions.values()) == ["1-1", "1-2", "1-3"]


@given(st.floats(-1e6, 1e6).filter(lambda q: abs(q) > 1.0), st.floats(0.0, 1.0))
def test_a_target_is_never_larger_than_the_position_nor_on_the_other_side(
    value: float, factor: float
) -> None:
    # At the edge itself rounding decides.
    assume(abs(factor - (1.0 - LEAST_CUT)) > 1e-9)
    snapshot = snapshot_of(book_of({A: value}))
    state = RiskState(portfolio="demo")
    found, events = next_reductions(state, snapshot, POLICY, [(A, Cut(factor, "a test"))])
    quantity = snapshot.ledger.positions[A].quantity

    assert len(found) == len(events) == (factor <= 1.0 - LEAST_CUT)
    for asked in found.values():
        assert asked.target_quantity * quantity >= 0.0
        assert abs(asked.target_quantity) < abs(quantity)
        assert asked.surplus(quantity) == pytest.approx(quantity - asked.target_quantity)
        assert asked.surplus(asked.target_quantity) == 0.0


def test_a_cut_of_what_is_not_held_does_not_matter() -> None:
    found = next_reductions(
        RiskState(portfolio="demo"), snapshot_of(book_of({})), POLICY, [(A, Cut(0.5, "a test"))]
    )

    assert found == ({}, ())


def test_without_a_policy_nothing_is_asked_for() -> None:
    snapshot = snapshot_of(book_of({A: 8e5}))
    found = derisk(
        RiskState(portfolio="demo"),
        snapshot,
        assess(snapshot),
        policy=None,
        limits={},
        performance=fallen(0.5),
    )

    assert found == NOTHING_ASKED


def test_every_kind_that_has_a_remedy_can_be_made() -> None:
    """The scopes of this file's limits are ones that their kinds may be set on."""
    for kind, each in BOOK_LIMITS.items():
        scope = BOOK if ScopeKind.PORTFOLIO in each.scopes else Scope(each.scopes[0], BTC)
        assert limit_of(limit(kind, 1.0, 0.5, scope=scope)[0])
