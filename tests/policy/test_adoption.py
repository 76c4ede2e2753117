"""Which policy is in force: adopted once, numbered, refused with a sentence, expired by itself."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from risk.domain.actions import (
    Action,
    AdoptPolicy,
    ChooseBookModel,
    EndTemporaryLimit,
    Sanction,
    SetTemporaryLimit,
)
from risk.domain.events import LimitUpdated, PolicyChanged
from risk.domain.limits import TemporaryLimit
from risk.domain.policy import Policy
from risk.errors import PolicyInvalid
from risk.policy.adoption import (
    Adopted,
    adopt,
    asked_for,
    made_of,
    policy_events,
    refuse_long_lent,
    without_expired,
)
from tests.policy_files import FILE, HOUR, MONDAY, ON_BTC, OWNER, VAR, policies, policy_of
from tests.sanctions import AGREED

EARLY = MONDAY - HOUR
FIRST = replace(policy_of(), version=1, by="anna")
STAMP = {"at": MONDAY, "portfolio": OWNER, "cycle": "demo-1"}


def adoption(policy: Policy, *, seen: int = 0, seq: int = 1, who: str = "anna") -> AdoptPolicy:
    return AdoptPolicy(seq=seq, at=MONDAY, who=who, policy=policy, seen=seen, sanction=AGREED)


def raising(
    limit: str = ON_BTC,
    hard: float = 0.3,
    *,
    starts: datetime | None = None,
    expires: datetime = MONDAY + HOUR,
) -> SetTemporaryLimit:
    return SetTemporaryLimit(
        seq=2,
        at=MONDAY,
        who="ben",
        limit=limit,
        hard=hard,
        soft=0.2,
        starts=starts,
        expires=expires,
        reason="the roll",
        sanction=AGREED,
    )


def restoring(limit: str) -> EndTemporaryLimit:
    return EndTemporaryLimit(seq=3, at=MONDAY, who="cleo", limit=limit, sanction=AGREED)


def adopted(policy: Policy | None, *actions: Action, at: datetime = EARLY) -> Adopted:
    return adopt(policy, actions, portfolio=OWNER, at=at)


def reason(found: Adopted) -> str:
    assert found.changes == ()
    (refusal,) = found.refusals
    return refusal.reason


# --- adopting ------------------------------------------------------------------------------


def test_a_first_policy_is_version_one_by_whoever_adopted_it() -> None:
    found = adopted(None, adoption(policy_of("version = 9\n" + FILE)))

    assert found.policy == FIRST
    (change,) = found.changes
    assert (change.policy, change.action, change.by) == (FIRST, 1, "anna")
    assert change.what[0] == "instrument BTC/USDT: added (looser), lot 0.001"


def test_without_anything_asked_the_policy_stays_the_very_same() -> None:
    choice = ChooseBookModel(seq=1, at=MONDAY, who="anna", model="adaptive")

    assert adopted(FIRST, choice) == Adopted(FIRST)
    assert adopted(FIRST).policy is FIRST
    assert adopted(None) == Adopted(None)


def test_a_policy_that_was_compared_with_another_is_refused() -> None:
    """Of two people who adopt at once, one wins and the other is told."""
    two = adoption(FIRST, who="ben"), adoption(FIRST, seq=2, who="cleo")
    found = adopted(None, *two)

    assert [change.by for change in found.changes] == ["ben"]
    (refused,) = found.refusals
    assert refused.by == "cleo"
    assert refused.asked == "adopt a policy of 5 limits"
    assert refused.reason == (
        "policy: version 1, by ben, is in force, and the new policy was compared with version 0: "
        "compare with the one in force first"
    )


def test_a_policy_that_contradicts_itself_is_refused_and_the_old_one_stays() -> None:
    wrong = replace(FIRST, limits=(replace(FIRST.limits[0], soft=9.0),))
    found = adopted(FIRST, adoption(wrong, seen=1))

    assert found.policy is FIRST
    assert "needs thresholds 0 <= soft <= hard" in reason(found)


def test_what_was_adopted_once_is_made_again_whatever_rules_came_since() -> None:
    """So that every version can be exported."""
    then = replace(policy_of(), derisking=replace(policy_of().derisking, deadline_minutes=1e10))

    assert adopt(None, [adoption(then)], portfolio=OWNER, at=EARLY).policy is None
    assert made_of(None, adoption(then), at=EARLY) == replace(then, version=1, by="anna")


def test_a_policy_of_another_portfolio_is_refused() -> None:
    found = adopt(None, [adoption(FIRST)], portfolio="other", at=EARLY)

    assert "set on portfolio demo, which the policy lacks" in reason(found)


def test_a_limits_own_version_grows_only_where_its_definition_changed() -> None:
    changed = policy_of(FILE.replace("hard = 0.06", "hard = 0.05").replace('"ETH/USDT" = {}', ""
        ).replace(', "asset:ETH/USDT"', ""))  # fmt: skip
    second = adopted(FIRST, adoption(changed, seen=1)).policy
    assert second is not None
    third = adopted(second, adoption(policy_of(), seen=2)).policy
    assert third is not None

    assert {limit.name: limit.version for limit in second.limits if limit.version > 1} == {VAR: 2}
    assert (second.version, third.version) == (2, 3)
    assert {limit.name: limit.version for limit in third.limits if limit.version > 1} == {VAR: 3}


@given(policies())
def test_whatever_is_sound_is_adopted_as_it_is(policy: Policy) -> None:
    long_ago = datetime.min.replace(tzinfo=MONDAY.tzinfo)
    found = adopted(None, adoption(policy), at=long_ago)

    assert found.policy is not None
    assert found.policy == replace(
        policy,
        limits=tuple(replace(limit, version=1) for limit in policy.limits),
        breakers=tuple(replace(breaker, version=1) for breaker in policy.breakers),
        version=1,
        by="anna",
    )


# --- temporary limits ----------------------------------------------------------------------


def test_a_temporary_limit_is_set_from_this_cycle_on_and_raises_the_version() -> None:
    found = adopted(FIRST, raising())

    assert found.policy is not None
    (_, new) = found.policy.temporary
    assert (new.limit, new.starts, new.expires, new.by) == (ON_BTC, EARLY, MONDAY + HOUR, "ben")
    assert (found.policy.version, found.policy.by) == (2, "ben")
    assert found.policy.limits == FIRST.limits
    (line,) = found.changes[0].what
    assert line == (
        f"temporary limit {ON_BTC} from 2027-02-01T07:00:00Z: added (looser), hard 0.3, soft 0.2, "
        "expires 2027-02-01T09:00:00Z, reason the roll"
    )


def test_it_takes_the_place_of_those_that_it_meets_and_of_no_others() -> None:
    later = raising(starts=MONDAY + 2 * HOUR, expires=MONDAY + 3 * HOUR)
    first = adopted(FIRST, raising(), later, raising(hard=0.27)).policy
    assert first is not None

    assert [(t.limit, t.hard) for t in first.temporary] == [
        (VAR, 0.08), (ON_BTC, 0.3), (ON_BTC, 0.27),
    ]  # fmt: skip
    assert [t.starts for t in first.temporary][1:] == [MONDAY + 2 * HOUR, EARLY]


def test_a_tighter_one_goes_on_before_and_after_what_takes_its_place() -> None:
    """Who loosens a limit for an hour does not end what was to hold for a day."""
    tight = replace(raising(hard=0.1, expires=MONDAY + 24 * HOUR), soft=0.05)
    loose = raising(starts=MONDAY, expires=MONDAY + HOUR)
    policy = adopted(FIRST, tight, loose).policy
    assert policy is not None

    assert [(t.hard, t.starts, t.expires) for t in policy.temporary if t.limit == ON_BTC] == [
        (0.1, EARLY, MONDAY),
        (0.1, MONDAY + HOUR, MONDAY + 24 * HOUR),
        (0.3, MONDAY, MONDAY + HOUR),
    ]


def test_a_looser_one_ends_with_what_takes_its_place() -> None:
    policy = adopted(FIRST, raising(expires=MONDAY + 24 * HOUR), raising(hard=0.26)).policy
    assert policy is not None

    assert [(t.hard, t.expires) for t in policy.temporary if t.limit == ON_BTC] == [
        (0.26, MONDAY + HOUR)
    ]


def test_ending_it_lets_the_limit_be_as_defined_and_touches_no_other() -> None:
    found = adopted(FIRST, raising(), restoring(ON_BTC))

    assert found.policy is not None
    assert found.policy.temporary == FIRST.temporary
    assert [change.by for change in found.changes] == ["ben", "cleo"]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (raising("net_exposure asset BTC"), f"did you mean {ON_BTC}?"),
        (raising(expires=EARLY), "would have expired before now, 2027-02-01T07:00:00"),
        (raising(starts=MONDAY + HOUR), "expires at .*, not after"),
        (raising(hard=0.1), "needs thresholds 0 <= soft <= hard"),
        (raising(hard=float("nan")), "needs thresholds"),
        (restoring(ON_BTC), f"{ON_BTC} has no temporary limit: it is as defined already"),
        (restoring("net_exposure asset BTC"), f"did you mean {ON_BTC}?"),
    ],
)
def test_what_cannot_be_is_refused(action: Action, told: str) -> None:
    assert re.search(told, reason(adopted(FIRST, action)))


@pytest.mark.parametrize("action", [raising(), restoring(ON_BTC)])
def test_without_a_policy_there_is_nothing_to_raise(action: Action) -> None:
    assert reason(adopted(None, action)) == "policy: the book has none yet: adopt one first"


def test_what_is_over_is_dropped_and_does_not_count_as_a_change() -> None:
    (temporary,) = FIRST.temporary

    assert without_expired(FIRST, temporary.expires - HOUR) is FIRST
    assert without_expired(None, MONDAY) is None
    over = adopted(FIRST, at=temporary.expires)
    assert over.policy == replace(FIRST, temporary=())
    assert over.changes == ()


# --- what is told --------------------------------------------------------------------------


def test_limits_that_are_new_or_gone_are_told_with_who_and_why() -> None:
    tighter = FILE.replace("hard = 0.06", "hard = 0.05").replace(', "asset:ETH/USDT"', "")
    first = adopted(None, adoption(policy_of()))
    second = adopted(first.policy, adoption(policy_of(tighter), seen=1, seq=2, who="ben"))
    added = list(policy_events(None, first.changes, **STAMP))
    events = list(policy_events(first.policy, second.changes, **STAMP))

    assert [type(event) for event in added] == [PolicyChanged] + [LimitUpdated] * 5
    changed, gone = events
    assert isinstance(changed, PolicyChanged)
    assert (changed.number, changed.action, changed.by) == (2, 2, "ben")
    assert changed.what == second.changes[0].what
    assert isinstance(gone, LimitUpdated)
    assert (gone.previous, gone.threshold) == (0.25, None)
    assert (gone.changed_by, gone.reason) == ("ben", "version 2 of the policy")


def test_of_a_temporary_limit_the_change_of_policy_is_told_and_no_threshold_yet() -> None:
    found = adopted(FIRST, raising())
    events = list(policy_events(FIRST, found.changes, **STAMP))

    assert [type(event) for event in events] == [PolicyChanged]


def test_what_was_asked_is_the_end_of_a_sentence() -> None:
    assert asked_for(raising()) == f"set {ON_BTC} to 0.3 until 2027-02-01T09:00+00:00"
    assert asked_for(restoring(VAR)) == f"end the temporary limit of {VAR}"
    with pytest.raises(TypeError, match="asks nothing of a policy"):
        asked_for(ChooseBookModel(seq=1, at=MONDAY, who="anna", model="adaptive"))


# --- a second person -----------------------------------------------------------------------

LOOSER = policy_of(FILE.replace("hard = 0.06", "hard = 0.08"))
TIGHTER = policy_of(FILE.replace("hard = 0.06", "hard = 0.05"))


@pytest.mark.parametrize(
    ("sanction", "told"),
    [
        (None, "no second person has agreed to it: propose it"),
        (Sanction(1), "nobody but anna has agreed to it"),
        (Sanction(1, "anna"), "nobody but anna has agreed to it"),
        (Sanction(1, " AN NA"), "nobody but anna has agreed to it"),
        (Sanction(1, "ａnna"), "nobody but anna has agreed to it"),
    ],
)
def test_what_loosens_is_refused_without_another_persons_word(sanction, told) -> None:
    asked = [
        replace(adoption(LOOSER, seen=1), sanction=sanction),
        replace(raising(), who="anna", sanction=sanction),
    ]
    for each in asked:
        assert told in reason(adopted(FIRST, each))
    lent = adopted(FIRST, raising(hard=0.2, expires=MONDAY + HOUR)).policy
    ended = replace(restoring(ON_BTC), who="anna", sanction=sanction)
    assert told in reason(adopted(lent, ended))


@pytest.mark.parametrize("sanction", [None, Sanction(1, "anna")])
def test_what_does_not_loosen_holds_by_anybodys_word(sanction) -> None:
    words = policy_of(FILE.replace("anna", "ben"))
    for policy in (TIGHTER, words):
        found = adopted(FIRST, replace(adoption(policy, seen=1), sanction=sanction))
        assert [change.approved_by for change in found.changes] == [
            "" if sanction is None else "anna"
        ]


def test_by_whose_word_a_policy_holds_is_told() -> None:
    alone = replace(adoption(LOOSER, seen=1), sanction=Sanction(1, alone=True))
    (told,) = policy_events(FIRST, adopted(FIRST, alone).changes, **STAMP)

    assert isinstance(told, PolicyChanged)
    assert told.approved_by == "alone, nobody has a login"
    assert adopted(FIRST, adoption(LOOSER, seen=1)).changes[0].approved_by == "olga"


def test_it_is_judged_by_what_is_in_force_when_it_is_taken_in() -> None:
    """Alone each of them tightens; the second loosens what the first made of the limit."""
    first = replace(raising(hard=0.1), soft=0.05, sanction=None)
    second = replace(raising(hard=0.2), seq=3, sanction=None)
    found = adopted(FIRST, first, second)

    assert [change.action for change in found.changes] == [2]
    assert [refusal.by for refusal in found.refusals] == ["ben"]


# --- for how long ---------------------------------------------------------------------------


def for_days(days: float, **changes: Any) -> TemporaryLimit:
    lent = TemporaryLimit(
        limit=ON_BTC,
        hard=0.3,
        soft=0.2,
        starts=MONDAY,
        expires=MONDAY + timedelta(days=days),
        reason="the roll",
        by="anna",
    )
    return replace(lent, **changes)


def with_lent(*lent: TemporaryLimit) -> Policy:
    return replace(policy_of(), temporary=lent)


@pytest.mark.parametrize("days", [0.1, 30.0])
def test_a_temporary_limit_may_be_for_thirty_days(days: float) -> None:
    assert adopted(None, adoption(with_lent(for_days(days)))).refusals == ()


def test_a_temporary_limit_for_longer_is_refused_however_it_comes() -> None:
    first = adopted(None, adoption(replace(policy_of(), temporary=()))).policy
    raised = raising(expires=MONDAY + timedelta(days=31))
    for tried in (
        adopted(None, adoption(with_lent(for_days(30.1)))),
        adopted(first, raised),
    ):
        (refused,) = tried.refusals
        assert "may be for 30 days at the most: for longer, change the limit itself" in (
            refused.reason
        )


def test_what_is_in_force_for_longer_already_stays_and_may_begin_later() -> None:
    old = replace(with_lent(for_days(400)), version=4)
    shorter = for_days(400, starts=MONDAY + timedelta(days=1))

    refuse_long_lent(old, with_lent(for_days(400)))
    refuse_long_lent(old, with_lent(shorter))
    with pytest.raises(PolicyInvalid, match="30 days at the most"):
        refuse_long_lent(old, with_lent(for_days(401)))
