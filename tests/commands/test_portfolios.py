"""`seawall portfolios` keeps books, and never books anything twice."""

import json

import pytest

from risk.config import load_settings
from risk.domain.ledger import Ledger
from risk.storage.engines import open_engines, transaction
from risk.storage.ledger import inbox_of

BOOK = (
    "kind,strategy,asset,venue,quantity,price,amount,at,note\n"
    "position,trend,BTC/USDT,binance,0.5,60000,,,\n"
    "cash,,,,,,4200,,\n"
)
FLOWS = "kind,amount,at\nflow,100,2025-01-01\nflow,200,2025-01-02\n"


@pytest.fixture
def main_book(run, home):
    """A database with the empty portfolio `main`, and its files."""
    run("migrate")
    run("portfolios", "add", "main")
    (home / "book.csv").write_text(BOOK)
    (home / "flows.csv").write_text(FLOWS)


def waiting() -> Ledger:
    """The ledger that the inbox would make."""
    engines = open_engines(load_settings().database_url)
    with transaction(engines.reader) as connection:
        fills, flows = inbox_of(connection, "main")
    engines.dispose()
    return Ledger().after_all(fills, flows)


def listed(run) -> list[dict[str, object]]:
    return json.loads(run("portfolios", "list", "--json").stdout)["portfolios"]


def test_commands_need_the_tables_first(run):
    result = run("portfolios", "list")

    assert result.exit_code == 1
    assert "run `seawall migrate`" in result.stderr


def test_a_portfolio_is_added_once(run, main_book):
    assert run("portfolios", "add", "main").stdout == "main is there already.\n"
    assert [one["name"] for one in listed(run)] == ["main"]


def test_a_name_that_cannot_be_one_is_refused(run, main_book):
    result = run("portfolios", "add", "Main Book")

    assert result.exit_code == 2
    assert "'Main Book' cannot name a portfolio" in result.stderr


def test_the_list_shows_what_waits(run, main_book):
    run("portfolios", "fund", "main", "5")

    (main,) = listed(run)
    assert (main["cycle"], main["waiting"]) == (None, 1)
    assert str(main["created"]).endswith("+00:00")
    assert "main" in run("portfolios", "list").stdout


def test_no_portfolio_yet_is_said_in_words(run):
    run("migrate")

    assert "No portfolios yet" in run("portfolios", "list").stdout


def test_money_moves_in_and_out(run, main_book):
    paid_in = run("portfolios", "fund", "main", "1000", "--note", "start")
    taken_out = run("portfolios", "fund", "main", "-250.5")

    assert paid_in.stdout == "A deposit of 1,000.00 waits to be booked into main.\n"
    assert taken_out.stdout == "A withdrawal of 250.50 waits to be booked into main.\n"
    assert waiting().net_flows == 749.5


def test_two_equal_deposits_are_two_unless_they_carry_one_id(run, main_book):
    run("portfolios", "fund", "main", "10")
    run("portfolios", "fund", "main", "10")
    assert waiting().net_flows == 20.0

    run("portfolios", "fund", "main", "10", "--id", "wire-7")
    again = run("portfolios", "fund", "main", "10", "--id", "wire-7")

    assert again.stdout == "wire-7 is known already; nothing was booked again.\n"
    assert waiting().net_flows == 30.0


@pytest.mark.parametrize("amount", ["nan", "inf", "-inf", "0", "much"])
def test_what_is_no_amount_is_refused(run, main_book, amount):
    result = run("portfolios", "fund", "main", amount)

    assert result.exit_code == 2
    assert waiting() == Ledger()


def test_a_book_is_imported_whole(run, main_book):
    result = run("portfolios", "import", "main", "book.csv")

    assert result.stdout == "2 entries of book.csv wait to be booked into main.\n"
    ledger = waiting()
    assert ledger.cash == 4_200.0
    assert [position.quantity for position in ledger.positions.values()] == [0.5]


def test_importing_again_changes_nothing_and_says_so(run, main_book):
    run("portfolios", "import", "main", "book.csv")
    before = waiting()

    again = run("portfolios", "import", "main", "book.csv")

    assert again.exit_code == 0
    assert "0 entries of book.csv wait" in again.stdout
    assert "2 were known already" in again.stdout
    assert waiting() == before


def test_a_changed_book_cannot_be_opened_a_second_time(run, main_book, home):
    run("portfolios", "import", "main", "book.csv")
    (home / "book.csv").write_text(BOOK.replace("4200", "9000"))

    result = run("portfolios", "import", "main", "book.csv")

    assert result.exit_code == 2
    assert "can only open a book" in result.stderr
    assert waiting().cash == 4_200.0


def test_flows_may_come_later_and_known_ones_are_left_out(run, main_book, home):
    run("portfolios", "import", "main", "flows.csv")
    (home / "flows.csv").write_text(FLOWS + "flow,300,2025-01-03\n")

    result = run("portfolios", "import", "main", "flows.csv")

    assert "1 entries of flows.csv wait" in result.stdout
    assert waiting().net_flows == 600.0


def test_one_bad_line_keeps_the_whole_file_out(run, main_book, home):
    (home / "flows.csv").write_text(FLOWS + "flow,nan,2025-01-03\n")

    result = run("portfolios", "import", "main", "flows.csv")

    assert result.exit_code == 2
    assert "flows.csv, line 4: amount must be a plain number" in result.stderr
    assert waiting() == Ledger()


@pytest.mark.parametrize("command", [("fund", "mian", "5"), ("import", "mian", "book.csv")])
def test_an_unknown_portfolio_is_refused_with_the_likely_one(run, main_book, command):
    result = run("portfolios", *command)

    assert result.exit_code == 2
    assert "did you mean main?" in result.stderr
