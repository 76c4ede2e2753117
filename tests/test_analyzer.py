"""The face for people who come with a table of returns."""

import asyncio
import doctest
import json
import math
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from risk.analyzer import AsyncPositionRiskAnalyzer, PositionRiskAnalyzer
from risk.analyzer.methods import METHODS
from risk.domain.events import PortfolioRisk, PositionRisk
from risk.errors import InsufficientData, InvalidInput
from risk.measures.tail import historical_var
from risk.measures.var import VAR_MODELS
from risk.storage.codec import decode_event, encode_event

PAGE = Path(__file__).parent.parent / "docs" / "analyzer.md"
NOON = datetime(2025, 9, 1, 12, tzinfo=UTC)
LONG_SHORT = {"BTC": 50_000.0, "ETH": 30_000.0, "SOL": -10_000.0}
ALL = (*METHODS, *VAR_MODELS)


def table(seed=0, bars=400, holes=False):
    rng = np.random.default_rng(seed)
    moves = 0.02 * rng.standard_t(5, (bars, 1)) + 0.02 * rng.standard_t(5, (bars, 3))
    if holes:
        moves[10, 0] = moves[20:25, 1] = np.nan
    days = pd.date_range("2024-01-01", periods=bars, tz="UTC")
    return pd.DataFrame(np.maximum(moves, -0.9), index=days, columns=["BTC", "ETH", "SOL"])


def analyzer(positions=LONG_SHORT, **arguments):
    frame = arguments.pop("frame", table())
    return PositionRiskAnalyzer(frame, positions=positions, equity=100_000.0, **arguments)


def test_its_page_says_what_it_does():
    found = doctest.testfile(str(PAGE), module_relative=False)

    assert found.attempted > 20
    assert found.failed == 0


def test_historical_figures_are_those_of_the_books_own_past():
    book = table().to_numpy() @ [0.5, 0.3, -0.1]

    assert analyzer().value_at_risk(0.95, "historical") == historical_var(-book, level=0.95)


def test_parametric_figures_are_those_of_a_normal_distribution():
    book = table().to_numpy() @ [0.5, 0.3, -0.1]
    losses = norm(-book.mean(), book.std(ddof=1))

    var, es = (
        getattr(analyzer(), name)(0.99, "parametric")
        for name in ("value_at_risk", "expected_shortfall")
    )

    assert var == pytest.approx(losses.ppf(0.99))
    assert es == pytest.approx(losses.expect(lb=var) / 0.01, rel=1e-6)


def test_drawn_figures_are_those_of_the_t_distribution_that_is_drawn_from():
    from scipy.stats import t as student

    found = analyzer().value_at_risk(0.99, "monte_carlo")

    frame = table()
    weights = np.array([0.5, 0.3, -0.1])
    sample = (frame.to_numpy() @ weights).std()
    expected = student.ppf(0.99, 5) * math.sqrt(3 / 5) * sample - frame.mean().to_numpy() @ weights
    assert found == pytest.approx(expected, rel=0.06)
    assert found == analyzer().value_at_risk(0.99, "monte_carlo")
    assert found != analyzer(seed=1).value_at_risk(0.99, "monte_carlo")


@pytest.mark.parametrize("method", ALL)
def test_every_method_answers_grows_with_the_book_and_keeps_its_order(method):
    twice = {asset: 2.0 * value for asset, value in LONG_SHORT.items()}

    var = [analyzer().value_at_risk(level, method) for level in (0.95, 0.975, 0.99)]
    es = [analyzer().expected_shortfall(level, method) for level in (0.95, 0.975, 0.99)]

    assert 0.0 < var[0] < var[1] < var[2]
    assert all(shortfall > value for shortfall, value in zip(es, var, strict=True))
    doubled = analyzer(twice).value_at_risk(0.99, method)
    assert doubled == pytest.approx(2.0 * var[2], rel=1e-6)


@pytest.mark.parametrize("method", ALL)
def test_parts_of_the_positions_add_up_to_the_books_figure(method):
    book = analyzer()
    positions = book.positions(method)

    for level in (0.95, 0.975, 0.99):
        total = sum(told["component_var"][str(level)] for told in positions.values())
        assert total == pytest.approx(100_000.0 * book.value_at_risk(level, method))
    assert positions["SOL"]["component_var"]["0.99"] < 0.0
    assert positions["SOL"]["var"]["0.99"] > 0.0


def test_a_book_that_holds_nothing_risks_nothing():
    flat = analyzer({}, scenarios={"crash": {"BTC": -0.5}})

    assert flat.value_at_risk() == flat.expected_shortfall() == 0.0
    assert flat.positions() == {}
    assert flat.stress()["crash"]["loss"] == 0.0
    assert [type(event) for event in flat.publish(at=NOON)] == [PortfolioRisk]


