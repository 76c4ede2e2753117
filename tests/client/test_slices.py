"""Orders that are answered beside the agent, from slices of room that Seawall lent."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.api.bodies import MOST
from risk.client import Slice
from risk.client.core import Core
from risk.client.errors import NoAnswer, RequestRefused
from risk.client.flows import Attempt, Lost, Reply
from risk.client.local import LocalChecks
from risk.client.slices import Slices
from risk.client.watch import begin
from risk.domain.events import Verdict
from tests.client.conftest import eventually
from tests.client.test_core import Told, converse, core_at
from tests.client.test_local import show
from tests.fakes_seawall import ROOM, START, FakeSeawall, Fault, spoilt, status

BTC = "BTC/USDT"
KEPT = Slice(asset=BTC, side="buy", quantity=4.0)
#: Faults with which Seawall has not let anything through.
UNHEARD = {Fault.STANDBY, Fault.BUSY, Fault.MOVED}


# --- without a network ---------------------------------------------------------------------


class Desk:
    """A core with slices, its clock, and a Seawall that it talks to without a network."""

    def __init__(self, *wanted: Slice, **shown: Any) -> None:
        self.clock = Told()
        self.seawall = FakeSeawall()
        self.core = core_at(self.clock)
        self.local = LocalChecks()
        self.core.local = self.local
        self.core.slices = Slices(self.core, wanted or (KEPT,))
        self.slices = self.core.slices
        self.refresh(**shown)

    def refresh(self, **shown: Any) -> None:
        """Look at Seawall's state at this time of the clock."""
        self.seawall.status = status(**shown)
        show(self.local, at=self.clock(), **shown)

    def renew(self, fault: Fault | None = None) -> None:
        self.run(self.slices.renew(), fault)

    def run(self, flow: Any, fault: Fault | None = None) -> Any:
        return converse(flow, self.clock, lambda effect: self.reply(effect, fault))

    def reply(self, effect: Attempt, fault: Fault | None = None) -> Reply | Lost:
        call = effect.call
        body = json.loads(call.body or b"{}")
        if call.path != "/api/v1/leases":
            name = call.path.split("/")[4]
            if name == "validate":
                return Reply(200, json.dumps(self.seawall.decide(body)).encode())
            if name not in self.seawall.orders:
                return Reply(404, b'{"error": "unknown_order", "message": "no such order"}')
            return Reply(200, json.dumps(self.seawall.standing(name, "filled")).encode())
        said = self.seawall.lend(body)
        if isinstance(said, str):
            what = json.dumps({"error": said, "message": "it cannot be settled"}).encode()
            return Reply(404 if said == "unknown_lease" else 409, what)
        return Reply(200, spoilt(fault, said) if fault else json.dumps(said).encode())

    def ask(self, quantity: float = 1.0, *, asset: str = BTC, side: str = "buy", **order: Any):
        return self.run(self.core.validate(asset, side, quantity, order))

    @property
    def asked(self) -> list[str]:
        """Orders that Seawall was asked about, or was told of."""
        return [name for name in self.seawall.orders if not name.startswith("lease:")]


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.renew()
    return desk


def test_what_fits_is_answered_without_asking(desk: Desk):
    answer = desk.ask(1.5, client_order_id="a")

    assert (answer.verdict, answer.quantity, answer.asked) == (Verdict.APPROVE, 1.5, 1.5)
    assert answer.approved
    assert answer.answered
    assert answer.sendable()
    assert answer.sendable(START)
    assert answer.lease == desk.slices.unsettled[0]
    assert answer.lease.startswith("lease:trend-")
    assert answer.reservation == "res"
    assert [(r.code, r.subject) for r in answer.reasons] == [("leased", answer.lease)]
    assert answer.codes == ()
    assert not answer.journalled
    assert desk.asked == []


def test_an_answer_of_seawalls_names_no_slice(desk: Desk):
    assert desk.ask(5.0).lease is None


