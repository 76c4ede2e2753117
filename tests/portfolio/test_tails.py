"""One figure for all uses: a book's tail, and its parts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.assessment import TailRisk
from risk.domain.model import DAY_MODEL, HOUR_MODEL, LEVELS, ModelSpec
from risk.measures.tail import blended_var_es, historical_var_es
from risk.portfolio.forecasting import new_model
from risk.portfolio.tails import (
    NO_RISK,
    book_tail,
    largest,
    project,
    project_one,
    split_by_asset,
    standalone_tails,
    weights_of,
)
from risk.portfolio.vectors import BookVectors
from tests.books import ALIEN, BTC, ETH, KNOWN, warmed_model

MONEY = st.floats(-1e6, 1e6).filter(lambda value: abs(value) > 1.0)
SPECS = pytest.mark.parametrize("spec", [DAY_MODEL, HOUR_MODEL])


def weights(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([*values, *[0.0] * (len(KNOWN) - len(values))])


def test_the_day_reads_the_blended_tail_times_its_tracking() -> None:
    model = replace(warmed_model(DAY_MODEL), tracking=np.array([1.0, 1.1, 1.3]))
    book = weights(1e5, -3e4)
    assert model.scenarios is not None
    var, es = blended_var_es(-model.scenarios.filtered @ book, -model.scenarios.raw @ book, LEVELS)
    found = book_tail(model, book)

    assert found is not None
    assert found.var == pytest.approx(var * model.tracking)
    assert found.es == pytest.approx(es * model.tracking)
    assert (found.var_at(0.99), found.es_at(0.975)) == (found.var[2], found.es[1])


def test_the_hour_reads_plain_quantiles_and_is_not_tracked() -> None:
    model = replace(warmed_model(HOUR_MODEL), tracking=np.array([1.5, 1.5, 1.5]))
    book = weights(1e5, -3e4)
    assert model.scenarios is not None
    var, es = historical_var_es(-model.scenarios.filtered @ book, LEVELS)
    found = book_tail(model, book)

    assert found is not None
    assert found.var == pytest.approx(var)
    assert found.es == pytest.approx(es)


@SPECS
@given(value=MONEY, other=MONEY)
def test_adding_a_position_adds_its_column(spec: ModelSpec, value: float, other: float) -> None:
    model = warmed_model(spec)
    together = project(model, weights(value, other))
    one, another = project_one(model, BTC, value), project_one(model, ETH, other)

    assert together is not None
    assert one is not None
    assert another is not None
    summed = one.plus(another)
    assert np.allclose(summed.filtered, together.filtered)
    assert np.allclose(summed.raw, together.raw)
    assert (summed.raw is summed.filtered) == (spec is HOUR_MODEL)


@SPECS
def test_losses_only_keep_no_gain(spec: ModelSpec) -> None:
    vectors = project_one(warmed_model(spec), BTC, -1e5)
    assert vectors is not None
    losing = vectors.losses_only()

    assert losing.filtered.max() == 0.0
    assert np.array_equal(losing.raw, np.minimum(vectors.raw, 0.0))


def test_a_different_raw_vector_is_added_apart() -> None:
    same, apart = np.ones(3), np.zeros(3)
    summed = BookVectors(same, same).plus(BookVectors(same, apart))

    assert (summed.filtered.tolist(), summed.raw.tolist()) == ([2.0] * 3, [1.0] * 3)


def test_weights_follow_the_models_columns_and_refuse_what_it_does_not_know() -> None:
    model = warmed_model(DAY_MODEL)
    found = weights_of(model, {ETH: 5.0, ALIEN: 0.0})

    assert found is not None
    assert found.tolist() == [0.0, 5.0, 0.0, 0.0]
    assert weights_of(model, {ALIEN: 1.0}) is None


def test_a_flat_book_has_no_risk_once_the_model_can_tell_any() -> None:
    flat = weights()

    assert book_tail(warmed_model(DAY_MODEL), flat) == NO_RISK
    assert book_tail(new_model(DAY_MODEL, KNOWN), flat) is None


def test_a_model_without_scenarios_tells_nothing() -> None:
    cold = new_model(DAY_MODEL, KNOWN)

    assert project(cold, weights(1.0)) is None
    assert project_one(cold, BTC, 1.0) is None
    assert book_tail(cold, weights(1.0)) is None
    assert split_by_asset(cold, weights(1.0), NO_RISK) is None
    assert standalone_tails(cold) is None


def test_an_unknown_asset_has_no_column_and_the_hour_no_figures_per_unit() -> None:
    assert project_one(warmed_model(DAY_MODEL), ALIEN, 1.0) is None
    assert standalone_tails(warmed_model(HOUR_MODEL)) is None


def test_a_flat_book_has_no_parts() -> None:
    assert split_by_asset(warmed_model(DAY_MODEL), weights(), NO_RISK) is None


@given(MONEY, MONEY, MONEY)
def test_parts_by_asset_add_up_at_each_level(a: float, b: float, c: float) -> None:
    model, book = warmed_model(DAY_MODEL), weights(a, b, c)
    tail = book_tail(model, book)
    assert tail is not None
    parts = split_by_asset(model, book, tail)

    assert parts is not None
    assert parts.var.sum(axis=1) == pytest.approx(tail.var)
    assert parts.es.sum(axis=1) == pytest.approx(tail.es)
    assert (parts.var[:, 3] == 0.0).all(), "what is not held has no part"


def test_the_largest_is_taken_level_by_level() -> None:
    one, other = TailRisk((1.0, 5.0, 6.0), (2.0, 6.0, 8.0)), TailRisk((2.0, 3.0, 7.0), (1.0,) * 3)

    assert largest((one, other)) == TailRisk((2.0, 5.0, 7.0), (2.0, 6.0, 8.0))
