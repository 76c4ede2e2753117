import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from risk.errors import InsufficientData
from risk.measures.correlation import mean_correlation
from risk.measures.dependence import (
    calm_rows,
    clustered_order,
    independent_bets,
    stress_to,
    tightness,
)
from risk.measures.joint_tails import (
    MINIMUM_TAIL_BARS,
    gaussian_joint_tail_share,
    joint_tail_share,
    mean_joint_tails,
)
from risk.measures.pair_correlation import (
    rolling_mean_correlation,
    rolling_pair_correlation,
    sample_beta,
    sample_correlation,
)
from tests.oracles.dependence import (
    matrix_by_the_book,
    pair_by_the_book,
    rolling_mean_by_the_book,
)

seeds = st.integers(0, 2**32 - 1)
holes = st.sampled_from((0.0, 0.1, 0.6))


def residuals(seed=0, bars=90, assets=4, missing=0.0, common=1.0):
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal((bars, assets)) + common * rng.standard_normal((bars, 1))
    shocks[rng.random((bars, assets)) < missing] = np.nan
    return shocks


def two_families(seed=0, each=4):
    """Assets of two families in alternation: alike within, strangers between."""
    rng = np.random.default_rng(seed)
    factors = rng.standard_normal((400, 2))
    own = rng.standard_normal((400, 2 * each))
    return np.tile(factors, each) + 0.5 * own


# --- order ---------------------------------------------------------------------------------


def test_alike_assets_come_to_lie_side_by_side():
    order = clustered_order(sample_correlation(two_families()))

    families = (order % 2).tolist()
    assert families in ([0] * 4 + [1] * 4, [1] * 4 + [0] * 4)


@pytest.mark.parametrize("assets", [0, 1, 2, 3, 7, 100])
def test_the_order_is_a_permutation_of_any_number_of_assets(assets):
    order = clustered_order(sample_correlation(residuals(assets=assets)))

    assert sorted(order.tolist()) == list(range(assets))
    assert order.dtype == np.int64


@given(seeds, st.integers(3, 9))
def test_the_order_is_one_for_one_matrix_and_never_upside_down(seed, assets):
    matrix = sample_correlation(residuals(seed, assets=assets))
    order = clustered_order(matrix)

    np.testing.assert_array_equal(clustered_order(matrix.copy()), order)
    assert order[0] < order[-1]


def test_an_asset_that_nobody_knows_stands_at_the_edge():
    shocks = residuals(assets=6, common=2.0)
    shocks[:, 3] = np.nan

    order = clustered_order(sample_correlation(shocks))

    assert 3 in (order[0], order[-1])


# --- samples -------------------------------------------------------------------------------


@given(seeds, holes, st.integers(1, 6))
def test_a_sample_agrees_with_numpy_pair_by_pair(seed, missing, assets):
    shocks = 0.3 + residuals(seed, assets=assets, missing=missing)

    found = sample_correlation(shocks, minimum=20)

    np.testing.assert_allclose(found, matrix_by_the_book(shocks, 20), atol=1e-12)


@given(seeds, st.floats(0.01, 1e4), st.floats(-1e3, 1e3))
def test_size_and_level_of_an_asset_do_not_matter(seed, size, level):
    shocks = residuals(seed, missing=0.1)

    found = sample_correlation(level + size * shocks)

    np.testing.assert_allclose(found, sample_correlation(shocks), atol=1e-6)


@given(seeds, holes)
def test_a_sample_is_a_correlation_matrix_but_for_what_is_unknown(seed, missing):
    found = sample_correlation(residuals(seed, missing=missing))

    assert np.array_equal(found, found.T, equal_nan=True)
    assert (np.diag(found) == 1.0).all()
    assert np.nanmax(np.abs(found)) <= 1.0


def test_too_few_common_bars_are_unknown():
    shocks = residuals(assets=3)
    shocks[:61, 0] = np.nan
    shocks[:60, 1] = np.nan

    found = sample_correlation(shocks, minimum=30)

    assert np.isnan(found[0, 1])
    assert np.isfinite(found[1, 2])
    assert found[0, 0] == 1.0


