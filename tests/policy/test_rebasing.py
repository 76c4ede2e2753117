"""What somebody wants, done upon what others have changed meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.actions import AdoptPolicy, EndTemporaryLimit
from risk.domain.policy import Instrument, Policy, RegimePack
from risk.domain.stops import VOLATILITY_STOP
from risk.policy.diff import diff
from risk.policy.rebasing import rebased, same_limit
from risk.policy.rebasing import upon as made_upon
from tests.policy.changed import BEGIN, DAY, changed
from tests.policy.test_direction import BASE, PLAIN, braked, lent, limited, with_lent
from tests.policy_files import ON_BTC, VAR, policies

#: Before anything that is lent at random.
EARLY = datetime(2019, 1, 1, tzinfo=UTC)


def upon(wanted: Policy, present: Policy, base: Policy = PLAIN, at=BEGIN) -> Policy | None:
    return rebased(base, wanted, present, at=at)


def test_what_nobody_else_touched_is_done_upon_what_they_did() -> None:
    merged = upon(limited(hard=0.2, soft=0.1), braked(trip=1.5))

    assert merged is not None
    assert diff(merged, limited(hard=0.2, soft=0.1, policy=braked(trip=1.5))) == ()


def test_what_both_touched_is_not() -> None:
    assert upon(limited(hard=0.2, soft=0.1), limited(hard=0.3)) is None
    assert upon(limited(hard=0.2, soft=0.1), with_lent(lent(0.2))) is None
    assert upon(limited(hard=0.2), replace(PLAIN, limits=PLAIN.limits[:1])) is None
    assert upon(replace(PLAIN, limits=PLAIN.limits[:1]), limited(hard=0.2)) is None


def test_what_both_did_alike_is_done_once() -> None:
    assert upon(limited(hard=0.2), limited(hard=0.2, policy=braked(trip=1.5))) == limited(
        hard=0.2, policy=braked(trip=1.5)
    )


@pytest.mark.parametrize(
    "wanted",
    [
        replace(PLAIN, instruments={**PLAIN.instruments, "SOL": Instrument()}),
        replace(PLAIN, strategies={**PLAIN.strategies, "carry": "carry"}),
        replace(PLAIN, limits=PLAIN.limits[:-1]),
        replace(PLAIN, limits=(*PLAIN.limits, replace(PLAIN.limits[0], name="more"))),
        replace(PLAIN, breakers=PLAIN.breakers[1:]),
        with_lent(lent(0.2)),
        replace(PLAIN, dynamics=replace(PLAIN.dynamics, cap=2.0)),
        replace(PLAIN, dynamics=replace(PLAIN.dynamics, packs={"trend following": RegimePack()})),
        replace(PLAIN, derisking=replace(PLAIN.derisking, ladder=())),
        replace(PLAIN, stops={"trend": VOLATILITY_STOP}),
        replace(PLAIN, cluster_correlation=0.5),
        replace(PLAIN, maintenance_margin=0.01),
    ],
)
def test_every_part_comes_along(wanted: Policy) -> None:
    present = limited(VAR, hard=0.05)
    merged = upon(wanted, present)

    assert merged is not None
    assert {str(each) for each in diff(present, merged)} == {
        str(each) for each in diff(PLAIN, wanted)
    }


def test_what_was_lent_and_is_over_by_now_is_nobodys_change() -> None:
    began = with_lent(lent(0.2, days=(-3, -1)))

    assert upon(limited(hard=0.2, policy=began), PLAIN, base=began) == limited(hard=0.2)


def test_a_limit_is_the_same_while_nothing_that_decides_on_it_changed() -> None:
    def same(present: Policy) -> bool:
        return same_limit(PLAIN, present, ON_BTC, at=BEGIN)

    assert same(limited(VAR, hard=0.05, policy=braked(trip=1.5)))
    assert not same(limited(hard=0.2))
    assert not same(with_lent(lent(0.3)))
    assert not same(replace(PLAIN, dynamics=replace(PLAIN.dynamics, cap=2.0)))
    assert not same_limit(BASE, PLAIN, VAR, at=BASE.temporary[0].starts)
    assert same_limit(BASE, PLAIN, VAR, at=BEGIN + DAY)


@given(policies(), st.data())
def test_upon_the_same_policy_it_is_what_was_wanted(base: Policy, data: st.DataObject) -> None:
    wanted = data.draw(changed(base))
    merged = upon(wanted, base, base=base, at=EARLY)

    assert merged is not None
    assert diff(wanted, merged) == ()


@given(policies(), st.data())
def test_of_two_changes_that_can_be_merged_it_does_not_matter_who_came_first(
    base: Policy, data: st.DataObject
) -> None:
    one, other = (data.draw(changed(base)) for _ in range(2))
    forth, back = (upon(*pair, base=base, at=EARLY) for pair in ((one, other), (other, one)))

    assert (forth is None) == (back is None)
    if forth is not None and back is not None:
        assert diff(forth, back) == ()


# --- changes ---------------------------------------------------------------------------------


def test_a_policy_is_adopted_upon_the_one_in_force_and_compared_with_it() -> None:
    wanted = AdoptPolicy(
        seq=0, at=BEGIN, who="ana", policy=limited(hard=0.2, soft=0.1), seen=PLAIN.version
    )
    present = replace(braked(trip=1.5), version=PLAIN.version + 1)
    done = made_upon(wanted, PLAIN, present, at=BEGIN)

    assert isinstance(done, AdoptPolicy)
    assert done.seen == present.version
    assert done.policy == upon(wanted.policy, present)
    assert made_upon(wanted, PLAIN, limited(hard=0.3), at=BEGIN) is None


def test_what_is_lent_for_a_while_stays_as_it_is_or_is_not_adopted() -> None:
    wanted = EndTemporaryLimit(seq=0, at=BEGIN, who="ana", limit=PLAIN.limits[0].name)

    assert made_upon(wanted, PLAIN, braked(trip=1.5), at=BEGIN) is wanted
    touched = replace(
        PLAIN, limits=(replace(PLAIN.limits[0], hard=2.0, soft=1.0), *PLAIN.limits[1:])
    )
    assert made_upon(wanted, PLAIN, touched, at=BEGIN) is None
