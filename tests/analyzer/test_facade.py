"""The face for people who come with a table of returns."""

import doctest
import json
import math
from datetime import datetime
from pathlib import Path

import pytest

from risk.domain.events import PortfolioRisk
from risk.errors import InvalidInput
from tests.analyzer.tables import NOON, analyzer, table

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
