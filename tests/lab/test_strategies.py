"""What every demo strategy promises, and what each one is."""

from collections.abc import Mapping

import numpy as np
import pytest

from risk.domain.ports import Strategy
from risk.lab.strategies import STRATEGIES
from risk.lab.strategies.dip import Dip
from risk.lab.strategies.noise import Noise
from risk.lab.strategies.signals import hourly_volatility, weigh_by_calm
from risk.lab.strategies.trend import Trend
from tests.price_tables import walk

Closes = Mapping[str, list[float]]

HOURS = 800


def seven_coins(*, hours: int = HOURS, seed: int = 0) -> dict[str, list[float]]:
    return {f"C{i}": walk(hours, seed=seed * 10 + i).tolist() for i in range(7)}


def ramp(daily: float) -> list[float]:
    """A steady move with a little noise, so that it has a volatility."""
    steps = daily / 24 + np.random.default_rng(1).normal(0.0, 0.005, HOURS)
    return (100.0 * np.exp(np.cumsum(steps))).tolist()


@pytest.fixture(params=sorted(STRATEGIES))
def strategy(request: pytest.FixtureRequest) -> Strategy:
    return STRATEGIES[request.param]


def test_the_demo_s_strategies_are_known_by_their_names():
    assert {name: each.name for name, each in STRATEGIES.items()} == {
        "trend": "trend",
        "dip": "dip",
        "noise": "noise",
    }


def test_the_same_closes_give_the_same_targets(strategy: Strategy):
    assert strategy.targets(seven_coins()) == strategy.targets(seven_coins())


def test_looking_changes_nothing(strategy: Strategy):
    closes = seven_coins()
    strategy.targets(closes)

    assert closes == seven_coins()


def test_gross_exposure_stays_moderate_in_all_weathers(strategy: Strategy):
    for seed in range(40):
        weights = strategy.targets(seven_coins(seed=seed))
        assert sum(map(abs, weights.values())) <= 2.0
        assert all(np.isfinite(list(weights.values())))


def test_without_prices_there_is_nothing_to_want(strategy: Strategy):
    assert strategy.targets({}) == {}


def test_targets_are_of_the_assets_given(strategy: Strategy):
    for seed in range(30):
        assert set(strategy.targets(seven_coins(seed=seed))) <= set(seven_coins())


@pytest.mark.parametrize("follower", [Trend(), Dip()])
def test_a_coin_with_too_little_history_is_left_alone(follower: Strategy):
    closes = {"OLD": walk(HOURS).tolist(), "NEW": walk(100).tolist()}

    assert set(follower.targets(closes)) == {"OLD"}


@pytest.mark.parametrize("follower", [Trend(), Dip()])
def test_long_and_short_are_mirrors(follower: Strategy):
    closes = seven_coins()
    mirrored = {asset: [1.0 / price for price in series] for asset, series in closes.items()}

    opposite = {asset: -weight for asset, weight in follower.targets(closes).items()}
    assert follower.targets(mirrored) == pytest.approx(opposite)


@pytest.mark.parametrize("follower", [Trend(), Dip()])
def test_the_unit_of_a_coin_does_not_matter(follower: Strategy):
    closes = seven_coins()
    in_thousands = {asset: [p / 1000 for p in series] for asset, series in closes.items()}

    assert follower.targets(in_thousands) == pytest.approx(follower.targets(closes))


def test_trend_goes_with_the_move_and_dip_against_it():
    closes = {"UP": ramp(0.05), "DOWN": ramp(-0.05)}
    with_it, against = Trend().targets(closes), Dip().targets(closes)

    assert with_it["UP"] > 0.2 > -0.2 > with_it["DOWN"]
    assert against["UP"] < -0.2 < 0.2 < against["DOWN"]


def test_noise_acts_seldom_one_asset_at_a_time_and_evenly():
    levels = np.linspace(1.0, 2.0, 6000)
    throws = [Noise().targets({f"C{i}": [level + i] for i in range(7)}) for level in levels]
    acting = [weights for weights in throws if weights]
    weights = [weight for each in acting for weight in each.values()]

    assert len(acting) == pytest.approx(500, abs=90)
    assert all(len(each) == 1 for each in acting)
    assert len({asset for each in acting for asset in each}) == 7
    assert np.mean(weights) == pytest.approx(0.0, abs=0.02)
    assert max(map(abs, weights)) <= 0.20


def test_noise_does_not_care_in_which_order_assets_come():
    closes = seven_coins(hours=1)

    assert Noise().targets(dict(reversed(closes.items()))) == Noise().targets(closes)


def test_a_coin_that_never_moves_is_no_reason_for_an_endless_position():
    assert hourly_volatility([1.0] * 200, 168) == 0.001
    assert hourly_volatility(walk(2000, volatility=0.02).tolist(), 1500) == pytest.approx(
        0.02, rel=0.1
    )


def test_full_convictions_use_the_whole_gross_and_calmer_coins_get_more():
    weights = weigh_by_calm({"A": 1.0, "B": -1.0}, {"A": 0.01, "B": 0.03}, gross=1.2)

    assert weights == pytest.approx({"A": 0.9, "B": -0.3})
