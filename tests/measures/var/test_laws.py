"""Laws that every registered model obeys, and which of them some cannot.

The functional of plain history obeys more of them, on a fixed vector: see ``test_tail.py``.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.measures.tail import historical_var_es, pareto_var_es
from risk.measures.var import VAR_MODELS
from risk.measures.var.base import untracked_each
from risk.measures.var.filtered_evt import FilteredEvt
from risk.measures.var.most_conservative import MostConservative
from tests.measures.var.series import LEVELS, after, market, walked

pytestmark = pytest.mark.usefixtures("remembered_fits")

every_model = pytest.mark.parametrize("model", VAR_MODELS.values(), ids=VAR_MODELS.keys())

#: The filter reacts more to falls, and the Pareto tail says nothing of the other end.
ONE_SIDED = {"filtered_evt", "filtered_historical", "garch"}
#: The largest of several gains is not the smallest of several losses.
MAXIMA = {"most_conservative"}
#: Enough for every model, and not enough to fill every window.
lengths = st.integers(121, 520)
two_sided = pytest.mark.parametrize("name", sorted(set(VAR_MODELS) - ONE_SIDED - MAXIMA))


@every_model
@given(
    bar=st.integers(0, 249),
    value=st.one_of(st.floats(-0.9, 3.0), st.just(math.nan)),
    seed=st.integers(0, 5),
)
@settings(max_examples=25)
def test_no_return_changes_a_forecast_made_before_it_was_known(model, bar, value, seed):
    returns = market(seed, bars=250)
    changed = returns.copy()
    changed[bar] = value

    before, then = model.path(returns, LEVELS), model.path(changed, LEVELS)

    np.testing.assert_array_equal(then.var[: bar + 1], before.var[: bar + 1])
    np.testing.assert_array_equal(then.es[: bar + 1], before.es[: bar + 1])


@every_model
@pytest.mark.parametrize("bars", [121, 129, 200, 333, 519])
def test_ninety_percent_is_served_whatever_the_length_of_the_history(model, bars):
    returns = market(bars=bars, holes=0.0)
    path = model.path(returns, (0.9,))

    assert path.forecast[120:].all()
    np.testing.assert_allclose(
        walked(model, returns, (0.9,))[0][120:], path.var[120:], rtol=1e-9, atol=1e-12
    )
    assert np.isfinite(model.untracked(returns, (0.9,))).all()


@every_model
@given(
    data=lengths.flatmap(lambda n: st.lists(st.integers(-300, 500), min_size=n, max_size=n)),
    levels=st.lists(st.integers(900, 999), min_size=1, max_size=4, unique=True),
)
@settings(max_examples=25)
def test_whatever_happened_figures_are_finite_and_in_order(model, data, levels):
    rising = np.sort(levels) / 1000.0
    var, es = model.untracked(np.array(data) / 1000.0, rising)

    assert np.isfinite(var).all()
    assert np.isfinite(es).all()
    assert (es >= var).all()
    slack = 1e-12 * np.abs(es).max(initial=1.0)
    assert (np.diff(var) >= -slack).all()
    assert (np.diff(es) >= -slack).all()


@two_sided
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_the_long_gains_at_one_end_the_short_loses_at_the_other(name, seed):
    model, returns = VAR_MODELS[name], market(seed)
    long, short = (
        model.path(returns, (0.01, 0.05, 0.5, 0.95)),
        model.path(-returns, (0.05, 0.5, 0.95, 0.99)),
    )

    np.testing.assert_allclose(short.var, -long.var[:, ::-1], rtol=1e-9, atol=1e-12)


@two_sided
def test_both_ends_of_a_distribution_average_to_its_mean(name):
    """Acerbi and Tasche (2002): the tails above and below a level make up the whole."""
    model, returns = VAR_MODELS[name], market(seed=1)
    levels = np.array([0.05, 0.3, 0.7, 0.95])
    long, short = model.path(returns, levels), model.path(-returns, levels)
    mean = (1.0 - levels) * long.es - levels * short.es[:, ::-1]

    np.testing.assert_allclose(mean, mean[:, :1] + np.zeros(4), rtol=1e-6, atol=1e-9)


def test_filtered_history_mirrors_with_its_shocks_at_a_given_deviation():
    model = VAR_MODELS["filtered_historical"]
    state = after(model, market(seed=1), (0.01, 0.05, 0.95, 0.99))
    mirrored = state._replace(residuals=-state.residuals)

    np.testing.assert_allclose(
        model.forecast(mirrored)[0], -model.forecast(state)[0][::-1], rtol=1e-12
    )


@pytest.mark.parametrize("name", ["filtered_evt", "filtered_historical"])
def test_the_filtered_models_fear_a_fall_more_than_a_rise(name):
    returns = market(seed=1, holes=0.0)
    fallen, risen = (np.append(returns, move) for move in (-0.12, 0.12))

    fell, rose = (VAR_MODELS[name].untracked(history, LEVELS)[0] for history in (fallen, risen))

    assert (fell > rose).all()


@every_model
def test_many_histories_at_once_are_each_alone(model):
    histories = [market(seed, bars) for seed, bars in ((1, 700), (2, 90), (3, 250), (4, 0))]
    each = untracked_each(model, histories, LEVELS)

    assert each.forecast.tolist() == [True, False, True, False]
    for row in (0, 2):
        var, es = model.untracked(histories[row], LEVELS)
        np.testing.assert_allclose(each.var[row], var, rtol=1e-12)
        np.testing.assert_allclose(each.es[row], es, rtol=1e-12)
    assert not untracked_each(model, [np.empty(0)], LEVELS).forecast.any()


# --- what a fitted tail does not obey ---------------------------------------------------------


def tail_of(losses):
    return pareto_var_es(losses, LEVELS, exceedances=20)


def drawn(seed):
    rng = np.random.default_rng(seed)
    return rng.standard_t(3, 200), rng.standard_t(3, 200)


def test_a_fitted_tail_can_shrink_where_a_loss_grows():
    """A loss well inside the tail makes its end look shorter. Plain history never does this."""
    losses, _ = drawn(953)
    larger = losses.copy()
    larger[np.argsort(losses)[-20]] += 0.5

    assert (larger >= losses).all()
    assert tail_of(larger)[1][-1] < tail_of(losses)[1][-1]
    assert (historical_var_es(larger, LEVELS)[1] >= historical_var_es(losses, LEVELS)[1]).all()


def test_two_books_together_can_have_more_of_a_fitted_tail_than_apart():
    """By 1 % here. Plain history's expected shortfall never does this."""
    one, other = drawn(997)
    together, apart = tail_of(one + other)[1], tail_of(one)[1] + tail_of(other)[1]
    plain = historical_var_es(one + other, LEVELS)[1]

    assert together[-1] > 1.01 * apart[-1]
    assert (plain <= historical_var_es(one, LEVELS)[1] + historical_var_es(other, LEVELS)[1]).all()


