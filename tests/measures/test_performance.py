import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.errors import InsufficientData
from risk.measures.performance import (
    MINIMUM_RETURNS,
    beta,
    calmar_ratio,
    sharpe_ratio,
    sortino_ratio,
    tail_ratio,
)
from tests.oracles.performance import mertens_by_the_book, white_by_matrices

seeds = st.integers(0, 2**32 - 1)
RATIOS = {
    "sharpe_ratio": lambda returns, rng: sharpe_ratio(returns),
    "sortino_ratio": sortino_ratio,
    "calmar_ratio": calmar_ratio,
    "tail_ratio": tail_ratio,
}


#: The same where only the values matter.
VALUES = {
    "sharpe_ratio": lambda returns: sharpe_ratio(returns).value,
    "sortino_ratio": lambda returns: sortino_ratio(returns, rng(), resamples=2).value,
    "calmar_ratio": lambda returns: calmar_ratio(returns, rng(), resamples=2).value,
    "tail_ratio": lambda returns: tail_ratio(returns, rng(), resamples=2).value,
}


def daily(seed=0, days=400, mean=0.001, deviation=0.03):
    rng = np.random.default_rng(seed)
    return mean + deviation * rng.standard_t(6, days) / math.sqrt(1.5)


def rng():
    return np.random.default_rng(9)


@given(seeds)
def test_sharpe_and_its_error_are_those_of_the_paper(seed):
    returns = daily(seed)

    found = sharpe_ratio(returns)

    ratio, error = mertens_by_the_book(returns.tolist())
    assert found.value == pytest.approx(math.sqrt(365) * ratio, rel=1e-9)
    assert found.standard_error == pytest.approx(math.sqrt(365) * error, rel=1e-9)
    assert found.observations == 400


@given(seeds)
def test_for_normal_returns_both_errors_are_alike(seed):
    returns = 0.01 + 0.1 * np.random.default_rng(seed).standard_normal(4000)

    mertens, lo = sharpe_ratio(returns), sharpe_ratio(returns, error="lo")

    assert mertens.value == lo.value
    assert lo.standard_error == pytest.approx(math.sqrt(365 / 4000 * (1 + lo.value**2 / 365 / 2)))
    assert mertens.standard_error == pytest.approx(lo.standard_error, rel=0.05)


def test_the_error_of_sharpe_is_its_spread_over_many_histories():
    """Skewed returns with a mean, where Lo's formula is off."""
    draws = np.random.default_rng(4).exponential(1.0, (3000, 200)) - 0.5
    found = [sharpe_ratio(returns, periods_per_year=1) for returns in draws]

    spread = np.std([each.value for each in found])

    assert np.mean([each.standard_error for each in found]) == pytest.approx(spread, rel=0.06)
    assert sharpe_ratio(draws[0], periods_per_year=1, error="lo").standard_error > 1.2 * spread


@given(seeds, st.floats(0.01, 100.0))
def test_leverage_changes_neither_sharpe_nor_sortino_nor_the_tails(seed, leverage):
    returns = daily(seed, days=100)

    for name in ("sharpe_ratio", "sortino_ratio", "tail_ratio"):
        assert VALUES[name](leverage * returns) == pytest.approx(VALUES[name](returns), rel=1e-9)


def test_leverage_changes_errors_no_more_than_values():
    for measure in ("sharpe_ratio", "sortino_ratio", "tail_ratio"):
        plain = RATIOS[measure](daily(), rng())
        np.testing.assert_allclose(RATIOS[measure](3.0 * daily(), rng()), plain, rtol=1e-9)


@given(seeds)
def test_the_opposite_book_has_the_opposite_sharpe_and_the_inverse_tails(seed):
    returns = daily(seed)

    assert VALUES["sharpe_ratio"](-returns) == pytest.approx(-VALUES["sharpe_ratio"](returns))
    assert VALUES["tail_ratio"](-returns) == pytest.approx(1.0 / VALUES["tail_ratio"](returns))


@given(seeds, st.floats(1e-4, 0.01))
def test_a_steady_gain_on_top_raises_every_ratio_that_was_positive(seed, gain):
    """A losing book's rises with its risk, too: that is why negative ratios rank nothing."""
    returns = daily(seed, days=100)

    for value in VALUES.values():
        before = value(returns)
        assert before <= 0.0 or value(returns + gain) > before


def test_what_is_free_of_risk_is_taken_off():
    returns = daily()

    assert sharpe_ratio(returns, risk_free=0.001).value == pytest.approx(
        sharpe_ratio(returns - 0.001).value
    )
    assert sortino_ratio(returns, rng(), target=0.001).value == pytest.approx(
        sortino_ratio(returns - 0.001, rng()).value
    )


def test_sortino_by_hand():
    returns = np.tile([0.03, -0.01, 0.01], 20)

    found = sortino_ratio(returns, rng(), periods_per_year=1)

    assert found.value == pytest.approx(0.01 / math.sqrt(0.01**2 / 3))


def test_calmar_by_hand():
    """Doubles within a year and falls by a half once."""
    returns = np.zeros(365)
    returns[[10, 20]] = -0.5, 3.0

    found = calmar_ratio(returns, rng(), block=365, resamples=50)

    assert found.value == pytest.approx(1.0 / 0.5)


def test_calmar_depends_on_the_order_and_a_year_on_the_periods():
    returns = daily()

    assert calmar_ratio(np.sort(returns), rng()).value != calmar_ratio(returns, rng()).value
    assert calmar_ratio(returns, rng(), periods_per_year=100).value != pytest.approx(
        calmar_ratio(returns, rng()).value
    )


def test_tail_ratio_by_hand():
    returns = np.linspace(-0.1, 0.2, 301)

    found = tail_ratio(returns, rng())

    assert found.value == pytest.approx(0.185 / 0.085)


