import math

import numpy as np
import pytest

from risk.measures.bootstrap import block_bootstrap_error


def rng():
    return np.random.default_rng(3)


def test_the_error_of_a_mean_of_independent_values_is_the_textbooks():
    values = rng().standard_normal(400)

    error = block_bootstrap_error(lambda x: float(x.mean()), values, rng(), resamples=2000)

    assert error == pytest.approx(values.std() / 20.0, rel=0.1)


def test_blocks_keep_what_neighbours_have_in_common():
    """An average over ten makes neighbours alike, which one by one is lost."""
    values = np.convolve(rng().standard_normal(2009), np.full(10, 0.1), mode="valid")

    errors = [
        block_bootstrap_error(lambda x: float(x.mean()), values, rng(), block=block)
        for block in (1, 100)
    ]

    assert errors[1] > 2.0 * errors[0]
    assert errors[1] == pytest.approx(1.0 / math.sqrt(2000), rel=0.3)


def test_resamples_consist_of_runs_of_the_series_around_its_end():
    seen = []

    def look(sample):
        seen.append(sample.copy())
        return float(sample[0])

    block_bootstrap_error(look, np.arange(12.0), rng(), block=4, resamples=50)

    for sample in seen:
        steps = np.diff(sample.reshape(3, 4), axis=1) % 12
        assert (steps == 1).all()
    assert any(11.0 in row[:-1] for sample in seen for row in sample.reshape(3, 4))


def test_a_block_as_long_as_the_series_only_turns_it():
    error = block_bootstrap_error(lambda x: float(x.mean()), np.arange(50.0), rng(), block=50)

    assert error == pytest.approx(0.0, abs=1e-12)


def test_resamples_without_the_figure_do_not_count_while_they_are_rare():
    def rarely_missing(sample):
        return math.nan if sample[0] == 0.0 else float(sample.mean())

    assert block_bootstrap_error(rarely_missing, np.arange(100.0), rng()) > 0.0


@pytest.mark.parametrize("block", [0, 51, -1])
def test_refuses_blocks_that_do_not_fit(block):
    with pytest.raises(ValueError, match="block must lie between 1 and 50"):
        block_bootstrap_error(lambda x: 1.0, np.arange(50.0), rng(), block=block)


def test_refuses_to_tell_an_error_from_one_resample_or_from_gaps():
    with pytest.raises(ValueError, match="resamples must be 2 or more"):
        block_bootstrap_error(lambda x: 1.0, np.arange(50.0), rng(), resamples=1)
    with pytest.raises(ValueError, match="NaN or infinity"):
        block_bootstrap_error(lambda x: 1.0, np.array([1.0, math.nan]), rng())
    with pytest.raises(ValueError, match="exists in 0 of 500 resamples"):
        block_bootstrap_error(lambda x: math.nan, np.arange(50.0), rng())
