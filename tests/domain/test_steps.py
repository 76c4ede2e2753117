"""What lies on an exchange's steps, although floats hardly ever do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.steps import is_on_step

STEPS = st.sampled_from([1e-8, 0.001, 0.05, 0.1, 0.3, 1.0, 2.5, 1_000.0])


@given(STEPS, st.integers(1, 100_000))
def test_every_number_of_steps_is_on_one_and_what_lies_between_two_is_not(step, number):
    assert is_on_step(number * step, step)
    assert not is_on_step((number + 0.5) * step, step)


@pytest.mark.parametrize("less", [0.0, 0.4, 1e-7])
def test_less_than_a_step_is_on_none(less):
    assert not is_on_step(less, 1.0)


def test_what_no_float_can_tell_from_its_neighbour_is_taken_as_it_is():
    assert is_on_step(1e300, 1e-300)
