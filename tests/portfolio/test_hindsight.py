"""What the models would have forecast for a book as it was held, and nothing they could not."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.domain.model import DAY_MODEL, LEVELS, Forecast, ModelSpec, Score
from risk.errors import InvalidInput
from risk.measures.tracking import tracking_start, tracking_update
from risk.measures.types import FloatArray
from risk.measures.var import VAR_MODELS
from risk.measures.volatility import DEFAULT_GJR
from risk.portfolio.book_models import BOOK_MODELS
from risk.portfolio.forecasting import advance, new_model, warm
from risk.portfolio.hindsight import hindsight, hindsights, hypothetical_profit
from tests.books import BTC, ETH, MIDNIGHT, SOL, as_closes, random_closes

pytestmark = pytest.mark.usefixtures("remembered_fits")

EVERY_MODEL = pytest.mark.parametrize("name", VAR_MODELS)
QUICK_MODEL = pytest.mark.parametrize("name", [n for n, m in VAR_MODELS.items() if not m.costly])
#: They look back further than the live window, so that live they are a model of that window.
DAYS_OF_ITS_OWN = {"filtered_historical", "ewma_filtered_historical", "adaptive"}
DAYS, JUDGED = 330, 30
#: Of the comparison on the page of VaR.
SHOWN = (0.90, 0.95, 0.975, 0.99)


def market(assets: int = 3, days: int = DAYS, seed: int = 1) -> FloatArray:
    rng = np.random.default_rng(seed)
    storms = np.exp(0.5 * np.sin(np.arange(days) / 20.0))[:, None]
    together, own = rng.standard_t(5, (days, 1)), rng.standard_t(5, (days, assets))
    return np.asarray(0.02 * storms * (0.7 * together + 0.5 * own))


def traded_book(days: int = JUDGED, assets: int = 3, seed: int = 2) -> FloatArray:
    return np.asarray(1e4 * np.random.default_rng(seed).standard_normal((days, assets)))


# --- profit --------------------------------------------------------------------------------


def scored(prices: FloatArray, books: FloatArray) -> list[Score | None]:
    """Live: the model advances at each close with the holdings of the day that follows."""
    assets = (BTC, ETH, SOL)
    closes = as_closes(assets, prices, until=MIDNIGHT)
    warmed = len(closes) - len(books) - 1
    model, scores = warm(new_model(DAY_MODEL, assets), closes[:warmed]), []
    for close, book in zip(closes[warmed:], [*books, books[-1]], strict=True):
        model = advance(model, close, dict(zip(assets, book.tolist(), strict=True)))
        scores.append(model.score)
    return scores[1:]


def test_profit_is_the_opposite_of_the_loss_that_live_forecasts_are_judged_by() -> None:
    prices, books = random_closes((BTC, ETH, SOL), bars=130), traded_book()
    books[5, 1] = 0.0
    prices[-20, 2] = np.nan
    prices[-JUDGED + 5, 1] = np.nan
    profit = hypothetical_profit(books, prices[1:] / prices[:-1] - 1.0)
    scores = scored(prices, books)

    assert [score is None for score in scores] == np.isnan(profit).tolist()
    losses = [score.loss for score in scores if score is not None]
    np.testing.assert_allclose(losses, -profit[~np.isnan(profit)], rtol=1e-9)
    assert np.isnan(profit).sum() >= 2


def test_what_was_not_held_needs_no_return() -> None:
    returns = np.array([[0.1, np.nan], [np.nan, 0.02]])

    assert hypothetical_profit(np.array([[5.0, 0.0], [0.0, -3.0]]), returns).tolist() == [
        0.5,
        -0.06,
    ]


# --- forecasts -----------------------------------------------------------------------------


@EVERY_MODEL
@pytest.mark.parametrize("holes", [0.0, 0.03])
def test_a_constant_book_of_one_asset_has_the_forecasts_of_the_model_itself(
    name: str, holes: float
) -> None:
    returns = market(assets=1)
    returns[np.random.default_rng(4).random(DAYS) < holes] = np.nan
    found = hindsight(name, np.full((DAYS, 1), 2e4), returns, LEVELS)
    path = VAR_MODELS[name].path(returns[:, 0], LEVELS)

    np.testing.assert_allclose(found.var, 2e4 * path.var, rtol=1e-12)
    np.testing.assert_allclose(found.es, 2e4 * path.es, rtol=1e-12)
    assert found.forecast.sum() > 150


@EVERY_MODEL
def test_each_day_is_forecast_from_the_past_of_its_own_holdings(name: str) -> None:
    """Oracle: one bar after the other, tracking from the book's own exceptions."""
    model, returns, books = VAR_MODELS[name], market(), traded_book()
    found = hindsight(name, books, returns, LEVELS)
    profit, multipliers = hypothetical_profit(books, returns), tracking_start(len(LEVELS))

    for day, book in enumerate(books):
        gross = np.abs(book).sum()
        history = returns[: DAYS - JUDGED + day] @ (book / gross)
        var = gross * untracked_by_updates(name, history) * multipliers
        np.testing.assert_allclose(found.var[day], var, rtol=1e-9)
        if model.tracks:
            multipliers = tracking_update(multipliers, -profit[day] > found.var[day], LEVELS)