def test_a_book_whose_good_tail_loses_is_told_by_the_sign():
    assert tail_ratio(-0.05 - np.linspace(0.0, 0.01, 50), rng()).value < 0.0


@pytest.mark.parametrize("name", ["sortino_ratio", "calmar_ratio", "tail_ratio"])
def test_resampled_errors_repeat_with_their_seed_and_shrink_with_history(name):
    measure = RATIOS[name]

    short, long = daily(days=150), daily(days=2400)

    assert measure(short, rng()) == measure(short, rng())
    assert measure(short, rng()).standard_error > 1.5 * measure(long, rng()).standard_error


def test_the_resampled_error_of_sortino_is_its_spread_over_many_histories():
    spread = np.std([sortino_ratio(daily(seed), rng(), resamples=2).value for seed in range(800)])

    errors = [sortino_ratio(daily(seed), rng(), resamples=200).standard_error for seed in range(30)]

    assert np.mean(errors) == pytest.approx(spread, rel=0.12)


@given(seeds)
def test_beta_and_its_error_are_those_of_the_sandwich(seed):
    market = daily(seed)
    returns = 1.3 * market + daily(seed + 1) * (1.0 + 20.0 * np.abs(market))

    found = beta(returns, market)

    slope, error = white_by_matrices(returns, market)
    assert found.value == pytest.approx(slope, rel=1e-9)
    assert found.standard_error == pytest.approx(error, rel=1e-9)


@settings(max_examples=30)
@given(seeds, st.floats(-3.0, 3.0), st.floats(0.1, 10.0))
def test_beta_scales_with_the_book_and_against_the_market(seed, leverage, scale):
    market, returns = daily(seed), daily(seed) + daily(seed + 1)
    plain = beta(returns, market)

    assert beta(leverage * returns, market).value == pytest.approx(leverage * plain.value)
    assert beta(returns, scale * market).value == pytest.approx(plain.value / scale)
    assert beta(returns + 0.01, market).value == pytest.approx(plain.value)


def test_beta_counts_bars_with_both():
    market, returns = daily(1), daily(2)
    market[:50], returns[40:60] = np.nan, np.nan

    found = beta(returns, market)

    assert found.observations == 340
    assert found == beta(returns[60:], market[60:])


def test_a_market_has_beta_one_to_itself_without_error():
    found = beta(daily(), daily())

    assert found.value == pytest.approx(1.0)
    assert found.standard_error == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("name", RATIOS)
def test_refuses_too_few_returns_by_name(name):
    with pytest.raises(InsufficientData, match=f"{name} needs {MINIMUM_RETURNS}"):
        RATIOS[name](daily(days=MINIMUM_RETURNS - 1), rng())


@pytest.mark.parametrize("name", RATIOS)
@pytest.mark.parametrize("value", [0.0, 0.01, -0.01])
def test_refuses_constant_returns_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name} needs returns that differ"):
        RATIOS[name](np.full(50, value), rng())


@pytest.mark.parametrize("name", RATIOS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_refuses_gaps(name, bad):
    returns = daily()
    returns[5] = bad

    with pytest.raises(ValueError, match="returns contains NaN or infinity"):
        RATIOS[name](returns, rng())


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("sortino_ratio", "below its target"),
        ("calmar_ratio", "value that fell"),
        ("tail_ratio", "needs a loss"),
    ],
)
def test_refuses_by_name_a_book_that_never_lost(name, problem):
    with pytest.raises(ValueError, match=f"{name} .*{problem}"):
        RATIOS[name](np.abs(daily()), rng())


@pytest.mark.parametrize("name", ["sortino_ratio", "calmar_ratio"])
def test_refuses_to_tell_an_error_from_one_single_loss(name):
    returns = np.abs(daily(days=60))
    returns[30] = -0.01

    with pytest.raises(ValueError, match=f"{name}: the figure exists in .* too few losses"):
        RATIOS[name](returns, rng())


def test_refuses_what_it_cannot_compound():
    returns = daily()
    returns[3] = -1.0

    with pytest.raises(ValueError, match="-1 or less"):
        calmar_ratio(returns, rng())


@pytest.mark.parametrize("periods", [0.0, -365.0, math.nan, math.inf])
def test_refuses_years_without_periods(periods):
    for measure in (sharpe_ratio, sortino_ratio, calmar_ratio):
        arguments = (daily(),) if measure is sharpe_ratio else (daily(), rng())
        with pytest.raises(ValueError, match="periods_per_year"):
            measure(*arguments, periods_per_year=periods)


def test_refuses_other_nonsense_by_name():
    with pytest.raises(ValueError, match="error must be"):
        sharpe_ratio(daily(), error="newey")
    with pytest.raises(ValueError, match="risk_free"):
        sharpe_ratio(daily(), risk_free=math.nan)
    with pytest.raises(ValueError, match="tail must lie"):
        tail_ratio(daily(), rng(), tail=0.5)


@pytest.mark.parametrize(
    ("returns", "market", "named"),
    [
        (daily(), daily(days=399), "beside a market"),
        (daily(), np.full(400, 0.01), "market that moved"),
        (daily(), np.full(400, math.inf), "infinity"),
        (np.zeros((30, 2)), np.zeros((30, 2)), "beside a market"),
    ],
)
def test_beta_refuses_by_name(returns, market, named):
    with pytest.raises(ValueError, match=named):
        beta(returns, market)


def test_beta_refuses_too_few_common_bars():
    market = daily(days=60)
    market[:31] = np.nan

    with pytest.raises(InsufficientData, match="beta needs 30 or more observations, got 29"):
        beta(daily(days=60), market)
