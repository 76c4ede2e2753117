"""Ways to a book's VaR and expected shortfall."""

import math

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

from risk.analyzer.methods import bars_needed
from risk.errors import InsufficientData, InvalidInput
from risk.measures.tail import historical_var
from tests.analyzer.tables import ALL, LONG_SHORT, analyzer, table


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
def test_refuses_a_book_with_a_coin_listed_yesterday_and_names_it(method):
    frame = table()
    frame.iloc[:-1, 2] = np.nan

    named = rf"{method} of a book with SOL needs {bars_needed(method)} or more .* got 1$"
    with pytest.raises(InsufficientData, match=named):
        analyzer(frame=frame).value_at_risk(0.99, method)
    assert analyzer({"BTC": 1.0}, frame=frame).value_at_risk(0.99, method) > 0.0


@pytest.mark.parametrize("method", ALL)
def test_a_method_answers_from_as_many_bars_as_it_says_and_not_from_one_less(method):
    needed = bars_needed(method)
    filters = "filtered" in method

    assert needed == (120 if filters else 100)
    assert analyzer(frame=table(bars=needed)).value_at_risk(0.99, method) > 0.0
    with pytest.raises(InsufficientData, match=f"needs {needed} .* got {needed - 1}$"):
        analyzer(frame=table(bars=needed - 1)).value_at_risk(0.99, method)


def test_names_the_asset_that_never_moved_by_its_name_and_not_by_its_place():
    frame = table()
    frame["ETH"], frame["SOL"] = 0.0, 0.001
    book = {"BTC": 1.0, "SOL": 1.0}

    with pytest.raises(InvalidInput, match="monte_carlo needs assets that moved; SOL did not"):
        analyzer(book, frame=frame).value_at_risk(0.99, "monte_carlo")
    assert analyzer({"BTC": 1.0}, frame=frame).value_at_risk(0.99, "monte_carlo") > 0.0


def test_a_level_that_a_method_cannot_serve_is_refused_in_its_name():
    with pytest.raises(InvalidInput, match=r"filtered_evt: .*level"):
        analyzer().value_at_risk(0.8, "filtered_evt")
    assert analyzer().value_at_risk(0.8, "historical") > 0.0


def test_the_drawn_book_and_its_mirror_differ_by_their_means_alone():
    """Scenarios come in pairs of opposite sign."""
    mirror = {asset: -value for asset, value in LONG_SHORT.items()}
    mean = float(table().mean().to_numpy() @ [0.5, 0.3, -0.1])

    long, short = (
        analyzer(book).value_at_risk(0.99, "monte_carlo") for book in (LONG_SHORT, mirror)
    )

    assert long + mean == pytest.approx(short - mean, rel=1e-5)