@pytest.mark.parametrize("still", [0.0, 0.1, 1e8])
def test_an_asset_that_stands_still_has_unknown_correlations(still):
    shocks = residuals(assets=3, missing=0.1)
    shocks[:, 1] = still

    found = sample_correlation(shocks)

    assert np.isnan(found[1, [0, 2]]).all()
    assert np.isfinite(found[0, 2])


def test_only_chosen_bars_count():
    shocks = residuals()
    rows = np.arange(len(shocks)) % 2 == 0

    np.testing.assert_array_equal(
        sample_correlation(shocks, rows=rows), sample_correlation(shocks[rows])
    )


# --- calm ----------------------------------------------------------------------------------


def storm_after_calm(seed=0, bars=80, assets=3):
    shocks = residuals(seed, bars=bars, assets=assets)
    deviation = np.where(np.arange(bars) < bars // 2, 0.02, 0.05)[:, None]
    return shocks, shocks * deviation * np.linspace(0.5, 3.0, assets)


def test_calm_are_the_bars_that_were_forecast_to_be():
    shocks, returns = storm_after_calm()

    assert calm_rows(shocks, returns).tolist() == [True] * 40 + [False] * 40


def test_an_asset_missing_on_a_bar_makes_it_neither_calm_nor_stormy():
    """The level of who is left must not pass for the market's."""
    shocks, returns = storm_after_calm()
    shocks[10:15, 0] = np.nan  # the quietest
    returns[60:65, 2] = np.nan  # the wildest

    assert calm_rows(shocks, returns).tolist() == [True] * 40 + [False] * 40


def test_a_bar_about_which_nobody_tells_is_not_calm():
    shocks, returns = storm_after_calm()
    shocks[3] = np.nan
    shocks[5] = returns[5] = 0.0

    calm = calm_rows(shocks, returns)

    assert not calm[3]
    assert not calm[5]
    assert calm[4]


def test_without_any_residual_nothing_is_calm():
    nothing = np.full((10, 2), np.nan)

    assert not calm_rows(nothing, nothing).any()


@given(seeds, st.floats(0.1, 0.9))
def test_the_calmer_share_is_about_that_share(seed, share):
    rng = np.random.default_rng(seed)
    shocks = residuals(seed, bars=200)
    returns = shocks * np.exp(0.3 * rng.standard_normal((200, 1)))

    assert calm_rows(shocks, returns, share).mean() == pytest.approx(share, abs=0.01)


# --- stress --------------------------------------------------------------------------------


@given(seeds, st.integers(2, 9), st.floats(-0.5, 1.0))
def test_stress_brings_the_mean_to_the_target_and_keeps_the_definiteness(seed, assets, target):
    before = sample_correlation(residuals(seed, assets=assets))

    theta, after = stress_to(before, target)

    assert mean_correlation(after) == pytest.approx(max(target, mean_correlation(before)))
    assert np.linalg.eigvalsh(after)[0] >= -1e-12
    assert 0.0 <= theta <= 1.0


@given(seeds)
def test_a_stressed_book_can_be_simulated(seed):
    theta, after = stress_to(sample_correlation(residuals(seed, assets=7)))

    assert theta > 0.0
    np.linalg.cholesky(after)


def test_what_is_stressed_enough_stays_as_it_is():
    before = np.array([[1.0, 0.97], [0.97, 1.0]])

    theta, after = stress_to(before)

    assert theta == 0.0
    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("matrix", [np.ones((1, 1)), np.array([[1.0, np.nan], [np.nan, 1.0]])])
def test_without_a_known_pair_there_is_nothing_to_stress(matrix):
    theta, after = stress_to(matrix)

    assert theta == 0.0
    np.testing.assert_array_equal(after, matrix)


def test_an_unknown_pair_stays_unknown_and_does_not_count():
    before = np.array([[1.0, 0.5, np.nan], [0.5, 1.0, 0.7], [np.nan, 0.7, 1.0]])

    theta, after = stress_to(before, 0.8)

    assert theta == pytest.approx(0.5)
    assert np.isnan(after[0, 2])
    assert after[0, 1] == pytest.approx(0.75)


# --- rolling -------------------------------------------------------------------------------


@given(seeds, holes, st.integers(2, 5), st.sampled_from((4, 13, 30)))
@settings(max_examples=25)
def test_the_rolling_mean_agrees_with_every_window_and_pair(seed, missing, assets, window):
    shocks = 0.2 + residuals(seed, bars=45, assets=assets, missing=missing)

    found = rolling_mean_correlation(shocks, window)

    np.testing.assert_allclose(found, rolling_mean_by_the_book(shocks, window), atol=1e-10)


def test_assets_that_are_not_there_or_stand_still_are_left_out_of_the_mean():
    shocks = residuals(assets=5, missing=0.0)
    shocks[:70, 3] = np.nan
    shocks[:, 4] = 0.7

    found = rolling_mean_correlation(shocks, 40)

    np.testing.assert_allclose(found, rolling_mean_by_the_book(shocks, 40), atol=1e-10)
    np.testing.assert_allclose(found[69], rolling_mean_correlation(shocks[:, :3], 40)[69])


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_nothing_is_said_before_a_full_window(missing):
    found = rolling_mean_correlation(residuals(missing=missing), 60)

    assert np.isnan(found[:59]).all()
    assert np.isfinite(found[59:]).all()


@pytest.mark.parametrize("bars", [0, 10])
def test_a_short_history_has_no_window(bars):
    shocks = residuals(bars=bars)

    assert np.isnan(rolling_mean_correlation(shocks)).tolist() == [True] * bars
    assert np.isnan(rolling_pair_correlation(shocks[:, 0], shocks[:, 1])).tolist() == [True] * bars


@pytest.mark.parametrize("assets", [0, 1])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_without_a_pair_there_is_no_mean(assets, missing):
    assert np.isnan(rolling_mean_correlation(residuals(assets=assets, missing=missing), 20)).all()


@given(seeds, holes, st.sampled_from((4, 13, 30)))
def test_a_rolling_pair_agrees_with_every_window(seed, missing, window):
    x, y = (0.2 + residuals(seed, bars=60, assets=2, missing=missing)).T

    found = rolling_pair_correlation(x, y, window)

    expected = [
        pair_by_the_book(x[end - window : end], y[end - window : end], window // 2)
        for end in range(window, 61)
    ]
    np.testing.assert_allclose(found[window - 1 :], expected, atol=1e-10)
    assert np.isnan(found[: window - 1]).all()


def test_the_mean_of_two_assets_is_their_pair():
    shocks = residuals(assets=2)

    np.testing.assert_allclose(
        rolling_mean_correlation(shocks), rolling_pair_correlation(*shocks.T), atol=1e-12
    )


@given(seeds, st.integers(0, 89))
def test_a_window_knows_nothing_of_later_bars(seed, bar):
    shocks = residuals(seed, missing=0.1)
    moved = shocks.copy()
    moved[bar] = 9.0

    np.testing.assert_allclose(
        rolling_mean_correlation(moved, 20)[:bar],
        rolling_mean_correlation(shocks, 20)[:bar],
        atol=1e-12,
    )


def test_a_hundred_assets_roll_in_the_time_of_a_page():
    """Measured 30 ms; the bound leaves room for a busy machine."""
    shocks = residuals(bars=500, assets=100)
    durations = []
    for _ in range(3):
        began = time.perf_counter()
        rolling_mean_correlation(shocks)
        durations.append(time.perf_counter() - began)

    assert min(durations) < 0.5


# --- joint tails ---------------------------------------------------------------------------


def test_the_worst_bars_that_two_assets_share_are_counted():
    x = np.arange(200.0)
    y = x.copy()
    y[:4], y[100:104] = x[100:104], x[:4]  # of the ten worst bars six remain

    assert joint_tail_share(x, y) == pytest.approx(0.6)
    assert joint_tail_share(x, x) == 1.0
    assert joint_tail_share(x, -x) == 0.0


def test_only_bars_with_both_assets_count():
    x, y = np.arange(300.0), np.arange(300.0)
    x[:100], y[250:] = np.nan, np.nan

    assert joint_tail_share(x, y, tail=0.1) == 1.0


@given(seeds)
def test_two_assets_share_their_tails_either_way(seed):
    x, y = residuals(seed, bars=300, assets=2).T

    assert joint_tail_share(x, y) == joint_tail_share(y, x)


def test_a_gaussian_sample_shares_what_the_gaussian_copula_says():
    rng = np.random.default_rng(5)
    x, y = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 200_000).T

    assert joint_tail_share(x, y) == pytest.approx(gaussian_joint_tail_share(0.7), abs=0.02)


@pytest.mark.parametrize("rho", [-0.9, -0.3, 0.0, 0.3, 0.67, 0.95])
@pytest.mark.parametrize("tail", [0.01, 0.05, 0.5])
def test_the_gaussian_share_is_that_of_the_bivariate_normal(rho, tail):
    """Oracle: scipy integrates the density."""
    quantile = norm.ppf(tail)
    both = multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]]).cdf([quantile, quantile])
    expected = both / tail

    assert gaussian_joint_tail_share(rho, tail) == pytest.approx(expected, abs=1e-4)


