import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.measures import book_sizing
from risk.measures.book_sizing import DEFAULT_RULES, SizingRules, size_book
from risk.measures.equal_risk import equal_risk_weights, risk_contributions
from risk.measures.sizing import position_size

STEPS = [
    "volatility",
    "book volatility",
    "risk cap",
    "liquidity and maximum",
    "risk cap again",
    "book volatility again",
    "de-risking",
]
seeds = st.integers(0, 2**32 - 1)

#: Rules of which none but the first binds.
ROOMY = SizingRules(book_volatility=10.0, risk_cap="none", max_position=1.0)


def alike(assets, rho=0.6):
    correlation = np.full((assets, assets), rho)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def market(seed, assets=4, common=1.0):
    """Sides, volatilities and correlation of some book."""
    rng = np.random.default_rng(seed)
    moves = rng.standard_normal((40, assets)) + common * rng.standard_normal((40, 1))
    sides = rng.choice([-1.0, 0.0, 0.5, 1.0], assets)
    return sides, np.exp(rng.normal(-3.3, 0.5, assets)), np.corrcoef(moves.T)


def covariance_of(volatilities, correlation):
    floored = np.maximum(volatilities, DEFAULT_RULES.volatility_floor)
    return correlation * np.outer(floored, floored)


@given(st.floats(1.0, 1e9), st.floats(0.011, 0.5))
def test_one_position_with_room_for_the_rest_is_the_plain_formula(equity, volatility):
    found = size_book(equity, np.ones(1), np.array([volatility]), np.eye(1), rules=ROOMY)

    plain = position_size(
        equity, volatility, risk_per_trade=0.007, stop_deviations=2.5, max_position=1.0
    )
    assert found.sizes[0] == pytest.approx(plain, rel=1e-12)


@given(seeds, st.sampled_from(["component", "equal_risk", "none"]), st.floats(0.0, 0.5))
def test_every_step_only_shrinks_and_keeps_the_side(seed, cap, drawdown):
    sides, volatilities, correlation = market(seed)
    found = size_book(
        1e5,
        sides,
        volatilities,
        correlation,
        rules=SizingRules(risk_cap=cap),
        expected_returns=0.002 * np.sign(sides),
        traded_values=np.full(4, 5e5),
        drawdown=drawdown,
    )

    assert [step.name for step in found.steps] == [*STEPS[:3], "kelly", *STEPS[3:]]
    for before, after in zip(found.steps, found.steps[1:], strict=False):
        np.testing.assert_array_less(np.abs(after.weights), np.abs(before.weights) + 1e-15)
        assert (np.sign(after.weights) * np.sign(before.weights) >= 0.0).all()
        np.testing.assert_array_equal(after.shrunk, np.abs(after.weights) < np.abs(before.weights))
        assert bool(after.reason) == after.shrunk.any() or not after.weights.any()
    np.testing.assert_array_equal(found.weights, found.steps[-1].weights)
    np.testing.assert_allclose(found.sizes, 1e5 * found.weights)


@given(seeds)
def test_each_step_tells_the_deviation_that_it_left(seed):
    sides, volatilities, correlation = market(seed)
    matrix = covariance_of(volatilities, correlation)

    for step in size_book(1e5, sides, volatilities, correlation).steps:
        expected = math.sqrt(step.weights @ matrix @ step.weights)
        assert step.deviation == pytest.approx(expected, abs=1e-12)


def test_twelve_small_risks_are_no_small_risk_until_the_book_has_its_target():
    found = size_book(
        1e5,
        np.ones(12),
        np.full(12, 0.04),
        alike(12, 0.67),
        rules=SizingRules(risk_per_trade=0.01, stop_deviations=2.0),
    )

    alone, together = found.steps[:2]
    assert alone.deviation == pytest.approx(0.005 * math.sqrt(12 + 132 * 0.67))
    assert alone.deviation > 0.049
    assert together.deviation == pytest.approx(DEFAULT_RULES.book_volatility)
    assert together.reason == "the book's deviation was 5.01% a day"


def capped_book(seed, rules):
    """A sized book of good hedges that later caps open here and there, and its covariance."""
    sides, volatilities, correlation = market(seed, common=4.0)
    rng = np.random.default_rng(seed)
    found = size_book(
        1e5,
        sides,
        volatilities,
        correlation,
        rules=rules,
        expected_returns=rng.normal(0.0, 0.002, 4) if seed % 2 else None,
        traded_values=1e5 * np.exp(rng.normal(3.0, 2.0, 4)),
    )
    return found, covariance_of(volatilities, correlation)


