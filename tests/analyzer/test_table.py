"""Returns and a book of them, as somebody came with them."""

import json
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from risk.analyzer import PositionRiskAnalyzer
from risk.analyzer.table import REUSE_FACTOR
from risk.errors import InvalidInput
from risk.feeds import quality
from tests.analyzer.tables import analyzer, table


def frame_with(**columns):
    return pd.DataFrame(columns)


def test_without_positions_equity_lies_in_equal_parts():
    book = PositionRiskAnalyzer(table(), equity=300.0)

    assert {told["exposure"] for told in book.positions().values()} == {100.0}


def test_a_bar_that_something_held_did_not_see_does_not_count_and_is_no_zero():
    frame = table(holes=True)
    kept = frame.dropna()

    found = analyzer(frame=frame)

    assert found.figures()["complete_bars"] == len(kept) == 394
    same = analyzer(frame=kept.reset_index(drop=True))
    for method in ("historical", "parametric", "monte_carlo"):
        assert found.value_at_risk(0.99, method) == same.value_at_risk(0.99, method)
    without_eth = analyzer({"BTC": 1.0}, frame=frame)
    assert without_eth.figures()["complete_bars"] == 399


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (pd.DataFrame(), "must be a DataFrame"),
        ([[0.1]], "must be a DataFrame"),
        (frame_with(A=["x", "y"]), "numbers only"),
        (frame_with(A=[0.1, 10**400]), "numbers only: int too large"),
        (frame_with(A=[0.1, math.inf]), "A returned inf at 1"),
        (frame_with(A=[0.1, -1.5]), "A returned -1.5 at 1"),
        (pd.DataFrame([[0.1, 0.1]], columns=["A", "A"]), "A twice"),
        (frame_with(A=[0.1], book=[0.1]), "no asset can be called book"),
        (pd.DataFrame({"A": [0.1, 0.1]}, index=[2, 1]), "in order"),
        (pd.DataFrame({"A": [0.1, 0.1]}, index=[1, 1]), "in order"),
    ],
)
def test_refuses_what_is_no_table_of_returns_by_name(frame, named):
    with pytest.raises(InvalidInput, match=named):
        PositionRiskAnalyzer(frame)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"positions": {"XRP": 1.0}}, "no returns of XRP"),
        ({"positions": {"BTC": math.nan}}, "the position in BTC must be finite"),
        ({"positions": {"BTC": "x"}}, "the position in BTC must be a number, got 'x'"),
        ({"positions": {"BTC": None}}, "the position in BTC must be a number"),
        ({"positions": [1.0, 2.0, 3.0]}, "positions must map assets to values"),
        ({"positions": {7: 1.0}}, "no returns of 7"),
        ({"positions": {"BTC": 10**400}}, "the position in BTC must be a number"),
        ({"positions": {"BTC": 1e300}, "equity": 1e-10}, "the position in BTC is too large"),
        ({"positions": {"BTC": 1e308}}, "the position in BTC is too large beside an equity of 1.0"),
        ({"positions": {"ETH": -2e12}}, "the position in ETH is too large .* more than 1e\\+12"),
        ({"positions": {"BTC": 1e308, "ETH": -1e308}, "equity": 1e308}, "large to be added up"),
        ({"positions": {"BTC": [1.0]}}, "the position in BTC must be a number, got \\[1.0\\]"),
        ({"equity": None}, "equity must be a number, got None"),
        ({"method": ["historical"]}, "no method is called \\['historical'\\]"),
        ({"method": None}, "no method is called None"),
        ({"seed": "x"}, "seed must be a whole number"),
        ({"scenarios": [1.0]}, "scenarios must map names to shocks"),
        ({"period": "1w"}, "no bars are called '1w'; there are 1h, 1d"),
        ({"equity": "x"}, "equity must be a number"),
        ({"equity": 0.0}, "equity"),
        ({"equity": -5.0}, "equity"),
        ({"equity": math.nan}, "equity"),
        ({"scenarios": {"crash": {"XRP": -0.5}}}, "crash shocks XRP"),
        ({"scenarios": {"crash": {"BTC": -1.5}}}, "crash shocks BTC by -1.5"),
        ({"scenarios": {"crash": {"BTC": "x"}}}, "shock of BTC in scenario crash must be a number"),
        ({"scenarios": {"crash": -0.5}}, "crash must map assets to returns"),
        (
            {"scenarios": {"crash": {"BTC": math.nan}}},
            "shock of BTC in scenario crash must be finite",
        ),
    ],
)
def test_refuses_a_book_that_does_not_belong_to_the_table(arguments, named):
    with pytest.raises(InvalidInput, match=named):
        PositionRiskAnalyzer(table(), **arguments)


def test_a_position_as_large_as_can_be_has_every_figure():
    book = analyzer({"BTC": 1e17, "ETH": -1e17})

    assert json.dumps(book.figures(), allow_nan=False)
    for method in ("parametric", "monte_carlo", "historical"):
        assert 0.0 < book.value_at_risk(0.99, method) < 1e12


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (pd.date_range("1970-01-01", periods=400, freq="ns"), "Timestamp"),
        (pd.date_range("2024-01-01", periods=400, tz="UTC"), "Timestamp"),
        (pd.date_range("2024-01-01", periods=400).date, "datetime.date"),
        (pd.period_range("2024-01-01", periods=400, freq="D"), "Period"),
        (pd.to_timedelta(np.arange(400) % 10, unit="ns"), "Timedelta"),
        (np.arange(400) % 2 == 0, "True"),
        (pd.array([True] * 400, dtype="boolean"), "True"),
        (np.array([0.01, False] * 200, dtype=object), "False at 2024-01-02"),
        (np.full(400, 0.01 + 1j), "0.01"),
        (np.array(["0.01"] * 400), "'0.01'"),
    ],
)
def test_a_column_that_is_not_of_real_numbers_is_refused_by_name(column, value):
    with pytest.raises(InvalidInput, match=f"real numbers only; day holds .*{value}"):
        PositionRiskAnalyzer(table().assign(day=column))


