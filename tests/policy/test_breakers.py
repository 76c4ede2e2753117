"""Breakers in a policy: read with their defaults, refused in words, compared, and versioned."""

from dataclasses import replace

import pytest

from risk.breakers.types import BREAKER_TYPES, own_settings
from risk.domain.actions import AdoptPolicy
from risk.domain.breakers import BreakerDefinition
from risk.domain.policy import Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from risk.errors import PolicyInvalid
from risk.policy.adoption import adopt, asked_for
from risk.policy.breakers import OF_BREAKER, greatest_of, release_of
from risk.policy.diff import Way, diff
from risk.policy.rules import refuse_unsound
from risk.policy.text import policy_text
from tests.policy_files import BREAKERS, FILE, MONDAY, OWNER, WHOLE, policy_of
from tests.sanctions import AGREED

BOTH = FILE + BREAKERS
SHORT = "[[breakers]]\nkind = 'market_volatility'\non = 'portfolio'\ntrip = 2\n"
NAME = "market_volatility portfolio"


def breaker_of(text: str) -> BreakerDefinition:
    return policy_of(text).breakers[0]


# --- read and written ----------------------------------------------------------------------


def test_an_entry_is_a_breaker_of_each_scope_with_the_settings_of_its_kind() -> None:
    fall, trend, dip = policy_of(BOTH).breakers

    assert (fall.name, fall.scope, fall.parameters) == ("market fall", WHOLE, {"fall_sigmas": 2.0})
    assert (trend.name, trend.scope) == (
        "drawdown strategy trend",
        Scope(ScopeKind.STRATEGY, "trend"),
    )
    assert replace(dip, name=trend.name, scope=trend.scope) == trend
    assert (trend.state, trend.size, trend.enabled) == (TradingState.THROTTLED, 0.25, False)
    assert (trend.confirm, trend.of) == (2, 3)


def test_what_a_breaker_does_not_say_follows_from_what_it_says() -> None:
    """Law: a short entry is a sound one, whatever of its numbers are given."""
    short = breaker_of(SHORT)
    assert short == BreakerDefinition(
        name=NAME, kind="market_volatility", scope=WHOLE, trip=2.0, release=1.4
    )

    longer = breaker_of(SHORT + "least_hours = 100\nconfirm = 3")
    assert (longer.greatest_hours, longer.probation_hours, longer.of) == (400.0, 100.0, 3)
    assert (release_of(0.05), greatest_of(80_000.0)) == (0.035, 87_600.0)


def test_breakers_that_differ_in_their_scope_alone_share_an_entry() -> None:
    text = policy_text(policy_of(BOTH))

    assert 'kind = "drawdown"\non = ["strategy:trend", "strategy:dip"]\ntrip = 0.1\n' in text
    assert text.count("[[breakers]]") == 2
    assert policy_of(text) == policy_of(BOTH)


@pytest.mark.parametrize("kind", BREAKER_TYPES.values(), ids=BREAKER_TYPES)
def test_no_setting_of_a_kind_is_called_like_what_every_breaker_has(kind) -> None:
    assert not set(own_settings(kind)) & set(OF_BREAKER)


# --- refused -------------------------------------------------------------------------------

