"""Conversations without a network: what an agent believes of whatever comes back."""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.client.core import Core
from risk.client.errors import NoAnswer, RequestRefused
from risk.client.flows import Attempt, Flow, Heard, Lost, Next, Open, Reply, Tell, Wait
from risk.client.local import LocalChecks
from risk.client.memory import Memory
from risk.client.watch import Pauses, Watch, refresh
from risk.domain.events import Verdict
from tests.fakes_seawall import Fault, order_answer, reduction, spoilt, status

BTC = "BTC/USDT"


class Told:
    """A monotonic clock that moves when a conversation waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def core_at(clock: Told, **options: Any) -> Core:
    return Core(portfolio="demo", strategy="trend", clock=clock, **options)


def converse(
    flow: Flow[Any], clock: Told, outcomes: Iterable[Any] | Callable[[Attempt], Any]
) -> Any:
    """What comes of it where attempts end like this; whatever is left of them stays unasked."""
    following = None if callable(outcomes) else iter(outcomes)
    came: Any = None
    try:
        while True:
            effect = flow.send(came)
            if isinstance(effect, Wait):
                clock.now += effect.seconds
                came = None
            elif callable(outcomes):
                came = outcomes(effect)
            else:
                assert following is not None
                came = next(following, Lost("nothing more comes", reached=True))
    except StopIteration as end:
        return end.value


def honest(effect: Attempt, room: float = 10.0) -> Reply:
    body = json.loads(effect.call.body or b"{}")
    return Reply(200, json.dumps(order_answer(body, min(body["quantity"], room))).encode())


# --- the law --------------------------------------------------------------------------------

wrecks = st.one_of(
    st.builds(Lost, st.just("the connection broke"), st.booleans()),
    st.builds(
        Reply,
        st.sampled_from([200, 201, 204, 302, 400, 401, 404, 408, 409, 425, 429, 500, 501, 503]),
        st.binary(max_size=40),
        st.none() | st.floats(0.0, 2.0),
    ),
)
values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.integers(),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)
fields = sorted(order_answer({"client_order_id": "a", "quantity": 1.0}, 1.0))


@given(st.lists(wrecks, max_size=8), st.booleans())
def test_no_fault_ever_gives_an_approval(outcomes: list[Any], raising: bool):
    clock = Told()
    core = core_at(clock, on_failure="raise" if raising else "reject")
    try:
        answer = converse(core.validate(BTC, "buy", 1.0, {}), clock, outcomes)
    except (NoAnswer, RequestRefused):
        assert raising
        return

    assert not raising
    assert (answer.verdict, answer.quantity) == (Verdict.REJECT, 0.0)
    assert not answer.sendable()
    assert clock.now - 100.0 <= core.timeout


@given(st.dictionaries(st.sampled_from(fields), values, min_size=1), st.floats(1e-9, 1e9))
def test_an_answer_with_other_words_in_it_never_allows_more_than_was_asked(
    changes: dict[str, Any], quantity: float
):
    clock = Told()
    core = core_at(clock)

    def reply(effect: Attempt) -> Reply:
        body = json.loads(effect.call.body or b"{}")
        said = order_answer(body, quantity) | changes
        return Reply(200, json.dumps(said).encode())

    answer = converse(core.validate(BTC, "buy", quantity, {"client_order_id": "a"}), clock, reply)

    assert answer.client_order_id == "a"
    assert 0.0 <= answer.quantity <= quantity
    assert answer.approved == (answer.quantity > 0.0)
    if not answer.answered:
        assert not answer.approved
        assert [body.client_order_id for body in core.memory.doubts] == ["a"]


@pytest.mark.parametrize("fault", [f for f in Fault if f.value not in {"500", "503", "429", "302"}])
def test_every_fault_of_the_fake_spoils_an_answer(fault: Fault):
    """Else the tests over the network would prove nothing."""
    body = {"client_order_id": "a", "quantity": 1.0}
    lost = {Fault.SILENT, Fault.DRIP, Fault.RESET, Fault.CUT}

    assert (
        spoilt(fault, order_answer(body, 1.0)) == spoilt(Fault.RESET, order_answer(body, 1.0))
    ) == (fault in lost)


@given(st.lists(st.sampled_from(["lost", "heard and lost", "answered"]), max_size=12))
def test_no_room_leaks_whatever_is_lost(fates: list[str]):
    """Law: what the authority holds and the agent does not know of is in doubt, and settled."""
    clock = Told()
    core, held, decided = core_at(clock), set(), {}
    known: set[str] = set()

    def authority(effect: Attempt) -> Any:
        if effect.call.method == "DELETE":
            name = effect.call.path.rsplit("/", 1)[1]
            held.discard(name)
            return Reply(200, standing(name))
        name = json.loads(effect.call.body or b"{}")["client_order_id"]
        if name not in decided:
            decided[name] = honest(effect)
            held.add(name)
        return decided[name]

    for number, fate in enumerate(fates):
        name = f"order-{number}"

        def faulty(effect: Attempt, fate: str = fate) -> Any:
            if fate == "lost":
                return Lost("cannot be reached", reached=False)
            answer = authority(effect)
            return answer if fate == "answered" else Lost("broke", reached=True)

        flow = core.validate(BTC, "buy", 0.1, {"client_order_id": name})
        if converse(flow, clock, faulty).approved:
            known.add(name)

    assert held - known == {body.client_order_id for body in core.memory.doubts}
    settled = converse(core.settle(), clock, authority)
    assert held == known
    assert settled.left == ()


def standing(name: str) -> bytes:
    return json.dumps(
        {
            "client_order_id": name,
            "status": "voided",
            "reserved": 0.1,
            "filled": 0.0,
            "journalled": True,
        }
    ).encode()


# --- one by one -----------------------------------------------------------------------------


def test_an_answer_ages_from_before_it_was_first_asked_about():
    clock = Told()
    core = core_at(clock)
    order = {"client_order_id": "a"}
    first = converse(core.validate(BTC, "buy", 1.0, order), clock, honest)
    clock.now += 4.0
    again = converse(core.validate(BTC, "buy", 1.0, order), clock, honest)

    assert first.good_until == again.good_until == 105.0


def test_an_answer_is_not_sendable_once_it_has_expired():
    clock = Told()
    answer = converse(core_at(clock).validate(BTC, "buy", 1.0, {}), clock, honest)
    timed = type(answer)(**{**vars(answer), "clock": clock})

    assert timed.sendable()
    assert timed.sendable(answer.decided_at)
    assert not timed.sendable(answer.expires_at)
    clock.now += 5.0
    assert not timed.sendable()


def test_an_agent_that_gives_up_leaves_its_order_in_doubt():
    core = core_at(Told())
    flow = core.validate(BTC, "buy", 1.0, {"client_order_id": "a"})
    next(flow)
    flow.close()

    assert [body.client_order_id for body in core.memory.doubts] == ["a"]


def test_a_report_that_was_given_up_is_kept():
    core = core_at(Told())
    flow = core.cancelled("a")
    next(flow)
    flow.close()

    assert [call.what for _, call in core.memory.reports] == ["the end of a"]


def test_a_refusal_after_something_was_lost_leaves_the_order_in_doubt():
    clock = Told()
    core = core_at(clock)
    outcomes = [Lost("broke", reached=True), Reply(403, b'{"error": "x", "message": "no more"}')]
    answer = converse(core.validate(BTC, "buy", 1.0, {}), clock, outcomes)

    assert answer.problem == "no more"
    assert len(core.memory.doubts) == 1


def test_settling_stops_asking_a_seawall_that_is_away():
    clock = Told()
    core = core_at(clock)
    for number in range(9):
        core.memory.doubt(core.order(BTC, "buy", 1.0, {"client_order_id": str(number)}))
    settled = converse(core.settle(), clock, lambda _: Lost("away", reached=False))

    assert len(settled.left) == 9
    assert clock.now - 100.0 < 4 * core.patience


def test_a_pause_that_seawall_asks_for_is_kept():
    clock = Told()
    core = core_at(clock, timeout=3.0)
    busy = Reply(429, b"", retry_after=2.0)
    flow = core.validate(BTC, "buy", 1.0, {})
    answer = converse(flow, clock, iterated(busy, honest))

    assert answer.approved
    assert clock.now == 102.0


def test_fills_that_seawall_has_no_time_for_are_told_again_and_none_is_lost():
    clock = Told()
    core = core_at(clock)
    busy = Reply(429, b'{"error": "too_often", "message": "later"}', retry_after=1.0)
    heard: list[str] = []

    def now_and_then(effect: Attempt) -> Reply:
        """It takes one report in three seconds."""
        if clock.now < 100.0 + 3.0 * (len(heard) + 1):
            return busy
        heard.append(json.loads(effect.call.body or b"{}")["fill_id"])
        return Reply(200, standing("a"))

    for number in range(4):
        with suppress(NoAnswer):
            flow = core.filled("a", fill_id=f"t{number}", quantity=0.1, price=1.0)
            converse(flow, clock, now_and_then)
    assert 0 < len(heard) < 4
    assert len(core.memory.reports) == 4 - len(heard)
    for _ in range(9):
        converse(core.settle(), clock, now_and_then)

    assert sorted(heard) == ["t0", "t1", "t2", "t3"]
    assert core.memory.reports == ()


def iterated(first: Any, then: Callable[[Attempt], Any]) -> Callable[[Attempt], Any]:
    waiting = [first]
    return lambda effect: waiting.pop() if waiting else then(effect)


def test_a_status_of_another_portfolio_is_none():
    clock = Told()
    other = Reply(200, json.dumps(status(portfolio="other")).encode())

    with pytest.raises(NoAnswer, match="another portfolio, 'other'"):
        converse(core_at(clock).status(), clock, lambda _: other)


@pytest.mark.parametrize(
    "options", [{"timeout": 0.0}, {"patience": float("inf")}, {"on_failure": "approve"}]
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any]):
    with pytest.raises(ValueError, match="must be"):
        core_at(Told(), **options)


def test_only_the_last_orders_are_remembered_by_time():
    memory = Memory()
    for number in range(10_002):
        memory.first_asked(str(number), float(number))

    assert memory.first_asked("10001", 1e9) == 10_001.0
    assert memory.first_asked("0", 1e9) == 1e9


# --- in the background ----------------------------------------------------------------------


def listed(*asked: dict[str, Any]) -> Reply:
    return Reply(200, json.dumps({"reductions": list(asked)}).encode())


def test_the_watch_opens_the_stream_before_it_looks_at_what_is_asked():
    flow = Watch(core_at(Told()), Pauses()).run()

    assert isinstance(flow.send(None), Open)
    assert flow.send(None).call.path == "/api/v1/reductions"
    assert flow.send(listed(reduction())) == Tell(next_told(reduction()))
    assert flow.send(True) == Next()


def next_told(said: dict[str, Any]) -> Any:
    from risk.client.views import read_reduction

    return read_reduction(said)


def test_failures_in_a_row_make_pauses_longer_up_to_the_most():
    pauses = Pauses(first=0.25, most=10.0)

    assert [pauses.after(n) for n in (0, 1, 2, 99)] == [0.25, 0.5, 1.0, 10.0]


def test_what_was_met_and_is_asked_again_is_told_again():
    core, told = core_at(Told()), []
    flow = Watch(core, Pauses()).run()
    lists = iter([listed(reduction()), listed(), listed(reduction())])
    came: Any = None
    while len(told) < 2:
        effect = flow.send(came)
        match effect:
            case Open():
                came = Lost("no stream", reached=True)
            case Attempt():
                came = next(lists)
            case Tell(asked):
                told.append(asked.id)
                came = True
            case _:
                came = None

    assert told == ["r1", "r1"]


def test_other_events_are_passed_by():
    flow = Watch(core_at(Told()), Pauses()).run()
    flow.send(None)
    flow.send(None)
    assert flow.send(listed()) == Next()
    data = json.dumps({"kind": "LimitBreached", "version": 1, "body": {}})

    assert flow.send(Heard("7", "LimitBreached", data)) == Next()
    assert flow.send(Lost("ended", reached=True)) == Wait(0.25)
    assert flow.send(None) == Open("/api/v1/events/stream", "7", 30.0)


def test_what_local_checks_know_is_as_old_as_its_asking():
    clock = Told()
    core, local = core_at(clock), LocalChecks(stale_after=5.0)
    shown = {
        "status": status(),
        "breakers": {"holds": []},
        "limits": {"limits": []},
        "positions": {"positions": []},
    }

    def slow(effect: Attempt) -> Reply:
        clock.now += 1.0
        return Reply(200, json.dumps(shown[effect.call.path.rsplit("/", 1)[1]]).encode())

    assert converse(refresh(core, local), clock, slow)
    order = core.order(BTC, "buy", 1.0, {})
    assert local.check(order, 105.0) is None
    stopped = local.check(order, 105.1)
    assert stopped is not None
    assert stopped.code == "not_synchronised"
