"""The simulated market against the figures it was fitted to.

Each figure is taken over twenty-seven years of one seed; bounds are as wide as such a sample
varies from seed to seed, and no wider.
"""

from functools import cache

import numpy as np
import pytest

from risk.feeds.market_model import (
    BLOCK_HOURS,
    COINS,
    START,
    MarketBlock,
    Regime,
    generate_block,
    hour_profile,
    path_within_hour,
)
from risk.measures.returns import HOURS_PER_YEAR

SEED = 20_240_101
BLOCKS = 250


@cache
def market() -> MarketBlock:
    state, blocks = START, []
    for number in range(BLOCKS):
        block, state = generate_block(SEED, number, state)
        blocks.append(block)
    return MarketBlock(*(np.concatenate(column) for column in zip(*blocks, strict=True)))


def equal_weight_book() -> np.ndarray:
    return np.expm1(market().log_returns).mean(axis=1)


def kurtosis(sample: np.ndarray) -> float:
    centred = sample - sample.mean()
    return float(np.mean(centred**4) / np.mean(centred**2) ** 2)


def mean_correlation(regime: Regime) -> float:
    correlation = np.corrcoef(market().log_returns[market().regime == regime].T)
    return float(correlation[np.triu_indices(len(COINS), 1)].mean())


def test_a_book_of_all_coins_is_as_volatile_as_the_fit():
    volatility = equal_weight_book().std() * np.sqrt(HOURS_PER_YEAR)

    assert volatility == pytest.approx(0.67, abs=0.05)


def typical_kurtosis(returns: np.ndarray) -> float:
    """Of a coin over three years: the sample kurtosis of fat tails grows with the sample."""
    stretches = np.array_split(returns, 9)
    return float(np.median([kurtosis(coin) for stretch in stretches for coin in stretch.T]))


def test_hourly_returns_have_the_fit_s_fat_tails():
    assert typical_kurtosis(market().log_returns) == pytest.approx(19.0, abs=5.0)


def test_daily_returns_are_far_less_fat_tailed_than_hourly_ones():
    """Eight majors from mid 2020 to 2022 had 22 by the hour and 9 by the day."""
    days = market().log_returns.reshape(-1, 24, len(COINS)).sum(axis=1)

    assert typical_kurtosis(days) == pytest.approx(8.0, abs=2.5)


@pytest.mark.parametrize(("lag", "expected"), [(1, 0.28), (24, 0.16), (168, 0.05)])
def test_large_moves_follow_large_moves_as_in_the_fit(lag: int, expected: float):
    moves = np.abs(market().log_returns)
    moves = moves - moves.mean(axis=0)
    autocorrelation = np.mean(moves[lag:] * moves[:-lag], axis=0) / np.mean(moves**2, axis=0)

    assert np.mean(autocorrelation) == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize(("regime", "expected"), [(Regime.CALM, 0.57), (Regime.STRESS, 0.78)])
def test_coins_move_together_more_in_stress(regime: Regime, expected: float):
    assert mean_correlation(regime) == pytest.approx(expected, abs=0.04)


def test_the_worst_hour_and_day_of_three_years_are_as_bad_as_in_the_fit():
    hours = np.expm1(market().log_returns).mean(axis=1)
    days = np.expm1(market().log_returns.reshape(-1, 24, len(COINS)).sum(axis=1)).mean(axis=1)

    def typical_worst(returns: np.ndarray) -> float:
        return float(np.median([stretch.min() for stretch in np.array_split(returns, 9)]))

    assert typical_worst(hours) == pytest.approx(-0.11, abs=0.04)
    assert typical_worst(days) == pytest.approx(-0.21, abs=0.06)


def test_moods_last_as_long_as_the_transition_rows_say():
    """The chain's own balance, raised by jumps that end in stress."""
    shares = np.bincount(market().regime) / market().regime.size

    assert shares == pytest.approx([0.42, 0.50, 0.08], abs=0.04)


def test_a_day_s_profile_has_the_fitted_ends_and_adds_no_variance():
    profile = hour_profile()

    assert (profile.argmin(), profile.min()) == (4, pytest.approx(0.80))
    assert (profile.argmax(), profile.max()) == (14, pytest.approx(1.34))
    assert np.mean(np.square(profile)) == pytest.approx(1.0, abs=1e-4)


def test_a_bar_s_extremes_lie_outside_its_ends():
    block = market()

    assert np.all(block.rise >= np.maximum(block.log_returns, 0.0))
    assert np.all(block.fall <= np.minimum(block.log_returns, 0.0))


def test_extremes_follow_the_law_of_a_bridge():
    """exp(-2 m (m - end) / sd^2) is uniform if the law is right (probability integral)."""
    block = market()
    exponent = -2.0 * block.rise * (block.rise - block.log_returns) / np.square(block.deviation)
    chances = np.exp(exponent).ravel()

    assert np.mean(chances) == pytest.approx(0.5, abs=0.002)
    assert np.mean(chances < 0.1) == pytest.approx(0.1, abs=0.002)


def test_seconds_within_an_hour_have_the_law_of_a_bridge():
    """Half-way, a bridge deviates by half the hour's deviation around half its return."""
    end, deviation = np.array([0.03, -0.02]), np.array([0.01, 0.04])
    half = np.array([path_within_hour(1, hour, end, deviation)[:, 1800] for hour in range(3000)])

    assert half.mean(axis=0) == pytest.approx(end / 2, abs=0.002)
    assert half.std(axis=0) == pytest.approx(deviation / 2, rel=0.05)


def test_an_hour_s_path_begins_where_the_hour_does_and_runs_into_its_close():
    end, deviation = np.array([0.03]), np.array([0.01])
    path = path_within_hour(1, 7, end, deviation)

    assert path.shape == (1, 3600)
    assert path[0, 0] == 0.0
    assert path[0, -1] == pytest.approx(0.03, abs=5 * 0.01 / 60)


def test_a_block_is_the_same_whenever_it_is_drawn():
    first, after = generate_block(3, 0, START)
    again, after_again = generate_block(3, 0, START)
    other, _ = generate_block(4, 0, START)

    assert after == after_again
    assert np.array_equal(first.log_returns, again.log_returns)
    assert not np.array_equal(first.log_returns, other.log_returns)
    assert first.log_returns.shape == (BLOCK_HOURS, len(COINS))
