"""The policy of the fake book, how its limits stand, and what happened to them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from pages.context import LimitEvent, MetricHistory
from risk.domain.assessment import Assessment
from risk.domain.events import LimitBreached, LimitCleared, LimitUpdated, Severity
from risk.domain.limits import (
    LimitDefinition,
    LimitState,
    LimitStatus,
    TemporaryLimit,
    Thresholds,
)
from risk.domain.market import Mark, Trust
from risk.domain.policy import Instrument, Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import ShockMatrix
from risk.domain.state import Performance
from risk.limits.clusters import Clusters
from risk.limits.evaluation import evaluate, held_view
from risk.limits.types import ORDER_LIMITS
from risk.limits.views import Surroundings
from tests.fakes_book import AFTERNOON, ASSETS

PORTFOLIO = "demo"
BOOK = Scope(ScopeKind.PORTFOLIO, PORTFOLIO)
TYPES = {"trend": "following", "dip": "reverting", "noise": "making"}
#: The one that performance and regime have made tighter, the one that is crossed, the one that
#: nobody can measure, and the one with other thresholds for a while.
TIGHTENED, CROSSED, UNMEASURED, LOOSENED = (
    "VaR 99 %, 1 day",
    "AVAX share",
    "LINK days to flat",
    "SOL share",
)
#: Soft breaches, the second of them of a strategy.
SOFT = (TIGHTENED, "trend exposure")
#: When the regime turned.
TURNED = AFTERNOON.replace(hour=14, minute=51, second=5)


def limit(
    name: str,
    kind: str,
    scope: Scope = BOOK,
    *,
    hard: float,
    soft: float | None = None,
    **more: Any,
) -> LimitDefinition:
    return LimitDefinition(
        name=name,
        kind=kind,
        scope=scope,
        hard=hard,
        soft=0.8 * hard if soft is None else soft,
        owner=more.pop("owner", "Officer 1"),
        rationale=more.pop("rationale", "What the book may lose and live."),
        review_by=more.pop("review_by", date(2027, 1, 31)),
        **more,
    )


def _asset(name: str) -> Scope:
    return Scope(ScopeKind.ASSET, f"{name}/USDT")


@cache
def build_policy() -> Policy:
    """Thirty-three limits in every kind of scope."""
    strategy = {name: Scope(ScopeKind.STRATEGY, name) for name in TYPES}
    following = Scope(ScopeKind.STRATEGY_TYPE, "following")
    venues = {name: Scope(ScopeKind.VENUE, name) for name in ("sim-a", "sim-b")}
    limits = (
        limit(
            TIGHTENED,
            "value_at_risk",
            hard=0.0625,
            parameters={"confidence": 0.99},
            dynamic=True,
            version=14,
            rationale="A day in a hundred may cost a month's gain.",
            review_by=date(2026, 11, 1),
        ),
        limit("ES 97.5 %, 1 day", "expected_shortfall", hard=0.065, dynamic=True),
        limit("Worst stress loss", "stress_loss", hard=0.25),
        limit("Daily loss", "daily_loss", hard=0.035),
        limit("Drawdown", "drawdown", hard=0.12, review_by=date(2026, 11, 16)),
        limit("Gross exposure", "gross_exposure", hard=1.5),
        limit("Net exposure", "net_exposure", hard=1.0),
        limit("Leverage", "leverage", hard=1.5),
        limit("Concentration", "concentration", hard=0.25),
        limit("Stablecoins and cash", "stablecoin_exposure", hard=0.8),
        limit("Coins that move together", "correlation_cluster", hard=0.8),
        limit("Open positions", "open_positions", hard=12.0, soft=10.0),
        limit("Following strategies", "gross_exposure", following, hard=0.5),
        limit(SOFT[1], "gross_exposure", strategy["trend"], hard=0.45, owner="Analyst 1"),
        limit("trend daily loss", "daily_loss", strategy["trend"], hard=0.02),
        limit("dip exposure", "gross_exposure", strategy["dip"], hard=0.30, owner="Analyst 1"),
        limit("noise exposure", "gross_exposure", strategy["noise"], hard=0.10),
        limit("BTC share", "net_exposure", _asset("BTC"), hard=0.35),
        limit("BTC days to flat", "days_to_flat", _asset("BTC"), hard=1.0),
        limit("ETH share", "net_exposure", _asset("ETH"), hard=0.25),
        limit(LOOSENED, "net_exposure", _asset("SOL"), hard=0.15),
        limit("BNB share", "net_exposure", _asset("BNB"), hard=0.10),
        limit("XRP share", "net_exposure", _asset("XRP"), hard=0.05),
        limit(CROSSED, "net_exposure", _asset("AVAX"), hard=0.02),
        limit("LINK share", "net_exposure", _asset("LINK"), hard=0.08),
        limit(UNMEASURED, "days_to_flat", _asset("LINK"), hard=1.0),
        limit("sim-a share", "gross_exposure", venues["sim-a"], hard=0.70, owner="Officer 2"),
        limit("sim-b share", "gross_exposure", venues["sim-b"], hard=0.35, owner="Officer 2"),
        limit("Order value", "order_notional", hard=150_000.0),
        limit("Order quantity", "order_quantity", _asset("BTC"), hard=2.0),
        limit("Order rate", "order_rate", hard=30.0, parameters={"seconds": 60.0}),
        limit("Repeated order", "repeated_order", hard=3.0),
        limit("Price collar", "price_collar", hard=0.05),
    )
    return Policy(
        version=7,
        by="Officer 1",
        instruments=dict.fromkeys(ASSETS, Instrument(lot=0.001)),
        strategies=TYPES,
        limits=limits,
        temporary=(
            TemporaryLimit(
                limit=LOOSENED,
                hard=0.18,
                soft=0.144,
                starts=AFTERNOON.replace(hour=15, minute=20, second=0),
                expires=AFTERNOON.replace(hour=20, minute=0, second=0),
                reason="hedge leg fills before the spot leg",
                by="Trader 1",
            ),
        ),
    )


def build_thresholds(policy: Policy) -> dict[str, Thresholds]:
    """As defined, but for the one that is tightened and the one that is loosened for a while."""
    found = {d.name: Thresholds(d.hard, d.soft, 1.0, "as defined") for d in policy.limits}
    tightened = found.get(TIGHTENED)
    if tightened is not None:
        hard, soft = 0.8 * tightened.hard, 0.8 * tightened.soft
        found[TIGHTENED] = Thresholds(hard, soft, 0.8, "performance 1.00, regime stressed 0.80")
    for other in policy.temporary:
        factor = found[other.limit].factor if other.limit in found else 1.0
        cause = f"temporary: {other.reason}"
        found[other.limit] = Thresholds(other.hard, other.soft, factor, cause)
    return found


def build_limits(
    policy: Policy, assessment: Assessment, performance: Performance | None
) -> dict[str, LimitState]:
    """How each limit stands, measured by the real limits over the assessment."""
    at, thresholds = assessment.at, build_thresholds(policy)
    around = Surroundings(
        at=at,
        equity=assessment.equity,
        marks=_marks(assessment),
        performance=performance,
        courses={},
        strategies=policy.strategies,
        clusters=Clusters(members=(tuple(Scope(ScopeKind.ASSET, name) for name in ASSETS),)),
    )
    view = held_view(assessment, around)
    stamp = {"portfolio": assessment.portfolio, "cycle": assessment.snapshot_id}
    now = evaluate(policy, {}, thresholds, view, **stamp).states
    before = {name: _an_hour_ago(name, state) for name, state in now.items()}
    return dict(evaluate(policy, before, thresholds, view, **stamp).states)


def _marks(assessment: Assessment) -> dict[str, Mark]:
    """With a daily volume, but for the coin whose market says nothing of it."""
    return {
        p.asset: Mark(
            asset=p.asset,
            price=p.mark,
            at=assessment.at,
            trust=p.trust,
            volume=None if p.asset.startswith("LINK") else 2e7,
        )
        for p in assessment.positions
        if p.trust is not Trust.MISSING
    }


#: Where limits stood an hour ago, as a share of now; all others stood where they are.
_COURSES = {TIGHTENED: 0.93, "Worst stress loss": 0.95, "Daily loss": 0.9, SOFT[1]: 0.995}


def _an_hour_ago(name: str, state: LimitState) -> LimitState:
    value = None if state.value is None else _COURSES.get(name, 1.0) * state.value
    since = TURNED if state.status is not LimitStatus.WITHIN else AFTERNOON - timedelta(days=9)
    return state._replace(
        value=value,
        since=since,
        at=state.at - timedelta(hours=1),
        episode=None if state.episode is None else f"{name}/demo-47000",
    )


def build_shocks() -> ShockMatrix:
    """One scenario, in which every coin loses three tenths."""
    return ShockMatrix(("March 2020",), ASSETS, np.full((1, len(ASSETS)), -0.3))


# --- the past -------------------------------------------------------------------------------


def build_limit_history(
    states: dict[str, LimitState], since: datetime, until: datetime, max_points: int
) -> dict[str, MetricHistory]:
    """A wandering course of each limit of the book, a point a minute, up to where it stands."""
    count = min(max_points, 1 + int((until - since).total_seconds() / 60.0))
    of_book = {d.name for d in build_policy().limits if d.kind not in ORDER_LIMITS}
    if count < 2:
        return {}
    times = np.linspace(since.timestamp(), until.timestamp(), count) * 1000.0
    return {
        name: MetricHistory(times.astype(np.int64), _course(name, state.used, times))
        for name, state in states.items()
        if name in of_book and state.used is not None
    }


def _course(name: str, used: float, times: np.ndarray) -> np.ndarray:
    """Less full before the regime turned, where that tightened the limit."""
    course = _wandering(name, used, len(times))
    wide = times < TURNED.timestamp() * 1000.0
    return np.where(wide & (name == TIGHTENED), 0.8 * course, course)


def _wandering(name: str, used: float, count: int) -> np.ndarray:
    rng = np.random.default_rng(sum(map(ord, name)))
    walk = np.cumsum(rng.normal(0.0, 0.02 * used / np.sqrt(count), count))
    course = np.linspace(0.85 * used, used, count) + walk - np.linspace(0.0, walk[-1], count)
    return np.maximum(0.0, course)


def build_limit_events(name: str) -> list[LimitEvent]:
    """What the journal tells of one limit, oldest first."""
    stamp = {"portfolio": PORTFOLIO, "cycle": "demo-47000", "limit": name}
    if name == TIGHTENED:
        noon = AFTERNOON.replace(hour=9, minute=12, second=0)
        return [
            _breach(stamp, noon, "old", 0.0512, 0.05),
            LimitCleared(
                at=noon + timedelta(minutes=48),
                episode=f"{name}/old",
                value=0.0488,
                threshold=0.05,
                **stamp,
            ),
            LimitUpdated(
                at=TURNED,
                threshold=0.05,
                previous=0.0625,
                reason="regime stressed",
                changed_by="rule",
                soft=0.04,
                previous_soft=0.05,
                **stamp,
            ),
            _breach(stamp, TURNED, "demo-47000", 0.0421, 0.04),
        ]
    if name == CROSSED:
        return [_breach(stamp, TURNED, "demo-47000", 0.0206, 0.02, severity=Severity.CRITICAL)]
    if name == SOFT[1]:
        return [_breach(stamp, TURNED, "demo-47000", 0.361, 0.36)]
    return []


def _breach(
    stamp: dict[str, Any],
    at: datetime,
    episode: str,
    value: float,
    threshold: float,
    severity: Severity = Severity.WARNING,
) -> LimitBreached:
    return LimitBreached(
        at=at,
        episode=f"{stamp['limit']}/{episode}",
        value=value,
        threshold=threshold,
        severity=severity,
        **stamp,
    )


def within(events: Sequence[LimitEvent], since: datetime, until: datetime) -> list[LimitEvent]:
    return [event for event in events if since <= event.at <= until]


def without_limits(*names: str) -> Policy:
    """The policy without these limits."""
    policy = build_policy()
    return replace(policy, limits=tuple(d for d in policy.limits if d.name not in names))