def untracked_by_updates(name: str, history: FloatArray) -> FloatArray:
    """VaR after a history walked bar by bar, what it learned from exceptions divided out."""
    model = VAR_MODELS[name]
    state = model.start(LEVELS)
    for value in history:
        state = model.update(state, value)
    var = model.forecast(state)[0]
    return np.asarray(var / np.ravel(state.multipliers) if model.tracks else var)


def test_several_models_at_once_forecast_what_each_does_alone() -> None:
    returns, books = market(), traded_book()
    names = ("filtered_evt", "most_conservative", "ewma_normal")
    together = hindsights(names, books, returns, LEVELS)

    assert tuple(together) == names
    for name, path in together.items():
        alone = hindsight(name, books, returns, LEVELS)
        np.testing.assert_array_equal(path.var, alone.var)
        np.testing.assert_array_equal(path.es, alone.es)


@QUICK_MODEL
@given(
    day=st.integers(0, JUDGED - 1),
    asset=st.integers(0, 2),
    shock=st.sampled_from((-0.5, 0.7, np.nan)),
)
@settings(max_examples=10)
def test_no_forecast_knows_its_own_day_or_a_later_one(
    name: str, day: int, asset: int, shock: float
) -> None:
    returns, books = market(), traded_book()
    before = hindsight(name, books, returns, LEVELS)
    returns[DAYS - JUDGED + day :, asset] = shock
    books[day + 1 :] *= -3.0
    after = hindsight(name, books, returns, LEVELS)

    np.testing.assert_array_equal(after.var[: day + 1], before.var[: day + 1])
    np.testing.assert_array_equal(after.es[: day + 1], before.es[: day + 1])


@QUICK_MODEL
@given(size=st.floats(0.01, 100.0))
@settings(max_examples=10)
def test_twice_the_book_has_twice_the_forecasts(name: str, size: float) -> None:
    returns, books = market(), traded_book()
    found = hindsight(name, size * books, returns, LEVELS)

    np.testing.assert_allclose(
        found.var, size * hindsight(name, books, returns, LEVELS).var, rtol=1e-9
    )


def test_a_book_that_keeps_exceeding_is_forecast_larger_by_the_model_that_tracks() -> None:
    returns, book = market(assets=1), np.full((JUDGED, 1), 1e4)
    calm, hit = returns.copy(), returns.copy()
    calm[-JUDGED:-1], hit[-JUDGED:-1] = 0.0, 0.0
    hit[-JUDGED] = -0.9
    calm[-JUDGED] = 0.9  # as large, so that the filters see much the same, and no exception
    raised, rested = (hindsight("filtered_evt", book, r, LEVELS) for r in (hit, calm))
    plain = hindsight("historical_250", book, hit, LEVELS)

    untracked = VAR_MODELS["filtered_evt"].untracked(hit[:-1, 0], LEVELS)[0]
    learned = raised.var[-1] / (1e4 * untracked)
    quiet = rested.var[-1] / (1e4 * VAR_MODELS["filtered_evt"].untracked(calm[:-1, 0], LEVELS)[0])
    np.testing.assert_allclose(learned / quiet, np.exp(0.01), rtol=1e-9)
    assert (plain.var[-1] > 0.0).all()


@EVERY_MODEL
def test_a_flat_book_and_one_without_a_past_have_no_forecast(name: str) -> None:
    returns, books = market(), traded_book()
    returns[:-60, 2] = np.nan  # listed two months ago
    books[:, 2], books[10] = 0.0, 0.0
    books[20, 2] = 1.0
    found = hindsight(name, books, returns, LEVELS)

    assert np.flatnonzero(~found.forecast).tolist() == [10, 20]
    assert np.array_equal(np.isnan(found.es), np.isnan(found.var))


def test_a_day_that_cannot_be_judged_teaches_nothing() -> None:
    returns, books = market(assets=1), np.full((JUDGED, 1), 1e4)
    returns[-2] = np.nan
    found = hindsight("filtered_evt", books, returns, LEVELS)

    np.testing.assert_array_equal(found.var[-1], found.var[-2])


def test_the_figures_of_a_book_that_cannot_lose_are_zero_as_on_the_screen() -> None:
    returns = np.linspace(0.01, 0.02, DAYS)[:, None]
    found = hindsight("historical_250", np.full((3, 1), 1e4), returns, LEVELS)

    assert not found.var.any()
    assert not found.es.any()


