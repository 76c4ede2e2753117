"""Books led through a price file, day by day."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from benchmarks import var_books
from benchmarks.var_books import books, main, results, verdict
from risk.domain.market import Period
from risk.errors import InsufficientData
from risk.feeds.daily_closes import daily_closes
from risk.feeds.quality import clean_bars
from risk.measures.returns import simple_returns
from tests.price_tables import START, table, walk

DAYS, WARM_UP = 210, 130


@pytest.fixture(autouse=True)
def _short_warm_up(monkeypatch):
    monkeypatch.setattr(var_books, "WARM_UP", WARM_UP)


def rows(days=DAYS):
    """Three assets, one of them listed late."""
    late = START + timedelta(days=60)
    return pd.concat(
        [
            table(walk(days, volatility=0.03), asset="BTC", period=Period.DAY),
            table(walk(days, seed=8, volatility=0.04), asset="ETH", period=Period.DAY),
            table(walk(days - 60, seed=9, volatility=0.05), asset="NEW", period=Period.DAY,
                  start=late),
        ]
    )  # fmt: skip


def bars(days=DAYS):
    return clean_bars(rows(days), Period.DAY)


def closes():
    return daily_closes(bars()).closes


def drawn(table):
    return books(table, np.random.default_rng(3))


def test_books_are_gross_one_and_hold_only_what_has_a_price():
    prices = closes()

    for book in drawn(prices):
        gross = np.abs(book.weights).sum(axis=1)
        assert ((np.abs(gross - 1.0) < 1e-12) | (gross == 0.0)).all()
        assert (book.weights[np.isnan(prices)] == 0.0).all()
        assert gross[95:].all()


def test_no_book_knows_a_later_close():
    prices = closes()
    moved = prices.copy()
    moved[-1] *= 2.0

    for before, after in zip(drawn(prices), drawn(moved), strict=True):
        np.testing.assert_array_equal(after.weights[:-1], before.weights[:-1])


def test_some_books_change_every_day_and_some_are_short():
    held = {book.name: book.weights[100:] for book in drawn(closes())}

    assert np.diff(held["anew each day 1"], axis=0).all()
    assert (held["momentum 30 d"].min(), held["momentum 30 d"].max()) == (-1 / 3, 1 / 3)
    assert (held["long 1"] >= 0.0).all()
    assert min(held[f"long/short {number}"].min() for number in range(1, 5)) < 0.0


def test_a_loss_stands_beside_the_forecast_made_at_the_close_before(monkeypatch):
    monkeypatch.setattr(var_books, "books", lambda *given: books(*given)[:2])
    returns = simple_returns(closes())

    equal, *_ = results(bars(), np.random.default_rng(3))
    changed = rows()
    last = changed["timestamp"] == changed["timestamp"].max()
    changed.loc[last, ["open", "high", "low", "close"]] *= 0.97
    again, *_ = results(clean_bars(changed, Period.DAY), np.random.default_rng(3))

    np.testing.assert_allclose(equal.losses, -returns[WARM_UP:].mean(axis=1))
    assert again.losses[-1] > equal.losses[-1]
    for before, after in zip(equal[2:], again[2:], strict=True):
        np.testing.assert_array_equal(after.var, before.var)


def test_prints_a_line_for_each_book_and_the_totals(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(var_books, "books", lambda *given: books(*given)[::5])
    rows().to_parquet(tmp_path / "prices.parquet")

    main(tmp_path / "prices.parquet", 3)

    told = capsys.readouterr().out
    assert "momentum 10 d" not in told
    assert "Kupiec does not reject" in told
    assert "of 9 cells" in told
    assert "nan" not in told


def test_a_verdict_counts_what_the_live_model_forecast(monkeypatch):
    monkeypatch.setattr(var_books, "books", lambda *given: books(*given)[:1])

    (only,) = results(bars(), np.random.default_rng(3))
    found = verdict(only)

    assert found.days == DAYS - WARM_UP - 1
    exceeded = only.losses > only.live.var[:, 0]
    assert found.rates[0] == pytest.approx(exceeded.mean())


def test_a_file_shorter_than_the_warm_up_is_refused():
    with pytest.raises(InsufficientData, match="books needs 132 or more"):
        results(bars(131), np.random.default_rng(3))
