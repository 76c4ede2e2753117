"""`seawall var backtest` judges models over a price file."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from risk.measures.var import VAR_MODELS

KEYS = [
    "series", "model", "level", "forecasts", "hits", "hit_rate", "kupiec_p", "independence_p",
    "conditional_coverage_p", "z2", "z2_days", "pinball", "red_windows", "micros_per_update",
]  # fmt: skip


def wide(days, *, seed=1):
    """Daily closes of two assets."""
    moves = 0.02 * np.random.default_rng(seed).standard_t(5, (days, 2))
    closes = 100.0 * np.exp(np.cumsum(moves, axis=0))
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    lines = [
        f"{begin + timedelta(days=day):%Y-%m-%d},{one},{other}"
        for day, (one, other) in enumerate(closes.tolist())
    ]
    return "\n".join(["date,BTC,ETH", *lines]) + "\n"


@pytest.fixture(scope="module")
def closes():
    return wide(1100)


@pytest.fixture
def backtest(run, home, closes):
    (home / "prices.csv").write_text(closes)

    def answered(*arguments, model="historical_250"):
        begin = ("var", "backtest", "--prices", "prices.csv", "--model", model)
        return run(*begin, "--processes", 1, *arguments)

    return answered


def cells(result):
    document = json.loads(result.stdout)
    assert list(document) == ["cells"]
    return document["cells"]


def test_json_holds_a_cell_for_each_series_and_level_and_nothing_else_is_printed(backtest):
    result = backtest("--levels", "0.95,0.975,0.99", "--json")

    found = cells(result)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert [list(cell) for cell in found] == [KEYS] * 9
    assert [cell["series"] for cell in found[::3]] == ["BTC", "ETH", "equal_weight"]
    assert [cell["level"] for cell in found[:3]] == [0.95, 0.975, 0.99]
    assert all(cell["forecasts"] == 599 for cell in found)
    assert all(cell["micros_per_update"] > 0.0 for cell in found)


def test_all_models_are_those_registered(backtest, home):
    (home / "prices.csv").write_text(wide(550))
    found = cells(backtest("--json", "--levels", "0.99", "--assets", "BTC", model="all"))

    assert [cell["model"] for cell in found[::2]] == list(VAR_MODELS)


def test_several_processes_find_the_same(backtest):
    alone = cells(backtest("--json"))
    together = cells(backtest("--json", "--processes", 2))

    for cell in (*alone, *together):
        del cell["micros_per_update"]
    assert together == alone


def test_only_the_chosen_assets_are_judged_and_make_the_book(backtest):
    found = cells(backtest("--json", "--assets", "ETH", "--levels", "0.95"))

    assert [cell["series"] for cell in found] == ["ETH", "equal_weight"]
    assert found[0]["hits"] == found[1]["hits"]


@pytest.mark.parametrize("chosen", [("ETH,BTC",), ("ETH", "--assets", "BTC")])
def test_several_assets_are_named_together_or_one_by_one(backtest, chosen):
    found = cells(backtest("--json", "--levels", "0.95", "--assets", *chosen))

    assert [cell["series"] for cell in found] == ["ETH", "BTC", "equal_weight"]


def test_a_person_reads_a_summary_and_the_cells_of_every_model(backtest, home):
    (home / "prices.csv").write_text(wide(600))
    told = backtest(model="all").stdout

    assert "% beyond (5/2.5/1)" in told
    assert "pinball to hist. 250" in told
    assert told.count("equal_weight") == 3 * len(VAR_MODELS)
    assert "µs an update" in told
    assert "nan" not in told


def test_a_person_reads_what_so_many_days_cannot_tell(backtest):
    told = backtest().stdout

    assert "Over 599 days, the fewest here, Kupiec's test at 0.99 passes" in told


def test_levels_may_come_in_any_order(backtest):
    found = cells(backtest("--json", "--levels", "0.99, 0.95", "--assets", "BTC"))

    assert [cell["level"] for cell in found[:2]] == [0.95, 0.99]


def test_a_file_of_some_months_is_judged_at_the_lowest_level_by_every_quick_model(backtest, home):
    (home / "prices.csv").write_text(wide(334))
    quick = [name for name, model in VAR_MODELS.items() if not model.costly]

    for name in quick:
        found = cells(backtest("--json", "--levels", "0.9", "--assets", "BTC", model=name))
        assert all(cell["forecasts"] > 0 for cell in found), name


@pytest.mark.parametrize("levels", ["0.0", "1.0", "nan", "0.99,1.5", "-0.95"])
def test_a_level_that_is_none_is_refused(backtest, levels):
    result = backtest("--levels", levels)

    assert result.exit_code == 2
    assert "level that is not between 0 and 1" in result.stderr


@pytest.mark.parametrize("model", ["filtered_evt", "all"])
def test_a_level_that_a_tail_does_not_reach_is_refused_in_the_name_of_its_model(backtest, model):
    result = backtest("--levels", "0.95,0.8", model=model)

    assert result.exit_code == 2
    assert "filtered_evt forecasts levels of 0.9 and above, not 0.8" in result.stderr


def test_a_model_without_a_fitted_tail_is_judged_at_any_level(backtest):
    found = cells(backtest("--levels", "0.5", "--json"))

    assert all(cell["level"] == 0.5 and cell["hits"] > 200 for cell in found)


def test_levels_that_are_no_numbers_are_refused(backtest):
    result = backtest("--levels", "high")

    assert result.exit_code == 2
    assert "no list of numbers" in result.stderr


def test_an_unknown_model_is_refused_with_the_names_of_those_there_are(backtest):
    result = backtest(model="crystal_ball")

    assert result.exit_code == 2
    assert "no VaR model is called 'crystal_ball'; there are filtered_evt" in result.stderr


def test_an_unknown_asset_is_refused_with_the_names_of_those_there_are(backtest):
    result = backtest("--assets", "BTC,DOGE")

    assert result.exit_code == 2
    assert "no believable prices of DOGE; it has BTC, ETH" in result.stderr


@pytest.mark.parametrize("price", ["0", "-5", "inf", "none", '"1,234.5"'])
def test_a_price_that_is_not_believed_is_told_beside_the_answer(backtest, home, closes, price):
    lines = closes.splitlines()
    day, _, eth = lines[700].split(",")
    lines[700] = f"{day},{price},{eth}"
    (home / "prices.csv").write_text("\n".join(lines))

    result = backtest("--json", "--levels", "0.95")

    assert result.exit_code == 0
    assert result.stderr == "BTC: 1 row not believed; see prices check\n"
    assert {cell["series"] for cell in cells(result)} == {"BTC", "ETH", "equal_weight"}


def test_two_prices_of_a_day_are_told_and_only_of_the_assets_asked_for(backtest, home, closes):
    again = closes.splitlines()[700].split(",")[0]
    (home / "prices.csv").write_text(f"{closes}{again},1,1\n{again},2,2\n")

    assert backtest("--json", "--assets", "ETH").stderr == (
        "ETH: 2 rows not believed; see prices check\n"
    )


@pytest.mark.parametrize("price", ["0", "x", ""])
def test_an_asset_without_a_usable_price_is_named(backtest, home, closes, price):
    first, *days = [line.split(",") for line in closes.splitlines()]
    lines = [first, *([day, price, eth] for day, _, eth in days)]
    (home / "prices.csv").write_text("\n".join(map(",".join, lines)))

    result = backtest("--json", "--levels", "0.95")

    assert result.stderr == (
        "BTC: no price that can be believed, and no part in equal_weight; see prices check\n"
    )
    assert [cell["series"] for cell in cells(result)] == ["ETH", "equal_weight"]


def test_an_asset_named_twice_is_judged_once_and_weighs_once(backtest):
    def judged(assets):
        found = cells(backtest("--json", "--levels", "0.95", "--assets", assets))
        return [(cell["series"], cell["pinball"]) for cell in found]

    assert judged("BTC,BTC,ETH") == judged("BTC,ETH")


def test_an_asset_called_as_the_book_is_refused_unless_others_are_asked_for(backtest, home, closes):
    (home / "prices.csv").write_text(closes.replace("ETH", "equal_weight"))

    result = backtest("--json")

    assert result.exit_code == 2
    assert "no asset can be called equal_weight" in result.stderr
    assert backtest("--json", "--assets", "BTC").exit_code == 0


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_prices_at_the_ends_of_what_a_float_holds_warn_of_nothing(backtest, home, closes):
    _, *days = closes.splitlines()
    wild = [f"{line.split(',')[0]},1e{300 * (-1) ** day}" for day, line in enumerate(days)]
    (home / "prices.csv").write_text("\n".join(["date,BTC", *wild]))

    assert backtest("--json").exit_code == 0


def test_a_file_without_one_good_bar_is_refused(backtest, home):
    (home / "prices.csv").write_text("date,BTC\n2024-01-01,-1\n2024-01-02,0\n2024-01-03,-2\n")

    result = backtest()

    assert result.exit_code == 2
    assert "no bar that can be believed" in result.stderr


def test_a_file_that_is_not_there_is_refused(run):
    result = run("var", "backtest", "--prices", "gone.csv", "--model", "all", "--json")

    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize("days", [2, 90])
def test_a_file_too_short_to_forecast_from_has_cells_of_nothing(backtest, home, days):
    (home / "prices.csv").write_text(wide(days + 1))

    assert all(cell["forecasts"] == 0 for cell in cells(backtest("--json")))
    assert "No day could be judged" in backtest().stdout