REFUSED = {
    "no kind": ("[[breakers]]\n", "breaker 1 needs kind"),
    "an unknown kind": (SHORT.replace("_volat", "_vlat"), "did you mean market_volatility"),
    "an unknown key": (SHORT + "tripp = 1", r"breaker 1 \(market_volatility\) has tripp, .* trip"),
    "a setting of another kind": (SHORT + "participation = 1", "which is not known there"),
    "no trip": (SHORT.replace("trip = 2\n", ""), "needs trip"),
    "a trip of nothing": (SHORT.replace("2", "0"), "trip above 0"),
    "NaN": (SHORT.replace("2", "nan"), f"{NAME} has trip nan"),
    "infinity": (SHORT.replace("2", "inf"), "trip, which must be a finite number"),
    "a drawdown in percent": (
        SHORT.replace("market_volatility", "drawdown").replace("2", "15"),
        "needs a trip below 1, or it would never trip, got 15; 0.15 is 15 %",
    ),
    "a ratio that none reaches": (SHORT.replace("2", "1000"), "needs a trip below 1000"),
    "a close that leaves the door open": (
        SHORT + "state = 'throttled'\nflatten = true",
        "lets new ones be opened: flatten needs reduce_only or halted",
    ),
    "a name that fills a page": (SHORT + f"name = '{'x' * 101}'", "name of more than 100 letters"),
    "a release above the trip": (SHORT + "release = 3", "needs levels 0 <= release <= trip"),
    "a negative release": (SHORT + "release = -1", "needs levels 0 <= release <= trip"),
    "a release that is no number": (SHORT + "release = nan", "needs levels 0 <= release"),
    "a state that nothing imposes": (SHORT + "state = 'caution'", "'caution', which no breaker"),
    "a whole size": (SHORT + "state = 'throttled'\nsize = 1", "size 1, which must be above 0"),
    "a size of nothing": (SHORT + "state = 'throttled'\nsize = 0", "must be above 0 and below 1"),
    "a size that is none": (SHORT + "size = nan", "size nan, which must be above 0"),
    "more hits than readings": (SHORT + "confirm = 3\nof = 2", "has confirm 3, which must"),
    "too many readings": (SHORT + "confirm = 2\nof = 21", "between 1 and 20"),
    "no hit": (SHORT + "confirm = 0", "confirm = 0, which must be a whole number, 1 or more"),
    "half a hit": (SHORT + "confirm = 1.5", "must be a whole number"),
    "a pause of nothing": (SHORT + "least_hours = 0", "least_hours 0, which must be above 0"),
    "pauses upside down": (
        SHORT + "least_hours = 5\ngreatest_hours = 4",
        "least_hours 5, which must be at most greatest_hours 4",
    ),
    "a pause of eleven years": (SHORT + "greatest_hours = 96_360", "greatest_hours 96360"),
    "no ramp": (SHORT + "probation_hours = 0", "probation_hours 0, which must be above 0"),
    "a setting of a wrong type": (SHORT + "fall_sigmas = 'two'", "which must be a number"),
    "a setting that is no number": (SHORT + "fall_sigmas = nan", "has fall_sigmas nan"),
    "a half-life beyond the calendar": (SHORT + "normal_days = 1e9", "between 0 and 3650"),
    "a setting out of its range": (SHORT + "easing_hours = 0", "needs easing_hours above 0"),
    "a scope that does not suit": (SHORT.replace("'portfolio'", "'venue:a'"), "not on venue"),
    "an unknown scope": (
        SHORT.replace("'portfolio'", "'asset:DOGE/USDT'"),
        "asset DOGE/USDT, which the policy lacks; there are none",
    ),
    "a name twice": (
        BOTH + SHORT + "name = 'drawdown strategy dip'",
        "drawdown strategy dip is the name of two breakers",
    ),
    "a name that could fool": (SHORT + 'name = "a\\u202eb"', "not printable"),
    "a switch that is none": (SHORT + "enabled = 1", "enabled = 1, which must be true or false"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_the_breaker_and_one_sentence(what: str) -> None:
    text, told = REFUSED[what]

    with pytest.raises(PolicyInvalid, match=told):
        policy_of(text)


def test_what_no_file_can_say_is_refused_too() -> None:
    for change in ({"state": TradingState.NORMAL}, {"parameters": {"fall_sigmas": "x"}}):
        with pytest.raises(PolicyInvalid, match=r"may impose throttled|must be a number"):
            refuse_unsound(Policy(breakers=(replace(breaker_of(SHORT), **change),)), OWNER)


# --- compared ------------------------------------------------------------------------------

LOOSER = {
    "trip = 1.75": ("trip = 2", "trip 1.75 -> 2 (looser)"),
    "release = 1.4": ("release = 1.5", "release 1.4 -> 1.5 (looser)"),
    "least_hours = 12": ("least_hours = 6", "least_hours 12 -> 6 (looser)"),
    "greatest_hours = 168": ("greatest_hours = 24", "greatest_hours 168 -> 24 (looser)"),
    "probation_hours = 24": ("probation_hours = 6", "probation_hours 24 -> 6 (looser)"),
    "trip = 1.75\n": (
        'trip = 1.75\nstate = "throttled"\n',
        "state reduce_only -> throttled (looser), size none -> 0.5",
    ),
    'rationale = "Falls go on."': (
        'rationale = "Falls go on."\nenabled = false',
        "enabled yes -> no (looser)",
    ),
    "fall_sigmas = 2": ("fall_sigmas = 2\nconfirm = 2", "confirm 1 -> 2 (looser), of 1 -> 2"),
}


@pytest.mark.parametrize("old", LOOSER)
def test_what_lets_a_breaker_trip_later_or_hold_shorter_is_looser(old: str) -> None:
    new, told = LOOSER[old]
    one, other = policy_of(BOTH), policy_of(BOTH.replace(old, new, 1))

    (there,), (back,) = diff(one, other), diff(other, one)
    assert str(there).startswith(f"breaker market fall: {told}")
    assert "tighter" in str(back)
    assert "looser" not in str(back).replace("of 2 -> 1 (looser)", "")


def test_a_breaker_that_is_new_tightens_and_one_that_is_gone_loosens() -> None:
    with_them, without = policy_of(BOTH), policy_of()

    added = {each.name: (each.way, str(each)) for each in diff(without, with_them)}
    assert added["market fall"][0] is Way.TIGHTER
    assert added["drawdown strategy dip"][0] is Way.NEITHER
    assert "enabled no" in added["drawdown strategy dip"][1]
    gone = {each.name: each.way for each in diff(with_them, without)}
    assert gone["market fall"] is Way.LOOSER


def test_a_breaker_that_watches_something_else_is_tighter_there_and_looser_here() -> None:
    before = policy_of(BOTH)
    moved = replace(before.breakers[0], scope=Scope(ScopeKind.ASSET, "BTC/USDT"))

    (told,) = diff(before, replace(before, breakers=(moved, *before.breakers[1:])))
    assert told.way is Way.BOTH


def test_of_a_breaker_that_stays_switched_off_no_way_is_told() -> None:
    changed = policy_of(BOTH.replace("trip = 0.1", "trip = 0.2"))

    assert {each.way for each in diff(policy_of(BOTH), changed)} == {Way.NEITHER}


# --- adopted -------------------------------------------------------------------------------


def test_a_breakers_own_version_grows_only_where_its_definition_changed() -> None:
    def after(policy: Policy | None, text: str) -> Policy:
        seen = 0 if policy is None else policy.version
        asked = AdoptPolicy(
            seq=1, at=MONDAY, who="anna", policy=policy_of(text), seen=seen, sanction=AGREED
        )
        adopted = adopt(policy, [asked], portfolio=OWNER, at=MONDAY).policy
        assert adopted is not None
        return adopted

    policy = after(None, BOTH + "version = 7")
    assert {breaker.version for breaker in policy.breakers} == {1}
    policy = after(policy, BOTH.replace("trip = 1.75", "trip = 1.8"))
    assert [breaker.version for breaker in policy.breakers] == [2, 1, 1]
    assert policy.breaker("market fall") == policy.breakers[0]


def test_breakers_are_counted_where_a_policy_is_asked_for() -> None:
    asked = AdoptPolicy(seq=1, at=MONDAY, who="anna", policy=policy_of(BOTH), seen=0)

    assert asked_for(asked) == "adopt a policy of 5 limits and 3 breakers"
