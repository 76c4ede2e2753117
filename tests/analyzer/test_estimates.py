"""Figures of a table as plain dicts."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest

from risk.analyzer import PositionRiskAnalyzer
from risk.errors import InsufficientData, InvalidInput
from tests.analyzer.tables import ALL, analyzer, table


@pytest.mark.parametrize("method", ALL)
def test_parts_of_the_positions_add_up_to_the_books_figure(method):
    book = analyzer()
    positions = book.positions(method)

    for level in (0.95, 0.975, 0.99):
        total = sum(told["component_var"][str(level)] for told in positions.values())
        assert total == pytest.approx(100_000.0 * book.value_at_risk(level, method))
    assert positions["SOL"]["component_var"]["0.99"] < 0.0
    assert positions["SOL"]["var"]["0.99"] > 0.0


def test_drawdown_is_that_of_the_rebalanced_book_by_the_dates_of_the_table():
    frame = pd.DataFrame(
        {"A": [0.1, -0.5, 0.0, 0.1, *[0.0] * 26]}, index=[date(2024, 1, d) for d in range(1, 31)]
    )

    found = PositionRiskAnalyzer(frame).maximum_drawdown()

    assert found["depth"] == pytest.approx(0.5)
    assert (found["peak"], found["trough"]) == ("2024-01-01", "2024-01-02")
    assert found["current"] == pytest.approx(0.45)
    assert found["longest"] == 29


def test_what_is_lost_altogether_does_not_come_back():
    frame = pd.DataFrame({"A": [0.1, -0.6, 0.5, 3.0, *[0.0] * 26]})

    found = PositionRiskAnalyzer(frame, positions={"A": 2.0}).maximum_drawdown()

    assert found["depth"] == found["current"] == pytest.approx(1.2)
    assert PositionRiskAnalyzer(frame).maximum_drawdown()["peak"] == "0"


def test_volatility_by_three_estimators_a_year_of_365_days_or_8760_hours():
    daily, hourly = analyzer(), analyzer(period="1h")

    sample = daily.volatility("sample")
    assert sample["BTC"] == pytest.approx(table()["BTC"].std() * math.sqrt(365))
    assert sample["book"] == pytest.approx(
        (table().to_numpy() @ [0.5, 0.3, -0.1]).std(ddof=1) * math.sqrt(365)
    )
    for estimator in ("filter", "ewma", "sample"):
        found = daily.volatility(estimator)
        assert set(found) == {"BTC", "ETH", "SOL", "book"}
        assert hourly.volatility(estimator)["BTC"] == pytest.approx(math.sqrt(24) * found["BTC"])
        assert found["BTC"] == pytest.approx(sample["BTC"], rel=0.6)


def test_correlation_by_three_estimators():
    found = {name: analyzer().correlation(name) for name in ("ewma", "sample", "ledoit_wolf")}

    sample = table().corr()
    assert found["sample"]["BTC"]["SOL"] == pytest.approx(sample.loc["BTC", "SOL"])
    for matrix in found.values():
        assert matrix["BTC"]["BTC"] == 1.0
        assert matrix["BTC"]["ETH"] == matrix["ETH"]["BTC"]
        assert matrix["BTC"]["ETH"] == pytest.approx(sample.loc["BTC", "ETH"], abs=0.25)


def test_a_pair_never_seen_together_is_unknown_and_not_zero():
    frame = table()
    frame.iloc[:200, 0] = np.nan
    frame.iloc[200:, 1] = np.nan

    assert analyzer(frame=frame).correlation("sample")["BTC"]["ETH"] is None


def test_refuses_figures_of_too_few_bars_by_name():
    frame = table()
    frame.iloc[:-5, 2] = np.nan

    with pytest.raises(InsufficientData, match="volatility of SOL needs 30"):
        analyzer(frame=frame).volatility()
    with pytest.raises(InsufficientData, match="maximum_drawdown"):
        PositionRiskAnalyzer(pd.DataFrame({"A": [math.nan]})).maximum_drawdown()


@pytest.mark.parametrize("seen", [1, 29])
def test_refuses_the_drawdown_of_a_book_with_a_coin_listed_yesterday_by_its_name(seen):
    frame = table()
    frame.iloc[:-seen, 2] = np.nan

    with pytest.raises(
        InsufficientData, match=rf"maximum_drawdown of a book with SOL needs 30 .* got {seen}"
    ):
        analyzer(frame=frame).maximum_drawdown()
    assert analyzer({"BTC": 1.0}, frame=frame).maximum_drawdown()["longest"] > 29
    assert analyzer({}, frame=frame.tail(5)).maximum_drawdown()["depth"] == 0.0


def test_thirty_bars_are_enough_for_a_drawdown():
    assert analyzer(frame=table(bars=30)).maximum_drawdown()["depth"] > 0.0


def test_refuses_to_shrink_what_was_not_seen_together_or_never_moved_by_name():
    young, still = table(), table()
    young.iloc[:-5, 1] = np.nan
    still["SOL"] = 0.001

    with pytest.raises(InsufficientData, match=r"ledoit_wolf with ETH needs 30 .* got 5"):
        analyzer({"BTC": 1.0}, frame=young).correlation("ledoit_wolf")
    with pytest.raises(InvalidInput, match="ledoit_wolf needs assets that moved; SOL did not"):
        analyzer(frame=still).correlation("ledoit_wolf")


def test_nothing_is_told_of_how_a_coin_moves_of_which_hardly_a_bar_was_seen():
    frame = table()
    frame.iloc[:-29, 2] = np.nan

    young = analyzer({"BTC": 1.0}, frame=frame).correlation()
    frame.iloc[-30, 2] = 0.01
    seen = analyzer({"BTC": 1.0}, frame=frame).correlation()

    assert young["SOL"]["BTC"] is young["BTC"]["SOL"] is None
    assert young["SOL"]["SOL"] == 1.0
    assert -1.0 < seen["SOL"]["BTC"] < 1.0
