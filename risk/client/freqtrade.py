"""A mixin that makes a freqtrade strategy ask Seawall: see ``docs/recipes/freqtrade.md``.

Nothing of freqtrade is imported before its bot runs. Its callbacks are wrapped by freqtrade so
that an exception counts as *yes*: here none gets out, and an entry in doubt is refused.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from importlib import import_module
from typing import Any, Protocol

import structlog

from risk.client.answers import Answer
from risk.client.core import OrderFields
from risk.client.sync import Seawall
from risk.client.views import PositionView, ReductionView
from risk.domain.events import Verdict
from risk.errors import SeawallError

_LOG = structlog.get_logger(__name__)
_MARKETS = ("live", "dry_run")
#: Exits that freqtrade makes to get out of danger, or because a person says so.
MUST_GO = frozenset(
    {
        "stop_loss",
        "stoploss_on_exchange",
        "trailing_stop_loss",
        "liquidation",
        "emergency_exit",
        "force_exit",
    }
)
# Zero would count as no answer there: the closest stop that counts.
_AT_ONCE = 1e-6


class Trade(Protocol):
    """What is used of freqtrade's trades."""

    pair: str
    is_short: bool
    leverage: float
    fee_open: float
    fee_close: float
    entry_side: str


class Order(Protocol):
    """What is used of freqtrade's orders."""

    order_id: str
    ft_order_side: str
    safe_filled: float
    safe_price: float


