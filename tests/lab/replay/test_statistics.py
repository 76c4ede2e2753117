"""Figures of books, of those that only trade less, and how sure they are."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.domain.paper import PAPER_FEE
from risk.lab.replay.baselines import (
    EQUAL_VOLATILITY,
    HALF_SIZE,
    MANAGED,
    RANDOM_HALTS,
    SAME_EXPOSURE,
    UNMANAGED,
    Grid,
    constant_sizes,
    daily,
    on_grid,
    out_of_market,
    random_halts,
)
from risk.lab.replay.book import Bar
from risk.lab.replay.statistics import BookFigures, compare, figures_of
from risk.measures.performance import sharpe_ratio
from tests.lab.replay.markets import BEGIN, HOUR

DAYS = 60


def bars_of(values: list[float], *, hours: list[int] | None = None, gross: float = 1.0):
    times = range(len(values)) if hours is None else hours
    return [
        Bar(at=BEGIN + hour * HOUR, unit_value=value, gross=gross, values=(), hard=(), ordered=())
        for hour, value in zip(times, values, strict=True)
    ]


def grid(seed: int = 1, *, size: float = 1.0, gross: float = 1.0, days: int = DAYS) -> Grid:
    returns = size * 0.01 * np.random.default_rng(seed).standard_t(4, (days, 24))
    return Grid(returns=np.maximum(returns, -0.5), gross=np.full((days, 24), gross))


def told(managed: Grid, unmanaged: Grid, seed: int = 7) -> dict[str, BookFigures]:
    return {f.book: f for f in compare(managed, unmanaged, np.random.default_rng(seed))}


# --- the grid --------------------------------------------------------------------------------


def test_the_first_bar_has_no_return_and_a_day_that_is_not_whole_is_left_out():
    found = on_grid(bars_of([1.0 + 0.01 * n for n in range(1 + 24 + 5)]), seconds=3600.0)

    assert found.returns.shape == (1, 24)
    assert found.returns[0, 0] == pytest.approx(0.01)
    assert daily(found.returns)[0] == pytest.approx(0.24)


def test_where_nothing_closed_nothing_was_earned():
    hours = [n for n in range(25) if not 10 <= n < 14]
    found = on_grid(bars_of([1.0 + 0.01 * n for n in hours], hours=hours), seconds=3600.0)

    assert found.returns[0, 9:13].tolist() == [0.0] * 4
    assert found.returns[0, 13] == pytest.approx(1.14 / 1.09 - 1.0)
    assert daily(found.returns)[0] == pytest.approx(0.24)


def test_a_book_that_has_lost_everything_returns_nothing_any_more():
    found = on_grid(bars_of([1.0, 0.5, 0.0, *[0.0] * 22]), seconds=3600.0)

    assert found.returns[0, :3].tolist() == [-0.5, -1.0, 0.0]


def test_daily_bars_are_a_day_each():
    values = [1.0, 1.1, 1.21]
    bars = [
        Bar(at=BEGIN + timedelta(days=n), unit_value=v, gross=1.0, values=(), hard=(), ordered=())
        for n, v in enumerate(values)
    ]

    assert on_grid(bars, seconds=86_400.0).returns.tolist() == [
        [pytest.approx(0.1)],
        [pytest.approx(0.1)],
    ]


def test_no_bars_have_no_days():
    assert on_grid([], seconds=3600.0).returns.shape[0] == 0


# --- books that trade less -------------------------------------------------------------------


def test_constant_sizes_have_the_managed_books_exposure_and_volatility():
    ours, theirs = grid(1, size=0.5, gross=0.8), grid(2, gross=2.0)
    sizes = constant_sizes(ours, theirs)

    assert (sizes[HALF_SIZE], sizes[SAME_EXPOSURE]) == (0.5, pytest.approx(0.4))
    found = told(ours, theirs)
    assert found[EQUAL_VOLATILITY].volatility == pytest.approx(found[MANAGED].volatility, rel=0.02)
    assert found[HALF_SIZE].volatility == pytest.approx(0.5 * found[UNMANAGED].volatility, rel=0.02)


def test_beside_a_book_that_never_held_anything_sizes_are_whole():
    nothing = Grid(returns=np.zeros((DAYS, 24)), gross=np.zeros((DAYS, 24)))

    assert constant_sizes(nothing, nothing) == {
        HALF_SIZE: 0.5,
        SAME_EXPOSURE: 1.0,
        EQUAL_VOLATILITY: 1.0,
    }
    assert out_of_market(nothing, nothing) == 0.0


@settings(max_examples=20)
@given(st.floats(0.0, 1.0), st.integers(0, 100))
def test_random_halts_keep_the_book_out_for_its_share_of_days_and_cost_their_trades(
    share: float, seed: int
):
    theirs = grid(seed, gross=2.0)
    halted = random_halts(theirs, share, np.random.default_rng(seed))
    out = (halted[:, 1:] == 0.0).all(axis=1)
    turns = int(np.abs(np.diff(out.astype(int))).sum())
    paid = (np.where(out[:, None], 0.0, theirs.returns) - halted).sum()

    assert out.sum() == round(share * DAYS)
    assert paid == pytest.approx(2.0 * PAPER_FEE * turns)


def test_a_book_always_in_the_market_is_compared_with_one_never_halted():
    ours, theirs = grid(1, gross=2.0), grid(2, gross=1.0)

    assert out_of_market(ours, theirs) == 0.0
    np.testing.assert_array_equal(
        random_halts(theirs, 0.0, np.random.default_rng(1)), theirs.returns
    )


# --- figures ---------------------------------------------------------------------------------


def test_a_sharpe_ratio_is_that_of_its_days():
    returns = grid().returns

    assert figures_of(returns).sharpe == pytest.approx(sharpe_ratio(daily(returns)).value)


def test_a_book_that_did_not_move_has_no_sharpe_ratio():
    still = Grid(returns=np.zeros((DAYS, 24)), gross=np.zeros((DAYS, 24)))
    found = told(still, grid())[MANAGED]

    assert (found.sharpe, found.volatility, found.max_drawdown) == (None, 0.0, 0.0)
    assert found.intervals["sharpe"] is None
    assert told(still, still)[HALF_SIZE].managed_drawdown_over.value is None


def test_drawdown_is_of_bars_and_not_of_days():
    returns = np.zeros((DAYS, 24))
    returns[10, 5], returns[10, 6] = -0.2, 0.25

    assert figures_of(returns).max_drawdown == pytest.approx(0.2)


def test_every_book_is_told_and_the_same_seed_tells_the_same():
    ours, theirs = grid(1, size=0.4, gross=0.5), grid(2)
    found = told(ours, theirs)

    assert list(found) == [
        MANAGED, UNMANAGED, HALF_SIZE, SAME_EXPOSURE, EQUAL_VOLATILITY, RANDOM_HALTS
    ]  # fmt: skip
    assert found == told(ours, theirs)
    assert found != told(ours, theirs, seed=8)


def test_figures_lie_in_their_intervals():
    for figures in told(grid(1, size=0.5), grid(1)).values():
        low, high = figures.intervals["volatility"]
        assert low < figures.volatility < high


def test_books_are_resampled_together():
    """So a book of half the returns has half the volatility in every resample."""
    compared = told(grid(1, size=0.5), grid(1))[UNMANAGED].managed_volatility_over

    assert compared.value == pytest.approx(0.5, rel=0.02)
    assert compared.interval.high - compared.interval.low < 0.02


def test_a_constant_size_has_the_sharpe_ratio_of_the_whole():
    found = told(grid(3, size=0.3, gross=0.3), grid(4))

    assert found[SAME_EXPOSURE].sharpe == pytest.approx(found[UNMANAGED].sharpe, rel=0.05)
