"""Figures of return for risk, each with its error, or with the reason why there is none."""

import json

import numpy as np
import pandas as pd
import pytest

from risk.analyzer import PositionRiskAnalyzer
from risk.errors import InsufficientData, InvalidInput
from risk.measures import performance as measured
from risk.measures.bootstrap import block_bootstrap_error
from risk.measures.drawdown import conditional_drawdown
from tests.analyzer.tables import analyzer, table

RATIOS = ("sharpe", "sortino", "calmar", "tail_ratio")


def book_returns():
    return table().to_numpy() @ [0.5, 0.3, -0.1]


def draws():
    return np.random.default_rng(0)


def plain(estimate):
    return {
        "value": pytest.approx(estimate.value, rel=1e-9),
        "standard_error": pytest.approx(estimate.standard_error, rel=1e-9),
    }


def test_ratios_are_those_of_the_measures_of_a_year_of_the_tables_bars():
    returns = book_returns()

    for period, year in (("1d", 365), ("1h", 8760)):
        told = analyzer(period=period).performance()
        options = {"periods_per_year": year}
        assert told["sharpe"] == plain(measured.sharpe_ratio(returns, **options))
        assert told["sortino"] == plain(measured.sortino_ratio(returns, draws(), **options))
        assert told["calmar"] == plain(measured.calmar_ratio(returns, draws(), **options))
        assert told["tail_ratio"] == plain(measured.tail_ratio(returns, draws()))
        assert told["bars"] == 400
        assert told["unknown"] == {}


def test_beta_is_against_an_asset_that_need_not_be_held():
    book = {"ETH": 60_000.0}
    returns, market = 0.6 * table()["ETH"].to_numpy(), table()["BTC"].to_numpy()

    assert analyzer(book).performance("BTC")["beta"] == plain(measured.beta(returns, market))
    assert analyzer(book).performance()["beta"] is None


def test_drawdowns_are_those_of_the_rebalanced_book_with_errors():
    book = analyzer()
    told, returns = book.performance(), book_returns()

    def worst(sample):
        return conditional_drawdown(np.concatenate(([1.0], np.cumprod(1.0 + sample))), level=0.95)

    fall = book.maximum_drawdown()
    assert told["maximum_drawdown"]["value"] == fall["depth"]
    assert told["conditional_drawdown_95"] == {
        "value": pytest.approx(fall["conditional_95"]),
        "standard_error": pytest.approx(block_bootstrap_error(worst, returns, draws())),
    }
    deepest = told["drawdowns"][0]
    assert (deepest["depth"], deepest["trough"]) == (fall["depth"], fall["trough"])
    depths = [spell["depth"] for spell in told["drawdowns"]]
    assert depths == sorted(depths, reverse=True)
    assert len(depths) == 5


def test_a_fall_is_told_by_the_bars_of_the_table_and_may_last():
    frame = table()
    frame[:] = 0.001
    frame.iloc[10], frame.iloc[11], frame.iloc[-1] = -0.1, 0.2, -0.05

    told = PositionRiskAnalyzer(frame).performance()["drawdowns"]

    dates = [day.isoformat() for day in frame.index]
    assert [(spell["peak"], spell["trough"], spell["end"]) for spell in told] == [
        (dates[9], dates[10], dates[11]),
        (dates[-2], dates[-1], None),
    ]
    assert [spell["bars"] for spell in told] == [2, 1]


def test_bars_that_something_held_did_not_see_do_not_count():
    frame = table(holes=True)

    found = analyzer(frame=frame).performance("BTC")

    assert found["bars"] == 394
    # Named by text, rows are consecutive bars.
    kept = frame.dropna().rename(index=lambda at: at.isoformat())
    assert found == analyzer(frame=kept).performance("BTC")


def test_the_same_question_has_the_same_answer_and_another_seed_another_error():
    assert analyzer().performance("BTC") == analyzer().performance("BTC")
    other = analyzer(seed=1).performance()
    assert other["sharpe"] == analyzer().performance()["sharpe"]
    assert other["sortino"] != analyzer().performance()["sortino"]


def test_longer_blocks_keep_longer_falls_whole():
    errors = [
        analyzer().performance(block=block)["maximum_drawdown"]["standard_error"]
        for block in (1, 60)
    ]

    assert errors[0] != errors[1]


def test_a_figure_that_does_not_exist_is_none_and_says_why_beside_those_that_do():
    rising = PositionRiskAnalyzer(table().abs() + 1e-6)
    ruined = analyzer({"BTC": 2_000_000.0})

    told = rising.performance("BTC")
    assert told["sortino"] is told["calmar"] is told["tail_ratio"] is None
    assert set(told["unknown"]) == {"sortino", "calmar", "tail_ratio"}
    assert "below its target" in told["unknown"]["sortino"]
    assert told["sharpe"]["value"] > 0.0
    assert told["maximum_drawdown"] == {"value": 0.0, "standard_error": 0.0}
    assert told["drawdowns"] == []
    assert set(ruined.performance()["unknown"]) == {"calmar"}
    assert ruined.performance()["maximum_drawdown"]["value"] > 1.0


def test_a_book_that_holds_nothing_has_no_ratio():
    told = analyzer({}).performance("BTC")

    assert all(told[name] is None for name in RATIOS)
    assert told["beta"]["value"] == 0.0
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_beta_against_a_market_of_a_few_bars_is_unknown():
    frame = table()
    frame.iloc[:-5, 2] = np.nan

    told = analyzer({"BTC": 1.0}, frame=frame).performance("SOL")

    assert told["beta"] is None
    assert "needs 30" in told["unknown"]["beta"]


def test_refuses_what_it_cannot_be_asked():
    with pytest.raises(InvalidInput, match="no returns of XRP, which beta is asked against"):
        analyzer().performance("XRP")
    for block in (0, 401, 1.5):
        with pytest.raises(InvalidInput, match="block"):
            analyzer().performance(block=block)
    with pytest.raises(InsufficientData, match=r"performance of a book with A needs 30 .* got 29"):
        PositionRiskAnalyzer(pd.DataFrame({"A": [0.01, -0.01] * 14 + [0.0]})).performance()
