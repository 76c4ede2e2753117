"""The face for people who come with a table of returns."""

import doctest
import inspect
import json
import math
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from risk.analyzer import PositionRiskAnalyzer
from risk.domain.events import PortfolioRisk
from risk.errors import InsufficientData, InvalidInput
from risk.measures.var.horizon import horizon_var_es
from tests.analyzer.tables import LONG_SHORT, NOON, analyzer, table

PAGE = Path(__file__).parents[2] / "docs" / "analyzer.md"


def test_its_page_says_what_it_does():
    found = doctest.testfile(str(PAGE), module_relative=False)

    assert found.attempted > 20
    assert found.failed == 0


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


@pytest.mark.parametrize("what", [["sample"], {}, 7])
def test_refuses_what_is_no_name_and_no_time_as_it_does_unknown_ones(what):
    book = analyzer()

    with pytest.raises(InvalidInput, match="no method is called"):
        book.value_at_risk(method=what)
    with pytest.raises(InvalidInput, match="no volatility is called"):
        book.volatility(what)
    with pytest.raises(InvalidInput, match="no correlation is called"):
        book.correlation(what)
    with pytest.raises(InvalidInput, match="events need a time with a zone"):
        book.events(at=what)


def test_refuses_questions_that_mean_nothing():
    with pytest.raises(InvalidInput, match="no method is called 'guess'; there are historical"):
        analyzer().value_at_risk(0.99, "guess")
    with pytest.raises(InvalidInput, match="no volatility is called"):
        analyzer().volatility("guess")
    with pytest.raises(InvalidInput, match="no correlation is called"):
        analyzer().correlation("guess")
    with pytest.raises(InvalidInput, match="stress needs a scenario"):
        analyzer().stress()
    for level in (0.0, 1.0, 1.5, math.nan, "much"):
        with pytest.raises(InvalidInput, match="level"):
            analyzer().value_at_risk(level)
    for bars in (0, -1, 2.5, True):
        with pytest.raises(InvalidInput, match="bars must be a whole number of 1 or more"):
            analyzer().value_at_risk(bars=bars)
    with pytest.raises(InvalidInput, match="zone"):
        analyzer().publish(at=datetime(2025, 9, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"method": "nope"}, "no method is called 'nope'"),
        ({"seed": -1}, "seed must be a whole number of 0 or more"),
        ({"seed": "x"}, "seed"),
    ],
)
def test_refuses_at_once_what_no_question_could_be_answered_with(arguments, named):
    with pytest.raises(InvalidInput, match=named):
        analyzer(**arguments)


QUESTIONS = [
    (name, question)
    for name, question in inspect.getmembers(PositionRiskAnalyzer, inspect.isfunction)
    if not name.startswith("_")
]


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_every_question_says_what_it_takes_gives_and_refuses(name, question):
    told = inspect.getdoc(question)
    takes, _, rest = told.partition("Returns\n-------\n")
    gives, _, refuses = rest.partition("Raises\n------\n")

    for argument in list(inspect.signature(question).parameters)[1:]:
        assert re.search(rf"^[\w, ]*\b{argument}\b", takes.partition("Parameters")[2], re.MULTILINE)
    assert gives.strip()
    assert refuses.strip() or name == "subscribe"


# --- several bars -----------------------------------------------------------------------------


def test_several_bars_are_simulated_by_paths_of_the_books_own_past():
    book = analyzer(seed=3)
    returns = table().to_numpy() @ [0.5, 0.3, -0.1]

    var, es = horizon_var_es(returns, (0.99,), steps=10, rng=np.random.default_rng(3))

    assert book.value_at_risk(0.99, bars=10) == pytest.approx(var[0], rel=1e-12)
    assert book.expected_shortfall(0.99, bars=10) == pytest.approx(es[0], rel=1e-12)
    assert book.value_at_risk(0.99, bars=1) == book.value_at_risk(0.99)


def test_the_figures_of_ten_bars_are_those_that_one_asks_for():
    book = analyzer()

    told = book.figures("historical")["ten_bars"]

    for level in (0.95, 0.975, 0.99):
        assert told["var"][str(level)] == book.value_at_risk(level, bars=10)
        assert told["es"][str(level)] == book.expected_shortfall(level, bars=10)
    assert analyzer({}).value_at_risk(bars=10) == 0.0


def test_a_short_book_is_not_the_mirror_of_a_long_one_but_loses_at_most_its_equity():
    wild = {asset: -8.0 * value for asset, value in LONG_SHORT.items()}

    assert 0.5 < analyzer(wild).expected_shortfall(0.99, bars=100) <= 1.0


def test_figures_of_one_bar_stand_where_ten_cannot_be_told_yet():
    young = analyzer(frame=table(bars=110))

    assert young.figures("historical")["ten_bars"] is None
    with pytest.raises(InsufficientData, match=r"10 bars of a book with BTC needs 120 .* got 110"):
        young.value_at_risk(bars=10)


def test_refuses_a_method_for_several_bars_and_a_span_beyond_the_table():
    with pytest.raises(InvalidInput, match="10 bars are simulated, not told by historical"):
        analyzer().value_at_risk(0.99, "historical", bars=10)
    with pytest.raises(InvalidInput, match="401 bars cannot be told from 400"):
        analyzer().value_at_risk(bars=401)


# --- assets that are not held -----------------------------------------------------------------


@pytest.mark.parametrize("seen", [0, 1, 29])
def test_a_young_coin_that_is_not_held_keeps_no_figure_of_the_book_back(seen):
    frame = table()
    book = {"BTC": 50_000.0, "ETH": -20_000.0}
    whole = analyzer(book, frame=frame).figures()
    frame.iloc[: 400 - seen, 2] = np.nan

    figures = analyzer(book, frame=frame).figures()

    assert figures["volatility"] == whole["volatility"] | {"SOL": None}
    assert figures["correlation"]["SOL"] == {"BTC": None, "ETH": None, "SOL": 1.0}
    for name in ("var", "es", "ten_bars", "maximum_drawdown", "positions"):
        assert figures[name] == whole[name]
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
