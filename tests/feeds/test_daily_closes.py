"""A price file's days as one table, with nothing filled."""

from datetime import timedelta

import numpy as np
import pandas as pd

from risk.domain.market import Period
from risk.feeds.daily_closes import daily_closes, rows_not_believed
from risk.feeds.quality import clean_bars
from tests.price_tables import START, table, walk


def daily(close, asset="BTC", start=START):
    return table(close, asset=asset, period=Period.DAY, start=start)


def table_of(*rows, period=Period.DAY):
    return daily_closes(clean_bars(pd.concat(rows), period))


def test_days_stand_below_each_other_and_assets_side_by_side():
    btc, eth = walk(40), walk(30, seed=8)

    found = table_of(daily(btc), daily(eth, "ETH", START + timedelta(days=10)))

    assert found.assets == ("BTC", "ETH")
    assert found.first_day == START
    np.testing.assert_allclose(found.closes[:, 0], btc)
    np.testing.assert_allclose(found.closes[10:, 1], eth)
    assert np.isnan(found.closes[:10, 1]).all()
    assert not found.begins.any()


def test_a_day_that_is_missing_is_a_row_without_a_close():
    close = walk(40)
    rows = daily(close).drop(index=[20, 21])

    found = table_of(rows)

    assert found.closes.shape == (40, 1)
    assert np.isnan(found.closes[20:22]).all()
    np.testing.assert_allclose(found.closes[22:, 0], close[22:])


def test_hours_make_days_that_close_with_their_last_hour():
    close = walk(24 * 5, volatility=0.002)

    found = table_of(table(close), period=Period.HOUR)

    np.testing.assert_allclose(found.closes[:, 0], close[23::24])


def test_a_faulty_close_is_no_close():
    rows = daily(walk(40))
    rows.loc[20, ["open", "high", "low", "close"]] = -1.0

    assert np.isnan(table_of(rows).closes[20, 0])


def test_a_ticker_that_means_something_else_begins_anew():
    before, after = walk(60), walk(60, seed=8, start=1e7)
    rows = daily(np.concatenate([before, after]))

    found = table_of(rows)

    assert np.flatnonzero(found.begins[:, 0]).tolist() == [60]


def test_a_hole_of_months_keeps_the_calendar_and_begins_anew():
    late = START + timedelta(days=300)

    found = table_of(daily(walk(60)), daily(walk(60, seed=8), start=late))

    assert found.closes.shape == (360, 1)
    assert np.isnan(found.closes[60:300]).all()
    assert np.flatnonzero(found.begins[:, 0]).tolist() == [300]


def test_nothing_to_believe_is_a_table_without_rows():
    rows = daily(walk(5))
    rows["close"] = -1.0

    found = table_of(rows)

    assert (found.first_day, found.assets, found.closes.shape) == (None, (), (0, 0))


def test_rows_that_made_no_bar_are_counted_by_asset():
    bad, sound, hopeless = daily(walk(40)), daily(walk(40), "ETH"), daily(walk(5), "SOL")
    bad.loc[20, ["open", "high", "low", "close"]] = -1.0
    hopeless["close"] = np.inf
    rows = pd.concat([bad, bad.tail(1), sound, hopeless])

    found = rows_not_believed(rows, clean_bars(rows, Period.DAY))

    assert found == {"BTC": 2, "SOL": 5}