def test_a_book_hedged_to_zero_net_has_its_gross_risk():
    hedged = analyzer({"BTC": 50_000.0, "ETH": -50_000.0})

    assert hedged.figures()["net"] == 0.0
    assert hedged.value_at_risk(0.99, "historical") > 0.01


def test_without_positions_equity_lies_in_equal_parts():
    book = PositionRiskAnalyzer(table(), equity=300.0)

    assert {told["exposure"] for told in book.positions().values()} == {100.0}


def test_a_bar_that_something_held_did_not_see_does_not_count_and_is_no_zero():
    frame = table(holes=True)
    kept = frame.dropna()

    found = analyzer(frame=frame)

    assert found.figures()["complete_bars"] == len(kept) == 394
    same = analyzer(frame=kept)
    for method in ("historical", "parametric", "monte_carlo"):
        assert found.value_at_risk(0.99, method) == same.value_at_risk(0.99, method)
    without_eth = analyzer({"BTC": 1.0}, frame=frame)
    assert without_eth.figures()["complete_bars"] == 399


def test_drawdown_is_that_of_the_rebalanced_book_by_the_dates_of_the_table():
    frame = pd.DataFrame(
        {"A": [0.1, -0.5, 0.0, 0.1]}, index=[date(2024, 1, d) for d in range(1, 5)]
    )

    found = PositionRiskAnalyzer(frame).maximum_drawdown()

    assert found["depth"] == pytest.approx(0.5)
    assert (found["peak"], found["trough"]) == ("2024-01-01", "2024-01-02")
    assert found["current"] == pytest.approx(0.45)
    assert found["longest"] == 3


def test_what_is_lost_altogether_does_not_come_back():
    frame = pd.DataFrame({"A": [0.1, -0.6, 0.5, 3.0]})

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


def test_stress_is_exact_and_names_what_it_does_not_shock():
    told = analyzer().stress({"crash": {"BTC": -0.3, "SOL": -0.5}})["crash"]

    assert told == {
        "loss": pytest.approx(0.10),
        "by_asset": {"BTC": -15_000.0, "ETH": 0.0, "SOL": 5_000.0},
        "unshocked": ["ETH"],
    }


@settings(max_examples=20)
@given(st.lists(st.floats(-1.0, 2.0), min_size=3, max_size=3), st.floats(0.1, 5.0))
def test_stress_is_linear(shocks, scale):
    def loss(book):
        scenario = dict(zip(("BTC", "ETH", "SOL"), shocks, strict=True))
        return analyzer(book).stress({"any": scenario})["any"]["loss"]

    scaled = {asset: scale * value for asset, value in LONG_SHORT.items()}
    assert loss(scaled) == pytest.approx(scale * loss(LONG_SHORT), abs=1e-12)


@pytest.mark.parametrize("period", ["1d", "1h"])
def test_events_say_what_the_figures_say_and_nothing_of_other_bars(period):
    book = analyzer(period=period, scenarios={"crash": {"BTC": -0.3}, "rally": {"BTC": 0.3}})
    heard = []
    book.subscribe(heard.append)

    published = book.publish(at=NOON, portfolio="mine", cycle="7")

    *positions, portfolio = published
    assert tuple(heard) == published
    assert [event.asset for event in positions] == ["BTC", "ETH", "SOL"]
    assert all(isinstance(event, PositionRisk) for event in positions)
    other = "1h" if period == "1d" else "1d"
    assert getattr(portfolio, f"var_{period}_99") == book.value_at_risk(0.99)
    assert getattr(portfolio, f"es_{period}_975") == book.expected_shortfall(0.975)
    assert getattr(portfolio, f"var_{other}_99") is None
    assert portfolio.stress_loss == pytest.approx(0.15)
    assert (portfolio.gross, portfolio.net, portfolio.leverage) == (90_000.0, 70_000.0, 0.9)
    assert portfolio.profit_today is portfolio.drawdown is portfolio.unit_value is None
    if period == "1d":
        parts = sum(event.component_var_1d_99 for event in positions)
        assert parts == pytest.approx(100_000.0 * portfolio.var_1d_99)
    else:
        assert positions[0].var_1d_99 is None
    assert [decode_event(encode_event(event)) for event in published] == list(published)


def test_a_subscription_ends_and_ending_it_twice_changes_nothing():
    book, heard = analyzer(), []
    leave = book.subscribe(heard.append)
    leave()
    leave()

    book.publish(at=NOON)

    assert heard == []


def test_one_failing_listener_keeps_no_other_from_being_told():
    book, heard = analyzer(), []

    def fail(event):
        raise RuntimeError(f"no room for {type(event).__name__}")

    book.subscribe(fail)
    book.subscribe(heard.append)

    with pytest.raises(ExceptionGroup) as failure:
        book.publish(at=NOON)
    assert len(failure.value.exceptions) == len(heard) == 4
    with pytest.raises(ExceptionGroup):
        asyncio.run(AsyncPositionRiskAnalyzer(book).publish(at=NOON))
    assert len(heard) == 8


