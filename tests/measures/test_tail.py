import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import genpareto

from risk.errors import InsufficientData
from risk.measures.tail import (
    blended_var_es,
    checked_levels,
    expected_shortfall,
    historical_var,
    historical_var_es,
    pareto_needs,
    pareto_var_es,
    unit_var_es,
)
from tests.oracles.tail import (
    expected_shortfall_by_minimisation,
    pareto_by_hand,
    pareto_var_es_by_integration,
)

LEVELS = (0.95, 0.975, 0.99)

loss = st.floats(-1e3, 1e3)
samples = hnp.arrays(np.float64, st.integers(1, 60), elements=loss)
two_books = st.integers(1, 60).flatmap(
    lambda n: st.tuples(*[hnp.arrays(np.float64, n, elements=loss)] * 2)
)
#: With ties, constants and a few outliers: what a fitted tail must survive.
large_samples = hnp.arrays(
    np.float64, st.integers(50, 300), elements=st.one_of(loss, st.sampled_from([0.0, 1.0, 1e6]))
)
levels = st.floats(0.01, 0.999)
seeds = st.integers(0, 2**32 - 1)


def heavy(seed=0, n=500, scale=0.03):
    return scale * np.random.default_rng(seed).standard_t(4, n)


class TestHistory:
    @given(samples, levels)
    def test_var_agrees_with_numpys_quantile_of_type_7(self, losses, level):
        expected = np.quantile(losses, level, method="linear")

        assert historical_var(losses, level=level) == pytest.approx(expected, abs=1e-9)

    @given(samples, levels)
    def test_es_agrees_with_the_slow_textbook_definition(self, losses, level):
        """Oracle: Rockafellar & Uryasev (2000), theorem 1, by brute force."""
        expected = expected_shortfall_by_minimisation(losses, level)

        assert expected_shortfall(losses, level=level) == pytest.approx(expected, abs=1e-8)

    @given(samples, levels, loss)
    def test_cash_in_hand_lowers_both_one_for_one(self, losses, level, cash):
        var, es = historical_var_es(losses, (level,))
        less_var, less_es = historical_var_es(losses - cash, (level,))

        assert less_var == pytest.approx(var - cash, abs=1e-6)
        assert less_es == pytest.approx(es - cash, abs=1e-6)

    @given(samples, levels, st.floats(1e-3, 1e3))
    def test_twice_the_position_is_twice_the_risk(self, losses, level, size):
        var, es = historical_var_es(losses, (level,))
        larger_var, larger_es = historical_var_es(size * losses, (level,))

        assert larger_var == pytest.approx(size * var, rel=1e-9, abs=1e-6)
        assert larger_es == pytest.approx(size * es, rel=1e-9, abs=1e-6)

    @given(two_books, levels)
    def test_merging_two_books_never_adds_expected_shortfall(self, books, level):
        """Subadditivity: the reason we report it beside VaR."""
        apart = sum(expected_shortfall(book, level=level) for book in books)

        assert expected_shortfall(sum(books), level=level) <= apart + 1e-6

    @given(two_books, levels)
    def test_a_book_that_always_loses_more_is_riskier(self, books, level):
        worse = np.maximum(*books)

        assert historical_var(worse, level=level) >= historical_var(books[0], level=level)
        assert expected_shortfall(worse, level=level) >= (
            expected_shortfall(books[0], level=level) - 1e-9
        )

    @given(samples)
    def test_es_is_never_below_var_and_both_rise_with_the_level(self, losses):
        var, es = historical_var_es(losses, np.linspace(0.01, 0.999, 25))

        assert (es >= var).all()
        assert (np.diff(var) >= -1e-9).all()
        assert (np.diff(es) >= -1e-9).all()

    @given(samples, seeds)
    def test_the_order_of_the_sample_does_not_matter(self, losses, seed):
        shuffled = np.random.default_rng(seed).permutation(losses)

        assert historical_var_es(shuffled, LEVELS)[0].tolist() == (
            historical_var_es(losses, LEVELS)[0].tolist()
        )

    def test_a_flat_book_has_no_risk(self):
        var, es = historical_var_es(np.zeros(500), LEVELS)

        assert var.tolist() == es.tolist() == [0.0, 0.0, 0.0]

    def test_refuses_an_empty_history(self):
        with pytest.raises(InsufficientData, match="1 or more observations, got 0"):
            expected_shortfall(np.array([]), level=0.99)

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
    def test_refuses_what_has_no_order(self, bad):
        with pytest.raises(ValueError, match="NaN or infinity"):
            historical_var(np.array([1.0, bad]), level=0.99)

    @pytest.mark.parametrize(
        "wrong", [(), (0.0,), (1.0,), (math.nan,), (0.99, 0.95), (0.95, 0.95), ((0.95, 0.99),)]
    )
    def test_refuses_levels_that_do_not_rise_within_one(self, wrong):
        with pytest.raises(ValueError, match="levels must rise"):
            checked_levels(wrong)