def test_the_gaussian_share_at_its_ends():
    assert gaussian_joint_tail_share(1.0) == pytest.approx(1.0)
    assert gaussian_joint_tail_share(0.0) == pytest.approx(0.05)
    assert gaussian_joint_tail_share(-1.0) == pytest.approx(0.0, abs=1e-12)


@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.floats(0.001, 0.5))
def test_the_gaussian_share_rises_with_the_correlation(one, other, tail):
    low, high = sorted((one, other))

    assert gaussian_joint_tail_share(low, tail) <= gaussian_joint_tail_share(high, tail) + 1e-9


def test_mean_joint_tails_are_the_mean_over_pairs():
    shocks = residuals(bars=400, assets=4)
    shares = [joint_tail_share(shocks[:, i], shocks[:, j]) for i in range(4) for j in range(i)]
    found = mean_joint_tails(shocks)

    assert found.pairs == 6
    assert found.observed == pytest.approx(np.mean(shares))
    assert found.gaussian == pytest.approx(
        np.mean([gaussian_joint_tail_share(r) for r in pairs_of(sample_correlation(shocks))])
    )


def pairs_of(correlation):
    return correlation[np.triu_indices(len(correlation), k=1)]


def test_crashes_in_common_are_seen_where_correlation_sees_nothing():
    rng = np.random.default_rng(8)
    calm, crash = rng.standard_normal((2000, 5)), rng.random((2000, 1)) < 0.05
    found = mean_joint_tails(np.where(crash, -4.0 + 0.1 * calm, calm))

    assert found.observed > 0.8
    assert found.gaussian < 0.5


