"""`seawall breakers`: how each one stands, and letting one go after looking at it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from risk.domain.actions import ReleaseBreaker
from risk.domain.events import ActionRefused
from tests.builders import NOON
from tests.commands.standing import POLICY, PORTFOLIO, asked, save
from tests.tripped import HOUR, armed, reopening, tripped

FALL = "market fall"
EPISODE = f"{FALL}/1"
FALL_DEFINED, TREND, DIP = POLICY.breakers
WHY = ("--reason", "the news were false")


@pytest.fixture
def book(run):
    run("migrate")
    run("portfolios", "add", PORTFOLIO)


@pytest.fixture
def stand(book):
    """Let the last cycle leave the breakers as told."""
    return save


@pytest.fixture
def over(stand) -> None:
    """The pause of `FALL` is over, and it has not eased."""
    stand({FALL: tripped(FALL_DEFINED, until=NOON, asked_at=NOON - HOUR)})


# --- list and show -------------------------------------------------------------------------


def test_every_breaker_is_listed_with_how_far_it_is_and_what_it_holds(run, stand):
    stand({FALL: tripped(FALL_DEFINED, asked_at=NOON), TREND.name: armed(0.05)})
    told = run("breakers", "list").stdout
    lines = {line.split("  ")[0]: line for line in told.splitlines()}

    assert set(lines) == {"breaker", *(each.name for each in POLICY.breakers)}
    assert all(word in lines[FALL] for word in ("tripped: REDUCE ONLY", "1.93", "1.75", "110%"))
    assert "anna since 2" in lines[FALL]
    assert all(word in lines[TREND.name] for word in ("switched off", "5 %", "10 %", "50%"))
    assert "not measured" in lines[DIP.name]


def test_the_list_is_one_document_for_programs(run, stand):
    stand({FALL: reopening(FALL_DEFINED)})
    document = json.loads(run("breakers", "list", "--json").stdout)
    fall = document["breakers"][0]

    assert (document["portfolio"], document["policy"]) == (PORTFOLIO, 1)
    assert fall == {
        "name": FALL,
        "kind": "market_volatility",
        "scope": "portfolio:demo",
        "enabled": True,
        "phase": "probation",
        "state": "re-opening at 25%",
        "trading_state": "THROTTLED",
        "size": 0.25,
        "unit": "times normal",
        "value": 0.875,
        "trip": 1.75,
        "release": 1.4,
        "used": 0.5,
        "distance": 0.875,
        "since": NOON.isoformat(timespec="seconds"),
        "until": (NOON + HOUR).isoformat(timespec="seconds"),
        "episode": EPISODE,
        "cause": f"{FALL} re-opens: new risk at 25 % of size",
        "asked_at": None,
        "asked": None,
        "release_waits": False,
        "override": None,
        "override_waits": False,
    }
    assert all(each["value"] is None for each in document["breakers"][1:])


def test_in_probation_the_level_in_force_is_told(run, stand):
    on = replace(TREND, enabled=True)
    policy = replace(POLICY, breakers=(on,))
    stand({on.name: reopening(on)}, policy=policy)

    (told,) = json.loads(run("breakers", "list", "--json").stdout)["breakers"]
    assert (told["trip"], told["used"]) == (0.05, 1.0)


def test_a_book_without_breakers_says_that_only_people_and_limits_stop_it(run, stand):
    stand({}, policy=None)

    assert "only people and limits stop it" in run("breakers", "list").stdout
    assert json.loads(run("breakers", "list", "--json").stdout)["breakers"] == []


def test_the_way_back_says_from_when_on_while_the_pause_lasts(run, stand):
    stand({FALL: tripped(FALL_DEFINED, until=NOON + HOUR)})
    told = run("breakers", "show", FALL).stdout
    from_then = (NOON + HOUR).isoformat(timespec="seconds")

    assert f"--reason TEXT, from {from_then} on: its pause is not over" in told


def test_one_is_shown_with_its_rule_its_levels_and_the_way_back(run, over):
    told = run("breakers", "show", FALL).stdout

    assert "trips above 1.75, may be left at 1.4 (times normal)" in told
    assert "What works:  Proven reductions, stops and cancels pass" in told
    assert f"seawall breakers release '{FALL}' --portfolio demo --reason TEXT" in told
    document = json.loads(run("breakers", "show", FALL, "--json").stdout)
    assert (document["imposes"], document["retrips"], document["refused"]) == (
        "REDUCE_ONLY",
        0,
        None,
    )


@pytest.mark.parametrize("stepped_on", [False, True])
def test_what_the_engine_refused_is_shown_until_the_breaker_steps_on(run, stand, stepped_on):
    refused = ActionRefused(
        at=NOON - HOUR if stepped_on else NOON,
        portfolio=PORTFOLIO,
        cycle="1",
        asked=f"let go of breaker {FALL}",
        by="ben",
        reason="it tripped again",
    )
    stand({FALL: tripped(FALL_DEFINED)}, events=(refused,))

    assert ("it tripped again" in run("breakers", "show", FALL).stdout) is not stepped_on


def test_an_unknown_one_is_refused_with_the_likeliest(run, over):
    for arguments in (("show", "market fal"), ("release", "market fal", *WHY)):
        result = run("breakers", *arguments)
        assert (result.exit_code, "did you mean market fall?" in result.stderr) == (2, True)


# --- release -------------------------------------------------------------------------------


def test_who_lets_one_go_sees_it_first_and_hears_what_will_happen(run, over):
    told = run("breakers", "release", FALL, *WHY, "--who", "ben", answer="y\n").stdout

    assert "something is 2.20 times normal" in told
    assert "goes into probation with the engine's next cycle" in told
    assert "at 25% of size first, then 50% and 100%, 8 h a step" in told
    (action,) = asked()
    assert isinstance(action, ReleaseBreaker)
    assert (action.breaker, action.episode) == (FALL, EPISODE)
    assert (action.who, action.reason) == ("ben", "the news were false")


def test_it_waits_for_the_engine_and_is_not_asked_for_twice(run, over):
    assert run("breakers", "release", FALL, *WHY, "--seen", EPISODE).exit_code == 0

    again = run("breakers", "release", FALL, *WHY, "--seen", EPISODE)
    assert (again.exit_code, "waits for the engine already" in again.stderr) == (2, True)
    assert "its release waits for the engine" in run("breakers", "list").stdout
    assert len(asked()) == 1


def test_who_says_no_lets_nothing_go(run, over):
    assert run("breakers", "release", FALL, *WHY, answer="n\n").exit_code == 1
    assert asked() == []


LATER = NOON + timedelta(days=1)


@pytest.mark.parametrize(
    ("state", "arguments", "why"),
    [
        (armed(1.0), (), "market fall is armed: there is nothing to let go"),
        (reopening(FALL_DEFINED), (), "in probation already, and re-opens by itself"),
        (tripped(FALL_DEFINED, until=LATER), (), f"can be let go from {LATER:%Y-%m-%d %H:%M}"),
        (
            tripped(FALL_DEFINED, until=NOON),
            ("--seen", "market fall/0"),
            f"has tripped again since: its episode is {EPISODE}",
        ),
        (tripped(FALL_DEFINED, until=NOON), ("--reason", " ", "--seen", EPISODE), "a reason is"),
    ],
)
def test_what_cannot_be_let_go_is_refused_with_one_sentence(run, stand, state, arguments, why):
    stand({FALL: state})
    result = run("breakers", "release", FALL, *WHY, *arguments)

    assert (result.exit_code, why in result.stderr) == (2, True), result.stderr
    assert asked() == []


def test_before_its_first_step_a_breaker_is_armed(run, stand):
    stand({})

    assert "is armed: there is nothing" in run("breakers", "release", FALL, *WHY).stderr


def test_a_ramp_never_scales_by_less_than_the_trip_did(run, stand):
    on = replace(TREND, enabled=True, size=0.5)
    stand({on.name: tripped(on, until=NOON)}, policy=replace(POLICY, breakers=(on,)))
    told = run("breakers", "release", on.name, *WHY, "--seen", f"{on.name}/1").stdout

    assert "new risk in strategy:trend at 50% of size first, then 100%," in told