def test_no_more_is_spent_than_was_lent(desk: Desk):
    answers = [desk.ask(1.5) for _ in range(4)]

    assert [answer.lease is not None for answer in answers] == [True, True, False, False]
    assert len(desk.asked) == 2


def test_a_slice_is_spent_to_its_end(desk: Desk):
    assert [desk.ask(1.0).lease is not None for _ in range(5)] == [True] * 4 + [False]


def test_what_was_lent_less_is_spent_less():
    desk = Desk(Slice(asset=BTC, side="buy", quantity=ROOM + 5.0))
    desk.renew()

    assert desk.ask(ROOM + 1.0).lease is None
    assert desk.ask(ROOM).lease is not None


def test_a_slice_is_spent_for_two_seconds_from_before_it_was_asked_for(desk: Desk):
    last = desk.ask(1.0)
    desk.clock.now += 1.999
    desk.refresh()
    assert last.sendable()
    assert desk.ask(1.0).lease is not None
    desk.clock.now += 0.001

    assert not last.sendable()
    assert desk.ask(1.0).lease is None


def test_a_clock_that_is_set_changes_nothing(desk: Desk):
    """No time of a wall is looked at, but where the agent gives one."""
    answer = desk.ask(1.0)

    assert answer.sendable()
    assert not answer.sendable(START.replace(year=2099))
    assert answer.good_until == desk.clock() + 2.0


@pytest.mark.parametrize(
    "order",
    [
        {"side": "sell"},
        {"asset": "ETH/USDT"},
        {"venue": "sim-a"},
        {"strategy": "dip"},
        {"limit_price": 100.0},
        {"reduce_only": True},
        {"emergency": True},
    ],
)
def test_what_a_slice_is_not_for_is_asked_about(desk: Desk, order: dict):
    assert desk.ask(1.0, **order).lease is None
    assert len(desk.asked) == 1


def test_a_list_fits_into_one_request_whatever_the_orders_are_called():
    desk = Desk(Slice(asset=BTC, side="buy", quantity=4.0, orders=500))
    desk.renew()
    names = [f"{'ä' * 400}-{n}" for n in range(80)]
    answers = [desk.ask(0.01 + n / 1e4, client_order_id=name) for n, name in enumerate(names)]
    sent, reply = [], desk.reply
    desk.reply = lambda effect, fault=None: sent.append(effect.call) or reply(effect, fault)
    desk.renew()

    assert sum(answer.lease is not None for answer in answers) in range(40, 80)
    assert len(sent[0].body) < MOST
    assert set(names) <= set(desk.asked)


def test_a_limit_on_how_many_orders_there_may_be_holds_beside_the_agent():
    desk = Desk(Slice(asset=BTC, side="buy", quantity=4.0, orders=5))
    desk.seawall.most_orders = 2
    desk.renew()

    assert [desk.ask(0.1).lease is not None for _ in range(3)] == [True, True, False]


def test_a_program_in_a_loop_is_asked_about():
    desk = Desk()
    desk.seawall.most_alike = 2
    desk.renew()

    assert [desk.ask(0.1).lease is not None for _ in range(3)] == [True, True, False]
    assert desk.ask(0.2).lease is not None


@pytest.mark.parametrize("quantity", [0.25, 0.05])
def test_what_the_exchange_would_not_take_is_asked_about(quantity: float):
    desk = Desk()
    desk.seawall.steps = {"lot": 0.1, "least": 0.2}
    desk.renew()

    assert desk.ask(quantity).lease is None
    assert desk.ask(0.3).lease is not None


@pytest.mark.parametrize("state", ["CAUTION", "THROTTLED", "REDUCE_ONLY", "HALTED"])
def test_what_has_become_tighter_since_stops_the_spending(desk: Desk, state: str):
    desk.refresh(trading_state=state)

    assert desk.ask(1.0).lease is None