def test_pairs_without_enough_bars_have_no_part_in_joint_tails():
    shocks = residuals(bars=150, assets=3)
    shocks[:80, 2] = np.nan
    found = mean_joint_tails(shocks)

    assert found.pairs == 1
    assert found.observed == joint_tail_share(shocks[:, 0], shocks[:, 1])
    assert mean_joint_tails(shocks[:, :1]).pairs == 0
    assert math.isnan(mean_joint_tails(shocks[:, :1]).observed)


# --- independent bets ----------------------------------------------------------------------


@given(seeds, st.integers(1, 8))
def test_independent_bets_are_the_participation_ratio_of_the_eigenvalues(seed, assets):
    matrix = sample_correlation(residuals(seed, assets=assets))
    eigenvalues = np.linalg.eigvalsh(matrix)

    bets = independent_bets(matrix)
    assert bets == pytest.approx(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())
    assert 1.0 - 1e-9 <= bets <= assets + 1e-9


@given(seeds, st.floats(0.05, 1.0))
def test_stress_leaves_fewer_independent_bets(seed, target):
    matrix = sample_correlation(np.abs(residuals(seed, common=2.0)))
    stressed = stress_to(np.clip(matrix, 0.0, 1.0), target).correlation

    assert independent_bets(stressed) <= independent_bets(np.clip(matrix, 0.0, 1.0)) + 1e-9


def test_the_side_of_a_position_changes_no_bet():
    matrix = sample_correlation(residuals())
    signs = np.array([1.0, -1.0, 1.0, -1.0])

    assert independent_bets(matrix * np.outer(signs, signs)) == pytest.approx(
        independent_bets(matrix)
    )


def test_bets_are_unknown_while_a_pair_is():
    matrix = np.array([[1.0, math.nan], [math.nan, 1.0]])

    assert math.isnan(independent_bets(matrix))
    assert independent_bets(np.empty((0, 0))) == 0.0


# --- tightness -----------------------------------------------------------------------------


