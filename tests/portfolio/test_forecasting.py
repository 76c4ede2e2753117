"""Models advance at a bar's close and nowhere else, and never look ahead."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.domain.ledger import Ledger
from risk.domain.market import BarClose, Period, Trust
from risk.domain.model import DAY_MODEL, HOUR_MODEL, LEVELS, PROVEN_AFTER, Model, ModelSpec
from risk.errors import InvalidInput
from risk.measures.types import FloatArray
from risk.measures.volatility import gjr_filter
from risk.portfolio.forecasting import (
    SCORES_KEPT,
    advance,
    measured_by,
    new_model,
    new_models,
    roll_models,
    warm,
    with_assets,
)
from tests.books import (
    ALIEN,
    BTC,
    ETH,
    LATE,
    MIDNIGHT,
    SOL,
    as_close,
    as_closes,
    held,
    marks_of,
    random_closes,
    warmed_model,
    warmed_models,
)

THREE = (BTC, ETH, SOL)
BOOK = {BTC: 1e5, ETH: -4e4}
DAY = timedelta(days=1)
# Made once: what differs between the tests is what comes after.
PRICES = random_closes(THREE, bars=110)
CLOSES = as_closes(THREE, PRICES)
START = 100
WARM = warm(new_model(DAY_MODEL, THREE), CLOSES[:START])


def run(model: Model, closes: Sequence[BarClose], book: dict[str, float] = BOOK) -> list[Model]:
    """The model after each close."""
    path = []
    for close in closes:
        model = advance(model, close, book)
        path.append(model)
    return path


def same(one: Model, other: Model) -> bool:
    """Whether two models know the same, to the last bit."""
    return (
        one.version == other.version
        and one.assets == other.assets
        and all(
            np.array_equal(a, b, equal_nan=True)
            for a, b in zip(one.filter, other.filter, strict=True)
        )
        and np.array_equal(one.tracking, other.tracking)
        and figures(one) == figures(other)
    )


def figures(model: Model) -> tuple[list[float], list[float]] | None:
    made = model.forecast
    return None if made is None else (made.var.tolist(), made.es.tolist())


# --- no look ahead -------------------------------------------------------------------------


@given(st.integers(0, 9), st.integers(0, 2), st.floats(0.5, 2.0).filter(lambda f: abs(f - 1) > 0.1))
def test_a_bar_changes_no_forecast_made_before_it_closed(
    bar: int, asset: int, factor: float
) -> None:
    other = PRICES.copy()
    other[START + bar, asset] *= factor
    usual = run(WARM, CLOSES[START:])
    perturbed = run(WARM, as_closes(THREE, other)[START:])

    for number in range(bar):
        assert same(usual[number], perturbed[number])
    # The forecast for this very bar was made at the close before it.
    score, expected = perturbed[bar].score, usual[bar].score
    if bar > 0:
        assert score is not None
        assert expected is not None
        assert np.array_equal(score.var, expected.var)
    assert not same(usual[bar], perturbed[bar])


def test_advancing_leaves_the_model_that_was_given_as_it_was() -> None:
    before = replace(WARM)
    copies = [array.copy() for array in WARM.filter]
    run(WARM, CLOSES[START:])

    assert same(before, WARM)
    assert all(np.array_equal(a, b) for a, b in zip(copies, WARM.filter, strict=True))


def test_the_same_bars_give_the_same_models() -> None:
    assert same(run(WARM, CLOSES[START:])[-1], run(WARM, CLOSES[START:])[-1])


# --- one recursion, two ways ---------------------------------------------------------------


@pytest.mark.parametrize("spec", [DAY_MODEL, HOUR_MODEL])
def test_warming_equals_advancing_with_an_empty_book(spec: ModelSpec) -> None:
    prices = random_closes(THREE, period=spec.period, bars=90)
    closes = as_closes(THREE, prices, period=spec.period)
    start = new_model(spec, THREE)
    warmed, advanced = warm(start, closes), run(start, closes, {})[-1]

    assert same(warmed, advanced)
    assert warmed.scenarios is not None
    assert advanced.scenarios is not None
    assert np.array_equal(warmed.scenarios.filtered, advanced.scenarios.filtered)
    assert (advanced.unscored, len(advanced.exceeded)) == (0, 0)


def test_the_filter_is_the_batch_filter_over_the_matrix_of_returns() -> None:
    """Oracle: the whole history at once, with holes in it."""
    prices = random_closes(THREE, bars=120, seed=3)
    prices[50, 1] = np.nan
    prices[70:75, 2] = np.nan
    returns = prices[1:] / prices[:-1] - 1.0
    _, residuals, state = gjr_filter(returns)
    model = warm(new_model(DAY_MODEL, THREE), as_closes(THREE, prices))

    assert np.allclose(model.filter.variance, state.variance, rtol=1e-12)
    assert np.allclose(model.filter.long_run, state.long_run, rtol=1e-12)
    assert model.filter.observed.tolist() == state.observed.tolist()
    seen = residuals[~np.isnan(residuals).all(axis=1)]
    assert np.allclose(model.filter.residuals, seen, rtol=1e-12, equal_nan=True)


def test_windows_keep_the_last_bars_only() -> None:
    narrow = replace(DAY_MODEL, window=65)
    model = warm(new_model(narrow, THREE), CLOSES)

    assert model.filter.residuals.shape == (65, 3)
    assert np.allclose(model.filter.returns, PRICES[-65:] / PRICES[-66:-1] - 1.0)


def test_scenarios_come_once_enough_bars_have_a_residual() -> None:
    path = run(new_model(DAY_MODEL, THREE), CLOSES, {})
    first = next(number for number, model in enumerate(path) if model.scenarios is not None)

    # One close for the first return, twenty returns to set the level, sixty with residuals.
    assert first == 20 + PROVEN_AFTER
    assert all(model.scenarios is not None for model in path[first:])


# --- forecasts and scores ------------------------------------------------------------------


def test_a_forecast_is_scored_with_the_holdings_it_was_made_for() -> None:
    first = advance(WARM, CLOSES[START], BOOK)
    second = advance(first, CLOSES[START + 1], {SOL: 1.0})
    moves = PRICES[START + 1] / PRICES[START] - 1.0
    made, score = first.forecast, second.score

    assert made is not None
    assert score is not None
    assert score.loss == pytest.approx(-(1e5 * moves[0] - 4e4 * moves[1]))
    assert np.array_equal(score.var, made.var)
    assert score.exceeded.tolist() == [score.loss > var for var in made.var]
    assert score.closed == CLOSES[START + 1].closed
    assert second.exceeded.tolist() == [score.exceeded.tolist()]


@pytest.mark.parametrize(("fall", "hit"), [(0.6, True), (1.0, False)])
def test_exceptions_raise_what_is_forecast_and_quiet_lowers_it(fall: float, hit: bool) -> None:
    first = advance(WARM, CLOSES[START], {BTC: 1e5})
    crash = as_close(THREE, PRICES[START] * fall, opened=first.closed or MIDNIGHT)
    second = advance(first, crash, {BTC: 1e5})

    assert second.exceeded.tolist() == [[hit] * len(LEVELS)]
    assert ((second.tracking > first.tracking) == hit).all()


def test_the_one_hour_model_does_not_track() -> None:
    closes = as_closes(THREE, random_closes(THREE, period=Period.HOUR), period=Period.HOUR)
    model = run(warm(new_model(HOUR_MODEL, THREE), closes[:100]), closes[100:])[-1]

    assert len(model.exceeded) == len(closes) - 101
    assert model.tracking.tolist() == [1.0, 1.0, 1.0]


def test_forecasts_and_scores_carry_the_name_of_their_model() -> None:
    first = advance(WARM, CLOSES[START], BOOK)
    second = advance(first, CLOSES[START + 1], BOOK)

    assert first.forecast is not None
    assert second.score is not None
    assert first.forecast.method == second.score.method == "filtered_evt"


def test_another_method_starts_its_own_correction_and_leaves_the_forecast_as_it_was_shown() -> None:
    shown = run(WARM, CLOSES[START : START + 3])[-1]
    changed = measured_by(shown, "historical_250")
    back = measured_by(changed, "filtered_evt")

    assert changed.spec.method == "historical_250"
    assert changed.forecast is shown.forecast
    assert changed.exceeded is shown.exceeded
    assert shown.tracking.tolist() != [1.0] * 3
    assert changed.tracking.tolist() == back.tracking.tolist() == [1.0] * 3
    assert (changed.version, changed.closed) == (shown.version, shown.closed)


def test_a_model_does_not_learn_from_another_ones_forecast() -> None:
    made_before = measured_by(
        advance(measured_by(WARM, "filtered_historical"), CLOSES[START], BOOK), "filtered_evt"
    )
    scored = advance(made_before, CLOSES[START + 1], BOOK)
    own = advance(scored, CLOSES[START + 2], BOOK)

    assert scored.score is not None
    assert scored.score.method == "filtered_historical"
    assert scored.tracking.tolist() == [1.0] * 3
    assert own.tracking.tolist() != [1.0] * 3


def test_a_method_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no model of a book is called 'oracle'"):
        measured_by(WARM, "oracle")


def test_only_so_many_scores_are_remembered() -> None:
    first = advance(WARM, CLOSES[START], BOOK)
    full = replace(first, exceeded=np.zeros((SCORES_KEPT, len(LEVELS)), dtype=np.bool_))
    crash = as_close(THREE, PRICES[START] * [0.5, 1.0, 1.0], opened=CLOSES[START].closed)
    after = advance(full, crash, BOOK)

    assert len(after.exceeded) == SCORES_KEPT
    assert after.exceeded[-1].all()


@pytest.mark.parametrize("book", [{}, {BTC: 0.0}])
def test_a_flat_book_is_never_forecast(book: dict[str, float]) -> None:
    """Scoring it would teach the model to be bold."""
    path = run(WARM, CLOSES[START:], book)

    assert all(model.forecast is None and model.score is None for model in path)
    assert path[-1].unscored == 0
    assert np.array_equal(path[-1].tracking, WARM.tracking)


def test_a_book_with_an_unknown_asset_is_not_forecast() -> None:
    assert advance(WARM, CLOSES[START], {BTC: 1.0, ALIEN: 1.0}).forecast is None


def test_a_forecast_for_a_book_that_the_model_does_not_know_is_counted_as_unscored() -> None:
    first = advance(WARM, CLOSES[START], BOOK)
    assert first.forecast is not None
    strange = replace(first, forecast=first.forecast._replace(exposure={ALIEN: 1.0}))
    after = advance(strange, CLOSES[START + 1], BOOK)

    assert (after.score, after.unscored) == (None, 1)


def test_a_model_without_scenarios_forecasts_nothing() -> None:
    young = warm(new_model(DAY_MODEL, THREE), CLOSES[:30])

    assert advance(young, CLOSES[30], BOOK).forecast is None


# --- holes, news and breaks ----------------------------------------------------------------


def missing(close: BarClose, *assets: str) -> BarClose:
    return replace(close, bars={a: bar for a, bar in close.bars.items() if a not in assets})


def test_a_forecast_for_a_bar_that_a_held_asset_lacks_is_counted_not_guessed() -> None:
    first = advance(WARM, CLOSES[START], BOOK)
    second = advance(first, missing(CLOSES[START + 1], ETH), BOOK)
    third = advance(second, CLOSES[START + 2], BOOK)

    assert (second.score, second.unscored) == (None, 1)
    # The bar after it has a close to stand on again, but none to come from.
    assert (third.score, third.unscored) == (None, 2)
    assert np.array_equal(third.tracking, first.tracking)


def test_a_hole_of_an_asset_that_is_not_held_does_not_matter() -> None:
    first = advance(WARM, CLOSES[START], BOOK)

    assert advance(first, missing(CLOSES[START + 1], SOL), BOOK).score is not None


def test_a_missing_bar_is_no_return_of_nothing() -> None:
    first = advance(WARM, CLOSES[START], BOOK)
    second = advance(first, missing(CLOSES[START + 1], ETH), BOOK)
    column = first.column(ETH)

    assert second.filter.variance[column] == first.filter.variance[column]
    assert second.filter.observed[column] == first.filter.observed[column]
    assert np.isnan(second.filter.residuals[-1, column])
    assert second.scenarios is not None
    assert np.isfinite(second.scenarios.filtered).all()


def test_a_bar_without_any_asset_moves_time_and_nothing_else() -> None:
    empty = missing(CLOSES[START], *THREE)
    after = advance(WARM, empty, BOOK)

    assert after.closed == empty.closed
    assert len(after.filter.residuals) == len(WARM.filter.residuals)
    assert np.array_equal(after.filter.variance, WARM.filter.variance)


def test_a_skipped_bar_leaves_no_return_over_two_bars() -> None:
    first = advance(WARM, CLOSES[START], BOOK)
    second = advance(first, CLOSES[START + 2], BOOK)

    assert (second.score, second.unscored) == (None, 1)
    assert second.filter.observed.tolist() == first.filter.observed.tolist()


def test_an_asset_that_lists_later_joins_on_the_right_and_changes_nothing_of_the_others() -> None:
    four = (*THREE, ALIEN)
    alone = run(WARM, CLOSES[START:])
    joined = run(WARM, [*CLOSES[START : START + 5], *as_closes(four, wider(PRICES[START + 5 :]))])

    assert joined[-1].assets == four
    assert joined[-1].filter.observed[3] == 4
    assert np.array_equal(joined[-1].filter.variance[:3], alone[-1].filter.variance)
    assert joined[5].score is not None, "the bar that brought it still scores the old book"
    assert joined[-1].scenarios is not None
    assert np.isfinite(joined[-1].scenarios.raw).all()


def wider(prices: FloatArray) -> FloatArray:
    return np.column_stack([prices, np.linspace(7.0, 8.0, len(prices))])


def test_a_young_asset_is_taken_for_a_wild_one_until_it_is_proven() -> None:
    model = warmed_model(DAY_MODEL)
    assert model.scenarios is not None
    deviation = model.scenarios.filtered.std(axis=0)
    column = model.column(LATE)
    proven = [model.column(asset) for asset in THREE]

    assert not model.proven(LATE)
    assert all(model.proven(asset) for asset in THREE)
    expected = max(model.filter.variance[column], np.quantile(model.filter.variance[proven], 0.9))
    assert deviation[column] == pytest.approx(np.sqrt(expected), rel=0.35)


def test_a_break_forgets_the_asset_and_only_it() -> None:
    first = advance(WARM, CLOSES[START], BOOK)
    broken = replace(CLOSES[START + 1], breaks=frozenset({ETH, ALIEN}))
    usual, after = advance(first, CLOSES[START + 1], BOOK), advance(first, broken, BOOK)
    others = [0, 2]

    assert after.filter.observed[1] == 0
    assert np.isnan(after.filter.variance[1])
    assert np.isnan(after.filter.residuals[:, 1]).all()
    assert np.array_equal(after.filter.variance[others], usual.filter.variance[others])
    assert np.array_equal(
        after.filter.cross[np.ix_(others, others)], usual.filter.cross[np.ix_(others, others)]
    )
    assert not after.proven(ETH)
    assert (after.score, after.unscored) == (None, 1)
    assert after.scenarios is not None
    assert np.isfinite(after.scenarios.filtered).all()


def test_a_break_of_the_only_asset_starts_everything_anew() -> None:
    alone = warm(new_model(DAY_MODEL, (BTC,)), as_closes((BTC,), PRICES[:START, :1]))
    broken = as_close((BTC,), [100.0], breaks=frozenset({BTC}))
    after = advance(alone, broken, {BTC: 1.0})

    assert alone.scenarios is not None
    assert after.scenarios is None
    assert len(after.filter.residuals) == 0


@settings(max_examples=25)
@given(st.data())
def test_whatever_is_missing_scenarios_hold_no_nan(data: st.DataObject) -> None:
    prices = random_closes(THREE, bars=100, seed=data.draw(st.integers(0, 5)))
    holes = st.tuples(st.integers(0, 99), st.integers(0, 2))
    for row, column in data.draw(st.lists(holes, max_size=60)):
        prices[row, column] = np.nan
    late = data.draw(st.integers(0, 99))
    prices[:late, 2] = np.nan
    model = warm(new_model(DAY_MODEL, THREE), as_closes(THREE, prices))

    if model.scenarios is not None:
        for array in model.scenarios:
            assert array is not None
            assert np.isfinite(array).all()


# --- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize("back", [0, 1, 30])
def test_a_bar_that_was_seen_or_is_older_is_refused(back: int) -> None:
    with pytest.raises(ValueError, match="the model has seen"):
        advance(WARM, CLOSES[START - 1 - back], BOOK)
    with pytest.raises(ValueError, match="the model has seen"):
        warm(WARM, CLOSES[START - 1 - back :])


def test_a_bar_of_another_period_is_refused() -> None:
    hour = as_close(THREE, PRICES[START], period=Period.HOUR)

    with pytest.raises(ValueError, match="a bar of 1h cannot advance a model of 1d"):
        advance(WARM, hour, BOOK)


def test_naming_assets_again_adds_nothing() -> None:
    assert with_assets(WARM, [ETH, BTC]) is WARM
    assert with_assets(WARM, [LATE, ALIEN, BTC]).assets == (*THREE, ALIEN, LATE)


# --- both models over closes ---------------------------------------------------------------


def test_rolling_advances_each_model_on_its_own_bars_and_collects_the_scores() -> None:
    models, ledger = warmed_models(), held(BTC, 1e5)
    one = as_close((BTC,), [100.0])
    two = as_close((BTC,), [90.0], opened=MIDNIGHT + DAY)
    hours = [
        as_close((BTC,), [99.0], period=Period.HOUR, opened=MIDNIGHT + timedelta(hours=h))
        for h in (9, 10)
    ]
    rolled = roll_models(models, [one, *hours, two], ledger, marks_of())

    assert rolled.models.day.version == models.day.version + 2
    assert rolled.models.hour.version == models.hour.version + 2
    assert [score.period for score in rolled.scores] == [Period.HOUR, Period.DAY]
    # Valued at the bar's close, not at the mark: 2 bitcoin at 100.
    assert rolled.scores[1].loss == pytest.approx(20.0)


@pytest.mark.parametrize(("trust", "price"), [(Trust.STALE, 50_000.0), (Trust.MISSING, 45_000.0)])
def test_a_holding_without_a_bar_is_forecast_at_its_mark_or_else_at_cost(
    trust: Trust, price: float
) -> None:
    ledger, marks = held(BTC, 1e5), marks_of(trusts={BTC: trust})
    rolled = roll_models(warmed_models(), [as_close((ETH,), [100.0])], ledger, marks)
    made = rolled.models.day.forecast

    assert made is not None
    assert made.exposure == {BTC: 2.0 * price}


def test_no_closes_change_nothing() -> None:
    models = new_models(THREE)

    assert roll_models(models, [], Ledger(), {}) == (models, (), ())
