"""What can be read of a book, and what a key for single strategies does not get to see."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any, get_origin, get_type_hints

import numpy as np
import pytest

from risk.api.sight import OF_LEVELS, OF_THE_BOOK
from risk.domain.breakers import BreakerDefinition, Breakers
from risk.domain.events import RiskEvent, Severity, WhyTrusted
from risk.domain.limits import LimitState, LimitStatus, Thresholds
from risk.domain.market import Trust
from risk.domain.orders import Side
from risk.domain.overrides import Override, OverrideKind
from risk.domain.positions import PositionKey
from risk.domain.reductions import Reduction
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.state import Standing
from risk.domain.trading import TradingState
from risk.engine.notary import NotaryView
from risk.storage.charts import MetricHistory
from risk.storage.tables import to_ms
from risk.storage.telling import LabelledHistory, LastValue
from tests.api.asking import Agent, order
from tests.builders import NOON, PORTFOLIO, VENUE, build_state, position_key
from tests.fakes_gate import WHOLE, make_latch
from tests.policies import definition, policy_of
from tests.tripped import reopening, tripped

TREND = Scope(ScopeKind.STRATEGY, "trend")
DIP = Scope(ScopeKind.STRATEGY, "dip")
LIMITS = (
    definition("gross_exposure", WHOLE, name="whole"),
    definition("gross_exposure", TREND, name="of trend"),
    definition("gross_exposure", DIP, name="of dip"),
    definition("gross_exposure", Scope(ScopeKind.STRATEGY_TYPE, "reverting"), name="reverters"),
    definition("gross_exposure", Scope(ScopeKind.ASSET, "C000/USDT"), name="of coin"),
)
BREAKER_ON_WHOLE = BreakerDefinition(
    name="wild",
    kind="market_volatility",
    scope=WHOLE,
    trip=2.0,
    release=1.4,
    state=TradingState.THROTTLED,
)
BREAKER_ON_DIP = BreakerDefinition(
    name="fallen", kind="drawdown", scope=DIP, trip=0.1, release=0.07
)


@pytest.fixture
def house(house):
    stands = LimitState(
        thresholds=Thresholds(hard=1.5, soft=1.2, factor=0.75, cause="drawdown"),
        status=LimitStatus.WITHIN,
        value=0.75,
        since=NOON,
        episode=None,
        at=NOON,
    )
    house.gate.state = replace(
        build_state(),
        policy=replace(policy_of(), limits=LIMITS, version=3),
        limits={"whole": stands},
    )
    return house


@pytest.fixture
def trend(agent_with) -> Agent:
    """Sees the strategy `trend` only."""
    return agent_with(strategies=["trend"])


@pytest.fixture
def dip(agent_with) -> Agent:
    """Sees the strategy `dip` only, which holds nothing."""
    return agent_with(strategies=["dip"])


def test_the_status_says_how_things_stand_and_how_fresh_that_is(agent: Agent, house):
    told = agent.get("/api/v1/status").json

    assert (told["trading_state"], told["cause"], told["limits_version"]) == (
        "NORMAL",
        "started",
        3,
    )
    assert (told["snapshot_age"], told["fresh"], told["journalling"]) == (0.25, True, True)
    assert told["size_factor"] == 0.75
    assert told["keys_certain"] is True
    house.ring.doubt()
    assert agent.get("/api/v1/status").json["keys_certain"] is False


def test_a_latch_shows_in_the_status_unless_rules_are_tighter(agent: Agent, house):
    house.gate.latches[WHOLE] = make_latch(WHOLE, TradingState.REDUCE_ONLY, "anna", "a storm")
    told = agent.get("/api/v1/status").json
    assert (told["trading_state"], told["cause"]) == ("REDUCE_ONLY", "a storm")
    assert told["latches"] == ["portfolio:demo"]

    halted = {WHOLE: Standing(TradingState.HALTED, NOON, "no prices")}
    house.gate.state = replace(house.gate.state, standings=halted)
    assert agent.get("/api/v1/status").json["cause"] == "no prices"


def test_before_the_first_step_nothing_may_be_traded(agent: Agent, house):
    house.gate.state = replace(house.gate.state, standings={})

    assert agent.get("/api/v1/status").json["trading_state"] == "REDUCE_ONLY"


def test_positions_are_live_with_what_is_pending(agent: Agent):
    agent.post("/api/v1/orders/validate", order(venue=VENUE))
    agent.post("/api/v1/orders/validate", order(client_order_id="o-2", venue=VENUE, side="sell"))
    told = agent.get("/api/v1/positions").json["positions"]

    first = told[0]
    assert (first["strategy"], first["asset"], first["quantity"]) == ("trend", "C000/USDT", 1.5)
    assert (first["pending_buys"], first["pending_sells"]) == (2.0, 2.0)
    assert first["exposure"] == first["quantity"] * first["mark"]
    assert first["component_var_1d_99"] == 1.8
    assert len(told) == 2


def test_positions_reservations_and_reductions_of_others_are_not_told(
    agent: Agent, trend: Agent, dip: Agent
):
    agent.post("/api/v1/orders/validate", order())

    for path, name in (
        ("positions", "positions"),
        ("reservations", "reservations"),
        ("reductions", "reductions"),
    ):
        whole = agent.get(f"/api/v1/{path}").json[name]
        assert whole
        assert trend.get(f"/api/v1/{path}").json[name] == whole
        assert dip.get(f"/api/v1/{path}").json[name] == []
    assert [each.get("/api/v1/status").json["reservations"] for each in (trend, dip)] == [1, 0]


def test_a_reservation_says_what_it_is_for(agent: Agent):
    agent.post("/api/v1/orders/validate", order(side=Side.SELL))
    told = agent.get("/api/v1/reservations").json["reservations"][0]

    assert (told["client_order_id"], told["side"], told["quantity"]) == ("o-1", "sell", 2.0)
    assert (told["status"], told["filled"]) == ("pending", 0.0)


def test_limits_tell_what_is_left_and_of_others_nothing(agent: Agent, trend: Agent, dip: Agent):
    told = agent.get("/api/v1/limits").json

    assert told["limits_version"] == 3
    first = told["limits"][0]
    assert (first["name"], first["scope"], first["unit"]) == (
        "whole",
        "portfolio:demo",
        "share of equity",
    )
    assert (first["soft"], first["hard"], first["value"]) == (1.2, 1.5, 0.75)
    assert (first["headroom"], first["used"], first["moved_by"]) == (0.75, 0.5, "drawdown")
    assert told["limits"][1]["value"] is None
    named = {
        name: {each["name"] for each in who.get("/api/v1/limits").json["limits"]}
        for name, who in (("all", agent), ("trend", trend), ("dip", dip))
    }
    assert named["all"] - named["trend"] == {"of dip", "reverters"}
    assert named["all"] - named["dip"] == {"of trend"}


def test_without_a_policy_there_are_no_limits(agent: Agent, house):
    house.gate.state = build_state()

    assert agent.get("/api/v1/limits").json["limits"] == []
    assert agent.get("/api/v1/limits").json["limits_version"] == 0


def test_breakers_tell_of_rules_and_of_people(agent: Agent, trend: Agent, house):
    house.gate.state = replace(
        house.gate.state,
        standings={
            WHOLE: Standing(TradingState.NORMAL, NOON, "fine"),
            DIP: Standing(TradingState.THROTTLED, NOON, "late prices"),
        },
    )
    house.gate.latches[WHOLE] = make_latch(WHOLE, TradingState.HALTED, "anna", "a storm")
    told = agent.get("/api/v1/breakers").json["holds"]

    assert [(each["scope"], each["source"], each["by"]) for each in told] == [
        ("portfolio:demo", "person", "anna"),
        ("strategy:dip", "rule", None),
    ]
    assert [each["scope"] for each in trend.get("/api/v1/breakers").json["holds"]] == [
        "portfolio:demo"
    ]


WATCHED = policy_of(breakers=(BREAKER_ON_WHOLE, BREAKER_ON_DIP))


@pytest.fixture
def watched(house):
    """A book whose whole is tripped, and whose `dip` re-opens."""
    house.gate.state = replace(
        house.gate.state,
        policy=WATCHED,
        standings={WHOLE: Standing(TradingState.THROTTLED, NOON, "it is wild", size=0.5)},
        breakers=Breakers(
            {
                BREAKER_ON_WHOLE.name: tripped(BREAKER_ON_WHOLE),
                BREAKER_ON_DIP.name: reopening(BREAKER_ON_DIP),
            }
        ),
    )
    return house


def test_each_breaker_is_told_with_its_levels_to_whoever_answers_for_the_book(agent, watched):
    of_whole, of_dip = agent.get("/api/v1/breakers").json["breakers"]

    assert of_whole == {
        "name": "wild",
        "kind": "market_volatility",
        "scope": "portfolio:demo",
        "enabled": True,
        "phase": "tripped",
        "trading_state": "THROTTLED",
        "size": 0.5,
        "since": "2024-01-01T12:00:00Z",
        "until": "2024-01-01T13:00:00Z",
        "cause": "wild: something is 2.20 times normal",
        "imposes": "THROTTLED",
        "override": None,
        "value": 2.2,
        "trip": 2.0,
        "release": 1.4,
    }
    # While it re-opens it trips at half its level.
    assert (of_dip["phase"], of_dip["size"], of_dip["trip"]) == ("probation", 0.25, 0.05)


def test_agents_are_told_neither_levels_nor_others_breakers(agent, trend, dip, watched):
    """Law: what an agent is told of a breaker is what the whole-book key is told, less figures."""
    whole = agent.get("/api/v1/breakers").json
    figures = dict.fromkeys(("value", "trip", "release"))

    (seen,) = trend.get("/api/v1/breakers").json["breakers"]
    assert seen == whole["breakers"][0] | figures
    assert len(dip.get("/api/v1/breakers").json["breakers"]) == 2
    assert "dip" not in str(trend.get("/api/v1/breakers").json)


def test_what_a_person_commands_of_it_is_told_to_agents_too_and_without_levels(
    agent, trend, house, watched
):
    on = Override(
        OverrideKind.STEP_DOWN, "ana", "a drill", NOON, NOON + timedelta(hours=1), 7, 0.75
    )
    held = tripped(BREAKER_ON_WHOLE)._replace(override=on)
    house.gate.state = replace(house.gate.state, breakers=Breakers({BREAKER_ON_WHOLE.name: held}))

    whole = agent.get("/api/v1/breakers").json["breakers"][0]
    (seen,) = trend.get("/api/v1/breakers").json["breakers"]

    assert (whole["trading_state"], whole["size"], whole["phase"]) == ("THROTTLED", 0.75, "tripped")
    assert (
        whole["override"]
        == seen["override"]
        == {
            "kind": "step_down",
            "by": "ana",
            "reason": "a drill",
            "since": "2024-01-01T12:00:00Z",
            "expires": "2024-01-01T13:00:00Z",
            "action": 7,
            "size": 0.75,
        }
    )
    assert (seen["value"], seen["trip"], seen["release"]) == (None, None, None)


def test_what_a_breaker_holds_stands_beside_rules_with_the_part_that_passes(agent, watched):
    told = agent.get("/api/v1/breakers").json["holds"]

    assert [(each["source"], each["by"], each["size"]) for each in told] == [
        ("breaker", "wild", 0.5),
        ("breaker", "fallen", 0.25),
        ("rule", None, 0.5),
    ]
    # What programs of before breakers read is all there.
    old = {"scope", "source", "trading_state", "since", "cause", "by"}
    assert all(old <= each.keys() for each in told)


def test_the_status_says_which_part_of_new_risk_passes(agent, watched):
    told = agent.get("/api/v1/status").json
    assert (told["trading_state"], told["size"]) == ("THROTTLED", 0.5)

    watched.gate.latches[WHOLE] = make_latch(WHOLE, TradingState.HALTED, "anna", "a storm")
    assert agent.get("/api/v1/status").json["size"] == 1.0


def test_a_reduction_is_acknowledged_by_whom_it_concerns(agent: Agent, house, dip: Agent):
    told = agent.get("/api/v1/reductions").json["reductions"]
    assert (told[0]["id"], told[0]["target_quantity"], told[0]["late"]) == ("1-1", 1.2, True)

    assert dip.post("/api/v1/reductions/1-1/ack").status == 404
    answer = agent.post("/api/v1/reductions/1-1/ack")
    assert (answer.status, answer.json) == (200, told[0])
    assert len(house.gate.acknowledged) == 1
    unknown = agent.post("/api/v1/reductions/9-9/ack")
    assert (unknown.status, unknown.error) == (404, "unknown_reduction")


def test_the_earliest_deadline_comes_first(agent: Agent, house):
    second = position_key("C001/USDT")
    reductions = {
        position_key(): Reduction("a", position_key(), 1.0, "x", NOON + timedelta(hours=1), NOON),
        second: Reduction("b", second, 1.0, "x", NOON, NOON),
    }
    house.gate.state = replace(house.gate.state, reductions=reductions)

    told = agent.get("/api/v1/reductions").json["reductions"]
    assert [each["id"] for each in told] == ["b", "a"]


def test_before_the_first_cycle_nothing_is_live(agent: Agent, house):
    house.gate.begun = False

    for path in ("status", "positions", "limits", "breakers", "reductions", "reservations"):
        answer = agent.get(f"/api/v1/{path}")
        assert (answer.status, answer.error) == (503, "no_authority"), path
    assert agent.get("/api/v1/events").status == 200
    assert agent.get("/metrics").status == 200


# --- numbers over time ---------------------------------------------------------------------


def history(value: float) -> MetricHistory:
    return MetricHistory(np.array([to_ms(NOON)]), np.array([value]))


def test_the_last_value_of_each_metric(agent: Agent, house):
    house.reader.values = [LastValue("equity", {}, NOON, 1_020.0)]

    assert agent.get("/api/v1/metrics").json["metrics"] == [
        {
            "metric": "equity",
            "labels": {},
            "at": "2024-01-01T12:00:00Z",
            "value": 1_020.0,
            "points": [],
        }
    ]


def test_the_history_of_a_metric_without_what_others_hold(agent: Agent, dip: Agent, house):
    key = PositionKey("trend", "C000/USDT", VENUE)
    house.reader.histories = {
        "exposure": [LabelledHistory(key._asdict(), history(1.0))],
        "utilization": [
            LabelledHistory({"limit": name}, history(0.5)) for name in ("whole", "of trend", "gone")
        ],
        "equity": [LabelledHistory({}, history(9.0))],
        "breaker_reading": [LabelledHistory({"breaker": "market fall"}, history(1.2))],
    }

    def labels(who: Agent, metric: str) -> list[dict]:
        told = who.get(f"/api/v1/metrics?metric={metric}").json["metrics"]
        return [each["labels"] for each in told]

    assert labels(agent, "exposure") == [key._asdict()]
    assert labels(dip, "exposure") == []
    assert labels(dip, "equity") == [{}]
    assert (len(labels(agent, "breaker_reading")), labels(dip, "breaker_reading")) == (1, [])
    assert len(labels(agent, "utilization")) == 3
    assert labels(dip, "utilization") == [{"limit": "whole"}]
    house.open = False
    assert labels(dip, "utilization") == []
    told = agent.get("/api/v1/metrics?metric=equity").json["metrics"][0]
    assert told["points"] == [["2024-01-01T12:00:00Z", 9.0]]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("since=2024-01-01T00:00:00", "`since` must be a time with a time zone"),
        ("until=now", "`until` must be a time with a time zone"),
        ("since=2025-01-01T00:00:00Z&until=2024-01-01T00:00:00Z", "must not be after"),
        ("until=0001-01-01T00:00:00Z", "too long ago"),
        ("points=0", "`points`"),
    ],
)
def test_a_span_of_time_must_be_one(agent: Agent, query: str, says: str):
    answer = agent.get(f"/api/v1/metrics?metric=equity&{query}")

    assert answer.status == 400
    assert says in answer.message


def test_a_silent_database_is_told_where_it_is_needed_and_nowhere_else(agent: Agent, house):
    house.reader.away = True

    for path in ("metrics", "metrics?metric=equity", "events", "events/stream"):
        answer = agent.get(f"/api/v1/{path}")
        assert (answer.status, answer.error) == (503, "no_database"), path
    assert agent.get("/api/v1/positions").status == 200
    assert agent.post("/api/v1/orders/validate", order()).status == 200


# --- events --------------------------------------------------------------------------------


@pytest.fixture
def told(house):
    reader = house.reader
    reader.add("OrderValidation", strategy="trend")
    reader.add("OrderValidation", strategy="dip")
    reader.add("LimitBreached", limit="of trend")
    reader.add("RiskStatus", scope_kind="strategy", scope="trend")
    reader.add("RiskStatus", scope_kind="portfolio", scope=PORTFOLIO)
    reader.add("CommandTaken", scope="strategy:trend")
    reader.add("CommandTaken", scope="somewhere")
    reader.add("FundsMoved", amount=5.0)
    reader.add("Odd", strategy=5)
    reader.add("FillDisputed", client_order_id="o-1")
    return house


def seqs(agent: Agent, query: str = "") -> list[int]:
    return [each["seq"] for each in agent.get(f"/api/v1/events{query}").json["events"]]


def test_events_come_by_number(agent: Agent, told):
    assert seqs(agent) == list(range(1, 11))
    assert seqs(agent, "?limit=2") == [9, 10]
    assert seqs(agent, "?after=6&limit=2") == [7, 8]
    page = agent.get("/api/v1/events?after=6&limit=2").json
    assert page["next"] == 8
    assert page["events"][1]["event"] == {
        "kind": "FundsMoved",
        "version": 1,
        "body": {"amount": 5.0},
    }
    assert agent.get("/api/v1/events?after=10").json == {"events": [], "next": 10}


def test_events_about_others_are_not_told_and_in_doubt_neither(trend: Agent, dip: Agent, told):
    assert seqs(trend) == [1, 3, 4, 5, 6, 8]
    assert seqs(dip) == [2, 5, 8]
    assert dip.get("/api/v1/events?after=5&limit=2").json == {"events": [], "next": 7}


def test_what_each_strategy_holds_is_told_to_no_key_for_one_of_them(house, agent, trend):
    house.reader.add("ExposureUpdate", by_strategy={"trend": 9.0, "dip": 5.0}, gross=14.0)
    house.reader.add("ExposureUpdate", by_strategy={"trend": 9.0}, gross=9.0)

    assert seqs(agent) == [1, 2]
    assert seqs(trend) == [2]


#: What events about the market or the whole book say in words: none of it names whose anything is.
IMPERSONAL = {
    "approved_by",
    "asset",
    "by",
    "cause",
    "detail",
    "kind",
    "model",
    "note",
    "period",
    "previous",
    "regime",
}


def words_of(kind: type[RiskEvent]) -> set[str]:
    """Fields in which an event could name somebody; not those that all have."""
    hints = get_type_hints(kind)
    own = {spec.name for spec in fields(kind)} - {spec.name for spec in fields(RiskEvent)}
    numbers = (float, int, bool, float | None, datetime, Severity, Trust, WhyTrusted)
    return {name for name in own if hints[name] not in numbers}


def naming(kind: type[RiskEvent], name: str) -> dict[str, Any]:
    """The body of an event that names this strategy wherever it can."""
    mappings = {n for n in words_of(kind) if get_origin(get_type_hints(kind)[n]) is Mapping}
    said: dict[str, Any] = dict.fromkeys(words_of(kind), name)
    said |= {key: {name: 1.0} for key in mappings}
    said |= {"scope_kind": "strategy"} if "scope_kind" in said else {}
    return said | ({"limit": f"of {name}"} if "limit" in said else {})


@pytest.mark.parametrize("kind", RiskEvent.kinds().values(), ids=RiskEvent.kinds())
def test_no_kind_of_event_names_anothers_to_a_key_for_one_strategy(house, agent, trend, kind):
    house.reader.add(kind.__name__, **naming(kind, "dip"))

    assert seqs(agent) == [1]
    if kind.__name__ in OF_THE_BOOK:
        assert words_of(kind) <= IMPERSONAL
    else:
        assert seqs(trend) == []


@pytest.mark.parametrize("kind", RiskEvent.kinds().values(), ids=RiskEvent.kinds())
def test_every_kind_of_event_about_its_own_strategy_is_told_to_its_key(house, trend, kind):
    house.reader.add(kind.__name__, **naming(kind, "trend"))
    names_nobody = words_of(kind).isdisjoint({"strategy", "by_strategy", "limit", "scope"})
    kept = kind.__name__ in OF_LEVELS or (names_nobody and kind.__name__ not in OF_THE_BOOK)

    assert seqs(trend) == ([] if kept else [1])


@pytest.mark.parametrize("kind", RiskEvent.kinds().values(), ids=RiskEvent.kinds())
def test_no_kind_of_event_tells_an_agent_how_near_a_breaker_is(kind):
    """Law: whatever of a breaker has a value or a level is kept from keys of strategies."""
    numbers = {spec.name for spec in fields(kind)} & {"value", "threshold", "breaker_reading"}
    of_a_breaker = "breaker" in {spec.name for spec in fields(kind)}

    assert (kind.__name__ in OF_LEVELS) is (of_a_breaker and bool(numbers))


# --- watchers ------------------------------------------------------------------------------


def test_health_and_readiness_need_no_key(app, house):
    nobody = Agent(app)

    assert nobody.get("/healthz?x=1").json == {"status": "ok"}
    ready = nobody.get("/readyz")
    assert (ready.status, ready.json["ready"]) == (200, True)


@pytest.mark.parametrize(
    ("spoil", "missing"),
    [
        (lambda house: setattr(house, "open", False), {"authority", "snapshot", "journal"}),
        (lambda house: setattr(house.gate, "begun", False), {"authority", "snapshot", "journal"}),
        (lambda house: setattr(house.gate, "fresh", False), {"snapshot"}),
        (lambda house: setattr(house.gate, "journalling", False), {"journal"}),
    ],
)
def test_what_is_missing_for_new_risk_is_said(app, house, spoil, missing):
    spoil(house)
    answer = Agent(app).get("/readyz")

    assert (answer.status, answer.json["ready"]) == (503, False)
    assert {each["name"] for each in answer.json["checks"] if not each["ok"]} == missing
    assert Agent(app).get("/healthz").status == 200


def test_prometheus_gets_the_authority_in_numbers(agent: Agent, app, house):
    agent.post("/api/v1/orders/validate", order())
    agent.post("/api/v1/orders/validate", order(client_order_id="o-2", quantity=-1))
    agent.get("/nowhere")
    house.gate.latches[WHOLE] = make_latch(WHOLE, TradingState.HALTED, "anna", "a storm")
    answer = agent.get("/metrics")
    lines = answer.body.decode().splitlines()

    assert answer.headers["content-type"].startswith("text/plain")
    for line in (
        'seawall_orders_total{verdict="approve"} 1.0',
        'seawall_orders_total{verdict="reject"} 1.0',
        'seawall_orders_total{verdict="resize"} 0.0',
        'seawall_requests_refused_total{status="404"} 1.0',
        'seawall_order_seconds_bucket{le="+Inf"} 2.0',
        "seawall_order_seconds_count 2.0",
        "seawall_journal_lag_seconds 0.0",
        "seawall_snapshot_age_seconds 0.25",
        "seawall_trading_state 4.0",
        "seawall_reservations 1.0",
        "seawall_authority 1.0",
        "seawall_keys_certain 1.0",
    ):
        assert line in lines
    house.open = False
    assert "seawall_authority 0.0" in agent.get("/metrics").body.decode()


@pytest.mark.parametrize(
    ("view", "told", "untold"),
    [
        (None, [], ["signed"]),
        (NotaryView(12.5, None, None), ["signed_ago_seconds 12.5", "signed 1.0", "broken 0.0"], []),
        (NotaryView(None, "the disk is full", None), ["signed 0.0"], ["signed_ago"]),
        (NotaryView(3.0, "entry 5 was changed", "entry 5 was changed"), ["broken 1.0"], []),
    ],
)
def test_prometheus_gets_how_the_journal_is_signed(house, view, told, untold):
    house.options["notary"] = lambda: view
    lines = Agent(house.app(), house.key()[1]).get("/metrics").body.decode().splitlines()

    for line in told:
        assert f"seawall_journal_{line}" in lines
    for word in untold:
        assert not any(line.startswith(f"seawall_journal_{word}") for line in lines)