def test_a_hold_stops_the_spending(desk: Desk):
    desk.refresh(holds=[{"scope": f"asset:{BTC}", "trading_state": "HALTED", "cause": "by hand"}])

    assert desk.ask(1.0).codes == ("halted",)


@pytest.mark.parametrize("scope", ["strategy_type:momentum", "venue:sim-a"])
def test_a_hold_that_only_seawall_knows_to_be_met_or_not_is_asked_about(desk: Desk, scope: str):
    desk.refresh(holds=[{"scope": scope, "trading_state": "HALTED", "cause": "by hand"}])

    assert desk.ask(1.0).lease is None
    assert len(desk.asked) == 1


def test_a_hold_of_another_venue_is_not_met():
    desk = Desk(replace(KEPT, venue="sim-a"))
    desk.renew()
    desk.refresh(holds=[{"scope": "venue:sim-b", "trading_state": "HALTED", "cause": "by hand"}])

    assert desk.ask(1.0, venue="sim-a").lease is not None


def test_what_is_known_must_be_fresh(desk: Desk):
    desk.refresh(fresh=False)
    assert desk.ask(1.0).codes == ("snapshot_stale",)
    desk.core.local = LocalChecks()
    assert desk.ask(1.0).codes == ("not_synchronised",)


def test_what_reduces_by_the_positions_seen_is_spent_only_while_all_is_fresh(desk: Desk):
    """Local checks never stop it; and a slice never lets it through on what may be over."""
    desk.refresh(held=-5.0, trading_state="HALTED")
    assert desk.ask(1.0).lease is None
    desk.refresh(held=-5.0, fresh=False)
    assert desk.ask(1.0).lease is None
    desk.refresh(held=-5.0)
    assert desk.ask(1.0).lease is not None


def test_the_same_order_asked_twice_is_one_order(desk: Desk):
    first = desk.ask(1.0, client_order_id="a")
    again = desk.ask(1.0, client_order_id="a")
    other = desk.ask(2.0, client_order_id="a")

    assert again is first
    assert (other.verdict, other.codes) == (Verdict.REJECT, ("duplicate_order",))
    desk.renew()
    assert desk.seawall.settled == {first.lease: {"a": 1.0}}


def test_an_order_that_was_settled_is_asked_about_and_not_sent_again(desk: Desk):
    lease = desk.ask(1.0, client_order_id="a").lease
    desk.renew()
    again = desk.ask(1.0, client_order_id="a")

    assert (again.verdict, again.lease) == (Verdict.APPROVE, lease)
    assert not again.sendable()


def test_an_order_that_was_asked_about_is_never_answered_here():
    desk = Desk()
    first = desk.ask(1.0, client_order_id="a")
    desk.renew()

    assert first.lease is None
    assert desk.ask(1.0, client_order_id="a").lease is None


# --- settling ------------------------------------------------------------------------------


def test_each_renewal_settles_what_was_spent_and_asks_for_more(desk: Desk):
    first = desk.ask(1.0, client_order_id="a").lease
    desk.ask(0.5, client_order_id="b")
    desk.renew()

    assert desk.seawall.settled == {first: {"a": 1.0, "b": 0.5}}
    [now] = desk.slices.unsettled
    assert desk.seawall.held == {"a": 1.0, "b": 0.5, now: 4.0}
    assert desk.ask(4.0).lease == now


def test_a_slice_is_settled_before_a_fill_is_reported_and_the_next_is_at_hand(desk: Desk):
    lease = desk.ask(1.0, client_order_id="a").lease
    desk.run(desk.core.filled("a", fill_id="f", quantity=1.0, price=100.0))

    assert desk.seawall.settled == {lease: {"a": 1.0}}
    assert desk.ask(1.0).lease not in (None, lease)


@pytest.mark.parametrize("report", ["cancelled", "standing"])
def test_a_slice_is_settled_before_anything_else_is_said_of_its_orders(desk: Desk, report: str):
    lease = desk.ask(1.0, client_order_id="a").lease
    standing = desk.run(getattr(desk.core, report)("a"))

    assert standing.client_order_id == "a"
    assert desk.seawall.settled == {lease: {"a": 1.0}}


