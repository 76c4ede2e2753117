"""`seawall var models` and `seawall var use`: which model measures a book."""

import json
import os
import pwd
from types import SimpleNamespace

import pytest

from risk.config import load_settings
from risk.domain.actions import ChooseBookModel
from risk.portfolio.book_models import BOOK_MODELS
from risk.storage.actions import SqlActions
from risk.storage.engines import open_engines


@pytest.fixture
def main_book(run, monkeypatch):
    """A database with the portfolio `main`, which the settings name."""
    monkeypatch.setenv("SEAWALL_PORTFOLIO", "main")
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: SimpleNamespace(pw_name="anna"))
    run("migrate")
    run("portfolios", "add", "main")


def asked(portfolio: str = "main") -> list[ChooseBookModel]:
    engines = open_engines(load_settings().database_url)
    found = list(SqlActions(engines, portfolio).after(0))
    engines.dispose()
    return found


def test_every_model_is_listed_with_how_it_measures(run, main_book):
    told = run("var", "models").stdout

    for model in BOOK_MODELS.values():
        assert model.name in told
        assert model.title in told
    assert "No cycle of main has told its model yet; the setting says filtered_evt." in told


def test_a_choice_waits_for_the_engine_and_is_shown(run, main_book):
    chosen = run("var", "use", "historical_250")

    assert chosen.stdout == (
        "main will be measured by historical_250 from the engine's next cycle on.\n"
    )
    (action,) = asked()
    assert (action.model, action.who) == ("historical_250", "anna (command line)")
    told = run("var", "models").stdout
    assert "historical_250, chosen by anna (command line), waits for the engine." in told


def test_the_list_is_one_document_for_programs(run, main_book):
    run("var", "use", "adaptive")
    document = json.loads(run("var", "models", "--json").stdout)

    assert [model["name"] for model in document["models"]] == list(BOOK_MODELS)
    assert (document["portfolio"], document["waiting"]) == ("main", "adaptive")
    assert (document["in_use"], document["by"], document["since"]) == (None, None, None)


def test_another_portfolio_can_be_named(run, main_book):
    run("portfolios", "add", "second")
    run("var", "use", "adaptive", "--portfolio", "second")

    assert asked() == []
    assert [action.model for action in asked("second")] == ["adaptive"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["historical_25"], "did you mean historical_250?"),
        (["oracle"], "there are filtered_evt"),
        (["adaptive", "--portfolio", "mian"], "did you mean main?"),
    ],
)
def test_what_nobody_knows_is_refused(run, main_book, arguments, told):
    result = run("var", "use", *arguments)

    assert result.exit_code == 2
    assert told in result.stderr


def test_a_choice_that_waits_is_not_made_twice(run, main_book):
    run("var", "use", "adaptive")
    again = run("var", "use", "adaptive")

    assert again.exit_code == 2
    assert "Adaptive history was chosen already and waits for the engine" in again.stderr
    assert len(asked()) == 1


def test_a_user_without_a_name_can_choose_too(run, main_book, monkeypatch):
    def nameless(_uid: int) -> SimpleNamespace:
        raise KeyError("uid not found")

    monkeypatch.setattr(pwd, "getpwuid", nameless)
    run("var", "use", "adaptive")

    assert asked()[0].who == f"user {os.getuid()} (command line)"


def test_nobody_chooses_under_a_name_that_the_environment_says(run, main_book, monkeypatch):
    monkeypatch.setenv("LOGNAME", "\x1b[31mthe boss")
    run("var", "use", "adaptive")

    assert asked()[0].who == "anna (command line)"


@pytest.mark.parametrize("portfolio", ["", "\udcff"])
def test_a_name_of_nothing_or_of_no_text_is_no_portfolio(run, main_book, portfolio):
    result = run("var", "use", "adaptive", "--portfolio", portfolio)

    assert result.exit_code == 2
    assert "no portfolio is called" in result.stderr
    assert asked() == []


@pytest.mark.parametrize("command", [["var", "use", "adaptive"], ["var", "models"]])
def test_without_a_database_none_is_made(run, home, command):
    result = run(*command)

    assert result.exit_code == 1
    assert "there is no database at" in result.stderr
    assert list(home.rglob("*.db")) == []
