"""How full limits are, told once when it changes: episodes, hysteresis, pace."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.actions import PolicyChange
from risk.domain.events import (
    LimitBreached,
    LimitCleared,
    LimitUpdated,
    LimitUtilization,
    RiskEvent,
    Severity,
)
from risk.domain.limits import (
    MOST_USED,
    LimitState,
    LimitStatus,
    TemporaryLimit,
    Thresholds,
    used_of,
)
from risk.domain.market import Trust
from risk.domain.policy import Dynamics, Policy, RegimePack
from risk.domain.state import RiskState
from risk.limits.evaluation import HYSTERESIS
from risk.limits.types import BOOK_LIMITS, LIMIT_TYPES
from risk.manager import Step, step
from risk.storage.codec import decode_value, encode_value
from tests.books import BTC, NOW, book_of, held, marks_of, snapshot_of
from tests.policies import HARD, WHOLE, definition, every_kind

#: A limit of which the test sets the value: exposure of a book whose equity stays a million.
CAP = definition("gross_exposure", WHOLE, 0.5, soft=0.4, name="cap")
ONE_LIMIT = Policy(limits=(CAP,))
SECOND = timedelta(seconds=1)


def steps_over(
    shares: Sequence[float | None],
    *,
    policy: Policy = ONE_LIMIT,
    every: timedelta = SECOND,
    state: RiskState | None = None,
) -> list[Step]:
    """Steps in which exposure is each of these shares of equity; None is a missing mark."""
    state = state or RiskState(portfolio="demo")
    state = replace(state, policy=policy)
    taken = []
    for number, share in enumerate(shares):
        value = 1e5 if share is None else 1e6 * share
        trusts = {BTC: Trust.MISSING} if share is None else {}
        ledger = held(BTC, value) if value else book_of({})
        snapshot = snapshot_of(
            replace(ledger, cash=1e6 - value),
            at=NOW + number * every,
            id=str(number),
            marks=marks_of(trusts=trusts),
        )
        taken.append(step(state, snapshot))
        state = taken[-1].state
    return taken


def told(taken: Step, kind: type[RiskEvent]) -> list[Any]:
    return [event for event in taken.events if isinstance(event, kind)]


def statuses(taken: Sequence[Step]) -> list[LimitStatus]:
    return [each.state.limits["cap"].status for each in taken]


def test_a_breach_is_told_when_it_begins_when_it_deepens_and_when_it_ends() -> None:
    taken = steps_over([0.3, 0.45, 0.46, 0.6, 0.61, 0.45, 0.3, 0.3])
    breaches = [told(each, LimitBreached) for each in taken]
    cleared = [told(each, LimitCleared) for each in taken]

    assert [len(each) for each in breaches] == [0, 1, 0, 1, 0, 0, 0, 0]
    assert [len(each) for each in cleared] == [0, 0, 0, 0, 0, 0, 1, 0]
    soft, hard = breaches[1][0], breaches[3][0]
    assert (soft.severity, soft.threshold) == (Severity.WARNING, 0.4)
    assert (hard.severity, hard.threshold) == (Severity.CRITICAL, 0.5)
    assert hard.value == pytest.approx(0.6)
    assert soft.episode == hard.episode == cleared[6][0].episode == "cap/1"


def test_the_next_breach_is_another_episode() -> None:
    taken = steps_over([0.45, 0.3, 0.45])
    first, second = told(taken[0], LimitBreached)[0], told(taken[2], LimitBreached)[0]

    assert first.episode != second.episode


def test_what_wavers_at_a_threshold_is_told_once() -> None:
    below = 0.5 * (1.0 - 0.5 * HYSTERESIS)
    taken = steps_over([0.51, below, 0.51, below, 0.51])

    assert sum(len(told(each, LimitBreached)) for each in taken) == 1
    assert set(statuses(taken)) == {LimitStatus.HARD}


@given(st.lists(st.one_of(st.none(), st.floats(0.0, 0.99)), min_size=1, max_size=12))
def test_breaches_and_their_ends_alternate(shares: list[float | None]) -> None:
    """The edge-triggered law: an episode begins once and ends once, whatever the course is."""
    open_episode: str | None = None
    for taken in steps_over(shares):
        for event in taken.events:
            if isinstance(event, LimitBreached):
                assert open_episode in (None, event.episode)
                open_episode = event.episode
            if isinstance(event, LimitCleared):
                assert open_episode == event.episode
                open_episode = None
        assert taken.state.limits["cap"].episode == open_episode


def test_what_cannot_be_measured_is_unknown_and_ends_no_episode() -> None:
    taken = steps_over([0.45, None, 0.45, 0.3])

    assert statuses(taken)[1] is LimitStatus.UNKNOWN
    assert told(taken[1], LimitUtilization)[0].utilization is None
    assert taken[1].state.limits["cap"].episode == "cap/0"
    assert not told(taken[1], LimitCleared)
    assert len(told(taken[3], LimitCleared)) == 1


def test_a_gap_in_what_is_known_neither_tells_a_breach_again_nor_costs_its_inertia() -> None:
    lingering = 0.4 * (1.0 - 0.5 * HYSTERESIS)
    taken = steps_over([0.6, None, None, 0.6, lingering, None, lingering])

    assert [len(told(each, LimitBreached)) for each in taken] == [1, 0, 0, 0, 0, 0, 0]
    assert not any(told(each, LimitCleared) for each in taken)
    assert statuses(taken)[-1] is LimitStatus.SOFT


def test_a_breach_that_deepens_while_nobody_could_see_is_told() -> None:
    taken = steps_over([0.45, None, 0.6])

    assert [e.severity for e in told(taken[2], LimitBreached)] == [Severity.CRITICAL]


def test_a_restart_goes_on_with_the_episode() -> None:
    (first,) = steps_over([0.45])
    restored = decode_value(encode_value(first.state), RiskState)
    (again,) = steps_over([0.46], state=restored)

    assert restored == first.state
    assert not told(again, LimitBreached)
    assert again.state.limits["cap"].episode == first.state.limits["cap"].episode
    assert again.state.limits["cap"].since == NOW


def test_a_limit_that_is_gone_clears_its_breach() -> None:
    (first,) = steps_over([0.45])
    (after,) = steps_over([0.45], policy=Policy(), state=first.state)
    (cleared,) = told(after, LimitCleared)

    assert (cleared.limit, cleared.value) == ("cap", None)
    assert after.state.limits == {}


def test_a_limit_of_zero_is_kept_by_holding_nothing() -> None:
    nothing = Policy(limits=(replace(CAP, hard=0.0, soft=0.0),))
    flat, holding = steps_over([0.0, 0.1], policy=nothing)

    assert flat.state.limits["cap"].status is LimitStatus.WITHIN
    assert flat.state.limits["cap"].used == 0.0
    assert holding.state.limits["cap"].status is LimitStatus.HARD
    assert holding.state.limits["cap"].used == MOST_USED


def test_a_temporary_limit_is_told_when_it_comes_into_force_and_when_it_reverts() -> None:
    raised = TemporaryLimit(
        limit="cap",
        hard=0.8,
        soft=0.7,
        starts=NOW + SECOND,
        expires=NOW + 2 * SECOND,
        reason="the roll",
        by="anna",
    )
    taken = steps_over([0.6, 0.6, 0.6], policy=replace(ONE_LIMIT, temporary=(raised,)))
    updates = [told(each, LimitUpdated) for each in taken]

    assert statuses(taken) == [LimitStatus.HARD, LimitStatus.WITHIN, LimitStatus.HARD]
    assert [len(each) for each in updates] == [0, 1, 1]
    (cleared,) = told(taken[1], LimitCleared)
    assert (cleared.value, cleared.threshold) == (pytest.approx(0.6), 0.7)
    (begun,), (ended,) = updates[1:]
    assert (begun.previous, begun.threshold, begun.soft) == (0.5, 0.8, 0.7)
    assert "set by anna: the roll" in begun.reason
    assert (ended.previous, ended.threshold, ended.soft) == (0.8, 0.5, 0.4)


def test_what_a_person_changed_is_not_told_as_a_move_by_rule_too() -> None:
    (first,) = steps_over([0.3])
    lower = Policy(version=2, by="anna", limits=(replace(CAP, hard=0.45),))
    change = PolicyChange(policy=lower, action=1, by="anna", what=("limit cap: hard 0.5 -> 0.45",))
    snapshot = snapshot_of(held(BTC, 3e5), at=NOW + SECOND, id="1", policy_changes=(change,))

    (updated,) = told(step(first.state, snapshot), LimitUpdated)

    assert (updated.changed_by, updated.previous, updated.threshold) == ("anna", 0.5, 0.45)
    assert updated.reason == "version 2 of the policy"


def test_of_a_dynamic_limit_that_is_defined_anew_the_thresholds_in_force_are_told() -> None:
    """Its history is drawn from them: the definition's were never in force."""
    halved = replace(
        Dynamics(), packs={"portfolio": RegimePack(calm=0.5, normal=0.5, stressed=0.5)}
    )
    moving = replace(CAP, dynamic=True)
    (first,) = steps_over([0.1], policy=Policy(version=1, limits=(moving,), dynamics=halved))
    lower = Policy(
        version=2, by="anna", limits=(replace(moving, hard=0.4, soft=0.3),), dynamics=halved
    )
    change = PolicyChange(policy=lower, action=1, by="anna", what=("lower",))
    snapshot = snapshot_of(held(BTC, 1e5), at=NOW + SECOND, id="1", policy_changes=(change,))

    (updated,) = told(step(first.state, snapshot), LimitUpdated)

    assert (updated.previous, updated.threshold) == (0.25, 0.2)
    assert (updated.previous_soft, updated.soft) == (0.2, 0.15)
    assert (updated.changed_by, updated.reason) == ("anna", "version 2 of the policy")


