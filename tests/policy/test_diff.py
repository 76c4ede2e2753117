"""What is different between two policies, and which way it goes."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given

from risk.domain.policy import Policy
from risk.policy.diff import Way, counted, diff
from tests.policy_files import FILE, ON_BTC, VAR, policies, policy_of


def told(change: Callable[[str], str]) -> list[str]:
    """What changing the file would change."""
    return [str(each) for each in diff(policy_of(), policy_of(change(FILE)))]


def test_equal_policies_do_not_differ_whoever_adopted_them() -> None:
    assert diff(policy_of(), policy_of("version = 7\nby = 'anna'\n" + FILE)) == ()
    assert counted(()) == "no difference"


@given(policies(), policies())
def test_there_and_back_is_the_same_the_other_way_round(one: Policy, other: Policy) -> None:
    opposite = {Way.TIGHTER: Way.LOOSER, Way.LOOSER: Way.TIGHTER}
    there = {(d.part, d.name): d.way for d in diff(one, other)}
    back = {(d.part, d.name): opposite.get(d.way, d.way) for d in diff(other, one)}

    assert there.keys() == back.keys()
    for key, way in there.items():
        # Of what is taken away it cannot always be said.
        assert way is back[key] or Way.NEITHER in (way, back[key])
    assert (there == {}) == (diff(one, other) == ())


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "hard = 0.06\nsoft = 0.03",
            "hard = 0.05\nsoft = 0.03",
            "limit value_at_risk portfolio: hard 0.06 -> 0.05 (tighter)",
        ),
        (
            "hard = 0.06\nsoft = 0.03",
            "hard = 0.07\nsoft = 0.02",
            f"limit {VAR}: hard 0.06 -> 0.07 (looser), soft 0.03 -> 0.02 (tighter)",
        ),
        (
            "confidence = 0.99",
            "confidence = 0.975",
            "limit value_at_risk portfolio: confidence 0.99 -> 0.975",
        ),
        (
            'on = "strategy:trend"\nhard = 20',
            'on = "strategy:trend"\nhard = 20\nowner = "ben"',
            "limit orders a minute: owner none -> ben",
        ),
        ("dynamic = true", "", "limit value_at_risk portfolio: dynamic yes -> no"),
        ('trend = "trend following"', 'trend = "x"', "strategy trend: type trend following -> x"),
        ("lot = 0.001", "", "instrument BTC/USDT: lot 0.001 -> none"),
        ("floor = 0.5", "floor = 0.6", "dynamics: floor 0.5 -> 0.6 (looser)"),
        (
            "stressed = 0.7",
            "stressed = 0.6",
            "regime pack portfolio: stressed 0.7 -> 0.6 (tighter)",
        ),
        ("size = 0.5", "size = 0.4", "ladder at 0.1: size 0.5 -> 0.4 (tighter)"),
        ("T12:00:00+02:00", "T13:00:00+02:00", None),
    ],
)
def test_a_changed_field_is_told_with_its_way(old: str, new: str, line: str | None) -> None:
    moved = (
        "temporary limit value_at_risk portfolio from 2027-02-01T08:00:00Z: "
        "expires 2027-02-01T10:00:00Z -> 2027-02-01T11:00:00Z"
    )

    assert told(lambda text: text.replace(old, new)) == [line or moved]


def test_a_limit_that_is_gone_leaves_more_room_while_another_one_stands_on_its_scope() -> None:
    assert told(lambda text: text.replace(', "asset:ETH/USDT"', "")) == [
        "limit net_exposure asset ETH/USDT: removed"
    ]
    assert told(lambda text: text[: text.index('[[limits]]\nkind = "value')]) == [
        "limit value_at_risk portfolio: removed (looser)",
        "limit orders a minute: removed (looser)",
        "temporary limit value_at_risk portfolio from 2027-02-01T08:00:00Z: removed",
    ]


def test_the_first_limit_on_exposure_opens_a_scope_and_another_one_narrows_it() -> None:
    venue = '[[limits]]\nkind = "{}_exposure"\non = "venue:sim-a"\nhard = 0.3\n'
    opened = told(lambda text: text + venue.format("net"))
    with_net = policy_of(FILE + venue.format("net"))
    narrowed = diff(with_net, policy_of(FILE + venue.format("net") + venue.format("gross")))

    (net,) = opened
    assert net.startswith("limit net_exposure venue sim-a: added (looser), kind net_exposure")
    assert [each.way for each in narrowed] == [Way.TIGHTER]


def test_what_may_be_traded_at_all_is_looser_with_each_name() -> None:
    assert told(lambda text: text.replace("[strategies]", "SOL = {}\n[strategies]")) == [
        "instrument SOL: added (looser)"
    ]


@pytest.mark.parametrize(
    ("hard", "soft", "told_as"),
    [
        (0.05, 0.03, ""),  # 6 % may be 3 to 6 % by now: nobody can say
        (0.03, 0.015, " (tighter)"),
        (0.06, 0.02, ""),
        (0.06, 0.03, " (looser)"),
    ],
)
def test_what_is_lent_of_a_limit_that_moves_is_told_by_all_that_it_may_be(
    hard: float, soft: float, told_as: str
) -> None:
    own = replace(policy_of(), temporary=())
    (ben,) = policy_of().temporary
    lent = replace(own, temporary=(replace(ben, hard=hard, soft=soft),))
    back = {" (tighter)": " (looser)", " (looser)": " (tighter)", "": ""}[told_as]

    assert f": added{told_as}, hard " in str(*diff(own, lent))
    assert str(*diff(lent, own)).endswith(f": removed{back}")


def test_against_no_policy_everything_is_new() -> None:
    differences = diff(None, policy_of())

    assert {each.what.value for each in differences} == {"added"}
    assert {each.part for each in differences} == {
        "instrument", "strategy", "limit", "temporary limit", "dynamics", "regime pack",
        "derisking", "ladder", "clusters", "liquidation",
    }  # fmt: skip
    assert f"limit {ON_BTC}: added (looser), kind net_exposure" in str(differences[5])
    assert counted(differences) == "4 tighter, 7 looser, 6 neither"
