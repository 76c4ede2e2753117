"""Domain values for tests, built by hand: plausible, small, and changed by keyword.

Nothing here measures anything; the numbers are consistent in shape, not in finance.
"""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from risk.domain.assessment import (
    Assessment,
    Benchmark,
    Doubt,
    DoubtKind,
    Exposure,
    HeldBook,
    PositionMeasures,
    TailRisk,
)
from risk.domain.events import FundsMoved, PortfolioRisk, PositionRisk, RiskEvent, Severity
from risk.domain.ledger import Fill, Flow, Ledger
from risk.domain.market import Bar, BarClose, DataFault, FaultKind, Mark, Period, Trust
from risk.domain.model import (
    DAY_MODEL,
    HOUR_MODEL,
    LEVELS,
    Forecast,
    MarketFilter,
    Model,
    Models,
    ModelSpec,
    Score,
)
from risk.domain.notices import Notice
from risk.domain.orders import Order, Reservation, Side, WorkingOrder
from risk.domain.ports import CycleRecord
from risk.domain.positions import Position, PositionKey
from risk.domain.reductions import Reduction, Sizing
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import ShockMatrix, Snapshot
from risk.domain.state import Baseline, Performance, RiskState, Standing, TradingState
from risk.measures.regimes import RegimeState
from risk.portfolio.committed import nothing_pending

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
PORTFOLIO = "demo"
VENUE = "sim-a"


def asset_names(count: int) -> tuple[str, ...]:
    """Names such as ``C003/USDT``."""
    return tuple(f"C{number:03d}/USDT" for number in range(count))


def build_fill(number: int = 1, *, at: datetime = NOON, **changes: Any) -> Fill:
    fill = Fill(
        id=f"fill-{number}",
        strategy="trend",
        asset="C000/USDT",
        venue=VENUE,
        side=Side.BUY,
        quantity=0.5,
        price=100.0 + number,
        fee=0.05,
        at=at,
    )
    return replace(fill, **changes)


def build_flow(number: int = 1, *, at: datetime = NOON, **changes: Any) -> Flow:
    return replace(Flow(id=f"flow-{number}", amount=1_000.0, at=at, note="a deposit"), **changes)


def build_bar(
    asset: str = "C000/USDT",
    *,
    period: Period = Period.HOUR,
    opened: datetime = NOON,
    **changes: Any,
) -> Bar:
    bar = Bar(
        asset=asset,
        period=period,
        opened=opened,
        open=100.0,
        high=103.0,
        low=99.0,
        close=102.0,
        volume=7.5,
    )
    return replace(bar, **changes)


def build_close(
    assets: tuple[str, ...] = ("C000/USDT",),
    *,
    period: Period = Period.HOUR,
    opened: datetime = NOON,
    breaks: frozenset[str] = frozenset(),
) -> BarClose:
    bars = {asset: build_bar(asset, period=period, opened=opened) for asset in assets}
    return BarClose(period=period, opened=opened, bars=bars, breaks=breaks)


def build_model(
    spec: ModelSpec = DAY_MODEL,
    *,
    assets: tuple[str, ...] = ("C000/USDT", "C001/USDT"),
    window: int = 70,
    version: int = 70,
    closed: datetime | None = NOON,
) -> Model:
    """A model whose filter has seen `window` bars of random returns."""
    rng = np.random.default_rng(version)
    count = len(assets)
    returns = rng.standard_normal((window, count)) * 0.02
    observed = MarketFilter(
        variance=np.full(count, 4e-4),
        long_run=np.full(count, 4e-4),
        observed=np.full(count, window, dtype=np.int64),
        close=np.full(count, 100.0),
        residuals=returns / 0.02,
        returns=returns,
        cross=np.eye(count),
        cross_weight=np.ones((count, count)),
    )
    risk = np.array([10.0, 12.0, 15.0])
    return Model(
        spec=spec,
        version=version,
        assets=assets,
        closed=closed,
        filter=observed,
        scenarios=None,
        tracking=np.ones(len(LEVELS)),
        forecast=Forecast(
            opened=NOON,
            exposure={assets[0]: 50.0},
            var=risk,
            es=risk * 1.2,
            method=spec.method,
        ),
        score=build_score(spec.period),
        exceeded=np.zeros((5, len(LEVELS)), dtype=np.bool_),
        unscored=1,
    )


def build_score(period: Period = Period.DAY) -> Score:
    risk = np.array([10.0, 12.0, 15.0])
    return Score(
        period=period,
        closed=NOON,
        loss=11.0,
        var=risk,
        es=risk * 1.2,
        exceeded=risk < 11.0,
        method=DAY_MODEL.method if period is Period.DAY else HOUR_MODEL.method,
    )


