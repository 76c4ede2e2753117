import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.errors import InsufficientData
from risk.measures.bar_volatility import (
    garman_klass_variance,
    mean_volatility,
    parkinson_variance,
    rogers_satchell_variance,
)
from risk.measures.returns import DAYS_PER_YEAR, HOURS_PER_YEAR

DEVIATION = 0.04
FULL = {"garman_klass": garman_klass_variance, "rogers_satchell": rogers_satchell_variance}
ALL = FULL | {"parkinson": lambda open_, high, low, close: parkinson_variance(high, low)}


def brownian_bars(seed=0, bars=40_000, drift=0.0, pieces=32):
    """Bars of a price seen at every moment.

    Within each piece the highest and the lowest point of a Brownian bridge are drawn from their
    exact laws; that they are drawn apart matters only if both extremes of a bar fall into one.
    """
    rng = np.random.default_rng(seed)
    deviation = DEVIATION / math.sqrt(pieces)
    steps = drift / pieces + deviation * rng.standard_normal((bars, pieces))
    ends = np.cumsum(steps, axis=1)
    starts = ends - steps
    half = (starts + ends) / 2.0

    def reach():
        return np.sqrt(steps**2 - 2.0 * deviation**2 * np.log(rng.random(steps.shape))) / 2.0

    high, low = (half + reach()).max(axis=1), (half - reach()).min(axis=1)
    opens = 100.0 * np.exp(rng.normal(0.0, 1.0, bars))
    return opens, opens * np.exp(high), opens * np.exp(low), opens * np.exp(ends[:, -1])


bars = st.tuples(
    st.floats(0.01, 1e5), st.floats(0.01, 1e5), st.floats(1.0, 2.0), st.floats(1.0, 2.0)
).map(lambda x: (x[0], max(x[:2]) * x[2], min(x[:2]) / x[3], x[1]))


@pytest.mark.parametrize("name", ALL)
def test_it_is_unbiased_for_a_price_without_drift(name):
    variance = ALL[name](*brownian_bars())

    assert variance.mean() == pytest.approx(DEVIATION**2, rel=0.015)


def test_only_rogers_and_satchell_bear_a_drift():
    opens, high, low, close = brownian_bars(drift=DEVIATION)

    assert rogers_satchell_variance(opens, high, low, close).mean() == pytest.approx(
        DEVIATION**2, rel=0.02
    )
    assert parkinson_variance(high, low).mean() > 1.2 * DEVIATION**2


@pytest.mark.parametrize(
    ("name", "efficiency"), [("parkinson", 4.9), ("garman_klass", 7.4), ("rogers_satchell", 6.0)]
)
def test_it_is_as_much_less_noisy_than_squared_returns_as_was_published(name, efficiency):
    opens, high, low, close = brownian_bars()

    squares = np.log(close / opens) ** 2
    found = squares.var() / ALL[name](opens, high, low, close).var()
    assert found == pytest.approx(efficiency, rel=0.1)


def test_a_bar_by_hand():
    bar = tuple(np.array([price]) for price in (100.0, 110.0, 95.0, 105.0))
    u, d, c = math.log(1.1), math.log(0.95), math.log(1.05)

    assert ALL["parkinson"](*bar)[0] == pytest.approx((u - d) ** 2 / 2.772588722)
    assert ALL["garman_klass"](*bar)[0] == pytest.approx((u - d) ** 2 / 2 - 0.386294361 * c**2)
    assert ALL["rogers_satchell"](*bar)[0] == pytest.approx(u * (u - c) + d * (d - c))


