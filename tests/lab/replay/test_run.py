"""Two books through one market: what both want is the same, and only one is held to limits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.domain import paper
from risk.domain.limits import LimitDefinition
from risk.domain.paper import PAPER_FEE
from risk.domain.policy import DeRisking, Instrument, Policy
from risk.domain.scopes import Scope, ScopeKind
from risk.domain.stops import StopPlan
from risk.lab.paper import DEPOSIT
from risk.lab.replay.breaches import outcomes
from risk.lab.replay.defaults import default_policy
from risk.lab.replay.desk import PORTFOLIO, mandates_of
from risk.lab.replay.rules import UpTo
from risk.lab.strategies import STRATEGIES
from risk.lab.wishing import NO_TRADE_BAND
from tests.lab.replay.markets import (
    ASSETS,
    HOUR,
    PAST_HOURS,
    TRADING_FROM,
    Still,
    Wild,
    alone,
    led,
    prices,
    turn,
    with_past,
)

WILD = alone(Wild())
OURS = default_policy(ASSETS, WILD)


def unlimited(policy: Policy = OURS) -> Policy:
    """The same limits, so high that nothing comes near them, and no breakers."""
    limits = tuple(replace(limit, hard=1e9, soft=1e9) for limit in policy.limits)
    return replace(policy, limits=limits, derisking=DeRisking(), breakers=())


def tight(hard: float) -> Policy:
    """An exposure limit on each asset of `hard`, and everything else let be."""
    limits = tuple(
        replace(limit, hard=hard, soft=0.9 * hard) if limit.scope.kind is ScopeKind.ASSET else limit
        for limit in unlimited().limits
    )
    return replace(unlimited(), limits=limits)


class Watched:
    """The engine's turn, which notes what was filled when."""

    def __init__(self) -> None:
        self.fills: dict[datetime, list[tuple[str, float, float]]] = {}
        self.pending: list[int] = []

    def __call__(self, carried, market, account):
        told = [(fill.id, fill.signed_quantity, fill.price) for fill in account.fills]
        self.fills.setdefault(market.at, []).extend(told)
        self.pending.append(len(carried.ledger.reservations))
        return turn(carried, market, account)

    def decided(self, until: datetime) -> list[tuple[str, float]]:
        """Orders decided at closes up to then: they are filled one bar later."""
        return [
            (name, quantity)
            for at, told in self.fills.items()
            if at - HOUR <= until
            for name, quantity, _ in told
        ]


# --- no look-ahead ---------------------------------------------------------------------------


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 1000), st.integers(5, 20))
def test_prices_after_a_bar_change_no_decision_up_to_it(seed: int, bar: int) -> None:
    future = prices(28, seed=seed)
    other = future.copy()
    later = other[bar + 1 :]
    later *= 1.0 + 0.05 * np.random.default_rng(seed).standard_normal(later.shape)
    at, end = (TRADING_FROM + (n + 1) * HOUR for n in (bar, len(future)))

    before, after = Watched(), Watched()
    one, two = (
        led(table, OURS, WILD, turn=watched)
        for table, watched in ((future, before), (other, after))
    )

    assert one.managed[: bar + 1] == two.managed[: bar + 1]
    assert one.unmanaged[: bar + 1] == two.unmanaged[: bar + 1]
    assert one.managed[bar].at == at
    assert before.decided(at) == after.decided(at) != []
    # Otherwise the test would say little.
    assert one.unmanaged[bar + 1 :] != two.unmanaged[bar + 1 :]
    assert before.decided(end) != after.decided(end)