@pytest.mark.parametrize("order", [np.sort, lambda x: -np.sort(-x), np.array, np.round])
@pytest.mark.parametrize("level", [0.9, 0.936, 0.937, 0.938, 0.939, 0.99])
def test_few_and_many_worst_losses_are_found_the_same_way(order, level):
    """Around 64 of 1,000 the way of finding them changes."""
    losses = order(heavy(seed=8, n=1000, scale=1.0))

    var, es = historical_var_es(losses, (level,))

    assert var[0] == pytest.approx(np.quantile(losses, level), rel=1e-12)
    assert es[0] == pytest.approx(expected_shortfall_by_minimisation(losses, level), rel=1e-9)


class TestParetoTail:
    @given(seeds, st.sampled_from(LEVELS))
    def test_agrees_with_scipys_distribution_integrated(self, seed, level):
        losses = heavy(seed)
        _, shape, _ = pareto_by_hand(losses, 50)
        assume(-0.5 < shape < 0.9)

        var, es = pareto_var_es(losses, (level,))
        expected_var, expected_es = pareto_var_es_by_integration(losses, level, 50)

        assert var[0] == pytest.approx(expected_var, rel=1e-8)
        assert es[0] == pytest.approx(expected_es, rel=1e-5)

    def test_recovers_the_tail_it_was_drawn_from(self):
        losses = genpareto(0.25, scale=0.02).rvs(20_000, random_state=7)

        _, shape, _ = pareto_by_hand(losses, 2000)
        var, es = pareto_var_es(losses, (0.99,), exceedances=2000)

        truth = genpareto(0.25, scale=0.02)
        assert shape == pytest.approx(0.25, abs=0.08)
        assert var[0] == pytest.approx(truth.ppf(0.99), rel=0.05)
        assert es[0] == pytest.approx(truth.expect(lb=truth.ppf(0.99), conditional=True), rel=0.1)

    @given(large_samples)
    def test_survives_ties_constants_and_outliers(self, losses):
        var, es = pareto_var_es(losses, LEVELS)

        assert np.isfinite([var, es]).all()
        assert (es >= var).all()
        assert (np.diff(var) >= 0.0).all()
        assert (np.diff(es) >= 0.0).all()

    @given(st.floats(-10.0, 10.0))
    def test_a_certain_loss_is_its_own_tail(self, certain):
        var, es = pareto_var_es(np.full(500, certain), LEVELS)

        assert var.tolist() == es.tolist() == [certain] * 3

    def test_tied_exceedances_are_not_blown_up(self):
        """The usual scale would put the 99 % VaR two hundred times above the worst loss."""
        losses = np.concatenate((np.zeros(450), np.ones(50)))

        var, es = pareto_var_es(losses, LEVELS)

        assert var[-1] < 2.5
        assert es[-1] < 3.0

    def test_a_tail_without_end_keeps_a_finite_mean(self):
        losses = np.concatenate((np.linspace(0.0, 1.0, 490), np.logspace(1, 6, 10)))

        var, es = pareto_var_es(losses, LEVELS)

        assert np.isfinite(es).all()
        assert es[-1] > var[-1] > 1.0

    @given(seeds, st.floats(-1.0, 1.0), st.floats(1e-3, 1e3))
    def test_moves_and_scales_with_the_losses(self, seed, shift, size):
        losses = heavy(seed)

        var, es = pareto_var_es(losses, LEVELS)
        moved_var, moved_es = pareto_var_es(size * losses + shift, LEVELS)

        assert moved_var == pytest.approx(size * var + shift, rel=1e-7, abs=1e-9)
        assert moved_es == pytest.approx(size * es + shift, rel=1e-7, abs=1e-9)

    def test_an_exponential_tail_is_the_limit_between_heavy_and_short(self):
        ranks = np.arange(1, 501)
        losses = -np.log((ranks - 0.35) / 500)

        var, _ = pareto_var_es(losses, LEVELS)

        assert var == pytest.approx(-np.log(1.0 - np.array(LEVELS)), rel=0.03)

    def test_a_short_history_uses_a_tenth_of_itself(self):
        losses = heavy(n=120)

        var, es = pareto_var_es(losses, LEVELS)

        same_var, same_es = pareto_var_es(losses, LEVELS, exceedances=12)
        np.testing.assert_array_equal(var, same_var)
        np.testing.assert_array_equal(es, same_es)

    @given(st.integers(50, 500), seeds)
    def test_a_tenth_of_any_history_reaches_90_percent(self, n, seed):
        losses = heavy(seed, n)

        var, es = pareto_var_es(losses, (0.9,))

        threshold = np.sort(losses)[-math.ceil(n / 10) - 1]
        assert es[0] > var[0] >= threshold - 1e-12

    def test_refuses_a_history_too_short_for_a_tail(self):
        assert pareto_needs() == 50
        with pytest.raises(InsufficientData, match="50 or more observations, got 49"):
            pareto_var_es(heavy(n=49), LEVELS)

    def test_refuses_a_tail_of_too_few(self):
        with pytest.raises(ValueError, match="5 exceedances, not 4"):
            pareto_var_es(heavy(), LEVELS, exceedances=4)

    def test_refuses_a_level_below_the_tail(self):
        with pytest.raises(ValueError, match="below the tail"):
            pareto_var_es(heavy(), (0.85,))

    def test_gives_the_threshold_at_the_edge_of_the_tail(self):
        losses = heavy()

        var, _ = pareto_var_es(losses, (0.9,))

        assert var[0] == pytest.approx(np.sort(losses)[-51])

    def test_refuses_gaps(self):
        losses = heavy()
        losses[7] = math.nan

        with pytest.raises(ValueError, match="NaN or infinity"):
            pareto_var_es(losses, LEVELS)


