"""The largest of several models."""

import numpy as np
import pytest

from risk.errors import InsufficientData
from risk.measures.var import VAR_MODELS
from risk.measures.var.filtered_evt import FilteredEvt
from risk.measures.var.historical import Historical
from risk.measures.var.most_conservative import MostConservative
from tests.measures.var.series import LEVELS, market, walked

MEMBERS = ("historical_250", "parametric_normal", "monte_carlo_gaussian")


def test_the_registered_one_is_the_largest_of_history_formula_and_simulation():
    returns = market(seed=6)
    path = VAR_MODELS["most_conservative"].path(returns, LEVELS)
    each = [VAR_MODELS[name].path(returns, LEVELS) for name in MEMBERS]

    np.testing.assert_array_equal(path.var, np.maximum.reduce([one.var for one in each]))
    np.testing.assert_array_equal(path.es, np.maximum.reduce([one.es for one in each]))
    assert [member.name for member in VAR_MODELS["most_conservative"].members] == list(MEMBERS)


def test_each_of_the_first_two_is_the_largest_at_some_time():
    returns = market(seed=6, holes=0.0)
    path = VAR_MODELS["most_conservative"].path(returns, LEVELS)
    for name in MEMBERS[:2]:
        own = VAR_MODELS[name].path(returns, LEVELS)
        assert (own.var == path.var)[path.forecast].any()


def test_waits_for_its_slowest_member_and_says_so_in_its_own_name():
    """Filtered history needs 20 returns more."""
    slow = MostConservative(
        "both", members=(VAR_MODELS["historical_250"], VAR_MODELS["filtered_historical"])
    )
    returns = market(holes=0.0, bars=130)

    assert np.argmax(slow.path(returns, LEVELS).forecast) == 120
    with pytest.raises(InsufficientData, match="both needs 100 or more observations, got 85"):
        slow.untracked(returns[:105], LEVELS)


def test_a_member_that_learns_from_exceptions_learns_here_too():
    learning = FilteredEvt("learning", window=500)
    both = MostConservative("both", members=(learning, Historical("plain", window=250)))
    returns = market(seed=3)
    path, alone = both.path(returns, LEVELS), learning.path(returns, LEVELS)
    var, es = walked(both, returns)

    assert both.tracks
    assert (path.var >= alone.var)[path.forecast].all()
    np.testing.assert_allclose(path.var, var, rtol=1e-12)
    np.testing.assert_allclose(path.es, es, rtol=1e-12)


def test_the_most_conservative_of_no_models_is_refused():
    with pytest.raises(ValueError, match="of no models is nothing"):
        MostConservative("none", members=())
