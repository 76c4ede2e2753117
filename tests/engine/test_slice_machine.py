"""Slices as a machine: whatever happens in whatever order, no room is spent twice or lost.

Beside it runs a model of what holders were lent, what they made of it, and what they told.
"""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
)

from risk.domain.actions import ReleaseReservation
from risk.domain.messages import LeaseBody
from risk.domain.trading import TradingState
from risk.errors import LeaseSettled
from tests.books import BTC, PRICES
from tests.engine.gates import GateWorld, body_of, slice_of
from tests.policies import WHOLE, definition, policy_of

#: What all that may be filled may be worth, and what a thousand of it is in bitcoin.
ROOM, UNIT = 5e4, 1e3 / PRICES[BTC]


class SliceMachine(RuleBasedStateMachine):
    """Slices lent, spent, settled, told again, released; restarts, silences and halts meanwhile."""

    lent = Bundle("lent")
    told = Bundle("told")
    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.world = GateWorld(policy=policy_of(definition("gross_exposure", hard=ROOM / 1e6)))
        self.number = 0
        self.held: dict[str, float] = {}
        self.spent: dict[str, dict[str, float]] = {}
        self.bought = 0.0
        self.latched = False

    @property
    def _silent(self) -> bool:
        return self.world.journal.fail_with is not None

    def _next(self) -> int:
        self.number += 1
        return self.number

    # --- holders ---------------------------------------------------------------------------

    def _took(self, body: LeaseBody, lease: Any) -> str | None:
        if lease.verdict == "reject":
            assert lease.reservation is None
            return None
        assert lease.journalled
        assert not self._silent
        assert not self.latched
        assert 0.0 < lease.quantity <= body.quantity
        self.held[body.lease_id] = lease.quantity
        self.spent[body.lease_id] = {}
        return body.lease_id

    @rule(target=lent, thousands=st.integers(1, 30))
    def lend(self, thousands: int) -> Any:
        body = slice_of(f"lease:{self._next()}", 1e3 * thousands)
        name = self._took(body, self.world.lend(body).lease)
        return multiple() if name is None else name

    @rule(name=lent, share=st.sampled_from((0.1, 0.5, 1.0)))
    def spend(self, name: str, share: float) -> None:
        """Beside the authority: it hears nothing of it."""
        left = self.held.get(name, 0.0) - sum(self.spent[name].values())
        if left > 0.01 * UNIT:
            self.spent[name][f"o{self._next()}"] = share * left

    def _list(self, name: str) -> dict[str, Any]:
        return {"settles": name, "spent": self.spent[name]}

    def _settled(self, name: str, settled: Any) -> Any:
        self.held.pop(name, None)
        self.held |= self.spent[name]
        assert all(each.accepted for each in settled.orders)
        assert settled.journalled is not self._silent
        return list(self.spent[name])

    @rule(target=told, name=consumes(lent))
    @precondition(lambda self: not self._silent)
    def settle(self, name: str) -> str:
        settled = self.world.lend(slice_of(None, **self._list(name))).settled
        self._settled(name, settled)
        return name

    @rule(name=consumes(lent), thousands=st.integers(1, 30), target=lent)
    @precondition(lambda self: not self._silent)
    def settle_and_lend(self, name: str, thousands: int) -> Any:
        body = slice_of(f"lease:{self._next()}", 1e3 * thousands, **self._list(name))
        said = self.world.lend(body)
        self._settled(name, said.settled)
        again = self._took(body, said.lease)
        return multiple() if again is None else again

    @rule(name=told)
    def tell_again(self, name: str) -> None:
        self.world.lend(slice_of(None, **self._list(name)))

    @rule(name=told)
    @precondition(lambda self: not self._silent)
    def tell_otherwise(self, name: str) -> None:
        more = {**self.spent[name], f"o{self._next()}": UNIT}
        with pytest.raises(LeaseSettled):
            self.world.lend(slice_of(None, settles=name, spent=more))

    @rule(name=lent)
    def ask_again(self, name: str) -> None:
        """Under another body or the same: it is never granted twice."""
        if name in self.held:
            self.world.lend(slice_of(name, 1e3))

    # --- orders ----------------------------------------------------------------------------

    @rule(target=orders, thousands=st.integers(1, 30))
    def order(self, thousands: int) -> Any:
        name = f"x{self._next()}"
        answer = self.world.ask(body_of(name, value=1e3 * thousands))
        if answer["verdict"] == "reject":
            return multiple()
        self.held[name] = answer["quantity"]
        return name

    @rule(target=orders, name=told)
    def order_of_a_slice(self, name: str) -> Any:
        return multiple(*self.spent[name])

    @rule(name=orders)
    def fill(self, name: str) -> None:
        quantity = self.held.pop(name, None)
        if quantity is None:
            return
        self.world.fill(name, quantity, f"f{self._next()}")
        self.bought += quantity

    @rule(name=orders)
    def cancel(self, name: str) -> None:
        if name in self.held:
            self.world.cancel(name)
            del self.held[name]

    # --- the world -------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((0.5, 1.0, 40.0)))
    @precondition(lambda self: not self._silent)
    def cycle(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        self.world.cycle()

    @rule()
    @precondition(lambda self: not self._silent)
    def restart(self) -> None:
        self.world.write()
        self.world.restart()

    @rule(written=st.booleans())
    @precondition(lambda self: self.number % 4 == 3)
    def silence(self, written: bool) -> None:
        self.world.silence(written=written)

    @rule()
    @precondition(lambda self: self._silent)
    def speak(self) -> None:
        self.world.speak()
        assert self.world.write()

    @rule()
    @precondition(lambda self: self.number % 5 == 4 and not self.latched and not self._silent)
    def halt(self) -> None:
        self.world.gate.latch(WHOLE, TradingState.HALTED, who="ana", reason="a drill")
        self.world.write()
        self.latched = True

    @rule()
    @precondition(lambda self: self.latched and not self._silent)
    def resume(self) -> None:
        self.world.resume_all()
        self.latched = False

    @rule(name=lent)
    @precondition(lambda self: not self._silent)
    def release(self, name: str) -> None:
        """By a person, of one that was not spent: its holder is dead."""
        if name not in self.held or self.spent[name]:
            return
        at = self.world.clock.wall()
        self.world.gate.take_actions(
            [ReleaseReservation(seq=10**6, at=at, who="ana", client_order_id=name, reason="dead")]
        )
        self.world.write()
        del self.held[name]

    # --- what always holds -----------------------------------------------------------------

    @invariant()
    def no_room_leaks_and_none_is_missing(self) -> None:
        open_now = self.world.gate.ledger.reservations
        assert open_now.keys() == self.held.keys()
        for name, reservation in open_now.items():
            assert abs(abs(reservation.open_quantity) - self.held[name]) <= 1e-9

    @invariant()
    def all_that_may_be_filled_is_within_the_limit(self) -> None:
        """Also what was made of slices, of which nobody was told yet."""
        secret = {
            name: sum(orders.values()) for name, orders in self.spent.items() if name in self.held
        }
        assert all(spent <= self.held[name] * (1.0 + 1e-9) for name, spent in secret.items())
        worth = (sum(self.held.values()) + self.bought) * PRICES[BTC]
        assert worth <= ROOM * (1.0 + 1e-6)

    @invariant()
    def what_is_on_disk_is_what_a_restart_would_know(self) -> None:
        if self._silent or self.world.backlog:
            return
        for name, order in self.world.journal.orders.items():
            holds = order.status is not None and order.status.holds_room
            assert holds == (name in self.held), name


TestSlices = SliceMachine.TestCase
TestSlices.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
