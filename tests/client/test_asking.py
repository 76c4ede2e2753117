"""Agents of both kinds ask a Seawall over a real connection."""

import inspect
from dataclasses import replace
from time import monotonic

import pytest

from risk.client import NO_ANSWER, AsyncSeawall, NoAnswer, RequestRefused, Seawall
from risk.domain.events import Verdict
from risk.domain.trading import TradingState
from tests.client.conftest import AT_ONCE, eventually
from tests.fakes_seawall import KEY, ROOM, START, Fault, reduction, status

BTC = "BTC/USDT"
#: Answers of these come only after the client has turned away.
SLOW = {Fault.SILENT, Fault.DRIP}
#: Where the fake does not let the order through, or says so in words that count.
UNHEARD = {Fault.BUSY, Fault.STANDBY}


def test_both_kinds_offer_the_same_methods():
    def offered(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    assert offered(Seawall) == offered(AsyncSeawall)


def test_an_order_with_room_is_approved(agent, seawall):
    answer = agent.validate(BTC, "buy", 2.0, client_order_id="a-1")

    assert (answer.verdict, answer.quantity, answer.asked) == (Verdict.APPROVE, 2.0, 2.0)
    assert answer.approved
    assert answer.sendable()
    assert answer.sendable(START)
    assert answer.why == ""
    assert seawall.held == {"a-1": 2.0}
    assert agent.in_doubt == ()


def test_what_does_not_fit_is_made_smaller_and_says_why(agent):
    answer = agent.validate(BTC, "buy", ROOM + 5.0)

    assert (answer.verdict, answer.quantity) == (Verdict.RESIZE, ROOM)
    assert answer.sendable()
    assert answer.codes == ("gross_exposure",)
    assert answer.why == (
        "The limit gross demo on portfolio:demo would stand at 1.2 times equity, 1 is allowed."
    )


def test_an_order_without_room_is_rejected(agent):
    agent.validate(BTC, "buy", ROOM)
    answer = agent.validate(BTC, "buy", 1.0)

    assert (answer.verdict, answer.quantity, answer.reservation) == (Verdict.REJECT, 0.0, None)
    assert answer.answered
    assert not answer.sendable()


def test_all_fields_of_an_order_arrive(agent, seawall):
    agent.validate(
        BTC, "sell", 1.0, client_order_id="x", strategy="dip", limit_price=9.0, reduce_only=True,
        emergency=True, venue="sim-a",
    )  # fmt: skip

    assert seawall.orders["x"][0] == {
        "client_order_id": "x",
        "portfolio": "demo",
        "strategy": "dip",
        "asset": BTC,
        "side": "sell",
        "quantity": 1.0,
        "order_type": "limit",
        "limit_price": 9.0,
        "reduce_only": True,
        "emergency": True,
        "venue": "sim-a",
    }


def test_the_same_order_asked_twice_is_one_order(agent, seawall):
    first = agent.validate(BTC, "buy", 2.0, client_order_id="a-1")
    again = agent.validate(BTC, "buy", 2.0, client_order_id="a-1")

    assert first == again
    assert seawall.held == {"a-1": 2.0}


@pytest.mark.parametrize("fault", Fault)
def test_no_fault_ever_gives_an_approval_nor_keeps_room(make, seawall, fault):
    agent = make(timeout=10.0 if fault in UNHEARD else 0.1)
    seawall.always = fault
    answer = agent.validate(BTC, "buy", 1.0, client_order_id="a-1")

    assert answer.verdict is Verdict.REJECT
    assert (answer.quantity, answer.codes) == (0.0, (NO_ANSWER,))
    assert not answer.sendable()
    assert answer.why.startswith("Seawall gave no answer that counts. ")
    assert agent.in_doubt == (() if fault in UNHEARD else ("a-1",))

    seawall.always = None
    seawall.released.set()
    settled = agent.settle()
    if fault not in UNHEARD:
        assert settled.cancelled == ("a-1",)
        assert seawall.held == {}
    assert settled.left == agent.in_doubt == agent.unsaid == ()


@pytest.mark.parametrize("fault", sorted(set(Fault) - SLOW - UNHEARD))
def test_one_fault_is_overcome_by_asking_again_with_the_same_id(agent, seawall, fault):
    seawall.faults.append(fault)
    answer = agent.validate(BTC, "buy", 1.0, client_order_id="a-1")

    assert answer.verdict is Verdict.APPROVE
    assert seawall.held == {"a-1": 1.0}
    assert seawall.asked == [("POST", "/api/v1/orders/validate")] * 2
    assert agent.in_doubt == ()


@pytest.mark.parametrize("fault", sorted(SLOW))
def test_the_time_out_is_for_the_whole_of_an_answer(make, seawall, fault):
    agent = make(timeout=0.2)
    agent.validate(BTC, "buy", 1.0)
    seawall.always = fault
    begun = monotonic()
    answer = agent.validate(BTC, "buy", 1.0)

    assert answer.problem == "it did not come in time", answer
    assert monotonic() - begun < 5.0


def test_an_agent_that_wants_exceptions_gets_them(make, seawall):
    agent = make(on_failure="raise")
    seawall.always = Fault.STANDBY

    with pytest.raises(NoAnswer, match="replied with 503: something is wrong here"):
        agent.validate(BTC, "buy", 1.0)


def test_a_key_that_is_not_known_is_refused(make, seawall):
    answer = make(key="wrong").validate(BTC, "buy", 1.0)

    assert (answer.verdict, answer.problem) == (Verdict.REJECT, "send a key")
    with pytest.raises(RequestRefused, match=r"send a key \(no_key, 401\)"):
        make(key="wrong").status()


def test_nobody_there_is_no_approval_and_leaves_no_doubt(make):
    agent = make(url="http://127.0.0.1:9", timeout=0.1)
    answer = agent.validate(BTC, "buy", 1.0)

    assert answer.verdict is Verdict.REJECT
    assert "cannot be reached at http://127.0.0.1:9 (" in answer.why
    assert agent.in_doubt == ()


@pytest.mark.parametrize("quantity", [float("nan"), float("inf"), 0.0, -1.0, 10**400, True, "1"])
def test_what_is_no_quantity_is_not_even_asked(agent, seawall, quantity):
    answer = agent.validate(BTC, "buy", quantity)

    assert answer.verdict is Verdict.REJECT
    assert answer.codes[0].startswith("quantity_not_")
    assert seawall.asked == []


def test_fills_and_ends_give_room_back(agent, seawall):
    agent.validate(BTC, "buy", 1.0, client_order_id="a-1")
    agent.validate(BTC, "buy", 2.0, client_order_id="a/2")
    standing = agent.filled("a-1", fill_id="f1", quantity=1.0, price=50_000.0, fee=1.0)

    assert (standing.reserved, standing.filled) == (1.0, 1.0)
    assert list(seawall.held) == ["a/2"]


def test_the_end_of_an_order_gives_its_room_back(agent, seawall):
    agent.validate(BTC, "buy", 1.0, client_order_id="a-1")

    assert agent.cancelled("a-1").status == "voided"
    assert seawall.held == {}
    with pytest.raises(RequestRefused, match="no order b-2"):
        agent.cancelled("b-2")


def test_reports_that_did_not_arrive_are_told_again(agent, seawall):
    agent.validate(BTC, "buy", 1.0, client_order_id="a-1")
    seawall.always = Fault.STANDBY
    with pytest.raises(NoAnswer, match="a fill of a-1"):
        agent.filled("a-1", fill_id="f1", quantity=0.5, price=50_000.0)
    with pytest.raises(NoAnswer, match="the end of a-1"):
        agent.cancelled("a-1")

    assert agent.unsaid == ("a fill of a-1", "the end of a-1")
    assert agent.settle().left == ("a fill of a-1", "the end of a-1")
    seawall.always = None
    assert agent.settle().reported == 2
    assert seawall.held == {}
    assert agent.unsaid == ()


@pytest.mark.parametrize(("name", "value"), [("quantity", 0.0), ("price", float("nan"))])
def test_a_fill_that_is_none_is_not_sent(agent, name, value):
    with pytest.raises(ValueError, match=f"a fill's {name}"):
        agent.filled("a-1", **{"fill_id": "f", "quantity": 1.0, "price": 1.0, name: value})


def test_settling_can_keep_what_may_still_be_sent(make, seawall):
    hasty = make(timeout=0.1)
    seawall.always = Fault.GARBAGE
    hasty.validate(BTC, "buy", 1.0, client_order_id="a-1")
    seawall.always = None
    settled = hasty.settle(keep=True)

    assert [answer.client_order_id for answer in settled.answers] == ["a-1"]
    assert settled.answers[0].sendable()
    assert seawall.held == {"a-1": 1.0}


def test_a_doubt_that_seawall_refuses_to_hear_of_stays(make, seawall):
    agent = make(timeout=0.1)
    seawall.always = Fault.ERROR
    agent.validate(BTC, "buy", 1.0, client_order_id="a-1")
    seawall.always = None
    # As after its key was revoked.
    core = agent._core if isinstance(agent, Seawall) else agent._seawall._core
    wrong = make(key="wrong")
    other = wrong._core if isinstance(wrong, Seawall) else wrong._seawall._core
    other.memory = core.memory
    settled = wrong.settle()

    assert settled.left == ("order a-1",)
    assert [refusal.status for refusal in settled.refused] == [401]
    assert agent.settle().cancelled == ("a-1",)


def test_a_signal_without_an_answer_is_an_exception(make, seawall):
    agent = make(timeout=0.1)
    seawall.always = Fault.GARBAGE

    with pytest.raises(NoAnswer, match="no answer to a signal"):
        agent.signal(BTC, "buy", 1.0)


def test_signals_are_answered_and_hold_nothing(agent, seawall):
    assert agent.signal(BTC, "buy", 3.0).quantity == 3.0
    assert agent.signal(BTC, "buy").quantity == ROOM
    assert seawall.held == {}
    with pytest.raises(ValueError, match="finite and positive"):
        agent.signal(BTC, "buy", float("nan"))


def test_which_part_of_new_risk_passes_is_shown(agent, seawall):
    seawall.status = status(trading_state="THROTTLED", size=0.5)
    hold = {"scope": "asset:X", "source": "breaker", "trading_state": "THROTTLED", "cause": "c"}
    seawall.holds = [hold | {"size": size} for size in (0.25, 7, "x")]

    assert (agent.status().trading_state, agent.status().size) == (TradingState.THROTTLED, 0.5)
    assert [each.size for each in agent.holds()] == [0.25, None, None]
    assert agent.holds()[0].source == "breaker"


def test_the_book_is_shown(agent, seawall):
    seawall.status = status(trading_state="REDUCE_ONLY", cause="a breaker tripped")
    seawall.holds = [{"scope": "asset:X", "trading_state": "HALTED", "cause": "news"}]
    seawall.limits["limits"] = [
        {"name": "cap", "kind": "order_notional", "scope": "asset:X", "hard": 5.0, "value": None}
    ]
    seawall.positions = [{"strategy": "trend", "asset": BTC, "venue": "sim-a", "quantity": -2}]
    seawall.reductions = [reduction()]

    assert agent.status().trading_state is TradingState.REDUCE_ONLY
    assert (agent.status().cause, agent.status().fresh) == ("a breaker tripped", True)
    assert [(h.scope, h.state) for h in agent.holds()] == [("asset:X", TradingState.HALTED)]
    assert [(limit.name, limit.hard) for limit in agent.limits().limits] == [("cap", 5.0)]
    # An older Seawall says nothing of sizes.
    assert (agent.status().size, agent.holds()[0].size) == (None, None)
    assert agent.positions()[0].quantity == -2.0
    assert agent.reductions()[0].target_quantity == 0.5
    agent.acknowledge("r1")
    assert seawall.acknowledged == ["r1"]


def test_trading_is_halted_at_once_and_once(agent, seawall):
    seawall.faults.append(Fault.RESET)

    assert agent.halt("prices make no sense", "strategy:trend").trading_state == "HALTED"
    first, again = seawall.latched
    assert first == again
    assert first.pop("id").startswith("trend-")
    assert first == {
        "command": "halt",
        "portfolio": "demo",
        "reason": "prices make no sense",
        "scope": "strategy:trend",
        "who": None,
    }


def test_a_strategy_must_be_named(make):
    with pytest.raises(ValueError, match="name a strategy"):
        make(strategy="").validate(BTC, "buy", 1.0)


def test_nobody_sees_the_key(make):
    assert KEY not in repr(make())


# --- requests to reduce ---------------------------------------------------------------------


def test_requests_to_reduce_are_told_old_ones_and_new(agent, seawall):
    told: list[tuple[str, float]] = []
    seawall.request(id="r1")
    agent.on_reduction(lambda asked: told.append((asked.id, asked.target_quantity)))
    eventually(lambda: told == [("r1", 0.5)])
    seawall.request(id="r2")
    seawall.request(id="r1", target_quantity=0.0)
    seawall.request(id="r3", strategy="dip")
    seawall.tell("LimitBreached", {"limit": "x"})
    seawall.request(id="r4")
    eventually(lambda: ("r4", 0.5) in told)

    assert told == [("r1", 0.5), ("r2", 0.5), ("r1", 0.0), ("r4", 0.5)]


def test_a_stream_that_breaks_goes_on_where_it_was(agent, seawall):
    told: list[str] = []
    agent.on_reduction(lambda asked: told.append(asked.id))
    eventually(lambda: seawall.last_ids)
    seawall.request(id="r1")
    eventually(lambda: told == ["r1"])
    seawall.break_streams()
    eventually(lambda: len(seawall.last_ids) > 1)
    seawall.request(id="r2")
    eventually(lambda: told == ["r1", "r2"])

    assert seawall.last_ids[:2] == [None, "1"]


def test_without_a_stream_requests_are_looked_up(agent, seawall):
    told: list[str] = []
    seawall.streams = False
    agent.on_reduction(lambda asked: told.append(asked.id))
    eventually(lambda: ("GET", "/api/v1/reductions") in seawall.asked)
    seawall.request(id="r1")
    eventually(lambda: told)

    assert told == ["r1"]


def test_a_stream_that_falls_silent_is_opened_again(make, seawall):
    told: list[str] = []
    seawall.mute = True
    make(pauses=replace(AT_ONCE, silence=0.05)).on_reduction(lambda asked: told.append(asked.id))
    eventually(lambda: len(seawall.last_ids) > 1)
    seawall.request(id="r1")
    eventually(lambda: told == ["r1"])


def test_an_event_that_cannot_be_read_makes_it_look_up_what_is_asked(agent, seawall):
    told: list[str] = []
    agent.on_reduction(lambda asked: told.append(asked.id))
    eventually(lambda: seawall.last_ids)
    seawall.reductions = [reduction()]
    seawall.tell("ReductionRequested", {}, raw="{half")
    eventually(lambda: told == ["r1"])


def test_a_callback_that_fails_is_told_again(agent, seawall):
    told: list[str] = []

    def forgetful(asked):
        told.append(asked.id)
        if len(told) < 3:
            raise RuntimeError("not now")

    background = agent.on_reduction(forgetful)
    seawall.request(id="r1")
    eventually(lambda: len(told) == 3)

    assert told == ["r1"] * 3
    assert background.running


def test_the_background_ends_when_it_is_told_to(agent, seawall):
    background = agent.on_reduction(print)
    eventually(lambda: seawall.last_ids)
    background.stop()

    assert not background.running


def test_a_seawall_that_is_away_is_looked_for_until_it_is_back(agent, seawall):
    told: list[str] = []
    seawall.always = Fault.ERROR
    seawall.streams = False
    seawall.request(id="r1")
    agent._core.patience = 0.02
    agent.on_reduction(lambda asked: told.append(asked.id))
    eventually(lambda: ("GET", "/api/v1/reductions") in seawall.asked)
    assert told == []
    agent._core.patience = 10.0
    seawall.always = None
    eventually(lambda: told == ["r1"])


# --- local checks ---------------------------------------------------------------------------


def test_local_checks_stop_what_seawall_would(agent, seawall):
    seawall.holds = [{"scope": "strategy:trend", "trading_state": "HALTED", "cause": "by hand"}]
    agent.check_locally(every=0.005)
    answer = agent.validate(BTC, "buy", 1.0)

    assert answer.codes == ("halted",)
    assert answer.why.endswith("Trading in strategy:trend is halted: by hand.")
    assert ("POST", "/api/v1/orders/validate") not in seawall.asked
    seawall.holds = []
    eventually(lambda: agent.validate(BTC, "buy", 0.001).approved)


def test_local_checks_that_hear_nothing_let_no_new_risk_through(make, seawall):
    agent = make(patience=0.02)
    seawall.always = Fault.ERROR
    background = agent.check_locally(every=0.005)

    assert agent.validate(BTC, "buy", 1.0).codes == ("not_synchronised",)
    agent._core.patience = 10.0
    seawall.always = None
    assert agent.validate(BTC, "sell", 1.0, reduce_only=True).approved
    eventually(lambda: agent.validate(BTC, "buy", 1.0).approved)
    background.stop()


def test_an_order_and_its_answer_can_be_looked_up(agent):
    told = agent.validate(BTC, "buy", 1.0, client_order_id="a-1")

    assert agent.standing("a-1").reserved == 1.0
    found = agent.answer_to("a-1")
    assert (found.verdict, found.quantity) == (told.verdict, told.quantity)


def test_what_nobody_asked_about_is_not_found(agent):
    for look in (agent.standing, agent.answer_to):
        with pytest.raises(RequestRefused, match="no order a-9"):
            look("a-9")