def test_whoever_sets_a_temporary_limit_and_whoever_ends_it_is_told() -> None:
    (first,) = steps_over([0.1])
    raised = TemporaryLimit(
        limit="cap",
        hard=0.8,
        soft=0.7,
        starts=NOW,
        expires=NOW + timedelta(hours=1),
        reason="the roll",
        by="anna",
    )
    policies = (
        replace(ONE_LIMIT, version=8, by="anna", temporary=(raised,)),
        replace(ONE_LIMIT, version=9, by="ben"),
    )
    state, updates = first.state, []
    for second, policy in enumerate(policies, start=1):
        change = PolicyChange(policy=policy, action=second, by=policy.by, what=("cap",))
        snapshot = snapshot_of(
            held(BTC, 1e5), at=NOW + second * SECOND, id=str(second), policy_changes=(change,)
        )
        taken = step(state, snapshot)
        state = taken.state
        updates += told(taken, LimitUpdated)

    assert [(each.threshold, each.changed_by) for each in updates] == [(0.8, "anna"), (0.5, "ben")]
    assert updates[1].reason == "as defined"


def adopting(state: RiskState, policy: Policy) -> Step:
    """The step in which anna's policy takes the place of the one before."""
    change = PolicyChange(policy=policy, action=1, by="anna", what=("limit cap: another",))
    snapshot = snapshot_of(held(BTC, 3e5), at=NOW + SECOND, id="1", policy_changes=(change,))
    return step(state, snapshot)