@pytest.mark.parametrize("days", [150, 237, 400])
def test_a_young_market_is_compared_at_every_level_that_the_screen_shows(days: int) -> None:
    """A fitted tail takes a share of a short history, and that has to reach 90 %."""
    books, returns = traded_book(JUDGED), market(days=days)
    names = [name for name, model in VAR_MODELS.items() if not model.costly]

    for name, path in hindsights(names, books, returns, SHOWN).items():
        assert path.forecast[-1], name
        assert (np.diff(path.var[-1]) >= 0.0).all(), name


# --- one default model, in two places ------------------------------------------------------


def live_forecasts(
    prices: FloatArray, book: float, warmed: int, spec: ModelSpec = DAY_MODEL
) -> list[Forecast]:
    closes = as_closes((BTC,), prices)
    model, made = warm(new_model(spec, (BTC,)), closes[: warmed - 1]), []
    for close in closes[warmed - 1 : -1]:
        model = advance(model, close, {BTC: book})
        assert model.forecast is not None
        made.append(model.forecast)
    return made


def test_the_live_model_of_one_asset_held_long_and_the_registered_default_are_one() -> None:
    """From the 520th return on; docs/decisions/one-default-model.md says what differs else."""
    prices = random_closes((BTC,), bars=620)
    prices[[100, 300, 560]] = np.nan
    lost = 4  # a hole takes two returns; the third comes later
    warmed = 1 + DEFAULT_GJR.start_bars + DAY_MODEL.window + lost
    live = live_forecasts(prices, 3e4, warmed)
    returns = prices[1:] / prices[:-1] - 1.0
    found = hindsight("filtered_evt", np.full((len(live), 1), 3e4), returns, LEVELS)

    np.testing.assert_allclose(found.var, [made.var for made in live], rtol=1e-9)
    np.testing.assert_allclose(found.es, [made.es for made in live], rtol=1e-9)
    assert len(live) == 620 - warmed


@pytest.mark.parametrize("name", sorted(BOOK_MODELS.keys() - DAYS_OF_ITS_OWN))
def test_so_are_all_that_remember_no_more_than_the_live_window(name: str) -> None:
    prices = random_closes((BTC,), bars=530)
    warmed = 1 + DEFAULT_GJR.start_bars + DAY_MODEL.window
    live = live_forecasts(prices, 3e4, warmed, replace(DAY_MODEL, method=name))
    returns = prices[1:] / prices[:-1] - 1.0
    found = hindsight(name, np.full((len(live), 1), 3e4), returns, LEVELS)

    np.testing.assert_allclose([made.var for made in live], found.var, rtol=1e-9)
    np.testing.assert_allclose([made.es for made in live], found.es, rtol=1e-9)


@pytest.mark.parametrize("name", sorted(DAYS_OF_ITS_OWN))
def test_one_that_would_remember_more_names_the_days_it_has(name: str) -> None:
    assert VAR_MODELS[name].how != BOOK_MODELS[name].how
    assert re.search(r"\b(500|480) days", BOOK_MODELS[name].how)


def test_a_short_book_differs_by_whose_falls_the_filter_listens_to() -> None:
    """Live: the asset's, whoever holds it. One series alone cannot know: the book's losses."""
    prices = random_closes((BTC,), bars=620)
    prices[-2] = 0.8 * prices[-3]  # a crash, on which the short gained
    live = live_forecasts(prices, -3e4, warmed=600)
    returns = prices[1:] / prices[:-1] - 1.0
    found = hindsight("filtered_evt", np.full((len(live), 1), -3e4), returns, LEVELS)

    assert (live[-1].var > found.var[-1]).all()


# --- refusals ------------------------------------------------------------------------------


def test_refuses_a_model_that_does_not_exist() -> None:
    with pytest.raises(InvalidInput, match="no VaR model is called 'oracle'; there are filtered"):
        hindsight("oracle", traded_book(), market(), LEVELS)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_refuses_holdings_that_are_no_numbers(bad: float) -> None:
    books = traded_book()
    books[3, 1] = bad
    with pytest.raises(ValueError, match="exposures contains"):
        hindsight("historical_250", books, market(), LEVELS)
    with pytest.raises(ValueError, match="exposures contains"):
        hypothetical_profit(books, market())


def test_refuses_infinite_returns_and_those_of_other_assets_or_days() -> None:
    returns = market()
    with pytest.raises(ValueError, match="for returns of"):
        hypothetical_profit(traded_book(), returns[:, :2])
    with pytest.raises(ValueError, match="for returns of"):
        hypothetical_profit(traded_book(), returns[:10])
    returns[7, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        hindsight("historical_250", traded_book(), returns, LEVELS)
