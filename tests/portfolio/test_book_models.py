"""Laws of every model that may measure a book."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.pending_orders import measure
from risk.domain.model import DAY_MODEL, LEVELS, Model, ModelSpec
from risk.errors import InvalidInput
from risk.measures.types import FloatArray
from risk.measures.var import VAR_MODELS
from risk.portfolio.book_models import BOOK_MODELS, BookModel, book_model
from risk.portfolio.forecasting import new_model, warm
from risk.portfolio.tails import (
    book_tail,
    committed_tail,
    project,
    project_one,
    split_by_asset,
    standalone_tails,
)
from risk.portfolio.vectors import BookVectors, Reads
from tests.books import BTC, KNOWN, as_closes, random_closes, warmed_model

EVERY = pytest.mark.parametrize("name", BOOK_MODELS)
LED = pytest.mark.parametrize(
    "name", [name for name, model in BOOK_MODELS.items() if model.reads is Reads.RAW]
)
ROWS = 120
MONEY = st.integers(-400, 400).filter(bool).map(lambda hundreds: 250.0 * hundreds)


def spec_of(name: str) -> ModelSpec:
    return replace(DAY_MODEL, method=name)


def model_of(name: str) -> Model:
    return warmed_model(spec_of(name))


def weights(*values: float) -> FloatArray:
    return np.array([*values, *[0.0] * (len(KNOWN) - len(values))])


@st.composite
def profits(draw: st.DrawFn) -> BookVectors:
    """Random ones, some of them calm, wild, tiny or of one side only."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    size = 10.0 ** draw(st.integers(-9, 9))
    shift = draw(st.sampled_from((0.0, 3.0, -3.0)))
    filtered, raw = size * (rng.standard_t(3, size=(2, ROWS)) + shift)
    return BookVectors(filtered, raw)


def test_the_default_comes_first_and_names_are_those_of_the_registry_of_series() -> None:
    assert next(iter(BOOK_MODELS)) == DAY_MODEL.method == "filtered_evt"
    assert BOOK_MODELS.keys() <= VAR_MODELS.keys()
    assert all(name == model.name for name, model in BOOK_MODELS.items())


def test_no_model_is_offered_that_keeps_an_order_waiting() -> None:
    """One is fitted for a millisecond; one draws anew for each number of degrees of freedom."""
    assert not {"garch", "monte_carlo_t"} & BOOK_MODELS.keys()
    assert not any(VAR_MODELS[name].costly for name in BOOK_MODELS)


def test_an_unknown_name_is_refused_with_the_nearest_or_the_list() -> None:
    with pytest.raises(InvalidInput, match="did you mean historical_250"):
        book_model("historical_25")
    with pytest.raises(InvalidInput, match="there are filtered_evt, filtered_historical"):
        book_model("oracle")


@EVERY
@given(vectors=profits(), factor=st.floats(1e-6, 1e6))
def test_a_larger_book_has_as_much_more_risk(
    name: str, vectors: BookVectors, factor: float
) -> None:
    once = BOOK_MODELS[name].figures(vectors)
    scaled = BOOK_MODELS[name].figures(BookVectors(*(factor * each for each in vectors)))

    size = factor * float(np.abs(vectors.raw).max())
    for one, other in zip(once, scaled, strict=True):
        np.testing.assert_allclose(factor * one, other, rtol=1e-9, atol=1e-9 * size)


@EVERY
@given(a=MONEY, b=MONEY, c=MONEY)
def test_the_opposite_book_in_the_mirrored_market_is_as_risky(
    name: str, a: float, b: float, c: float
) -> None:
    model = model_of(name)
    scenarios = model.scenarios
    assert scenarios is not None
    turned = scenarios._replace(filtered=-scenarios.filtered, raw=-scenarios.raw)
    mirrored = replace(model, scenarios=turned)

    assert book_tail(mirrored, -weights(a, b, c)) == book_tail(model, weights(a, b, c))


@EVERY
@given(vectors=profits())
def test_figures_are_finite_rise_with_the_level_and_es_is_not_below_var(
    name: str, vectors: BookVectors
) -> None:
    var, es = BOOK_MODELS[name].figures(vectors)

    assert var.shape == es.shape == (len(LEVELS),)
    assert np.isfinite(var).all()
    assert np.isfinite(es).all()
    slack = 1e-9 * float(np.abs(vectors.raw).max())
    assert (np.diff(var) >= -slack).all()
    assert (np.diff(es) >= -slack).all()
    assert (es >= var - slack).all()


@EVERY
def test_a_book_whose_prices_never_moved_has_no_risk(name: str) -> None:
    still = np.zeros(ROWS)
    var, es = BOOK_MODELS[name].figures(BookVectors(still, still))

    assert (var.tolist(), es.tolist()) == ([0.0] * 3, [0.0] * 3)


@EVERY
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_profits_that_are_no_numbers_are_refused(name: str, bad: float) -> None:
    profit = np.linspace(-1.0, 1.0, ROWS)
    profit[5] = bad

    with pytest.raises(ValueError, match="NaN or infinity"):
        BOOK_MODELS[name].figures(BookVectors(profit, profit))