def test_a_fifth_of_the_time_is_loose_a_fifth_tight():
    found = tightness(np.random.default_rng(4).permutation(np.linspace(0.3, 0.9, 501)))

    assert [int((found.regime == kind).sum()) for kind in (-1, 0, 1)] == [100, 301, 100]
    assert found.lower == pytest.approx(0.42)
    assert found.upper == pytest.approx(0.78)


def test_the_present_regime_has_lasted_since_it_was_last_another():
    means = np.concatenate((np.full(20, math.nan), np.linspace(0.3, 0.7, 90), np.full(10, 0.9)))
    found = tightness(means)

    assert found.lasted == int((means[~np.isnan(means)] > found.upper).sum())
    assert found.regime[-1] == 1
    assert (found.regime[:20] == 0).all()


def test_nothing_is_called_tight_in_a_market_that_never_moves_or_is_hardly_known():
    still, short = tightness(np.full(200, 0.7)), tightness(np.linspace(0.0, 1.0, 59))

    assert not still.regime.any()
    assert still.lasted == 200
    assert not short.regime.any()
    assert math.isnan(short.lower)
    assert short.lasted == 0


def test_a_regime_that_is_unknown_now_lasts_no_time():
    assert tightness(np.append(np.linspace(0.3, 0.9, 100), math.nan)).lasted == 0
    assert tightness(np.empty(0)).lasted == 0


# --- beta ----------------------------------------------------------------------------------


@given(seeds, holes)
def test_beta_is_the_slope_of_the_line_through_the_common_bars(seed, missing):
    x, y = residuals(seed, bars=200, assets=2, missing=missing).T
    both = ~np.isnan(x + y)
    if both.sum() < 30:
        assert math.isnan(sample_beta(x, y))
    else:
        assert sample_beta(x, y) == pytest.approx(np.polyfit(x[both], y[both], 1)[0], abs=1e-9)


def test_beta_to_something_that_does_not_move_is_unknown():
    assert math.isnan(sample_beta(np.full(50, 0.3), np.linspace(0.0, 1.0, 50)))


# --- refusals ------------------------------------------------------------------------------


def test_refuses_a_tail_of_a_handful_of_bars():
    x = np.arange(99.0)

    with pytest.raises(InsufficientData, match="100 or more observations, got 99"):
        joint_tail_share(x, x)
    assert MINIMUM_TAIL_BARS / 0.05 == 100


@pytest.mark.parametrize("tail", [0.0, 0.6, math.nan])
def test_refuses_a_tail_that_is_none(tail):
    with pytest.raises(ValueError, match="tail must lie"):
        joint_tail_share(np.arange(300.0), np.arange(300.0), tail)
    with pytest.raises(ValueError, match="tail must lie"):
        gaussian_joint_tail_share(0.5, tail)


@pytest.mark.parametrize("rho", [-1.1, 1.1, math.nan])
def test_refuses_a_correlation_that_is_none(rho):
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        gaussian_joint_tail_share(rho)
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        stress_to(np.eye(2), rho)


def test_refuses_infinite_residuals():
    shocks = residuals()
    shocks[3, 1] = math.inf
    with pytest.raises(ValueError, match="infinity"):
        sample_correlation(shocks)
    with pytest.raises(ValueError, match="infinity"):
        rolling_mean_correlation(shocks)
    with pytest.raises(ValueError, match="infinity"):
        rolling_pair_correlation(shocks[:, 0], shocks[:, 1])


def test_refuses_windows_and_samples_too_short_to_correlate():
    shocks = residuals()
    with pytest.raises(ValueError, match="2 or more bars"):
        sample_correlation(shocks, minimum=1)
    with pytest.raises(ValueError, match="4 or more bars"):
        rolling_mean_correlation(shocks, 3)
    with pytest.raises(ValueError, match="4 or more bars"):
        rolling_pair_correlation(shocks[:, 0], shocks[:, 1], 3)


@pytest.mark.parametrize("share", [0.0, 1.0, math.nan])
def test_refuses_a_calm_share_that_is_none_or_all(share):
    shocks, returns = storm_after_calm()
    with pytest.raises(ValueError, match="share must lie"):
        calm_rows(shocks, returns, share)


def test_refuses_returns_of_other_bars():
    shocks, returns = storm_after_calm()
    with pytest.raises(ValueError, match="returns of"):
        calm_rows(shocks, returns[1:])
