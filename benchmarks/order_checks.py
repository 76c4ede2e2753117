"""What an answer to an order costs: 25 limits, what-if VaR, ES and stress among them, and without.

Beside them, on orders of their own, the checks of other libraries (`order_peers`).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from benchmarks.market import PORTFOLIO, Book, build_book
from benchmarks.order_peers import PEERS
from benchmarks.timing import Timing, micro, timed, timed_with
from risk.assess import assess
from risk.domain.decisions import Decision, OrderRequest
from risk.domain.events import Verdict
from risk.domain.limits import LimitDefinition, Parameter
from risk.domain.orders import Side
from risk.domain.policy import Instrument, Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import ShockMatrix, Snapshot
from risk.domain.state import RiskState
from risk.limits.types import BOOK_LIMITS
from risk.manager import step
from risk.manager.orders import RiskManager

_SEED = 5
_SCENARIOS = 12
_STRATEGY, _VENUE, _ASSET = "trend", "sim", "BTC/USDT"
_TYPES = {"trend": "following", "dip": "reverting", "noise": "making"}
_DAILY_VOLUME = 1e9
#: Far above what any order of these books reaches.
_OPEN = 50.0


class Question(NamedTuple):
    """An order, the policy that it meets, and what must come of it.

    Attributes
    ----------
    case : str
    policy : Policy
    side : Side
    share : float
        Of what is held of the asset.
    verdict : Verdict
    """

    case: str
    policy: Policy
    side: Side
    share: float
    verdict: Verdict


def run(sizes: tuple[int, ...] = (1, 5, 50, 500), n: int = 2_000) -> Iterator[Timing]:
    """Answers by book size and by what comes of them; making ready; others."""
    for size in sizes:
        snapshot = realistic(build_book(size))
        yield from _ready(snapshot, size, max(1, n // 20))
        for question in questions(snapshot):
            yield _answered(question, snapshot, size, n)
    yield from beside_others(n)


# --- the book and its limits ---------------------------------------------------------------


def realistic(book: Book) -> Snapshot:
    """A book's snapshot with the volumes and stress scenarios that limits ask for."""
    snapshot, assets = book.snapshot(), book.market.assets
    rng = np.random.default_rng(_SEED)
    shocks = ShockMatrix(
        tuple(f"scenario-{number}" for number in range(_SCENARIOS)),
        assets,
        rng.uniform(-0.5, 0.2, (_SCENARIOS, len(assets))),
    )
    marks = {name: replace(mark, volume=_DAILY_VOLUME) for name, mark in snapshot.marks.items()}
    return replace(snapshot, marks=marks, shocks=shocks)


def policy_for(snapshot: Snapshot, *, tail_room: float, asset_room: float = 1.0) -> Policy:
    """A policy of 25 limits, all of which enclose the order that is asked about.

    Parameters
    ----------
    snapshot : Snapshot
    tail_room : float
        Room above today's VaR, ES and stress loss, as a share of them.
    asset_room : float
        Room above what is held of the asset, as a share of equity.
    """
    book, equity = assess(snapshot).held, snapshot.equity
    assert book.day is not None
    assert book.stress_loss is not None
    assert equity is not None
    room = (1.0 + tail_room) / equity
    held = book.by_asset[_ASSET].gross / equity
    whole = Scope(ScopeKind.PORTFOLIO, PORTFOLIO)
    of_type = Scope(ScopeKind.STRATEGY_TYPE, _TYPES[_STRATEGY])
    strategy = Scope(ScopeKind.STRATEGY, _STRATEGY)
    asset, venue = Scope(ScopeKind.ASSET, _ASSET), Scope(ScopeKind.VENUE, _VENUE)
    limits = [
        _limit("gross_exposure", whole, _OPEN),
        _limit("net_exposure", whole, _OPEN),
        _limit("leverage", whole, _OPEN),
        _limit("concentration", whole, _OPEN),
        _limit("open_positions", whole, 1_000.0),
        _limit("stablecoin_exposure", whole, _OPEN),
        _limit("correlation_cluster", whole, _OPEN),
        _limit("daily_loss", whole, 0.5),
        _limit("drawdown", whole, 0.5),
        _limit("value_at_risk", whole, book.day.var_at(0.95) * room, confidence=0.95),
        _limit("expected_shortfall", whole, book.day.es_at(0.975) * room, confidence=0.975),
        _limit("stress_loss", whole, book.stress_loss * room),
        _limit("gross_exposure", of_type, _OPEN),
        _limit("net_exposure", of_type, _OPEN),
        _limit("gross_exposure", strategy, _OPEN),
        _limit("net_exposure", strategy, _OPEN),
        _limit("drawdown", strategy, 0.5),
        _limit("order_rate", strategy, 100.0, seconds=60.0),
        _limit("repeated_order", strategy, 10.0, seconds=60.0),
        _limit("gross_exposure", asset, held + asset_room),
        _limit("days_to_flat", asset, 5.0),
        _limit("order_notional", asset, 1e9),
        _limit("order_volume_share", asset, 0.5),
        _limit("price_collar", asset, 0.05),
        _limit("gross_exposure", venue, _OPEN),
    ]
    return Policy(
        instruments=dict.fromkeys(snapshot.marks, Instrument()),
        strategies=_TYPES,
        limits=tuple(limits),
    )