def moved(taken: Step) -> list[tuple[float | None, ...]]:
    """Hard thresholds before and after, and the soft ones, of what was told."""
    updates = told(taken, LimitUpdated)
    return [(u.previous, u.threshold, u.previous_soft, u.soft) for u in updates]


def test_a_new_policy_is_told_with_the_thresholds_in_force_and_not_their_bases() -> None:
    """What was measured is a share of those: by others its history would be wrong."""
    raised = TemporaryLimit(
        limit="cap",
        hard=0.8,
        soft=0.7,
        starts=NOW,
        expires=NOW + 60 * SECOND,
        reason="the roll",
        by="ben",
    )
    (first,) = steps_over([0.3], policy=replace(ONE_LIMIT, temporary=(raised,)))
    lower = Policy(version=2, by="anna", limits=(replace(CAP, hard=0.45),))

    ended = adopting(first.state, lower)
    kept = adopting(first.state, replace(lower, temporary=(raised,)))

    assert moved(ended) == [(0.8, 0.45, 0.7, 0.4)]
    assert told(ended, LimitUpdated)[0].changed_by == "anna"
    assert moved(kept) == [], "the temporary limit stands: nothing in force has moved"


def test_a_limit_that_begins_to_follow_the_regime_is_told_by_its_new_thresholds() -> None:
    halved = Dynamics(packs={"portfolio": RegimePack(calm=0.5, normal=0.5, stressed=0.5)})
    (first,) = steps_over([0.3], policy=replace(ONE_LIMIT, dynamics=halved))
    dynamic = (replace(CAP, dynamic=True),)

    taken = adopting(first.state, Policy(version=2, by="anna", limits=dynamic, dynamics=halved))
    lower = adopting(
        taken.state,
        Policy(version=3, by="anna", limits=(replace(dynamic[0], hard=0.4),), dynamics=halved),
    )

    assert moved(taken) == [(0.5, 0.25, 0.4, 0.2)]
    assert moved(lower) == [(0.25, 0.2, 0.2, 0.2)]


