"""The fitted model; all of its laws are those of every registered model."""

import math

import numpy as np
import pytest

from risk.errors import ExtraMissing
from risk.measures.tail import pareto_var_es
from risk.measures.var import VAR_MODELS, garch
from risk.measures.var.garch import FITTED_FROM, Garch, GarchParameters, fitted
from risk.measures.volatility import DEFAULT_GJR
from tests.measures.var.series import LEVELS, after, market


def test_without_its_package_it_is_refused_by_the_name_of_the_extra(monkeypatch):
    monkeypatch.setattr(garch, "find_spec", lambda _name: None)
    with pytest.raises(ExtraMissing, match=r"garch needs the package arch.*seawall\[models\]"):
        Garch("garch", window=1000)


def test_is_registered_where_its_package_is():
    assert ("garch" in VAR_MODELS) == garch.is_available()


def test_with_little_to_fit_the_fixed_weights_stand_in():
    for few in (market(bars=FITTED_FROM - 1, holes=0.0), np.zeros(400)):
        found, by_likelihood = fitted(few)

        assert not by_likelihood
        assert found[1:] == (DEFAULT_GJR.a, DEFAULT_GJR.gamma, DEFAULT_GJR.b)
        assert found.omega == pytest.approx((1 - DEFAULT_GJR.persistence) * np.mean(few**2))


def test_where_the_search_does_not_converge_the_fixed_weights_stand_in(monkeypatch):
    monkeypatch.setattr(garch, "_by_likelihood", lambda _standardised: None)

    found, by_likelihood = fitted(market(bars=400, holes=0.0))

    assert found.beta == DEFAULT_GJR.b
    assert not by_likelihood


def test_the_variance_follows_its_recursion():
    returns, parameters = market(bars=120, holes=0.0), GarchParameters(1e-5, 0.05, 0.08, 0.85)
    variance = np.mean(returns**2)
    for value, residual in zip(returns, garch._filter(returns, *parameters)[1], strict=True):
        assert residual == pytest.approx(value / math.sqrt(variance))
        reaction = 0.05 + 0.08 * (value < 0.0)
        variance = 1e-5 + reaction * value**2 + 0.85 * variance

    assert garch._filter(returns, *parameters)[0] == pytest.approx(variance)


class TestFitted:
    """Where the package is installed."""

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("arch")

    def test_finds_the_parameters_that_a_long_market_was_made_with(self):
        found = fitted(market(seed=1, bars=8000, holes=0.0)).parameters

        assert found.alpha == pytest.approx(0.05, abs=0.02)
        assert found.gamma == pytest.approx(0.05, abs=0.03)
        assert found.beta == pytest.approx(0.90, abs=0.03)

    def test_a_series_and_its_double_have_the_same_weights(self):
        returns = market(bars=300, holes=0.0)
        once, twice = fitted(returns).parameters, fitted(1.7 * returns).parameters

        assert twice[1:] == once[1:]
        assert twice.omega == pytest.approx(1.7**2 * once.omega, rel=1e-9)

    def test_parameters_are_fitted_anew_after_twenty_returns_and_not_before(self):
        model, returns = VAR_MODELS["garch"], market(bars=322, holes=0.0)
        state, changes = model.start(LEVELS), []
        for t, value in enumerate(returns, start=1):
            before, state = state.parameters, model.update(state, value)
            if state.parameters != before:
                changes.append(t)

        assert changes == list(range(100, 322, 20))

    def test_a_state_says_whether_a_likelihood_chose_its_parameters(self, monkeypatch):
        model, returns = VAR_MODELS["garch"], market(bars=281, holes=0.0)
        young, grown = after(model, returns[:245]), after(model, returns[:265])
        monkeypatch.setattr(garch, "_by_likelihood", lambda _standardised: None)
        lost = after(model, returns[:265])

        assert (young.by_likelihood, grown.by_likelihood, lost.by_likelihood) == (
            False, True, False,
        )  # fmt: skip

    def test_the_tail_is_that_of_its_residuals_at_the_forecast_deviation(self):
        state = after(VAR_MODELS["garch"], market(bars=330, holes=0.0))
        expected = pareto_var_es(-state.residuals * math.sqrt(state.variance), LEVELS)

        np.testing.assert_array_equal(VAR_MODELS["garch"].forecast(state), expected)

    def test_no_screen_waits_for_it(self):
        assert VAR_MODELS["garch"].costly
