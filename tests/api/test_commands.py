"""Commands tighten at once; nothing that a key says loosens."""

from dataclasses import replace

import pytest

from risk.domain.keys import KeyAbility
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.trading import TradingState
from tests.api.asking import Agent, order
from tests.builders import VENUE, build_state
from tests.fakes_gate import ALL, WHOLE
from tests.policies import policy_of

HALT = {"command": "halt", "portfolio": "demo", "reason": "prices look wrong"}


@pytest.fixture
def house(house):
    """With a policy that names strategies and their types."""
    house.gate.state = replace(build_state(), policy=policy_of())
    return house


def command(agent: Agent, **changes):
    return agent.post("/api/v1/commands", HALT | changes)


def test_a_halt_holds_from_the_next_order_on_and_says_who_asked(house, app):
    key, secret = house.key(name="ops")
    agent = Agent(app, secret)
    answer = command(agent)

    assert answer.json == {
        "scope": "portfolio:demo",
        "trading_state": "HALTED",
        "journalled": True,
    }
    latch = house.gate.latches[WHOLE]
    assert (latch.who, latch.reason) == (f"ops (key {key.id})", "prices look wrong")
    rejected = agent.post("/api/v1/orders/validate", order()).json
    assert rejected["reasons"][0]["code"] == "halted"


@pytest.mark.parametrize(
    ("scope", "held"),
    [
        ("strategy:trend", Scope(ScopeKind.STRATEGY, "trend")),
        ("asset:C000/USDT", Scope(ScopeKind.ASSET, "C000/USDT")),
        ("strategy_type:following", Scope(ScopeKind.STRATEGY_TYPE, "following")),
        (f"venue:{VENUE}", Scope(ScopeKind.VENUE, VENUE)),
    ],
)
def test_one_scope_can_be_held_alone(agent: Agent, house, scope: str, held: Scope):
    answer = command(agent, command="reduce_only", scope=scope)

    assert (answer.json["scope"], answer.json["trading_state"]) == (scope, "REDUCE_ONLY")
    assert house.gate.latches[held].state is TradingState.REDUCE_ONLY


def test_a_key_that_may_speak_for_others_names_who_asked(agent: Agent, agent_with, house):
    assert command(agent, who="ana", id="abc-1").status == 200
    assert house.gate.latches[WHOLE].who == "ana"
    assert house.gate.latch_ids == ["abc-1"]

    alone = agent_with(abilities=ALL - {KeyAbility.SPEAK_FOR})
    answer = command(alone, who="ana")
    assert (answer.status, answer.error) == (403, "not_allowed")
    assert "speak_for" in answer.message


@pytest.mark.parametrize("word", ["resume", "release", "lift", "unhalt", "normal", "override"])
def test_what_loosens_is_refused_and_the_way_is_named(agent: Agent, house, word: str):
    command(agent)
    answer = command(agent, command=word)

    assert (answer.status, answer.error) == (403, "not_allowed")
    assert "`seawall resume`" in answer.message
    assert house.gate.latches[WHOLE].state is TradingState.HALTED


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"command": "stop"}, "`command` must be halt or reduce_only"),
        ({"command": "HALT"}, "`command` must be halt or reduce_only"),
        ({"reason": " "}, "a reason is one line"),
        ({"reason": "x" * 1_001}, "a reason is one line"),
        ({"reason": "a\nb"}, "a reason is one line"),
        ({"who": " "}, "must have a name"),
        ({"who": "a\u202eb"}, "must have a name"),
        ({"id": ""}, "id"),
        ({"id": "x" * 1_001}, "id"),
        ({"scope": "trend"}, "`scope` must be strategy:NAME"),
        ({"scope": "strategy:"}, "`scope` must be strategy:NAME"),
        ({"scope": "portfolio:demo"}, "`scope` must be strategy:NAME"),
        ({"scope": "strategy:tremd"}, "demo has no strategy called 'tremd'; did you mean trend?"),
        ({"scope": "asset:c000/usdt"}, "has no asset called 'c000/usdt'"),
        ({"scope": "venue:nowhere"}, "has no venue called 'nowhere'"),
    ],
)
def test_a_slip_of_the_pen_is_refused(agent: Agent, house, changes, says: str):
    answer = command(agent, **changes)

    assert answer.status == 400
    assert says in answer.message
    assert house.gate.latches == {}


def test_another_portfolio_is_not_commanded_here(agent_with, house):
    assert command(agent_with(), portfolio="other").status == 403
    both = agent_with(portfolios=["demo", "other"])
    answer = command(both, portfolio="other")
    assert (answer.status, answer.error) == (404, "unknown_portfolio")
    assert house.gate.latches == {}


def test_a_key_for_one_strategy_halts_that_one_only(agent_with, house):
    agent = agent_with(strategies=["trend"])

    assert command(agent).status == 403
    assert command(agent, scope="asset:C000/USDT").status == 403
    assert command(agent, scope="strategy:dip").status == 403
    assert command(agent, scope="strategy:trend").status == 200
    assert list(house.gate.latches) == [Scope(ScopeKind.STRATEGY, "trend")]


def test_without_an_authority_nobody_is_told_that_it_holds(house, app):
    agent = Agent(app, house.key()[1])
    house.open = False

    assert command(agent).error == "no_authority"