@given(seeds, st.sampled_from(["component", "equal_risk", "none"]))
def test_the_book_never_has_more_than_its_target_whatever_was_capped(seed, cap):
    found, _ = capped_book(seed, SizingRules(risk_per_trade=0.1, risk_cap=cap))

    for step in (found.steps[1], found.steps[-1]):
        assert step.deviation <= DEFAULT_RULES.book_volatility * (1.0 + 1e-12)


@given(seeds, st.floats(0.05, 1.0))
def test_no_asset_brings_more_than_its_share_of_the_target_whatever_was_capped(seed, share):
    found, covariance = capped_book(seed, SizingRules(risk_per_trade=0.1, risk_share=share))

    for step in (found.steps[2], found.steps[-1]):
        parts = risk_contributions(step.weights, covariance)
        assert parts.max() <= share * DEFAULT_RULES.book_volatility * (1.0 + 1e-9)


def test_a_hedge_that_its_market_opens_is_closed_by_shrinking_the_rest():
    found = size_book(
        1e6,
        np.array([1.0, -1.0]),
        np.full(2, 0.04),
        alike(2, 0.95),
        rules=SizingRules(risk_per_trade=0.1, max_position=1.0),
        traded_values=np.array([1e12, 1e5]),
    )

    by_name = {step.name: step for step in found.steps}
    assert by_name["book volatility"].deviation <= DEFAULT_RULES.book_volatility * (1 + 1e-12)
    opened = by_name["liquidity and maximum"].deviation
    assert opened > 2.0 * DEFAULT_RULES.book_volatility
    assert by_name["risk cap again"].reason == "component"
    assert found.steps[-1].deviation <= DEFAULT_RULES.book_volatility


@given(seeds)
def test_equal_risk_holds_no_asset_above_its_place_in_a_book_of_equal_parts(seed):
    sides, volatilities, correlation = market(seed)
    held, rules = np.flatnonzero(sides), SizingRules(risk_cap="equal_risk")
    signs = np.sign(sides[held])
    matrix = covariance_of(volatilities, correlation)[np.ix_(held, held)]

    before, capped = size_book(1e5, sides, volatilities, correlation, rules=rules).steps[1:3]

    if held.size:
        equal = signs * equal_risk_weights(matrix * np.outer(signs, signs))
        equal *= rules.book_volatility / math.sqrt(equal @ matrix @ equal)
        expected = signs * np.minimum(np.abs(before.weights[held]), np.abs(equal))
        np.testing.assert_allclose(capped.weights[held], expected, rtol=1e-9)
    assert not capped.weights[sides == 0.0].any()


def test_a_stablecoin_is_sized_by_the_floor():
    found = size_book(1e5, np.ones(1), np.array([0.0001]), np.eye(1), rules=ROOMY)

    assert found.weights[0] == pytest.approx(0.007 / (2.5 * 0.01))


def test_a_position_is_no_larger_than_its_market_lets_out():
    traded = np.array([1e5, 1e9])

    found = size_book(1e6, np.ones(2), np.full(2, 0.04), np.eye(2), traded_values=traded)

    assert found.sizes[0] == pytest.approx(0.01 * 1e5)
    assert found.sizes[1] > 1e4
    np.testing.assert_array_equal(found.steps[3].shrunk, [True, False])


def test_an_expected_return_can_only_take_away():
    plain = size_book(1e5, np.array([1.0, -1.0, 1.0]), np.full(3, 0.04), alike(3))
    found = size_book(
        1e5,
        np.array([1.0, -1.0, 1.0]),
        np.full(3, 0.04),
        alike(3),
        expected_returns=np.array([1.0, -1.0, -0.001]),
    )

    assert found.weights[0] == plain.weights[0]
    assert found.weights[1] == plain.weights[1] < 0.0
    assert found.weights[2] == 0.0


def test_reasons_to_hold_less_do_not_stack():
    book = (1e5, np.ones(2), np.full(2, 0.04), alike(2))
    plain = size_book(*book)

    found = size_book(*book, drawdown=0.12, factors={"regime": 0.5, "breaker": 0.4, "news": 1.0})

    np.testing.assert_allclose(found.weights, 0.4 * plain.weights)
    assert found.steps[-1].reason == "breaker leaves 40%"


def test_a_factor_called_drawdown_does_not_replace_the_ladder():
    book = (1e5, np.ones(2), np.full(2, 0.04), alike(2))

    found = size_book(*book, drawdown=0.3, factors={"drawdown": 1.0})

    np.testing.assert_allclose(found.weights, 0.1 * size_book(*book).weights)