def build_models(assets: tuple[str, ...] = ("C000/USDT", "C001/USDT"), **changes: Any) -> Models:
    return Models(
        day=build_model(DAY_MODEL, assets=assets, **changes),
        hour=build_model(HOUR_MODEL, assets=assets, **changes),
    )


def build_ledger(positions: int = 2, *, seq: int = 10) -> Ledger:
    held = [
        Position(strategy="trend", asset=asset, venue=VENUE, quantity=1.5, entry_price=90.0)
        for asset in asset_names(positions)
    ]
    return Ledger(
        seq=seq,
        cash=1_000.0,
        net_flows=1_200.0,
        fees=3.5,
        positions={position.key: position for position in held},
        realised={"trend": 12.5},
        reservations={"order-1": build_reservation()},
    )


def build_reservation() -> Reservation:
    order = Order(
        client_order_id="order-1",
        portfolio=PORTFOLIO,
        strategy="trend",
        asset="C000/USDT",
        venue=VENUE,
        side=Side.SELL,
        quantity=0.25,
    )
    return Reservation(
        id="c1/order-1", order=order, placed_at=NOON, expires_at=NOON + timedelta(seconds=30)
    )


def build_snapshot(
    *,
    positions: int = 2,
    at: datetime = NOON,
    identity: str = "demo-1",
    portfolio: str = PORTFOLIO,
    models: Models | None = None,
    **changes: Any,
) -> Snapshot:
    assets = asset_names(positions)
    snapshot = Snapshot(
        id=identity,
        portfolio=portfolio,
        at=at,
        marks={
            asset: Mark(asset=asset, price=102.0, at=at, bid=101.9, ask=102.1, volume=5e6)
            for asset in assets
        },
        ledger=build_ledger(positions),
        models=models or build_models(assets[:2]),
        working_orders={
            "order-2": WorkingOrder(
                client_order_id="order-2",
                strategy="trend",
                asset="C000/USDT",
                venue=VENUE,
                side=Side.BUY,
                quantity=1.0,
            )
        },
        scores=(build_score(),),
        shocks=ShockMatrix(("crash",), assets, np.full((1, positions), -0.3)),
        faults=(
            DataFault(kind=FaultKind.HOLE, asset="C000/USDT", at=at, detail="3 hours are missing"),
        ),
    )
    return replace(snapshot, **changes)


def build_measures(asset: str, *, strategy: str = "trend") -> PositionMeasures:
    tail = TailRisk((1.0, 1.5, 2.0), (1.4, 1.9, 2.6))
    return PositionMeasures(
        strategy=strategy,
        asset=asset,
        venue=VENUE,
        quantity=1.5,
        entry_price=90.0,
        mark=102.0,
        trust=Trust.TRUSTED,
        exposure=153.0,
        unrealised=18.0,
        since_midnight=-0.012,
        standalone=tail,
        component_var=(0.9, 1.3, 1.8),
        component_es=(1.2, 1.7, 2.4),
        marginal_var=(0.01, 0.012, 0.02),
        beta_btc=None,
    )


def build_assessment(snapshot: Snapshot) -> Assessment:
    by_asset = {asset: Exposure(153.0, 0.0) for asset in snapshot.marks}
    gross = 153.0 * len(by_asset)
    tail = TailRisk((10.0, 12.0, 15.0), (13.0, 15.0, 19.0))
    held = HeldBook(
        exposure=Exposure(gross, 0.0),
        by_asset=by_asset,
        by_strategy={"trend": Exposure(gross, 0.0)},
        by_venue={VENUE: Exposure(gross, 0.0)},
        concentration=1.0 / max(1, len(by_asset)),
        largest_asset=next(iter(by_asset), None),
        day=tail,
        hour=None,
        mean_correlation=0.4,
        stress_loss=0.3 * gross,
        stress_scenario="crash",
    )
    values = {position_key(asset): 153.0 for asset in by_asset}
    committed = nothing_pending(values, held, snapshot.ledger.cash)
    return Assessment(
        snapshot_id=snapshot.id,
        portfolio=snapshot.portfolio,
        at=snapshot.at,
        ledger_seq=snapshot.ledger_seq,
        action_seq=snapshot.action_seq,
        equity=snapshot.equity,
        cash=snapshot.ledger.cash,
        net_flows=snapshot.ledger.net_flows,
        fees=snapshot.ledger.fees,
        leverage=0.9,
        held=held,
        committed=committed,
        positions=tuple(build_measures(asset) for asset in snapshot.marks),
        benchmark=Benchmark("BTC/USDT", 0.08, 0.085, 0.54, None),
        doubts=(Doubt(DoubtKind.SHORT_HISTORY, "C001/USDT", "C001/USDT has 12 returns"),),
    )