def test_a_fill_that_comes_while_seawall_is_away_is_told_later(desk: Desk):
    lease = desk.ask(1.0, client_order_id="a").lease
    with pytest.raises(NoAnswer):
        converse(
            desk.core.filled("a", fill_id="f", quantity=1.0, price=100.0),
            desk.clock,
            lambda _effect: Lost("away", reached=False),
        )
    assert [report.what for report, _ in desk.core.memory.reports] == ["fill"]
    assert desk.ask(1.0, client_order_id="b").lease is None
    settled = desk.run(desk.core.settle())

    assert desk.seawall.settled == {lease: {"a": 1.0}}
    assert (settled.reported, settled.left) == (1, ())


def test_a_refusal_of_its_slice_does_not_lose_a_report(desk: Desk):
    desk.ask(1.0, client_order_id="a")
    with pytest.raises(RequestRefused):
        converse(
            desk.core.cancelled("a"),
            desk.clock,
            [Reply(403, b'{"error": "not_allowed", "message": "no"}')],
        )

    assert [report.what for report, _ in desk.core.memory.reports] == ["end"]
    assert desk.run(desk.core.settle()).left == ()


def test_what_is_not_on_disk_there_is_settled_again(desk: Desk):
    lease = desk.ask(1.0, client_order_id="a").lease
    desk.seawall.journalling = False
    desk.renew()
    assert lease in desk.slices.unsettled
    desk.seawall.journalling = True
    desk.renew()

    assert lease not in desk.slices.unsettled


def test_a_slice_that_seawall_does_not_know_is_forgotten_and_its_orders_are_not_found(desk: Desk):
    lease = desk.ask(1.0, client_order_id="a").lease
    desk.seawall.orders.clear()
    with pytest.raises(RequestRefused, match="no such order"):
        desk.run(desk.core.cancelled("a"))
    desk.renew()

    assert lease not in desk.slices.unsettled
    assert desk.ask(1.0).lease is not None


def test_nothing_is_left_at_the_end(desk: Desk):
    lease = desk.ask(1.0, client_order_id="a").lease
    desk.run(desk.slices.finish())

    assert desk.seawall.settled == {lease: {"a": 1.0}}
    assert desk.seawall.held == {"a": 1.0}
    assert desk.slices.unsettled == ()
    desk.renew()
    assert desk.ask(1.0).lease is None


# --- what may or may not have been lent ----------------------------------------------------


@pytest.mark.parametrize("fault", Fault)
def test_no_fault_ever_lends_anything_nor_keeps_room(fault: Fault):
    desk = Desk()
    lost = Lost("it broke", reached=fault not in UNHEARD)
    content = fault in set(Fault) - UNHEARD - {
        Fault.SILENT, Fault.DRIP, Fault.RESET, Fault.CUT, Fault.ERROR
    }  # fmt: skip
    if content:
        desk.renew(fault)
    else:

        def away(effect: Attempt) -> Lost:
            if fault not in UNHEARD:
                desk.reply(effect)
            return lost

        converse(desk.slices.renew(), desk.clock, away)

    desk.refresh()
    assert desk.ask(1.0, client_order_id="a").lease is None
    desk.seawall.held.pop("a")
    desk.run(desk.slices.finish())
    assert desk.seawall.held == {}
    assert desk.slices.unsettled == ()


def test_what_may_have_been_lent_is_asked_for_again_under_its_id():
    desk = Desk()

    def heard(effect: Attempt) -> Lost:
        desk.reply(effect)
        return Lost("its answer was lost", reached=True)

    converse(desk.slices.renew(), desk.clock, heard)
    [doubted] = desk.slices.unsettled
    assert desk.slices.in_doubt == (doubted,)
    assert desk.ask(1.0, client_order_id="x").lease is None
    desk.refresh()
    desk.renew()

    assert desk.slices.unsettled == (doubted,)
    # Its life is counted from the first asking.
    first_asked = 100.0
    assert desk.ask(1.0).good_until == first_asked + 2.0
    desk.clock.now = first_asked + 2.0
    desk.refresh()
    assert desk.ask(1.0).lease is None