def test_what_is_decided_at_a_close_is_filled_at_the_next_one_for_ten_basis_points() -> None:
    future, watched = prices(3, seed=1), Watched()
    pair = led(future, unlimited(), alone(Still({"BTC": 0.5})), turn=watched)

    first, second, *_ = watched.fills.items()
    assert first == (TRADING_FROM + HOUR, [])
    at, (managed, unmanaged) = second
    assert managed == unmanaged
    decided, filled = (pair.managed[n].at for n in (0, 1))
    assert (decided, filled) == (TRADING_FROM + HOUR, at)
    scale = led_price(future, 0)
    assert managed[1] == pytest.approx(0.5 * DEPOSIT / scale)
    assert managed[2] == pytest.approx(led_price(future, 1))
    assert pair.managed[0].gross == 0.0
    spent = managed[1] * managed[2]
    assert pair.managed[1].unit_value == pytest.approx(1.0 - PAPER_FEE * spent / DEPOSIT)


def led_price(future: np.ndarray, bar: int) -> float:
    """BTC's close in a bar of the future."""
    return float(with_past(future)[PAST_HOURS + bar, 0])


def test_an_order_without_a_price_at_the_next_close_is_not_filled_and_holds_no_room_longer() -> (
    None
):
    future = prices(4, seed=2)
    future[1, 0] = np.nan
    watched = Watched()
    led(future, unlimited(), alone(Still({"BTC": 0.5})), turn=watched)

    # BTC has no close in the second bar: it is wanted again after the third.
    assert [len(told) for told in watched.fills.values()] == [0, 0, 0, 2]
    assert watched.pending == [0, 0, 0, 0, 0, 0, 1, 1]


# --- laws of the pair ------------------------------------------------------------------------


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 1000))
def test_without_limits_the_managed_book_is_the_unmanaged_one(seed: int) -> None:
    pair = led(prices(24, seed=seed), unlimited(), WILD, up_to=UpTo.HARD)

    assert pair.managed == pair.unmanaged
    assert any(bar.gross > 1.0 for bar in pair.managed)


def test_the_same_market_gives_the_same_run() -> None:
    assert led(prices(20, seed=5), OURS, WILD) == led(prices(20, seed=5), OURS, WILD)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(UpTo), st.floats(0.1, 0.6))
def test_no_order_of_the_managed_book_crosses_a_limit(seed: int, up_to: UpTo, hard: float) -> None:
    """At the prices of the decision, whatever part of the orders is filled."""
    policy = replace(tight(hard), limits=(*tight(hard).limits, value_at_risk(0.02)))
    pair = led(prices(32, seed=seed, volatility=0.02), policy, WILD, up_to=up_to)
    found = outcomes(policy, pair.managed, pair.unmanaged)

    assert sum(limit.order_caused_managed for limit in found) == 0
    assert sum(limit.order_caused.potential for limit in found) > 0


def value_at_risk(hard: float) -> LimitDefinition:
    return LimitDefinition(
        name="tail",
        kind="value_at_risk",
        scope=Scope(ScopeKind.PORTFOLIO, PORTFOLIO),
        hard=hard,
        soft=0.8 * hard,
    )


def test_an_order_too_large_trades_what_is_allowed() -> None:
    """Up to the hard limit where the agent asks for all it wants, else up to the soft one."""
    for up_to, share in ((UpTo.HARD, 0.3), (UpTo.SOFT, 0.27)):
        pair = led(prices(3, seed=3), tight(0.3), alone(Still({"BTC": 0.9})), up_to=up_to)

        assert pair.managed[1].gross == pytest.approx(share, rel=0.02)
        assert pair.unmanaged[1].gross == pytest.approx(0.9, rel=0.05)
        assert {cause.code for cause in pair.held_back} == {"gross_exposure"}


def test_an_agent_told_no_does_not_ask_again_within_a_day() -> None:
    pair = led(prices(52, seed=3), tight(0.3), alone(Still({"BTC": 0.9})), up_to=UpTo.HARD)

    # Once a day, reckoned from the hour after a fill: the full limit asks for less, a no as well.
    assert sum(pair.verdicts.values()) == 3