@LED
def test_for_one_asset_held_it_says_what_the_series_model_says_of_that_history(name: str) -> None:
    model, value = model_of(name), 3e4
    var, es = VAR_MODELS[name].untracked(model.filter.returns[:, 0], LEVELS)
    found = book_tail(model, weights(value))

    assert found is not None
    assert found.var == pytest.approx(value * var, rel=1e-12)
    assert found.es == pytest.approx(value * es, rel=1e-12)


@EVERY
@pytest.mark.parametrize(("side", "sign"), [(0, 1.0), (1, -1.0)])
def test_a_unit_held_alone_is_a_book_of_that_unit(name: str, side: int, sign: float) -> None:
    model = model_of(name)
    alone = standalone_tails(model)
    assert alone is not None
    for column in range(len(KNOWN)):
        found = book_tail(model, sign * np.eye(len(KNOWN))[column])

        assert found is not None
        assert alone[0][side, column] == pytest.approx(found.var)
        assert alone[1][side, column] == pytest.approx(found.es)


@EVERY
@given(a=MONEY, b=MONEY, c=MONEY)
def test_parts_add_up_over_the_scenarios_it_reads(name: str, a: float, b: float, c: float) -> None:
    model, book = model_of(name), weights(a, b, c)
    tail = book_tail(model, book)
    assert tail is not None
    parts = split_by_asset(model, book, tail)

    assert parts is not None
    assert parts.var.sum(axis=1) == pytest.approx(tail.var)
    assert parts.es.sum(axis=1) == pytest.approx(tail.es)


@LED
def test_parts_of_led_history_do_not_look_at_filtered_scenarios(name: str) -> None:
    model, book = model_of(name), weights(1e5, -4e4)
    tail, kept = book_tail(model, book), model.scenarios
    assert tail is not None
    assert kept is not None
    other = replace(model, scenarios=kept._replace(filtered=7.0 * kept.filtered[::-1]))
    parts, same = split_by_asset(model, book, tail), split_by_asset(other, book, tail)

    assert book_tail(other, book) == tail
    assert parts is not None
    assert same is not None
    assert np.array_equal(parts.es, same.es)


@EVERY
@given(held=MONEY, ordered=MONEY)
def test_a_committed_book_is_never_below_the_held_one(
    name: str, held: float, ordered: float
) -> None:
    model = model_of(name)
    tail, now = book_tail(model, weights(held)), project(model, weights(held))
    order = project_one(model, KNOWN[1], ordered)
    assert tail is not None
    assert now is not None
    assert order is not None
    worst, filled = now.plus(order.losses_only()), now.plus(order)
    committed = committed_tail(model, held=tail, worst=worst, filled=filled)

    assert all(more >= less for more, less in zip(committed.var, tail.var, strict=True))
    assert all(more >= less for more, less in zip(committed.es, tail.es, strict=True))


@EVERY
def test_a_pending_order_that_alone_raises_the_figures_is_promised_for(name: str) -> None:
    """The guard of models that follow a deviation: without it a tenth of all fills ends above."""
    books = measure(books=20, method=name)

    assert (books.var[:, 2] > 1e-9).mean() <= 0.02
    assert (books.es[:, 1] > 1e-9).mean() <= 0.02


@EVERY
def test_too_little_history_gives_no_scenarios_and_so_no_figure(name: str) -> None:
    needs = BOOK_MODELS[name].needs
    prices = random_closes((BTC,), bars=1 + 20 + needs)
    closes, cold = as_closes((BTC,), prices), new_model(spec_of(name), (BTC,))

    assert book_tail(warm(cold, closes[:-1]), np.ones(1)) is None
    assert book_tail(warm(cold, closes), np.ones(1)) is not None


@EVERY
def test_only_one_that_tracks_is_corrected_by_the_books_exceptions(name: str) -> None:
    model, book = model_of(name), weights(1e5)
    corrected = replace(model, tracking=np.full(len(LEVELS), 1.5))
    plain, tracked = book_tail(model, book), book_tail(corrected, book)

    assert plain is not None
    assert tracked is not None
    factor = 1.5 if BOOK_MODELS[name].tracks else 1.0
    assert tracked.var == pytest.approx([factor * value for value in plain.var])


@EVERY
def test_only_the_scenarios_that_are_read_are_projected(name: str) -> None:
    model = model_of(name)
    kept, found = model.scenarios, project(model, weights(1e5))
    assert kept is not None
    assert found is not None
    reads: Any = BOOK_MODELS[name].reads
    if reads is not Reads.RAW:
        assert np.array_equal(found.filtered, kept.filtered @ weights(1e5))
    if reads is not Reads.FILTERED:
        assert np.array_equal(found.raw, kept.raw @ weights(1e5))
    assert (found.raw is found.filtered) == (reads is not Reads.BOTH)


def test_every_model_says_how_it_measures_in_a_line() -> None:
    lines = [(model.title, model.how) for model in BOOK_MODELS.values()]

    assert len(set(lines)) == len(lines)
    assert all(isinstance(model, BookModel) and model.how for model in BOOK_MODELS.values())