class SeawallMixin:
    """Put it before ``IStrategy``, and name the strategy as Seawall's policy does.

    Attributes
    ----------
    seawall_portfolio, seawall_strategy : str
    seawall_venue : str or None
        What the policy calls the bot's exchange; needed where it names more than one.
    seawall_lots : mapping of pair to float
        Lots in the policy; freqtrade rounds amounts to them only after asking.
    """

    seawall_portfolio: str = "demo"
    seawall_strategy: str = ""
    seawall_venue: str | None = None
    seawall_lots: Mapping[str, float] = {}

    _seawall: Seawall | None = None

    # --- what may be overridden -------------------------------------------------------------

    def seawall_client(self) -> Seawall:
        """The client; its address and key come from the environment."""
        strategy = self.seawall_strategy or type(self).__name__
        return Seawall(portfolio=self.seawall_portfolio, strategy=strategy, timeout=1.0)

    def seawall_asset(self, pair: str) -> str:
        """The asset's name in Seawall: freqtrade's futures have an ending that it does not."""
        return pair.partition(":")[0]

    def seawall_open_orders(self) -> Iterable[tuple[str, str]]:
        """Pair and side of each order that freqtrade knows as open."""
        trades = import_module("freqtrade.persistence").Trade.get_open_trades()
        return [
            (trade.pair, order.ft_order_side) for trade in trades for order in trade.open_orders
        ]

    # --- what freqtrade calls ---------------------------------------------------------------

    def bot_start(self, **kwargs: Any) -> None:  # noqa: ARG002
        """Called once, when the bot has started."""
        self._pending: dict[tuple[str, str], Answer] = {}
        self._asked_to_reduce: dict[str, ReductionView] = {}
        self._stops: dict[str, float] = {}
        self._seawall = self.seawall_client() if self._at_market() else None

    def bot_loop_start(self, current_time: datetime, **kwargs: Any) -> None:  # noqa: ARG002
        """Called at the start of each round: settle what is in doubt, see what is asked."""
        seawall = self._seawall
        if seawall is None:
            return
        try:
            self._bury(seawall)
            seawall.settle()
            asked = (each for each in seawall.reductions() if self._is_ours(seawall, each))
            self._asked_to_reduce = {each.asset: each for each in asked}
            held = (each for each in seawall.positions() if self._is_ours(seawall, each))
            self._stops = {each.asset: each.stop_price for each in held if each.stop_price}
        except SeawallError as away:
            _LOG.warning("seawall_not_heard", problem=str(away))

    def confirm_trade_entry(
        self,
        pair: str,
        order_type: str,  # noqa: ARG002
        amount: float,
        rate: float,  # noqa: ARG002
        time_in_force: str,  # noqa: ARG002
        current_time: datetime,  # noqa: ARG002
        entry_tag: str | None,  # noqa: ARG002
        side: str,
        **kwargs: Any,  # noqa: ARG002
    ) -> bool:
        """Whether an order to enter may be sent; no answer is no."""
        try:
            if not self._at_market():
                return True
            if self._seawall is None:
                _LOG.error("entry_refused_as_bot_start_was_not_called", pair=pair)
                return False
            return self._may_enter(self._seawall, pair, amount, side)
        except Exception:  # noqa: BLE001 - to freqtrade an exception would be a yes
            _LOG.exception("entry_refused_in_doubt", pair=pair)
            return False

    def confirm_trade_exit(
        self,
        pair: str,
        trade: Trade,
        order_type: str,  # noqa: ARG002
        amount: float,
        rate: float,  # noqa: ARG002
        time_in_force: str,  # noqa: ARG002
        exit_reason: str,
        current_time: datetime,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> bool:
        """Whether an order to leave may be sent; no answer is yes, and so is danger."""
        if self._seawall is None:
            return True
        must_go = exit_reason in MUST_GO
        try:
            return self._may_leave(self._seawall, pair, trade, amount, must_go) or must_go
        except Exception:  # noqa: BLE001 - what leaves a trade is never stopped by a fault of ours
            _LOG.exception("exit_let_through_in_doubt", pair=pair)
            return True

    def order_filled(
        self,
        pair: str,
        trade: Trade,
        order: Order,
        current_time: datetime,
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Called when an order is done: report what was traded, and give back the rest."""
        answer = self._pending.pop((pair, order.ft_order_side), None) if self._seawall else None
        if self._seawall is None or answer is None:
            _LOG.warning("fill_of_an_order_not_asked_about", pair=pair, order=order.order_id)
            return
        entering = order.ft_order_side == trade.entry_side
        rate = trade.fee_open if entering else trade.fee_close
        traded = order.safe_filled
        try:
            if traded > 0.0:
                self._seawall.filled(
                    answer.client_order_id,
                    fill_id=order.order_id,
                    quantity=traded,
                    price=order.safe_price,
                    fee=traded * order.safe_price * (rate or 0.0),
                    at=current_time,
                )
        except SeawallError as away:
            # A fill that did not arrive is kept, and told in the next round.
            _LOG.warning("fill_not_heard", pair=pair, problem=str(away))
        if traded < answer.quantity:
            self._dead(self._seawall, answer)

    def custom_exit(
        self,
        pair: str,
        trade: Trade,  # noqa: ARG002
        current_time: datetime,  # noqa: ARG002
        current_rate: float,  # noqa: ARG002
        current_profit: float,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> str | None:
        """Leave what Seawall asks to close."""
        asked = self._asked_to_reduce.get(self.seawall_asset(pair)) if self._seawall else None
        return "seawall_reduction" if asked and asked.target_quantity == 0.0 else None

    def custom_stoploss(
        self,
        pair: str,
        trade: Trade,
        current_time: datetime,  # noqa: ARG002
        current_rate: float,
        current_profit: float,  # noqa: ARG002
        after_fill: bool,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> float | None:
        """Distance of Seawall's stop, a share of the rate; None where it has none."""
        stop = self._stops.get(self.seawall_asset(pair)) if self._seawall else None
        if stop is None or not current_rate > 0.0:
            return None
        gap = stop / current_rate - 1.0 if trade.is_short else 1.0 - stop / current_rate
        return max(gap * (trade.leverage or 1.0), _AT_ONCE)

    # --- how --------------------------------------------------------------------------------

    def _at_market(self) -> bool:
        # A backtest has no exchange, and would ask about orders of years ago.
        mode = getattr(self, "config", {}).get("runmode")
        return getattr(mode, "value", mode) in _MARKETS

    def _is_ours(self, seawall: Seawall, told: PositionView | ReductionView) -> bool:
        """Another bot of the same strategy may trade at another venue."""
        here = self.seawall_venue in (None, told.venue)
        return here and told.strategy == seawall.strategy

    def _may_enter(self, seawall: Seawall, pair: str, amount: float, side: str) -> bool:
        way = "buy" if side == "long" else "sell"
        # A price off the tick would be refused; freqtrade rounds it only after asking.
        answer = seawall.validate(
            self.seawall_asset(pair), way, self._in_lots(pair, amount), venue=self.seawall_venue
        )
        if answer.verdict is Verdict.APPROVE and answer.sendable():
            self._await_order(seawall, pair, way, answer)
            return True
        _LOG.info("entry_refused", pair=pair, verdict=answer.verdict.value, why=answer.why)
        if answer.approved:
            # The order cannot be made smaller here: nothing is sent, and the room goes back.
            self._dead(seawall, answer)
        return False

    def _may_leave(
        self, seawall: Seawall, pair: str, trade: Trade, amount: float, must_go: bool
    ) -> bool:
        way = "buy" if trade.is_short else "sell"
        quantity = self._in_lots(pair, amount) or amount
        asset = self.seawall_asset(pair)
        claims: OrderFields = {
            "venue": self.seawall_venue,
            "reduce_only": True,
            "emergency": must_go,
        }
        answer = seawall.validate(asset, way, quantity, **claims)
        if answer.approved:
            self._await_order(seawall, pair, way, answer)
        if answer.approved or not answer.answered:
            return True
        _LOG.warning("exit_refused", pair=pair, why=answer.why, goes_all_the_same=must_go)
        return False

    def _await_order(self, seawall: Seawall, pair: str, way: str, answer: Answer) -> None:
        before = self._pending.pop((pair, way), None)
        if before is not None:
            # freqtrade has one order for a pair and side: the one before is not there any more.
            self._dead(seawall, before)
        self._pending[(pair, way)] = answer

    def _bury(self, seawall: Seawall) -> None:
        """Give back the room of orders that freqtrade does not have: cancelled, or never placed."""
        there = set(self.seawall_open_orders())
        for key in [key for key in self._pending if key not in there]:
            self._dead(seawall, self._pending.pop(key))

    def _dead(self, seawall: Seawall, answer: Answer) -> None:
        try:
            seawall.cancelled(answer.client_order_id)
        except SeawallError as away:
            _LOG.warning("end_not_heard", order=answer.client_order_id, problem=str(away))

    def _in_lots(self, pair: str, amount: float) -> float:
        lot = self.seawall_lots.get(pair)
        if not lot:
            return amount
        step = Decimal(repr(lot))
        return float((Decimal(repr(float(amount))) / step).to_integral_value(ROUND_FLOOR) * step)
