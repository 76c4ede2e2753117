"""One approved order in other libraries, on as much of the work as each can do.

None of them knows VaR, expected shortfall or stress; what each checks stands beside its name.
Each is imported where it is used, since none needs to be installed.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

_PRICE = 50_000.0


def _nautilus() -> Callable[[], object]:
    """Precision, quantity, value of the order, free balance, rate of orders, trading state."""
    kit = "nautilus_trader.test_kit"
    stubs = import_module(f"{kit}.stubs.component").TestComponentStubs
    executions = import_module(f"{kit}.stubs.execution").TestExecStubs
    commands = import_module(f"{kit}.stubs.commands").TestCommandStubs
    instrument = import_module(f"{kit}.providers").TestInstrumentProvider.btcusdt_binance()
    objects = import_module("nautilus_trader.model.objects")
    side = import_module("nautilus_trader.model.enums").OrderSide.BUY
    messages, cache, clock = stubs.msgbus(), stubs.cache(), stubs.clock()
    account = import_module("nautilus_trader.model.identifiers").AccountId("BINANCE-000")
    cache.add_instrument(instrument)
    cache.add_account(executions.cash_account(account))
    settings = import_module("nautilus_trader.risk.config").RiskEngineConfig(
        max_order_submit_rate="1000000/00:00:01",
        max_notional_per_order={str(instrument.id): 1_000_000},
    )
    portfolio = import_module("nautilus_trader.portfolio.portfolio").Portfolio(
        messages, cache, clock
    )
    engine = import_module("nautilus_trader.risk.engine").RiskEngine(
        portfolio, messages, cache, clock, settings
    )
    passed = [0]

    def count(_command: object) -> None:
        passed[0] += 1

    messages.register("ExecEngine.execute", count)
    order = stubs.order_factory().limit(
        instrument.id,
        side,
        objects.Quantity.from_str("0.100000"),
        objects.Price.from_str(f"{_PRICE:.2f}"),
    )
    command = commands.submit_order_command(order)
    engine.execute(command)
    _require(passed == [1])
    return lambda: engine.execute(command)


def _openpit() -> Callable[[], object]:
    """The order's form, its quantity and value, the rate of orders."""
    pit, units = import_module("openpit"), import_module("openpit.param")
    policies = import_module("openpit.pretrade.policies")
    size = policies.OrderSizeLimit(
        max_quantity=units.Quantity("500"), max_notional=units.Volume("1000000")
    )
    rate = policies.RateLimit(max_orders=1_000_000_000, window=timedelta(seconds=60))
    engine = (
        pit.Engine.builder()
        .no_sync()
        .builtin(policies.build_order_validation())
        .builtin(
            policies.build_order_size_limit().broker_barrier(
                policies.OrderSizeBrokerBarrier(limit=size)
            )
        )
        .builtin(policies.build_rate_limit().broker_barrier(policies.RateLimitBrokerBarrier(rate)))
        .build()
    )
    order = pit.Order(
        operation=pit.OrderOperation(
            instrument=pit.Instrument("BTC", "USDT"),
            account_id=units.AccountId.from_int(1),
            side=units.Side.BUY,
            trade_amount=units.TradeAmount.quantity("0.1"),
            price=units.Price(f"{_PRICE:.2f}"),
        )
    )

    def check() -> object:
        result = engine.execute_pre_trade(order=order)
        result.reservation.rollback()
        return result

    _require(engine.execute_pre_trade(order=order).ok)
    return check


def _trading_risk_engine() -> Callable[[], object]:
    """Kill switch, drawdown, session loss, open positions, size by stop, leverage."""
    engine = import_module("risk_engine")
    positions = import_module("risk_engine.interfaces.position")
    ours = engine.RiskEngine(
        engine.RiskConfig(), engine.RiskState(current_equity=1e6, equity_peak=1e6)
    )
    request = positions.TradeRequest(
        symbol="BTC/USDT",
        side=positions.PositionSide.LONG,
        entry_price=_PRICE,
        stop_loss=0.95 * _PRICE,
    )
    _require(ours.evaluate_trade(request).is_approved)
    return lambda: ours.evaluate_trade(request)


def _guardrails() -> Callable[[], object]:
    """Price, volume, size by Kelly, capital, drawdown, losing days, loss of the day."""
    gate = import_module("guardrails.engine").Guardrails()
    trade = {
        "side": "YES",
        "market_price": 0.5,
        "model_prob": 0.6,
        "balance": 1_000.0,
        "open_position_cost": 100.0,
        "market_volume": 1e6,
        "peak_balance": 1_050.0,
        "today_pnl_dollars": 5.0,
        "starting_balance_dollars": 995.0,
        "recent_daily_pnl": [1.0, -2.0, 3.0],
    }
    _require(gate.check(trade).passed)
    return lambda: gate.check(trade)


def _deadlatch() -> Callable[[], object]:
    """Twelve rules, among them exposure, cash, loss of the day and drawdown; its log left out."""
    library = import_module("deadlatch")
    now = datetime(2024, 6, 3, 12, tzinfo=UTC)
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    limits: Mapping[str, Any] = {
        "max_order_quantity": 1_000,
        "max_order_value": 1e6,
        "max_symbol_exposure_ratio": 0.5,
        "max_total_exposure_ratio": 1.0,
        "min_cash": 0.0,
        "max_options_margin_ratio": 0.35,
        "max_daily_loss_ratio": 0.05,
        "max_drawdown_ratio": 0.2,
        "max_order_age_seconds": 60,
        "max_snapshot_age_seconds": 60,
    }
    policy = library.Policy(
        version="1",
        mode="enforce",
        base_currency="USD",
        kill_switch="off",
        acknowledged_disabled=[],
        limits=limits,
    )
    order = library.Order(
        symbol="BTC",
        instrument_type="stock",
        side="buy",
        quantity=1,
        price=_PRICE,
        order_type="limit",
        currency="USD",
        created_at=stamp,
    )
    portfolio = library.Portfolio(
        equity=1e6,
        cash=9e5,
        day_start_equity=1e6,
        peak_equity=1e6,
        daily_pnl=0.0,
        drawdown_ratio=0.0,
        snapshot_at=stamp,
        base_currency="USD",
        positions=[],
    )
    engine = library.GuardEngine(policy, rules=library.standard_rule_registry())
    _require(engine.check(order, portfolio, now=now).decision == "PASS")
    return lambda: engine.check(order, portfolio, now=now)


def _require(passed: bool) -> None:
    if not passed:
        raise ValueError("the order was to be approved")


#: By the name of its distribution: what makes it ready, and gives a call that checks one order.
PEERS: dict[str, Callable[[], Callable[[], object]]] = {
    "nautilus_trader": _nautilus,
    "openpit": _openpit,
    "trading-risk-engine": _trading_risk_engine,
    "agent-trading-guardrails": _guardrails,
    "deadlatch": _deadlatch,
}