def build_state(number: int = 1, *, at: datetime = NOON, portfolio: str = PORTFOLIO) -> RiskState:
    start = Baseline(at=NOON, unit_value=1.0, equity=1_000.0, net_flows=1_000.0)
    return RiskState(
        portfolio=portfolio,
        cycle=number,
        at=at,
        performance=Performance(
            unit_value=1.02,
            equity=1_020.0,
            net_flows=1_000.0,
            at=at,
            inception=start,
            day_start=start,
            solvent=start,
            peak=start._replace(unit_value=1.05),
        ),
        standings={
            Scope(ScopeKind.PORTFOLIO, portfolio): Standing(TradingState.NORMAL, NOON, "started")
        },
        trusts={"C000/USDT": Trust.TRUSTED},
        exposures={"C000/USDT": 153.0},
        positions_told={PositionKey("trend", "C000/USDT", VENUE): 1.5},
        regime=RegimeState((0.9, 0.08, 0.02), 2e-5, 900, 0, 30),
        sizing=Sizing(0.75, "book is 6.0 % under its 90-day high"),
        full_sizes={position_key(): 2.0},
        reductions={
            position_key(): Reduction("1-1", position_key(), 1.2, "asked for", at, at, late=True)
        },
    )


def build_portfolio_risk(
    at: datetime = NOON, *, cycle: str = "demo-1", portfolio: str = PORTFOLIO, **changes: Any
) -> PortfolioRisk:
    common = {spec.name for spec in fields(RiskEvent)}
    numbers = {spec.name: 0.01 for spec in fields(PortfolioRisk) if spec.name not in common}
    numbers |= {"equity": 1_020.0, "gross": 306.0, "net": 306.0, "long": 306.0, "short": 0.0}
    return PortfolioRisk(at=at, portfolio=portfolio, cycle=cycle, **(numbers | changes))


def build_position_risk(
    asset: str, at: datetime = NOON, *, cycle: str = "demo-1", portfolio: str = PORTFOLIO
) -> PositionRisk:
    return PositionRisk(
        at=at,
        portfolio=portfolio,
        cycle=cycle,
        strategy="trend",
        asset=asset,
        venue=VENUE,
        quantity=1.5,
        exposure=153.0,
        unrealised=18.0,
        var_1d_99=2.0,
        es_1d_975=1.9,
        component_var_1d_99=1.8,
        marginal_var_1d_99=None,
    )


def build_record(
    number: int = 1,
    *,
    portfolio: str = PORTFOLIO,
    positions: int = 2,
    at: datetime | None = None,
    fills: tuple[Fill, ...] = (),
    flows: tuple[Flow, ...] = (),
    events: tuple[RiskEvent, ...] | None = None,
    closes: tuple[BarClose, ...] = (),
    models: Models | None = None,
    seq: int = 10,
) -> CycleRecord:
    """One complete cycle; `seq` is the ledger's after its fills and flows."""
    when = at or NOON + timedelta(seconds=number)
    identity = f"{portfolio}-{number}"
    snapshot = build_snapshot(
        positions=positions,
        at=when,
        identity=identity,
        portfolio=portfolio,
        models=models,
        fills=fills,
        flows=flows,
    )
    snapshot = replace(snapshot, ledger=replace(snapshot.ledger, seq=seq))
    said: tuple[RiskEvent, ...] = (
        build_portfolio_risk(when, cycle=identity, portfolio=portfolio),
        *(build_funds_moved(flow, when, cycle=identity, portfolio=portfolio) for flow in flows),
    )
    return CycleRecord(
        number=number,
        snapshot=snapshot,
        assessment=build_assessment(snapshot),
        state=build_state(number, at=when, portfolio=portfolio),
        events=said if events is None else events,
        closes=closes,
        duration_ms=1.25,
        wall=when + timedelta(milliseconds=20),
        entries=tuple(enumerate((*flows, *fills), start=seq - len(flows) - len(fills) + 1)),
    )


def build_notice(
    number: int = 1, *, at: datetime = NOON, portfolio: str = PORTFOLIO, episode: str | None = "e1"
) -> Notice:
    return Notice(
        id=f"{number}-0",
        at=at,
        portfolio=portfolio,
        severity=Severity.CRITICAL,
        subject=f"HALTED: portfolio {portfolio}, number {number}",
        body="Why: a test – with more than ASCII.\nWhat to do next: nothing.",
        episode=episode,
    )


def build_funds_moved(
    flow: Flow, at: datetime = NOON, *, cycle: str = "demo-1", portfolio: str = PORTFOLIO
) -> FundsMoved:
    return FundsMoved(
        at=at, portfolio=portfolio, cycle=cycle, amount=flow.amount, equity=None, note=flow.note
    )


def position_key(asset: str = "C000/USDT") -> PositionKey:
    return PositionKey("trend", asset, VENUE)