# --- bad input -------------------------------------------------------------------------------


@every_model
@pytest.mark.parametrize("infinite", [math.inf, -math.inf])
def test_refuses_an_infinite_return(model, infinite):
    returns = np.append(market(bars=150), infinite)
    with pytest.raises(ValueError, match="infinit"):
        model.update(after(model, returns[:-1]), infinite)
    with pytest.raises(ValueError, match="infinit"):
        model.path(returns, LEVELS)
    with pytest.raises(ValueError, match="infinit"):
        model.untracked(returns, LEVELS)


@every_model
@pytest.mark.parametrize("bar", [0, 19, 20, 300, 699])
def test_refuses_an_infinite_return_however_long_ago(model, bar):
    returns = market()
    returns[bar] = math.inf
    for refusing in (
        lambda: model.path(returns, LEVELS),
        lambda: model.untracked(returns, LEVELS),
        lambda: untracked_each(model, [market(), returns], LEVELS),
    ):
        with pytest.raises(ValueError, match="infinit"):
            refusing()


@every_model
@pytest.mark.parametrize(
    "levels", [(), (0.0,), (1.0,), (1.01,), (-0.1,), (math.nan,), (0.9, 0.9), (0.95, math.nan)]
)
def test_refuses_a_level_that_is_none(model, levels):
    for refusing in (
        lambda: model.start(levels),
        lambda: model.path(market(bars=150), levels),
        lambda: model.untracked(market(bars=150), levels),
        lambda: untracked_each(model, [market(bars=150)], levels),
    ):
        with pytest.raises(ValueError, match="levels must rise within"):
            refusing()


@every_model
def test_a_level_too_low_for_a_model_is_refused_in_its_name_before_any_figure(model):
    lowest, returns = model.lowest_level, market(bars=300)
    if lowest:
        levels = (lowest - 1e-3, 0.95)
        for refusing in (
            lambda: model.start(levels),
            lambda: model.path(returns, levels),
            lambda: model.untracked(returns, levels),
            lambda: untracked_each(model, [returns], levels),
            lambda: untracked_each(model, [returns[:30]], levels),
        ):
            with pytest.raises(ValueError, match=f"{model.name} forecasts levels of {lowest} and"):
                refusing()
    served = (lowest or 0.01, 0.95)
    assert np.isfinite(model.forecast(after(model, returns, served))).all()
    assert np.isfinite(model.untracked(returns, served)).all()


def test_the_more_a_window_holds_the_less_of_it_the_tail_is():
    returns = market(bars=1500, holes=0.0)
    model = FilteredEvt("long", window=1000)

    assert model.lowest_level == 0.95
    assert np.isfinite(model.untracked(returns, (0.95,))).all()
    with pytest.raises(ValueError, match=r"long forecasts levels of 0\.95 and above, got 0\.94"):
        model.start((0.94,))


def test_the_largest_of_several_figures_exists_where_each_of_them_does():
    members = VAR_MODELS["historical_250"], VAR_MODELS["filtered_evt"]
    model = MostConservative("largest", members)

    with pytest.raises(ValueError, match=r"largest forecasts levels of 0\.9 and above, got 0\.8"):
        model.path(market(), (0.8,))


@every_model
@pytest.mark.parametrize("constant", [0.01, -0.01])
def test_a_series_that_always_does_the_same_will_do_it_again(model, constant):
    """Nearly so where it takes falls for news; where it takes the mean for zero, not at all."""
    figures = np.array(model.untracked(np.full(150, constant), LEVELS))

    if model.name == "ewma_normal":
        assert (figures > abs(constant)).all()
    else:
        rounding = 0.15 if model.name in ONE_SIDED else 1e-9
        np.testing.assert_allclose(figures, -constant, rtol=rounding)


def test_models_are_told_apart_by_their_titles():
    titles = [model.title for model in VAR_MODELS.values()]

    assert len(set(titles)) == len(titles)
    assert all(model.how and len(model.title) <= 25 for model in VAR_MODELS.values())