def test_what_never_left_is_forgotten():
    desk = Desk()
    converse(desk.slices.renew(), desk.clock, lambda _effect: Lost("refused", reached=False))

    assert desk.slices.unsettled == ()


def test_a_slice_in_doubt_that_is_too_old_now_is_settled_as_unspent():
    desk = Desk()
    converse(desk.slices.renew(), desk.clock, lambda _effect: Lost("lost", reached=True))
    [doubted] = desk.slices.unsettled
    desk.clock.now += 10.0
    refusal = {"verdict": "reject", "quantity": 0.0, "reservation": None}

    def too_old(effect: Attempt) -> Reply:
        said = desk.seawall.lend(json.loads(effect.call.body or b""))
        assert isinstance(said, dict)
        if said["lease"] is not None:
            said["lease"] |= refusal
        return Reply(200, json.dumps(said).encode())

    converse(desk.slices.renew(), desk.clock, too_old)

    assert desk.seawall.settled == {doubted: {}}
    assert desk.slices.unsettled == ()
    assert desk.seawall.held == {}


def test_a_conversation_that_is_cut_off_leaves_its_slice_in_doubt():
    desk = Desk()
    flow = desk.slices.renew()
    desk.reply(next(flow))
    flow.close()

    assert len(desk.slices.in_doubt) == 1
    desk.run(desk.core.settle())
    desk.run(desk.slices.finish())
    assert desk.seawall.held == {}


def test_while_one_thread_asks_for_a_slice_no_other_does(desk: Desk):
    lease = desk.ask(1.0, client_order_id="a").lease
    renewing = desk.slices.renew()
    asked = json.loads(next(renewing).call.body or b"")
    reporting = desk.core.cancelled("a")
    settled = json.loads(next(reporting).call.body or b"")

    assert (asked["settles"], asked["lease_id"] is not None) == (lease, True)
    assert (settled["settles"], settled["lease_id"]) == (lease, None)
    assert asked["orders"] == settled["orders"] == [{"client_order_id": "a", "quantity": 1.0}]
    renewing.close()
    reporting.close()


@given(st.lists(st.tuples(st.sampled_from(["ask", "renew", "lose", "pass", "settle"]),
                          st.floats(0.1, 3.0)), max_size=25))  # fmt: skip
def test_whatever_happens_no_more_is_spent_than_was_lent_and_all_is_told(steps: list):
    desk = Desk()
    spent: dict[str, float] = {}
    lost = 0
    for number, (step, size) in enumerate(steps):
        if step == "ask":
            answer = desk.ask(size, client_order_id=f"o{number}")
            if answer.lease is not None:
                assert desk.seawall.orders[answer.lease][1]["quantity"] >= size
                assert answer.sendable()
                spent[f"o{number}"] = size
        elif step == "renew":
            desk.refresh()
            desk.renew()
        elif step == "lose":
            lost += 1
            flow = desk.slices.renew()
            converse(flow, desk.clock, lambda e: (desk.reply(e), Lost("lost", reached=True))[1])
        elif step == "settle":
            desk.run(desk.core.settle())
        else:
            desk.clock.now += size
            desk.refresh()
    desk.run(desk.slices.finish())

    assert desk.slices.unsettled == ()
    told = {name: q for listed in desk.seawall.settled.values() for name, q in listed.items()}
    assert told == spent
    for lease, listed in desk.seawall.settled.items():
        granted = desk.seawall.orders[lease][1]["quantity"]
        assert sum(listed.values()) <= granted * (1.0 + 1e-12)
    assert not any(name.startswith("lease:") for name in desk.seawall.held)