def test_the_dates_of_a_table_left_in_a_column_are_no_asset():
    frame = table().rename_axis("day").reset_index()

    with pytest.raises(InvalidInput, match="real numbers only; day holds Timestamp"):
        PositionRiskAnalyzer(frame)


@pytest.mark.parametrize(
    "kind", ["float32", "Float64", "Sparse[float]", "object", "category"], ids=str
)
def test_real_numbers_of_any_kind_are_returns_and_what_is_missing_among_them_unknown(kind):
    frame = table(holes=True)
    same = frame.astype({"ETH": kind})

    found = analyzer(frame=same).value_at_risk(0.99, "historical")

    told = analyzer(frame=frame).value_at_risk(0.99, "historical")
    assert found == pytest.approx(told, rel=1e-6)
    exact = frame["ETH"].map(lambda moved: None if math.isnan(moved) else Decimal(moved))
    assert analyzer(frame=frame.assign(ETH=exact)).value_at_risk(0.99, "historical") == told


def test_a_ticker_reused_is_refused_by_asset_and_bar():
    frame = table()
    frame.iloc[300, 1] = 1.7e5

    with pytest.raises(InvalidInput, match=r"ETH returned 170000.0 at 2024-10-27T.*this ticker"):
        analyzer(frame=frame)


def test_what_came_before_a_reuse_may_be_unknown_and_the_series_begins_after_it():
    frame = table()
    frame.iloc[200, 1] = 1.7e5
    frame.iloc[:201, 1] = math.nan

    assert analyzer(frame=frame).figures("historical")["complete_bars"] == 199


def test_twenty_times_the_price_and_a_fall_of_any_size_are_returns():
    frame = table()
    frame.iloc[300, 0] = REUSE_FACTOR - 1.0
    frame.iloc[301, 0] = -0.9999

    assert analyzer(frame=frame).figures("historical")["complete_bars"] == 400
    frame.iloc[300, 0] += 0.01
    with pytest.raises(InvalidInput, match=r"BTC returned 19\.01"):
        analyzer(frame=frame)


def test_a_table_calls_reused_what_a_price_file_does():
    assert REUSE_FACTOR == quality.REUSE_FACTOR


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2024-01-01", periods=400, freq="W-MON", tz="UTC"),
        pd.date_range("2024-01-01", periods=400, freq="W-MON").date,
        pd.period_range("2024-01-01", periods=400, freq="W-SUN"),
        pd.timedelta_range("1 day", periods=400, freq="7D"),
    ],
    ids=["times", "dates", "periods", "elapsed"],
)
def test_weeks_are_no_days(index):
    with pytest.raises(InvalidInput, match=r"must lie 1d apart.* it is 7 times that"):
        analyzer(frame=table().set_index(index))


def test_a_hole_is_refused_by_its_place_and_passes_as_rows_of_nan():
    frame = table()
    hole = frame.drop(frame.index[100:130])

    with pytest.raises(InvalidInput, match=r"2024-04-09T.* to 2024-05-10T.* a row of NaN"):
        analyzer(frame=hole)
    told = analyzer(frame=hole.reindex(frame.index)).figures("historical")
    assert (told["bars"], told["complete_bars"]) == (400, 370)


def test_hours_are_no_days_and_days_are_no_hours():
    hours = table(period="1h")

    with pytest.raises(InvalidInput, match=r"must lie 1d apart.* it is 0\.04167 times"):
        analyzer(frame=hours)
    with pytest.raises(InvalidInput, match=r"must lie 1h apart.* it is 24 times"):
        analyzer(frame=table(), period="1h")
    assert analyzer(frame=hours, period="1h").figures("historical")["complete_bars"] == 400


def test_local_days_pass_where_clocks_change():
    local = pd.date_range("2024-01-01", periods=400, tz="Europe/Berlin")

    assert analyzer(frame=table().set_index(local)).figures("historical")["bars"] == 400


def test_rows_a_little_off_the_bar_pass_and_further_ones_do_not():
    days = pd.date_range("2024-01-01", periods=400, tz="UTC").to_numpy(copy=True)
    days[200] += np.timedelta64(2, "h")
    assert analyzer(frame=table().set_index(days)).figures("historical")["bars"] == 400

    days[200] += np.timedelta64(1, "h")
    with pytest.raises(InvalidInput, match=r"from 2024-07-18T00.* to 2024-07-19T03"):
        analyzer(frame=table().set_index(pd.DatetimeIndex(days)))


@pytest.mark.parametrize(
    "names", [range(0, 2_800, 7), [f"bar {number:03}" for number in range(400)]]
)
def test_rows_that_are_not_named_by_times_are_consecutive_bars(names):
    frame = table()
    named = frame.set_index(pd.Index(names))

    assert analyzer(frame=named).volatility() == analyzer(frame=frame).volatility()
