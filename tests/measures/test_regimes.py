import dataclasses
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from risk.measures.regimes import (
    DAILY,
    HOURLY,
    REGIMES,
    UNKNOWN,
    RegimeParameters,
    RegimeState,
    next_probabilities,
    regime_path,
    regime_start,
    regime_update,
)
from tests.oracles.regimes import levels_by_the_book, probabilities_by_all_courses

CALM, NORMAL, STRESSED = range(3)
QUICK = dataclasses.replace(DAILY, start_bars=5)
gappy = hnp.arrays(
    np.float64,
    st.integers(0, 80),
    elements=st.one_of(st.just(math.nan), st.floats(-0.9, 2.0)),
)


def invented(parameters=DAILY, bars=4000, seed=1, level=0.03):
    """Returns of the filter's own process, with the states that made them."""
    rng = np.random.default_rng(seed)
    states = [NORMAL]
    for _ in range(bars - 1):
        states.append(rng.choice(3, p=parameters.rows[states[-1]]))
    states = np.array(states)
    shocks = rng.standard_t(5, bars) * math.sqrt(3.0 / 5.0)
    return level * parameters.multipliers[states] * shocks, states


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_agrees_with_adding_up_every_course_of_states(seed):
    returns = 0.03 * np.random.default_rng(seed).standard_t(3, 11)
    levels = levels_by_the_book(returns, 0.995, 6.0, start_bars=5)

    found = regime_path(returns, QUICK)

    expected = probabilities_by_all_courses(
        returns[5:], levels[5:], QUICK.rows, QUICK.stationary, QUICK.multipliers
    )
    np.testing.assert_allclose(found.state.probabilities, expected, rtol=1e-9)


@given(gappy)
def test_bar_by_bar_is_the_same_as_all_at_once(returns):
    path, state = regime_path(returns, QUICK), regime_start(QUICK)

    for t, value in enumerate(returns):
        state = regime_update(state, float(value), QUICK)
        assert state.regime == path.regime[t]
        if state.regime != UNKNOWN:
            np.testing.assert_array_equal(state.probabilities, path.probabilities[t])

    for left, right in zip(state, path.state, strict=True):
        np.testing.assert_array_equal(left, right)


@given(st.integers(0, 299), st.floats(-0.9, 2.0))
def test_a_return_changes_nothing_before_its_own_bar(t, value):
    returns, _ = invented(bars=300)
    moved = returns.copy()
    moved[t] = value

    before, after = regime_path(returns), regime_path(moved)

    np.testing.assert_array_equal(after.probabilities[:t], before.probabilities[:t])
    np.testing.assert_array_equal(after.regime[:t], before.regime[:t])


def test_what_is_expected_of_a_bar_does_not_know_its_return():
    returns, _ = invented(bars=200)
    before = regime_path(returns[:-1]).state

    expected = next_probabilities(before)
    surprised = regime_update(before, -0.5)

    np.testing.assert_array_equal(next_probabilities(before), expected)
    assert surprised.probabilities[STRESSED] > expected[STRESSED]


@given(gappy)
def test_probabilities_are_probabilities_and_known_after_the_start(returns):
    path = regime_path(returns, QUICK)

    known = path.regime != UNKNOWN
    seen = np.cumsum(~np.isnan(returns))
    np.testing.assert_allclose(path.probabilities[known].sum(axis=1), 1.0)
    assert (path.probabilities[known] >= 0.0).all()
    assert np.isnan(path.probabilities[~known]).all()
    assert known[seen > 5].all()
    assert not known[seen <= 5].any()


@given(st.floats(0.01, 100.0))
def test_the_size_of_returns_does_not_matter_but_their_changes_do(scale):
    returns, _ = invented(bars=200)

    scaled = regime_path(scale * returns)

    np.testing.assert_allclose(scaled.probabilities, regime_path(returns).probabilities, atol=1e-9)


def test_gains_and_losses_count_alike():
    returns, _ = invented(bars=300)

    np.testing.assert_array_equal(regime_path(-returns).regime, regime_path(returns).regime)


def test_a_larger_move_never_makes_calm_more_probable():
    state = regime_path(invented(bars=300)[0]).state
    moves = np.linspace(0.0, 0.5, 50)

    chances = np.array([regime_update(state, move).probabilities for move in moves])

    assert (np.diff(chances[:, CALM]) <= 1e-15).all()
    assert (np.diff(chances[:, STRESSED]) >= -1e-15).all()


@pytest.mark.parametrize("parameters", [DAILY, HOURLY], ids=["daily", "hourly"])
def test_a_regime_lasts_its_time_before_a_calmer_one_and_a_worse_one_never_waits(parameters):
    returns, _ = invented(parameters, bars=6000)
    path, dwell = regime_path(returns, parameters), 0

    eased = worsened = 0
    for t in range(parameters.start_bars, len(returns)):
        before, after = path.regime[t - 1], path.regime[t]
        if before == UNKNOWN:
            dwell = 1
            continue
        worse = path.probabilities[t, before + 1 :].sum()
        if worse >= parameters.enter:
            assert after > before
            worsened += 1
        elif after < before:
            assert dwell >= parameters.least_dwell
            assert path.probabilities[t, :before].sum() >= parameters.leave
            eased += 1
        else:
            assert after == before
        dwell = dwell + 1 if after == before else 1
    assert eased > 5
    assert worsened > 5
    assert path.state.dwell == dwell