@pytest.mark.parametrize("name", ALL)
@given(bar=bars, scale=st.floats(0.001, 1000.0))
def test_it_is_not_negative_and_knows_no_unit_of_price(name, bar, scale):
    bar = tuple(np.array([price]) for price in bar)

    variance = ALL[name](*bar)[0]

    assert variance >= -1e-12
    scaled = ALL[name](*(scale * price for price in bar))[0]
    assert scaled == pytest.approx(variance, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", ALL)
@given(bar=bars)
def test_a_price_and_its_inverse_are_equally_volatile(name, bar):
    opens, high, low, close = (np.array([price]) for price in bar)

    upside_down = ALL[name](1.0 / opens, 1.0 / low, 1.0 / high, 1.0 / close)[0]

    variance = ALL[name](opens, high, low, close)[0]
    assert upside_down == pytest.approx(variance, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_a_price_that_stood_still_has_none(name):
    assert ALL[name](*(np.full(3, 100.0),) * 4).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("name", FULL)
@pytest.mark.parametrize("missing", range(4))
def test_a_bar_with_a_hole_is_unobserved_and_the_others_are_not(name, missing):
    bars = [price[:3].copy() for price in brownian_bars()]
    whole = FULL[name](*bars)
    bars[missing][1] = np.nan

    found = FULL[name](*bars)

    assert np.isnan(found[1])
    np.testing.assert_array_equal(found[[0, 2]], whole[[0, 2]])


def test_tables_of_several_assets_keep_their_shape():
    bars = [price[:6].reshape(3, 2) for price in brownian_bars()]

    for estimate in ALL.values():
        assert estimate(*bars).shape == (3, 2)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("bad", [0.0, -1.0, math.inf])
def test_refuses_a_price_that_is_none_by_name(name, bad):
    bars = [price[:3].copy() for price in brownian_bars()]
    bars[2][1] = bad

    with pytest.raises(ValueError, match="low must be positive and finite"):
        ALL[name](*bars)


@pytest.mark.parametrize("name", ALL)
def test_refuses_a_high_below_its_low_and_says_where(name):
    opens, high, low, close = (price[:3].copy() for price in brownian_bars())
    high[2], low[2] = low[2], high[2]

    with pytest.raises(ValueError, match="bar 2 has its high below its low"):
        ALL[name](opens, high, low, close)


@pytest.mark.parametrize("name", FULL)
def test_refuses_ends_outside_the_range(name):
    opens, high, low, close = (price[:4].reshape(2, 2) for price in brownian_bars())

    with pytest.raises(ValueError, match=r"bar \(0, 0\) has its high below its open or close"):
        FULL[name](opens, high, low, 2.0 * close)
    with pytest.raises(ValueError, match=r"bar \(0, 0\) has its low above its open or close"):
        FULL[name](0.5 * opens, high, low, close)


def test_of_a_jump_the_range_sees_a_part_and_rogers_and_satchell_nothing():
    jumped = tuple(np.array([price]) for price in (100.0, 110.0, 100.0, 110.0))

    seen = {name: ALL[name](*jumped)[0] / math.log(1.1) ** 2 for name in ALL}

    assert seen == pytest.approx(
        {"parkinson": 0.3607, "garman_klass": 0.1137, "rogers_satchell": 0}, abs=1e-4
    )


def test_refuses_prices_of_different_shapes():
    with pytest.raises(ValueError, match=r"high \(3,\), low \(2,\)"):
        parkinson_variance(np.ones(3), np.ones(2))


def test_a_year_has_365_days_of_24_hours():
    variances = np.array([0.0016, np.nan, 0.0016])

    assert mean_volatility(variances) == pytest.approx(0.04 * math.sqrt(365))
    assert mean_volatility(variances, DAYS_PER_YEAR) == mean_volatility(variances)
    assert mean_volatility(variances, HOURS_PER_YEAR) == pytest.approx(0.04 * math.sqrt(8760))


def test_a_mean_of_nothing_is_refused_by_name():
    with pytest.raises(InsufficientData, match="mean_volatility needs 1"):
        mean_volatility(np.array([math.nan]))


@pytest.mark.parametrize("bad", [-1e-9, math.inf])
def test_refuses_variances_that_are_none(bad):
    with pytest.raises(ValueError, match="finite and not negative"):
        mean_volatility(np.array([0.01, bad]))
