"""While equity is not believed no new risk passes, reductions do, and nothing else is judged."""

from datetime import timedelta

import pytest

from risk.domain.decisions import ReasonCode
from risk.domain.events import (
    EquityDistrusted,
    EquityTrusted,
    LimitBreached,
    ReductionRequested,
    RiskStatus,
    Verdict,
    WhyTrusted,
)
from risk.domain.limits import LimitStatus
from risk.domain.policy import Policy
from risk.domain.snapshot import Snapshot
from risk.domain.state import RiskState
from risk.domain.trading import TradingState
from risk.manager import RiskManager, Step, step
from tests.books import BTC, ETH, NOW, PRICES, held, marks_of, order_of, snapshot_of
from tests.manager.asking import request_of
from tests.policies import definition, exposures, policy_of

BOOK = held(BTC, 1e6)
POLICY = policy_of(
    *exposures(hard=2.0), definition("leverage", hard=1.0), definition("drawdown", hard=0.2)
)


def read(before: RiskState, factor: float, second: float) -> tuple[Step, Snapshot]:
    """The next step, with bitcoin at so many times its price."""
    at = NOW + timedelta(seconds=second)
    marks = marks_of({**PRICES, BTC: PRICES[BTC] * factor}, at=at)
    snapshot = snapshot_of(BOOK, at=at, id=f"demo-{second}", marks=marks)
    return step(before, snapshot), snapshot


def read_all(*factors: float, policy: Policy | None = POLICY) -> list[tuple[Step, Snapshot]]:
    """One reading a second."""
    state, found = RiskState(portfolio="demo", policy=policy), []
    for second, factor in enumerate(factors):
        found.append(read(state, factor, second))
        state = found[-1][0].state
    return found


@pytest.mark.parametrize("factor", [1_000.0, 0.01])
def test_no_new_risk_passes_anywhere_and_reductions_do(factor: float) -> None:
    (_, _), (struck, snapshot) = read_all(1.0, factor)
    manager = RiskManager(struck.state, snapshot)
    followed = manager.following(snapshot.after(order_of(BTC, -1e3, name="less")).ledger)

    for each in (manager, followed):
        new = each.validate_order(request_of(order_of(ETH, 1e3)))
        less = each.validate_order(request_of(order_of(BTC, -1e5)))
        assert new.verdict is Verdict.REJECT
        assert ReasonCode.EQUITY_NOT_TRUSTED in new.deciding
        assert new.trading_state is TradingState.REDUCE_ONLY
        assert less.verdict is Verdict.APPROVE


@pytest.mark.parametrize("factor", [1_000.0, 0.01])
def test_one_bad_print_breaches_no_limit_and_asks_for_nothing(factor: float) -> None:
    taken = [found for found, _ in read_all(1.0, factor, 1.0, 1.0)]
    told = [event for found in taken for event in found.events]
    leverage = [found.state.limits["leverage portfolio demo"].status for found in taken]

    assert not [event for event in told if isinstance(event, LimitBreached | ReductionRequested)]
    assert leverage == [LimitStatus.WITHIN, *[LimitStatus.UNKNOWN] * 2, LimitStatus.WITHIN]
    assert taken[-1].state.performance is not None
    assert taken[-1].state.performance.drawdown == 0.0
    assert taken[-1].state.courses["trend"].peak == taken[0].state.courses["trend"].peak


def test_a_collapse_reaches_every_limit_with_its_confirmation() -> None:
    taken = [found for found, _ in read_all(1.0, 0.3, 0.3, 0.3)]
    breached = [
        {event.limit for event in found.events if isinstance(event, LimitBreached)}
        for found in taken
    ]

    assert breached == [set(), set(), set(), {"drawdown portfolio demo"}]


def test_doubt_and_its_end_are_told_once_each() -> None:
    policy = policy_of(*exposures(hard=2.0))
    taken = [found for found, _ in read_all(1.0, 0.3, 0.3, 0.3, 0.3, policy=policy)]
    kinds = (EquityDistrusted, EquityTrusted, RiskStatus)
    told = [[type(e).__name__ for e in found.events if isinstance(e, kinds)] for found in taken]
    (begun,) = [e for e in taken[1].events if isinstance(e, EquityDistrusted)]
    (ended,) = [e for e in taken[3].events if isinstance(e, EquityTrusted)]

    assert told[1:] == [["EquityDistrusted", "RiskStatus"], [], ["EquityTrusted", "RiskStatus"], []]
    assert (begun.read, begun.trusted) == (1.3e6, 2e6)
    assert begun.deadline == NOW + timedelta(seconds=61)
    assert (ended.equity, ended.before, ended.why) == (1.3e6, 2e6, WhyTrusted.CONFIRMED)
    standing = taken[1].state.standing()
    assert standing is not None
    assert (standing.state, standing.cause) == (TradingState.REDUCE_ONLY, begun.cause)


def test_what_is_believed_at_the_deadline_is_told_and_moves_no_strategys_peak() -> None:
    *_, (struck, _) = read_all(1.0, 0.01)
    before = struck.state.courses
    ended, _ = read(struck.state, 1_000.0, 61.0)
    (told,) = [e for e in ended.events if isinstance(e, EquityTrusted)]

    assert (told.equity, told.why) == (2e6, WhyTrusted.DEADLINE)
    assert ended.state.courses == before
    assert ended.state.equity_trust is None
