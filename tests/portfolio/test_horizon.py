"""A book held for several bars: the same filter and shocks as for one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.domain.assessment import TailRisk
from risk.domain.model import DAY_MODEL, LEVELS, PROVEN_AFTER
from risk.measures.tail import historical_var_es
from risk.portfolio.forecasting import new_model, with_scenarios
from risk.portfolio.horizon import horizon_tail
from risk.portfolio.tails import NO_RISK
from tests.books import KNOWN, LATE, warmed_model

MODEL = warmed_model(DAY_MODEL)


def over(weights, *, steps=10, seed=1, model=MODEL, paths=2_000) -> TailRisk | None:
    rng = np.random.default_rng(seed)
    return horizon_tail(model, np.array(weights), steps=steps, rng=rng, paths=paths)


def test_one_bar_has_the_shortfall_of_the_models_own_scenarios() -> None:
    weights = np.array([2e4, -1e4, 5e3, 0.0])
    assert MODEL.scenarios is not None
    _, expected = historical_var_es(-MODEL.scenarios.filtered @ weights, LEVELS)
    found = over(weights, steps=1, paths=200_000)

    assert found is not None
    assert found.es == pytest.approx(expected, rel=0.02)


@given(weights=st.tuples(*[st.floats(-1e6, 1e6)] * 4))
@settings(max_examples=20)
def test_it_is_finite_never_a_gain_and_rises_with_the_level(weights) -> None:
    found = over(weights, paths=300)

    assert found is not None
    figures = np.array([found.var, found.es])
    assert np.isfinite(figures).all()
    assert (figures >= 0.0).all()
    assert (np.diff(figures, axis=1) >= 0.0).all()
    assert (figures[1] >= figures[0]).all()


def test_ten_days_are_riskier_than_one_and_the_same_seed_gives_the_same() -> None:
    weights = [2e4, 1e4, 5e3, 0.0]
    one, ten = over(weights, steps=1), over(weights)

    assert one is not None
    assert ten is not None
    assert ten.var_at(0.99) > 1.5 * one.var_at(0.99)
    assert over(weights) == ten


def test_what_was_listed_late_is_as_wild_as_its_scenarios_say() -> None:
    column = KNOWN.index(LATE)
    assert MODEL.filter.observed[column] < PROVEN_AFTER
    late = [1e4 if j == column else 0.0 for j in range(4)]
    tamer = MODEL.filter._replace(variance=MODEL.filter.variance * (0.01, 1.0, 1.0, 0.01))
    assert MODEL.scenarios is not None
    deviation = 1e4 * MODEL.scenarios.filtered[:, column].std()
    found, unchanged = over(late), over(late, model=with_scenarios(replace(MODEL, filter=tamer)))

    assert found is not None
    assert unchanged is not None
    assert found.var_at(0.99) > 1.5 * 2.33 * deviation
    assert unchanged.var_at(0.99) == pytest.approx(found.var_at(0.99), rel=0.25)


def test_a_flat_book_has_no_risk() -> None:
    assert over([0.0] * 4) == NO_RISK


@pytest.mark.parametrize("bars", [0, PROVEN_AFTER, 99])
def test_too_short_a_past_tells_nothing(bars: int) -> None:
    known = MODEL.filter
    short = replace(
        MODEL, filter=known._replace(residuals=known.residuals[:bars], returns=known.returns[:bars])
    )
    scenarios = MODEL.scenarios
    assert scenarios is not None
    cut = scenarios._replace(filtered=scenarios.filtered[:bars], raw=scenarios.raw[:bars])

    assert over([1e4] * 4, model=replace(short, scenarios=cut if bars else None)) is None
    assert over([], model=new_model(DAY_MODEL)) is None