@given(seeds, st.floats(0.1, 100.0))
def test_sizes_grow_with_equity_in_proportion_where_liquidity_does_not_bind(seed, scale):
    sides, volatilities, correlation = market(seed)

    small = size_book(1e5, sides, volatilities, correlation)
    large = size_book(scale * 1e5, sides, volatilities, correlation)

    np.testing.assert_allclose(large.sizes, scale * small.sizes, rtol=1e-12)


@given(seeds)
def test_the_mirrored_book_has_the_mirrored_sizes(seed):
    sides, volatilities, correlation = market(seed)

    found = size_book(1e5, sides, volatilities, correlation)
    mirrored = size_book(1e5, -sides, volatilities, correlation)

    np.testing.assert_allclose(mirrored.weights, -found.weights, atol=1e-15)


@pytest.mark.parametrize("cap", ["component", "equal_risk", "none"])
def test_a_book_that_wants_nothing_holds_nothing(cap):
    rules = SizingRules(risk_cap=cap)

    found = size_book(1e5, np.zeros(2), np.full(2, 0.04), alike(2), rules=rules)

    np.testing.assert_array_equal(found.sizes, np.zeros(2))


def test_a_book_without_equity_buys_nothing():
    found = size_book(
        0.0, np.ones(2), np.full(2, 0.04), alike(2), traded_values=np.array([0.0, 1e6])
    )

    np.testing.assert_array_equal(found.sizes, np.zeros(2))


GOOD = {
    "equity": 1e5,
    "sides": np.ones(2),
    "volatilities": np.full(2, 0.04),
    "correlation": alike(2),
}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"equity": -1.0}, "equity"),
        ({"equity": math.nan}, "equity"),
        ({"sides": np.array([1.0, 1.5])}, "sides"),
        ({"sides": np.array([1.0, math.nan])}, "sides"),
        ({"volatilities": np.array([0.04, 0.0])}, "volatilities"),
        ({"volatilities": np.array([0.04, -0.1])}, "volatilities"),
        ({"volatilities": np.array([0.04, math.nan])}, "volatilities"),
        ({"volatilities": np.full(3, 0.04)}, "volatilities"),
        ({"correlation": np.eye(3)}, "correlation is of 3 assets, not 2"),
        ({"correlation": 2.0 * np.eye(2)}, "correlation"),
        ({"correlation": np.array([[1.0, math.nan], [math.nan, 1.0]])}, "correlation"),
        ({"expected_returns": np.array([0.0, math.nan])}, "expected_returns"),
        ({"traded_values": np.array([1.0, math.nan])}, "traded_values"),
        ({"traded_values": np.array([1.0, -1.0])}, "traded_values"),
        ({"drawdown": math.nan}, "drawdown"),
        ({"drawdown": -0.1}, "drawdown"),
        ({"factors": {"regime": math.nan}}, "regime"),
        ({"factors": {"regime": 1.2}}, "regime"),
        ({"factors": {"regime": -0.1}}, "regime"),
    ],
)
def test_refuses_by_name(wrong, named):
    with pytest.raises(ValueError, match=named):
        size_book(**(GOOD | wrong))


def test_refuses_a_correlation_that_no_market_can_have():
    impossible = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])

    with pytest.raises(ValueError, match="positive semidefinite"):
        size_book(1e5, np.ones(3), np.full(3, 0.04), impossible)


@pytest.mark.parametrize(
    "wrong",
    [
        {"risk_per_trade": 0.0},
        {"risk_per_trade": 1.0001},
        {"risk_share": math.nan},
        {"participation": -0.1},
        {"max_position": 25.0},
        {"stop_deviations": 0.0},
        {"volatility_floor": 0.0},
        {"book_volatility": math.inf},
        {"risk_cap": "kelly"},
    ],
)
def test_refuses_rules_that_mean_nothing(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SizingRules(**wrong)


@given(seeds, st.floats(0.05, 0.5))
def test_the_cap_holds_even_where_rounds_run_out(seed, share):
    sides, volatilities, correlation = market(seed)
    matrix = covariance_of(volatilities, correlation)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(book_sizing, "_MAXIMUM_ROUNDS", 1)
        found = size_book(
            1e5, sides, volatilities, correlation, rules=SizingRules(risk_share=share)
        )

    parts = risk_contributions(found.steps[2].weights, matrix)
    assert parts.max() <= share * DEFAULT_RULES.book_volatility * (1.0 + 1e-9)