def test_a_storm_is_named_while_it_blows_and_not_long_after():
    usual, storm, quiet = (np.tile([size, -size], 20) for size in (0.03, 0.15, 0.003))
    path = regime_path(np.concatenate((usual, usual, storm[:8], usual, quiet)))

    assert (path.regime[60:80] == NORMAL).all()
    assert (path.regime[81:88] == STRESSED).all()
    assert path.regime[100] == NORMAL
    assert path.regime[-1] == CALM


def test_probabilities_mean_what_they_say_on_the_process_they_assume():
    """Of the bars given 70 to 90 % of a state, about that share was in it."""
    returns, states = invented(bars=12_000)
    chances = regime_path(returns).probabilities[500:]

    for regime in range(3):
        sure = (chances[:, regime] > 0.7) & (chances[:, regime] < 0.9)
        share = (states[500:][sure] == regime).mean()
        assert sure.sum() > 30
        assert share == pytest.approx(chances[sure, regime].mean(), abs=0.08)
    assert (states[500:] == chances.argmax(axis=1)).mean() > 0.6


def test_one_bad_print_does_not_teach_the_level():
    state = regime_path(invented(bars=300)[0]).state

    six = regime_update(state, 6.0 * math.sqrt(state.level))
    bad = regime_update(state, 1e6)

    assert bad.level == pytest.approx(six.level)
    assert np.isfinite(bad.probabilities).all()


def test_a_bar_without_a_return_lets_time_pass():
    state = regime_path(invented(bars=300)[0]).state

    after = regime_update(state, math.nan)

    np.testing.assert_array_equal(after.probabilities, next_probabilities(state))
    assert after.regime == state.regime
    assert after.dwell == state.dwell + 1
    assert (after.level, after.observed) == (state.level, state.observed)


def test_a_long_silence_ends_in_what_is_usual():
    state = regime_path(invented(bars=300)[0]).state

    for _ in range(200):
        state = regime_update(state, math.nan)

    np.testing.assert_allclose(state.probabilities, DAILY.stationary, atol=1e-9)


def test_a_price_that_stands_still_is_calm_and_divides_by_nothing():
    path = regime_path(np.zeros(100))

    assert (path.regime[60:] == CALM).all()
    assert regime_update(path.state, 0.01).probabilities[STRESSED] > 0.1


def test_taking_in_a_bar_leaves_the_old_state_alone():
    state = regime_path(invented(bars=300)[0]).state
    kept = tuple(state)

    regime_update(state, 0.2)

    assert state == kept


def test_the_state_can_be_stored_and_read_again():
    state = regime_path(invented(bars=100)[0]).state

    stored = msgspec.msgpack.encode(state)

    assert msgspec.msgpack.decode(stored, type=RegimeState) == state


def test_the_long_run_level_is_the_average_over_all_states():
    for parameters in (DAILY, HOURLY):
        shares = parameters.stationary
        np.testing.assert_allclose(shares @ parameters.rows, shares, atol=1e-12)
        assert shares @ parameters.multipliers**2 == pytest.approx(1.0)
    np.testing.assert_allclose(np.linalg.matrix_power(HOURLY.rows, 24), DAILY.rows)
    assert len(REGIMES) == 3


def test_after_an_absurd_return_probabilities_are_probabilities_and_regimes_go_on():
    returns, _ = invented(bars=400)
    returns[300] = 1e150
    found = regime_path(returns)

    np.testing.assert_allclose(found.probabilities[100:].sum(axis=1), 1.0)
    assert found.probabilities[300].argmax() == REGIMES.index("stressed")
    assert set(found.regime[320:].tolist()) != {2}


@pytest.mark.parametrize("bad", [math.inf, -math.inf, 1e160])
def test_refuses_an_infinite_return_or_one_whose_square_is(bad):
    with pytest.raises(ValueError, match="infinite"):
        regime_update(regime_start(), bad)
    with pytest.raises(ValueError, match="infinite"):
        regime_path(np.array([0.01, bad]))


def test_refuses_a_table():
    with pytest.raises(ValueError, match="one market's"):
        regime_path(np.zeros((10, 2)))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"transition": ((0.9, 0.1), (0.1, 0.9))}, "transition"),
        ({"transition": ((0.9, 0.1, 0.1), (0.1, 0.8, 0.1), (0.0, 0.1, 0.9))}, "transition"),
        ({"transition": ((1.1, -0.1, 0.0), (0.1, 0.8, 0.1), (0.0, 0.1, 0.9))}, "transition"),
        ({"deviations": (0.4, 0.4, 1.0)}, "deviations"),
        ({"deviations": (0.0, 0.4, 1.0)}, "deviations"),
        ({"deviations": (0.1, 0.4, math.nan)}, "deviations"),
        ({"level_decay": 1.0}, "level_decay"),
        ({"winsor": 0.0}, "winsor"),
        ({"start_bars": 0}, "start_bars"),
        ({"enter": 0.4, "leave": 0.6}, "enter and leave"),
        ({"enter": math.nan}, "enter and leave"),
        ({"leave": 1.0}, "enter and leave"),
        ({"least_dwell": 0}, "least_dwell"),
    ],
)
def test_refuses_parameters_that_mean_nothing(wrong, named):
    with pytest.raises(ValueError, match=named):
        dataclasses.replace(DAILY, **wrong)


def test_parameters_of_ones_own_are_used():
    sticky = RegimeParameters(((0.99, 0.01, 0.0), (0.01, 0.98, 0.01), (0.0, 0.01, 0.99)))

    assert sticky.stationary == pytest.approx([1 / 3, 1 / 3, 1 / 3])