def test_the_time_to_a_breach_follows_from_the_pace() -> None:
    """A steady rise of 2 % of equity an hour towards a limit of 50 %."""
    hour = timedelta(hours=1)
    taken = steps_over([0.10 + 0.02 * n for n in range(12)], every=hour)
    state = taken[-1].state.limits["cap"]

    assert state.drift == pytest.approx(0.02, rel=1e-3)
    assert state.hours_to_breach == pytest.approx((0.5 - 0.32) / 0.02, rel=1e-3)


def test_the_pace_does_not_depend_on_how_often_it_is_measured() -> None:
    rise = [0.2, 0.2 + 0.1]
    coarse = steps_over(rise, every=timedelta(minutes=10))
    fine = steps_over([0.2 + 0.1 * n / 60 for n in range(61)], every=timedelta(seconds=10))

    assert fine[-1].state.limits["cap"].drift == pytest.approx(
        coarse[-1].state.limits["cap"].drift, rel=0.02
    )


def test_what_is_defined_anew_has_no_pace_from_what_it_was() -> None:
    """From a VaR of a few percent to an exposure of many is no rise within a second."""
    tail = definition("value_at_risk", WHOLE, 0.5, name="cap")
    (first,) = steps_over([0.3], policy=Policy(limits=(tail,)))
    change = PolicyChange(policy=ONE_LIMIT, action=1, by="anna", what=("limit cap: kind",))
    snapshot = snapshot_of(held(BTC, 3e5), at=NOW + SECOND, id="1", policy_changes=(change,))

    assert step(first.state, snapshot).state.limits["cap"].drift is None


@pytest.mark.parametrize(
    ("value", "hard", "drift", "hours"),
    [
        (None, 0.5, 0.1, None),
        (0.4, 0.5, None, None),
        (0.4, 0.5, -0.1, None),
        (0.4, 0.5, 0.05, 2.0),
        (0.4, 0.5, 5e-324, None),
        (0.5, 0.5, 0.05, 0.0),
        (0.7, 0.5, -0.1, 0.0),
    ],
)
def test_hours_to_a_breach(
    value: float | None, hard: float, drift: float | None, hours: float | None
) -> None:
    state = LimitState(
        thresholds=Thresholds(hard, 0.8 * hard, 1.0, "as defined"),
        status=LimitStatus.WITHIN,
        value=value,
        since=NOW,
        episode=None,
        at=NOW,
        drift=drift,
    )

    assert state.hours_to_breach == (None if hours is None else pytest.approx(hours))


@given(st.floats(0.0, 1e9), st.floats(0.0, 1e9))
def test_a_utilization_is_a_finite_number(value: float, hard: float) -> None:
    used = used_of(value, hard)

    assert used is not None
    assert 0.0 <= used <= MOST_USED


def test_every_limit_of_a_policy_has_a_state_and_every_kind_is_measured() -> None:
    policy = every_kind()
    (taken,) = steps_over([0.3], policy=policy)
    states = taken.state.limits

    assert states.keys() == {each.name for each in policy.limits}
    assert {each.kind for each in policy.limits} == LIMIT_TYPES.keys() == HARD.keys()
    unknown = {
        each.kind for each in policy.limits if states[each.name].status is LimitStatus.UNKNOWN
    }
    # There is no daily volume in these books, and no scenario.
    assert unknown == {"days_to_flat", "stress_loss"}
    assert all(
        states[each.name].value == 0.0 for each in policy.limits if each.kind not in BOOK_LIMITS
    )