def test_a_listening_coroutine_is_told_on_the_loop_and_refused_without_one():
    book, heard = analyzer(), []

    async def listen(event):
        await asyncio.sleep(0)
        heard.append(event)

    beside = AsyncPositionRiskAnalyzer(book)
    beside.subscribe(listen)

    published = asyncio.run(beside.publish(at=NOON))
    assert tuple(heard) == published
    with pytest.raises(ExceptionGroup) as failure:
        book.publish(at=NOON)
    assert "coroutine" in str(failure.value.exceptions[0])


def test_every_question_can_be_asked_beside_a_loop_with_the_same_answer():
    book = analyzer(scenarios={"crash": {"BTC": -0.3}})
    beside = AsyncPositionRiskAnalyzer(book)
    questions = (
        "value_at_risk",
        "expected_shortfall",
        "maximum_drawdown",
        "volatility",
        "correlation",
        "stress",
        "positions",
        "figures",
    )

    async def ask():
        return await asyncio.gather(*(getattr(beside, name)() for name in questions))

    assert asyncio.run(ask()) == [getattr(book, name)() for name in questions]


def test_figures_are_plain_and_whole():
    figures = analyzer(scenarios={"crash": {"BTC": -0.3}}).figures("historical")

    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert figures["method"] == "historical"
    assert list(figures["var"]) == ["0.95", "0.975", "0.99"]


def test_changing_ones_table_afterwards_changes_no_figure():
    frame, shocks = table(), {"BTC": -0.3}
    book = analyzer(frame=frame, scenarios={"crash": shocks})
    before = book.figures()

    frame.iloc[:] = 0.0
    shocks["BTC"] = -0.9

    assert book.figures() == before


def frame_with(**columns):
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (pd.DataFrame(), "must be a DataFrame"),
        ([[0.1]], "must be a DataFrame"),
        (frame_with(A=["x", "y"]), "numbers only"),
        (frame_with(A=[0.1, math.inf]), "A returned inf at 1"),
        (frame_with(A=[0.1, -1.5]), "A returned -1.5 at 1"),
        (pd.DataFrame([[0.1, 0.1]], columns=["A", "A"]), "A twice"),
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
        ({"positions": {"BTC": math.nan}}, "positions must be finite"),
        ({"equity": 0.0}, "equity"),
        ({"equity": -5.0}, "equity"),
        ({"equity": math.nan}, "equity"),
        ({"scenarios": {"crash": {"XRP": -0.5}}}, "crash shocks XRP"),
        ({"scenarios": {"crash": {"BTC": -1.5}}}, "crash shocks BTC by -1.5"),
        ({"scenarios": {"crash": {"BTC": math.nan}}}, "crash shocks BTC by nan"),
    ],
)
def test_refuses_a_book_that_does_not_belong_to_the_table(arguments, named):
    with pytest.raises(InvalidInput, match=named):
        PositionRiskAnalyzer(table(), **arguments)


def test_refuses_questions_that_mean_nothing():
    with pytest.raises(InvalidInput, match="no method is called 'guess'; there are historical"):
        analyzer().value_at_risk(0.99, "guess")
    with pytest.raises(InvalidInput, match="no volatility is called"):
        analyzer().volatility("guess")
    with pytest.raises(InvalidInput, match="no correlation is called"):
        analyzer().correlation("guess")
    with pytest.raises(InvalidInput, match="stress needs a scenario"):
        analyzer().stress()
    for level in (0.0, 1.0, 1.5, math.nan):
        with pytest.raises(ValueError, match="level"):
            analyzer().value_at_risk(level)
    with pytest.raises(ValueError, match="zone"):
        analyzer().publish(at=datetime(2025, 9, 1))  # noqa: DTZ001


@pytest.mark.parametrize("method", ALL)
def test_refuses_a_book_with_a_coin_listed_yesterday_and_names_it(method):
    frame = table()
    frame.iloc[:-1, 2] = np.nan

    with pytest.raises(InsufficientData, match=r"a book with SOL needs 100 or more .* got 1"):
        analyzer(frame=frame).value_at_risk(0.99, method)
    assert analyzer({"BTC": 1.0}, frame=frame).value_at_risk(0.99, method) > 0.0


def test_refuses_figures_of_too_few_bars_by_name():
    frame = table()
    frame.iloc[:-5, 2] = np.nan

    with pytest.raises(InsufficientData, match="volatility of SOL needs 30"):
        analyzer(frame=frame).volatility()
    with pytest.raises(InsufficientData, match="maximum_drawdown"):
        PositionRiskAnalyzer(pd.DataFrame({"A": [math.nan]})).maximum_drawdown()