class TestBlend:
    @given(seeds, st.floats(0.0, 1.0))
    def test_is_the_weighted_mean_of_tail_and_history(self, seed, weight):
        filtered, raw = heavy(seed), heavy(seed + 1, n=300)

        blended = blended_var_es(filtered, raw, LEVELS, weight)

        tail, plain = pareto_var_es(filtered, LEVELS), historical_var_es(raw, LEVELS)
        for mixed, left, right in zip(blended, tail, plain, strict=True):
            assert mixed == pytest.approx(weight * left + (1.0 - weight) * right, rel=1e-12)

    def test_the_default_is_three_quarters_tail(self):
        np.testing.assert_array_equal(
            blended_var_es(heavy(1), heavy(2), LEVELS),
            blended_var_es(heavy(1), heavy(2), LEVELS, 0.75),
        )

    @given(large_samples, large_samples)
    def test_es_is_never_below_var_and_both_rise_with_the_level(self, filtered, raw):
        var, es = blended_var_es(filtered, raw, LEVELS)

        assert (es >= var).all()
        assert (np.diff(var) >= 0.0).all()
        assert (np.diff(es) >= -1e-9).all()

    def test_a_flat_book_has_no_risk(self):
        var, es = blended_var_es(np.zeros(500), np.zeros(500), LEVELS)

        assert not var.any()
        assert not es.any()

    @pytest.mark.parametrize("weight", [-0.1, 1.1, math.nan])
    def test_refuses_a_weight_that_is_none(self, weight):
        with pytest.raises(ValueError, match="tail_weight"):
            blended_var_es(heavy(), heavy(), LEVELS, weight)

    def test_refuses_too_little_of_either_history(self):
        with pytest.raises(InsufficientData):
            blended_var_es(heavy(n=49), heavy(), LEVELS)
        with pytest.raises(InsufficientData):
            blended_var_es(heavy(), np.array([]), LEVELS)


class TestEveryAsset:
    def test_is_the_blend_of_each_column_long_and_short(self):
        filtered, raw = heavy(n=2000).reshape(500, 4), heavy(1, n=1200).reshape(300, 4)

        var, es = unit_var_es(filtered, raw, LEVELS)

        for j in range(4):
            long = blended_var_es(-filtered[:, j], -raw[:, j], LEVELS)
            short = blended_var_es(filtered[:, j], raw[:, j], LEVELS)
            np.testing.assert_array_equal(var[:, j], [long[0], short[0]])
            np.testing.assert_array_equal(es[:, j], [long[1], short[1]])

    def test_the_layout_in_memory_does_not_matter(self):
        scenarios = heavy(n=2000).reshape(500, 4)

        np.testing.assert_array_equal(
            unit_var_es(np.asfortranarray(scenarios), scenarios, LEVELS),
            unit_var_es(scenarios, scenarios, LEVELS),
        )

    def test_refuses_too_few_scenarios_or_other_assets(self):
        scenarios = heavy(n=2000).reshape(500, 4)
        with pytest.raises(InsufficientData):
            unit_var_es(scenarios[:40], scenarios, LEVELS)
        with pytest.raises(InsufficientData):
            unit_var_es(scenarios, scenarios[:0], LEVELS)
        with pytest.raises(ValueError, match="4 assets beside 3"):
            unit_var_es(scenarios, scenarios[:, :3], LEVELS)
