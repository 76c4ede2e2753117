import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.errors import InsufficientData
from risk.measures.shrinkage import (
    MINIMUM_COMPLETE_BARS,
    shrunk_to_constant_correlation,
    shrunk_to_identity,
)
from tests.oracles.shrinkage import constant_correlation_by_the_book, identity_by_the_book

seeds = st.integers(0, 2**32 - 1)
BOTH = {
    "shrunk_to_constant_correlation": shrunk_to_constant_correlation,
    "shrunk_to_identity": shrunk_to_identity,
}


def coins(seed=0, bars=40, assets=4, common=1.0):
    rng = np.random.default_rng(seed)
    shocks = rng.standard_t(5, (bars, assets)) + common * rng.standard_t(5, (bars, 1))
    return 0.03 * shocks * np.exp(rng.normal(0.0, 0.5, assets))


@settings(max_examples=25)
@given(seeds)
def test_constant_correlation_agrees_with_the_paper(seed):
    found = shrunk_to_constant_correlation(coins(seed))

    covariance, intensity = constant_correlation_by_the_book(coins(seed))
    assert found.intensity == pytest.approx(intensity, abs=1e-9)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-9)


@settings(max_examples=25)
@given(seeds)
def test_identity_agrees_with_the_paper(seed):
    found = shrunk_to_identity(coins(seed))

    covariance, intensity = identity_by_the_book(coins(seed))
    assert found.intensity == pytest.approx(intensity, abs=1e-9)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", BOTH)
@given(seed=seeds, scale=st.floats(1e-3, 1e3))
def test_it_is_a_covariance_and_knows_no_unit(name, seed, scale):
    returns = coins(seed, bars=31, assets=8)

    found = BOTH[name](returns)
    scaled = BOTH[name](scale * returns)

    assert 0.0 <= found.intensity <= 1.0
    np.testing.assert_array_equal(found.covariance, found.covariance.T)
    assert np.linalg.eigvalsh(found.covariance)[0] > -1e-15
    assert scaled.intensity == pytest.approx(found.intensity, abs=1e-9)
    np.testing.assert_allclose(scaled.covariance, scale**2 * found.covariance, rtol=1e-7)


@given(seeds)
def test_one_correlation_for_all_keeps_variances_and_the_mean_correlation(seed):
    returns = coins(seed)

    found = shrunk_to_constant_correlation(returns)

    np.testing.assert_allclose(np.diag(found.covariance), returns.var(axis=0))
    sample = np.corrcoef(returns.T)
    assert found.correlation.sum() == pytest.approx(sample.sum())
    assert np.ptp(found.correlation[np.triu_indices(4, 1)]) <= np.ptp(
        sample[np.triu_indices(4, 1)]
    ) * (1.0 + 1e-9)


@given(seeds)
def test_identity_keeps_the_total_variance(seed):
    returns = coins(seed)

    found = shrunk_to_identity(returns)

    assert np.trace(found.covariance) == pytest.approx(returns.var(axis=0).sum())


@pytest.mark.parametrize("name", BOTH)
def test_it_is_nearer_to_the_truth_than_the_sample_and_inverts_where_that_cannot(name):
    rng = np.random.default_rng(2)
    # The nearer two assets in the list, the more they have in common: neither target.
    truth = 0.8 ** np.abs(np.subtract.outer(np.arange(60), np.arange(60)))
    errors = np.zeros(2)
    for _ in range(20):
        returns = rng.multivariate_normal(np.zeros(60), truth, 40)
        found = BOTH[name](returns).covariance
        sample = np.cov(returns.T, bias=True)
        errors += ((found - truth) ** 2).sum(), ((sample - truth) ** 2).sum()
        assert np.linalg.matrix_rank(sample) < 60
        assert np.linalg.cond(found) < 1e4

    assert errors[0] < 0.8 * errors[1]


@pytest.mark.parametrize("name", BOTH)
def test_with_much_history_little_is_pulled(name):
    rng = np.random.default_rng(2)
    truth = 0.8 ** np.abs(np.subtract.outer(np.arange(10), np.arange(10)))
    returns = rng.multivariate_normal(np.zeros(10), truth, 4000)

    assert BOTH[name](returns).intensity < 0.05
    assert BOTH[name](returns[:40]).intensity > 0.08


@pytest.mark.parametrize("name", BOTH)
def test_only_complete_bars_count_and_are_counted(name):
    returns = coins(bars=60)
    holed = returns.copy()
    holed[::6, 1] = np.nan

    found, expected = BOTH[name](holed), BOTH[name](np.delete(returns, np.s_[::6], axis=0))

    assert found.bars == 50
    np.testing.assert_array_equal(found.covariance, expected.covariance)


def test_one_asset_is_its_own_target():
    found = shrunk_to_constant_correlation(coins(assets=1))

    assert found.covariance[0, 0] == pytest.approx(coins(assets=1).var())
    assert shrunk_to_identity(coins(assets=1)).intensity == 0.0


@pytest.mark.parametrize("name", BOTH)
def test_refuses_by_name(name):
    with pytest.raises(InsufficientData, match=f"{name} needs {MINIMUM_COMPLETE_BARS}"):
        BOTH[name](coins(bars=29))
    late = coins(bars=60)
    late[:-1, 2] = np.nan
    with pytest.raises(InsufficientData, match="got 1"):
        BOTH[name](late)
    still = coins()
    still[:, 2] = 0.01
    with pytest.raises(ValueError, match=f"{name} needs assets that moved; asset 2 did not"):
        BOTH[name](still)
    wild = coins()
    wild[3, 1] = math.inf
    with pytest.raises(ValueError, match="infinity"):
        BOTH[name](wild)
    with pytest.raises(ValueError, match="bars and assets"):
        BOTH[name](np.zeros(50))
