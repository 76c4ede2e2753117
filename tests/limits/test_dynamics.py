"""Thresholds fall at once, rise slowly by the clock, and come back by themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.domain.limits import (
    LimitDefinition,
    LimitState,
    LimitStatus,
    TemporaryLimit,
    Thresholds,
)
from risk.domain.policy import Dynamics, Policy, RegimePack
from risk.domain.scopes import Scope, ScopeKind
from risk.limits.dynamics import (
    Conditions,
    greatest_factor,
    greatest_factor_until,
    pack_of,
    performance_factor,
    thresholds_of,
)
from risk.measures.regimes import REGIMES

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOOK = Scope(ScopeKind.PORTFOLIO, "demo")
GROSS = LimitDefinition(
    name="gross", kind="gross_exposure", scope=BOOK, hard=2.0, soft=1.6, dynamic=True
)
STRICT = RegimePack(calm=1.2, normal=1.0, stressed=0.5)
POLICY = Policy(limits=(GROSS,), dynamics=Dynamics(packs={"portfolio": STRICT}))
CALM, STORM = Conditions(0.0, "normal"), Conditions(0.0, "stressed")
SECOND = timedelta(seconds=1)


def stands(thresholds: Thresholds, at: datetime = NOON) -> LimitState:
    return LimitState(
        thresholds=thresholds,
        status=LimitStatus.WITHIN,
        value=1.0,
        since=at,
        episode=None,
        at=at,
    )


def course(
    readings: Iterable[tuple[datetime, Conditions]],
    policy: Policy = POLICY,
    definition: LimitDefinition = GROSS,
) -> list[Thresholds]:
    """Thresholds at each reading, each following from the one before."""
    found: list[Thresholds] = []
    for at, conditions in readings:
        before = stands(found[-1], at) if found else None
        found.append(thresholds_of(definition, policy, before, conditions, at))
    return found


def held(conditions: Conditions, hours: int, since: datetime = NOON, every: timedelta = HOUR):
    count = round(hours * HOUR / every)
    return [(since + number * every, conditions) for number in range(1, count + 1)]


conditions_of = st.builds(Conditions, st.floats(0.0, 1.0), st.none() | st.sampled_from(REGIMES))
sizes = st.floats(0.1, 2.0)
packs = st.builds(RegimePack, calm=sizes, normal=sizes, stressed=sizes)
dynamics_of = st.builds(
    Dynamics,
    floor=st.floats(0.05, 1.0),
    cap=st.floats(1.0, 2.0),
    performance_least=st.floats(0.05, 1.0),
    step=st.floats(0.01, 0.5),
    loosen_per_day=st.floats(0.01, 5.0),
    packs=st.dictionaries(st.sampled_from(["portfolio", "trend"]), packs, max_size=2),
)
policies = st.builds(Policy, limits=st.just((GROSS,)), dynamics=dynamics_of)
pauses = st.one_of(st.just(SECOND), st.timedeltas(timedelta(0), 3 * DAY))


@st.composite
def readings_of(draw: st.DrawFn, least: int = 1) -> list[tuple[datetime, Conditions]]:
    at, found = NOON, []
    for _ in range(draw(st.integers(least, 12))):
        found.append((at, draw(conditions_of)))
        at += draw(pauses)
    return found


# --- laws ----------------------------------------------------------------------------------


@given(readings_of(), policies)
def test_thresholds_never_leave_floor_and_cap_and_soft_scales_with_hard(
    readings: list[tuple[datetime, Conditions]], policy: Policy
) -> None:
    dynamics = policy.dynamics
    for found in course(readings, policy):
        assert dynamics.floor - 1e-9 <= found.factor <= dynamics.cap + 1e-9
        assert found.hard == pytest.approx(found.factor * GROSS.hard)
        assert found.soft == pytest.approx(found.factor * GROSS.soft)
        assert found.cause


@given(readings_of(least=2), policies)
def test_no_limit_ever_passes_what_its_greatest_factor_says(
    readings: list[tuple[datetime, Conditions]], policy: Policy
) -> None:
    taken = course(readings, policy)
    for (at, _), found, later, (until, _) in zip(
        readings, taken, taken[1:], readings[1:], strict=False
    ):
        assert later.factor <= greatest_factor(GROSS, policy) + 1e-9
        most = greatest_factor_until(until, GROSS, policy, stands(found, at))
        assert later.factor <= most + 1e-9
    last = greatest_factor_until(readings[-1][0], GROSS, policy, stands(taken[0], readings[0][0]))
    assert taken[-1].factor <= last + 1e-9


def test_a_limit_may_rise_to_its_greatest_factor() -> None:
    calm = Conditions(0.0, "calm")
    fallen = course([(NOON, STORM), *held(calm, 24 * 9)])

    assert fallen[-1].factor == greatest_factor(GROSS, POLICY) == 1.2
    first = stands(fallen[0])
    bounds = [greatest_factor_until(at, GROSS, POLICY, first) for at, _ in held(calm, 24 * 9)]
    assert bounds[-1] == 1.2
    assert all(a.factor <= b for a, b in zip(fallen[1:], bounds, strict=True))
    assert bounds[11] == 0.55, "twelve hours earn a step"


@given(readings_of(least=2), policies)
def test_tightening_is_never_delayed(
    readings: list[tuple[datetime, Conditions]], policy: Policy
) -> None:
    """A limit is never above what a new one would be given the same conditions."""
    for (at, conditions), found in zip(readings, course(readings, policy), strict=True):
        assert found.factor <= thresholds_of(GROSS, policy, None, conditions, at).factor


@given(readings_of(least=2), policies)
def test_in_no_stretch_of_time_does_it_rise_by_more_than_its_rate_and_a_step(
    readings: list[tuple[datetime, Conditions]], policy: Policy
) -> None:
    found = course(readings, policy)
    for first in range(len(found)):
        for last in range(first, len(found)):
            days = (readings[last][0] - readings[first][0]) / DAY
            most = policy.dynamics.loosen_per_day * days + policy.dynamics.step
            assert found[last].factor - found[first].factor <= most + 1e-6


@settings(max_examples=50)
@given(st.floats(0.0, 0.5), st.integers(1, 200), dynamics_of, st.integers(2, 7))
def test_asking_more_often_gives_the_same_course_up_to_one_step(
    drawdown: float, hours: int, dynamics: Dynamics, times: int
) -> None:
    policy = replace(POLICY, dynamics=dynamics)
    fallen = [(NOON, Conditions(drawdown, "stressed"))]
    seldom = course([*fallen, *held(CALM, hours)], policy)
    often = course([*fallen, *held(CALM, hours, every=HOUR / times)], policy)

    an_hour = dynamics.loosen_per_day / 24.0
    for one, other in zip(seldom[1:], often[times::times], strict=True):
        assert abs(one.factor - other.factor) <= dynamics.step + an_hour + 1e-6


@given(readings_of(), policies)
def test_with_everything_calm_it_comes_back_to_its_base(
    readings: list[tuple[datetime, Conditions]], policy: Policy
) -> None:
    quiet = replace(policy, dynamics=replace(policy.dynamics, packs={}))
    last = readings[-1][0]
    for_years = [(last + 30 * DAY * month, CALM) for month in (1, 2, 40)]

    assert course([*readings, *for_years], quiet)[-1][:3] == (GROSS.hard, GROSS.soft, 1.0)


@given(readings_of(), policies, st.integers(0, 5), st.integers(1, 6), st.floats(0.0, 5.0))
def test_a_temporary_limit_reverts_to_what_would_have_been_without_it(
    readings: list[tuple[datetime, Conditions]],
    policy: Policy,
    starts: int,
    days: int,
    hard: float,
) -> None:
    other = raised(hard, starts=NOON + starts * DAY, days=days)
    without = course(readings, policy)
    with_it = course(readings, replace(policy, temporary=(other,)))

    for (at, _), usual, found in zip(readings, without, with_it, strict=True):
        if other.in_force(at):
            assert found[:3] == (other.hard, other.soft, usual.factor)
        else:
            assert found == usual


@given(readings_of(least=2), policies)
def test_the_same_question_has_the_same_answer(
    readings: list[tuple[datetime, Conditions]], policy: Policy
) -> None:
    assert course(readings, policy) == course(readings, policy)


# --- how it falls and rises ----------------------------------------------------------------


def test_a_storm_halves_it_at_once_and_it_comes_back_by_a_tenth_a_day() -> None:
    storm, *after = (
        course([(NOON, CALM), (NOON + HOUR, STORM)])[1:]
        + course([(NOON, STORM), *held(CALM, 24 * 6)])[1:]
    )

    assert (storm.hard, storm.soft) == (1.0, 0.8)
    assert [after[24 * day].factor for day in range(6)] == [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


def test_a_step_is_earned_by_seconds_too() -> None:
    """Half a day is 43,200 calls: each alone would be rounded away."""
    minutes = held(CALM, 14, every=timedelta(minutes=1))
    found = course([(NOON, STORM), *minutes])
    risen = next(number for number, each in enumerate(found) if each.factor > 0.5)

    assert found[risen].factor == 0.55
    assert minutes[risen - 1][0] - minutes[0][0] == timedelta(hours=12)


def test_a_fall_on_the_way_up_begins_the_way_anew() -> None:
    again = NOON + 11.5 * HOUR
    found = course([(NOON, STORM), *held(CALM, 11), (again, STORM), *held(CALM, 12, since=again)])

    assert {each.factor for each in found} == {0.5}


def test_what_nobody_saw_is_not_earned() -> None:
    """An engine that was away for ten days does not know that they were calm."""
    assert course([(NOON, STORM), (NOON + 10 * DAY, CALM)])[-1].factor == 0.5


@pytest.mark.parametrize("a_day", [1e-9, 1e12, 1e300])
def test_a_rate_beyond_any_clock_holds_it_down_or_lets_it_rise_at_once(a_day: float) -> None:
    pace = replace(POLICY, dynamics=replace(POLICY.dynamics, loosen_per_day=a_day))
    found = course([(NOON, STORM), *held(CALM, 2)], pace)

    assert found[-1].factor == (0.5 if a_day < 1.0 else 1.0)


def test_calm_raises_it_above_its_base_up_to_the_cap() -> None:
    bold = replace(POLICY, dynamics=Dynamics(packs={"portfolio": RegimePack(calm=1.8)}))

    assert thresholds_of(GROSS, bold, None, Conditions(0.0, "calm"), NOON).factor == 1.25


def test_performance_and_regime_multiply_and_stop_at_the_floor() -> None:
    both = Conditions(0.125, "stressed")
    deep = Conditions(0.5, "stressed")

    assert thresholds_of(GROSS, POLICY, None, both, NOON).factor == 0.35
    assert thresholds_of(GROSS, POLICY, None, deep, NOON).factor == 0.25


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_deeper_drawdown_never_leaves_more(one: float, other: float) -> None:
    low, high = sorted((one, other))

    assert performance_factor(Dynamics(), high) <= performance_factor(Dynamics(), low) <= 1.0


def test_a_drawdown_that_wavers_at_a_step_moves_it_once() -> None:
    wavering = [Conditions(0.1000 + 0.0005 * (number % 2), "normal") for number in range(50)]
    found = course((NOON + number * SECOND, each) for number, each in enumerate(wavering))

    assert [each.hard for each in found] == [1.6] + 49 * [1.5]


def test_new_bounds_hold_at_once() -> None:
    fallen = stands(thresholds_of(GROSS, POLICY, None, Conditions(0.5, "stressed"), NOON))
    gentle = replace(POLICY, dynamics=replace(POLICY.dynamics, floor=0.8))

    assert thresholds_of(GROSS, gentle, fallen, CALM, NOON + SECOND).factor == 0.8


def test_a_limit_that_is_not_dynamic_stays_as_it_is_defined() -> None:
    still = replace(GROSS, dynamic=False)

    assert course([(NOON, STORM)], definition=still) == [Thresholds(2.0, 1.6, 1.0, "as defined")]


# --- whose pack ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(ScopeKind.STRATEGY_TYPE, "trend"), 0.6),
        (Scope(ScopeKind.STRATEGY, "turtle"), 0.6),
        (Scope(ScopeKind.STRATEGY, "nobody"), 0.5),
        (Scope(ScopeKind.STRATEGY_TYPE, "dip"), 0.5),
        (Scope(ScopeKind.ASSET, "trend"), 0.5),
        (BOOK, 0.5),
    ],
)
def test_a_strategy_follows_the_pack_of_its_type_and_all_else_that_of_the_portfolio(
    scope: Scope, expected: float
) -> None:
    packs = {"portfolio": STRICT, "trend": RegimePack(stressed=0.6)}
    policy = Policy(strategies={"turtle": "trend"}, dynamics=Dynamics(packs=packs))

    assert pack_of(replace(GROSS, scope=scope), policy).stressed == expected


def test_without_any_pack_regimes_do_not_matter() -> None:
    assert pack_of(GROSS, Policy()) == RegimePack()


# --- temporary limits ----------------------------------------------------------------------


def raised(
    hard: float = 3.0, *, soft: float | None = None, starts: datetime = NOON, days: float = 1.0
) -> TemporaryLimit:
    return TemporaryLimit(
        limit="gross",
        hard=hard,
        soft=0.8 * hard if soft is None else soft,
        starts=starts,
        expires=starts + days * DAY,
        reason="quarter's end",
        by="anna",
    )


def test_a_temporary_limit_says_until_when_by_whom_and_why() -> None:
    policy = replace(POLICY, temporary=(raised(),))
    (found,) = course([(NOON, STORM)], policy)

    assert (found.hard, found.soft, found.factor) == (3.0, pytest.approx(2.4), 0.5)
    assert found.cause == "temporary until 2024-03-11 12:00 UTC, set by anna: quarter's end"


def test_it_begins_and_ends_to_the_second() -> None:
    policy = replace(POLICY, temporary=(raised(starts=NOON + HOUR, days=1.0 / 24.0),))
    times = [NOON + HOUR - SECOND, NOON + HOUR, NOON + 2 * HOUR - SECOND, NOON + 2 * HOUR]

    assert [each.hard for each in course([(at, CALM) for at in times], policy)] == [
        2.0, 3.0, 3.0, 2.0,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("several", "expected"),
    [
        ([raised(3.0), raised(2.5)], (2.5, 2.0)),
        ([raised(3.0, soft=2.0), raised(3.0, soft=1.0)], (3.0, 1.0)),
        ([raised(3.0), raised(2.5, starts=NOON + DAY)], (3.0, pytest.approx(2.4))),
    ],
    ids=["the lower hard", "equal hard, the lower soft", "only those in force"],
)
def test_of_several_temporary_limits_the_strictest_rules_whole(
    several: Sequence[TemporaryLimit], expected: tuple[float, float]
) -> None:
    (found,) = course([(NOON, CALM)], replace(POLICY, temporary=tuple(several)))

    assert found[:2] == expected


def test_a_temporary_limit_of_another_limit_does_not_count() -> None:
    other = replace(raised(), limit="net")

    assert course([(NOON, CALM)], replace(POLICY, temporary=(other,)))[0].hard == 2.0


# --- words ---------------------------------------------------------------------------------

DEEP = "performance factor 0.40: book is 50 % under its 90-day high"


@pytest.mark.parametrize(
    ("conditions", "cause"),
    [
        (CALM, "as defined: performance and regime leave it as it is"),
        (STORM, "regime stressed × 0.5"),
        (
            Conditions(0.125, "stressed"),
            "performance factor 0.70: book is 12 % under its 90-day high; regime stressed × 0.5",
        ),
        (Conditions(0.0, None), "regime not known yet, taken for the strictest × 0.5"),
        (
            Conditions(0.5, "stressed"),
            f"{DEEP}; regime stressed × 0.5; never below 0.25 of its base",
        ),
    ],
)
def test_the_cause_names_what_moved_it(conditions: Conditions, cause: str) -> None:
    assert course([(NOON, conditions)])[0].cause == cause


@pytest.mark.parametrize(
    ("calm", "cause"),
    [
        (1.25, "regime calm × 1.25"),
        (1.5, "regime calm × 1.5; never above 1.25 of its base"),
    ],
)
def test_a_bound_is_named_only_where_it_holds_something_back(calm: float, cause: str) -> None:
    policy = replace(POLICY, dynamics=Dynamics(packs={"portfolio": RegimePack(calm=calm)}))

    assert course([(NOON, Conditions(0.0, "calm"))], policy)[0].cause == cause


def test_on_the_way_up_the_cause_says_where_to_and_how_fast() -> None:
    found = course([(NOON, STORM), *held(CALM, 13)])

    assert found[-1].cause == "at 0.55 rising to 1.00, by 0.10 a day at most"
    assert all(one.hard <= other.hard for one, other in pairwise(found))
