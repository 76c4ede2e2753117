import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from risk.errors import InsufficientData
from risk.measures.returns import (
    DAYS_PER_YEAR,
    HOURS_PER_YEAR,
    annualised_volatility,
    compound,
    simple_returns,
)

prices = hnp.arrays(np.float64, st.integers(2, 40), elements=st.floats(1.0, 1e4))


@given(prices)
def test_returns_compound_to_the_whole_move(series):
    whole = series[-1] / series[0] - 1.0

    assert compound(simple_returns(series)) == pytest.approx(whole, rel=1e-9, abs=1e-7)


@given(prices, st.floats(1e-3, 1e3))
def test_the_currency_does_not_matter(series, rate):
    assert simple_returns(series * rate) == pytest.approx(
        simple_returns(series), rel=1e-9, abs=1e-9
    )


def test_a_return_exists_only_where_both_neighbours_were_observed():
    series = np.array([100.0, np.nan, 120.0, 132.0, np.nan, np.nan, 99.0])

    returns = simple_returns(series)

    assert np.isnan(returns[[0, 1, 3, 4, 5]]).all()
    assert returns[2] == pytest.approx(0.1)


def test_assets_are_columns_of_their_own():
    table = np.array([[100.0, 10.0], [110.0, np.nan], [99.0, 20.0]])

    returns = simple_returns(table)

    assert returns[:, 0] == pytest.approx([0.1, -0.1])
    assert np.isnan(returns[:, 1]).all()


def test_simple_returns_add_up_across_a_book():
    """Why they are not logarithmic."""
    table = np.array([[100.0, 50.0], [80.0, 60.0]])
    quantity = np.array([3.0, 4.0])
    value = table @ quantity
    weights = table[0] * quantity / value[0]

    assert simple_returns(table)[0] @ weights == pytest.approx(value[1] / value[0] - 1.0)


@pytest.mark.parametrize("bad", [0.0, -5.0, math.inf, -math.inf])
def test_refuses_a_price_that_is_none(bad):
    with pytest.raises(ValueError, match="positive and finite"):
        simple_returns(np.array([100.0, bad, 100.0]))


def test_refuses_a_single_price():
    with pytest.raises(InsufficientData, match="2 or more observations, got 1"):
        simple_returns(np.array([100.0]))


def test_no_return_compounds_to_nothing():
    assert compound(np.array([])) == 0.0


def test_losing_everything_cannot_be_made_good():
    assert compound(np.array([0.5, -1.0, 10.0])) == -1.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.01])
def test_refuses_to_compound_what_cannot_happen(bad):
    with pytest.raises(ValueError, match="at least -1"):
        compound(np.array([0.1, bad]))


def test_a_year_has_365_days_and_8760_hours():
    assert annualised_volatility(1.0, DAYS_PER_YEAR) == pytest.approx(math.sqrt(365))
    assert annualised_volatility(1.0, HOURS_PER_YEAR) == pytest.approx(math.sqrt(8760))


@pytest.mark.parametrize(
    ("volatility", "periods"),
    [(-0.1, 365), (math.nan, 365), (math.inf, 365), (0.1, 0), (0.1, math.nan)],
)
def test_refuses_to_annualise_nonsense(volatility, periods):
    with pytest.raises(ValueError, match="must be"):
        annualised_volatility(volatility, periods)