# --- what cannot be meant ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"side": "both"}, "side"),
        ({"quantity": 0.0}, "quantity"),
        ({"quantity": float("nan")}, "quantity"),
        ({"quantity": float("inf")}, "quantity"),
        ({"orders": 0}, "orders"),
        ({"orders": 501}, "orders"),
    ],
)
def test_a_slice_that_cannot_be_meant_is_refused(changes: dict, says: str):
    usual = {"asset": BTC, "side": "buy", "quantity": 1.0}
    with pytest.raises(ValueError, match=says):
        Slice(**(usual | changes))


def test_two_slices_for_the_same_orders_are_refused():
    with pytest.raises(ValueError, match="same orders"):
        Slices(core_at(Told()), [KEPT, Slice(asset=BTC, side="buy", quantity=1.0)])


def test_a_slice_needs_a_strategy():
    with pytest.raises(ValueError, match="name a strategy"):
        Slices(Core(portfolio="demo"), [KEPT])


# --- both kinds of agents ------------------------------------------------------------------


@pytest.fixture
def holder(make: Callable[..., Any], seawall: FakeSeawall) -> Any:
    agent = make(clock=Told())
    agent.check_locally(every=1_000.0, slices=[KEPT])
    return agent


def test_nothing_is_lent_unless_it_is_wanted(make: Callable[..., Any], seawall: FakeSeawall):
    agent = make()
    agent.check_locally(every=1_000.0)

    assert agent.validate(BTC, "buy", 1.0).lease is None
    assert not any(name.startswith("lease:") for name in seawall.orders)


def test_an_agent_answers_itself_reports_and_leaves_nothing(holder: Any, seawall: FakeSeawall):
    before = len(seawall.asked)
    answer = holder.validate(BTC, "buy", 1.0, client_order_id="a")
    assert answer.lease in holder.unsettled
    assert len(seawall.asked) == before

    holder.filled("a", fill_id="f-1", quantity=1.0, price=100.0)
    assert seawall.settled == {answer.lease: {"a": 1.0}}
    assert ("a", "f-1") in seawall.fills
    holder.validate(BTC, "buy", 2.0, client_order_id="b")
    holder.close()
    assert seawall.held == {"b": 2.0}
    assert holder.unsettled == ()


def test_slices_are_renewed_in_the_background(make: Callable[..., Any], seawall: FakeSeawall):
    agent = make()
    agent.check_locally(every=0.005, slices=[KEPT])
    eventually(lambda: len(seawall.settled) > 2)
    agent.close()
    assert seawall.held == {}


def test_all_slices_are_named_at_once(holder: Any):
    with pytest.raises(ValueError, match="name all of them at once"):
        holder.check_locally(slices=[KEPT])


@pytest.mark.parametrize("fault", sorted(set(Fault) - {Fault.SILENT, Fault.DRIP}))
def test_over_the_network_no_fault_lends_anything(
    make: Callable[..., Any], seawall: FakeSeawall, fault: Fault
):
    agent = make(timeout=0.2, patience=0.2)
    agent.check_locally(every=1_000.0)
    seawall.always = fault
    agent._core.slices = None
    core: Core = agent._core
    core.slices = Slices(core, [KEPT])
    run = agent._seawall._run if hasattr(agent, "_seawall") else agent._run
    flow = core.slices.renew()
    agent._await(run(flow)) if hasattr(agent, "_await") else run(flow)

    assert core.slices._open == {}
    seawall.always = None
    seawall.released.set()
    agent.close()
    # Those let it through, and say that they did not hear it.
    assert seawall.held == {} or fault in UNHEARD


def test_beginning_looks_before_it_asks(desk: Desk):
    """A slice's life is short: nothing is done between its grant and its use."""
    flow = begin(desk.core, desk.local)

    assert next(flow).call.path == "/api/v1/status"
    flow.close()
