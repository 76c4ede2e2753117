"""Agents that trade the demo's strategies as any agent would: ask, trade what was allowed, report.

An `Agent` is told each reading of the market and what its strategy wishes, and acts on it in a
thread of its own: whoever tells it never waits. It speaks to Seawall through a `Gatekeeper`, as
somebody else's agent does over the wire. Trades happen on paper, at the mark of their moment.
"""

import math
import threading
from collections.abc import Callable, Collection, Iterable

import structlog

from risk.domain.market import Mark
from risk.domain.paper import paper_fill
from risk.domain.positions import PositionKey
from risk.domain.reductions import surplus_over
from risk.errors import SeawallError
from risk.lab.gatekeeper import Gatekeeper, Holding, Permission, Request
from risk.lab.tray import Errand, Sight, Tray
from risk.lab.wishing import ON_PAPER, Occasion, Wish

_LOG = structlog.get_logger(__name__)

#: Readings between two tries to meet requests that cannot be met, as while trading is halted.
LONGEST_PAUSE = 16


class Agent:
    """One strategy's agent.

    Parameters
    ----------
    strategy : str
    connect : callable
        From the strategy's name to a `Gatekeeper`; SeawallError where there is none yet.
    reduces : bool
        Whether it meets requests to reduce; not where somebody else does.
    """

    def __init__(
        self, strategy: str, connect: Callable[[str], Gatekeeper], *, reduces: bool = True
    ) -> None:
        self.strategy = strategy
        self._connect = connect
        self._reduces = reduces
        self._tray = Tray()
        self._news = threading.Event()
        self._ending = threading.Event()
        self._gatekeeper: Gatekeeper | None = None
        self._requested = threading.Event()
        self._look_at = 0
        self._pause = 1
        self._acknowledged: set[str] = set()
        self._trouble = ""

    # --- told by others, who never wait ------------------------------------------------------

    def show(self, sight: Sight, wishes: Iterable[Wish], open_orders: Collection[str]) -> None:
        """Take in a reading and what the strategy wishes; see `Tray.put`."""
        dropped = self._tray.put(sight, wishes, open_orders)
        if dropped:
            _LOG.debug("wishes_dropped", strategy=self.strategy, wishes=dropped)
        self._news.set()

    def end(self) -> None:
        """Ask it to end after the order that is under way."""
        self._ending.set()
        self._news.set()

    def requested(self, _request: object = None) -> None:
        """Note that there is a request to reduce."""
        self._requested.set()
        self._news.set()

    # --- its own thread ----------------------------------------------------------------------

    def run(self) -> None:
        """Act on whatever comes, until told to end."""
        while self._came():
            try:
                self.act()
            except Exception:  # noqa: BLE001 - logged: a thread has nobody to raise to
                _LOG.exception("agent_failed", strategy=self.strategy)
        if self._gatekeeper is not None:
            self._gatekeeper.close()

    def _came(self) -> bool:
        self._news.wait()
        self._news.clear()
        return not self._ending.is_set()

    def act(self) -> None:
        """Do what there is to do now."""
        sight = self._tray.sight
        gatekeeper = self._connected()
        if gatekeeper is None or sight is None:
            return
        if not self._clear(gatekeeper):
            gatekeeper.settle()
            self._clear(gatekeeper)
        for order in self._tray.strays():
            _LOG.info("stray_order_given_back", strategy=self.strategy, order=order)
            self._give_back(gatekeeper, order)
        if self._reduces and (self._requested.is_set() or sight.turn >= self._look_at):
            self._meet_requests(gatekeeper, sight)
        while not self._ending.is_set():
            errand = self._tray.begin()
            if errand is None or not self._trade(gatekeeper, errand):
                return

    def _connected(self) -> Gatekeeper | None:
        if self._gatekeeper is None:
            try:
                self._gatekeeper = self._connect(self.strategy)
            except SeawallError as problem:
                self._note(str(problem))
                return None
            if self._reduces:
                self._gatekeeper.on_reduction(self.requested)
        return self._gatekeeper

    def _clear(self, gatekeeper: Gatekeeper) -> bool:
        """Whether it is known what became of everything that was asked and told."""
        if gatekeeper.in_doubt or gatekeeper.unsaid:
            return False
        self._tray.settled()
        return True

    def _note(self, trouble: str) -> None:
        """Log what is wrong, once for as long as it is."""
        if trouble and trouble != self._trouble:
            _LOG.info("agent_waits", strategy=self.strategy, problem=trouble)
        self._trouble = trouble

    # --- orders ------------------------------------------------------------------------------

    def _trade(self, gatekeeper: Gatekeeper, errand: Errand) -> bool:
        """Ask, and trade what is allowed; whether Seawall answered.

        Without an answer the wish is asked again with the next reading, under the same id. Where
        it may have been let through unheard it is not: what is in doubt is settled, and dropped.
        """
        wish, again = errand.wish, False
        try:
            if self._tradable(wish.key.asset) is None:
                return True
            answer = gatekeeper.validate(
                wish.key.asset,
                "buy" if wish.quantity > 0.0 else "sell",
                abs(wish.quantity),
                client_order_id=wish.identity,
                venue=wish.key.venue,
                reduce_only=wish.occasion is Occasion.REDUCE,
            )
            if answer.answered:
                self._note("")
                self._act_on(gatekeeper, errand, answer)
                return True
            self._note(answer.why)
            in_doubt = wish.identity in gatekeeper.in_doubt
            again = not in_doubt and wish.occasion is not Occasion.REDUCE
            return False
        finally:
            self._tray.end(again=again)

    def _act_on(self, gatekeeper: Gatekeeper, errand: Errand, answer: Permission) -> None:
        wish = errand.wish
        if not answer.approved:
            _LOG.info(
                "order_rejected",
                strategy=self.strategy,
                asset=wish.key.asset,
                quantity=wish.quantity,
                why=answer.why,
            )
            return
        mark = self._tradable(wish.key.asset)
        # An answer from before the wish is one to the same order in a former life of this agent.
        is_old = answer.decided_at is None or answer.decided_at < errand.sight.wall
        if mark is None or is_old or not answer.sendable():
            self._give_back(gatekeeper, wish.identity)
            return
        signed = math.copysign(answer.quantity, wish.quantity)
        fill = paper_fill(wish.identity, wish.key, signed, mark, wish.at)
        try:
            gatekeeper.filled(
                wish.identity,
                fill_id=fill.id,
                quantity=fill.quantity,
                price=fill.price,
                fee=fill.fee,
            )
        except SeawallError as problem:
            # Told again by `settle` if it may not have arrived; if it was refused, nothing was
            # traded, and the order's room goes back with the strays.
            _LOG.warning("fill_not_told", order=wish.identity, problem=str(problem))

    def _give_back(self, gatekeeper: Gatekeeper, order: str) -> None:
        try:
            gatekeeper.cancelled(order)
        except SeawallError as problem:
            _LOG.warning("order_not_given_back", order=order, problem=str(problem))

    def _tradable(self, asset: str) -> Mark | None:
        """The asset's mark now, which may be a later one than at the wish."""
        sight = self._tray.sight
        return None if sight is None else sight.tradable(asset)

    # --- requests to reduce ------------------------------------------------------------------

    def _meet_requests(self, gatekeeper: Gatekeeper, sight: Sight) -> None:
        """Sell what is too much; what cannot be sold now is tried again, ever more seldom."""
        told = self._requested.is_set()
        self._requested.clear()
        self._pause = 1 if told else min(2 * self._pause, LONGEST_PAUSE)
        self._look_at = sight.turn + self._pause
        try:
            asked = [each for each in gatekeeper.reductions() if each.strategy == self.strategy]
            self._acknowledged &= {each.id for each in asked}
            # What was told just now may not be listed yet.
            if not asked and not told:
                self._look_at = _NEVER
            held = (
                {_key_of(each): each.quantity for each in gatekeeper.positions()} if asked else {}
            )
            for each in asked:
                if self._ending.is_set():
                    return
                self._meet(gatekeeper, each, held.get(_key_of(each), 0.0))
        except SeawallError as problem:
            self._note(str(problem))

    def _meet(self, gatekeeper: Gatekeeper, asked: Request, quantity: float) -> None:
        if asked.id not in self._acknowledged:
            gatekeeper.acknowledge(asked.id)
            self._acknowledged.add(asked.id)
        sight, surplus = self._tray.sight, surplus_over(asked.target_quantity, quantity)
        mark = None if sight is None else sight.tradable(asked.asset)
        if sight is None or mark is None or not surplus:
            return
        wish = Wish(
            identity=f"{ON_PAPER}{Occasion.REDUCE}/{asked.id}/{sight.at:%Y%m%dT%H%M%S%f}",
            occasion=Occasion.REDUCE,
            key=_key_of(asked),
            quantity=-surplus,
            value=-surplus * mark.price,
            at=sight.at,
        )
        errand = Errand(sight, wish)
        self._tray.set_out(errand)
        self._trade(gatekeeper, errand)


#: A turn that does not come.
_NEVER = 2**63


def _key_of(held: Request | Holding) -> PositionKey:
    return PositionKey(held.strategy, held.asset, held.venue)
