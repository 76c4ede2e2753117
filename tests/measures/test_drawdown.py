import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from risk.errors import InsufficientData
from risk.measures.drawdown import (
    MaximumDrawdown,
    conditional_drawdown,
    current_drawdown,
    drawdown_curve,
    drawdown_spells,
    longest_drawdown,
    maximum_drawdown,
)
from tests.oracles.performance import conditional_drawdown_by_minimisation, spells_by_walking

curves = hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(1.0, 1e6))


@given(curves)
def test_agrees_with_comparing_every_pair(values):
    """Oracle: the worst of all ways to buy and later sell."""
    pairs = [1.0 - values[j] / values[i] for i in range(len(values)) for j in range(i, len(values))]

    assert maximum_drawdown(values).depth == pytest.approx(max(pairs), abs=1e-12)


@given(curves)
def test_the_depth_is_the_fall_from_its_peak_to_its_trough(values):
    depth, peak, trough = maximum_drawdown(values)

    assert peak <= trough
    assert values[peak] == values[: trough + 1].max()
    assert depth == pytest.approx(1.0 - values[trough] / values[peak], abs=1e-12)


@given(curves, st.floats(1e-3, 1e3))
def test_the_size_of_the_book_does_not_matter(values, scale):
    assert drawdown_curve(values * scale) == pytest.approx(drawdown_curve(values), abs=1e-9)


@given(curves, st.floats(0.0, 0.05))
def test_a_steady_gain_on_top_never_deepens_it(values, drift):
    """empyrical's law: shifting returns up moves drawdown one way."""
    lifted = values * (1.0 + drift) ** np.arange(len(values))

    assert maximum_drawdown(lifted).depth <= maximum_drawdown(values).depth + 1e-12


@given(curves, st.floats(1.0, 1e6))
def test_more_history_never_lowers_the_maximum(values, next_value):
    longer = np.append(values, next_value)

    assert maximum_drawdown(longer).depth >= maximum_drawdown(values).depth


@given(curves)
def test_it_lies_between_nothing_and_everything_while_value_is_positive(values):
    curve = drawdown_curve(values)

    assert (curve >= 0.0).all()
    assert (curve < 1.0).all()
    assert curve[0] == 0.0


def test_a_rising_curve_has_none():
    assert maximum_drawdown(np.array([1.0, 2.0, 3.0])) == MaximumDrawdown(0.0, 0, 0)


def test_the_current_one_ends_at_a_new_high():
    assert current_drawdown(np.array([100.0, 50.0, 75.0])) == 0.25
    assert current_drawdown(np.array([100.0, 50.0, 101.0])) == 0.0


def test_debt_counts_as_more_than_everything():
    assert current_drawdown(np.array([100.0, -20.0])) == pytest.approx(1.2)


def test_refuses_an_empty_curve():
    with pytest.raises(InsufficientData, match="got 0"):
        drawdown_curve(np.array([]))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_refuses_gaps(bad):
    with pytest.raises(ValueError, match="NaN or infinity"):
        drawdown_curve(np.array([1.0, bad]))


def test_refuses_to_start_from_nothing():
    with pytest.raises(ValueError, match="positive first value"):
        drawdown_curve(np.array([0.0, 1.0]))


@given(curves)
def test_spells_are_those_found_by_walking(values):
    spells = drawdown_spells(values)

    assert [(spell.peak, spell.end) for spell in spells] == spells_by_walking(values)


@given(curves)
def test_the_deepest_spell_is_the_maximum_drawdown(values):
    spells = drawdown_spells(values)
    deepest = max(spells, key=lambda spell: spell.depth, default=None)

    if deepest is None:
        assert maximum_drawdown(values).depth == 0.0
    else:
        assert (deepest.depth, deepest.peak, deepest.trough) == maximum_drawdown(values)


@given(curves)
def test_a_spell_lasts_from_its_peak_to_its_end_and_the_longest_is_no_shorter(values):
    spells = drawdown_spells(values)

    for spell in spells:
        end = len(values) - 1 if spell.end is None else spell.end
        assert spell.peak < spell.trough <= end
        assert spell.bars == end - spell.peak
    longest = longest_drawdown(values)
    assert (longest.bars if longest else 0) == max((spell.bars for spell in spells), default=0)


def test_the_longest_need_not_be_the_deepest():
    values = np.array([100.0, 50.0, 100.0, 99.0, 99.0, 99.0, 101.0])

    assert longest_drawdown(values).peak == 2
    assert maximum_drawdown(values).peak == 0


def test_a_rising_curve_was_never_under_water():
    assert drawdown_spells(np.array([1.0, 1.0, 2.0])) == ()
    assert longest_drawdown(np.array([1.0, 1.0, 2.0])) is None


@given(curves, st.floats(0.01, 0.99))
def test_conditional_drawdown_is_the_minimum_of_its_papers_program(values, level):
    expected = conditional_drawdown_by_minimisation(values, level)

    assert conditional_drawdown(values, level=level) == pytest.approx(expected, abs=1e-9)


@given(curves, st.floats(0.01, 0.98))
def test_it_rises_from_the_mean_to_the_maximum(values, level):
    found = conditional_drawdown(values, level=level)

    assert drawdown_curve(values).mean() <= found + 1e-12
    assert found <= conditional_drawdown(values, level=level + 0.01) + 1e-12
    assert found <= maximum_drawdown(values).depth + 1e-12


@pytest.mark.parametrize("level", [0.0, 1.0, math.nan, -0.5])
def test_conditional_drawdown_refuses_a_level_outside_its_range(level):
    with pytest.raises(ValueError, match="level"):
        conditional_drawdown(np.array([1.0, 2.0]), level=level)