def _limit(kind: str, scope: Scope, hard: float, **parameters: Parameter) -> LimitDefinition:
    return LimitDefinition(
        name=f"{kind} {scope.name}",
        kind=kind,
        scope=scope,
        hard=hard,
        soft=0.8 * hard,
        parameters=parameters,
    )


def without_dear(policy: Policy) -> Policy:
    """The same without the limits that look at scenarios."""
    dear = {name for name, kind in BOOK_LIMITS.items() if kind.dear}
    return replace(policy, limits=tuple(each for each in policy.limits if each.kind not in dear))


# --- questions -----------------------------------------------------------------------------


def questions(snapshot: Snapshot) -> Iterator[Question]:
    """What is asked of each book."""
    loose = policy_for(snapshot, tail_room=1.0)
    tight = policy_for(snapshot, tail_room=0.01)
    narrow = policy_for(snapshot, tail_room=1e6, asset_room=0.02 / len(snapshot.marks))
    full = policy_for(snapshot, tail_room=1.0, asset_room=0.0)
    small, large = 0.01, 1_000.0
    yield Question("approved", loose, Side.BUY, small, Verdict.APPROVE)
    yield Question("made smaller by VaR, ES or stress", tight, Side.BUY, large, Verdict.RESIZE)
    yield Question("made smaller by exposure", narrow, Side.BUY, 1.0, Verdict.RESIZE)
    yield Question("rejected", full, Side.BUY, small, Verdict.REJECT)
    yield Question("proven reduction", loose, Side.SELL, small, Verdict.APPROVE)
    for case, policy, share, verdict in (
        ("approved", loose, small, Verdict.APPROVE),
        ("made smaller by exposure", narrow, 1.0, Verdict.RESIZE),
        ("rejected", full, small, Verdict.REJECT),
    ):
        yield Question(f"{case}, no scenarios", without_dear(policy), Side.BUY, share, verdict)


def orders_for(question: Question, snapshot: Snapshot) -> Iterator[OrderRequest]:
    """The question's order under one id after another, each a little larger than the last."""
    key = next(key for key in snapshot.ledger.positions if key.asset == _ASSET)
    held = abs(snapshot.ledger.positions[key].quantity)
    for number in range(1_000_000_000):
        yield OrderRequest(
            client_order_id=f"order-{number}",
            portfolio=PORTFOLIO,
            strategy=key.strategy,
            asset=key.asset,
            venue=key.venue,
            side=question.side,
            quantity=question.share * held * (1.0 + 1e-6 * (number % 1_000)),
        )


def manager_for(policy: Policy, snapshot: Snapshot) -> RiskManager:
    """Ready for orders, in the state that the policy leads to."""
    state = step(RiskState(portfolio=PORTFOLIO, policy=policy), snapshot).state
    return RiskManager(state, snapshot)


def _answered(question: Question, snapshot: Snapshot, size: int, n: int) -> Timing:
    manager = manager_for(question.policy, snapshot)
    orders = orders_for(question, snapshot)
    _expect(question, manager.validate_order(next(orders)))
    timing = timed_with(
        f"order {question.case}",
        lambda: next(orders),
        manager.validate_order,
        size=size,
        n=n,
        warm=min(n, 200),
    )
    return micro(timing)


def _expect(question: Question, decision: Decision) -> None:
    if decision.verdict is not question.verdict:
        raise ValueError(f"{question.case}: {decision.verdict}, {decision.reasons}")


def _ready(snapshot: Snapshot, size: int, n: int) -> Iterator[Timing]:
    """Once a cycle: measuring the book, and the first answer, which measures each limit."""
    policy = policy_for(snapshot, tail_room=1.0)
    state = step(RiskState(portfolio=PORTFOLIO, policy=policy), snapshot).state
    orders = orders_for(Question("", policy, Side.BUY, 0.01, Verdict.APPROVE), snapshot)
    yield timed(
        "order checks made ready, once a cycle",
        lambda: RiskManager(state, snapshot),
        size=size,
        n=n,
    )
    yield timed_with(
        "  the first answer after that",
        lambda: RiskManager(state, snapshot),
        lambda manager: manager.validate_order(next(orders)),
        size=size,
        n=n,
    )


# --- others --------------------------------------------------------------------------------


def beside_others(n: int) -> Iterator[Timing]:
    """One approved order in each other library that is installed; none of them knows VaR."""
    for name, prepare in PEERS.items():
        try:
            call = prepare()
        except ImportError:
            print(f"{name} is not installed and skipped; it comes with the extra 'peers'")
            continue
        yield micro(timed(f"  {name}, its own checks", call, size=1, n=n))
