"""A number in a policy is refused, or a book can be led with it: none stops the engine."""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from risk.domain.decisions import OrderRequest
from risk.domain.orders import OrderType, Side
from risk.domain.policy import DeRisking, Dynamics, Instrument, Policy, RegimePack, Rung
from risk.domain.positions import PositionKey
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.domain.stops import StopPlan, TakeProfit
from risk.errors import PolicyInvalid
from risk.limits.sent import SentOrder, SentOrders
from risk.limits.types import LIMIT_TYPES, own_settings
from risk.manager import RiskManager, step
from risk.policy.rules import refuse_unsound
from tests.books import BTC, NOW, book_of, marks_of, snapshot_of
from tests.policies import HARD, PORTFOLIO, WHOLE, definition, policy_of

ON_BTC = Scope(ScopeKind.ASSET, BTC)
NUMBERS = (5e-324, 1e-12, 1.0, 1e12, 1e300, 1.7e308)
#: One limit of each kind, low enough for soft thresholds to ask for reductions.
LIMITS = tuple(
    definition(kind, WHOLE if WHOLE.kind in known.scopes else ON_BTC, name=kind, dynamic=True)
    for kind, known in LIMIT_TYPES.items()
)
POLICY = policy_of(
    *(limit for limit in LIMITS if limit.kind != "gross_exposure"),
    open_to=HARD["gross_exposure"],
    dynamics=Dynamics(packs={"portfolio": RegimePack(stressed=0.5)}),
    derisking=DeRisking(ladder=(Rung(drawdown=0.05, size=0.5),)),
)
Change = Callable[[float], Policy]


def _of(part: object) -> Iterator[str]:
    return (x.name for x in fields(part) if isinstance(getattr(part, x.name), float))  # type: ignore[arg-type]


def _changes() -> Iterator[tuple[str, Change]]:
    """Every number that a policy has, and the policy with another one there."""
    for name in _of(POLICY):
        yield name, lambda n, name=name: replace(POLICY, **{name: n})
    for name in _of(POLICY.dynamics):
        yield (
            f"dynamics {name}",
            lambda n, name=name: replace(POLICY, dynamics=replace(POLICY.dynamics, **{name: n})),
        )
    for name in _of(RegimePack()):
        yield (
            f"pack {name}",
            lambda n, name=name: replace(
                POLICY, dynamics=Dynamics(cap=1e6, packs={"portfolio": RegimePack(**{name: n})})
            ),
        )
    for name in _of(POLICY.derisking):
        yield (
            f"derisking {name}",
            lambda n, name=name: replace(POLICY, derisking=replace(POLICY.derisking, **{name: n})),
        )
    for name in _of(Instrument()):
        yield (
            f"instrument {name}",
            lambda n, name=name: replace(POLICY, instruments={BTC: Instrument(**{name: n})}),
        )
    plan = StopPlan(
        fixed=0.01,
        percent_trail=0.5,
        atr_trail=4.0,
        sigma_trail=4.0,
        break_even_after=0.5,
        time_stop_hours=0.001,
        take_profit=(TakeProfit(distance=0.5, share=0.5),),
    )
    for name in _of(plan):
        yield (
            f"stops {name}",
            lambda n, name=name: replace(POLICY, stops={"trend": replace(plan, **{name: n})}),
        )
    for kind in LIMIT_TYPES:
        for part in ("hard", *own_settings(LIMIT_TYPES[kind])):
            yield f"{kind} {part}", lambda n, kind=kind, part=part: _with_limit(kind, part, n)


def _with_limit(kind: str, part: str, number: float) -> Policy:
    limit = next(limit for limit in LIMITS if limit.kind == kind)
    if part == "hard":
        changed = replace(limit, hard=number, soft=0.5 * number, dynamic=True)
    else:
        changed = replace(limit, parameters={part: number})
    return replace(POLICY, limits=(*(x for x in POLICY.limits if x.name != kind), changed))


CHANGES = dict(_changes())


def test_the_policy_that_is_changed_is_sound() -> None:
    refuse_unsound(POLICY, PORTFOLIO)
    _live(POLICY)


@pytest.mark.parametrize("what", CHANGES)
def test_a_number_is_refused_or_a_book_can_be_led_with_it(what: str) -> None:
    for number in NUMBERS:
        with suppress(PolicyInvalid, ValueError):
            policy = CHANGES[what](number)
            refuse_unsound(policy, PORTFOLIO)
            _live(policy)


def _live(policy: Policy) -> None:
    """A fall of 10 %, and back: soft thresholds, a rung, stops and factors that rise again."""
    state = RiskState(portfolio=PORTFOLIO, policy=policy)
    book = book_of({PositionKey("trend", BTC, "sim-a"): 9e5}, cash=1e5)
    for hour, share in enumerate((1.0, 0.9, 0.9, 1.0, 1.0, 1.0)):
        marks = marks_of()
        marks[BTC] = replace(marks[BTC], price=share * marks[BTC].price, volume=1e9)
        snapshot = snapshot_of(
            book,
            at=NOW + timedelta(hours=hour),
            id=str(hour),
            marks=marks,
            maintenance_margin=policy.maintenance_margin,
        )
        try:
            state = step(state, snapshot).state
            if hour == 2:
                _order(state, snapshot)
        except Exception as error:  # noqa: BLE001
            pytest.fail(f"{type(error).__name__}: {error}")


def _order(state: RiskState, snapshot: Snapshot) -> None:
    """An order as any other, and some whose numbers are hardly any."""
    sent = [SentOrder(snapshot.at, BTC, Side.BUY, 1.0)]
    manager = RiskManager(state, snapshot, sent={"trend": SentOrders(sent)})
    for quantity, price in ((1.0, 50_000.0), (5e-324, 1.0), (1.7e308, 1.0), (1.0, 1.7e308)):
        order = OrderRequest(
            client_order_id="o",
            portfolio=PORTFOLIO,
            strategy="trend",
            asset=BTC,
            venue="sim-a",
            side=Side.BUY,
            quantity=quantity,
            order_type=OrderType.LIMIT,
            limit_price=price,
        )
        assert math.isfinite(manager.validate_order(order).allowed)
