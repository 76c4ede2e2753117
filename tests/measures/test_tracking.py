"""Exceptions correct the figures that were exceeded."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.measures.tracking import (
    tracked_path,
    tracked_var_es,
    tracking_judged,
    tracking_start,
    tracking_update,
)

LEVELS = (0.95, 0.975, 0.99)


def test_starts_by_changing_nothing():
    assert tracking_start(3).tolist() == [1.0, 1.0, 1.0]


def test_follows_its_formula_per_level():
    updated = tracking_update(np.array([1.0, 1.1, 1.2]), np.array([True, True, False]), LEVELS)

    expected = [math.exp(0.0095), 1.1 * math.exp(0.00975), 1.2 * math.exp(-0.0001)]
    assert updated == pytest.approx(expected, rel=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=400))
def test_never_leaves_its_bounds(history):
    multipliers = tracking_start(3)
    for exceeded in history:
        multipliers = tracking_update(multipliers, np.array(exceeded), LEVELS, rate=0.1)

    assert ((multipliers >= 0.7) & (multipliers <= 1.6)).all()


def test_reaches_its_bounds_when_a_model_is_always_wrong():
    raised = lowered = tracking_start(1)
    for _ in range(2000):
        raised = tracking_update(raised, np.array([True]), (0.95,))
        lowered = tracking_update(lowered, np.array([False]), (0.95,))

    assert raised.tolist() == [1.6]
    assert lowered.tolist() == [0.7]


def test_makes_a_wrong_model_right_in_the_long_run():
    """Losses are a quarter larger than forecast; exceptions come back to their share."""
    losses = 1.25 * np.random.default_rng(2).standard_normal(30_000)
    multipliers, exceeded = tracking_start(1), []
    for value in losses:
        exceeded.append(value > 1.645 * multipliers[0])
        multipliers = tracking_update(multipliers, np.array([exceeded[-1]]), (0.95,))

    assert np.mean(exceeded[1000:]) == pytest.approx(0.05, abs=0.003)


def test_a_higher_level_never_falls_below_a_lower_one():
    var, es = tracked_var_es(
        np.array([2.0, 2.1, 2.5]), np.array([2.2, 2.4, 2.9]), np.array([1.6, 1.0, 1.3])
    )

    assert var == pytest.approx([3.2, 3.2, 3.25])
    assert es == pytest.approx([3.52, 3.52, 3.77])


def test_applies_to_tables_of_figures_by_level():
    var, es = tracked_var_es(np.ones((2, 4, 3)), np.ones((2, 4, 3)), np.array([1.0, 1.1, 1.2]))

    assert var.shape == es.shape == (2, 4, 3)
    assert var[1, 2] == pytest.approx([1.0, 1.1, 1.2])


def test_refuses_another_number_of_levels():
    with pytest.raises(ValueError, match="3 levels, 2 multipliers"):
        tracking_update(np.ones(2), np.array([True, False, True]), LEVELS)


def test_many_series_learn_as_each_would_alone():
    rng = np.random.default_rng(6)
    multipliers = rng.uniform(0.7, 1.6, (200, 3))
    var, losses = rng.standard_normal((200, 3)), rng.standard_normal(200)

    found = tracking_judged(multipliers, var, losses, LEVELS)

    for j, loss in enumerate(losses):
        alone = tracking_update(multipliers[j], loss > var[j], LEVELS)
        assert found[j].tolist() == alone.tolist()


def test_a_series_without_a_loss_or_a_figure_learns_nothing():
    var, losses = np.array([[0.1] * 3, [np.nan] * 3]), np.array([np.nan, 0.2])

    assert (tracking_judged(np.ones((2, 3)), var, losses, LEVELS) == 1.0).all()


def test_each_series_has_its_own_multipliers():
    rng = np.random.default_rng(7)
    var, es, multipliers = rng.uniform(0.7, 1.6, (3, 50, 3))

    found = tracked_var_es(var, es, multipliers)

    for j in range(50):
        alone = tracked_var_es(var[j], es[j], multipliers[j])
        np.testing.assert_array_equal(np.array(found)[:, j], alone)


def test_refuses_another_number_of_losses():
    with pytest.raises(ValueError, match="3 levels, 4 losses"):
        tracking_judged(np.ones((2, 3)), np.ones((2, 3)), np.ones(4), LEVELS)


def test_a_path_is_as_many_steps_and_learns_nothing_where_there_is_nothing_to_learn():
    rng = np.random.default_rng(3)
    var = np.sort(rng.uniform(0.5, 2.0, (200, 3)), axis=1)
    es, losses = 1.3 * var, rng.standard_normal(200)
    var[:20], es[:20] = math.nan, math.nan
    losses[50:60] = math.nan

    tracked_var, tracked_es = tracked_path(var, es, losses, LEVELS)

    multipliers = tracking_start(3)
    assert np.isnan(tracked_var[:20]).all()
    assert np.isnan(tracked_es[:20]).all()
    for t in range(20, 200):
        expected = tracked_var_es(var[t], es[t], multipliers)
        np.testing.assert_array_equal((tracked_var[t], tracked_es[t]), expected)
        if not math.isnan(losses[t]):
            multipliers = tracking_update(multipliers, losses[t] > tracked_var[t], LEVELS)
    assert (multipliers != 1.0).all()


def test_a_path_refuses_losses_of_other_days():
    with pytest.raises(ValueError, match="199 losses"):
        tracked_path(np.ones((200, 3)), np.ones((200, 3)), np.ones(199), LEVELS)