def test_what_is_asked_to_be_smaller_at_a_close_is_smaller_at_the_next_one() -> None:
    rising = np.tile(100.0 * 1.03 ** np.arange(8.0), (len(ASSETS), 1)).T
    pair = led(rising, tight(0.3), alone(Still({"BTC": 0.25})))
    btc = [limit.scope.name for limit in tight(0.3).limits].index("BTC")
    values = [bar.values[btc] for bar in pair.managed]
    asked = next(n for n, value in enumerate(values) if value >= 0.27)

    assert values[asked] < 0.3, "soft, and not hard"
    assert values[asked + 1] == pytest.approx(0.875 * 0.27, rel=0.03)
    assert pair.unmanaged[asked + 1].values[btc] > values[asked]


def test_an_agent_stays_out_of_what_was_stopped_until_its_cool_down_is_over():
    plan = StopPlan(percent_trail=0.02, cool_down_hours=24.0)
    policy = replace(unlimited(), stops={"wild": plan})
    pair = led(prices(80, seed=3), policy, alone(Still({"BTC": 0.5})))
    held = [bar.gross > 0.0 for bar in pair.managed]
    out = [sum(1 for _ in run) for holds, run in groupby(held[held.index(True) :]) if not holds]

    # Closed one bar after the stop, in again one bar after the day; the last time may be cut.
    assert out[:-1] == [24] * len(out[:-1]) != []
    assert all(bar.gross > 0.0 for bar in pair.unmanaged[1:])


def test_a_strategy_that_the_policy_does_not_name_trades_in_the_unmanaged_book_only() -> None:
    policy = replace(OURS, strategies={})
    pair = led(prices(5, seed=3), policy, WILD)

    assert all(bar.gross == 0.0 for bar in pair.managed)
    assert any(bar.gross > 0.0 for bar in pair.unmanaged)


def test_costs_lower_every_book(monkeypatch: pytest.MonkeyPatch) -> None:
    future = prices(20, seed=8)
    dear = led(future, OURS, WILD)
    monkeypatch.setattr(paper, "PAPER_FEE", 0.0)
    free = led(future, OURS, WILD)

    for with_costs, without in ((dear.managed, free.managed), (dear.unmanaged, free.unmanaged)):
        assert with_costs[-1].unit_value < without[-1].unit_value


def test_a_wish_within_the_band_is_not_worth_its_cost() -> None:
    small = led(prices(3, seed=1), unlimited(), alone(Still({"BTC": 0.9 * NO_TRADE_BAND})))

    assert all(bar.gross == 0.0 for bar in small.unmanaged)


def test_both_books_are_measured_by_every_limit_at_every_bar() -> None:
    pair = led(prices(3, seed=1), OURS, WILD)

    for bar in (*pair.managed, *pair.unmanaged):
        assert len(bar.values) == len(bar.hard) == len(OURS.limits)
        assert None not in bar.values


# --- who trades ------------------------------------------------------------------------------


def test_one_strategy_has_all_of_the_equity_and_all_share_it_as_in_the_demo() -> None:
    (single,) = mandates_of("dip")
    together = mandates_of("all")

    assert (single.strategy.name, single.share, single.restless) == ("dip", 1.0, False)
    assert [m.strategy.name for m in together] == list(STRATEGIES)
    assert [m.share for m in together] == pytest.approx([0.45, 0.35, 0.2])


def test_a_strategy_that_the_demo_does_not_know_may_be_replayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(STRATEGIES, "wild", Wild())

    assert [m.share for m in mandates_of("wild")] == [1.0]
    assert sum(m.share for m in mandates_of("all")) == pytest.approx(1.0)


def test_the_default_policy_lets_every_strategy_trade_every_asset() -> None:
    mandates = mandates_of("all")
    policy = default_policy(ASSETS, mandates)
    limited = {limit.scope for limit in policy.limits if "exposure" in limit.kind}
    needed: Sequence[Scope] = [
        Scope(ScopeKind.PORTFOLIO, PORTFOLIO),
        *(Scope(ScopeKind.ASSET, asset) for asset in ASSETS),
        *(Scope(ScopeKind.STRATEGY, m.strategy.name) for m in mandates),
        *(Scope(ScopeKind.VENUE, m.venue) for m in mandates),
    ]

    assert set(needed) <= limited
    assert policy.instruments == dict.fromkeys(ASSETS, Instrument())
